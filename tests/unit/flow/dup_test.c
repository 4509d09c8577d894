#include "engine/flow/dup.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct dup_seen seen(uint64_t id, int64_t at_us)
{
    return (struct dup_seen){.id_hash = id, .body_hash = id * 7, .at_us = at_us};
}

static void put(struct dup *d, uint64_t id, int64_t at_us)
{
    struct dup_seen s = seen(id, at_us);
    dup_put(d, &s);
}

Test(dup, what_was_entered_is_found_and_what_was_removed_is_not)
{
    struct dup *d = dup_new(100, 1000);
    put(d, 5, 10);
    cr_assert_not_null(dup_find(d, 5, 20));
    cr_expect_eq(dup_find(d, 5, 20)->body_hash, 35);
    cr_expect_null(dup_find(d, 6, 20));
    dup_remove(d, 5);
    cr_expect_null(dup_find(d, 5, 20));
    dup_remove(d, 5);
    cr_expect_eq(dup_count(d), 0);
    dup_free(&d);
    cr_expect_null(d);
}

Test(dup, an_id_is_known_for_the_window_and_not_longer)
{
    struct dup *d = dup_new(100, 1000);
    put(d, 5, 10);
    cr_expect_not_null(dup_find(d, 5, 1010));
    cr_expect_null(dup_find(d, 5, 1011));
    dup_free(&d);
}

Test(dup, a_pending_id_outlives_window_and_bound)
{
    struct dup *d = dup_new(10, 1000);
    struct dup_seen s = seen(1, 0);
    s.pending = &s;
    dup_put(d, &s);
    for (uint64_t id = 2; id < 5000; id++) {
        put(d, id, (int64_t)id * 100);
    }
    cr_assert_not_null(dup_find(d, 1, 600000));
    cr_expect_eq(dup_find(d, 1, 600000)->pending, &s);
    dup_free(&d);
}

Test(dup, the_bound_drops_the_oldest_first)
{
    struct dup *d = dup_new(1000, INT64_MAX);
    for (uint64_t id = 1; id <= 50000; id++) {
        put(d, id, (int64_t)id);
    }
    cr_expect_eq(dup_count(d), 1000);
    cr_expect_not_null(dup_find(d, 50000, 50000));
    cr_expect_not_null(dup_find(d, 49001, 50000));
    cr_expect_null(dup_find(d, 49000, 50000));
    dup_free(&d);
}

Test(dup, what_no_key_file_answers_for_stays_beyond_the_bound)
{
    struct dup *d = dup_new(100, INT64_MAX);
    for (uint64_t id = 1; id <= 5000; id++) {
        struct dup_seen s = seen(id, (int64_t)id);
        s.place = id * 10;
        dup_keep_from(d, id < 4000 ? 10 : 30000);
        dup_put(d, &s);
    }
    cr_expect_not_null(dup_find(d, 3000, 5000), "first that is not covered");
    cr_expect_not_null(dup_find(d, 5000, 5000));
    cr_expect_null(dup_find(d, 900, 5000));
    dup_set_window(d, 1000);
    cr_expect_null(dup_find(d, 3500, 5000), "age lets it go in any case");
    dup_free(&d);
}

/* Against a plain array: small hashes that collide, arrivals again, removals, growth. */
Test(dup, behaves_like_a_plain_table_under_random_use)
{
    enum { IDS = 3000, STEPS = 200000 };
    static int64_t model[IDS + 1]; /* time of arrival, 0 absent */
    struct dup *d = dup_new(IDS * 2, INT64_MAX);
    unsigned state = 1;
    for (int64_t step = 1; step <= STEPS; step++) {
        unsigned id = 1 + (unsigned)rand_r(&state) % IDS;
        uint64_t hash = (uint64_t)id << (id % 7); /* homes that crowd together */
        hash |= (uint64_t)id << 40;
        if (rand_r(&state) % 3) {
            put(d, hash, step);
            model[id] = step;
        } else {
            dup_remove(d, hash);
            model[id] = 0;
        }
        unsigned other = 1 + (unsigned)rand_r(&state) % IDS;
        uint64_t other_hash = ((uint64_t)other << (other % 7)) | ((uint64_t)other << 40);
        struct dup_seen *s = dup_find(d, other_hash, step);
        if (model[other] && step - model[other] < IDS) {
            cr_assert(s && s->at_us == model[other], "step %ld id %u", (long)step, other);
        } else if (!model[other]) {
            cr_assert_null(s, "step %ld id %u", (long)step, other);
        }
    }
    dup_free(&d);
}
