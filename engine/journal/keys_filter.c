#include "engine/journal/keys_filter.h"

#include <endian.h>
#include <stdlib.h>

#include "engine/base/mem.h"

enum { BITS_AN_ID = 7 }; /* 9 bits of the hash choose one of the 512 of a block */

void keys_filter_init(struct keys_filter *f, uint64_t blocks)
{
    f->blocks = blocks;
    f->words = xcalloc((size_t)blocks, KEYS_BLOCK);
}

void keys_filter_free(struct keys_filter *f)
{
    free(f->words);
    *f = (struct keys_filter){0};
}

/* Other bits than those that chose the block. */
static uint64_t mixed(uint64_t hash)
{
    hash *= 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 32;
}

void keys_filter_add(struct keys_filter *f, uint64_t hash)
{
    uint64_t *block = keys_filter_block(f, hash);
    uint64_t bits = mixed(hash);
    for (int i = 0; i < BITS_AN_ID; i++, bits >>= 9) {
        block[bits >> 6 & 7] |= htole64((uint64_t)1 << (bits & 63));
    }
}

bool keys_filter_has(const struct keys_filter *f, uint64_t hash)
{
    if (f->blocks == 0) {
        return true;
    }
    const uint64_t *block = keys_filter_block(f, hash);
    uint64_t bits = mixed(hash), all = 1;
    for (int i = 0; i < BITS_AN_ID; i++, bits >>= 9) {
        all &= le64toh(block[bits >> 6 & 7]) >> (bits & 63);
    }
    return all;
}
