/* Messages in parts (DSC, MSH-14, ADD): each part is stored and answered, the whole is routed. */
#include "tests/wire/site.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <stdio.h>

#define ROUTES                                                                                     \
    "route: all\nfrom: in\nmessages: [ORU^R01]\ndo:\n  - require: PID.exists()\n    else: { "      \
    "reply: { code: AE, error: 100, at: PID, text: no patient } }\n  - send: out\n"

static struct site s;
static struct peer p;
static unsigned replies;
static char config[400];

static void connect_peer(void)
{
    replies = 0;
    peer_connect(&p, s.loop, site_address(&s, "in"));
}

static void begin(const char *options)
{
    snprintf(config, sizeof(config),
             "sources:\n  in:\n    mllp: { listen: \"127.0.0.1:0\" }\n%s"
             "destinations:\n  out:\n    discard: {}\n",
             options);
    site_open(&s, true, config, ROUTES);
    connect_peer();
}

static void end(void)
{
    peer_close(&p);
    site_close(&s);
}

/* The power goes; what was durable is there. */
static void restart(void)
{
    peer_close(&p);
    site_stop(&s);
    simdisk_restart(s.disk);
    site_start(&s, config, ROUTES);
    connect_peer();
}

static void tell(const char *id, const char *previous, const char *mode, const char *rest)
{
    char text[600];
    snprintf(text, sizeof(text), "MSH|^~\\&|L|M|C|H|2026||ORU^R01|%s|P|2.5.1||%s|%s\r%s", id,
             previous, mode, rest);
    peer_send_frame(&p, text);
}

/* The next answer has this code and MSA-2. */
static void answered(const char *code, const char *id)
{
    char msa[64];
    snprintf(msa, sizeof(msa), "\rMSA|%s|%s", code, id);
    cr_assert(peer_has_frames(&p, ++replies), "%s: no answer", id);
    struct str f = peer_frame(&p, replies - 1);
    cr_expect(str_find(f, str_of(msa)) >= 0, "%s is not in %.*s", msa + 1, STR_ARG(f));
}

static void say(const char *id, const char *previous, const char *rest, const char *code)
{
    tell(id, previous, "", rest);
    answered(code, id);
}

static unsigned stored(enum entry_status status, struct entry_message *out)
{
    struct entry_message m;
    unsigned n = 0;
    for (unsigned i = 0; site_stored(&s, i, &m); i++) {
        if (m.status == status) {
            *out = m;
            n++;
        }
    }
    return n;
}

#define FIRST  "PID|1||7\rOBX|1|TX|x||be\rADD\rDSC|p1|F\r"
#define MIDDLE "ADD|gin\rOBX|2|TX|x||b\rDSC|p2|F\r"
#define LAST   "OBX|3|TX|x||c\r"
#define WHOLE                                                                                      \
    "MSH|^~\\&|L|M|C|H|2026||ORU^R01|a|P|2.5.1|||\rPID|1||7\rOBX|1|TX|x||begin\rOBX|2|TX|x||b\r"   \
    "OBX|3|TX|x||c\r"

static void expect_stored(unsigned n)
{
    struct entry_message m;
    cr_expect_eq(stored(ENTRY_ACCEPTED, &m), n);
    cr_expect(str_is(m.raw, WHOLE), "%.*s", STR_ARG(m.raw));
}

static void expect_whole(unsigned n)
{
    cr_assert(site_delivers(&s, "out", n));
    expect_stored(n);
}

Test(parts, the_whole_is_routed_and_every_part_is_answered)
{
    struct entry_message m;
    begin("");
    say("a", "", FIRST, "AA");
    say("b", "p1", MIDDLE, "AA");
    cr_expect_eq(site_source(&s, "in").unfinished, 1);
    cr_expect_eq(stored(ENTRY_ACCEPTED, &m), 0);
    say("c", "p2", LAST, "AA");
    expect_whole(1);
    cr_expect_eq(stored(ENTRY_CONTINUED, &m), 3, "each part stands as it came");
    struct engine_source_status st = site_source(&s, "in");
    cr_expect_eq(st.parts, 3);
    cr_expect_eq(st.c.messages, 1);
    cr_expect_eq(st.accepted, 1);
    cr_expect_eq(st.unfinished, 0);
    end();
}

Test(parts, enhanced_mode_accepts_each_and_answers_the_first)
{
    begin("");
    tell("a", "", "AL|AL", FIRST);
    answered("CA", "a");
    tell("b", "p1", "AL|AL", MIDDLE);
    answered("CA", "b");
    tell("c", "p2", "AL|AL", LAST);
    answered("CA", "c");
    answered("AA", "a");
    cr_assert(site_delivers(&s, "out", 1));
    end();
}

Test(parts, all_at_once_on_a_line)
{
    begin("");
    tell("a", "", "", FIRST);
    tell("b", "p1", "", MIDDLE);
    tell("c", "p2", "", LAST);
    answered("AA", "a");
    answered("AA", "b");
    answered("AA", "c");
    expect_whole(1);
    end();
}

Test(parts, copies_are_answered_and_count_once)
{
    begin("");
    say("a", "", FIRST, "AA");
    say("a", "", FIRST, "AA");
    say("b", "p1", MIDDLE, "AA");
    say("a", "", FIRST, "AA");
    say("b", "p1", MIDDLE, "AA");
    say("c", "p2", LAST, "AA");
    say("c", "p2", LAST, "AA");
    say("a", "", FIRST, "AA");
    say("b", "p1", MIDDLE, "AA");
    expect_whole(1);
    struct engine_source_status st = site_source(&s, "in");
    cr_expect_eq(st.repeated, 6);
    cr_expect_eq(st.c.messages, 7);
    cr_expect_eq(st.unfinished, 0);
    end();
}

Test(parts, copies_are_known_where_repetitions_are_not_looked_for)
{
    begin("    duplicates: { window: 0 }\n");
    say("a", "", FIRST, "AA");
    say("a", "", FIRST, "AA");
    say("b", "p1", MIDDLE, "AA");
    say("b", "p1", MIDDLE, "AA");
    say("c", "p2", LAST, "AA");
    expect_whole(1);
    end();
}

Test(parts, out_of_order_they_are_refused_until_it_is_their_turn)
{
    begin("");
    say("b", "p1", MIDDLE, "AR");
    say("a", "", FIRST, "AA");
    say("x", "p9", "ADD|rest\r", "AR");
    say("b", "p1", MIDDLE, "AA");
    say("o", "p1", MIDDLE, "AR"); /* another message in the place of b */
    say("c", "p2", LAST, "AA");
    expect_whole(1);
    end();
}

Test(parts, what_only_has_something_in_msh_14_is_a_message_unless_the_source_says_no)
{
    struct entry_message m;
    begin("");
    say("z", "456", "PID|1||7\r", "AA");
    cr_expect_eq(stored(ENTRY_ACCEPTED, &m), 1);
    end();
    begin("    continuation: { unmatched: reject }\n");
    say("z", "456", "PID|1||7\r", "AR");
    end();
}

Test(parts, not_joined_each_is_a_message)
{
    struct entry_message m;
    begin("    continuation: { join: no }\n");
    say("a", "", FIRST, "AA");
    cr_expect_eq(stored(ENTRY_ACCEPTED, &m), 1);
    end();
}

Test(parts, continuation_of_a_query_passes)
{
    struct entry_message m;
    begin("");
    say("a", "", "PID|1||7\rDSC|p1|I\r", "AA");
    cr_expect_eq(stored(ENTRY_ACCEPTED, &m), 1);
    end();
}

Test(parts, they_are_there_after_a_restart)
{
    begin("");
    say("a", "", FIRST, "AA");
    restart();
    say("b", "p1", MIDDLE, "AA");
    restart();
    cr_expect_eq(site_source(&s, "in").unfinished, 1);
    say("c", "p2", LAST, "AA");
    expect_whole(1);
    restart();
    cr_expect_eq(site_source(&s, "in").unfinished, 0);
    say("c", "p2", LAST, "AA");
    say("a", "", FIRST, "AA");
    cr_expect_eq(site_source(&s, "in").repeated, 2);
    cr_expect_eq(site_source(&s, "in").unfinished, 0);
    end();
}

/* Of the syncs from now on the n-th fails, and no later one succeeds. */
static int fail_after(struct site *one)
{
    unsigned *left = one->arg;
    return *left == 0 ? -5 : (--*left, 0);
}

/* The process dies at every commit in turn; the sender repeats what was not answered. One whole comes out. */
Test(parts, a_crash_at_any_commit_loses_nothing)
{
    static const char *const ids[] = {"a", "b", "c"}, *const before[] = {"", "p1", "p2"},
                             *const rest[] = {FIRST, MIDDLE, LAST};
    bool is_over = false;
    for (unsigned n = 0; !is_over; n++) {
        unsigned left = n, i = 0;
        begin("");
        s.on_sync = fail_after;
        s.arg = &left;
        while (i < 3) {
            tell(ids[i], before[i], "", rest[i]);
            if (!peer_has_frames(&p, replies + 1)) {
                cr_assert(engine_is_fenced(s.engine));
                break;
            }
            replies++;
            i++;
        }
        is_over = i == 3 && !engine_is_fenced(s.engine);
        s.on_sync = NULL;
        restart();
        for (; i < 3; i++) {
            say(ids[i], before[i], rest[i], "AA");
        }
        expect_stored(1); /* perhaps delivered before */
        cr_expect_eq(site_source(&s, "in").unfinished, 0);
        end();
        cr_assert_lt(n, 40);
    }
}

static bool is_told(void *arg)
{
    (void)arg;
    return site_logged(&s, "parts-missing");
}

Test(parts, what_is_not_completed_in_time_is_told_and_may_be_sent_again)
{
    begin("    continuation: { within: 1s }\n");
    say("a", "", FIRST, "AA");
    cr_assert(run_until(s.loop, is_told, NULL));
    cr_expect_eq(site_source(&s, "in").incomplete, 1);
    cr_expect_eq(site_source(&s, "in").unfinished, 0);
    say("b", "p1", LAST, "AR"); /* late: no message by itself */
    say("a", "", FIRST, "AA");
    cr_expect_eq(site_source(&s, "in").unfinished, 1, "its parts count as new");
    say("b", "p1", MIDDLE, "AA");
    say("c", "p2", LAST, "AA");
    expect_whole(1);
    end();
}

Test(parts, what_the_routes_refuse_may_be_sent_again)
{
    begin("");
    say("a", "", "OBX|1|TX|x||a\rDSC|p1|F\r", "AA");
    say("b", "p1", LAST, "AE");
    say("b", "p1", LAST, "AE");
    cr_expect_eq(site_source(&s, "in").rejected, 2);
    cr_expect_eq(site_source(&s, "in").unfinished, 1);
    end();
}

Test(parts, limits)
{
    begin("    continuation: { parts: 2 }\n");
    say("a", "", FIRST, "AA");
    say("b", "p1", MIDDLE, "AA");
    say("c", "p2", LAST, "AE");
    end();
}

Test(parts, another_message_under_the_pointer_ends_the_one_before)
{
    begin("");
    say("a", "", "PID|1||1\rDSC|p1|F\r", "AA");
    say("b", "", FIRST, "AA");
    cr_expect_eq(site_source(&s, "in").incomplete, 1);
    cr_expect_eq(site_source(&s, "in").unfinished, 1);
    say("c", "p1", "ADD|gin\rOBX|2|TX|x||b\r" LAST, "AA");
    cr_assert(site_delivers(&s, "out", 1));
    end();
}

Test(parts, one_pointer_for_all_parts)
{
    begin("");
    say("a", "", "PID|1||7\rDSC|1|F\r", "AA");
    say("b", "1", "OBX|1\rDSC|1|F\r", "AA");
    say("b", "1", "OBX|1\rDSC|1|F\r", "AA");
    say("c", "1", "OBX|2\rDSC|1|F\r", "AA");
    say("d", "1", "OBX|3\r", "AA");
    cr_assert(site_delivers(&s, "out", 1));
    struct entry_message m;
    cr_expect_eq(stored(ENTRY_ACCEPTED, &m), 1);
    cr_expect(str_find(m.raw, STR("PID|1||7\rOBX|1\rOBX|2\rOBX|3\r")) > 0);
    end();
}

Test(parts, different_delimiters_are_no_one_message)
{
    begin("");
    say("a", "", FIRST, "AA");
    peer_send_frame(&p, "MSH|$~\\&|L|M|C|H|2026||ORU$R01|b|P|2.5.1||p1\rOBX|1\r");
    answered("AE", "b");
    end();
}

Test(parts, a_part_inside_a_batch_is_refused)
{
    begin("");
    peer_send_frame(&p, "BHS|^~\\&|L|M|C|H|2026||||B1\rMSH|^~\\&|L|M|C|H|2026||ORU^R01|a|P|2.5.1\r"
                        "PID|1||7\rDSC|p1|F\rBTS|1\r");
    answered("AE", "B1");
    end();
}

Test(parts, numbers_count_parts_too)
{
    begin("    sequence-numbers: on\n");
    peer_send_frame(&p, "MSH|^~\\&|L|M|C|H|2026||ORU^R01|a|P|2.5.1|1\r" FIRST);
    answered("AA", "a||1");
    peer_send_frame(&p, "MSH|^~\\&|L|M|C|H|2026||ORU^R01|b|P|2.5.1|2|p1\r" LAST);
    answered("AA", "b||2");
    cr_assert(site_delivers(&s, "out", 1));
    end();
}

static bool are_given_up(void *arg)
{
    (void)arg;
    return site_source(&s, "in").incomplete >= 1024;
}

Test(parts, so_many_wait_at_once_and_those_that_were_given_up_are_in_nobodys_way)
{
    char id[16], rest[64];
    begin("    continuation: { within: 3s }\n");
    for (unsigned i = 0; i < 2060; i++) {
        snprintf(id, sizeof(id), "m%u", i);
        snprintf(rest, sizeof(rest), "PID|1||7\rDSC|q%u|F\r", i);
        tell(id, "", "", rest);
        if (i == 1024 || i == 2050) {
            cr_assert(peer_has_frames(&p, i + 1));
        }
        if (i == 1024) {
            cr_expect(str_find(peer_frame(&p, 1023), STR("MSA|AA|")) > 0);
            cr_expect(str_find(peer_frame(&p, 1024), STR("MSA|AR|")) > 0);
            cr_assert(run_until(s.loop, are_given_up, NULL));
        }
    }
    cr_assert(peer_has_frames(&p, 2040));
    cr_expect(str_find(peer_frame(&p, 2039), STR("MSA|AA|")) > 0, "%.*s",
              STR_ARG(peer_frame(&p, 2039)));
    end();
}
