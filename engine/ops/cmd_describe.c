#include <stdio.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/flow/condition.h"
#include "engine/hl7/dict.h"
#include "engine/ops/commands.h"
#include "engine/ops/language.h"
#include "engine/ops/metrics.h"
#include "engine/ops/report.h"
#include "engine/rules/func.h"

enum form { FORM_TEXT, FORM_MARKDOWN };

struct describe_args {
    struct str version;
    int as;
};

static const struct opt options[] = {
    OPT(describe_args, version, "hl7", STR, "2.5.1", "1..16", 0, "HL7 version to look in."),
    OPT(describe_args, as, "as", ENUM, "text", "text|markdown", 0,
        "Form of `functions`, `steps`, `metrics`, `conditions`: text or a Markdown table."),
    {0},
};

/* The route language first: its names are in small letters, those of the dictionary are not. */
static int look_up(struct buf *out, const struct describe_args *args, enum hl7_version v,
                   struct str what)
{
    if (str_is(what, "metrics")) {
        (args->as == FORM_MARKDOWN ? metrics_markdown : metrics_describe)(out);
        return 0;
    }
    if (str_is(what, "conditions")) {
        (args->as == FORM_MARKDOWN ? conditions_markdown : conditions_describe)(out);
        return 0;
    }
    bool found =
        args->as == FORM_MARKDOWN ? language_markdown(out, what) : language_describe(out, what);
    return found ? 0 : dict_describe(out, v, what);
}

static int not_found(struct command_run *r, enum hl7_version v, struct str what)
{
    bool of_language = what.n && what.p[0] >= 'a' && what.p[0] <= 'z';
    const char *near = of_language ? func_nearest(what) : NULL;
    if (near) {
        return command_fail(r, "the route language has no %.*s; did you mean %s?", STR_ARG(what),
                            near);
    }
    return command_fail(r, "HL7 %s has no %.*s", dict_version_text(v), STR_ARG(what));
}

static int describe(struct command_run *r, struct str what)
{
    const struct describe_args *args = r->args;
    enum hl7_version v = dict_version(args->version, NULL);
    struct buf out = {0};
    int failed = look_up(&out, args, v, what);
    if (failed) {
        buf_free(&out);
        return failed == ERR_SYNTAX
                   ? command_fail(
                         r,
                         "%.*s is no place; expected PID, PID-3, PID-3.4, CX, CX.4, HL70203, "
                         "functions, steps, the name of one, metrics, or conditions",
                         STR_ARG(what))
                   : not_found(r, v, what);
    }
    if (r->json) {
        struct report *one = report_object();
        report_set_text(one, "what", what);
        report_set_text(one, "version", str_of(dict_version_text(v)));
        report_set_text(one, "text", buf_str(&out));
        report_print(&one);
    } else {
        fwrite(out.p, 1, out.n, stdout);
    }
    buf_free(&out);
    return COMMAND_FINE;
}

static int run(struct command_run *r)
{
    int worst = COMMAND_FINE;
    for (int i = 0; i < r->noperands; i++) {
        int status = describe(r, str_of(r->operands[i]));
        worst = status > worst ? status : worst;
    }
    return worst;
}

const struct command cmd_describe = {
    .name = "describe",
    .operands = "WHAT...",
    .summary = "Look up what HL7 or the route language means by a name.",
    .details = "  A segment, field, component, datatype or table of the HL7 versions 2.1 to 2.7.1: "
               "PID, PID-3,\n"
               "  PID-3.4, CX, CX.4, HL70203; functions, steps, or the name of one of them;\n"
               "  metrics: the numbers of /metrics; conditions: what alerts tell of.",
    .options = options,
    .args_size = sizeof(struct describe_args),
    .min = 1,
    .max = -1,
    .example = "corridor describe PID-3.4 --hl7 2.3; corridor describe lookup",
    .run = run,
};
