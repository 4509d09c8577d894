#include <stdio.h>

#include "engine/ops/commands.h"
#include "engine/ops/manual.h"

struct manual_args {
    struct str date;
};

static const struct opt options[] = {
    OPT(manual_args, date, "date", STR, "", "0..32", 0, "Date of the page, as 2026-11-25."),
    {0},
};

static const struct command *find(const struct command_run *r, struct str name)
{
    for (const struct command *const *c = r->commands; *c; c++) {
        if (str_is(name, (*c)->name)) {
            return *c;
        }
    }
    return NULL;
}

static int run(struct command_run *r)
{
    const struct manual_args *args = r->args;
    const char *date = args->date.n ? args->date.p : "";
    struct str name = r->noperands ? str_of(r->operands[0]) : STR("corridor");
    const struct command *c = find(r, name);
    struct buf out = {0};
    if (c) {
        manual_command(&out, c, date);
    } else if (str_is(name, "corridor")) {
        manual_overview(&out, r->commands, date);
    } else if (str_is(name, "corridor.yaml")) {
        manual_configuration(&out, r->adapters, date);
    } else {
        return command_fail(r,
                            "there is no page %.*s; expected corridor, corridor.yaml or a command",
                            STR_ARG(name));
    }
    fwrite(out.p, 1, out.n, stdout);
    buf_free(&out);
    return COMMAND_FINE;
}

const struct command cmd_manual = {
    .name = "manual",
    .operands = "[COMMAND|corridor.yaml]",
    .summary = "Print a manual page, for man(1).",
    .details =
        "  Of the program, of one command, or of the configuration; the package installs all "
        "of them.",
    .options = options,
    .args_size = sizeof(struct manual_args),
    .max = 1,
    .example = "corridor manual corridor.yaml | man -l -",
    .run = run,
};
