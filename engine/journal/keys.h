/* keys.h - the keeper of what is derived from sealed volumes (keys_file.h): it has key files built, ids
 * merged in tiers of eight, files of volumes that went removed, and answers where an id stands. One job at a
 * time runs on a thread of its own, at low priority, never on the way of a message; the loop chooses it and
 * takes its result in keys_poll(). Without a thread the job runs inside keys_poll(). Errors only delay: what
 * cannot be written is tried again later, what is damaged is made again.
 * Everything here belongs to the loop thread; the thread shares only the job. */
#ifndef CORRIDOR_JOURNAL_KEYS_H
#define CORRIDOR_JOURNAL_KEYS_H

#include "engine/journal/files.h"

struct keys;

/* What is there already, as far as its header holds. O(files). */
struct keys *keys_new(struct journal *j);
/* A job under way is given up within a page. */
void keys_free(struct keys **k);
/* Take what is done, begin what is next. O(1) when nothing has changed. NULL: nothing; also below. */
void keys_poll(struct keys *k);
/* Volumes below the first one have gone. */
void keys_released(struct keys *k);

/* Ids received within the last `window_us` are asked for; 0: none are, and nothing is merged. */
void keys_set_window(struct keys *k, int64_t window_us);
/* Where ids begin that no file answers for yet: who asks keeps those. A place as volume_hint(). */
uint64_t keys_unserved(const struct keys *k);
/* Its first sequence number. */
uint64_t keys_unserved_seq(const struct keys *k);
/* Go back with that over volumes without a file, up to about `bytes`. Once, at start. */
void keys_reach_back(struct keys *k, uint64_t bytes);

/* Volumes before that without an answer. O(volumes). */
uint64_t keys_missing(const struct keys *k);

void keys_prefetch(const struct keys *k, uint64_t id_hash);
/* Places that may hold the id, newest first; returns how many, `max` at most. A miss looks at one line of
 * each filter and, about once in 700, at two pages of a file: there are at most 7 filters a tier. */
unsigned keys_find(struct keys *k, uint64_t id_hash, int64_t since_us, uint64_t *out_places,
                   unsigned max);

struct keys_status {
    uint64_t volumes, served; /* sealed volumes; those with a key file */
    uint64_t filters, filter_bytes;
    uint64_t probes;   /* arrays looked into, so far */
    uint64_t rebuilt;  /* files found damaged and made again */
    uint64_t given_up; /* volumes that cannot be read */
    uint64_t file_bytes;
    bool is_idle;
};
/* Arrays looked into so far. */
uint64_t keys_probes(const struct keys *k);
void keys_status(const struct keys *k, struct keys_status *out);

#endif
