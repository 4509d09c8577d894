#include "engine/fhir/member.h"

void fhir_chain_of(struct fhir_chain *c, unsigned t)
{
    unsigned all = 0;
    for (c->levels = 0; t && c->levels < FHIR_LEVELS_MAX; t = fhir_type_base(t)) {
        unsigned n;
        const struct fhir_element *e = fhir_elements_of(t, &n);
        if (n) {
            c->e[c->levels] = e;
            c->n[c->levels] = n;
            c->from[c->levels++] = all;
            all += n;
        }
    }
}

/* The type of what `key` names, where that is `e`; 0: it is not. */
static unsigned type_named(const struct fhir_element *e, struct str key)
{
    return e->flags & FHIR_CHOICE              ? fhir_element_choice(e, key)
           : str_eq(fhir_element_name(e), key) ? fhir_element_type(e, 0)
                                               : 0;
}

static bool find(const struct fhir_chain *c, struct str key, struct fhir_member *out)
{
    for (unsigned l = 0; l < c->levels; l++) {
        for (unsigned i = 0; i < c->n[l]; i++) {
            out->e = &c->e[l][i];
            out->type = type_named(out->e, key);
            if (out->type) {
                out->level = l;
                out->ordinal = c->from[l] + i;
                return true;
            }
        }
    }
    return false;
}

bool fhir_member_find(const struct fhir_chain *c, struct str key, struct fhir_member *out)
{
    out->is_companion = key.n && key.p[0] == '_';
    out->key = out->is_companion ? str_slice(key, 1, key.n) : key;
    return find(c, out->key, out) &&
           (!out->is_companion || fhir_type_kind(out->type) == FHIR_PRIMITIVE);
}

struct str fhir_member_near(const struct fhir_chain *c, struct str key)
{
    for (unsigned l = 0; l < c->levels; l++) {
        for (unsigned i = 0; i < c->n[l]; i++) {
            struct str name = fhir_element_name(&c->e[l][i]);
            if (!(c->e[l][i].flags & FHIR_CHOICE) && str_eq_nocase(name, key)) {
                return name;
            }
        }
    }
    return STR("");
}

unsigned fhir_resource_of(const struct json *object)
{
    return fhir_type_of_resource(json_text(json_get(object, "resourceType")));
}
