#include "engine/flow/park.h"

#include "engine/base/mem.h"
#include "engine/flow/park_priv.h"

#include <stdlib.h>

/* ---- what is parked ---- */

static void say_parked(const struct exchange *x)
{
    char id[27];
    entry_id_text(x->e->id, id);
    log_event(x->source->ep.log, LOG_LEVEL_DEBUG, "parked", log_str("source", x->source->ep.name),
              log_cstr("id", id), log_str("peer", x->e->peer));
}

/* It was parked before, and goes on; not one that begins meanwhile, where that one was. */
static bool is_current(const struct parks *p, const struct exchange *x)
{
    return p->current == x && x->was_parked;
}

/* Behind all, or where it stood before. */
static void link_in(struct parks *p, struct exchange *x)
{
    struct exchange *next = is_current(p, x) ? p->behind : NULL;
    struct exchange *prev = next ? next->place_parked.prev : p->last;
    x->place_parked.next = next;
    x->place_parked.prev = prev;
    *(prev ? &prev->place_parked.next : &p->first) = x;
    *(next ? &next->place_parked.prev : &p->last) = x;
    p->n++;
    x->source->parked++;
    park_count(&p->waiting, x->place_parked.keys, x->place_parked.nkeys, true);
    if (is_current(p, x)) {
        park_count(&p->ahead, x->place_parked.keys, x->place_parked.nkeys, true);
    }
}

static void unlink_from(struct parks *p, struct exchange *x)
{
    struct park_place *at = &x->place_parked;
    *(at->prev ? &at->prev->place_parked.next : &p->first) = at->next;
    *(at->next ? &at->next->place_parked.prev : &p->last) = at->prev;
    p->n--;
    x->source->parked--;
    park_count(&p->waiting, at->keys, at->nkeys, false);
}

/* With the keys in p->scratch. */
static bool wait(struct parks *p, struct exchange *x)
{
    struct park_place *at = &x->place_parked;
    if (p->n >= PARK_MAX) {
        exchange_refuse_crowded(x);
        return true;
    }
    uint64_t *keys = ARENA_ARRAY(&x->msg->arena, uint64_t, p->scratch.n + 1);
    for (uint32_t i = 0; i < p->scratch.n; i++) {
        keys[i] = p->scratch.v[i];
    }
    *at = (struct park_place){.keys = keys, .nkeys = p->scratch.n, .is_batch = x->batch != NULL};
    link_in(p, x);
    say_parked(x);
    if (p->engine->is_draining) {
        engine_kick(p->engine);
    }
    return true;
}

/* A source that counts has one key more: its own. */
static uint64_t key_of_source(const struct source *s)
{
    uint64_t salt = 0x9e3779b97f4a7c15u;
    return salt * (s->name_id + 1);
}

bool park_behind_own(struct exchange *x)
{
    struct parks *p = x->source->engine->parked;
    uint64_t own = key_of_source(x->source);
    const struct map64 *others = is_current(p, x) ? &p->ahead : &p->waiting;
    if (!x->source->want->is_numbered || !p->n || p->lets_pass || !park_has_one(others, &own, 1)) {
        return false;
    }
    p->scratch.n = 0;
    park_add_key(p, own);
    return wait(p, x);
}

static bool has_awaited(const struct entry_message *m)
{
    for (uint32_t i = 0; i < m->noutputs; i++) {
        if (m->outputs[i].await_ms) {
            return true;
        }
    }
    return false;
}

bool park(struct exchange *x, const struct exchange *judged)
{
    struct parks *p = x->source->engine->parked;
    const struct map64 *others = is_current(p, x) ? &p->ahead : &p->waiting;
    if (p->nholds >= PARK_HOLDS_MAX && has_awaited(judged->e)) {
        exchange_refuse_crowded(x);
        return true;
    }
    if ((!p->nholds && !p->n) || !judged->e->noutputs || p->lets_pass) {
        return false;
    }
    park_gather(p, judged);
    if (!park_has_one(&p->held, p->scratch.v, p->scratch.n) &&
        !park_has_one(others, p->scratch.v, p->scratch.n)) {
        return false;
    }
    if (x->source->want->is_numbered) {
        park_add_key(p, key_of_source(x->source));
    }
    return wait(p, x);
}

/* ---- going on ---- */

static void go_on(struct parks *p, struct exchange *x)
{
    p->current = x;
    unlink_from(p, x);
    exchange_again(x, x->place_parked.is_batch);
    p->current = NULL;
}

static bool may_go(const struct parks *p, const struct exchange *x)
{
    const struct park_place *at = &x->place_parked;
    return !park_has_one(&p->held, at->keys, at->nkeys) &&
           !park_has_one(&p->ahead, at->keys, at->nkeys);
}

/* O(keys of all that wait). What goes on may hold its keys, or be parked again where it stood. */
void parks_run(struct parks *p)
{
    struct engine *e = p->engine;
    if (!p->is_due || e->is_paused || e->is_fenced || e->is_draining) {
        return;
    }
    p->is_due = false;
    for (struct exchange *x = p->first; x && !p->is_due; x = p->behind) {
        p->behind = x->place_parked.next;
        if (may_go(p, x)) {
            go_on(p, x);
            p->is_due |= e->is_paused; /* there is no room: the rest goes on when there is */
        } else {
            park_count(&p->ahead, x->place_parked.keys, x->place_parked.nkeys, true);
        }
    }
    map64_free(&p->ahead);
    p->behind = NULL;
}

void parks_leave(struct parks *p, const struct source *s)
{
    p->lets_pass = true;
    for (struct exchange *x = p->first, *next; x; x = next) {
        next = x->place_parked.next;
        if (x->source == s) {
            go_on(p, x);
        }
    }
    p->lets_pass = false;
    p->is_due = p->n > 0;
}

void parks_drain(struct parks *p)
{
    while (p->first) {
        struct exchange *x = p->first;
        unlink_from(p, x);
        if (x->source->ep.adapter->in->abandon) {
            exchange_abandon(x);
        } else {
            exchange_finish(x, false); /* a file stays where it is */
        }
    }
}

/* ---- life ---- */

struct parks *parks_new(struct engine *e)
{
    static const struct rules_key everything = {{"", 0}, {"*", 1}};
    struct parks *p = X_NEW(struct parks);
    struct arena a = {0};
    p->engine = e;
    p->everything = engine_key(e, &a, &everything);
    map64_init(&p->by_seq, p->everything);
    map64_init(&p->held, p->everything);
    map64_init(&p->waiting, p->everything);
    map64_init(&p->awaited, p->everything);
    map64_init(&p->ahead, p->everything);
    arena_free(&a);
    return p;
}

void parks_free(struct parks **pp)
{
    struct parks *p = *pp;
    if (!p) {
        return;
    }
    while (p->first) {
        struct exchange *x = p->first;
        unlink_from(p, x);
        exchange_finish(x, false);
    }
    park_free_holds(p);
    map64_free(&p->by_seq);
    map64_free(&p->held);
    map64_free(&p->waiting);
    map64_free(&p->awaited);
    map64_free(&p->ahead);
    free(p->scratch.v);
    free(p);
    *pp = NULL;
}
