#include "engine/base/metric.h"

#include <criterion/criterion.h>

static const struct metric bare = {"up", METRIC_GAUGE, "", "yes or no", "It runs."};
static const struct metric two = {"seen_total", METRIC_COUNTER, "source,rule", "messages",
                                  "A \\ and\na line."};
static const struct metric spread = {"wait_seconds", METRIC_HISTOGRAM, "to", "seconds", "Waits."};

Test(metric, the_head_says_help_and_type_on_one_line_each)
{
    struct buf b = {0};
    metric_head(&b, &two);
    cr_assert(str_is(buf_str(&b), "# HELP seen_total A \\\\ and\\na line.\n# TYPE seen_total "
                                  "counter\n"));
    buf_free(&b);
}

Test(metric, label_values_are_escaped)
{
    static const struct {
        const char *name;
        struct str value;
        const char *want;
    } rows[] = {
        {"plain", STR("epic"), "epic"},
        {"a quote", STR("a\"b"), "a\\\"b"},
        {"a backslash", STR("a\\b"), "a\\\\b"},
        {"a line feed", STR("a\nb"), "a\\nb"},
        {"what looks like an end", STR("a\"} 7\nx 1"), "a\\\"} 7\\nx 1"},
        {"UTF-8", STR("caf\xc3\xa9"), "caf\xc3\xa9"},
        {"no UTF-8", STR("caf\xe9!"), "caf?!"},
        {"nothing", STR(""), ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf b = {0}, want = {0};
        struct str labels[] = {STR("s"), rows[i].value};
        buf_printf(&want, "seen_total{source=\"s\",rule=\"%s\"} 5\n", rows[i].want);
        metric_put(&b, &two, labels, 5);
        cr_expect(str_eq(buf_str(&b), buf_str(&want)), "%s: %.*s", rows[i].name,
                  STR_ARG(buf_str(&b)));
        buf_free(&b);
        buf_free(&want);
    }
}

Test(metric, numbers_are_written_whole)
{
    static const struct {
        int64_t us;
        const char *want;
    } rows[] = {
        {0, "up 0\n"},
        {1, "up 0.000001\n"},
        {1500000, "up 1.5\n"},
        {60000000, "up 60\n"},
        {-1500000, "up -1.5\n"},
        {-500000, "up -0.5\n"},
        {INT64_MAX, "up 9223372036854.775807\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf b = {0};
        metric_put_us(&b, &bare, NULL, rows[i].us);
        cr_expect(str_is(buf_str(&b), rows[i].want), "%.*s", STR_ARG(buf_str(&b)));
        buf_free(&b);
    }
    struct buf b = {0};
    metric_put(&b, &bare, NULL, UINT64_MAX);
    cr_assert(str_is(buf_str(&b), "up 18446744073709551615\n"));
    buf_free(&b);
}

Test(metric, a_value_on_a_bound_counts_for_it)
{
    static const struct {
        int64_t value;
        unsigned bucket;
    } rows[] = {{-5, 0}, {0, 0}, {1, 0}, {2, 1}, {3, 2}, {4, 2}, {4096, 12}, {4097, 13}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct histogram h = {0};
        histogram_add(&h, &HISTOGRAM_COUNT, rows[i].value);
        cr_expect_eq(h.n[rows[i].bucket], 1, "%lld", (long long)rows[i].value);
        cr_expect_eq(h.count, 1);
        cr_expect_eq(h.sum, rows[i].value > 0 ? rows[i].value : 0);
    }
}

Test(metric, bounds_ascend)
{
    const struct histogram_scale *scales[] = {&HISTOGRAM_TIME, &HISTOGRAM_COUNT};
    for (size_t i = 0; i < 2; i++) {
        cr_expect_leq(scales[i]->n, HISTOGRAM_BUCKETS);
        for (unsigned k = 1; k < scales[i]->n; k++) {
            cr_expect_lt(scales[i]->bound[k - 1], scales[i]->bound[k]);
        }
    }
}

Test(metric, buckets_are_cumulative_and_end_in_inf)
{
    static const struct histogram_scale scale = {3, 1000, {1, 500, 2000}};
    struct histogram h = {0};
    struct buf b = {0};
    struct str to = STR("lab");
    histogram_add(&h, &scale, 1);
    histogram_add(&h, &scale, 400);
    histogram_add(&h, &scale, 500);
    histogram_add(&h, &scale, 90000);
    metric_put_histogram(&b, &spread, &to, &scale, &h);
    cr_assert(str_is(buf_str(&b), "wait_seconds_bucket{to=\"lab\",le=\"0.001\"} 1\n"
                                  "wait_seconds_bucket{to=\"lab\",le=\"0.5\"} 3\n"
                                  "wait_seconds_bucket{to=\"lab\",le=\"2\"} 3\n"
                                  "wait_seconds_bucket{to=\"lab\",le=\"+Inf\"} 4\n"
                                  "wait_seconds_sum{to=\"lab\"} 90.901\n"
                                  "wait_seconds_count{to=\"lab\"} 4\n"),
              "%.*s", STR_ARG(buf_str(&b)));
    buf_free(&b);
}
