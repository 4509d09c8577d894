/* What people decide: hold and release a destination, release, drop or resend single outputs. */
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/flow/queue_priv.h"

#include <stdio.h>
#include <stdlib.h>

static const char OWNER[] = "hold"; /* of the states: "hold", destination's id -> "since by" */

/* ---- the whole destination ---- */

static struct str state_key(const struct queue *q, char out[16])
{
    int n = snprintf(out, 16, "%u", q->conf.destination);
    return str_from(out, (size_t)n);
}

static void set_person(struct queue *q, struct str value, journal_done_fn done, void *arg)
{
    char key[16];
    journal_state_set(q->conf.journal, str_of(OWNER), state_key(q, key), value, done, arg);
    queue_recall_person(q);
    q->conf.ops->kick(q->conf.arg);
}

void queue_hold_all(struct queue *q, struct str by, journal_done_fn done, void *arg)
{
    char value[QUEUE_BY_MOST + 32];
    struct str who = str_slice(by, 0, QUEUE_BY_MOST);
    int n = snprintf(value, sizeof(value), "%lld %.*s",
                     (long long)q->conf.clock.wall_us(q->conf.clock.arg), STR_ARG(who));
    log_event(q->conf.log, LOG_LEVEL_WARN, "destination-held", log_str("destination", q->conf.name),
              log_str("by", who));
    set_person(q, str_from(value, (size_t)n), done, arg);
}

void queue_ask_now(struct queue *q)
{
    q->probe_at_us = 0; /* a person knows better than a back-off */
    q->conf.ops->kick(q->conf.arg);
}

void queue_go_on(struct queue *q, journal_done_fn done, void *arg)
{
    log_event(q->conf.log, LOG_LEVEL_INFO, "destination-released",
              log_str("destination", q->conf.name));
    queue_ask_now(q);
    set_person(q, STR(""), done, arg);
}

void queue_recall_person(struct queue *q)
{
    char key[16];
    struct str value = journal_state(q->conf.journal, str_of(OWNER), state_key(q, key));
    ptrdiff_t space = str_find(value, STR(" "));
    q->person = (struct queue_stop_note){0};
    if (space > 0 && str_to_i64(str_slice(value, 0, (size_t)space), &q->person.since_us)) {
        struct str by = str_slice(value, (size_t)space + 1, value.n);
        q->person.is_held = true;
        (void)snprintf(q->person.by, sizeof(q->person.by), "%.*s", STR_ARG(by));
    }
}

/* ---- the list of what is held ---- */

static bool is_before(const struct queued *a, const struct queued *b)
{
    return a->seq < b->seq || (a->seq == b->seq && a->output < b->output);
}

/* Mostly at the end: what is held later came later. */
static void insert_held(struct queued_list *l, struct queued *o)
{
    struct queued *before = l->last;
    while (before && is_before(o, before)) {
        before = before->prev;
    }
    o->prev = before;
    o->next = before ? before->next : l->first;
    *(o->prev ? &o->prev->next : &l->first) = o;
    *(o->next ? &o->next->prev : &l->last) = o;
    l->n++;
}

void queue_put_held(struct queue *q, struct queued *o, const struct msg *m, int64_t since_us,
                    struct str why)
{
    struct str text = str_slice(why, 0, HELD_WHY_MOST);
    struct held_note *n = xcalloc(1, sizeof(*n) + text.n);
    n->since_us = since_us;
    n->n = (uint32_t)text.n;
    if (text.n) {
        memcpy(n->why, text.p, text.n);
    }
    if (m && o->output < m->e.noutputs) {
        n->id = m->e.id;
        n->route = m->e.outputs[o->output].route;
    }
    o->state = QUEUED_HELD;
    o->note = n;
    insert_held(&q->held, o);
}

static void forget_note(struct queued *o)
{
    if (o->state == QUEUED_HELD) {
        free(o->note);
        o->note = NULL;
    }
}

void queued_free(struct queued *o)
{
    forget_note(o);
    free(o);
}

/* ---- which one ---- */

bool queued_is_held(const struct queued *o)
{
    return o->state == QUEUED_HELD;
}

bool queued_is_failed_route(const struct queued *o)
{
    return o->is_failed_route;
}

struct entry_ref queued_ref(const struct queued *o)
{
    return (struct entry_ref){o->seq, o->output};
}

static bool is_behind(const struct queued *o, const struct entry_ref *after)
{
    return o->seq > after->seq || (o->seq == after->seq && o->output > after->output);
}

struct queued *queue_find_held(struct queue *q, const struct entry_id *id,
                               const struct entry_ref *after)
{
    struct queued *o = q->held.first;
    while (o && (o->note->id.hi != id->hi || o->note->id.lo != id->lo || !is_behind(o, after))) {
        o = o->next;
    }
    return o;
}

struct queued *queue_find(struct queue *q, struct entry_ref ref)
{
    const struct queued_list *lists[] = {&q->held, &q->blocked, &q->ready};
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        for (struct queued *o = lists[i]->first; o; o = o->next) {
            if (o->seq == ref.seq && o->output == ref.output) {
                return o;
            }
        }
    }
    const struct due *heaps[] = {&q->due, &q->answering};
    for (size_t k = 0; k < sizeof(heaps) / sizeof(heaps[0]); k++) {
        for (uint32_t i = 0; i < heaps[k]->n; i++) {
            struct queued *o = heaps[k]->v[i];
            if (o->seq == ref.seq && o->output == ref.output) {
                return o;
            }
        }
    }
    return NULL;
}

static struct queued *first_upto(const struct queued_list *l, uint64_t through)
{
    struct queued *o = l->first;
    while (o && o->seq > through) {
        o = o->next;
    }
    return o;
}

static struct queued *next_held(const struct queue *q, uint64_t through,
                                const struct entry_ref *after)
{
    struct queued *o = q->held.first;
    while (o && !is_behind(o, after)) {
        o = o->next;
    }
    return o && o->seq <= through ? o : NULL;
}

/* First in all of its chains, or held: those behind it come later. */
static struct queued *next_known(struct queue *q, uint64_t through, const struct entry_ref *after)
{
    struct queued *o = first_upto(&q->ready, through);
    for (uint32_t i = 0; !o && i < q->due.n; i++) {
        o = q->due.v[i]->seq <= through ? q->due.v[i] : NULL;
    }
    for (uint32_t i = 0; !o && i < q->answering.n; i++) {
        o = q->answering.v[i]->seq <= through ? q->answering.v[i] : NULL;
    }
    return o ? o : next_held(q, through, after);
}

struct queued *queue_next(struct queue *q, enum queue_scope scope, uint64_t through,
                          const struct entry_ref *after)
{
    struct queued *o;
    uint64_t seq = 0;
    if (scope == QUEUE_HELD) {
        return next_held(q, through, after);
    }
    while (!(o = next_known(q, through, after)) && seq < through && window_read_one(q, &seq) > 0) {
    }
    return o;
}

struct msg *queue_message(struct queue *q, struct queued *o)
{
    if (window_load(q, o) != 0) {
        return NULL;
    }
    struct msg *m = msg_ref(o->msg);
    if (o->state != QUEUED_READY) {
        window_unload(q, o);
    }
    return m;
}

/* ---- decisions ---- */

void queue_take_out(struct queue *q, struct queued *o)
{
    switch ((enum queued_state)o->state) {
    case QUEUED_HELD:
        queued_list_remove(&q->held, o);
        break;
    case QUEUED_BLOCKED:
        queued_list_remove(&q->blocked, o);
        break;
    case QUEUED_READY:
        queue_remove_ready(q, o);
        break;
    case QUEUED_WAITING:
        due_remove(&q->due, o);
        break;
    case QUEUED_ANSWERING:
        due_remove(&q->answering, o);
        break;
    case QUEUED_SENDING: /* not found by anybody */
        break;
    }
}

int queue_release_one(struct queue *q, struct queued *o, struct str by, struct str *out_why)
{
    int r = o->is_failed_route ? window_load(q, o) : 0;
    if (r < 0) {
        *out_why = r == ERR_STATE ? buf_str(&q->trouble)
                                  : STR("its message cannot be read from the journal");
        return ERR_STATE;
    }
    queue_take_out(q, o);
    queue_record(q, o, ENTRY_RELEASED, by, STR(""));
    forget_note(o);
    o->reason = NULL;
    o->is_marked = false;
    if (!o->is_ordered) {
        order_add(&q->order, o); /* its keys went on without it: it queues up again */
    }
    o->first_us = 0;
    o->delay_ms = 0;
    queue_block(q, o);
    q->conf.ops->kick(q->conf.arg);
    return 0;
}

void queue_drop_one(struct queue *q, struct queued *o, struct str by, struct str note)
{
    if (o->is_awaited && q->conf.ops->ended) {
        (void)q->conf.ops->ended(q->conf.arg,
                                 &(struct queue_end){queued_ref(o), AWAIT_DROPPED, true, NULL,
                                                     NULL}); /* nothing is stored */
    }
    queue_take_out(q, o);
    queue_settle(q, o, ENTRY_DROPPED, by, note);
    q->conf.ops->kick(q->conf.arg);
}

static struct delivery *find_flying(const struct queue *q, struct entry_ref ref)
{
    struct delivery *d = q->flying;
    while (d && (d->q->seq != ref.seq || d->q->output != ref.output)) {
        d = d->next;
    }
    return d;
}

bool queue_is_sending(const struct queue *q, struct entry_ref ref)
{
    return find_flying(q, ref) != NULL;
}

/* A probe of a destination that cannot be reached is given up, and so tells whether anything was sent. */
static bool give_up_probe(struct queue *q, struct entry_ref ref)
{
    struct delivery *d = find_flying(q, ref);
    if (d && d->is_probe && !d->is_canceled) {
        bool was_running = q->is_running;
        q->is_running = true;
        d->is_canceled = true;
        q->conf.ops->cancel(q->conf.arg, d);
        q->is_running = was_running;
    }
    return !queue_is_sending(q, ref);
}

/* While a destination cannot be reached the window takes up nothing: what is looked for may lie ahead. */
static struct queued *find_ahead(struct queue *q, struct entry_ref ref)
{
    struct queued *o = queue_find(q, ref);
    uint64_t seq = 0;
    q->is_looking_ahead = true; /* where they stand is enough */
    for (unsigned i = 0; !o && i < QUEUE_WITHDRAW_READ && seq < ref.seq; i++) {
        if (window_read_one(q, &seq) <= 0) {
            break;
        }
    }
    q->is_looking_ahead = false;
    return o ? o : queue_find(q, ref);
}

bool queue_withdraw(struct queue *q, struct entry_ref ref, journal_done_fn done, void *arg)
{
    struct queued *o = give_up_probe(q, ref) ? find_ahead(q, ref) : NULL;
    if (!o || o->is_maybe_sent) {
        return false;
    }
    struct entry_outcome e = {.ref = ref,
                              .verdict = ENTRY_DROPPED,
                              .attempt = o->attempt,
                              .at_us = q->conf.clock.wall_us(q->conf.clock.arg),
                              .by = STR(""),
                              .reply = STR("withdrawn: not delivered in time")};
    queue_flush(q);
    uint64_t seq = consumer_outcomes_now(queue_consumer(q, o->is_bulk), &e, 1, done, arg);
    if (seq == 0) {
        return false;
    }
    q->counts.dropped++;
    queue_note_counts(q, seq);
    queue_tell_over(q, o);
    queue_forget_answer(q, o);
    queue_take_out(q, o);
    order_remove(&q->order, o, queue_freed, q);
    q->unsettled--;
    window_unload(q, o);
    queued_free(o);
    return true;
}

int queue_resend(struct queue *q, struct entry_ref ref, struct msg *m, uint32_t attempt,
                 struct str by)
{
    struct entry_outcome e = {
        .ref = ref, .verdict = ENTRY_RELEASED, .attempt = attempt ? attempt : 1, .by = by};
    struct consumer_item item = {.seq = ref.seq, .output = ref.output};
    uint64_t entry = 0;
    queue_flush(q);
    e.at_us = q->conf.clock.wall_us(q->conf.clock.arg);
    int r = consumer_reopen(q->consumers[m->e.outputs[ref.output].class], &e, &entry);
    if (r == 0) {
        window_add(q, &item, m);
        struct queued *o = queue_find(q, ref);
        o->attempt = e.attempt;
    }
    q->conf.ops->kick(q->conf.arg);
    return r < 0 ? r : 0;
}

static struct queued *find_held(struct queue *q, uint64_t seq, uint32_t output)
{
    struct queued *o = queue_find(q, (struct entry_ref){seq, output});
    return o && o->state == QUEUED_HELD ? o : NULL;
}

int queue_release(struct queue *q, uint64_t seq, uint32_t output, struct str by)
{
    struct queued *o = find_held(q, seq, output);
    struct str why;
    return o ? queue_release_one(q, o, by, &why) : ERR_NOT_FOUND;
}

int queue_drop(struct queue *q, uint64_t seq, uint32_t output, struct str by)
{
    struct queued *o = find_held(q, seq, output);
    if (!o) {
        return ERR_NOT_FOUND;
    }
    queue_drop_one(q, o, by, STR(""));
    return 0;
}
