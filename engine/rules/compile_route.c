/* Documents `route:`. */
#include "engine/rules/compile_data.h"

#include <limits.h>

static const char *const route_keys[] = {"route", "from",     "messages", "when",
                                         "do",    "on-error", "tests",    NULL};
static const char *const route_later[] = {"let", NULL};

static bool add_source(struct compiler *c, const struct yaml_node *n, struct route *r)
{
    struct str name, names[64];
    unsigned k = 0;
    if (!compile_text(c, n, "from: wants the name of a source, which", &name)) {
        return false;
    }
    for (unsigned i = 0; i < c->r->nsources; i++) {
        bool same = str_eq(c->r->sources[i].name, name);
        for (unsigned s = 0; same && s < r->nsources; s++) {
            if (r->sources[s] == i) {
                diag_add(c->d, DIAG_ERROR, "twice", n->pos, "%.*s stands in from: already",
                         STR_ARG(name));
                return false;
            }
        }
        if (same) {
            r->sources[r->nsources++] = i;
            return true;
        }
        if (k < 64) {
            names[k++] = c->r->sources[i].name;
        }
    }
    struct str near = check_nearest(name, names, k);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-source", n->pos,
                                "no source or destination is called %.*s", STR_ARG(name));
    if (memchr(name.p, ',', name.n)) {
        diag_hint(c->d, one, "several stand in brackets: [%.*s]", STR_ARG(name));
    } else if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(c->d, one, "declare it under sources: in the configuration");
    }
    return false;
}

static bool compile_from(struct compiler *c, const struct yaml_node *list, struct route *r)
{
    const struct yaml_node *item = NULL;
    bool good = true;
    r->sources = ARENA_ARRAY(c->a, unsigned, list->count + 1);
    while ((item = yaml_next_item(list, item))) {
        good = add_source(c, item, r) && good;
    }
    return good;
}

static bool compile_on_error(struct compiler *c, const struct yaml_node *n, struct route *r)
{
    static const char *const words[] = {"hold", "reject", "skip"};
    for (unsigned i = 0; n && i < 3; i++) {
        if (n->kind == YAML_SCALAR && str_is(n->text, words[i])) {
            r->on_error = (enum on_error)i;
            return true;
        }
    }
    if (n && n->kind != YAML_ABSENT) {
        diag_add(c->d, DIAG_ERROR, "bad-value", n->pos, "on-error: is hold, reject or skip");
    }
    return !n;
}

static const struct yaml_node *needed(struct compiler *c, const struct yaml_node *doc,
                                      const char *key, const char *what)
{
    const struct yaml_node *n = yaml_get(doc, key);
    if (!n) {
        diag_means(diag_add(c->d, DIAG_ERROR, "missing-key", doc->pos, "the route has no %s:, %s",
                            key, what),
                   DIAG_LACKS, str_of(key));
    }
    return n && n->kind != YAML_ABSENT ? n : NULL;
}

static bool compile_name(struct compiler *c, const struct yaml_node *n, struct route *r)
{
    if (!compile_text(c, n, "route: wants a name, which", &r->name)) {
        return false;
    }
    r->pos = n->pos;
    r->place = str_printf(c->a, "%s:%u", c->file->name, n->pos.line);
    for (unsigned i = 0; i < c->r->nroutes; i++) {
        if (str_eq(c->r->routes[i]->name, r->name)) {
            const struct diag_pos *other = &c->r->routes[i]->pos;
            diag_add(c->d, DIAG_ERROR, "duplicate-name", n->pos,
                     "a route %.*s stands already at %s:%u", STR_ARG(r->name), other->file,
                     other->line);
            return false;
        }
    }
    return true;
}

static void add_route(struct compiler *c, struct route *r)
{
    compile_grow(c->a, &c->r->routes, c->r->nroutes, &c->cap_routes);
    c->r->routes[c->r->nroutes++] = r;
}

/* Profiles of the sources type their Z-segments; each field one way. */
static void find_typing(struct compiler *c, const struct route *r)
{
    const struct profile **all = ARENA_ARRAY(c->a, const struct profile *, r->nsources + 1);
    unsigned n = 0;
    for (unsigned i = 0; i < r->nsources; i++) {
        const struct profile *p = c->r->profile[r->sources[i]];
        if (p) {
            all[n++] = p;
        }
    }
    c->names.typing = all;
    c->names.ntyping = n;
}

static void keep_structures(struct compiler *c, struct route *r)
{
    r->nstructures = c->names.nstructures;
    r->structures = ARENA_ARRAY(c->a, const struct structure *, r->nstructures + 1);
    memcpy(r->structures, c->names.structure, r->nstructures * sizeof(*r->structures));
}

static void compile_when(struct compiler *c, const struct yaml_node *when, struct route *r)
{
    r->when = compile_formula(c, when, CHECK_DECISION, NULL);
    r->when_pos = when->pos;
    r->not_matched = str_printf(c->a, "%.*s: when is not true (%s:%u)", STR_ARG(r->name),
                                c->file->name, when->pos.line);
    if (r->when) {
        compile_never(c, r);
    }
}

/* A resource that is misspelt: what follows is not about HL7 v2. */
static bool names_other_data(const struct yaml_node *messages)
{
    const struct yaml_node *first = yaml_next_item(messages, NULL);
    return first && first->kind == YAML_SCALAR && compile_is_other_data(first->text);
}

void compile_route(struct compiler *c, const struct yaml_node *doc)
{
    struct route *r = ARENA_NEW(c->a, struct route);
    r->held_at = UINT_MAX;
    r->file = c->file;
    r->doc = doc;
    compile_begin(c, &r->needs);
    c->route = r;
    c->map = NULL;
    (void)compile_keys(c, doc, "a route", route_keys, route_later); /* go on: all errors at once */
    bool named = compile_name(c, yaml_get(doc, "route"), r);
    const struct yaml_node *from = needed(c, doc, "from", "the sources it reads");
    const struct yaml_node *messages = needed(c, doc, "messages", "the message types it reads");
    const struct yaml_node *steps = needed(c, doc, "do", "its steps"),
                           *when = yaml_get(doc, "when");
    if (from) {
        (void)compile_from(c, from, r); /* findings tell */
    }
    compile_versions(c, r->sources, r->nsources, &c->names);
    find_typing(c, r);
    c->types_unknown = !messages || !compile_patterns(c, messages, r); /* findings tell */
    r->data = c->names.types;
    if (c->types_unknown && !r->npatterns && names_other_data(messages)) {
        r->data.kind = DATA_JSON; /* any name may be there */
    }
    compile_data_names(c, &r->data);
    c->names.is_anywhere = c->names.nstructures == 0; /* "*": the message's own structure decides */
    keep_structures(c, r);
    if (when) {
        compile_when(c, when, r);
    }
    (void)compile_on_error(c, yaml_get(doc, "on-error"), r); /* findings tell */
    if (steps) {
        r->steps = compile_steps(c, steps);
    }
    r->nslots = c->nslots;
    if (named) {
        add_route(c, r);
    }
    c->route = NULL;
}
