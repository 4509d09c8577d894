/* Outputs that are awaited, and the keys that they hold. */
#include "engine/base/mem.h"
#include "engine/flow/park_priv.h"

#include <stdlib.h>

/* An output that is awaited. */
struct hold {
    struct parks *all;
    struct entry_ref ref;
    struct entry_id id; /* of its message */
    uint32_t destination;
    struct hold *next; /* of the same message */
    struct event *timer;
    uint32_t nkeys;
    uint64_t keys[];
};

/* ---- keys ---- */

void park_add_key(struct parks *p, uint64_t key)
{
    struct keys *k = &p->scratch;
    if (k->n == k->cap) {
        k->cap = k->cap ? k->cap * 2 : 16;
        k->v = xrealloc(k->v, k->cap * sizeof(*k->v));
    }
    k->v[k->n++] = key;
}

/* Whose message it is; an answer that names nobody is about the patient of what asked. */
static void add_patient(struct parks *p, const struct rules_input *in)
{
    struct arena a = {0};
    const struct rules_key *v;
    unsigned n = in->m || in->data ? rules_message_keys(in, &a, &v) : 0;
    if (!n && in->cause) {
        struct rules_input asking = {.m = in->cause->m, .data = in->cause->data};
        n = rules_message_keys(&asking, &a, &v);
    }
    for (unsigned i = 0; i < n; i++) {
        park_add_key(p, engine_key(p->engine, &a, &v[i]));
    }
    arena_free(&a);
}

/* What it goes by. Where everything is kept in order nobody in particular is meant. */
static void add_output(struct parks *p, const struct entry_output *o)
{
    for (uint32_t i = 0; i < o->nkeys; i++) {
        if (o->keys[i] != p->everything) {
            park_add_key(p, o->keys[i]);
        }
    }
}

static void add_message(struct parks *p, const struct exchange *x)
{
    struct rules_input in = exchange_input(x);
    if (x->e->noutputs) {
        add_patient(p, &in);
    }
    for (uint32_t i = 0; i < x->e->noutputs; i++) {
        add_output(p, &x->e->outputs[i]);
    }
}

void park_gather(struct parks *p, const struct exchange *x)
{
    p->scratch.n = 0;
    for (unsigned i = 0; x->batch && i < x->nmembers; i++) {
        add_message(p, &x->members[i]);
    }
    if (!x->batch) {
        add_message(p, x);
    }
}

void park_count(struct map64 *m, const uint64_t *v, uint32_t n, bool is_more)
{
    for (uint32_t i = 0; i < n; i++) {
        uint64_t before = 0;
        (void)map64_get(m, v[i], &before);
        if (is_more || before > 1) {
            map64_put(m, v[i], is_more ? before + 1 : before - 1);
        } else {
            map64_remove(m, v[i], NULL);
        }
    }
}

bool park_has_one(const struct map64 *m, const uint64_t *v, uint32_t n)
{
    uint64_t times;
    for (uint32_t i = 0; i < n; i++) {
        if (map64_get(m, v[i], &times)) {
            return true;
        }
    }
    return false;
}

/* ---- what is held ---- */

static void free_hold(struct hold *h)
{
    struct parks *p = h->all;
    uint64_t destination = h->destination;
    park_count(&p->held, h->keys, h->nkeys, false);
    park_count(&p->awaited, &destination, 1, false);
    p->nholds--;
    event_free(h->timer);
    free(h);
}

static struct hold *first_of(const struct parks *p, uint64_t seq)
{
    uint64_t value;
    return map64_get(&p->by_seq, seq, &value) ? (struct hold *)(uintptr_t)value : NULL;
}

static void set_first(struct parks *p, uint64_t seq, struct hold *h)
{
    if (h) {
        map64_put(&p->by_seq, seq, (uint64_t)(uintptr_t)h);
    } else {
        map64_remove(&p->by_seq, seq, NULL);
    }
}

static struct hold *take_out(struct parks *p, struct entry_ref ref)
{
    struct hold *first = first_of(p, ref.seq), **at = &first;
    while (*at && (*at)->ref.output != ref.output) {
        at = &(*at)->next;
    }
    struct hold *h = *at;
    if (h) {
        *at = h->next;
        set_first(p, ref.seq, first);
    }
    return h;
}

void park_settled(struct parks *p, struct entry_ref ref)
{
    struct hold *h = p->nholds ? take_out(p, ref) : NULL;
    if (h) {
        free_hold(h);
        p->is_due = p->n > 0;
        engine_kick(p->engine);
    }
}

/* Its answer did not come in time. Who waits for it goes on without. */
static void on_timer(evutil_socket_t fd, short what, void *arg)
{
    struct hold *h = arg;
    struct parks *p = h->all;
    struct engine *e = p->engine;
    struct destination *t = h->destination < e->nby_name_id ? e->by_name_id[h->destination] : NULL;
    bool is_missed = park_has_one(&p->waiting, h->keys, h->nkeys);
    char id[27];
    (void)fd;
    (void)what;
    entry_id_text(h->id, id);
    log_event(e->conf.log, is_missed ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "answer-late",
              log_str("destination",
                      journal_name_text(e->conf.journal, JOURNAL_DESTINATION, h->destination)),
              log_cstr("id", id), log_uint("parked", p->n));
    if (t) {
        t->late_answers++;
    }
    park_settled(p, h->ref);
}

/* With the keys in p->scratch. */
static void hold(struct parks *p, const struct park_entry *e, uint32_t i)
{
    int64_t us = (int64_t)e->v[i].await_ms * 1000;
    struct keys *k = &p->scratch;
    struct hold *h = xcalloc(1, sizeof(*h) + k->n * sizeof(h->keys[0]));
    struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};
    h->all = p;
    h->ref = (struct entry_ref){e->seq, e->first + i};
    h->id = e->m->id;
    h->destination = e->v[i].destination;
    h->nkeys = k->n;
    memcpy(h->keys, k->v, k->n * sizeof(h->keys[0]));
    h->next = first_of(p, e->seq);
    set_first(p, e->seq, h);
    uint64_t destination = h->destination;
    park_count(&p->held, h->keys, h->nkeys, true);
    park_count(&p->awaited, &destination, 1, true);
    p->nholds++;
    h->timer = evtimer_new(p->engine->conf.loop, on_timer, h);
    event_add(h->timer, &tv);
}

void park_hold(struct parks *p, const struct park_entry *e, const struct rules_input *in)
{
    for (uint32_t i = 0; i < e->n; i++) {
        p->scratch.n = 0;
        if (e->v[i].await_ms) {
            add_patient(p, in);
            add_output(p, &e->v[i]);
        }
        if (p->scratch.n) {
            hold(p, e, i);
        }
    }
}

uint64_t parks_awaited(const struct parks *p, uint32_t destination)
{
    uint64_t n = 0;
    (void)map64_get(&p->awaited, destination, &n); /* none */
    return n;
}

void park_free_holds(struct parks *p)
{
    size_t cursor = 0;
    uint64_t seq, value;
    while (map64_next(&p->by_seq, &cursor, &seq, &value)) {
        for (struct hold *h = (struct hold *)(uintptr_t)value, *next; h; h = next) {
            next = h->next;
            free_hold(h);
        }
    }
}
