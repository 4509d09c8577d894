#include <stdio.h>

#include "engine/base/err.h"
#include "engine/ops/admin.h"
#include "engine/ops/commands.h"
#include "engine/ops/report.h"
#include "engine/ops/target.h"

struct accept_args {
    struct target_args target;
};

static const struct opt options[] = {TARGET_OPTIONS(accept_args), {0}};

static const struct what {
    const char *name, *place, *done;
} whats[] = {
    {"clock", "/accept-clock",
     "accepted: what is older than `retention` by this clock goes from now on"},
    {"damage", "/accept-damage",
     "accepted: the journal is no longer degraded; what is held stays held until released"},
};

static const struct what *find(const char *name)
{
    for (size_t i = 0; i < sizeof whats / sizeof *whats; i++) {
        if (strcmp(whats[i].name, name) == 0) {
            return &whats[i];
        }
    }
    return NULL;
}

static int run(struct command_run *r)
{
    const struct accept_args *args = r->args;
    const struct what *what = find(r->operands[0]);
    if (!what) {
        return command_fail(r, "%s cannot be accepted; expected clock or damage", r->operands[0]);
    }
    const char *state = target_state(r, &args->target), *why = "";
    if (!state) {
        return COMMAND_CANNOT;
    }
    struct str body;
    int status = admin_ask(r->arena, target_socket(r, state), "POST", what->place, &body, &why);
    if (status == ERR_NOT_FOUND) {
        return command_fail(r, "no daemon runs on %s; start it, then accept", state);
    }
    if (status != 200 && status != 409) {
        return command_fail(r, "%s", status < 0 ? why : "it refused");
    }
    bool done = status == 200;
    if (r->json) {
        struct report *one = report_object();
        report_set_bool(one, "accepted", done);
        report_print(&one);
    } else if (done) {
        puts(what->done);
    } else {
        printf("%.*s\n", STR_ARG(str_trim(body)));
    }
    return done ? COMMAND_FINE : COMMAND_FINDINGS;
}

const struct command cmd_accept = {
    .name = "accept",
    .operands = "clock|damage",
    .summary = "Tell the running daemon that somebody has seen to something.",
    .details =
        "  clock: the wall clock made a step of over an hour, and it is right; until then nothing "
        "goes\n"
        "  for its age. damage: as `verify --accept`. Status 1 when there is nothing to accept.",
    .options = options,
    .args_size = sizeof(struct accept_args),
    .min = 1,
    .max = 1,
    .example = "corridor accept clock -c conf/corridor.yaml",
    .run = run,
};
