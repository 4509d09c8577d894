/* What becomes durable: callbacks are run in the order of the numbers, and what nobody needs any more is let go. */
#include "engine/base/err.h"
#include "engine/journal/journal_priv.h"
#include "engine/journal/keys.h"

#include <unistd.h>

static struct waiting ring_pop(struct ring *r)
{
    struct waiting w = r->v[r->first];
    r->first = (r->first + 1) & (r->cap - 1);
    r->n--;
    return w;
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

void journal_call_durable(struct journal *j)
{
    while (j->ring.n && j->ring.v[j->ring.first].seq <= j->durable) {
        call_one(j, JOURNAL_STORED);
    }
    j->called = j->durable;
}

void journal_fence(struct journal *j)
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
        journal_record_age(j);
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
    journal_call_durable(j);
    if (rc != 0) {
        journal_fence(j);
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
