#include "engine/ops/doctor.h"

#include <stdarg.h>
#include <stdio.h>

#include "engine/ops/report.h"

/* clang-format off */
const struct doctor_probe doctor_probes[] = {
    {"configuration", "Does `check` find errors in it?", doctor_configuration},
    {"rights", "Who may change corridor.yaml and what stands beside it?", doctor_configuration_rights},
    {"state-directory", "Owner and rights of the state directory and the journal's files.", doctor_state_directory},
    {"disk-space", "Free room and inodes against `disk` and `volume-size`.", doctor_disk_space},
    {"file-system", "Is its rename and sync to be trusted? Is it read-only?", doctor_file_system},
    {"mount", "Options of the mount that weaken a sync or a lock.", doctor_mount},
    {"sync", "50 writes of 4 KiB, each with its fdatasync: how long do they take?", doctor_sync},
    {"descriptors", "The limit of open files against the connections configured.", doctor_descriptors},
    {"limits", "Limits of file size and addresses.", doctor_limits},
    {"clock", "Is it synchronised? Is the year possible? Is the journal younger than it?", doctor_clock},
    {"time-zones", "Is the time zone database there?", doctor_time_zones},
    {"locale", "Can a terminal show what `show` and `parse` print?", doctor_locale},
    {"ports", "Can sources, admin and metrics listen where they are to?", doctor_ports},
    {"plaintext", "Which sources and destinations speak to other machines without TLS?", doctor_plaintext},
    {"certificates", "Can the files of each `tls` be used together, and how long do they hold?", doctor_certificates},
    {"destinations", "Does each take a connection within 2 s, with TLS where it is to? No message is sent.", doctor_destinations},
    {"directories", "The directories that files are read from and written to.", doctor_directories},
    {"secrets", "The files that secrets are read from: there, and for nobody else?", doctor_secrets},
    {"daemon", "The running one: degraded, clogged, held, unreachable?", doctor_daemon},
    {"leftovers", "Files that something broken off has left behind.", doctor_leftovers},
    {"core-dumps", "Would a crash write patient data to a core file?", doctor_core_dumps},
    {"swap", "May memory with patient data be written to a disk?", doctor_swap},
    {"unit", "Is it a service of systemd?", doctor_unit},
    {0},
};
/* clang-format on */

__attribute__((format(printf, 2, 0))) static struct str format(struct arena *a, const char *fmt,
                                                               va_list ap)
{
    char text[1024];
    int n = vsnprintf(text, sizeof text, fmt, ap);
    size_t kept = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    return str_dup(a, str_from(text, kept));
}

void doctor_find(struct doctor *d, enum doctor_severity s, const char *means, const char *act,
                 const char *fmt, ...)
{
    struct doctor_finding *f = ARENA_ARRAY(d->arena, struct doctor_finding, 1);
    va_list ap;
    va_start(ap, fmt);
    *f = (struct doctor_finding){.probe = d->probe,
                                 .severity = s,
                                 .text = format(d->arena, fmt, ap),
                                 .means = means,
                                 .act = act};
    va_end(ap);
    *(d->last ? &d->last->next : &d->first) = f;
    d->last = f;
    d->count[s]++;
}

void doctor_fact(struct doctor *d, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    d->fact = format(d->arena, fmt, ap);
    va_end(ap);
}

static void each_row(struct doctor *d, const struct doctor_setting *of, const struct opt *table,
                     const void *conf, doctor_setting_fn fn)
{
    for (const struct opt *o = table; o && o->name; o++) {
        struct doctor_setting s = *of;
        s.row = o;
        s.table = table;
        s.conf = conf;
        s.value = (const char *)conf + o->offset;
        fn(d, &s);
        const void *inner = o->kind == OPT_GROUP ? *(const void *const *)s.value : NULL;
        if (inner) {
            struct doctor_setting below = *of;
            below.group = o;
            each_row(d, &below, o->group, inner, fn);
        }
    }
}

void doctor_each_setting(struct doctor *d, doctor_setting_fn fn)
{
    const struct plan *p = d->plan;
    for (unsigned i = 0; p && i < p->nsources; i++) {
        struct doctor_setting s = {.endpoint = p->sources[i].name, .is_source = true};
        each_row(d, &s, p->sources[i].adapter->in_opts, p->sources[i].conf, fn);
    }
    for (unsigned i = 0; p && i < p->ndestinations; i++) {
        struct doctor_setting s = {.endpoint = p->destinations[i].name};
        each_row(d, &s, p->destinations[i].adapter->out_opts, p->destinations[i].conf, fn);
    }
}

const char *doctor_severity_text(enum doctor_severity s)
{
    static const char *const words[] = {"note", "warning", "error"};
    return words[s];
}

int doctor_pid(const struct doctor *d)
{
    return d->status ? (int)report_int(d->status, "pid") : 0;
}
