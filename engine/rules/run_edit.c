/* Steps that change the message: set, delete, keep, add, copy. */
#include "engine/base/err.h"
#include "engine/rules/run_priv.h"

enum run_end run_set(struct run *run, const struct step *s)
{
    struct str *raw = arena_alloc(run->a, (s->set.n + 1) * sizeof(*raw));
    struct fresh *fresh = NULL;
    for (unsigned i = 0; i < s->set.n; i++) {
        const struct path *p = &s->set.v[i].to.path;
        bool appends = p->seg_n == PATH_APPEND || p->rep == PATH_APPEND;
        if (!run_encode(run, &s->set.v[i], &raw[i])) {
            return RUN_FAILED;
        }
        fresh = appends && !fresh ? run_fresh(run, s->set.n) : fresh;
    }
    for (unsigned i = 0; i < s->set.n; i++) {
        if (!run_write(run, &s->set.v[i].to, raw[i], fresh)) {
            return RUN_FAILED;
        }
    }
    return RUN_ON;
}

/* ---- delete, keep ---- */

static bool is_excepted(const struct step *s, const char *id)
{
    for (unsigned i = 0; i < s->remove.nexcept; i++) {
        bool own = str_is(s->remove.except[i], "Z*") && id[0] == 'Z';
        if (own || str_is(s->remove.except[i], id)) {
            return true;
        }
    }
    return false;
}

static struct group *element_of(struct run *run)
{
    struct group *at = eval_element(run->scope);
    return at ? at : draft_root(&run->draft);
}

static bool can_hold(struct run *run, const struct group *g, const struct path *p)
{
    const struct structure *s = draft_structure(&run->draft);
    if (group_is_leaf(g)) { /* an index asks for one of several: not for the element itself */
        return p->seg_n == PATH_ALL && memcmp(draft_id(&run->draft, g), p->seg, 4) == 0;
    }
    return !s || g->node == STRUCTURE_NONE ||
           structure_reach_in(s, g->node, p->seg).how != STRUCTURE_NOWHERE;
}

/* The current element, or the nearest level around it whose structure can hold the segment. */
static struct group *element_for(struct run *run, const struct path *p)
{
    struct group *at = element_of(run);
    while (p->seg[0] != 'Z' && at->parent && !can_hold(run, at, p)) {
        at = at->parent;
    }
    return at;
}

/* Every segment that `to` names, wherever it stands in the current element. */
static void named_leaves(struct run *run, const struct step *s, const struct path *p,
                         struct leaves *out)
{
    struct group *root = element_for(run, p);
    bool own = p->seg[0] == 'Z' && !p->seg[1];
    for (struct group *g = root; g; g = group_next(root, g)) {
        run->draft.looked++;
        if (!group_is_leaf(g) || draft_is_gone(&run->draft, g)) {
            continue;
        }
        const char *id = draft_id(&run->draft, g);
        bool named = own ? id[0] == 'Z' : memcmp(id, p->seg, 4) == 0;
        if (named && !is_excepted(s, id)) {
            leaves_add(out, run->a, g);
        }
    }
    uint32_t at = p->seg_n == PATH_LAST ? out->n : p->seg_n;
    if (p->seg_n != PATH_ALL) {
        out->n = at >= 1 && at <= out->n;
        if (out->n) {
            out->v[0] = out->v[at - 1];
        }
    }
}

/* Is the condition true with `self` as $this? False with a fault when it fails. */
static bool holds(struct run *run, const struct node *cond, const struct value *self,
                  const struct values *all, uint32_t index)
{
    struct scope scope = {
        .self = self, .index = index, .total = all ? all->n : 1, .outer = run->scope};
    bool good = true;
    return !cond || (eval_truth(&run->e, cond, &scope, &good) == ANSWER_TRUE && good);
}

/* Of the segments that `p` names those that go. False: fault. */
static bool doomed(struct run *run, const struct step *s, const struct path *p, bool keep,
                   struct leaves *out)
{
    struct leaves all = {0};
    const struct node *cond = s->remove.each ? s->cond : NULL;
    named_leaves(run, s, p, &all);
    for (uint32_t i = 0; i < all.n; i++) {
        struct value self = {.kind = VALUE_SEGMENT, .leaf = all.v[i]};
        bool yes = holds(run, cond, &self, NULL, i);
        if (run->e.fault.text.n) {
            return false;
        }
        if (yes != keep) {
            leaves_add(out, run->a, all.v[i]);
        }
    }
    return true;
}

static void remove_leaves(struct run *run, const struct leaves *l)
{
    for (uint32_t i = 0; i < l->n; i++) {
        if (!draft_is_gone(&run->draft, l->v[i])) {
            (void)draft_remove(&run->draft, l->v[i]); /* MSH was refused when compiled */
        }
    }
}

/* The repetitions of one field, empty ones too, each with its number. */
static struct values repetitions(struct run *run, const struct target *to, struct group *leaf)
{
    struct edit_seg seg = draft_read(&run->draft, leaf);
    struct type_info t = type_of_path(&to->path, TYPE_VERSION_DEFAULT);
    struct path_iter it = path_each_in(seg.m, seg.seg, &to->path);
    struct values all = {0};
    struct hl7_val v;
    while (path_next(&it, &v)) {
        *values_add(&all, run->a) = (struct value){.kind = VALUE_HL7,
                                                   .level = LEVEL_REPETITION,
                                                   .is_null = v.state == HL7_NULL,
                                                   .of = (uint8_t)t.of,
                                                   .text = v.raw,
                                                   .m = seg.m,
                                                   .type = t.type};
    }
    return all;
}

/* Those for which the condition is true (or is not) go, from the last, so that numbers stay right. All are
 * judged before the first goes. */
static bool remove_repetitions(struct run *run, const struct step *s, const struct target *to,
                               struct group *leaf, bool keep)
{
    struct values reps = repetitions(run, to, leaf);
    bool *gone = ARENA_ARRAY(run->a, bool, reps.n + 1);
    struct path p = to->path;
    for (uint32_t i = 0; i < reps.n; i++) {
        gone[i] = reps.v[i].text.n && holds(run, s->cond, &reps.v[i], &reps, i) != keep;
        if (run->e.fault.text.n) {
            return false;
        }
    }
    for (uint32_t i = reps.n; i-- > 0;) {
        p.rep = (uint16_t)(i + 1);
        int status = gone[i] && i < PATH_INDEX_MAX ? draft_clear(&run->draft, leaf, &p) : 0;
        if (gone[i]) {
            lineage_cleared(run->e.lineage, leaf, &p);
        }
        if (status != 0) {
            return run_edit_fault(run, to, status);
        }
    }
    return true;
}

static bool clear_leaf(struct run *run, const struct step *s, const struct target *to,
                       struct group *leaf)
{
    if (s->remove.each) {
        return remove_repetitions(run, s, to, leaf, s->kind == STEP_KEEP);
    }
    int status = draft_clear(&run->draft, leaf, &to->path);
    lineage_cleared(run->e.lineage, leaf, &to->path);
    return status == 0 || run_edit_fault(run, to, status);
}

static bool remove_field(struct run *run, const struct step *s, const struct target *to)
{
    struct leaves all = {0};
    if (!run_leaves(run, to, &all)) {
        return false;
    }
    for (uint32_t i = 0; i < all.n; i++) {
        if (!clear_leaf(run, s, to, all.v[i])) {
            return false;
        }
    }
    return true;
}

/* Later repetitions and deeper parts go first: then the numbers of the others stay right. */
static bool goes_first(const struct path *a, const struct path *b)
{
    return a->rep != b->rep     ? a->rep > b->rep
           : a->comp != b->comp ? a->comp > b->comp
                                : a->sub > b->sub;
}

static const struct target **places_in_order(struct run *run, const struct step *s)
{
    const struct target **v = arena_alloc(run->a, (s->remove.n + 1) * sizeof(*v));
    for (unsigned i = 0; i < s->remove.n; i++) {
        unsigned at = i;
        for (; at && goes_first(&s->remove.v[i].path, &v[at - 1]->path); at--) {
            v[at] = v[at - 1];
        }
        v[at] = &s->remove.v[i];
    }
    return v;
}

/* All places mean the message as before the step: fields go first, then the segments together. */
enum run_end run_delete(struct run *run, const struct step *s)
{
    const struct target **to = places_in_order(run, s);
    struct leaves gone = {0};
    bool good = true, once = s->cond && !s->remove.each;
    if (once && eval_truth(&run->e, s->cond, run->scope, &good) != ANSWER_TRUE) {
        return good ? RUN_ON : RUN_FAILED;
    }
    for (unsigned i = 0; i < s->remove.n; i++) {
        good = to[i]->path.field ? remove_field(run, s, to[i])
                                 : doomed(run, s, &to[i]->path, false, &gone);
        if (!good) {
            return RUN_FAILED;
        }
    }
    remove_leaves(run, &gone);
    return RUN_ON;
}

enum run_end run_keep(struct run *run, const struct step *s)
{
    if (s->remove.n) {
        const struct target *to = &s->remove.v[0];
        struct leaves gone = {0};
        bool good =
            to->path.field ? remove_field(run, s, to) : doomed(run, s, &to->path, true, &gone);
        remove_leaves(run, &gone);
        return good ? RUN_ON : RUN_FAILED;
    }
    struct group *root = element_of(run);
    for (struct group *g = root; g; g = group_next(root, g)) {
        run->draft.looked++;
        bool others = group_is_leaf(g) && !draft_is_gone(&run->draft, g) &&
                      !is_excepted(s, draft_id(&run->draft, g));
        if (others) {
            (void)draft_remove(&run->draft, g); /* the MSH stays, whatever the list says */
        }
    }
    return RUN_ON;
}

/* ---- add, copy ---- */

static enum run_end fill(struct run *run, const struct step *s, struct group *leaf,
                         const struct str *raw)
{
    for (unsigned i = 0; i < s->add.set.n; i++) {
        const struct target *to = &s->add.set.v[i].to;
        int status = draft_set(&run->draft, leaf, &to->path, raw[i]);
        lineage_set(run->e.lineage, leaf, &to->path, to->pos, to);
        if (status != 0) {
            (void)run_edit_fault(run, to, status); /* false */
            return RUN_FAILED;
        }
    }
    return RUN_ON;
}

/* Where the structure has it: a segment that opens a group opens a new one. */
static int add_in_place(struct run *run, const struct step *s, struct group **out)
{
    const struct structure *st = draft_structure(&run->draft);
    struct reach r = eval_reach(&run->e, s->add.at.reach, eval_element(run->scope), s->add.seg);
    bool opens =
        st && r.holder != STRUCTURE_NONE && structure_is_opened_by(st, r.holder, s->add.seg);
    return opens ? draft_create_group(&run->draft, r.in, r.holder, s->add.seg, out)
                 : draft_create(&run->draft, r.in, r.holder, s->add.seg, out);
}

enum run_end run_add(struct run *run, const struct step *s)
{
    struct str *raw = arena_alloc(run->a, (s->add.set.n + 1) * sizeof(*raw));
    struct group *at, *leaf;
    int status;
    for (unsigned i = 0; i < s->add.set.n; i++) {
        if (!run_encode(run, &s->add.set.v[i], &raw[i])) {
            return RUN_FAILED;
        }
    }
    if (s->add.at.text.n) {
        if (!run_leaf(run, &s->add.at, &at)) {
            return RUN_FAILED;
        }
        status = draft_add(&run->draft, at, s->add.is_before, str_from(s->add.seg, 3), &leaf);
    } else {
        status = add_in_place(run, s, &leaf);
    }
    if (status != 0) {
        (void)run_edit_fault(run, &s->add.at, status); /* false */
        return RUN_FAILED;
    }
    return fill(run, s, leaf, raw);
}

enum run_end run_copy(struct run *run, const struct step *s)
{
    struct group *from, *after, *made;
    if (s->copy.value) {
        struct assign to = {.to = s->copy.to, .formula = s->copy.value, .pos = s->pos};
        struct str raw;
        bool good = run_encode(run, &to, &raw);
        if (run->e.lineage) { /* read for `to`, written as s->copy.to */
            lineage_rebind(run->e.lineage, &to.to, &s->copy.to);
        }
        good = good && run_write(run, &s->copy.to, raw, run_fresh(run, 1));
        return good ? RUN_ON : RUN_FAILED;
    }
    if (!run_leaf(run, &s->copy.from, &from) || !run_leaf(run, &s->copy.to, &after)) {
        return RUN_FAILED;
    }
    from = draft_opened_by(&run->draft, from);
    after = draft_opened_by(&run->draft, after);
    int status = draft_copy(&run->draft, from, after, &made);
    if (status != 0) {
        (void)run_edit_fault(run, &s->copy.to, status); /* false */
        return RUN_FAILED;
    }
    lineage_copied(run->e.lineage, &run->draft, from, made, s->pos);
    return RUN_ON;
}
