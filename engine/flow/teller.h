/* teller.h - the contract of what tells people: one notice at a time goes out, and it is said whether it arrived. As an
 * adapter it never blocks, retries or sleeps: when to tell, how often, and again is the watcher's (ops/watcher.h).
 * Loop thread. */
#ifndef CORRIDOR_FLOW_TELLER_H
#define CORRIDOR_FLOW_TELLER_H

#include "engine/base/clock.h"
#include "engine/base/diag.h"
#include "engine/base/log.h"
#include "engine/base/opt.h"
#include "engine/flow/tls.h"

struct event_base;

/* alerts.webhook */
struct webhook_conf {
    struct str url;
    struct opt_secret token;
    int plaintext;                  /* 1: the token may go in the clear */
    const struct tls_out_conf *tls; /* NULL: the system's authorities */
    int64_t within_ms;
};

/* alerts.mail */
struct mail_conf {
    struct str server; /* smtp://HOST:PORT or smtps:// */
    struct str from;
    struct opt_list to;
    struct str user;
    struct opt_secret password;
    int encryption; /* enum mail_encryption; of smtp:// */
    const struct tls_out_conf *tls;
    int64_t within_ms;
};
enum mail_encryption { MAIL_ENCRYPTED, MAIL_IN_THE_CLEAR };

/* What is told. All of it is ours: names, numbers, words of the configuration. */
struct notice {
    struct str id;      /* the same when it is tried again */
    struct str subject; /* one line */
    struct str text;    /* for people; lines end in LF */
    struct str json;    /* for programs */
};

struct tell_ops;
struct teller {
    const char *name; /* "webhook" */
    const struct tell_ops *ops;
    const void *conf;
    struct event_base *loop;
    const struct clock *clock;
    struct log *log;
    void *state; /* the adapter's own, from open() to close() */
    /* The notice that was handed over is out (reason NULL) or not: why, static. Perhaps before tell() returns. */
    void (*done)(struct teller *t, const char *reason);
    void *arg; /* of whoever asked */
};

struct tell_ops {
    void (*open)(struct teller *t);
    /* `n` is borrowed until done(). Only one at a time. */
    void (*tell)(struct teller *t, const struct notice *n);
    /* What is under way is given up, without done(). */
    void (*close)(struct teller *t);
};

#endif
