#include "engine/base/zone.h"

#include "engine/base/clock.h"
#include "engine/base/err.h"

#define FAR_S   INT64_C(1000000000000000000)
#define CYCLE_S INT64_C(12622780800) /* 400 years: then dates and weekdays repeat */

enum {
    DAY_S = 86400,
    HEADER_SIZE = 44,
    TYPE_SIZE = 6,
    TYPES_MAX = 256,
    RULE_HOURS_MAX = 167,
    OFFSET_HOURS_MAX = 24,
};

enum rule_kind {
    RULE_JULIAN, /* Jn: day 1..365, 29 February is not counted */
    RULE_DAY,    /* n: day 0..365 */
    RULE_WEEKDAY /* Mm.w.d: the w-th weekday d of month m, 5 is the last */
};

struct rule {
    enum rule_kind kind;
    int month, week, day;
    int32_t time_s; /* of the wall clock before the change, from that day's midnight */
};

/* The TZ string behind the transitions. "Summer" is what it names second, be it in winter. */
struct footer {
    bool is_given, has_summer;
    int32_t winter_s, summer_s; /* offsets, east of UTC */
    struct rule begin, end;     /* of summer */
};

struct zone {
    size_t count;         /* transitions */
    const int64_t *at;    /* instants, rising */
    const int32_t *after; /* offset from each of them on */
    int32_t first_s;      /* offset before all of them */
    struct footer footer;
};

bool zone_name_valid(struct str name)
{
    struct str rest = name, part;
    if (name.n == 0 || name.n > ZONE_NAME_MAX) {
        return false;
    }
    while (str_split(&rest, '/', &part)) {
        for (size_t i = 0; i < part.n; i++) {
            char c = part.p[i];
            bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (!is_letter && !(c >= '0' && c <= '9') && c != '_' && c != '+' && c != '-') {
                return false;
            }
        }
        if (part.n == 0) {
            return false;
        }
    }
    return true;
}

static bool take_char(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c) {
        return false;
    }
    *s = str_slice(*s, 1, s->n);
    return true;
}

/* One to three digits, within [min, max]. */
static bool take_number(struct str *s, int min, int max, int *out)
{
    size_t n = 0;
    int v = 0;
    while (n < s->n && n < 3 && s->p[n] >= '0' && s->p[n] <= '9') {
        v = v * 10 + (s->p[n++] - '0');
    }
    *s = str_slice(*s, n, s->n);
    *out = v;
    return n > 0 && v >= min && v <= max;
}

/* [+-]h[hh][:mm[:ss]] */
static bool take_time(struct str *s, int hours_max, int32_t *out_s)
{
    int hours, minutes = 0, seconds = 0;
    bool negative = take_char(s, '-');
    if (!negative) {
        (void)take_char(s, '+'); /* means nothing, and may be there */
    }
    if (!take_number(s, 0, hours_max, &hours) ||
        (take_char(s, ':') && (!take_number(s, 0, 59, &minutes) ||
                               (take_char(s, ':') && !take_number(s, 0, 59, &seconds))))) {
        return false;
    }
    int32_t v = hours * 3600 + minutes * 60 + seconds;
    *out_s = negative ? -v : v;
    return true;
}

static bool is_name_char(char c, bool quoted)
{
    bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return is_letter || (quoted && ((c >= '0' && c <= '9') || c == '+' || c == '-'));
}

/* Three letters or more, or the same with digits and signs in <>. */
static bool skip_name(struct str *s)
{
    bool quoted = take_char(s, '<');
    size_t n = 0;
    while (n < s->n && is_name_char(s->p[n], quoted)) {
        n++;
    }
    *s = str_slice(*s, n, s->n);
    return n >= 3 && (!quoted || take_char(s, '>'));
}

static bool take_day(struct str *s, struct rule *r)
{
    if (take_char(s, 'M')) {
        r->kind = RULE_WEEKDAY;
        return take_number(s, 1, 12, &r->month) && take_char(s, '.') &&
               take_number(s, 1, 5, &r->week) && take_char(s, '.') && take_number(s, 0, 6, &r->day);
    }
    r->kind = take_char(s, 'J') ? RULE_JULIAN : RULE_DAY;
    return take_number(s, r->kind == RULE_JULIAN, 365, &r->day);
}

/* ",day[/time]" */
static bool take_rule(struct str *s, struct rule *r)
{
    r->time_s = 2 * 3600;
    return take_char(s, ',') && take_day(s, r) &&
           (!take_char(s, '/') || take_time(s, RULE_HOURS_MAX, &r->time_s));
}

/* POSIX counts offsets west. */
static bool take_offset(struct str *s, int32_t *out_east_s)
{
    int32_t west;
    if (!take_time(s, OFFSET_HOURS_MAX, &west)) {
        return false;
    }
    *out_east_s = -west;
    return true;
}

/* An empty string says nothing, and is allowed to. */
static const char *read_footer(struct str s, struct footer *f)
{
    if (s.n == 0) {
        return NULL;
    }
    f->is_given = true;
    if (!skip_name(&s) || !take_offset(&s, &f->winter_s)) {
        return "the footer does not begin with a name and its offset";
    }
    if (s.n == 0) {
        return NULL;
    }
    f->has_summer = true;
    f->summer_s = f->winter_s + 3600;
    if (!skip_name(&s) || (s.n && s.p[0] != ',' && !take_offset(&s, &f->summer_s))) {
        return "the footer does not name its second offset";
    }
    if (!take_rule(&s, &f->begin) || !take_rule(&s, &f->end)) {
        return "the footer does not give two rules of the form ,Mm.w.d/time";
    }
    return s.n ? "something follows the rules of the footer" : NULL;
}

struct header {
    char version; /* NUL, '2', '3', '4' */
    uint32_t utc_count, standard_count, leap_count, time_count, type_count, char_count;
};

static uint64_t big_endian(const char *p, unsigned bytes)
{
    uint64_t v = 0;
    for (unsigned i = 0; i < bytes; i++) {
        v = v << 8 | (unsigned char)p[i];
    }
    return v;
}

static const char *take_header(struct str *rest, struct header *h)
{
    const char *p = rest->p;
    if (rest->n < HEADER_SIZE || memcmp(p, "TZif", 4) != 0) {
        return "this is no time zone file: it does not begin with TZif and its counts";
    }
    *h = (struct header){.version = p[4],
                         .utc_count = (uint32_t)big_endian(p + 20, 4),
                         .standard_count = (uint32_t)big_endian(p + 24, 4),
                         .leap_count = (uint32_t)big_endian(p + 28, 4),
                         .time_count = (uint32_t)big_endian(p + 32, 4),
                         .type_count = (uint32_t)big_endian(p + 36, 4),
                         .char_count = (uint32_t)big_endian(p + 40, 4)};
    if (h->version != 0 && (h->version < '2' || h->version > '4')) {
        return "the version of the time zone file is not 1, 2, 3 or 4";
    }
    *rest = str_slice(*rest, HEADER_SIZE, rest->n);
    return NULL;
}

/* The block behind a header, whose times have `width` bytes. */
static bool take_block(struct str *rest, const struct header *h, unsigned width, struct str *out)
{
    uint64_t n = (uint64_t)h->time_count * (width + 1) + (uint64_t)h->type_count * TYPE_SIZE +
                 h->char_count + (uint64_t)h->leap_count * (width + 4) + h->standard_count +
                 h->utc_count;
    if (n > rest->n) {
        return false;
    }
    *out = str_slice(*rest, 0, (size_t)n);
    *rest = str_slice(*rest, (size_t)n, rest->n);
    return true;
}

static const char *check_counts(const struct header *h)
{
    if (h->type_count == 0 || h->type_count > TYPES_MAX || h->char_count == 0) {
        return "the time zone file has no offsets, or more than 256";
    }
    if ((h->utc_count && h->utc_count != h->type_count) ||
        (h->standard_count && h->standard_count != h->type_count)) {
        return "the counts of the time zone file contradict each other";
    }
    return h->leap_count ? "the time zone file counts leap seconds; take the one outside right/"
                         : NULL;
}

/* Offset, is it summer time, where its abbreviation begins. */
static bool read_type(const char *p, const struct header *h, int32_t *out_offset_s)
{
    int32_t offset = (int32_t)(uint32_t)big_endian(p, 4);
    *out_offset_s = offset;
    return offset >= -ZONE_WEST_MAX_S && offset <= ZONE_EAST_MAX_S && (unsigned char)p[4] <= 1 &&
           (unsigned char)p[5] < h->char_count;
}

/* Times, the type of each, the types. */
static const char *read_block(struct arena *a, struct str block, const struct header *h,
                              unsigned width, struct zone *z)
{
    const char *index = block.p + (size_t)h->time_count * width;
    const char *types = index + h->time_count;
    int32_t offsets[TYPES_MAX];
    int64_t *at = ARENA_ARRAY(a, int64_t, h->time_count);
    int32_t *after = ARENA_ARRAY(a, int32_t, h->time_count);
    for (uint32_t i = 0; i < h->type_count; i++) {
        if (!read_type(types + (size_t)i * TYPE_SIZE, h, &offsets[i])) {
            return "the time zone file has an offset that cannot be";
        }
    }
    for (uint32_t i = 0; i < h->time_count; i++) {
        uint64_t bits = big_endian(block.p + (size_t)i * width, width);
        at[i] = width == 4 ? (int32_t)(uint32_t)bits : (int64_t)bits;
        if ((unsigned char)index[i] >= h->type_count || (i && at[i] <= at[i - 1])) {
            return "the transitions of the time zone file are out of order";
        }
        after[i] = offsets[(unsigned char)index[i]];
    }
    z->count = h->time_count;
    z->at = at;
    z->after = after;
    z->first_s = offsets[0];
    return NULL;
}

/* A line feed, the TZ string, a line feed. */
static const char *take_footer(struct str rest, struct footer *f)
{
    static const char why[] =
        "the time zone file does not end with one line for the time behind it";
    if (!take_char(&rest, '\n')) {
        return why;
    }
    ptrdiff_t end = str_index(rest, '\n');
    return end < 0 || (size_t)end + 1 != rest.n ? why
                                                : read_footer(str_slice(rest, 0, (size_t)end), f);
}

/* Versions from 2 on begin with all of version 1, for old readers, and repeat it with 64-bit times. */
static const char *load(struct arena *a, struct str rest, struct zone *z)
{
    static const char ends[] = "the time zone file ends too early";
    struct header h;
    struct str block;
    const char *why = take_header(&rest, &h);
    bool is_first = !why && h.version == 0;
    unsigned width = is_first ? 4 : 8;
    if (!why && !is_first) {
        why = take_block(&rest, &h, 4, &block) ? take_header(&rest, &h) : ends;
    }
    why = why ? why : check_counts(&h);
    if (!why && !take_block(&rest, &h, width, &block)) {
        why = ends;
    }
    why = why ? why : read_block(a, block, &h, width, z);
    if (!why && is_first) {
        why = rest.n ? "something follows the time zone file" : NULL;
    } else if (!why) {
        why = take_footer(rest, &z->footer);
    }
    return why;
}

int zone_load(struct arena *a, struct str tzif, struct zone **out, const char **out_why)
{
    struct arena_mark start = arena_mark(a);
    const char *why = "a time zone file has at most 64 KiB";
    if (tzif.n <= ZONE_FILE_MAX) {
        struct zone *z = ARENA_NEW(a, struct zone);
        why = load(a, tzif, z);
        if (!why) {
            *out = z;
            return 0;
        }
    }
    arena_release(a, start);
    if (out_why) {
        *out_why = why;
    }
    return tzif.n > ZONE_FILE_MAX ? ERR_LIMIT : ERR_SYNTAX;
}

/* The wall clock reading at which `r` applies. */
static int64_t rule_local(const struct rule *r, int year)
{
    int64_t day = civil_days(year, 1, 1);
    switch (r->kind) {
    case RULE_JULIAN:
        day += r->day - 1 + (civil_is_leap(year) && r->day >= 60);
        break;
    case RULE_DAY:
        day += r->day;
        break;
    case RULE_WEEKDAY: {
        int64_t first = civil_days(year, r->month, 1);
        int weekday = (int)((first % 7 + 11) % 7); /* 1970-01-01 was a Thursday, 4 */
        int in_month = (r->day - weekday + 7) % 7 + (r->week - 1) * 7;
        in_month -= in_month >= civil_month_days(year, r->month) ? 7 : 0;
        day = first + in_month;
        break;
    }
    }
    return day * DAY_S + r->time_s;
}

struct season {
    bool is_summer;
    int64_t until; /* the next change */
};

/* Take a change at `at` into account; begin before end, so that summer wins where both are one instant. */
static void meet_change(struct season *s, int64_t *latest, int64_t at, bool to_summer, int64_t now)
{
    if (at > now) {
        s->until = at < s->until ? at : s->until;
    } else if (at > *latest || (at == *latest && to_summer)) {
        *latest = at;
        s->is_summer = to_summer;
    }
}

/* Times of rules reach a week into the years beside theirs, so two years on each side are looked at. */
static struct season season_at(const struct footer *f, int64_t utc_s)
{
    int64_t cycles = utc_s / CYCLE_S - (utc_s % CYCLE_S < 0);
    int64_t now = utc_s - cycles * CYCLE_S, latest = INT64_MIN;
    int year = civil_of_us(now * 1000000).year;
    struct season s = {.until = INT64_MAX};
    for (int y = year - 2; y <= year + 2; y++) {
        meet_change(&s, &latest, rule_local(&f->begin, y) - f->winter_s, true, now);
        meet_change(&s, &latest, rule_local(&f->end, y) - f->summer_s, false, now);
    }
    s.until += cycles * CYCLE_S;
    return s;
}

static int64_t clamped(int64_t s, int64_t most)
{
    return s < -most ? -most : s > most ? most : s;
}

/* Transitions that have happened at an instant. */
static size_t passed(const struct zone *z, int64_t utc_s)
{
    size_t low = 0, high = z->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (z->at[middle] <= utc_s) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

int32_t zone_offset(const struct zone *z, int64_t utc_s)
{
    const struct footer *f = &z->footer;
    utc_s = clamped(utc_s, 2 * FAR_S);
    size_t n = passed(z, utc_s);
    if (n < z->count || !f->is_given) {
        return n ? z->after[n - 1] : z->first_s;
    }
    return f->has_summer && season_at(f, utc_s).is_summer ? f->summer_s : f->winter_s;
}

/* The first change after an instant; the offset may be the same behind it. */
static bool next_change(const struct zone *z, int64_t utc_s, int64_t *out_at)
{
    size_t n = passed(z, utc_s);
    if (n < z->count) {
        *out_at = z->at[n];
        return true;
    }
    if (!z->footer.has_summer) {
        return false;
    }
    *out_at = season_at(&z->footer, utc_s).until;
    return true;
}

/* Walk the times of one offset that could show the reading. It is shown within one of them, within
 * several, or lies in the jump from one to the next. */
struct zone_local zone_local(const struct zone *z, int64_t local_s)
{
    struct zone_local found = {.how = ZONE_GAP};
    local_s = clamped(local_s, FAR_S); /* its instants are within twice that */
    int64_t from = local_s - ZONE_EAST_MAX_S - 1, to = 0;
    int32_t offset = zone_offset(z, from);
    bool is_last = false, is_shown = false;
    while (!is_last) {
        is_last = !next_change(z, from, &to) || to > local_s + ZONE_WEST_MAX_S;
        int64_t at = local_s - offset;
        if (at >= from && (is_last || at < to)) {
            if (is_shown) {
                found.how = ZONE_TWICE;
                return found;
            }
            is_shown = true;
            found = (struct zone_local){.offset_s = offset, .how = ZONE_ONCE};
        }
        int32_t next = is_last ? offset : zone_offset(z, to);
        if (!is_last && !is_shown && !found.gap_s && to <= at && local_s < to + next) {
            found.offset_s = offset;
            found.gap_s = next - offset;
        }
        from = to;
        offset = next;
    }
    return found;
}
