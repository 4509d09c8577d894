#include "engine/hl7/escape.h"

#include "engine/base/arena.h"
#include "engine/hl7/wide.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct hl7_delims usual = {'|', '^', '~', '\\', '&', 0, 0};
static const struct hl7_delims truncating = {'|', '^', '~', '\\', '&', '#', 0};
static const struct hl7_delims others = {'!', '@', '#', '$', '%', 0, 0};
static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_free(&arena);
}

TestSuite(escape, .init = setup, .fini = teardown);

Test(escape, sequences_are_decoded)
{
    static const struct {
        const char *raw, *text;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"\\F\\", "|"},
        {"a\\S\\b\\T\\c\\R\\d\\E\\e", "a^b&c~d\\e"},
        {"\\E\\F\\E\\", "\\F\\"},
        {"\\X41\\", "A"},
        {"\\X0d0A\\x", "\r\nx"},
        {"\\X4\\", "\\X4\\"},
        {"\\X\\", "\\X\\"},
        {"\\X4G\\", "\\X4G\\"},
        {"a\\.br\\b", "a\nb"},
        {"\\.in+4\\\\H\\bold\\N\\", "\\.in+4\\\\H\\bold\\N\\"},
        {"\\H\\F\\N\\", "\\H\\F\\N\\"},
        {"\\C2842\\\\M254541\\\\Zdd\\", "\\C2842\\\\M254541\\\\Zdd\\"},
        {"lone \\ sign", "lone \\ sign"},
        {"end\\", "end\\"},
        {"\\", "\\"},
        {"\\\\", "\\\\"},
        {"C:\\temp\\F\\", "C:\\temp|"},
        {"\\Q\\", "\\Q\\"},
        {"\\f\\", "\\f\\"},
        {"\\P\\", "\\P\\"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct str got = hl7_unescape(&arena, &usual, str_of(rows[i].raw));
        cr_expect(str_is(got, rows[i].text), "%s: %.*s", rows[i].raw, STR_ARG(got));
    }
    cr_expect(str_is(hl7_unescape(&arena, &truncating, STR("\\P\\")), "#"));
    cr_expect(
        str_is(hl7_unescape(&arena, &others, STR("$F$ $S$ $R$ $E$ $T$ \\F\\")), "! @ # $ % \\F\\"));
    struct str plain = STR("untouched");
    cr_expect_eq(hl7_unescape(&arena, &usual, plain).p, plain.p);
    cr_expect_eq(hl7_unescape(&arena, &usual, str_from(NULL, 0)).n, 0);
}

Test(escape, text_is_encoded)
{
    static const struct {
        const char *text, *raw, *formatted;
    } rows[] = {
        {"", "", ""},
        {"plain", "plain", "plain"},
        {"a|b^c~d\\e&f", "a\\F\\b\\S\\c\\R\\d\\E\\e\\T\\f", "a\\F\\b\\S\\c\\R\\d\\E\\e\\T\\f"},
        {"a\rb", "a\\X0D\\b", "a\\X0D\\b"},
        {"a\nb", "a\\X0A\\b", "a\\.br\\b"},
        {"\x0b\x1c", "\\X0B\\\\X1C\\", "\\X0B\\\\X1C\\"},
        {"#", "#", "#"},
        {"\xc3\xa4", "\xc3\xa4", "\xc3\xa4"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        cr_expect(str_is(hl7_escape(&arena, &truncating, str_of(rows[i].text), false), rows[i].raw),
                  "%s", rows[i].text);
        cr_expect(
            str_is(hl7_escape(&arena, &truncating, str_of(rows[i].text), true), rows[i].formatted),
            "%s", rows[i].text);
    }
    cr_expect(str_is(hl7_escape(&arena, &others, STR("|!@"), false), "|$F$$S$"));
    struct buf b = {0};
    hl7_escape_to(&b, &usual, STR("plain "), false);
    hl7_escape_to(&b, &usual, STR("a|b\n"), true);
    hl7_escape_to(&b, &usual, str_from(NULL, 0), true);
    cr_expect(str_is(buf_str(&b), "plain a\\F\\b\\.br\\"));
    buf_free(&b);
}

Test(escape, wide_characters_are_stepped_over)
{
    struct hl7_delims gb = usual;
    gb.wide = HL7_WIDE_GB18030;
    struct str text = STR("\x81\x5c|\x81\x30\x81\x30\x90\x7c");
    struct str raw = hl7_escape(&arena, &gb, text, false);
    cr_expect(str_is(raw, "\x81\x5c\\F\\\x81\x30\x81\x30\x90\x7c"));
    cr_expect(str_eq(hl7_unescape(&arena, &gb, raw), text));
}

Test(escape, encoding_and_decoding_are_inverse)
{
    static const char alphabet[] = "|^~\\&#ab\r\n\0XFE.br$@!%\x1b\xe4";
    char bytes[40];
    srand(11);
    for (int round = 0; round < 3000; round++) {
        size_t n = (size_t)rand() % sizeof(bytes);
        for (size_t i = 0; i < n; i++) {
            bytes[i] = alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
        }
        const struct hl7_delims *d = round % 2 ? &usual : &others;
        struct str text = str_from(bytes, n);
        struct str raw = hl7_escape(&arena, d, text, round % 3 == 0);
        cr_assert_eq(str_index(raw, d->field), -1);
        cr_assert_eq(str_index(raw, '\r'), -1);
        cr_assert(str_eq(hl7_unescape(&arena, d, raw), text), "round %d", round);
    }
}
