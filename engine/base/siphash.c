#include "engine/base/siphash.h"

struct state {
    uint64_t a, b, c, d;
};

static uint64_t rotate(uint64_t v, int by)
{
    return v << by | v >> (64 - by);
}

static void round_of(struct state *s)
{
    s->a += s->b;
    s->c += s->d;
    s->b = rotate(s->b, 13) ^ s->a;
    s->d = rotate(s->d, 16) ^ s->c;
    s->a = rotate(s->a, 32);
    s->c += s->b;
    s->a += s->d;
    s->b = rotate(s->b, 17) ^ s->c;
    s->d = rotate(s->d, 21) ^ s->a;
    s->c = rotate(s->c, 32);
}

/* Up to eight bytes, little endian on every machine. */
static uint64_t word_at(const char *p, size_t n)
{
    uint64_t word = 0;
    for (size_t i = 0; i < n; i++) {
        word |= (uint64_t)(unsigned char)p[i] << (8 * i);
    }
    return word;
}

static void absorb(struct state *s, uint64_t word)
{
    s->d ^= word;
    round_of(s);
    round_of(s);
    s->a ^= word;
}

uint64_t siphash(struct siphash_key key, struct str s)
{
    struct state v = {
        key.k0 ^ UINT64_C(0x736f6d6570736575),
        key.k1 ^ UINT64_C(0x646f72616e646f6d),
        key.k0 ^ UINT64_C(0x6c7967656e657261),
        key.k1 ^ UINT64_C(0x7465646279746573),
    };
    size_t whole = s.n / 8 * 8;
    for (size_t i = 0; i < whole; i += 8) {
        absorb(&v, word_at(s.p + i, 8));
    }
    uint64_t rest = s.n > whole ? word_at(s.p + whole, s.n - whole) : 0;
    absorb(&v, rest | (uint64_t)s.n << 56);
    v.c ^= 0xFF;
    for (int i = 0; i < 4; i++) {
        round_of(&v);
    }
    return v.a ^ v.b ^ v.c ^ v.d;
}
