/* Where segments and groups stand in the structures of the messages. */
#include "engine/rules/check_priv.h"

/* In how many places of the structure does the segment stand? 2 means several. */
static unsigned places_of(const struct structure *s, const char *seg)
{
    return structure_find(s, seg, 0) == STRUCTURE_NONE   ? 0
           : structure_find(s, seg, 1) == STRUCTURE_NONE ? 1
                                                         : 2;
}

/* What structures say that come with a whole family: it counts only if all that have the segment agree. What
 * ADT_A17 alone says (two PIDs) is left to the message. */
struct family {
    unsigned has, repeats, several;
    unsigned several_at;
};

/* One structure's answer into the place. */
static void add_structure(const struct names *names, unsigned i, const char *seg, struct family *f,
                          struct structure_reach *r, struct place *out)
{
    const struct structure *s = names->structure[i];
    const struct element *at = names->element;
    unsigned from = at ? at->node[i] : 0;
    bool itself = at && at->is_segment[i] && strcmp(at->seg, seg) == 0;
    from = from == STRUCTURE_NONE ? 0 : from;
    *r = structure_reach(s, from, seg);
    out->own_seg += itself;
    if (r->how == STRUCTURE_NOWHERE || itself) {
        return;
    }
    out->is_unknown = false;
    out->is_flat = out->is_flat && !at && places_of(s, seg) == 1;
    bool several = r->how == STRUCTURE_SEVERAL,
         repeats = !several && structure_segment_repeats(s, r->holder, seg);
    if (names->is_family[i]) {
        f->has++;
        f->several += several;
        f->repeats += repeats;
        f->several_at = several ? i + 1 : f->several_at;
    } else {
        out->several = several && !out->several ? i + 1 : out->several;
        out->repeats = out->repeats || repeats;
    }
}

void check_place(struct arena *a, const struct names *names, const char *seg, struct place *out)
{
    struct structure_reach *reach = ARENA_ARRAY(a, struct structure_reach, names->nstructures + 1);
    struct family f = {0};
    *out = (struct place){.reach = reach, .is_flat = true, .is_unknown = true};
    for (unsigned i = 0; i < names->nstructures; i++) {
        add_structure(names, i, seg, &f, &reach[i], out);
    }
    out->repeats = out->repeats || (f.has && f.repeats == f.has);
    out->several = f.has && f.several == f.has && !out->several ? f.several_at : out->several;
    if (out->own_seg) {
        out->is_unknown = out->is_flat = false;
        out->repeats = out->repeats && out->own_seg < names->nstructures;
    }
}

void check_missing(struct diags *d, struct diag_pos pos, const char *seg, const struct place *p,
                   const struct names *names)
{
    if (p->is_unknown && names->nstructures && seg[0] != 'Z') {
        diag_add(d, DIAG_REMARK, "not-in-structure", pos,
                 "%s is not part of %s; it is looked for in the whole message", seg,
                 structure_name(names->structure[0]));
    }
}

struct element *check_element(struct arena *a, const struct names *names, const char *seg,
                              const struct place *p)
{
    struct element *e = ARENA_NEW(a, struct element);
    memcpy(e->seg, seg, sizeof(e->seg));
    for (unsigned i = 0; i < names->nstructures; i++) {
        bool found = p->reach[i].how != STRUCTURE_NOWHERE;
        e->node[i] = found ? p->reach[i].holder : 0;
        e->is_segment[i] = true;
    }
    return e;
}

struct str check_rivals(struct arena *a, const struct names *names, const struct place *p)
{
    const struct structure *s = names->structure[p->several - 1];
    const struct structure_reach *r = &p->reach[p->several - 1];
    return str_printf(a, "%s or %s", structure_place(s, r->holder).name,
                      structure_place(s, r->other).name);
}

/* ---- groups by name ---- */

/* One version of a structure has a group of the name, another one has not: there nothing would be found. */
static void remark_group(struct check *c, const struct node *n, const struct element *e)
{
    for (unsigned i = 0; i < c->names->nstructures && c->f->is_route; i++) {
        const struct structure *s = c->names->structure[i];
        bool other = false;
        for (unsigned k = 0; k < c->names->nstructures; k++) {
            other =
                other || (e->node[k] != STRUCTURE_NONE &&
                          strcmp(structure_name(c->names->structure[k]), structure_name(s)) == 0);
        }
        if (other && e->node[i] == STRUCTURE_NONE) {
            diag_hint(
                c->d,
                diag_add(c->d, DIAG_REMARK, "group-name", n->pos,
                         "%.*s is no group of %s in HL7 %s", STR_ARG(n->text), structure_name(s),
                         dict_version_text(structure_version(s))),
                "names of groups differ between versions: the segment that opens it does not");
        }
    }
}

bool check_group_name(struct check *c, struct node *n, struct shape *out)
{
    struct element *e = ARENA_NEW(c->a, struct element);
    bool found = false;
    for (unsigned i = 0; i < c->names->nstructures; i++) {
        const struct structure *s = c->names->structure[i];
        unsigned from = c->element ? c->element->node[i] : 0, node = STRUCTURE_NONE;
        from = from == STRUCTURE_NONE ? 0 : from;
        while (!structure_groups_named(s, from, n->text, &node) && from) {
            from = structure_around(s, from);
        }
        e->node[i] = node;
        found = found || node != STRUCTURE_NONE;
    }
    *out = (struct shape){.kind = SHAPE_GROUP, .many = true, .by_group = true, .elem = e};
    if (found) {
        remark_group(c, n, e);
        n->op = NODE_GROUP;
    }
    return found;
}
