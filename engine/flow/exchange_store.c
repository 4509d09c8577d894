/* A message into the journal and what follows when it is durable: steps 8 to 10 of docs/architecture.md. */
#include "engine/flow/elsewhere.h"
#include "engine/flow/exchange_priv.h"
#include "engine/flow/repeat.h"

enum {
    REJECTED_PER_DAY = 100 * 1000 * 1000, /* bytes kept a day and source */
    COMMIT_EVERY = 128, /* messages of one turn that are worth a commit of their own */
};
static const int64_t DAY_US = (int64_t)86400 * 1000000;

/* Rejected bytes are kept up to a bound a day and source; beyond it only id, time, peer, length and hash. What was
 * answered goes too: it quotes the message. */
static void bound_rejected(struct exchange *x)
{
    struct source *s = x->source;
    struct entry_message *m = x->e;
    int64_t day = m->received_us / DAY_US;
    if (s->rejected_day != day) {
        s->rejected_day = day;
        s->rejected_bytes = 0;
    }
    s->rejected_bytes += m->raw.n;
    if (s->rejected_bytes > REJECTED_PER_DAY) {
        m->nmembers = 0;
        m->reason = str_printf(&x->msg->arena, "%zu bytes not kept", m->raw.n);
        m->raw = str_from(m->raw.p, 0);
        m->reply = STR("");
    }
}

void exchange_count(struct exchange *x)
{
    struct source *s = x->source;
    switch (x->e->status) {
    case ENTRY_ACCEPTED:
        s->accepted++;
        tally_accepted(s->engine->tally, x->e);
        break;
    case ENTRY_FILTERED:
        s->filtered += !x->is_unrouted;
        tally_filtered(s->engine->tally, s->name_id, x->e->reason);
        break;
    case ENTRY_REJECTED:
        s->rejected++;
        break;
    case ENTRY_ANSWERED: /* no message of a source */
        break;
    case ENTRY_CONTINUED: /* the whole counts */
        s->parts++;
        break;
    }
    s->unrouted += x->is_unrouted;
}

void exchange_say(const struct exchange *x)
{
    const struct entry_message *m = x->e;
    static const char *const events[] = {"accepted", "filtered", "rejected", "answered", "part"};
    enum log_level level = m->status == ENTRY_REJECTED ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG;
    struct log *log = x->source->ep.log;
    if (!log_wants(log, level)) {
        return;
    }
    char id[27];
    entry_id_text(m->id, id);
    log_event(log, level, events[m->status], log_str("source", x->source->ep.name),
              log_cstr("id", id), log_str("peer", m->peer), log_uint("outputs", m->noutputs),
              log_int("error", x->nerrors ? x->errors[0].code : 0),
              log_cstr("at", x->nerrors ? x->errors[0].path : ""));
}

/* Removed by a reload while the message was being stored. */
static void say_undelivered(const struct engine *e, const struct msg *m, uint32_t destination)
{
    char id[27];
    entry_id_text(m->e.id, id);
    log_event(e->conf.log, LOG_LEVEL_WARN, "undelivered",
              log_str("destination",
                      journal_name_text(e->conf.journal, JOURNAL_DESTINATION, destination)),
              log_cstr("id", id),
              log_cstr("text", "not configured any more; kept until it is configured again"));
}

void engine_offer(struct engine *e, struct msg *m)
{
    for (uint32_t i = 0; i < m->e.noutputs; i++) {
        uint32_t id = m->e.outputs[i].destination;
        struct destination *t = id < e->nby_name_id ? e->by_name_id[id] : NULL;
        if (t) {
            queue_offer(t->queue, m, i);
        } else {
            say_undelivered(e, m, id);
        }
    }
}

void exchange_settle(struct exchange *x)
{
    if (!x->is_durable || x->behind) {
        return;
    }
    if (x->is_lost) {
        exchange_drop_copies(x);
        exchange_finish(x, false);
        return;
    }
    exchange_answer_copies(x);
    if (!x->awaits) {
        exchange_finish(x, true);
    }
}

void exchange_behind(void *arg, enum journal_status status, uint64_t seq)
{
    struct exchange *x = arg;
    (void)seq;
    x->behind--;
    x->is_lost |= status != JOURNAL_STORED;
    exchange_settle(x);
}

static void take_up(struct exchange *x, uint64_t seq)
{
    x->msg->seq = seq;
    x->stored_at = journal_place(x->source->engine->conf.journal);
    if (x->batch) {
        exchange_batch_stored(x);
    } else {
        exchange_count(x);
        exchange_say(x);
    }
    if (x->is_answer) {
        elsewhere_take(x);
    }
    if (x->awaits) { /* before its output can go */
        struct entry_ref ref = {seq, x->awaited_output};
        await_begin(x, ref, x->e->outputs[x->awaited_output].destination);
    }
    engine_offer(x->source->engine, x->msg);
}

/* From journal_poll(): durable, or the commit failed and nobody may be answered. */
static void stored(void *arg, enum journal_status status, uint64_t seq)
{
    struct exchange *x = arg;
    x->is_durable = true;
    x->is_lost |= status != JOURNAL_STORED;
    if (status == JOURNAL_STORED) {
        take_up(x, seq);
    } else if (x->batch) {
        exchange_batch_drop(x);
    }
    exchange_settle(x);
}

/* Nothing is stored: the sender keeps the message and is told so. */
static void refuse(struct exchange *x, struct str text, struct str reason)
{
    struct ack_error *one = ARENA_NEW(&x->msg->arena, struct ack_error);
    x->awaits = false;
    *one = (struct ack_error){207, "", 'E', text};
    exchange_reject(x, REPLY_UNTAKEN, ACK_AR, one, 1, reason);
    x->e->nmembers = 0;
    x->is_turned_away = true;
    exchange_make_reply(x);
    x->source->rejected += x->batch ? exchange_batch_messages(x) : 1;
    exchange_finish(x, true);
}

bool exchange_turn_away(struct exchange *x, const struct entry_message *m)
{
    struct engine *e = x->source->engine;
    for (uint32_t i = 0; i < m->noutputs; i++) {
        struct destination *t = e->by_name_id[m->outputs[i].destination];
        if (destination_takes(t)) {
            continue;
        }
        t->turned_away++;
        struct str text = str_printf(
            &x->msg->arena,
            "destination %.*s: more waits for it than its backlog allows; send it again later",
            STR_ARG(t->ep.name));
        refuse(x, text, STR("backlog"));
        return true;
    }
    return false;
}

void exchange_refuse_crowded(struct exchange *x)
{
    refuse(x, STR("too many messages wait for their answer; send it again later"),
           STR("too many wait"));
}

void exchange_not_stored(struct exchange *x)
{
    log_event(x->source->ep.log, LOG_LEVEL_ERROR, "not-stored",
              log_str("source", x->source->ep.name), log_str("peer", x->e->peer),
              log_uint("bytes", x->e->raw.n));
    refuse(x, STR("the message cannot be stored now; send it again"), STR("not stored"));
}

/* What arrives in one turn of the loop is one commit; a long turn makes several. */
static void commit_soon(struct engine *e)
{
    if (++e->uncommitted >= COMMIT_EVERY) {
        e->uncommitted = 0;
        journal_commit(e->conf.journal);
    }
    engine_kick(e);
}

/* What of it is awaited holds its keys from here on: the next message may come before this one is durable. */
static void hold_keys(const struct exchange *x, uint64_t seq)
{
    struct parks *p = x->source->engine->parked;
    struct park_entry one = {x->e, seq, x->e->outputs, 0, x->e->noutputs};
    struct rules_input in = exchange_input(x);
    for (unsigned i = 0; x->batch && i < x->nmembers; i++) {
        in = exchange_input(&x->members[i]);
        one.n = x->members[i].e->noutputs;
        park_hold(p, &one, &in);
        one.first += one.n;
        one.v += one.n;
    }
    if (!x->batch) {
        park_hold(p, &one, &in);
    }
}

/* 8 message and outputs as one entry. */
void exchange_append(struct exchange *x)
{
    struct engine *e = x->source->engine;
    struct entry_message *m = x->e;
    if (m->body_hash == 0) {
        m->body_hash = repeat_body_hash(journal_hash_key(e->conf.journal), m->raw, NULL);
    }
    x->batch ? exchange_batch_reply(x) : exchange_make_reply(x);
    if (m->status == ENTRY_REJECTED) {
        bound_rejected(x);
    }
    uint64_t seq = journal_append_message(e->conf.journal, m, stored, x);
    if (x->part) {
        exchange_keep_part(x, seq);
    }
    if (seq == 0) {
        exchange_not_stored(x);
        return;
    }
    hold_keys(x, seq);
    x->batch ? exchange_batch_remember(x) : exchange_remember(x);
    exchange_advance_number(x);
    commit_soon(e);
    if (journal_is_full(e->conf.journal)) {
        engine_pause(e);
    }
}
