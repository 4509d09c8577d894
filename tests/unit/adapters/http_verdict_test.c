#include "adapters/http_verdict.h"

#include <criterion/criterion.h>

#define NOW INT64_C(784111777000000) /* Sun, 06 Nov 1994 08:49:37 GMT */
#define S   INT64_C(1000000)

static const struct {
    int from, to;
    enum verdict plain, soon; /* without Retry-After; with one of 60 s */
} table[] = {
    {200, 299, DELIVERY_DELIVERED, DELIVERY_DELIVERED},
    {300, 399, DELIVERY_REFUSED, DELIVERY_REFUSED},
    {400, 400, DELIVERY_REFUSED, DELIVERY_REFUSED},
    {401, 401, DELIVERY_UNREACHABLE, DELIVERY_UNREACHABLE},
    {402, 402, DELIVERY_REFUSED, DELIVERY_REFUSED},
    {403, 404, DELIVERY_UNREACHABLE, DELIVERY_UNREACHABLE},
    {405, 407, DELIVERY_REFUSED, DELIVERY_REFUSED},
    {408, 408, DELIVERY_UNREACHABLE, DELIVERY_BUSY},
    {409, 409, DELIVERY_REFUSED, DELIVERY_REFUSED},
    {410, 410, DELIVERY_UNREACHABLE, DELIVERY_UNREACHABLE},
    {411, 424, DELIVERY_REFUSED, DELIVERY_REFUSED},
    {425, 425, DELIVERY_UNREACHABLE, DELIVERY_BUSY},
    {426, 428, DELIVERY_REFUSED, DELIVERY_REFUSED},
    {429, 429, DELIVERY_UNREACHABLE, DELIVERY_BUSY},
    {430, 499, DELIVERY_REFUSED, DELIVERY_REFUSED},
    {500, 500, DELIVERY_UNREACHABLE, DELIVERY_BUSY},
    {501, 501, DELIVERY_UNREACHABLE, DELIVERY_UNREACHABLE},
    {502, 504, DELIVERY_UNREACHABLE, DELIVERY_BUSY},
    {505, 599, DELIVERY_UNREACHABLE, DELIVERY_UNREACHABLE},
    {600, 999, DELIVERY_UNKNOWN, DELIVERY_UNKNOWN},
};

Test(http_verdict, every_status_has_its_verdict)
{
    int next = 200;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        cr_expect_eq(table[i].from, next, "the table has no gap");
        for (int status = table[i].from; status <= table[i].to; status++) {
            struct http_answer a = {.status = status, .is_sent = true};
            struct outcome o = http_verdict(&a, NOW);
            cr_expect_eq(o.verdict, table[i].plain, "%d", status);
            cr_expect_not_null(o.reason);
            int64_t rest = status == 410 ? HTTP_RETRY_MAX_US : 0;
            cr_expect(!o.has_code && o.retry_after_us == rest);
            a.retry_after = STR("60");
            o = http_verdict(&a, NOW);
            cr_expect_eq(o.verdict, table[i].soon, "%d, later", status);
            cr_expect_eq(o.retry_after_us, o.verdict == DELIVERY_BUSY ? 60 * S : rest);
        }
        next = table[i].to + 1;
    }
}

Test(http_verdict, without_an_answer_it_depends_on_what_was_sent)
{
    struct outcome o = http_verdict(&(struct http_answer){.reason = "connection refused"}, NOW);
    cr_expect_eq(o.verdict, DELIVERY_UNREACHABLE);
    cr_expect_str_eq(o.reason, "connection refused");
    o = http_verdict(&(struct http_answer){.is_sent = true, .reason = "the connection was lost"},
                     NOW);
    cr_expect_eq(o.verdict, DELIVERY_UNKNOWN);
}

Test(http_verdict, a_yes_cut_short_is_unknown_and_a_no_is_a_no)
{
    struct http_answer a = {.status = 200, .is_sent = true, .is_cut = true};
    cr_expect_eq(http_verdict(&a, NOW).verdict, DELIVERY_UNKNOWN);
    a.status = 400;
    cr_expect_eq(http_verdict(&a, NOW).verdict, DELIVERY_REFUSED);
    a.status = 503;
    cr_expect_eq(http_verdict(&a, NOW).verdict, DELIVERY_UNREACHABLE);
    a = (struct http_answer){.status = 201, .is_sent = true, .is_early = true};
    cr_expect_eq(http_verdict(&a, NOW).verdict, DELIVERY_UNKNOWN);
    a.status = 413;
    cr_expect_eq(http_verdict(&a, NOW).verdict, DELIVERY_REFUSED);
}

Test(http_verdict, a_minute_is_soon_and_more_is_away)
{
    static const struct {
        const char *value;
        enum verdict verdict;
        int64_t us;
    } rows[] = {
        {"0", DELIVERY_BUSY, 0},
        {"1", DELIVERY_BUSY, S},
        {"60", DELIVERY_BUSY, 60 * S},
        {"61", DELIVERY_UNREACHABLE, 61 * S},
        {"3600", DELIVERY_UNREACHABLE, 3600 * S},
        {"86400", DELIVERY_UNREACHABLE, 3600 * S}, /* no wish stops a destination for a day */
        {"99999999999999999999999999", DELIVERY_UNREACHABLE, 3600 * S},
        {"Sun, 06 Nov 1994 08:50:37 GMT", DELIVERY_BUSY, 60 * S},
        {"Sun, 06 Nov 1994 08:50:38 GMT", DELIVERY_UNREACHABLE, 61 * S},
        {"Sun, 06 Nov 1994 08:00:00 GMT", DELIVERY_BUSY, 0}, /* it is over */
        {"soon", DELIVERY_UNREACHABLE, 0},
        {"", DELIVERY_UNREACHABLE, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct http_answer a = {.status = 503, .is_sent = true};
        a.retry_after = str_of(rows[i].value);
        struct outcome o = http_verdict(&a, NOW);
        cr_expect_eq(o.verdict, rows[i].verdict, "%s", rows[i].value);
        cr_expect_eq(o.retry_after_us, rows[i].us, "%s: %lld", rows[i].value,
                     (long long)o.retry_after_us);
    }
}

static const struct {
    const char *value;
    int64_t us; /* -1: cannot be read */
} wishes[] = {
    {"120", 120 * S},
    {" 120 ", 120 * S},
    {"Sun, 06 Nov 1994 08:49:47 GMT", 10 * S},
    {"Sunday, 06-Nov-94 08:49:47 GMT", 10 * S},
    {"Sun Nov  6 08:49:47 1994", 10 * S},
    {"Fri, 31 Dec 1999 23:59:59 GMT", (INT64_C(946684799) - 784111777) * S},
    {"-1", -1},
    {"1.5", -1},
    {"+5", -1},
    {"1e3", -1},
    {"12 seconds", -1},
    {"Sun, 06 Nov 1994 08:49:47", -1},
    {"Sun, 06 Nov 1994 08:49:47 GMT and more", -1},
    {"Sun, 99 Nov 1994 08:49:47 GMT", -1},
    {"a text longer than any date, by far, so that it cannot be one of these", -1},
};

Test(http_verdict, retry_after_is_seconds_or_a_date)
{
    for (size_t i = 0; i < sizeof(wishes) / sizeof(wishes[0]); i++) {
        int64_t us = -1;
        bool can = http_retry_after(str_of(wishes[i].value), NOW, &us);
        cr_expect_eq(can, wishes[i].us >= 0, "%s", wishes[i].value);
        cr_expect_eq(us, wishes[i].us, "%s: %lld", wishes[i].value, (long long)us);
    }
}
