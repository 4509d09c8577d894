#include "engine/flow/await_priv.h"

#include "engine/base/mem.h"
#include "engine/flow/exchange_priv.h"

#include <stdlib.h>

/* A message's awaited output is the first to its destination: one for each message. */
static uint64_t key_of(struct entry_ref ref)
{
    return ref.seq;
}

struct await *await_find(const struct awaits *w, struct entry_ref ref)
{
    uint64_t value;
    return map64_get(&w->groups, key_of(ref), &value) ? (struct await *)(uintptr_t)value : NULL;
}

struct await *await_group_of(struct awaits *w, struct entry_ref ref, uint32_t destination)
{
    struct await *g = await_find(w, ref);
    if (!g) {
        g = X_NEW(struct await);
        g->all = w;
        g->ref = ref;
        g->destination = destination;
        map64_put(&w->groups, key_of(ref), (uint64_t)(uintptr_t)g);
    }
    return g;
}

void await_drop_group(struct await *g)
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

void await_leave_group(struct exchange *x)
{
    struct exchange **at = &x->place.group->first;
    while (*at != x) {
        at = &(*at)->place.next_in_group;
    }
    *at = x->place.next_in_group;
}

/* What is being stored decides now, not the time. */
void await_begin_ending(struct await *g)
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
void await_reply(struct exchange *x, struct str accept, struct str application)
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
    await_reply(x, accept, buf_str(b));
}

static void on_withdrawn(void *arg, enum journal_status status, uint64_t seq)
{
    struct await *g = arg;
    (void)seq;
    while (g->first) {
        struct exchange *x = g->first;
        await_leave_group(x);
        if (status == JOURNAL_STORED) {
            reply_withdrawn(x);
        } else {
            exchange_finish(x, false);
        }
    }
    await_drop_group(g);
}

void await_let_go(struct exchange *x, const char *event)
{
    struct await *g = x->place.group;
    unlink_by_time(g->all, x);
    await_leave_group(x);
    say(x, LOG_LEVEL_WARN, event);
    exchange_abandon(x);
    if (!g->first) {
        await_drop_group(g);
    }
}

/* What is withdrawn is given back to whoever waits; where nobody would hear of it, it goes out late. */
static void expire(struct exchange *x)
{
    struct await *g = x->place.group;
    struct engine *e = g->all->engine;
    struct destination *t = g->destination < e->nby_name_id ? e->by_name_id[g->destination] : NULL;
    if (t && hears_of_no(x) && queue_withdraw(t->queue, g->ref, on_withdrawn, g)) {
        await_begin_ending(g);
        engine_kick(e);
    } else {
        await_let_go(x, "no-answer");
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
            await_let_go(x, "no-answer");
        }
    }
}

/* ---- beginning ---- */

bool await_is_open(const struct awaits *w, struct entry_ref ref)
{
    return await_find(w, ref) != NULL;
}

bool awaits_is_full(const struct awaits *w)
{
    return w->n >= AWAIT_MAX;
}

void await_begin(struct exchange *x, struct entry_ref ref, uint32_t destination)
{
    struct source *s = x->source;
    struct awaits *w = s->engine->awaits;
    struct await *g = await_group_of(w, ref, destination);
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
            await_leave_group(x);
            exchange_finish(x, false);
        }
        free(g);
    }
    map64_free(&w->groups);
    event_free(w->timer);
    free(w);
    *wp = NULL;
}
