/* site.h - a whole engine in the test's process: configuration text in, sockets on 127.0.0.1, a journal
 * in memory or on the simulated disk. Real rules, real adapters, real clock. */
#ifndef CORRIDOR_TESTS_SITE_H
#define CORRIDOR_TESTS_SITE_H

#include "engine/flow/engine.h"
#include "tests/conformance/peer.h"
#include "tests/support/simdisk.h"

struct site {
    struct event_base *loop;
    struct simdisk *disk;           /* NULL: the journal in memory */
    struct disk wrapped;            /* simdisk's functions, behind `on_sync` */
    int (*on_sync)(struct site *s); /* called inside every datasync; below 0: it fails so */
    void *arg;                      /* of on_sync */
    struct journal *journal;        /* the engine's */
    struct engine *engine;
    struct log log;
    struct buf lines;
    struct arena arena;
    struct diags diags;
    char dir[64];
    bool is_drained;
    uint64_t random;
};

/* Everything but the journal and the engine: site_start() does the rest. */
void site_prepare(struct site *s, bool on_disk);
/* `config` without `state` and `routes`, `routes` the text of a route file. */
void site_open(struct site *s, bool on_disk, const char *config, const char *routes);
/* A new configuration. 0 or ERR_*; findings in s->diags. */
int site_reload(struct site *s, const char *config, const char *routes);
void site_drain(struct site *s);
/* Only the engine: the disk stays, for site_start(). */
void site_stop(struct site *s);
void site_start(struct site *s, const char *config, const char *routes);
void site_close(struct site *s);
struct str site_address(struct site *s, const char *source);
struct engine_source_status site_source(const struct site *s, const char *name);
struct engine_destination_status site_destination(const struct site *s, const char *name);
/* Runs the loop until `n` messages were delivered to `name`; false after 10 s. */
bool site_delivers(struct site *s, const char *name, uint64_t n);
/* The `n`-th (from 0) message of the journal, in s->arena; false when there are fewer. */
bool site_stored(struct site *s, unsigned n, struct entry_message *out);
bool site_logged(const struct site *s, const char *text);
/* on_sync: commits fail from now on. */
int site_fail_sync(struct site *s);
/* For run_until(): has the engine stopped for a failed commit? `arg` is the site. */
bool site_is_fenced(void *arg);

#endif
