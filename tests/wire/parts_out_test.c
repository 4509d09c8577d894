/* parts: a destination sends what is too long in several messages (DSC, ADD), each when the one before is answered. */
#include "tests/wire/site.h"

#include "engine/hl7/fragment.h"

#include <criterion/criterion.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUTES                                                                                     \
    "route: out\nfrom: in\nmessages: [ORU^R01]\ndo:\n  - send: lab\n"                              \
    "---\nroute: back\nfrom: back\nmessages: [ORU^R01]\ndo:\n  - send: end\n"

static struct site s;
static struct peer p, listener, lab;
static char config[1000];

/* `port` 0: the lab is a peer of the test, else our own source `back`. */
static void begin(int back, const char *size, const char *more)
{
    lab.fd = -1;
    site_prepare(&s, true);
    int port = peer_listen(&listener, s.loop);
    if (back) { /* it is free again */
        peer_close(&listener);
    }
    snprintf(config, sizeof(config),
             "sources:\n  in:\n    mllp: { listen: \"127.0.0.1:0\" }\n"
             "  back:\n    mllp: { listen: \"127.0.0.1:%d\" }\n    continuation: { parts: 1000 }\n"
             "destinations:\n  end:\n    discard: {}\n    order-by: none\n"
             "  lab:\n    mllp: { host: \"127.0.0.1\", port: %d, parts: { size: %s } %s }\n"
             "    order-by: none\n    retry: { first: 20ms, longest: 20ms }\n",
             back ? port : 0, port, size, more);
    site_start(&s, config, ROUTES);
    peer_connect(&p, s.loop, site_address(&s, "in"));
}

static void end(void)
{
    peer_close(&p);
    peer_close(&lab);
    if (listener.fd >= 0) {
        peer_close(&listener);
    }
    site_close(&s);
}

#define HEAD "MSH|^~\\&|L|M|C|H|2026||ORU^R01^ORU_R01|%s|P|2.5.1|||%s\rPID|1||7\r"

/* `n` observations, the last of `longest` bytes. */
static char *message(const char *id, const char *mode, unsigned n, size_t longest)
{
    size_t cap = 1000 + n * 80 + longest;
    char *text = malloc(cap);
    size_t at = (size_t)snprintf(text, cap, HEAD, id, mode);
    for (unsigned i = 1; i <= n; i++) {
        at += (size_t)snprintf(text + at, cap - at, "OBX|%u|NM|GLU||%u|mmol/l|||||F\r", i, i * 7);
    }
    at += (size_t)snprintf(text + at, cap - at, "OBX|%u|TX|NOTE||", n + 1);
    for (size_t i = 0; i < longest; i++) {
        text[at++] = (char)('a' + i % 26);
    }
    text[at++] = '\r';
    text[at] = 0;
    return text;
}

/* From our destination to our source, and the same bytes. */
static void goes_round(const char *size, const char *mode, unsigned n, size_t longest,
                       unsigned parts_least)
{
    struct entry_message m;
    struct entry_message whole = {0};
    unsigned parts = 0, wholes = 0;
    char *text = message("R1", mode, n, longest);
    begin(1, size, "");
    peer_send_frame(&p, text);
    cr_assert(site_delivers(&s, "end", 1), "it did not come round");
    cr_assert(site_delivers(&s, "lab", 1));
    for (unsigned i = 0; site_stored(&s, i, &m); i++) {
        parts += m.status == ENTRY_CONTINUED;
        if (m.status == ENTRY_ACCEPTED && i > 0) {
            wholes++;
            whole = m;
        }
    }
    cr_expect_eq(wholes, 1);
    cr_expect_geq(parts, parts_least, "%u parts", parts);
    cr_expect(str_is(whole.raw, text), "%zu bytes of %zu", whole.raw.n, strlen(text));
    free(text);
    end();
}

Test(parts_out, between_segments_and_back)
{
    goes_round("400", "", 40, 20, 5);
}
Test(parts_out, within_a_segment_and_back)
{
    goes_round("256", "", 3, 3000, 15);
}
Test(parts_out, one_huge_segment_and_back)
{
    goes_round("60kB", "", 0, 1000000, 16);
}
Test(parts_out, in_enhanced_mode_and_back)
{
    goes_round("300", "AL|NE", 20, 500, 7);
}
Test(parts_out, a_short_one_goes_as_it_is)
{
    goes_round("10kB", "", 5, 10, 0);
}

/* ---- a peer that does not always agree ---- */

/* The lab has its `n`-th frame (from 1): MSH-10 of it, and whether another part follows. */
static struct fragment_seen {
    char id[32];
    bool is_more;
} lab_has(unsigned n)
{
    struct fragment_seen seen = {0};
    struct arena a = {0};
    struct hl7 m;
    struct hl7_fault fault;
    cr_assert(peer_has_frames(&lab, n), "frame %u did not come", n);
    struct str f = peer_frame(&lab, n - 1);
    cr_assert_leq(f.n, 256u + 200u);
    cr_assert_eq(hl7_parse(&a, str_dup(&a, f), &m, &fault), 0);
    snprintf(seen.id, sizeof(seen.id), "%.*s", STR_ARG(hl7_field(&m, &m.seg[0], 10)));
    seen.is_more = fragment_read(&m).next.n > 0;
    arena_free(&a);
    return seen;
}

static void say(const char *code, const char *id)
{
    char text[200];
    snprintf(text, sizeof(text), "MSH|^~\\&|C|H|L|M|2026||ACK|A1|P|2.5.1\rMSA|%s|%s\r", code, id);
    peer_send_frame(&lab, text);
}

static void send_long(const char *id, const char *mode)
{
    char *text = message(id, mode, 12, 20);
    peer_send_frame(&p, text);
    free(text);
    peer_accept(&listener, &lab);
}

RUN_UNTIL_DECLARE(is_held, struct site *, site_destination(x, "lab").held == 1)

Test(parts_out, the_next_one_waits_for_the_answer_to_the_one_before)
{
    begin(0, "256", "");
    send_long("M1", "");
    struct fragment_seen one = lab_has(1);
    cr_expect_str_eq(one.id, "M1");
    cr_expect(one.is_more);
    run_now(s.loop);
    cr_expect_eq(peer_frames(&lab), 1);
    say("AA", "other"); /* speaks of nothing */
    run_now(s.loop);
    cr_expect_eq(peer_frames(&lab), 1);
    say("AA", one.id);
    unsigned n = 1;
    for (struct fragment_seen at = one; at.is_more; say("AA", at.id)) {
        at = lab_has(++n);
        cr_expect_eq(strlen(at.id), 17, "%s", at.id);
    }
    cr_assert(site_delivers(&s, "lab", 1));
    cr_expect_gt(n, 2);
    end();
}

Test(parts_out, one_that_is_refused_ends_them)
{
    begin(0, "256", "");
    send_long("M1", "");
    say("AA", lab_has(1).id);
    say("AE", lab_has(2).id);
    cr_assert(run_until(s.loop, is_held, &s));
    run_now(s.loop);
    cr_expect_eq(peer_frames(&lab), 2);
    end();
}

Test(parts_out, all_are_sent_again_when_the_connection_is_lost)
{
    char ids[2][32];
    begin(0, "256", "");
    send_long("M1", "");
    say("AA", lab_has(1).id);
    snprintf(ids[0], sizeof(ids[0]), "%s", lab_has(2).id);
    peer_reset(&lab);
    peer_accept(&listener, &lab);
    cr_expect_str_eq(lab_has(1).id, "M1");
    say("AA", "M1");
    snprintf(ids[1], sizeof(ids[1]), "%s", lab_has(2).id);
    cr_expect_str_eq(ids[0], ids[1], "a repeat has the same ids");
    end();
}

Test(parts_out, one_that_is_not_answered_has_all_sent_again)
{
    begin(0, "400", ", reply-within: 100ms");
    send_long("M1", "");
    say("AA", lab_has(1).id);
    (void)lab_has(2);
    peer_close(&lab);
    peer_accept(&listener, &lab);
    cr_expect_str_eq(lab_has(1).id, "M1");
    end();
}

/* The accept level speaks of each part, the application of the whole, by its first one. */
Test(parts_out, the_application_answers_the_whole)
{
    begin(0, "400", ", reply: application");
    send_long("M1", "AL|AL");
    unsigned n = 1;
    struct fragment_seen at = lab_has(1);
    for (; at.is_more; at = lab_has(++n)) {
        say("CA", at.id);
    }
    say("CA", at.id);
    run_now(s.loop);
    cr_expect_eq(site_destination(&s, "lab").delivered, 0);
    say("AA", "M1");
    cr_assert(site_delivers(&s, "lab", 1));
    end();
}

Test(parts_out, one_that_cannot_be_cut_is_held)
{
    begin(0, "400, cut: no", "");
    char *text = message("M1", "", 0, 1000);
    peer_send_frame(&p, text);
    free(text);
    cr_assert(run_until(s.loop, is_held, &s));
    cr_expect(site_logged(&s, "a segment is longer than a part"));
    end();
}
