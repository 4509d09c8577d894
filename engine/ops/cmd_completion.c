#include <stdio.h>

#include "engine/ops/commands.h"
#include "engine/ops/completion.h"

static int run(struct command_run *r)
{
    struct buf out = {0};
    if (!str_is(str_of(r->operands[0]), "bash")) {
        return command_fail(r, "no completion for %s; expected bash", r->operands[0]);
    }
    completion_bash(&out, r->commands);
    fwrite(out.p, 1, out.n, stdout);
    buf_free(&out);
    return COMMAND_FINE;
}

const struct command cmd_completion = {
    .name = "completion",
    .operands = "bash",
    .summary = "Print what makes a shell complete commands, options and their words.",
    .details = "  The package installs it. zsh takes it too, behind `autoload -U +X bashcompinit "
               "&& bashcompinit`.",
    .min = 1,
    .max = 1,
    .example = "source <(corridor completion bash)",
    .run = run,
};
