/* siphash.h - SipHash-2-4, 64 bits: a hash whose collisions nobody can prepare without the key.
 * Source: Aumasson, Bernstein: SipHash: a fast short-input PRF (2012). */
#ifndef CORRIDOR_BASE_SIPHASH_H
#define CORRIDOR_BASE_SIPHASH_H

#include "engine/base/str.h"

struct siphash_key {
    uint64_t k0, k1; /* the 16 key bytes, little endian */
};

uint64_t siphash(struct siphash_key key, struct str s);

#endif
