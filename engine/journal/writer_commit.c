/* What the writer does: one batch is one commit, written and synced; between commits spare volumes are prepared and settled
 * ones let go. The disk is used without the lock. */
#include "engine/journal/writer_priv.h"

#include <errno.h>
#include <stdlib.h>

enum { AGAIN_NS = 200000000 }; /* before a volume that could not be made is tried again */

static int write_all(struct writer *w, const struct chunk *c)
{
    const struct disk *d = &w->conf.disk;
    for (size_t at = 0; at < c->n;) {
        ssize_t put = d->pwrite(d->arg, w->file, c->p + at, c->n - at, c->offset + at);
        if (put <= 0) {
            return put == 0 ? -EIO : (int)put;
        }
        at += (size_t)put;
    }
    return 0;
}

static int open_volume(struct writer *w, const struct batch *b)
{
    if (w->file >= 0) {
        int rc = w->conf.disk.close(w->conf.disk.arg, w->file);
        w->file = -1;
        if (rc < 0) {
            return rc;
        }
    }
    w->file = spares_open_volume(&w->spares, &b->header);
    atomic_store(&w->ready, spares_count(&w->spares));
    w->wants_spare = false;
    return w->file < 0 ? w->file : 0;
}

static int commit(struct writer *w, struct batch *b)
{
    int rc = 0;
    if (b->last_entry) {
        volume_entry_add_flag(b->last_entry, ENTRY_FLAG_LAST);
    }
    for (struct chunk *c = b->first; c && rc == 0; c = c->next) {
        for (size_t at = 0; at < c->n;) {
            at += volume_entry_seal(c->p + at, b->salt);
        }
        rc = write_all(w, c);
    }
    if (rc == 0 && b->first) {
        int64_t began = writer_now_ns();
        rc = w->conf.disk.datasync(w->conf.disk.arg, w->file);
        b->sync_us = (writer_now_ns() - began) / 1000;
    }
    w->wants_spare |= b->end > w->conf.volume_bytes / 8;
    return rc < 0 ? rc : 0;
}

/* Of the device or of the process: what is missing may come back. */
static bool is_shortage(int rc)
{
    return rc == -ENOSPC || rc == -EDQUOT || rc == -EMFILE || rc == -ENFILE;
}

/* The first batch's volume. When it cannot be made for a shortage, false: nothing of the batch is written yet, so it waits;
 * at the end of the process it fails. */
static bool prepare(struct writer *w)
{
    struct batch *b = w->first;
    if (!b->opens || w->has_failed) {
        return true;
    }
    pthread_mutex_unlock(&w->lock);
    int rc = open_volume(w, b);
    pthread_mutex_lock(&w->lock);
    bool waits = is_shortage(rc) && !w->is_stopping && !w->is_draining;
    atomic_store(&w->is_blocked, waits);
    w->again_ns = writer_now_ns() + AGAIN_NS;
    b->opens = waits;
    atomic_fetch_sub(&w->begun, waits ? 0 : 1);
    if (!waits && rc != 0) {
        w->has_failed = true;
        atomic_store(&w->error, rc);
    }
    return !waits;
}

static struct batch *take_first(struct writer *w)
{
    struct batch *b = w->first;
    w->first = b->next;
    if (!w->first) {
        w->last = NULL;
    }
    b->next = NULL;
    return b;
}

static void add_done(struct writer *w, struct batch *b)
{
    if (w->done_last) {
        w->done_last->next = b;
    } else {
        w->done = b;
    }
    w->done_last = b;
}

bool writer_work_batch(struct writer *w)
{
    if (!prepare(w)) {
        return false;
    }
    struct batch *b = take_first(w);
    w->is_working = true;
    pthread_mutex_unlock(&w->lock);
    if (b->is_urgent) {
        atomic_fetch_sub(&w->waiting, 1);
    }
    if (!w->has_failed) {
        atomic_store(&w->busy_since_ns, writer_now_ns());
        int rc = commit(w, b);
        atomic_store(&w->busy_since_ns, 0);
        w->has_failed = rc != 0;
        atomic_store(&w->error, rc);
    }
    b->has_failed = w->has_failed;
    pthread_mutex_lock(&w->lock);
    w->is_working = false;
    add_done(w, b);
    return true;
}

static bool work_release(struct writer *w)
{
    struct writer_settled *r = w->releases;
    if (!r || w->has_failed) {
        return false;
    }
    w->releases = r->next;
    if (!r->next) {
        w->releases_last = NULL;
    }
    pthread_mutex_unlock(&w->lock);
    if (spares_release(&w->spares, r->number) < 0) {
        w->has_failed = true; /* what the directory says is not known any more */
        atomic_store(&w->error, -EIO);
    }
    atomic_store(&w->is_stuck, w->spares.is_stuck);
    atomic_store(&w->ready, spares_count(&w->spares));
    free(r);
    pthread_mutex_lock(&w->lock);
    return true;
}

bool writer_work_background(struct writer *w)
{
    if (work_release(w)) {
        return true;
    }
    if (!w->wants_spare || w->has_failed) {
        return false;
    }
    pthread_mutex_unlock(&w->lock);
    bool has_more = spares_step(&w->spares, w->conf.clock.mono_us(w->conf.clock.arg));
    bool is_out = w->spares.no_space && spares_count(&w->spares) < SPARE_RESERVE;
    atomic_store(&w->ready, spares_count(&w->spares));
    if (atomic_exchange(&w->is_out_of_space, is_out) && !is_out) {
        w->conf.notify(w->conf.notify_arg); /* what was put off may be appended now */
    }
    pthread_mutex_lock(&w->lock);
    return has_more;
}
