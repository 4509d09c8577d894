#include "engine/hl7/path.h"

#include "engine/base/buf.h"
#include "engine/base/err.h"

#include <criterion/criterion.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_free(&arena);
}

TestSuite(path, .init = setup, .fini = teardown);

static struct path compiled(const char *text)
{
    struct path p = {0};
    size_t at;
    const char *why = "";
    cr_assert_eq(path_compile(str_of(text), true, &p, &at, &why), 0, "%s: %s", text, why);
    return p;
}

Test(path, spellings_compile_and_print_the_same)
{
    static const char *const rows[] = {
        "PID",     "PV1",          "Z01",      "OBX[3]",          "OBX[last]", "OBX[+]",
        "OBX[*]",  "PID-3",        "PID-3[2]", "PID-3[last]",     "PID-3[+]",  "PID-3[*].4.1",
        "PID-3.1", "PID-3[2].4.1", "OBX[3]-5", "OBX[3]-5[2].1.2", "MSH-9.2",   "OBX[65520]-5",
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct path p = compiled(rows[i]);
        cr_expect(str_is(path_text(&arena, &p), rows[i]), "%s", rows[i]);
        cr_expect_eq(path_lex(str_of(rows[i]), &p), strlen(rows[i]), "%s", rows[i]);
    }
    struct path p = compiled("PID-3[2].4.1");
    cr_expect(!strcmp(p.seg, "PID") && p.seg_n == PATH_ALL && p.field == 3 && p.rep == 2 &&
              p.comp == 4 && p.sub == 1);
}

Test(path, wrong_spellings_say_where_and_why)
{
    static const struct {
        const char *text;
        bool targets;
        size_t at;
        const char *why; /* part of the sentence */
    } rows[] = {
        {"", 0, 0, "begins with a segment name"},
        {"pid-3", 0, 0, "begins with a segment name"},
        {"PI-3", 0, 0, "begins with a segment name"},
        {"1ID-3", 0, 0, "begins with a segment name"},
        {"PIDX-3", 0, 0, "begins with a segment name"},
        {"PID-3-1", 0, 5, "write PID-3.1"},
        {"PID.3.1", 0, 3, "write PID-3.1"},
        {"PID-3(1)", 0, 5, "write PID-3[1]"},
        {"PID(1)-3", 0, 3, "write PID-3[1]"},
        {"PID-3.1-1", 0, 7, "components follow a dot"},
        {"PID-3.1.2.3", 0, 9, "ends with the subcomponent"},
        {"PID-3[0]", 0, 6, "count from 1"},
        {"OBX[0]-5", 0, 4, "count from 1"},
        {"PID-0", 0, 4, "fields count from 1"},
        {"PID-3.0", 0, 6, "count from 1"},
        {"PID-3.1.0", 0, 8, "count from 1"},
        {"PID-03", 0, 4, "leading zero"},
        {"PID-3[", 0, 6, "an index is"},
        {"PID-3[]", 0, 6, "an index is"},
        {"PID-3[1", 0, 7, "] is missing"},
        {"PID-3[x]", 0, 6, "an index is"},
        {"PID-3[-1]", 0, 6, "an index is"},
        {"PID-3[+]", 0, 6, "only a target"},
        {"PID-3[*]", 0, 6, "for targets"},
        {"PID-3[1][2]", 1, 8, "one index"},
        {"PID-3.1[2]", 0, 7, "only segments and fields repeat"},
        {"PID-3[65521]", 0, 6, "too large"},
        {"PID-99999999999999999999", 0, 4, "too large"},
        {"PID-", 0, 3, "nothing may follow"},
        {"PID-3.", 0, 5, "nothing may follow"},
        {"PID-3 ", 0, 5, "nothing may follow"},
        {"PID-3.x", 0, 5, "nothing may follow"},
        {"PID-3a", 0, 5, "the path ends here"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct path p;
        size_t at = 0;
        const char *why = "";
        int rc = path_compile(str_of(rows[i].text), rows[i].targets, &p, &at, &why);
        cr_assert_eq(rc, ERR_SYNTAX, "%s", rows[i].text);
        cr_expect_eq(at, rows[i].at, "%s: at %zu", rows[i].text, at);
        cr_expect(strstr(why, rows[i].why), "%s: %s", rows[i].text, why);
    }
}

Test(path, the_lexer_takes_the_longest_path)
{
    static const struct {
        const char *text;
        size_t used;
        const char *misspelt; /* part of the sentence about what follows, or NULL */
    } rows[] = {
        {"PID-3.1 = 'x'", 7, NULL},
        {"PID-3[1].4.1.lookup('t')", 12, NULL},
        {"PID-3.where($this.5 = 'MR')", 5, NULL},
        {"PID-3.4.exists()", 7, NULL},
        {"RGS.AIS-3.1", 3, NULL},
        {"PV1.following('ROL')", 3, NULL},
        {"PID-3 - 1", 5, NULL},
        {"PID-3|MRG-1", 5, NULL},
        {"PID-3-1", 5, "write PID-3.1"},
        {"PID.3.1", 3, "write PID-3.1"},
        {"PID-3(1)", 5, "write PID-3[1]"},
        {"PID-3[0]", 5, "count from 1"},
        {"PID-3[$index]", 5, "an index is"},
        {"PID-3.1.2.3", 9, "ends with"},
        {"Patient.name", 0, NULL},
        {"PIDX", 0, NULL},
        {"PI", 0, NULL},
        {"TRUE", 0, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct path p;
        size_t at = 0;
        size_t used = path_lex(str_of(rows[i].text), &p);
        cr_expect_eq(used, rows[i].used, "%s: %zu", rows[i].text, used);
        const char *why = used ? path_misspelt(str_of(rows[i].text), used, &p, &at) : NULL;
        cr_expect_eq(!why, !rows[i].misspelt, "%s: %s", rows[i].text, why ? why : "none");
        cr_expect(!why || strstr(why, rows[i].misspelt), "%s: %s", rows[i].text, why);
    }
}

static const char message[] =
    "MSH|^~\\&|APP|FAC^1.2.3^ISO|||||ADT^A01\r"
    "PID|1||11^^^EPIC&9&ISO^MR~22^^^SSA~~44||DOE^JOHN||19800102|F|\"\"||^^^|a&b\r"
    "PV1\r"
    "OBX|1||A\rOBX|2|\rOBX|3||C~D\r";

static struct hl7 parsed(const char *text)
{
    struct hl7 m = {0};
    struct hl7_fault f;
    cr_assert_eq(hl7_parse(&arena, str_of(text), &m, &f), 0);
    return m;
}

Test(path, values_are_absent_empty_null_or_there)
{
    static const struct {
        const char *path;
        enum hl7_state state;
        const char *raw;
    } rows[] = {
        {"MSH-1", HL7_VALUE, "|"},
        {"MSH-1.1.1", HL7_VALUE, "|"},
        {"MSH-2", HL7_VALUE, "^~\\&"},
        {"MSH-2[1].1", HL7_VALUE, "^~\\&"},
        {"MSH-2.2", HL7_ABSENT, ""},
        {"MSH-2[2]", HL7_ABSENT, ""},
        {"MSH-3", HL7_VALUE, "APP"},
        {"MSH-4.2", HL7_VALUE, "1.2.3"},
        {"MSH-9.2", HL7_VALUE, "A01"},
        {"MSH-10", HL7_ABSENT, ""},
        {"MSH-5", HL7_EMPTY, ""},
        {"PID-3", HL7_VALUE, "11^^^EPIC&9&ISO^MR"},
        {"PID-3[2]", HL7_VALUE, "22^^^SSA"},
        {"PID-3[3]", HL7_EMPTY, ""},
        {"PID-3[4].1", HL7_VALUE, "44"},
        {"PID-3[5]", HL7_ABSENT, ""},
        {"PID-3[last]", HL7_VALUE, "44"},
        {"PID-3[+]", HL7_ABSENT, ""},
        {"PID-3.2", HL7_EMPTY, ""},
        {"PID-3.4", HL7_VALUE, "EPIC&9&ISO"},
        {"PID-3.4.2", HL7_VALUE, "9"},
        {"PID-3.4.4", HL7_ABSENT, ""},
        {"PID-3.6", HL7_ABSENT, ""},
        {"PID-3[2].4.1", HL7_VALUE, "SSA"},
        {"PID-8", HL7_VALUE, "F"},
        {"PID-8.1", HL7_VALUE, "F"},
        {"PID-8.1.1", HL7_VALUE, "F"},
        {"PID-8.2", HL7_ABSENT, ""},
        {"PID-8.1.2", HL7_ABSENT, ""},
        {"PID-9", HL7_NULL, "\"\""},
        {"PID-9.1", HL7_NULL, "\"\""},
        {"PID-11", HL7_EMPTY, ""},
        {"PID-12.1", HL7_VALUE, "a&b"},
        {"PID-12.1.2", HL7_VALUE, "b"},
        {"PID-40", HL7_ABSENT, ""},
        {"PV1", HL7_VALUE, "PV1"},
        {"PV1-2", HL7_ABSENT, ""},
        {"PV2", HL7_ABSENT, ""},
        {"OBX[2]-1", HL7_VALUE, "2"},
        {"OBX[2]-2", HL7_EMPTY, ""},
        {"OBX[last]-3", HL7_VALUE, "C"},
        {"OBX[last]-3[last]", HL7_VALUE, "D"},
        {"OBX[4]-1", HL7_ABSENT, ""},
        {"OBX[3]", HL7_VALUE, "OBX|3||C~D"},
    };
    struct hl7 m = parsed(message);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct path p = compiled(rows[i].path);
        struct hl7_val v = path_get(&m, &p);
        cr_expect_eq(v.state, rows[i].state, "%s: state %d", rows[i].path, v.state);
        cr_expect(str_is(v.raw, rows[i].raw), "%s: %.*s", rows[i].path, STR_ARG(v.raw));
    }
}

/* The values of an iteration: "11,22,-,44"; - empty, ? absent, 0 null. */
static const char *listed(struct path_iter it)
{
    static const char *const signs[] = {"?", "-", "0"};
    struct buf b = {0};
    struct hl7_val v;
    while (path_next(&it, &v)) {
        buf_puts(&b, b.n ? "," : "");
        buf_put_str(&b, v.state == HL7_VALUE ? v.raw : str_of(signs[v.state]));
    }
    const char *out = str_dup(&arena, buf_str(&b)).p;
    buf_free(&b);
    return out;
}

Test(path, iteration_walks_segments_and_repetitions)
{
    static const struct {
        const char *path, *want;
    } rows[] = {
        {"PID-3.1", "11,22,-,44"},
        {"PID-3[2].1", "22"},
        {"PID-3[9].1", "?"},
        {"PID-3.4.2", "9,?,?,?"},
        {"OBX-1", "1,2,3"},
        {"OBX-2", "-,-,-"},
        {"OBX-3", "A,?,C,D"},
        {"OBX-3[1]", "A,?,C"},
        {"OBX-3[last]", "A,?,D"},
        {"OBX[3]-3", "C,D"},
        {"OBX[last]-3", "C,D"},
        {"OBX[4]-3", ""},
        {"ZZZ-1", ""},
        {"PID-9", "0"},
        {"MSH-2", "^~\\&"},
        {"OBX", "OBX|1||A,OBX|2|,OBX|3||C~D"},
    };
    struct hl7 m = parsed(message);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct path p = compiled(rows[i].path);
        const char *got = listed(path_each(&m, &p));
        cr_expect_str_eq(got, rows[i].want, "%s: %s", rows[i].path, got);
    }
    struct path p = compiled("OBX-3");
    cr_expect_str_eq(listed(path_each_in(&m, hl7_segment(&m, "OBX", 3), &p)), "C,D");
    cr_expect_str_eq(listed(path_each_in(&m, NULL, &p)), "");
}

/* Parts of a value that is cut once, and of one that is cut for each. */
Test(path, what_is_cut_at_once_has_the_same_parts)
{
    static const char *const rows[] = {
        "",
        "a",
        "^",
        "^^",
        "a^b",
        "a^^c^",
        "a&b",
        "1234567^9",
        "a^b^c^d^e^f^g^h^i^j^k^l^m^n^o^p^q^r",
        "a^b\r",
        "123456789012345^7^seventeen and more of it^and more",
    };
    struct hl7 m = parsed(message);
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct str whole = str_of(rows[i]);
        struct hl7_parts v;
        cr_assert(hl7_cut(&m, whole, '^', &v), "%s", rows[i]);
        for (uint32_t n = 0; n < HL7_PARTS + 1; n++) {
            struct str want = hl7_component(&m.d, whole, n), got = hl7_cut_part(&v, whole, n);
            cr_expect(str_eq(got, want) && !got.p == !want.p, "%s: %u <%.*s>", rows[i], n,
                      STR_ARG(got));
            cr_expect(str_eq(hl7_part_in(&m, whole, '^', n), want), "%s: %u", rows[i], n);
        }
    }
    struct hl7_parts v;
    char many[HL7_PARTS + 1];
    memset(many, '^', sizeof(many));
    cr_expect(hl7_cut(&m, str_from(many, HL7_PARTS - 1), '^', &v) && v.n == HL7_PARTS);
    cr_expect_not(hl7_cut(&m, str_from(many, HL7_PARTS), '^', &v));
    cr_expect_not(hl7_cut(&m, STR("a"), 0, &v));
}

Test(path, what_is_told_at_once_is_what_the_walk_finds)
{
    static const char *const fields[] = {
        "a",
        "a^b",
        "^b",
        "^^",
        "&",
        "&^b",
        "a&b^c",
        "a~b",
        "~",
        "\"\"",
        "\"\"^\"\"",
        "",
        "0123456789012345678901^89012345",
        "01234567890123^56789^123456789012",
        "01234567890123^56789^1234567890~",
    };
    unsigned told = 0;
    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        for (unsigned tail = 0; tail < 40; tail += 13) { /* bytes behind the field */
            struct str text = str_printf(&arena, "MSH|^~\\&|%s\rZZ1|%s|%.*s", fields[i], fields[i],
                                         (int)tail, "0^2~3&5678901234567890123456789012345678");
            struct hl7 m = parsed(text.p);
            for (unsigned k = 0; k < 2 * 4 * 5; k++) {
                struct path p = {.seg = "ZZ1", .field = k / 2 % 4, .comp = k / 8};
                memcpy(p.seg, m.seg[k % 2].id, 4);
                struct str got = path_quick(&m, &m.seg[k % 2], &p);
                struct path_iter it = path_each_in(&m, &m.seg[k % 2], &p);
                struct hl7_val want, more;
                if (got.p) {
                    told++;
                    cr_assert(p.field && path_next(&it, &want) && !path_next(&it, &more));
                    cr_expect(str_eq(got, want.raw), "%s %u: %.*s", fields[i], k, STR_ARG(got));
                    cr_expect_eq(!got.n, want.state < HL7_NULL, "%s %u", fields[i], k);
                }
            }
        }
    }
    cr_expect_gt(told, 500);
}

Test(path, a_million_repetitions)
{
    struct buf b = {0};
    struct hl7_val v;
    size_t n = 0;
    buf_puts(&b, "MSH|^~\\&|A\rPID|1||");
    for (int i = 0; i < 1000000; i++) {
        buf_puts(&b, "x~");
    }
    buf_puts(&b, "last\r");
    struct hl7 m = {0};
    struct hl7_fault f;
    cr_assert_eq(hl7_parse(&arena, buf_str(&b), &m, &f), 0);
    struct path p = compiled("PID-3");
    for (struct path_iter it = path_each(&m, &p); path_next(&it, &v);) {
        n++;
    }
    cr_expect_eq(n, 1000001);
    p = compiled("PID-3[last]");
    cr_expect(str_is(path_get(&m, &p).raw, "last"));
    buf_free(&b);
}

Test(path, without_a_subcomponent_delimiter_nothing_splits_there)
{
    static const char text[] = "MSH&^~\\&A\rPID&x\0y\r";
    struct hl7 m = {0};
    struct hl7_fault f;
    cr_assert_eq(hl7_parse(&arena, str_from(text, sizeof(text) - 1), &m, &f), 0);
    struct path p = compiled("PID-1.1.1");
    cr_expect_eq(path_get(&m, &p).raw.n, 3);
}

/* Against what it says: one odd byte at each place of texts around the width of a word. */
Test(path, a_plain_text_has_no_odd_byte_anywhere)
{
    static const char odd[] = {'^', '&', '\\', 0x1b, (char)0x80, (char)0xff};
    static const char even[] = {'|', '~', ' ', 'a', '\x1a', 0x7f};
    const struct hl7_delims d = {'|', '^', '~', '\\', '&', 0, 0};
    char text[] = "0123456789abcdefghijklm";
    for (size_t n = 0; n < sizeof(text); n++) {
        cr_assert(hl7_is_plain(&d, str_from(text, n)), "%zu", n);
        for (size_t at = 0; at < n; at++) {
            char was = text[at];
            for (size_t k = 0; k < sizeof(odd); k++) {
                text[at] = odd[k];
                cr_assert(!hl7_is_plain(&d, str_from(text, n)), "%zu of %zu: %zu", at, n, k);
                text[at] = even[k];
                cr_assert(hl7_is_plain(&d, str_from(text, n)), "%zu of %zu: %zu", at, n, k);
            }
            text[at] = was;
        }
    }
}
