#include "engine/hl7/index.h"

#include <endian.h>

#define EACH(byte) (0x0101010101010101u * (uint64_t)(unsigned char)(byte))
#define LOW7       0x7f7f7f7f7f7f7f7fu

/* 0x80 in every byte of `v` that equals the byte repeated in `want`, exactly. */
static inline uint64_t equal(uint64_t v, uint64_t want)
{
    uint64_t x = v ^ want;
    return ~(((x & LOW7) + LOW7) | x | LOW7);
}

static inline void take(uint64_t hits, uint64_t lines, uint32_t at, struct index_block *out)
{
    while (hits) {
        uint64_t low = hits & (0 - hits);
        out->mark[out->marks] = at + (uint32_t)__builtin_ctzll(hits) / 8;
        out->end[out->ends] = (uint16_t)out->marks;
        out->ends += (lines & low) != 0;
        out->marks++;
        hits ^= low;
    }
}

void index_portable(const char *p, size_t n, uint32_t base, char separator, struct index_block *out)
{
    uint64_t field = EACH(separator);
    out->marks = out->ends = 0;
    for (size_t i = 0; i < n; i += 8) {
        uint64_t v = 0;
        memcpy(&v, p + i, n - i < 8 ? n - i : 8);
        v = le64toh(v);
        uint64_t lines = equal(v, EACH('\r')) | equal(v, EACH('\n'));
        uint64_t hits = lines | equal(v, field);
        if (hits) {
            take(hits, lines, base + (uint32_t)i, out);
        }
    }
}
