/* Loops and names at run time: what for: walks, what let:, with: and parameters hold. */
#include "engine/rules/run_priv.h"

/* Which of the program's structures the message has; EVAL_STRUCTURE_OTHER: none of them. */
static unsigned structure_index(struct eval *e)
{
    (void)draft_root(e->doc); /* finds the structure */
    for (unsigned i = 0; i < e->nstructures; i++) {
        if (e->structures[i] == e->doc->s) {
            return i;
        }
    }
    return EVAL_STRUCTURE_OTHER;
}

/* Groups `group` below level `level`, which is the current element or one around it. */
static void groups(struct eval *e, const struct scope *scope, unsigned group, unsigned level,
                   struct values *out)
{
    struct group *g = eval_element(scope), *at = NULL;
    g = g && group_is_leaf(g) ? g->parent : g;
    g = g ? g : draft_root(e->doc);
    while (g->parent && g->node != level) {
        g = g->parent;
    }
    while ((at = draft_next_group(e->doc, g, group, at)) != NULL) {
        *values_add(out, e->a) = (struct value){.kind = VALUE_GROUP, .leaf = at};
    }
}

/* The groups that `seg` opens in the current element or the nearest level around it that has any. */
static bool groups_around(struct eval *e, const struct scope *scope, const char *seg,
                          struct values *out)
{
    struct group *g = eval_element(scope);
    unsigned group;
    if (!g || !draft_structure(e->doc)) {
        return false;
    }
    for (g = group_is_leaf(g) ? g->parent : g; g; g = g->parent) {
        if (g->node != STRUCTURE_NONE &&
            structure_groups_opened_by(e->doc->s, g->node, seg, &group)) {
            groups(e, scope, group, g->node, out);
            return true;
        }
    }
    return false;
}

/* Values that a loop walks and that are no places of the message: each came from what the formula read. */
static bool run_values(struct eval *e, const struct loop *l, const struct scope *scope,
                       struct values *out)
{
    struct lineage_seen before = lineage_enter(e->lineage);
    bool good = eval_node(e, l->formula, scope, out);
    struct lineage_seen seen = lineage_leave(e->lineage, before);
    for (uint32_t i = 0; e->lineage && i < out->n; i++) {
        if (out->v[i].kind != VALUE_HL7) {
            lineage_bind(e->lineage, &out->v[i], seen);
        }
    }
    return good;
}

/* Segments, and the message has none of that name: most loops of a map that is for every sender. */
static bool is_absent(const struct eval *e, const struct node *n)
{
    uint64_t set;
    bool is_place = n->op == NODE_PATH || (n->op == NODE_SUBPATH && n->arg[0]->op == NODE_MESSAGE);
    return is_place && !n->path.field && e->doc &&
           draft_named_in(e->doc, draft_root(e->doc), true, n->path.seg, &set) && !set;
}

bool run_elements(struct eval *e, const struct loop *l, const struct scope *scope,
                  struct values *out)
{
    bool moved = l->is_anywhere && e->doc && eval_element(scope);
    if (l->group && moved && groups_around(e, scope, l->formula->path.seg, out)) {
        return true;
    }
    if (l->group && e->doc && !moved) {
        unsigned i = structure_index(e);
        if (i != EVAL_STRUCTURE_OTHER && l->group[i] != STRUCTURE_NONE) {
            groups(e, scope, l->group[i], l->level[i], out);
            return true;
        }
    }
    return is_absent(e, l->formula) || run_values(e, l, scope, out);
}

/* The values for `slot`, which has room for one. */
static bool assign_value(struct eval *e, const struct assign *one, const struct scope *scope,
                         struct values *slot)
{
    if (!one->formula) {
        *values_add(slot, e->a) = value_string(one->literal);
        return true;
    }
    struct lineage_seen before = lineage_enter(e->lineage);
    bool good = eval_bare(e, one->formula, scope, slot);
    lineage_named(e->lineage, slot, lineage_leave(e->lineage, before));
    return good;
}

/* What another name holds is held by this one, too: nothing is added to a slot any more. */
static inline bool assign(struct eval *e, const struct assign *one, const struct scope *scope,
                          struct values *slot)
{
    if (one->formula && one->formula->op == NODE_LET && !e->lineage) {
        *slot = e->lets[one->formula->level];
        return true;
    }
    *slot = (struct values){arena_alloc(e->a, sizeof(*slot->v)), 0, 1};
    return assign_value(e, one, scope, slot);
}

/* A name is new where it is given, so no formula of the same mapping reads it. */
bool run_assigns(struct eval *e, const struct assigns *all, const struct scope *scope,
                 struct values *slots)
{
    for (unsigned i = 0; i < all->n; i++) {
        if (!assign(e, &all->v[i], scope, &slots[all->v[i].slot])) {
            return false;
        }
    }
    return true;
}

bool run_arguments(struct eval *e, const struct assigns *with, const struct scope *scope,
                   struct values *given)
{
    for (unsigned i = 0; i < with->n; i++) {
        if (!assign(e, &with->v[i], scope, &given[i])) {
            return false;
        }
    }
    return true;
}

static bool is_given(const struct assigns *given, unsigned slot)
{
    for (unsigned i = 0; i < given->n; i++) {
        if (given->v[i].slot == slot) {
            return true;
        }
    }
    return false;
}

bool run_defaults(struct eval *e, const struct param *params, unsigned n,
                  const struct assigns *given, struct values *slots)
{
    for (unsigned i = 0; i < n; i++) {
        struct values *slot = &slots[params[i].slot];
        if (params[i].is_required || is_given(given, params[i].slot)) {
            continue;
        }
        *slot = (struct values){0};
        if (!assign_value(e, &params[i].initial, NULL, slot)) {
            return false;
        }
    }
    return true;
}
