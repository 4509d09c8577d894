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

/* Eight positions at a time, needed or not: cheaper than a branch on each. */
AVX2 static inline void flatten(uint64_t hits, uint32_t at, uint32_t *mark)
{
    do {
        for (int i = 0; i < 8; i++) {
            mark[i] = at + (uint32_t)_tzcnt_u64(hits);
            hits = _blsr_u64(hits);
        }
        mark += 8;
    } while (hits);
}

AVX2 static inline void take(struct bits b, uint32_t at, struct index_block *out)
{
    flatten(b.hits, at, out->mark + out->marks);
    while (b.lines) {
        uint64_t before = (b.lines & (0 - b.lines)) - 1;
        out->end[out->ends++] =
            (uint16_t)(out->marks + (uint32_t)__builtin_popcountll(b.hits & before));
        b.lines = _blsr_u64(b.lines);
    }
    out->marks += (uint32_t)__builtin_popcountll(b.hits);
}

AVX2 static void scan_avx2(const char *p, size_t n, uint32_t base, char separator,
                           struct index_block *out)
{
    __m256i field = _mm256_set1_epi8(separator);
    size_t i = 0;
    out->marks = out->ends = 0;
    for (; i + 64 <= n; i += 64) {
        take(scan64(p + i, field), base + (uint32_t)i, out);
    }
    if (i < n) {
        char last[64] = {0};
        memcpy(last, p + i, n - i);
        take(scan64(last, field), base + (uint32_t)i, out);
    }
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
