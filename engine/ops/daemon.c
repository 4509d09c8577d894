#include "engine/flow/tls.h"
#include "engine/ops/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <event2/thread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/base/rng.h"
#include "engine/config/config.h"
#include "engine/flow/engine.h"
#include "engine/flow/miss.h"
#include "engine/flow/validation.h"
#include "engine/journal/verify.h"
#include "engine/ops/admin.h"
#include "engine/ops/health.h"
#include "engine/ops/metrics.h"
#include "engine/ops/miss_report.h"
#include "engine/ops/notify.h"
#include "engine/ops/report.h"
#include "engine/ops/watcher.h"

enum {
    DRAIN_US = 10000000,
    LOOK_US = 100000,
    LOOKS_PER_FLUSH = 100,
    LOOKS_PER_TRIM = 10,
    MAPPED_BYTES = 1 << 20, /* allocations from this size on go back to the system when freed */
    ENDPOINTS = 256,
    SIGNALS = 3,
    FAILED = 2
};

struct daemon {
    const struct daemon_conf *conf;
    struct event_base *loop;
    struct plan *plan;
    struct disk disk;
    struct engine *engine;
    struct journal *journal; /* owned by the engine once that runs */
    struct journal_report report;
    struct admin *admin;
    struct watcher *watcher;
    struct event *signals[SIGNALS], *look;
    struct rng rng;
    struct clock clock;
    int64_t started_us, started_wall_us;
    unsigned looks;
    uint64_t seen;              /* last durable entry at the look before */
    struct journal_space space; /* as it was told last */
    bool is_trimmed, is_clock_doubted;
    bool has_disk, is_draining;
};

static uint64_t random_number(void *arg)
{
    return rng_u64(arg);
}

static void log_findings(struct log *log, const struct diags *d)
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

/* ---- start ---- */

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
        log_findings(d->conf->log, diags);
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
        log_findings(d->conf->log, diags);
        return false;
    }
    return true;
}

static void raise_file_limit(struct log *log)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &r) != 0) {
            log_eventf(log, LOG_LEVEL_WARN, "limits", "the limit of open files stays as it is: %s",
                       strerror(errno));
        }
    }
}

/* ---- signals ---- */

static void on_drained(void *arg)
{
    struct daemon *d = arg;
    event_base_loopbreak(d->loop);
}

static void on_stop(evutil_socket_t sig, short what, void *arg)
{
    struct daemon *d = arg;
    (void)what; /* a signal, nothing to tell apart */
    if (d->is_draining) {
        event_base_loopbreak(d->loop); /* asked twice: at once */
        return;
    }
    d->is_draining = true;
    log_event(d->conf->log, LOG_LEVEL_INFO, "stopping",
              log_cstr("signal", sig == SIGTERM ? "TERM" : "INT"));
    notify_stopping();
    engine_drain(d->engine, DRAIN_US, on_drained, d);
}

static void on_hangup(evutil_socket_t sig, short what, void *arg)
{
    struct daemon *d = arg;
    struct buf out = {0};
    (void)sig;
    (void)what;                                  /* one signal only */
    (void)daemon_reload(d, DAEMON_RELOAD, &out); /* the outcome is logged */
    buf_free(&out);
}

/* After a burst the heap is full of holes: give them back once nothing happens any more. */
static void trim_when_quiet(struct daemon *d)
{
    uint64_t durable = journal_durable(d->journal);
    bool is_quiet = durable == d->seen;
    d->seen = durable;
    if (is_quiet && !d->is_trimmed) {
        engine_trim(d->engine);
        (void)malloc_trim(0);
    }
    d->is_trimmed = is_quiet;
}

/* What became of the room since the last look. */
static void tell_space(struct daemon *d)
{
    struct journal_space now, *was = &d->space;
    struct log *log = d->conf->log;
    journal_tick(d->journal);
    journal_space(d->journal, &now);
    if (now.cut > was->cut) {
        log_event(
            log, LOG_LEVEL_WARN, "history-cut", log_uint("volumes", now.cut - was->cut),
            log_uint("bound", now.bound), log_uint("floor", journal_floor(d->journal)),
            log_cstr("text", "settled messages went before `retention`: `disk` allows no more"));
    }
    if (now.carried > was->carried) {
        log_event(
            log, LOG_LEVEL_INFO, "carried", log_uint("outputs", now.carried - was->carried),
            log_cstr("text", "unsettled outputs were written again, so that old volumes can go"));
    }
    if (now.is_stuck && !was->is_stuck) {
        log_event(
            log, LOG_LEVEL_ERROR, "journal-stuck",
            log_cstr("text",
                     "a settled volume cannot be removed: look at the rights of the journal's "
                     "directory, then start again; until then history only grows"));
    }
    if (now.is_full != was->is_full) {
        log_event(log, now.is_full ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
                  now.is_full ? "journal-full" : "journal-has-room", log_uint("bytes", now.bytes),
                  log_uint("bound", now.bound),
                  log_cstr("text", now.is_full ? "messages are refused until something is settled "
                                                 "or there is room on the device"
                                               : "messages are taken again"));
    }
    *was = now;
}

static void tell_clock(struct daemon *d)
{
    int64_t step_us;
    bool is_doubted = journal_is_clock_doubted(d->journal, &step_us);
    if (is_doubted == d->is_clock_doubted) {
        return;
    }
    d->is_clock_doubted = is_doubted;
    log_event(d->conf->log, is_doubted ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
              is_doubted ? "clock-step" : "clock-back", log_int("step-s", step_us / 1000000),
              log_cstr("text", is_doubted ? "the wall clock made a step of over an hour: nothing "
                                            "goes for its age until `corridor accept clock`"
                                          : "the wall clock is back: `retention` counts again"));
}

/* A failed commit can answer nobody any more: stop. */
static void on_look(evutil_socket_t fd, short what, void *arg)
{
    struct daemon *d = arg;
    (void)fd;
    (void)what; /* a timer */
    if (engine_is_fenced(d->engine)) {
        event_base_loopbreak(d->loop); /* said by the engine, which has done this already */
    }
    if (++d->looks % LOOKS_PER_FLUSH == 0) {
        log_flush(d->conf->log);
    }
    if (d->looks % LOOKS_PER_TRIM == 0) {
        notify_alive();
        trim_when_quiet(d);
        tell_space(d);
        tell_clock(d);
        watcher_look(d->watcher);
    }
}

static void watch(struct daemon *d)
{
    static const struct timeval every = {0, LOOK_US};
    d->signals[0] = evsignal_new(d->loop, SIGTERM, on_stop, d);
    d->signals[1] = evsignal_new(d->loop, SIGINT, on_stop, d);
    d->signals[2] = evsignal_new(d->loop, SIGHUP, on_hangup, d);
    for (int i = 0; i < SIGNALS; i++) {
        event_add(d->signals[i], NULL);
    }
    d->look = event_new(d->loop, -1, EV_PERSIST, on_look, d);
    event_add(d->look, &every);
}

/* ---- ready ---- */

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

static bool say_ready(struct daemon *d)
{
    struct engine_source_status s[ENDPOINTS];
    unsigned n = engine_sources(d->engine, s, ENDPOINTS);
    n = n < ENDPOINTS ? n : ENDPOINTS;
    log_event(d->conf->log, LOG_LEVEL_INFO, "ready", log_cstr("version", CORRIDOR_VERSION),
              log_cstr("config", d->conf->config), log_hex("plan", d->plan->hash),
              log_uint("sources", n), log_uint("destinations", d->plan->ndestinations),
              log_uint("routes", rules_route_count(d->plan->rules)),
              log_int("ms", (clock_mono_us(&d->clock) - d->started_us) / 1000));
    notify_ready("serving");
    return !d->conf->ready_file || write_ready_file(d, s, n);
}

/* ---- reload ---- */

/* What only a start can change. */
static int check_fixed(const struct daemon *d, const struct plan *p, struct diags *diags)
{
    struct diag_pos pos = {.file = d->conf->config};
    if (!str_eq(p->state_dir, d->plan->state_dir)) {
        diag_add(diags, DIAG_ERROR, "fixed", pos,
                 "`state` is another directory; stop and start to change it");
        return ERR_STATE;
    }
    if (p->volume_bytes != d->plan->volume_bytes || p->disk_bytes != d->plan->disk_bytes ||
        p->retention_us != d->plan->retention_us) {
        diag_add(diags, DIAG_WARNING, "fixed", pos,
                 "`retention`, `disk` and `volume-size` take effect at the next start");
    }
    if (!str_eq(p->admin_host, d->plan->admin_host) || p->admin_port != d->plan->admin_port) {
        diag_add(diags, DIAG_WARNING, "fixed", pos, "`admin` takes effect at the next start");
    }
    if (!str_eq(p->metrics_host, d->plan->metrics_host) ||
        p->metrics_port != d->plan->metrics_port) {
        diag_add(diags, DIAG_WARNING, "fixed", pos, "`metrics` takes effect at the next start");
    }
    return 0;
}

int daemon_reload(struct daemon *d, enum daemon_reload what, struct buf *out)
{
    bool is_tables = what == DAEMON_RELOAD_TABLES,
         hold_pending = what == DAEMON_RELOAD_HOLD_PENDING;
    struct arena a = {0};
    struct diags diags;
    diags_init(&diags, &a);
    notify_reloading();
    struct plan *plan =
        is_tables ? config_load_tables(d->conf->config, d->plan, d->conf->adapters, &diags)
                  : config_load(d->conf->config, d->conf->adapters, &diags);
    int failed = plan ? check_fixed(d, plan, &diags) : ERR_SYNTAX;
    if (!failed) {
        failed = engine_reload(d->engine, plan,
                               hold_pending ? ENGINE_HOLD_PENDING : ENGINE_REFUSE_PENDING, &diags);
    }
    if (plan && !failed) {
        watcher_set(d->watcher, plan);
        plan_unref(&d->plan);
        d->plan = plan_ref(plan);
    }
    plan_unref(&plan);
    log_findings(d->conf->log, &diags);
    diags_print(out, &diags);
    log_event(d->conf->log, failed ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
              failed ? "reload-refused" : "reloaded", log_hex("plan", d->plan->hash),
              log_bool("tables_alone", is_tables), log_uint("errors", diags.errors));
    notify_ready(failed ? "serving; the last reload was refused" : "serving");
    arena_free(&a);
    return failed;
}

/* ---- status ---- */

/* Rules that found something, by name. */
static struct report *validation_status(const struct validation_count *c)
{
    struct report *r = report_object(), *rules = report_object();
    report_set_int(r, "rejected", (int64_t)c->rejected);
    report_set_int(r, "warned", (int64_t)c->warned);
    for (unsigned i = 0; i < VALIDATE_RULES; i++) {
        if (c->findings[i]) {
            report_set_int(rules, validate_row(i)->name, (int64_t)c->findings[i]);
        }
    }
    report_set(r, "findings", rules);
    return r;
}

static struct report *source_status(const struct engine_source_status *s)
{
    const struct {
        const char *name;
        uint64_t n;
    } rows[] = {{"accepted", s->accepted},
                {"filtered", s->filtered},
                {"rejected", s->rejected},
                {"unrouted", s->unrouted},
                {"waiting", s->waiting},
                {"repeated", s->repeated},
                {"reused_ids", s->reused_ids},
                {"parts", s->parts},
                {"incomplete", s->incomplete},
                {"unfinished", s->unfinished},
                {"parked", s->parked},
                {"strangers", s->strangers},
                {"messages", s->c.messages},
                {"bytes", s->c.bytes},
                {"connections", s->c.connections},
                {"connections_open", s->c.connections_open},
                {"connections_refused", s->c.connections_refused},
                {"frames_refused", s->c.frames_refused},
                {"signs", s->c.signs},
                {"noise_bytes", s->c.noise_bytes}};
    struct report *r = report_object();
    report_set_text(r, "name", s->name);
    report_set_text(r, "adapter", s->adapter);
    report_set_text(r, "address", s->address);
    report_set_bool(r, "plaintext", s->is_exposed);
    if (s->tls_until_s) {
        report_set_int(r, "tls_days_left", tls_days_left(s->tls_until_s, (int64_t)time(NULL)));
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        report_set_int(r, rows[i].name, (int64_t)rows[i].n);
    }
    if (s->validation) {
        report_set(r, "validation", validation_status(s->validation));
    }
    return r;
}

static struct report *destination_status(const struct engine_destination_status *s)
{
    struct report *r = report_object();
    report_set_text(r, "name", s->name);
    report_set_text(r, "adapter", s->adapter);
    report_set_int(r, "delivered", (int64_t)s->delivered);
    report_set_int(r, "refused", (int64_t)s->refused);
    report_set_int(r, "held", (int64_t)s->held);
    report_set_int(r, "queued", (int64_t)s->queued);
    report_set_int(r, "in_flight", s->in_flight);
    report_set_bool(r, "behind", s->behind);
    report_set_bool(r, "clogged", s->clogged);
    report_set_int(r, "backlog_bytes", (int64_t)s->backlog);
    report_set_int(r, "backlog_bound", (int64_t)s->backlog_bound);
    report_set_bool(r, "backlog_full", s->backlog_full);
    report_set_int(r, "turned_away", (int64_t)s->turned_away);
    report_set_bool(r, "unreachable", s->unreachable);
    report_set_text(r, "reason", str_of(s->reason));
    report_set_int(r, "oldest_ms", s->oldest_us / 1000);
    report_set_int(r, "blocked", (int64_t)s->blocked);
    report_set_int(r, "ready", (int64_t)s->ready);
    report_set_int(r, "retrying", (int64_t)s->retrying);
    report_set_int(r, "answering", (int64_t)s->answering);
    report_set_int(r, "awaited", (int64_t)s->awaited);
    report_set_int(r, "late_answers", (int64_t)s->late_answers);
    report_set_bool(r, "plaintext", s->is_exposed);
    if (s->is_held) {
        char since[CLOCK_RFC3339_SIZE];
        clock_rfc3339(s->held_since_us, since);
        report_set_text(r, "held_by", s->held_by);
        report_set_text(r, "held_since", str_of(since));
    }
    return r;
}

static struct report *journal_status(const struct daemon *d)
{
    struct report *r = report_object();
    report_set_int(r, "durable", (int64_t)journal_durable(d->journal));
    report_set_int(r, "key_files_missing", (int64_t)journal_ids_missing(d->journal));
    struct journal_space space;
    journal_space(d->journal, &space);
    int64_t step_us;
    report_set_bool(r, "clock_doubted", journal_is_clock_doubted(d->journal, &step_us));
    report_set_int(r, "clock_step_s", step_us / 1000000);
    report_set_int(r, "floor", (int64_t)journal_floor(d->journal));
    report_set_int(r, "bytes", (int64_t)space.bytes);
    report_set_int(r, "bound", (int64_t)space.bound);
    report_set_bool(r, "full", space.is_full);
    report_set_bool(r, "stuck", space.is_stuck);
    report_set_int(r, "carried", (int64_t)space.carried);
    report_set_int(r, "volumes_cut", (int64_t)space.cut);
    report_set_bool(r, "degraded", journal_is_degraded(d->journal));
    report_set_int(r, "damaged_from", (int64_t)d->report.damaged_from);
    report_set_int(r, "damaged_to", (int64_t)d->report.damaged_to);
    return r;
}

/* Destinations that are not configured any more, and for which messages are kept. */
static struct report *kept_status(const struct daemon *d)
{
    struct str names[ENDPOINTS];
    unsigned n = engine_orphans(d->engine, names, ENDPOINTS);
    struct report *list = report_list();
    for (unsigned i = 0; i < n && i < ENDPOINTS; i++) {
        report_add_text(list, names[i]);
    }
    return list;
}

struct report *daemon_status(struct daemon *d)
{
    struct engine_source_status s[ENDPOINTS];
    struct engine_destination_status t[ENDPOINTS];
    unsigned ns = engine_sources(d->engine, s, ENDPOINTS),
             nd = engine_destinations(d->engine, t, ENDPOINTS);
    struct report *r = report_object(), *sources = report_list(), *destinations = report_list();
    char hash[17];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)d->plan->hash);
    report_set_text(r, "version", STR(CORRIDOR_VERSION));
    report_set_int(r, "pid", getpid());
    report_set_int(r, "up_ms", (clock_mono_us(&d->clock) - d->started_us) / 1000);
    report_set_text(r, "config", str_of(d->conf->config));
    report_set_text(r, "plan", str_of(hash));
    report_set_bool(r, "draining", d->is_draining);
    report_set_int(r, "table_misses", (int64_t)misses_total(engine_misses(d->engine)));
    report_set(r, "journal", journal_status(d));
    for (unsigned i = 0; i < ns && i < ENDPOINTS; i++) {
        report_add(sources, source_status(&s[i]));
    }
    for (unsigned i = 0; i < nd && i < ENDPOINTS; i++) {
        report_add(destinations, destination_status(&t[i]));
    }
    report_set(r, "sources", sources);
    report_set(r, "destinations", destinations);
    report_set(r, "undelivered_for", kept_status(d));
    report_set(r, "conditions", watcher_conditions(d->watcher));
    return r;
}

struct report *daemon_alerts(struct daemon *d)
{
    return watcher_report(d->watcher);
}

void daemon_metrics(struct daemon *d, struct buf *out)
{
    metrics_write(out, &(struct metrics_from){.engine = d->engine,
                                              .journal = d->journal,
                                              .watcher = d->watcher,
                                              .started_wall_us = d->started_wall_us});
}

bool daemon_alive(struct daemon *d, struct buf *out)
{
    return health_alive(out, &(struct health_from){d->engine, d->journal});
}

bool daemon_ready(struct daemon *d, struct buf *out)
{
    return health_ready(out, &(struct health_from){d->engine, d->journal});
}

struct report *daemon_queues(struct daemon *d)
{
    struct engine_destination_status t[ENDPOINTS];
    unsigned n = engine_destinations(d->engine, t, ENDPOINTS);
    struct report *r = report_object(), *queues = report_list();
    for (unsigned i = 0; i < n && i < ENDPOINTS; i++) {
        report_add(queues, destination_status(&t[i]));
    }
    report_set(r, "queues", queues);
    report_set(r, "undelivered_for", kept_status(d));
    return r;
}

struct engine *daemon_engine(struct daemon *d)
{
    return d->engine;
}

struct journal *daemon_journal_of(struct daemon *d)
{
    return d->journal;
}

struct log *daemon_log(struct daemon *d)
{
    return d->conf->log;
}

struct report *daemon_misses(struct daemon *d)
{
    return miss_report(engine_misses(d->engine));
}

struct report *daemon_journal(struct daemon *d)
{
    uint64_t volume, end;
    struct report *r = report_object();
    verify_live(d->journal, &volume, &end);
    report_set_int(r, "volume", (int64_t)volume);
    report_set_int(r, "end", (int64_t)end);
    return r;
}

void daemon_accept_damage(struct daemon *d)
{
    journal_accept_damage(d->journal);
    log_event(d->conf->log, LOG_LEVEL_INFO, "damage-accepted",
              log_uint("from", d->report.damaged_from), log_uint("to", d->report.damaged_to));
}

bool daemon_accept_clock(struct daemon *d)
{
    int64_t step_us;
    if (!journal_is_clock_doubted(d->journal, &step_us)) {
        return false;
    }
    journal_accept_clock(d->journal);
    d->is_clock_doubted = false;
    log_event(d->conf->log, LOG_LEVEL_INFO, "clock-accepted", log_int("step-s", step_us / 1000000));
    return true;
}

/* ---- the whole ---- */

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

static bool start(struct daemon *d, struct arena *a)
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
    if (!open_admin_port(d, a) || !open_metrics_port(d, a)) {
        return false;
    }
    watch(d);
    return say_ready(d);
}

static void stop(struct daemon *d)
{
    admin_close(&d->admin);
    watcher_free(&d->watcher);
    for (int i = 0; i < SIGNALS && d->signals[i]; i++) {
        event_free(d->signals[i]);
    }
    if (d->look) {
        event_free(d->look);
    }
    if (d->engine) {
        engine_free(&d->engine); /* closes the journal */
    } else if (d->journal) {
        journal_close(&d->journal);
    }
    if (d->has_disk) {
        disk_close(&d->disk);
    }
    plan_unref(&d->plan);
    event_base_free(d->loop);
}

int daemon_run(const struct daemon_conf *conf)
{
    struct daemon d = {.conf = conf, .clock = clock_real(), .rng = rng_real()};
    struct arena a = {0};
    d.started_us = clock_mono_us(&d.clock);
    d.started_wall_us = clock_wall_us(&d.clock);
    signal(SIGPIPE, SIG_IGN);
    (void)mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES); /* only memory is lost if it cannot be set */
    raise_file_limit(conf->log);
    d.loop = event_base_new();
    bool ok = start(&d, &a);
    if (ok) {
        event_base_dispatch(d.loop);
        ok = !engine_is_fenced(d.engine);
    }
    stop(&d);
    log_event(conf->log, LOG_LEVEL_INFO, "stopped", log_int("status", ok ? 0 : FAILED));
    log_flush(conf->log);
    arena_free(&a);
    return ok ? 0 : FAILED;
}
