/* The answer of a destination: what of it is said to whoever waits, and its way into the journal. */
#include "engine/flow/asked.h"
#include "engine/flow/await_priv.h"
#include "engine/flow/exchange_priv.h"
#include "engine/flow/repeat.h"
#include "engine/hl7/relay.h"

/* An answer on its way into the journal; in the arena of its msg. */
struct answer {
    struct await *group;
    struct msg *msg;
    struct str accept, application; /* as recorded; empty: not due */
};

/* ---- what is said ---- */

static enum ack_code code_of(enum await_end end)
{
    return end == AWAIT_REFUSED ? ACK_AE : ACK_AA;
}

/* What is said in our own words. */
struct own_words {
    enum ack_code code;
    const struct ack_error *errors;
    unsigned n;
};

static void build_own(struct buf *out, const struct hl7 *request, const char *control,
                      const struct own_words *own, int64_t now_us)
{
    struct ack ack = {.code = own->code,
                      .control_id = control,
                      .now_us = now_us,
                      .expected_sequence = INT64_MIN,
                      .errors = own->errors,
                      .nerrors = own->n};
    ack_build(out, (struct ack_to){request, request->raw}, &ack);
}

/* The peer said nothing in HL7 that could be passed on, or a route decided otherwise. */
static struct own_words own_words(enum await_end end, const struct asked *made)
{
    static const struct ack_error refused = {207, "", 'E', STR("refused by the destination")},
                                  failed = {207, "", 'E',
                                            STR("the answer came, and its route failed")};
    if (made->is_rejected) {
        return (struct own_words){made->code, made->errors, made->nerrors};
    }
    if (made->is_failed && !made->reply.n) {
        return (struct own_words){ACK_AE, &failed, 1};
    }
    return (struct own_words){code_of(end), &refused, code_of(end) != ACK_AA};
}

static void build_accept(struct buf *out, const struct hl7 *request, struct entry_id id,
                         int64_t now_us)
{
    char control[EXCHANGE_CONTROL_ID];
    exchange_control_id(id, 0, control);
    if (ack_wanted(ack_mode_of(request).accept, ACK_CA) && ack_mode_of(request).enhanced) {
        build_own(out, request, control, &(struct own_words){.code = ACK_CA}, now_us);
    }
}

/* How the output ended, what the peer said, and what routes made of that. */
struct ending {
    enum await_end end;
    struct str said;
    const struct asked *made;
};

/* A message that answers: of a route, else the peer's; empty: our own words. */
static struct str passed_on(const struct ending *g)
{
    bool is_ours = g->made->is_rejected || (g->made->is_failed && !g->made->reply.n);
    return is_ours ? STR("") : g->made->reply.n ? g->made->reply : repeat_last(g->said);
}

/* What is recorded, and said to whoever waits. */
static void make_replies(struct answer *a, struct buf *b, const struct entry_message *m,
                         const struct ending *g)
{
    struct hl7 request, peer;
    struct hl7_fault fault;
    struct arena *arena = &a->msg->arena;
    char control[EXCHANGE_CONTROL_ID];
    struct own_words own = own_words(g->end, g->made);
    enum ack_code code = own.code;
    exchange_control_id(m->id, 1, control);
    if (hl7_parse(arena, m->raw, &request, &fault) < 0) {
        return; /* it was parsed before it was stored: not so after damage only */
    }
    buf_clear(b);
    build_accept(b, &request, m->id, a->msg->e.received_us);
    size_t accept = b->n;
    if (hl7_parse(arena, passed_on(g), &peer, &fault) < 0 ||
        relay_answer(b, &request, &peer, control, &code) < 0) {
        build_own(b, &request, control, &own, a->msg->e.received_us);
    }
    struct ack_mode mode = ack_mode_of(&request);
    if (mode.enhanced && !ack_wanted(mode.application, code)) {
        b->n = accept;
    }
    a->msg->e.reply = str_dup(arena, buf_str(b));
    a->accept = str_slice(a->msg->e.reply, 0, accept);
    a->application = str_slice(a->msg->e.reply, accept, b->n);
}

/* ---- its way into the journal ---- */

/* Those that send it again later find the answer. */
static void remember(const struct engine *e, const struct entry_message *m)
{
    struct dup_seen seen = {.id_hash = m->id_hash,
                            .body_hash = m->body_hash,
                            .at_us = m->received_us,
                            .place = journal_place(e->conf.journal)};
    if (m->id_hash) {
        dup_put(e->ids, &seen);
    }
}

static void answer_all(struct answer *a, bool is_answered)
{
    struct await *g = a->group;
    struct msg *m = a->msg;
    while (g->first) {
        struct exchange *x = g->first;
        await_leave_group(x);
        if (is_answered) {
            await_reply(x, a->accept, a->application);
        } else {
            exchange_finish(x, false);
        }
    }
    await_drop_group(g);
    msg_unref(&m);
}

static void on_stored(void *arg, enum journal_status status, uint64_t seq)
{
    struct answer *a = arg;
    (void)seq;
    if (status == JOURNAL_STORED) {
        remember(a->group->all->engine, &a->msg->e);
    }
    answer_all(a, status == JOURNAL_STORED);
}

/* The peer's answer as a message of its own, caused by the one that asked. One that was refused, by the peer or a route, is
 * not found by its id: sent again it runs anew, as what we reject ourselves. */
static void fill_entry(struct engine *e, struct msg *to, const struct entry_message *m,
                       struct entry_ref ref, const struct ending *g)
{
    static const char *const reasons[] = {"delivered", "refused", "held", "dropped"};
    uint32_t destination = m->outputs[ref.output].destination;
    bool is_final = g->end != AWAIT_REFUSED && !g->made->is_rejected && !g->made->is_failed;
    to->e = (struct entry_message){
        .id = exchange_new_id(e),
        .cause = m->id,
        .source = m->source,
        .status = ENTRY_ANSWERED,
        .plan_hash = e->plan->hash,
        .id_hash = is_final ? m->id_hash : 0,
        .body_hash = m->body_hash,
        .engine_version = STR(CORRIDOR_VERSION),
        .reason = str_of(reasons[g->end]),
        .peer = str_dup(&to->arena,
                        journal_name_text(e->conf.journal, JOURNAL_DESTINATION, destination)),
    };
    to->e.received_us = (int64_t)to->e.id.hi;
}

static void record_answer(struct engine *e, struct await *g, const struct msg *m,
                          const struct ending *how)
{
    struct msg *to = msg_new(&e->pool);
    struct answer *a = ARENA_NEW(&to->arena, struct answer);
    *a = (struct answer){.group = g, .msg = to};
    fill_entry(e, to, &m->e, g->ref, how);
    to->e.raw = str_dup(&to->arena, how->said);
    make_replies(a, &e->ack, &m->e, how);
    if (journal_append_message(e->conf.journal, &to->e, on_stored, a) == 0) {
        char id[27];
        entry_id_text(m->e.id, id);
        log_event(e->conf.log, LOG_LEVEL_WARN, "answer-not-stored",
                  log_str("destination", to->e.peer), log_cstr("id", id),
                  log_cstr("text", "the journal has no room for a destination's answer; passed on, "
                                   "and the message runs anew when it is sent again"));
        answer_all(a, true);
    }
}

void await_ended(struct engine *e, struct entry_ref ref, enum await_end end, const struct msg *m,
                 const struct outcome *out, const struct asked *made)
{
    struct await *g = await_find(e->awaits, ref);
    while (!m && g && !g->is_ending) { /* dropped by a person: nobody will answer */
        await_let_go(g->first, "no-answer");
        g = await_find(e->awaits, ref);
    }
    if (!m) {
        return;
    }
    g = await_group_of(e->awaits, ref, m->e.outputs[ref.output].destination);
    if (g->is_ending) {
        return; /* its first answer is being stored */
    }
    await_begin_ending(g);
    record_answer(e, g, m, &(struct ending){end, out->reply, made});
}
