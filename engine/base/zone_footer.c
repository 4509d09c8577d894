/* The TZ string behind the transitions: "EST5EDT,M3.2.0,M11.1.0". */
#include "engine/base/zone_priv.h"

enum { RULE_HOURS_MAX = 167, OFFSET_HOURS_MAX = 24 };

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
    bool negative = str_take(s, '-');
    if (!negative) {
        (void)str_take(s, '+'); /* means nothing, and may be there */
    }
    if (!take_number(s, 0, hours_max, &hours) ||
        (str_take(s, ':') && (!take_number(s, 0, 59, &minutes) ||
                              (str_take(s, ':') && !take_number(s, 0, 59, &seconds))))) {
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
    bool quoted = str_take(s, '<');
    size_t n = 0;
    while (n < s->n && is_name_char(s->p[n], quoted)) {
        n++;
    }
    *s = str_slice(*s, n, s->n);
    return n >= 3 && (!quoted || str_take(s, '>'));
}

static bool take_day(struct str *s, struct zone_rule *r)
{
    if (str_take(s, 'M')) {
        r->kind = ZONE_RULE_WEEKDAY;
        return take_number(s, 1, 12, &r->month) && str_take(s, '.') &&
               take_number(s, 1, 5, &r->week) && str_take(s, '.') && take_number(s, 0, 6, &r->day);
    }
    r->kind = str_take(s, 'J') ? ZONE_RULE_JULIAN : ZONE_RULE_DAY;
    return take_number(s, r->kind == ZONE_RULE_JULIAN, 365, &r->day);
}

/* ",day[/time]" */
static bool take_rule(struct str *s, struct zone_rule *r)
{
    r->time_s = 2 * 3600;
    return str_take(s, ',') && take_day(s, r) &&
           (!str_take(s, '/') || take_time(s, RULE_HOURS_MAX, &r->time_s));
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
const char *zone_footer_read(struct str s, struct zone_footer *f)
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
