#include "engine/journal/survey.h"

#include "engine/base/err.h"
#include "engine/base/hash.h"
#include "engine/base/mem.h"
#include "engine/journal/spare.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#define NEWEST_NAME "newest"

struct listing {
    uint64_t *v;
    size_t n, cap;
    unsigned spares;
};

static void on_name(void *ctx, const char *name)
{
    struct listing *l = ctx;
    uint64_t number = volume_number(name);
    int slot = spares_slot(name);
    if (slot >= 0) {
        l->spares |= 1u << slot;
    }
    if (number == 0) {
        return;
    }
    if (l->n == l->cap) {
        l->cap = l->cap ? l->cap * 2 : 16;
        l->v = xrealloc(l->v, l->cap * sizeof(*l->v));
    }
    l->v[l->n++] = number;
}

static int by_value(const void *a, const void *b)
{
    const uint64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int read_copy(const struct disk *d, int file, uint64_t at, struct volume_header *out)
{
    char *bytes = xmalloc(VOLUME_HEADER);
    size_t n = 0;
    ssize_t got = 1;
    while (n < VOLUME_HEADER && got > 0) {
        got = d->pread(d->arg, file, bytes + n, VOLUME_HEADER - n, at + n);
        n += got > 0 ? (size_t)got : 0;
    }
    int rc = got < 0 ? ERR_IO : n < VOLUME_HEADER ? ERR_DAMAGE : volume_header_get(bytes, out);
    free(bytes);
    return rc;
}

static int read_header(const struct disk *d, int file, struct volume_header *out)
{
    int rc = read_copy(d, file, 0, out);
    return rc == ERR_DAMAGE ? read_copy(d, file, VOLUME_HEADER, out) : rc;
}

static int open_by_number(const struct disk *d, uint64_t number)
{
    char name[32];
    volume_name(number, name);
    int file = d->open(d->arg, name, O_RDONLY);
    return file >= 0 ? file : file == -ENOENT ? ERR_NOT_FOUND : ERR_IO;
}

/* A name is given once. So what stands under it still, was the file all along; what is found in one that has
 * lost it may be a later life. */
static bool has_name(const struct disk *d, uint64_t number)
{
    int file = open_by_number(d, number);
    if (file >= 0) {
        (void)d->close(d->arg, file); /* read only */
    }
    return file != ERR_NOT_FOUND;
}

int survey_open(const struct disk *d, uint64_t number, uint64_t salt)
{
    struct volume_header h;
    int file = open_by_number(d, number);
    if (file < 0) {
        return file;
    }
    /* where files cannot be locked at all, the salt tells the lives apart */
    bool is_gone = d->lock_file(d->arg, file, DISK_SHARED) == -EAGAIN;
    is_gone = is_gone || (salt && read_header(d, file, &h) == 0 && h.salt != salt);
    if (is_gone) {
        (void)d->close(d->arg, file); /* read only */
        return ERR_NOT_FOUND;
    }
    return file;
}

int survey_header(const struct disk *d, uint64_t number, struct volume_header *out)
{
    int file = survey_open(d, number, 0);
    if (file < 0) {
        return file;
    }
    int rc = read_header(d, file, out);
    (void)d->close(d->arg, file); /* read only */
    rc = rc == 0 && out->number != number ? ERR_DAMAGE : rc;
    return rc == ERR_DAMAGE && !has_name(d, number) ? ERR_NOT_FOUND : rc;
}

int survey_copies(const struct disk *d, uint64_t number, uint64_t salt)
{
    struct volume_header h;
    int file = survey_open(d, number, salt);
    if (file < 0) {
        return file;
    }
    int n = (read_copy(d, file, 0, &h) == 0) + (read_copy(d, file, VOLUME_HEADER, &h) == 0);
    (void)d->close(d->arg, file); /* read only */
    return n < 2 && !has_name(d, number) ? ERR_NOT_FOUND : n;
}

static void add(struct survey *s, uint64_t number, const struct volume_header *h, bool is_lost)
{
    struct volume *v = &s->v[s->n];
    struct volume *previous = s->n ? &s->v[s->n - 1] : NULL;
    *v = (struct volume){.number = number, .file = -1, .is_lost = is_lost, .end = VOLUME_START};
    s->n++;
    if (is_lost) {
        v->first_seq = previous ? previous->first_seq : 1;
        return;
    }
    v->salt = h->salt;
    v->size = v->end = h->size;
    v->first_seq = h->first_seq;
    v->first_commit = h->first_commit;
    v->last_seq = UINT64_MAX; /* not known */
    v->continues = h->flags & VOLUME_CONTINUES;
    v->has_records = true;
    v->sealed_us = h->created_us; /* until the next one says better */
    if (previous && previous->number + 1 == number && !previous->is_lost) {
        previous->end = h->previous_end;
        previous->last_seq = h->previous_last_seq;
        previous->sealed_us = h->created_us;
    }
    s->newest = *h;
    s->recorded_last = h->previous_last_seq;
}

static bool is_other(const struct survey *s, const struct volume_header *h)
{
    return s->newest.number && memcmp(s->newest.journal_id, h->journal_id, 16) != 0;
}

static unsigned check_spares(const struct disk *d, unsigned found, uint64_t volume_bytes)
{
    unsigned ready = 0;
    for (unsigned i = 0; i < SPARE_MOST; i++) {
        char name[32];
        spares_name(i, true, name);
        int file = found & 1u << i ? d->open(d->arg, name, O_RDONLY) : -1;
        if (file >= 0) {
            bool is_right = d->size(d->arg, file) == (int64_t)volume_bytes;
            ready |= is_right ? 1u << i : 0;
            (void)d->close(d->arg, file); /* read only */
        }
    }
    return ready;
}

static bool is_short(const struct disk *d, const struct volume *v)
{
    int file = v->is_lost ? -1 : open_by_number(d, v->number);
    if (file < 0) {
        return false;
    }
    int64_t size = d->size(d->arg, file);
    (void)d->close(d->arg, file); /* read only */
    return size >= 0 && (uint64_t)size < v->size;
}

int survey_note_newest(const struct disk *d, uint64_t number)
{
    char bytes[16];
    wire_store64(bytes, number);
    wire_store64(bytes + 8, hash64(bytes, 8, 0));
    int file = d->open(d->arg, NEWEST_NAME, O_RDWR);
    bool is_new = file == -ENOENT;
    file = is_new ? d->open(d->arg, NEWEST_NAME, O_RDWR | O_CREAT | O_EXCL) : file;
    if (file < 0) {
        return file;
    }
    ssize_t put = d->pwrite(d->arg, file, bytes, sizeof(bytes), 0);
    int rc = put == (ssize_t)sizeof(bytes) ? d->datasync(d->arg, file) : put < 0 ? (int)put : -EIO;
    (void)d->close(d->arg, file); /* synced, or failed already */
    return rc >= 0 && is_new ? d->sync_dir(d->arg) : rc;
}

uint64_t survey_newest(const struct disk *d)
{
    char bytes[16];
    int file = d->open(d->arg, NEWEST_NAME, O_RDONLY);
    if (file < 0) {
        return 0;
    }
    ssize_t got = d->pread(d->arg, file, bytes, sizeof(bytes), 0);
    (void)d->close(d->arg, file); /* read only */
    bool is_whole = got == (ssize_t)sizeof(bytes) && wire_load64(bytes + 8) == hash64(bytes, 8, 0);
    return is_whole ? wire_load64(bytes) : 0;
}

int survey_begin(struct survey *s, const struct disk *d, uint64_t volume_bytes)
{
    struct listing l = {0};
    s->disk = *d;
    int rc = d->list(d->arg, on_name, &l) < 0 ? ERR_IO : 0;
    if (l.n) {
        qsort(l.v, l.n, sizeof(*l.v), by_value);
    }
    s->v = xcalloc(l.n + 1, sizeof(*s->v));
    for (size_t i = 0; i < l.n && rc == 0 && (!s->upto || l.v[i] <= s->upto); i++) {
        struct volume_header h;
        int one = survey_header(d, l.v[i], &h);
        if (one == ERR_IO && !s->goes_on) {
            s->failed = l.v[i];
            rc = ERR_IO;
        } else if (one == ERR_NOT_FOUND) {
            s->n = 0; /* let go since, and so is what stood before it */
        } else if (one == ERR_TYPE || (one == 0 && is_other(s, &h))) {
            s->is_foreign = true;
        } else {
            add(s, l.v[i], &h, one != 0);
        }
    }
    s->is_short = rc == 0 && s->n && is_short(d, &s->v[s->n - 1]);
    s->spares = rc == 0 ? check_spares(d, l.spares, volume_bytes) : 0;
    free(l.v);
    return rc;
}

void survey_free(struct survey *s)
{
    free(s->v);
    free(s->checkpoints);
    *s = (struct survey){0};
}

/* Walking through one volume. */
struct walk {
    struct survey *s;
    struct volume *v;
    struct scan scan;
    uint64_t at, last_seq, commit;
    bool is_whole; /* the last commit seen is complete */
    bool finds_end;
};

static void note_checkpoint(struct survey *s, const struct stored *e)
{
    if (s->ncheckpoints == s->checkpoint_cap) {
        s->checkpoint_cap = s->checkpoint_cap ? s->checkpoint_cap * 2 : 16;
        s->checkpoints = xrealloc(s->checkpoints, s->checkpoint_cap * sizeof(*s->checkpoints));
    }
    s->checkpoints[s->ncheckpoints++] = (struct survey_checkpoint){e->e.seq, e->hint};
}

static void see(struct walk *w, const struct stored *e, uint64_t size)
{
    struct survey *s = w->s;
    if (e->e.commit != w->commit || e->flags & ENTRY_FLAG_FIRST) {
        s->tail_from = w->at;
    }
    w->last_seq = e->e.seq;
    w->commit = e->e.commit;
    w->is_whole = e->flags & ENTRY_FLAG_LAST;
    s->ended = e->e.type == ENTRY_END;
    s->entries++;
    s->bytes += size;
    s->has_records |= e->e.type <= ENTRY_FRAGMENT || e->e.type == ENTRY_CARRY;
    if (e->e.type == ENTRY_CHECKPOINT && e->flags & ENTRY_FLAG_FINAL) {
        note_checkpoint(s, e);
    }
    if (s->on_entry) {
        s->on_entry(s->ctx, e);
    }
    w->at += size;
}

static void report(struct walk *w, uint64_t to, uint64_t end)
{
    struct survey_damage d = {w->v->number, w->last_seq + 1, to, w->at, end};
    if (w->s->on_damage) {
        w->s->on_damage(w->s->ctx, &d);
    }
}

/* Bytes at w->at do not hold. The newest commit among what holds behind them: 0 when nothing does. */
static int newest_behind(struct walk *w, uint64_t *out_commit, uint64_t *out_at, uint64_t *out_seq)
{
    struct stored e;
    uint64_t at = w->at + 8, place, size = 8;
    *out_commit = 0;
    *out_at = w->v->end;
    int rc;
    while ((rc = scan_find(&w->scan, at, w->last_seq, &e, &place)) == 1) {
        if (*out_commit == 0) {
            *out_at = place;
            *out_seq = e.e.seq;
        }
        *out_commit = e.e.commit > *out_commit ? e.e.commit : *out_commit;
        size = volume_entry_size(e.e.body.n);
        at = place + size;
    }
    return rc;
}

/* Damage, or the torn end? Torn only if what is missing belongs to the last commit present: commits are
 * begun one after another's end, so nothing of a later one can stand behind it. */
static int judge_hole(struct walk *w, bool *out_is_end)
{
    uint64_t commit, at, seq = 0;
    int rc = newest_behind(w, &commit, &at, &seq);
    if (rc < 0) {
        return rc;
    }
    uint64_t missing = w->is_whole ? w->commit + 1 : w->commit;
    *out_is_end = w->finds_end && commit <= missing;
    if (*out_is_end) {
        bool is_torn =
            commit != 0 || !w->is_whole; /* a commit that is missing whole leaves no trace */
        w->s->torn_bytes = is_torn ? (commit ? at : w->at + 8) - w->at : 0;
        return 0;
    }
    if (commit == 0) { /* nothing holds up to the recorded end */
        report(w, w->v->last_seq, w->v->end);
        w->at = w->v->end;
        return 0;
    }
    report(w, seq - 1, at);
    w->at = at;
    w->last_seq = seq - 1;
    return 0;
}

static int walk(struct walk *w)
{
    bool is_end = false;
    while (!is_end && w->at + VOLUME_ENTRY_HEADER <= w->v->end) {
        struct stored e;
        uint64_t size;
        int rc = scan_entry(&w->scan, w->at, &e, &size);
        if (rc < 0) {
            return rc;
        }
        if (rc == 1 && e.e.seq == w->last_seq + 1) {
            see(w, &e, size);
            is_end = w->finds_end && e.e.type == ENTRY_END && e.flags & ENTRY_FLAG_LAST;
        } else if ((rc = judge_hole(w, &is_end)) < 0) {
            return rc;
        }
    }
    return 0;
}

int survey_volume(struct survey *s, size_t i, uint64_t live_end)
{
    struct volume *v = &s->v[i];
    s->tail_from = VOLUME_START;
    s->ended = s->has_records = false;
    s->ncheckpoints = 0;
    if (v->is_lost) {
        return 0;
    }
    bool finds_end = v->last_seq == UINT64_MAX && !live_end;
    v->end = live_end ? live_end : v->end;
    struct walk w = {
        .s = s, .v = v, .at = VOLUME_START, .last_seq = v->first_seq - 1, .is_whole = true};
    w.finds_end = finds_end;
    w.commit = v->first_commit - 1;
    int file = survey_open(&s->disk, v->number, v->salt);
    if (file < 0) {
        s->failed = v->number;
        return file;
    }
    w.scan.ahead = 4 * SCAN_WINDOW;
    scan_set(&w.scan, &s->disk, file, v->number, v->salt, v->end);
    int rc = walk(&w);
    s->failed = rc == ERR_IO ? v->number : s->failed;
    if (rc == 0 && v->last_seq == UINT64_MAX) {
        v->end = w.at;
        v->last_seq = w.last_seq;
        v->has_records = s->has_records;
    }
    s->last_commit = w.commit;
    scan_free(&w.scan);
    (void)s->disk.close(s->disk.arg, file); /* read only */
    return rc;
}
