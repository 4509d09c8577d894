#include "engine/journal/spare.h"

#include "engine/base/mem.h"
#include "engine/journal/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

enum { RETRY_US = 1000000 };

void spares_name(unsigned slot, bool is_ready, char out[32])
{
    (void)snprintf(out, 32, is_ready ? "spare-%u" : "spare-%u.tmp", slot % SPARE_MOST);
}

int spares_slot(const char *name)
{
    for (unsigned i = 0; i < SPARE_MOST; i++) {
        char ready[32];
        spares_name(i, true, ready);
        if (strcmp(ready, name) == 0) {
            return (int)i;
        }
    }
    return -1;
}

unsigned spares_count(const struct spares *s)
{
    return (unsigned)__builtin_popcount(s->ready);
}

static unsigned free_slot(const struct spares *s)
{
    unsigned busy = s->file >= 0 ? 1u << s->slot : 0;
    return (unsigned)__builtin_ctz(~(s->ready | busy));
}

static void give_up(struct spares *s, int rc, int64_t now_us)
{
    char name[32];
    spares_stop(s);
    spares_name(s->slot, false, name);
    (void)s->disk.unlink(s->disk.arg, name); /* the next start removes it otherwise */
    s->no_space = rc == -ENOSPC || rc == -EDQUOT;
    s->not_before_us = now_us + RETRY_US;
}

static int begin(struct spares *s)
{
    char name[32];
    s->slot = free_slot(s);
    spares_name(s->slot, false, name);
    (void)s->disk.unlink(s->disk.arg, name); /* usually there is none */
    int file = s->disk.open(s->disk.arg, name, O_RDWR | O_CREAT | O_EXCL);
    if (file < 0) {
        return file;
    }
    s->file = file;
    s->at = 0;
    return s->disk.allocate(s->disk.arg, file, s->volume_bytes);
}

static int finish(struct spares *s)
{
    char from[32], to[32];
    spares_name(s->slot, false, from);
    spares_name(s->slot, true, to);
    int rc = s->disk.datasync(s->disk.arg, s->file);
    spares_stop(s);
    rc = rc < 0 ? rc : s->disk.rename(s->disk.arg, from, to);
    rc = rc < 0 ? rc : s->disk.sync_dir(s->disk.arg);
    if (rc >= 0) {
        s->ready |= 1u << s->slot;
        s->written = s->writes ? s->written | 1u << s->slot : s->written & ~(1u << s->slot);
        s->no_space = false;
    }
    return rc;
}

static int zero_piece(struct spares *s)
{
    uint64_t left = s->volume_bytes - s->at;
    size_t n = left < SPARE_PIECE ? (size_t)left : SPARE_PIECE;
    void *zeroes = xcalloc(1, n);
    ssize_t put = s->disk.pwrite(s->disk.arg, s->file, zeroes, n, s->at);
    free(zeroes);
    if (put <= 0) {
        return put == 0 ? -EIO : (int)put;
    }
    s->at += (uint64_t)put;
    return s->disk.datasync(s->disk.arg, s->file);
}

/* One that is written is wanted for the next volume; the others only keep room. */
static bool wants_written(const struct spares *s)
{
    return s->zeroed && !(s->ready & s->written);
}

static bool is_enough(const struct spares *s)
{
    return spares_count(s) >= SPARE_RESERVE && !wants_written(s);
}

bool spares_step(struct spares *s, int64_t now_us)
{
    if (s->file < 0 && (is_enough(s) || now_us < s->not_before_us)) {
        return false;
    }
    if (is_enough(s)) { /* a recycled one came first */
        give_up(s, 0, now_us);
        return false;
    }
    int rc;
    if (s->file < 0) {
        s->writes = wants_written(s);
        rc = begin(s);
    } else if (s->writes && s->at < s->volume_bytes) {
        rc = zero_piece(s);
    } else {
        rc = finish(s);
    }
    if (rc < 0) {
        give_up(s, rc, now_us);
    }
    return s->file >= 0;
}

void spares_stop(struct spares *s)
{
    if (s->file >= 0) {
        (void)s->disk.close(s->disk.arg, s->file); /* nothing in it is worth an error */
        s->file = -1;
    }
}

static int write_headers(struct spares *s, int file, const struct volume_header *h)
{
    char *both = xmalloc(VOLUME_START);
    volume_header_put(both, h);
    memcpy(both + VOLUME_HEADER, both, VOLUME_HEADER);
    ssize_t put = 0;
    for (size_t at = 0; at < VOLUME_START && put >= 0; at += (size_t)put) {
        put = s->disk.pwrite(s->disk.arg, file, both + at, VOLUME_START - at, at);
        put = put == 0 ? -EIO : put;
    }
    free(both);
    return put < 0 ? (int)put : s->disk.datasync(s->disk.arg, file);
}

/* A reader holds a lock on what it reads. What is locked is deleted and never used again, so that nobody
 * sees another life of a file. A handle that keeps new readers out, or -errno: -EAGAIN when it is read. */
static int open_alone(const struct spares *s, const char *name)
{
    int file = s->disk.open(s->disk.arg, name, O_RDWR);
    int rc = file < 0 ? file : s->disk.lock_file(s->disk.arg, file, DISK_ALONE);
    if (file >= 0 && rc < 0) {
        (void)s->disk.close(s->disk.arg, file); /* nothing was written */
    }
    return rc < 0 ? rc : file;
}

static int take_ready(struct spares *s, char name[32])
{
    unsigned best = s->ready & s->written;
    unsigned slot = (unsigned)__builtin_ctz(best ? best : s->ready);
    spares_name(slot, true, name);
    int file = open_alone(s, name);
    if (file != -EMFILE && file != -ENFILE) {
        s->ready &= ~(1u << slot);
    }
    if (file == -EAGAIN) {
        (void)s->disk.unlink(s->disk.arg, name); /* its name is used again by the next one */
    }
    return file;
}

/* A ready spare; the one under way, whose room is taken already; or a new file that is only allocated: an
 * entry waits for it. */
static int take_file(struct spares *s, char name[32])
{
    while (s->ready) {
        int ready = take_ready(s, name);
        if (ready != -EAGAIN) {
            return ready;
        }
    }
    if (s->file >= 0) {
        int begun = s->file;
        s->file = -1;
        spares_name(s->slot, false, name);
        return begun;
    }
    (void)snprintf(name, 32, "fresh.tmp");
    (void)s->disk.unlink(s->disk.arg, name); /* usually there is none */
    int file = s->disk.open(s->disk.arg, name, O_RDWR | O_CREAT | O_EXCL);
    int rc = file < 0 ? file : s->disk.allocate(s->disk.arg, file, s->volume_bytes);
    if (file >= 0 && rc < 0) {
        (void)s->disk.close(s->disk.arg, file); /* `rc` is the error that counts */
        (void)s->disk.unlink(s->disk.arg, name);
    }
    return rc < 0 ? rc : file;
}

int spares_open_volume(struct spares *s, const struct volume_header *h)
{
    char from[32], to[32];
    int file = take_file(s, from);
    if (file < 0) {
        return file;
    }
    int rc = write_headers(s, file, h);
    volume_name(h->number, to);
    rc = rc < 0 ? rc : s->disk.rename(s->disk.arg, from, to);
    rc = rc < 0 ? rc : s->disk.sync_dir(s->disk.arg);
    if (rc < 0) {
        (void)s->disk.close(s->disk.arg, file);  /* `rc` is the error that counts */
        (void)s->disk.unlink(s->disk.arg, from); /* it must not keep the room that is missing */
        return rc;
    }
    (void)s->disk.lock_file(s->disk.arg, file, DISK_UNLOCKED); /* readers may come; cannot fail */
    (void)survey_note_newest(&s->disk,
                             h->number); /* missed by who loses the volume, by nobody else */
    return file;
}

int spares_release(struct spares *s, uint64_t number)
{
    char name[32], spare[32];
    if (s->is_stuck) {
        return 0;
    }
    volume_name(number, name);
    unsigned slot = free_slot(s);
    int file = spares_count(s) < SPARE_KEPT_MOST ? open_alone(s, name) : -EAGAIN;
    bool is_kept = file >= 0;
    spares_name(slot, true, spare);
    int rc = is_kept ? s->disk.rename(s->disk.arg, name, spare) : s->disk.unlink(s->disk.arg, name);
    if (is_kept) {
        (void)s->disk.close(s->disk.arg, file); /* who opened it by its old name finds out */
    }
    if (rc < 0) {
        s->is_stuck = true;
        return 0;
    }
    rc = s->disk.sync_dir(s->disk.arg);
    if (rc >= 0 && is_kept) {
        s->ready |= 1u << slot;
        s->written |= 1u << slot;
    }
    s->not_before_us = 0; /* there is room again: more may be made at once */
    return rc < 0 ? rc : 0;
}
