/* Which routes read a message: by source, MSH-9.1 and MSH-9.2, found before any formula runs. */
#include "engine/rules/ruleset_priv.h"

#include "engine/base/hash.h"
#include "engine/rules/conform.h"

enum { WORD_MAX = 8 };

/* A type and event that some route names, and the routes that read it. */
struct cell {
    uint64_t type, event; /* packed, 0 padded */
    unsigned source;
    unsigned nroutes;
    const struct route **routes; /* NULL: free */
};

struct dispatch {
    const struct ruleset *r;
    struct cell *cells;
    uint32_t size; /* power of two */
};

/* Up to eight bytes as a number; longer words have none. */
static bool pack(struct str s, uint64_t *out)
{
    *out = 0;
    if (s.n > WORD_MAX) {
        return false;
    }
    memcpy(out, s.p ? s.p : "", s.n);
    return true;
}

static bool number_of(struct str event, struct str prefix, int *out)
{
    int64_t n;
    struct str digits = str_slice(event, prefix.n, event.n);
    if (!str_starts(event, prefix) || digits.n == 0 || digits.n > 5 || digits.p[0] == '-' ||
        !str_to_i64(digits, &n)) {
        return false;
    }
    *out = (int)n;
    return true;
}

bool pattern_matches(const struct pattern *p, struct str type, struct str event)
{
    int n;
    if (p->data != DATA_HL7 || (p->type.n && !str_eq(p->type, type))) {
        return false;
    }
    if (p->is_range) {
        return number_of(event, p->event, &n) && n >= p->from && n <= p->to;
    }
    return p->is_prefix ? str_starts(event, p->event) : str_eq(p->event, event);
}

static bool reads_type(const struct route *r, struct str type, struct str event)
{
    for (unsigned i = 0; i < r->npatterns; i++) {
        if (pattern_matches(&r->patterns[i], type, event)) {
            return true;
        }
    }
    return false;
}

bool conform_reads(const struct conform *c, struct str type, struct str event)
{
    return reads_type(&c->head, type, event);
}

static bool route_reads(const struct route *r, unsigned source, struct str type, struct str event)
{
    bool reads = false;
    for (unsigned i = 0; i < r->nsources && !reads; i++) {
        reads = r->sources[i] == source;
    }
    return reads && reads_type(r, type, event);
}

static unsigned collect(const struct ruleset *r, unsigned source, struct str type, struct str event,
                        const struct route **out)
{
    unsigned n = 0;
    for (unsigned i = 0; i < r->nroutes; i++) {
        if (route_reads(r->routes[i], source, type, event)) {
            out[n++] = r->routes[i];
        }
    }
    return n;
}

static struct cell *cell_at(const struct dispatch *d, unsigned source, uint64_t type,
                            uint64_t event)
{
    uint64_t h = (type * 0x9e3779b97f4a7c15u) ^ (event * 0xc2b2ae3d27d4eb4fu) ^ source;
    uint32_t at = (uint32_t)(h >> 29) & (d->size - 1);
    struct cell *c = &d->cells[at];
    while (c->routes && (c->type != type || c->event != event || c->source != source)) {
        at = (at + 1) & (d->size - 1);
        c = &d->cells[at];
    }
    return c;
}

static void add_cell(struct arena *a, struct dispatch *d, unsigned source, struct str type,
                     struct str event)
{
    uint64_t t, e;
    if (!pack(type, &t) || !pack(event, &e)) {
        return;
    }
    struct cell *c = cell_at(d, source, t, e);
    if (c->routes) {
        return;
    }
    const struct route **all = ARENA_ARRAY(a, const struct route *, d->r->nroutes + 1);
    *c = (struct cell){t, e, source, collect(d->r, source, type, event, all), all};
}

static void add_pattern(struct arena *a, struct dispatch *d, const struct route *r,
                        const struct pattern *p)
{
    for (unsigned s = 0; s < r->nsources && !p->is_prefix && p->type.n && p->data == DATA_HL7;
         s++) {
        if (!p->is_range) {
            add_cell(a, d, r->sources[s], p->type, p->event);
        }
        for (int n = p->from; p->is_range && n <= p->to; n++) {
            add_cell(a, d, r->sources[s], p->type, str_printf(a, "%.*s%02d", STR_ARG(p->event), n));
        }
    }
}

static uint32_t count_cells(const struct ruleset *r)
{
    uint32_t n = 0;
    for (unsigned i = 0; i < r->nroutes; i++) {
        for (unsigned k = 0; k < r->routes[i]->npatterns; k++) {
            const struct pattern *p = &r->routes[i]->patterns[k];
            n += (p->is_range ? (uint32_t)(p->to - p->from + 1) : 1) * r->routes[i]->nsources;
        }
    }
    return n;
}

struct dispatch *dispatch_new(struct arena *a, const struct ruleset *r)
{
    struct dispatch *d = ARENA_NEW(a, struct dispatch);
    d->r = r;
    for (d->size = 16; d->size < count_cells(r) * 2;) {
        d->size *= 2;
    }
    d->cells = ARENA_ARRAY(a, struct cell, d->size);
    for (unsigned i = 0; i < r->nroutes; i++) {
        for (unsigned k = 0; k < r->routes[i]->npatterns; k++) {
            add_pattern(a, d, r->routes[i], &r->routes[i]->patterns[k]);
        }
    }
    return d;
}

static bool is_from(const struct route *r, unsigned source)
{
    bool is = false;
    for (unsigned i = 0; i < r->nsources; i++) {
        is = is || r->sources[i] == source;
    }
    return is;
}

static bool reads_data(const struct route *r, unsigned source, unsigned fhir)
{
    bool here = is_from(r, source), reads = false;
    for (unsigned i = 0; i < r->npatterns && here && !reads; i++) {
        const struct pattern *p = &r->patterns[i];
        reads = fhir ? p->data == DATA_FHIR && fhir_type_is(fhir, p->fhir) : p->data == DATA_JSON;
    }
    return reads;
}

bool rules_reads_fhir(const struct ruleset *r, unsigned source, unsigned fhir)
{
    bool reads = false;
    for (unsigned i = 0; i < r->nroutes && fhir; i++) {
        reads |= reads_data(r->routes[i], source, fhir);
    }
    return reads;
}

struct str rules_data_route(const struct ruleset *r, unsigned source)
{
    for (unsigned i = 0; i < r->nroutes; i++) { /* a route reads one kind of data */
        const struct route *one = r->routes[i];
        if (one->npatterns && one->patterns[0].data != DATA_HL7 && is_from(one, source)) {
            return one->name;
        }
    }
    return STR("");
}

const struct route *const *dispatch_find_data(const struct dispatch *d, unsigned source,
                                              unsigned fhir, struct arena *a, unsigned *out_n)
{
    const struct route **all = ARENA_ARRAY(a, const struct route *, d->r->nroutes + 1);
    *out_n = 0;
    for (unsigned i = 0; i < d->r->nroutes; i++) {
        if (reads_data(d->r->routes[i], source, fhir)) {
            all[(*out_n)++] = d->r->routes[i];
        }
    }
    return all;
}

const struct route *const *dispatch_find(const struct dispatch *d, unsigned source, struct str type,
                                         struct str event, struct arena *a, unsigned *out_n)
{
    uint64_t t, e;
    if (pack(type, &t) && pack(event, &e)) {
        const struct cell *c = cell_at(d, source, t, e);
        if (c->routes) {
            *out_n = c->nroutes;
            return c->routes;
        }
    }
    const struct route **all = ARENA_ARRAY(a, const struct route *, d->r->nroutes + 1);
    *out_n = collect(d->r, source, type, event, all);
    return all;
}
