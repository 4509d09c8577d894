/* Places of the message as it is now: found, counted, made. */
#include "engine/base/err.h"
#include "engine/hl7/wide.h"
#include "engine/rules/run_priv.h"

void leaves_add(struct leaves *l, struct arena *a, struct group *leaf)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 8;
        struct group **v = arena_alloc(a, cap * sizeof(*v));
        if (l->n) {
            memcpy(v, l->v, l->n * sizeof(*v));
        }
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n++] = leaf;
}

static bool fault(struct run *run, const struct target *to, const char *what)
{
    return eval_fail_at(&run->e, to->pos, path_text(run->a, &to->path), "%s", what);
}

bool run_edit_fault(struct run *run, const struct target *to, int status)
{
    return fault(run, to,
                 status == ERR_NOT_FOUND ? "several groups could take the new segment; walk them "
                                           "with for:"
                 : status == ERR_LIMIT
                     ? "the message would become too large"
                     : "the value holds a separator that would break the message");
}

/* Where the target's segments are looked for; `itself`: the element is the very segment. */
static struct reach reach_of(struct run *run, const struct target *to, struct group **itself)
{
    struct group *at = eval_element(run->scope);
    bool is = at && group_is_leaf(at) && to->path.seg_n == PATH_ALL &&
              memcmp(draft_id(&run->draft, at), to->path.seg, 4) == 0;
    *itself = is ? at : NULL;
    return eval_reach(&run->e, to->reach, at, to->path.seg);
}

static void all_leaves(struct run *run, const struct target *to, const struct reach *r,
                       struct leaves *out)
{
    struct draft_iter it = {.in = r->in, .below = r->below};
    struct group *leaf;
    memcpy(it.id, to->path.seg, sizeof(it.id));
    while ((leaf = draft_next(&run->draft, &it)) != NULL) {
        leaves_add(out, run->a, leaf);
    }
}

/* Of all leaves those that the index names. */
static bool choose(struct run *run, const struct target *to, struct leaves *all)
{
    uint16_t want = to->path.seg_n;
    if (want == PATH_EACH || (want == PATH_ALL && all->n < 2)) {
        return true;
    }
    if (want == PATH_ALL) {
        return eval_fail_at(&run->e, to->pos, path_text(run->a, &to->path),
                            "the message has several %s, the target must say which one",
                            to->path.seg);
    }
    uint32_t at = want == PATH_LAST ? all->n : want == PATH_APPEND ? 0 : want;
    bool has = at >= 1 && at <= all->n;
    if (has) {
        all->v[0] = all->v[at - 1];
    }
    all->n = has;
    return true;
}

bool run_leaves(struct run *run, const struct target *to, struct leaves *out)
{
    struct group *itself;
    struct reach r = reach_of(run, to, &itself);
    if (itself) {
        leaves_add(out, run->a, itself);
        return true;
    }
    all_leaves(run, to, &r, out);
    return choose(run, to, out);
}

bool run_leaf(struct run *run, const struct target *to, struct group **out)
{
    struct leaves all = {0};
    if (!run_leaves(run, to, &all)) {
        return false;
    }
    if (all.n == 0) {
        return fault(run, to, "the message has no such segment");
    }
    *out = all.v[0];
    return true;
}

/* ---- what [+] made ---- */

struct fresh_row {
    char seg[4];
    struct group *leaf; /* of SEG[+]; NULL: of a repetition */
    struct group *in;   /* the leaf whose field got the repetition */
    uint16_t field, rep;
};

struct fresh {
    struct fresh_row *v;
    unsigned n;
};

struct fresh *run_fresh(struct run *run, unsigned most)
{
    struct fresh *f = ARENA_NEW(run->a, struct fresh);
    f->v = ARENA_ARRAY(run->a, struct fresh_row, 2 * most + 1);
    return f;
}

static struct group *fresh_segment(const struct fresh *f, const char *seg)
{
    for (unsigned i = 0; i < f->n; i++) {
        if (f->v[i].leaf && memcmp(f->v[i].seg, seg, 4) == 0) {
            return f->v[i].leaf;
        }
    }
    return NULL;
}

/* Repetitions of the field; an absent or empty one has none. */
static uint16_t count_repetitions(struct run *run, struct group *leaf, uint16_t field)
{
    struct edit_seg seg = draft_read(&run->draft, leaf);
    struct str rest = hl7_field(seg.m, seg.seg, field);
    if (rest.n == 0) {
        return 0;
    }
    uint32_t n = 1;
    const char *end = rest.p + rest.n, *at = rest.p;
    while (n < PATH_INDEX_MAX && (at = hl7_find(&seg.m->d, at, end, seg.m->d.repetition)) != NULL) {
        n++;
        at++;
    }
    return (uint16_t)n;
}

/* The repetition that [+] of this field means in this set: the same for all of them. */
static uint16_t fresh_repetition(struct run *run, struct fresh *f, struct group *leaf,
                                 uint16_t field)
{
    for (unsigned i = 0; i < f->n; i++) {
        if (!f->v[i].leaf && f->v[i].in == leaf && f->v[i].field == field) {
            return f->v[i].rep;
        }
    }
    uint16_t rep = (uint16_t)(count_repetitions(run, leaf, field) + 1);
    f->v[f->n++] = (struct fresh_row){.in = leaf, .field = field, .rep = rep};
    return rep;
}

/* ---- writing ---- */

static bool write_once(struct run *run, const struct target *to, struct group *leaf,
                       const struct path *p, struct str raw)
{
    int status = draft_set(&run->draft, leaf, p, raw);
    lineage_set(run->e.lineage, leaf, p, to->pos, to);
    return status == 0 || run_edit_fault(run, to, status);
}

static bool write_leaf(struct run *run, const struct target *to, struct group *leaf, struct str raw,
                       struct fresh *fresh)
{
    struct path p = to->path;
    uint16_t n = 0;
    if (p.rep == PATH_APPEND) {
        p.rep = fresh_repetition(run, fresh, leaf, p.field);
    }
    if (p.rep != PATH_EACH) {
        return write_once(run, to, leaf, &p, raw);
    }
    n = count_repetitions(run, leaf, p.field);
    for (uint16_t i = 1; i <= n; i++) {
        p.rep = i;
        if (!eval_step(&run->e, &(struct node){.pos = to->pos}) ||
            !write_once(run, to, leaf, &p, raw)) {
            return false;
        }
    }
    return true;
}

/* A segment that is not there. A name that opens a group opens a new one. */
static bool create(struct run *run, const struct target *to, const struct reach *r, bool is_more,
                   struct group **out)
{
    const struct structure *s = draft_structure(&run->draft);
    bool opens = is_more && s && r->holder != STRUCTURE_NONE &&
                 structure_is_opened_by(s, r->holder, to->path.seg);
    int status = opens ? draft_create_group(&run->draft, r->in, r->holder, to->path.seg, out)
                       : draft_create(&run->draft, r->in, r->holder, to->path.seg, out);
    return status == 0 || run_edit_fault(run, to, status);
}

/* Which segments to write: those that are there, or a new one. out->n 0: none is wanted. */
static bool find_or_create(struct run *run, const struct target *to, bool is_value,
                           struct fresh *fresh, struct leaves *out)
{
    struct group *itself, *made;
    struct reach r = reach_of(run, to, &itself);
    uint16_t want = to->path.seg_n;
    if (itself) {
        leaves_add(out, run->a, itself);
        return true;
    }
    made = want == PATH_APPEND ? fresh_segment(fresh, to->path.seg) : NULL;
    if (made) {
        leaves_add(out, run->a, made);
        return true;
    }
    all_leaves(run, to, &r, out);
    uint32_t count = out->n;
    if (!choose(run, to, out)) {
        return false;
    }
    bool next = want == PATH_ALL || want == PATH_LAST || want == PATH_APPEND || want == count + 1;
    if (out->n || want == PATH_EACH || !is_value) {
        return true;
    }
    if (!next) {
        return fault(run, to, "the segment index skips one");
    }
    if (!create(run, to, &r, want != PATH_ALL, &made)) {
        return false;
    }
    leaves_add(out, run->a, made);
    if (want == PATH_APPEND) {
        struct fresh_row row = {.leaf = made};
        memcpy(row.seg, to->path.seg, sizeof(row.seg));
        fresh->v[fresh->n++] = row;
    }
    return true;
}

/* The first leaf of the name that is there. */
static struct group *only_leaf(struct run *run, const char *seg)
{
    struct draft_iter it = {.in = draft_root(&run->draft), .below = true};
    memcpy(it.id, seg, sizeof(it.id));
    return draft_next(&run->draft, &it);
}

/* The usual case: one segment of the name in the whole message, which is there. */
static bool write_flat(struct run *run, const struct target *to, struct str raw, bool *out_done)
{
    struct draft_flat it = {.d = &run->draft};
    struct edit_seg one;
    const struct path *p = &to->path;
    *out_done = false;
    bool plain = to->is_flat && !run->scope && p->seg_n == PATH_ALL && p->rep != PATH_EACH &&
                 p->rep != PATH_APPEND;
    if (!plain || !draft_flat_next(&it, p->seg, &one) || draft_flat_next(&it, p->seg, &one)) {
        return true;
    }
    *out_done = true;
    int status = draft_set_flat(&run->draft, p, raw);
    if (run->e.lineage) {
        lineage_set(run->e.lineage, only_leaf(run, p->seg), p, to->pos, to);
    }
    return status == 0 || run_edit_fault(run, to, status);
}

bool run_write(struct run *run, const struct target *to, struct str raw, struct fresh *fresh)
{
    struct leaves all = {0};
    bool done;
    if (!write_flat(run, to, raw, &done) || done) {
        return done && !run->e.fault.text.n;
    }
    if (!find_or_create(run, to, raw.n > 0, fresh, &all)) {
        return false;
    }
    for (uint32_t i = 0; i < all.n; i++) {
        if (!write_leaf(run, to, all.v[i], raw, fresh)) {
            return false;
        }
    }
    return true;
}
