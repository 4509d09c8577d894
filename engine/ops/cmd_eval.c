#include <stdio.h>

#include "engine/ops/commands.h"
#include "engine/ops/eval_cases.h"
#include "engine/ops/files.h"

struct eval_args {
    struct str cases;
    bool strict, failed;
};

static const struct opt options[] = {
    OPT(eval_args, cases, "cases", PATH, NULL, NULL, 0,
        "JSON lines {\"expression\":..,\"file\":..}; a relative file is relative to this one."),
    OPT(eval_args, failed, "failed", BOOL, "false", NULL, 0,
        "Of --cases print only those that gave something else than their line expects."),
    OPT(eval_args, strict, "strict", BOOL, "false", NULL, 0,
        "Refuse places in what has no order, and names of other resources than the one read."),
    {0},
};

/* ---- one expression ---- */

static int eval_one(struct command_run *r, const char *expression, const char *path)
{
    const struct eval_args *args = r->args;
    struct eval_data data = {0};
    struct diags d;
    struct rules_value *v;
    unsigned n;
    struct buf out = {0};
    diags_init(&d, r->arena);
    eval_data_load(&data, path);
    if (data.why) {
        int status = command_fail(r, "%s: %s", path, data.why);
        eval_data_free(&data);
        return status;
    }
    struct rules_subject s = eval_data_subject(&data);
    s.is_strict = args->strict;
    int failed = rules_eval(r->arena, "expression", str_of(expression), &s, &d, &v, &n);
    for (unsigned i = 0; !failed && i < n; i++) {
        struct json_out o;
        json_out_init(&o, &out, 0);
        eval_data_put(&o, r->arena, &data, &v[i]);
        buf_putc(&out, '\n');
    }
    fwrite(out.p ? out.p : "", 1, out.n, stdout);
    buf_clear(&out);
    if (failed) {
        diags_print(&out, &d);
        fwrite(out.p ? out.p : "", 1, out.n, stderr);
    }
    buf_free(&out);
    eval_data_free(&data);
    return failed ? COMMAND_FINDINGS : COMMAND_FINE;
}

/* ---- cases ---- */

/* How many of those that expect something gave it. */
struct score {
    unsigned passed, all;
};

struct cases {
    const struct eval_args *args;
    struct eval_data data;
    struct str dir; /* of the cases file, with its slash */
    struct buf out;
    struct score all, core;
};

static void put_result(struct cases *c, struct arena *a, unsigned long long index,
                       const struct json *row, const struct eval_result *got)
{
    struct json_out o;
    struct str name = json_text(json_get(row, "name"));
    json_out_init(&o, &c->out, 0);
    json_out_object(&o);
    json_out_pair_int(&o, "index", (int64_t)index);
    if (c->args->failed && name.p) {
        json_out_pair(&o, "name", name);
    }
    if (got->error.p) {
        json_out_pair(&o, "error", got->error);
    } else {
        json_out_key(&o, "results");
        json_out_array(&o);
        for (unsigned i = 0; i < got->n; i++) {
            eval_data_put(&o, a, &c->data, &got->v[i]);
        }
        json_out_end(&o);
    }
    json_out_end(&o);
    buf_putc(&c->out, '\n');
}

/* The file of a case: "file", or "inputjson" in the folder inputs beside the cases; null: none. */
static struct str load_file(struct cases *c, struct arena *a, const struct json *row)
{
    const struct json *file = json_get(row, "file"), *input = json_get(row, "inputjson");
    struct str name = json_text(file ? file : input);
    if (!file && !input) {
        return STR("expected {\"expression\":..., \"file\":...}");
    }
    if (!name.p) {
        eval_data_clear(&c->data);
        return str_from(NULL, 0);
    }
    bool is_absolute = name.n && name.p[0] == '/';
    eval_data_load(&c->data, str_printf(a, "%.*s%s%.*s", is_absolute ? 0 : (int)c->dir.n, c->dir.p,
                                        file ? "" : "inputs/", STR_ARG(name))
                                 .p);
    return c->data.why ? str_of(c->data.why) : str_from(NULL, 0);
}

static void evaluate(struct cases *c, struct arena *a, const struct json *row,
                     struct eval_result *out)
{
    struct diags d;
    struct rules_value *v = NULL;
    struct str expression = json_text(json_get(row, "expression"));
    out->error =
        expression.p ? load_file(c, a, row) : STR("expected {\"expression\":..., \"file\":...}");
    out->is_unread = out->error.p != NULL;
    if (out->is_unread) {
        return;
    }
    struct rules_subject s = eval_data_subject(&c->data);
    s.is_strict = c->args->strict || str_is(json_text(json_get(row, "mode")), "strict");
    diags_init(&d, a);
    if (rules_eval(a, "expression", expression, &s, &d, &v, &out->n) != 0) {
        out->error = d.first ? d.first->text : STR("the expression failed");
    }
    out->v = v;
}

static void count(struct score *s, bool passed)
{
    s->all++;
    s->passed += passed;
}

static void run_case(struct cases *c, struct arena *a, unsigned long long index, struct str line)
{
    struct json *row = NULL;
    struct json_fault fault;
    struct eval_result got = {.error = {NULL, 0}};
    if (json_parse(a, line, NULL, &row, &fault) != 0) {
        row = NULL;
        got.error = str_of(fault.text);
    } else {
        evaluate(c, a, row, &got);
    }
    bool expects = eval_case_expects(row), passed = expects && eval_case_passed(row, &got);
    const struct json *core = json_get(row, "core");
    if (expects) {
        count(&c->all, passed);
    }
    if (expects && core && core->kind == JSON_TRUE) {
        count(&c->core, passed);
    }
    if (!c->args->failed || (expects && !passed)) {
        put_result(c, a, index, row, &got);
    }
}

static void tell_score(const struct cases *c)
{
    if (c->all.all) {
        fprintf(stderr, "as expected: %u of %u", c->all.passed, c->all.all);
        if (c->core.all) {
            fprintf(stderr, "; of those marked core %u of %u", c->core.passed, c->core.all);
        }
        fputc('\n', stderr);
    }
}

static int eval_cases(struct command_run *r, const char *path)
{
    struct cases c = {.args = r->args};
    struct str bytes, line;
    const char *why;
    if (!files_read(r->arena, path, &bytes, &why)) {
        return command_fail(r, "%s: %s", path, why);
    }
    const char *slash = strrchr(path, '/');
    c.dir = slash ? str_from(path, (size_t)(slash - path + 1)) : STR("");
    struct arena a = {0};
    for (unsigned long long index = 0; bytes.n && str_split(&bytes, '\n', &line);) {
        line = str_trim(line);
        if (line.n) {
            run_case(&c, &a, index++, line);
            fwrite(c.out.p ? c.out.p : "", 1, c.out.n, stdout);
        }
        buf_clear(&c.out);
        arena_reset(&a);
    }
    tell_score(&c);
    arena_free(&a);
    eval_data_free(&c.data);
    buf_free(&c.out);
    return COMMAND_FINE;
}

static int run(struct command_run *r)
{
    const struct eval_args *args = r->args;
    if (args->cases.n) {
        return r->noperands ? command_fail(r, "--cases takes no further argument")
                            : eval_cases(r, args->cases.p);
    }
    if (r->noperands != 2) {
        return command_fail(r, "expected EXPRESSION FILE, or --cases FILE");
    }
    return eval_one(r, r->operands[0], r->operands[1]);
}

const struct command cmd_eval = {
    .name = "eval",
    .operands = "[EXPRESSION FILE]",
    .summary = "Evaluate an expression on a message, a FHIR resource or JSON.",
    .details =
        "  Prints a line {\"type\":..,\"value\":..} for each value found; none when nothing "
        "matches.\n"
        "  With --cases a line {\"index\":n,\"results\":[..]} or "
        "{\"index\":n,\"error\":\"..\"} for each case, from 0;\n"
        "  and where lines say what they expect (\"outputs\", \"invalid\"), how many gave it.",
    .options = options,
    .args_size = sizeof(struct eval_args),
    .max = 2,
    .example =
        "corridor eval \"PID-3.where(\\$this.5 = 'MR').first().1\" routes/samples/adt_a01.hl7",
    .run = run,
};
