/* clock.h - time as a parameter, and the civil calendar (proleptic Gregorian, UTC, no leap seconds).
 * Wall time is microseconds since 1970-01-01T00:00:00Z and may step; monotonic time starts anywhere
 * and never goes back: order, retries and time-outs use it. A struct clock is two functions and their
 * argument, copied by value; the real one may be used by any thread. */
#ifndef CORRIDOR_BASE_CLOCK_H
#define CORRIDOR_BASE_CLOCK_H

#include "engine/base/str.h"

struct clock {
    int64_t (*wall_us)(void *arg);
    int64_t (*mono_us)(void *arg);
    void *arg;
};

/* A clock for tests: stands still until somebody moves it. */
struct clock_fake {
    int64_t wall_us, mono_us;
};

struct civil {
    int year;                                    /* 0..9999 when formatted */
    int month, day, hour, minute, second, micro; /* month and day from 1 */
};

enum {
    CLOCK_HL7_SIZE = 25,
    CLOCK_RFC3339_SIZE = 25,
    CLOCK_NET_SIZE = 48
}; /* bytes, NUL included */

struct clock clock_real(void);
struct clock clock_of_fake(struct clock_fake *f);
/* Both times go on by `us`. */
void clock_fake_advance(struct clock_fake *f, int64_t us);

static inline int64_t clock_wall_us(const struct clock *c)
{
    return c->wall_us(c->arg);
}
static inline int64_t clock_mono_us(const struct clock *c)
{
    return c->mono_us(c->arg);
}

/* Days since 1970-01-01; any year within +-1 million. month 1..12. */
int64_t civil_days(int year, int month, int day);
bool civil_is_leap(int year);
int civil_month_days(int year, int month);
struct civil civil_of_us(int64_t wall_us);
/* False when the fields name no moment (month 13, 30 February, second 60). */
bool civil_to_us(const struct civil *c, int64_t *out_wall_us);

/* "20261124093000.123+0000"; years outside 0..9999 are clamped to them. Source: HL7 v2.5.1 2.A.77 TS. */
void clock_hl7(int64_t wall_us, char out[CLOCK_HL7_SIZE]);
/* "2026-11-24T09:30:00.123Z". Source: RFC 3339. */
void clock_rfc3339(int64_t wall_us, char out[CLOCK_RFC3339_SIZE]);
/* "Tue, 24 Nov 2026 09:30:00", without its zone, which is UTC. Source: RFC 5322 section 3.3, RFC 9110 section 5.6.7. */
void clock_net(int64_t wall_us, char out[CLOCK_NET_SIZE]);
/* Date, `T` or blank, time, up to 9 digits of fraction (cut to 6), `Z` or an offset, which is wanted.
 * Differs from RFC 3339: a leap second is refused. */
bool clock_read_rfc3339(struct str s, int64_t *out_wall_us);

#endif
