#include <criterion/criterion.h>

#include "engine/ops/replay.h"
#include "engine/ops/replay_gen.h"

Test(replay_hist, percentiles_lie_within_a_bucket)
{
    struct replay_hist h = {0};
    for (uint64_t v = 1; v <= 10000; v++) {
        replay_hist_add(&h, v);
    }
    uint64_t p50 = replay_hist_at(&h, 0.5), p99 = replay_hist_at(&h, 0.99);
    cr_expect(p50 >= 5000 && p50 <= 5000 * 33 / 32, "%lu", p50);
    cr_expect(p99 >= 9900 && p99 <= 10000, "%lu", p99);
    cr_expect_eq(replay_hist_at(&h, 1), 10000);
    struct replay_hist none = {0};
    cr_expect_eq(replay_hist_at(&none, 0.5), 0);
    replay_hist_add(&none, UINT64_MAX);
    cr_expect_eq(replay_hist_at(&none, 0.5), UINT64_MAX);
}

Test(replay_gen, same_seed_same_bytes_and_about_1200_of_them)
{
    struct buf a = {0}, b = {0}, c = {0};
    size_t delimiters = 0;
    for (uint64_t i = 1; i <= 2000; i++) {
        replay_generate(1, i, 500, &a);
        replay_generate(1, i, 500, &b);
        replay_generate(2, i, 500, &c);
    }
    cr_expect(str_eq(buf_str(&a), buf_str(&b)));
    cr_expect_not(str_eq(buf_str(&a), buf_str(&c)));
    for (size_t i = 0; i < a.n; i++) {
        delimiters += strchr("|^~\\&", a.p[i]) && a.p[i];
    }
    cr_expect(a.n / 2000 > 1100 && a.n / 2000 < 1300, "%zu bytes", a.n / 2000);
    cr_expect(delimiters / 2000 > 240 && delimiters / 2000 < 320, "%zu delimiters",
              delimiters / 2000);
    buf_free(&a);
    buf_free(&b);
    buf_free(&c);
}

Test(replay_corpus, messages_are_taken_apart_around_msh_10)
{
    static const struct {
        const char *in, *before, *id, *after;
        unsigned replies;
    } rows[] = {
        {"MSH|^~\\&|||||||ADT|7|P", "MSH|^~\\&|||||||ADT|", "7", "|P", 1},
        {"MSH|^~\\&|||||||ADT||P", "MSH|^~\\&|||||||ADT|", "", "|P", 1},
        {"MSH|^~\\&|||||||ADT|7|P|2|||AL|NE", "MSH|^~\\&|||||||ADT|", "7", "|P|2|||AL|NE", 1},
        {"MSH|^~\\&|||||||ADT|7|P|2|||AL|AL", "MSH|^~\\&|||||||ADT|", "7", "|P|2|||AL|AL", 2},
        {"MSH|^~\\&|||||||ADT|7|P|2|||NE|NE", "MSH|^~\\&|||||||ADT|", "7", "|P|2|||NE|NE", 0},
        {"garbage", "garbage", "", "", 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct replay_corpus c = {0};
        replay_corpus_add(&c, str_of(rows[i].in));
        cr_expect(str_is(c.v[0].before, rows[i].before), "%s", rows[i].in);
        cr_expect(str_is(c.v[0].id, rows[i].id), "%s", rows[i].in);
        cr_expect(str_is(c.v[0].after, rows[i].after), "%s", rows[i].in);
        cr_expect_eq(c.v[0].replies, rows[i].replies, "%s", rows[i].in);
        replay_corpus_free(&c);
    }
}
