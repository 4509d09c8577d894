/* watcher.h - looks once a second at what a person should know of, lets conditions open and close, and tells: in the log
 * at once, and over the channels of `alerts:`. What stands, and what is not told yet, is a state of the journal: a
 * restart neither tells twice nor forgets. Loop thread; never waits for anything. See docs/decisions/023. */
#ifndef CORRIDOR_OPS_WATCHER_H
#define CORRIDOR_OPS_WATCHER_H

#include "engine/flow/engine.h"

struct report;
struct watcher;

enum {
    WATCHER_EVENTS_MAX = 200, /* that wait to be told by a channel; older ones are only counted */
    WATCHER_TRIES = 10, /* of one notice, 10 s to 10 min apart; then it is given up, and logged */
};

struct watcher_conf {
    const struct engine *engine;
    struct journal *journal;
    struct event_base *loop;
    struct clock clock;
    struct log *log;
};

/* Recalls what the journal has. The plan is borrowed until watcher_set() or watcher_free(). */
struct watcher *watcher_new(const struct watcher_conf *conf, const struct plan *plan);
void watcher_set(struct watcher *w, const struct plan *plan);
void watcher_free(struct watcher **w);
void watcher_look(struct watcher *w);

/* [{"condition":..,"source":..,"since":..,"detail":..}] */
struct report *watcher_conditions(struct watcher *w);
/* {"conditions":[..],"channels":[{"name":..,"told":..,"failed":..,"waiting":..,"last_error":..}]} */
struct report *watcher_report(struct watcher *w);

/* For /metrics. */
struct condition *const *watcher_open(const struct watcher *w, size_t *out_n);
uint64_t watcher_opened(const struct watcher *w, enum condition_kind kind);
/* The certificate at `index`: whose, by which option, days left (below 0: it is over); false behind the last. */
bool watcher_certificate(const struct watcher *w, unsigned index, struct str *out_endpoint,
                         struct str *out_option, int64_t *out_days);
/* The channel at `index`: its name, notices told, attempts that failed; false behind the last. */
bool watcher_channel(const struct watcher *w, unsigned index, struct str *out_name,
                     uint64_t *out_told, uint64_t *out_failed);

#endif
