/* Jobs between the loop and the thread that works on files, ended in the middle: each comes back once and in
 * order. For the thread sanitizer. */
#include "adapters/files_worker.h"

#include "engine/base/mem.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROUNDS = 200, JOBS = 50 };

struct number {
    struct files_job job;
    unsigned n, doubled;
};

struct seen {
    unsigned next, wrong;
};

static void work(struct files_job *list)
{
    for (; list; list = list->next) {
        struct number *x = (struct number *)list;
        x->doubled = 2 * x->n;
    }
}

static void done(void *arg, struct files_job *job)
{
    struct seen *s = arg;
    struct number *x = (struct number *)job;
    s->wrong += x->n != s->next || x->doubled != 2 * x->n;
    s->next++;
    free(x);
}

static bool round_is_right(struct event_base *loop, unsigned turns)
{
    static const struct files_worker_ops ops = {.work = work, .done = done};
    struct seen s = {0};
    struct files_worker *w = files_worker_new(loop, &ops, &s);
    for (unsigned i = 0; w && i < JOBS; i++) {
        struct number *x = X_NEW(struct number);
        x->n = i;
        files_worker_add(w, &x->job);
        if (i % 7 < turns % 7) {
            event_base_loop(loop, EVLOOP_NONBLOCK);
        }
    }
    files_worker_free(&w);
    return s.next == JOBS && s.wrong == 0;
}

int main(void)
{
    struct event_base *loop = event_base_new();
    unsigned failed = 0;
    for (unsigned i = 0; i < ROUNDS; i++) {
        failed += !round_is_right(loop, i);
    }
    event_base_free(loop);
    printf("%d passed, %d failed\n", failed ? 0 : 1, failed ? 1 : 0);
    return failed ? 1 : 0;
}
