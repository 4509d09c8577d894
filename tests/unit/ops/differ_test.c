#include "engine/ops/differ.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "engine/ops/shadow_tally.h"

static void collect(void *arg, enum differ_kind kind, struct str at, struct str was, struct str now)
{
    static const char *const signs[] = {"", "+", "-"};
    buf_printf(arg, "%s%.*s %.*s>%.*s; ", signs[kind], STR_ARG(at), STR_ARG(was), STR_ARG(now));
}

static struct json *json_of(struct arena *a, const char *text)
{
    struct json *v = NULL;
    struct json_fault fault;
    cr_assert_eq(json_parse(a, str_of(text), NULL, &v, &fault), 0, "%s", text);
    return v;
}

/* What recall keeps (json_keep_written()) of all that is below. */
static void keep_written(struct arena *a, struct json *v)
{
    json_each(child, v)
    {
        keep_written(a, child);
    }
    json_keep_written(a, v);
}

/* What is told where it is kept how the one or the other is written. */
static void tell(struct arena *a, const char *was, const char *now, unsigned kept, struct buf *got)
{
    struct differ d = {.a = a, .fn = collect, .arg = got};
    struct json *x = json_of(a, was), *y = json_of(a, now);
    if (kept & 1) {
        keep_written(a, x);
    }
    if (kept & 2) {
        keep_written(a, y);
    }
    differ_json(&d, x, y);
    buf_free(&d.at);
}

Test(differ, json_is_told_by_member_path)
{
    static const struct {
        const char *was, *now, *want;
    } rows[] = {
        {"{\"a\":1,\"b\":{\"c\":\"x\"}}", "{\"a\":1,\"b\":{\"c\":\"x\"}}", ""},
        {"{\"a\":1}", "{\"a\":2}", "a 1>2; "},
        {"{\"a\":1.0}", "{\"a\":1.00}", "a 1.0>1.00; "},
        {"{\"a\":\"1\"}", "{\"a\":1}", "a 1>1; "},
        {"{\"b\":{\"c\":\"x\"}}", "{\"b\":{\"c\":\"y\",\"d\":true}}", "b.c x>y; +b.d >true; "},
        {"{\"b\":{\"c\":\"x\",\"d\":[1,2]}}", "{}", "-b.c x>; -b.d[] 1>; -b.d[] 2>; "},
        {"{\"l\":[1,2,3]}", "{\"l\":[1,9,2,3]}", "+l[] >9; "},
        {"{\"l\":[1,2,3]}", "{\"l\":[2,3]}", "-l[] 1>; "},
        {"{\"l\":[{\"a\":1},{\"a\":2}]}", "{\"l\":[{\"a\":3},{\"a\":4}]}",
         "l[].a 1>3; l[].a 2>4; "},
        {"{\"l\":[{\"a\":1},{\"a\":2}]}", "{\"l\":[{\"a\":9},{\"a\":1},{\"a\":2}]}", "+l[].a >9; "},
        {"{\"a\":\"x\"}", "{\"a\":{\"b\":\"x\"}}", "-a x>; +a.b >x; "},
        {"{\"a\":null}", "{\"a\":{}}", "a null>{}; "},
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", ""},
    };
    for (size_t i = 0; i < 4 * (sizeof rows / sizeof *rows); i++) {
        struct arena a = {0};
        struct buf got = {0};
        tell(&a, rows[i / 4].was, rows[i / 4].now, i % 4, &got);
        cr_expect(str_is(buf_str(&got), rows[i / 4].want), "row %zu, kept %zu: %.*s", i / 4, i % 4,
                  (int)got.n, got.p);
        buf_free(&got);
        arena_free(&a);
    }
}

#define MSH "MSH|^~\\&|A|B|C|D|2026||ADT^A01|1|P|2.5.1\r"

Test(differ, hl7_is_told_by_field_path)
{
    static const struct {
        const char *was, *now, *want;
    } rows[] = {
        {MSH "PID|1||7\r", MSH "PID|1||7\r", "(delimiters) >; "},
        {MSH "PID|1||7\r", MSH "PID|1||7||\r", "(delimiters) >; "},
        {MSH "PID|1||7\r", MSH "PID|1||8\r", "PID-3.1 7>8; "},
        {MSH "PID|1||7^^^A\r", MSH "PID|1||7^^^B\r", "PID-3.4 A>B; "},
        {MSH "PID|1||7^^^A&1&ISO\r", MSH "PID|1||7^^^A&2&ISO\r", "PID-3.4.2 1>2; "},
        {MSH "PID|1||7^^^A~8^^^B\r", MSH "PID|1||8^^^B\r", "-PID-3.1 7>; -PID-3.4 A>; "},
        {MSH "PID|1||||||19800101|F\r", MSH "PID|1||||||1980|M\r",
         "PID-7.1 19800101>1980; PID-8 F>M; "},
        {MSH "PID|1||||||x\\T\\y\r", MSH "PID|1\r", "-PID-7.1 x&y>; "},
        {MSH "NK1|1\rNK1|2\r", MSH "NK1|2\r", "-NK1-1 1>; "},
        {MSH "PID|1\rPV1|1\r", MSH "PV1|1\rPID|1\r", "(order of segments) >; "},
        {MSH, MSH "ZAB|x^y\r", "+ZAB-1.1 >x; +ZAB-1.2 >y; "},
        {MSH, MSH "ZAB\r", "+ZAB >; "},
        {"MSH|^~\\&|A\r", "MSH|^~\\&|B\r", "MSH-3.1 A>B; "},
        {"nothing", MSH, " nothing>" MSH "; "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct buf got = {0};
        struct differ d = {.a = &a, .fn = collect, .arg = &got};
        differ_hl7(&d, str_of(rows[i].was), str_of(rows[i].now));
        cr_expect(str_is(buf_str(&got), rows[i].want), "row %zu: %.*s", i, (int)got.n, got.p);
        buf_free(&d.at);
        buf_free(&got);
        arena_free(&a);
    }
}

Test(differ, a_mask_shows_the_shape_alone)
{
    static const struct {
        const char *value, *want;
    } rows[] = {
        {"DOE^Jane 1980-01-02", "XXX^Xxxx 9999-99-99"},
        {"M\xc3\xbcller", "Xxxxxx"},
        {"\t", "."},
        {"", ""},
        {"0123456789012345678901234567890123456789012345678901234567890123",
         "999999999999999999999999999999999999999999999999999999999999..."},
    };
    struct arena a = {0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str got = shadow_mask(&a, str_of(rows[i].value));
        cr_expect(str_is(got, rows[i].want), "row %zu: %.*s", i, STR_ARG(got));
    }
    arena_free(&a);
}

Test(differ, a_tally_stays_small_and_tells_what_it_left_out)
{
    struct shadow_tally t;
    char at[16];
    shadow_tally_init(&t, 2, true);
    for (unsigned i = 0; i < SHADOW_GROUPS_MAX + 5; i++) {
        snprintf(at, sizeof at, "p%u", i);
        struct shadow_difference one = {.kind = SHADOW_CHANGED, .at = str_of(at)};
        shadow_tally_add(&t, &one, i + 1, STR("m"));
    }
    cr_expect_eq(t.ngroups, SHADOW_GROUPS_MAX);
    cr_expect_eq(t.more, 5);
    cr_expect_eq(t.unexpected, SHADOW_GROUPS_MAX + 5);
    shadow_tally_free(&t);
}
