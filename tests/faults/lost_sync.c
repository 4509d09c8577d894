/* lost_sync.c - preloaded into the daemon: once the file named in $LOST_SYNC exists, the next fdatasync()
 * fails with EIO, and what was written since the last good one is gone, as when the system drops the pages
 * it could not write. A positive reply to any of it is then a message lost. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

enum { WRITES_MOST = 1024, ZEROES = 65536 };

struct written {
    int fd;
    size_t n;
    off_t at;
};

/* What the journal's one writer thread wrote since the last sync; the log goes through write(). */
static struct written writes[WRITES_MOST];
static size_t nwrites;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");
    ssize_t put = real(fd, p, n, at);
    pthread_mutex_lock(&lock);
    if (put > 0 && nwrites < WRITES_MOST) {
        writes[nwrites++] = (struct written){fd, (size_t)put, at};
    }
    pthread_mutex_unlock(&lock);
    return put;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off_t at)
{
    return pwrite(fd, p, n, at);
}

static void lose(int fd)
{
    static const char zeroes[ZEROES];
    ssize_t (*real)(int, const void *, size_t, off_t) = dlsym(RTLD_NEXT, "pwrite");
    for (size_t i = 0; i < nwrites; i++) {
        const struct written *w = &writes[i];
        for (size_t at = 0; w->fd == fd && at < w->n;) {
            size_t n = w->n - at < ZEROES ? w->n - at : ZEROES;
            if (real(fd, zeroes, n, w->at + (off_t)at) != (ssize_t)n) {
                abort();
            }
            at += n;
        }
    }
}

int fdatasync(int fd)
{
    int (*real)(int) = dlsym(RTLD_NEXT, "fdatasync");
    const char *when = getenv("LOST_SYNC");
    pthread_mutex_lock(&lock);
    bool fails = when && access(when, F_OK) == 0;
    if (fails) {
        lose(fd);
    }
    size_t kept = 0;
    for (size_t i = 0; i < nwrites; i++) {
        if (writes[i].fd != fd) {
            writes[kept++] = writes[i];
        }
    }
    nwrites = kept;
    pthread_mutex_unlock(&lock);
    if (fails) {
        errno = EIO;
        return -1;
    }
    return real(fd);
}
