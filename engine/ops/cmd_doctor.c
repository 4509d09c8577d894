#include <stdio.h>
#include <stdlib.h>

#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/config/config.h"
#include "engine/ops/admin.h"
#include "engine/ops/commands.h"
#include "engine/ops/doctor.h"
#include "engine/ops/report.h"
#include "engine/ops/target.h"

struct doctor_args {
    struct target_args target;
    struct str only;
};

enum { NAME_COLUMN = 16, SEVERITY_COLUMN = 8 };

static const struct opt options[] = {
    TARGET_OPTIONS(doctor_args),
    OPT(doctor_args, only, "only", STR, NULL, NULL, 0,
        "These probes in place of all: names with commas between."),
    {0},
};

static void put_probes(struct buf *out)
{
    buf_puts(out, "Probes\n");
    for (const struct doctor_probe *p = doctor_probes; p->name; p++) {
        buf_printf(out, "  %-*s %s\n", NAME_COLUMN, p->name, p->what);
    }
}

static bool is_known(struct str name)
{
    for (const struct doctor_probe *p = doctor_probes; p->name; p++) {
        if (str_is(name, p->name)) {
            return true;
        }
    }
    return false;
}

static bool is_wanted(struct str only, const char *name)
{
    struct str rest = only, one;
    while (str_split(&rest, ',', &one)) {
        if (str_is(one, name)) {
            return true;
        }
    }
    return only.n == 0;
}

/* The status of the daemon, if one runs and answers us. */
static struct report *ask_status(struct command_run *r, const char *state)
{
    struct str body;
    const char *why;
    return admin_ask(r->arena, target_socket(r, state), "GET", "/status", &body, &why) == 200
               ? report_parse(body)
               : NULL;
}

/* ---- output ---- */

static const char *result(const struct doctor *d, const struct doctor_finding *from)
{
    enum doctor_severity worst = DOCTOR_NOTE;
    for (const struct doctor_finding *f = from; f; f = f->next) {
        worst = f->severity > worst ? f->severity : worst;
    }
    (void)d;
    return from ? doctor_severity_text(worst) : "fine";
}

static void print_probe(const struct doctor *d, const struct doctor_finding *from)
{
    printf("%-*s %-*s %.*s\n", SEVERITY_COLUMN, result(d, from), NAME_COLUMN, d->probe->name,
           STR_ARG(d->fact));
    for (const struct doctor_finding *f = from; f; f = f->next) {
        printf("  %s: %.*s\n    means: %s\n    do: %s\n", doctor_severity_text(f->severity),
               STR_ARG(f->text), f->means, f->act);
    }
}

static void put_probe(const struct doctor *d, const struct doctor_finding *from,
                      struct report *probes, struct report *findings)
{
    struct report *one = report_object();
    report_set_text(one, "probe", str_of(d->probe->name));
    report_set_text(one, "result", str_of(result(d, from)));
    report_set_text(one, "fact", d->fact);
    report_add(probes, one);
    for (const struct doctor_finding *f = from; f; f = f->next) {
        one = report_object();
        report_set_text(one, "probe", str_of(f->probe->name));
        report_set_text(one, "severity", str_of(doctor_severity_text(f->severity)));
        report_set_text(one, "text", f->text);
        report_set_text(one, "means", str_of(f->means));
        report_set_text(one, "do", str_of(f->act));
        report_add(findings, one);
    }
}

static void print_end(const struct doctor *d, struct report *probes, struct report *findings)
{
    if (!probes) {
        printf("errors %u, warnings %u, notes %u\n", d->count[DOCTOR_ERROR],
               d->count[DOCTOR_WARNING], d->count[DOCTOR_NOTE]);
        return;
    }
    struct report *r = report_object();
    report_set_text(r, "config", str_of(d->config));
    report_set_text(r, "state", str_of(d->state));
    report_set_int(r, "errors", d->count[DOCTOR_ERROR]);
    report_set_int(r, "warnings", d->count[DOCTOR_WARNING]);
    report_set_int(r, "notes", d->count[DOCTOR_NOTE]);
    report_set(r, "probes", probes);
    report_set(r, "findings", findings);
    report_print(&r);
}

/* ---- the whole ---- */

static void look(const struct command_run *r, struct doctor *d, struct str only)
{
    struct report *probes = r->json ? report_list() : NULL;
    struct report *findings = r->json ? report_list() : NULL;
    for (const struct doctor_probe *p = doctor_probes; p->name; p++) {
        if (!is_wanted(only, p->name)) {
            continue;
        }
        const struct doctor_finding *before = d->last;
        d->probe = p;
        d->fact = STR("");
        p->look(d);
        const struct doctor_finding *from = before ? before->next : d->first;
        if (r->json) {
            put_probe(d, from, probes, findings);
        } else {
            print_probe(d, from);
            fflush(stdout); /* some take their time */
        }
    }
    print_end(d, probes, findings);
}

static int run(struct command_run *r)
{
    const struct doctor_args *args = r->args;
    struct diags diags;
    struct doctor d = {.arena = r->arena, .diags = &diags};
    struct str rest = args->only, one;
    while (str_split(&rest, ',', &one)) {
        if (!is_known(one)) {
            return command_fail(r, "there is no probe %.*s; corridor doctor --help lists them",
                                STR_ARG(one));
        }
    }
    d.config = config_find(args->target.config.n ? args->target.config.p : NULL,
                           getenv("CORRIDOR_CONFIG"));
    d.state = target_state(r, &args->target);
    if (!d.state) {
        return COMMAND_CANNOT;
    }
    diags_init(&diags, r->arena);
    struct plan *plan = config_load_tests(d.config, NULL, r->adapters, &diags);
    struct report *status = ask_status(r, d.state);
    d.plan = plan;
    d.status = status;
    look(r, &d, args->only);
    if (status) {
        report_free(&status);
    }
    plan_unref(&plan);
    return d.count[DOCTOR_ERROR] || d.count[DOCTOR_WARNING] ? COMMAND_FINDINGS : COMMAND_FINE;
}

const struct command cmd_doctor = {
    .name = "doctor",
    .operands = "",
    .summary = "What is wrong with this machine or set-up, what it means and what to do.",
    .details = "  Looks at the configuration, the state directory, the disk, limits, clock and "
               "network, and\n"
               "  at the daemon if one runs; best as the user that runs it. Changes nothing. "
               "Status 1 when\n"
               "  there is a warning or an error; notes do no harm.",
    .options = options,
    .args_size = sizeof(struct doctor_args),
    .example = "corridor doctor -c /etc/corridor/corridor.yaml",
    .run = run,
    .put_more = put_probes,
};
