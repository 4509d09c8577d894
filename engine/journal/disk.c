#include "engine/journal/disk.h"

#include "engine/base/mem.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct os_dir {
    int fd;
    int lock; /* -1: none */
};

static int fail_or(int rc)
{
    return rc < 0 ? -errno : rc;
}

static int os_open(void *arg, const char *name, int flags)
{
    const struct os_dir *d = arg;
    return fail_or(openat(d->fd, name, flags | O_CLOEXEC | O_NOFOLLOW, 0600));
}

static int os_close(void *arg, int file)
{
    (void)arg;
    return fail_or(close(file));
}

static ssize_t os_pread(void *arg, int file, void *p, size_t n, uint64_t at)
{
    (void)arg;
    ssize_t got;
    do {
        got = pread(file, p, n, (off_t)at);
    } while (got < 0 && errno == EINTR);
    return got < 0 ? -errno : got;
}

static ssize_t os_pwrite(void *arg, int file, const void *p, size_t n, uint64_t at)
{
    (void)arg;
    ssize_t put;
    do {
        put = pwrite(file, p, n, (off_t)at);
    } while (put < 0 && errno == EINTR);
    return put < 0 ? -errno : put;
}

static int os_allocate(void *arg, int file, uint64_t size)
{
    (void)arg;
    int rc;
    do {
        rc = posix_fallocate(file, 0, (off_t)size);
    } while (rc == EINTR);
    return -rc;
}

static int os_datasync(void *arg, int file)
{
    (void)arg;
    return fail_or(fdatasync(file));
}

static int os_sync_dir(void *arg)
{
    const struct os_dir *d = arg;
    return fail_or(fsync(d->fd));
}

static int os_rename(void *arg, const char *from, const char *to)
{
    const struct os_dir *d = arg;
    return fail_or(renameat(d->fd, from, d->fd, to));
}

static int os_unlink(void *arg, const char *name)
{
    const struct os_dir *d = arg;
    return fail_or(unlinkat(d->fd, name, 0));
}

static int64_t os_size(void *arg, int file)
{
    (void)arg;
    struct stat st;
    return fstat(file, &st) < 0 ? -errno : (int64_t)st.st_size;
}

static int os_drop_cache(void *arg, int file)
{
    (void)arg;
    return -posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
}

static int os_list(void *arg, void (*each)(void *ctx, const char *name), void *ctx)
{
    const struct os_dir *d = arg;
    int fd = openat(d->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        int rc = -errno;
        if (fd >= 0) {
            close(fd);
        }
        return rc;
    }
    const struct dirent *e;
    errno = 0;
    while ((e = readdir(dir)) != NULL) {
        if (e->d_name[0] != '.') {
            each(ctx, e->d_name);
        }
        errno = 0;
    }
    int rc = -errno;
    closedir(dir);
    return rc;
}

static int os_lock(void *arg, const char *name)
{
    struct os_dir *d = arg;
    int fd = openat(d->fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return -errno;
    }
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_SETLK, &lock) < 0) {
        int rc = errno == EACCES ? -EAGAIN : -errno;
        close(fd);
        return rc;
    }
    d->lock = fd;
    return 0;
}

static int os_lock_file(void *arg, int file, enum disk_lock how)
{
    static const short kinds[] = {F_UNLCK, F_RDLCK, F_WRLCK};
    struct flock lock = {.l_type = kinds[how], .l_whence = SEEK_SET};
    (void)arg;
    int rc = fail_or(fcntl(file, F_OFD_SETLK, &lock));
    return rc == -EACCES ? -EAGAIN : rc;
}

static int64_t os_free_bytes(void *arg)
{
    const struct os_dir *d = arg;
    struct statvfs st;
    return fstatvfs(d->fd, &st) < 0 ? -errno : (int64_t)(st.f_bavail * st.f_frsize);
}

int disk_open_dir(const char *dir, struct disk *out)
{
    if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
        return -errno;
    }
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    struct os_dir *d = X_NEW(struct os_dir);
    *d = (struct os_dir){fd, -1};
    *out = (struct disk){
        .arg = d,
        .open = os_open,
        .close = os_close,
        .pread = os_pread,
        .pwrite = os_pwrite,
        .allocate = os_allocate,
        .datasync = os_datasync,
        .sync_dir = os_sync_dir,
        .rename = os_rename,
        .unlink = os_unlink,
        .size = os_size,
        .drop_cache = os_drop_cache,
        .list = os_list,
        .lock = os_lock,
        .free_bytes = os_free_bytes,
        .lock_file = os_lock_file,
    };
    return 0;
}

void disk_close(struct disk *disk)
{
    struct os_dir *d = disk->arg;
    if (d) {
        if (d->lock >= 0) {
            close(d->lock);
        }
        close(d->fd);
        free(d);
    }
    *disk = (struct disk){0};
}
