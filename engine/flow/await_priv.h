/* await_priv.h - between await.c (who waits, and for how long) and await_answer.c (what they are told). Loop thread. */
#ifndef CORRIDOR_FLOW_AWAIT_PRIV_H
#define CORRIDOR_FLOW_AWAIT_PRIV_H

#include "engine/base/map.h"
#include "engine/flow/await.h"

/* All that wait for one output: the first exchange, and copies of its message. It stands without any where an
 * answer is being stored that nobody waits for now. */
struct await {
    struct awaits *all;
    struct entry_ref ref;
    uint32_t destination; /* name id */
    struct exchange *first;
    bool is_ending; /* an answer or a withdrawal is being stored: no limit any more */
};

struct awaits {
    struct engine *engine;
    struct map64 groups;           /* by key_of() */
    struct exchange *first, *last; /* by time */
    unsigned n;
    struct event *timer;
};

/* Those who wait for the output; NULL: nobody ever did. */
struct await *await_find(const struct awaits *w, struct entry_ref ref);
/* The same, made where there are none. */
struct await *await_group_of(struct awaits *w, struct entry_ref ref, uint32_t destination);
/* Once nobody is in it. */
void await_drop_group(struct await *g);
/* What is being stored decides now, not the time. */
void await_begin_ending(struct await *g);
void await_leave_group(struct exchange *x);
/* `x` waits no more, and is told nothing; its group goes with the last one. */
void await_let_go(struct exchange *x, const char *event);
/* Where the accept level could not be answered before, both go out together. */
void await_reply(struct exchange *x, struct str accept, struct str application);

#endif
