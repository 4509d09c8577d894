/* moment.h - dates, dateTimes and times with their own precision: read, written, compared, moved. A moment
 * without an offset is local to whoever knows where; zones are base/zone.h. Pure.
 * Source: FHIRPath N1 sections 4.1.5 to 4.1.7 (literals), 6.1, 6.2 (comparison), 6.6.7 (arithmetic); HL7 v2
 * 2.A DT, TM, DTM; CLDR date field symbols. Differs: fractions of a second have at most six digits. */
#ifndef CORRIDOR_RULES_MOMENT_H
#define CORRIDOR_RULES_MOMENT_H

#include "engine/base/arena.h"
#include "engine/rules/value.h"

enum moment_part {
    MOMENT_YEAR,
    MOMENT_MONTH,
    MOMENT_DAY,
    MOMENT_HOUR,
    MOMENT_MINUTE,
    MOMENT_SECOND,
    MOMENT_MICROSECOND,
    MOMENT_PARTS
};

struct moment {
    enum value_kind kind;   /* VALUE_DATE, VALUE_DATETIME or VALUE_TIME */
    int part[MOMENT_PARTS]; /* -1 where precision ends; a time has no year, month, day (-1) */
    int fraction_digits;    /* as written, 0..6 */
    int offset_min;         /* minutes east of UTC */
    bool has_offset;
};

/* All of `s` as N1 writes it, without @ and @T. False when it is none. */
bool moment_read(struct str s, enum value_kind kind, struct moment *out);
/* All of `v2`: DT, DTM, TM with precision and offset; hours alone get minutes 00, 2400 is the next day's
 * 0000. False with a static sentence. */
bool moment_read_v2(struct str v2, bool is_time, struct moment *out, const char **out_why);
/* As N1 writes it, without @ and @T. */
struct str moment_text(struct arena *a, const struct moment *m);
/* As v2 writes it. */
struct str moment_text_v2(struct arena *a, const struct moment *m);
/* -1, 0, 1 in *out; EMPTY when precision or a missing offset leaves it open. */
enum value_answer moment_cmp(const struct moment *a, const struct moment *b, int *out);
/* The last part that is given. */
enum moment_part moment_precision(const struct moment *m);

enum moment_unit {
    UNIT_YEAR,
    UNIT_MONTH,
    UNIT_WEEK,
    UNIT_DAY,
    UNIT_HOUR,
    UNIT_MINUTE,
    UNIT_SECOND,
    UNIT_MILLISECOND,
    UNIT_NONE
};
/* "year", "years", "a" (UCUM, only where `ucum`) ... UNIT_NONE for anything else. */
enum moment_unit moment_unit_of(struct str word, bool ucum);
/* `m` moved by n units. A unit finer than the precision is turned into the precision first (24 months are
 * two years to a year). False: the year leaves 1..9999, or a time is moved by days and more. */
bool moment_add(struct moment *m, const struct decimal *n, enum moment_unit unit);

/* Microseconds since 1970 of the reading, offset and zone not looked at; missing parts are the first. */
int64_t moment_local_us(const struct moment *m);
/* From such a reading, to the second, or to the fraction where it has one. */
void moment_of_local_us(int64_t us, struct moment *out);

/* What MMMM writes and reads, and MMM the first three letters of. */
extern const char *const moment_months[12];
/* How often the letter at the beginning of a pattern, which is not empty, stands there. */
size_t moment_run(struct str pattern);
/* All of `text` as the CLDR pattern says, "dd.MM.yyyy": false where it reads otherwise, or is no date. */
bool moment_scan(struct str text, struct str pattern, struct moment *out);
/* Is every letter of the pattern known? Else *out_at is its place. */
bool moment_pattern_valid(struct str pattern, size_t *out_at);
/* `m` in CLDR letters. False with a static sentence: the pattern wants a part that is not given. */
bool moment_format(struct arena *a, const struct moment *m, struct str pattern, struct str *out,
                   const char **out_why);

#endif
