#include "engine/hl7/fragment.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#define MSH "MSH|^~\\&|LIS|L|C|H|2026||ORU^R01|1|P|2.5.1"

static const struct {
    const char *name, *text, *next, *previous;
    bool begins_inside;
} rows[] = {
    {"no part", MSH "\rPID|1\r", "", "", false},
    {"goes on", MSH "\rPID|1\rDSC|p1|F\r", "p1", "", false},
    {"goes on without a last CR", MSH "\rPID|1\rDSC| p1 |F", "p1", "", false},
    {"blank lines behind it", MSH "\rDSC|p1|F\r\r\n\r", "p1", "", false},
    {"is gone on from", MSH "||p1\rPID|1\r", "", "p1", false},
    {"both", MSH "||p1\rOBX|1\rDSC|p2|F\r", "p2", "p1", false},
    {"null is no pointer", MSH "||\"\"\rPID|1\r", "", "", false},
    {"an answer that is asked on", MSH "\rPID|1\rDSC|p1|I\r", "", "", false},
    {"no pointer", MSH "\rPID|1\rDSC||F\r", "", "", false},
    {"not the last segment", MSH "\rDSC|p1|F\rZPI|1\r", "", "", false},
    {"DSC-2 is wanted from 2.4 on", MSH "\rPID|1\rDSC|p1\r", "", "", false},
    {"DSC-2 was not there before", "MSH|^~\\&|A|B|C|D|1||ORU^R01|1|P|2.3.1\rDSC|p1\r", "p1", "",
     false},
    {"but queries have DSC, too", "MSH|^~\\&|A|B|C|D|1||QRY^A19|1|P|2.3\rQRD|1\rDSC|p1\r", "", "",
     false},
    {"begins inside a segment", MSH "||p1\rADD|rest\rPID|1\r", "", "p1", true},
    {"nothing but MSH", MSH "\r", "", "", false},
};

static struct hl7 parsed(struct arena *a, const char *text)
{
    struct hl7 m;
    struct hl7_fault f;
    cr_assert_eq(hl7_parse(a, str_of(text), &m, &f), 0);
    return m;
}

Test(fragment, a_part_is_known_by_its_pointers)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena a = {0};
        struct hl7 m = parsed(&a, rows[i].text);
        struct fragment f = fragment_read(&m);
        cr_expect(str_is(f.next, rows[i].next), "%s: next is %.*s", rows[i].name, STR_ARG(f.next));
        cr_expect(str_is(f.previous, rows[i].previous), "%s: previous is %.*s", rows[i].name,
                  STR_ARG(f.previous));
        cr_expect_eq(f.begins_inside, rows[i].begins_inside, "%s", rows[i].name);
        arena_free(&a);
    }
}

static const struct {
    const char *name, *part[4], *whole;
} wholes[] = {
    {"between segments",
     {MSH "\rPID|1\rOBX|1|ST|a\rDSC|p|F\r", MSH "||p\rOBX|2|ST|b\rOBX|3\rDSC|q|F",
      MSH "||q\rNTE|1\r"},
     MSH "\rPID|1\rOBX|1|ST|a\rOBX|2|ST|b\rOBX|3\rNTE|1\r"},
    {"within a segment, an empty ADD before DSC",
     {MSH "\rOBX|1|TX|x||one tw\rADD\rDSC|p|F\r", MSH "||p\rADD|o three||||F\rNTE|1\r"},
     MSH "\rOBX|1|TX|x||one two three||||F\rNTE|1\r"},
    {"within a segment that is longer than a part",
     {MSH "\rOBX|1|TX|x||a\rADD|\rDSC|p|F\r", MSH "||p\rADD|b\rDSC|q|F\r", MSH "||q\rADD|c\r"},
     MSH "\rOBX|1|TX|x||abc\r"},
    {"line ends become CR",
     {MSH "\nPID|1\n\nDSC|p|F\n", MSH "||p\r\nOBX|1\r\n"},
     MSH "\rPID|1\rOBX|1\r"},
    {"ADD without a separator holds nothing",
     {MSH "\rOBX|1\rDSC|p|F\r", MSH "||p\rADD\rOBX|2\r"},
     MSH "\rOBX|1\rOBX|2\r"},
};

Test(fragment, the_whole_is_what_was_there_before_it_was_cut)
{
    for (size_t i = 0; i < sizeof(wholes) / sizeof(wholes[0]); i++) {
        struct arena a = {0};
        struct buf whole = {0};
        for (unsigned k = 0; wholes[i].part[k]; k++) {
            struct hl7 m = parsed(&a, wholes[i].part[k]);
            fragment_append(&whole, &m);
        }
        cr_expect(str_is(buf_str(&whole), wholes[i].whole), "%s: %.*s", wholes[i].name,
                  STR_ARG(buf_str(&whole)));
        buf_free(&whole);
        arena_free(&a);
    }
}

/* ---- the way out ---- */

#define NAME "abcdefghijklmno"

static const struct {
    const char *name, *text;
    size_t size;
    bool may_cut;
    unsigned n;
    const char *part[4];
} cuts[] = {
    {"short enough", MSH "\rPID|1\r", 100, true, 1, {MSH "\rPID|1\r"}},
    {"between segments",
     MSH
     "|||AL|NE\rPID|1\rOBX|1|ST|aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\rOBX|"
     "2|ST|bbbbbbbbbbbbbbbbbbbbbbbbbbbbb\rNTE|1\r",
     165,
     false,
     2,
     {MSH "|||AL|NE\rPID|1\rOBX|1|ST|"
          "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\rDSC|" NAME "p2|F\r",
      "MSH|^~\\&|LIS|L|C|H|2026||ORU^R01|" NAME "p2|P|2.5.1||" NAME
      "p2|AL|NE\rOBX|2|ST|bbbbbbbbbbbbbbbbbbbbbbbbbbbbb\rNTE|1\r"}},
    {"within a segment",
     MSH "\rOBX|1|TX|x||"
         "01234567890123456789012345678901234567890123456789012345678901234567890123456789012345678"
         "9\rNTE|1\r",
     140,
     true,
     2,
     {MSH "\rOBX|1|TX|x||01234567890123456789012345678901234567890123456789012\rADD\rDSC|" NAME
          "p2|F\r",
      "MSH|^~\\&|LIS|L|C|H|2026||ORU^R01|" NAME "p2|P|2.5.1||" NAME
      "p2\rADD|3456789012345678901234567890123456789\rNTE|1\r"}},
    {"not inside a character",
     MSH "\rOBX|1|TX|x||0123456789012345678901234567890123456789012345678901\xc3\xa4"
         "0123456789012345678901234567890123456789\r",
     140,
     true,
     2,
     {MSH "\rOBX|1|TX|x||0123456789012345678901234567890123456789012345678901\rADD\rDSC|" NAME
          "p2|F\r",
      "MSH|^~\\&|LIS|L|C|H|2026||ORU^R01|" NAME "p2|P|2.5.1||" NAME "p2\rADD|\xc3\xa4"
      "0123456789012345678901234567890123456789\r"}},
    {"a part itself stays as it is",
     MSH "\rPID|1\rDSC|p|F\r",
     20,
     true,
     1,
     {MSH "\rPID|1\rDSC|p|F\r"}},
    {"goes on from another", MSH "||p\rPID|1|2|3\r", 20, true, 1, {MSH "||p\rPID|1|2|3\r"}},
    {"other separators",
     "MSH$^~\\&$L$L$C$H$1$$ORU^R01$1$P$2.5.1\rPID$"
     "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\rOBX$1$ST$"
     "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r",
     135,
     false,
     2,
     {"MSH$^~\\&$L$L$C$H$1$$ORU^R01$1$P$2.5.1\rPID$"
      "pppppppppppppppppppppppppppppppppppppppppppppppppppppppppppp\rDSC$" NAME "p2$F\r",
      "MSH$^~\\&$L$L$C$H$1$$ORU^R01$" NAME "p2$P$2.5.1$$" NAME
      "p2\rOBX$1$ST$aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r"}},
};

Test(fragment, a_long_message_is_cut)
{
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        struct arena a = {0};
        struct hl7 m = parsed(&a, cuts[i].text);
        struct fragment_plan p;
        const char *why = "";
        cr_assert_eq(
            fragment_plan(&a, &m, &(struct fragment_want){cuts[i].size, cuts[i].may_cut, STR(NAME)},
                          &p, &why),
            0, "%s: %s", cuts[i].name, why);
        cr_assert_eq(p.n, cuts[i].n, "%s: %u parts", cuts[i].name, p.n);
        for (unsigned k = 0; k < p.n; k++) {
            struct buf b = {0};
            fragment_write(&b, &p, k);
            cr_expect(str_is(buf_str(&b), cuts[i].part[k]), "%s: part %u is %.*s", cuts[i].name, k,
                      STR_ARG(buf_str(&b)));
            buf_free(&b);
        }
        arena_free(&a);
    }
}

Test(fragment, some_messages_cannot_be_cut)
{
    static const struct {
        const char *text, *why;
        size_t size;
        bool may_cut;
    } no[] = {
        {MSH "\rOBX|1|TX|x||01234567890123456789012345678901234567890123456789012345678901234567\r",
         "a segment is longer than a part", 115, false},
        {MSH "\r                                                                                "
             "X|1|2\r",
         "a segment begins with blanks and nothing else", 120, true},
        {MSH "\rOBX|1|TX|x||01234567890123456789\r", "MSH leaves no room in a part", 50, true},
        {MSH "\rOBX|1|TX|x||01234567890123456789012345678901234567890123456789012345678901234567\r",
         "MSH leaves no room in a part", 70, true},
    };
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
        struct arena a = {0};
        struct hl7 m = parsed(&a, no[i].text);
        struct fragment_plan p;
        const char *why = "";
        cr_expect_lt(fragment_plan(&a, &m,
                                   &(struct fragment_want){no[i].size, no[i].may_cut, STR(NAME)},
                                   &p, &why),
                     0);
        cr_expect_str_eq(why, no[i].why);
        arena_free(&a);
    }
}

/* What goes out in parts is the message again where they are put together, and none is longer than it may be. */
static unsigned goes_there_and_back(const char *text, size_t size)
{
    struct arena a = {0};
    struct buf whole = {0}, part = {0};
    struct hl7 m = parsed(&a, text), one;
    struct hl7_fault f;
    struct fragment_plan p;
    struct str next = STR("");
    const char *why = "";
    unsigned n = 0;
    if (fragment_plan(&a, &m, &(struct fragment_want){size, true, STR(NAME)}, &p, &why) == 0) {
        n = p.n;
    }
    for (unsigned i = 0; i < n; i++) {
        buf_clear(&part);
        fragment_write(&part, &p, i);
        cr_assert(n == 1 || part.n <= size, "part %u of %u has %zu bytes, not %zu", i, n, part.n,
                  size);
        cr_assert_eq(hl7_parse(&a, str_dup(&a, buf_str(&part)), &one, &f), 0);
        struct fragment is = fragment_read(&one);
        cr_assert(str_eq(is.previous, next), "part %u of %u goes on with %.*s", i, n,
                  STR_ARG(is.previous));
        cr_assert_eq(is.next.n > 0, i + 1 < n);
        next = is.next;
        fragment_append(&whole, &one);
    }
    cr_assert(n == 0 || str_is(buf_str(&whole), text), "at %zu: %.*s", size,
              STR_ARG(buf_str(&whole)));
    buf_free(&whole);
    buf_free(&part);
    arena_free(&a);
    return n;
}

Test(fragment, there_and_back_at_every_size)
{
    static char text[4000];
    size_t n =
        (size_t)snprintf(text, sizeof(text), "%s", MSH "|||AL|AL||UNICODE UTF-8\rPID|1||7\r");
    for (unsigned i = 1; i < 40; i++) { /* of all lengths, with characters of several bytes */
        n += (size_t)snprintf(text + n, sizeof(text) - n, "OBX|%u|TX|", i);
        for (unsigned k = 0; k < i * 2; k++) {
            n += (size_t)snprintf(text + n, sizeof(text) - n, "%s",
                                  k % 5 == 2 ? "\xe2\x82\xac"
                                  : k % 7    ? "x"
                                             : "|");
        }
        n += (size_t)snprintf(text + n, sizeof(text) - n, "\r");
    }
    unsigned most = 0, none = 0;
    for (size_t size = 1; size < n + 2; size++) {
        unsigned parts = goes_there_and_back(text, size);
        most = parts > most ? parts : most;
        none += parts == 0;
    }
    cr_expect_gt(most, 50);
    cr_expect_lt(none, 200, "%u sizes were too small", none);
    cr_expect_eq(goes_there_and_back(text, n), 1);
    cr_expect_eq(goes_there_and_back(text, n - 1), 2);
}

Test(fragment, a_huge_segment_goes_there_and_back)
{
    size_t n = 3 << 20;
    char *text = malloc(n + 1);
    int at = snprintf(text, n, "%s", MSH "\rOBX|1|ED|pdf||^^PDF^Base64^");
    memset(text + at, 'A', n - (size_t)at);
    text[n - 1] = '\r';
    text[n] = 0;
    cr_expect_gt(goes_there_and_back(text, 60000), 50);
    cr_expect_eq(goes_there_and_back(text, 200), 0, "too many parts");
    free(text);
}
