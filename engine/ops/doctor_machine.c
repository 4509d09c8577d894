/* Probes of the disk, the limits and the clock. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/ops/doctor.h"
#include "engine/ops/dump.h"

enum {
    SYNCS = 50,
    SYNC_BYTES = 4096,
    SYNC_SLOW_US = 20000,    /* p50 from which on a sender alone waits noticeably */
    SYNC_STALLS_US = 200000, /* p99 */
    SYNC_UNLIKELY_US = 15,   /* no device is as fast */
    INODES_LEAST = 1000,
    VOLUMES_LEAST = 3,
    DESCRIPTORS_OWN = 64, /* journal, sockets of its own, route files at a reload */
    YEAR_LEAST = 2024,
    OFFSET_MOST_US = 1000000,
};

/* ---- disk ---- */

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
    bool ok = posix_fallocate(fd, 0, SYNCS * SYNC_BYTES) == 0 && fsync(fd) == 0;
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

/* ---- limits ---- */

/* The `connections` of all endpoints, or `parallel` where an adapter has no such option. */
static uint64_t connections(const struct plan *p)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < p->nsources; i++) {
        const struct plan_source *s = &p->sources[i];
        const struct opt *row = opt_find(s->adapter->in_opts, STR("connections"));
        n += row ? (uint64_t) * (const int *)((const char *)s->conf + row->offset) : 1;
    }
    for (unsigned i = 0; i < p->ndestinations; i++) {
        const struct plan_destination *t = &p->destinations[i];
        const struct opt *row = opt_find(t->adapter->out_opts, STR("connections"));
        n += row ? (uint64_t) * (const int *)((const char *)t->conf + row->offset) : t->parallel;
    }
    return n;
}

void doctor_descriptors(struct doctor *d)
{
    struct rlimit r;
    if (!d->plan || prlimit(doctor_pid(d), RLIMIT_NOFILE, NULL, &r) != 0) {
        return; /* another user's process: nothing can be said of it */
    }
    uint64_t want = connections(d->plan) + DESCRIPTORS_OWN;
    if (r.rlim_max < want) {
        doctor_find(d, DOCTOR_WARNING, "beyond it connections are refused while all are in use",
                    "raise the hard limit (LimitNOFILE= of its unit), or lower `connections`",
                    "at most %llu files may be open; the connections configured want %llu",
                    (unsigned long long)r.rlim_max, (unsigned long long)want);
    }
    doctor_fact(d, "%llu, wanted %llu", (unsigned long long)r.rlim_max, (unsigned long long)want);
}

static bool read_line(const char *path, char *out, size_t n)
{
    FILE *f = fopen(path, "re");
    bool ok = f && fgets(out, (int)n, f);
    if (f) {
        fclose(f);
    }
    out[ok ? strcspn(out, "\n") : 0] = '\0';
    return ok;
}

void doctor_core_dumps(struct doctor *d)
{
    char pattern[256];
    if (!read_line("/proc/sys/kernel/core_pattern", pattern, sizeof pattern)) {
        return; /* no /proc */
    }
    bool is_piped = pattern[0] == '|';
    bool is_possible = dump_is_possible(doctor_pid(d), is_piped);
    doctor_fact(d, "%s", is_possible ? "with memory" : "without memory");
    if (is_possible && strcmp(pattern, "|/bin/false") != 0) {
        doctor_find(d, DOCTOR_WARNING, "a core file of the daemon holds patient data",
                    "LimitCORE=1 in its unit, or ulimit -c 0 where it is started",
                    is_piped ? "core files are given to a program: %s"
                             : "core files are written: %s",
                    pattern);
    }
}

void doctor_swap(struct doctor *d)
{
    char line[512];
    unsigned n = 0;
    FILE *f = fopen("/proc/swaps", "re");
    while (f && fgets(line, sizeof line, f)) {
        n += line[0] == '/' && !strstr(line, "/zram");
    }
    if (f) {
        fclose(f);
    }
    if (n) {
        doctor_find(d, DOCTOR_NOTE, "pages with patient data may be written to it",
                    "encrypt it, use zram, or set MemorySwapMax=0 in the daemon's unit",
                    "swap on disks: %u", n);
    }
    doctor_fact(d, n ? "on" : "none on a disk");
}

/* ---- clock and names ---- */

void doctor_clock(struct doctor *d)
{
    struct timex t = {0};
    time_t now = time(NULL);
    struct tm utc;
    int state = adjtimex(&t);
    if (gmtime_r(&now, &utc) && utc.tm_year + 1900 < YEAR_LEAST) {
        doctor_find(d, DOCTOR_ERROR, "times of receipt, ids and retention follow it",
                    "set it, then see that it is kept: systemd-timesyncd, chrony or ntpd",
                    "the clock says %d", utc.tm_year + 1900);
    } else if (state == TIME_ERROR || t.status & STA_UNSYNC) {
        doctor_find(d, DOCTOR_WARNING, "times in the journal and in messages may be wrong",
                    "run systemd-timesyncd, chrony or ntpd; in a container, on its host",
                    "the clock is not synchronised");
    }
    doctor_fact(d, state == TIME_ERROR ? "not synchronised" : "synchronised");
}

static unsigned zones_wanted(const struct plan *p)
{
    unsigned n = 0;
    for (unsigned i = 0; p && i < p->nsources; i++) {
        n += p->sources[i].timezone.n > 0;
    }
    return n;
}

void doctor_time_zones(struct doctor *d)
{
    if (access("/usr/share/zoneinfo/Etc/UTC", R_OK) != 0 &&
        access("/usr/share/zoneinfo/UTC", R_OK) != 0) {
        doctor_find(d, zones_wanted(d->plan) || !d->plan ? DOCTOR_ERROR : DOCTOR_NOTE,
                    "a source with `timezone` cannot be configured", "install the package tzdata",
                    "/usr/share/zoneinfo is not there");
        return;
    }
    doctor_fact(d, "/usr/share/zoneinfo");
}

void doctor_locale(struct doctor *d)
{
    const char *set = setlocale(LC_CTYPE, "");
    const char *charset = set ? nl_langinfo(CODESET) : "";
    if (strcmp(charset, "UTF-8") != 0) {
        doctor_find(d, DOCTOR_NOTE, "the daemon does not mind; names on a terminal may look wrong",
                    "LANG=C.UTF-8",
                    set ? "the locale's character set is %s; expected UTF-8"
                        : "the locale that LANG or LC_ALL asks for is not there%s",
                    charset);
    }
    doctor_fact(d, "%s", *charset ? charset : "none");
    (void)setlocale(LC_CTYPE, "C"); /* as everything else here expects it */
}
