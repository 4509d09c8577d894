/* Documents: what a Bundle of type document may hold. Source: FHIR R4 "Documents" 3.3.1: "SHALL include only" the Composition,
 * what it refers to directly or not, a stylesheet, and Provenance of these. Differs: what refers to one of these may be there
 * whatever it is, as R5 has it and guides for R4 too; a link is any text that is the URL of an entry. */
#include "engine/fhir/literal.h"
#include "engine/fhir/validate_priv.h"

/* Entries that links connect, in either direction. */
struct groups {
    struct fhir_walk *w;
    const struct fhir_bundle_index *index;
    unsigned *up; /* of each entry another one of its group, or itself */
    unsigned from;
    struct str full_url; /* of that entry */
};

static unsigned first_of(const struct groups *g, unsigned entry)
{
    while (g->up[entry] != entry) {
        g->up[entry] = g->up[g->up[entry]];
        entry = g->up[entry];
    }
    return entry;
}

/* `text` may be a link: then the two entries are of one group. */
static void follow(const struct groups *g, struct str key, struct str text)
{
    bool may_be = str_is(key, "reference") || fhir_is_absolute(text);
    const struct json *to =
        may_be ? fhir_bundle_find(g->index, g->w->r->a, g->full_url, text) : NULL;
    unsigned number = to ? fhir_bundle_number(g->index, to->at) : 0;
    if (number) {
        g->up[first_of(g, number - 1)] = first_of(g, g->from);
    }
}

static void follow_all(const struct groups *g, struct str key, const struct json *j)
{
    if (j->kind == JSON_STRING) {
        follow(g, key, j->text);
        return;
    }
    json_each(child, j)
    {
        follow_all(g, j->kind == JSON_ARRAY ? key : child->key, child);
    }
}

static bool may_stand_alone(const struct json *entry)
{
    const struct json *resource = json_get(entry, "resource");
    return !resource || str_is(json_text(json_get(resource, "resourceType")), "Binary");
}

void fhir_check_document(struct fhir_walk *w, const struct fhir_place *place,
                         const struct fhir_bundle *b)
{
    const struct fhir_bundle_index *index = &b->index;
    struct groups g = {.w = w, .index = index};
    if (!b->composition || index->n < 2) {
        return;
    }
    g.up = ARENA_ARRAY(w->r->a, unsigned, index->n);
    for (unsigned i = 0; i < index->n; i++) {
        g.up[i] = i;
    }
    for (g.from = 0; g.from < index->n; g.from++) {
        const struct json *resource = json_get(index->entries[g.from], "resource");
        g.full_url = json_text(json_get(index->entries[g.from], "fullUrl"));
        if (resource) {
            follow_all(&g, STR(""), resource);
        }
    }
    for (unsigned i = 1; i < index->n; i++) {
        const struct json *entry = index->entries[i];
        if (first_of(&g, i) != first_of(&g, 0) && !may_stand_alone(entry)) {
            fhir_found(w->r, FHIR_RULE_BUNDLES, place, STR("entry"), (int32_t)i, entry->at,
                       "no reference leads from the Composition to this entry, or back; expected "
                       "in a document what belongs to it alone");
        }
    }
}
