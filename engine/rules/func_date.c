/* Dates: now, conversions with a zone, formats. An instant is the receipt time, never the clock.
 * Source: FHIRPath N1 sections 5.5, 5.9; docs/language.md "Types, dates, text". */
#include "engine/rules/func.h"
#include "engine/rules/ruleset.h"
#include "engine/rules/type.h"
#include "engine/rules/zones.h"

enum { SECOND_US = 1000000, MINUTE_US = 60000000 };

/* ---- zones ---- */

static struct str zone_of_feed(const struct eval *e)
{
    return e->source ? e->source->timezone : STR("");
}

/* NULL with *out_good true: `name` is empty. */
static const struct zone *zone_named(struct eval *e, const struct call *c, struct str name,
                                     bool *out_good)
{
    const struct zone *z = name.n ? zones_find(e->zones, name) : NULL;
    *out_good = z || !name.n ||
                eval_fail(e, c->n,
                          "the time zone is not one that was known when the routes "
                          "were checked; zones come from the configuration, texts of "
                          "formulas and cells of tables");
    return z;
}

/* The zone of argument `at`, else of the feed. NULL with *out_good true: there is none. */
static const struct zone *zone_of(struct eval *e, const struct call *c, unsigned at, bool *out_good)
{
    struct str name = zone_of_feed(e);
    *out_good = true;
    if (c->n->zone) {
        return c->n->zone;
    }
    if (call_nargs(c) > at && call_text(e, c, at, &name) == ANSWER_FALSE) {
        *out_good = false;
        return NULL;
    }
    return zone_named(e, c, name, out_good);
}

/* The reading `m` in zone `z` gets its offset; a reading in a gap moves forward by it. */
static void settle(struct eval *e, const struct call *c, const struct zone *z, struct moment *m)
{
    int64_t us = moment_local_us(m);
    int64_t rest = us % SECOND_US,
            seconds = (us - (rest < 0 ? rest + SECOND_US : rest)) / SECOND_US;
    struct zone_local l = zone_local(z, seconds);
    if (l.how == ZONE_TWICE) {
        eval_remark(e, c->n, "the hour occurs twice in its zone; the first one was taken");
    }
    if (l.how == ZONE_GAP) {
        struct moment moved;
        eval_remark(e, c->n,
                    "the hour does not exist in its zone; it was moved forward by the gap");
        moment_of_local_us(us + (int64_t)l.gap_s * SECOND_US, &moved);
        for (int i = 0; i < MOMENT_PARTS; i++) {
            m->part[i] = m->part[i] < 0 ? -1 : moved.part[i] < 0 ? 0 : moved.part[i];
        }
        l.offset_s += l.gap_s;
    }
    m->has_offset = true;
    m->offset_min = l.offset_s / 60;
}

/* The same instant as its zone shows it. */
static void move_into(const struct zone *z, struct moment *m)
{
    int64_t utc_us = moment_local_us(m) - (int64_t)m->offset_min * MINUTE_US;
    int64_t rest = utc_us % SECOND_US;
    int32_t offset = zone_offset(z, (utc_us - (rest < 0 ? rest + SECOND_US : rest)) / SECOND_US);
    struct moment there;
    moment_of_local_us(utc_us + (int64_t)offset * SECOND_US, &there);
    for (int i = 0; i < MOMENT_PARTS; i++) {
        m->part[i] = m->part[i] < 0 ? -1 : there.part[i] < 0 ? 0 : there.part[i];
    }
    m->offset_min = offset / 60;
}

/* ---- reading ---- */

enum value_answer func_scan_date(struct eval *e, const struct call *c, struct moment *out)
{
    struct str pattern, text;
    bool is_text =
        c->one->kind == VALUE_STRING || (c->one->kind == VALUE_HL7 && c->one->of != TYPE_DATE);
    enum value_answer got = is_text && call_nargs(c) ? call_text(e, c, 0, &pattern) : ANSWER_EMPTY;
    if (got != ANSWER_TRUE || !func_is_pattern(pattern)) {
        return got == ANSWER_FALSE ? got : ANSWER_EMPTY;
    }
    return eval_text(e, c->n, c->one, &text) && moment_scan(text, pattern, out) ? ANSWER_TRUE
                                                                                : ANSWER_FALSE;
}

/* The input as a moment. EMPTY: in `eval`, what cannot be converted; FALSE: fault. */
static enum value_answer read_input(struct eval *e, const struct call *c, struct moment *out)
{
    struct str text;
    const char *why = "";
    bool writes = c->n->func->run == func_format; /* its pattern is for what comes out */
    enum value_answer scanned = writes ? ANSWER_EMPTY : func_scan_date(e, c, out);
    if (scanned == ANSWER_TRUE || e->fault.text.n) {
        return scanned;
    }
    if (scanned == ANSWER_FALSE) {
        if (e->is_route) {
            eval_fail(e, c->n, "the value is no date as the pattern says, %s() wants one",
                      c->n->func->name);
        }
        return e->is_route ? ANSWER_FALSE : ANSWER_EMPTY;
    }
    if (eval_moment(e, c->one, out)) {
        return ANSWER_TRUE;
    }
    bool is_text = c->one->kind == VALUE_STRING || c->one->kind == VALUE_HL7;
    if (c->one->kind == VALUE_STRING) {
        text = c->one->text;
        bool read = moment_read(text, VALUE_DATETIME, out) ||
                    (e->is_route && moment_read_v2(text, false, out, &why));
        if (read) {
            return ANSWER_TRUE;
        }
    }
    if (e->is_route && is_text) {
        eval_fail(e, c->n, "the value is no date, %s() wants one", c->n->func->name);
        return ANSWER_FALSE;
    }
    return ANSWER_EMPTY;
}

static bool put_moment(struct eval *e, const struct moment *m, struct values *out)
{
    return call_put(e, out, (struct value){.kind = (uint8_t)m->kind, .text = moment_text(e->a, m)});
}

/* HL7 leaves the seconds out where FHIR and others demand them. A literal keeps its precision. */
static void fill_seconds(const struct eval *e, const struct value *from, struct moment *m)
{
    bool is_data = from->kind == VALUE_HL7 || (e->is_route && from->kind == VALUE_STRING);
    if (is_data && m->part[MOMENT_HOUR] >= 0 && m->part[MOMENT_SECOND] < 0) {
        m->part[MOMENT_SECOND] = 0;
    }
}

/* toDateTime('dd.MM.yyyy HH:mm', zone): the zone stands behind a pattern, if there is one. */
static const struct zone *zone_behind(struct eval *e, const struct call *c, bool *out_good)
{
    struct str only;
    if (c->n->zone || call_nargs(c) != 1) {
        return zone_of(e, c, 1, out_good);
    }
    enum value_answer got = call_text(e, c, 0, &only);
    if (got == ANSWER_FALSE) {
        *out_good = false;
        return NULL;
    }
    bool is_zone = got == ANSWER_TRUE && !func_is_pattern(only);
    return zone_named(e, c, is_zone ? only : zone_of_feed(e), out_good);
}

/* The times of a message are asked for again and again, MSH-7 most of all: what they became. */
struct eval_date {
    const struct eval_date *next; /* older */
    struct value from;
    struct moment local; /* as it was read */
    const struct zone *zone;
    struct str made; /* in that zone */
};

enum { DATES_LOOKED_AT = 4 };

static bool may_be_known(const struct eval *e, const struct value *v)
{
    return v->kind == VALUE_HL7 && v->of == TYPE_DATE && e->is_route;
}

static const struct eval_date *known_date(const struct eval *e, const struct value *v)
{
    const struct eval_date *d = may_be_known(e, v) ? e->dates : NULL;
    for (unsigned looked = 0; d && looked < DATES_LOOKED_AT; d = d->next, looked++) {
        if (d->from.m == v->m && d->from.level == v->level && str_eq(d->from.text, v->text)) {
            return d;
        }
    }
    return NULL;
}

static void keep_date(struct eval *e, const struct value *from, const struct moment *local,
                      const struct zone *z, struct str made)
{
    if (may_be_known(e, from)) {
        struct eval_date *d = arena_alloc(e->a, sizeof(*d));
        *d = (struct eval_date){e->dates, *from, *local, z, made};
        e->dates = d;
    }
}

/* What has a clock and no offset; `known`: what became of it before, or NULL. What made a remark makes it again. */
static bool put_in_zone(struct eval *e, const struct call *c, const struct moment *local,
                        const struct eval_date *known, struct values *out)
{
    struct moment m = *local;
    const struct rules_remark *remarks = e->remarks;
    bool good = true;
    const struct zone *z = zone_behind(e, c, &good);
    if (!z) {
        return good && (e->is_route ? eval_fail(e, c->n,
                                                "the date has no offset, and no time zone is "
                                                "known for it")
                                    : put_moment(e, &m, out));
    }
    if (known && known->zone == z) {
        return call_put(e, out, (struct value){.kind = VALUE_DATETIME, .text = known->made});
    }
    settle(e, c, z, &m);
    struct str made = moment_text(e->a, &m);
    if (e->remarks == remarks) {
        keep_date(e, c->one, local, z, made);
    }
    return call_put(e, out, (struct value){.kind = VALUE_DATETIME, .text = made});
}

bool func_to_date_time(struct eval *e, const struct call *c, struct values *out)
{
    struct moment m;
    const struct eval_date *known = known_date(e, c->one);
    if (known) {
        return put_in_zone(e, c, &known->local, known, out);
    }
    enum value_answer got = read_input(e, c, &m);
    if (got != ANSWER_TRUE || m.kind == VALUE_TIME) {
        return got != ANSWER_FALSE &&
               (got == ANSWER_EMPTY ||
                eval_fail(e, c->n, "a time without a date is no point in time"));
    }
    m.kind = VALUE_DATETIME;
    fill_seconds(e, c->one, &m);
    return m.part[MOMENT_HOUR] < 0 || m.has_offset ? put_moment(e, &m, out)
                                                   : put_in_zone(e, c, &m, NULL, out);
}

bool func_to_date(struct eval *e, const struct call *c, struct values *out)
{
    struct moment m;
    enum value_answer got = read_input(e, c, &m);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    if (m.kind == VALUE_TIME) {
        return !e->is_route || eval_fail(e, c->n, "a time is no date");
    }
    m.kind = VALUE_DATE;
    m.has_offset = false;
    for (int i = MOMENT_HOUR; i < MOMENT_PARTS; i++) {
        m.part[i] = -1;
    }
    return put_moment(e, &m, out);
}

bool func_to_time(struct eval *e, const struct call *c, struct values *out)
{
    struct moment m;
    const char *why = "";
    bool allowed = e->is_route || c->one->kind != VALUE_DATETIME; /* not in N1 */
    bool read = (allowed && eval_moment(e, c->one, &m)) ||
                (c->one->kind == VALUE_STRING &&
                 (moment_read(c->one->text, VALUE_TIME, &m) ||
                  (e->is_route && moment_read_v2(c->one->text, true, &m, &why))));
    bool text = c->one->kind == VALUE_STRING || c->one->kind == VALUE_HL7;
    if (!read || m.part[MOMENT_HOUR] < 0) {
        return !e->is_route || !text ||
               eval_fail(e, c->n, "the value is no time, toTime() wants one");
    }
    m.kind = VALUE_TIME;
    m.has_offset = false;
    for (int i = MOMENT_YEAR; i <= MOMENT_DAY; i++) {
        m.part[i] = -1;
    }
    return put_moment(e, &m, out);
}

/* ---- now ---- */

/* The receipt time where the feed is, else in UTC. */
static struct moment receipt(struct eval *e)
{
    struct moment m;
    struct str name = e->source ? e->source->timezone : STR("");
    const struct zone *z = name.n ? zones_find(e->zones, name) : NULL;
    int64_t rest = e->received_us % SECOND_US;
    int64_t s = (e->received_us - (rest < 0 ? rest + SECOND_US : rest)) / SECOND_US;
    int32_t offset = z ? zone_offset(z, s) : 0;
    int64_t ms = e->received_us - (e->received_us % 1000 + 1000) % 1000;
    moment_of_local_us(ms + (int64_t)offset * SECOND_US, &m);
    m.part[MOMENT_MICROSECOND] = m.part[MOMENT_MICROSECOND] < 0 ? 0 : m.part[MOMENT_MICROSECOND];
    m.fraction_digits = 3;
    m.has_offset = true;
    m.offset_min = offset / 60;
    return m;
}

bool func_now(struct eval *e, const struct call *c, struct values *out)
{
    struct moment m = receipt(e);
    (void)c; /* takes nothing */
    return put_moment(e, &m, out);
}

bool func_today(struct eval *e, const struct call *c, struct values *out)
{
    struct moment m = receipt(e);
    (void)c; /* takes nothing */
    m.kind = VALUE_DATE;
    m.has_offset = false;
    for (int i = MOMENT_HOUR; i < MOMENT_PARTS; i++) {
        m.part[i] = -1;
    }
    return put_moment(e, &m, out);
}

bool func_time_of_day(struct eval *e, const struct call *c, struct values *out)
{
    struct moment m = receipt(e);
    (void)c; /* takes nothing */
    m.kind = VALUE_TIME;
    m.has_offset = false;
    for (int i = MOMENT_YEAR; i <= MOMENT_DAY; i++) {
        m.part[i] = -1;
    }
    return put_moment(e, &m, out);
}

/* ---- writing ---- */

bool func_format(struct eval *e, const struct call *c, struct values *out)
{
    struct moment m;
    struct str pattern, text;
    const char *why = "";
    bool good = true;
    enum value_answer got = read_input(e, c, &m);
    got = got == ANSWER_TRUE ? call_text(e, c, 0, &pattern) : got;
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    bool has_clock = m.part[MOMENT_HOUR] >= 0 && m.kind != VALUE_TIME;
    const struct zone *z = has_clock ? zone_of(e, c, 1, &good) : NULL;
    if (!good) {
        return false;
    }
    if (z && m.has_offset && call_nargs(c) > 1) {
        move_into(z, &m);
    } else if (z && !m.has_offset) {
        settle(e, c, z, &m);
    }
    if (!moment_format(e->a, &m, pattern, &text, &why)) {
        return eval_fail(e, c->n, "format(): %s", why);
    }
    return call_put(e, out, value_string(text));
}
