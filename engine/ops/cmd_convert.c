#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/clock.h"
#include "engine/config/config.h"
#include "engine/ops/commands.h"
#include "engine/ops/convert.h"
#include "engine/ops/crew.h"
#include "engine/ops/excerpt.h"
#include "engine/ops/left_out.h"
#include "engine/ops/messages.h"
#include "engine/ops/pieces.h"
#include "engine/ops/report.h"

enum { TO_FHIR, TO_HL7V2 };
enum { SHOW_EVERY_US = 500000 };

struct convert_args {
    struct str config, routes, source, timezone, received;
    int to, threads;
    bool pretty, left_out, quiet;
};

static const struct opt options[] = {
    OPT(convert_args, to, "to", ENUM, NULL, "fhir|hl7v2", OPT_REQUIRED, "What to make."),
    OPT(convert_args, pretty, "pretty", BOOL, "false", NULL, 0,
        "JSON for people; otherwise each result is one line."),
    OPT(convert_args, timezone, "timezone", STR, NULL, NULL, 0,
        "Of times without an offset, as America/Chicago. Default: that of the source."),
    OPT(convert_args, routes, "routes", PATH, NULL, NULL, 0,
        "Own routes and maps, a file or a directory, in place of the shipped ones."),
    OPT(convert_args, source, "source", STR, NULL, NULL, 0,
        "The source it comes from, for routes that have several. Default: v2, or fhir."),
    OPT(convert_args, config, "config", PATH, NULL, NULL, 0,
        "The configuration. Default: conf/convert.yaml, /usr/share/corridor/conf/convert.yaml."),
    OPT(convert_args, received, "received", STR, NULL, NULL, 0,
        "When it was received, as 2026-11-20T15:00:00Z. Default: now."),
    OPT(convert_args, left_out, "left-out", BOOL, "false", NULL, 0,
        "Tell at the end what of the messages no map reads: places and how often, no values."),
    CREW_OPTION(convert_args),
    OPT(convert_args, quiet, "quiet", BOOL, "false", NULL, 0, "No progress on a terminal."),
    {0},
};

struct converting {
    struct command_run *r;
    const struct plan *plan;
    struct convert *convert;
    unsigned source;
    int64_t now_us, began_us, shown_us;
    uint64_t messages, converted, failed; /* of all files */
    bool shows;
    int failure; /* errno of standard output; 0: it takes all */
};

static int64_t monotonic(void)
{
    struct clock clock = clock_real();
    return clock_mono_us(&clock);
}

/* ---- progress, on a terminal ---- */

static void show(struct converting *c, bool last)
{
    int64_t now = monotonic(), took = now - c->began_us;
    if (!c->shows || (!last && now - c->shown_us < SHOW_EVERY_US)) {
        return;
    }
    c->shown_us = now;
    fprintf(stderr, "\r\033[K%llu messages, %llu failed, %llu a second%s",
            (unsigned long long)c->messages, (unsigned long long)c->failed,
            (unsigned long long)(took ? c->messages * 1000000 / (uint64_t)took : 0),
            last ? "\n" : "");
}

/* ---- what became of messages ---- */

static void on_made(void *arg, const struct convert_made *made)
{
    struct converting *c = arg;
    struct str text = made->text;
    c->messages += made->messages;
    c->converted += made->converted;
    c->failed += made->failures;
    if (made->told.n) {
        fprintf(stderr, "%s%.*s", c->shows ? "\r\033[K" : "", STR_ARG(made->told));
    }
    if (!c->failure && text.n && fwrite(text.p, 1, text.n, stdout) != text.n) {
        c->failure = errno;
    }
    show(c, false);
}

/* ---- files ---- */

/* Where the document at `at` ends: before the next one. */
static size_t document_end(struct str s, size_t at)
{
    for (size_t i = at + 1; i < s.n; i++) {
        if (pieces_is_document(s, i)) {
            return i;
        }
    }
    return s.n;
}

static void convert_documents(struct converting *c, const char *file, struct str piece,
                              uint64_t line)
{
    for (size_t at = 0, end; at < piece.n && !c->failure; at = end) {
        end = document_end(piece, at);
        struct str one = str_trim(str_slice(piece, at, end));
        if (one.n) {
            struct convert_from from = {.file = file, .line = (unsigned)line};
            convert_add(c->convert, &from, one);
        }
        for (size_t i = at; i < end; i++) {
            line += piece.p[i] == '\n';
        }
    }
    convert_flush(c->convert);
}

static void convert_messages(struct converting *c, const char *file, struct str piece,
                             uint64_t line)
{
    struct arena a = {0};
    struct diags d;
    diags_init(&d, &a);
    struct message_file f = messages_split(&a, file, piece, &d);
    for (size_t i = 0; i < f.n && !c->failure; i++) {
        struct convert_from from = {
            .file = file, .line = (unsigned)(line - 1) + f.v[i].line, .is_as_sent = f.is_as_sent};
        convert_add(c->convert, &from, f.v[i].bytes);
    }
    convert_flush(c->convert);
    arena_free(&a);
}

static int convert_file(struct converting *c, const char *path)
{
    const struct convert_args *args = c->r->args;
    struct pieces p;
    struct str piece;
    uint64_t line, before = c->messages;
    const char *why, *file = strcmp(path, "-") == 0 ? "standard input" : path;
    if (!pieces_open(&p, path, &why)) {
        return command_fail(c->r, "%s: %s", path, why);
    }
    while (!c->failure && pieces_next(&p, &piece, &line)) {
        args->to == TO_FHIR ? convert_messages(c, file, piece, line)
                            : convert_documents(c, file, piece, line);
    }
    why = p.why;
    pieces_close(&p);
    if (c->failure) {
        return command_fail(c->r, "standard output: %s", strerror(c->failure));
    }
    if (why) {
        return command_fail(c->r, "%s: %s", file, why);
    }
    if (c->messages == before) {
        return command_fail(c->r, "%s: no message in it; expected %s", file,
                            args->to == TO_FHIR ? "HL7 v2 text that begins with MSH"
                                                : "FHIR resources as JSON, one a line");
    }
    return COMMAND_FINE;
}

/* ---- the run ---- */

#define INSTALLED "/usr/share/corridor/conf/convert.yaml"

static const char *find_config(const struct convert_args *args)
{
    static const char beside[] = "conf/convert.yaml";
    if (args->config.n) {
        return args->config.p;
    }
    return access(beside, F_OK) == 0 ? beside : INSTALLED;
}

static struct plan *load_plan(struct command_run *r)
{
    const struct convert_args *args = r->args;
    const char *config = find_config(args);
    struct diags d;
    if (!args->config.n && access(config, R_OK) != 0) {
        (void)command_fail(r,
                           "%s: %s; the shipped maps are found in a checkout with -c "
                           "conf/convert.yaml, your own with -c FILE",
                           config, strerror(errno));
        return NULL;
    }
    diags_init(&d, r->arena);
    struct plan *p = config_load_in_zone(config, args->routes.n ? args->routes.p : NULL,
                                         args->timezone, r->adapters, &d);
    if (!p) {
        excerpt_tell(&d);
        (void)command_fail(r, "%s: %u %s; nothing was run", config, d.errors,
                           d.errors == 1 ? "error" : "errors"); /* the status says the rest */
    }
    return p;
}

static int find_source(struct converting *c)
{
    const struct convert_args *args = c->r->args;
    struct str name = args->source.n ? args->source : args->to == TO_FHIR ? STR("v2") : STR("fhir");
    for (unsigned i = 0; i < c->plan->nsources; i++) {
        if (str_eq(c->plan->sources[i].name, name)) {
            c->source = i;
            return COMMAND_FINE;
        }
    }
    return command_fail(c->r, "no source is called %.*s", STR_ARG(name));
}

/* One line of JSON. */
static void put_sum(struct buf *out, const struct converting *c, const struct left_out *left)
{
    struct report *r = report_object();
    report_set_int(r, "messages", (int64_t)c->messages);
    report_set_int(r, "converted", (int64_t)c->converted);
    report_set_int(r, "failed", (int64_t)c->failed);
    if (left) {
        report_set(r, "left_out", left_out_report(left, c->plan->rules));
    }
    report_put(r, out);
    buf_putc(out, '\n');
    report_free(&r);
}

static void sum_up(struct converting *c)
{
    const struct left_out *left = convert_left_out(c->convert);
    struct buf out = {0};
    if (c->r->json) {
        put_sum(&out, c, left);
    } else {
        show(c, true);
        if (left) {
            left_out_text(&out, left, c->plan->rules);
        }
    }
    fwrite(out.p ? out.p : "", 1, out.n, stderr);
    buf_free(&out);
}

static int convert_all(struct converting *c)
{
    const struct convert_args *args = c->r->args;
    int status = find_source(c);
    if (status == COMMAND_FINE && args->received.n &&
        !clock_read_rfc3339(args->received, &c->now_us)) {
        status = command_fail(c->r, "--received: expected a time as 2026-11-20T15:00:00Z");
    }
    if (status == COMMAND_FINE && args->left_out && args->to != TO_FHIR) {
        status = command_fail(c->r, "--left-out is for --to fhir: it tells of messages of HL7 v2");
    }
    struct convert_conf conf = {.plan = c->plan,
                                .source = c->source,
                                .threads = crew_workers(args->threads),
                                .received_us = c->now_us,
                                .is_data = args->to == TO_HL7V2,
                                .is_pretty = args->pretty,
                                .counts_left_out = args->left_out && args->to == TO_FHIR};
    c->convert = convert_new(&conf, on_made, c);
    c->began_us = monotonic();
    for (int i = 0; i < c->r->noperands && status == COMMAND_FINE; i++) {
        status = convert_file(c, c->r->operands[i]);
    }
    if (status == COMMAND_FINE && fflush(stdout) != 0) {
        status = command_fail(c->r, "standard output: %s", strerror(errno));
    }
    sum_up(c);
    convert_free(&c->convert);
    return status == COMMAND_FINE && c->failed ? COMMAND_FINDINGS : status;
}

static int run(struct command_run *r)
{
    const struct convert_args *args = r->args;
    struct clock clock = clock_real();
    struct plan *p = load_plan(r);
    if (!p) {
        return COMMAND_CANNOT;
    }
    struct converting c = {.r = r,
                           .plan = p,
                           .now_us = clock_wall_us(&clock),
                           .shows = !args->quiet && isatty(STDERR_FILENO)};
    int status = convert_all(&c);
    plan_unref(&p);
    return status;
}

const struct command cmd_convert = {
    .name = "convert",
    .operands = "FILE...",
    .summary = "Convert files of messages: HL7 v2 to FHIR, FHIR to HL7 v2.",
    .details =
        "  --to fhir writes a FHIR R4 Bundle a line for each message, by the maps of "
        "routes/fhir;\n"
        "  --to hl7v2 reads Bundles and single resources as JSON, one a line or one a file, and "
        "writes\n"
        "  messages by those of routes/v2; --routes takes your own. Files may be of any size; "
        "- is\n"
        "  standard input. What cannot be converted is told on standard error with file, line "
        "and\n"
        "  number of the message, and the rest goes on. Status 1 when something failed.\n"
        "  --left-out tells at the end, on standard error or in the line of --json, which places "
        "of the "
        "messages\n"
        "  of HL7 v2 hold something that no map reads, in how many, and the first one; never what "
        "they "
        "hold.",
    .options = options,
    .args_size = sizeof(struct convert_args),
    .min = 1,
    .max = -1,
    .example = "corridor convert --to fhir --timezone America/Chicago routes/samples/adt_a01.hl7; "
               "corridor convert --to fhir --left-out routes/samples/day/epic/*.hl7 >epic.ndjson",
    .run = run,
};
