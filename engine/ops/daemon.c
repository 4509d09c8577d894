/* The process: from its start to its end, its signals, and what the admin socket asks. */
#include "engine/ops/daemon.h"

#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "engine/base/buf.h"
#include "engine/journal/verify.h"
#include "engine/ops/admin.h"
#include "engine/ops/daemon_priv.h"
#include "engine/ops/health.h"
#include "engine/ops/metrics.h"
#include "engine/ops/miss_report.h"
#include "engine/ops/notify.h"
#include "engine/ops/report.h"
#include "engine/ops/table_report.h"
#include "engine/ops/watcher.h"

enum {
    DRAIN_US = 10000000,
    MAPPED_BYTES = 1 << 20, /* allocations from this size on go back to the system when freed */
    FAILED = 2
};

/* ---- what the admin socket asks ---- */

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

struct report *daemon_tables(struct daemon *d)
{
    return table_report(d->plan->rules);
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

static void heed_signals(struct daemon *d)
{
    d->signals[0] = evsignal_new(d->loop, SIGTERM, on_stop, d);
    d->signals[1] = evsignal_new(d->loop, SIGINT, on_stop, d);
    d->signals[2] = evsignal_new(d->loop, SIGHUP, on_hangup, d);
    for (int i = 0; i < DAEMON_SIGNALS; i++) {
        event_add(d->signals[i], NULL);
    }
}

/* ---- the process ---- */

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

/* Whoever reads "ready" may send a signal at once. */
static bool be_ready(struct daemon *d)
{
    heed_signals(d);
    daemon_begin_looking(d);
    return daemon_say_ready(d);
}

static void stop(struct daemon *d)
{
    admin_close(&d->admin);
    watcher_free(&d->watcher);
    for (int i = 0; i < DAEMON_SIGNALS && d->signals[i]; i++) {
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
    bool ok = daemon_start(&d, &a) && be_ready(&d);
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
