/* What people see of a queue: rows of what is in flight, held and waiting, and for whom. */
#include "engine/flow/queue_priv.h"

struct listing {
    struct queue *q;
    struct arena *a;
    struct queue_row *out;
    unsigned n, max;
};

bool queue_read(struct queue *q, struct entry_ref ref, bool is_bulk, struct arena *a,
                struct entry_message *out)
{
    return consumer_read(queue_consumer(q, is_bulk), ref.seq, ref.output, a, out) == 0;
}

/* Of which message, by which route. */
static void identify(struct queue *q, const struct queued *o, struct entry_id *out_id,
                     uint32_t *out_route)
{
    struct arena a = {0};
    struct entry_message m = {0};
    *out_id = (struct entry_id){0, 0};
    *out_route = 0;
    if (o->state == QUEUED_HELD) {
        *out_id = o->note->id;
        *out_route = o->note->route;
    } else if (o->msg || queue_read(q, queued_ref(o), o->is_bulk, &a, &m)) {
        m = o->msg ? o->msg->e : m;
        *out_id = m.id;
        *out_route = o->output < m.noutputs ? m.outputs[o->output].route : 0;
    }
    arena_free(&a);
}

static void put_event(struct queue *q, const struct queued *o, struct queue_row *r)
{
    struct arena a = {0};
    struct entry_message m = {0};
    if (!o->is_failed_route && (o->msg || queue_read(q, queued_ref(o), o->is_bulk, &a, &m))) {
        m = o->msg ? o->msg->e : m;
        delivery_event_id(q->conf.journal, m.id, &m.outputs[o->output], r->event);
    }
    arena_free(&a);
}

/* The first of a chain that `o` is not first in; itself when there is none. */
static struct queued *one_before(const struct queue *q, struct queued *o)
{
    for (uint32_t i = 0; i < o->nkeys && o->is_ordered; i++) {
        struct queued *first = order_first(&q->order, o->keys[i].key);
        if (first && first != o) {
            return first;
        }
    }
    return o;
}

/* At the end of the way stands one that waits for nobody, or for a person. */
static struct queued *root_of(const struct queue *q, struct queued *o)
{
    while (o->blocked > 0 && o->state != QUEUED_HELD) {
        o = one_before(q, o);
    }
    return o;
}

static void add_cause(struct listing *l, struct queue_row *r, const struct queued *root)
{
    uint32_t route;
    for (uint32_t i = 0; i < r->ncauses; i++) {
        if (r->causes[i].ref.seq == root->seq && r->causes[i].ref.output == root->output) {
            return;
        }
    }
    struct queue_cause *c = &r->causes[r->ncauses++];
    *c = (struct queue_cause){.ref = queued_ref(root), .state = (enum queued_state)root->state};
    identify(l->q, root, &c->id, &route);
}

static void add_causes(struct listing *l, struct queue_row *r, const struct queued *o)
{
    for (uint32_t i = 0; i < o->nkeys && o->is_ordered && r->ncauses < QUEUE_CAUSES; i++) {
        struct queued *first = order_first(&l->q->order, o->keys[i].key);
        if (first && first != o) {
            add_cause(l, r, root_of(l->q, first));
        }
    }
}

static const uint64_t *copy_keys(struct arena *a, const struct queued *o)
{
    uint64_t *keys = o->nkeys ? ARENA_ARRAY(a, uint64_t, o->nkeys) : NULL;
    for (uint32_t i = 0; i < o->nkeys; i++) {
        keys[i] = o->keys[i].key;
    }
    return keys;
}

static void put_row(struct listing *l, struct queued *o)
{
    if (l->n == l->max) {
        return;
    }
    struct queue_row *r = &l->out[l->n++];
    bool is_held = o->state == QUEUED_HELD;
    *r = (struct queue_row){.ref = queued_ref(o),
                            .state = (enum queued_state)o->state,
                            .is_failed_route = o->is_failed_route,
                            .attempt = o->attempt,
                            .keys = copy_keys(l->a, o),
                            .nkeys = o->nkeys};
    identify(l->q, o, &r->id, &r->route);
    put_event(l->q, o, r);
    r->since_us = is_held ? o->note->since_us : (int64_t)r->id.hi;
    r->why = is_held ? str_dup(l->a, str_from(o->note->why, o->note->n))
                     : str_of(o->reason ? o->reason : "");
    if (o->state == QUEUED_WAITING || o->state == QUEUED_ANSWERING) {
        r->due_us = o->due_us - l->q->conf.clock.mono_us(l->q->conf.clock.arg);
        r->due_us = r->due_us > 0 ? r->due_us : 0;
    } else if (o->state == QUEUED_BLOCKED) {
        add_causes(l, r, o);
    }
}

static void put_list(struct listing *l, const struct queued_list *list)
{
    for (struct queued *o = list->first; o && l->n < l->max; o = o->next) {
        put_row(l, o);
    }
}

unsigned queue_list(struct queue *q, enum queue_filter filter, struct arena *a,
                    struct queue_row *out, unsigned max)
{
    struct listing l = {q, a, out, 0, max};
    for (struct delivery *d = q->flying; d && filter == QUEUE_ANY; d = d->next) {
        put_row(&l, d->q);
    }
    if (filter != QUEUE_ONLY_WAITING) {
        put_list(&l, &q->held);
    }
    if (filter != QUEUE_ONLY_HELD) {
        for (uint32_t i = 0; i < q->due.n; i++) {
            put_row(&l, q->due.v[i]);
        }
        for (uint32_t i = 0; i < q->answering.n; i++) {
            put_row(&l, q->answering.v[i]);
        }
        put_list(&l, &q->ready);
        put_list(&l, &q->blocked);
    }
    return l.n;
}

int64_t queue_oldest(struct queue *q)
{
    uint64_t first = consumer_oldest(q->consumers[0]), bulk = consumer_oldest(q->consumers[1]);
    bool is_bulk = bulk && (!first || bulk < first);
    uint64_t seq = is_bulk ? bulk : first;
    struct arena a = {0};
    struct entry_message m;
    if (seq == 0) {
        return 0;
    }
    if (seq != q->oldest_seq) { /* the same at the next look, mostly */
        struct entry_ref ref = {seq, 0};
        q->oldest_us = queue_read(q, ref, is_bulk, &a, &m) ? m.received_us : 0;
        q->oldest_seq = seq;
        arena_free(&a);
    }
    return q->oldest_us;
}

/* ---- the whole in numbers ---- */

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
