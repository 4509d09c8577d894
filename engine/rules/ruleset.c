#include "engine/rules/ruleset_priv.h"

#include <stdlib.h>

struct kind {
    const char *name;
    void (*compile)(struct compiler *c,
                    const struct yaml_node *doc); /* NULL: accepted, nothing to do here */
    bool is_later;
};

static const struct kind kinds[] = {
    {"route", compile_route, false}, {"tables", compile_tables, false},
    {"tests", NULL, false},          {"map", NULL, true},
    {"steps", NULL, true},           {"profile", NULL, true},
};
enum { NKINDS = sizeof(kinds) / sizeof(kinds[0]) };

struct file_docs {
    const struct rules_file *file;
    struct yaml_doc *first;
};

static const struct kind *kind_of(const struct yaml_node *doc)
{
    for (unsigned i = 0; i < NKINDS; i++) {
        if (yaml_get(doc, kinds[i].name)) {
            return &kinds[i];
        }
    }
    return NULL;
}

static void no_kind(struct compiler *c, const struct yaml_node *doc)
{
    struct str names[NKINDS];
    for (unsigned i = 0; i < NKINDS; i++) {
        names[i] = str_of(kinds[i].name);
    }
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "unknown-document", doc->pos,
                 "this document is none of route, map, steps, profile, tables, tests");
    yaml_each(child, doc)
    {
        struct str near = child->key ? check_nearest(child->key->text, names, NKINDS) : STR("");
        if (near.n) {
            one->pos = child->key->pos;
            diag_hint(c->d, one, "did you mean %.*s:?", STR_ARG(near));
            return;
        }
    }
}

/* Tables first: routes name them wherever they stand. */
static void compile_docs(struct compiler *c, const struct file_docs *f, bool tables)
{
    c->file = f->file;
    for (const struct yaml_doc *doc = f->first; doc; doc = doc->next) {
        const struct kind *k = kind_of(doc->root);
        bool is_table = k && k->compile == compile_tables;
        if (is_table != tables) {
            continue;
        }
        if (!k) {
            no_kind(c, doc->root);
        } else if (k->is_later) {
            diag_add(c->d, DIAG_ERROR, "not-available", yaml_get(doc->root, k->name)->key->pos,
                     "%s: is not available in this version", k->name);
        } else if (k->compile) {
            k->compile(c, doc->root);
        }
    }
}

static int by_name(const void *left, const void *right)
{
    const struct route *a = *(struct route *const *)left, *b = *(struct route *const *)right;
    return str_cmp(a->name, b->name);
}

/* order-by: =FORMULA of the destinations. */
static void compile_orders(struct compiler *c)
{
    c->r->order = ARENA_ARRAY(c->a, struct node *, c->r->ndestinations + 1);
    c->names.nlets = 0;
    c->names.version = TYPE_VERSION_DEFAULT;
    c->names.nstructures = 0;
    for (unsigned i = 0; i < c->r->ndestinations; i++) {
        const struct rules_destination *dest = &c->r->destinations[i];
        c->r->wants_patient_keys = c->r->wants_patient_keys || dest->order == RULES_ORDER_PATIENT;
        if (dest->order != RULES_ORDER_FORMULA) {
            continue;
        }
        struct rules_file file = {.name = dest->pos.file};
        struct yaml_node n = {.kind = YAML_SCALAR, .pos = dest->pos, .text = dest->order_formula};
        c->file = &file;
        c->r->order[i] = compile_formula(c, &n, CHECK_ANY, NULL);
    }
}

static void copy_env(struct compiler *c)
{
    struct ruleset *r = c->r;
    r->nsources = c->env->nsources;
    r->ndestinations = c->env->ndestinations;
    r->sources = ARENA_ARRAY(c->a, struct rules_source, r->nsources + 1);
    r->destinations = ARENA_ARRAY(c->a, struct rules_destination, r->ndestinations + 1);
    if (r->nsources) {
        memcpy(r->sources, c->env->sources, r->nsources * sizeof(*r->sources));
    }
    if (r->ndestinations) {
        memcpy(r->destinations, c->env->destinations, r->ndestinations * sizeof(*r->destinations));
    }
}

struct ruleset *rules_compile(struct arena *a, const struct rules_file *files, unsigned nfiles,
                              const struct rules_env *env, struct diags *d)
{
    unsigned errors = d->errors;
    struct compiler *c = ARENA_NEW(a, struct compiler);
    *c = (struct compiler){.a = a, .d = d, .env = env, .r = ARENA_NEW(a, struct ruleset)};
    struct file_docs *docs = ARENA_ARRAY(a, struct file_docs, nfiles + 1);
    copy_env(c);
    for (unsigned i = 0; i < nfiles; i++) {
        docs[i].file = &files[i];
        (void)yaml_parse(a, files[i].name, files[i].bytes, d,
                         &docs[i].first); /* findings tell; go on with the rest */
    }
    for (unsigned i = 0; i < 2 * nfiles; i++) {
        compile_docs(c, &docs[i % nfiles], i < nfiles);
    }
    compile_orders(c);
    if (d->errors != errors) {
        return NULL;
    }
    if (c->r->nroutes) {
        qsort(c->r->routes, c->r->nroutes, sizeof(struct route *), by_name);
    }
    for (unsigned i = 0; i < c->r->nroutes; i++) {
        c->r->routes[i]->index = i;
    }
    c->r->dispatch = dispatch_new(a, c->r);
    return c->r;
}

unsigned rules_route_count(const struct ruleset *r)
{
    return r->nroutes;
}

struct str rules_route_name(const struct ruleset *r, unsigned index)
{
    return r->routes[index]->name;
}
