#include <stdio.h>
#include <stdlib.h>

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/err.h"
#include "engine/config/config.h"
#include "engine/flow/miss.h"
#include "engine/ops/admin.h"
#include "engine/ops/commands.h"
#include "engine/ops/excerpt.h"
#include "engine/ops/files.h"
#include "engine/ops/messages.h"
#include "engine/ops/miss_report.h"
#include "engine/ops/table_report.h"
#include "engine/ops/target.h"

enum form { FORM_TEXT, FORM_CSV };

struct tables_args {
    struct target_args target;
    struct str source;
    int as;
};

static const struct opt options[] = {
    TARGET_OPTIONS(tables_args),
    OPT(tables_args, source, "source", STR, NULL, NULL, 0,
        "The source the files come from; may be left out where there is one."),
    OPT(tables_args, as, "as", ENUM, "text", "text|csv", 0,
        "Form: text, or CSV rows to paste into the tables."),
    {0},
};

/* ---- what is missing: told by the daemon, or found by running the routes on files ---- */

static struct report *ask_daemon(struct command_run *r, const struct tables_args *args)
{
    const char *state = target_state(r, &args->target), *why = "";
    struct str body;
    if (!state) {
        return NULL;
    }
    int status = admin_ask(r->arena, target_socket(r, state), "GET", "/misses", &body, &why);
    struct report *report = status == 200 ? report_parse(body) : NULL;
    if (!report) {
        (void)command_fail(r,
                           status == ERR_NOT_FOUND
                               ? "no daemon runs on %s; name message files to look through"
                               : "%s: it gave no answer",
                           state); /* the caller ends with this */
    }
    return report;
}

struct looking {
    struct command_run *r;
    const struct plan *plan;
    struct misses *misses;
    struct str source;
};

static void look_at(struct looking *l, const struct message_text *text, int64_t now_us)
{
    struct arena a = {0};
    struct hl7 m;
    struct batch_headers headers;
    struct rules_input in = {.received_us = now_us, .batch = &headers};
    struct str why;
    struct buf raw = {0};
    batch_headers_read(&a, text->file_header, text->batch_header, &headers);
    if (rules_is_data(text->bytes)) {
        buf_put_str(&raw, text->bytes);
    } else {
        messages_with_cr(text->bytes, &raw);
    }
    if (rules_read(&a, buf_str(&raw), &m, &in, &why) == 0) {
        for (unsigned i = 0; i < l->plan->nsources; i++) {
            struct rules_result res;
            in.source = i;
            if (!l->source.n || str_eq(l->plan->sources[i].name, l->source)) {
                rules_run(l->plan->rules, &in, &a, &res);
                misses_add(l->misses, res.misses, now_us);
            }
        }
    }
    buf_free(&raw);
    arena_free(&a);
}

static bool look_through(struct looking *l, const char *path, int64_t now_us)
{
    struct arena a = {0};
    struct str bytes;
    struct diags d;
    const char *why;
    diags_init(&d, &a);
    bool is_read = files_read(&a, path, &bytes, &why);
    if (is_read) {
        struct message_text whole = {.bytes = bytes, .line = 1};
        struct message_file f = rules_is_data(bytes) ? (struct message_file){.v = &whole, .n = 1}
                                                     : messages_split(&a, path, bytes, &d);
        for (size_t i = 0; i < f.n; i++) {
            look_at(l, &f.v[i], now_us);
        }
    } else {
        (void)command_fail(l->r, "%s: %s", path, why); /* the caller ends with this */
    }
    arena_free(&a);
    return is_read;
}

static struct plan *load(struct command_run *r, const struct tables_args *args)
{
    const char *config = config_find(args->target.config.n ? args->target.config.p : NULL,
                                     getenv("CORRIDOR_CONFIG"));
    struct diags d;
    diags_init(&d, r->arena);
    struct plan *p = config_load(config, r->adapters, &d);
    if (!p) {
        excerpt_tell(&d);
    }
    return p;
}

/* The source is told: there is one of that name, or one at all. */
static bool check_source(struct command_run *r, const struct plan *p, struct str name)
{
    bool found = !name.n && p->nsources == 1;
    for (unsigned i = 0; i < p->nsources; i++) {
        found = found || str_eq(p->sources[i].name, name);
    }
    if (!found && name.n) {
        (void)command_fail(r, "no source is called %.*s", STR_ARG(name)); /* the caller ends */
    } else if (!found) {
        (void)command_fail(r, "say with --source which source the files come from; profiles have "
                              "tables of their own"); /* the caller ends */
    }
    return found;
}

static struct report *look_offline(struct command_run *r, const struct tables_args *args)
{
    struct clock clock = clock_real();
    struct plan *p = load(r, args);
    struct looking l = {.r = r, .plan = p, .source = args->source};
    struct report *report = NULL;
    bool good = p && check_source(r, p, args->source);
    if (good) {
        l.misses = misses_new();
        for (int i = 1; i < r->noperands && good; i++) {
            good = look_through(&l, r->operands[i], clock_wall_us(&clock));
        }
        report = good ? miss_report(l.misses) : NULL;
    }
    misses_free(&l.misses);
    plan_unref(&p);
    return report;
}

/* ---- how it is said ---- */

static void print_csv_cell(const char *text, bool is_first)
{
    bool quoted = strpbrk(text, ",\"\n\r") != NULL;
    printf("%s%s", is_first ? "" : ",", quoted ? "\"" : "");
    for (const char *p = text; *p; p++) {
        printf(*p == '"' ? "\"\"" : "%c", *p);
    }
    printf("%s", quoted ? "\"" : "");
}

static void print_row(const struct report *row, enum form as)
{
    const struct report *keys = report_get(row, "keys");
    if (as == FORM_TEXT) {
        printf("  ");
    }
    for (size_t i = 0; i < report_count(keys); i++) {
        print_csv_cell(report_item_text(keys, i), i == 0);
    }
    if (as == FORM_TEXT) {
        printf("    %lld x, last %s, asked at %s", (long long)report_int(row, "times"),
               report_text(row, "last"), report_text(row, "at"));
    }
    putchar('\n');
}

static void print_head(const struct report *row, enum form as)
{
    const struct report *columns = report_get(row, "columns");
    printf("%s%s, table %s: ", as == FORM_CSV ? "# " : "", report_text(row, "file"),
           report_text(row, "table"));
    for (size_t i = 0; i < report_count(columns); i++) {
        print_csv_cell(report_item_text(columns, i), i == 0);
    }
    putchar('\n');
}

static void print_text(const struct report *report, enum form as)
{
    const struct report *rows = report_get(report, "rows");
    const char *last = "";
    for (size_t i = 0; i < report_count(rows); i++) {
        const struct report *row = report_at(rows, i);
        if (strcmp(last, report_text(row, "table")) != 0) {
            print_head(row, as);
        }
        last = report_text(row, "table");
        print_row(row, as);
    }
    if (as == FORM_TEXT) {
        printf("%zu %s missing, asked for %lld times", report_count(rows),
               report_count(rows) == 1 ? "row" : "rows", (long long)report_int(report, "total"));
        printf(report_int(report, "uncounted") ? ", %lld of them not listed\n" : "\n",
               (long long)report_int(report, "uncounted"));
    }
}

/* ---- which tables there are ---- */

/* What the daemon has, if one runs. */
static struct report *ask_for_tables(struct command_run *r, const struct plan *p,
                                     const struct tables_args *args)
{
    const char *why = "", *state = args->target.state.n ? args->target.state.p
                                                        : str_dup(r->arena, p->state_dir).p;
    struct str body;
    int status = admin_ask(r->arena, target_socket(r, state), "GET", "/tables", &body, &why);
    return status == 200 ? report_parse(body) : NULL;
}

static int list(struct command_run *r, const struct tables_args *args)
{
    if (r->noperands > 1 || args->source.n || args->as != FORM_TEXT) {
        return command_fail(r, "list takes no FILE, --source or --as");
    }
    struct plan *p = load(r, args);
    if (!p) {
        return COMMAND_CANNOT;
    }
    struct report *report = table_report(p->rules), *running = ask_for_tables(r, p, args);
    unsigned differ = running ? table_report_compare(report, running) : 0;
    if (r->json) {
        report_print(&report);
    } else {
        struct buf out = {0};
        table_report_text(&out, report);
        fwrite(out.p ? out.p : "", 1, out.n, stdout);
        buf_free(&out);
        report_free(&report);
    }
    report_free(&running);
    plan_unref(&p);
    return differ ? COMMAND_FINDINGS : COMMAND_FINE;
}

static int run(struct command_run *r)
{
    const struct tables_args *args = r->args;
    if (strcmp(r->operands[0], "list") == 0) {
        return list(r, args);
    }
    if (strcmp(r->operands[0], "missing") != 0) {
        return command_fail(r, "%s: expected missing or list", r->operands[0]);
    }
    struct report *report = r->noperands > 1 ? look_offline(r, args) : ask_daemon(r, args);
    if (!report) {
        return COMMAND_CANNOT;
    }
    bool any = report_count(report_get(report, "rows")) > 0;
    if (r->json) {
        report_print(&report);
    } else {
        print_text(report, (enum form)args->as);
        report_free(&report);
    }
    return any ? COMMAND_FINDINGS : COMMAND_FINE;
}

const struct command cmd_tables = {
    .name = "tables",
    .operands = "missing|list [FILE...]",
    .summary = "Rows that messages asked for and code tables do not have; which tables there are.",
    .details =
        "  missing: counted by the running daemon since its start; or, with message files, "
        "found by\n"
        "  running the routes on them. Shows message content. Status 1 when a row is missing.\n"
        "  list: each table of the configuration as it is read now, with the version of its "
        "rows.\n"
        "  Status 1 when a running daemon has another version of one.",
    .options = options,
    .args_size = sizeof(struct tables_args),
    .min = 1,
    .max = -1,
    .example = "corridor tables missing --source epic --as csv routes/samples/day/epic/*.hl7",
    .run = run,
};
