#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/config/config.h"
#include "engine/ops/changes.h"
#include "engine/ops/commands.h"
#include "engine/ops/excerpt.h"
#include "engine/ops/files.h"
#include "engine/ops/report.h"
#include "engine/ops/suite.h"
#include "engine/ops/suite_coverage.h"

struct test_args {
    struct str config, junit;
    bool update, coverage, watch;
};

static const struct opt options[] = {
    OPT(test_args, config, "config", PATH, NULL, NULL, 0,
        "The configuration. Default: $CORRIDOR_CONFIG, conf/corridor.yaml, "
        "/etc/corridor/corridor.yaml."),
    OPT(test_args, update, "update", BOOL, "false", NULL, 0,
        "Write what came out in place of what was expected; read the difference before you keep "
        "it."),
    OPT(test_args, junit, "junit", PATH, NULL, NULL, 0, "Write the results as JUnit XML, too."),
    OPT(test_args, coverage, "coverage", BOOL, "false", NULL, 0,
        "Say which steps, branches, items of maps and rows of tables no test touched."),
    OPT(test_args, watch, "watch", BOOL, "false", NULL, 0,
        "Run again whenever a file of the configuration changes, until interrupted."),
    {0},
};

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* ---- what to say ---- */

static struct report *differences(const struct diags *d)
{
    struct report *list = report_list();
    for (const struct diag *one = d->first; one; one = one->next) {
        struct report *r = report_object();
        report_set_text(r, "at", one->path);
        report_set_text(r, "text", one->text);
        report_add(list, r);
    }
    return list;
}

static void print_json(const struct suite *s, const struct coverage_report *c)
{
    struct report *r = report_object(), *list = report_list();
    report_set_int(r, "tests", s->n);
    report_set_int(r, "passed", s->n - s->failed);
    report_set_int(r, "failed", s->failed);
    for (unsigned i = 0; i < s->n; i++) {
        const struct suite_case *one = &s->cases[i];
        struct report *c = report_object();
        report_set_text(c, "name", one->head.name);
        report_set_text(c, one->head.kind, one->head.target);
        report_set_text(c, "file", str_of(one->head.pos.file));
        report_set_int(c, "line", one->head.pos.line);
        report_set_bool(c, "passed", one->result.passed);
        report_set(c, "differences", differences(&one->result.differences));
        report_add(list, c);
    }
    report_set(r, "results", list);
    if (c) {
        report_set(r, "coverage", suite_coverage_json(c));
    }
    report_print(&r);
}

static void print_failure(const struct suite_case *one)
{
    const struct rules_test_head *h = &one->head;
    printf("%s:%u:%u: error: %s %.*s: %.*s\n", h->pos.file, h->pos.line, h->pos.col, h->kind,
           STR_ARG(h->target), STR_ARG(h->name));
    for (const struct diag *d = one->result.differences.first; d; d = d->next) {
        printf("    %.*s%s%.*s\n", STR_ARG(d->path), d->path.n ? ": " : "", STR_ARG(d->text));
    }
}

static void print_text(const struct suite *s, const struct coverage_report *c)
{
    struct buf out = {0};
    for (unsigned i = 0; i < s->n; i++) {
        if (!s->cases[i].result.passed) {
            print_failure(&s->cases[i]);
        }
    }
    if (c) {
        suite_coverage_text(&out, c);
        fwrite(out.p, 1, out.n, stdout);
        buf_free(&out);
    }
    printf("%u passed, %u failed\n", s->n - s->failed, s->failed);
}

/* ---- the run ---- */

static int write_junit(struct command_run *r, const char *path, const struct suite *s)
{
    struct buf out = {0};
    FILE *f = fopen(path, "wb");
    suite_junit(&out, s);
    bool good = f && fwrite(out.p, 1, out.n, f) == out.n;
    good = f && fclose(f) == 0 && good;
    buf_free(&out);
    return good ? COMMAND_FINE : command_fail(r, "%s: %s", path, strerror(errno));
}

static int update(struct command_run *r, const struct suite *s)
{
    unsigned files = 0;
    const char *file = "", *why = "";
    if (!suite_update(s, r->arena, &files, &file, &why)) {
        return command_fail(r, "%s cannot be written: %s", file, why);
    }
    unsigned left = 0;
    for (unsigned i = 0; i < s->n; i++) {
        left += !s->cases[i].result.passed && s->cases[i].result.nupdates == 0;
    }
    printf("%u %s rewritten; run the tests again\n", files, files == 1 ? "file" : "files");
    if (left) {
        printf("%u %s written: within { }, or nothing came out\n", left,
               left == 1 ? "test stays as it was" : "tests stay as they were");
    }
    return COMMAND_FINE;
}

static int judge(struct command_run *r, const struct suite *s)
{
    const struct test_args *args = r->args;
    if (args->junit.n && write_junit(r, args->junit.p, s) != COMMAND_FINE) {
        return COMMAND_CANNOT;
    }
    if (args->update && s->failed && update(r, s) != COMMAND_FINE) {
        return COMMAND_CANNOT;
    }
    return s->failed ? COMMAND_FINDINGS : COMMAND_FINE;
}

static int run_suite(struct command_run *r, const struct plan *p, const char *path)
{
    const struct test_args *args = r->args;
    struct coverage *coverage = args->coverage ? coverage_new() : NULL;
    struct coverage_report c;
    struct suite s;
    suite_run(&s, r->arena, p->rules, path, now_us, coverage);
    if (coverage) {
        coverage_of(coverage, p->rules, r->arena, &c);
    }
    if (s.n == 0) {
        coverage_free(&coverage);
        return command_fail(
            r, "%s: there is no test in it; tests stand under `tests:` beside routes and maps",
            path ? path : "the configuration");
    }
    r->json ? print_json(&s, coverage ? &c : NULL) : print_text(&s, coverage ? &c : NULL);
    coverage_free(&coverage);
    return judge(r, &s);
}

static int run_once(struct command_run *r, const char *config, const char *path)
{
    struct diags d;
    diags_init(&d, r->arena);
    struct plan *p = config_load_tests(config, path, r->adapters, &d);
    int status = COMMAND_FINDINGS;
    if (p) {
        status = run_suite(r, p, path);
    } else {
        excerpt_tell(&d);
        (void)command_fail(r, "%s: %u %s; nothing was run", config, d.errors,
                           d.errors == 1 ? "error" : "errors"); /* the status says the rest */
    }
    plan_unref(&p);
    return status;
}

/* ---- again and again ---- */

/* One entry of routes:, beside the configuration; what begins with ! is left out of another one. */
static void add_entry(struct changes *c, struct arena *a, const char *config, struct str path)
{
    const char *end = strrchr(config, '/');
    bool is_beside = path.n && path.p[0] != '/' && end;
    if (path.n && path.p[0] != '!') {
        changes_add(
            c, is_beside ? str_printf(a, "%.*s/%.*s", (int)(end - config), config, STR_ARG(path)).p
                         : str_dup(a, path).p);
    }
}

/* The routes that the configuration names, which may itself be broken. */
static void add_routes(struct changes *c, struct arena *a, const char *config)
{
    struct str bytes;
    const char *why;
    struct diags d;
    struct yaml_doc *doc = NULL;
    diags_init(&d, a);
    if (files_read(a, config, &bytes, &why)) {
        (void)yaml_parse(a, config, bytes, &d, &doc); /* what could be read is enough */
    }
    const struct yaml_node *n = doc ? yaml_get(doc->root, "routes") : NULL;
    if (n && n->kind == YAML_SCALAR) {
        add_entry(c, a, config, n->text);
    }
    yaml_each(item, n && n->kind == YAML_SEQUENCE ? n : NULL)
    {
        add_entry(c, a, config, item->text);
    }
}

/* A run of its own: on a terminal the screen is cleared before it. */
static int run_again(const struct command_run *r, const char *config, const char *path)
{
    struct arena a = {0};
    struct command_run one = *r;
    one.arena = &a;
    if (r->colour) {
        fputs("\033[H\033[2J\033[3J", stdout);
    }
    int status = run_once(&one, config, path);
    fflush(stdout);
    arena_free(&a);
    return status;
}

static int watch(struct command_run *r, const char *config, const char *path)
{
    struct changes *c = changes_new();
    int status;
    changes_add(c, config);
    add_routes(c, r->arena, config);
    if (path) {
        changes_add(c, path);
    }
    do {
        status = run_again(r, config, path);
    } while (changes_wait(c));
    changes_free(&c);
    return status;
}

static int run(struct command_run *r)
{
    const struct test_args *args = r->args;
    const char *path = r->noperands ? r->operands[0] : NULL;
    const char *config =
        config_find(args->config.n ? args->config.p : NULL, getenv("CORRIDOR_CONFIG"));
    if (path && access(path, R_OK) != 0) {
        return command_fail(r, "%s: %s", path, strerror(errno));
    }
    if (args->watch && args->update) {
        return command_fail(r, "--watch and --update: a run would change what it watches");
    }
    return args->watch ? watch(r, config, path) : run_once(r, config, path);
}

const struct command cmd_test = {
    .name = "test",
    .operands = "[PATH]",
    .summary = "Run the tests that stand beside routes and maps.",
    .details =
        "  Of all routes of the configuration, or of the file or directory PATH, against its\n"
        "  sources and destinations. What differs is shown by place: start: expected \"..\", "
        "found\n"
        "  \"..\". Status 1 when a test fails or the routes have errors.",
    .options = options,
    .args_size = sizeof(struct test_args),
    .max = 1,
    .example = "corridor test routes/appointments.yaml --junit results.xml",
    .run = run,
};
