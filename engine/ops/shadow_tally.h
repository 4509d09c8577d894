/* shadow_tally.h - differences between two configurations, counted by what and where, with a few examples of each;
 * and what was expected of a change. Memory: a bounded number of groups, whatever the number of messages.
 * Holds message content only in examples, and there masked unless asked otherwise. One thread. */
#ifndef CORRIDOR_OPS_SHADOW_TALLY_H
#define CORRIDOR_OPS_SHADOW_TALLY_H

#include "engine/base/buf.h"
#include "engine/base/diag.h"
#include "engine/base/map.h"

enum {
    SHADOW_GROUPS_MAX = 10000,
    SHADOW_EXAMPLES_MAX = 100,
};

enum shadow_kind {
    SHADOW_CHANGED, /* a value; also of what is no field: "(class)", "(options)", "(order keys)" */
    SHADOW_ADDED,
    SHADOW_REMOVED,
    SHADOW_NEW_OUTPUT,
    SHADOW_GONE_OUTPUT,
    SHADOW_NEW_ERROR, /* a route that fails or rejects, and did not, or elsewhere */
    SHADOW_GONE_ERROR,
    SHADOW_STATUS, /* of the message: accepted, filtered, unrouted, rejected */
};

/* One difference. Texts are borrowed. */
struct shadow_difference {
    enum shadow_kind kind;
    struct str route, to, at; /* at: a path, or of an error its place and text */
    struct str was, now;
};

struct shadow_example {
    struct str was, now; /* as shown */
    struct str message;  /* the first one */
    uint64_t count;
};

struct shadow_group {
    struct shadow_difference what; /* without was and now */
    uint64_t count, expected, messages;
    struct shadow_example *examples;
    unsigned nexamples;
    uint64_t last_message;
    struct shadow_group *next;
};

/* A row of --expect: what is not given is any. A text that ends with * is a beginning. */
struct shadow_expected {
    int kind; /* enum shadow_kind, or any_kind */
    struct str route, to, at, was, now;
    struct diag_pos pos;
    uint64_t count;
    struct shadow_expected *next;
};

struct shadow_tally {
    struct arena arena;
    struct map by_key;
    struct shadow_group *first, *last;
    struct shadow_expected *expected;
    unsigned ngroups;
    unsigned nexamples; /* kept of each group */
    bool shows_values;
    uint64_t unexpected;  /* differences */
    uint64_t more;        /* differences that found no group */
    struct buf key;       /* of the difference under way */
    struct arena scratch; /* and its values as they are shown */
};

void shadow_tally_init(struct shadow_tally *t, unsigned nexamples, bool shows_values);
void shadow_tally_free(struct shadow_tally *t);
/* Read the file of expected differences; false with findings. Texts live in the tally. */
bool shadow_tally_expect(struct shadow_tally *t, const char *file, struct str bytes,
                         struct diags *d);
/* Count `what` of message `number` (from 1), called `label`. */
void shadow_tally_add(struct shadow_tally *t, const struct shadow_difference *what, uint64_t number,
                      struct str label);
/* All groups in order of route, destination, kind and place: an array in the tally. */
struct shadow_group **shadow_tally_sorted(struct shadow_tally *t);
/* "changed", "new output" ... */
const char *shadow_kind_text(enum shadow_kind k);
/* The shape of a value: letters as x, digits as 9, cut where it is long. In `a`. */
struct str shadow_mask(struct arena *a, struct str value);

#endif
