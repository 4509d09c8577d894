#include "engine/fhir/extension.h"

struct extension_row {
    uint16_t name, contexts, types; /* offset in fhir_extension_pool; places in the lists */
    uint8_t ncontexts, ntypes, flags;
};

#include "engine/fhir/r4/extensions.inc"

enum { NEXTENSIONS = sizeof fhir_extensions / sizeof *fhir_extensions };

const struct extension_row *fhir_extension_named(struct str url)
{
    struct str base = STR("http://hl7.org/fhir/StructureDefinition/");
    if (!str_starts(url, base)) {
        return NULL;
    }
    struct str name = str_slice(url, base.n, url.n);
    unsigned lo = 0, hi = NEXTENSIONS;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        int c = str_cmp(str_of(fhir_extension_pool + fhir_extensions[mid].name), name);
        if (c == 0) {
            return &fhir_extensions[mid];
        }
        lo = c < 0 ? mid + 1 : lo;
        hi = c < 0 ? hi : mid;
    }
    return NULL;
}

uint8_t fhir_extension_flags(const struct extension_row *x)
{
    return x->flags;
}

const char *fhir_extension_context(const struct extension_row *x, unsigned index)
{
    return index < x->ncontexts ? fhir_extension_pool + fhir_extension_contexts[x->contexts + index]
                                : NULL;
}

unsigned fhir_extension_type(const struct extension_row *x, unsigned index)
{
    return index < x->ntypes ? fhir_extension_types[x->types + index] : 0;
}
