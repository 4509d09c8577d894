#include "engine/base/map.h"

#include "engine/base/arena.h"
#include "engine/base/rng.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const uint8_t key[16] = {1, 2};

Test(map, puts_gets_and_removes)
{
    struct map m;
    map_init(&m, key);
    int one, two;
    cr_expect_null(map_get(&m, STR("a")));
    cr_expect_null(map_remove(&m, STR("a")));
    cr_expect_null(map_put(&m, STR("a"), &one));
    cr_expect_null(map_put(&m, STR(""), &two));
    cr_expect_eq(map_get(&m, STR("a")), &one);
    cr_expect_eq(map_get(&m, STR("")), &two);
    cr_expect_eq(map_put(&m, STR("a"), &two), &one);
    cr_expect_eq(m.used, 2);
    cr_expect_eq(map_remove(&m, STR("a")), &two);
    cr_expect_null(map_get(&m, STR("a")));
    cr_expect_eq(m.used, 1);
    map_free(&m);
    cr_expect_null(map_get(&m, STR("")));
    map_free(&m);
}

Test(map, walks_over_all)
{
    struct arena a = {0};
    struct map m;
    map_init(&m, key);
    static char seen[1000];
    size_t cursor = 0, n = 0;
    struct str k;
    void *v;
    for (int i = 0; i < 1000; i++) {
        map_put(&m, str_printf(&a, "key-%d", i), &seen[i]);
    }
    while (map_next(&m, &cursor, &k, &v)) {
        cr_assert_eq(*(char *)v, 0);
        *(char *)v = 1;
        n++;
    }
    cr_expect_eq(n, 1000);
    map_free(&m);
    arena_free(&a);
}

/* Against a plain array, with the numbers 0..511 as keys: many collisions, holes and moves. */
Test(map, agrees_with_an_array_over_many_changes)
{
    enum { KEYS = 512 };
    struct arena a = {0};
    struct rng_seeded seed = {7};
    struct rng r = rng_of_seeded(&seed);
    struct map m;
    map_init(&m, key);
    struct str name[KEYS];
    void *want[KEYS] = {0};
    size_t used = 0;
    for (int i = 0; i < KEYS; i++) {
        name[i] = str_printf(&a, "%d", i);
    }
    for (int round = 0; round < 200000; round++) {
        size_t i = rng_below(&r, KEYS);
        size_t odds = round / 20000 % 2 ? 3 : 8; /* growing and shrinking in turn */
        if (rng_below(&r, 10) < odds) {
            cr_assert_eq(map_put(&m, name[i], &want[i]), want[i]);
            used += !want[i];
            want[i] = &want[i];
        } else {
            cr_assert_eq(map_remove(&m, name[i]), want[i]);
            used -= want[i] != NULL;
            want[i] = NULL;
        }
        cr_assert_eq(m.used, used);
        size_t k = rng_below(&r, KEYS);
        cr_assert_eq(map_get(&m, name[k]), want[k]);
    }
    map_free(&m);
    arena_free(&a);
}

/* Both kinds. */
Test(map, gives_memory_back)
{
    struct map m;
    map_init(&m, key);
    struct map64 n = {0};
    struct arena a = {0};
    for (int i = 0; i < 10000; i++) {
        map_put(&m, str_printf(&a, "%d", i), &m);
        map64_put(&n, (uint64_t)i, 1);
    }
    cr_expect(m.cap <= 32768 && n.cap <= 32768);
    for (int i = 0; i < 10000; i++) {
        cr_assert_eq(map_remove(&m, str_printf(&a, "%d", i)), &m);
        cr_assert(map64_remove(&n, (uint64_t)i, NULL));
    }
    cr_expect_eq(m.cap, 16);
    cr_expect_eq(n.cap, 16);
    map_free(&m);
    map64_free(&n);
    arena_free(&a);
}

Test(map64, holds_every_number)
{
    static const uint64_t keys[] = {0, 1, UINT64_MAX, UINT64_MAX - 1, UINT64_C(1) << 63};
    struct map64 m;
    uint64_t v = 9;
    map64_init(&m, 42);
    cr_expect_not(map64_get(&m, 0, &v));
    cr_expect_not(map64_remove(&m, 0, &v));
    for (size_t i = 0; i < 5; i++) {
        cr_expect(map64_put(&m, keys[i], ~keys[i]));
        cr_expect_not(map64_put(&m, keys[i], keys[i]));
    }
    for (size_t i = 0; i < 5; i++) {
        cr_expect(map64_get(&m, keys[i], &v) && v == keys[i]);
        cr_expect(map64_remove(&m, keys[i], &v) && v == keys[i]);
        cr_expect_not(map64_get(&m, keys[i], &v));
    }
    cr_expect_eq(m.used, 0);
    map64_free(&m);
}

Test(map64, agrees_with_an_array_over_many_changes)
{
    enum { KEYS = 1024 };
    struct rng_seeded seed = {3};
    struct rng r = rng_of_seeded(&seed);
    struct map64 m = {0};
    uint64_t want[KEYS] = {0}, v, k;
    size_t cursor = 0, n = 0, used = 0;
    for (int round = 0; round < 300000; round++) {
        size_t i = rng_below(&r, KEYS);
        uint64_t id = i * UINT64_C(0x100000000);
        if (rng_below(&r, 10) < (round / 30000 % 2 ? 2u : 8u)) {
            cr_assert_eq(map64_put(&m, id, (uint64_t)round + 1), want[i] == 0);
            used += want[i] == 0;
            want[i] = (uint64_t)round + 1;
        } else {
            cr_assert_eq(map64_remove(&m, id, &v), want[i] != 0);
            used -= want[i] != 0;
            want[i] = 0;
        }
        i = rng_below(&r, KEYS);
        bool there = map64_get(&m, i * UINT64_C(0x100000000), &v);
        cr_assert(there == (want[i] != 0) && (!there || v == want[i]));
        cr_assert_eq(m.used, used);
    }
    while (map64_next(&m, &cursor, &k, &v)) {
        cr_assert_eq(want[k >> 32], v);
        n++;
    }
    cr_expect_eq(n, used);
    map64_free(&m);
}
