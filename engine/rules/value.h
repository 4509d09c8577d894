/* value.h - the values formulas work on, and ordered collections of them. A value is small and copied;
 * its bytes belong to the message, the ruleset or the arena of the run. Numbers are exact: an integer,
 * or digits / 10^scale. An HL7 value stays escaped bytes until somebody wants its text.
 * Source: FHIRPath N1 (ANSI/HL7 NMN R1) sections 4.1, 6; docs/language.md "Absent, empty, null". */
#ifndef CORRIDOR_RULES_VALUE_H
#define CORRIDOR_RULES_VALUE_H

#include "engine/hl7/path.h"

enum value_kind {
    VALUE_STRING,  /* text, UTF-8 */
    VALUE_INTEGER, /* i */
    VALUE_DECIMAL, /* i / 10^scale */
    VALUE_BOOLEAN, /* i is 0 or 1 */
    VALUE_DATE,    /* text as N1 writes it, without the @ */
    VALUE_DATETIME,
    VALUE_TIME,    /* without @T */
    VALUE_HL7,     /* text: escaped bytes of message m at `level` */
    VALUE_SEGMENT, /* seg of message m */
    VALUE_MESSAGE, /* m itself: $message */
    VALUE_SOURCE,  /* $source */
    VALUE_NULL,    /* what null() gives: writes "" */
    VALUE_ESCAPED, /* what escaped() gives: bytes written as they stand */
};

enum value_level { LEVEL_REPETITION = 1, LEVEL_COMPONENT, LEVEL_SUBCOMPONENT };

struct value {
    uint8_t kind;  /* enum value_kind */
    uint8_t level; /* enum value_level, of VALUE_HL7 */
    uint8_t scale; /* of VALUE_DECIMAL, 0..VALUE_SCALE_MAX */
    bool is_null;  /* VALUE_HL7 that holds "" */
    uint8_t of;    /* VALUE_HL7: enum type_class (type.h) */
    union {
        struct str text;
        int64_t i;
        const struct hl7_seg *seg;
    };
    const struct hl7 *m;
    const char *type; /* VALUE_HL7: "CX", constant text of the dictionary, or NULL */
};

enum { VALUE_SCALE_MAX = 17 };

/* A growing list; starts in the caller's room, moves to the arena when that is full. */
struct values {
    struct value *v;
    uint32_t n, cap;
};
enum { VALUES_ROOM = 4 };
#define VALUES(name)                                                                               \
    struct value name##_room[VALUES_ROOM];                                                         \
    struct values name = {name##_room, 0, VALUES_ROOM}

struct value *values_grow(struct values *l, struct arena *a);

static inline struct value *values_add(struct values *l, struct arena *a)
{
    return l->n < l->cap ? &l->v[l->n++] : values_grow(l, a);
}

static inline struct value value_string(struct str s)
{
    return (struct value){.kind = VALUE_STRING, .text = s};
}

static inline struct value value_boolean(bool b)
{
    return (struct value){.kind = VALUE_BOOLEAN, .i = b};
}

static inline struct value value_integer(int64_t i)
{
    return (struct value){.kind = VALUE_INTEGER, .i = i};
}

/* "string", "integer" ...: the name of the kind as a person reads it. */
const char *value_kind_text(enum value_kind k);
/* Does the HL7 value hold several parts below its level? MSH-1 and MSH-2 never come as VALUE_HL7. */
bool value_is_composite(const struct value *v);
/* The text of any value: HL7 values decoded (a composite as its encoded bytes), numbers and dates as
 * N1 writes them. A view where nothing had to be decoded, else in `a`. */
struct str value_text(struct arena *a, const struct value *v);
/* A decimal or an integer in `s` (N1 spelling, optional sign): false when it is none or does not fit. */
bool value_number(struct str s, struct value *out);
/* -1, 0, 1 of two numbers; exact. */
int value_number_cmp(const struct value *a, const struct value *b);
/* Sum, difference, product; false when the result does not fit. `op` is + - or *. */
bool value_arithmetic(char op, const struct value *a, const struct value *b, struct value *out);
/* Quotient, at most 8 places, rounded half away from zero; false when it does not fit or `b` is 0. */
bool value_divide(const struct value *a, const struct value *b, struct value *out);

enum value_answer { ANSWER_FALSE, ANSWER_TRUE, ANSWER_EMPTY };
/* -1, 0, 1 in *out for two N1 date, dateTime or time texts; EMPTY when precision leaves it open,
 * FALSE when one is malformed. */
enum value_answer value_date_cmp(struct str a, struct str b, bool is_time, int *out);
/* Is `s` a date, dateTime or time as N1 writes it (without @ and @T)? */
bool value_date_valid(struct str s, enum value_kind kind);

#endif
