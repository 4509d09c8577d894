/* value.h - the values formulas work on, and ordered collections of them. A value is small and copied;
 * its bytes belong to the message, the ruleset or the arena of the run. Numbers are exact: an integer,
 * or digits / 10^scale (base/decimal.h). An HL7 value stays escaped bytes until somebody wants its text.
 * Source: FHIRPath N1 (ANSI/HL7 NMN R1) sections 4.1, 6; docs/language.md "Absent, empty, null". */
#ifndef CORRIDOR_RULES_VALUE_H
#define CORRIDOR_RULES_VALUE_H

#include "engine/base/decimal.h"
#include "engine/hl7/path.h"

struct group;
struct json;

enum value_kind {
    VALUE_STRING,  /* text, UTF-8 */
    VALUE_INTEGER, /* i */
    VALUE_DECIMAL, /* digits / 10^scale */
    VALUE_BOOLEAN, /* i is 0 or 1 */
    VALUE_DATE,    /* text as N1 writes it, without the @ */
    VALUE_DATETIME,
    VALUE_TIME,     /* without @T */
    VALUE_QUANTITY, /* digits / 10^scale with the unit `type` */
    VALUE_HL7,      /* text: escaped bytes of message m at `level` */
    VALUE_SEGMENT,  /* leaf: a segment of the message */
    VALUE_GROUP,    /* leaf: a group of segments */
    VALUE_MESSAGE,  /* m itself: $message */
    VALUE_SOURCE,   /* $source */
    VALUE_NULL,     /* what null() gives: writes "" */
    VALUE_ESCAPED,  /* what escaped() gives: bytes written as they stand */
    VALUE_NODE,     /* json: of FHIR or JSON data; NULL: a FHIR primitive without a value */
};

enum value_level { LEVEL_REPETITION = 1, LEVEL_COMPONENT, LEVEL_SUBCOMPONENT, LEVEL_LONG };

struct value {
    uint8_t kind;   /* enum value_kind */
    uint8_t level;  /* enum value_level, of VALUE_HL7; LEVEL_LONG of VALUE_INTEGER */
    uint8_t scale;  /* of VALUE_DECIMAL and VALUE_QUANTITY */
    uint8_t of;     /* VALUE_HL7: enum type_class (type.h) */
    bool is_null;   /* VALUE_HL7 that holds "" */
    bool is_cell;   /* VALUE_STRING out of a table: a number where one is wanted */
    uint16_t model; /* out of FHIR data: its type (fhir/model.h); else 0 */
    union {
        struct str text;
        int64_t i;
        struct {
            uint64_t lo;
            int64_t hi;
        } digits;
        struct group *leaf;
        const struct json *json;
    };
    union {
        const struct hl7 *m;
        const struct json *extra; /* out of FHIR data: the companion of a primitive; or NULL */
    };
    const char *
        type; /* VALUE_HL7: "CX", constant text of the dictionary, or NULL; the unit of a quantity */
};

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

/* The Long of FHIRPath 3: counts as an integer everywhere, and says that it is one. */
static inline struct value value_long(int64_t i)
{
    return (struct value){.kind = VALUE_INTEGER, .level = LEVEL_LONG, .i = i};
}

static inline bool value_is_long(const struct value *v)
{
    return v->kind == VALUE_INTEGER && v->level == LEVEL_LONG;
}

static inline bool value_is_number(const struct value *v)
{
    return v->kind == VALUE_INTEGER || v->kind == VALUE_DECIMAL;
}

static inline bool value_is_moment(const struct value *v)
{
    return v->kind == VALUE_DATE || v->kind == VALUE_DATETIME || v->kind == VALUE_TIME;
}

/* "string", "integer" ...: the name of the kind as a person reads it. */
const char *value_kind_text(enum value_kind k);
/* The same for one value: the name of its datatype where HL7 or FHIR gives one. */
const char *value_type_text(const struct value *v);
/* Does the HL7 value hold several parts below its level? MSH-1 and MSH-2 never come as VALUE_HL7. */
bool value_is_composite(const struct value *v);
/* The text of any value: HL7 values decoded (a composite as its encoded bytes), numbers and dates as
 * N1 writes them. A view where nothing had to be decoded, else in `a`. Segments and groups have none. */
struct str value_text(struct arena *a, const struct value *v);

/* The number of VALUE_INTEGER, VALUE_DECIMAL, VALUE_QUANTITY. */
struct decimal value_decimal(const struct value *v);
struct value value_of_decimal(struct decimal d);
/* A decimal or an integer in `s` (N1 spelling, optional sign): false when it is none or does not fit. */
bool value_number(struct str s, struct value *out);
/* -1, 0, 1 of two numbers; exact. */
int value_number_cmp(const struct value *a, const struct value *b);

enum value_answer { ANSWER_FALSE, ANSWER_TRUE, ANSWER_EMPTY };

#endif
