#include "engine/journal/journal.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/journal_priv.h"
#include "engine/journal/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { SCRATCH_KEEP = 256 * 1024 };

static const struct str OWN = {"journal", 7};
static const struct str DAMAGE_KEY = {"damage", 6};
static const struct str CLOCK_KEY = {"clock", 5};
static const struct str ACCEPTED_KEY = {"accepted", 8};
static const struct str RESTORED_KEY = {"restored", 8};

struct journal *journal_new(struct clock clock, uint64_t (*random)(void *), void *random_arg)
{
    struct journal *j = X_NEW(struct journal);
    j->clock = clock;
    j->next_seq = 1;
    j->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    for (int i = 0; i < 2; i++) {
        uint64_t r = random(random_arg);
        memcpy(j->hash_key + 8 * i, &r, sizeof(r));
    }
    return j;
}

void journal_discard(struct journal **jp)
{
    struct journal *j = *jp;
    if (!j) {
        return;
    }
    keys_free(&j->keys);
    if (j->store) {
        j->ops->close(j);
    }
    consumers_free(j);
    tables_free(&j->tables);
    buf_free(&j->scratch);
    free(j->ring.v);
    if (j->fd >= 0) {
        close(j->fd);
    }
    free(j);
    *jp = NULL;
}

void journal_signal(struct journal *j)
{
    if (!atomic_exchange(&j->is_signalled, true)) {
        uint64_t one = 1;
        ssize_t n = write(j->fd, &one, sizeof(one));
        (void)n; /* the counter cannot overflow: it is at most 1 */
    }
}

static void ring_push(struct ring *r, const struct waiting *w)
{
    if (r->n == r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 64;
        struct waiting *v = xmalloc(cap * sizeof(*v));
        for (size_t i = 0; i < r->n; i++) {
            v[i] = r->v[(r->first + i) & (r->cap - 1)];
        }
        free(r->v);
        r->v = v;
        r->cap = cap;
        r->first = 0;
    }
    r->v[(r->first + r->n++) & (r->cap - 1)] = *w;
}

static struct waiting ring_pop(struct ring *r)
{
    struct waiting w = r->v[r->first];
    r->first = (r->first + 1) & (r->cap - 1);
    r->n--;
    return w;
}

static const struct waiting *ring_last(const struct ring *r)
{
    return &r->v[(r->first + r->n - 1) & (r->cap - 1)];
}

uint64_t journal_last_hint(const struct journal *j)
{
    return ring_last(&j->ring)->hint;
}

static uint64_t lay(struct journal *j, const struct put *p, const struct waiting *w)
{
    struct put one = *p;
    struct waiting mine = *w;
    one.seq = mine.seq = j->next_seq++;
    if (j->is_deferring && !one.is_patient) {
        one.is_patient = j->wants_commit = true;
    }
    mine.hint = j->ops->lay(j, &one);
    mine.bytes = (uint32_t)(p->head.n + p->body.n);
    j->waiting_bytes += mine.bytes;
    ring_push(&j->ring, &mine);
    return one.seq;
}

uint64_t journal_put(struct journal *j, const struct put *p, const struct waiting *w)
{
    size_t n = p->head.n + p->body.n;
    if (j->ops->make_room(j, n) && !j->in_checkpoint) {
        journal_checkpoint(j);
        j->in_checkpoint = true; /* what falls due now is made in front of the next entry */
        (void)j->ops->make_room(j, n);
        j->in_checkpoint = false;
    }
    uint64_t seq = lay(j, p, w);
    if (j->no_thread) {
        journal_signal(j);
    }
    return seq;
}

/* ---- age ---- */

/* The time for the next start, in the table of states; "!" when the clock is doubted. */
static struct str clock_text(const struct journal *j, char out[32])
{
    int n = snprintf(out, 32, "%lld%s", (long long)j->age_us, j->age.is_suspended ? "!" : "");
    return str_from(out, (size_t)n);
}

int64_t journal_age(struct journal *j)
{
    j->age_us = age_now(&j->age, j->clock.wall_us(j->clock.arg), j->clock.mono_us(j->clock.arg));
    return j->age_us;
}

void journal_begin_age(struct journal *j, int64_t newest_us)
{
    int64_t recorded = 0;
    struct str text = journal_state(j, OWN, CLOCK_KEY);
    bool was_doubted = str_ends(text, STR("!"));
    text = str_slice(text, 0, text.n - (was_doubted ? 1 : 0));
    if (!str_to_i64(text, &recorded) || recorded < newest_us) {
        recorded = newest_us;
    }
    age_begin(&j->age, recorded, was_doubted, j->clock.wall_us(j->clock.arg),
              j->clock.mono_us(j->clock.arg));
    j->age_us = j->age.us;
}

/* Every ten minutes: a start after a crash knows about how late it was. */
static void record_age(struct journal *j)
{
    char text[32];
    (void)journal_age(j);
    if (j->age.is_due && !j->is_fenced) {
        j->age.is_due = false;
        journal_state_set(j, OWN, CLOCK_KEY, clock_text(j, text), NULL, NULL);
    }
}

bool journal_is_clock_doubted(const struct journal *j, int64_t *out_step_us)
{
    if (out_step_us) {
        *out_step_us = j->age.is_suspended ? j->age.step_us : 0;
    }
    return j->age.is_suspended;
}

void journal_accept_clock(struct journal *j)
{
    age_accept(&j->age, j->clock.wall_us(j->clock.arg), j->clock.mono_us(j->clock.arg));
    record_age(j);
}

void journal_checkpoint(struct journal *j)
{
    struct buf whole = {0};
    char text[32];
    j->in_checkpoint = true;
    if (j->ops->hold) { /* only volumes have an age */
        (void)journal_age(j);
        tables_state_set(&j->tables, OWN, CLOCK_KEY, clock_text(j, text));
    }
    wire_put_u64(&whole, j->called + 1);
    tables_put(&j->tables, &whole);
    consumers_put(j, &whole);
    uint64_t first = j->next_seq, first_hint = 0;
    for (size_t at = 0; at < whole.n;) {
        char head[16];
        size_t n = whole.n - at;
        size_t most = j->body_max - sizeof(head);
        n = n > most ? most : n;
        wire_store64(head, first);
        wire_store64(head + 8, first_hint);
        struct put p = {.type = ENTRY_CHECKPOINT,
                        .flags = at + n == whole.n ? ENTRY_FLAG_FINAL : 0,
                        .head = str_from(head, sizeof(head)),
                        .body = str_from(whole.p + at, n)};
        (void)journal_put(j, &p, &(struct waiting){0});
        first_hint = at == 0 ? ring_last(&j->ring)->hint : first_hint;
        at += n;
    }
    j->checkpoint_seq = first;
    j->checkpoint_from = j->called + 1 < first ? j->called + 1 : first;
    j->in_checkpoint = false;
    buf_free(&whole);
}

/* Cut the beginning of a body into part entries; what is left goes into the entry itself. */
static struct str put_parts(struct journal *j, struct str body, char head[24])
{
    uint64_t total = body.n;
    size_t most = j->body_max - 24;
    j->in_parts = true;
    for (bool is_first = true; body.n > most; is_first = false) {
        struct put p = {.type = ENTRY_PART, .body = str_slice(body, 0, most)};
        uint64_t seq = journal_put(j, &p, &(struct waiting){0});
        if (is_first) {
            wire_store64(head, seq);
            wire_store64(head + 8, ring_last(&j->ring)->hint);
        }
        body = str_slice(body, most, body.n);
    }
    wire_store64(head + 16, total);
    return body;
}

uint64_t journal_append(struct journal *j, enum entry_type type, struct str body,
                        journal_done_fn done, void *arg)
{
    if (j->is_fenced || body.n > JOURNAL_BODY_MAX || !j->ops->admits(j, type, body.n)) {
        return 0;
    }
    struct waiting w = {.done = done, .arg = arg, .whole = (uint32_t)body.n};
    w.noutputs = entry_is_message(type) ? entry_peek_outputs(body) : 0;
    struct put p = {.type = type,
                    .body = body,
                    .is_patient = !done && (type == ENTRY_OUTCOME || type == ENTRY_CARRY)};
    char head[24];
    if (body.n > j->body_max) {
        p.body = put_parts(j, body, head);
        p.head = str_from(head, sizeof(head));
        p.flags = ENTRY_FLAG_PARTED;
    }
    uint64_t seq = journal_put(j, &p, &w);
    j->in_parts = false;
    return seq;
}

void journal_defer(struct journal *j)
{
    j->is_deferring = true;
}

void journal_commit(struct journal *j)
{
    if (j->wants_commit) {
        j->wants_commit = false;
        j->ops->hurry(j);
    }
}

bool journal_is_full(const struct journal *j)
{
    return j->ring.n > JOURNAL_WAITING_MAX || j->waiting_bytes > JOURNAL_WAITING_BYTES;
}

int journal_fd(const struct journal *j)
{
    return j->fd;
}

static void call_one(struct journal *j, enum journal_status status)
{
    struct waiting w = ring_pop(&j->ring);
    j->waiting_bytes -= w.bytes;
    j->place = w.hint;
    bool is_message = status == JOURNAL_STORED && w.noutputs > 0;
    if (is_message) {
        j->calling = w.seq;
        j->calling_hint = w.hint;
        j->calling_bytes = w.whole;
        j->taken = 0;
    }
    if (w.done) {
        w.done(w.arg, status, w.seq);
    }
    if (is_message && j->taken < w.noutputs) {
        consumers_fall_behind(j, &w);
    }
    j->calling = 0;
    if (status == JOURNAL_STORED) {
        j->called = w.seq;
    }
}

static void call_durable(struct journal *j)
{
    while (j->ring.n && j->ring.v[j->ring.first].seq <= j->durable) {
        call_one(j, JOURNAL_STORED);
    }
    j->called = j->durable;
}

static void fence(struct journal *j)
{
    j->is_fenced = true;
    while (j->ring.n) {
        call_one(j, JOURNAL_UNKNOWN);
    }
}

/* A floor counts only when everything that made it is durable. */
static void release(struct journal *j)
{
    for (int i = 0; i < 2;
         i++) { /* the second time for what is durable already: nothing else may come */
        if (j->release_at && j->durable >= j->release_at) {
            j->ops->release(j, j->release_seq);
            j->release_at = 0;
        }
        if (!j->release_at) {
            uint64_t floor = consumers_floor(j);
            j->release_seq = floor < j->checkpoint_from ? floor : j->checkpoint_from;
            j->release_at = j->next_seq - 1;
        }
    }
}

/* Let go what is settled; write again what keeps the rest. */
static void tidy(struct journal *j)
{
    if (j->ops->clean) {
        record_age(j);
    }
    release(j);
    if (j->ops->clean) {
        j->ops->clean(j);
    }
}

void journal_tick(struct journal *j)
{
    if (!j->is_fenced) {
        tidy(j);
    }
}

static void drain_fd(struct journal *j)
{
    uint64_t n;
    /* Between the writer's flag and its write there is nothing to read yet: the flag stays, or the write
     * would leave the descriptor readable with nobody to read it. */
    if (atomic_load(&j->is_signalled) && read(j->fd, &n, sizeof(n)) == (ssize_t)sizeof(n)) {
        atomic_store(&j->is_signalled, false);
    }
}

int journal_poll(struct journal *j)
{
    drain_fd(j);
    if (j->is_fenced) {
        return ERR_IO;
    }
    consumers_flush(j);
    int rc = j->ops->poll(j, &j->durable);
    call_durable(j);
    if (rc != 0) {
        fence(j);
        return ERR_IO;
    }
    consumers_flush(j);
    tidy(j);
    keys_poll(j->keys);
    if (j->no_thread && j->ring.n) {
        journal_signal(j);
    }
    return 0;
}

void journal_close(struct journal **jp)
{
    struct journal *j = *jp;
    if (!j) {
        return;
    }
    if (!j->is_fenced) {
        consumers_flush(j);
        int rc = j->ops->drain(j, &j->durable);
        call_durable(j);
        if (rc == 0) { /* what callbacks appended, and the state after them */
            consumers_flush(j);
            journal_checkpoint(j);
            (void)journal_put(j, &(struct put){.type = ENTRY_END}, &(struct waiting){0});
            rc = j->ops->drain(j, &j->durable);
            call_durable(j);
        }
        if (rc != 0) {
            fence(j);
        }
    }
    journal_discard(jp);
}

static uint64_t put_scratch(struct journal *j, enum entry_type type, journal_done_fn done,
                            void *arg)
{
    uint64_t seq = journal_append(j, type, buf_str(&j->scratch), done, arg);
    buf_clear(&j->scratch);
    if (j->scratch.cap > SCRATCH_KEEP) {
        buf_free(&j->scratch);
    }
    return seq;
}

uint64_t journal_append_message(struct journal *j, const struct entry_message *m,
                                journal_done_fn done, void *arg)
{
    entry_put_message(&j->scratch, m);
    return put_scratch(j, m->nmembers ? ENTRY_GROUP : ENTRY_MESSAGE, done, arg);
}

static void append_name(struct journal *j, enum journal_kind kind, uint32_t id, struct str name)
{
    buf_putc(&j->scratch, (char)kind);
    wire_put_var(&j->scratch, id);
    wire_put_str(&j->scratch, name);
    (void)put_scratch(j, ENTRY_NAMES, NULL,
                      NULL); /* a checkpoint in front of it holds the name already */
}

uint32_t journal_name_id(const struct journal *j, enum journal_kind kind, struct str name)
{
    return tables_name_id(&j->tables, kind, name);
}

bool journal_rename(struct journal *j, enum journal_kind kind, uint32_t id, struct str name)
{
    if (j->is_fenced || name.n > TABLES_KEY_MAX || tables_rename(&j->tables, kind, id, name) != 0) {
        return false;
    }
    append_name(j, kind, id, name);
    return true;
}

struct str journal_name_first(const struct journal *j, enum journal_kind kind, uint32_t id)
{
    return tables_name_first(&j->tables, kind, id);
}

uint32_t journal_name(struct journal *j, enum journal_kind kind, struct str name)
{
    uint32_t id = tables_name_id(&j->tables, kind, name);
    if (id) {
        return id;
    }
    id = j->tables.nnames[kind] + 1;
    if (j->is_fenced || name.n == 0 || name.n > TABLES_KEY_MAX ||
        tables_name_add(&j->tables, kind, id, name) != 0) {
        return 0;
    }
    append_name(j, kind, id, name);
    if (kind == JOURNAL_DESTINATION) {
        (void)consumer_get(j, id, ENTRY_INTERACTIVE);
        (void)consumer_get(j, id, ENTRY_BULK);
    }
    return id;
}

struct str journal_name_text(const struct journal *j, enum journal_kind kind, uint32_t id)
{
    return tables_name_text(&j->tables, kind, id);
}

void journal_state_set(struct journal *j, struct str owner, struct str key, struct str value,
                       journal_done_fn done, void *arg)
{
    if (j->is_fenced || owner.n + key.n + 1 > TABLES_KEY_MAX) {
        if (done) {
            done(arg, JOURNAL_REFUSED, 0);
        }
        return;
    }
    wire_put_str(&j->scratch, owner);
    wire_put_str(&j->scratch, key);
    wire_put_str(&j->scratch, value);
    tables_state_set(&j->tables, owner, key, value);
    if (put_scratch(j, ENTRY_STATE, done, arg) == 0 && done) {
        done(arg, JOURNAL_REFUSED, 0);
    }
}

struct str journal_state(const struct journal *j, struct str owner, struct str key)
{
    return tables_state(&j->tables, owner, key);
}

bool journal_state_next(const struct journal *j, struct str owner, size_t *cursor,
                        struct str *out_key, struct str *out_value)
{
    return tables_state_next(&j->tables, owner, cursor, out_key, out_value);
}

void journal_keep_from(struct journal *j, uint64_t seq)
{
    j->keep_from = seq;
}

const uint8_t *journal_hash_key(const struct journal *j)
{
    return j->hash_key;
}

struct consumer *journal_consumer(struct journal *j, uint32_t destination, enum entry_class class)
{
    return consumer_get(j, destination, class);
}

const struct journal_stats *journal_stats(const struct journal *j)
{
    return &j->stats;
}

int journal_error(const struct journal *j)
{
    return j->error;
}

bool journal_is_degraded(const struct journal *j)
{
    return journal_state(j, OWN, DAMAGE_KEY).n > 0;
}

void journal_accept_damage(struct journal *j)
{
    if (journal_is_degraded(j)) {
        char text[32];
        int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)j->ops->newest(j));
        journal_state_set(j, OWN, ACCEPTED_KEY, str_from(text, (size_t)n), NULL, NULL);
        journal_state_set(j, OWN, DAMAGE_KEY, str_from("", 0), NULL, NULL);
    }
}

uint64_t journal_accepted(const struct journal *j)
{
    int64_t n = 0;
    return str_to_i64(journal_state(j, OWN, ACCEPTED_KEY), &n) && n > 0 ? (uint64_t)n : 0;
}

uint64_t journal_restored(const struct journal *j)
{
    int64_t n = 0;
    return str_to_i64(journal_state(j, OWN, RESTORED_KEY), &n) && n > 0 ? (uint64_t)n : 0;
}

void journal_note_restored(struct journal *j, uint64_t through)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)through);
    journal_state_set(j, OWN, RESTORED_KEY, str_from(text, (size_t)n), NULL, NULL);
    j->restored = through;
}

void journal_note_damage(struct journal *j, uint64_t from, uint64_t to)
{
    char text[64];
    int n =
        snprintf(text, sizeof(text), "%llu-%llu", (unsigned long long)from, (unsigned long long)to);
    journal_state_set(j, OWN, DAMAGE_KEY, str_from(text, (size_t)n), NULL, NULL);
}
