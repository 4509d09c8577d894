/* run_conform_priv.h - between run_conform.c (documents, conditions, segments) and run_conform_field.c (one field). */
#ifndef CORRIDOR_RULES_RUN_CONFORM_PRIV_H
#define CORRIDOR_RULES_RUN_CONFORM_PRIV_H

#include "engine/rules/conform.h"

/* Codes of HL7 table 0357. */
enum conform_error {
    CONFORM_ERROR_SEGMENT = 100,
    CONFORM_ERROR_MISSING = 101,
    CONFORM_ERROR_TYPE = 102,
    CONFORM_ERROR_INTERNAL = 207
};

/* One message under way. */
struct conforming {
    const struct ruleset *r;
    const struct rules_input *in;
    struct validate_report *report;
    const struct conform *doc;
    const struct profile *profile;
    struct eval e; /* for conditions */
    struct draft draft;
    struct hl7_text charset; /* of values that are not plain ASCII */
    bool has_charset;
};

/* A finding: `at` is missing, or may not be there. */
void conform_found_usage(struct conforming *k, const struct conform_element *e, bool is_missing,
                         const struct validate_place *at);
/* Does it stand as often as the site wants, `n` times? Where it is not there at all nothing is said. */
void conform_times(struct conforming *k, const struct conform_element *e, unsigned n,
                   struct validate_place *at);
/* All that the element, of this usage here, says of its field in segment `seg`. */
void conform_field(struct conforming *k, const struct conform_element *e, enum conform_usage usage,
                   uint32_t seg);

#endif
