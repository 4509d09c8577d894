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
};

/* What a message became, or several in a row of which nothing is told. Valid during the call. */
struct convert_made {
    struct str text; /* its outputs, a line feed behind each, of HL7 v2 behind each segment */
    struct str told; /* what failed, lines "FILE:LINE: error: message N: TEXT"; no value of it */
    unsigned messages, converted; /* converted: there is an output, and nothing failed */
    unsigned failures;            /* lines of `told` */
};
typedef void (*convert_fn)(void *arg, const struct convert_made *made);

struct convert;

/* `fn` is told of all messages, in order, in the caller's thread. */
struct convert *convert_new(const struct convert_conf *conf, convert_fn fn, void *arg);
/* One message; `bytes` and `file` live until the next convert_flush(). `line`: where it begins, from 1. May call fn. */
void convert_add(struct convert *c, const char *file, struct str bytes, unsigned line);
/* fn was told of all that were added. */
void convert_flush(struct convert *c);
void convert_free(struct convert **c);

#endif
