#include "engine/ops/messages.h"

#include <criterion/criterion.h>

#include "engine/base/buf.h"

#define BYTES(lit)                                                                                 \
    {                                                                                              \
        "" lit, sizeof(lit) - 1                                                                    \
    }

Test(messages, files_are_cut_into_messages)
{
    static const struct {
        const char *name;
        struct str in;
        size_t n;
        const char *first, *last;
        unsigned line; /* of the last message */
    } rows[] = {
        {"one", BYTES("MSH|a\rPID|1\r"), 1, "MSH|a\rPID|1\r", "MSH|a\rPID|1\r", 1},
        {"no final terminator", BYTES("MSH|a\rPID|1"), 1, "MSH|a\rPID|1", "MSH|a\rPID|1", 1},
        {"three line endings", BYTES("MSH|a\nPID|1\r\nPV1|\r"), 1, "MSH|a\nPID|1\r\nPV1|\r",
         "MSH|a\nPID|1\r\nPV1|\r", 1},
        {"two after each other", BYTES("MSH|a\n\nMSH|b\n"), 2, "MSH|a\n", "MSH|b\n", 3},
        {"blank lines before", BYTES("\n\n  \nMSH|a\n"), 1, "MSH|a\n", "MSH|a\n", 4},
        {"MLLP bytes", BYTES("\x0bMSH|a\r\x1c\r\x0bMSH|b\r\x1c\r"), 2, "MSH|a\r", "MSH|b\r", 2},
        {"batch", BYTES("FHS|\rBHS|\rMSH|a\rMSH|b\rBTS|2\rFTS|1\r"), 2, "MSH|a\r", "MSH|b\r", 4},
        {"indented", BYTES("  MSH|a\n   PID|1\n"), 1, "MSH|a\nPID|1\n", "MSH|a\nPID|1\n", 1},
        {"UTF-8 mark", BYTES("\xef\xbb\xbfMSH|a"), 1, "MSH|a", "MSH|a", 1},
        {"UTF-16 LE with mark", BYTES("\xff\xfeM\0S\0H\0|\0\xe4\0"), 1, "MSH|\xc3\xa4",
         "MSH|\xc3\xa4", 1},
        {"UTF-16 BE without mark", BYTES("\0M\0S\0H\0|"), 1, "MSH|", "MSH|", 1},
        {"UTF-16 pair", BYTES("M\0S\0H\0|\0\x3d\xd8\x00\xde"), 1, "MSH|\xf0\x9f\x98\x80",
         "MSH|\xf0\x9f\x98\x80", 1},
        {"text that is no message is one to refuse", BYTES("hello\n"), 1, "hello\n", "hello\n", 1},
        {"control bytes inside stay",
         BYTES("MSH|a\x0b"
               "b\x1c"
               "c\r"),
         1,
         "MSH|a\x0b"
         "b\x1c"
         "c\r",
         "MSH|a\x0b"
         "b\x1c"
         "c\r",
         1},
        {"a trailer without a header is a segment", BYTES("MSH|a\rBTS|9\r"), 1, "MSH|a\rBTS|9\r",
         "MSH|a\rBTS|9\r", 1},
        {"a header inside a message too", BYTES("MSH|a\rBHS|x\rPID|\r"), 1, "MSH|a\rBHS|x\rPID|\r",
         "MSH|a\rBHS|x\rPID|\r", 1},
        {"a header right before a message", BYTES("MSH|a\rBHS|x\rMSH|b\r"), 2, "MSH|a\r", "MSH|b\r",
         3},
        {"nothing", BYTES(""), 0, NULL, NULL, 0},
        {"only an envelope", BYTES("BHS|\rBTS|0\r"), 0, NULL, NULL, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct diags d;
        diags_init(&d, &a);
        struct message_file f = messages_split(&a, "x", rows[i].in, &d);
        size_t n = f.n;
        struct message_text *v = f.v;
        cr_assert_eq(n, rows[i].n, "%s: %zu", rows[i].name, n);
        cr_expect_eq(d.errors, 0, "%s", rows[i].name);
        if (n) {
            cr_expect(str_is(v[0].bytes, rows[i].first), "%s: %.*s", rows[i].name,
                      STR_ARG(v[0].bytes));
            cr_expect(str_is(v[n - 1].bytes, rows[i].last), "%s", rows[i].name);
            cr_expect_eq(v[n - 1].line, rows[i].line, "%s: line %u", rows[i].name, v[n - 1].line);
        }
        arena_free(&a);
    }
}

Test(messages, wrong_counts_between_indented_lines_are_told_once)
{
    struct arena a = {0};
    struct diags d;
    diags_init(&d, &a);
    struct message_file f = messages_split(&a, "x", STR(" BHS|\r MSH|a\r BTS|3\r"), &d);
    cr_expect(f.n == 1 && f.is_batch && f.saw.indented);
    cr_expect_eq(d.count, 1);
    arena_free(&a);
}

Test(messages, files_of_lines_as_they_are_sent_are_known)
{
    static const struct {
        const char *in;
        bool is_as_sent;
    } rows[] = {{"MSH|a\rPID|1\r", true},     {"MSH|a\rPID|1", true},
                {"  MSH|a\r  PID|1\r", true}, {"\x0bMSH|a\r\x1c\r", true},
                {"MSH|a\nPID|1\r", false},    {"MSH|a\rPID|1\n", false},
                {"MSH|a\r\nPID|1\r", false},  {"MSH|a\rPID|1\r\n", false},
                {"MSH|a\r\rPID|1\r", false},  {"\rMSH|a\r", false}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct diags d;
        diags_init(&d, &a);
        struct message_file f = messages_split(&a, "x", str_of(rows[i].in), &d);
        cr_expect_eq(f.is_as_sent, rows[i].is_as_sent, "%s", rows[i].in);
        arena_free(&a);
    }
}

Test(messages, wrong_counts_are_findings)
{
    struct arena a = {0};
    struct diags d;
    diags_init(&d, &a);
    struct message_file f = messages_split(&a, "x", STR("FHS|\rBHS|\rMSH|a\rBTS|3\rFTS|2\r"), &d);
    cr_expect(f.is_batch);
    cr_assert_eq(d.count, 2);
    cr_expect(str_is(d.first->text, "BTS-1 states 3 messages; 1 were found"));
    cr_expect_eq(d.first->pos.line, 4);
    cr_expect(str_is(d.last->text, "FTS-1 states 2 batches; 1 were found"));
    arena_free(&a);
}

Test(messages, sending_form_has_one_cr_a_segment)
{
    static const struct {
        const char *text, *sent;
    } rows[] = {
        {"MSH|a\r\nPID|1\n\nPV1", "MSH|a\rPID|1\rPV1\r"},
        {"MSH|a\nPID|1\nPV1", "MSH|a\rPID|1\rPV1\r"},
        {"MSH|a\rPID|1\r", "MSH|a\rPID|1\r"},
        {"MSH|a\nPID|of more than 16 bytes\n\n\r\n", "MSH|a\rPID|of more than 16 bytes\r"},
        {"\nMSH|a", "MSH|a\r"},
        {"\r\n", ""},
        {"", ""},
    };
    struct buf b = {0};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        buf_clear(&b);
        messages_with_cr(str_of(rows[i].text), &b);
        cr_expect(str_is(buf_str(&b), rows[i].sent), "%zu: %.*s", i, STR_ARG(buf_str(&b)));
    }
    buf_free(&b);
}
