#include <stdio.h>

#include "engine/ops/commands.h"
#include "engine/ops/completion.h"

static int run(struct command_run *r)
{
    struct buf out = {0};
    struct str shell = str_of(r->operands[0]);
    bool is_zsh = str_is(shell, "zsh");
    if (!is_zsh && !str_is(shell, "bash")) {
        return command_fail(r, "no completion for %s; expected bash or zsh", r->operands[0]);
    }
    (is_zsh ? completion_zsh : completion_bash)(&out, r->commands);
    fwrite(out.p, 1, out.n, stdout);
    buf_free(&out);
    return COMMAND_FINE;
}

const struct command cmd_completion = {
    .name = "completion",
    .operands = "bash|zsh",
    .summary = "Print what makes a shell complete commands, options and their words.",
    .details = "  The package installs both.",
    .min = 1,
    .max = 1,
    .example = "source <(corridor completion bash)",
    .run = run,
};
