/* What is said of a message that its structure does not fit. */
#include "engine/hl7/structure_group_priv.h"

static bool is_name(const char *id)
{
    for (unsigned i = 0; i < 3; i++) {
        bool upper = id[i] >= 'A' && id[i] <= 'Z', digit = id[i] >= '0' && id[i] <= '9';
        if (!upper && !(digit && i > 0))
            return false;
    }
    return id[3] == '\0';
}

/* "OBX[3]", or "segment 7" for a line that is no segment and may hold anything. */
static struct str place_of(struct sorting *w, uint32_t i)
{
    const struct hl7_seg *seg = &w->m->seg[i];
    if (!is_name(seg->id))
        return str_printf(w->arena, "segment %u", i + 1);
    uint32_t n = w->id[i] ? w->seen[w->id[i]] : 0;
    for (uint32_t k = 0; w->id[i] == 0 && k <= i; k++)
        n += memcmp(w->m->seg[k].id, seg->id, sizeof seg->id) == 0;
    return str_printf(w->arena, "%s[%u]", seg->id, n);
}

static bool is_full(const struct diags *d)
{
    return d->count >= (d->limit ? d->limit : 1000);
}

void structure_tell(struct sorting *w, const char *code, uint32_t i, const char *what)
{
    if (!w->findings)
        return;
    struct str path = is_full(w->findings) ? STR("") : place_of(w, i);
    diag_add_path(w->findings, DIAG_WARNING, code, path, "%s %s", what, structure_name(w->s));
}

/* ---- what is missing ---- */

static void report_missing(struct sorting *w, const struct group *g, unsigned c)
{
    const struct structure_node *rows = w->rows;
    unsigned r = rows[c].kind == STRUCTURE_GROUP ? structure_first_required(rows, c) : c;
    if (!r)
        r = c;
    if (rows[r].kind == STRUCTURE_CHOICE || rows[r].kind == STRUCTURE_GROUP)
        r++;
    const char *name = structure_place(w->s, r).name;
    struct str path = structure_path(w->arena, w->s, g->node);
    const struct group *begin = g;
    while (begin->first)
        begin = begin->first;
    if (g->node)
        diag_add_path(w->findings, DIAG_ERROR, "missing-segment", str_of(name),
                      "required segment is missing in group %.*s that begins at segment %u of %s",
                      STR_ARG(path), begin->seg + 1, structure_name(w->s));
    else
        diag_add_path(w->findings, DIAG_ERROR, "missing-segment", str_of(name),
                      "required segment is missing in %s", structure_name(w->s));
}

/* Name the required children that instance `g` has not. `stamp` has one entry a node. */
static void check_group(struct sorting *w, const struct group *g, uint32_t *stamp, uint32_t mark)
{
    const struct structure_node *rows = w->rows;
    for (const struct group *k = g->first; k; k = k->next) {
        if (k->node != STRUCTURE_NONE)
            stamp[structure_child_of(rows, g->node, k->node)] = mark;
    }
    for (unsigned c = g->node + 1; c < g->node + rows[g->node].span; c += rows[c].span) {
        if (rows[c].min == 0 || stamp[c] == mark)
            continue;
        if (is_full(w->findings))
            diag_add(w->findings, DIAG_ERROR, "missing-segment", DIAG_NOWHERE, "missing");
        else
            report_missing(w, g, c);
    }
}

void structure_tell_missing(struct sorting *w, struct group *root)
{
    uint32_t *stamp = ARENA_ARRAY(w->arena, uint32_t, structure_nodes(w->s)), mark = 0;
    for (struct group *g = root; g; g = group_next(root, g)) {
        if (!group_is_leaf(g))
            check_group(w, g, stamp, ++mark);
    }
}
