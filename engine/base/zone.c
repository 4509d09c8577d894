/* Questions to a zone: which offset, and which instant a reading is. */
#include "engine/base/clock.h"
#include "engine/base/zone_priv.h"

#define FAR_S   INT64_C(1000000000000000000)
#define CYCLE_S INT64_C(12622780800) /* 400 years: then dates and weekdays repeat */

enum { DAY_S = 86400 };

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

/* The wall clock reading at which `r` applies. */
static int64_t rule_local(const struct zone_rule *r, int year)
{
    int64_t day = civil_days(year, 1, 1);
    switch (r->kind) {
    case ZONE_RULE_JULIAN:
        day += r->day - 1 + (civil_is_leap(year) && r->day >= 60);
        break;
    case ZONE_RULE_DAY:
        day += r->day;
        break;
    case ZONE_RULE_WEEKDAY: {
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
static struct season season_at(const struct zone_footer *f, int64_t utc_s)
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
    const struct zone_footer *f = &z->footer;
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
