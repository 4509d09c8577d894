/* dup.h - the message ids seen lately: hash of (source, MSH-3, MSH-4, MSH-10) -> what became of it.
 * Entered before routing as pending, so that a second copy finds the first even before it is durable.
 * Bounded by number and by age, oldest out first; memory follows what is held. Pure: time comes in.
 * What is forgotten for the number's sake is answered by key files (journal_find_id()), and only that: an id
 * whose place they do not cover yet stays, however many there are. */
#ifndef CORRIDOR_FLOW_DUP_H
#define CORRIDOR_FLOW_DUP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dup;

struct dup_seen {
    uint64_t id_hash;   /* never 0 */
    uint64_t body_hash; /* of everything but MSH-7 */
    void *pending;      /* the exchange that is not answered yet; NULL once it is settled */
    int64_t at_us;      /* when it arrived */
    uint64_t place;     /* of its entry, for journal_read_place(); 0: not known */
};

/* At most `max` ids (at least 1) for `window_us` after their arrival; places are covered from the start. */
struct dup *dup_new(size_t max, int64_t window_us);
void dup_free(struct dup **d);
/* Ids at `place` or behind it, or at no known place, are not forgotten for the number's sake. */
void dup_keep_from(struct dup *d, uint64_t place);
void dup_set_window(struct dup *d, int64_t window_us);
/* Have the memory of `id_hash` brought near before dup_find() asks for it. */
void dup_prefetch(const struct dup *d, uint64_t id_hash);
/* What is known of `id_hash`, or NULL. Valid until the next dup_put(). O(1). */
struct dup_seen *dup_find(struct dup *d, uint64_t id_hash, int64_t now_us);
/* Enter it, or replace what is known of it. Ids beyond the bounds go. O(1) amortised. */
struct dup_seen *dup_put(struct dup *d, const struct dup_seen *seen);
/* Forget it: it was rejected, and a repetition shall run anew. O(1). */
void dup_remove(struct dup *d, uint64_t id_hash);
size_t dup_count(const struct dup *d);

#endif
