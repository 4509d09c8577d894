#include "adapters/files_look.h"

#include "adapters/files_move.h"
#include "engine/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIRECTORY_MODE = 0750, SIDECAR_MODE = 0640, TRIES = 100, READ_BYTES = 1 << 16 };
enum { NAME_KEPT = NAME_MAX - 24 };
#define NUMBER_MAX (UINT64_C(1) << 40)

/* A file on its way: out of `from`, into `to`. */
struct put {
    int from, to;
    const char *name;
    bool has_why;
    char temp[48]; /* the reason until it has its name */
};

static void trouble(struct files_look *l, const char *about)
{
    if (!l->error) {
        l->error = errno ? errno : EIO;
        l->about = about;
    }
}

/* ---- looking ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct files_seen *)a)->name, ((const struct files_seen *)b)->name);
}

static bool is_same(const struct files_seen *a, const struct files_seen *b)
{
    return a->size == b->size && a->mtime_ns == b->mtime_ns;
}

static void add_seen(struct files_memory *m, const struct files_seen *s)
{
    if (m->n == m->cap) {
        m->cap = m->cap ? m->cap * 2 : 64;
        m->v = xrealloc(m->v, m->cap * sizeof *m->v);
    }
    m->v[m->n++] = *s;
}

/* What was known of files that have not changed goes on; both are in order of name. */
static void carry_over(struct files_memory *now, const struct files_memory *before)
{
    size_t k = 0;
    for (size_t i = 0; i < now->n; i++) {
        while (k < before->n && by_name(&before->v[k], &now->v[i]) < 0) {
            k++;
        }
        bool known = k < before->n && by_name(&before->v[k], &now->v[i]) == 0;
        if (known && is_same(&before->v[k], &now->v[i])) {
            now->v[i].since_us = before->v[k].since_us;
            now->v[i].was_told =
                before->v[k].was_told && before->v[k].ctime_ns == now->v[i].ctime_ns;
        }
        if (known) {
            now->v[i].first_us = before->v[k].first_us;
            now->v[i].was_told_restless = before->v[k].was_told_restless;
        }
    }
}

static bool is_wanted(const struct files_look *l, const char *name)
{
    bool matches = false;
    for (char **p = l->pattern; *p; p++) {
        matches = matches || fnmatch(*p, name, FNM_PERIOD) == 0;
    }
    return matches && name[0] != '.';
}

static int64_t ns_of(const struct timespec *t)
{
    return t->tv_sec * 1000000000LL + t->tv_nsec;
}

/* Regular files only: no link is followed, no pipe is opened. */
static bool look_at(int dir, const char *name, struct files_seen *out)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode)) {
        return false;
    }
    *out = (struct files_seen){
        .size = st.st_size, .mtime_ns = ns_of(&st.st_mtim), .ctime_ns = ns_of(&st.st_ctim)};
    return true;
}

static void look_over(const struct files_look *l, DIR *d, struct files_memory *now)
{
    struct files_seen s;
    for (const struct dirent *e; (e = readdir(d)) != NULL;) {
        if (is_wanted(l, e->d_name) && look_at(dirfd(d), e->d_name, &s)) {
            s.name = xstrdup(e->d_name);
            s.since_us = s.first_us = l->now_us;
            add_seen(now, &s);
        }
    }
    if (now->n) {
        qsort(now->v, now->n, sizeof *now->v, by_name);
    }
}

/* A sender that never ends a file, or one that is written to for ever, is told once. */
static void count_restless(struct files_look *l, struct files_memory *now)
{
    for (size_t i = 0; i < now->n; i++) {
        struct files_seen *s = &now->v[i];
        bool is_restless = s->since_us - s->first_us >= FILES_RESTLESS_US;
        l->restless += is_restless && !s->was_told_restless;
        s->was_told_restless = s->was_told_restless || is_restless;
    }
}

static bool look_around(struct files_look *l, int dir)
{
    struct files_memory now = {0};
    int again = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = again >= 0 ? fdopendir(again) : NULL;
    if (!d) {
        if (again >= 0) {
            close(again);
        }
        return false;
    }
    look_over(l, d, &now);
    closedir(d);
    carry_over(&now, l->memory);
    count_restless(l, &now);
    files_memory_free(l->memory);
    *l->memory = now;
    return true;
}

/* The next one that stands still, in order of name. */
static struct files_seen *choose(const struct files_look *l, int dir)
{
    struct files_memory *m = l->memory;
    struct files_seen now;
    while (m->at < m->n) {
        struct files_seen *s = &m->v[m->at++];
        if (l->now_us - s->since_us >= l->stable_us && !s->was_told &&
            look_at(dir, s->name, &now) && is_same(&now, s)) {
            return s;
        }
    }
    return NULL;
}

static bool read_whole(int fd, struct buf *out, int64_t limit)
{
    for (;;) {
        buf_reserve(out, READ_BYTES);
        ssize_t n = read(fd, out->p + out->n, READ_BYTES);
        if (n == 0 || (n < 0 && errno != EINTR)) {
            return n == 0;
        }
        out->n += (size_t)(n > 0 ? n : 0);
        if ((int64_t)out->n > limit) {
            return true;
        }
    }
}

static bool read_chosen(struct files_look *l, int dir, struct files_seen *s)
{
    int fd = openat(dir, s->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    l->is_too_large = s->size > l->limit;
    bool ok = fd >= 0 && (l->is_too_large || read_whole(fd, &l->bytes, l->limit));
    l->is_too_large = l->is_too_large || (int64_t)l->bytes.n > l->limit;
    if (fd >= 0) {
        close(fd);
    }
    if (ok) {
        l->name = xstrdup(s->name);
        l->mtime_ns = s->mtime_ns;
    }
    return ok;
}

static void look_for_next(struct files_look *l, int dir)
{
    struct files_seen *s = choose(l, dir);
    if (!s && !look_around(l, dir)) {
        trouble(l, "directory");
        return;
    }
    s = s ? s : choose(l, dir);
    if (s && !read_chosen(l, dir, s)) {
        s->was_told = true; /* until it changes */
        trouble(l, "file");
    }
}

/* ---- putting away ---- */

static int open_or_make(int dir, const char *name)
{
    if (mkdirat(dir, name, DIRECTORY_MODE) < 0 && errno != EEXIST) {
        return -1;
    }
    return openat(dir, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* "NAME", "NAME.1", ...; cut where it and ".why" would be too long for a file system. */
static void name_nth(struct buf *out, const char *name, uint64_t i)
{
    out->n = 0;
    buf_printf(out, "%.*s", strlen(name) > NAME_KEPT && i ? NAME_KEPT : NAME_MAX, name);
    if (i) {
        buf_printf(out, ".%llu", (unsigned long long)i);
    }
    buf_putc(out, '\0');
}

static bool exists(int dir, const char *name)
{
    return faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Is the place of the file, or of what is said of it, taken? Too long a name is none to take either. */
static bool is_taken(const struct put *p, uint64_t i, struct buf *as, struct buf *side)
{
    name_nth(as, p->name, i);
    side->n = 0;
    buf_printf(side, "%s.why", as->p);
    buf_putc(side, '\0');
    return exists(p->to, as->p) ||
           (p->has_why && (side->n - 1 > NAME_MAX || exists(p->to, side->p)));
}

/* The first number that is free, or nearly so: the same name may come every minute for years. */
static uint64_t free_number(const struct put *p, struct buf *as, struct buf *side)
{
    uint64_t low = 0, high = 1;
    if (!is_taken(p, 0, as, side)) {
        return 0;
    }
    while (high < NUMBER_MAX && is_taken(p, high, as, side)) {
        low = high;
        high *= 2;
    }
    while (high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        bool taken = is_taken(p, middle, as, side);
        low = taken ? middle : low;
        high = taken ? high : middle;
    }
    (void)is_taken(p, high, as, side); /* the names */
    return high;
}

/* What is there already is kept, and nothing takes its place. */
static bool move(const struct put *p, struct buf *as, struct buf *side)
{
    for (unsigned i = 0; i < TRIES; i++) {
        (void)free_number(p, as, side);
        if (files_rename_new(p->from, p->name, p->to, as->p)) {
            return !p->has_why || files_rename_new(p->to, p->temp, p->to, side->p);
        }
        if (errno != EEXIST) {
            return false;
        }
    }
    return false;
}

/* Under a name of its own: the file is moved only when it is known that there is room for the reason. Two sources may put
 * theirs into one place, each by its own thread: the name has the number of the directory in it. */
static bool write_sidecar(struct put *p, struct str why)
{
    struct stat st;
    if (fstat(p->from, &st) < 0) {
        return false;
    }
    snprintf(p->temp, sizeof p->temp, ".corridor.%llu.why.tmp", (unsigned long long)st.st_ino);
    int fd =
        openat(p->to, p->temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, SIDECAR_MODE);
    bool ok = fd >= 0 && write(fd, why.p, why.n) == (ssize_t)why.n && fsync(fd) == 0;
    if (fd >= 0) {
        ok = close(fd) == 0 && ok;
    }
    return ok;
}

static bool put_into(struct files_look *l, int dir, const char *place)
{
    struct buf as = {0}, side = {0};
    struct put p = {dir, open_or_make(dir, place), l->name, l->why.n > 0, ""};
    bool ok = p.to >= 0 && (!p.has_why || write_sidecar(&p, buf_str(&l->why))) &&
              move(&p, &as, &side) && fsync(p.to) == 0 && fsync(dir) == 0;
    if (p.to >= 0) {
        close(p.to);
    }
    buf_free(&as);
    buf_free(&side);
    return ok;
}

/* Is it another one than was read? Or is it gone: then somebody else has put it away. */
static bool has_changed(const struct files_look *l, int dir)
{
    const struct files_memory *m = l->memory;
    struct files_seen now;
    const struct files_seen *read = m->at ? &m->v[m->at - 1] : NULL; /* whose turn it was */
    return !look_at(dir, l->name, &now) || !read || strcmp(read->name, l->name) != 0 ||
           !is_same(&now, read);
}

static bool put_away(struct files_look *l, int dir)
{
    if (has_changed(l, dir)) {
        l->has_grown = true;
        return true;
    }
    if (l->put == FILES_REJECTED) {
        return put_into(l, dir, l->rejected);
    }
    if (*l->done) {
        return put_into(l, dir, l->done);
    }
    return unlinkat(dir, l->name, 0) == 0 && fsync(dir) == 0;
}

static void one(struct files_look *l)
{
    errno = 0;
    int dir = open(l->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) {
        trouble(l, "directory");
        l->is_unput = l->name != NULL;
        return;
    }
    if (l->name && !put_away(l, dir)) {
        trouble(l, l->put == FILES_REJECTED ? "rejected" : "done");
        l->is_unput = true;
    } else {
        free(l->name);
        l->name = NULL;
        l->bytes.n = 0;
        look_for_next(l, dir);
    }
    close(dir);
}

void files_look_work(struct files_job *list)
{
    for (; list; list = list->next) {
        one((struct files_look *)list);
    }
}

void files_look_free(struct files_look *l)
{
    for (char **p = l->pattern; *p; p++) {
        free(*p);
    }
    free(l->pattern);
    free(l->directory);
    free(l->done);
    free(l->rejected);
    free(l->name);
    buf_free(&l->why);
    buf_free(&l->bytes);
    free(l);
}

void files_memory_free(struct files_memory *m)
{
    for (size_t i = 0; i < m->n; i++) {
        free(m->v[i].name);
    }
    free(m->v);
    *m = (struct files_memory){0};
}
