#include "engine/ops/deid.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/hl7/dict.h"
#include "engine/hl7/escape.h"
#include "engine/hl7/path.h"
#include "engine/ops/deid_tell.h"

/* One message on its way. */
struct work {
    struct deid *d;
    const struct hl7 *m;
    struct arena a;
    struct buf *out;
    enum hl7_version version;
    const char *seg;
    unsigned field;
    int days;         /* that dates move */
    struct str today; /* of the message: MSH-7 */
    bool has_code;    /* the part before the one under way holds something */
    bool is_age;      /* OBX-5 of an age */
    bool is_first;    /* only what names a person is looked for */
    struct deid_told told;
};

void deid_init(struct deid *d, const struct deid_rules *rules, struct str secret)
{
    *d = (struct deid){.rules = rules, .key = {secret}};
}

void deid_free(struct deid *d)
{
    map_free(&d->by_key);
    arena_free(&d->arena);
}

/* ---- counting ---- */

static void count(const struct work *w, struct str at, enum deid_action action)
{
    char key[64];
    struct deid *d = w->d;
    if (w->is_first) {
        return;
    }
    int n = snprintf(key, sizeof key, "%d %.*s", (int)action, STR_ARG(at));
    struct deid_count *c = map_get(&d->by_key, str_from(key, (size_t)n));
    if (!c) {
        c = ARENA_NEW(&d->arena, struct deid_count);
        *c = (struct deid_count){str_dup(&d->arena, at), action, 0, d->counts};
        d->counts = c;
        (void)map_put(&d->by_key, str_dup(&d->arena, str_from(key, (size_t)n)), c); /* it is new */
    }
    c->n++;
}

static int by_path(const void *x, const void *y)
{
    const struct deid_count *a = *(const struct deid_count *const *)x,
                            *b = *(const struct deid_count *const *)y;
    int c = a->at.n == 3 || b->at.n == 3 ? str_cmp(a->at, b->at)
                                         : str_cmp(str_slice(a->at, 0, 4), str_slice(b->at, 0, 4));
    int64_t f = 0, g = 0;
    (void)str_to_i64(str_slice(a->at, 4, a->at.n), &f); /* a segment alone: 0 */
    (void)str_to_i64(str_slice(b->at, 4, b->at.n), &g);
    c = c ? c : (f > g) - (f < g);
    return c ? c : (a->action > b->action) - (a->action < b->action);
}

const struct deid_count **deid_counts(const struct deid *d, struct arena *a, unsigned *out_n)
{
    unsigned n = 0;
    for (const struct deid_count *c = d->counts; c; c = c->next) {
        n++;
    }
    const struct deid_count **v = ARENA_ARRAY(a, const struct deid_count *, n + 1);
    *out_n = n;
    n = 0;
    for (const struct deid_count *c = d->counts; c; c = c->next) {
        v[n++] = c;
    }
    qsort(v, n, sizeof *v, by_path);
    return v;
}

/* ---- one value ---- */

static struct str replaced(struct work *w, enum deid_action action, struct str v)
{
    const struct deid_rules *r = w->d->rules;
    const struct deid_key *k = &w->d->key;
    switch (action) {
    case DEID_KEEP:
        return v;
    case DEID_SCRAMBLE:
        return deid_scramble(k, &w->a, v);
    case DEID_DATE: /* one that tells an age over 89 is nothing else than a birth */
        return deid_is_old(v, w->today) ? deid_birth(&w->a, v, w->days, w->today)
                                        : deid_date(&w->a, v, w->days);
    case DEID_BIRTH:
        return deid_birth(&w->a, v, w->days, w->today);
    case DEID_YEAR:
        return deid_year(&w->a, v);
    case DEID_AGE:
        return deid_age(&w->a, v);
    case DEID_FAMILY:
        return deid_pick(k, &w->a, "family", &r->families, v);
    case DEID_GIVEN:
        return deid_pick(k, &w->a, "given", &r->givens, v);
    case DEID_ORGANISATION:
        return deid_pick(k, &w->a, "organisation", &r->organisations, v);
    case DEID_STREET:
        return deid_street(k, &w->a, &r->streets, v);
    case DEID_CITY:
        return deid_pick(k, &w->a, "city", &r->cities, v);
    case DEID_ZIP:
        return deid_zip(&w->a, &r->small_zips, v);
    case DEID_PHONE:
        return deid_phone(k, &w->a, v);
    case DEID_AREA:
        return STR("555");
    case DEID_LOCAL:
        return deid_local(k, &w->a, v);
    case DEID_EMAIL:
        return deid_email(k, &w->a, v);
    case DEID_CODED: /* without a code */
    case DEID_REMOVE:
    case DEID_NONE:
    case DEID_FIELDS:
        break;
    }
    return STR("");
}

/* Of a value with parts where one is expected: the first. */
static struct str first_part(struct work *w, struct str raw)
{
    const struct hl7_delims *d = &w->m->d;
    struct str one = hl7_subcomponent(d, hl7_component(d, raw, 1), 1);
    return one.p ? one : raw;
}

static struct str place_text(struct work *w)
{
    return str_printf(&w->a, "%s-%u", w->seg, w->field);
}

/* As it is, unless it names somebody. */
static void put_kept(struct work *w, struct str raw)
{
    bool is_header = strcmp(w->seg, "MSH") == 0;
    if (!is_header && deid_tells(&w->told, hl7_unescape(&w->a, &w->m->d, raw))) {
        count(w, place_text(w), DEID_REMOVE);
    } else {
        buf_put_str(w->out, raw);
    }
}

static void put_value(struct work *w, enum deid_action action, struct str raw)
{
    bool is_null = str_is(raw, "\"\"");
    if (!raw.n || is_null) {
        buf_put_str(w->out, raw);
        return;
    }
    if (action == DEID_KEEP || (action == DEID_CODED && w->has_code)) {
        put_kept(w, action == DEID_KEEP ? raw : first_part(w, raw));
        return;
    }
    struct str v = hl7_unescape(&w->a, &w->m->d, first_part(w, raw));
    struct str now = v.n ? replaced(w, action, v) : STR("");
    if (w->is_first) {
        deid_remember(&w->told, action, v);
    }
    hl7_escape_to(w->out, &w->m->d, now, false);
    count(w, place_text(w), now.n ? action : DEID_REMOVE);
}

/* ---- values with parts ---- */

static void put_typed(struct work *w, const char *type, enum deid_action own, struct str raw,
                      unsigned level);

/* The parts of a composite, each by its own row or type. */
static void put_parts(struct work *w, const char *type, struct str raw, unsigned level)
{
    const struct hl7_delims *d = &w->m->d;
    char between = level == 1 ? d->component : d->subcomponent;
    struct str part;
    bool has_before = false;
    size_t end = w->out->n;
    for (unsigned i = 1; raw.n && i < 200; i++) {
        struct dict_field f = {.type = ""};
        part = level == 1 ? hl7_component(d, raw, i) : hl7_subcomponent(d, raw, i);
        if (!part.p) {
            break;
        }
        if (i > 1) {
            buf_putc(w->out, between);
        }
        (void)dict_component(w->version, type, i, &f); /* none: no type, removed */
        w->has_code = has_before;
        put_typed(w, f.type, deid_rules_type(w->d->rules, type, i), part, level + 1);
        has_before = part.n > 0;
        end = part.n && w->out->p[w->out->n - 1] != between ? w->out->n : end;
    }
    w->out->n = end < w->out->n ? end : w->out->n; /* separators with nothing behind them */
}

static bool is_composite(const struct work *w, const char *type)
{
    struct dict_field first;
    return type[0] && dict_component(w->version, type, 1, &first);
}

/* By the row for the place, else for the type, else part by part; else it goes. */
static void put_typed(struct work *w, const char *type, enum deid_action own, struct str raw,
                      unsigned level)
{
    enum deid_action action = own ? own : deid_rules_type(w->d->rules, type, 0);
    bool has_parts = is_composite(w, type);
    if (!action && level <= 2 && has_parts) {
        put_parts(w, type, raw, level);
    } else if (own == DEID_KEEP && level == 1) {
        buf_put_str(w->out, raw); /* a row for the field itself: as it is */
    } else if (action == DEID_KEEP && !has_parts) {
        put_value(w, action, first_part(w, raw)); /* parts that the type has not are no code */
    } else {
        put_value(w, action ? action : DEID_REMOVE, raw);
    }
}

/* ---- fields ---- */

/* The type of a field in the message's version, else in the newest that has it. */
static const char *type_of(const struct work *w)
{
    struct dict_field f;
    enum hl7_version from, to;
    if (dict_field(w->version, w->seg, w->field, &f)) {
        return f.type;
    }
    bool known =
        dict_field_any(w->seg, w->field, &from, &to) && dict_field(to, w->seg, w->field, &f);
    return known ? f.type : "";
}

static struct str obx(const struct work *w, const struct hl7_seg *s, unsigned field)
{
    return hl7_component(&w->m->d, hl7_field(w->m, s, field), 1);
}

/* OBX-6 of a number says years: an age, whatever its code. */
static bool is_years(const struct work *w, const struct hl7_seg *s)
{
    static const char *const words[] = {"a", "y", "yr", "yrs", "year", "years"};
    struct str unit = obx(w, s, 6);
    for (unsigned i = 0; i < sizeof words / sizeof *words; i++) {
        if (str_eq_nocase(unit, str_of(words[i]))) {
            return true;
        }
    }
    return false;
}

static bool is_age(const struct work *w, const struct hl7_seg *s)
{
    struct str code = obx(w, s, 3);
    if (is_years(w, s)) {
        return true;
    }
    for (unsigned i = 0; i < w->d->rules->ages.n; i++) {
        if (str_eq(w->d->rules->ages.v[i], code)) {
            return true;
        }
    }
    return false;
}

static void put_field(struct work *w, const struct hl7_seg *s, struct str field)
{
    char varies[8] = "";
    const char *type = type_of(w);
    enum deid_action own = deid_rules_field(w->d->rules, w->seg, w->field);
    if (strcmp(w->seg, "OBX") == 0 && w->field == 5) { /* as OBX-2 says */
        struct str id = obx(w, s, 2);
        memcpy(varies, id.p ? id.p : "", id.n < sizeof varies ? id.n : 0);
        type = varies;
        own = own ? own : is_age(w, s) ? DEID_AGE : DEID_NONE;
    }
    struct str rest = field, rep;
    while (field.n && str_split(&rest, w->m->d.repetition, &rep)) {
        if (rep.p > field.p) {
            buf_putc(w->out, w->m->d.repetition);
        }
        put_typed(w, type, own, rep, 1);
    }
}

static void put_segment(struct work *w, const struct hl7_seg *s, char line_end)
{
    enum deid_action action = deid_rules_segment(w->d->rules, s->id);
    struct str text = hl7_seg_text(w->m, s);
    bool is_header = hl7_is_header(s->id);
    if (!s->id[0] || action == DEID_REMOVE) {
        count(w, s->id[0] ? str_of(s->id) : STR("???"), DEID_REMOVE);
        return;
    }
    if (action == DEID_KEEP) {
        buf_put_str(w->out, text);
        buf_putc(w->out, line_end);
        return;
    }
    w->seg = s->id;
    buf_puts(w->out, s->id);
    for (uint32_t f = 1; f <= s->fields + is_header; f++) {
        if (!(is_header && f == 1)) {
            buf_putc(w->out, w->m->d.field);
        }
        w->field = f;
        if (is_header && f <= 2) {
            if (f == 2) {
                buf_put_str(w->out, hl7_field(w->m, s, f));
            }
        } else {
            put_field(w, s, hl7_field(w->m, s, f));
        }
    }
    buf_putc(w->out, line_end);
}

/* ---- whose it is ---- */

/* The first id of PID-3, else PID-2, with its authority: dates of one patient move together. */
static int days_of(struct work *w, const struct hl7_seg *pid)
{
    static const unsigned fields[] = {3, 2, 18};
    for (unsigned i = 0; pid && i < 3; i++) {
        struct str rep = hl7_repetition(&w->m->d, hl7_field(w->m, pid, fields[i]), 1);
        struct str id = hl7_component(&w->m->d, rep, 1), by = hl7_component(&w->m->d, rep, 4);
        by = hl7_subcomponent(&w->m->d, by, 1);
        if (id.n) {
            return deid_shift(&w->d->key, str_printf(&w->a, "%.*s^%.*s", STR_ARG(id), STR_ARG(by)));
        }
    }
    return deid_shift(&w->d->key, STR(""));
}

/* The names and numbers of the patient and those around, wherever they stand. */
static void remember(struct work *w)
{
    struct buf *out = w->out, nothing = {0};
    w->out = &nothing;
    w->is_first = true;
    for (uint32_t i = 0; i < w->m->segs; i++) {
        if (deid_is_of_person(w->m->seg[i].id)) {
            put_segment(w, &w->m->seg[i], '\r');
        }
    }
    buf_free(&nothing);
    w->out = out;
    w->is_first = false;
}

void deid_message(struct deid *d, const struct hl7 *m, char line_end, struct buf *out)
{
    struct work w = {.d = d, .m = m, .out = out};
    w.version = dict_version(hl7_component(&m->d, hl7_field(m, &m->seg[0], 12), 1), NULL);
    w.today = hl7_component(&m->d, hl7_field(m, &m->seg[0], 7), 1);
    w.days = days_of(&w, hl7_segment(m, "PID", 1));
    w.told.a = &w.a;
    remember(&w);
    d->messages++;
    for (uint32_t i = 0; i < m->segs; i++) {
        if (strcmp(m->seg[i].id, "PID") == 0) {
            w.days = days_of(&w, &m->seg[i]); /* of several patients each has their own */
        }
        put_segment(&w, &m->seg[i], line_end);
    }
    map_free(&w.told.words);
    arena_free(&w.a);
}
