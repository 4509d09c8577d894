#include "engine/base/arena.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

Test(arena, nothing_is_held_before_first_use)
{
    struct arena a;
    arena_init(&a);
    cr_expect(a.total == 0 && a.head == NULL);
    arena_free(&a);
    arena_reset(&a);
    cr_expect(a.total == 0);
}

Test(arena, every_size_is_aligned_and_apart_from_the_others)
{
    static const size_t sizes[] = {0, 1, 15, 16, 17, 100, 4095, 4096, 4097, 70000, 3000000, 1};
    struct arena a = {0};
    char *at[2 * sizeof(sizes) / sizeof(sizes[0])];
    size_t n = 0;
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++, n++) {
            at[n] = arena_alloc(&a, sizes[i]);
            cr_expect((uintptr_t)at[n] % 16 == 0, "%zu bytes", sizes[i]);
            memset(at[n], (int)n + 1, sizes[i]);
        }
    }
    for (size_t k = 0; k < n; k++) {
        size_t size = sizes[k % (sizeof(sizes) / sizeof(sizes[0]))];
        cr_expect(size == 0 || (at[k][0] == (char)(k + 1) && at[k][size - 1] == (char)(k + 1)),
                  "%zu", k);
    }
    arena_free(&a);
    cr_expect(a.total == 0);
}

Test(arena, zeroed_memory_is_zeroed_also_where_it_was_used_before)
{
    struct arena a = {0};
    memset(arena_alloc(&a, 1000), 0xff, 1000);
    arena_reset(&a);
    const char *p = arena_zalloc(&a, 1000);
    for (size_t i = 0; i < 1000; i++) {
        cr_assert(p[i] == 0, "byte %zu", i);
    }
    const int64_t *v = ARENA_ARRAY(&a, int64_t, 10);
    cr_expect(v[0] == 0 && v[9] == 0);
    arena_free(&a);
}

Test(arena, reset_to_keeps_a_larger_chunk_and_tells_what_is_used)
{
    struct arena a = {0};
    cr_expect_eq(arena_used(&a), 0);
    for (unsigned i = 0; i < 600; i++) {
        arena_alloc(&a, 4096);
    }
    cr_expect(arena_used(&a) >= 600 * 4096 && arena_used(&a) < a.total);
    arena_reset_to(&a, ARENA_CHUNK_MAX);
    cr_expect_eq(a.total, ARENA_CHUNK_MAX);
    cr_expect_eq(arena_used(&a), 0);
    const char *first = arena_alloc(&a, ARENA_CHUNK_MAX / 2);
    cr_expect_eq(arena_used(&a), ARENA_CHUNK_MAX / 2);
    arena_reset_to(&a, ARENA_CHUNK_MAX);
    cr_expect_eq(arena_alloc(&a, 16), first, "the same room again");
    arena_free(&a);
}

Test(arena, reset_keeps_one_chunk_of_at_most_64_kib)
{
    static const struct {
        const char *name;
        size_t size, count, most, least;
    } cases[] = {
        {"one small chunk", 100, 1, 4096, 4096},
        {"several chunks: the largest that may stay", 4096, 10, 65536, 32768},
        {"large beside small", 100000, 3, 65536, 0},
        {"one too large", 65537, 1, 0, 0},
        {"one just small enough", 65536, 1, 65536, 65536},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena a = {0};
        for (size_t k = 0; k < cases[i].count; k++) {
            arena_alloc(&a, cases[i].size);
        }
        arena_reset(&a);
        cr_expect(a.total <= cases[i].most && a.total >= cases[i].least, "%s: %zu bytes",
                  cases[i].name, a.total);
        arena_free(&a);
    }
}

Test(arena, the_second_message_of_a_size_allocates_nothing)
{
    struct arena a = {0};
    for (int i = 0; i < 40; i++) {
        arena_alloc(&a, 1000);
    }
    arena_reset(&a);
    size_t kept = a.total;
    for (int i = 0; i < 20; i++) {
        arena_alloc(&a, 1000);
    }
    cr_expect(a.total == kept, "%zu, then %zu bytes", kept, a.total);
    arena_free(&a);
}

Test(arena, release_goes_back_to_the_mark)
{
    struct arena a = {0};
    struct arena_mark empty = arena_mark(&a);
    char *keep = arena_alloc(&a, 16);
    memcpy(keep, "kept", 5);
    size_t before = a.total;
    struct arena_mark m = arena_mark(&a);
    char *first = arena_alloc(&a, 32);
    arena_alloc(&a, 100000);
    cr_expect(a.total > before);
    arena_release(&a, m);
    cr_expect(a.total == before, "chunks behind the mark are freed");
    cr_expect(arena_alloc(&a, 32) == first, "the next allocation is at the mark");
    cr_expect_str_eq(keep, "kept");
    arena_release(&a, empty);
    cr_expect(a.total == 0 && a.head == NULL, "a mark of an empty arena empties it");
    cr_expect(arena_alloc(&a, 1) != NULL);
    arena_free(&a);
}
