/* What `status` and the listing of queues tell: the numbers of the engine and of the journal by name. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "engine/flow/miss.h"
#include "engine/flow/tls.h"
#include "engine/flow/validation.h"
#include "engine/ops/daemon_priv.h"
#include "engine/ops/report.h"
#include "engine/ops/watcher.h"

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
    struct str names[DAEMON_ENDPOINTS];
    unsigned n = engine_orphans(d->engine, names, DAEMON_ENDPOINTS);
    struct report *list = report_list();
    for (unsigned i = 0; i < n && i < DAEMON_ENDPOINTS; i++) {
        report_add_text(list, names[i]);
    }
    return list;
}

struct report *daemon_status(struct daemon *d)
{
    struct engine_source_status s[DAEMON_ENDPOINTS];
    struct engine_destination_status t[DAEMON_ENDPOINTS];
    unsigned ns = engine_sources(d->engine, s, DAEMON_ENDPOINTS),
             nd = engine_destinations(d->engine, t, DAEMON_ENDPOINTS);
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
    for (unsigned i = 0; i < ns && i < DAEMON_ENDPOINTS; i++) {
        report_add(sources, source_status(&s[i]));
    }
    for (unsigned i = 0; i < nd && i < DAEMON_ENDPOINTS; i++) {
        report_add(destinations, destination_status(&t[i]));
    }
    report_set(r, "sources", sources);
    report_set(r, "destinations", destinations);
    report_set(r, "undelivered_for", kept_status(d));
    report_set(r, "conditions", watcher_conditions(d->watcher));
    return r;
}

struct report *daemon_queues(struct daemon *d)
{
    struct engine_destination_status t[DAEMON_ENDPOINTS];
    unsigned n = engine_destinations(d->engine, t, DAEMON_ENDPOINTS);
    struct report *r = report_object(), *queues = report_list();
    for (unsigned i = 0; i < n && i < DAEMON_ENDPOINTS; i++) {
        report_add(queues, destination_status(&t[i]));
    }
    report_set(r, "queues", queues);
    report_set(r, "undelivered_for", kept_status(d));
    return r;
}
