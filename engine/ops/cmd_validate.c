#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/config/config.h"
#include "engine/ops/commands.h"
#include "engine/ops/excerpt.h"
#include "engine/ops/fhir_file.h"
#include "engine/ops/files.h"
#include "engine/ops/messages.h"
#include "engine/ops/validate_fhir.h"

enum { PROGRESS_EVERY = 1000 };

struct validate_args {
    struct str config, source, conformance;
    struct str rules;
    int format;
};

static const struct opt options[] = {
    OPT(validate_args, config, "config", PATH, NULL, NULL, 0,
        "Check as a source of this configuration does: its levels, its conformance documents."),
    OPT(validate_args, source, "source", STR, NULL, "1..64", 0,
        "Which source. Default: the first one that says validate:, else the first one."),
    OPT(validate_args, conformance, "conformance", PATH, NULL, NULL, 0,
        "A file of conformance documents, each about every message of its types; not with -c."),
    OPT(validate_args, format, "format", ENUM, "text", "text|json|operationoutcome|err", 0,
        "Form: lines, a JSON object or a FHIR OperationOutcome a message, or the ERR segments of a "
        "reply."),
    OPT(validate_args, rules, "rules", STR, NULL, "1..1000", 0,
        "Levels for this run: tables=off,lengths=warn; strict, warn or off."),
    {0},
};

/* All messages of a run. */
struct validating {
    struct command_run *r;
    enum validate_form form;
    const struct validate_dict *dict;
    struct plan *plan; /* whose rules; NULL: the dictionary alone */
    unsigned source;   /* of the plan */
    struct validate_levels levels;
    unsigned messages, bad, doubtful;
    struct fhir_checking fhir;
    int64_t now_us;
    bool shows_progress;
};

static void progress(const struct validating *v, bool is_end)
{
    if (v->shows_progress && (is_end || v->messages % PROGRESS_EVERY == 0)) {
        fprintf(stderr, "\r%s%.0u%s", is_end ? "\033[K" : "", is_end ? 0 : v->messages,
                is_end ? "" : " messages");
    }
}

static void check(const struct validating *v, struct validate_report *report)
{
    struct rules_input in = {.m = report->m, .source = v->source, .received_us = v->now_us};
    if (v->plan) {
        rules_validate(v->plan->rules, v->dict, &in, report);
    } else {
        validate_message(v->dict, report);
    }
}

static void validate_one(struct validating *v, const char *file, const struct message_text *t,
                         unsigned number)
{
    struct arena a = {0};
    struct hl7 m;
    struct hl7_fault fault;
    struct validate_report report = {0};
    struct buf out = {0};
    bool ok = hl7_parse(&a, t->bytes, &m, &fault) == 0;
    if (ok) {
        validate_begin(&report, &a, &m, &v->levels);
        check(v, &report);
    }
    const struct validated one = {.file = file,
                                  .line = t->line,
                                  .number = number,
                                  .m = ok ? &m : NULL,
                                  .bytes = t->bytes,
                                  .fault = &fault,
                                  .report = &report};
    v->messages++;
    v->bad += !ok || report.errors;
    v->doubtful += ok && !report.errors && report.warnings;
    progress(v, false);
    validate_out(&out, v->form, &one);
    fwrite(out.p ? out.p : "", 1, out.n, stdout);
    buf_free(&out);
    arena_free(&a);
}

static void validate_messages(struct validating *v, struct arena *a, const char *path,
                              struct str bytes, int *out_status)
{
    struct diags d;
    diags_init(&d, a);
    struct message_file f = messages_split(a, path, bytes, &d);
    if (!f.n && !f.is_batch) {
        *out_status = command_fail(v->r,
                                   "%s: no message in it; expected HL7 v2 text that begins with "
                                   "MSH, or FHIR resources as JSON",
                                   path);
    }
    for (size_t i = 0; i < f.n; i++) {
        validate_one(v, path, &f.v[i], (unsigned)i + 1);
    }
}

static int validate_resources(struct validating *v, const char *path, struct str bytes)
{
    struct fhir_file file;
    struct buf out = {0};
    if (v->form == VALIDATE_FORM_ERR) {
        return command_fail(v->r, "%s: --format err is for HL7 v2; this is JSON", path);
    }
    fhir_file_begin(&file, path, bytes);
    while (fhir_file_next(&file)) {
        validate_fhir_one(&v->fhir, path, &file, &out);
        fwrite(out.p ? out.p : "", 1, out.n, stdout);
        buf_clear(&out);
    }
    buf_free(&out);
    return COMMAND_FINE;
}

static int validate_file(struct validating *v, const char *path)
{
    struct arena a = {0};
    struct str bytes;
    const char *why;
    int status = COMMAND_FINE;
    if (!files_read(&a, path, &bytes, &why)) {
        status = command_fail(v->r, "%s: %s", path, why);
    } else if (fhir_file_is_xml(bytes)) {
        status = command_fail(v->r, "%s: this is XML; FHIR resources are read as JSON alone", path);
    } else if (fhir_file_is(path, bytes)) {
        status = validate_resources(v, path, bytes);
    } else {
        validate_messages(v, &a, path, bytes, &status);
    }
    arena_free(&a);
    return status;
}

static int set_rule(struct validating *v, struct str text)
{
    struct str level = text, name = STR("");
    bool good = str_split(&level, '=', &name) && (validate_set_level(&v->levels, name, level) ||
                                                  fhir_levels_set(&v->fhir.levels, name, level));
    if (!good) {
        return command_fail(v->r,
                            "--rules %.*s: expected RULE=strict, warn or off; the rules are listed "
                            "by corridor validate --help",
                            STR_ARG(text));
    }
    return COMMAND_FINE;
}

/* --rules tables=off,lengths=warn */
static int set_rules(struct validating *v)
{
    const struct validate_args *args = v->r->args;
    struct str rest = args->rules, one;
    int status = COMMAND_FINE;
    while (rest.n && status == COMMAND_FINE && str_split(&rest, ',', &one)) {
        status = set_rule(v, one);
    }
    return status;
}

static int print_findings(struct command_run *r, const char *file, const struct diags *d)
{
    excerpt_tell(d);
    return command_fail(r, "%s: %u %s; nothing was validated", file, d->errors,
                        d->errors == 1 ? "error" : "errors");
}

static int find_source(struct validating *v)
{
    const struct validate_args *args = v->r->args;
    const struct plan *p = v->plan;
    for (unsigned i = 0; i < p->nsources; i++) {
        bool is_it =
            args->source.n ? str_eq(p->sources[i].name, args->source) : p->sources[i].is_validated;
        if (is_it) {
            v->source = i;
            break;
        }
        if (args->source.n && i + 1 == p->nsources) {
            return command_fail(v->r, "no source is called %.*s", STR_ARG(args->source));
        }
    }
    if (p->sources[v->source].is_validated) {
        v->levels = p->sources[v->source].validate;
    } else {
        fprintf(stderr,
                "corridor validate: the source %.*s does not say validate:; every rule is at its "
                "initial level\n",
                STR_ARG(p->sources[v->source].name));
    }
    return COMMAND_FINE;
}

/* The rules of a source, of a document, or of nobody. */
static int load(struct validating *v)
{
    const struct validate_args *args = v->r->args;
    struct diags d;
    diags_init(&d, v->r->arena);
    if (args->conformance.n && (args->config.n || args->source.n)) {
        return command_fail(v->r, "--conformance: with -c or --source the documents are those that "
                                  "the source names");
    }
    if (args->conformance.n) {
        v->plan = config_load_conformance(args->conformance.p, &d);
        return v->plan ? COMMAND_FINE : print_findings(v->r, args->conformance.p, &d);
    }
    if (args->config.n || args->source.n) {
        const char *path =
            config_find(args->config.n ? args->config.p : NULL, getenv("CORRIDOR_CONFIG"));
        v->plan = config_load(path, v->r->adapters, &d);
        return v->plan ? find_source(v) : print_findings(v->r, path, &d);
    }
    return COMMAND_FINE;
}

static void print_count(unsigned n, const char *one, unsigned bad, unsigned doubtful)
{
    if (n) {
        printf("%u %s%s: %u with errors, %u with warnings only, %u fine\n", n, one,
               n == 1 ? "" : "s", bad, doubtful, n - bad - doubtful);
    }
}

static void print_summary(const struct validating *v)
{
    print_count(v->messages, "message", v->bad, v->doubtful);
    print_count(v->fhir.resources, "resource", v->fhir.bad, v->fhir.doubtful);
}

static void end(struct validating *v)
{
    plan_unref(&v->plan);
    invariants_free(&v->fhir.invariants);
}

static int run(struct command_run *r)
{
    const struct validate_args *args = r->args;
    struct validating v = {.r = r,
                           .form = r->json ? VALIDATE_FORM_JSON : (enum validate_form)args->format,
                           .levels = validate_initial(VALIDATE_STRICT),
                           .shows_progress = isatty(STDERR_FILENO) && !isatty(STDOUT_FILENO)};
    v.fhir = (struct fhir_checking){.levels = fhir_levels_initial(VALIDATE_STRICT),
                                    .invariants = invariants_new(),
                                    .form = v.form};
    struct clock clock = clock_real();
    v.now_us = clock_wall_us(&clock);
    int status = load(&v);
    status = status == COMMAND_FINE ? set_rules(&v) : status;
    if (status != COMMAND_FINE) {
        end(&v);
        return status;
    }
    v.dict = v.plan && v.plan->dictionary ? v.plan->dictionary : validate_dict_new(r->arena);
    for (int i = 0; i < r->noperands; i++) {
        int one = validate_file(&v, r->operands[i]);
        status = one > status ? one : status;
    }
    progress(&v, true);
    end(&v);
    if (v.form == VALIDATE_FORM_TEXT) {
        print_summary(&v);
    }
    return status == COMMAND_FINE && (v.bad || v.fhir.bad) ? COMMAND_FINDINGS : status;
}

static void put_rules(struct buf *out)
{
    buf_puts(out, "Rules, with their levels where validation is on (strict: an error)\n");
    for (unsigned i = 0; validate_row(i); i++) {
        const struct validate_row *row = validate_row(i);
        buf_printf(out, "  %-20s %-7s %s\n", row->name, row->initial, row->summary);
    }
    buf_puts(out, "Rules for FHIR resources\n");
    for (unsigned i = 0; fhir_rule_row(i); i++) {
        const struct fhir_rule_row *row = fhir_rule_row(i);
        buf_printf(out, "  %-20s %-7s %s\n", row->name, row->initial, row->summary);
    }
}

const struct command cmd_validate = {
    .name = "validate",
    .operands = "FILE...",
    .summary = "Check HL7 v2 messages against dictionary and conformance documents, FHIR resources "
               "against R4.",
    .details =
        "  Reads what `parse` reads, and FHIR resources as JSON, one a file or one a line. "
        "FILE:LINE:COL is\n"
        "  where it stands in the file, then the place in the message or resource, what was found, "
        "the rule,\n"
        "  and the code of table 0357 or the key of an invariant. At most 100 findings of each are "
        "shown.\n"
        "  --json prints a line a message or resource, of all files one after the other.\n"
        "  Status 1 when one has errors; warnings do no harm.",
    .options = options,
    .args_size = sizeof(struct validate_args),
    .min = 1,
    .max = -1,
    .example = "corridor validate routes/samples/adt_a01.hl7 --conformance "
               "routes/conformance/epic-cadence.yaml",
    .run = run,
    .put_more = put_rules,
};
