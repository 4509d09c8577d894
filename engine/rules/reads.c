#include "engine/rules/reads_own.h"

#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/hl7/wide.h"
#include "engine/rules/eval.h"
#include "engine/rules/lineage_own.h"
#include "engine/rules/type.h"

enum { TIMES_MOST = UINT8_MAX }; /* so often or oftener: it is not taken back any more */

struct reads {
    struct lineage lineage; /* tells what the interpreter reads */
    struct arena a;         /* of one message: what its rules wrote into it */
    struct str raw;
    uint8_t *times; /* how often each byte of `raw` was read */
    size_t cap;
    struct map64
        same; /* where two equal values stand, the second one in the upper half, to their length */
};

struct reads *reads_new(void)
{
    struct reads *r = X_NEW(struct reads);
    r->lineage = (struct lineage){.a = &r->a, .reads = r};
    return r;
}

void reads_free(struct reads **r)
{
    if (*r) {
        arena_free(&(*r)->a);
        free((*r)->times);
        map64_free(&(*r)->same);
        free(*r);
        *r = NULL;
    }
}

struct lineage *reads_lineage(struct reads *r)
{
    return r ? &r->lineage : NULL;
}

/* ---- places of the message ---- */

static bool is_inside(const struct reads *r, struct str s)
{
    return s.n && s.p >= r->raw.p && s.p + s.n <= r->raw.p + r->raw.n;
}

static void count(struct reads *r, struct str s, bool is_more)
{
    uint8_t *times = is_inside(r, s) ? r->times + (s.p - r->raw.p) : NULL;
    for (size_t i = 0; times && i < s.n; i++) {
        bool stays = times[i] == (is_more ? TIMES_MOST : 0) || times[i] == TIMES_MOST;
        times[i] = (uint8_t)(stays ? times[i] : is_more ? times[i] + 1 : times[i] - 1);
    }
}

/* What the engine reads of each message: its type, its version, its character set. */
static void read_header(struct reads *r, const struct hl7 *m)
{
    static const uint8_t fields[] = {1, 2, 9, 12, 18};
    for (size_t i = 0; i < sizeof(fields); i++) {
        count(r, hl7_field(m, &m->seg[0], fields[i]), true);
    }
}

void reads_begin(struct reads *r, const struct hl7 *m)
{
    if (r->cap < m->raw.n) {
        r->cap = m->raw.n;
        r->times = xrealloc(r->times, r->cap);
    }
    memset(r->times, 0, m->raw.n);
    map64_free(&r->same);
    arena_reset(&r->a);
    r->raw = m->raw;
    r->lineage.m = m;
    r->lineage.writes = NULL;
    read_header(r, m);
}

bool reads_has(const struct reads *r, struct str at)
{
    size_t from = is_inside(r, at) ? (size_t)(at.p - r->raw.p) : 0;
    size_t n = is_inside(r, at) ? at.n : 0;
    size_t i = 0;
    while (i < n && !r->times[from + i]) {
        i++;
    }
    return i < n;
}

/* ---- HL7 v2 ---- */

static bool is_text(const struct value *v)
{
    return v->of == TYPE_TEXT || v->of == TYPE_FORMATTED;
}

/* What a formula makes of `v`, where it is wanted as one value. */
static struct str looked_at(const struct value *v, bool is_result)
{
    bool is_stray = is_text(v) && !memchr(v->text.p, v->m->d.component, v->text.n);
    if (!value_is_composite(v) || is_stray) {
        return v->text;
    }
    if (v->of != TYPE_UNKNOWN && v->of != TYPE_COMPOSITE) {
        return eval_first_part(v).text;
    }
    return is_result ? v->text : STR("");
}

void reads_value(struct reads *r, const struct value *v, bool is_result)
{
    if (v->kind == VALUE_HL7 && v->m && v->text.n) {
        count(r, looked_at(v, is_result), true);
    }
}

void reads_unread(struct reads *r, const struct value *v)
{
    if (v->kind == VALUE_HL7 && v->m && v->text.n) {
        count(r, looked_at(v, false), false);
    }
}

/* Parts of a field, a repetition, a component: those of `now` that read as they did were sent. */
static void sent_parts(struct reads *r, const struct hl7_delims *d, unsigned level, struct str was,
                       struct str now)
{
    const char separators[] = {d->repetition, d->component, d->subcomponent};
    if (!was.p || !now.p || level > sizeof(separators)) {
        return;
    }
    if (str_eq(was, now)) {
        count(r, was, true);
        return;
    }
    while (was.p && level < sizeof(separators)) {
        struct str one = hl7_next_part(d, separators[level], &was);
        sent_parts(r, d, level + 1, one, hl7_next_part(d, separators[level], &now));
    }
}

void reads_sent(struct reads *r, const struct hl7_seg *seg, struct edit_seg now)
{
    const struct hl7 *m = r->lineage.m;
    uint32_t last = seg->fields + (hl7_is_header(seg->id) ? 1 : 0);
    for (uint32_t f = 1; f <= last && strcmp(seg->id, now.seg->id) == 0; f++) {
        sent_parts(r, &m->d, 0, hl7_field(m, seg, f), hl7_field(now.m, now.seg, f));
    }
}

/* ---- values that stand twice ---- */

void reads_same(struct reads *r, struct str x, struct str y)
{
    if (is_inside(r, x) && is_inside(r, y)) {
        uint64_t at = (uint64_t)(x.p - r->raw.p), other = (uint64_t)(y.p - r->raw.p);
        (void)map64_put(&r->same, at | other << 32, x.n); /* new or not */
    }
}

/* Both are read where one of them was. */
static void share(struct reads *r)
{
    size_t cursor = 0;
    uint64_t key, n;
    while (map64_next(&r->same, &cursor, &key, &n)) {
        uint8_t *x = r->times + (uint32_t)key, *y = r->times + (key >> 32);
        for (size_t i = 0; i < n; i++) {
            x[i] = y[i] = (uint8_t)(x[i] | y[i]);
        }
    }
}

void reads_end(struct reads *r)
{
    share(r);
    share(r); /* what one of many shared is for the others, too */
}
