/* Where the segments of a name are looked for: from the current element, in the structure of the message. */
#include "engine/rules/eval_priv.h"

struct group *eval_element(const struct scope *s)
{
    for (; s; s = s->outer) {
        if (s->self && (s->self->kind == VALUE_SEGMENT || s->self->kind == VALUE_GROUP)) {
            return s->self->leaf;
        }
    }
    return NULL;
}

/* Which of the structures that were checked is the one of this message: the last of them that is. */
EVAL_APART void eval_find_structure(struct eval *e)
{
    unsigned i = e->nstructures;
    while (i && e->structures[i - 1] != e->doc->s) {
        i--;
    }
    e->structure = i ? i - 1 : EVAL_STRUCTURE_OTHER;
}

static EVAL_APART void reach_anew(struct eval_reached *r, const struct structure *s, unsigned from,
                                  const char *seg)
{
    *r = (struct eval_reached){.s = s, .from = from, .reach = structure_reach(s, from, seg)};
    memcpy(r->seg, seg, sizeof(r->seg));
}

/* structure_reach() from group node `from`, remembered: fragments ask the same for each element of a loop. */
static inline const struct structure_reach *reach_in(struct eval *e, unsigned from, const char *seg)
{
    uint32_t id;
    memcpy(&id, seg, sizeof(id));
    struct eval_reached *r = &e->reached[((id ^ from) * 0x9e3779b1u) >> 16 & (EVAL_REACHED - 1)];
    if (r->s != e->doc->s || r->from != from || memcmp(r->seg, seg, sizeof(r->seg)) != 0) {
        reach_anew(r, e->doc->s, from, seg);
    }
    return &r->reach;
}

struct reach eval_reach(struct eval *e, const struct structure_reach *all, struct group *at,
                        const char *seg)
{
    return eval_reach_by(e, eval_known_reach(e, all), at, seg);
}

struct reach eval_reach_by(struct eval *e, const struct structure_reach *known, struct group *at,
                           const char *seg)
{
    struct group *root = draft_root(e->doc), *from = at && group_is_leaf(at) ? at->parent : at;
    struct reach nowhere = {root, STRUCTURE_NONE, true};
    from = from ? from : root;
    if (!e->doc->s || from->node == STRUCTURE_NONE) {
        return nowhere;
    }
    const struct structure_reach *r = known ? known : reach_in(e, from->node, seg);
    if (r->how == STRUCTURE_NOWHERE) {
        return nowhere;
    }
    while (from->parent && from->node != r->level) {
        from = from->parent;
    }
    return (struct reach){from, r->holder, r->how != STRUCTURE_OWN};
}

enum { LOOKS_MANY = 4096, SEGMENTS_A_STEP = 128 };

void eval_looked(struct eval *e)
{
    if (!e->doc || e->doc->looked < LOOKS_MANY) {
        return;
    }
    uint64_t steps = e->doc->looked / SEGMENTS_A_STEP;
    e->steps = steps < e->steps ? e->steps - (uint32_t)steps : 0;
    e->doc->looked = 0;
}
