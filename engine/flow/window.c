/* The window: which unsettled outputs are known, and which of them have their message in memory. */
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
    READ_AGAIN_US = 1000000,
    COMMIT_US = 3000,    /* until what was carried just now can be read */
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
    if (q->loaded < QUEUE_WINDOW_LEAST && q->loaded_bytes < LEAST_BYTES) {
        return true;
    }
    return q->loaded < QUEUE_WINDOW_OUTPUTS && q->loaded_bytes < QUEUE_WINDOW_BYTES &&
           q->conf.budget->used < QUEUE_WINDOWS_BYTES;
}

static void attach(struct queue *q, struct queued *o, struct msg *m)
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
    consumer_hold(queue_consumer(q, e->class == ENTRY_BULK), item->seq,
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
    int r = consumer_read(queue_consumer(q, o->is_bulk), o->seq, o->output, &m->arena, &m->e);
    if (r == ERR_STATE) {
        note_failure(q, r);
        msg_unref(&m);
        return ERR_IO; /* not now: nothing is wrong with it */
    }
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

bool window_is_caught_up(const struct queue *q)
{
    return !q->next[0].msg && !q->next[1].msg && consumer_is_caught_up(q->consumers[0]) &&
           consumer_is_caught_up(q->consumers[1]);
}

void window_forget_next(struct queue *q)
{
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
    while (!next->msg && now_us(q) >= q->read_at_us) {
        struct msg *m = msg_new(q->conf.pool);
        int r = consumer_next(q->consumers[class], &m->arena, &m->e, &next->item);
        if (r > 0) {
            m->seq = next->item.seq;
            next->msg = m;
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
    struct msg *m = msg_new(q->conf.pool);
    int r = consumer_read(q->consumers[class], item->seq, item->output, &m->arena, &m->e);
    if (r == 0) {
        m->seq = item->seq;
        window_add(q, item, m);
        if (q->ready.last && !window_has_room(q)) {
            window_unload(q, q->ready.last);
        }
    } else {
        recover_unreadable(q, item, class);
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
