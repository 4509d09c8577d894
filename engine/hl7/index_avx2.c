#include "engine/hl7/index.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,bmi,popcnt")))

struct bits {
    uint64_t hits;  /* separators and line ends of 64 bytes */
    uint64_t lines; /* line ends */
};

AVX2 static inline struct bits scan64(const char *p, __m256i field)
{
    const __m256i cr = _mm256_set1_epi8('\r'), lf = _mm256_set1_epi8('\n');
    __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)p);
    __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + 32));
    __m256i la = _mm256_or_si256(_mm256_cmpeq_epi8(a, cr), _mm256_cmpeq_epi8(a, lf));
    __m256i lb = _mm256_or_si256(_mm256_cmpeq_epi8(b, cr), _mm256_cmpeq_epi8(b, lf));
    __m256i ha = _mm256_or_si256(_mm256_cmpeq_epi8(a, field), la);
    __m256i hb = _mm256_or_si256(_mm256_cmpeq_epi8(b, field), lb);
    uint64_t lines =
        (uint32_t)_mm256_movemask_epi8(la) | (uint64_t)(uint32_t)_mm256_movemask_epi8(lb) << 32;
    uint64_t hits =
        (uint32_t)_mm256_movemask_epi8(ha) | (uint64_t)(uint32_t)_mm256_movemask_epi8(hb) << 32;
    return (struct bits){hits, lines};
}

/* The positions of all bits. Twelve at a time, needed or not: dearer than a few, cheaper than a branch
 * on each, and few blocks of real messages have more. */
AVX2 static inline void flatten(uint64_t hits, uint32_t at, uint32_t *mark)
{
    do {
#pragma GCC unroll 12
        for (int i = 0; i < 12; i++) {
            mark[i] = at + (uint32_t)_tzcnt_u64(hits);
            hits = _blsr_u64(hits);
        }
        mark += 12;
    } while (__builtin_expect(hits != 0, 0));
}

/* Where the scan writes next. In registers: the stores may not be thought to change it. */
struct cursor {
    uint32_t marks, ends;
};

/* The first line end is taken without asking whether there is one: most blocks have one or none. */
AVX2 static inline struct cursor take(struct bits b, uint32_t at, struct cursor c,
                                      struct index_block *out)
{
    uint64_t lines = b.lines;
    flatten(b.hits, at, out->mark + c.marks);
    do {
        uint64_t before = (lines & (0 - lines)) - 1;
        out->end[c.ends] = (uint16_t)(c.marks + (uint32_t)__builtin_popcountll(b.hits & before));
        c.ends += lines != 0;
        lines = _blsr_u64(lines);
    } while (__builtin_expect(lines != 0, 0));
    c.marks += (uint32_t)__builtin_popcountll(b.hits);
    return c;
}

AVX2 static void scan_avx2(const char *p, size_t n, uint32_t base, char separator,
                           struct index_block *out)
{
    __m256i field = _mm256_set1_epi8(separator);
    struct cursor c = {0, 0};
    size_t i = 0;
    for (; i + 64 <= n; i += 64) {
        c = take(scan64(p + i, field), base + (uint32_t)i, c, out);
    }
    if (i < n) {
        char last[64] = {0};
        memcpy(last, p + i, n - i);
        c = take(scan64(last, field), base + (uint32_t)i, c, out);
    }
    out->marks = c.marks;
    out->ends = c.ends;
}

index_fn index_avx2(void)
{
    bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
               __builtin_cpu_supports("popcnt");
    return has ? scan_avx2 : NULL;
}
#else
index_fn index_avx2(void)
{
    return NULL;
}
#endif
