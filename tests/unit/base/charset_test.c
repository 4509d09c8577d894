#include "engine/base/charset.h"

#include "engine/base/utf8.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define S(text)                                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

Test(charset, knows_the_names_of_table_0211)
{
    static const struct {
        const char *name;
        int want; /* -1: unknown */
    } rows[] = {
        {"ASCII", CHARSET_ASCII},
        {"8859/1", CHARSET_8859_1},
        {"8859/2", CHARSET_8859_2},
        {"8859/3", CHARSET_8859_3},
        {"8859/4", CHARSET_8859_4},
        {"8859/5", CHARSET_8859_5},
        {"8859/6", CHARSET_8859_6},
        {"8859/7", CHARSET_8859_7},
        {"8859/8", CHARSET_8859_8},
        {"8859/9", CHARSET_8859_9},
        {"8859/15", CHARSET_8859_15},
        {"UNICODE", CHARSET_UTF8},
        {"UNICODE UTF-8", CHARSET_UTF8},
        {"UNICODE UTF-16", CHARSET_UTF16},
        {"UNICODE UTF-32", CHARSET_UTF32},
        {"ISO IR6", CHARSET_IR6},
        {"ISO IR14", CHARSET_IR14},
        {"ISO IR87", CHARSET_IR87},
        {"ISO IR159", CHARSET_IR159},
        {"GB 18030-2000", CHARSET_GB18030},
        {"KS X 1001", CHARSET_KS_X_1001},
        {"CNS 11643-1992", CHARSET_CNS_11643},
        {"BIG-5", CHARSET_BIG5},
        {"unicode utf-8", CHARSET_UTF8},
        {" ascii ", CHARSET_ASCII},
        {"iso ir87", CHARSET_IR87},
        {"utf-8", CHARSET_UTF8},
        {"iso-8859-1", CHARSET_8859_1},
        {"shift_jis", CHARSET_SHIFT_JIS},
        {"windows-1252", CHARSET_WINDOWS_1252},
        {"us-ascii", CHARSET_ASCII},
        {"", -1},
        {"8859/10", -1},
        {"8859", -1},
        {"UNICODE UTF-7", -1},
        {"ASCII|", -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum charset c = CHARSET_COUNT;
        cr_expect_eq(charset_find(str_of(rows[i].name), &c), rows[i].want >= 0, "%s", rows[i].name);
        cr_expect_eq((int)c, rows[i].want >= 0 ? rows[i].want : (int)CHARSET_COUNT, "%s",
                     rows[i].name);
    }
    for (int i = 0; i < CHARSET_COUNT; i++) {
        enum charset c;
        cr_expect(charset_find(str_of(charset_name((enum charset)i)), &c));
        cr_expect_str_eq(charset_name(c), charset_name((enum charset)i));
    }
}

Test(charset, reads_the_repetitions_of_msh_18)
{
    static const struct {
        const char *field;
        int want; /* -1: unknown */
    } rows[] = {
        {"8859/1", CHARSET_8859_1},
        {"8859/1~x", CHARSET_8859_1},
        {"~ISO IR87", CHARSET_IR87},
        {"ISO IR14~ISO IR87", CHARSET_IR87},
        {"ASCII~ISO IR159", CHARSET_IR159},
        {"~8859/1", CHARSET_ASCII},
        {"x~8859/1", -1},
        {"", -1},
        {"\"\"", -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum charset c = CHARSET_COUNT;
        cr_expect_eq(charset_of_msh18(str_of(rows[i].field), '~', &c), rows[i].want >= 0, "%s",
                     rows[i].field);
        cr_expect(rows[i].want < 0 || (int)c == rows[i].want, "%s: %d", rows[i].field, (int)c);
    }
    cr_expect(charset_is_stateful(CHARSET_IR87) && !charset_is_stateful(CHARSET_GB18030));
}

Test(charset, converts_both_ways)
{
    static const struct {
        enum charset c;
        struct str bytes, utf8;
    } rows[] = {
        {CHARSET_ASCII, S("abc|^~\\&\r"), S("abc|^~\\&\r")},
        {CHARSET_8859_1, S("M\xFCller"), S("M\xC3\xBCller")},
        {CHARSET_8859_2, S("\xB1"), S("\xC4\x85")},
        {CHARSET_8859_3, S("\xA1"), S("\xC4\xA6")},
        {CHARSET_8859_4, S("\xA2"), S("\xC4\xB8")},
        {CHARSET_8859_5, S("\xB0"), S("\xD0\x90")},
        {CHARSET_8859_6, S("\xC7"), S("\xD8\xA7")},
        {CHARSET_8859_7, S("\xE1"), S("\xCE\xB1")},
        {CHARSET_8859_8, S("\xE0"), S("\xD7\x90")},
        {CHARSET_8859_9, S("\xFD"), S("\xC4\xB1")},
        {CHARSET_8859_15, S("\xA4"), S("\xE2\x82\xAC")},
        {CHARSET_UTF8, S("\xE2\x82\xAC"), S("\xE2\x82\xAC")},
        {CHARSET_UTF16, S("\xFE\xFF\0M\x20\xAC"), S("M\xE2\x82\xAC")},
        {CHARSET_UTF16LE, S("M\0\xAC\x20"), S("M\xE2\x82\xAC")},
        {CHARSET_UTF16BE, S("\xD8\x3D\xDE\x00"), S("\xF0\x9F\x98\x80")},
        {CHARSET_UTF32, S("\0\0\xFE\xFF\0\0\x20\xAC"), S("\xE2\x82\xAC")},
        {CHARSET_UTF32LE, S("\xAC\x20\0\0"), S("\xE2\x82\xAC")},
        {CHARSET_IR14, S("\\~\xB1\xC0"), S("\\~\xEF\xBD\xB1\xEF\xBE\x80")},
        {CHARSET_IR87, S("a\x1b$B;3\x1b(Bb"),
         S("a\xE5\xB1\xB1"
           "b")},
        {CHARSET_IR159, S("\x1b$(D0!\x1b(B"), S("\xE4\xB8\x82")},
        {CHARSET_GB18030, S("\xC9\xBD\x81\x30\x81\x30"), S("\xE5\xB1\xB1\xC2\x80")},
        {CHARSET_KS_X_1001, S("\xB1\xE8"), S("\xEA\xB9\x80")},
        {CHARSET_CNS_11643, S("\xC4\xD4"), S("\xE5\xB1\xB1")},
        {CHARSET_BIG5, S("\xA4\x73"), S("\xE5\xB1\xB1")},
        {CHARSET_SHIFT_JIS, S("\x8E\x52\x83\x5C"), S("\xE5\xB1\xB1\xE3\x82\xBD")},
        {CHARSET_WINDOWS_1252, S("\x80"), S("\xE2\x82\xAC")},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena a = {0};
        struct str out = {0};
        size_t bad = 9;
        cr_expect_eq(charset_decode(&a, rows[i].c, rows[i].bytes, &out, &bad), 0);
        cr_expect(str_eq(out, rows[i].utf8), "%s: %.*s", charset_name(rows[i].c), STR_ARG(out));
        cr_expect_eq(bad, 0);
        cr_expect_eq(charset_encode(&a, rows[i].c, rows[i].utf8, &out, &bad), 0);
        cr_expect(str_eq(out, rows[i].bytes), "%s back: %zu bytes", charset_name(rows[i].c), out.n);
        cr_expect_eq(bad, 0);
        arena_free(&a);
    }
}

Test(charset, counts_what_is_no_character)
{
    static const struct {
        enum charset c;
        struct str bytes, utf8;
        size_t bad;
    } rows[] = {
        {CHARSET_ASCII, S("a\xFC\x80z"), S("a\xEF\xBF\xBD\xEF\xBF\xBDz"), 2},
        {CHARSET_UTF8, S("a\xFCz"), S("a\xEF\xBF\xBDz"), 1},
        {CHARSET_UTF8, S("\xE2\x82"), S("\xEF\xBF\xBD\xEF\xBF\xBD"), 2},
        {CHARSET_IR14, S("\xA0"), S("\xEF\xBF\xBD"), 1},
        {CHARSET_GB18030, S("a\xC9"), S("a\xEF\xBF\xBD"), 1},
        {CHARSET_GB18030, S("\xFF|"), S("\xEF\xBF\xBD|"), 1},
        {CHARSET_UTF16, S("\0a\xD8\0\0b"),
         S("a\xEF\xBF\xBD"
           "b"),
         1},
        {CHARSET_UTF16, S("\0a\0"), S("a\xEF\xBF\xBD"), 1},
        {CHARSET_UTF32BE, S("\0\x11\0\0\0\0\0b"),
         S("\xEF\xBF\xBD"
           "b"),
         1},
        {CHARSET_8859_3, S("\xA5"), S("\xEF\xBF\xBD"), 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena a = {0};
        struct str out = {0};
        size_t bad = 0;
        cr_expect_eq(charset_decode(&a, rows[i].c, rows[i].bytes, &out, &bad), 0);
        cr_expect(str_eq(out, rows[i].utf8), "%zu: %.*s", i, STR_ARG(out));
        cr_expect_eq(bad, rows[i].bad, "%zu: %zu", i, bad);
        arena_free(&a);
    }
}

Test(charset, writes_a_question_mark_for_what_it_cannot_say)
{
    static const struct {
        enum charset c;
        struct str utf8, bytes;
        size_t bad;
    } rows[] = {
        {CHARSET_ASCII, S("a\xC3\xBC"), S("a?"), 1},
        {CHARSET_8859_1, S("\xC3\xBC\xE2\x82\xACx"), S("\xFC?x"), 1},
        {CHARSET_8859_1, S("\xC3\xBC\xFFx"), S("\xFC?x"), 1},
        {CHARSET_IR14, S("\xEF\xBD\xB1\xC3\xBC"), S("\xB1?"), 1},
        {CHARSET_IR87, S("\xE5\xB1\xB1\xF0\x9F\x98\x80\xE5\xB1\xB1"),
         S("\x1b$B;3\x1b(B?\x1b$B;3\x1b(B"), 1},
        {CHARSET_UTF8, S("a\xFF"), S("a?"), 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena a = {0};
        struct str out = {0};
        size_t bad = 0;
        cr_expect_eq(charset_encode(&a, rows[i].c, rows[i].utf8, &out, &bad), 0);
        cr_expect(str_eq(out, rows[i].bytes), "%zu: %.*s", i, STR_ARG(out));
        cr_expect_eq(bad, rows[i].bad, "%zu: %zu", i, bad);
        arena_free(&a);
    }
}

Test(charset, converts_more_than_a_chunk)
{
    enum { N = 50001 };
    struct arena a = {0};
    struct str out, back;
    size_t bad;
    char *p = malloc(N);
    memset(p, 0xFC, N);
    cr_assert_eq(charset_decode(&a, CHARSET_8859_1, str_from(p, N), &out, &bad), 0);
    cr_expect_eq(out.n, 2 * N);
    cr_expect_eq(utf8_valid_to(out), out.n);
    cr_assert_eq(charset_encode(&a, CHARSET_8859_1, out, &back, &bad), 0);
    cr_expect(str_eq(back, str_from(p, N)));
    free(p);
    arena_free(&a);
}

/* Masked bytes as X, others as they are. */
static void check_mask(enum charset c, struct str in, const char *want)
{
    uint64_t mask[4] = {UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX};
    char shown[256] = "";
    size_t set = charset_mask_trail(c, in, mask), seen = 0;
    for (size_t i = 0; i < in.n; i++) {
        bool masked = mask[i / 64] >> (i % 64) & 1;
        seen += masked;
        shown[i] = masked ? 'X' : in.p[i];
    }
    cr_expect_str_eq(shown, want, "%s: %s, wanted %s", charset_name(c), shown, want);
    cr_expect_eq(set, seen);
}

Test(charset, marks_delimiters_inside_characters)
{
    static const struct {
        enum charset c;
        struct str in;
        const char *want;
    } rows[] = {
        /* every trail byte that is a delimiter: | ^ ~ \ (& is no trail byte in these sets) */
        {CHARSET_GB18030, S("A|\x81|\x81^\x81~\x81\\|B^C"), "A|XXXXXXXX|B^C"},
        {CHARSET_GB18030, S("\x81\x30\x81\x30|"), "XXXX|"},
        {CHARSET_GB18030, S("\x81&|"), "\x81&|"},
        {CHARSET_GB18030, S("\x81\r|"), "\x81\r|"},
        {CHARSET_GB18030, S("|\x81"), "|\x81"},
        {CHARSET_GB18030, S("\xFF|"), "\xFF|"},
        {CHARSET_BIG5, S("A|\xA4|\xA4^\xA4~\xA4\\|B"), "A|XXXXXXXX|B"},
        {CHARSET_BIG5, S("\xA4\x80|"), "\xA4\x80|"},
        {CHARSET_BIG5, S("\xA4&"), "\xA4&"},
        {CHARSET_SHIFT_JIS, S("\x83\\|\xB1|\x83|"), "XX|\xB1|XX"},
        {CHARSET_IR87, S("A|\x1b$B;|;^;~;\\;&\x1b(B|B"), "A|XXXXXXXXXXXXXXXX|B"},
        {CHARSET_IR87, S("\x1b$B||\r|^~\\&"), "XXXXX\r|^~\\&"},
        {CHARSET_IR87, S("\x1b(J|\\\x1b(B|"), "XXX|\\XXX|"},
        {CHARSET_IR87, S("\x1b(I^\\\x1b(B^"), "XXXXXXXX^"},
        {CHARSET_IR87, S("\x1b&@\x1b$B;3\x1b(B&"), "XXXXXXXXXXX&"},
        {CHARSET_IR87, S("\x1b$B;\x1b(B|"), "XXX;XXX|"},
        {CHARSET_IR87, S("\x1bX|"), "\x1bX|"},
        {CHARSET_IR159, S("\x1b$(D|^\x1b(B|"), "XXXXXXXXX|"},
        {CHARSET_8859_1, S("\xFC|"), "\xFC|"},
        {CHARSET_UTF8, S("\xC3\xBC|"), "\xC3\xBC|"},
        {CHARSET_KS_X_1001, S("\xB1\xE8|"), "\xB1\xE8|"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        check_mask(rows[i].c, rows[i].in, rows[i].want);
    }
    cr_expect_eq(charset_mask_trail(CHARSET_GB18030, (struct str){NULL, 0}, NULL), 0);
}

Test(charset, masks_across_words)
{
    char in[131], want[132];
    memset(in, '|', sizeof(in));
    memset(want, '|', sizeof(want));
    want[131] = 0;
    in[63] = in[127] = '\x81';
    memset(want + 63, 'X', 2);
    memset(want + 127, 'X', 2);
    check_mask(CHARSET_GB18030, str_from(in, sizeof(in)), want);
}

/* What bytewise promises: no character of theirs has a byte below 0x80, asked for a range of characters. */
Test(charset, bytewise_sets_keep_ascii_to_itself)
{
    for (int i = 0; i < CHARSET_COUNT; i++) {
        struct arena a = {0};
        if (!charset_is_ascii_superset_bytewise((enum charset)i)) {
            continue;
        }
        for (uint32_t code = 0x80; code < 0x10000; code += 13) {
            char utf8[4];
            struct str out;
            size_t bad;
            struct str in = str_from(utf8, utf8_put(utf8, code));
            cr_assert_eq(charset_encode(&a, (enum charset)i, in, &out, &bad), 0);
            for (size_t k = 0; !bad && k < out.n; k++) {
                cr_assert((unsigned char)out.p[k] >= 0x80, "%s U+%04X",
                          charset_name((enum charset)i), code);
            }
            arena_reset(&a);
        }
        arena_free(&a);
    }
    cr_expect(charset_is_maskable(CHARSET_GB18030) && charset_is_maskable(CHARSET_UTF8) &&
              !charset_is_maskable(CHARSET_UTF16));
    cr_expect(!charset_is_ascii_superset_bytewise(CHARSET_IR87) &&
              !charset_is_ascii_superset_bytewise(CHARSET_UTF16));
}

Test(charset, detects_by_mark_or_first_letters)
{
    static const struct {
        struct str in;
        int want;
        size_t skip;
    } rows[] = {
        {S("\xEF\xBB\xBFMSH"), CHARSET_UTF8, 3},
        {S("\xFF\xFEM\0"), CHARSET_UTF16LE, 2},
        {S("\xFE\xFF\0M"), CHARSET_UTF16BE, 2},
        {S("\xFF\xFE\0\0M\0\0\0"), CHARSET_UTF32LE, 4},
        {S("\0\0\xFE\xFF\0\0\0M"), CHARSET_UTF32BE, 4},
        {S("M\0S\0H\0|\0"), CHARSET_UTF16LE, 0},
        {S("\0M\0S\0H"), CHARSET_UTF16BE, 0},
        {S("F\0\0\0H\0\0\0S\0\0\0"), CHARSET_UTF32LE, 0},
        {S("\0\0\0B\0\0\0H\0\0\0S"), CHARSET_UTF32BE, 0},
        {S("MSH|"), -1, 0},
        {S(""), -1, 0},
        {S("M\0S"), -1, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum charset c = CHARSET_COUNT;
        size_t skip = 0;
        cr_expect_eq(charset_detect(rows[i].in, &c, &skip), rows[i].want >= 0, "%zu", i);
        cr_expect(rows[i].want < 0 || (int)c == rows[i].want, "%zu", i);
        cr_expect_eq(skip, rows[i].skip, "%zu", i);
    }
}
