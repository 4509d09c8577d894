#include "engine/flow/traffic.h"

#include "engine/base/opt.h"

enum { WEEK = 7, DAY_S = 86400, HOUR_MINUTES = 60 };

/* ---- what people write ---- */

static int day_of(struct str s)
{
    static const char *const days[WEEK] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
    for (int i = 0; i < WEEK; i++) {
        if (str_eq_nocase(s, str_of(days[i]))) {
            return i;
        }
    }
    return -1;
}

bool traffic_read_days(struct str s, uint8_t *out)
{
    ptrdiff_t dash = str_index(s, '-');
    int from = day_of(dash < 0 ? s : str_slice(s, 0, (size_t)dash));
    int to = dash < 0 ? from : day_of(str_slice(s, (size_t)dash + 1, s.n));
    if (from < 0 || to < 0) {
        return false;
    }
    *out = 0;
    for (int day = from;; day = (day + 1) % WEEK) {
        *out |= (uint8_t)(1u << day);
        if (day == to) {
            return true;
        }
    }
}

/* "7", "07", "07:30", "24" as minutes. */
static bool read_minutes(struct str s, int *out)
{
    struct str rest = s, part;
    int64_t hour, minute = 0;
    if (!str_split(&rest, ':', &part) || part.n == 0 || part.n > 2 || !str_to_i64(part, &hour)) {
        return false;
    }
    if (rest.p && (rest.n != 2 || !str_to_i64(rest, &minute))) {
        return false;
    }
    *out = (int)(hour * HOUR_MINUTES + minute);
    return hour >= 0 && minute >= 0 && minute < HOUR_MINUTES && *out <= TRAFFIC_DAY_MINUTES;
}

bool traffic_read_hours(struct str s, int *out_from_min, int *out_to_min)
{
    ptrdiff_t dash = str_index(s, '-');
    int from, to;
    if (dash < 0 || !read_minutes(str_slice(s, 0, (size_t)dash), &from) ||
        !read_minutes(str_slice(s, (size_t)dash + 1, s.n), &to) || from == to ||
        from == TRAFFIC_DAY_MINUTES) {
        return false;
    }
    *out_from_min = from;
    *out_to_min = to;
    return true;
}

bool traffic_read_rate(struct str s, uint64_t *out_n, int64_t *out_period_us)
{
    ptrdiff_t slash = str_index(s, '/');
    int64_t n, ms;
    char one[32] = "1";
    if (slash <= 0 || !str_to_i64(str_slice(s, 0, (size_t)slash), &n) || n < 1) {
        return false;
    }
    struct str period = str_slice(s, (size_t)slash + 1, s.n);
    bool has_number = period.n && period.p[0] >= '0' && period.p[0] <= '9';
    if (!has_number && period.n && period.n < sizeof(one) - 2) { /* "h" is "1h" */
        memcpy(one + 1, period.p, period.n);
        period = str_from(one, period.n + 1);
    }
    if (!opt_read_ms(period, &ms) || ms < 1000 || ms > (int64_t)DAY_S * 1000) {
        return false;
    }
    *out_n = (uint64_t)n;
    *out_period_us = ms * 1000;
    return true;
}

int traffic_minutes(const struct traffic_floor *f)
{
    int n = f->to_min - f->from_min;
    return n > 0 ? n : n + TRAFFIC_DAY_MINUTES;
}

/* ---- the meter ---- */

static void begin(struct traffic_meter *m, uint64_t counter, int64_t mono_us, int64_t slot)
{
    *m = (struct traffic_meter){.period_us = m->period_us,
                                .began_us = mono_us ? mono_us : 1,
                                .slot = slot,
                                .last = counter};
}

void traffic_feed(struct traffic_meter *m, uint64_t counter, int64_t mono_us)
{
    int64_t slot = mono_us / (m->period_us / TRAFFIC_SLOTS_A_PERIOD);
    if (m->began_us == 0 || counter < m->last) {
        begin(m, counter, mono_us, slot);
        return;
    }
    int64_t skipped = slot - m->slot > TRAFFIC_SLOTS ? TRAFFIC_SLOTS : slot - m->slot;
    for (int64_t i = 0; i < skipped; i++) {
        m->n[(slot - i) % TRAFFIC_SLOTS] = 0;
    }
    m->slot = slot;
    m->n[slot % TRAFFIC_SLOTS] += counter - m->last;
    m->last = counter;
}

uint64_t traffic_count(const struct traffic_meter *m)
{
    uint64_t n = 0;
    for (int64_t i = 0; i <= TRAFFIC_SLOTS_A_PERIOD && i <= m->slot; i++) {
        n += m->n[(m->slot - i) % TRAFFIC_SLOTS];
    }
    return n;
}

bool traffic_is_full(const struct traffic_meter *m, int64_t mono_us)
{
    return m->began_us && mono_us - m->began_us >= m->period_us;
}

/* ---- floors ---- */

/* Division that rounds down, for instants before 1970 too. */
static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

bool traffic_is_expected(const struct traffic_floor *f, const struct zone *zone, int64_t wall_us)
{
    int64_t utc_s = floor_div(wall_us, 1000000);
    int64_t local_s = utc_s + (zone ? zone_offset(zone, utc_s) : 0);
    int64_t day = floor_div(local_s, DAY_S);
    int minute = (int)((local_s - day * DAY_S) / 60);
    int weekday = (int)(((day + 3) % WEEK + WEEK) % WEEK); /* 1970-01-01 was a Thursday */
    bool today = f->days >> weekday & 1, yesterday = f->days >> (weekday + WEEK - 1) % WEEK & 1;
    if (f->from_min < f->to_min) {
        return today && minute >= f->from_min && minute < f->to_min;
    }
    return (today && minute >= f->from_min) || (yesterday && minute < f->to_min);
}

/* So long after its end a window still counts: a period as long as its hours fits into them at one instant alone, and
 * somebody looks once a second. */
#define GRACE_US INT64_C(10000000)

/* Was all of the last period expected? Both its ends may lie in windows with a night between them, so it is looked at in
 * steps that no gap between windows is shorter than; an hour less, for the clock may go forward in it. */
static bool was_expected(const struct traffic_floor *f, const struct zone *zone, int64_t wall_us)
{
    int gap = TRAFFIC_DAY_MINUTES - traffic_minutes(f);
    gap = gap ? gap : TRAFFIC_DAY_MINUTES; /* 00-24: a day that is not among `days` */
    int64_t step_us = (gap > HOUR_MINUTES ? gap - HOUR_MINUTES : 1) * (int64_t)60000000;
    int64_t begin_us = wall_us - f->period_us;
    int64_t end_us = wall_us - (f->period_us > GRACE_US ? GRACE_US : 0);
    for (int64_t at_us = begin_us; at_us < end_us; at_us += step_us) {
        if (!traffic_is_expected(f, zone, at_us)) {
            return false;
        }
    }
    return traffic_is_expected(f, zone, end_us);
}

enum condition_verdict traffic_judge(const struct traffic_floor *f, const struct traffic_meter *m,
                                     const struct zone *zone, int64_t wall_us, int64_t mono_us)
{
    if (m->began_us && traffic_count(m) >= f->at_least) {
        return CONDITION_GOOD;
    }
    bool is_judged = traffic_is_full(m, mono_us) && was_expected(f, zone, wall_us);
    return is_judged ? CONDITION_BAD : CONDITION_KEEP;
}
