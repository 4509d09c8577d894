#include "engine/base/sha256.h"

#include "engine/base/sha256_priv.h"

static const uint32_t round_key[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t turn(uint32_t v, unsigned n)
{
    return v >> n | v << (32 - n);
}

static uint32_t load(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void store(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 24);
    p[1] = (uint8_t)(v >> 16);
    p[2] = (uint8_t)(v >> 8);
    p[3] = (uint8_t)v;
}

static void spread(const uint8_t *block, uint32_t w[64])
{
    for (unsigned i = 0; i < 16; i++) {
        w[i] = load(block + (size_t)4 * i);
    }
    for (unsigned i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        uint32_t s0 = turn(a, 7) ^ turn(a, 18) ^ a >> 3, s1 = turn(b, 17) ^ turn(b, 19) ^ b >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
}

void sha256_portable(uint32_t h[8], const uint8_t *block, const uint32_t key[64])
{
    uint32_t w[64], v[8];
    spread(block, w);
    memcpy(v, h, sizeof(v));
    for (unsigned i = 0; i < 64; i++) {
        uint32_t e = v[4], a = v[0];
        uint32_t t1 = v[7] + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & v[5]) ^ (~e & v[6])) +
                      key[i] + w[i];
        uint32_t t2 =
            (turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
#pragma GCC unroll 7
        for (unsigned k = 7; k > 0; k--) {
            v[k] = v[k - 1];
        }
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (unsigned i = 0; i < 8; i++) {
        h[i] += v[i];
    }
}

/* The processor is asked once; whichever thread asks, the answer is the same. */
static void compress(uint32_t h[8], const uint8_t *block)
{
    static sha256_fn best;
    sha256_fn f = __atomic_load_n(&best, __ATOMIC_RELAXED);
    if (!f) {
        f = sha256_x86();
        f = f ? f : sha256_portable;
        __atomic_store_n(&best, f, __ATOMIC_RELAXED);
    }
    f(h, block, round_key);
}

void sha256_begin(struct sha256 *s)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(s->h, start, sizeof(start));
    s->size = 0;
}

void sha256_add_blocks(struct sha256 *s, const void *p, size_t n)
{
    const uint8_t *at = p;
    while (n > 0) {
        size_t used = s->size % 64, room = 64 - used, now = n < room ? n : room;
        memcpy(s->block + used, at, now);
        s->size += now;
        at += now;
        n -= now;
        if (used + now == 64) {
            compress(s->h, s->block);
        }
    }
}

/* A one, zeros, and the number of bits at the end of a block. */
static void pad(struct sha256 *s)
{
    enum { LENGTH_AT = 56 };
    size_t used = s->size % 64;
    uint64_t bits = s->size * 8;
    s->block[used++] = 0x80;
    if (used > LENGTH_AT) {
        memset(s->block + used, 0, 64 - used);
        compress(s->h, s->block);
        used = 0;
    }
    memset(s->block + used, 0, LENGTH_AT - used);
    store(s->block + LENGTH_AT, (uint32_t)(bits >> 32));
    store(s->block + LENGTH_AT + 4, (uint32_t)bits);
    compress(s->h, s->block);
}

void sha256_end(struct sha256 *s, uint8_t out[SHA256_SIZE])
{
    pad(s);
    for (unsigned i = 0; i < 8; i++) {
        store(out + (size_t)4 * i, s->h[i]);
    }
}
