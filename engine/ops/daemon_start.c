/* From the configuration to "ready": the plan, the journal, the engine, the watcher, and where the process is asked. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "engine/base/buf.h"
#include "engine/config/config.h"
#include "engine/ops/admin.h"
#include "engine/ops/daemon_priv.h"
#include "engine/ops/notify.h"
#include "engine/ops/watcher.h"

static uint64_t random_number(void *arg)
{
    return rng_u64(arg);
}

void daemon_log_findings(struct log *log, const struct diags *d)
{
    struct buf b = {0};
    for (const struct diag *one = d->first; one; one = one->next) {
        buf_clear(&b);
        diag_print(&b, one);
        enum log_level level = one->severity == DIAG_ERROR ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN;
        log_event(log, level, "finding", log_str("text", str_trim(buf_str(&b))));
    }
    buf_free(&b);
}

/* Before anything runs: all of them, as `check` shows them. */
static void print_findings(const struct diags *d)
{
    struct buf b = {0};
    diags_print(&b, d);
    fwrite(b.p ? b.p : "", 1, b.n, stderr);
    buf_free(&b);
}

static bool make_state_dir(const struct daemon *d, struct arena *a)
{
    const char *dir = str_dup(a, d->plan->state_dir).p;
    if (mkdir(dir, 0750) == 0 || errno == EEXIST) {
        return true;
    }
    log_eventf(d->conf->log, LOG_LEVEL_ERROR, "cannot-start", "state directory %s: %s", dir,
               strerror(errno));
    return false;
}

/* 80 % of the file system unless the configuration says how much. */
static uint64_t disk_bound(const struct plan *p, const char *dir)
{
    struct statvfs v;
    if (p->disk_bytes || statvfs(dir, &v) != 0) {
        return p->disk_bytes;
    }
    return (uint64_t)v.f_blocks * v.f_frsize / 10 * 8;
}

static bool open_journal(struct daemon *d, struct arena *a, struct diags *diags)
{
    const char *dir = str_printf(a, "%.*s/journal", STR_ARG(d->plan->state_dir)).p;
    int failed = disk_open_dir(dir, &d->disk);
    if (failed) {
        log_eventf(d->conf->log, LOG_LEVEL_ERROR, "cannot-start", "%s: %s", dir, strerror(-failed));
        return false;
    }
    d->has_disk = true;
    struct journal_conf conf = {.disk = d->disk,
                                .volume_bytes = d->plan->volume_bytes,
                                .disk_bytes = disk_bound(d->plan, dir),
                                .retention_us = d->plan->retention_us,
                                .zeroed = true,
                                .clock = d->clock,
                                .random = random_number,
                                .random_arg = &d->rng};
    if (journal_open(&conf, diags, &d->journal, &d->report) != 0) {
        daemon_log_findings(d->conf->log, diags);
        return false;
    }
    enum log_level level = d->report.degraded ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO;
    log_event(d->conf->log, level, "journal", log_uint("entries", d->report.entries),
              log_uint("last", d->report.last_seq), log_uint("torn-bytes", d->report.torn_bytes),
              log_bool("degraded", d->report.degraded), log_int("ms", d->report.took_us / 1000));
    return true;
}

static bool start_engine(struct daemon *d, struct diags *diags)
{
    struct engine_conf conf = {.loop = d->loop,
                               .clock = d->clock,
                               .random = random_number,
                               .random_arg = &d->rng,
                               .log = d->conf->log,
                               .journal = d->journal};
    d->engine = engine_new(&conf, d->plan, diags);
    if (!d->engine) {
        d->journal = NULL; /* closed with what there was of an engine */
        daemon_log_findings(d->conf->log, diags);
        return false;
    }
    return true;
}

static bool open_admin_port(struct daemon *d, struct arena *a)
{
    const struct plan *p = d->plan;
    const char *why = "";
    if (!p->admin_host.n) {
        return true;
    }
    const char *token = str_printf(a, "%.*s/admin.token", STR_ARG(p->state_dir)).p;
    const char *host = str_dup(a, p->admin_host).p;
    int port = admin_listen(d->admin, a, host, p->admin_port, token, &why);
    if (port < 0) {
        log_eventf(d->conf->log, LOG_LEVEL_ERROR, "cannot-start", "%s", why);
        return false;
    }
    log_event(d->conf->log, LOG_LEVEL_INFO, "administration", log_cstr("host", host),
              log_int("port", port), log_cstr("token", token));
    return true;
}

static bool open_metrics_port(struct daemon *d, struct arena *a)
{
    const struct plan *p = d->plan;
    const char *why = "";
    if (!p->metrics_host.n) {
        return true;
    }
    const char *host = str_dup(a, p->metrics_host).p;
    int port = admin_listen_watching(d->admin, a, host, p->metrics_port, &why);
    if (port < 0) {
        log_eventf(d->conf->log, LOG_LEVEL_ERROR, "cannot-start", "%s", why);
        return false;
    }
    log_event(d->conf->log, LOG_LEVEL_INFO, "metrics", log_cstr("host", host),
              log_int("port", port));
    return true;
}

static void start_watcher(struct daemon *d)
{
    struct watcher_conf conf = {.engine = d->engine,
                                .journal = d->journal,
                                .loop = d->loop,
                                .clock = d->clock,
                                .log = d->conf->log};
    d->watcher = watcher_new(&conf, d->plan);
}

bool daemon_start(struct daemon *d, struct arena *a)
{
    struct diags diags;
    diags_init(&diags, a);
    d->plan = config_load(d->conf->config, d->conf->adapters, &diags);
    print_findings(&diags);
    if (!d->plan) {
        log_eventf(d->conf->log, LOG_LEVEL_ERROR, "cannot-start", "errors in the configuration: %u",
                   diags.errors);
        return false;
    }
    diags_init(&diags, a);
    if (!make_state_dir(d, a) || !open_journal(d, a, &diags) || !start_engine(d, &diags)) {
        return false;
    }
    start_watcher(d);
    const char *socket = str_printf(a, "%.*s/admin.sock", STR_ARG(d->plan->state_dir)).p;
    const char *why;
    d->admin = admin_open(d->loop, socket, d, &why);
    if (!d->admin) {
        log_eventf(d->conf->log, LOG_LEVEL_ERROR, "cannot-start", "%s: %s", socket, why);
        return false;
    }
    return open_admin_port(d, a) && open_metrics_port(d, a);
}

static bool write_ready_file(const struct daemon *d, const struct engine_source_status *s,
                             unsigned n)
{
    const char *path = d->conf->ready_file;
    char temporary[4096];
    snprintf(temporary, sizeof temporary, "%s.new", path);
    FILE *f = fopen(temporary, "we");
    for (unsigned i = 0; f && i < n; i++) {
        fprintf(f, "source %.*s %.*s\n", STR_ARG(s[i].name), STR_ARG(s[i].address));
    }
    bool ok = f && fclose(f) == 0 && rename(temporary, path) == 0;
    if (!ok) {
        log_eventf(d->conf->log, LOG_LEVEL_ERROR, "cannot-start", "%s: %s", path, strerror(errno));
    }
    return ok;
}

/* The rows of queries stand in no file that somebody keeps: entries of the journal name the plan, this its tables. */
static void say_table(const struct daemon *d, const struct rules_table *t)
{
    char version[17];
    snprintf(version, sizeof version, "%016llx", (unsigned long long)t->version);
    log_event(d->conf->log, LOG_LEVEL_INFO, "table", log_str("table", t->name),
              log_cstr("file", t->file), log_uint("rows", t->nrows), log_cstr("version", version),
              log_hex("plan", d->plan->hash));
}

void daemon_say_tables(const struct daemon *d)
{
    struct rules_table t;
    for (unsigned i = 0; rules_table_at(d->plan->rules, i, &t); i++) {
        if (t.is_query) {
            say_table(d, &t);
        }
    }
}

bool daemon_say_ready(struct daemon *d)
{
    struct engine_source_status s[DAEMON_ENDPOINTS];
    unsigned n = engine_sources(d->engine, s, DAEMON_ENDPOINTS);
    n = n < DAEMON_ENDPOINTS ? n : DAEMON_ENDPOINTS;
    daemon_say_tables(d);
    log_event(d->conf->log, LOG_LEVEL_INFO, "ready", log_cstr("version", CORRIDOR_VERSION),
              log_cstr("config", d->conf->config), log_hex("plan", d->plan->hash),
              log_uint("sources", n), log_uint("destinations", d->plan->ndestinations),
              log_uint("routes", rules_route_count(d->plan->rules)),
              log_int("ms", (clock_mono_us(&d->clock) - d->started_us) / 1000));
    notify_ready("serving");
    return !d->conf->ready_file || write_ready_file(d, s, n);
}
