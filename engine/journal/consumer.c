#include "engine/journal/consumer.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/consumer_priv.h"

#include <stdlib.h>

enum {
    FLUSH_BYTES = 64 * 1024, /* outcomes of one entry */
    CHOKED_BYTES = 16 << 20, /* well below JOURNAL_BODY_MAX: they must fit into one entry later */
    SETTLED_MOST = 64,       /* settled items left in the list before it is worth packing it */
};

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

/* What an item keeps: its volume, and its bytes of the backlog. */
static void count_item(struct consumer *c, const struct consumer_item *item, bool is_in)
{
    c->held_bytes += is_in ? item->bytes : 0;
    c->held_bytes -= is_in ? 0 : item->bytes;
    if (c->j->ops->hold) {
        c->j->ops->hold(c->j, item->home, is_in);
    }
}

struct consumer_item *consumer_push(struct consumer *c, const struct consumer_item *item)
{
    if (c->n == c->cap) {
        if (c->settled + c->first > c->cap / 2) {
            pack(c);
        } else {
            c->cap = c->cap ? c->cap * 2 : 16;
            c->v = xrealloc(c->v, c->cap * sizeof(*c->v));
        }
    }
    count_item(c, item, true);
    c->v[c->n] = *item;
    return &c->v[c->n++];
}

void consumer_move(struct consumer *c, struct consumer_item *item, uint64_t home, uint64_t hint,
                   uint32_t bytes)
{
    count_item(c, item, false);
    item->home = home;
    item->hint = hint;
    item->bytes = bytes;
    count_item(c, item, true);
}

/* The first item at or behind (seq, output). */
static size_t place(const struct consumer *c, uint64_t seq, uint32_t output)
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
    return low;
}

struct consumer_item *consumer_find_item(const struct consumer *c, uint64_t seq, uint32_t output)
{
    size_t at = place(c, seq, output);
    bool is_it = at < c->n && c->v[at].seq == seq && c->v[at].output == output;
    return is_it && !c->v[at].is_settled ? &c->v[at] : NULL;
}

const struct consumer_item *consumer_find(const struct consumer *c, uint64_t seq, uint32_t output)
{
    return consumer_find_item(c, seq, output);
}

bool consumer_is_open(const struct consumer *c, uint64_t seq, uint32_t output)
{
    return consumer_is_before(seq, output, c) ? consumer_find(c, seq, output) != NULL
                                              : refmap_get(&c->ahead, seq, output) != AHEAD_SETTLED;
}

static void settle(struct consumer *c, struct consumer_item *item)
{
    count_item(c, item, false);
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
struct consumer_item *consumer_insert(struct consumer *c, uint64_t seq, uint32_t output)
{
    struct consumer_item new = {.seq = seq, .home = seq, .output = output};
    size_t at;
    pack(c);
    (void)consumer_push(c, &new); /* room for one more */
    for (at = c->n - 1; at > 0; at--) {
        const struct consumer_item *before = &c->v[at - 1];
        if (before->seq < seq || (before->seq == seq && before->output < output)) {
            break;
        }
        c->v[at] = *before;
    }
    c->v[at] = new;
    refmap_set(&c->was_settled, seq, output, 0);
    if (c->j->release_seq > seq) {
        c->j->release_at = 0;
    }
    return &c->v[at];
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
    c->has_open_ahead |= mark != AHEAD_SETTLED;
}

void consumer_apply(struct consumer *c, const struct entry_outcome *o)
{
    if (c->keeps_settled && is_final(o->verdict)) {
        refmap_set(&c->was_settled, o->ref.seq, o->ref.output, 1);
    }
    if (!consumer_is_before(o->ref.seq, o->ref.output, c)) {
        apply_ahead(c, o);
        return;
    }
    struct consumer_item *item = consumer_find_item(c, o->ref.seq, o->ref.output);
    if (!item) { /* settled twice: the first outcome stands */
        if (o->verdict == ENTRY_RELEASED) {
            (void)consumer_insert(c, o->ref.seq, o->ref.output);
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
bool consumer_take(struct consumer *c, const struct consumer_item *where,
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
    *out = *consumer_push(c, &item);
    return true;
}

/* What lies ahead of the cursor, counted once. */
static void count_ahead(struct consumer *c, uint64_t seq, uint32_t output, uint64_t bytes)
{
    if (seq > c->counted_seq || (seq == c->counted_seq && output >= c->counted_output)) {
        c->unread_bytes += bytes;
        c->unread++;
        c->counted_seq = seq;
        c->counted_output = output + 1;
    }
}

void consumer_count_read(struct consumer *c, uint64_t bytes)
{
    c->unread_bytes -= bytes < c->unread_bytes ? bytes : c->unread_bytes;
    c->unread -= c->unread != 0;
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
        struct consumer_item where = {.seq = s->e.seq, .home = s->e.seq, .hint = s->hint};
        where.output = i;
        where.bytes = (uint32_t)s->e.body.n;
        consumer_count_read(c, where.bytes);
        is_taken = consumer_take(c, &where, &m->outputs[i], out);
        i = find_output(c, m, i + 1);
    }
    if (i < m->noutputs) {
        consumer_set_cursor(c, s->e.seq, i, s->hint);
    } else {
        consumer_set_cursor(c, s->e.seq + 1, 0, next_hint);
    }
    return is_taken;
}

/* The item, or another one of its message. */
static const struct consumer_item *any_of(const struct consumer *c, uint64_t seq, uint32_t output)
{
    const struct consumer_item *item = consumer_find(c, seq, output);
    size_t at = place(c, seq, 0);
    while (!item && at < c->n && c->v[at].seq == seq) {
        item = c->v[at].is_settled ? NULL : &c->v[at];
        at++;
    }
    return item;
}

int journal_read_message(const struct journal *j, uint64_t seq, struct arena *a,
                         struct entry_message *out)
{
    struct entry e;
    uint64_t named;
    int rc = journal_read((struct journal *)(uintptr_t)j, seq, 0, a, &e); /* windows only */
    if (rc == 0) {
        return entry_get_any(a, &e, &named, out) == 0 && named == seq ? 0 : ERR_NOT_FOUND;
    }
    for (size_t i = 0; i < j->nconsumers && rc == ERR_NOT_FOUND; i++) {
        const struct consumer *c = j->consumers[i];
        const struct consumer_item *item = c ? any_of(c, seq, 0) : NULL;
        rc = item ? consumer_read(c, seq, item->output, a, out) : rc;
    }
    return rc;
}

int consumer_read(const struct consumer *c, uint64_t seq, uint32_t output, struct arena *a,
                  struct entry_message *out)
{
    const struct consumer_item *item = any_of(c, seq, output);
    struct entry e;
    uint64_t named;
    if (item && item->home > c->j->durable) {
        return ERR_STATE;
    }
    int rc = journal_read(c->j, item ? item->home : seq, item ? item->hint : 0, a, &e);
    rc = rc == 0 ? entry_get_any(a, &e, &named, out) : rc;
    return rc == 0 && (named != seq || output >= out->noutputs) ? ERR_DAMAGE : rc;
}

/* What was taken into the list while its volume was cleaned, and nobody was told. */
static int next_unoffered(struct consumer *c, struct arena *a, struct entry_message *out_message,
                          struct consumer_item *out_item)
{
    size_t at = c->offer_seq ? place(c, c->offer_seq, c->offer_output) : c->n;
    while (at < c->n && c->v[at].is_settled) {
        at++;
    }
    if (at == c->n) {
        c->offer_seq = 0;
        return 0;
    }
    struct consumer_item *item = &c->v[at];
    int rc = consumer_read(c, item->seq, item->output, a, out_message);
    if (rc == ERR_IO || rc == ERR_STATE) {
        return rc;
    }
    c->offer_seq = item->seq;
    c->offer_output = item->output + 1;
    if (rc != 0) { /* a person decides; its keys are not known */
        item->is_held = item->is_suspect = true;
        return ERR_DAMAGE;
    }
    *out_item = *item;
    return 1;
}

int consumer_next(struct consumer *c, struct arena *a, struct entry_message *out_message,
                  struct consumer_item *out_item)
{
    struct journal *j = c->j;
    int waiting = next_unoffered(c, a, out_message, out_item);
    if (waiting != 0) {
        return waiting;
    }
    if (consumer_count(c) >= CONSUMER_UNSETTLED_MAX) {
        return ERR_LIMIT;
    }
    while (!c->is_live) {
        struct arena_mark mark = arena_mark(a);
        struct journal_cursor at = {c->seq, {c->hint, 0}};
        struct stored s;
        int rc = read_next(j, &at, j->called, ENTRY_MESSAGES, a, &s);
        if (rc == 0) {
            c->is_live = true;
            c->unread_bytes = c->unread = 0;
            consumer_set_cursor(c, j->called + 1, 0, at.hint[0]);
            break;
        }
        rc = rc == 1 && entry_get_message(a, s.e.body, out_message) != 0 ? ERR_DAMAGE : rc;
        if (rc < 0) {
            if (rc == ERR_DAMAGE) {
                uint64_t from = c->seq;
                consumer_set_cursor(c, at.next, 0, at.hint[0]);
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
        count_ahead(c, seq, output, j->calling_bytes);
        return false;
    }
    if (consumer_is_before(seq, output, c) || consumer_count(c) >= CONSUMER_UNSETTLED_MAX) {
        j->taken--;
        return false;
    }
    struct consumer_item item = {
        .seq = seq, .home = seq, .hint = j->calling_hint, .output = output};
    item.bytes = (uint32_t)j->calling_bytes;
    *out_item = *consumer_push(c, &item);
    consumer_set_cursor(c, seq, output + 1, j->calling_hint);
    return true;
}

void consumer_hold(struct consumer *c, uint64_t seq, uint32_t output)
{
    struct consumer_item *item = consumer_find_item(c, seq, output);
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
        if (consumer_is_before(s->e.seq, i, c)) {
            continue;
        }
        if (c->is_live) {
            c->is_live = false;
            consumer_set_cursor(c, s->e.seq, i, s->hint);
        }
        count_ahead(c, s->e.seq, i, s->e.body.n);
    }
}

void consumers_fall_behind(struct journal *j, const struct waiting *w)
{
    struct arena a = {0};
    struct journal_cursor at = {w->seq, {w->hint, 1}};
    struct stored s;
    struct entry_message m;
    if (read_next(j, &at, w->seq, ENTRY_MESSAGES, &a, &s) == 1 &&
        entry_get_message(&a, s.e.body, &m) == 0) {
        consumers_see(j, &s, &m);
    } else { /* it cannot be read back: whoever it is for finds out when the cursor gets there */
        for (size_t i = 0; i < j->nconsumers; i++) {
            struct consumer *c = j->consumers[i];
            if (c && c->is_live) {
                c->is_live = false;
                consumer_set_cursor(c, c->seq > w->seq ? c->seq : w->seq,
                                    c->seq == w->seq ? c->output : 0, 0);
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
            refmap_drop_before(&c->ahead, c->seq, c->output);
            if (c->is_live && c->seq <= end_seq) {
                consumer_set_cursor(c, end_seq + 1, 0, 0);
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

uint64_t consumers_lost(struct journal *j, uint64_t first_seq, bool is_exact)
{
    uint64_t lost = 0;
    for (size_t i = 0; i < j->nconsumers; i++) {
        struct consumer *c = j->consumers[i];
        for (size_t k = c ? c->first : 0; c && k < c->n && c->v[k].seq < first_seq; k++) {
            if (!c->v[k].is_settled && c->v[k].home < first_seq) {
                lost = lower(lost, c->v[k].seq);
            }
        }
        if (c && !c->is_live && c->seq < first_seq) {
            lost = is_exact ? lower(lost, c->seq) : lost;
            consumer_set_cursor(c, first_seq, 0, 0);
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

uint64_t consumer_outcomes_now(struct consumer *c, const struct entry_outcome *v, uint32_t n,
                               journal_done_fn done, void *arg)
{
    struct buf b = {0};
    (void)consumer_flush(c); /* in the order in which they came */
    if (c->noutcomes) {
        return 0;
    }
    entry_put_outcomes(&b, &(struct entry_outcomes){c->destination, c->class, v, n});
    uint64_t seq = journal_append(c->j, ENTRY_OUTCOME, buf_str(&b), done, arg);
    for (uint32_t i = 0; i < n && seq; i++) {
        consumer_apply(c, &v[i]);
    }
    buf_free(&b);
    return seq;
}

int consumer_reopen(struct consumer *c, const struct entry_outcome *o, uint64_t *out_entry)
{
    uint64_t seq = o->ref.seq;
    bool is_ahead = !consumer_is_before(seq, o->ref.output, c);
    if (is_ahead ? refmap_get(&c->ahead, seq, o->ref.output) != AHEAD_SETTLED
                 : consumer_find_item(c, seq, o->ref.output) != NULL) {
        return ERR_STATE;
    }
    if (seq < c->j->ops->floor(c->j) || seq > c->j->durable) {
        return ERR_NOT_FOUND;
    }
    if (consumer_count(c) >= CONSUMER_UNSETTLED_MAX) {
        return ERR_SPACE;
    }
    struct entry_outcome again = *o;
    again.reply = STR(ENTRY_AGAIN);
    *out_entry = consumer_outcomes_now(c, &again, 1, NULL, NULL);
    return *out_entry ? is_ahead : ERR_SPACE;
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
    *out_n = (c->offer_seq ? place(c, c->offer_seq, c->offer_output) : c->n) - c->first;
    return c->v ? c->v + c->first : NULL;
}

size_t consumer_count(const struct consumer *c)
{
    return c->n - c->first - c->settled;
}

static uint64_t unread_from(const struct consumer *c)
{
    return c->is_live ? c->j->called + 1 : c->seq;
}

uint64_t consumer_unread(const struct consumer *c)
{
    size_t taken = c->offer_seq ? c->n - place(c, c->offer_seq, c->offer_output) : 0;
    return taken + c->unread;
}

uint64_t consumer_backlog(const struct consumer *c)
{
    return c->held_bytes + c->unread_bytes;
}

uint64_t consumer_oldest(const struct consumer *c)
{
    return c->first < c->n ? c->v[c->first].seq : c->is_live ? 0 : c->seq;
}

/* Where nothing counts what volumes hold, the first item tells; it was never written again. */
static uint64_t floor_of(const struct consumer *c)
{
    uint64_t unread = unread_from(c);
    bool is_first = !c->j->ops->hold && c->first < c->n && c->v[c->first].seq < unread;
    return is_first ? c->v[c->first].seq : unread;
}

uint64_t consumers_floor(const struct journal *j)
{
    uint64_t floor = j->called + 1;
    uint64_t held = j->ops->hold ? j->ops->held_from(j) : floor;
    for (size_t i = 0; i < j->nconsumers; i++) {
        const struct consumer *c = j->consumers[i];
        uint64_t one = c ? floor_of(c) : floor;
        floor = one < floor ? one : floor;
    }
    return held < floor ? held : floor;
}

uint64_t consumers_lowest(const struct journal *j)
{
    uint64_t lowest = j->called + 1;
    for (size_t i = 0; i < j->nconsumers; i++) {
        const struct consumer *c = j->consumers[i];
        uint64_t one = c ? unread_from(c) : lowest;
        lowest = one < lowest ? one : lowest;
        for (size_t k = c ? c->first : 0; c && k < c->n; k++) {
            bool is_lower = !c->v[k].is_settled && c->v[k].home < lowest;
            lowest = is_lower ? c->v[k].home : lowest;
        }
    }
    return lowest;
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
    struct consumer_item *item = consumer_find_item(c, seq, output);
    if (item && is_suspect(c, seq, o)) {
        item->is_held = item->is_suspect = true;
    }
}
