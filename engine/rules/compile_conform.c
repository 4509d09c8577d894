/* Documents `conformance:`, and which source has which. */
#include "engine/rules/compile_priv.h"
#include "engine/rules/conform.h"

static const char *const conform_keys[] = {"conformance", "messages", "elements", "tests", NULL};

/* ---- the document ---- */

static void mark_orphans(struct conform_element *v, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        v[i].is_orphan = v[i].path.comp != 0;
        for (unsigned k = 0; k < n; k++) {
            bool is_field = v[k].has_usage && !v[k].path.comp &&
                            v[k].path.field == v[i].path.field &&
                            memcmp(v[k].path.seg, v[i].path.seg, 3) == 0;
            v[i].is_orphan = v[i].is_orphan && !is_field;
        }
    }
}

/* Elements of the same segment next to each other, segments as they first come. */
static void sort_by_segment(struct compiler *c, struct conform *doc,
                            const struct conform_element *v, unsigned n)
{
    struct conform_element *out = ARENA_ARRAY(c->a, struct conform_element, n + 1);
    bool *taken = ARENA_ARRAY(c->a, bool, n + 1);
    unsigned used = 0;
    doc->segments = ARENA_ARRAY(c->a, struct conform_segment, n + 1);
    for (unsigned i = 0; i < n; i++) {
        struct conform_segment *s = &doc->segments[doc->nsegments];
        if (taken[i]) {
            continue;
        }
        memcpy(s->id, v[i].path.seg, sizeof s->id);
        s->v = &out[used];
        for (unsigned k = i; k < n; k++) {
            if (!taken[k] && memcmp(v[k].path.seg, s->id, 3) == 0) {
                out[used++] = v[k];
                taken[k] = true;
                s->n++;
            }
        }
        doc->nsegments++;
    }
}

static void compile_elements(struct compiler *c, const struct yaml_node *list, struct conform *doc)
{
    unsigned n = 0;
    if (list->kind != YAML_MAPPING) {
        if (list->kind != YAML_ABSENT) {
            diag_add(c->d, DIAG_ERROR, "wrong-kind", list->pos,
                     "elements: is a mapping as PID-3: R, this is %s", yaml_kind_text(list));
        }
        return;
    }
    if (list->count > CONFORM_ELEMENTS_MAX) {
        diag_add(c->d, DIAG_ERROR, "too-many", list->pos, "%u elements; expected at most %d",
                 list->count, CONFORM_ELEMENTS_MAX);
        return;
    }
    struct conform_element *v = ARENA_ARRAY(c->a, struct conform_element, list->count + 1);
    yaml_each(child, list)
    {
        n += compile_conform_element(c, child, &v[n]);
    }
    mark_orphans(v, n);
    sort_by_segment(c, doc, v, n);
}

/* The sources that name the document: their versions and profiles are those of its formulas. */
static void find_sources(struct compiler *c, struct conform *doc)
{
    const struct profile **typing = ARENA_ARRAY(c->a, const struct profile *, c->r->nsources + 1);
    doc->head.sources = ARENA_ARRAY(c->a, unsigned, c->r->nsources + 1);
    for (unsigned i = 0; i < c->r->nsources; i++) {
        const struct rules_source *s = &c->r->sources[i];
        bool named = s->has_all_conformance;
        for (unsigned k = 0; k < s->nconformance; k++) {
            named = named || str_eq(s->conformance[k], doc->head.name);
        }
        if (!named) {
            continue;
        }
        doc->head.sources[doc->head.nsources++] = i;
        if (c->r->profile[i]) {
            typing[c->names.ntyping++] = c->r->profile[i];
        }
    }
    c->names.typing = typing;
    compile_versions(c, doc->head.nsources ? doc->head.sources : NULL, doc->head.nsources,
                     &c->names);
}

struct conform *compile_find_conform(const struct compiler *c, struct str name)
{
    for (unsigned i = 0; i < c->r->nconforms; i++) {
        if (str_eq(c->r->conforms[i]->head.name, name)) {
            return c->r->conforms[i];
        }
    }
    return NULL;
}

static bool name_it(struct compiler *c, const struct yaml_node *n, struct conform *doc)
{
    if (!compile_text(c, n, "conformance: wants a name, which", &doc->head.name)) {
        return false;
    }
    const struct conform *other = compile_find_conform(c, doc->head.name);
    doc->head.pos = n->pos;
    if (other) {
        diag_add(c->d, DIAG_ERROR, "duplicate-name", n->pos,
                 "a conformance document %.*s stands already at %s:%u", STR_ARG(doc->head.name),
                 other->head.pos.file, other->head.pos.line);
    }
    return !other;
}

static const struct yaml_node *needed(struct compiler *c, const struct yaml_node *doc,
                                      const char *key, const char *what)
{
    const struct yaml_node *n = yaml_get(doc, key);
    if (!n) {
        diag_add(c->d, DIAG_ERROR, "missing-key", doc->pos,
                 "the conformance document has no %s:, %s", key, what);
    }
    return n && n->kind != YAML_ABSENT ? n : NULL;
}

static void keep(struct compiler *c, struct conform *doc)
{
    struct route *r = &doc->head;
    r->file = c->file;
    r->nstructures = c->names.nstructures;
    r->structures = ARENA_ARRAY(c->a, const struct structure *, r->nstructures + 1);
    memcpy(r->structures, c->names.structure, r->nstructures * sizeof(*r->structures));
    compile_grow(c->a, &c->r->conforms, c->r->nconforms, &c->cap_conforms);
    c->r->conforms[c->r->nconforms++] = doc;
}

void compile_conform(struct compiler *c, const struct yaml_node *n)
{
    struct conform *doc = ARENA_NEW(c->a, struct conform);
    compile_begin(c, &doc->head.needs);
    c->route = NULL;
    c->map = NULL;
    (void)compile_keys(c, n, "a conformance document", conform_keys, NULL); /* all errors at once */
    if (!name_it(c, yaml_get(n, "conformance"), doc)) {
        return;
    }
    find_sources(c, doc);
    const struct yaml_node *messages = needed(c, n, "messages", "the message types it is about"),
                           *elements = needed(c, n, "elements", "what it says of their places");
    if (messages) {
        (void)compile_patterns(c, messages, &doc->head); /* findings tell */
    }
    c->names.is_anywhere = c->names.nstructures == 0;
    if (elements) {
        compile_elements(c, elements, doc);
    }
    keep(c, doc);
}

/* ---- which source has which ---- */

static void unknown_conform(struct compiler *c, struct str name, struct diag_pos pos)
{
    struct str names[64];
    unsigned k = 0;
    for (; k < c->r->nconforms && k < 64; k++) {
        names[k] = c->r->conforms[k]->head.name;
    }
    struct str near = check_nearest(name, names, k);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-conformance", pos,
                                "no conformance document is called %.*s", STR_ARG(name));
    diag_means(one, DIAG_REFERS, name);
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(
            c->d, one,
            "among the routes a document begins with conformance: NAME; the name stands here, "
            "not the file");
    }
}

/* The feeds that use a document have the table, where only profiles declare it. */
static void check_table(struct compiler *c, const struct conform *doc,
                        const struct conform_element *e)
{
    for (unsigned k = 0; k < doc->head.nsources; k++) {
        unsigned source = doc->head.sources[k];
        if (!profile_table_of(c->r->profile[source], e->table->name)) {
            diag_add(c->d, DIAG_ERROR, "profile-lacks", e->pos,
                     "the profile of the source %.*s has no table %.*s",
                     STR_ARG(c->r->sources[source].name), STR_ARG(e->table->name));
        }
    }
}

static void check_tables(struct compiler *c, const struct conform *doc)
{
    for (unsigned s = 0; s < doc->nsegments; s++) {
        for (unsigned i = 0; i < doc->segments[s].n; i++) {
            const struct conform_element *e = &doc->segments[s].v[i];
            if (e->table && e->table->is_profile) {
                check_table(c, doc, e);
            }
        }
    }
}

void compile_source_conforms(struct compiler *c)
{
    for (unsigned i = 0; i < c->r->nsources; i++) {
        const struct rules_source *s = &c->r->sources[i];
        for (unsigned k = 0; k < s->nconformance; k++) {
            if (!compile_find_conform(c, s->conformance[k])) {
                unknown_conform(c, s->conformance[k], s->conformance_pos);
            }
        }
    }
    for (unsigned i = 0; i < c->r->nconforms; i++) {
        check_tables(c, c->r->conforms[i]);
        compile_check_needs(c, &c->r->conforms[i]->head);
    }
}
