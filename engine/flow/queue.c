#include "engine/flow/queue.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/flow/queue_priv.h"

#include <assert.h>
#include <stdlib.h>

enum { SEND_MAX = 64 };

static void wake(struct queue *q)
{
    const struct queued *first = q->person.is_held ? NULL : due_first(&q->due);
    const struct queued *late = due_first(&q->answering);
    int64_t at = first ? first->due_us : INT64_MAX;
    if (q->is_unreachable && !q->person.is_held) {
        at = q->ready.n > 0 || at < q->probe_at_us ? q->probe_at_us : at;
        at = q->is_probing || q->nflying > 0 ? INT64_MAX : at;
    }
    if (q->read_at_us > queue_now_us(q) && q->read_at_us < at) {
        at = q->read_at_us;
    }
    at = late && late->due_us < at ? late->due_us : at;
    q->conf.ops->wake_at(q->conf.arg, at);
}

/* ---- sending ---- */

static void marked(void *arg, enum journal_status status, uint64_t seq)
{
    struct queue *q = arg;
    (void)seq;
    q->waits_for_mark = false;
    if (status == JOURNAL_STORED) {
        q->conf.ops->kick(q->conf.arg);
    }
}

/* How many may be sent now. */
static unsigned sendable(const struct queue *q)
{
    if (q->is_stopped || q->person.is_held || q->waits_for_mark ||
        consumer_is_choked(q->consumers[0]) || consumer_is_choked(q->consumers[1])) {
        return 0;
    }
    if (q->is_unreachable) {
        bool is_due = !q->is_probing && q->nflying == 0 && queue_now_us(q) >= q->probe_at_us;
        return is_due && queue_answer_room(q) > 0 && q->conf.ops->room(q->conf.arg) > 0;
    }
    unsigned parallel = q->want->parallel ? q->want->parallel : 1;
    unsigned room = q->nflying < parallel ? parallel - q->nflying : 0;
    unsigned carry = room ? q->conf.ops->room(q->conf.arg) : 0;
    unsigned batch = q->conf.batch ? q->conf.batch : 1;
    room = room < carry ? room : carry;
    unsigned answers = queue_answer_room(q);
    room = room < batch ? room : batch;
    room = room < answers ? room : answers;
    return room < SEND_MAX ? room : SEND_MAX;
}

/* The next ready output as a delivery, or NULL: none, or the journal must first note how far is sent. */
static struct delivery *take_ready(struct queue *q)
{
    struct queued *o;
    int r = 0;
    while ((o = q->ready.first) && (r = window_load(q, o)) < 0 && r != ERR_IO) {
        queue_remove_ready(q, o);
        if (r == ERR_STATE) {
            queue_hold_finding(q, o, NULL, buf_str(&q->trouble));
        } else {
            queue_hold(q, o, STR(""), "its message cannot be read from the journal");
        }
    }
    if (!o || r < 0) {
        return NULL;
    }
    if (!consumer_may_send(queue_consumer(q, o->is_bulk), o->seq, o->output, marked, q)) {
        q->waits_for_mark = true;
        return NULL;
    }
    queue_remove_ready(q, o);
    o->state = QUEUED_SENDING;
    o->attempt++;
    q->attempts++;
    q->retries += o->attempt > 1;
    o->first_us = o->first_us ? o->first_us : queue_now_us(q);
    struct delivery *d = delivery_begin(q, o);
    queue_expect(q, o, d->payload);
    d->is_probe = q->is_unreachable;
    q->is_probing = q->is_unreachable;
    return d;
}

/* Where a repeat does harm each output is written down as held before it is sent: whatever takes its outcome away,
 * it is not sent again by itself. True: not to be sent before that is durable. */
static bool mark_some(struct queue *q, unsigned want)
{
    struct queued *marked_ones[SEND_MAX];
    struct entry_outcome v[SEND_MAX];
    uint32_t n = 0;
    struct queued *o = q->ready.first;
    for (unsigned i = 0; i < want && o; i++, o = o->next) {
        if (!o->is_marked && (n == 0 || marked_ones[0]->is_bulk == o->is_bulk)) {
            marked_ones[n] = o;
            v[n++] = (struct entry_outcome){.ref = queued_ref(o),
                                            .verdict = ENTRY_HELD,
                                            .attempt = o->attempt + 1,
                                            .at_us = q->conf.clock.wall_us(q->conf.clock.arg),
                                            .by = STR(""),
                                            .reply = STR(QUEUE_MARK)};
        }
    }
    if (n == 0) {
        return false;
    }
    queue_flush(q);
    struct consumer *c = queue_consumer(q, marked_ones[0]->is_bulk);
    q->waits_for_mark = consumer_outcomes_now(c, v, n, marked, q) != 0;
    for (uint32_t i = 0; i < n && q->waits_for_mark; i++) {
        marked_ones[i]->is_marked = true;
    }
    return true;
}

/* 11 send what is due and in order. */
static bool send_some(struct queue *q)
{
    struct delivery *v[SEND_MAX];
    unsigned want = sendable(q), n = 0;
    if (q->want->hold_on_unknown && mark_some(q, want)) {
        return false;
    }
    while (n < want && (v[n] = take_ready(q))) {
        n++;
    }
    if (n > 0) {
        q->conf.ops->send(q->conf.arg, v, n);
    }
    return n > 0;
}

void queue_run(struct queue *q)
{
    if (q->is_running) {
        return;
    }
    q->is_running = true;
    do {
        window_fill(q);
    } while (send_some(q));
    q->is_running = false;
    queue_flush(q);
    queue_show_durable(q);
    wake(q);
}

void queue_tick(struct queue *q)
{
    int64_t now = queue_now_us(q);
    for (struct queued *o = due_first(&q->due); o && o->due_us <= now; o = due_first(&q->due)) {
        due_remove(&q->due, o);
        o->state = QUEUED_READY;
        queue_push_ready(q, o);
    }
    queue_answers_due(q, now);
    queue_run(q);
}

/* 10 each output reaches its destination's window, or stays in the journal until there is room. */
void queue_offer(struct queue *q, struct msg *m, uint32_t index)
{
    struct consumer_item item;
    /* one that is behind is asked all the same, or the journal would look into the message for whom it is */
    struct consumer *c = q->consumers[m->e.outputs[index].class];
    bool asks = (window_has_room(q) && window_is_caught_up(q)) || !consumer_is_caught_up(c);
    if (asks && consumer_take_live(c, m->seq, index, &item)) {
        window_add_live(q, &item, m);
    } else {
        q->is_behind = true; /* not asked for: the journal keeps it for later */
    }
}

void queue_look(struct queue *q)
{
    q->is_behind = true;
}

/* ---- life ---- */

struct queue *queue_new(const struct queue_conf *conf, const struct plan_destination *want)
{
    struct queue *q = X_NEW(struct queue);
    q->conf = *conf;
    q->want = want;
    for (int i = 0; i < 2; i++) {
        q->consumers[i] = journal_consumer(conf->journal, conf->destination, (enum entry_class)i);
    }
    queue_recall_person(q);
    window_recover(q);
    return q;
}

void queue_set(struct queue *q, const struct plan_destination *want)
{
    bool goes_on = want->continue_on_hold && !q->want->continue_on_hold;
    q->want = want;
    for (struct queued *o = q->held.first; o && goes_on; o = o->next) {
        order_remove(&q->order, o, queue_freed, q); /* nobody waits for what is held any more */
    }
}

void queue_stop(struct queue *q, bool is_stopped)
{
    q->is_stopped = is_stopped;
}

void queue_cancel(struct queue *q)
{
    bool was_running = q->is_running;
    q->is_running = true;
    while (q->flying) {
        struct delivery *d = q->flying;
        assert(!d->is_canceled);
        d->is_canceled = true;
        q->conf.ops->cancel(q->conf.arg, d);
    }
    q->is_running = was_running;
}

static void free_list(struct queue *q, struct queued_list *l)
{
    while (l->first) {
        struct queued *o = l->first;
        if (l == &q->ready) {
            queue_remove_ready(q, o);
        } else {
            queued_list_remove(l, o);
        }
        order_remove(&q->order, o, queue_freed, q);
        window_unload(q, o);
        queued_free(o);
    }
}

void queue_free(struct queue **q)
{
    struct queue *one = *q;
    if (!one) {
        return;
    }
    assert(one->nflying == 0);
    while (one->answering.n > 0) {
        struct queued *o = due_first(&one->answering);
        due_remove(&one->answering, o);
        queue_push_ready(one, o);
    }
    queue_free_answers(one);
    while (one->due.n > 0) {
        struct queued *o = due_first(&one->due);
        due_remove(&one->due, o);
        queue_push_ready(one, o);
    }
    while (one->ready.first || one->held.first) { /* freeing one makes others ready */
        free_list(one, &one->ready);
        free_list(one, &one->held);
    }
    window_forget_next(one);
    delivery_free_spares(one);
    due_free(&one->due);
    order_free(&one->order);
    buf_free(&one->trouble);
    free(one);
    *q = NULL;
}

void queue_rename(struct queue *q, struct str name)
{
    q->conf.name = name;
}

bool queue_is_empty(const struct queue *q)
{
    return q->unsettled == 0 && !q->is_behind && !q->waits_for_mark;
}

unsigned queue_in_flight(const struct queue *q)
{
    return q->nflying;
}
