#include "engine/rules/trace.h"

#include <stdarg.h>
#include <stdio.h>

void trace_init(struct trace *t, struct arena *a)
{
    *t = (struct trace){.a = a};
}

void trace_add(struct trace *t, enum trace_kind kind, const char *step, struct diag_pos pos,
               const char *fmt, ...)
{
    va_list ap;
    if (!t) {
        return;
    }
    va_start(ap, fmt);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *text = arena_alloc(t->a, n > 0 ? (size_t)n + 1 : 1);
    va_start(ap, fmt);
    vsnprintf(text, n > 0 ? (size_t)n + 1 : 1, fmt, ap);
    va_end(ap);
    struct trace_event *e = ARENA_NEW(t->a, struct trace_event);
    *e = (struct trace_event){.kind = kind,
                              .depth = t->depth,
                              .route = t->route,
                              .step = step,
                              .pos = pos,
                              .text = str_from(text, n > 0 ? (size_t)n : 0)};
    if (t->last) {
        t->last->next = e;
    } else {
        t->first = e;
    }
    t->last = e;
}

const char *trace_kind_text(enum trace_kind k)
{
    static const char *const names[] = {"route",  "skipped", "step", "not",
                                        "output", "fault",   "end"};
    return names[k];
}
