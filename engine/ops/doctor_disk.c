/* Probes of the disk that the journal is on: room, file system, how it is mounted, how long a sync takes. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/ops/doctor.h"

enum {
    SYNCS = 50,
    SYNC_BYTES = 4096,
    SYNC_SLOW_US = 20000,    /* p50 from which on a sender alone waits noticeably */
    SYNC_STALLS_US = 200000, /* p99 */
    SYNC_UNLIKELY_US = 15,   /* no device is as fast */
    INODES_LEAST = 1000,
    VOLUMES_LEAST = 3,
};

/* The state directory, or what stands above it until the first start makes it. */
static const char *place(const struct doctor *d)
{
    struct stat st;
    char *path = (char *)(uintptr_t)str_dup(d->arena, str_of(d->state)).p; /* our own copy */
    while (stat(path, &st) != 0) {
        char *slash = strrchr(path, '/');
        if (!slash) {
            return ".";
        }
        if (slash == path) {
            return "/";
        }
        *slash = '\0';
    }
    return path;
}

static uint64_t journal_bytes(const struct doctor *d)
{
    DIR *list = opendir(str_printf(d->arena, "%s/journal", d->state).p);
    const struct dirent *e;
    uint64_t n = 0;
    struct stat st;
    while (list && (e = readdir(list))) {
        n += fstatat(dirfd(list), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)
                 ? (uint64_t)st.st_blocks * 512
                 : 0;
    }
    if (list) {
        closedir(list);
    }
    return n;
}

void doctor_disk_space(struct doctor *d)
{
    struct statvfs v;
    uint64_t volume = d->plan ? d->plan->volume_bytes : 0;
    volume = volume ? volume : 64u << 20;
    if (statvfs(place(d), &v) != 0) {
        return; /* said by state-directory */
    }
    uint64_t all = (uint64_t)v.f_blocks * v.f_frsize, room = (uint64_t)v.f_bavail * v.f_frsize;
    uint64_t bound = d->plan && d->plan->disk_bytes ? d->plan->disk_bytes
                                                    : all / 10 * 8 /* as the daemon does */;
    uint64_t used = journal_bytes(d);
    if (room < VOLUMES_LEAST * volume) {
        doctor_find(d, DOCTOR_ERROR, "without another volume senders are refused (AR 207)",
                    "make room; the daemon goes on by itself",
                    "%llu MiB are free; expected three volumes at least, %llu MiB",
                    (unsigned long long)(room >> 20),
                    (unsigned long long)(VOLUMES_LEAST * volume >> 20));
    } else if (used + room < bound) {
        doctor_find(
            d, DOCTOR_WARNING,
            "the device is full before the journal's bound is reached: history is kept too long",
            "lower `disk`, or give the journal a file system of its own",
            "`disk` allows %llu MiB; the journal has %llu MiB and %llu MiB are free",
            (unsigned long long)(bound >> 20), (unsigned long long)(used >> 20),
            (unsigned long long)(room >> 20));
    }
    if (v.f_files && v.f_favail < INODES_LEAST) {
        doctor_find(d, DOCTOR_ERROR, "no file can be made though there is room", "remove files",
                    "%llu inodes are left", (unsigned long long)v.f_favail);
    }
    doctor_fact(d, "%llu MiB free, bound %llu MiB", (unsigned long long)(room >> 20),
                (unsigned long long)(bound >> 20));
}

const char *doctor_file_system_doubt(uint64_t magic, const char **out_name,
                                     enum doctor_severity *out_severity)
{
    static const struct {
        uint64_t magic;
        const char *name, *doubt;
        enum doctor_severity severity;
    } rows[] = {
        {0xef53, "ext4", NULL, DOCTOR_NOTE},
        {0x58465342, "xfs", NULL, DOCTOR_NOTE},
        {0x9123683e, "btrfs", NULL, DOCTOR_NOTE},
        {0x2fc12fc1, "zfs", NULL, DOCTOR_NOTE},
        {0xf2f52010, "f2fs", NULL, DOCTOR_NOTE},
        {0x01021994, "tmpfs", "it is memory: all is gone after a reboot", DOCTOR_ERROR},
        {0x858458f6, "ramfs", "it is memory: all is gone after a reboot", DOCTOR_ERROR},
        {0x794c7630, "overlay", "it goes with its container; mount a volume there", DOCTOR_ERROR},
        {0x6969, "nfs", "a sync there asks a server, and locks may be lost with it",
         DOCTOR_WARNING},
        {0xff534d42, "cifs", "a sync there asks a server that may not heed it", DOCTOR_WARNING},
        {0xfe534d42, "smb2", "a sync there asks a server that may not heed it", DOCTOR_WARNING},
        {0x01021997, "9p", "a sync there asks a host that may not heed it", DOCTOR_WARNING},
        {0x6a656a63, "virtiofs", "a sync there asks a host that may not heed it", DOCTOR_WARNING},
        {0x65735546, "fuse", "what its rename and sync promise is up to its program",
         DOCTOR_WARNING},
        {0x4d44, "vfat", "its rename is not durable and not whole", DOCTOR_ERROR},
        {0x2011bab0, "exfat", "its rename is not durable and not whole", DOCTOR_ERROR},
        {0x5346544e, "ntfs", "its rename is not durable for sure", DOCTOR_WARNING},
        {0x73717368, "squashfs", "it cannot be written to", DOCTOR_ERROR},
        {0x9660, "iso9660", "it cannot be written to", DOCTOR_ERROR},
        {0xf15f, "ecryptfs", "its sync is not known to be durable", DOCTOR_WARNING},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].magic == magic) {
            *out_name = rows[i].name;
            *out_severity = rows[i].severity;
            return rows[i].doubt;
        }
    }
    *out_name = "not known";
    *out_severity = DOCTOR_NOTE;
    return NULL;
}

void doctor_file_system(struct doctor *d)
{
    struct statfs s;
    struct statvfs v;
    const char *path = place(d), *name;
    enum doctor_severity severity;
    if (statfs(path, &s) != 0 || statvfs(path, &v) != 0) {
        return; /* said by state-directory */
    }
    const char *doubt = doctor_file_system_doubt((uint32_t)s.f_type, &name, &severity);
    if (doubt) {
        doctor_find(d, severity, doubt,
                    "put `state` on a local disk with ext4 or xfs; a sync must reach the disk",
                    "%s is on %s", path, name);
    }
    if (v.f_flag & ST_RDONLY) {
        doctor_find(d, DOCTOR_ERROR, "nothing can be acknowledged",
                    "after an error of the disk look at dmesg first; then mount -o remount,rw",
                    "%s is mounted read-only", path);
    }
    doctor_fact(d, "%s", name);
}

/* ---- how it is mounted ---- */

/* Whether `point` is `path` or stands above it. */
static bool is_above(struct str point, struct str path)
{
    return str_is(point, "/") ||
           (str_starts(path, point) && (path.n == point.n || path.p[point.n] == '/'));
}

/* The options, those of the mount and those of the file system, of the last line for the place nearest to `path`. */
static void find_mount(struct str mountinfo, struct str path, struct str out[2])
{
    struct str rest = mountinfo, line, word, fields;
    size_t nearest = 0;
    out[0] = out[1] = STR("");
    while (str_split(&rest, '\n', &line)) {
        struct str f[6];
        unsigned n = 0;
        for (fields = line; n < 6 && str_split(&fields, ' ', &word); n++) {
            f[n] = word;
        }
        if (n == 6 && f[4].n >= nearest && is_above(f[4], path)) {
            nearest = f[4].n;
            out[0] = f[5];
            out[1] = STR("");
            while (str_split(&fields, ' ', &word)) {
                out[1] = word; /* the last one of the line */
            }
        }
    }
}

static bool has_option(struct str options, const char *name)
{
    struct str rest = options, one;
    while (str_split(&rest, ',', &one)) {
        if (str_is(one, name)) {
            return true;
        }
    }
    return false;
}

const char *doctor_mount_doubt(struct str mountinfo, struct str path, const char **out_option,
                               enum doctor_severity *out_severity)
{
    static const struct {
        const char *option, *doubt;
        enum doctor_severity severity;
    } rows[] = {
        {"nobarrier", "a sync does not reach the disk: a loss of power loses what was acknowledged",
         DOCTOR_ERROR},
        {"barrier=0", "a sync does not reach the disk: a loss of power loses what was acknowledged",
         DOCTOR_ERROR},
        {"volatile", "nothing is synced there at all", DOCTOR_ERROR},
        {"soft", "a server that is slow for a while looks like a failed disk: the daemon ends",
         DOCTOR_WARNING},
        {"nolock", "the lock that keeps a second daemon away does not reach other machines",
         DOCTOR_WARNING},
        {"local_lock=all", "the lock that keeps a second daemon away does not reach other machines",
         DOCTOR_WARNING},
        {"errors=continue", "after an error of the disk it goes on as if nothing were",
         DOCTOR_WARNING},
        {"sync", "every write waits for the disk, before the sync that it has anyway", DOCTOR_NOTE},
    };
    struct str options[2];
    find_mount(mountinfo, path, options);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (has_option(options[0], rows[i].option) || has_option(options[1], rows[i].option)) {
            *out_option = rows[i].option;
            *out_severity = rows[i].severity;
            return rows[i].doubt;
        }
    }
    return NULL;
}

static struct str read_mounts(struct arena *a)
{
    static const size_t most = (size_t)1 << 20;
    char *bytes = arena_alloc(a, most);
    FILE *f = fopen("/proc/self/mountinfo", "re");
    size_t n = f ? fread(bytes, 1, most, f) : 0;
    if (f) {
        fclose(f);
    }
    return str_from(bytes, n);
}

void doctor_mount(struct doctor *d)
{
    const char *option;
    enum doctor_severity severity;
    char *path = realpath(place(d), NULL);
    const char *doubt =
        path ? doctor_mount_doubt(read_mounts(d->arena), str_of(path), &option, &severity) : NULL;
    if (doubt) {
        doctor_find(d, severity, doubt, "mount it without that option, see mount(8)",
                    "%s is mounted with %s", path, option);
    }
    free(path);
}

/* ---- sync ---- */

int64_t doctor_percentile(const int64_t *ascending, size_t n, unsigned percent)
{
    size_t at = (n * percent + 99) / 100;
    return ascending[at ? at - 1 : 0];
}

static int by_value(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* A file without a name: it goes with this process. */
static int open_probe(const struct doctor *d)
{
    const char *path = str_printf(d->arena, "%s/doctor.%ld.tmp", place(d), (long)getpid()).p;
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd >= 0) {
        (void)unlink(path); /* at the worst an empty file stays */
    }
    return fd;
}

/* As the journal does: room is there, each write replaces bytes of it. */
static bool measure(int fd, int64_t us[SYNCS])
{
    static const char bytes[SYNC_BYTES] = {1};
    struct clock c = clock_real();
    int error = posix_fallocate(fd, 0, SYNCS * SYNC_BYTES);
    bool ok = !error && fsync(fd) == 0;
    errno = error ? error : errno;
    for (int i = 0; i < SYNCS && ok; i++) {
        int64_t began = clock_mono_us(&c);
        ok = pwrite(fd, bytes, sizeof bytes, (off_t)i * SYNC_BYTES) == SYNC_BYTES &&
             fdatasync(fd) == 0;
        us[i] = clock_mono_us(&c) - began;
    }
    return ok;
}

static void judge_sync(struct doctor *d, int64_t p50, int64_t p99)
{
    if (p50 > SYNC_SLOW_US) {
        doctor_find(d, DOCTOR_WARNING,
                    "every acknowledgement waits for one; a lone sender for each",
                    "a disk with a protected write cache; nothing else busy on it",
                    "half of the syncs take more than %lld ms", (long long)p50 / 1000);
    }
    if (p99 > SYNC_STALLS_US) {
        doctor_find(d, DOCTOR_WARNING, "senders with short time-outs will repeat themselves",
                    "look who else writes to the disk; give the journal one of its own",
                    "one sync in a hundred takes %lld ms", (long long)p99 / 1000);
    }
    if (p50 < SYNC_UNLIKELY_US) {
        doctor_find(d, DOCTOR_WARNING,
                    "no disk is as fast: what was acknowledged may not survive a loss of power",
                    "look whether write barriers are off, or whether this is memory",
                    "a sync takes %lld microseconds", (long long)p50);
    }
}

void doctor_sync(struct doctor *d)
{
    int64_t us[SYNCS];
    int fd = open_probe(d);
    if (fd < 0) {
        doctor_find(d, DOCTOR_NOTE, "the time a sync takes was not measured",
                    "look as the user the daemon runs as", "%s: %s", place(d), strerror(errno));
        return;
    }
    bool ok = measure(fd, us);
    int saved = errno;
    close(fd);
    if (!ok) {
        doctor_find(d, DOCTOR_ERROR, "the journal could not be written either",
                    "look at the device: dmesg, free room, quota", "%s: %s", place(d),
                    strerror(saved));
        return;
    }
    qsort(us, SYNCS, sizeof *us, by_value);
    int64_t p50 = doctor_percentile(us, SYNCS, 50), p99 = doctor_percentile(us, SYNCS, 99);
    judge_sync(d, p50, p99);
    doctor_fact(d, "p50 %lld us, p99 %lld us", (long long)p50, (long long)p99);
}
