#include <stdio.h>
#include <stdlib.h>

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/config/config.h"
#include "engine/flow/validation.h"
#include "engine/ops/commands.h"
#include "engine/ops/excerpt.h"
#include "engine/ops/files.h"
#include "engine/ops/message_text.h"
#include "engine/ops/messages.h"
#include "engine/ops/report.h"
#include "engine/ops/trace_out.h"
#include "engine/rules/lineage.h"

struct trace_args {
    struct str config, route, source, received, cause;
};

static const struct opt options[] = {
    OPT(trace_args, config, "config", PATH, NULL, NULL, 0,
        "The configuration. Default: $CORRIDOR_CONFIG, conf/corridor.yaml, "
        "/etc/corridor/corridor.yaml."),
    OPT(trace_args, route, "route", STR, NULL, NULL, 0, "Run this route alone."),
    OPT(trace_args, source, "source", STR, NULL, NULL, 0,
        "The source it comes from, or the destination whose answer it is. Default: the first one "
        "that a route reads it from."),
    OPT(trace_args, cause, "cause", PATH, NULL, NULL, 0,
        "Of an answer: the file of the message that asked, $cause."),
    OPT(trace_args, received, "received", STR, NULL, NULL, 0,
        "When it was received, as 2026-11-20T15:00:00Z. Default: now."),
    {0},
};

struct tracing {
    struct command_run *r;
    const struct plan *plan;
    int64_t now_us;
    const struct rules_cause *cause;
    bool has_failed; /* a message that cannot be read, or was held or rejected */
};

static bool has_route(const struct plan *p, struct str name)
{
    for (unsigned i = 0; i < rules_route_count(p->rules); i++) {
        if (str_eq(rules_route_name(p->rules, i), name)) {
            return true;
        }
    }
    return false;
}

/* What validation finds, where the source asks for it. False: the message is rejected before any route. */
static bool is_valid(const struct plan *p, const struct rules_input *in, struct arena *a,
                     struct trace_subject *s, struct rules_result *res)
{
    const struct plan_source *source =
        in->source < p->nsources ? &p->sources[in->source] : NULL; /* else an answer */
    struct validate_report *r = ARENA_NEW(a, struct validate_report);
    if (!source || !source->is_validated || !in->m) {
        return true;
    }
    validate_begin(r, a, in->m, &source->validate);
    rules_validate(p->rules, p->dictionary, in, r);
    s->validation = r;
    if (r->errors) {
        *res = (struct rules_result){
            .verdict = RULES_REJECTED, .reason = validate_reason(r), .code = validate_code(r)};
        res->errors = validate_errors(r, VALIDATION_ERRORS_MAX, false, &res->nerrors);
    }
    return r->errors == 0;
}

static void run_from(struct tracing *t, struct arena *a, struct trace_subject *s,
                     struct rules_result *res, bool validates)
{
    const struct trace_args *args = t->r->args;
    struct trace *trace = ARENA_NEW(a, struct trace);
    trace_init(trace, a);
    trace->lineage = lineage_new(a, s->m);
    struct rules_input in = {.m = s->data ? NULL : s->m,
                             .data = s->data,
                             .raw = s->m->raw,
                             .batch = s->batch,
                             .cause = t->cause,
                             .source = s->source,
                             .received_us = t->now_us,
                             .trace = trace,
                             .only = args->route};
    if (!validates || is_valid(t->plan, &in, a, s, res)) {
        rules_run(t->plan->rules, &in, a, res);
    }
    s->trace = trace;
    s->result = res;
}

/* From the source that was asked for, else from the first one whose routes read the message. */
static void run_message(struct tracing *t, struct arena *a, struct trace_subject *s,
                        struct rules_result *res)
{
    const struct trace_args *args = t->r->args;
    s->source = 0;
    if (args->source.n) {
        (void)rules_source_named(t->plan->rules, args->source, &s->source); /* it was looked for */
    }
    unsigned nsources = rules_answers_of(t->plan->rules, t->plan->ndestinations);
    for (unsigned i = 0; !args->source.n && i < nsources; i++) {
        s->source = i;
        run_from(t, a, s, res, false);
        lineage_free(s->trace->lineage);
        if (res->verdict != RULES_UNROUTED) {
            break;
        }
        s->source = 0;
    }
    run_from(t, a, s, res, true);
}

static bool is_failure(const struct rules_result *res)
{
    bool failed = res->verdict == RULES_REJECTED;
    for (unsigned i = 0; i < res->noutputs; i++) {
        failed = failed || res->outputs[i].finding.n > 0;
    }
    return failed;
}

static void run_subject(struct tracing *t, struct arena *a, const char *place,
                        struct trace_subject *s)
{
    struct rules_result res;
    struct buf out = {0};
    run_message(t, a, s, &res);
    t->has_failed = t->has_failed || is_failure(&res);
    if (t->r->json) {
        trace_out_json(&out, a, s);
    } else {
        buf_printf(&out, "%s: ", place);
        trace_out_text(&out, a, s);
    }
    fwrite(out.p, 1, out.n, stdout);
    lineage_free(s->trace->lineage);
    buf_free(&out);
}

/* What no route ever sees: `place` is FILE or FILE:LINE:COL. */
static void tell_unreadable(struct tracing *t, const char *place, struct str why)
{
    t->has_failed = true;
    if (!t->r->json) {
        printf("%s: error: %.*s\n", place, STR_ARG(why));
        return;
    }
    struct report *r = report_object();
    report_set_text(r, "at", str_of(place));
    report_set_text(r, "verdict", STR("unreadable"));
    report_set_text(r, "reason", why);
    report_print(&r);
}

/* A file of FHIR or JSON is one message. */
static void trace_data(struct tracing *t, const char *file, struct str bytes)
{
    struct arena a = {0};
    struct json *data = NULL;
    struct str why;
    if (rules_read_data(&a, bytes, &data, &why) != 0) {
        tell_unreadable(t, file, why);
    } else {
        struct hl7 only_bytes = {.raw = bytes};
        struct trace_subject s = {.plan = t->plan, .m = &only_bytes, .data = data};
        run_subject(t, &a, str_printf(&a, "%s:1", file).p, &s);
    }
    arena_free(&a);
}

static void trace_message(struct tracing *t, const char *file, const struct message_text *text)
{
    struct arena a = {0};
    struct hl7 m;
    struct hl7_fault fault;
    struct diags d;
    struct buf raw = {0};
    messages_with_cr(text->bytes, &raw);
    diags_init(&d, &a);
    if (hl7_parse(&a, buf_str(&raw), &m, &fault) != 0) {
        tell_unreadable(
            t, str_printf(&a, "%s:%u:1", file, text->line).p,
            str_printf(&a, "%s%s%s", fault.path, fault.path[0] ? ": " : "", fault.text));
    } else {
        struct batch_headers headers;
        batch_headers_read(&a, text->file_header, text->batch_header, &headers);
        struct trace_subject s = {
            .plan = t->plan, .m = &m, .batch = &headers, .set = message_charset(&m, &d)};
        run_subject(t, &a, str_printf(&a, "%s:%u", file, text->line).p, &s);
    }
    buf_free(&raw);
    arena_free(&a);
}

static int trace_file(struct tracing *t, const char *path)
{
    struct str bytes;
    const char *why;
    struct diags d;
    diags_init(&d, t->r->arena);
    if (!files_read(t->r->arena, path, &bytes, &why)) {
        return command_fail(t->r, "%s: %s", path, why);
    }
    if (rules_is_data(bytes)) {
        trace_data(t, path, bytes);
        return t->has_failed ? COMMAND_FINDINGS : COMMAND_FINE;
    }
    struct message_file f = messages_split(t->r->arena, path, bytes, &d);
    if (!f.n) {
        return command_fail(t->r, "%s: no message in it; expected HL7 v2 text that begins with MSH",
                            path);
    }
    for (size_t i = 0; i < f.n; i++) {
        trace_message(t, path, &f.v[i]);
    }
    return t->has_failed ? COMMAND_FINDINGS : COMMAND_FINE;
}

static int check_names(struct command_run *r, const struct plan *p)
{
    const struct trace_args *args = r->args;
    unsigned source;
    if (args->source.n && !rules_source_named(p->rules, args->source, &source)) {
        return command_fail(r, "no source or destination is called %.*s", STR_ARG(args->source));
    }
    if (args->route.n && !has_route(p, args->route)) {
        return command_fail(r, "no route is called %.*s", STR_ARG(args->route));
    }
    return COMMAND_FINE;
}

/* The first message of the file. */
static int read_cause(struct tracing *t, const char *path)
{
    struct arena *a = t->r->arena;
    struct rules_cause *cause = ARENA_NEW(a, struct rules_cause);
    struct hl7 *m = ARENA_NEW(a, struct hl7);
    struct rules_input in = {.m = NULL};
    struct str bytes, text;
    const char *why;
    struct diags d;
    struct buf raw = {0};
    diags_init(&d, a);
    if (!files_read(a, path, &bytes, &why)) {
        return command_fail(t->r, "%s: %s", path, why);
    }
    if (!rules_is_data(bytes)) {
        struct message_file f = messages_split(a, path, bytes, &d);
        messages_with_cr(f.n ? f.v[0].bytes : STR(""), &raw);
        bytes = str_dup(a, buf_str(&raw));
        buf_free(&raw);
    }
    if (rules_read(a, bytes, m, &in, &text) != 0) {
        return command_fail(t->r, "%s: %.*s", path, STR_ARG(text));
    }
    *cause = (struct rules_cause){.m = in.m, .data = in.data};
    t->cause = cause;
    return COMMAND_FINE;
}

static int run(struct command_run *r)
{
    const struct trace_args *args = r->args;
    const char *config =
        config_find(args->config.n ? args->config.p : NULL, getenv("CORRIDOR_CONFIG"));
    struct clock clock = clock_real();
    struct diags d;
    diags_init(&d, r->arena);
    struct plan *p = config_load(config, r->adapters, &d);
    if (!p) {
        excerpt_tell(&d);
        return command_fail(r, "%s: %u %s; nothing was run", config, d.errors,
                            d.errors == 1 ? "error" : "errors");
    }
    struct tracing t = {.r = r, .plan = p, .now_us = clock_wall_us(&clock)};
    int status = check_names(r, p);
    if (args->received.n && !clock_read_rfc3339(args->received, &t.now_us)) {
        status = command_fail(r, "--received: expected a time as 2026-11-20T15:00:00Z");
    }
    if (args->cause.n && status == COMMAND_FINE) {
        status = read_cause(&t, args->cause.p);
    }
    for (int i = 0; i < r->noperands && status != COMMAND_CANNOT; i++) {
        status = trace_file(&t, r->operands[i]);
    }
    plan_unref(&p);
    return status;
}

const struct command cmd_trace = {
    .name = "trace",
    .operands = "FILE...",
    .summary = "Show what every route did to the messages of a file.",
    .details =
        "  Which routes read a message and which did not and why, every step with what it "
        "changed,\n"
        "  what left and where to; and of every value of an output the field of the message, "
        "the table\n"
        "  row and the rule (FILE:LINE:COL) it came from. Nothing is sent. Shows message "
        "content.\n"
        "  Status 1 when a message was rejected or held.",
    .options = options,
    .args_size = sizeof(struct trace_args),
    .min = 1,
    .max = -1,
    .example = "corridor trace routes/samples/siu_s12_booked.hl7 --route appointments",
    .run = run,
};
