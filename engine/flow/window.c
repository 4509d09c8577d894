/* The window: which unsettled outputs are known, and which of them have their message in memory. What is read for it from
 * the journal: window_read.c. */
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/flow/queue_priv.h"

#include <stdlib.h>

enum {
    READY_LEAST = 64,
    READY_MOST = 1024,
    FILL_AT_ONCE = 512, /* then sources and peers have a turn */
    IDLE_OUTPUTS = QUEUE_WINDOW_OUTPUTS / 2,
    IDLE_BYTES = QUEUE_WINDOW_BYTES / 2,
    LEAST_BYTES = 1 << 20,
    AHEAD_MOST = 200000, /* outputs known because others may overtake them: about 30 MB */
    AHEAD_AT_ONCE = 256,
};

bool window_has_room(const struct queue *q)
{
    if (q->unsettled >= CONSUMER_UNSETTLED_MAX || q->is_stopped) {
        return false;
    }
    if (q->is_unreachable) {
        return q->ready.n == 0 && q->due.n == 0; /* only something to probe with */
    }
    if (q->loaded < QUEUE_WINDOW_LEAST &&
        (q->loaded_bytes < LEAST_BYTES || window_is_within_last(q))) {
        return true;
    }
    return q->loaded < QUEUE_WINDOW_OUTPUTS && q->loaded_bytes < QUEUE_WINDOW_BYTES &&
           q->conf.budget->used < QUEUE_WINDOWS_BYTES;
}

void window_attach(struct queue *q, struct queued *o, struct msg *m)
{
    o->msg = msg_ref(m);
    o->cost = msg_cost(m);
    q->loaded++;
    q->loaded_bytes += o->cost;
    q->conf.budget->used += o->cost;
}

void window_unload(struct queue *q, struct queued *o)
{
    if (o->msg) {
        q->loaded--;
        q->loaded_bytes -= o->cost;
        q->conf.budget->used -= o->cost;
        msg_unref(&o->msg);
    }
    if (!q->unsettled && !q->is_behind) {
        window_forget_last(q);
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
    o->is_bulk = e->class == ENTRY_BULK;
    o->is_failed_route = e->kind == ENTRY_OUTPUT_FAILED_ROUTE;
    o->attempt =
        consumer_maybe_sent(queue_consumer(q, o->is_bulk), item->seq, item->output) ? 1 : 0;
    o->is_maybe_sent = o->attempt > 0;
    o->is_awaited = e->is_awaited;
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
    if (!o->is_failed_route &&
        !q->is_looking_ahead) { /* what a released one sends is found later */
        window_attach(q, o, m);
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
    consumer_hold(queue_consumer(q, e->class == ENTRY_BULK), item->seq,
                  item->output); /* at once: not held would mean that somebody released it */
    queue_hold_finding(q, admit(q, item, e), m, e->finding);
}

/* Bulk ones fill the window, and others may lie behind them: read on, but keep only where they stand. */
static void look_ahead(struct queue *q)
{
    bool all_bulk = q->ready_bulk && q->ready_bulk == q->ready.first;
    bool may_overtake = q->next[0].msg || !consumer_is_caught_up(q->consumers[ENTRY_INTERACTIVE]);
    uint64_t seq;
    int n = 0;
    if (q->is_stopped || q->is_unreachable || !all_bulk || !may_overtake ||
        q->unsettled >= AHEAD_MOST) {
        return;
    }
    q->is_looking_ahead = true;
    while (n < AHEAD_AT_ONCE && q->ready_bulk == q->ready.first && window_read_one(q, &seq) > 0) {
        n++;
    }
    q->is_looking_ahead = false;
    if (n == AHEAD_AT_ONCE) {
        q->conf.ops->kick(q->conf.arg);
    }
}

/* So many ready ones that nobody waits for reading: a few times what may be under way, and no more than that once there
 * are some that have to be read again. Reading on takes in what waits for another of its patient. */
static bool has_enough(const struct queue *q)
{
    size_t parallel = q->want->parallel ? q->want->parallel : 1;
    size_t most = parallel * 2;
    most = most < READY_LEAST ? READY_LEAST : most;
    most = most > READY_MOST ? READY_MOST : most;
    bool is_crowded = q->ready.n + q->blocked.n + q->nflying > q->loaded;
    return q->ready.n >= most || (is_crowded && q->ready.n >= parallel);
}

void window_fill(struct queue *q)
{
    uint64_t seq;
    int n = 0;
    while (n < FILL_AT_ONCE && !has_enough(q) && window_has_room(q) &&
           window_read_one(q, &seq) > 0) {
        n++;
    }
    if (n == FILL_AT_ONCE) {
        q->conf.ops->kick(q->conf.arg);
    }
    look_ahead(q);
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
static void recover_unreadable(struct queue *q, const struct consumer_item *item,
                               enum entry_class class)
{
    struct queued *o = admit(q, item, &(struct entry_output){.class = class});
    if (item->is_held) {
        queue_put_held(q, o, NULL, 0, STR("its message cannot be read from the journal"));
    } else {
        queue_hold(q, o, STR(""), "its message cannot be read from the journal");
    }
}

/* One unsettled output of an earlier process: read for its keys, loaded while there is room. */
static void recover_one(struct queue *q, const struct consumer_item *item, enum entry_class class)
{
    struct msg *m;
    if (window_message(q, class, item->seq, item->output, &m) != 0) {
        recover_unreadable(q, item, class);
        return;
    }
    window_add(q, item, m);
    if (q->ready.last && !window_has_room(q)) {
        window_unload(q, q->ready.last);
    }
    msg_unref(&m);
}

/* What is unsettled in one class, copied: taking it up changes the list. */
struct unsettled {
    struct consumer_item *v;
    size_t n, at;
};

static struct unsettled copy_unsettled(const struct consumer *c)
{
    struct unsettled u = {0};
    const struct consumer_item *v = consumer_unsettled(c, &u.n);
    u.v = xmalloc((u.n + 1) * sizeof(*u.v));
    for (size_t i = 0; i < u.n; i++) {
        u.v[i] = v[i];
    }
    return u;
}

static bool goes_first(const struct unsettled *a, const struct unsettled *b)
{
    if (a->at == a->n || b->at == b->n) {
        return b->at == b->n;
    }
    const struct consumer_item *x = &a->v[a->at], *y = &b->v[b->at];
    return x->seq < y->seq || (x->seq == y->seq && x->output < y->output);
}

void window_recover(struct queue *q)
{
    struct unsettled v[2] = {copy_unsettled(q->consumers[0]), copy_unsettled(q->consumers[1])};
    while (v[0].at < v[0].n || v[1].at < v[1].n) {
        enum entry_class class = goes_first(&v[0], &v[1]) ? ENTRY_INTERACTIVE : ENTRY_BULK;
        recover_one(q, &v[class].v[v[class].at++], class);
    }
    free(v[0].v);
    free(v[1].v);
    q->is_behind = true;
}
