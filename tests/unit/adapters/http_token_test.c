#include "adapters/http_token.h"

#include <criterion/criterion.h>

static const struct {
    int status;
    const char *body, *access; /* NULL: none */
    int64_t life_s;
    const char *reason;
} rows[] = {
    {200, "{\"access_token\":\"a.b-c\",\"token_type\":\"Bearer\",\"expires_in\":3600}", "a.b-c",
     3600, NULL},
    {200, "{\"token_type\":\"bearer\",\"access_token\":\"t\"}", "t", 300, NULL},
    {200, "{\"token_type\":\"BEARER\",\"access_token\":\"t\",\"expires_in\":\"60\"}", "t", 60,
     NULL},
    {200, "{\"token_type\":\"Bearer\",\"access_token\":\"t\",\"expires_in\":59.9}", "t", 59, NULL},
    {200, "{\"token_type\":\"Bearer\",\"access_token\":\"t\",\"expires_in\":-1}", "t", 0, NULL},
    {200, "{\"token_type\":\"Bearer\",\"access_token\":\"t\",\"expires_in\":1e9}", "t", 0, NULL},
    {200, "{\"token_type\":\"Bearer\",\"access_token\":\"t\",\"expires_in\":99999999999}", "t",
     86400, NULL},
    {200,
     "{\"token_type\":\"Bearer\",\"access_token\":\"t\",\"expires_in\":10000000000000000000000000}",
     "t", 86400, NULL},
    {200, "{\"token_type\":\"Bearer\",\"access_token\":\"t\",\"expires_in\":null}", "t", 300, NULL},
    {200, "{\"token_type\":\"Bearer\",\"access_token\":\"t\",\"expires_in\":{}}", "t", 0, NULL},
    {200, "{\"token_type\":\"mac\",\"access_token\":\"t\"}", NULL, 0,
     "no token: its token_type is not Bearer"},
    {200, "{\"access_token\":\"t\"}", NULL, 0, "no token: its token_type is not Bearer"},
    {200, "{\"token_type\":\"Bearer\",\"access_token\":\"a\\r\\nX: 1\"}", NULL, 0,
     "no token: the token server's answer has no access_token that can be sent"},
    {200, "{\"token_type\":\"Bearer\",\"access_token\":\"\"}", NULL, 0,
     "no token: the token server's answer has no access_token that can be sent"},
    {200, "{\"token_type\":\"Bearer\",\"access_token\":7}", NULL, 0,
     "no token: the token server's answer has no access_token that can be sent"},
    {200, "[]", NULL, 0,
     "no token: the token server's answer has no access_token that can be sent"},
    {200, "<html>", NULL, 0, "no token: the token server's answer is no JSON"},
    {200, "", NULL, 0, "no token: the token server's answer is no JSON"},
    {200, "{\"access_token\":\"a\",\"access_token\":\"b\",\"token_type\":\"Bearer\"}", NULL, 0,
     "no token: the token server's answer is no JSON"},
    {200, "[[[[[[[[[[[[]]]]]]]]]]]]", NULL, 0, "no token: the token server's answer is no JSON"},
    {401, "{\"error\":\"invalid_client\",\"error_description\":\"s3cret\"}", NULL, 0,
     "no token: the token server says invalid_client"},
    {400, "{\"error\":\"invalid_scope\"}", NULL, 0,
     "no token: the token server says invalid_scope"},
    {400, "{\"error\":\"something of theirs\"}", NULL, 0,
     "no token: the token server refused the request"},
    {429, "", NULL, 0, "no token: the token server says too many requests"},
    {302, "", NULL, 0, "no token: the token server redirects; it is not followed"},
    {503, "{\"access_token\":\"t\",\"token_type\":\"Bearer\"}", NULL, 0,
     "no token: the token server is out of order"},
    {204, "", NULL, 0, "no token: the token server answered something else than 200"},
};

Test(http_token, is_read_strictly)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct http_token t = http_token_read(&a, rows[i].status, str_of(rows[i].body));
        bool is_same_reason =
            t.reason ? rows[i].reason && strcmp(t.reason, rows[i].reason) == 0 : !rows[i].reason;
        cr_expect(is_same_reason, "%s: %s", rows[i].body, t.reason ? t.reason : "read");
        cr_expect(str_is(t.access, rows[i].access ? rows[i].access : ""), "%s", rows[i].body);
        cr_expect_eq(t.life_s, rows[i].life_s, "%s: %lld", rows[i].body, (long long)t.life_s);
        arena_free(&a);
    }
}

Test(http_token, a_huge_one_is_none)
{
    static char large[HTTP_TOKEN_MAX + 2];
    memset(large, 'x', sizeof large - 1);
    cr_expect_not(http_token_is_one(str_of(large)));
    large[HTTP_TOKEN_MAX] = 0;
    cr_expect(http_token_is_one(str_of(large)));
}
