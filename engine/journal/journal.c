/* The front of the journal: numbers, order, checkpoints, its beginning and its end. */
#include "engine/journal/journal.h"

#include "engine/base/mem.h"
#include "engine/journal/journal_priv.h"
#include "engine/journal/keys.h"

#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { SCRATCH_KEEP = 256 * 1024 };

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

/* In as many entries as it takes; each names the first of them, and where that stands. */
static void put_state(struct journal *j, struct str whole)
{
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
                        .body = str_slice(whole, at, at + n)};
        (void)journal_put(j, &p, &(struct waiting){0});
        first_hint = at == 0 ? ring_last(&j->ring)->hint : first_hint;
        at += n;
    }
    j->checkpoint_seq = first;
    j->checkpoint_from = j->called + 1 < first ? j->called + 1 : first;
}

void journal_checkpoint(struct journal *j)
{
    struct buf whole = {0};
    j->in_checkpoint = true;
    journal_note_age(j);
    wire_put_u64(&whole, j->called + 1);
    tables_put(&j->tables, &whole);
    consumers_put(j, &whole);
    put_state(j, buf_str(&whole));
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

uint64_t journal_put_scratch(struct journal *j, enum entry_type type, journal_done_fn done,
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
    return journal_put_scratch(j, m->nmembers ? ENTRY_GROUP : ENTRY_MESSAGE, done, arg);
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

void journal_close(struct journal **jp)
{
    struct journal *j = *jp;
    if (!j) {
        return;
    }
    if (!j->is_fenced) {
        consumers_flush(j);
        int rc = j->ops->drain(j, &j->durable);
        journal_call_durable(j);
        if (rc == 0) { /* what callbacks appended, and the state after them */
            consumers_flush(j);
            journal_checkpoint(j);
            (void)journal_put(j, &(struct put){.type = ENTRY_END}, &(struct waiting){0});
            rc = j->ops->drain(j, &j->durable);
            journal_call_durable(j);
        }
        if (rc != 0) {
            journal_fence(j);
        }
    }
    journal_discard(jp);
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
