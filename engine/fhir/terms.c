#include "engine/fhir/terms.h"

#include "engine/base/buf.h"

struct code_row {
    uint16_t code;   /* offset in fhir_term_pool */
    uint16_t system; /* index in fhir_systems */
    uint8_t code_n;
};
struct set_row {
    uint32_t url;
    uint16_t from, n; /* codes, sorted */
};
struct bound_row {
    uint16_t element, set;
};

#include "engine/fhir/r4/terms.inc"

enum { NBOUND = sizeof fhir_bound / sizeof *fhir_bound };

unsigned fhir_bound_to(const struct fhir_element *e)
{
    unsigned number = fhir_element_number(e), lo = 0, hi = NBOUND;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (fhir_bound[mid].element == number) {
            return fhir_bound[mid].set + 1u;
        }
        hi = fhir_bound[mid].element > number ? mid : hi;
        lo = fhir_bound[mid].element > number ? lo : mid + 1;
    }
    return 0;
}

unsigned fhir_sets_count(void)
{
    return sizeof fhir_sets / sizeof *fhir_sets;
}

const char *fhir_set_url(unsigned set)
{
    return fhir_term_pool + fhir_sets[set - 1].url;
}

bool fhir_set_is_listed(unsigned set)
{
    return fhir_sets[set - 1].n > 0;
}

static struct str code_of(const struct code_row *r)
{
    return str_from(fhir_term_pool + r->code, r->code_n);
}

/* Of sorted rows: the first of this code, or where it would stand. */
static unsigned first_row(unsigned lo, unsigned hi, struct str code)
{
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        bool below = str_cmp(code_of(&fhir_codes[mid]), code) < 0;
        lo = below ? mid + 1 : lo;
        hi = below ? hi : mid;
    }
    return lo;
}

static bool is_row(const struct code_row *r, struct str system, struct str code)
{
    return str_eq(code_of(r), code) &&
           (!system.p || str_is(system, fhir_term_pool + fhir_systems[r->system]));
}

bool fhir_set_has(unsigned set, struct str system, struct str code)
{
    enum {
        FEW = 12
    }; /* so many are sooner asked one after the other: lengths tell most of them apart */
    const struct set_row *s = &fhir_sets[set - 1];
    unsigned end = s->from + s->n, i = s->n > FEW ? first_row(s->from, end, code) : s->from;
    for (; i < end; i++) {
        if (is_row(&fhir_codes[i], system, code)) {
            return true;
        }
        if (s->n > FEW && !str_eq(code_of(&fhir_codes[i]), code)) {
            return false;
        }
    }
    return false;
}

struct str fhir_set_text(struct arena *a, unsigned set, unsigned most)
{
    const struct set_row *s = &fhir_sets[set - 1];
    struct buf b = {0};
    for (unsigned i = 0; s->n <= most && i < s->n; i++) {
        const char *between = i == 0 ? "" : i + 1u == s->n ? " or " : ", ";
        buf_puts(&b, between);
        buf_put_str(&b, code_of(&fhir_codes[s->from + i]));
    }
    struct str text = str_dup(a, buf_str(&b));
    buf_free(&b);
    return text;
}
