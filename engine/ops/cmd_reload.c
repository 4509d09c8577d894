#include <stdio.h>

#include "engine/base/err.h"
#include "engine/ops/admin.h"
#include "engine/ops/commands.h"
#include "engine/ops/report.h"
#include "engine/ops/target.h"

struct reload_args {
    struct target_args target;
    bool hold_pending, tables;
};

static const struct opt options[] = {
    TARGET_OPTIONS(reload_args),
    OPT(reload_args, hold_pending, "hold-pending", BOOL, "false", NULL, 0,
        "Keep what waits for a destination that is removed, until it is configured again."),
    OPT(reload_args, tables, "tables", BOOL, "false", NULL, 0,
        "Read the code tables anew and nothing else, whatever became of configuration and routes."),
    {0},
};

static int run(struct command_run *r)
{
    const struct reload_args *args = r->args;
    const char *state = target_state(r, &args->target), *why = "";
    if (!state) {
        return COMMAND_CANNOT;
    }
    if (args->tables && args->hold_pending) {
        return command_fail(r, "--tables removes no destination; leave --hold-pending out");
    }
    struct str body;
    const char *path = args->tables         ? "/reload?tables"
                       : args->hold_pending ? "/reload?hold-pending"
                                            : "/reload";
    int status = admin_ask(r->arena, target_socket(r, state), "POST", path, &body, &why);
    if (status < 0) {
        return status == ERR_NOT_FOUND ? command_fail(r, "no daemon runs on %s", state)
                                       : command_fail(r, "%s", why);
    }
    bool done = status == 200;
    if (r->json) {
        struct report *one = report_object();
        report_set_bool(one, "reloaded", done);
        report_set_text(one, "findings", body);
        report_print(&one);
    } else {
        printf("%.*s%s\n", STR_ARG(body),
               done && args->tables ? "tables reloaded"
               : done               ? "reloaded"
                                    : "refused: everything stays as it was");
    }
    return done ? COMMAND_FINE : COMMAND_FINDINGS;
}

const struct command cmd_reload = {
    .name = "reload",
    .operands = "",
    .summary = "Let the running daemon read its configuration anew.",
    .details = "  The new one is taken over only if it is free of errors; connections and queues "
               "stay. Status 1\n"
               "  when it was refused.",
    .options = options,
    .args_size = sizeof(struct reload_args),
    .example = "corridor reload -c conf/corridor.yaml",
    .run = run,
};
