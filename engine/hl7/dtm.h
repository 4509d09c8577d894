/* dtm.h - HL7 v2 dates and times: DT YYYY[MM[DD]], TM HH[MM[SS[.S[S[S[S]]]]]][+/-ZZZZ], and DTM (TS.1)
 * YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]. Precision and offset are kept. No zones here: a value
 * without offset is local to whoever knows where. Pure.
 * Source: HL7 v2.5.1 chapter 2.A: DT, TM, DTM, TS. Differs: 2400 is the next day's 0000, as senders mean
 * it; second 60 is refused, the standard has none. */
#ifndef CORRIDOR_HL7_DTM_H
#define CORRIDOR_HL7_DTM_H

#include "engine/base/str.h"

enum dtm_kind { DTM_DATE, DTM_TIME, DTM_BOTH };

enum dtm_precision { DTM_YEAR, DTM_MONTH, DTM_DAY, DTM_HOUR, DTM_MINUTE, DTM_SECOND, DTM_FRACTION };

struct dtm {
    enum dtm_kind kind;
    enum dtm_precision precision;
    int year, month,
        day; /* 1..9999, 1..12, 1..31; a time alone has 0 0 0; not given: month, day 1 */
    int hour, minute, second; /* 0 where not given */
    int ten_thousandths;      /* of a second */
    int fraction_digits;      /* 0..4 as written */
    bool has_offset;
    int offset_min;   /* minutes east of UTC */
    bool is_next_day; /* a time alone was 2400 */
};

enum { DTM_TEXT_MAX = 32 }; /* longest text with its NUL */

/* Read all of `s`. 0, or ERR_SYNTAX with *out_why (may be NULL) a static sentence. */
int dtm_parse(struct str s, enum dtm_kind kind, struct dtm *out, const char **out_why);
/* Write it as HL7 does, to its precision and with its offset. Bytes written, without the NUL. */
size_t dtm_format(const struct dtm *t, char out[DTM_TEXT_MAX]);
/* Microseconds since 1970 UTC of its first instant; `offset_min` where it has no offset. Not for DTM_TIME. */
int64_t dtm_to_us(const struct dtm *t, int offset_min);
/* The instant as seen `offset_min` minutes east of UTC, to the ten-thousandth of a second. */
struct dtm dtm_from_us(int64_t us, int offset_min);
/* Days since 1970-01-01 of a date of the proleptic Gregorian calendar, and back. */
int64_t dtm_days(int year, int month, int day);
void dtm_civil(int64_t days, int *out_year, int *out_month, int *out_day);
int dtm_month_days(int year, int month);

#endif
