#include "engine/hl7/edit_value.h"

#include "engine/base/err.h"
#include "engine/hl7/wide.h"

enum { LEVELS = 3 }; /* repetition, component, subcomponent */

/* A place within a field: the bytes [from, to), and the separators that must stand before it. */
struct spot {
    const char *from, *to;
    uint32_t pad[LEVELS]; /* separators of each level to put in at `from` */
    bool missing;         /* the place does not exist yet */
};

/* The indexes of a path, from 1; 0 ends the descent. */
struct route {
    uint32_t index[LEVELS];
    char separator[LEVELS];
};

static uint32_t count_parts(const struct hl7_delims *d, struct str s, char separator)
{
    uint32_t n = 1;
    const char *end = s.p + s.n;
    for (const char *at = s.p; (at = hl7_find(d, at, end, separator)) != NULL; at++) {
        n++;
    }
    return n;
}

static uint32_t repetition_index(const struct hl7_delims *d, struct str field, const struct path *p)
{
    switch (p->rep) {
    case PATH_ALL:
        return p->comp ? 1 : 0;
    case PATH_LAST:
        return field.n ? count_parts(d, field, d->repetition) : 1;
    case PATH_APPEND:
        return field.n ? count_parts(d, field, d->repetition) + 1 : 1;
    default:
        return p->rep;
    }
}

static int plan_route(const struct hl7_delims *d, struct str field, const struct path *p,
                      struct route *out)
{
    uint32_t sub = p->comp ? p->sub : 0;
    if (!d->subcomponent && sub > 1) {
        return ERR_USAGE;
    }
    *out = (struct route){{repetition_index(d, field, p), p->comp, d->subcomponent ? sub : 0},
                          {d->repetition, d->component, d->subcomponent}};
    return 0;
}

/* Narrow `s` to its part `n`, or to its end with separators to pad. */
static void enter(const struct hl7_delims *d, struct spot *s, uint32_t n, char separator,
                  uint32_t *pad)
{
    const char *hit = NULL;
    while (!s->missing && n > 1) {
        hit = hl7_find(d, s->from, s->to, separator);
        if (!hit) {
            s->missing = true;
            break;
        }
        s->from = hit + 1;
        n--;
    }
    if (s->missing) {
        s->from = s->to;
        *pad = n - 1;
        return;
    }
    hit = hl7_find(d, s->from, s->to, separator);
    s->to = hit ? hit : s->to;
}

static struct spot find_spot(const struct hl7_delims *d, struct str field, const struct route *r)
{
    const char *start = field.p ? field.p : "";
    struct spot s = {.from = start, .to = start + field.n, .missing = !field.p};
    for (int level = 0; level < LEVELS; level++) {
        if (r->index[level]) {
            enter(d, &s, r->index[level], r->separator[level], &s.pad[level]);
        }
    }
    return s;
}

/* A value must not hold separators of its own level or of those above. */
static bool fits(const struct hl7_delims *d, const struct route *r, struct str raw)
{
    if (!raw.n) {
        return true;
    }
    const char *end = raw.p + raw.n;
    for (int level = 0; level < LEVELS; level++) {
        bool inside = r->index[level] || (level == 0 && r->index[1]);
        if (inside && hl7_find(d, raw.p, end, r->separator[level])) {
            return false;
        }
    }
    return true;
}

static char *put(char *to, const char *p, size_t n)
{
    if (n) {
        memcpy(to, p, n);
    }
    return to + n;
}

static struct str compose(struct arena *a, struct str field, const struct route *r,
                          const struct spot *s, struct str raw)
{
    const char *start = field.p ? field.p : s->from;
    size_t head = (size_t)(s->from - start), tail = field.n - (size_t)(s->to - start);
    size_t pads = (size_t)s->pad[0] + s->pad[1] + s->pad[2];
    if (!head && !tail && !pads) {
        return raw;
    }
    char *out = arena_alloc(a, head + pads + raw.n + tail), *to = put(out, start, head);
    for (int level = 0; level < LEVELS; level++) {
        memset(to, r->separator[level], s->pad[level]);
        to += s->pad[level];
    }
    to = put(put(to, raw.p, raw.n), s->to, tail);
    return str_from(out, (size_t)(to - out));
}

int edit_value_set(struct arena *a, const struct hl7_delims *d, struct str field,
                   const struct path *p, struct str raw, struct str *out)
{
    struct route r;
    if (plan_route(d, field, p, &r) != 0 || !fits(d, &r, raw)) {
        return ERR_USAGE;
    }
    struct spot s = find_spot(d, field, &r);
    *out = !raw.n && s.missing ? field : compose(a, field, &r, &s, raw);
    return 0;
}

int edit_value_delete(struct arena *a, const struct hl7_delims *d, struct str field,
                      const struct path *p, struct str *out)
{
    struct route r;
    if (plan_route(d, field, p, &r) != 0) {
        return ERR_USAGE;
    }
    struct spot s = find_spot(d, field, &r);
    if (s.missing) {
        *out = field;
        return 0;
    }
    if (r.index[0] && !p->comp) {
        bool has_next = s.to < field.p + field.n;
        s.to += has_next;
        s.from -= !has_next && s.from > field.p;
    }
    *out = compose(a, field, &r, &s, str_from("", 0));
    return 0;
}
