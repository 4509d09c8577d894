/* daemon_priv.h - what the files of the daemon share: daemon.c (the process, its signals, what the admin socket asks),
 * daemon_start.c (from the configuration to ready), daemon_look.c (what is looked at ten times a second), daemon_reload.c
 * and daemon_status.c. */
#ifndef CORRIDOR_OPS_DAEMON_PRIV_H
#define CORRIDOR_OPS_DAEMON_PRIV_H

#include <event2/event.h>

#include "engine/base/clock.h"
#include "engine/base/rng.h"
#include "engine/flow/engine.h"
#include "engine/ops/daemon.h"

struct admin;
struct watcher;

enum {
    DAEMON_SIGNALS = 3,
    DAEMON_ENDPOINTS = 256 /* sources, destinations: so many are told of */
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
    struct event *signals[DAEMON_SIGNALS], *look;
    struct rng rng;
    struct clock clock;
    int64_t started_us, started_wall_us;
    unsigned looks;
    uint64_t seen;              /* last durable entry at the look before */
    struct journal_space space; /* as it was told last */
    bool is_trimmed, is_clock_doubted;
    bool has_disk, is_draining;
};

/* daemon_start.c: all that has to stand before the loop turns. False: the reason is logged, and daemon.c lets go of what
 * there is. Paths are in `a`. */
bool daemon_start(struct daemon *d, struct arena *a);
/* Everything listens, and signals are heeded: tell the log, the service manager and `--ready-file`. */
bool daemon_say_ready(struct daemon *d);
void daemon_log_findings(struct log *log, const struct diags *d);
/* Log which version of each table from a query the plan has. */
void daemon_say_tables(const struct daemon *d);
/* daemon_look.c: look every tenth of a second from now on. */
void daemon_begin_looking(struct daemon *d);

#endif
