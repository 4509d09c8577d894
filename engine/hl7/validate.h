/* validate.h - is a parsed message what its version of HL7 says it should be? One pass over the segments, each finding with
 * its rule, level, code of table 0357 and place. Says where and which rule, never what the value was. Pure.
 * The rules are the rows of one table; what a site's own document says (rules/conform.h) is added to the same report.
 * Source: HL7 v2.5.1 chapter 2 sections 2.5 to 2.9 and 2.A (datatypes); structure.h, dict.h.
 * Differs: Z-segments and what follows from OBX-2, MFE-5 and the like without a known type are left alone; an explicit
 * null ("") satisfies a required field; codes are looked up in one table set for all versions (docs/dictionary.md). */
#ifndef CORRIDOR_HL7_VALIDATE_H
#define CORRIDOR_HL7_VALIDATE_H

#include "engine/hl7/ack.h"
#include "engine/hl7/path.h"

enum {
    VALIDATE_FINDINGS_MAX = 100, /* of one message that are kept; further ones are only counted */
};

enum validate_level { VALIDATE_OFF, VALIDATE_WARN, VALIDATE_STRICT };

/* One row a rule: X(ID, name, level where validation is on, code of table 0357, what it wants). The name is the key of the
 * option and the code of the finding. Those of a site's conformance document come last. */
/* clang-format off */
#define VALIDATE_TABLE(X) \
    X(VERSION, "version", "warn", 203, "MSH-12 names a version of HL7 v2.") \
    X(MESSAGE_TYPE, "message-type", "warn", 201, "MSH-9 names a type and event that the standard has a structure for (Z-events are free).") \
    X(STRUCTURE, "structure", "strict", 100, "Required segments are there, all stand in order, none more often than the structure allows.") \
    X(UNEXPECTED, "unexpected-segments", "warn", 100, "Every segment is one of the structure, or a Z-segment.") \
    X(REQUIRED, "required-fields", "strict", 101, "Required fields hold something.") \
    X(REQUIRED_PARTS, "required-components", "warn", 101, "Where a field is filled, the components that its datatype requires are too.") \
    X(REPETITIONS, "repetitions", "warn", 102, "A field repeats no more often than its version allows.") \
    X(EXTRA_FIELDS, "extra-fields", "warn", 102, "Nothing stands behind the last field of a segment.") \
    X(PARTS, "components", "warn", 102, "A value has no more components and subcomponents than its datatype.") \
    X(DATES, "dates", "strict", 102, "DT, TM, DTM and TS hold dates and times.") \
    X(NUMBERS, "numbers", "strict", 102, "NM and SI hold numbers.") \
    X(TABLES, "tables", "warn", 103, "Codes of type ID are in the HL7 table of their place.") \
    X(USER_TABLES, "user-tables", "off", 103, "Codes of type IS, and coded elements, are among the values that HL7 suggests for their place.") \
    X(LENGTHS, "lengths", "off", 104, "No value is longer than its version allows (104 from 2.7, 102 before).") \
    X(WITHDRAWN, "withdrawn", "off", 102, "Fields that the version has withdrawn are empty.") \
    X(SITE_USAGE, "site-usage", "strict", 101, "As the conformance document says: R is there, X is not, C as its condition decides.") \
    X(SITE_TIMES, "site-times", "strict", 102, "As the conformance document says: how often a segment or field stands.") \
    X(SITE_LENGTH, "site-length", "strict", 102, "As the conformance document says: shortest and longest value, in characters.") \
    X(SITE_VALUES, "site-values", "strict", 103, "As the conformance document says: the value is fixed, or one of a set.")
/* clang-format on */

#define VALIDATE_ID(id, name, initial, error, summary) VALIDATE_##id,
enum validate_rule {
    VALIDATE_TABLE(VALIDATE_ID) VALIDATE_RULES /* how many */
};

struct validate_row {
    const char *name;    /* key of the option, code of the finding */
    const char *initial; /* level where validation is on: "strict", "warn", "off" */
    int error;           /* table 0357, as a rule */
    const char *summary; /* what it wants, one sentence */
};

/* The row of a rule; NULL behind the last. */
const struct validate_row *validate_row(unsigned rule);
const char *validate_level_text(enum validate_level l);

struct validate_levels {
    uint8_t of[VALIDATE_RULES]; /* enum validate_level */
};
/* Every rule at its initial level, but none above `most`. */
struct validate_levels validate_initial(enum validate_level most);
/* "tables", "off": false where one of them is not known. */
bool validate_set_level(struct validate_levels *l, struct str rule, struct str level);
/* Some rule is not off. */
bool validate_is_on(const struct validate_levels *l);

struct validate_finding {
    enum validate_rule rule;
    enum validate_level level; /* WARN or STRICT */
    int error;                 /* table 0357 */
    const char *path;          /* "PID-3[1].4", "PV1"; in the report's arena */
    struct str text;           /* what was found, what was expected; no message content */
    uint32_t seg;              /* index in m->seg; UINT32_MAX: no segment of the message */
    uint32_t at;               /* byte of the message; 0 where no segment is named */
};

/* What stands elsewhere (a site's document) takes the place of what the dictionary says of a place. */
struct validate_waiver {
    bool (*waives)(const void *arg, enum validate_rule rule, const struct path *at);
    const void *arg;
};

/* Findings of one message. */
struct validate_report {
    struct arena *a;
    const struct hl7 *m;
    struct validate_levels levels;
    struct validate_waiver waiver;
    struct validate_finding *v;
    unsigned n;                /* kept */
    unsigned errors, warnings; /* all of them, also those not kept */
    uint32_t of[VALIDATE_RULES];
};

/* Where a finding is; parts that are 0 are left out. */
struct validate_place {
    uint32_t seg;     /* index in m->seg, or UINT32_MAX with `name` */
    const char *name; /* of a segment that is not there */
    uint32_t field, rep, comp, sub;
    const char *byte; /* in m->raw, or NULL */
};
void validate_begin(struct validate_report *r, struct arena *a, const struct hl7 *m,
                    const struct validate_levels *levels);
/* One finding of `rule`, unless it is off or waived. `error` 0: as the rule says. O(segments) where it is kept. */
void validate_found(struct validate_report *r, enum validate_rule rule, int error,
                    const struct validate_place *at, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* The dictionary of all versions, resolved for one pass over a message: about 1 MB, made once (some milliseconds),
 * constant afterwards. */
struct validate_dict;
struct validate_dict *validate_dict_new(struct arena *a);
/* Add what is wrong with r->m to `r`, sorted. O(bytes of the message + segments of its structure). */
void validate_message(const struct validate_dict *d, struct validate_report *r);

/* The next repetition of a field, cut off `*rest`; false behind the last one. A look at each byte, once. */
bool validate_next_repetition(const struct hl7_delims *d, struct str *rest, struct str *out);
/* Is there nothing but delimiters in `s`? */
bool validate_is_blank(const struct hl7_delims *d, struct str s);
/* By their places in the message; segments that are missing come first. */
void validate_sort(struct validate_report *r);

/* AR for a type, event, processing id or version that cannot be taken, else AE. Only where r->errors. */
enum ack_code validate_code(const struct validate_report *r);
/* The findings as errors of a reply: those that reject first, at most `max`, then one that counts the rest; in the
 * report's arena. `with_warnings`: those too. */
const struct ack_error *validate_errors(const struct validate_report *r, unsigned max,
                                        bool with_warnings, unsigned *out_n);
/* "PID-3: a required field is missing (required-fields), and 3 more": the reason of a rejection. */
struct str validate_reason(const struct validate_report *r);

#endif
