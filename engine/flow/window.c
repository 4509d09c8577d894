/* The window: which unsettled outputs are known, and which of them have their message in memory. */
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/flow/queue_priv.h"

#include <stdlib.h>

enum {
    READY_ENOUGH = 1024,
    IDLE_OUTPUTS = QUEUE_WINDOW_OUTPUTS / 2,
    IDLE_BYTES = QUEUE_WINDOW_BYTES / 2,
    LEAST_BYTES = 1 << 20,
    READ_AGAIN_US = 1000000,
};

bool window_has_room(const struct queue *q)
{
    if (q->unsettled >= CONSUMER_UNSETTLED_MAX || q->is_stopped) {
        return false;
    }
    if (q->is_unreachable) {
        return q->ready.n == 0 && q->due.n == 0; /* only something to probe with */
    }
    if (q->loaded < QUEUE_WINDOW_LEAST && q->loaded_bytes < LEAST_BYTES) {
        return true;
    }
    return q->loaded < QUEUE_WINDOW_OUTPUTS && q->loaded_bytes < QUEUE_WINDOW_BYTES &&
           q->conf.budget->used < QUEUE_WINDOWS_BYTES;
}

static void attach(struct queue *q, struct queued *o, struct msg *m)
{
    o->msg = msg_ref(m);
    q->loaded++;
    q->loaded_bytes += msg_cost(m);
    q->conf.budget->used += msg_cost(m);
}

void window_unload(struct queue *q, struct queued *o)
{
    if (o->msg) {
        q->loaded--;
        q->loaded_bytes -= msg_cost(o->msg);
        q->conf.budget->used -= msg_cost(o->msg);
        msg_unref(&o->msg);
    }
}

/* What waits for another output or for a time may take half of the window; beyond that only where it
 * stands in the journal is kept, so that those who could be sent are not kept out. */
static void unload_if_crowded(struct queue *q, struct queued *o)
{
    if (q->loaded > IDLE_OUTPUTS || q->loaded_bytes > IDLE_BYTES) {
        window_unload(q, o);
    }
}

static struct queued *admit(struct queue *q, const struct consumer_item *item,
                            const struct entry_output *e)
{
    struct queued *o = queued_new(e->keys, e->nkeys);
    o->seq = item->seq;
    o->output = item->output;
    o->is_failed_route = e->kind == ENTRY_OUTPUT_FAILED_ROUTE;
    o->attempt = consumer_maybe_sent(q->consumer, item->seq, item->output) ? 1 : 0;
    q->unsettled++;
    if (!item->is_held || !q->want->continue_on_hold) {
        order_add(&q->order, o);
    }
    return o;
}

void window_add(struct queue *q, const struct consumer_item *item, struct msg *m)
{
    const struct entry_output *e = &m->e.outputs[item->output];
    struct queued *o = admit(q, item, e);
    if (item->is_held) { /* when and why stands in its outcome, if it has one */
        queue_put_held(q, o, m, o->is_failed_route ? m->e.received_us : 0, e->finding);
        return;
    }
    if (!o->is_failed_route) { /* what a released one sends is found when it is sent */
        attach(q, o, m);
    }
    queue_block(q, o);
    if (o->state == QUEUED_BLOCKED) {
        unload_if_crowded(q, o);
    }
}

void window_add_live(struct queue *q, const struct consumer_item *item, struct msg *m)
{
    const struct entry_output *e = &m->e.outputs[item->output];
    if (e->kind != ENTRY_OUTPUT_FAILED_ROUTE) {
        window_add(q, item, m);
        return;
    }
    consumer_hold(q->consumer, item->seq,
                  item->output); /* at once: not held would mean that somebody released it */
    queue_hold_finding(q, admit(q, item, e), m, e->finding);
}

static int64_t now_us(const struct queue *q)
{
    return q->conf.clock.mono_us(q->conf.clock.arg);
}

/* Reading failed: what may pass (no descriptor, the device) is tried again later; damage stays. */
static void note_failure(struct queue *q, int rc)
{
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

/* The decoded message in `a` becomes a struct msg of its own: `m` owns arena `a`. */
int window_load(struct queue *q, struct queued *o)
{
    if (o->msg) {
        return 0;
    }
    if (now_us(q) < q->read_at_us) {
        return ERR_IO;
    }
    struct msg *m = msg_new(q->conf.pool);
    int r = consumer_read(q->consumer, o->seq, o->output, &m->arena, &m->e);
    if (r == 0 && o->is_failed_route) {
        r = rerun(q, o, m);
    }
    if (r == 0) {
        m->seq = o->seq;
        attach(q, o, m);
    } else if (r == ERR_IO) {
        note_failure(q, r);
    }
    msg_unref(&m);
    return r;
}

int window_read_one(struct queue *q, uint64_t *out_seq)
{
    while (q->is_behind && now_us(q) >= q->read_at_us) {
        struct msg *m = msg_new(q->conf.pool);
        struct consumer_item item;
        int r = consumer_next(q->consumer, &m->arena, &m->e, &item);
        if (r > 0) {
            m->seq = *out_seq = item.seq;
            window_add(q, &item, m);
        } else if (r == 0) {
            q->is_behind = false;
        }
        msg_unref(&m);
        if (r > 0 || r == ERR_LIMIT) {
            return r;
        }
        if (r < 0) { /* after damage the cursor stands behind it */
            note_failure(q, r);
        }
    }
    return 0;
}

void window_fill(struct queue *q)
{
    uint64_t seq;
    while (q->ready.n < READY_ENOUGH && window_has_room(q) && window_read_one(q, &seq) > 0) {
    }
}

void window_shrink(struct queue *q)
{
    unsigned kept = 0;
    for (struct queued *o = q->ready.first; o; o = o->next) {
        if (++kept > QUEUE_WINDOW_LEAST) {
            window_unload(q, o);
        }
    }
}

/* Its message cannot be read, so neither are its keys known: it waits for a person, and is shown. */
static void recover_unreadable(struct queue *q, const struct consumer_item *item)
{
    static const struct entry_output unknown = {0};
    struct queued *o = admit(q, item, &unknown);
    if (item->is_held) {
        queue_put_held(q, o, NULL, 0, STR("its message cannot be read from the journal"));
    } else {
        queue_hold(q, o, STR(""), "its message cannot be read from the journal");
    }
}

/* One unsettled output of an earlier process: read for its keys, loaded while there is room. */
static void recover_one(struct queue *q, const struct consumer_item *item)
{
    struct msg *m = msg_new(q->conf.pool);
    int r = consumer_read(q->consumer, item->seq, item->output, &m->arena, &m->e);
    if (r == 0) {
        m->seq = item->seq;
        window_add(q, item, m);
        if (q->ready.last && !window_has_room(q)) {
            window_unload(q, q->ready.last);
        }
    } else {
        recover_unreadable(q, item);
    }
    msg_unref(&m);
}

void window_recover(struct queue *q)
{
    size_t n = 0;
    const struct consumer_item *v = consumer_unsettled(q->consumer, &n);
    struct consumer_item *copy = n ? xmalloc(n * sizeof(*copy)) : NULL;
    for (size_t i = 0; i < n; i++) {
        copy[i] = v[i];
    }
    for (size_t i = 0; i < n; i++) {
        recover_one(q, &copy[i]);
    }
    free(copy);
    q->is_behind = true;
}
