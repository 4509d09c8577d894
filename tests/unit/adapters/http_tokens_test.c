#include "adapters/http_tokens.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define S ((int64_t)1000000)

static const struct {
    const char *text, *authorization, *name; /* NULL: not let in */
} rows[] = {
    {"t0k3n", "Bearer t0k3n", ""},
    {"t0k3n\n", "bearer t0k3n", ""},
    {"t0k3n\n", "BEARER  t0k3n", ""},
    {"portal: t0k3n\r\n# old\n\nlab.2: other\n", "Bearer other", "lab.2"},
    {"portal: t0k3n\nlab: other\n", "Bearer t0k3n", "portal"},
    {"a:b", "Bearer a:b", ""}, /* no blank: all of it is the token */
    {"t0k3n", "Bearer t0k3", NULL},
    {"t0k3n", "Bearer t0k3n ", ""},
    {"t0k3n", "Bearer t0k3nx", NULL},
    {"t0k3n", "Basic t0k3n", NULL},
    {"t0k3n", "Bearer", NULL},
    {"t0k3n", "Bearer ", NULL},
    {"t0k3n", "t0k3n", NULL},
    {"t0k3n", "", NULL},
    {"portal: t0k3n", "Bearer portal: t0k3n", NULL},
    {"# t0k3n\nx", "Bearer # t0k3n", NULL},
};

Test(http_tokens, lets_in_who_has_one)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct http_tokens t = {0};
        const char *why = http_tokens_parse(&t, str_of(rows[i].text));
        cr_assert_null(why, "%s: %s", rows[i].text, why ? why : "");
        const char *name = http_tokens_find(&t, str_of(rows[i].authorization));
        bool is_right = name ? rows[i].name && strcmp(name, rows[i].name) == 0 : !rows[i].name;
        cr_expect(is_right, "%s of %s: %s", rows[i].authorization, rows[i].text,
                  name ? name : "not let in");
        http_tokens_free(&t);
    }
}

Test(http_tokens, a_file_that_is_wrong_changes_nothing)
{
    static const char *const wrong[] = {
        "",         "\n# nothing\n",   "two words", "na me: token", "portal: two words",
        "portal: ", "t0k3n\nbad\x01\n"};
    struct http_tokens t = {0};
    cr_assert_null(http_tokens_parse(&t, STR("first")));
    cr_expect_null(http_tokens_find(&t, (struct str){NULL, 0}), "no such header");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_not_null(http_tokens_parse(&t, str_of(wrong[i])), "%s", wrong[i]);
        cr_expect_not_null(http_tokens_find(&t, STR("Bearer first")));
    }
    struct buf many = {0};
    for (int i = 0; i <= HTTP_TOKENS_MAX; i++) {
        buf_printf(&many, "t%d\n", i);
    }
    cr_expect_not_null(http_tokens_parse(&t, buf_str(&many)));
    buf_free(&many);
    http_tokens_free(&t);
}

Test(http_tokens, new_ones_count_soon_and_old_ones_end)
{
    const struct opt_secret from = {OPT_SECRET_ENV, STR("CORRIDOR_TEST_TOKEN")};
    struct http_tokens t = {0};
    setenv("CORRIDOR_TEST_TOKEN", "old", 1);
    cr_assert_null(http_tokens_read(&t, &from, 100 * S));
    setenv("CORRIDOR_TEST_TOKEN", "new", 1);
    cr_expect_null(http_tokens_admit(&t, &from, STR("Bearer new"), 101 * S), "once a second");
    cr_expect_not_null(http_tokens_admit(&t, &from, STR("Bearer old"), 101 * S));
    cr_expect_not_null(http_tokens_admit(&t, &from, STR("Bearer new"), 102 * S));
    cr_expect_null(http_tokens_admit(&t, &from, STR("Bearer old"), 102 * S));
    setenv("CORRIDOR_TEST_TOKEN", "newest", 1);
    cr_expect_not_null(http_tokens_admit(&t, &from, STR("Bearer new"), 112 * S));
    cr_expect_null(http_tokens_admit(&t, &from, STR("Bearer new"), 113 * S), "it was taken away");
    unsetenv("CORRIDOR_TEST_TOKEN");
    cr_expect_not_null(http_tokens_admit(&t, &from, STR("Bearer newest"), 130 * S),
                       "a file that is gone for a moment");
    http_tokens_free(&t);
}
