/* target.h - which running daemon a command means: the state directory of its configuration, or
 * --state DIR. The configuration itself may be broken; only its `state` is read. */
#ifndef CORRIDOR_OPS_TARGET_H
#define CORRIDOR_OPS_TARGET_H

#include "engine/ops/command.h"

struct target_args {
    struct str config, state;
};

#define TARGET_OPTIONS(type)                                                                       \
    OPT(type, target.config, "config", PATH, NULL, NULL, 0,                                        \
        "The configuration. Default: $CORRIDOR_CONFIG, conf/corridor.yaml, "                       \
        "/etc/corridor/corridor.yaml."),                                                           \
        OPT(type, target.state, "state", PATH, NULL, NULL, 0,                                      \
            "Its state directory, instead of reading a configuration.")

/* The state directory, NUL-terminated, in the command's arena; NULL after saying why not. */
const char *target_state(struct command_run *r, const struct target_args *t);
/* How far the daemon that runs on `state` lets readers of its journal go: 1 and the numbers for
 * journal_verify() and journal_open_read(), 0 (both 0) when none runs, COMMAND_CANNOT after saying why. */
int target_live(struct command_run *r, const char *state, uint64_t *out_volume, uint64_t *out_end);
/* DIR/admin.sock. */
const char *target_socket(struct command_run *r, const char *state);

#endif
