/* daemon.h - the running process: configuration, journal, engine, admin socket, signals, on one loop.
 * Everything here belongs to the main thread. */
#ifndef CORRIDOR_OPS_DAEMON_H
#define CORRIDOR_OPS_DAEMON_H

#include "engine/base/diag.h"
#include "engine/base/log.h"

struct adapter;
struct daemon;
struct report;
struct buf;
struct engine;
struct journal;

struct daemon_conf {
    const char *config; /* path */
    const char
        *ready_file; /* written once everything listens: "source NAME ADDRESS" lines; or NULL */
    const struct adapter *const *adapters;
    struct log *log;
};

/* Run until SIGTERM or SIGINT. 0, or 2 with the reason logged (bad configuration, journal in use, a
 * failed commit). SIGHUP compiles the configuration anew and swaps it, or refuses it whole. */
int daemon_run(const struct daemon_conf *conf);

/* For the admin socket. */
struct report *daemon_status(struct daemon *d);
/* What is read anew. What waits for a destination that is removed is a reason to refuse, or kept (HOLD_PENDING). */
enum daemon_reload { DAEMON_RELOAD, DAEMON_RELOAD_HOLD_PENDING, DAEMON_RELOAD_TABLES };
/* 0, or ERR_* with the findings appended to `out`, a line each. */
int daemon_reload(struct daemon *d, enum daemon_reload what, struct buf *out);
/* The tables in use, see table_report.h. */
struct report *daemon_tables(struct daemon *d);
/* Rows that tables lack, see miss_report.h. */
struct report *daemon_misses(struct daemon *d);
/* Up to where another process may read the journal: {"volume":n,"end":n}. */
struct report *daemon_journal(struct daemon *d);
/* Conditions that stand, and how telling of them goes: watcher.h. */
struct report *daemon_alerts(struct daemon *d);
/* What /metrics, /healthz and /readyz answer; the last two: true when it is so. */
void daemon_metrics(struct daemon *d, struct buf *out);
bool daemon_alive(struct daemon *d, struct buf *out);
bool daemon_ready(struct daemon *d, struct buf *out);
/* How each destination stands: {"queues":[..],"undelivered_for":[..]}. */
struct report *daemon_queues(struct daemon *d);
/* What runs; borrowed. */
struct engine *daemon_engine(struct daemon *d);
struct journal *daemon_journal_of(struct daemon *d);
struct log *daemon_log(struct daemon *d);
/* A person has seen to the damage that was found. */
void daemon_accept_damage(struct daemon *d);
/* The wall clock is right, whatever step it made. False: nobody doubts it. */
bool daemon_accept_clock(struct daemon *d);

#endif
