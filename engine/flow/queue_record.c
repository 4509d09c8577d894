/* Outcomes written down, step 13 of docs/architecture.md: what is settled or held, and what may be shown of it. */
#include "engine/flow/answer.h"
#include "engine/flow/queue_priv.h"

enum {
    REPLY_KEPT = 1024, /* bytes of the peer's answer */
    FLUSH_OUTCOMES =
        40, /* of one entry: below the journal's own bound, so that their number is known */
};

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

void queue_show_durable(struct queue *q)
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
    q->unsettled--;
    window_unload(q, o);
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
