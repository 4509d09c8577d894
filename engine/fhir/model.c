#include "engine/fhir/model.h"

struct type_row {
    uint32_t name; /* offset in fhir_pool */
    uint16_t name_n;
    uint16_t base;    /* number, 0: none */
    uint16_t from, n; /* own elements */
    uint8_t kind;
    bool is_abstract;
};

#include "engine/fhir/r4/elements.inc"
#include "engine/fhir/r4/pool.inc"
#include "engine/fhir/r4/types.inc"

enum { NTYPES = sizeof(fhir_types) / sizeof(fhir_types[0]) };

static const struct type_row *row(unsigned t)
{
    return &fhir_types[t - 1];
}

unsigned fhir_type(struct str name)
{
    unsigned lo = 0, hi = NTYPES;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        int c = str_cmp(name, str_from(fhir_pool + fhir_types[mid].name, fhir_types[mid].name_n));
        if (c == 0) {
            return mid + 1;
        }
        hi = c < 0 ? mid : hi;
        lo = c < 0 ? lo : mid + 1;
    }
    return 0;
}

bool fhir_type_at(unsigned t)
{
    return t >= 1 && t <= NTYPES;
}

const char *fhir_type_name(unsigned t)
{
    return fhir_type_at(t) ? fhir_pool + row(t)->name : "";
}

enum fhir_kind fhir_type_kind(unsigned t)
{
    return fhir_type_at(t) ? (enum fhir_kind)row(t)->kind : FHIR_COMPLEX;
}

bool fhir_type_is_abstract(unsigned t)
{
    return fhir_type_at(t) && row(t)->is_abstract;
}

unsigned fhir_type_of_resource(struct str name)
{
    unsigned t = fhir_type(name);
    return t && fhir_type_kind(t) == FHIR_RESOURCE && !fhir_type_is_abstract(t) ? t : 0;
}

unsigned fhir_type_base(unsigned t)
{
    return fhir_type_at(t) ? row(t)->base : 0;
}

bool fhir_type_is(unsigned t, unsigned of)
{
    while (t && t != of) {
        t = fhir_type_base(t);
    }
    return t && of;
}

/* ---- elements ---- */

const struct fhir_element *fhir_element_at(unsigned t, unsigned index)
{
    return fhir_type_at(t) && index < row(t)->n ? &fhir_elements[row(t)->from + index] : NULL;
}

const struct fhir_element *fhir_elements_of(unsigned t, unsigned *out_n)
{
    *out_n = fhir_type_at(t) ? row(t)->n : 0;
    return *out_n ? &fhir_elements[row(t)->from] : NULL;
}

const struct fhir_element *fhir_element_numbered(unsigned number)
{
    return &fhir_elements[number];
}

unsigned fhir_element_number(const struct fhir_element *e)
{
    return (unsigned)(e - fhir_elements);
}

struct str fhir_element_name(const struct fhir_element *e)
{
    return str_from(fhir_pool + e->name, e->name_n);
}

const struct fhir_element *fhir_element(unsigned t, struct str name)
{
    for (; fhir_type_at(t); t = row(t)->base) {
        const struct fhir_element *e = &fhir_elements[row(t)->from], *end = e + row(t)->n;
        for (; e < end; e++) {
            if (e->name_n == name.n && memcmp(fhir_pool + e->name, name.p, name.n) == 0) {
                return e;
            }
        }
    }
    return NULL;
}

unsigned fhir_element_type(const struct fhir_element *e, unsigned index)
{
    return index < e->ntypes ? fhir_lists[e->types + index] : 0;
}

unsigned fhir_element_target(const struct fhir_element *e, unsigned index)
{
    return index < e->ntargets ? fhir_lists[e->targets + index] : 0;
}

bool fhir_element_repeats(const struct fhir_element *e)
{
    return e->max != 1;
}

/* Does `word` spell the type with its first letter as a capital? */
static bool is_suffix(struct str word, unsigned t)
{
    const struct type_row *r = row(t);
    const char *name = fhir_pool + r->name;
    char first = name[0] >= 'a' && name[0] <= 'z' ? (char)(name[0] - 'a' + 'A') : name[0];
    return word.n == r->name_n && word.p[0] == first &&
           memcmp(word.p + 1, name + 1, word.n - 1) == 0;
}

unsigned fhir_element_choice(const struct fhir_element *e, struct str key)
{
    bool may = (e->flags & FHIR_CHOICE) && key.n > e->name_n &&
               memcmp(key.p, fhir_pool + e->name, e->name_n) == 0;
    struct str word = may ? str_slice(key, e->name_n, key.n) : STR("");
    for (unsigned i = 0; may && i < e->ntypes; i++) {
        unsigned t = fhir_lists[e->types + i];
        if (is_suffix(word, t)) {
            return t;
        }
    }
    return 0;
}

const struct fhir_element *fhir_choice(unsigned t, struct str key, unsigned *out_type)
{
    for (; fhir_type_at(t); t = row(t)->base) {
        const struct fhir_element *e = &fhir_elements[row(t)->from], *end = e + row(t)->n;
        for (; e < end; e++) {
            *out_type = fhir_element_choice(e, key);
            if (*out_type) {
                return e;
            }
        }
    }
    return NULL;
}
