/* sha256.h - SHA-256 of bytes, for event ids. Not for passwords, not constant in time by promise.
 * Source: FIPS 180-4 section 6.2. */
#ifndef CORRIDOR_BASE_SHA256_H
#define CORRIDOR_BASE_SHA256_H

#include "engine/base/str.h"

enum { SHA256_SIZE = 32 };

struct sha256 {
    uint32_t h[8];
    uint64_t size; /* bytes added */
    uint8_t block[64];
};

void sha256_begin(struct sha256 *s);
void sha256_add_blocks(struct sha256 *s, const void *p, size_t n); /* sha256_add() of any size */
static inline void sha256_add(struct sha256 *s, const void *p, size_t n)
{
    size_t used = s->size % 64;
    if (n >= 64 - used) {
        sha256_add_blocks(s, p, n);
        return;
    }
    str_copy((char *)s->block + used, str_from((const char *)p, n));
    s->size += n;
}
void sha256_end(struct sha256 *s, uint8_t out[SHA256_SIZE]);

#endif
