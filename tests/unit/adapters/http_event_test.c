#include "adapters/http_event.h"

#include <criterion/criterion.h>

#define HL7 "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|ID1|P|2.5.1\rPID|1||a^b~c||O'M\\T\\M\r"
#define JSON                                                                                       \
    "{\"a\":{\"b\":[\"x\",\"y\"],\"c/d\":\"slash\",\"~\":\"tilde\",\"\":\"empty\"},\"n\":1.10,"    \
    "\"t\":true,\"bad\":\"l1\\nl2\\u0085\"}"

static const struct {
    const char *template, *payload, *want; /* NULL: it cannot be filled in */
} rows[] = {
    {"plain text", HL7, "plain text"},
    {"v2.{MSH-9.1}.{MSH-9.2}", HL7, "v2.ADT.A01"},
    {"{PID-3.1}", HL7, "a"},
    {"{PID-3[2].1}", HL7, "c"},
    {"{PID-5}", HL7, "O'M&M"},
    {"{PID-4}", HL7, NULL},
    {"{ZZZ-1}", HL7, NULL},
    {"{/a/b/1}", HL7, NULL},
    {"{PID-3.1}", "no message", NULL},
    {"org.{/a/b/1}.v1", JSON, "org.y.v1"},
    {"{/n}", JSON, "1.10"},
    {"{/a/c~1d} {/a/~0} {/a/}", JSON, "slash tilde empty"},
    {"{/t}", JSON, NULL}, /* neither text nor number */
    {"{/a}", JSON, NULL},
    {"{/a/b/2}", JSON, NULL},
    {"{/a/b/-1}", JSON, NULL},
    {"{/nothing}", JSON, NULL},
    {"{/bad}", JSON, "l1 l2 "},
    {"{/n}", "{broken", NULL},
    {"{MSH-9}", JSON, NULL},
    {"", JSON, NULL},
};

Test(http_event, templates_are_filled_in_or_not_at_all)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        bool is_json = rows[i].payload[0] == '{';
        cr_expect_null(http_event_template_fault(str_of(rows[i].template)), "%s", rows[i].template);
        struct str got =
            http_event_fill(&a, str_of(rows[i].template), str_of(rows[i].payload), is_json);
        cr_expect(rows[i].want ? str_is(got, rows[i].want) : !got.p, "%s: %.*s", rows[i].template,
                  STR_ARG(got));
        arena_free(&a);
    }
}

Test(http_event, a_value_that_is_too_long_is_none)
{
    struct arena a = {0};
    struct buf b = {0};
    buf_puts(&b, "{\"a\":\"");
    for (unsigned i = 0; i < HTTP_EVENT_VALUE_MAX; i++) {
        buf_putc(&b, 'x');
    }
    buf_puts(&b, "\"}");
    cr_expect_eq(http_event_fill(&a, STR("{/a}"), buf_str(&b), true).n, HTTP_EVENT_VALUE_MAX);
    cr_expect_null(http_event_fill(&a, STR("{/a}."), buf_str(&b), true).p);
    buf_free(&b);
    arena_free(&a);
}

Test(http_event, faults_of_templates_are_found)
{
    static const struct {
        const char *template, *found;
    } wrong[] = {
        {"{", "has braces around something else"},
        {"a{}", "has braces around something else"},
        {"{PID}", "has braces around something else"},
        {"{PID-3-1}", "has braces around something else"},
        {"{patient.id}", "has braces around something else"},
        {"{PID-3[+]}", "has braces around something else"},
        {"a}b", "has a control character or a lone }"},
        {"a\nb", "has a control character or a lone }"},
        {"\xff", "is no UTF-8"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *why = http_event_template_fault(str_of(wrong[i].template));
        cr_assert_not_null(why, "%s", wrong[i].template);
        cr_expect(strstr(why, wrong[i].found), "%s: %s", wrong[i].template, why);
    }
}
