/* Answers on an outbound MLLP connection, from their bytes to the outcome of the message that MSA-2 names. */
#include "adapters/mllp_out_priv.h"
#include "engine/hl7/ack.h"

#include <errno.h>

static struct outcome outcome_of(enum ack_code code, struct str reply)
{
    static const struct {
        enum verdict verdict;
        const char *reason;
    } by_code[] = {
        [ACK_AA] = {DELIVERY_DELIVERED, "answered AA"},
        [ACK_CA] = {DELIVERY_DELIVERED, "answered CA"},
        [ACK_AE] = {DELIVERY_REFUSED, "answered AE"},
        [ACK_CE] = {DELIVERY_REFUSED, "answered CE"},
        [ACK_AR] = {DELIVERY_REFUSED, "answered AR"},
        [ACK_CR] = {DELIVERY_REFUSED, "answered CR"},
    };
    return (struct outcome){.verdict = by_code[code].verdict,
                            .has_code = true,
                            .code = code,
                            .reply = reply,
                            .reason = by_code[code].reason};
}

/* The message that `control_id` answers, or n. */
static unsigned match(const struct mllp_link *l, struct str control_id)
{
    for (unsigned i = 0; i < l->n; i++) {
        const struct link_sent *s = &l->sent[i];
        bool is_it = s->chain          ? mllp_chain_is_answered_by(s->chain, control_id)
                     : s->control_id.n ? str_eq(s->control_id, control_id)
                                       : l->n == 1;
        if (is_it) {
            return i;
        }
    }
    return l->n;
}

void mllp_link_take_out(struct mllp_link *l, unsigned i, struct outcome o)
{
    struct delivery *d = l->sent[i].delivery;
    mllp_chain_free(&l->sent[i].chain);
    l->n--;
    memmove(&l->sent[i], &l->sent[i + 1], (l->n - i) * sizeof(l->sent[0]));
    delivery_done(d, o);
}

/* A block of release 2: of the first message that has none yet, since blocks come in order. */
static void on_commit(struct mllp_link *l, char byte)
{
    unsigned i = 0;
    bool is_end = mllp_out_conf(l->out)->reply == MLLP_REPLY_NONE;
    while (i < l->n && l->sent[i].is_committed) {
        i++;
    }
    if (i == l->n) {
        return; /* of a message whose answer came first */
    }
    if (byte == MLLP_NAK) {
        mllp_link_take_out(
            l, i,
            (struct outcome){.verdict = DELIVERY_BUSY, .reason = "not stored by the peer (NAK)"});
    } else if (is_end) {
        mllp_link_take_out(
            l, i, (struct outcome){.verdict = DELIVERY_DELIVERED, .reason = "stored by the peer"});
    } else {
        l->sent[i].is_committed = true;
    }
}

static void send_commit(struct mllp_link *l)
{
    static const char block[] = {FRAME_VT, MLLP_ACK, FRAME_FS, FRAME_CR};
    buf_put(&l->bytes, block, sizeof(block));
    l->put_at += sizeof(block);
    mllp_link_flush(l);
}

/* A CA where the application's answer is to follow: it has as long again, once, or a peer that repeats its CA would hold
 * the message for ever. */
static bool is_to_follow(struct mllp_link *l, unsigned i, enum ack_code code)
{
    if (mllp_out_conf(l->out)->reply != MLLP_REPLY_APPLICATION || code != ACK_CA) {
        return false;
    }
    l->sent[i].deadline_us =
        l->sent[i].has_ca ? l->sent[i].deadline_us : mllp_link_reply_deadline(l);
    l->sent[i].has_ca = true;
    return true;
}

/* A part was taken: the next one goes. */
static bool goes_on(struct mllp_link *l, unsigned i, enum ack_code code)
{
    struct link_sent *s = &l->sent[i];
    if (!s->chain || mllp_chain_is_last(s->chain) || (code != ACK_AA && code != ACK_CA)) {
        return false;
    }
    mllp_chain_advance(s->chain);
    s->is_committed = false;
    s->deadline_us = mllp_link_reply_deadline(l);
    mllp_link_put_frame(l, s);
    mllp_link_flush(l);
    return true;
}

/* Was it one that was waited for, and not told before? */
static bool on_answer(struct mllp_link *l, struct str bytes)
{
    struct hl7 m;
    struct hl7_fault fault;
    struct ack_reply reply;
    struct mllp_out *out = l->out;
    arena_reset(&out->scratch);
    if (hl7_parse(&out->scratch, bytes, &m, &fault) < 0 || ack_read(&m, &reply) < 0) {
        mllp_link_fail(l, "the answer is no acknowledgement");
        return false;
    }
    unsigned i = match(l, reply.control_id);
    if (i == l->n) {
        log_event(out->ep->log, LOG_LEVEL_WARN, "unmatched-answer",
                  log_str("destination", out->ep->name), log_uint("in_flight", l->n));
        return false; /* late, or of somebody else: it must not be taken for another message's */
    }
    if (goes_on(l, i, reply.code)) {
        return true;
    }
    bool had_ca = l->sent[i].has_ca;
    if (is_to_follow(l, i, reply.code)) {
        return !had_ca;
    }
    mllp_link_take_out(l, i, outcome_of(reply.code, bytes));
    return true;
}

static void on_reply(struct mllp_link *l, struct str bytes)
{
    bool is_2 = mllp_link_is_release_2(l);
    if (is_2 && bytes.n == 1 && (bytes.p[0] == MLLP_ACK || bytes.p[0] == MLLP_NAK)) {
        on_commit(l, bytes.p[0]);
        return;
    }
    bool is_new = on_answer(l, bytes);
    if (is_2 && is_new && l->state == LINK_OPEN) {
        send_commit(
            l); /* of no other answer: one who sends many and reads nothing fills no memory */
    }
}

static void end_reply(struct mllp_link *l, struct str last)
{
    if (l->part.n == 0) {
        on_reply(l, last);
        return;
    }
    struct buf whole = l->part;
    l->part = (struct buf){0};
    buf_put_str(&whole, last);
    on_reply(l, buf_str(&whole));
    buf_free(&whole);
}

static void feed(struct mllp_link *l, struct str in)
{
    while (l->state == LINK_OPEN) {
        struct str part;
        switch (frame_read(&l->frame, &in, LINK_REPLY_MAX, &part)) {
        case FRAME_MORE:
            return;
        case FRAME_PART:
            buf_put_str(&l->part, part);
            break;
        case FRAME_END:
            end_reply(l, part);
            break;
        case FRAME_BROKEN:
        case FRAME_CUT:
        case FRAME_LARGE:
            mllp_link_fail(l, "the answer is no MLLP frame");
            break;
        }
    }
}

void mllp_link_on_silence(evutil_socket_t fd, short what, void *arg)
{
    struct mllp_link *l = arg;
    (void)fd;
    (void)what;
    if (l->state == LINK_OPEN && frame_silence(&l->frame)) {
        end_reply(l, str_from("", 0));
    }
}

void mllp_link_on_read(evutil_socket_t fd, short what, void *arg)
{
    static const struct timeval silence = {.tv_sec = 0, .tv_usec = LINK_SILENCE_MS * 1000};
    struct mllp_link *l = arg;
    (void)fd;
    (void)what;
    if (l->state == LINK_GREETING) {
        mllp_link_greet(l);
        return;
    }
    ssize_t n = line_read(&l->line, l->out->read_buf, LINK_READ);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n > 0) {
        feed(l, str_from(l->out->read_buf, (size_t)n));
        if (l->state == LINK_OPEN && l->frame.place == FRAME_AT_FS) {
            event_add(l->on_silence, &silence);
        }
        return;
    }
    if (n == 0 && frame_end_of_stream(&l->frame)) {
        end_reply(l, str_from("", 0));
    }
    if (l->state == LINK_OPEN && n < 0) {
        mllp_link_lose(l);
    } else if (l->state == LINK_OPEN) {
        mllp_link_fail(l, "the peer closed the connection");
    }
}
