#include "engine/base/clock.h"

#include <stdio.h>
#include <time.h>

#define US_A_SECOND INT64_C(1000000)
#define US_A_DAY    (86400 * US_A_SECOND)

static int64_t read_clock(clockid_t id)
{
    struct timespec t;
    if (clock_gettime(id, &t)) { /* impure: the real clock behind struct clock */
        return 0;                /* cannot fail for these two clocks */
    }
    return (int64_t)t.tv_sec * US_A_SECOND + t.tv_nsec / 1000;
}

static int64_t real_wall(void *arg)
{
    (void)arg;
    return read_clock(CLOCK_REALTIME);
}

static int64_t real_mono(void *arg)
{
    (void)arg;
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t fake_wall(void *arg)
{
    return ((const struct clock_fake *)arg)->wall_us;
}

static int64_t fake_mono(void *arg)
{
    return ((const struct clock_fake *)arg)->mono_us;
}

struct clock clock_real(void)
{
    return (struct clock){real_wall, real_mono, NULL};
}

struct clock clock_of_fake(struct clock_fake *f)
{
    return (struct clock){fake_wall, fake_mono, f};
}

void clock_fake_advance(struct clock_fake *f, int64_t us)
{
    f->wall_us += us;
    f->mono_us += us;
}

/* Years begin in March here, so that the leap day is the last one; an era is 400 years. */
int64_t civil_days(int year, int month, int day)
{
    int64_t y = (int64_t)year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t year_of_era = y - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

bool civil_is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int civil_month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return days[month - 1] + (month == 2 && civil_is_leap(year));
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

struct civil civil_of_us(int64_t wall_us)
{
    int64_t days = floor_div(wall_us, US_A_DAY);
    int64_t rest = wall_us % US_A_DAY + (wall_us % US_A_DAY < 0 ? US_A_DAY : 0);
    int64_t z = days + 719468;
    int64_t era = floor_div(z, 146097);
    int64_t day_of_era = z - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t march_month = (5 * day_of_year + 2) / 153;
    int month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
    return (struct civil){
        .year = (int)(year_of_era + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1),
        .hour = (int)(rest / (3600 * US_A_SECOND)),
        .minute = (int)(rest / (60 * US_A_SECOND) % 60),
        .second = (int)(rest / US_A_SECOND % 60),
        .micro = (int)(rest % US_A_SECOND),
    };
}

bool civil_to_us(const struct civil *c, int64_t *out_wall_us)
{
    if (c->year < -200000 || c->year > 200000 || c->month < 1 || c->month > 12 || c->day < 1 ||
        c->day > civil_month_days(c->year, c->month) || c->hour < 0 || c->hour > 23 ||
        c->minute < 0 || c->minute > 59 || c->second < 0 || c->second > 59 || c->micro < 0 ||
        c->micro > 999999) {
        return false;
    }
    int64_t seconds =
        civil_days(c->year, c->month, c->day) * 86400 + c->hour * 3600 + c->minute * 60 + c->second;
    *out_wall_us = seconds * US_A_SECOND + c->micro;
    return true;
}

static struct civil clamped(int64_t wall_us)
{
    struct civil c = civil_of_us(wall_us);
    if (c.year < 0) {
        return (struct civil){.year = 0, .month = 1, .day = 1};
    }
    if (c.year > 9999) {
        return (struct civil){9999, 12, 31, 23, 59, 59, 999999};
    }
    return c;
}

static void put_digits(char *out, int value, int digits)
{
    while (digits--) {
        out[digits] = (char)('0' + value % 10);
        value /= 10;
    }
}

void clock_hl7(int64_t wall_us, char out[CLOCK_HL7_SIZE])
{
    struct civil c = clamped(wall_us);
    memcpy(out, "YYYYMMDDhhmmss.mmm+0000", 24);
    put_digits(out, c.year, 4);
    put_digits(out + 4, c.month, 2);
    put_digits(out + 6, c.day, 2);
    put_digits(out + 8, c.hour, 2);
    put_digits(out + 10, c.minute, 2);
    put_digits(out + 12, c.second, 2);
    put_digits(out + 15, c.micro / 1000, 3);
}

void clock_rfc3339(int64_t wall_us, char out[CLOCK_RFC3339_SIZE])
{
    struct civil c = clamped(wall_us);
    memcpy(out, "YYYY-MM-DDThh:mm:ss.mmmZ", 25);
    put_digits(out, c.year, 4);
    put_digits(out + 5, c.month, 2);
    put_digits(out + 8, c.day, 2);
    put_digits(out + 11, c.hour, 2);
    put_digits(out + 14, c.minute, 2);
    put_digits(out + 17, c.second, 2);
    put_digits(out + 20, c.micro / 1000, 3);
}

/* `n` digits off the front of *s. */
static bool take_digits(struct str *s, size_t n, int *out)
{
    int value = 0;
    for (size_t i = 0; i < n; i++) {
        if (i >= s->n || s->p[i] < '0' || s->p[i] > '9') {
            return false;
        }
        value = value * 10 + (s->p[i] - '0');
    }
    *out = value;
    *s = str_slice(*s, n, s->n);
    return true;
}

static bool take_one_of(struct str *s, const char *set, char *out)
{
    if (s->n == 0 || !s->p[0] || !strchr(set, s->p[0])) {
        return false;
    }
    *out = s->p[0];
    *s = str_slice(*s, 1, s->n);
    return true;
}

static bool take_fraction(struct str *s, int *out_micro)
{
    int digit, count = 0;
    char sign;
    *out_micro = 0;
    if (!take_one_of(s, ".", &sign)) {
        return true;
    }
    while (count < 9 && take_digits(s, 1, &digit)) {
        *out_micro = count < 6 ? *out_micro * 10 + digit : *out_micro;
        count++;
    }
    for (int i = count; i < 6; i++) {
        *out_micro *= 10;
    }
    return count > 0;
}

static bool take_offset(struct str *s, int *out_minutes)
{
    char sign, colon;
    int hours = 0, minutes = 0;
    if (!take_one_of(s, "Zz+-", &sign)) {
        return false;
    }
    if (sign == '+' || sign == '-') {
        if (!take_digits(s, 2, &hours) || !take_one_of(s, ":", &colon) ||
            !take_digits(s, 2, &minutes)) {
            return false;
        }
    }
    *out_minutes = (sign == '-' ? -1 : 1) * (hours * 60 + minutes);
    return hours < 24 && minutes < 60;
}

void clock_net(int64_t wall_us, char out[CLOCK_NET_SIZE])
{
    static const char days[][4] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"};
    static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct civil t = civil_of_us(wall_us);
    int64_t day = civil_days(t.year, t.month, t.day); /* 1970-01-01 was a Thursday */
    snprintf(out, CLOCK_NET_SIZE, "%s, %02d %s %04d %02d:%02d:%02d", days[(day % 7 + 7) % 7], t.day,
             months[t.month - 1], t.year, t.hour, t.minute, t.second);
}

bool clock_read_rfc3339(struct str s, int64_t *out_wall_us)
{
    struct civil c;
    char sign;
    int offset;
    int64_t us;
    bool ok = take_digits(&s, 4, &c.year) && take_one_of(&s, "-", &sign) &&
              take_digits(&s, 2, &c.month) && take_one_of(&s, "-", &sign) &&
              take_digits(&s, 2, &c.day) && take_one_of(&s, "Tt ", &sign) &&
              take_digits(&s, 2, &c.hour) && take_one_of(&s, ":", &sign) &&
              take_digits(&s, 2, &c.minute) && take_one_of(&s, ":", &sign) &&
              take_digits(&s, 2, &c.second) && take_fraction(&s, &c.micro) &&
              take_offset(&s, &offset) && s.n == 0;
    if (!ok || !civil_to_us(&c, &us)) {
        return false;
    }
    *out_wall_us = us - (int64_t)offset * 60 * US_A_SECOND;
    return true;
}
