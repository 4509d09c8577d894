#include "engine/flow/queue.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/flow/answer.h"
#include "engine/flow/backoff.h"
#include "engine/flow/queue_priv.h"

#include <assert.h>
#include <stdlib.h>

enum {
    SEND_MAX = 64,
    REPLY_KEPT = 1024, /* bytes of the peer's answer */
    FLUSH_OUTCOMES =
        40, /* of one entry: below the journal's own bound, so that their number is known */
};

void queued_list_push(struct queued_list *l, struct queued *q)
{
    q->next = NULL;
    q->prev = l->last;
    *(l->last ? &l->last->next : &l->first) = q;
    l->last = q;
    l->n++;
}

void queued_list_push_front(struct queued_list *l, struct queued *q)
{
    q->prev = NULL;
    q->next = l->first;
    *(l->first ? &l->first->prev : &l->last) = q;
    l->first = q;
    l->n++;
}

void queued_list_remove(struct queued_list *l, struct queued *q)
{
    *(q->prev ? &q->prev->next : &l->first) = q->next;
    *(q->next ? &q->next->prev : &l->last) = q->prev;
    q->next = q->prev = NULL;
    l->n--;
}

static int64_t now_us(const struct queue *q)
{
    return q->conf.clock.mono_us(q->conf.clock.arg);
}

static void wake(struct queue *q)
{
    const struct queued *first = q->person.is_held ? NULL : due_first(&q->due);
    const struct queued *late = due_first(&q->answering);
    int64_t at = first ? first->due_us : INT64_MAX;
    if (q->is_unreachable && !q->person.is_held) {
        at = q->ready.n > 0 || at < q->probe_at_us ? q->probe_at_us : at;
        at = q->is_probing || q->nflying > 0 ? INT64_MAX : at;
    }
    if (q->read_at_us > now_us(q) && q->read_at_us < at) {
        at = q->read_at_us;
    }
    at = late && late->due_us < at ? late->due_us : at;
    q->conf.ops->wake_at(q->conf.arg, at);
}

static void push_before(struct queued_list *l, struct queued *before, struct queued *q)
{
    if (!before) {
        queued_list_push(l, q);
        return;
    }
    q->next = before;
    q->prev = before->prev;
    *(before->prev ? &before->prev->next : &l->first) = q;
    before->prev = q;
    l->n++;
}

void queue_push_ready(struct queue *q, struct queued *o)
{
    if (o->is_bulk) {
        queued_list_push(&q->ready, o);
        q->ready_bulk = q->ready_bulk ? q->ready_bulk : o;
    } else {
        push_before(&q->ready, q->ready_bulk, o);
    }
}

void queue_push_ready_first(struct queue *q, struct queued *o)
{
    if (o->is_bulk) {
        push_before(&q->ready, q->ready_bulk, o);
        q->ready_bulk = o;
    } else {
        queued_list_push_front(&q->ready, o);
    }
}

void queue_remove_ready(struct queue *q, struct queued *o)
{
    if (q->ready_bulk == o) {
        q->ready_bulk = o->next;
    }
    queued_list_remove(&q->ready, o);
}

void queue_freed(void *arg, struct queued *o)
{
    struct queue *q = arg;
    if (o->state == QUEUED_BLOCKED) {
        queued_list_remove(&q->blocked, o);
        o->state = QUEUED_READY;
        queue_push_ready(q, o);
    }
}

void queue_block(struct queue *q, struct queued *o)
{
    o->state = QUEUED_BLOCKED;
    queued_list_push(&q->blocked, o);
    if (o->blocked == 0) {
        queue_freed(q, o);
    }
}

/* ---- writing outcomes down ---- */

void queue_note_counts(struct queue *q, uint64_t seq)
{
    unsigned at = q->nunshown < QUEUE_UNSHOWN ? q->nunshown++ : QUEUE_UNSHOWN - 1;
    q->unshown[at] = q->counts;
    q->unshown[at].seq = seq;
}

/* Append what was recorded; its counts may be shown once that entry is durable. */
void queue_flush(struct queue *q)
{
    uint64_t seq = 0;
    for (int i = 0; i < 2 && q->unflushed; i++) {
        uint64_t one = consumer_flush(q->consumers[i]);
        seq = one > seq ? one : seq;
    }
    q->unflushed = 0;
    if (seq != 0) {
        queue_note_counts(q, seq);
    }
}

static void show_durable(struct queue *q)
{
    uint64_t durable = journal_durable(q->conf.journal);
    unsigned n = 0;
    while (n < q->nunshown && q->unshown[n].seq <= durable) {
        q->shown = q->unshown[n++];
    }
    q->nunshown -= n;
    memmove(q->unshown, q->unshown + n, q->nunshown * sizeof(q->unshown[0]));
}

/* 13 written down with the others of this round, in one entry. */
void queue_record(struct queue *q, const struct queued *o, enum entry_verdict v, struct str by,
                  struct str reply)
{
    struct entry_outcome e = {
        .ref = {o->seq, o->output}, .verdict = v, .attempt = o->attempt, .by = by};
    e.at_us = q->conf.clock.wall_us(q->conf.clock.arg);
    e.reply = str_slice(reply, 0, REPLY_KEPT);
    q->counts.delivered += v == ENTRY_DELIVERED;
    q->counts.refused += v == ENTRY_REFUSED;
    q->counts.dropped += v == ENTRY_DROPPED;
    if (v == ENTRY_DELIVERED && o->msg) {
        histogram_add(&q->delivery_time, &HISTOGRAM_TIME, e.at_us - o->msg->e.received_us);
    }
    consumer_outcome(queue_consumer(q, o->is_bulk), &e);
    if (++q->unflushed == FLUSH_OUTCOMES) {
        queue_flush(q);
    }
}

void queue_tell_over(struct queue *q, const struct queued *o)
{
    if (q->conf.ops->over) {
        q->conf.ops->over(q->conf.arg, queued_ref(o));
    }
}

void queue_settle(struct queue *q, struct queued *o, enum entry_verdict v, struct str by,
                  struct str reply)
{
    queue_tell_over(q, o);
    queue_record(q, o, v, by, reply);
    queue_forget_answer(q, o); /* what it says may be `reply` */
    order_remove(&q->order, o, queue_freed, q);
    window_unload(q, o);
    q->unsettled--;
    queued_free(o);
}

/* Names, numbers and a reason; never content. */
void queue_say(struct queue *q, enum log_level level, const char *what, const struct queued *o,
               const char *reason)
{
    if (!log_wants(q->conf.log, level)) {
        return;
    }
    char id[27] = "";
    if (o->msg) {
        entry_id_text(o->msg->e.id, id);
    }
    log_event(q->conf.log, level, what, log_str("destination", q->conf.name), log_cstr("id", id),
              log_uint("seq", o->seq), log_uint("output", o->output),
              log_uint("attempt", o->attempt), log_cstr("reason", reason ? reason : ""));
}

/* Out of whatever list it stands in. `note` is written down, `why` is for people. */
static void hold(struct queue *q, struct queued *o, const struct msg *m, struct str note,
                 struct str why)
{
    queue_tell_over(q, o);
    queue_record(q, o, ENTRY_HELD, STR(""), note);
    queue_forget_answer(q, o);
    queue_put_held(q, o, m, q->conf.clock.wall_us(q->conf.clock.arg), why);
    window_unload(q, o);
    if (q->want->continue_on_hold) {
        order_remove(&q->order, o, queue_freed, q);
    }
}

void queue_hold(struct queue *q, struct queued *o, struct str reply, const char *why)
{
    struct arena a = {0};
    struct str text = str_of(why ? why : "");
    queue_say(q, LOG_LEVEL_WARN, "held", o, why);
    hold(q, o, o->msg, reply.n ? reply : text, reply.n ? answer_text(&a, reply) : text);
    arena_free(&a);
}

void queue_hold_finding(struct queue *q, struct queued *o, const struct msg *m, struct str finding)
{
    struct msg read = {0};
    if (!m && queue_read(q, queued_ref(o), o->is_bulk, &read.arena, &read.e)) {
        m = &read;
    }
    queue_say(q, LOG_LEVEL_WARN, "held", o, "the route failed");
    hold(q, o, m, finding, finding);
    arena_free(&read.arena);
}

/* ---- verdicts ---- */

static void make_ready_first(struct queue *q, struct queued *o)
{
    o->state = QUEUED_READY;
    queue_push_ready_first(q, o);
}

static void wait(struct queue *q, struct queued *o, const struct outcome *out)
{
    int64_t now = now_us(q);
    int64_t give_up = q->want->give_up_after_us;
    if (give_up > 0 && now - o->first_us >= give_up) {
        queue_hold(q, o, out->reply, "gave up after give-up-after");
        return;
    }
    int64_t delay = backoff_next((int64_t)o->delay_ms * 1000, q->want->retry_first_us,
                                 q->want->retry_longest_us, q->conf.random(q->conf.random_arg));
    o->delay_ms = (uint32_t)(delay / 1000 ? delay / 1000 : 1);
    o->due_us = now + (out->retry_after_us > delay ? out->retry_after_us : delay);
    o->state = QUEUED_WAITING;
    o->reason = out->reason;
    queue_say(q, LOG_LEVEL_INFO, "later", o, out->reason);
    due_add(&q->due, o);
    if (q->loaded > QUEUE_WINDOW_LEAST) {
        window_unload(q, o);
    }
}

static void enter_unreachable(struct queue *q, const struct outcome *out)
{
    if (q->is_unreachable && !q->is_probing) {
        return; /* one that was still in flight */
    }
    if (!q->is_unreachable) {
        q->probe_delay_us = 0;
        log_event(q->conf.log, LOG_LEVEL_WARN, "unreachable", log_str("destination", q->conf.name),
                  log_cstr("reason", out->reason ? out->reason : ""));
    }
    q->is_unreachable = true;
    q->is_probing = false;
    q->reason = out->reason;
    q->probe_delay_us = backoff_next(q->probe_delay_us, q->want->retry_first_us,
                                     q->want->retry_longest_us, q->conf.random(q->conf.random_arg));
    int64_t delay =
        out->retry_after_us > q->probe_delay_us ? out->retry_after_us : q->probe_delay_us;
    q->probe_at_us = now_us(q) + delay;
    window_shrink(q);
}

static void leave_unreachable(struct queue *q)
{
    if (q->is_elsewhere) {
        return;
    }
    q->unknown_run = 0;
    if (!q->is_unreachable) {
        return;
    }
    q->is_unreachable = q->is_probing = false;
    q->reason = NULL;
    log_event(q->conf.log, LOG_LEVEL_INFO, "reachable", log_str("destination", q->conf.name));
}

/* Whoever waits for the peer's answer gets it, whatever becomes of the output. False: there is no room for the answer, so
 * it is asked for again. */
static bool tell_end(struct queue *q, struct queued *o, enum await_end end,
                     const struct outcome *out)
{
    static const struct outcome later = {.verdict = DELIVERY_BUSY,
                                         .reason = "there is no room for its answer"};
    const struct queue_end told = {queued_ref(o), end, o->is_awaited, o->msg, out};
    if (!q->conf.ops->ended || q->conf.ops->ended(q->conf.arg, &told)) {
        return true;
    }
    wait(q, o, &later);
    return false;
}

static void on_delivered(struct queue *q, struct queued *o, const struct outcome *out)
{
    leave_unreachable(q);
    if (tell_end(q, o, AWAIT_DELIVERED, out)) {
        queue_say(q, o->attempt > 1 ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, "delivered", o, NULL);
        queue_settle(q, o, ENTRY_DELIVERED, STR(""), out->reply);
    }
}

static void on_refused(struct queue *q, struct queued *o, const struct outcome *out)
{
    leave_unreachable(q);
    if (tell_end(q, o, AWAIT_REFUSED, out)) {
        queue_say(q, LOG_LEVEL_WARN, "refused", o, out->reason);
        queue_settle(q, o, ENTRY_REFUSED, STR(""), out->reply);
    }
}

static void on_hold(struct queue *q, struct queued *o, const struct outcome *out)
{
    leave_unreachable(q);
    if (tell_end(q, o, AWAIT_HELD, out)) {
        queue_hold(q, o, out->reply, out->reason);
    }
}

static void on_busy(struct queue *q, struct queued *o, const struct outcome *out)
{
    leave_unreachable(q);
    wait(q, o, out);
}

static void on_unreachable(struct queue *q, struct queued *o, const struct outcome *out)
{
    enter_unreachable(q, out);
    make_ready_first(q, o);
}

/* Sent, and no answer: it may have arrived. Several in a row look like a peer that only listens. */
static void on_unknown(struct queue *q, struct queued *o, const struct outcome *out)
{
    if (!q->is_elsewhere && (q->is_unreachable || ++q->unknown_run >= QUEUE_UNKNOWN_MAX)) {
        enter_unreachable(q, out);
    }
    if (q->want->hold_on_unknown) {
        queue_hold(q, o, out->reply, out->reason);
    } else {
        wait(q, o, out);
    }
}

typedef void (*verdict_fn)(struct queue *q, struct queued *o, const struct outcome *out);

/* The policy for the peer's code, else the verdict itself; what was refused is held by default, but settled where the
 * sender hears of it. */
static verdict_fn judge(const struct queue *q, const struct queued *o, const struct outcome *out)
{
    static const verdict_fn by_policy[] = {
        [PLAN_REPLY_DELIVERED] = on_delivered,
        [PLAN_REPLY_HOLD] = on_hold,
        [PLAN_REPLY_RETRY] = on_busy,
        [PLAN_REPLY_REFUSED] = on_refused,
    };
    static const verdict_fn by_verdict[] = {
        [DELIVERY_DELIVERED] = on_delivered, [DELIVERY_REFUSED] = on_hold,
        [DELIVERY_BUSY] = on_busy,           [DELIVERY_UNREACHABLE] = on_unreachable,
        [DELIVERY_UNKNOWN] = on_unknown,
    };
    enum plan_reply policy = out->has_code ? q->want->replies[out->code] : PLAN_REPLY_DEFAULT;
    if (policy == PLAN_REPLY_DEFAULT && out->verdict == DELIVERY_REFUSED && o->is_awaited) {
        return on_refused;
    }
    return policy != PLAN_REPLY_DEFAULT ? by_policy[policy] : by_verdict[out->verdict];
}

/* Does it stay as something to be sent? */
static bool is_open_after(const struct queue *q, verdict_fn act, bool is_canceled)
{
    bool is_unknown = act == on_unknown, is_lost = is_unknown && q->want->hold_on_unknown;
    return act == on_busy || act == on_unreachable || (is_unknown && !is_lost) ||
           (is_canceled && act == on_hold);
}

void delivery_done(struct delivery *d, struct outcome out)
{
    struct queue *q = d->queue;
    struct queued *o = d->q;
    bool is_early = queue_early_answer(q, o, &out);
    bool is_accepted = !is_early && queue_is_accepted_only(q, o, &out);
    verdict_fn act = judge(q, o, &out); /* 12 the peer's answer becomes an outcome */
    bool stays = is_open_after(q, act, d->is_canceled);
    o->is_maybe_sent |= out.verdict == DELIVERY_UNKNOWN;
    if (stays && o->is_marked) {
        queue_record(q, o, ENTRY_RELEASED, STR(""), STR(""));
        o->is_marked = false;
    }
    if (is_accepted) {
        leave_unreachable(q);
        queue_await_answer(q, o);
    } else if (d->is_canceled && stays) {
        make_ready_first(q, o);
    } else {
        act(q, o, &out);
    }
    if (d->is_probe) {
        q->is_probing = false;
    }
    delivery_end(d);
    if (!q->is_running) {
        q->conf.ops->kick(q->conf.arg);
    }
}

void queue_finish(struct queue *q, struct queued *o, const struct outcome *out)
{
    static const struct outcome again = {.verdict = DELIVERY_BUSY,
                                         .reason = "its message cannot be read from the journal"};
    int r = window_load(q, o); /* for whoever is told */
    const struct outcome *what = r == 0 ? out : &again;
    verdict_fn act = judge(q, o, what);
    if (is_open_after(q, act, false) && o->is_marked) {
        queue_record(q, o, ENTRY_RELEASED, STR(""), STR(""));
        o->is_marked = false;
    }
    queue_take_out(q, o);
    q->is_elsewhere = true;
    act(q, o, what);
    q->is_elsewhere = false;
    queue_flush(q); /* while its number can be had: this may be inside of journal_poll() */
    q->conf.ops->kick(q->conf.arg);
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
        bool is_due = !q->is_probing && q->nflying == 0 && now_us(q) >= q->probe_at_us;
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
    o->first_us = o->first_us ? o->first_us : now_us(q);
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
    show_durable(q);
    wake(q);
}

void queue_tick(struct queue *q)
{
    int64_t now = now_us(q);
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

/* ---- people ---- */

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

/* Settled, and not yet durably so: until then they are shown as what they were. */
static uint64_t unshown(const struct queue *q)
{
    const struct queue_counts *all = &q->counts, *shown = &q->shown;
    return all->delivered - shown->delivered + all->refused - shown->refused + all->dropped -
           shown->dropped;
}

/* What the window has not taken up yet. */
static uint64_t unread(const struct queue *q)
{
    uint64_t n = 0;
    for (int i = 0; i < 2; i++) {
        n += consumer_unread(q->consumers[i]) + (q->next[i].msg != NULL);
    }
    return n;
}

void queue_status(struct queue *q, struct queue_status *out)
{
    *out = (struct queue_status){
        .delivered = q->shown.delivered,
        .refused = q->shown.refused,
        .dropped = q->shown.dropped,
        .attempts = q->attempts,
        .retries = q->retries,
        .delivery_time = &q->delivery_time,
        .held = q->held.n,
        .queued = q->unsettled - q->held.n + unshown(q) + unread(q),
        .blocked = q->blocked.n,
        .ready = q->ready.n,
        .waiting = q->due.n,
        .answering = q->answering.n,
        .is_held = q->person.is_held,
        .held_since_us = q->person.since_us,
        .held_by = str_of(q->person.by),
        .behind = q->is_behind,
        .clogged = q->unsettled >= CONSUMER_UNSETTLED_MAX,
        .unreachable = q->is_unreachable,
        .reason = q->reason,
        .oldest_us = queue_oldest(q),
        .in_flight = q->nflying,
        .loaded = q->loaded,
        .loaded_bytes = q->loaded_bytes,
    };
}
