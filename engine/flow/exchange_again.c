/* 5 sent again: one copy counts, each gets a reply. */
#include "engine/flow/exchange_priv.h"
#include "engine/flow/repeat.h"

/* The answer that the first copy got: it was taken, whatever became of it since. Where it cannot be read, the same
 * made anew. */
static void answer_again(struct exchange *x, const struct str *recorded, bool is_member)
{
    x->source->repeated++;
    x->is_known = true;
    if (!recorded && !is_member && x->source->want->ack == PLAN_ACK_ANSWERED) {
        exchange_abandon(x); /* what the destination said is not known */
        return;
    }
    if (recorded && !x->is_silent) {
        x->nreplies = repeat_replies(*recorded, x->replies);
        for (unsigned i = 0; i < x->nreplies; i++) {
            (void)reply_code(x->replies[i], &x->sent[i]); /* it is one of ours */
        }
    } else {
        exchange_make_reply(x);
    }
    x->is_durable = true;
    exchange_settle(x);
}

/* A copy of a message whose destination has not answered. */
static void wait_as_well(struct exchange *x, struct entry_ref ref, uint32_t destination)
{
    x->source->repeated++;
    x->awaits = true;
    exchange_make_reply(x);
    await_begin(x, ref, destination);
}

/* Is its answer still to come? */
static bool is_to_come(const struct exchange *x, const struct repeat_earlier *earlier)
{
    const struct engine *e = x->source->engine;
    struct consumer *c = journal_consumer(e->conf.journal, earlier->destination, earlier->class);
    return await_is_open(e->awaits, earlier->awaited) ||
           consumer_is_open(c, earlier->awaited.seq, earlier->awaited.output);
}

/* Its output was refused, withdrawn or dropped, and no answer is kept: a copy runs anew. */
static bool has_no_end(const struct exchange *x, const struct repeat_earlier *earlier)
{
    return earlier->is_awaited && !is_to_come(x, earlier);
}

/* A part of a message that was given up: a copy runs anew. */
static bool is_part_of_nothing(const struct exchange *x, const struct repeat_earlier *earlier)
{
    struct engine *e = x->source->engine;
    return earlier->is_part && !parts_by_id(e->parts, earlier->whole) &&
           !exchange_whole_is_known(e, x->source, earlier->whole);
}

/* It is where its entry stands from now on. */
static void end_pending(struct exchange *x)
{
    struct dup *ids = x->source->engine->ids;
    struct dup_seen *seen = dup_find(ids, x->e->id_hash, x->e->received_us);
    if (seen && seen->pending == x) {
        seen->pending = NULL;
        seen->place = x->stored_at;
    }
}

void exchange_answer_copies(struct exchange *x)
{
    end_pending(x);
    for (struct exchange *c = x->copies, *next; c; c = next) {
        next = c->next_copy;
        if (x->awaits) {
            struct entry_ref ref = {x->msg->seq, x->awaited_output};
            wait_as_well(c, ref, x->e->outputs[x->awaited_output].destination);
        } else {
            c->first = x->e->id;
            answer_again(c, &x->e->reply, x->is_member);
        }
    }
}

void exchange_drop_copies(struct exchange *x)
{
    end_pending(x);
    for (struct exchange *c = x->copies, *next; c; c = next) {
        next = c->next_copy;
        exchange_finish(c, false);
    }
}

static void say_reused(const struct exchange *x)
{
    const struct source *s = x->source;
    char id[27];
    entry_id_text(x->e->id, id);
    log_event(s->ep.log, LOG_LEVEL_WARN, "reused-id", log_str("source", s->ep.name),
              log_cstr("id", id), log_str("peer", x->e->peer),
              log_cstr("text", s->want->refuses_reused
                                   ? "a control id that another message had before; refused"
                                   : "a control id that another message had before; taken as new"));
}

void exchange_refuse_reused(struct exchange *x)
{
    struct source *s = x->source;
    if (!x->is_again) {
        s->reused_ids++;
        say_reused(x);
    }
    if (s->want->refuses_reused) {
        exchange_reject_one(x, ACK_AE, 205, x->data ? "" : "MSH-10",
                            x->data ? STR("another message had this id before")
                                    : STR("control id was used before by another message"));
    }
}

/* The same message with the same body, taken before. */
static bool find_earlier(struct exchange *x, struct repeat_earlier *out)
{
    struct repeat_book one = {.read = {.a = &x->msg->arena}};
    const struct entry_message *m = x->e;
    struct engine *e = x->source->engine;
    const struct repeat_wanted want = {.id_hash = m->id_hash,
                                       .now_us = m->received_us,
                                       .window_us = x->source->want->duplicates_us};
    if (want.window_us == 0 || want.id_hash == 0 ||
        !repeat_find(e->ids, e->conf.journal, x->book ? x->book : &one, &want, out)) {
        return false;
    }
    if (out->body_hash != m->body_hash && !x->is_key_all) {
        exchange_refuse_reused(x);
        return false;
    }
    return true;
}

enum exchange_known exchange_is_known(struct exchange *x)
{
    struct repeat_earlier earlier;
    if (!find_earlier(x, &earlier) || has_no_end(x, &earlier)) {
        return EXCHANGE_NEW;
    }
    const struct exchange *first = earlier.pending;
    x->first = first ? first->e->id : earlier.id;
    return first ? EXCHANGE_PENDING : EXCHANGE_KNOWN;
}

bool exchange_is_copy(struct exchange *x)
{
    struct repeat_earlier earlier;
    if (!find_earlier(x, &earlier) || has_no_end(x, &earlier)) {
        return false;
    }
    if (is_part_of_nothing(x, &earlier)) {
        exchange_see_part_again(x);
        return false;
    }
    exchange_advance_number_of_copy(x);
    bool is_awaited = earlier.is_awaited && x->source->want->ack == PLAN_ACK_ANSWERED;
    if (is_awaited) {
        wait_as_well(x, earlier.awaited, earlier.destination);
    } else if (earlier.pending) {
        struct exchange *first = earlier.pending;
        x->next_copy = first->copies;
        first->copies = x;
    } else {
        x->first = earlier.id;
        bool has_reply =
            earlier.is_stored && !earlier.is_awaited; /* what was said at once is none */
        answer_again(x, has_reply ? &earlier.reply : NULL, earlier.is_member);
    }
    return true;
}

/* A rejected message is not entered: sent again it runs anew, perhaps by a mended route. */
void exchange_remember(struct exchange *x)
{
    const struct entry_message *m = x->e;
    struct engine *e = x->source->engine;
    if (m->id_hash && m->status != ENTRY_REJECTED && x->source->want->duplicates_us) {
        struct dup_seen seen = {m->id_hash, m->body_hash, x, m->received_us, 0};
        dup_keep_from(e->ids, journal_ids_from(e->conf.journal));
        dup_put(e->ids, &seen);
    }
}
