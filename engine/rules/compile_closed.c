/* Closed maps: what they make depends on nothing but their parameters, the message's header, the feed and tables, not on
 * the place in the message where they are used. Of the same values such a map makes the same (run_memo.c); one that lasts
 * makes it of other messages from the same sender, too (recall.h). */
#include <string.h>

#include "engine/rules/func.h"
#include "engine/rules/profile.h"
#include "engine/rules/compile_priv.h"

/* What was met in a map. */
struct met {
    bool has_header;  /* a path of MSH */
    bool is_fleeting; /* something of MSH, or a function, that is another with each message */
};

struct walk {
    const struct ruleset *r;
    bool in_profile; /* in a formula of a profile */
    struct met *met;
};

static bool is_closed(const struct walk *w, const struct node *n, bool bound);

static bool is_closed_name(const struct walk *w, unsigned id)
{
    const struct walk inside = {.r = w->r, .in_profile = true, .met = w->met};
    bool closed = !w->in_profile;
    for (unsigned i = 0; i < w->r->nprofiles && closed; i++) {
        const struct profile_name *name = profile_name_at(w->r->profiles[i], id);
        closed = !name || !name->formula || is_closed(&inside, name->formula, false);
    }
    return closed;
}

/* $this in arguments that are evaluated for each value is that value; the name of a type is no formula. */
static bool is_closed_call(const struct walk *w, const struct node *n, bool bound)
{
    const struct func *f = n->func;
    bool closed = f->input != FUNC_PATH;
    w->met->is_fleeting |= (f->flags & FUNC_FLEETING) != 0;
    bool inside = bound || (n->has_input && (f->flags & FUNC_LAMBDA));
    for (uint32_t i = 0; i < n->nargs && closed; i++) {
        bool is_input = i == 0 && n->has_input;
        bool is_type = !is_input && (f->flags & FUNC_TYPE);
        closed = is_type || is_closed(w, n->arg[i], is_input ? bound : inside);
    }
    return closed;
}

/* Sender and receiver, MSH-3 to MSH-6, are in the context of what is recalled (run_recall.c). */
static bool is_of_sender(const struct path *p)
{
    return p->field >= 3 && p->field <= 6;
}

/* The header is the same wherever a map is used. */
static bool is_closed_path(const struct walk *w, const struct node *n)
{
    bool is_header = n->path.field && memcmp(n->path.seg, "MSH", sizeof(n->path.seg)) == 0;
    w->met->has_header |= is_header;
    w->met->is_fleeting |= is_header && !is_of_sender(&n->path);
    return is_header;
}

/* `bound`: $this is an element of a loop or list inside the map. NULL is nothing to read. */
static bool is_closed(const struct walk *w, const struct node *n, bool bound)
{
    if (!n || n->op == NODE_LITERAL || n->op == NODE_EMPTY || n->op == NODE_LET ||
        n->op == NODE_SOURCE || n->op == NODE_SOURCE_MEMBER) {
        return true;
    }
    if (n->op == NODE_THIS) {
        return bound;
    }
    if (n->op == NODE_PATH || n->op == NODE_PATH_EXISTS || n->op == NODE_PATH_EQ ||
        n->op == NODE_PATH_ONE_OF) {
        return is_closed_path(w, n);
    }
    if (n->op == NODE_PROFILE) {
        return is_closed_name(w, n->level);
    }
    if (n->op == NODE_CALL) {
        return is_closed_call(w, n, bound);
    }
    bool closed = n->op == NODE_LEVEL || n->op == NODE_INDEX ||
                  (n->op >= NODE_MINUS && n->op <= NODE_IMPLIES);
    for (uint32_t i = 0; i < n->nargs && closed; i++) {
        closed = is_closed(w, n->arg[i], bound);
    }
    return closed;
}

static bool are_closed(const struct walk *w, const struct assigns *all, bool bound)
{
    bool closed = true;
    for (unsigned i = 0; i < all->n && closed; i++) {
        closed = is_closed(w, all->v[i].formula, bound);
    }
    return closed;
}

static bool is_closed_item(const struct walk *w, const struct item *item, bool bound)
{
    if (!item) {
        return true;
    }
    bool inside = bound || item->loop;
    w->met->has_header |= item->use && item->use->reads_header;
    w->met->is_fleeting |= item->use && !item->use->is_lasting;
    bool closed = (!item->loop || is_closed(w, item->loop->formula, bound)) &&
                  (!item->use || item->use->is_closed) && is_closed(w, item->formula, inside) &&
                  is_closed(w, item->cond, inside) && are_closed(w, &item->lets, inside) &&
                  are_closed(w, &item->with, inside) && is_closed_item(w, item->also, inside) &&
                  is_closed_item(w, item->value, inside);
    for (const struct item *one = item->first; one && closed; one = one->next) {
        closed = is_closed_item(w, one, inside);
    }
    return closed;
}

/* A map over a datatype begins with $this, one over FHIR or JSON with the document. */
static bool is_closed_map(const struct walk *w, const struct map *m)
{
    bool closed = !m->datatype && !m->v2 && m->data.kind == DATA_HL7 &&
                  are_closed(w, &m->lets, false) && is_closed_item(w, m->value, false);
    for (unsigned i = 0; i < m->nparams && closed; i++) {
        closed = is_closed(w, m->params[i].initial.formula, false);
    }
    return closed;
}

void compile_closed(struct compiler *c)
{
    for (bool more = true; more;) { /* those that others use first */
        more = false;
        for (unsigned i = 0; i < c->r->nmaps; i++) {
            struct map *m = c->r->maps[i];
            struct met met = {false, false};
            const struct walk w = {.r = c->r, .met = &met};
            bool found = !m->is_closed && m->is_compiled && is_closed_map(&w, m);
            if (found) {
                m->is_closed = true;
                m->reads_header = met.has_header;
                m->is_lasting = !met.is_fleeting;
            }
            more = more || found;
        }
    }
}
