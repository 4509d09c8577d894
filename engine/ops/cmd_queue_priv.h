/* cmd_queue_priv.h - the command `queue`: between cmd_queue.c (asking the daemon, the verbs), cmd_queue_list.c and cmd_queue_decide.c. */
#ifndef CORRIDOR_OPS_CMD_QUEUE_PRIV_H
#define CORRIDOR_OPS_CMD_QUEUE_PRIV_H

#include "engine/ops/commands.h"
#include "engine/ops/report.h"
#include "engine/ops/target.h"

struct queue_args {
    struct target_args target;
    bool held, waiting, all, yes;
    int limit;
};

struct queue_session {
    struct command_run *r;
    const struct queue_args *args;
    const char *state, *socket;
    const char *destination, *to; /* NULL: not given */
    char **ids;
    int nids;
};

/* GET `what`; POST `taken` to it. The answer, or NULL after saying why. */
struct report *cmd_queue_get(struct queue_session *s, const char *what);
struct report *cmd_queue_post(struct queue_session *s, const char *what, struct report *taken);
/* What every POST begins with: the destination, and the one to move to. */
struct report *cmd_queue_order(const struct queue_session *s);

/* Each a verb, and its exit status. */
int cmd_queue_list(struct queue_session *s);
/* Of the ids given, or of all: `place` of the admin API, and what it has done to them. */
int cmd_queue_decide(struct queue_session *s, const char *place, const char *done_word);

#endif
