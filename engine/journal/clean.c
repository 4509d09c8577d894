/* Cleaning: the oldest volumes that may go but for a small unsettled part. That part is written again as carry
 * entries, which settle in its place; then the volumes are let go as any that are settled. Together the volumes
 * cleaned at once are under a quarter unsettled, so a run of them may begin with one that is not: nothing that
 * one destination leaves lying stands in the way of what is settled behind it for ever. When room runs out and
 * there is no such run, the best one is taken if it is under three quarters: to write more is better than to
 * refuse everybody.
 * A crash in between leaves both copies; the list of the unsettled tells which one counts.
 * Small steps, one a turn of the loop. */
#include "engine/base/err.h"
#include "engine/journal/consumer_priv.h"
#include "engine/journal/files.h"

enum {
    STEP_BYTES = 512 * 1024, /* read in one step */
    WAITING_BYTES = 1 << 20,
    AGAIN_US = 60 * 1000000,      /* before a look that found nothing is taken again */
    ROOM_US = 1000000,            /* before an append that was refused is tried again */
    LOOKED_US = 10 * 60 * 1000000 /* how long a volume counts as it was found */
};

static int64_t now_us(const struct journal *j)
{
    return j->clock.mono_us(j->clock.arg);
}

/* ---- what is unsettled ---- */

static struct consumer *consumer_of(struct journal *j, const struct entry_output *o)
{
    return o->destination > 0 && o->destination < TABLES_NAMES_MAX
               ? consumer_get(j, o->destination, o->class)
               : NULL;
}

/* Is the output unsettled, and is the entry `home` where it stands? */
static bool is_live(const struct consumer *c, uint64_t seq, uint32_t output, uint64_t home)
{
    if (!consumer_is_before(seq, output, c)) {
        return !c->is_live && refmap_get(&c->ahead, seq, output) != AHEAD_SETTLED;
    }
    const struct consumer_item *item = consumer_find(c, seq, output);
    return item && item->home == home;
}

static bool has_live(struct journal *j, const struct stored *s, uint64_t seq,
                     const struct entry_message *m)
{
    for (uint32_t i = 0; i < m->noutputs; i++) {
        const struct consumer *c = consumer_of(j, &m->outputs[i]);
        if (c && is_live(c, seq, i, s->e.seq)) {
            return true;
        }
    }
    return false;
}

/* ---- where it lives from now on ---- */

/* At a start the cursor leaps over what the process before had settled or in its list. What it had there though it
 * was never carried was settled when its volume was looked at, and opened again since: an outcome says so. */
static void keep_opened(struct consumer *c, uint64_t seq, uint32_t output)
{
    bool has_open = false;
    for (size_t i = 0; i < c->ahead.cap && c->has_open_ahead; i++) {
        const struct refmap_slot s = c->ahead.v[i];
        if (s.state != 1 || s.value == AHEAD_SETTLED) {
            continue;
        }
        if (s.a < seq || (s.a == seq && s.b < output)) {
            consumer_insert(c, s.a, s.b)->is_held = s.value == AHEAD_HELD;
        } else {
            has_open = true;
        }
    }
    c->has_open_ahead = has_open;
    refmap_drop_before(&c->ahead, seq, output);
}

/* An output that the cursor has not reached is taken into the list; nobody was told of it yet. */
static void take_unread(struct consumer *c, const struct consumer_item *where,
                        const struct entry_output *o)
{
    struct consumer_item item;
    bool is_first = c->offer_seq == 0;
    consumer_count_read(c, where->bytes);
    c->is_live = false;
    if (c->has_open_ahead) {
        keep_opened(c, where->seq, where->output);
    }
    consumer_set_cursor(c, where->seq, where->output + 1, 0);
    if (consumer_take(c, where, o, &item) && is_first) {
        c->offer_seq = item.seq;
        c->offer_output = item.output;
    }
}

void clean_carried(struct journal *j, const struct stored *s, uint64_t seq,
                   const struct entry_message *m, uint32_t bytes)
{
    for (uint32_t i = 0; i < m->noutputs; i++) {
        struct consumer *c = consumer_of(j, &m->outputs[i]);
        if (!c) {
            continue;
        }
        struct consumer_item *item = consumer_find_item(c, seq, i);
        if (item) {
            consumer_move(c, item, s->e.seq, s->hint, bytes);
        } else if (!consumer_is_before(seq, i, c)) {
            struct consumer_item where = {.seq = seq, .home = s->e.seq, .hint = s->hint};
            where.output = i;
            where.bytes = bytes;
            take_unread(c, &where, &m->outputs[i]);
        }
    }
}

/* What an outcome settled ahead of the cursor is passed. */
static void pass_settled(struct journal *j, const struct stored *s, uint64_t seq,
                         const struct entry_message *m)
{
    for (uint32_t i = 0; i < m->noutputs; i++) {
        struct consumer *c = consumer_of(j, &m->outputs[i]);
        if (c && !c->is_live && !consumer_is_before(seq, i, c) && !is_live(c, seq, i, s->e.seq)) {
            refmap_set(&c->ahead, seq, i, 0);
            consumer_count_read(c, s->e.body.n);
            consumer_set_cursor(c, seq, i + 1, 0);
        }
    }
}

static bool has_room(struct journal *j, const struct entry_message *m)
{
    for (uint32_t i = 0; i < m->noutputs; i++) {
        const struct consumer *c = consumer_of(j, &m->outputs[i]);
        if (c && consumer_count(c) >= CONSUMER_UNSETTLED_MAX) {
            return false;
        }
    }
    return m->noutputs <= ENTRY_CARRY_OUTPUTS_MAX;
}

/* ---- writing again ---- */

/* Only what is unsettled and stands here. True unless the journal takes nothing now. */
static bool carry_message(struct journal *j, struct arena *a, const struct stored *s, uint64_t seq,
                          const struct entry_message *m)
{
    struct files *f = j->store;
    struct buf *body = &f->clean.body;
    uint32_t *live = ARENA_ARRAY(a, uint32_t, m->noutputs);
    uint32_t n = 0;
    for (uint32_t i = 0; i < m->noutputs; i++) {
        const struct consumer *c = consumer_of(j, &m->outputs[i]);
        if (c && is_live(c, seq, i, s->e.seq)) {
            live[n++] = i;
        }
    }
    if (n == 0) {
        return true;
    }
    buf_clear(body);
    entry_put_carry(body, seq, m, live, n);
    struct stored carry = {.e = {.type = ENTRY_CARRY}};
    carry.e.seq = has_room(j, m) ? journal_append(j, ENTRY_CARRY, buf_str(body), NULL, NULL) : 0;
    if (carry.e.seq == 0) {
        return false;
    }
    struct entry_message only;
    carry.hint = journal_last_hint(j);
    f->space.carried += n;
    if (entry_get_carry(a, buf_str(body), &seq, &only) == 0) { /* it was put right above */
        clean_carried(j, &carry, seq, &only, (uint32_t)body->n);
    }
    return true;
}

/* Why an output is held, for those who ask later. */
static bool carry_outcomes(struct journal *j, struct arena *a, const struct stored *s)
{
    struct files *f = j->store;
    struct entry_outcomes o;
    if (entry_get_outcomes(a, s->e.body, &o) != 0 || o.destination == 0 ||
        o.destination >= TABLES_NAMES_MAX) {
        return true;
    }
    const struct consumer *c = consumer_get(j, o.destination, o.class);
    struct entry_outcome *held = ARENA_ARRAY(a, struct entry_outcome, o.n);
    uint32_t n = 0;
    for (uint32_t i = 0; i < o.n; i++) {
        const struct consumer_item *item = consumer_find(c, o.v[i].ref.seq, o.v[i].ref.output);
        if (o.v[i].verdict == ENTRY_HELD && item && item->is_held) {
            held[n++] = o.v[i];
        }
    }
    o.v = held;
    o.n = n;
    buf_clear(&f->clean.body);
    entry_put_outcomes(&f->clean.body, &o);
    return n == 0 || journal_append(j, ENTRY_OUTCOME, buf_str(&f->clean.body), NULL, NULL) != 0;
}

static bool carry_one(struct journal *j, struct arena *a, const struct stored *s)
{
    struct entry_message m;
    uint64_t seq;
    if (s->e.type == ENTRY_OUTCOME) {
        return carry_outcomes(j, a, s);
    }
    if (entry_get_any(a, &s->e, &seq, &m) != 0) {
        return true; /* its reader finds out; what lives in it keeps its volume */
    }
    if (entry_is_message(s->e.type)) {
        pass_settled(j, s, seq, &m);
    }
    return carry_message(j, a, s, seq, &m);
}

/* ---- step by step ---- */

/* Not yet durable: beyond it what comes in goes first. What is carried leaves its old volume as it goes. */
static uint64_t waiting_most(const struct files *f)
{
    return f->volume_bytes / 4 < WAITING_BYTES ? f->volume_bytes / 4 : WAITING_BYTES;
}

static void stop(struct files *f, int64_t again_us)
{
    struct clean *c = &f->clean;
    uint64_t newest = f->v[f->n - 1].number;
    *c = (struct clean){.not_before_us = again_us, .newest = newest, .body = c->body};
}

/* What has been passed needs no cursor to come there any more: its volume may go while the next is looked at. */
static void pass_cursors(struct journal *j, uint64_t upto)
{
    for (size_t i = 0; i < j->nconsumers; i++) {
        struct consumer *c = j->consumers[i];
        if (c && !c->is_live && c->seq <= upto) {
            consumer_set_cursor(c, upto + 1, 0, 0);
        }
    }
}

static void carry_some(struct journal *j)
{
    struct files *f = j->store;
    struct clean *c = &f->clean;
    static const unsigned mask = (unsigned)ENTRY_MESSAGES | 1u << ENTRY_CARRY | 1u << ENTRY_OUTCOME;
    struct arena a = {0};
    struct stored s;
    int rc = 1;
    for (size_t seen = 0; rc == 1 && seen < STEP_BYTES && j->waiting_bytes < waiting_most(f);) {
        struct journal_cursor before = c->at;
        rc = read_next(j, &c->at, c->upto, mask, &a, &s);
        if (rc == 1 && !carry_one(j, &a, &s)) {
            c->at = before;
            c->not_before_us = now_us(j) + ROOM_US;
            break;
        }
        seen += rc == 1 ? s.e.body.n + VOLUME_ENTRY_HEADER : 0;
        arena_reset(&a);
    }
    if (rc >= 0) {
        pass_cursors(j, rc == 0 ? c->upto : c->at.next - 1);
    }
    if (rc == 0) {
        stop(f, 0);
    } else if (rc < 0) {
        stop(f, now_us(j) + AGAIN_US);
    }
    arena_free(&a);
}

/* The place of the group that begins with volume `number`; f->n when it is gone. */
static size_t find_group(const struct files *f, uint64_t number)
{
    size_t i = 0;
    while (i < f->n && f->v[i].number != number) {
        i++;
    }
    return i;
}

static bool may_go(const struct journal *j, size_t first, size_t end)
{
    const struct files *f = j->store;
    bool may = end + 1 < f->n && f->v[end].last_seq <= j->called;
    for (size_t i = first; i <= end && may; i++) {
        may = files_may_go(j, i, f->bytes) && !f->v[i].is_lost;
    }
    return may;
}

static uint64_t group_bytes(const struct files *f, size_t first, size_t end)
{
    uint64_t bytes = 0;
    for (size_t i = first; i <= end; i++) {
        bytes += f->v[i].size;
    }
    return bytes;
}

static void look_at(struct clean *c, const struct files *f, size_t first)
{
    c->state = CLEAN_SURVEY;
    c->not_before_us = 0;
    c->number = f->v[first].number;
    c->at = (struct journal_cursor){f->v[first].first_seq, {0}};
    c->upto = f->v[files_group(f, first)].last_seq;
    c->sum = 0;
}

static void carry(struct clean *c, const struct files *f, size_t end)
{
    c->state = CLEAN_CARRY;
    c->at = (struct journal_cursor){f->v[0].first_seq, {0}};
    c->upto = f->v[end].last_seq;
}

/* live / bytes is smaller than it was at any group before */
static void note_best(struct clean *c, uint64_t number)
{
    if (!c->best ||
        (double)c->live / (double)c->bytes < (double)c->best_live / (double)c->best_bytes) {
        c->best = number;
        c->best_live = c->live;
        c->best_bytes = c->bytes;
    }
}

/* The group is known: carry all so far, go on with the next, or give up for now. */
static void decide(struct journal *j, size_t first)
{
    struct files *f = j->store;
    struct clean *c = &f->clean;
    size_t end = files_group(f, first);
    c->live += f->v[first].live;
    c->bytes += group_bytes(f, first, end);
    note_best(c, f->v[end].number);
    if (c->live < c->bytes / 4) {
        carry(c, f, end);
    } else if (end + 1 < f->n && may_go(j, end + 1, files_group(f, end + 1))) {
        look_at(c, f, end + 1);
    } else if (files_is_pressed(j) && c->best_live < c->best_bytes / 4 * 3) {
        carry(c, f, find_group(f, c->best));
    } else {
        stop(f, now_us(j) + AGAIN_US);
    }
}

static bool is_known(const struct journal *j, const struct volume *v)
{
    return v->looked_us && v->looked_items == v->items && now_us(j) - v->looked_us < LOOKED_US;
}

static void survey_some(struct journal *j)
{
    struct files *f = j->store;
    struct clean *c = &f->clean;
    size_t first = find_group(f, c->number);
    struct arena a = {0};
    struct stored s;
    int rc = first == f->n ? ERR_NOT_FOUND : is_known(j, &f->v[first]) ? 0 : 1;
    c->sum = rc == 0 ? f->v[first].live : c->sum;
    for (size_t seen = 0; rc == 1 && seen < STEP_BYTES;) {
        struct entry_message m;
        uint64_t seq;
        rc = read_next(j, &c->at, c->upto, (unsigned)ENTRY_MESSAGES | 1u << ENTRY_CARRY, &a, &s);
        if (rc == 1 && entry_get_any(&a, &s.e, &seq, &m) == 0 && has_live(j, &s, seq, &m)) {
            c->sum += volume_entry_size(s.e.body.n);
        }
        seen += rc == 1 ? s.e.body.n + VOLUME_ENTRY_HEADER : 0;
        arena_reset(&a);
    }
    if (rc == 0) {
        struct volume *v = &f->v[first];
        v->looked_us = is_known(j, v) ? v->looked_us : now_us(j);
        v->looked_items = v->items;
        v->live = c->sum;
        decide(j, first);
    } else if (rc < 0) { /* gone by itself, or it cannot be read: nothing of it may be lost */
        stop(f, rc == ERR_NOT_FOUND ? 0 : now_us(j) + AGAIN_US);
    }
    arena_free(&a);
}

/* Is there an old volume that something unsettled keeps? */
static void begin(struct journal *j)
{
    struct files *f = j->store;
    size_t end = f->n ? files_group(f, 0) : 0;
    bool is_blocked = false;
    if (f->n == 0 || !may_go(j, 0, end)) {
        return;
    }
    for (size_t i = 0; i <= end && !is_blocked; i++) {
        is_blocked = f->v[i].items > 0;
    }
    if (is_blocked || consumers_floor(j) <= f->v[end].last_seq) {
        look_at(&f->clean, f, 0);
    }
}

void files_clean(struct journal *j)
{
    struct files *f = j->store;
    struct clean *c = &f->clean;
    bool has_new = c->state == CLEAN_IDLE && f->n && f->v[f->n - 1].number != c->newest;
    if (now_us(j) < c->not_before_us && !has_new) {
        return;
    }
    switch (c->state) {
    case CLEAN_IDLE:
        begin(j);
        break;
    case CLEAN_SURVEY:
        survey_some(j);
        break;
    case CLEAN_CARRY:
        carry_some(j);
        break;
    }
    if (c->state != CLEAN_IDLE && now_us(j) >= c->not_before_us) {
        journal_signal(j);
    }
}
