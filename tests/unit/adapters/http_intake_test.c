#include "adapters/http_intake.h"

#include <criterion/criterion.h>

static bool lines(struct http_intake *in, const char *const *v)
{
    bool goes_on = true;
    for (; *v && goes_on; v++) {
        goes_on = http_intake_line(in, str_of(*v));
    }
    return goes_on;
}

Test(http_intake, reads_status_and_retry_after)
{
    struct http_intake in = {0};
    cr_assert(lines(&in, (const char *[]){"HTTP/1.1 503 Not now\r\n", "X: Retry-After: 9\r\n",
                                          "retry-AFTER:  120 \r\n", NULL}));
    cr_expect_not(in.is_head_done);
    cr_assert(lines(&in, (const char *[]){"\r\n", NULL}));
    cr_expect(in.is_head_done && in.status == 503 && str_is(buf_str(&in.retry_after), "120"));
    cr_assert(lines(&in, (const char *[]){"Retry-After: 7\r\n", "\r\n", NULL}), "a trailer");
    cr_expect(str_is(buf_str(&in.retry_after), "120"));
    http_intake_clear(&in);
}

Test(http_intake, interim_answers_are_none)
{
    struct http_intake in = {0};
    cr_assert(lines(&in, (const char *[]){"HTTP/1.1 100 Continue\r\n", "Retry-After: 1\r\n", "\r\n",
                                          "HTTP/1.1 103 Early Hints\r\n", "\r\n", NULL}));
    cr_expect_not(in.is_head_done);
    cr_assert(lines(&in, (const char *[]){"HTTP/1.1 200\r\n", "\r\n", NULL}));
    cr_expect(in.is_head_done && in.status == 200 && in.retry_after.n == 0);
    http_intake_clear(&in);
}

Test(http_intake, a_status_that_is_none_ends_no_head)
{
    static const char *const odd[] = {"HTTP/1.1\r\n",     "HTTP/1.1 \r\n",
                                      "HTTP/1.1 20\r\n",  "HTTP/1.1 OK 200\r\n",
                                      "HTTP/1.1 -20\r\n", "HTTP/1.1 000 \r\n"};
    for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
        struct http_intake in = {0};
        cr_assert(lines(&in, (const char *[]){odd[i], "\r\n", NULL}));
        cr_expect_not(in.is_head_done, "%s", odd[i]);
        http_intake_clear(&in);
    }
}

Test(http_intake, a_head_has_a_bound)
{
    struct http_intake in = {0};
    size_t n = 0;
    cr_assert(http_intake_line(&in, STR("HTTP/1.1 200 OK\r\n")));
    while (http_intake_line(&in, STR("X-Header: 0123456789\r\n"))) {
        cr_assert_lt(++n, 10000u);
    }
    cr_expect(!in.is_head_done && !in.is_enough);
    http_intake_clear(&in);
    cr_assert(lines(&in, (const char *[]){"HTTP/1.1 200 OK\r\n", "\r\n", NULL}));
    while (http_intake_line(&in, STR("X-Trailer: 0123456789\r\n"))) {
        cr_assert_lt(++n, 10000u);
    }
    cr_expect(in.is_enough, "the status was told before");
    http_intake_clear(&in);
}

Test(http_intake, keeps_the_first_bytes_of_a_body)
{
    char piece[1000];
    struct http_intake in = {0};
    memset(piece, 'x', sizeof(piece));
    unsigned n = 0;
    while (http_intake_body(&in, str_from(piece, sizeof(piece)))) {
        n++;
    }
    cr_expect_eq(n, HTTP_BODY_MAX / 1000);
    cr_expect_eq(in.body.n, (size_t)HTTP_BODY_MAX);
    http_intake_clear(&in);
    in = (struct http_intake){0};
    for (n = 0; n < HTTP_BODY_MAX / 512; n++) {
        cr_assert(http_intake_body(&in, str_from(piece, 512)));
    }
    cr_expect(in.body.n == HTTP_BODY_MAX && !in.is_enough,
              "as much as fits is no more than enough");
    http_intake_clear(&in);
}
