/* trace.h - what the routes did to one message, for a person: which matched and why not the others, each step
 * with its effect, each output. Holds message content: for tools on files, never for logs.
 * Events live in the arena given; in the order they happened. */
#ifndef CORRIDOR_RULES_TRACE_H
#define CORRIDOR_RULES_TRACE_H

#include "engine/base/diag.h"

struct lineage;

enum trace_kind {
    TRACE_ROUTE,   /* a route that reads the message: it begins */
    TRACE_SKIPPED, /* a route that does not: why not */
    TRACE_STEP,    /* a step with its effect */
    TRACE_NOT,     /* a step that was passed over: why */
    TRACE_OUTPUT,
    TRACE_FAULT,
    TRACE_END, /* how the route ended */
};

struct trace_event {
    enum trace_kind kind;
    unsigned depth; /* steps within steps */
    struct str route;
    const char *step; /* "set", "send" ...; or NULL */
    struct diag_pos pos;
    struct str text;
    struct trace_event *next;
};

struct trace {
    struct arena *a;
    struct trace_event *first, *last;
    struct lineage *lineage; /* where values came from (lineage.h); NULL: not asked */
    struct str route;        /* under way */
    unsigned depth;
};

void trace_init(struct trace *t, struct arena *a);
/* Append an event; nothing where `t` is NULL. */
void trace_add(struct trace *t, enum trace_kind kind, const char *step, struct diag_pos pos,
               const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* "route", "not", "step" ...: for JSON. */
const char *trace_kind_text(enum trace_kind k);

#endif
