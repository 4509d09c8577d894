/* volume.h - the bytes of a volume: its header and the headers of its entries. Pure.
 * Drawn in docs/journal-format.md. A volume begins with the same 4 KiB header twice; entries follow,
 * aligned to 8 bytes, each with a hash seeded by the volume's salt over all of it but the hash. */
#ifndef CORRIDOR_JOURNAL_VOLUME_H
#define CORRIDOR_JOURNAL_VOLUME_H

#include "engine/journal/journal_priv.h"

enum {
    VOLUME_VERSION = 1,
    VOLUME_HEADER = 4096,             /* bytes of one copy */
    VOLUME_START = 2 * VOLUME_HEADER, /* where entries begin */
    VOLUME_ENTRY_HEADER = 40,
    VOLUME_BODY_MOST = (1 << 20) - VOLUME_ENTRY_HEADER, /* an entry is at most 1 MiB */
};
#define VOLUME_BYTES_LEAST (64u << 10)
#define VOLUME_BYTES_MOST  (256u << 20)

enum { VOLUME_CONTINUES = 1 }; /* flag: a body in parts began in the volume before */

struct volume_header {
    uint8_t journal_id[16], hash_key[16];
    uint64_t number, size, first_seq, first_commit, salt;
    uint64_t previous_end, previous_last_seq; /* 0: there was none */
    int64_t created_us;
    uint32_t flags;
};

void volume_header_put(char out[VOLUME_HEADER], const struct volume_header *h);
/* 0; ERR_DAMAGE when it is not a header; ERR_TYPE when a newer version wrote it in a way we must not read. */
int volume_header_get(const char in[VOLUME_HEADER], struct volume_header *out);

/* Bytes in the volume of an entry with `n` bytes of body. */
static inline uint64_t volume_entry_size(uint64_t n)
{
    return (VOLUME_ENTRY_HEADER + n + 7) & ~(uint64_t)7;
}

/* Everything but the hash, which volume_entry_seal() adds. `p` has volume_entry_size() bytes. */
void volume_entry_put(char *p, const struct put *e, uint64_t commit, uint64_t offset);
/* Returns the size of the entry at `p`, whose hash it has written. */
uint64_t volume_entry_seal(char *p, uint64_t salt);
void volume_entry_add_flag(char *p, uint8_t flag);
/* Could an entry whose first VOLUME_ENTRY_HEADER bytes are at `p` stand at `offset` and end by `end`?
 * Gives the bytes it would take, 0 when it cannot. */
uint64_t volume_entry_peek(const char *p, uint64_t offset, uint64_t end);
/* The entry at `p`, whole; false when its hash does not agree. `body` is a view. */
bool volume_entry_get(const char *p, uint64_t salt, struct stored *out);

/* "00000042.volume" */
void volume_name(uint64_t number, char out[32]);
/* The number in such a name; 0 for any other name. */
uint64_t volume_number(const char *name);

/* Where an entry stands, in one word: 0 is nowhere. */
static inline uint64_t volume_hint(uint64_t number, uint64_t offset)
{
    return number << 26 | offset >> 3;
}
static inline uint64_t volume_hint_number(uint64_t hint)
{
    return hint >> 26;
}
static inline uint64_t volume_hint_offset(uint64_t hint)
{
    return (hint & ((1u << 26) - 1)) << 3;
}

#endif
