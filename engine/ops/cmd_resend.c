#include <stdio.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/ops/admin.h"
#include "engine/ops/commands.h"
#include "engine/ops/locate.h"
#include "engine/ops/report.h"
#include "engine/ops/target.h"

struct resend_args {
    struct target_args target;
    struct str destination;
    bool as_new;
};

static const struct opt options[] = {
    TARGET_OPTIONS(resend_args),
    OPT(resend_args, destination, "destination", STR, NULL, "1..64", 0,
        "Only what went to this destination. Default: all of its outputs."),
    OPT(resend_args, as_new, "as-new", BOOL, "false", NULL, 0,
        "As a message of its own with new ids, whose cause is this one."),
    {0},
};

static struct str request_of(struct command_run *r, const struct located *m)
{
    const struct resend_args *args = r->args;
    struct buf b = {0};
    struct report *o = report_object();
    report_set_text(o, "id", str_of(r->operands[0]));
    report_set_int(o, "entry", (int64_t)m->seq);
    report_set_int(o, "attempt", m->attempt);
    report_set_bool(o, "as_new", args->as_new);
    if (args->destination.n) {
        report_set_text(o, "destination", args->destination);
    }
    report_put(o, &b);
    report_free(&o);
    struct str text = str_dup(r->arena, buf_str(&b));
    buf_free(&b);
    return text;
}

static void print_text(const struct report *a)
{
    const struct report *failures = report_get(a, "failures");
    long long done = (long long)report_int(a, "done");
    if (done) {
        printf("%lld output%s of %s will be sent\n", done, done == 1 ? "" : "s",
               report_text(a, "id"));
    }
    for (size_t i = 0; i < report_count(failures); i++) {
        const struct report *f = report_at(failures, i);
        printf("output %lld is not sent: %s\n", (long long)report_int(f, "output"),
               report_text(f, "reason"));
    }
}

static int tell(struct command_run *r, int status, struct str body)
{
    struct report *a = report_parse(body);
    if (!a || status != 200) {
        int failed = command_fail(r, "%s", a ? report_text(a, "error") : "the answer is no JSON");
        report_free(&a);
        return failed;
    }
    bool is_whole = report_int(a, "failed") == 0;
    if (r->json) {
        report_print(&a);
    } else {
        print_text(a);
        report_free(&a);
    }
    return is_whole ? COMMAND_FINE : COMMAND_FINDINGS;
}

static int run(struct command_run *r)
{
    const struct resend_args *args = r->args;
    struct located m = {0};
    const char *state = target_state(r, &args->target), *why = "";
    struct str body;
    if (!state || locate_read_id(r, r->operands[0], &m.id) != 0 || locate(r, state, &m, 1) != 0) {
        return COMMAND_CANNOT;
    }
    if (!m.seq) {
        return command_fail(r, "there is no message %s in the journal (any more)", r->operands[0]);
    }
    int status =
        admin_post(r->arena, target_socket(r, state), "/resend", request_of(r, &m), &body, &why);
    if (status < 0) {
        return status == ERR_NOT_FOUND ? command_fail(r, "no daemon runs on %s", state)
                                       : command_fail(r, "%s", why);
    }
    return tell(r, status, body);
}

const struct command cmd_resend = {
    .name = "resend",
    .operands = "ID",
    .summary = "Send what a message led to once more, under the same ids.",
    .details =
        "  For outputs that were delivered, refused or dropped; what is held or waits is not "
        "touched. The\n"
        "  receiver sees the same ids and a higher attempt. --as-new makes a message with ids of "
        "its\n"
        "  own; the bytes, and so MSH-10, stay. Status 1 when not all of it is sent.",
    .options = options,
    .args_size = sizeof(struct resend_args),
    .min = 1,
    .max = 1,
    .example = "corridor resend -c conf/corridor.yaml 053xbo2bkvcsq5wzv7mtbqvtxu --destination lab",
    .run = run,
};
