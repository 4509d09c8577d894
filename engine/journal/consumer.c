#include "engine/journal/consumer.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/journal_priv.h"

#include <stdlib.h>

enum {
    FLUSH_BYTES = 64 * 1024, /* outcomes of one entry */
    CHOKED_BYTES = 16 << 20, /* well below JOURNAL_BODY_MAX: they must fit into one entry later */
    SETTLED_MOST = 64,       /* settled items left in the list before it is worth packing it */
};

/* What the ahead map remembers of an output the cursor has not reached. */
enum { AHEAD_SETTLED = 1, AHEAD_HELD = 2, AHEAD_RELEASED = 3 };

struct sent_wait {
    uint64_t seq;
    journal_done_fn done;
    void *arg;
};

struct consumer {
    struct journal *j;
    uint32_t destination;
    enum entry_class class;
    bool is_live, is_dirty, keeps_settled;
    uint64_t seq; /* the cursor: the next output to be offered is (seq, output) or later */
    uint32_t output;
    uint64_t hint;           /* where seq stands, if known */
    struct consumer_item *v; /* [first, n), in order; settled ones stay until packed */
    size_t first, n, cap, settled;
    struct refmap ahead; /* outcomes that stood in the journal ahead of the cursor, after a crash */
    struct refmap was_settled, suspects; /* only after damage */
    struct buf outcomes;                 /* an entry body being gathered */
    uint32_t noutcomes;
    struct consumer *next_dirty;
    uint64_t sent_asked, sent_durable, sent_before;
    struct sent_wait *waits;
    size_t nwaits, wait_cap;
};

static bool is_before(uint64_t seq, uint32_t output, const struct consumer *c)
{
    return seq < c->seq || (seq == c->seq && output < c->output);
}

struct consumer *consumer_get(struct journal *j, uint32_t destination, enum entry_class class)
{
    size_t at = (size_t)destination * 2 + class;
    if (at >= j->nconsumers) {
        size_t n = at + 16;
        j->consumers = xrealloc(j->consumers, n * sizeof(struct consumer *));
        memset(j->consumers + j->nconsumers, 0, (n - j->nconsumers) * sizeof(struct consumer *));
        j->nconsumers = n;
    }
    if (!j->consumers[at]) { /* nothing before its birth can be for it */
        struct consumer *c = j->consumers[at] = X_NEW(struct consumer);
        c->j = j;
        c->destination = destination;
        c->class = class;
        c->is_live = true;
        c->seq = j->called + 1;
    }
    return j->consumers[at];
}

void consumers_free(struct journal *j)
{
    for (size_t i = 0; i < j->nconsumers; i++) {
        struct consumer *c = j->consumers[i];
        if (c) {
            refmap_free(&c->ahead);
            refmap_free(&c->was_settled);
            refmap_free(&c->suspects);
            buf_free(&c->outcomes);
            free(c->waits);
            free(c->v);
            free(c);
        }
    }
    free(j->consumers);
    j->consumers = NULL;
    j->nconsumers = 0;
}

/* Close the gaps that settled items left. */
static void pack(struct consumer *c)
{
    size_t to = 0;
    for (size_t i = c->first; i < c->n; i++) {
        if (!c->v[i].is_settled) {
            c->v[to++] = c->v[i];
        }
    }
    c->first = 0;
    c->n = to;
    c->settled = 0;
    if (c->cap > 1024 && c->n < c->cap / 8) {
        c->cap /= 4;
        c->v = xrealloc(c->v, c->cap * sizeof(*c->v));
    }
}

static struct consumer_item *push(struct consumer *c, const struct consumer_item *item)
{
    if (c->n == c->cap) {
        if (c->settled + c->first > c->cap / 2) {
            pack(c);
        } else {
            c->cap = c->cap ? c->cap * 2 : 16;
            c->v = xrealloc(c->v, c->cap * sizeof(*c->v));
        }
    }
    c->v[c->n] = *item;
    return &c->v[c->n++];
}

static struct consumer_item *find(const struct consumer *c, uint64_t seq, uint32_t output)
{
    size_t low = c->first, high = c->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        const struct consumer_item *m = &c->v[mid];
        if (m->seq < seq || (m->seq == seq && m->output < output)) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    bool is_it = low < c->n && c->v[low].seq == seq && c->v[low].output == output;
    return is_it && !c->v[low].is_settled ? &c->v[low] : NULL;
}

static void settle(struct consumer *c, struct consumer_item *item)
{
    item->is_settled = true;
    c->settled++;
    while (c->first < c->n && c->v[c->first].is_settled) {
        c->first++;
        c->settled--;
    }
    if (c->first == c->n) {
        c->first = c->n = 0;
    }
    if (c->settled > SETTLED_MOST && c->settled > (c->n - c->first) / 2) {
        pack(c);
    }
}

/* Settled once, and sent again by a person: back to its place in the list. What may be let go is found anew. */
static void insert(struct consumer *c, uint64_t seq, uint32_t output)
{
    size_t at;
    pack(c);
    (void)push(c, &(struct consumer_item){0}); /* room for one more */
    for (at = c->n - 1; at > 0; at--) {
        const struct consumer_item *before = &c->v[at - 1];
        if (before->seq < seq || (before->seq == seq && before->output < output)) {
            break;
        }
        c->v[at] = *before;
    }
    c->v[at] = (struct consumer_item){.seq = seq, .output = output};
    refmap_set(&c->was_settled, seq, output, 0);
    if (c->j->release_seq > seq) {
        c->j->release_at = 0;
    }
}

static bool is_final(enum entry_verdict v)
{
    return v == ENTRY_DELIVERED || v == ENTRY_REFUSED || v == ENTRY_DROPPED;
}

static void apply_ahead(struct consumer *c, const struct entry_outcome *o)
{
    uint64_t mark = is_final(o->verdict)       ? AHEAD_SETTLED
                    : o->verdict == ENTRY_HELD ? AHEAD_HELD
                                               : AHEAD_RELEASED;
    refmap_set(&c->ahead, o->ref.seq, o->ref.output, mark);
}

void consumer_apply(struct consumer *c, const struct entry_outcome *o)
{
    if (c->keeps_settled && is_final(o->verdict)) {
        refmap_set(&c->was_settled, o->ref.seq, o->ref.output, 1);
    }
    if (!is_before(o->ref.seq, o->ref.output, c)) {
        apply_ahead(c, o);
        return;
    }
    struct consumer_item *item = find(c, o->ref.seq, o->ref.output);
    if (!item) { /* settled twice: the first outcome stands */
        if (o->verdict == ENTRY_RELEASED) {
            insert(c, o->ref.seq, o->ref.output);
        }
        return;
    }
    if (is_final(o->verdict)) {
        settle(c, item);
    } else {
        item->is_held = o->verdict == ENTRY_HELD;
        item->is_suspect = item->is_suspect && item->is_held;
    }
}

void consumer_apply_sent(struct consumer *c, uint64_t through)
{
    if (through > c->sent_asked) {
        c->sent_asked = c->sent_durable = c->sent_before = through;
    }
}

static bool is_suspect(const struct consumer *c, uint64_t seq, const struct entry_output *o)
{
    for (uint32_t i = 0; i < o->nkeys && c->suspects.n; i++) {
        if (refmap_get(&c->suspects, o->keys[i], 0) > seq) {
            return true;
        }
    }
    return false;
}

/* The output becomes unsettled; false when a crash left its outcome ahead of the cursor. */
static bool take(struct consumer *c, const struct consumer_item *where,
                 const struct entry_output *o, struct consumer_item *out)
{
    struct consumer_item item = *where;
    uint64_t mark = refmap_get(&c->ahead, item.seq, item.output);
    if (mark) {
        refmap_set(&c->ahead, item.seq, item.output, 0);
    }
    if (mark == AHEAD_SETTLED) {
        return false;
    }
    item.is_suspect = o && mark != AHEAD_RELEASED && is_suspect(c, item.seq, o);
    bool is_born_held = o && o->kind == ENTRY_OUTPUT_FAILED_ROUTE;
    bool is_restored = item.seq <= c->j->restored;
    item.is_held = item.is_suspect || mark == AHEAD_HELD ||
                   ((is_born_held || is_restored) && mark != AHEAD_RELEASED);
    *out = *push(c, &item);
    return true;
}

static void set_cursor(struct consumer *c, uint64_t seq, uint32_t output, uint64_t hint)
{
    c->seq = seq;
    c->output = output;
    c->hint = hint;
}

/* The index of the first output for this consumer from `from` on; noutputs when there is none. */
static uint32_t find_output(const struct consumer *c, const struct entry_message *m, uint32_t from)
{
    while (from < m->noutputs &&
           (m->outputs[from].destination != c->destination || m->outputs[from].class != c->class)) {
        from++;
    }
    return from;
}

/* Offer the first output of `m` at or behind the cursor; moves the cursor behind it. */
static bool offer(struct consumer *c, const struct stored *s, uint64_t next_hint,
                  const struct entry_message *m, struct consumer_item *out)
{
    uint32_t i = find_output(c, m, c->seq == s->e.seq ? c->output : 0);
    bool is_taken = false;
    while (i < m->noutputs && !is_taken) {
        struct consumer_item where = {.seq = s->e.seq, .hint = s->hint, .output = i};
        is_taken = take(c, &where, &m->outputs[i], out);
        i = find_output(c, m, i + 1);
    }
    if (i < m->noutputs) {
        set_cursor(c, s->e.seq, i, s->hint);
    } else {
        set_cursor(c, s->e.seq + 1, 0, next_hint);
    }
    return is_taken;
}

int consumer_next(struct consumer *c, struct arena *a, struct entry_message *out_message,
                  struct consumer_item *out_item)
{
    struct journal *j = c->j;
    if (consumer_count(c) >= CONSUMER_UNSETTLED_MAX) {
        return ERR_LIMIT;
    }
    while (!c->is_live) {
        struct arena_mark mark = arena_mark(a);
        struct journal_cursor at = {c->seq, {c->hint, 0}};
        struct stored s;
        int rc = read_next(j, &at, j->called, 1u << ENTRY_MESSAGE, a, &s);
        if (rc == 0) {
            c->is_live = true;
            set_cursor(c, j->called + 1, 0, at.hint[0]);
            break;
        }
        rc = rc == 1 && entry_get_message(a, s.e.body, out_message) != 0 ? ERR_DAMAGE : rc;
        if (rc < 0) {
            if (rc == ERR_DAMAGE) {
                uint64_t from = c->seq;
                set_cursor(c, at.next, 0, at.hint[0]);
                journal_note_damage(j, from, at.next > from ? at.next - 1 : from);
            }
            return rc;
        }
        if (offer(c, &s, at.hint[0], out_message, out_item)) {
            return 1;
        }
        arena_release(a, mark);
    }
    return 0;
}

bool consumer_take_live(struct consumer *c, uint64_t seq, uint32_t output,
                        struct consumer_item *out_item)
{
    struct journal *j = c->j;
    if (j->calling != seq || seq == 0) {
        return false;
    }
    j->taken++;
    if (!c->is_live) {
        return false;
    }
    if (is_before(seq, output, c) || consumer_count(c) >= CONSUMER_UNSETTLED_MAX) {
        j->taken--;
        return false;
    }
    struct consumer_item item = {.seq = seq, .hint = j->calling_hint, .output = output};
    *out_item = *push(c, &item);
    set_cursor(c, seq, output + 1, j->calling_hint);
    return true;
}

void consumer_hold(struct consumer *c, uint64_t seq, uint32_t output)
{
    struct consumer_item *item = find(c, seq, output);
    if (item) {
        item->is_held = true;
    }
}

void consumers_see(struct journal *j, const struct stored *s, const struct entry_message *m)
{
    for (uint32_t i = 0; i < m->noutputs; i++) {
        const struct entry_output *o = &m->outputs[i];
        if (o->destination >= TABLES_NAMES_MAX) {
            continue;
        }
        struct consumer *c = consumer_get(j, o->destination, o->class);
        if (c->is_live && !is_before(s->e.seq, i, c)) {
            c->is_live = false;
            set_cursor(c, s->e.seq, i, s->hint);
        }
    }
}

void consumers_fall_behind(struct journal *j, const struct waiting *w)
{
    struct arena a = {0};
    struct journal_cursor at = {w->seq, {w->hint, 1}};
    struct stored s;
    struct entry_message m;
    if (read_next(j, &at, w->seq, 1u << ENTRY_MESSAGE, &a, &s) == 1 &&
        entry_get_message(&a, s.e.body, &m) == 0) {
        consumers_see(j, &s, &m);
    } else { /* it cannot be read back: whoever it is for finds out when the cursor gets there */
        for (size_t i = 0; i < j->nconsumers; i++) {
            struct consumer *c = j->consumers[i];
            if (c && c->is_live) {
                c->is_live = false;
                set_cursor(c, c->seq > w->seq ? c->seq : w->seq, c->seq == w->seq ? c->output : 0,
                           0);
            }
        }
    }
    arena_free(&a);
}

void consumers_replayed(struct journal *j, uint64_t end_seq)
{
    for (size_t i = 0; i < j->nconsumers; i++) {
        struct consumer *c = j->consumers[i];
        if (c) {
            c->keeps_settled = false;
            refmap_free(&c->was_settled);
            if (c->is_live && c->seq <= end_seq) {
                set_cursor(c, end_seq + 1, 0, 0);
            }
        }
    }
}

static void hold_one(struct consumer *c, uint64_t seq, uint32_t output, struct str reason)
{
    struct entry_outcome o = {.ref = {seq, output}, .verdict = ENTRY_HELD, .reply = reason};
    o.at_us = c->j->clock.wall_us(c->j->clock.arg);
    consumer_outcome(c, &o);
}

void consumers_restore(struct journal *j, struct str reason)
{
    for (size_t i = 0; i < j->nconsumers; i++) {
        struct consumer *c = j->consumers[i];
        for (size_t k = c ? c->first : 0; c && k < c->n; k++) {
            if (!c->v[k].is_settled && !c->v[k].is_held) { /* the others keep their own reason */
                hold_one(c, c->v[k].seq, c->v[k].output, reason);
            }
        }
        for (size_t k = 0; c && k < c->ahead.cap; k++) {
            const struct refmap_slot *s = &c->ahead.v[k];
            if (s->state == 1 && s->value == AHEAD_RELEASED) {
                hold_one(c, s->a, s->b, reason);
            }
        }
        if (c) {
            consumer_apply_sent(c, j->next_seq - 1);
        }
    }
}

static uint64_t lower(uint64_t a, uint64_t b)
{
    return a == 0 || b < a ? b : a;
}

uint64_t consumers_lost(struct journal *j, uint64_t first_seq, uint64_t first_hint, bool is_exact)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < j->nconsumers; i++) {
        struct consumer *c = j->consumers[i];
        for (size_t k = c ? c->first : 0; c && k < c->n && c->v[k].seq < first_seq; k++) {
            if (!c->v[k].is_settled && c->v[k].hint < first_hint) {
                lost = lower(lost, c->v[k].seq);
            }
        }
        if (c && !c->is_live && c->seq < first_seq) {
            lost = is_exact ? lower(lost, c->seq) : lost;
            set_cursor(c, first_seq, 0, 0);
        }
    }
    return lost;
}

bool consumer_is_caught_up(const struct consumer *c)
{
    return c->is_live;
}

uint64_t consumer_flush(struct consumer *c)
{
    if (!c->noutcomes || c->j->is_fenced) {
        return 0;
    }
    struct arena a = {0};
    struct entry_outcomes o = {0};
    uint64_t seq = journal_append(c->j, ENTRY_OUTCOME, buf_str(&c->outcomes), NULL, NULL);
    if (seq && entry_get_outcomes(&a, buf_str(&c->outcomes), &o) == 0) {
        for (uint32_t i = 0; i < o.n; i++) {
            consumer_apply(c, &o.v[i]);
        }
    }
    arena_free(&a);
    if (seq) {
        buf_clear(&c->outcomes);
        c->noutcomes = 0;
        if (c->outcomes.cap > FLUSH_BYTES * 2) {
            buf_free(&c->outcomes);
        }
    }
    return seq;
}

static void sent_done(void *arg, enum journal_status status, uint64_t seq)
{
    struct consumer *c = arg;
    (void)seq;
    if (status == JOURNAL_STORED) {
        c->sent_durable = c->sent_asked;
    }
    struct sent_wait *waits = c->waits;
    size_t n = c->nwaits;
    c->waits = NULL;
    c->nwaits = c->wait_cap = 0;
    for (size_t i = 0; i < n; i++) {
        waits[i].done(waits[i].arg, status, waits[i].seq);
    }
    free(waits);
}

/* One at a time is on its way, so that its callback knows what it made durable. */
static void ask_sent(struct consumer *c)
{
    struct journal *j = c->j;
    struct buf b = {0};
    uint64_t through = j->next_seq + CONSUMER_SENT_AHEAD;
    wire_put_var(&b, c->destination);
    buf_putc(&b, (char)c->class);
    wire_put_var(&b, through);
    if (journal_append(j, ENTRY_SENT_THROUGH, buf_str(&b), sent_done, c)) {
        c->sent_asked = through;
    }
    buf_free(&b);
}

/* A sent-through was wanted and could not be appended. */
static bool waits_unasked(const struct consumer *c)
{
    return c->nwaits && c->sent_asked == c->sent_durable;
}

static void make_dirty(struct consumer *c)
{
    if (!c->is_dirty) {
        c->is_dirty = true;
        c->next_dirty = c->j->dirty;
        c->j->dirty = c;
    }
}

void consumers_flush(struct journal *j)
{
    struct consumer *c = j->dirty;
    j->dirty = NULL;
    while (c) {
        struct consumer *next = c->next_dirty;
        c->is_dirty = false;
        (void)consumer_flush(c); /* its number is for those who ask for it */
        if (waits_unasked(c)) {
            ask_sent(c);
        }
        if (c->noutcomes || waits_unasked(c)) { /* no room now: again with the next poll */
            make_dirty(c);
        }
        c = next;
    }
}

bool consumer_is_choked(const struct consumer *c)
{
    return c->outcomes.n > CHOKED_BYTES;
}

void consumer_outcome(struct consumer *c, const struct entry_outcome *o)
{
    if (!c->noutcomes) {
        entry_put_outcome_head(&c->outcomes, c->destination, c->class);
    }
    entry_put_outcome(&c->outcomes, o);
    c->noutcomes++;
    if (!c->is_dirty) {
        make_dirty(c);
        journal_signal(c->j);
    }
    if (c->outcomes.n > FLUSH_BYTES) {
        (void)consumer_flush(c);
    }
}

int consumer_reopen(struct consumer *c, const struct entry_outcome *o, uint64_t *out_entry)
{
    uint64_t seq = o->ref.seq;
    bool is_ahead = !is_before(seq, o->ref.output, c);
    if (is_ahead ? refmap_get(&c->ahead, seq, o->ref.output) != AHEAD_SETTLED
                 : find(c, seq, o->ref.output) != NULL) {
        return ERR_STATE;
    }
    if (seq < c->j->ops->floor(c->j) || seq > c->j->durable) {
        return ERR_NOT_FOUND;
    }
    (void)consumer_flush(c); /* what waits goes first, so that only this one is taken back below */
    if (c->noutcomes || consumer_count(c) >= CONSUMER_UNSETTLED_MAX) {
        return ERR_SPACE;
    }
    consumer_outcome(c, o);
    *out_entry = consumer_flush(c);
    if (*out_entry == 0) {
        buf_clear(&c->outcomes);
        c->noutcomes = 0;
        return ERR_SPACE;
    }
    return is_ahead;
}

bool consumer_may_send(struct consumer *c, uint64_t seq, uint32_t output, journal_done_fn done,
                       void *arg)
{
    (void)output; /* a sent-through covers whole messages */
    bool is_covered = seq <= c->sent_durable;
    bool is_near = seq + CONSUMER_SENT_AHEAD / 2 > c->sent_durable;
    if (is_near && c->sent_asked == c->sent_durable) {
        ask_sent(c);
    }
    if (is_covered) {
        return true;
    }
    if (c->nwaits == c->wait_cap) {
        c->wait_cap = c->wait_cap ? c->wait_cap * 2 : 8;
        c->waits = xrealloc(c->waits, c->wait_cap * sizeof(*c->waits));
    }
    c->waits[c->nwaits++] = (struct sent_wait){seq, done, arg};
    if (waits_unasked(c)) {
        make_dirty(c);
    }
    return false;
}

bool consumer_maybe_sent(const struct consumer *c, uint64_t seq, uint32_t output)
{
    (void)output;
    return seq <= c->sent_before;
}

const struct consumer_item *consumer_unsettled(const struct consumer *c, size_t *out_n)
{
    if (c->settled) {
        pack((struct consumer *)(uintptr_t)
                 c); /* the list is a view; packing does not change what it says */
    }
    *out_n = c->n - c->first;
    return c->v ? c->v + c->first : NULL;
}

size_t consumer_count(const struct consumer *c)
{
    return c->n - c->first - c->settled;
}

static uint64_t floor_of(const struct consumer *c)
{
    uint64_t unread = c->is_live ? c->j->called + 1 : c->seq;
    bool has_item = c->first < c->n;
    return has_item && c->v[c->first].seq < unread ? c->v[c->first].seq : unread;
}

uint64_t consumer_oldest(const struct consumer *c)
{
    return c->is_live && c->first == c->n ? 0 : floor_of(c);
}

uint64_t consumers_floor(const struct journal *j)
{
    uint64_t floor = j->called + 1;
    for (size_t i = 0; i < j->nconsumers; i++) {
        const struct consumer *c = j->consumers[i];
        uint64_t one = c ? floor_of(c) : floor;
        floor = one < floor ? one : floor;
    }
    return floor;
}

void consumer_remember_settled(struct consumer *c, bool on)
{
    c->keeps_settled = on;
}

bool consumer_was_settled(const struct consumer *c, uint64_t seq, uint32_t output)
{
    return refmap_get(&c->was_settled, seq, output) != 0;
}

void consumer_suspect_key(struct consumer *c, uint64_t key, uint64_t settled_seq)
{
    if (refmap_get(&c->suspects, key, 0) < settled_seq) {
        refmap_set(&c->suspects, key, 0, settled_seq);
    }
}

void consumer_check_item(struct consumer *c, uint64_t seq, uint32_t output,
                         const struct entry_output *o)
{
    struct consumer_item *item = find(c, seq, output);
    if (item && is_suspect(c, seq, o)) {
        item->is_held = item->is_suspect = true;
    }
}

static void put_item(struct buf *out, const struct consumer_item *i, uint64_t *seq, uint64_t *hint)
{
    wire_put_var(out, i->seq - *seq);
    wire_put_signed(out, (int64_t)(i->hint - *hint));
    wire_put_var(out, (uint64_t)i->output << 2 | (i->is_held ? 1 : 0) | (i->is_suspect ? 2 : 0));
    *seq = i->seq;
    *hint = i->hint;
}

static void put_one(const struct consumer *c, struct buf *out)
{
    wire_put_var(out, c->destination);
    buf_putc(out, (char)((unsigned)c->class | (c->is_live ? 2u : 0)));
    bool is_passed = c->is_live && c->seq <= c->j->called; /* the cursor follows the callbacks */
    wire_put_var(out, is_passed ? c->j->called + 1 : c->seq);
    wire_put_var(out, is_passed ? 0 : c->output);
    wire_put_var(out, c->is_live ? 0 : c->hint);
    wire_put_var(out, c->sent_asked);
    wire_put_var(out, consumer_count(c));
    uint64_t seq = 0, hint = 0;
    for (size_t i = c->first; i < c->n; i++) {
        if (!c->v[i].is_settled) {
            put_item(out, &c->v[i], &seq, &hint);
        }
    }
    wire_put_var(out, c->ahead.n);
    for (size_t i = 0; i < c->ahead.cap; i++) {
        const struct refmap_slot *s = &c->ahead.v[i];
        if (s->state == 1) {
            wire_put_var(out, s->a);
            wire_put_var(out, s->b);
            wire_put_var(out, s->value);
        }
    }
}

void consumers_put(struct journal *j, struct buf *out)
{
    uint32_t n = 0;
    for (size_t i = 0; i < j->nconsumers; i++) {
        n += j->consumers[i] != NULL;
    }
    wire_put_var(out, n);
    for (size_t i = 0; i < j->nconsumers; i++) {
        if (j->consumers[i]) {
            put_one(j->consumers[i], out);
        }
    }
}

static void get_items(struct consumer *c, struct wire *w)
{
    uint32_t n = wire_count(w, 3);
    uint64_t seq = 0, hint = 0;
    for (uint32_t i = 0; i < n && !w->is_bad; i++) {
        struct consumer_item item = {0};
        item.seq = seq += wire_var(w);
        item.hint = hint += (uint64_t)wire_signed(w);
        uint64_t bits = wire_var(w);
        item.output = (uint32_t)(bits >> 2);
        item.is_held = bits & 1;
        item.is_suspect = (bits & 2) != 0;
        (void)push(c, &item);
    }
    n = wire_count(w, 3);
    for (uint32_t i = 0; i < n && !w->is_bad; i++) {
        uint64_t a = wire_var(w);
        uint32_t b = wire_var32(w);
        refmap_set(&c->ahead, a, b, wire_var(w));
    }
}

void consumers_get(struct journal *j, struct wire *w)
{
    uint32_t n = wire_count(w, 8);
    for (uint32_t i = 0; i < n && !w->is_bad; i++) {
        uint32_t destination = wire_var32(w);
        uint8_t bits = wire_u8(w);
        w->is_bad |= bits > 3 || destination >= TABLES_NAMES_MAX;
        if (w->is_bad) {
            return;
        }
        struct consumer *c = consumer_get(j, destination, (enum entry_class)(bits & 1));
        c->is_live = bits & 2;
        uint64_t seq = wire_var(w);
        uint32_t output = wire_var32(w);
        set_cursor(c, seq, output, wire_var(w));
        c->sent_asked = c->sent_durable = c->sent_before = wire_var(w);
        get_items(c, w);
    }
}
