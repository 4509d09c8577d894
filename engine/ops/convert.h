/* convert.h - messages through the routes of a configuration, several at once (crew.h), and what comes out of them in order.
 * Rules are pure, so it is the same with any number of threads. Nothing is sent or written. Memory: what a few messages
 * become. One thread, and more within. */
#ifndef CORRIDOR_OPS_CONVERT_H
#define CORRIDOR_OPS_CONVERT_H

#include "engine/flow/plan.h"

struct convert_conf {
    const struct plan *plan; /* outlives it */
    unsigned source;         /* of the plan; all messages come from it */
    unsigned threads;        /* as crew_new() takes them */
    int64_t received_us;
    bool is_data;   /* FHIR or JSON; else HL7 v2 with any line ends */
    bool is_pretty; /* JSON for people; else a line each */
    bool
        counts_left_out; /* what of converted messages no rule reads: convert_left_out(); HL7 v2 alone */
};

/* What a message became, or several in a row of which nothing is told. Valid during the call. */
struct convert_made {
    struct str text; /* its outputs, a line feed behind each, of HL7 v2 behind each segment */
    struct str told; /* what failed, lines "FILE:LINE: error: message N: TEXT"; no value of it */
    unsigned messages, converted; /* converted: there is an output, and nothing failed */
    unsigned failures;            /* lines of `told` */
};
typedef void (*convert_fn)(void *arg, const struct convert_made *made);

/* Where a message is from. */
struct convert_from {
    const char *file; /* lives until the next convert_flush() */
    unsigned line;    /* where it begins, from 1 */
    bool
        is_as_sent; /* HL7 v2: lines end with one CR, and none is empty; its last one may have no end */
};

struct convert;
struct left_out;

/* `fn` is told of all messages, in order, in the caller's thread. */
struct convert *convert_new(const struct convert_conf *conf, convert_fn fn, void *arg);
/* One message; its bytes live until the next convert_flush(). May call fn. */
void convert_add(struct convert *c, const struct convert_from *from, struct str bytes);
/* fn was told of all that were added. */
void convert_flush(struct convert *c);
/* What was left out of all that were converted, when all were flushed. NULL: nobody counted. O(places). */
const struct left_out *convert_left_out(struct convert *c);
void convert_free(struct convert **c);

#endif
