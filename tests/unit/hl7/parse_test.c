#include "engine/hl7/hl7.h"

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/hl7/index.h"
#include "engine/hl7/wide.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define HEAD "MSH|^~\\&|A|B\r"

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_free(&arena);
}

TestSuite(parse, .init = setup, .fini = teardown);

/* What a message looks like: "MSH/4 PID/1 /0" (name/fields), delimiters, remarks. */
static const char *shape(const struct hl7 *m)
{
    struct buf b = {0};
    for (uint32_t i = 0; i < m->segs; i++) {
        buf_printf(&b, "%s%s/%u", i ? " " : "", m->seg[i].id, m->seg[i].fields);
    }
    const char *out = str_dup(&arena, buf_str(&b)).p;
    buf_free(&b);
    return out;
}

Test(parse, messages_are_indexed)
{
    static const struct {
        const char *name, *input, *shape;
        unsigned remarks;
    } rows[] = {
        {"plain", HEAD "PID|1|2\r", "MSH/3 PID/2", 0},
        {"no final CR", HEAD "PID|1|2", "MSH/3 PID/2", HL7_REMARK_NO_FINAL_CR},
        {"LF", "MSH|^~\\&|A|B\nPID|1\n", "MSH/3 PID/1", HL7_REMARK_LF},
        {"CRLF", "MSH|^~\\&|A|B\r\nPID|1\r\n", "MSH/3 PID/1", HL7_REMARK_LF},
        {"CRLF without the last", "MSH|^~\\&|A|B\r\nPID|1", "MSH/3 PID/1",
         HL7_REMARK_LF | HL7_REMARK_NO_FINAL_CR},
        {"blank line", HEAD "\rPID|1\r", "MSH/3 PID/1", HL7_REMARK_BLANK_LINE},
        {"blank CRLF line", "MSH|^~\\&|\r\n\r\nPID|1\r", "MSH/2 PID/1",
         HL7_REMARK_BLANK_LINE | HL7_REMARK_LF},
        {"byte order mark", "\xef\xbb\xbf" HEAD, "MSH/3", HL7_REMARK_BOM},
        {"white space first", "\r\n " HEAD, "MSH/3", HL7_REMARK_BLANK_LINE},
        {"Z segment", HEAD "ZPI|1\r", "MSH/3 ZPI/1", 0},
        {"bare segment", HEAD "PV1\r", "MSH/3 PV1/0", 0},
        {"lower case name is kept", HEAD "pid|1\r", "MSH/3 pid/1", HL7_REMARK_ODD_SEGMENT},
        {"short line is kept", HEAD "xy\r", "MSH/3 xy/0", HL7_REMARK_ODD_SEGMENT},
        {"fourth byte is no separator", HEAD "PIDX|1\rPV1|1\r", "MSH/3 /1 PV1/1",
         HL7_REMARK_ODD_SEGMENT},
        {"continued text", HEAD "more text\r", "MSH/3 /0", HL7_REMARK_ODD_SEGMENT},
        {"only MSH-1 and 2", "MSH|^~\\&", "MSH/1", HL7_REMARK_NO_FINAL_CR},
        {"MSH-2 ends the line", "MSH|^~\\&\rPID|1\r", "MSH/1 PID/1", 0},
        {"second MSH", HEAD HEAD, "MSH/3 MSH/3", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hl7 m;
        struct hl7_fault f;
        cr_assert_eq(hl7_parse(&arena, str_of(rows[i].input), &m, &f), 0, "%s", rows[i].name);
        cr_expect_str_eq(shape(&m), rows[i].shape, "%s: %s", rows[i].name, shape(&m));
        cr_expect_eq(m.remarks, rows[i].remarks, "%s: remarks %u", rows[i].name, m.remarks);
    }
}

Test(parse, delimiters_come_from_msh)
{
    static const struct {
        const char *name, *input;
        const char *
            delims; /* field, component, repetition, escape, subcomponent, truncation; ' ' for none */
        unsigned remark;
    } rows[] = {
        {"usual", "MSH|^~\\&|", "|^~\\& ", 0},
        {"truncation", "MSH|^~\\&#|", "|^~\\&#", 0},
        {"others", "MSH$%~\\&$", "$%~\\& ", 0},
        {"swapped", "MSH^~|\\&^", "^~|\\& ", 0},
        {"all of them others", "MSH!@#$%!", "!@#$% ", 0},
        {"three", "MSH|^~\\|", "|^~\\& ", HL7_REMARK_SHORT_MSH2},
        {"two", "MSH|^~|", "|^~\\& ", HL7_REMARK_SHORT_MSH2},
        {"one", "MSH|^|", "|^~\\& ", HL7_REMARK_SHORT_MSH2},
        {"escape left out", "MSH|^~&|", "|^~\\& ", HL7_REMARK_SHORT_MSH2},
        {"escape left out, but backslash is taken", "MSH^\\~&^", "^\\~&  ", HL7_REMARK_SHORT_MSH2},
        {"escape left out, but backslash separates", "MSH\\^~&\\", "\\^~&  ",
         HL7_REMARK_SHORT_MSH2},
        {"repetition left out: read by place", "MSH|^\\&|", "|^\\&  ", HL7_REMARK_SHORT_MSH2},
        {"default taken: no subcomponents", "MSH&^~\\&", "&^~\\  ", HL7_REMARK_SHORT_MSH2},
        {"escape written twice", "MSH|^~\\\\&|", "|^~\\& ", HL7_REMARK_LONG_MSH2},
        {"escape written twice, truncation", "MSH|^~\\\\&#|", "|^~\\&#", HL7_REMARK_LONG_MSH2},
        {"a letter is no truncation", "MSH|^~\\&X|", "|^~\\& ", HL7_REMARK_LONG_MSH2},
        {"more than five", "MSH|^~\\&#!|", "|^~\\&#", HL7_REMARK_LONG_MSH2},
        {"a UTF-8 letter is no delimiter", "MSH|^\xc2\xa7\\&|", "|^~\\& ", HL7_REMARK_SHORT_MSH2},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hl7 m;
        struct hl7_fault f;
        cr_assert_eq(hl7_parse(&arena, str_of(rows[i].input), &m, &f), 0, "%s", rows[i].name);
        const char got[6] = {m.d.field,  m.d.component,    m.d.repetition,
                             m.d.escape, m.d.subcomponent, m.d.truncation};
        for (int k = 0; k < 6; k++) {
            cr_expect_eq(got[k] ? got[k] : ' ', rows[i].delims[k], "%s: delimiter %d is %c",
                         rows[i].name, k, got[k]);
        }
        unsigned remarks = m.remarks & (HL7_REMARK_SHORT_MSH2 | HL7_REMARK_LONG_MSH2);
        cr_expect_eq(remarks, rows[i].remark, "%s: %u", rows[i].name, remarks);
    }
}

Test(parse, what_is_no_message_is_refused_with_its_place)
{
    static const struct {
        const char *input;
        int code;
        size_t at;
        const char *path;
    } rows[] = {
        {"", 100, 0, "MSH"},
        {"M", 100, 0, "MSH"},
        {"MS", 100, 0, "MSH"},
        {"MSH", 101, 3, "MSH-1"},
        {"MSH\r", 102, 3, "MSH-1"},
        {"MSH|", 101, 4, "MSH-2"},
        {"MSH|\r", 101, 4, "MSH-2"},
        {"MSH||A", 101, 4, "MSH-2"},
        {"MSHA^~\\&A", 102, 3, "MSH-1"},
        {"MSH ^~\\& ", 102, 3, "MSH-1"},
        {"MSH|????|", 102, 4, "MSH-2"},
        {"MSH|^~A&|", 102, 4, "MSH-2"},
        {"MSH|^\t\\&|", 102, 4, "MSH-2"},
        {"MSH|A\rPID|1\r", 102, 4, "MSH-2"},
        {"PID|1\rMSH|^~\\&|", 100, 0, "MSH"},
        {"\r\nPID|1", 100, 2, "MSH"},
        {"hello", 100, 0, "MSH"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hl7 m;
        struct hl7_fault f = {0};
        cr_assert_eq(hl7_parse(&arena, str_of(rows[i].input), &m, &f), ERR_SYNTAX, "%s",
                     rows[i].input);
        cr_expect_eq(f.code, rows[i].code, "%s: code %d", rows[i].input, f.code);
        cr_expect_eq(f.at, rows[i].at, "%s: at %zu", rows[i].input, f.at);
        cr_expect_str_eq(f.path, rows[i].path, "%s", rows[i].input);
    }
}

static struct str field(const struct hl7 *m, const char *seg, uint32_t n, uint32_t f)
{
    return hl7_field(m, hl7_segment(m, seg, n), f);
}

Test(parse, fields_are_found_by_number)
{
    struct hl7 m;
    struct hl7_fault f;
    const char *text = "MSH|^~\\&|A||C\rPID|1||x^y\rOBX|1\rOBX|2|\r";
    cr_assert_eq(hl7_parse(&arena, str_of(text), &m, &f), 0);
    cr_expect(str_is(field(&m, "MSH", 1, 1), "|"));
    cr_expect(str_is(field(&m, "MSH", 1, 2), "^~\\&"));
    cr_expect(str_is(field(&m, "MSH", 1, 3), "A"));
    cr_expect(field(&m, "MSH", 1, 4).p != NULL && field(&m, "MSH", 1, 4).n == 0);
    cr_expect(str_is(field(&m, "MSH", 1, 5), "C"));
    cr_expect(field(&m, "MSH", 1, 6).p == NULL);
    cr_expect(str_is(field(&m, "PID", 1, 3), "x^y"));
    cr_expect(field(&m, "PID", 1, 0).p == NULL);
    cr_expect(field(&m, "PID", 1, 4).p == NULL);
    cr_expect(str_is(field(&m, "OBX", 2, 1), "2"));
    cr_expect(field(&m, "OBX", 2, 2).p != NULL);
    cr_expect(hl7_segment(&m, "OBX", 3) == NULL);
    cr_expect(hl7_segment(&m, "OBX", 0) == NULL);
}

Test(parse, a_nul_is_a_byte_like_others)
{
    struct hl7 m;
    struct hl7_fault f;
    static const char text[] = "MSH|^~\\&|A\0B|C\rPID|\0\0|2\r";
    cr_assert_eq(hl7_parse(&arena, str_from(text, sizeof(text) - 1), &m, &f), 0);
    cr_expect_eq(field(&m, "MSH", 1, 3).n, 3);
    cr_expect_eq(field(&m, "PID", 1, 1).n, 2);
    cr_expect(str_is(field(&m, "PID", 1, 2), "2"));
}

Test(parse, batch_headers_define_delimiters_too)
{
    struct hl7 m;
    struct hl7_fault f;
    cr_assert_eq(hl7_parse_header(&arena, STR("BHS|^~\\&|A|BEAKER\r"), &m, &f), 0);
    cr_expect(str_is(field(&m, "BHS", 1, 4), "BEAKER"));
    cr_expect_eq(hl7_parse_header(&arena, STR("PID|1"), &m, &f), ERR_SYNTAX);
    cr_expect_eq(hl7_parse_header(&arena, STR("FHS|"), &m, &f), ERR_SYNTAX);
    cr_expect_str_eq(f.path, "BHS-2");
}

Test(parse, bytes_of_wide_characters_do_not_split)
{
    static const struct {
        const char *name, *input;
    } rows[] = {
        /* 0x81 0x7c in GB 18030 and 0xa2 0x7c in Big5 hold a bar */
        {"GB 18030", "MSH|^~\\&|\x81\x7c|F||||||||||||||GB 18030-2000\rPID|\x81\x7c|x\r"},
        {"Big5", "MSH|^~\\&|\xa2\x7c|F||||||||||||||BIG-5\rPID|\xa2\x7c|x\r"},
        {"Shift-JIS", "MSH|^~\\&|\x81\x7c|F||||||||||||||Shift_JIS\rPID|\x83\x5c\x81\x7c|x\r"},
        {"ISO IR87", "MSH|^~\\&|G|F||||||||||||||~ISO IR87\rPID|\x1b$B|F^~\x1b(B|x\r"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hl7 m;
        struct hl7_fault f;
        cr_assert_eq(hl7_parse(&arena, str_of(rows[i].input), &m, &f), 0, "%s", rows[i].name);
        cr_expect(m.d.wide, "%s", rows[i].name);
        cr_expect(str_is(field(&m, "MSH", 1, 4), "F"), "%s", rows[i].name);
        cr_expect(str_is(field(&m, "PID", 1, 2), "x"), "%s", rows[i].name);
    }
}

Test(parse, a_hundred_thousand_segments)
{
    struct buf b = {0};
    struct hl7 m;
    struct hl7_fault f;
    buf_puts(&b, HEAD);
    for (int i = 0; i < 100000; i++) {
        buf_printf(&b, "OBX|%d||x\r", i);
    }
    cr_assert_eq(hl7_parse(&arena, buf_str(&b), &m, &f), 0);
    cr_expect_eq(m.segs, 100001);
    cr_expect(str_is(field(&m, "OBX", 100000, 1), "99999"));
    cr_expect(str_is(field(&m, "OBX", 4711, 3), "x"));
    buf_free(&b);
}

Test(parse, sparse_first_then_dense)
{
    struct buf b = {0};
    struct hl7 m;
    struct hl7_fault f;
    buf_puts(&b, "MSH|^~\\&|");
    for (int i = 0; i < 5000; i++) {
        buf_putc(&b, 'x');
    }
    for (int i = 0; i < 300000; i++) {
        buf_puts(&b, i % 3 ? "|" : "\r");
    }
    cr_assert_eq(hl7_parse(&arena, buf_str(&b), &m, &f), 0);
    cr_expect_eq(m.marks, 300003);
    cr_expect_eq(m.segs, 100001);
    buf_free(&b);
}

/* A line of the slow and obvious kind, to hold the scans against. */
static void index_plainly(const char *p, size_t n, uint32_t base, char sep, struct index_block *out)
{
    out->marks = out->ends = 0;
    for (size_t i = 0; i < n; i++) {
        bool end = p[i] == '\r' || p[i] == '\n';
        if (end) {
            out->end[out->ends++] = (uint16_t)out->marks;
        }
        if (end || p[i] == sep) {
            out->mark[out->marks++] = base + (uint32_t)i;
        }
    }
}

static void expect_same(const struct index_block *a, const struct index_block *b, size_t n,
                        const char *name)
{
    cr_assert_eq(a->marks, b->marks, "%s, %zu bytes: %u and %u marks", name, n, a->marks, b->marks);
    cr_assert_eq(a->ends, b->ends, "%s, %zu bytes", name, n);
    cr_assert_arr_eq(a->mark, b->mark, a->marks * sizeof(*a->mark), "%s, %zu bytes", name, n);
    cr_assert_arr_eq(a->end, b->end, a->ends * sizeof(*a->end), "%s, %zu bytes", name, n);
}

Test(parse, every_scan_gives_the_same_positions)
{
    static const char alphabet[] = "|||\r\n^~&\\ab\0\x7d\xfc\x8a\x8d\x0c\x0b\x0e\x09";
    static struct index_block want, got;
    static char bytes[INDEX_BLOCK];
    srand(7);
    for (int round = 0; round < 600; round++) {
        size_t n = (size_t)rand() % (round % 3 ? 200 : INDEX_BLOCK + 1);
        for (size_t i = 0; i < n; i++) {
            bytes[i] = round % 2 ? (char)rand() : alphabet[(size_t)rand() % (sizeof(alphabet) - 1)];
        }
        char sep = round % 5 ? '|' : '&';
        index_plainly(bytes, n, 77, sep, &want);
        index_portable(bytes, n, 77, sep, &got);
        expect_same(&want, &got, n, "portable");
        if (index_avx2()) {
            index_avx2()(bytes, n, 77, sep, &got);
            expect_same(&want, &got, n, "AVX2");
        }
    }
    memset(bytes, '|', sizeof(bytes));
    index_plainly(bytes, INDEX_BLOCK, 0, '|', &want);
    index_portable(bytes, INDEX_BLOCK, 0, '|', &got);
    expect_same(&want, &got, INDEX_BLOCK, "portable, separators only");
    if (index_avx2()) {
        index_avx2()(bytes, INDEX_BLOCK, 0, '|', &got);
        expect_same(&want, &got, INDEX_BLOCK, "AVX2, separators only");
    }
}

Test(parse, utf8_is_no_wide_charset_whatever_msh_18_says)
{
    struct hl7 m;
    struct hl7_fault f;
    const char *text = "MSH|^~\\&|\xe4\xbd\xa0|F||||||||||||||GB 18030-2000\rPID|\xe5\xa5\xbd|x\r";
    cr_assert_eq(hl7_parse(&arena, str_of(text), &m, &f), 0);
    cr_expect_eq(m.d.wide, 0);
    cr_expect(str_is(field(&m, "PID", 1, 2), "x"));
    text = "MSH|^~\\&|A|F||||||||||||||GB 18030-2000\rPID|y|x\r";
    cr_assert_eq(hl7_parse(&arena, str_of(text), &m, &f), 0);
    cr_expect(m.d.wide, "ASCII alone says nothing: what is written into it later is GB 18030");
}

/* The bytes that stepping passes over are those that the mask of the whole text has set. */
static void expect_steps_as_masked(enum charset c, const char *p, size_t n)
{
    uint64_t mask[8];
    (void)charset_mask_trail(c, str_from(p, n), mask); /* the count is not needed */
    for (size_t at = 0, len; at < n; at += len) {
        len = hl7_wide_step(hl7_wide_of(c), p + at, n - at);
        for (size_t i = at; i < at + len; i++) {
            bool is_set = mask[i / 64] >> (i % 64) & 1;
            bool is_plain = !strchr("|^~\\&", p[i]); /* others may stand in a run of ISO 2022 */
            cr_assert(is_set == (len > 1) || (len > 1 && is_plain), "charset %d, byte %zu of %zu",
                      c, i, n);
        }
    }
}

Test(parse, steps_agree_with_the_masks_of_base)
{
    static const enum charset sets[] = {CHARSET_GB18030, CHARSET_BIG5, CHARSET_SHIFT_JIS};
    static const char *const escapes[] = {"\x1b$B", "\x1b(B", "\x1b(J", "\x1b$(D", "\x1b$@",
                                          "\r",     "a|b",    "^",      "\x1b(I"};
    char p[256];
    srand(5);
    for (int round = 0; round < 2000; round++) {
        size_t n = (size_t)rand() % 200;
        for (size_t i = 0; i < n; i++) {
            p[i] = round % 2 ? (char)rand() : "|^\\~\x81\x8f\xe3\xa1\xfe\x30\x41\r"[rand() % 12];
        }
        expect_steps_as_masked(sets[round % 3], p, n);
        for (n = 0; n < 200;) {
            const char *e = escapes[(size_t)rand() % 9];
            bool pairs = e[0] == 0x1b && e[1] == '$', kana = e[0] == 0x1b && e[2] == 'I';
            memcpy(p + n, e, strlen(e));
            n += strlen(e);
            for (int k = rand() % 6; k > 0 && (pairs || kana); k--) {
                p[n++] = (char)(0x21 + rand() % 0x3e);
                p[n] = (char)(0x21 + rand() % 0x5d);
                n += pairs;
            }
            if (pairs || kana) {
                memcpy(p + n, "\x1b(B", 3);
                n += 3;
            }
        }
        expect_steps_as_masked(CHARSET_IR87, p, n);
    }
}

Test(parse, whole_characters)
{
    static const struct {
        enum hl7_wide wide;
        const char *text;
        bool is_whole;
    } rows[] = {
        {HL7_WIDE_NONE, "\x81", true},
        {HL7_WIDE_GB18030, "", true},
        {HL7_WIDE_GB18030, "a\x81\x40", true},
        {HL7_WIDE_GB18030, "a\x81", false},
        {HL7_WIDE_GB18030, "\x81\x30\x81\x30", true},
        {HL7_WIDE_GB18030, "\x81\x30\x81", false},
        {HL7_WIDE_BIG5, "\xa4\x40\xa4", false},
        {HL7_WIDE_SHIFT_JIS, "\x83\x5c", true},
        {HL7_WIDE_ISO2022, "ab", true},
        {HL7_WIDE_ISO2022, "\x1b$B!!\x1b(B", true},
        {HL7_WIDE_ISO2022, "\x1b$B!!", false},
        {HL7_WIDE_ISO2022, "\x1b$B!", false},
        {HL7_WIDE_ISO2022, "\x1b(I1", false},
        {HL7_WIDE_ISO2022, "x\x1b", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        cr_expect_eq(hl7_wide_is_whole(rows[i].wide, str_of(rows[i].text)), rows[i].is_whole,
                     "row %zu", i);
    }
}
