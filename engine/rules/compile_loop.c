/* for: and $for: what is walked, and what stands inside. Source: docs/language.md "Loops and scope". */
#include "engine/rules/compile_priv.h"

enum { LOOPS_MAX = 8 };

/* The smallest groups that `seg` opens, below `from` or an enclosing level. */
struct opened {
    unsigned group, level;
    bool is_several;
};

static struct opened groups_opened(const struct structure *s, unsigned from, const char *seg)
{
    struct opened o = {STRUCTURE_NONE, from, false};
    for (;;) {
        unsigned n = structure_groups_opened_by(s, o.level, seg, &o.group);
        o.is_several = n > 1;
        if (n || o.level == 0) {
            return o;
        }
        o.level = structure_around(s, o.level);
    }
}

static void several_groups(struct compiler *c, const struct yaml_node *n, const struct structure *s,
                           const char *seg)
{
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "which-group", n->pos,
                       "several kinds of groups in %s begin with %s", structure_name(s), seg),
              "walk the group around first, or name the group");
}

/* for: SEG. The groups it opens, structure by structure; the segments where it opens none. */
static bool loop_over_segment(struct compiler *c, const struct yaml_node *n, const char *seg,
                              struct loop *out)
{
    struct names *names = &c->names;
    struct element *e = ARENA_NEW(c->a, struct element);
    bool groups = names->nstructures > 0;
    out->group = ARENA_ARRAY(c->a, unsigned, names->nstructures + 1);
    out->level = ARENA_ARRAY(c->a, unsigned, names->nstructures + 1);
    memcpy(e->seg, seg, sizeof(e->seg));
    for (unsigned i = 0; i < names->nstructures; i++) {
        const struct structure *s = names->structure[i];
        unsigned from = names->element ? names->element->node[i] : 0;
        struct opened o = groups_opened(s, from == STRUCTURE_NONE ? 0 : from, seg);
        if (o.is_several && !c->is_conform) {
            several_groups(c, n, s, seg);
            return false;
        }
        o.group = o.is_several ? STRUCTURE_NONE : o.group; /* each segment by itself */
        out->group[i] = o.group;
        out->level[i] = o.level;
        e->is_segment[i] = o.group == STRUCTURE_NONE;
        e->node[i] = o.group != STRUCTURE_NONE ? o.group : structure_reach(s, from, seg).holder;
        e->node[i] = e->node[i] == STRUCTURE_NONE ? 0 : e->node[i];
        groups = groups && o.group != STRUCTURE_NONE;
    }
    out->element = names->nstructures ? e : NULL;
    out->shape = (struct shape){.kind = groups ? SHAPE_GROUP : SHAPE_SEGMENT,
                                .type = str_dup(c->a, str_of(seg)).p,
                                .elem = out->element};
    return true;
}

/* Groups called by their name: as groups, not as values, where the word names one. */
static void loop_over_values(struct loop *out)
{
    out->element = out->shape.elem;
    out->shape.many = false;
}

/* The segments themselves, for structures in which the name opens no group. */
static bool segments_of(struct compiler *c, const struct yaml_node *n, const struct path *p,
                        struct loop *out)
{
    struct place at;
    struct node *node = ARENA_NEW(c->a, struct node);
    check_place(c->a, &c->names, p->seg, &at);
    for (unsigned i = 0; i < c->names.nstructures; i++) {
        bool rivals = out->group[i] == STRUCTURE_NONE && at.reach[i].how == STRUCTURE_SEVERAL;
        if (rivals && !c->is_conform) {
            at.several = i + 1;
            struct str names = check_rivals(c->a, &c->names, &at);
            diag_hint(c->d,
                      diag_add(c->d, DIAG_ERROR, "which-group", n->pos,
                               "%s stands in several groups below here: %.*s", p->seg,
                               STR_ARG(names)),
                      "walk one of these groups first");
            return false;
        }
    }
    *node = (struct node){.op = NODE_PATH, .pos = n->pos, .path = *p};
    check_missing(c->d, n->pos, p->seg, &at, &c->names);
    node->is_flat = at.is_flat || at.is_unknown || c->is_conform;
    node->is_anywhere = c->names.is_anywhere;
    node->reach = at.reach;
    out->formula = node;
    return true;
}

bool compile_loop(struct compiler *c, const struct yaml_node *n, struct loop *out)
{
    struct path p;
    struct str text;
    if (!compile_text(c, n, "for: wants a segment, a path or a formula, which", &text)) {
        return false;
    }
    if (c->loops >= LOOPS_MAX) {
        diag_add(c->d, DIAG_ERROR, "deep-loops", n->pos, "more than %d loops within each other",
                 LOOPS_MAX);
        return false;
    }
    text = str_trim(text.p[0] == '=' ? str_slice(text, 1, text.n) : text);
    out->text = text;
    out->is_anywhere = c->names.is_anywhere;
    out->pos = n->pos;
    bool segment = c->names.data == DATA_HL7 && path_lex(text, &p) == text.n && !p.field &&
                   p.seg_n == PATH_ALL;
    if (!segment) {
        out->formula = compile_formula(c, n, CHECK_ANY, &out->shape);
        loop_over_values(out);
        return out->formula != NULL;
    }
    return check_path(c->d, c->a, n->pos, &p, &c->names) && loop_over_segment(c, n, p.seg, out) &&
           segments_of(c, n, &p, out);
}

void compile_enter(struct compiler *c, const struct loop *l, struct loop_scope *save)
{
    save->element = c->names.element;
    save->loops = c->names.loops;
    save->inner = (struct inner){&l->shape, c->names.loops};
    c->names.element = l->element ? l->element : c->names.element;
    c->names.loops = &save->inner;
    c->loops++;
}

void compile_leave(struct compiler *c, const struct loop_scope *save)
{
    c->names.element = save->element;
    c->names.loops = save->loops;
    c->loops--;
}
