/* recall.h - what closed maps (compile_closed.c) made of earlier messages of a feed, so that a practitioner, a room or a code
 * that comes again is made once. What comes out, and what is told of it, is the same with and without. Bounded: what was
 * not asked for lately goes; a map whose values hardly ever come again is not kept. Of one ruleset; one thread. */
#ifndef CORRIDOR_RULES_RECALL_H
#define CORRIDOR_RULES_RECALL_H

#include "engine/rules/ruleset.h"

enum {
    RECALL_BYTES = 4 << 20, /* of results, keys and misses, in two halves */
    RECALL_KEY_MAX = 240,   /* a use of a map with longer values is not kept */
    RECALL_CONTEXTS =
        128, /* delimiters, names, character sets of senders; with more all is forgotten */
};

struct recall;

/* `bytes_most`: RECALL_BYTES, or fewer. To be given to rules_run() with messages of one ruleset. */
struct recall *recall_new(size_t bytes_most);
void recall_free(struct recall **r);
/* How many results were found since it was made. */
uint64_t recall_found(const struct recall *r);
/* Into which groups earlier messages were sorted; lives as long as `r`. */
struct shapes *recall_shapes(struct recall *r);

/* ---- asked by the interpreter (run_memo.c) ---- */

/* A map, and what it was given, as bytes; `n` 0: it cannot be said in so many. */
struct recall_key {
    uint32_t n;
    char bytes[RECALL_KEY_MAX];
};

struct recall_made {
    const struct json *json;                 /* or NULL: nothing */
    const struct rules_miss *misses, *until; /* newest first, the last one before `until` */
    uint32_t steps;                          /* what it took */
    size_t bytes;
    bool differs; /* the paired ruleset may make something else (rules_input.differs) */
};

/* An output begins, of a message that stands in `context`: what was found before may be gone. */
void recall_begin(struct recall *r, struct str context);
/* Is it worth asking about the map with this number? Counts as asked. */
bool recall_is_worth(struct recall *r, unsigned map);
/* NULL: not made yet. What it gives may be read until the next recall_begin(). */
const struct recall_made *recall_find(struct recall *r, unsigned map, const struct recall_key *key);
/* Copies of the misses from `from` to before `until`, and then `rest`. */
struct rules_miss *recall_misses(struct arena *a, const struct rules_miss *from,
                                 const struct rules_miss *until, struct rules_miss *rest);
/* Of `made` a copy is kept when it is made for the second time: much of what a message names is its own. O(nodes). */
void recall_keep(struct recall *r, const struct recall_key *key, const struct recall_made *made);

#endif
