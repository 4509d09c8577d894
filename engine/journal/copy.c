#include "engine/journal/copy.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

static int read_piece(const struct copy *c, int file, char *p, size_t n, uint64_t at)
{
    for (size_t have = 0; have < n;) {
        ssize_t got = c->from.pread(c->from.arg, file, p + have, n - have, at + have);
        if (got <= 0) {
            return got == 0 ? ERR_DAMAGE : ERR_IO;
        }
        have += (size_t)got;
    }
    return 0;
}

static int write_piece(struct copy *c, int file, const char *p, size_t n, uint64_t at)
{
    for (size_t have = 0; have < n;) {
        ssize_t put = c->to.pwrite(c->to.arg, file, p + have, n - have, at + have);
        if (put <= 0) {
            c->error = put == 0 ? -EIO : (int)put;
            return ERR_IO;
        }
        have += (size_t)put;
    }
    return 0;
}

/* Both copies of the header under another journal's id; one that does not hold is made anew from the other. The
 * file gets the size it says: a shorter one would be taken for a volume that was cut off. */
static int rename_journal(struct copy *c, int to, char *p)
{
    struct volume_header h;
    if (volume_header_get(p, &h) != 0 && volume_header_get(p + VOLUME_HEADER, &h) != 0) {
        return 0; /* as unreadable as it was */
    }
    memcpy(h.journal_id, c->journal_id, 16);
    volume_header_put(p, &h);
    memcpy(p + VOLUME_HEADER, p, VOLUME_HEADER);
    c->error = c->to.allocate(c->to.arg, to, h.size);
    return c->error < 0 ? ERR_IO : 0;
}

static int copy_bytes(struct copy *c, int from, int to, struct manifest_volume *w)
{
    char *p = xmalloc(MANIFEST_PIECE);
    int rc = 0;
    w->hash = 0;
    for (uint64_t at = 0; at < w->end && rc == 0;) {
        size_t n = w->end - at < MANIFEST_PIECE ? (size_t)(w->end - at) : MANIFEST_PIECE;
        rc = read_piece(c, from, p, n, at);
        if (rc == 0) {
            w->hash = manifest_hash(w->hash, p, n);
            if (at == 0 && c->journal_id && n >= VOLUME_START) {
                rc = rename_journal(c, to, p);
            }
        }
        if (rc == 0) {
            rc = write_piece(c, to, p, n, at);
        }
        if (rc == 0 && c->on_bytes) {
            c->on_bytes(c->arg, n);
        }
        at += n;
    }
    free(p);
    if (rc == 0 && (c->error = c->to.datasync(c->to.arg, to)) < 0) {
        rc = ERR_IO;
    }
    return rc;
}

static int copy_to(struct copy *c, int from, const char *name, struct manifest_volume *w)
{
    char temporary[40];
    (void)snprintf(temporary, sizeof(temporary), "%s.tmp", name);
    (void)c->to.unlink(c->to.arg, temporary); /* usually there is none */
    int to = c->to.open(c->to.arg, temporary, O_RDWR | O_CREAT | O_EXCL);
    if (to < 0) {
        c->error = to;
        return ERR_IO;
    }
    int rc = copy_bytes(c, from, to, w);
    (void)c->to.close(c->to.arg, to); /* synced, or failed already */
    if (rc == 0 && (c->error = c->to.rename(c->to.arg, temporary, name)) < 0) {
        rc = ERR_IO;
    }
    if (rc != 0) {
        (void)c->to.unlink(c->to.arg, temporary); /* it must not keep the room that is missing */
    }
    return rc;
}

int copy_volume(struct copy *c, struct manifest_volume *w)
{
    char name[32];
    volume_name(w->number, name);
    c->error = 0;
    int from = survey_open(&c->from, w->number, w->salt);
    if (from < 0) {
        return from;
    }
    int rc = copy_to(c, from, name, w);
    (void)c->from.close(c->from.arg, from); /* read only */
    return rc;
}

uint64_t copy_size(const struct disk *d, uint64_t number)
{
    int file = survey_open(d, number, 0);
    int64_t n = file >= 0 ? d->size(d->arg, file) : 0;
    if (file >= 0) {
        (void)d->close(d->arg, file); /* read only */
    }
    return n > 0 ? (uint64_t)n : 0;
}

struct others {
    const struct manifest *m;
    struct buf names;
    uint64_t volumes;
};

static void each_name(void *ctx, const char *name)
{
    struct others *o = ctx;
    uint64_t number = volume_number(name);
    bool is_volume = number && !manifest_find(o->m, number);
    if (is_volume || str_ends(str_of(name), STR(".tmp"))) {
        buf_put(&o->names, name, strlen(name) + 1);
        o->volumes += is_volume;
    }
}

uint64_t copy_remove_others(const struct disk *d, const struct manifest *m)
{
    struct others o = {.m = m};
    (void)d->list(d->arg, each_name, &o); /* what stays goes with the next backup */
    for (size_t at = 0; at < o.names.n; at += strlen(o.names.p + at) + 1) {
        (void)d->unlink(d->arg, o.names.p + at);
    }
    (void)d->sync_dir(d->arg); /* the manifest does not name them: their return does no harm */
    buf_free(&o.names);
    return o.volumes;
}
