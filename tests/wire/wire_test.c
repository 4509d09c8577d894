/* What a sender and a receiver see: replies, order, failures; and the six invariants of the design. */
#include "tests/wire/site.h"

#include "engine/base/err.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#define CONFIG                                                                                     \
    "sources:\n  in:\n    mllp: { listen: \"127.0.0.1:0\", frame-limit: 1MiB }\n"                  \
    "destinations:\n  out:\n    discard: {}\n"
#define ROUTES                                                                                     \
    "route: all\nfrom: in\nmessages: [ADT^A01, ADT^A08, SIU^S12]\nwhen: PID-8.oneOf('F', "         \
    "'M')\ndo:\n"                                                                                  \
    "  - require: PID-3.exists()\n    else: { reply: { code: AE, error: 101, at: PID-3, text: no " \
    "patient id } }\n"                                                                             \
    "  - set: { MSH-5: DESK }\n  - send: out\n"

static struct site s;
static struct peer p;

static const char *message(const char *type, const char *id, const char *when, const char *pid)
{
    static char text[512];
    snprintf(
        text, sizeof(text),
        "MSH|^~\\&|EPIC|MAIN|X|Y|20260101120000||%s|%s|P|2.5.1|||%s\rPID|1||%s||DOE^JANE||1980|F\r",
        type, id, when, pid);
    return text;
}

static void begin(void)
{
    site_open(&s, false, CONFIG, ROUTES);
    peer_connect(&p, s.loop, site_address(&s, "in"));
}

static void end(void)
{
    peer_close(&p);
    site_close(&s);
}

/* MSA-1 and MSA-2 of reply `n`: "AA ID1". */
static const char *msa(unsigned n)
{
    static char out[64];
    struct str f = peer_frame(&p, n);
    ptrdiff_t at = f.p ? str_find(f, STR("\rMSA|")) : -1;
    if (at < 0) {
        return "none";
    }
    struct str rest = str_slice(f, (size_t)at + 5, f.n), code, id;
    str_split(&rest, '|', &code);
    ptrdiff_t end_at = str_index(rest, '\r'), bar = str_index(rest, '|');
    id = str_slice(rest, 0,
                   bar >= 0 && (end_at < 0 || bar < end_at) ? (size_t)bar
                   : end_at >= 0                            ? (size_t)end_at
                                                            : rest.n);
    snprintf(out, sizeof(out), "%.*s %.*s", STR_ARG(code), STR_ARG(id));
    return out;
}

static const struct {
    const char *name, *type, *id, *when, *pid;
    const char *want[2];
    enum entry_status status;
    uint32_t outputs;
} replies[] = {
    {"original mode", "ADT^A01", "1", "", "77", {"AA 1"}, ENTRY_ACCEPTED, 1},
    {"both levels", "ADT^A01", "2", "AL|AL", "77", {"CA 2", "AA 2"}, ENTRY_ACCEPTED, 1},
    {"accept level", "ADT^A01", "3", "AL|NE", "77", {"CA 3"}, ENTRY_ACCEPTED, 1},
    {"application level", "ADT^A01", "4", "NE|AL", "77", {"AA 4"}, ENTRY_ACCEPTED, 1},
    {"nothing asked for", "ADT^A01", "5", "NE|NE", "77", {NULL}, ENTRY_ACCEPTED, 1},
    {"errors only, and there is none", "ADT^A01", "6", "ER|ER", "77", {NULL}, ENTRY_ACCEPTED, 1},
    {"rejected by a rule", "ADT^A01", "7", "", "", {"AE 7"}, ENTRY_REJECTED, 0},
    {"rejected by a rule, both levels",
     "ADT^A01",
     "8",
     "AL|AL",
     "",
     {"CA 8", "AE 8"},
     ENTRY_REJECTED,
     0},
    {"rejected by a rule, accept level", "ADT^A01", "9", "AL|NE", "", {"CE 9"}, ENTRY_REJECTED, 0},
    {"no route reads it", "ORU^R01", "10", "", "77", {"AA 10"}, ENTRY_FILTERED, 0},
    {"no control id", "ADT^A01", "", "", "77", {"AR "}, ENTRY_REJECTED, 0},
    {"an acknowledgement", "ACK", "11", "", "77", {NULL}, ENTRY_FILTERED, 0},
    {"the id is repeated exactly", "ADT^A01", "aB-9.x", "", "77", {"AA aB-9.x"}, ENTRY_ACCEPTED, 1},
};

Test(wire, replies_as_mode_and_rules_say)
{
    unsigned frames = 0;
    begin();
    for (unsigned i = 0; i < sizeof(replies) / sizeof(replies[0]); i++) {
        struct entry_message m;
        unsigned before = frames;
        peer_send_frame(&p,
                        message(replies[i].type, replies[i].id, replies[i].when, replies[i].pid));
        for (unsigned k = 0; k < 2 && replies[i].want[k]; k++) {
            cr_assert(peer_has_frames(&p, ++frames), "%s: no reply %u", replies[i].name, k);
            cr_expect_str_eq(msa(frames - 1), replies[i].want[k], "%s: %s", replies[i].name,
                             msa(frames - 1));
        }
        for (int spin = 0; spin < 50 && !site_stored(&s, i, &m); spin++) {
            run_now(s.loop);
        }
        cr_assert(site_stored(&s, i, &m), "%s: not stored", replies[i].name);
        cr_expect_eq(m.status, replies[i].status, "%s: status %d", replies[i].name, m.status);
        cr_expect_eq(m.noutputs, replies[i].outputs, "%s", replies[i].name);
        cr_expect_eq(peer_frames(&p), frames, "%s: no more replies", replies[i].name);
        cr_expect_eq(m.reply.n == 0, frames == before, "%s: the reply is in the journal",
                     replies[i].name);
        cr_expect(frames == before || str_find(m.reply, peer_frame(&p, before)) == 0, "%s",
                  replies[i].name);
    }
    cr_assert(site_delivers(&s, "out", 7));
    cr_expect_eq(site_source(&s, "in").accepted, 7);
    cr_expect_eq(site_source(&s, "in").rejected, 4);
    cr_expect_eq(site_source(&s, "in").unrouted, 1);
    cr_expect_eq(site_source(&s, "in").filtered, 1);
    cr_expect_eq(site_source(&s, "in").waiting, 0);
    cr_expect_not(site_logged(&s, "DOE"), "no content in the log");
    end();
}

static const struct {
    const char *name;
    struct str bytes;
    const char *want;
} bad[] = {
    {"empty", {"", 0}, "AR "},
    {"NUL", {"\0", 1}, "AR "},
    {"no MSH", {"hello", 5}, "AR "},
    {"MSH alone", {"MSH", 3}, "AR "},
    {"PID first", {"PID|1\rMSH|^~\\&|A|B|C|D|1||ADT^A01|5|P|2.5\r", 43}, "AR "},
    {"delimiters twice", {"MSH||||\rPID|1\r", 14}, "AR "},
};

Test(wire, what_is_no_message_is_answered_AR_and_stored)
{
    begin();
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct entry_message m;
        peer_send(&p, STR("\v"));
        peer_send(&p, bad[i].bytes);
        peer_send(&p, STR("\x1c\r"));
        cr_assert(peer_has_frames(&p, i + 1), "%s", bad[i].name);
        cr_expect(str_starts(str_of(msa(i)), STR("AR ")), "%s: %s", bad[i].name, msa(i));
        cr_assert(site_stored(&s, i, &m));
        cr_expect_eq(m.status, ENTRY_REJECTED);
        cr_expect(str_eq(m.raw, bad[i].bytes), "%s: stored as received", bad[i].name);
        cr_expect_neq(m.reason.n, 0);
    }
    end();
}

Test(wire, frames_that_break_the_framing_are_answered_and_the_connection_closed)
{
    struct buf big = {0};
    begin();
    peer_send(&p, STR("\vMSH|^~\\&|A|B|C|D|1||ADT^A01|77|P|2.5.1\r\x1cMSH|"));
    cr_assert(peer_has_frames(&p, 1));
    cr_expect_str_eq(msa(0), "AR 77", "what can be read of it is used");
    cr_expect(peer_sees_end(&p));
    peer_close(&p);
    peer_connect(&p, s.loop, site_address(&s, "in"));
    buf_puts(&big, "\vMSH|^~\\&|A|B|C|D|1||ADT^A01|78|P|2.5.1\rOBX|1|TX|||");
    while (big.n < (2 << 20)) {
        buf_puts(&big, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
    }
    peer_send(&p, buf_str(&big));
    cr_assert(peer_has_frames(&p, 1));
    cr_expect_str_eq(msa(0), "AR 78");
    cr_expect(peer_sees_end(&p));
    buf_free(&big);
    end();
}

Test(wire, unrouted_reject_and_ack_never)
{
    site_open(&s, false,
              "sources:\n  strict:\n    mllp: { listen: \"127.0.0.1:0\" }\n    unrouted: reject\n"
              "  quiet:\n    mllp: { listen: \"127.0.0.1:0\" }\n    ack: never\n"
              "destinations:\n  out:\n    discard: {}\n",
              "route: all\nfrom: [strict, quiet]\nmessages: ADT^A01\ndo:\n  - send: out\n");
    peer_connect(&p, s.loop, site_address(&s, "strict"));
    peer_send_frame(&p, message("ORU^R01", "1", "", "7"));
    peer_send_frame(&p, message("ORU^R01", "2", "AL|AL", "7"));
    peer_send_frame(&p, message("ADT^A01", "3", "", "7"));
    cr_assert(peer_has_frames(&p, 3));
    cr_expect_str_eq(msa(0), "AR 1");
    cr_expect_str_eq(msa(1), "CR 2");
    cr_expect_str_eq(msa(2), "AA 3");
    cr_expect(str_find(peer_frame(&p, 0), STR("|200^")) > 0, "%.*s", STR_ARG(peer_frame(&p, 0)));
    peer_close(&p);
    peer_connect(&p, s.loop, site_address(&s, "quiet"));
    peer_send_frame(&p, message("ADT^A01", "4", "AL|AL", "7"));
    cr_assert(site_delivers(&s, "out", 2));
    cr_expect_eq(peer_frames(&p), 0);
    end();
}

/* ---- through to a receiver ---- */

#define TO_MLLP                                                                                    \
    "sources:\n  in:\n    mllp: { listen: \"127.0.0.1:0\" }\n"                                     \
    "destinations:\n  lab:\n    mllp: { host: 127.0.0.1, port: %d, reply-within: 5s }\n"           \
    "    parallel: 4\n    retry: { first: 10ms, longest: 50ms }\n"
#define TO_LAB "route: all\nfrom: in\nmessages: ADT^A01\ndo:\n  - send: lab\n"

static struct peer server, lab;

/* The receiver listens before the engine starts, and the engine's loop serves both. */
static void begin_lab(bool on_disk)
{
    char config[512];
    site_prepare(&s, on_disk);
    snprintf(config, sizeof(config), TO_MLLP, peer_listen(&server, s.loop));
    site_start(&s, config, TO_LAB);
    peer_connect(&p, s.loop, site_address(&s, "in"));
}

static void end_lab(void)
{
    peer_close(&server);
    peer_close(&lab);
    end();
}

static void lab_answers(const char *code, const char *id)
{
    char text[200];
    snprintf(text, sizeof(text), "MSH|^~\\&|C|D|A|B|1||ACK|9|P|2.5.1\rMSA|%s|%s\r", code, id);
    peer_send_frame(&lab, text);
}

Test(wire, a_message_goes_through_unchanged_and_its_outcome_is_recorded)
{
    begin_lab(false);
    char sent[512];
    strcpy(sent, message("ADT^A01", "M1", "", "7"));
    peer_send_frame(&p, sent);
    cr_assert(peer_has_frames(&p, 1));
    peer_accept(&server, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    cr_expect(str_is(peer_frame(&lab, 0), sent), "%.*s", STR_ARG(peer_frame(&lab, 0)));
    lab_answers("AA", "M1");
    cr_assert(site_delivers(&s, "lab", 1));
    cr_expect_eq(site_destination(&s, "lab").queued, 0);
    end_lab();
}

static bool is_unreachable(void *arg)
{
    (void)arg;
    return site_destination(&s, "lab").unreachable;
}

Test(wire, a_dead_destination_costs_the_sender_nothing_and_gets_all_later)
{
    char id[16];
    begin_lab(false);
    peer_send_frame(&p, message("ADT^A01", "M0", "", "7"));
    peer_accept(&server, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    lab_answers("AA", "M0");
    cr_assert(site_delivers(&s, "lab", 1));
    int port = server.port;
    peer_close(&server);
    peer_close(&lab);
    for (int i = 1; i <= 50; i++) {
        snprintf(id, sizeof(id), "M%d", i);
        peer_send_frame(&p, message("ADT^A01", id, "", "7"));
    }
    cr_assert(peer_has_frames(&p, 51), "all are answered");
    cr_assert(run_until(s.loop, is_unreachable, NULL));
    cr_expect_str_eq(site_destination(&s, "lab").reason, "connection refused");
    cr_expect_eq(site_destination(&s, "lab").queued, 50);
    peer_listen_at(&server, s.loop, port);
    peer_accept(&server, &lab);
    for (unsigned i = 1; i <= 50; i++) { /* one patient: one after the other, in order */
        snprintf(id, sizeof(id), "M%u", i);
        cr_assert(peer_has_frames(&lab, i), "%s does not come", id);
        cr_expect(str_find(peer_frame(&lab, i - 1), str_of(id)) > 0);
        lab_answers("AA", id);
    }
    cr_assert(site_delivers(&s, "lab", 51));
    end_lab();
}

Test(wire, what_the_receiver_refuses_is_held)
{
    begin_lab(false);
    peer_send_frame(&p, message("ADT^A01", "M1", "", "7"));
    peer_accept(&server, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    lab_answers("AE", "M1");
    for (int i = 0; i < 1000 && site_destination(&s, "lab").held == 0; i++) {
        event_base_loop(s.loop, EVLOOP_ONCE);
    }
    cr_expect_eq(site_destination(&s, "lab").held, 1);
    cr_expect(site_logged(&s, "held destination=lab"));
    end_lab();
}

/* ---- the invariants of the design, by number (four is in tests/unit/flow/queue_test.c) ---- */

Test(invariant, one_raw_bytes_are_never_changed)
{
    struct entry_message m;
    begin();
    const char *sent = "MSH|^~\\&|EPIC|MAIN|X|Y|20260101||ADT^A01|1|P|2.5.1\nPID|1||77||D\xc3\x96"
                       "E~\\H\\||1980|F|||\r\n\rZZZ|odd";
    peer_send_frame(&p, sent);
    cr_assert(peer_has_frames(&p, 1));
    cr_assert(site_stored(&s, 0, &m));
    cr_expect(str_is(m.raw, sent), "stored as received");
    cr_assert_eq(m.noutputs, 1);
    char out[512];
    size_t n = splices_size(m.outputs[0].payload);
    cr_assert_lt(n, sizeof(out));
    splices_write(m.outputs[0].payload, m.raw, out);
    cr_expect(str_find(str_from(out, n), STR("|DESK|")) > 0, "the edit is in the output");
    cr_expect(str_find(m.raw, STR("DESK")) < 0);
    end();
}

static unsigned messages_stored(void)
{
    struct entry_message m;
    unsigned n = 0;
    while (site_stored(&s, n, &m)) {
        n++;
    }
    return n;
}

/* In every sync: the sender must not have more replies than there are messages in earlier ones. */
static int no_reply_yet(struct site *site)
{
    int unread = 0;
    unsigned *checks = site->arg;
    unsigned got = peer_frames(&p);
    ioctl(p.fd, FIONREAD, &unread);
    cr_assert_leq(got + (unread > 0), messages_stored(), "a reply left before its commit");
    ++*checks;
    return 0;
}

Test(invariant, two_no_positive_reply_before_commit)
{
    unsigned checks = 0;
    site_open(&s, true, CONFIG, ROUTES);
    peer_connect(&p, s.loop, site_address(&s, "in"));
    run_now(s.loop);
    s.on_sync = no_reply_yet;
    s.arg = &checks;
    for (unsigned i = 0; i < 20; i++) {
        peer_send_frame(&p, message("ADT^A01", "1", i % 2 ? "AL|NE" : "", "7"));
        cr_assert(peer_has_frames(&p, i + 1));
        cr_assert(site_delivers(&s, "out", i + 1));
    }
    cr_expect_geq(checks, 20);
    end();
}

Test(invariant, three_a_failed_commit_answers_nobody)
{
    site_open(&s, true, CONFIG, ROUTES);
    peer_connect(&p, s.loop, site_address(&s, "in"));
    peer_send_frame(&p, message("ADT^A01", "1", "", "7"));
    cr_assert(peer_has_frames(&p, 1));
    s.on_sync = site_fail_sync;
    peer_send_frame(&p, message("ADT^A01", "2", "AL|AL", "7"));
    peer_send_frame(&p, "no message");
    cr_assert(run_until(s.loop, site_is_fenced, &s));
    cr_assert(peer_sees_end(&p), "connections close");
    cr_expect_eq(peer_frames(&p), 1, "and nothing was answered");
    cr_expect(site_logged(&s, "journal-failed"));
    end();
}

/* The plan current when the last byte arrived: the frame begins under one and ends under the other. */
Test(invariant, five_a_message_runs_on_the_plan_of_its_last_byte)
{
    struct entry_message m[2];
    begin();
    const char *text = message("ADT^A01", "1", "", "7");
    peer_send(&p, STR("\v"));
    peer_send(&p, str_from(text, 30));
    run_now(s.loop);
    cr_assert_eq(site_reload(&s, CONFIG,
                             "route: all\nfrom: in\nmessages: ADT^A01\ndo:\n  - set: { MSH-5: NEW "
                             "}\n  - send: out\n"),
                 0);
    peer_send(&p, str_of(text + 30));
    peer_send(&p, STR("\x1c\r"));
    peer_send_frame(&p, message("ADT^A01", "2", "", "7"));
    cr_assert(peer_has_frames(&p, 2), "the connection stays open over a reload");
    for (unsigned i = 0; i < 2; i++) {
        char out[512];
        cr_assert(site_stored(&s, i, &m[i]));
        size_t n = splices_size(m[i].outputs[0].payload);
        splices_write(m[i].outputs[0].payload, m[i].raw, out);
        cr_expect(str_find(str_from(out, n), STR("|NEW|")) > 0);
    }
    cr_expect_eq(m[0].plan_hash, m[1].plan_hash);
    end();
}

Test(invariant, five_queues_outlive_plans)
{
    begin_lab(false);
    char config[512];
    snprintf(config, sizeof(config), TO_MLLP, server.port);
    peer_send_frame(&p, message("ADT^A01", "M1", "", "7"));
    peer_accept(&server, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    cr_assert_eq(site_reload(&s, config, TO_LAB), 0);
    lab_answers("AA", "M1");
    cr_assert(site_delivers(&s, "lab", 1));
    cr_expect_not(lab.is_ended, "what did not change keeps its connection");
    peer_send_frame(&p, message("ADT^A01", "M2", "", "8"));
    cr_assert(peer_has_frames(&lab, 2));
    cr_expect_eq(site_reload(&s, CONFIG, ROUTES), ERR_STATE, "its queue is not empty");
    cr_expect(s.diags.errors > 0);
    lab_answers("AA", "M2");
    cr_assert(site_delivers(&s, "lab", 2));
    cr_expect_eq(site_reload(&s, CONFIG, ROUTES), 0);
    end_lab();
}

Test(wire, a_destination_with_new_settings_is_reopened_when_it_is_idle)
{
    begin_lab(false);
    char config[512];
    peer_send_frame(&p, message("ADT^A01", "M1", "", "7"));
    peer_accept(&server, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    snprintf(config, sizeof(config), TO_MLLP, server.port);
    char *at = strstr(config, "reply-within: 5s");
    memcpy(at, "reply-within: 6s", 16);
    cr_assert_eq(site_reload(&s, config, TO_LAB), 0);
    peer_send_frame(&p, message("ADT^A01", "M2", "", "8"));
    cr_assert(peer_has_frames(&p, 2));
    run_now(s.loop);
    cr_expect_eq(peer_frames(&lab), 1, "what is in flight ends first");
    lab_answers("AA", "M1");
    cr_assert(peer_sees_end(&lab));
    peer_close(&lab);
    peer_accept(&server, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    lab_answers("AA", "M2");
    cr_assert(site_delivers(&s, "lab", 2));
    end_lab();
}

Test(wire, a_reload_that_cannot_listen_changes_nothing)
{
    struct peer other;
    begin();
    char config[512];
    snprintf(
        config, sizeof(config),
        "sources:\n  in:\n    mllp: { listen: \"127.0.0.1:0\", frame-limit: 2MiB }\n"
        "  more:\n    mllp: { listen: \"127.0.0.1:%d\" }\ndestinations:\n  out:\n    discard: {}\n",
        peer_listen(&other, s.loop));
    cr_expect_lt(site_reload(&s, config, ROUTES), 0);
    cr_expect(s.diags.errors > 0);
    peer_send_frame(&p, message("ADT^A01", "1", "", "7"));
    cr_assert(peer_has_frames(&p, 1));
    cr_expect_str_eq(msa(0), "AA 1");
    peer_close(&other);
    end();
}

Test(wire, a_source_that_is_removed_answers_what_it_took)
{
    begin();
    for (int i = 0; i < 20; i++) {
        peer_send_frame(&p, message("ADT^A01", "1", "", "7"));
    }
    run_now(s.loop);
    cr_assert_eq(site_reload(&s,
                             "sources:\n  other:\n    mllp: { listen: \"127.0.0.1:0\" "
                             "}\ndestinations:\n  out:\n    discard: {}\n",
                             "route: all\nfrom: other\nmessages: ADT^A01\ndo:\n  - send: out\n"),
                 0);
    cr_assert(peer_sees_end(&p));
    cr_expect_eq(peer_frames(&p), 20);
    struct peer q;
    peer_connect(&q, s.loop, site_address(&s, "other"));
    peer_send_frame(&q, message("ADT^A01", "2", "", "7"));
    cr_expect(peer_has_frames(&q, 1));
    peer_close(&q);
    end();
}

Test(wire, a_drain_answers_all_and_loses_nothing)
{
    begin();
    for (int i = 0; i < 100; i++) {
        peer_send_frame(&p, message("ADT^A01", "1", "", "7"));
    }
    cr_assert(peer_has_frames(&p, 100));
    peer_send_frame(&p, message("ADT^A01", "last", "", "7"));
    run_now(s.loop);
    site_drain(&s);
    cr_expect_eq(site_source(&s, "in").waiting, 0);
    cr_expect(peer_sees_end(&p));
    end();
}

/* What was not delivered goes out after a restart, marked as perhaps sent before. */
Test(wire, unsettled_outputs_survive_a_restart_with_a_higher_attempt)
{
    char config[512];
    begin_lab(true);
    peer_send_frame(&p, message("ADT^A01", "M1", "", "7"));
    cr_assert(peer_has_frames(&p, 1));
    peer_accept(&server, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    peer_close(&p);
    site_stop(&s);
    simdisk_restart(s.disk);
    peer_close(&lab);
    snprintf(config, sizeof(config), TO_MLLP, server.port);
    site_start(&s, config, TO_LAB);
    peer_accept(&server, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    lab_answers("AA", "M1");
    cr_assert(site_delivers(&s, "lab", 1));
    cr_expect(site_logged(&s, "attempt=2"), "%.*s", STR_ARG(buf_str(&s.lines)));
    peer_connect(&p, s.loop, site_address(&s, "in"));
    end_lab();
}

Test(wire, rejected_bytes_are_kept_up_to_a_bound_a_day)
{
    struct buf big = {0};
    struct entry_message m;
    begin();
    while (big.n < 1000000) {
        buf_puts(&big, "not a message, and there are many of these ");
    }
    buf_putc(&big, 0);
    for (unsigned i = 0; i < 101; i++) {
        peer_send_frame(&p, big.p);
        cr_assert(peer_has_frames(&p, i + 1));
    }
    cr_assert(site_stored(&s, 98, &m));
    cr_expect_eq(m.raw.n, big.n - 1);
    cr_assert(site_stored(&s, 100, &m));
    cr_expect_eq(m.raw.n, 0);
    cr_expect(str_find(m.reason, STR("bytes not kept")) > 0);
    cr_expect_neq(m.body_hash, 0);
    buf_free(&big);
    end();
}

/* Invariant 6: adapters never block, retry, sleep or touch the journal: they see no header that could. */
Test(invariant, six_adapters_see_only_the_contract)
{
    int status =
        system("cd " CORRIDOR_SOURCE_DIR " && ! grep -nE '#include "
               "\"engine/(rules|journal|config|ops|flow/(queue|engine|plan|msg))' adapters/*.[ch]"
               " && ! grep -nE '\\b(sleep|usleep|nanosleep|poll|select|journal_[a-z]+) *\\(' "
               "adapters/*.c");
    cr_expect_eq(status, 0);
}
