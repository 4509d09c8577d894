#include "engine/flow/await.h"

#include "engine/base/map.h"
#include "engine/base/mem.h"
#include "engine/flow/asked.h"
#include "engine/flow/exchange_priv.h"
#include "engine/flow/repeat.h"
#include "engine/hl7/relay.h"

#include <stdlib.h>

/* All that wait for one output: the first exchange, and copies of its message. It stands without any where an
 * answer is being stored that nobody waits for now. */
struct await {
    struct awaits *all;
    struct entry_ref ref;
    uint32_t destination; /* name id */
    struct exchange *first;
    bool is_ending; /* an answer or a withdrawal is being stored: no limit any more */
};

struct awaits {
    struct engine *engine;
    struct map64 groups;           /* by key_of() */
    struct exchange *first, *last; /* by time */
    unsigned n;
    struct event *timer;
};

/* An answer on its way into the journal; in the arena of its msg. */
struct answer {
    struct await *group;
    struct msg *msg;
    struct str accept, application; /* as recorded; empty: not due */
};

/* A message's awaited output is the first to its destination: one for each message. */
static uint64_t key_of(struct entry_ref ref)
{
    return ref.seq;
}

static struct await *find(const struct awaits *w, struct entry_ref ref)
{
    uint64_t value;
    return map64_get(&w->groups, key_of(ref), &value) ? (struct await *)(uintptr_t)value : NULL;
}

static struct await *group_of(struct awaits *w, struct entry_ref ref, uint32_t destination)
{
    struct await *g = find(w, ref);
    if (!g) {
        g = X_NEW(struct await);
        g->all = w;
        g->ref = ref;
        g->destination = destination;
        map64_put(&w->groups, key_of(ref), (uint64_t)(uintptr_t)g);
    }
    return g;
}

static void drop_group(struct await *g)
{
    map64_remove(&g->all->groups, key_of(g->ref), NULL);
    free(g);
}

/* ---- by time ---- */

static void set_timer(struct awaits *w)
{
    if (!w->first) {
        event_del(w->timer);
        return;
    }
    int64_t us = w->first->place.until_us - engine_mono_us(w->engine);
    us = us > 0 ? us : 0;
    struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    event_add(w->timer, &tv);
}

static void link_by_time(struct awaits *w, struct exchange *x)
{
    struct exchange *before = w->last;
    while (before && before->place.until_us > x->place.until_us) {
        before = before->place.prev;
    }
    x->place.prev = before;
    x->place.next = before ? before->place.next : w->first;
    *(before ? &before->place.next : &w->first) = x;
    *(x->place.next ? &x->place.next->place.prev : &w->last) = x;
    w->n++;
    if (w->first == x) {
        set_timer(w);
    }
}

static void unlink_by_time(struct awaits *w, struct exchange *x)
{
    struct await_place *p = &x->place;
    *(p->prev ? &p->prev->place.next : &w->first) = p->next;
    *(p->next ? &p->next->place.prev : &w->last) = p->prev;
    p->next = p->prev = NULL;
    w->n--;
}

static bool has_limit(const struct exchange *x)
{
    return !x->place.group->is_ending;
}

static void leave_group(struct exchange *x)
{
    struct exchange **at = &x->place.group->first;
    while (*at != x) {
        at = &(*at)->place.next_in_group;
    }
    *at = x->place.next_in_group;
}

/* What is being stored decides now, not the time. */
static void begin_ending(struct await *g)
{
    if (g->is_ending) {
        return;
    }
    for (struct exchange *x = g->first; x; x = x->place.next_in_group) {
        unlink_by_time(g->all, x);
    }
    g->is_ending = true;
    set_timer(g->all);
}

/* ---- ends ---- */

static void say(const struct exchange *x, enum log_level level, const char *event)
{
    char id[27];
    entry_id_text(x->e->id, id);
    log_event(x->source->ep.log, level, event, log_str("source", x->source->ep.name),
              log_cstr("id", id), log_str("peer", x->e->peer));
}

static void add_reply(struct exchange *x, struct str reply)
{
    unsigned i = x->nreplies++;
    x->replies[i] = reply;
    (void)reply_code(reply, &x->sent[i]); /* one of ours, or an answer with a code of table 0008 */
}

/* Where the accept level could not be answered before, both go out together. */
static void reply(struct exchange *x, struct str accept, struct str application)
{
    bool is_said = x->source->ep.adapter->in->accept != NULL;
    x->nreplies = 0;
    if (accept.n && !is_said) {
        add_reply(x, accept);
    }
    if (application.n) {
        add_reply(x, application);
    }
    exchange_finish(x, true);
}

/* Who asks for the application's answer on success alone (SU) has CA, and would not hear of a refusal. */
static bool hears_of_no(const struct exchange *x)
{
    return !x->mode.enhanced || ack_wanted(x->mode.application, ACK_AR);
}

/* Nothing was sent, and nothing will be. */
static void reply_withdrawn(struct exchange *x)
{
    struct buf *b = &x->source->engine->ack;
    struct str accept = x->e->reply,
               text = STR("not delivered in time and withdrawn; send it again");
    char control[EXCHANGE_CONTROL_ID];
    const struct ack_error one = {207, "", 'E', text};
    exchange_control_id(x->e->id, 1, control);
    struct ack ack = {.code = ACK_AR,
                      .control_id = control,
                      .now_us =
                          x->source->engine->conf.clock.wall_us(x->source->engine->conf.clock.arg),
                      .expected_sequence = INT64_MIN,
                      .errors = &one,
                      .nerrors = 1};
    buf_clear(b);
    if (hears_of_no(x)) {
        ack_build(b, (struct ack_to){&x->hl7, x->header}, &ack);
    }
    say(x, LOG_LEVEL_WARN, "withdrawn");
    reply(x, accept, buf_str(b));
}

static void on_withdrawn(void *arg, enum journal_status status, uint64_t seq)
{
    struct await *g = arg;
    (void)seq;
    while (g->first) {
        struct exchange *x = g->first;
        leave_group(x);
        if (status == JOURNAL_STORED) {
            reply_withdrawn(x);
        } else {
            exchange_finish(x, false);
        }
    }
    drop_group(g);
}

static void let_go(struct exchange *x, const char *event)
{
    struct await *g = x->place.group;
    unlink_by_time(g->all, x);
    leave_group(x);
    say(x, LOG_LEVEL_WARN, event);
    exchange_abandon(x);
    if (!g->first) {
        drop_group(g);
    }
}

/* What is withdrawn is given back to whoever waits; where nobody would hear of it, it goes out late. */
static void expire(struct exchange *x)
{
    struct await *g = x->place.group;
    struct engine *e = g->all->engine;
    struct destination *t = g->destination < e->nby_name_id ? e->by_name_id[g->destination] : NULL;
    if (t && hears_of_no(x) && queue_withdraw(t->queue, g->ref, on_withdrawn, g)) {
        begin_ending(g);
        engine_kick(e);
    } else {
        let_go(x, "no-answer");
    }
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct awaits *w = arg;
    (void)fd;
    (void)what;
    while (w->first && w->first->place.until_us <= engine_mono_us(w->engine)) {
        expire(w->first);
    }
    set_timer(w);
}

void awaits_drain(struct awaits *w)
{
    for (struct exchange *x = w->first, *next; x; x = next) {
        struct await *g = x->place.group;
        struct engine *e = w->engine;
        struct destination *t =
            g->destination < e->nby_name_id ? e->by_name_id[g->destination] : NULL;
        next = x->place.next;
        if (!t || !queue_is_sending(t->queue, g->ref)) {
            let_go(x, "no-answer");
        }
    }
}

/* ---- the answer ---- */

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
        leave_group(x);
        if (is_answered) {
            reply(x, a->accept, a->application);
        } else {
            exchange_finish(x, false);
        }
    }
    drop_group(g);
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
    struct await *g = find(e->awaits, ref);
    while (!m && g && !g->is_ending) { /* dropped by a person: nobody will answer */
        let_go(g->first, "no-answer");
        g = find(e->awaits, ref);
    }
    if (!m) {
        return;
    }
    g = group_of(e->awaits, ref, m->e.outputs[ref.output].destination);
    if (g->is_ending) {
        return; /* its first answer is being stored */
    }
    begin_ending(g);
    record_answer(e, g, m, &(struct ending){end, out->reply, made});
}

/* ---- beginning ---- */

bool await_is_open(const struct awaits *w, struct entry_ref ref)
{
    return find(w, ref) != NULL;
}

bool awaits_is_full(const struct awaits *w)
{
    return w->n >= AWAIT_MAX;
}

void await_begin(struct exchange *x, struct entry_ref ref, uint32_t destination)
{
    struct source *s = x->source;
    struct awaits *w = s->engine->awaits;
    struct await *g = group_of(w, ref, destination);
    x->place = (struct await_place){.group = g, .next_in_group = g->first};
    x->place.until_us = engine_mono_us(s->engine) + x->answer_within_us;
    g->first = x;
    if (has_limit(x)) {
        link_by_time(w, x);
    }
    if (x->nreplies && s->is_open && s->ep.adapter->in->accept) {
        s->replied[x->sent[0]]++;
        s->ep.adapter->in->accept(s, x->conn, x->token, x->replies[0]);
    }
}

struct awaits *awaits_new(struct engine *e)
{
    struct awaits *w = X_NEW(struct awaits);
    w->engine = e;
    w->timer = evtimer_new(e->conf.loop, on_timer, w);
    return w;
}

void awaits_free(struct awaits **wp)
{
    struct awaits *w = *wp;
    size_t cursor = 0;
    uint64_t key, value;
    if (!w) {
        return;
    }
    while (map64_next(&w->groups, &cursor, &key, &value)) {
        struct await *g = (struct await *)(uintptr_t)value;
        while (g->first) {
            struct exchange *x = g->first;
            leave_group(x);
            exchange_finish(x, false);
        }
        free(g);
    }
    map64_free(&w->groups);
    event_free(w->timer);
    free(w);
    *wp = NULL;
}
