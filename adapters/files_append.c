#include "adapters/files_append.h"

#include "adapters/files_batch.h"
#include "adapters/files_move.h"
#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/hash.h"
#include "engine/base/map.h"
#include "engine/base/mem.h"
#include "engine/base/opt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0640, ENTRY = 48, SIDE_MAX = 1024 * 1024, TRIES = 1000 };
static const uint64_t NUMBER_MASK = (UINT64_C(1) << 48) - 1;

struct known {
    char id[FILES_APPEND_ID];
};

struct files_append {
    char *directory;
    struct buf name, side_name; /* with a NUL */
    int64_t rotate_size, rotate_us;
    int dir, file, side;          /* below 0: not open */
    uint64_t length, side_length; /* of what counts */
    int64_t period;               /* of the last message in the file */
    int64_t aside_s; /* in the name of the last one put aside by this process, UTC; 0: none */
    uint64_t count;  /* messages of the batch that the file is; 0: it is none */
    const struct files_batch_conf *batch;
    struct known known[FILES_APPEND_KNOWN]; /* a ring */
    size_t nknown;                          /* messages so far; the newest stands at nknown - 1 */
    struct map64 at;                        /* hash of an id: its place in the ring */
};

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

/* ---- what is known ---- */

static bool is_known(const struct files_append *a, const char id[FILES_APPEND_ID])
{
    uint64_t at;
    return map64_get(&a->at, hash64_str(str_from(id, FILES_APPEND_ID), 0), &at) &&
           memcmp(a->known[at].id, id, FILES_APPEND_ID) == 0;
}

static void know(struct files_append *a, const char id[FILES_APPEND_ID])
{
    size_t at = a->nknown++ % FILES_APPEND_KNOWN;
    struct known *k = &a->known[at];
    uint64_t old = hash64_str(str_from(k->id, FILES_APPEND_ID), 0), there;
    if (a->nknown > FILES_APPEND_KNOWN && map64_get(&a->at, old, &there) && there == at) {
        map64_remove(&a->at, old, NULL);
    }
    memcpy(k->id, id, FILES_APPEND_ID);
    uint64_t hash = hash64_str(str_from(id, FILES_APPEND_ID), 0);
    map64_remove(&a->at, hash, NULL);
    map64_put(&a->at, hash, at);
}

/* ---- the lines beside the file: end, little-endian; id; number, 6 bytes; hash of what stands before it ---- */

static void put_u64(char *p, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++) {
        p[i] = (char)(v >> (8 * i));
    }
}

static uint64_t get_u64(const char *p)
{
    uint64_t v = 0;
    for (unsigned i = 8; i-- > 0;) {
        v = v << 8 | (unsigned char)p[i];
    }
    return v;
}

static void put_entry(struct buf *out, uint64_t end, const char id[FILES_APPEND_ID],
                      uint64_t number)
{
    char e[ENTRY] = {0};
    put_u64(e, end);
    memcpy(e + 8, id, FILES_APPEND_ID);
    put_u64(e + 8 + FILES_APPEND_ID, number); /* its two highest bytes are overwritten below */
    put_u64(e + 40, hash64_str(str_from(e, 40), ENTRY));
    buf_put(out, e, ENTRY);
}

static bool write_at(int fd, struct str s, uint64_t at)
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

/* Lines up to the first that is none; what is behind was being written when all ended. */
static bool read_side(struct files_append *a)
{
    static const char nobody[FILES_APPEND_ID];
    char e[ENTRY];
    a->length = a->side_length = a->count = 0;
    for (;;) {
        ssize_t n = pread(a->side, e, ENTRY, (off_t)a->side_length);
        if (n < 0) {
            return false;
        }
        if (n != ENTRY || get_u64(e + 40) != hash64_str(str_from(e, 40), ENTRY)) {
            return ftruncate(a->side, (off_t)a->side_length) == 0;
        }
        a->length = get_u64(e);
        a->count = get_u64(e + 8 + FILES_APPEND_ID) & NUMBER_MASK;
        a->side_length += ENTRY;
        if (memcmp(e + 8, nobody, FILES_APPEND_ID) != 0 && !is_known(a, e + 8)) {
            know(a, e + 8);
        }
    }
}

/* ---- opening ---- */

static void shut(int *fd)
{
    if (*fd >= 0) {
        close(*fd);
    }
    *fd = -1;
}

static void close_all(struct files_append *a)
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

static int64_t period_of(const struct files_append *a, int64_t wall_us)
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
    a->period = period_of(a, st.st_mtim.tv_sec * 1000000LL);
    if ((uint64_t)st.st_size < a->length) {
        return ESTALE;
    }
    return (uint64_t)st.st_size > a->length && ftruncate(a->file, (off_t)a->length) < 0 ? errno : 0;
}

static int open_all(struct files_append *a)
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
        close_all(a);
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
    close_all(a);
    return open_all(a);
}

/* ---- rotation ---- */

/* "feed-20261124T093000Z.hl7" */
static void put_aside_name(struct buf *out, struct str name, int64_t second)
{
    struct civil t = civil_of_us(second * 1000000);
    size_t dot = name.n;
    while (dot > 0 && name.p[dot - 1] != '.') {
        dot--;
    }
    size_t stem = dot > 1 ? dot - 1 : name.n;
    buf_clear(out);
    buf_printf(out, "%.*s-%04d%02d%02dT%02d%02d%02dZ%.*s", (int)stem, name.p, t.year, t.month,
               t.day, t.hour, t.minute, t.second, (int)(name.n - stem), name.p + stem);
    buf_putc(out, '\0');
}

/* Where several fall into one second, each later one takes the next: their order by name is that of their messages, and no
 * name comes twice, though the file of that name was fetched meanwhile. */
static int put_aside(struct files_append *a, int64_t wall_us)
{
    struct buf as = {0};
    struct str name = str_of(a->name.p);
    int64_t second = wall_us / 1000000;
    bool done = false;
    second = second > a->aside_s ? second : a->aside_s + 1;
    for (unsigned i = 0; i < TRIES && !done; i++) {
        put_aside_name(&as, name, second + i);
        done = files_rename_new(a->dir, a->name.p, a->dir, as.p);
        a->aside_s = done ? second + i : a->aside_s;
        if (!done && errno != EEXIST) {
            break;
        }
    }
    int error = done && fsync(a->dir) == 0 ? 0 : errno;
    buf_free(&as);
    return error;
}

/* The ids that are known, in a new file beside it: the old one has grown large. */
static int shorten_side(struct files_append *a)
{
    struct buf all = {0}, temporary = {0};
    size_t n = a->nknown < FILES_APPEND_KNOWN ? a->nknown : FILES_APPEND_KNOWN;
    for (size_t i = a->nknown - n; i < a->nknown; i++) {
        put_entry(&all, a->length, a->known[i % FILES_APPEND_KNOWN].id, a->count);
    }
    buf_printf(&temporary, "%s.tmp", a->side_name.p);
    buf_putc(&temporary, '\0');
    int fd = open_one(a, temporary.p);
    bool ok = fd >= 0 && ftruncate(fd, 0) == 0 && write_at(fd, buf_str(&all), 0) &&
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

static int begin_anew(struct files_append *a)
{
    static const char nobody[FILES_APPEND_ID];
    struct buf line = {0};
    put_entry(&line, 0, nobody, 0);
    bool ok = write_at(a->side, buf_str(&line), a->side_length) && fdatasync(a->side) == 0;
    buf_free(&line);
    close_all(a); /* the new file is made when it is opened */
    return ok ? open_all(a) : errno;
}

/* A file of the other kind is not gone on with: its settings are from before. */
static bool is_due(const struct files_append *a, int64_t wall_us)
{
    return a->length >= (uint64_t)a->rotate_size || a->period != period_of(a, wall_us) ||
           (a->batch != NULL) != (a->count > 0) ||
           (a->batch && a->count >= (uint64_t)a->batch->most);
}

/* Behind what counts, so that a crash before the file is put aside cuts it off again. */
static int put_trailer(struct files_append *a)
{
    struct buf b = {0};
    bool has_file = false;
    char first[3];
    if (a->count == 0) {
        return 0;
    }
    has_file = pread(a->file, first, sizeof first, 0) == 3 && memcmp(first, "FHS", 3) == 0;
    files_batch_trailer(&b, a->count, has_file);
    bool ok = write_at(a->file, buf_str(&b), a->length) && fdatasync(a->file) == 0;
    buf_free(&b);
    return ok ? 0 : errno;
}

static int rotate(struct files_append *a, int64_t wall_us)
{
    if (a->length == 0 || !is_due(a, wall_us)) {
        return 0;
    }
    int error = put_trailer(a);
    error = error ? error : put_aside(a, wall_us);
    return error ? error : begin_anew(a);
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
    bool ok = write_at(a->file, buf_str(&b), 0);
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
    if (!write_at(a->file, r->bytes, w->end) ||
        (!is_ended && !write_at(a->file, str_from(&r->end, 1), w->end + r->bytes.n))) {
        return false;
    }
    w->end += r->bytes.n + !is_ended;
    w->count += a->batch != NULL;
    put_entry(&w->lines, w->end, r->id, w->count);
    return true;
}

static bool write_all(struct files_append *a, const struct files_record *v, size_t n,
                      struct writing *w)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_known(a, v[i].id) && !add(a, &v[i], w)) {
            return false;
        }
    }
    return !w->lines.n ||
           (fdatasync(a->file) == 0 && write_at(a->side, buf_str(&w->lines), a->side_length) &&
            fdatasync(a->side) == 0);
}

static void count(struct files_append *a, const struct files_record *v, size_t n,
                  const struct writing *w, int64_t wall_us)
{
    a->length = w->end;
    a->count = w->count;
    a->side_length += w->lines.n;
    a->period = period_of(a, wall_us);
    for (size_t i = 0; i < n; i++) {
        if (!is_known(a, v[i].id)) {
            know(a, v[i].id);
        }
    }
}

static int begin_write(struct files_append *a, int64_t wall_us)
{
    int error = make_ready(a);
    error = error ? error : rotate(a, wall_us);
    error = error || a->side_length < SIDE_MAX ? error : shorten_side(a);
    if (error) {
        close_all(a);
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
        close_all(a); /* what was begun is cut off when it is opened again */
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
        close_all(a);
        map64_free(&a->at);
        buf_free(&a->name);
        buf_free(&a->side_name);
        free(a->directory);
        free(a);
    }
    *ap = NULL;
}
