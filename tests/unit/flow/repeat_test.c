#include "engine/flow/repeat.h"

#include <criterion/criterion.h>
#include <stdio.h>

static const uint8_t SECRET[16] = "sixteen octets!";

struct hashes {
    uint64_t id, body;
};

static struct hashes of(uint32_t source, const char *text)
{
    struct arena a = {0};
    struct hl7 m;
    struct hl7_fault fault;
    cr_assert_eq(hl7_parse(&a, str_of(text), &m, &fault), 0);
    struct hashes h = {repeat_id_hash(SECRET, source, &m), repeat_body_hash(SECRET, m.raw, &m)};
    arena_free(&a);
    return h;
}

#define MESSAGE(app, facility, time, id, rest)                                                     \
    "MSH|^~\\&|" app "|" facility "|X|Y|" time "||ADT^A01|" id "|P|2.5.1\r" rest

Test(repeat, what_makes_a_message_the_same)
{
    static const struct {
        const char *name;
        uint32_t source;
        const char *text;
        bool same_id, same_body;
    } rows[] = {
        {"the same bytes", 1, MESSAGE("A", "F", "2026", "C1", "PID|1\r"), true, true},
        {"another time", 1, MESSAGE("A", "F", "20261123", "C1", "PID|1\r"), true, true},
        {"another body", 1, MESSAGE("A", "F", "2026", "C1", "PID|2\r"), true, false},
        {"another control id", 1, MESSAGE("A", "F", "2026", "C2", "PID|1\r"), false, false},
        {"another application", 1, MESSAGE("B", "F", "2026", "C1", "PID|1\r"), false, false},
        {"another facility", 1, MESSAGE("A", "G", "2026", "C1", "PID|1\r"), false, false},
        {"another source", 2, MESSAGE("A", "F", "2026", "C1", "PID|1\r"), false, true},
        {"bytes moved over a border", 1, MESSAGE("AF", "", "2026", "C1", "PID|1\r"), false, false},
    };
    struct hashes want = of(1, MESSAGE("A", "F", "2026", "C1", "PID|1\r"));
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct hashes h = of(rows[i].source, rows[i].text);
        cr_expect_eq(h.id == want.id, rows[i].same_id, "%s", rows[i].name);
        cr_expect_eq(h.body == want.body, rows[i].same_body, "%s", rows[i].name);
        cr_expect_neq(h.id, 0);
    }
}

/* Ids that differ only far behind, or behind a NUL, are two. */
Test(repeat, every_byte_of_the_id_counts)
{
    static const size_t sizes[] = {1, 511, 600, 5000};
    struct arena a = {0};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        uint64_t h[2];
        for (int k = 0; k < 2; k++) {
            struct hl7 m;
            struct hl7_fault fault;
            char *id = arena_zalloc(&a, sizes[i]), *raw;
            memset(id, sizes[i] > 1 ? 0 : 'x', sizes[i] - 1);
            id[sizes[i] - 1] = (char)('a' + k);
            raw = arena_alloc(&a, sizes[i] + 100);
            size_t n = (size_t)sprintf(raw, "MSH|^~\\&|A|F|X|Y|1||ADT^A01|");
            memcpy(raw + n, id, sizes[i]);
            memcpy(raw + n + sizes[i], "|P|2.5\r", 7);
            cr_assert_eq(hl7_parse(&a, str_from(raw, n + sizes[i] + 7), &m, &fault), 0);
            h[k] = repeat_id_hash(SECRET, 1, &m);
        }
        cr_expect_neq(h[0], h[1], "%zu bytes", sizes[i]);
    }
    arena_free(&a);
}

Test(repeat, a_recorded_reply_is_taken_apart)
{
    static const struct {
        const char *recorded;
        unsigned n;
        const char *first, *second;
    } rows[] = {
        {"", 0, "", ""},
        {"MSH|^~\\&|A\rMSA|AA|1\r", 1, "MSH|^~\\&|A\rMSA|AA|1\r", ""},
        {"MSH|^~\\&|A\rMSA|CA|1\rMSH|^~\\&|B\rMSA|AA|1\r", 2, "MSH|^~\\&|A\rMSA|CA|1\r",
         "MSH|^~\\&|B\rMSA|AA|1\r"},
        {"MSH|^~\\&|A\rMSA|AA|MSH\r", 1, "MSH|^~\\&|A\rMSA|AA|MSH\r", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str out[2] = {{"", 0}, {"", 0}};
        cr_expect_eq(repeat_replies(str_of(rows[i].recorded), out), rows[i].n);
        cr_expect(str_is(out[0], rows[i].first) && str_is(out[1], rows[i].second), "row %zu", i);
    }
}
