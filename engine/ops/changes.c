#include "engine/ops/changes.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/hash.h"
#include "engine/base/mem.h"

enum {
    LOOK_MS = 500,  /* without inotify */
    QUIET_MS = 100, /* an editor writes several files: wait until it is done */
    DEPTH_MAX = 16,
};

struct changes {
    char **paths;
    size_t n;
    int notify, signals; /* -1: none */
    bool looks;          /* some directory has no watch */
    uint64_t print;      /* of everything as last seen */
};

/* ---- what is there ---- */

static void mix(uint64_t *print, const char *path, const struct stat *st)
{
    uint64_t parts[] = {hash64_str(str_of(path), 0), (uint64_t)st->st_mtim.tv_sec,
                        (uint64_t)st->st_mtim.tv_nsec, (uint64_t)st->st_size, st->st_ino};
    *print += hash64(parts, sizeof parts, 0); /* in any order */
}

static void watch(struct changes *c, const char *dir)
{
    uint32_t what = IN_CLOSE_WRITE | IN_MOVE | IN_CREATE | IN_DELETE | IN_ATTRIB;
    if (c->notify < 0 || inotify_add_watch(c->notify, dir, what) < 0) {
        c->looks = true;
    }
}

/* SQLite writes into it to read. */
static bool is_shared_memory(const char *name)
{
    return str_ends(str_of(name), STR("-shm"));
}

/* The log of a database that a program keeps open: it is written without being closed. */
static void watch_log(struct changes *c, const char *path)
{
    if (str_ends(str_of(path), STR("-wal")) &&
        (c->notify < 0 || inotify_add_watch(c->notify, path, IN_MODIFY) < 0)) {
        c->looks = true;
    }
}

static void walk(struct changes *c, const char *dir, unsigned depth, uint64_t *print)
{
    DIR *d = depth < DEPTH_MAX ? opendir(dir) : NULL;
    struct dirent *one;
    if (!d) {
        return;
    }
    watch(c, dir);
    while ((one = readdir(d))) {
        char path[PATH_MAX];
        struct stat st;
        if (one->d_name[0] == '.' || is_shared_memory(one->d_name) ||
            snprintf(path, sizeof path, "%s/%s", dir, one->d_name) >= (int)sizeof path ||
            lstat(path, &st) != 0) {
            continue;
        }
        if (S_ISDIR(st.st_mode)) {
            walk(c, path, depth + 1, print);
        } else if (S_ISREG(st.st_mode)) {
            watch_log(c, path);
            mix(print, path, &st);
        }
    }
    closedir(d);
}

static uint64_t look(struct changes *c)
{
    uint64_t print = 0;
    c->looks = false;
    for (size_t i = 0; i < c->n; i++) {
        walk(c, c->paths[i], 0, &print);
    }
    return print;
}

/* ---- waiting ---- */

struct changes *changes_new(void)
{
    struct changes *c = X_NEW(struct changes);
    c->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    c->signals = -1;
    return c;
}

void changes_free(struct changes **c)
{
    struct changes *one = *c;
    *c = NULL;
    for (size_t i = 0; one && i < one->n; i++) {
        free(one->paths[i]);
    }
    if (one) {
        (void)close(one->notify); /* or it never was: nothing is lost */
        (void)close(one->signals);
        free(one->paths);
        free(one);
    }
}

void changes_add(struct changes *c, const char *path)
{
    struct stat st;
    const char *end = strrchr(path, '/');
    bool is_dir = stat(path, &st) == 0 && S_ISDIR(st.st_mode);
    size_t n = is_dir ? strlen(path) : end ? (size_t)(end - path) : 0;
    char *dir = xmalloc(n + 2);
    snprintf(dir, n + 2, "%.*s%s", (int)n, path, n ? "" : end ? "/" : ".");
    c->paths = xrealloc(c->paths, (c->n + 1) * sizeof *c->paths);
    c->paths[c->n++] = dir;
    c->print = look(c);
}

static void open_signals(struct changes *c)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    c->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void drain(int fd)
{
    char buf[4096];
    while (read(fd, buf, sizeof buf) > 0) {
    }
}

/* False: a signal. */
static bool wait_ms(struct changes *c, int ms)
{
    struct pollfd fds[] = {{.fd = c->signals, .events = POLLIN},
                           {.fd = c->notify, .events = POLLIN}};
    int rc = poll(fds, 2, ms);
    if (rc > 0 && fds[1].revents) {
        drain(c->notify);
    }
    return rc <= 0 || !fds[0].revents;
}

/* Until nothing changes any more: editors save in several steps. */
static bool settle(struct changes *c, uint64_t now)
{
    uint64_t before;
    do {
        before = now;
        if (!wait_ms(c, QUIET_MS)) {
            return false;
        }
        now = look(c);
    } while (now != before);
    c->print = now;
    return true;
}

bool changes_wait(struct changes *c)
{
    if (c->signals < 0) {
        open_signals(c);
    }
    for (;;) {
        uint64_t now = look(c);
        if (now != c->print) {
            return settle(c, now);
        }
        if (!wait_ms(c, c->looks ? LOOK_MS : -1)) {
            return false;
        }
    }
}
