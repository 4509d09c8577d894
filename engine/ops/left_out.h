/* left_out.h - what of converted messages no rule carries over: the places that held something and of which nothing was read
 * (rules/reads.h), with the number of messages. Names places, never what stood there. A place counts once a message,
 * however often it is in it: it is left out where one of its segments or repetitions is. Of a segment, field or component of
 * which nothing at all was read, one place tells, not each of its parts. "" (HL7 null) is nothing. Memory: as many
 * places as there are, LEFT_OUT_PLACES at most, whatever the number of messages. One thread; several of it, each with its
 * messages, come to the same when they are merged. */
#ifndef CORRIDOR_OPS_LEFT_OUT_H
#define CORRIDOR_OPS_LEFT_OUT_H

#include "engine/hl7/hl7.h"
#include "engine/ops/report.h"

enum { LEFT_OUT_PLACES = 20000 };

struct left_out;
struct reads;
struct ruleset;

/* The message that was converted. */
struct left_out_from {
    const char *file; /* copied where it is needed */
    unsigned line;
    uint64_t number; /* greater than those before it */
};

/* A place. */
struct left_out_place {
    struct str at; /* "PID-3.4.1", "ACC" */
    struct str
        behind;      /* of a segment that tells of the one before it: that one's name; else empty */
    struct str part; /* of a component, as its datatype has it: "CX.4"; else empty */
    struct str name; /* what HL7 calls it; or empty */
    uint64_t held, left; /* messages with something there; of those, how many it was left out of */
    uint64_t first;      /* number of the first one of these */
    struct str file;     /* where that begins */
    unsigned line;
    uint64_t held_in, left_in; /* the last one that counted */
};

struct left_out *left_out_new(void);
void left_out_free(struct left_out **t);
/* A message was converted, and `reads` knows what of it was read. O(bytes). */
void left_out_message(struct left_out *t, const struct left_out_from *from, const struct hl7 *m,
                      const struct reads *reads);
/* Add what `other`, of other messages, counted. */
void left_out_merge(struct left_out *t, const struct left_out *other);

/* The places that were left out, most messages first; in `a`. */
const struct left_out_place *const *left_out_places(const struct left_out *t, struct arena *a,
                                                    size_t *out_n);
/* Messages counted; places beyond LEFT_OUT_PLACES, each as often as it came. */
uint64_t left_out_messages(const struct left_out *t);
uint64_t left_out_uncounted(const struct left_out *t);

/* left_out_tell.c: as a table, and as
 *     {"messages":n,"uncounted":n,"places":[{"at":..,"behind":..,"name":..,"messages":n,"of":n,"first":n,"file":..,"line":n,
 *      "why":..}]}
 * with the reasons that `rules` tell; those that have one come last in the table. */
void left_out_text(struct buf *out, const struct left_out *t, const struct ruleset *rules);
struct report *left_out_report(const struct left_out *t, const struct ruleset *rules);
/* The reason: a row of the table `left-out` for the place, its part of a datatype, or what it is a part of; or empty. */
struct str left_out_why(const struct left_out_place *p, const struct ruleset *rules);

#endif
