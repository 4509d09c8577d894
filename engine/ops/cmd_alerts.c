#include <stdio.h>

#include "engine/base/err.h"
#include "engine/ops/admin.h"
#include "engine/ops/alerts.h"
#include "engine/ops/commands.h"
#include "engine/ops/report.h"
#include "engine/ops/target.h"

struct alerts_args {
    struct target_args target;
};

static const struct opt options[] = {TARGET_OPTIONS(alerts_args), {0}};

void alerts_print(const struct report *conditions)
{
    for (size_t i = 0; i < report_count(conditions); i++) {
        const struct report *c = report_at(conditions, i);
        const char *subject = report_text(c, "subject"), *detail = report_text(c, "detail");
        printf("condition %-15s %s%s%s since %s%s%s\n", report_text(c, "condition"),
               subject[0] ? report_text(c, "about") : "", subject[0] ? " " : "engine", subject,
               report_text(c, "since"), detail[0] ? ": " : "", detail);
    }
}

static void print_channel(const struct report *c)
{
    const char *error = report_text(c, "last_error");
    printf("channel %-17s told %lld, failed %lld, given up %lld, waiting %lld%s%s\n",
           report_text(c, "name"), (long long)report_int(c, "told"),
           (long long)report_int(c, "failed"), (long long)report_int(c, "given_up"),
           (long long)report_int(c, "waiting"), error[0] ? ": " : "", error);
}

static int run(struct command_run *r)
{
    const struct alerts_args *args = r->args;
    const char *state = target_state(r, &args->target), *why = "";
    struct str body;
    if (!state) {
        return COMMAND_CANNOT;
    }
    const char *socket = target_socket(r, state);
    int status = admin_ask(r->arena, socket, "GET", "/alerts", &body, &why);
    if (status != 200) {
        return status == ERR_NOT_FOUND
                   ? command_fail(r, "no daemon runs on %s", state)
                   : command_fail(r, "%s: %s", socket, status > 0 ? "it refused" : why);
    }
    struct report *all = report_parse(body);
    if (!all) {
        return command_fail(r, "%s: the answer is no JSON", socket);
    }
    const struct report *conditions = report_get(all, "conditions"),
                        *channels = report_get(all, "channels");
    bool stands = report_count(conditions) > 0;
    if (r->json) {
        report_print(&all);
        return stands ? COMMAND_FINDINGS : COMMAND_FINE;
    }
    alerts_print(conditions);
    for (size_t i = 0; i < report_count(channels); i++) {
        print_channel(report_at(channels, i));
    }
    report_free(&all);
    return stands ? COMMAND_FINDINGS : COMMAND_FINE;
}

const struct command cmd_alerts = {
    .name = "alerts",
    .operands = "",
    .summary = "Conditions that stand, and how telling of them goes.",
    .details =
        "  Status 1 when one stands; 2 when no daemon runs. Limits and channels: `alerts` in\n"
        "  corridor.yaml; `corridor describe conditions` lists what there is.",
    .options = options,
    .args_size = sizeof(struct alerts_args),
    .example = "corridor alerts -c conf/corridor.yaml",
    .run = run,
};
