#include <stdlib.h>

#include "engine/config/config.h"
#include "engine/ops/commands.h"
#include "engine/ops/daemon.h"

struct run_args {
    struct str config, ready_file;
    int log;
};

static const struct opt options[] = {
    OPT(run_args, config, "config", PATH, NULL, NULL, 0,
        "The configuration. Default: $CORRIDOR_CONFIG, conf/corridor.yaml, "
        "/etc/corridor/corridor.yaml."),
    OPT(run_args, ready_file, "ready-file", PATH, NULL, NULL, 0,
        "Write `source NAME ADDRESS` lines to it once everything listens."),
    OPT(run_args, log, "log", ENUM, "info", "error|warn|info|debug", 0,
        "Least important lines of the log."),
    {0},
};

static int run(struct command_run *r)
{
    const struct run_args *args = r->args;
    struct log log;
    log_init_stderr(&log, (enum log_level)args->log, clock_real(),
                    log_is_journal(getenv("JOURNAL_STREAM")));
    struct daemon_conf conf = {
        .config = config_find(args->config.n ? args->config.p : NULL, getenv("CORRIDOR_CONFIG")),
        .ready_file = args->ready_file.n ? args->ready_file.p : NULL,
        .adapters = r->adapters,
        .log = &log,
    };
    return daemon_run(&conf) == 0 ? COMMAND_FINE : COMMAND_CANNOT;
}

const struct command cmd_run = {
    .name = "run",
    .operands = "",
    .summary = "The daemon, in the foreground.",
    .details = "  SIGTERM and SIGINT finish what is under way (10 s at most) and end it; SIGHUP "
               "reads the\n"
               "  configuration anew and takes it over only if it is free of errors. The log goes "
               "to standard\n"
               "  error. Status 2 when it cannot start, or when the journal's disk failed.",
    .options = options,
    .args_size = sizeof(struct run_args),
    .example = "corridor run -c conf/corridor.yaml",
    .run = run,
};
