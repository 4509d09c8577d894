/* What the peer's answer becomes, step 12 of docs/architecture.md: a verdict, and what follows from it. */
#include "engine/flow/backoff.h"
#include "engine/flow/queue_priv.h"

static void make_ready_first(struct queue *q, struct queued *o)
{
    o->state = QUEUED_READY;
    queue_push_ready_first(q, o);
}

static void wait(struct queue *q, struct queued *o, const struct outcome *out)
{
    int64_t now = queue_now_us(q);
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
    q->probe_at_us = queue_now_us(q) + delay;
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
    if (policy == PLAN_REPLY_DEFAULT && out->verdict == DELIVERY_REFUSED &&
        queue_is_told_of_no(o)) {
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
