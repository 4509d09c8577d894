#include "engine/rules/compile_priv.h"

#include <stdlib.h>

/* Documents in the order of compiling: what others name comes first. */
enum phase {
    PHASE_TABLES,
    PHASE_PROFILES,
    PHASE_PROFILE_ENDS,
    PHASE_DECLARE,
    PHASE_MAPS,
    PHASE_STEPS,
    PHASE_ROUTES,
    PHASE_TESTS,
    PHASES
};

struct kind {
    const char *name;
    void (*compile[PHASES])(struct compiler *c, const struct yaml_node *doc);
};

static const struct kind kinds[] = {
    {"route", {[PHASE_ROUTES] = compile_route, [PHASE_TESTS] = compile_tests}},
    {"map",
     {[PHASE_DECLARE] = compile_declare_map,
      [PHASE_MAPS] = compile_map,
      [PHASE_TESTS] = compile_tests}},
    {"steps", {[PHASE_DECLARE] = compile_declare_steps, [PHASE_STEPS] = compile_steps_doc}},
    {"profile", {[PHASE_PROFILES] = compile_profile, [PHASE_PROFILE_ENDS] = compile_profile_ends}},
    {"conformance", {[PHASE_MAPS] = compile_conform, [PHASE_TESTS] = compile_tests}},
    {"shape", {[PHASE_DECLARE] = compile_trim}},
    {"tables", {[PHASE_TABLES] = compile_tables}},
    {"tests", {[PHASE_TESTS] = compile_tests}},
};
enum { NKINDS = sizeof(kinds) / sizeof(kinds[0]) };

struct file_docs {
    const struct rules_file *file;
    struct yaml_doc *first;
};

/* What has tests: beside other keys is something else whose own key is misspelt. */
static const struct kind *kind_of(const struct yaml_node *doc)
{
    for (unsigned i = 0; i < NKINDS; i++) {
        bool last = i + 1 == NKINDS && doc->count > 1;
        if (!last && yaml_get(doc, kinds[i].name)) {
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
    compile_lose_document(c, doc);
    struct diag *one = diag_add(
        c->d, DIAG_ERROR, "unknown-document", doc->pos,
        "this document is none of route, map, steps, profile, conformance, shape, tables, tests");
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

static void compile_docs(struct compiler *c, const struct file_docs *f, enum phase phase)
{
    c->file = f->file;
    for (const struct yaml_doc *doc = f->first; doc; doc = doc->next) {
        const struct kind *k = kind_of(doc->root);
        if (!k && phase == PHASE_TABLES) {
            no_kind(c, doc->root);
        } else if (k && k->compile[phase]) {
            k->compile[phase](c, doc->root);
        }
    }
}

/* ---- zones ---- */

static void load_source_zones(struct compiler *c)
{
    for (unsigned i = 0; i < c->r->nsources && c->env->read_zone; i++) {
        const struct rules_source *s = &c->r->sources[i];
        if (s->timezone.n && !zones_load(&c->r->zones, s->timezone)) {
            diag_hint(c->d,
                      diag_add(c->d, DIAG_ERROR, "unknown-zone", s->timezone_pos,
                               "no time zone is called %.*s", STR_ARG(s->timezone)),
                      "zones have names as America/Chicago, Europe/Berlin, UTC");
        }
    }
}

/* A column of zones: a formula may look them up. What its first such cell is, the others are. */
static void load_column_zones(struct compiler *c, const struct table *t, unsigned column)
{
    bool is_zones = true;
    for (uint32_t row = 0; row < t->nrows && is_zones; row++) {
        struct str cell = table_cell(t, row, column);
        is_zones = !zones_may_be(cell) || zones_load(&c->r->zones, cell);
    }
}

static void load_table_zones(struct compiler *c)
{
    for (unsigned i = 0; i < c->r->ntables; i++) {
        const struct table *t = c->r->tables[i];
        for (unsigned k = 0; !t->is_broken && k < t->ncolumns; k++) {
            load_column_zones(c, t, k);
        }
    }
}

/* ---- the whole ---- */

static int by_name(const void *left, const void *right)
{
    const struct route *a = *(struct route *const *)left, *b = *(struct route *const *)right;
    return str_cmp(a->name, b->name);
}

/* order-by: =FORMULA of the destinations. */
static void compile_orders(struct compiler *c)
{
    c->r->order = ARENA_ARRAY(c->a, struct node *, c->r->ndestinations + 1);
    compile_begin(c, NULL);
    c->names.is_anywhere = true;
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
    unsigned n = c->env->nsources;
    r->ndestinations = c->env->ndestinations;
    r->nsources = n + r->ndestinations;
    r->sources = ARENA_ARRAY(c->a, struct rules_source, r->nsources + 1);
    r->destinations = ARENA_ARRAY(c->a, struct rules_destination, r->ndestinations + 1);
    r->await_ms = ARENA_ARRAY(c->a, uint32_t, r->ndestinations + 1);
    if (n) {
        memcpy(r->sources, c->env->sources, n * sizeof(*r->sources));
    }
    if (r->ndestinations) {
        memcpy(r->destinations, c->env->destinations, r->ndestinations * sizeof(*r->destinations));
    }
    for (unsigned i = 0; i < r->ndestinations;
         i++) { /* a source of the same name comes before it */
        r->sources[n + i] =
            (struct rules_source){.name = r->destinations[i].name, .is_asked = true};
    }
}

static void compile_all(struct compiler *c, const struct file_docs *docs, unsigned nfiles)
{
    c->r->zones.a = c->a;
    c->r->zones.read = c->env->read_zone;
    c->r->zones.arg = c->env->arg;
    c->names.zone = zones_load;
    c->names.zone_arg = &c->r->zones;
    c->names.profiles = &c->r->names;
    load_source_zones(c);
    for (int phase = 0; phase < PHASES; phase++) {
        for (unsigned i = 0; i < nfiles; i++) {
            compile_docs(c, &docs[i], (enum phase)phase);
        }
        if (phase == PHASE_ROUTES) {
            compile_maps_again(c);
        }
        if (phase == PHASE_PROFILE_ENDS) {
            compile_source_profiles(c);
            load_table_zones(c);
        }
    }
    compile_orders(c);
    compile_source_conforms(c);
    compile_destination_shapes(c);
    if (compile_check_circles(c)) {
        for (unsigned i = 0; i < c->r->nroutes; i++) {
            compile_check_needs(c, c->r->routes[i]);
        }
    }
    if (c->d->errors == 0) {
        compile_closed(c);
        compile_idle(c);
        compile_form(c);
        compile_asks(c);
    }
}

static void finish(struct compiler *c)
{
    struct ruleset *r = c->r;
    if (r->nroutes) {
        qsort(r->routes, r->nroutes, sizeof(struct route *), by_name);
    }
    for (unsigned i = 0; i < r->nroutes; i++) {
        r->routes[i]->index = i;
    }
    r->dispatch = dispatch_new(c->a, r);
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
        unsigned before = d->errors;
        docs[i].file = &files[i];
        (void)yaml_parse(a, files[i].name, files[i].bytes, d,
                         &docs[i].first); /* findings tell; go on with the rest */
        if (d->errors != before) {
            compile_lose_file(c, files[i].bytes);
        }
    }
    compile_all(c, docs, nfiles);
    bool good = d->errors == errors;
    c->lost.is_all = env->is_partial;
    diags_unique(d);
    diags_drop_followers(d, &c->lost);
    if (!good) {
        return NULL;
    }
    finish(c);
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

bool rules_source_named(const struct ruleset *r, struct str name, unsigned *out)
{
    for (unsigned i = 0; i < r->nsources; i++) {
        if (str_eq(r->sources[i].name, name)) {
            *out = i;
            return true;
        }
    }
    return false;
}

struct str rules_source_name(const struct ruleset *r, unsigned source)
{
    return r->sources[source].name;
}

unsigned rules_answers_of(const struct ruleset *r, unsigned destination)
{
    return r->nsources - r->ndestinations + destination;
}

bool rules_reads_answers(const struct ruleset *r, unsigned destination)
{
    unsigned source = rules_answers_of(r, destination);
    for (unsigned i = 0; i < r->nroutes; i++) {
        for (unsigned k = 0; k < r->routes[i]->nsources; k++) {
            if (r->routes[i]->sources[k] == source) {
                return true;
            }
        }
    }
    return false;
}

uint32_t rules_await_ms(const struct ruleset *r, unsigned destination)
{
    return r->await_ms[destination];
}

unsigned rules_map_count(const struct ruleset *r)
{
    return r->nmaps;
}
