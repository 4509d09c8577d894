#include <stdio.h>
#include <stdlib.h>

#include "engine/config/config.h"
#include "engine/ops/commands.h"
#include "engine/ops/excerpt.h"
#include "engine/ops/report.h"

struct check_args {
    struct str config;
    bool explain;
};

static const struct opt options[] = {
    OPT(check_args, config, "config", PATH, NULL, NULL, 0,
        "The configuration. Default: $CORRIDOR_CONFIG, conf/corridor.yaml, "
        "/etc/corridor/corridor.yaml."),
    OPT(check_args, explain, "explain", BOOL, "false", NULL, 0,
        "Show the routes and maps as they were understood: where each path is looked for."),
    {0},
};

static struct report *finding(const struct diag *one)
{
    struct report *f = report_object();
    report_set_text(f, "severity", str_of(diag_severity_text(one->severity)));
    report_set_text(f, "code", str_of(one->code));
    report_set_text(f, "file", str_of(one->pos.file));
    report_set_int(f, "line", one->pos.line);
    report_set_int(f, "column", one->pos.col);
    report_set_text(f, "place", one->path);
    report_set_text(f, "text", one->text);
    report_set_text(f, "hint", one->hint);
    return f;
}

static unsigned warnings(const struct diags *d)
{
    unsigned n = 0;
    for (const struct diag *one = d->first; one; one = one->next) {
        n += one->severity == DIAG_WARNING;
    }
    return n;
}

static void print_json(const char *path, const struct plan *p, const struct diags *d)
{
    struct report *r = report_object(), *list = report_list();
    report_set_text(r, "config", str_of(path));
    report_set_bool(r, "fine", p != NULL);
    report_set_int(r, "errors", d->errors);
    for (const struct diag *one = d->first; one; one = one->next) {
        report_add(list, finding(one));
    }
    report_set(r, "findings", list);
    report_print(&r);
}

static void print_text(const char *path, const struct plan *p, const struct diags *d, bool explain)
{
    struct buf out = {0};
    excerpt_print(&out, d);
    if (p && explain) {
        rules_explain(&out, p->rules);
    }
    fwrite(out.p ? out.p : "", 1, out.n, stdout);
    buf_free(&out);
    unsigned n = warnings(d);
    if (p) {
        printf("%s: fine", path);
        if (n) {
            printf(" but for %u %s", n, n == 1 ? "warning" : "warnings");
        }
        printf("; sources %u, destinations %u, routes %u\n", p->nsources, p->ndestinations,
               rules_route_count(p->rules));
    } else {
        printf("%s: %u %s\n", path, d->errors, d->errors == 1 ? "error" : "errors");
    }
}

/* What cannot be read was not looked at. Of a file that the configuration names, on some line of it, that is a finding. */
static bool could_be_read(const char *path, const struct diags *d)
{
    const struct diag *one = d->first;
    return !one || one->pos.line || strcmp(one->code, "cannot-read") != 0 ||
           strcmp(one->pos.file, path) != 0;
}

static int run(struct command_run *r)
{
    const struct check_args *args = r->args;
    const char *path =
        config_find(args->config.n ? args->config.p : NULL, getenv("CORRIDOR_CONFIG"));
    struct diags d;
    diags_init(&d, r->arena);
    struct plan *p = config_load_tests(path, NULL, r->adapters, &d);
    if (r->json) {
        print_json(path, p, &d);
    } else {
        print_text(path, p, &d, args->explain);
    }
    int status = p ? COMMAND_FINE : could_be_read(path, &d) ? COMMAND_FINDINGS : COMMAND_CANNOT;
    plan_unref(&p);
    return status;
}

const struct command cmd_check = {
    .name = "check",
    .operands = "",
    .summary = "Find everything that can be known to be wrong before running.",
    .details =
        "  Reads corridor.yaml, all routes, tables and tests; every error of all files, with the\n"
        "  line it is about: FILE:LINE:COL: error: what was found; what was expected.\n"
        "  A warning is what may go wrong with a message, as a conversion that can fail and\n"
        "  nothing says what then; remarks do no harm. Status 1 when there is an error, 2 when\n"
        "  the configuration itself cannot be read.",
    .options = options,
    .args_size = sizeof(struct check_args),
    .example = "corridor check -c conf/corridor.yaml",
    .run = run,
};
