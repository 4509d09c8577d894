/* sequence-numbers: on. MSH-13 is the number expected next, MSA-4 says which one that is. */
#include "tests/wire/site.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define CONFIG                                                                                     \
    "sources:\n  in:\n    mllp: { listen: \"127.0.0.1:0\" }\n    sequence-numbers: on\n"           \
    "destinations:\n  out:\n    discard: {}\n"
#define ROUTES "route: all\nfrom: in\nmessages: [ADT^A01]\ndo: { send: out }\n"

static struct site s;
static struct peer p;
static unsigned replies;

static void begin(void)
{
    replies = 0;
    site_open(&s, true, CONFIG, ROUTES);
    peer_connect(&p, s.loop, site_address(&s, "in"));
}

static void end(void)
{
    peer_close(&p);
    site_close(&s);
}

/* MSA-1 and MSA-4 of the answer to a message with this id, number and mode. */
static void expect_mode(const char *id, const char *number, const char *mode, const char *code,
                        const char *wanted)
{
    char text[256], msa[64];
    snprintf(text, sizeof(text), "MSH|^~\\&|E|M|C|H|2026||ADT^A01|%s|P|2.5.1|%s||%s\rPID|1||7\r",
             id, number, mode);
    snprintf(msa, sizeof(msa), "\rMSA|%s|%s%s%s\r", code, id, wanted[0] ? "||" : "", wanted);
    peer_send_frame(&p, text);
    cr_assert(peer_has_frames(&p, ++replies), "%s: no answer", id);
    struct str f = peer_frame(&p, replies - 1);
    cr_expect(str_find(f, str_of(msa)) >= 0, "%s: %s is not in %.*s", id, msa + 1, STR_ARG(f));
}

static void expect(const char *id, const char *number, const char *code, const char *wanted)
{
    expect_mode(id, number, "", code, wanted);
}

Test(sequence, numbers_follow_each_other)
{
    begin();
    expect("a", "0", "AA", "-1");  /* start: none is known */
    expect("b", "41", "AA", "41"); /* the first one is the base */
    expect("c", "42", "AA", "42");
    expect("d", "44", "AE", "43"); /* one is missing */
    expect("e", "42", "AE", "43"); /* another message under an old number */
    expect("f", "43", "AA", "43");
    expect("g", "0", "AA", "44");  /* start: go on with that one */
    expect("h", "-1", "AA", "-1"); /* resync: the next one is the base */
    expect("i", "7", "AA", "7");
    expect("j", "8", "AA", "8");
    cr_assert(site_delivers(&s, "out", 5));
    cr_expect_eq(site_source(&s, "in").rejected, 2);
    end();
}

Test(sequence, a_copy_is_answered_as_the_first_one_was)
{
    begin();
    expect("a", "1", "AA", "1");
    expect("b", "2", "AA", "2");
    expect("a", "1", "AA", "1");
    expect("c", "3", "AA", "3");
    cr_assert(site_delivers(&s, "out", 3));
    cr_expect_eq(site_source(&s, "in").repeated, 1);
    end();
}

Test(sequence, what_is_no_number_is_refused)
{
    static const char *const bad[] = {"", "x", "-2", "1.5", "1000000000"};
    begin();
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char id[8];
        snprintf(id, sizeof(id), "n%u", i);
        expect(id, bad[i], "AE", "-1");
        const char *error = bad[i][0] ? "|102^Data type error^" : "|101^Required field missing^";
        struct str f = peer_frame(&p, replies - 1);
        cr_expect(str_find(f, str_of(error)) >= 0, "%s: %.*s", bad[i], STR_ARG(f));
    }
    expect("ok", "5", "AA", "5");
    end();
}

Test(sequence, enhanced_mode_says_it_at_the_accept_level)
{
    begin();
    expect_mode("a", "5", "AL|NE", "CA", "5");
    expect_mode("b", "7", "AL|NE", "CE", "6");
    end();
}

Test(sequence, the_number_stands_over_a_restart)
{
    begin();
    expect("a", "10", "AA", "10");
    expect("b", "11", "AA", "11");
    peer_close(&p);
    site_stop(&s);
    simdisk_restart(s.disk);
    site_start(&s, CONFIG, ROUTES);
    replies = 0;
    peer_connect(&p, s.loop, site_address(&s, "in"));
    expect("x", "13", "AE", "12");
    expect("y", "0", "AA", "12");
    expect("c", "12", "AA", "12");
    end();
}

/* The message is durable and its number is not: the power goes in between. */
static int fail_second(struct site *one)
{
    unsigned *left = one->arg;
    return *left == 0 ? -5 : (--*left, 0);
}

Test(sequence, a_crash_never_leaves_a_number_without_its_message)
{
    for (unsigned syncs = 0; syncs < 6; syncs++) {
        struct entry_message m;
        unsigned left = syncs, stored = 0;
        begin();
        expect("a", "1", "AA", "1");
        s.arg = &left;
        s.on_sync = fail_second;
        peer_send_frame(&p, "MSH|^~\\&|E|M|C|H|2026||ADT^A01|b|P|2.5.1|2||\rPID|1||7\r");
        for (int i = 0; i < 200; i++) {
            run_now(s.loop);
        }
        bool was_answered = peer_frames(&p) > 1;
        peer_close(&p);
        site_stop(&s);
        s.on_sync = NULL;
        simdisk_restart(s.disk);
        site_start(&s, CONFIG, ROUTES);
        replies = 0;
        peer_connect(&p, s.loop, site_address(&s, "in"));
        for (unsigned i = 0; site_stored(&s, i, &m); i++) {
            stored++;
        }
        cr_expect(!was_answered || stored == 2, "%u: what was answered is there", syncs);
        expect("b", "2", "AA", "2"); /* sent again, or for the first time */
        expect("c", "3", "AA", "3");
        end();
    }
}

/* A crash has lost the number of a message: its copy brings it back, and is answered when that is durable. */
Test(sequence, a_copy_waits_for_its_number_too)
{
    unsigned none = 0;
    begin();
    expect("a", "1", "AA", "1");
    expect("b", "2", "AA", "2");
    cr_assert(str_is(journal_state(s.journal, STR("sequence"), STR("1")), "3"));
    journal_state_set(s.journal, STR("sequence"), STR("1"), STR("2"), NULL, NULL);
    expect("b", "2", "AA", "2");
    expect("c", "3", "AA", "3");
    journal_state_set(s.journal, STR("sequence"), STR("1"), STR("3"), NULL, NULL);
    s.arg = &none; /* nothing becomes durable any more */
    s.on_sync = fail_second;
    peer_send_frame(&p, "MSH|^~\\&|E|M|C|H|2026||ADT^A01|c|P|2.5.1|3||\rPID|1||7\r");
    for (int i = 0; i < 200; i++) {
        run_now(s.loop);
    }
    cr_expect_eq(peer_frames(&p), replies, "answered without its number");
    s.on_sync = NULL;
    end();
}
