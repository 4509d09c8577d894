/* What the daemon looks at while it runs: that the process is alive, that it gives memory back, and what becomes of the
 * journal's room and of the wall clock. Each change is one line in the log. */
#include <malloc.h>

#include "engine/ops/daemon_priv.h"
#include "engine/ops/notify.h"
#include "engine/ops/watcher.h"

enum { LOOK_US = 100000, LOOKS_PER_FLUSH = 100, LOOKS_PER_TRIM = 10 };

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

void daemon_begin_looking(struct daemon *d)
{
    static const struct timeval every = {0, LOOK_US};
    d->look = event_new(d->loop, -1, EV_PERSIST, on_look, d);
    event_add(d->look, &every);
}
