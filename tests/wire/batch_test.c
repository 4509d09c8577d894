/* Batches in one frame: stored as one entry, run one by one, answered as the source says. */
#include "tests/wire/site.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define ROUTES                                                                                     \
    "route: results\nfrom: in\nmessages: [ORU^R01]\nwhen: PID-8.oneOf('F', 'M')\ndo:\n"            \
    "  - require: PID-3.exists()\n    else: { reply: { code: AE, error: 101, at: PID-3, text: no " \
    "patient id } }\n  - set: { MSH-5: DESK }\n  - send: out\n  - send: lab\n"
#define FHS "FHS|^~\\&|LIS|L|CORR|HUB|2026|||FILE|F77\r"
#define BHS "BHS|^~\\&|LIS|L|CORR|HUB|2026||||B77\r"

static struct site s;
static struct peer p, listener, lab;
static int lab_port;
static char config[700];

static void start(const char *batch)
{
    snprintf(
        config, sizeof(config),
        "sources:\n  in:\n    mllp: { listen: \"127.0.0.1:0\" }\n%s"
        "destinations:\n  out:\n    discard: {}\n  lab:\n    mllp: { host: \"127.0.0.1\", port: "
        "%d }\n    order-by: all\n",
        batch, lab_port);
    site_start(&s, config, ROUTES);
    peer_connect(&p, s.loop, site_address(&s, "in"));
}

static void begin(const char *batch)
{
    lab.fd = -1;
    site_prepare(&s, true);
    lab_port = peer_listen(&listener, s.loop);
    start(batch);
}

static void end(void)
{
    peer_close(&p);
    peer_close(&lab);
    peer_close(&listener);
    site_close(&s);
}

static void add(struct buf *b, const char *id, const char *pid, const char *sex)
{
    buf_printf(b, "MSH|^~\\&|LIS|L|C|H|2026||ORU^R01|%s|P|2.5.1\rPID|1||%s||DOE^JANE||1980|%s\r",
               id, pid, sex);
}

static void send_batch(struct buf *b)
{
    buf_putc(b, 0);
    peer_send_frame(&p, b->p);
    buf_free(b);
}

/* Three messages, of which the second has no patient id where `bad`. */
static void send_three(const char *head, bool bad, const char *tail)
{
    struct buf b = {0};
    buf_puts(&b, head);
    add(&b, "1", "71", "F");
    add(&b, "2", bad ? "" : "72", "F");
    add(&b, "3", "73", "U");
    buf_puts(&b, tail);
    send_batch(&b);
}

#define EXPECT(n, ...) peer_expects(&p, n, (const char *const[]){__VA_ARGS__, NULL})

static bool entry(unsigned n, enum entry_type type, struct entry_message *out)
{
    struct journal_cursor c = {0};
    struct entry e;
    while (journal_next(s.journal, &c, &s.arena, &e) == 1) {
        if (e.type == type && n-- == 0) {
            return entry_get_message(&s.arena, e.body, out) == 0;
        }
    }
    return false;
}

Test(batch, is_one_entry_with_its_messages_and_one_answer)
{
    struct entry_message m;
    begin("");
    send_three(FHS BHS, false, "BTS|3\rFTS|1\r");
    EXPECT(0, "MSH|^~\\&|CORR|HUB|LIS|L|", "\rMSA|AA|F77\r");
    cr_assert(site_delivers(&s, "out", 2));
    cr_assert(entry(0, ENTRY_GROUP, &m));
    cr_expect_eq(m.nmembers, 3);
    cr_expect_eq(m.noutputs, 4);
    cr_expect_eq(m.status, ENTRY_ACCEPTED);
    cr_expect_eq(m.members[1].first_output, 2);
    cr_expect_eq(m.members[2].status, ENTRY_FILTERED);
    cr_expect(str_starts(str_from(m.raw.p + m.members[1].from, m.members[1].n), STR("MSH|")));
    cr_expect_not(entry(0, ENTRY_MESSAGE, &m), "nothing besides it");
    peer_accept(&listener, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    cr_expect(str_find(peer_frame(&lab, 0), STR("|DESK|H|2026||ORU^R01|1|")) > 0);
    cr_expect(str_find(peer_frame(&lab, 0), STR("|ORU^R01|2|")) < 0, "its own bytes alone");
    peer_send_frame(&lab, "MSH|^~\\&|||||1||ACK|1|P|2.5\rMSA|AA|1\r");
    cr_assert(peer_has_frames(&lab, 2));
    cr_expect(str_find(peer_frame(&lab, 1), STR("|DESK|H|2026||ORU^R01|2|")) > 0);
    cr_expect_eq(site_source(&s, "in").accepted, 2);
    cr_expect_eq(site_source(&s, "in").filtered, 1);
    end();
}

Test(batch, a_rejected_message_is_told_by_its_number_and_takes_nothing_back)
{
    struct entry_message m;
    begin("");
    send_three(BHS, true, "BTS|3\r");
    EXPECT(0, "\rMSA|AE|B77\r", "ERR||PID^1^3|101^", "message 2: no patient id");
    cr_assert(site_delivers(&s, "out", 1));
    cr_assert(entry(0, ENTRY_GROUP, &m));
    cr_expect_eq(m.members[1].status, ENTRY_REJECTED);
    cr_expect_eq(m.noutputs, 2);
    end();
}

Test(batch, may_be_answered_by_a_batch_of_answers)
{
    begin("    batch: { reply: one-per-message }\n");
    send_three(BHS, true, "BTS|3\r");
    EXPECT(0, "BHS|^~\\&|CORR|HUB|LIS|L|", "|B77\rMSH|", "\rMSA|AA|1\r",
           "\rMSA|AE|2\rERR||PID^1^3|", "\rMSA|AA|3\rBTS|3\r");
    end();
}

Test(batch, may_be_answered_by_its_errors_alone)
{
    begin("    batch: { reply: errors-only }\n");
    send_three(BHS, true, "BTS|3\r");
    EXPECT(0, "|B77\rMSH|", "\rMSA|AE|2\r", "BTS|1\r");
    cr_expect(str_find(peer_frame(&p, 0), STR("MSA|AA")) < 0);
    send_three("BHS|^~\\&|LIS|L|CORR|HUB|2026||||B78\r", false, "BTS|3\r");
    EXPECT(1, "|B78\rBTS|0\r");
    end();
}

static const struct {
    const char *name, *head, *tail, *want;
} wrong[] = {
    {"messages", BHS, "BTS|4\r", "BTS-1 says 4, there are 3"},
    {"batches", FHS BHS, "BTS|3\rFTS|2\r", "FTS-1 says 2, there are 1"},
    {"no number", BHS, "BTS|three\r", "BTS-1 is no number, there are 3"},
    {"less than nothing", FHS BHS, "BTS|3\rFTS|-1\r", "FTS-1 is no number, there are 1"},
    {"noise", BHS "hello\r", "BTS|3\r", "line 2 belongs to no message"},
    {"a header that cannot be read", "BHS|\r", "BTS|4\r", "BTS-1 says 4, there are 3"},
};

Test(batch, of_which_the_counts_are_wrong_nothing_is_taken)
{
    begin("");
    for (unsigned i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct entry_message m;
        send_three(wrong[i].head, false, wrong[i].tail);
        EXPECT(i, "\rMSA|AE|", "|100^", wrong[i].want);
        cr_assert(entry(i, ENTRY_MESSAGE, &m), "%s", wrong[i].name);
        cr_expect_eq(m.status, ENTRY_REJECTED, "%s", wrong[i].name);
    }
    cr_expect_eq(site_destination(&s, "lab").queued, 0);
    end();
}

Test(batch, of_which_the_counts_are_wrong_may_be_taken_with_a_line_in_the_log)
{
    begin("    batch: { counts: warn }\n");
    send_three(BHS, false, "BTS|4\r");
    EXPECT(0, "\rMSA|AA|B77\r");
    cr_expect(site_logged(&s, "batch-counts"));
    cr_expect_not(site_logged(&s, "DOE"));
    end();
}

Test(batch, is_no_message_where_it_is_not_to_be_split)
{
    begin("    batch: { split: no }\n");
    send_three(BHS, false, "BTS|3\r");
    EXPECT(0, "\rMSA|AR|");
    end();
}

Test(batch, is_answered_whatever_its_messages_want_answered)
{
    begin("");
    peer_send_frame(&p,
                    BHS "MSH|^~\\&|LIS|L|C|H|2026||ORU^R01|1|P|2.5.1|||NE|NE\rPID|1||7||D||1|F\r");
    EXPECT(0, "\rMSA|AA|B77\r");
    end();
}

Test(batch, a_rejected_message_that_comes_twice_is_rejected_twice)
{
    struct buf b = {0};
    begin("");
    buf_puts(&b, BHS);
    add(&b, "1", "", "F");
    add(&b, "1", "", "F");
    buf_puts(&b, "BTS|2\r");
    send_batch(&b);
    EXPECT(0, "\rMSA|AE|", "message 1:", "message 2:");
    end();
}

Test(batch, may_be_empty)
{
    begin("");
    peer_send_frame(&p, BHS "BTS|0\r");
    EXPECT(0, "\rMSA|AA|B77\r");
    end();
}

Test(batch, of_too_many_messages_is_refused)
{
    struct buf b = {0};
    begin("");
    buf_puts(&b, BHS);
    for (int i = 0; i < 10001; i++) {
        buf_puts(&b, "MSH|^~\\&\r");
    }
    send_batch(&b);
    EXPECT(0, "\rMSA|AR|B77\r", "10001 messages in a batch; at most 10000 are taken");
    end();
}

Test(batch, its_messages_are_known_when_they_come_again)
{
    struct entry_message m;
    begin("");
    send_three(BHS, false, "BTS|3\r");
    EXPECT(0, "MSA|AA");
    send_three(BHS, false, "BTS|3\r");
    EXPECT(1, "MSA|AA");
    cr_expect_not(entry(1, ENTRY_GROUP, &m), "all of it was taken before");
    struct buf one = {0};
    add(&one, "1", "71", "F");
    send_batch(&one);
    EXPECT(2, "\rMSA|AA|1\r");
    cr_expect_eq(site_source(&s, "in").repeated, 4);
    struct buf two = {0}; /* one that is new, one that is not, and one twice */
    buf_puts(&two, BHS);
    add(&two, "2", "72", "F");
    add(&two, "4", "74", "F");
    add(&two, "4", "74", "F");
    send_batch(&two);
    EXPECT(3, "MSA|AA");
    cr_assert(entry(1, ENTRY_GROUP, &m));
    cr_expect_eq(m.noutputs, 2);
    cr_assert(site_delivers(&s, "out", 3));
    end();
}

Test(batch, is_known_after_a_restart_and_goes_on)
{
    begin("");
    send_three(BHS, false, "BTS|3\r");
    EXPECT(0, "MSA|AA");
    peer_accept(&listener, &lab);
    peer_close(&p);
    site_stop(&s);
    peer_close(&lab);
    simdisk_restart(s.disk);
    start("");
    send_three(BHS, false, "BTS|3\r");
    EXPECT(0, "MSA|AA");
    cr_expect_eq(site_source(&s, "in").repeated, 3);
    peer_accept(&listener, &lab);
    cr_assert(peer_has_frames(&lab, 1));
    cr_expect(str_find(peer_frame(&lab, 0), STR("|DESK|H|2026||ORU^R01|1|")) > 0);
    end();
}

/* What the counters say: received = accepted + filtered + unrouted + rejected + repeated, message by message. */
Test(batch, each_message_counts)
{
    begin("");
    send_three(BHS, true, "BTS|3\r");  /* accepted, rejected, filtered */
    send_three(BHS, true, "BTS|3\r");  /* repeated, rejected, repeated */
    send_three(BHS, false, "BTS|9\r"); /* refused whole */
    struct buf b = {0};
    buf_puts(&b, BHS "BTS|0\r"); /* empty */
    send_batch(&b);
    add(&b, "9", "79", "F");
    send_batch(&b);
    cr_assert(peer_has_frames(&p, 5));
    struct engine_source_status st = site_source(&s, "in");
    cr_expect_eq(st.c.messages, 8);
    cr_expect_eq(st.accepted, 2);
    cr_expect_eq(st.rejected, 3);
    cr_expect_eq(st.filtered, 1);
    cr_expect_eq(st.repeated, 2);
    cr_expect_eq(st.c.messages,
                 st.accepted + st.filtered + st.unrouted + st.rejected + st.repeated);
    end();
}

Test(batch, routes_read_its_headers)
{
    struct entry_message m;
    struct buf b = {0};
    begin("");
    site_reload(&s, config,
                "route: r\nfrom: in\nmessages: [ORU^R01]\nwhen: $batch.BHS-4.1 = 'L'\ndo:\n"
                "  - set: { MSH-5: =$batch.BHS-11 }\n"
                "  - send: out\n");
    buf_puts(&b, BHS);
    add(&b, "1", "71", "F");
    buf_puts(&b, "BTS|1\rBHS|^~\\&|LIS|OTHER|CORR|HUB|2026||||B78\r");
    add(&b, "2", "72", "F");
    buf_puts(&b, "BTS|1\r");
    send_batch(&b);
    cr_assert(peer_has_frames(&p, 1));
    cr_assert(site_delivers(&s, "out", 1));
    cr_assert(entry(0, ENTRY_GROUP, &m));
    cr_expect_eq(m.noutputs, 1, "the other batch is filtered");
    end();
}
