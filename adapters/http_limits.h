/* http_limits.h - settings that all listening ends of HTTP have: who may come in (door.h), and what they allow their peers. */
#ifndef CORRIDOR_ADAPTERS_HTTP_LIMITS_H
#define CORRIDOR_ADAPTERS_HTTP_LIMITS_H

#include "adapters/door.h"
#include "engine/base/opt.h"

struct http_limits {
    int64_t body_limit, body_memory;
    int64_t idle, request_within; /* milliseconds */
};

/* What the option struct of every such source begins with. */
struct http_serve_conf {
    struct door_conf door;
    struct http_limits limits;
};

#define HTTP_LIMIT_OPTS(tag)                                                                       \
    OPT(tag, limits.body_limit, "body-limit", BYTES, "16MiB", "1kB..48MiB", OPT_RELOAD,            \
        "Largest message; a larger one is answered 413 unread."),                                  \
        OPT(tag, limits.body_memory, "body-memory", BYTES, "256MiB", "1MiB..64GiB", OPT_RELOAD,    \
            "Memory for bodies of all connections; beyond it 503."),                               \
        OPT(tag, limits.idle, "idle", MS, "60s", "1s..never", OPT_RELOAD,                          \
            "Close a connection after so long without a request, or with an answer that nobody "   \
            "reads."),                                                                             \
        OPT(tag, limits.request_within, "request-within", MS, "60s", "1s..never", OPT_RELOAD,      \
            "Answer 408 when a request takes longer than this from its first to its last byte.")

#endif
