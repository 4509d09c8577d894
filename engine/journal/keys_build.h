/* keys_build.h - making what is derived: the key file of a sealed volume from its bytes, and the ids of
 * several merged into one. Straight through, on the keeper's thread (keys.h), never on the way of a message;
 * whoever waits for the end of the process sets `stop` and it gives up within a page or an entry. */
#ifndef CORRIDOR_JOURNAL_KEYS_BUILD_H
#define CORRIDOR_JOURNAL_KEYS_BUILD_H

#include "engine/journal/keys_file.h"

#include <stdatomic.h>

/* A volume that does not change any more. */
struct keys_volume {
    uint64_t number, salt, first_seq, last_seq, end;
};

struct keys_build {
    struct disk disk;
    uint8_t journal_id[16], hash_key[16];
    const struct keys_volume
        *v; /* the last one is to have a file; those before it hold the first parts of a
                                    body that begins there */
    size_t n;
    const atomic_bool *stop;
};

/* 0 with its header and filter (the caller's), ERR_STATE: stopped, ERR_NOT_FOUND: the volume is gone,
 * ERR_SPACE, ERR_IO. What is damaged in it is passed over. O(bytes of the volume); memory: about 160 bytes a
 * message of it. */
int keys_build(const struct keys_build *b, struct keys_header *out, struct keys_filter *out_filter);

struct keys_merge {
    struct disk disk;
    uint8_t journal_id[16];
    unsigned level; /* of the result */
    struct {
        char name[KEYS_NAME];
        bool is_rotten; /* set here: it cannot be read, make it again */
    } in[8];
    size_t n;
    const atomic_bool *stop;
};

/* Ids of accepted and filtered messages only. 0, ERR_STATE, ERR_DAMAGE (see is_rotten), ERR_SPACE, ERR_IO.
 * O(ids); memory: the filter, 2 bytes an id. */
int keys_merge(struct keys_merge *m, struct keys_header *out, struct keys_filter *out_filter);

/* One word for the salts of all. */
uint64_t keys_merged_salt(const struct keys_row *volumes, size_t n);

/* The hashes under which a patient is found, `n` of at most `max`: each id of PID-3 and MRG-1 alone. */
unsigned keys_of_patients(const uint8_t hash_key[16], struct arena *a, struct str raw,
                          uint64_t *out, unsigned max);
/* MSH-10 of the bytes, as sent; empty when they are no message. */
struct str keys_control_id(struct arena *a, struct str raw);
uint64_t keys_of_text(const uint8_t hash_key[16], struct str id);
uint64_t keys_of_id(struct entry_id id);

#endif
