/* hash.h - two hashes. hash64() is fast (XXH3): checksums, tables in memory, body fingerprints; whoever
 * may choose the bytes may make it collide. hash_keyed() is SipHash-2-4: what is written down in place
 * of a control id or an ordering key, so that the number tells nothing to who lacks the key.
 * Pure, no state. Results do not depend on byte order or compiler: they are stored. */
#ifndef CORRIDOR_BASE_HASH_H
#define CORRIDOR_BASE_HASH_H

#include "engine/base/str.h"

/* XXH3, 64 bits, of `n` bytes at `p` (NULL only when n is 0) under `seed`. O(n), about 10 GB/s. */
uint64_t hash64(const void *p, size_t n, uint64_t seed);

static inline uint64_t hash64_str(struct str s, uint64_t seed)
{
    return hash64(s.p, s.n, seed);
}

/* SipHash-2-4 of `s` under 16 bytes of key. O(n), about 1 GB/s.
 * Source: Aumasson, Bernstein: SipHash, a fast short-input PRF (2012). */
uint64_t hash_keyed(const uint8_t key[16], struct str s);

#endif
