#include "engine/base/json_out.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(json_out, composes_lines)
{
    struct buf b = {0};
    struct json_out o;
    json_out_init(&o, &b, 0);
    json_out_object(&o);
    json_out_pair_int(&o, "n", -5);
    json_out_key(&o, "a");
    json_out_array(&o);
    json_out_uint(&o, UINT64_MAX);
    json_out_null(&o);
    json_out_object(&o);
    json_out_end(&o);
    json_out_array(&o);
    json_out_end(&o);
    json_out_raw(&o, STR("1.10"));
    json_out_end(&o);
    json_out_pair_bool(&o, "b", true);
    json_out_pair_cstr(&o, "c", NULL);
    json_out_pair(&o, "d", STR("x"));
    json_out_end(&o);
    cr_expect(str_is(buf_str(&b), "{\"n\":-5,\"a\":[18446744073709551615,null,{},[],1.10],\"b\":"
                                  "true,\"c\":null,\"d\":\"x\"}"),
              "%.*s", STR_ARG(buf_str(&b)));
    buf_free(&b);
}

Test(json_out, indents)
{
    struct buf b = {0};
    struct json_out o;
    json_out_init(&o, &b, 2);
    json_out_object(&o);
    json_out_key(&o, "a");
    json_out_array(&o);
    json_out_int(&o, 1);
    json_out_int(&o, 2);
    json_out_end(&o);
    json_out_key(&o, "e");
    json_out_object(&o);
    json_out_end(&o);
    json_out_end(&o);
    cr_expect(str_is(buf_str(&b), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"e\": {}\n}"), "%.*s",
              STR_ARG(buf_str(&b)));
    buf_free(&b);
}

Test(json_out, escapes_strings)
{
    static const struct {
        struct str in;
        const char *want;
    } rows[] = {
        {{"", 0}, "\"\""},
        {{NULL, 0}, "\"\""},
        {{"a\"b\\c/", 6}, "\"a\\\"b\\\\c/\""},
        {{"\b\f\n\r\t", 5}, "\"\\b\\f\\n\\r\\t\""},
        {{"\0\x1f\x7f", 3}, "\"\\u0000\\u001F\x7f\""},
        {{"\xC3\xA4\xF0\x9F\x98\x80", 6}, "\"\xC3\xA4\xF0\x9F\x98\x80\""},
        {{"\xFFx\xC3", 3}, "\"\xEF\xBF\xBDx\xEF\xBF\xBD\""},
        {{"bnrt", 4}, "\"bnrt\""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct buf b = {0};
        json_put_string(&b, rows[i].in);
        cr_expect(str_is(buf_str(&b), rows[i].want), "%zu: %.*s", i, STR_ARG(buf_str(&b)));
        buf_free(&b);
    }
}

Test(json_out, keeps_its_place_at_the_deepest_level)
{
    struct buf b = {0};
    struct json_out o;
    json_out_init(&o, &b, 0);
    for (int i = 0; i < JSON_OUT_DEPTH_MAX; i++) {
        json_out_array(&o);
    }
    json_out_int(&o, 1);
    json_out_int(&o, 2);
    for (int i = 0; i < JSON_OUT_DEPTH_MAX; i++) {
        json_out_end(&o);
    }
    cr_expect_eq(b.n, 2 * JSON_OUT_DEPTH_MAX + 3);
    cr_expect(str_find(buf_str(&b), STR("[1,2]")) == JSON_OUT_DEPTH_MAX - 1);
    buf_free(&b);
}

/* Against the plain way: an odd character at every place of texts around the width of a word. */
Test(json_out, odd_characters_are_escaped_wherever_they_stand)
{
    static const struct {
        const char *odd, *want;
    } rows[] = {{"\"", "\\\""},          {"\\", "\\\\"},   {"\n", "\\n"},
                {"\x1f", "\\u001F"},     {"\x7f", "\x7f"}, {"\xc3\xa9", "\xc3\xa9"},
                {"\xff", "\xEF\xBF\xBD"}};
    for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
        for (size_t before = 0; before < 20; before++) {
            for (size_t behind = 0; behind < 20; behind++) {
                char in[64], want[64];
                struct buf b = {0};
                snprintf(in, sizeof(in), "%.*s%s%.*s", (int)before, "abcdefghijklmnopqrstuvwxyz",
                         rows[row].odd, (int)behind, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
                snprintf(want, sizeof(want), "\"%.*s%s%.*s\"", (int)before,
                         "abcdefghijklmnopqrstuvwxyz", rows[row].want, (int)behind,
                         "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
                json_put_string(&b, str_of(in));
                cr_assert(str_is(buf_str(&b), want), "%s: %.*s", want, STR_ARG(buf_str(&b)));
                buf_free(&b);
            }
        }
    }
}
