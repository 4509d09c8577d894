#include "engine/base/sha256_priv.h"

#include <stdbool.h>
#include <stddef.h>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>

#define SHA __attribute__((target("sha,sse4.1,ssse3")))

/* a to h as the instructions want them: A B E F and C D G H. */
struct state {
    __m128i abef, cdgh;
};

SHA static inline struct state state_of(const uint32_t h[8])
{
    __m128i cdab = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)h), 0xb1);
    __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(const void *)(h + 4)), 0x1b);
    return (struct state){_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xf0)};
}

SHA static inline void state_to(struct state s, uint32_t h[8])
{
    __m128i feba = _mm_shuffle_epi32(s.abef, 0x1b), dchg = _mm_shuffle_epi32(s.cdgh, 0xb1);
    _mm_storeu_si128((__m128i *)(void *)h, _mm_blend_epi16(feba, dchg, 0xf0));
    _mm_storeu_si128((__m128i *)(void *)(h + 4), _mm_alignr_epi8(dchg, feba, 8));
}

/* Four words of the schedule out of the sixteen before them, oldest first. */
SHA static inline __m128i next_words(__m128i a, __m128i b, __m128i c, __m128i d)
{
    __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(d, c, 4));
    return _mm_sha256msg2_epu32(sum, d);
}

SHA static void compress(uint32_t h[8], const uint8_t *block, const uint32_t key[64])
{
    const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
    struct state before = state_of(h), s = before;
    __m128i w[4];
#pragma GCC unroll 16
    for (size_t i = 0; i < 16; i++) {
        const void *from = block + 16 * (i % 4);
        w[i % 4] = i < 4 ? _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)from), big_endian)
                         : next_words(w[i % 4], w[(i + 1) % 4], w[(i + 2) % 4], w[(i + 3) % 4]);
        __m128i k = _mm_loadu_si128((const __m128i *)(const void *)(key + 4 * i));
        __m128i sum = _mm_add_epi32(w[i % 4], k);
        s.cdgh = _mm_sha256rnds2_epu32(s.cdgh, s.abef, sum);
        s.abef = _mm_sha256rnds2_epu32(s.abef, s.cdgh, _mm_shuffle_epi32(sum, 0x0e));
    }
    s.abef = _mm_add_epi32(s.abef, before.abef);
    s.cdgh = _mm_add_epi32(s.cdgh, before.cdgh);
    state_to(s, h);
}

/* Leaf 7 tells of SHA; leaf 1 of SSSE3 and SSE4.1, which every processor with SHA has. */
sha256_fn sha256_x86(void)
{
    unsigned a, b, c, d;
    bool has = __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_SHA);
    has = has && __get_cpuid(1, &a, &b, &c, &d) && (c & bit_SSSE3) && (c & bit_SSE4_1);
    return has ? compress : NULL;
}
#else
sha256_fn sha256_x86(void)
{
    return NULL;
}
#endif
