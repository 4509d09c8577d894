/* Probes of limits, memory, clock and names. */
#include <dirent.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "engine/ops/doctor.h"
#include "engine/ops/dump.h"

enum {
    DESCRIPTORS_OWN = 64, /* journal, sockets of its own, route files at a reload */
    YEAR_LEAST = 2024,
    AHEAD_MOST_S = 300,
};

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

/* A write beyond the limit fails (SIGXFSZ is ignored), as on a full disk: senders get AR. */
void doctor_limits(struct doctor *d)
{
    struct rlimit size, memory;
    uint64_t volume = d->plan ? d->plan->volume_bytes : 0;
    if (prlimit(doctor_pid(d), RLIMIT_FSIZE, NULL, &size) != 0 ||
        prlimit(doctor_pid(d), RLIMIT_AS, NULL, &memory) != 0) {
        return; /* another user's process */
    }
    if (size.rlim_cur != RLIM_INFINITY && size.rlim_cur < volume) {
        doctor_find(d, DOCTOR_ERROR, "no volume can be made: the daemon does not start, or stops",
                    "LimitFSIZE=infinity in its unit, or ulimit -f unlimited where it is started",
                    "files may have %llu bytes; a volume has %llu",
                    (unsigned long long)size.rlim_cur, (unsigned long long)volume);
    }
    if (memory.rlim_cur != RLIM_INFINITY) {
        doctor_find(d, DOCTOR_WARNING, "an allocation beyond it ends the daemon at once",
                    "bound it by MemoryMax= in its unit, which counts what is used",
                    "its addresses are limited to %llu MiB (ulimit -v)",
                    (unsigned long long)(memory.rlim_cur >> 20));
    }
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

/* Seconds from now to the newest change of a file of the journal; 0 without one. */
static int64_t journal_is_ahead_s(struct doctor *d, time_t now)
{
    DIR *list = opendir(str_printf(d->arena, "%s/journal", d->state).p);
    const struct dirent *e;
    struct stat st;
    time_t newest = now;
    while (list && (e = readdir(list))) {
        if (e->d_name[0] != '.' && fstatat(dirfd(list), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
            newest = st.st_mtime > newest ? st.st_mtime : newest;
        }
    }
    if (list) {
        closedir(list);
    }
    return (int64_t)(newest - now);
}

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
    int64_t ahead_s = journal_is_ahead_s(d, now);
    if (ahead_s > AHEAD_MOST_S) {
        doctor_find(d, DOCTOR_WARNING,
                    "it is wrong now or was wrong then; what is stored now looks older than what "
                    "was stored before",
                    "set it right before the daemon starts; if it was wrong then, start, and "
                    "`corridor accept clock` if it asks for that",
                    "the journal was written to %lld s later than the clock says it is",
                    (long long)ahead_s);
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
