/* What the window reads from the journal: the outputs behind the cursors in order, and the messages of those that it knows. */
#include "engine/base/err.h"
#include "engine/flow/queue_priv.h"

enum {
    READ_AGAIN_US = 1000000,
    COMMIT_US = 3000, /* until what was carried just now can be read */
};

static int64_t now_us(const struct queue *q)
{
    return q->conf.clock.mono_us(q->conf.clock.arg);
}

/* Reading failed: what may pass (no descriptor, the device) is tried again later; damage stays. */
static void note_failure(struct queue *q, int rc)
{
    if (rc == ERR_STATE) {
        q->read_at_us = now_us(q) + COMMIT_US;
        return;
    }
    bool may_pass = rc == ERR_IO;
    if (may_pass) {
        q->read_at_us = now_us(q) + READ_AGAIN_US;
    }
    log_event(
        q->conf.log, LOG_LEVEL_ERROR, "journal-unreadable", log_str("destination", q->conf.name),
        log_cstr("text", may_pass ? "the journal cannot be read now; tried again in a second"
                                  : "entries of the journal are damaged: outputs in them cannot be "
                                    "delivered; run `corridor verify`"));
}

/* What today's rules make of it takes the place of the route that failed. */
static int rerun(struct queue *q, const struct queued *o, struct msg *m)
{
    struct entry_output *v = ARENA_ARRAY(&m->arena, struct entry_output, m->e.noutputs);
    struct str why = STR("");
    for (uint32_t i = 0; i < m->e.noutputs; i++) {
        v[i] = m->e.outputs[i];
    }
    m->e.outputs = v;
    int r =
        q->conf.ops->rerun ? q->conf.ops->rerun(q->conf.arg, m, &v[o->output], &why) : ERR_STATE;
    buf_clear(&q->trouble);
    buf_put_str(&q->trouble, why);
    return r;
}

/* ---- the message that was read last ---- */

void window_forget_last(struct queue *q)
{
    if (q->last) {
        msg_unref(&q->last);
    }
}

/* A batch stands in one entry, and each of its outputs asks for it: it is read and decoded once, not once for each. */
static void remember(struct queue *q, struct msg *m, uint32_t bytes)
{
    window_forget_last(q);
    if (m->e.noutputs > 1) {
        q->last = msg_ref(m);
        q->last_bytes = bytes;
    }
}

/* Is the output's message the one that was read last? What was carried holds some of its outputs only. */
static bool is_in_last(const struct queue *q, uint64_t seq, uint32_t output)
{
    return q->last && q->last->seq == seq && output < q->last->e.noutputs &&
           q->last->e.outputs[output].destination != 0;
}

int window_message(struct queue *q, enum entry_class class, uint64_t seq, uint32_t output,
                   struct msg **out)
{
    if (is_in_last(q, seq, output)) {
        *out = msg_ref(q->last);
        return 0;
    }
    struct msg *m = *out = msg_new(q->conf.pool);
    int r = consumer_read(q->consumers[class], seq, output, &m->arena, &m->e);
    if (r == 0) {
        m->seq = seq;
        remember(q, m, 0);
    } else {
        msg_unref(out);
    }
    return r;
}

/* ---- reading ---- */

int window_load(struct queue *q, struct queued *o)
{
    struct msg *m;
    if (o->msg) {
        return 0;
    }
    if (o->is_failed_route) {
        window_forget_last(q); /* what today's rules make takes a place in it */
    }
    if (!is_in_last(q, o->seq, o->output) && now_us(q) < q->read_at_us) {
        return ERR_IO;
    }
    int r = window_message(q, o->is_bulk ? ENTRY_BULK : ENTRY_INTERACTIVE, o->seq, o->output, &m);
    if (r == ERR_STATE || r == ERR_IO) { /* not now: nothing is wrong with it */
        note_failure(q, r);
        return ERR_IO;
    }
    if (r == 0 && o->is_failed_route) {
        r = rerun(q, o, m);
        window_forget_last(q);
    }
    if (r == 0) {
        window_attach(q, o, m);
    }
    msg_unref(&m);
    return r;
}

bool window_is_within_last(const struct queue *q)
{
    return q->last && q->last_bytes &&
           (consumer_is_within(q->consumers[0], q->last->seq) ||
            consumer_is_within(q->consumers[1], q->last->seq));
}

bool window_is_caught_up(const struct queue *q)
{
    return !q->next[0].msg && !q->next[1].msg && consumer_is_caught_up(q->consumers[0]) &&
           consumer_is_caught_up(q->consumers[1]);
}

void window_forget_next(struct queue *q)
{
    window_forget_last(q);
    for (int i = 0; i < 2; i++) {
        if (q->next[i].msg) {
            msg_unref(&q->next[i].msg);
        }
    }
}

/* Have the next output of a cursor at hand: 1, 0 when there is none, ERR_LIMIT. */
static int read_next(struct queue *q, int class)
{
    struct window_next *next = &q->next[class];
    if (!next->msg && q->last && q->last_bytes &&
        consumer_next_of(q->consumers[class], q->last->seq, &q->last->e, q->last_bytes,
                         &next->item)) {
        next->msg = msg_ref(q->last);
        return 1;
    }
    while (!next->msg && now_us(q) >= q->read_at_us) {
        struct msg *m = msg_new(q->conf.pool);
        int r = consumer_next(q->consumers[class], &m->arena, &m->e, &next->item);
        if (r > 0) {
            m->seq = next->item.seq;
            next->msg = m;
            remember(q, m, next->item.home == next->item.seq ? next->item.bytes : 0);
            return 1;
        }
        msg_unref(&m);
        if (r == 0 || r == ERR_LIMIT) {
            return r;
        }
        note_failure(q, r); /* after damage the cursor stands behind it */
    }
    return next->msg != NULL;
}

/* In the order of the journal whatever the class, so that the order of each key is right. */
int window_read_one(struct queue *q, uint64_t *out_seq)
{
    if (!q->is_behind || now_us(q) < q->read_at_us) {
        return 0;
    }
    int has[2] = {read_next(q, ENTRY_INTERACTIVE), read_next(q, ENTRY_BULK)};
    if (has[0] < 0 || has[1] < 0 || now_us(q) < q->read_at_us) { /* not knowing which is the next */
        return has[0] < 0 || has[1] < 0 ? ERR_LIMIT : 0;
    }
    if (!has[0] && !has[1]) {
        q->is_behind = false;
        return 0;
    }
    const struct consumer_item *a = &q->next[0].item, *b = &q->next[1].item;
    bool is_bulk =
        !has[0] || (has[1] && (b->seq < a->seq || (b->seq == a->seq && b->output < a->output)));
    struct window_next next = q->next[is_bulk];
    q->next[is_bulk].msg = NULL;
    *out_seq = next.item.seq;
    window_add(q, &next.item, next.msg);
    msg_unref(&next.msg);
    return 1;
}
