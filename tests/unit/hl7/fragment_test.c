#include "engine/hl7/fragment.h"

#include <criterion/criterion.h>

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
