#include "engine/ops/hours.h"

#include <stdlib.h>

#include "engine/base/mem.h"

enum { FLAG_FAILED = 2, STATUS_SHIFT = 8, NAME_BITS = 20 };

/* The counts of one volume: thrown away when its key file goes half way. */
struct counting {
    struct hours volume;
    uint64_t last_place; /* rows of one message follow each other */
    bool is_unread;      /* a batch could not be read by itself */
};

void hours_init(struct hours *t, struct history *h)
{
    *t = (struct hours){.h = h};
    map64_init(&t->places, 0);
}

void hours_free(struct hours *t)
{
    map64_free(&t->places);
    free(t->v);
    t->v = NULL;
}

static struct hours_row *row_of(struct hours *t, int64_t at_us, bool is_destination, uint32_t name)
{
    uint64_t span = (uint64_t)(at_us / t->span_us), i;
    uint64_t key = (span << 1 | is_destination) << NAME_BITS | name;
    if (map64_get(&t->places, key, &i)) {
        return &t->v[i];
    }
    if (t->n == t->cap) {
        t->cap = t->cap ? t->cap * 2 : 64;
        t->v = xrealloc(t->v, t->cap * sizeof(*t->v));
    }
    t->v[t->n] = (struct hours_row){
        .from_us = (int64_t)span * t->span_us, .is_destination = is_destination, .name = name};
    (void)map64_put(&t->places, key, t->n);
    return &t->v[t->n++];
}

static bool is_asked_for(const struct hours *t, int64_t received_us)
{
    return received_us >= t->since_us && received_us < t->until_us;
}

/* What a person made anew or moved did not come in; an answer of a destination, or a part, has a cause and did. */
static bool has_come(bool has_cause, unsigned status)
{
    return !has_cause || status == ENTRY_ANSWERED || status == ENTRY_CONTINUED;
}

static void count_message(struct hours *t, int64_t at_us, uint32_t source, unsigned status)
{
    row_of(t, at_us, false, source)->messages[status % HOURS_STATUSES]++;
}

/* Of a batch each message by its own status. */
static void count_members(struct hours *t, const struct entry_message *m)
{
    for (uint32_t i = 0; i < m->nmembers; i++) {
        count_message(t, m->received_us, m->source, m->members[i].status);
    }
}

static void count_output(struct hours *t, int64_t at_us, uint32_t destination, bool has_failed)
{
    struct hours_row *r = row_of(t, at_us, true, destination);
    r->outputs++;
    r->failed_routes += has_failed;
}

/* ---- one volume ---- */

/* Its key file says that it is a batch, not of what. False: it cannot be read. */
static bool count_batch(struct counting *c, uint64_t place)
{
    struct arena a = {0};
    struct entry e;
    struct entry_message m;
    uint64_t seq;
    bool ok = journal_read_place(c->volume.h->journal, place, &a, &e) == 0 &&
              entry_get_any(&a, &e, &seq, &m) == 0;
    if (ok) {
        count_members(&c->volume, &m);
    }
    arena_free(&a);
    return ok;
}

static void count_first(struct counting *c, const struct keys_output *o, uint64_t place)
{
    unsigned status = o->flags >> STATUS_SHIFT;
    if (o->flags & KEYS_BATCH) {
        c->is_unread = !count_batch(c, place);
    } else if (has_come(o->flags & KEYS_CAUSED, status)) {
        count_message(&c->volume, o->received_us, o->source, status);
    }
}

static bool on_row(void *arg, const struct keys_output *o, uint64_t seq, uint64_t place)
{
    struct counting *c = arg;
    bool is_first = place != c->last_place;
    (void)seq;
    c->last_place = place;
    if ((o->flags & KEYS_CARRIED) || !is_asked_for(&c->volume, o->received_us)) {
        return true; /* what is carried was counted where it came in */
    }
    if (is_first) {
        count_first(c, o, place);
    }
    if (o->destination) {
        count_output(&c->volume, o->received_us, o->destination, o->flags & FLAG_FAILED);
    }
    return !c->is_unread;
}

static bool on_message(void *arg, uint64_t seq, const struct entry_message *m)
{
    struct hours *t = &((struct counting *)arg)->volume;
    bool is_carried = seq < t->h->from;
    if (is_carried || !is_asked_for(t, m->received_us)) {
        return true;
    }
    count_members(t, m);
    if (m->nmembers == 0 && has_come(m->cause.hi || m->cause.lo, m->status)) {
        count_message(t, m->received_us, m->source, m->status);
    }
    for (uint32_t i = 0; i < m->noutputs; i++) {
        if (history_has_output(m, i)) {
            count_output(t, m->received_us, m->outputs[i].destination,
                         m->outputs[i].kind == ENTRY_OUTPUT_FAILED_ROUTE);
        }
    }
    return true;
}

/* False: its key file went meanwhile, or does not tell enough. */
static bool count_rows(struct counting *c, size_t i)
{
    uint64_t left = UINT64_MAX;
    while (left > 0 && !c->is_unread) {
        if (!keys_view_outputs(c->volume.h->view, i, &left, on_row, c)) {
            return false;
        }
    }
    return !c->is_unread;
}

static void add(struct hours *t, const struct hours *volume)
{
    for (size_t i = 0; i < volume->n; i++) {
        const struct hours_row *from = &volume->v[i];
        struct hours_row *to = row_of(t, from->from_us, from->is_destination, from->name);
        for (int s = 0; s < HOURS_STATUSES; s++) {
            to->messages[s] += from->messages[s];
        }
        to->outputs += from->outputs;
        to->failed_routes += from->failed_routes;
    }
}

static void begin_volume(struct counting *c, const struct hours *t)
{
    hours_init(&c->volume, t->h);
    c->volume.since_us = t->since_us;
    c->volume.until_us = t->until_us;
    c->volume.span_us = t->span_us;
    c->last_place = UINT64_MAX;
    c->is_unread = false;
}

static int count_volume(struct hours *t, size_t i)
{
    struct counting c;
    int rc = 0;
    history_span(t->h, i);
    begin_volume(&c, t);
    const struct keys_span *s = keys_view_span(t->h->view, i);
    bool is_told = s->has_keys && s->h.has_marks && count_rows(&c, i);
    if (!is_told) {
        hours_free(&c.volume);
        begin_volume(&c, t);
        rc = history_messages(t->h, on_message, &c);
    }
    add(t, &c.volume);
    hours_free(&c.volume);
    return rc;
}

/* ---- the whole ---- */

/* By its key file none of its messages came in that time. */
static bool is_outside(const struct hours *t, const struct keys_span *s)
{
    return s->has_keys && (s->h.newest_us < t->since_us || s->h.oldest_us >= t->until_us);
}

static int by_time(const void *a, const void *b)
{
    const struct hours_row *x = a, *y = b;
    if (x->from_us != y->from_us) {
        return x->from_us < y->from_us ? -1 : 1;
    }
    if (x->is_destination != y->is_destination) {
        return x->is_destination ? 1 : -1;
    }
    return (x->name > y->name) - (x->name < y->name);
}

int hours_count(struct hours *t)
{
    int rc = 0;
    for (size_t i = keys_view_count(t->h->view); rc == 0 && i-- > 0 && !t->h->is_over;) {
        if (!is_outside(t, keys_view_span(t->h->view, i))) {
            rc = count_volume(t, i);
        }
    }
    if (t->n) {
        qsort(t->v, t->n, sizeof(*t->v), by_time);
    }
    return rc;
}
