#include "adapters/files_append_priv.h"
#include "adapters/files_batch.h"
#include "engine/base/mem.h"
#include "engine/base/opt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0640, SIDE_MAX = 1024 * 1024 };

const char *files_append_fault(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!is_plain && c != '-' && c != '_' && c != '.') {
            return "has a character that is no letter, digit, . - or _; expected a name such as "
                   "feed.hl7";
        }
    }
    return name.n && name.p[0] == '.' ? "begins with a dot; expected a name such as feed.hl7"
                                      : NULL;
}

bool files_write_at(int fd, struct str s, uint64_t at)
{
    while (s.n) {
        ssize_t n = pwrite(fd, s.p, s.n, (off_t)at);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        at += (uint64_t)(n > 0 ? n : 0);
        s = str_from(s.p + (n > 0 ? n : 0), s.n - (size_t)(n > 0 ? n : 0));
    }
    return true;
}

/* ---- opening ---- */

static bool read_side(struct files_append *a)
{
    struct files_counted c;
    bool ok = files_known_read(&a->known, a->side, &c);
    a->length = c.length;
    a->count = c.number;
    a->side_length = c.side;
    return ok;
}

static void shut(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

void files_append_close(struct files_append *a)
{
    shut(&a->file);
    shut(&a->side);
    shut(&a->dir);
}

static int open_one(const struct files_append *a, const char *name)
{
    struct stat st;
    int fd =
        openat(a->dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, FILE_MODE);
    if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        errno = EISDIR;
        return -1;
    }
    return fd;
}

int64_t files_append_period(const struct files_append *a, int64_t wall_us)
{
    return a->rotate_us ? wall_us / a->rotate_us : 0;
}

/* The file as it should be: all that counts, and nothing behind it. Where it is gone or empty it is a new one. */
static int look_at_file(struct files_append *a)
{
    struct stat st;
    if (fstat(a->file, &st) < 0) {
        return errno;
    }
    a->length = st.st_size == 0 ? 0 : a->length;
    a->count = st.st_size == 0 ? 0 : a->count;
    a->period = files_append_period(a, st.st_mtim.tv_sec * 1000000LL);
    if ((uint64_t)st.st_size < a->length) {
        return ESTALE;
    }
    return (uint64_t)st.st_size > a->length && ftruncate(a->file, (off_t)a->length) < 0 ? errno : 0;
}

int files_append_open(struct files_append *a)
{
    int error = 0;
    a->dir = open(a->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    a->side = a->dir < 0 ? -1 : open_one(a, a->side_name.p);
    a->file = a->side < 0 ? -1 : open_one(a, a->name.p);
    if (a->file < 0 || !read_side(a)) {
        error = errno;
    } else {
        error = look_at_file(a);
    }
    if (!error && (fsync(a->dir) < 0 || fdatasync(a->file) < 0 || fdatasync(a->side) < 0)) {
        error = errno; /* what was read may never have reached the disk */
    }
    if (error) {
        files_append_close(a);
    }
    return error;
}

/* Is the open file still the one of that name? */
static bool is_there(const struct files_append *a)
{
    struct stat there, ours;
    return fstatat(a->dir, a->name.p, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           fstat(a->file, &ours) == 0 && there.st_ino == ours.st_ino && there.st_dev == ours.st_dev;
}

static int make_ready(struct files_append *a)
{
    if (a->file >= 0 && is_there(a)) {
        return 0;
    }
    files_append_close(a);
    return files_append_open(a);
}

/* ---- the lines beside it ---- */

/* The ids that are known, in a new file beside it: the old one has grown large. */
static int shorten_side(struct files_append *a)
{
    struct buf all = {0}, temporary = {0};
    files_known_put_all(&a->known, &all, a->length, a->count);
    buf_printf(&temporary, "%s.tmp", a->side_name.p);
    buf_putc(&temporary, '\0');
    int fd = open_one(a, temporary.p);
    bool ok = fd >= 0 && ftruncate(fd, 0) == 0 && files_write_at(fd, buf_str(&all), 0) &&
              fsync(fd) == 0 && renameat(a->dir, temporary.p, a->dir, a->side_name.p) == 0 &&
              fsync(a->dir) == 0;
    int error = ok ? 0 : errno;
    if (ok) {
        shut(&a->side);
        a->side = fd;
        a->side_length = all.n;
    } else {
        shut(&fd);
    }
    buf_free(&all);
    buf_free(&temporary);
    return error;
}

/* ---- writing ---- */

struct writing {
    uint64_t end;   /* in the file */
    uint64_t count; /* of its batch */
    int64_t wall_us;
    struct buf lines;
};

/* Before the first message; it counts with that one's line. */
static bool add_header(const struct files_append *a, const struct files_record *r,
                       struct writing *w)
{
    struct buf b = {0};
    if (!a->batch || w->end > 0) {
        return true;
    }
    files_batch_header(&b, a->batch, str_from(r->id, FILES_APPEND_ID), w->wall_us);
    bool ok = files_write_at(a->file, buf_str(&b), 0);
    w->end = b.n;
    buf_free(&b);
    return ok;
}

static bool add(const struct files_append *a, const struct files_record *r, struct writing *w)
{
    if (!add_header(a, r, w)) {
        return false;
    }
    bool is_ended = r->bytes.n && r->bytes.p[r->bytes.n - 1] == r->end;
    if (!files_write_at(a->file, r->bytes, w->end) ||
        (!is_ended && !files_write_at(a->file, str_from(&r->end, 1), w->end + r->bytes.n))) {
        return false;
    }
    w->end += r->bytes.n + !is_ended;
    w->count += a->batch != NULL;
    files_known_put(&w->lines, w->end, r->id, w->count);
    return true;
}

static bool write_all(struct files_append *a, const struct files_record *v, size_t n,
                      struct writing *w)
{
    for (size_t i = 0; i < n; i++) {
        if (!files_known_has(&a->known, v[i].id) && !add(a, &v[i], w)) {
            return false;
        }
    }
    return !w->lines.n ||
           (fdatasync(a->file) == 0 &&
            files_write_at(a->side, buf_str(&w->lines), a->side_length) && fdatasync(a->side) == 0);
}

static void count(struct files_append *a, const struct files_record *v, size_t n,
                  const struct writing *w, int64_t wall_us)
{
    a->length = w->end;
    a->count = w->count;
    a->side_length += w->lines.n;
    a->period = files_append_period(a, wall_us);
    for (size_t i = 0; i < n; i++) {
        if (!files_known_has(&a->known, v[i].id)) {
            files_known_add(&a->known, v[i].id);
        }
    }
}

static int begin_write(struct files_append *a, int64_t wall_us)
{
    int error = make_ready(a);
    error = error ? error : files_aside(a, wall_us);
    error = error || a->side_length < SIDE_MAX ? error : shorten_side(a);
    if (error) {
        files_append_close(a);
    }
    return error;
}

static int write_some(struct files_append *a, const struct files_record *v, size_t n,
                      int64_t wall_us)
{
    int error = 0;
    struct writing w = {.end = a->length, .count = a->count, .wall_us = wall_us};
    if (write_all(a, v, n, &w)) {
        count(a, v, n, &w, wall_us);
    } else {
        error = errno ? errno : EIO;
        (void)!ftruncate(a->side, (off_t)a->side_length); /* else its lines may be taken for true */
        files_append_close(a); /* what was begun is cut off when it is opened again */
    }
    buf_free(&w.lines);
    return error;
}

/* So many that the batch does not grow over its bound. */
static size_t room_of(const struct files_append *a, size_t n)
{
    uint64_t room = a->batch ? (uint64_t)a->batch->most - a->count : n;
    return n < room ? n : (size_t)room;
}

int files_append_write(struct files_append *a, const struct files_record *v, size_t n,
                       int64_t wall_us)
{
    int error = 0;
    while (n && !error) {
        error = begin_write(a, wall_us);
        size_t now = error ? 0 : room_of(a, n);
        error = error ? error : write_some(a, v, now, wall_us);
        v += now;
        n -= now;
    }
    return error;
}

int files_append_turn(struct files_append *a, int64_t wall_us)
{
    return begin_write(a, wall_us);
}

/* ---- life ---- */

struct files_append *files_append_new(const char *directory, const struct files_append_conf *c)
{
    struct files_append *a = X_NEW(struct files_append);
    a->dir = a->file = a->side = -1;
    a->directory = xstrdup(directory);
    buf_put_str(&a->name, c->name);
    buf_putc(&a->name, '\0');
    buf_printf(&a->side_name, ".%.*s.done", STR_ARG(c->name));
    buf_putc(&a->side_name, '\0');
    a->rotate_size = c->rotate_size;
    a->batch = c->batch;
    a->rotate_us = c->rotate_every_ms == OPT_NEVER ? 0 : c->rotate_every_ms * 1000;
    return a;
}

void files_append_free(struct files_append **ap)
{
    struct files_append *a = *ap;
    if (a) {
        files_append_close(a);
        map64_free(&a->known.at);
        buf_free(&a->name);
        buf_free(&a->side_name);
        free(a->directory);
        free(a);
    }
    *ap = NULL;
}
