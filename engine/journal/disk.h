/* disk.h - the one table through which the journal touches files, so that tests can run it on a
 * simulated disk (tests/support/simdisk) that tears, drops, reorders, fails and is cut at any step.
 * Paths are names inside the journal's directory. All functions return >= 0, or -errno. */
#ifndef CORRIDOR_JOURNAL_DISK_H
#define CORRIDOR_JOURNAL_DISK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum disk_lock { DISK_UNLOCKED, DISK_SHARED, DISK_ALONE };

struct disk {
    void *arg;
    int (*open)(void *arg, const char *name,
                int flags); /* O_RDONLY | O_RDWR | O_CREAT | O_EXCL; a handle */
    int (*close)(void *arg, int file);
    ssize_t (*pread)(void *arg, int file, void *p, size_t n, uint64_t at);
    ssize_t (*pwrite)(void *arg, int file, const void *p, size_t n, uint64_t at); /* may be short */
    int (*allocate)(void *arg, int file,
                    uint64_t size); /* posix_fallocate; ENOSPC when it does not fit */
    int (*datasync)(void *arg, int file);
    int (*sync_dir)(void *arg);
    int (*rename)(void *arg, const char *from, const char *to);
    int (*unlink)(void *arg, const char *name);
    int64_t (*size)(void *arg, int file);
    int (*drop_cache)(void *arg, int file); /* POSIX_FADV_DONTNEED; best effort */
    int (*list)(void *arg, void (*each)(void *ctx, const char *name), void *ctx);
    int (*lock)(void *arg, const char *name); /* exclusive, until disk_close(); -EAGAIN when held */
    int64_t (*free_bytes)(void *arg);
    /* Of one open file, until it is closed: any number share it, or one that may write has it alone. Never
     * waits: -EAGAIN. Only those who ask are kept out. */
    int (*lock_file)(void *arg, int file, enum disk_lock how);
};

/* The operating system's files below the directory `dir` (created if missing, mode 0700; state holds
 * patient data). 0 or -errno. disk_close() releases it. */
int disk_open_dir(const char *dir, struct disk *out);
void disk_close(struct disk *d);

#endif
