#include <stdio.h>

#include "engine/base/json.h"
#include "engine/base/json_out.h"
#include "engine/ops/commands.h"
#include "engine/ops/files.h"
#include "engine/ops/message_text.h"
#include "engine/ops/messages.h"
#include "engine/rules/ruleset.h"

struct eval_args {
    struct str cases;
};

static const struct opt options[] = {
    OPT(eval_args, cases, "cases", PATH, NULL, NULL, 0,
        "JSON lines {\"expression\":..,\"file\":..}; a relative file is relative to this one."),
    {0},
};

/* The message read last: cases usually ask many things of one file. */
struct subject {
    struct arena arena;
    char *path;
    const char *why; /* why there is no message; NULL: there is one */
    struct hl7 m;
    struct hl7_text set;
};

static const char *parse_subject(struct subject *s, struct str bytes)
{
    struct str text = str_trim(bytes);
    struct diags d;
    struct hl7_fault fault;
    if (text.n && (text.p[0] == '{' || text.p[0] == '[' || text.p[0] == '<')) {
        return "FHIR, JSON and XML files are not available in this version; expected HL7 v2";
    }
    diags_init(&d, &s->arena);
    struct message_file f = messages_split(&s->arena, s->path, bytes, &d);
    if (!f.n) {
        return "no message in it; expected HL7 v2 text that begins with MSH";
    }
    if (hl7_parse(&s->arena, f.v[0].bytes, &s->m, &fault) != 0) {
        return fault.text;
    }
    s->set = message_charset(&s->m, &d);
    return NULL;
}

static void load_subject(struct subject *s, const char *path)
{
    struct str bytes;
    if (s->path && strcmp(s->path, path) == 0) {
        return;
    }
    arena_reset(&s->arena);
    s->path = (char *)(uintptr_t)str_dup(&s->arena, str_of(path)).p;
    if (files_read(&s->arena, path, &bytes, &s->why)) {
        s->why = parse_subject(s, bytes);
    }
}

static void put_value(struct json_out *o, struct arena *a, const struct subject *s,
                      const struct rules_value *v)
{
    json_out_object(o);
    json_out_pair_cstr(o, "type", v->type);
    json_out_pair(o, "value", hl7_text_utf8(a, s->set, v->text));
    json_out_end(o);
}

/* ---- one expression ---- */

static int eval_one(struct command_run *r, const char *expression, const char *path)
{
    struct subject s = {0};
    struct diags d;
    struct rules_value *v;
    unsigned n;
    struct buf out = {0};
    diags_init(&d, r->arena);
    load_subject(&s, path);
    if (s.why) {
        int status = command_fail(r, "%s: %s", path, s.why);
        arena_free(&s.arena);
        return status;
    }
    int failed = rules_eval(r->arena, "expression", str_of(expression), &s.m, &d, &v, &n);
    for (unsigned i = 0; !failed && i < n; i++) {
        struct json_out o;
        json_out_init(&o, &out, 0);
        put_value(&o, r->arena, &s, &v[i]);
        buf_putc(&out, '\n');
    }
    fwrite(out.p ? out.p : "", 1, out.n, stdout);
    buf_clear(&out);
    if (failed) {
        diags_print(&out, &d);
        fwrite(out.p ? out.p : "", 1, out.n, stderr);
    }
    buf_free(&out);
    arena_free(&s.arena);
    return failed ? COMMAND_FINDINGS : COMMAND_FINE;
}

/* ---- cases ---- */

struct cases {
    struct subject subject;
    struct str dir; /* of the cases file, with its slash */
    struct buf out;
};

static void put_error(struct cases *c, unsigned long long index, struct str why)
{
    struct json_out o;
    json_out_init(&o, &c->out, 0);
    json_out_object(&o);
    json_out_pair_int(&o, "index", (int64_t)index);
    json_out_pair(&o, "error", why);
    json_out_end(&o);
    buf_putc(&c->out, '\n');
}

static void put_results(struct cases *c, struct arena *a, unsigned long long index,
                        const struct rules_value *v, unsigned n)
{
    struct json_out o;
    json_out_init(&o, &c->out, 0);
    json_out_object(&o);
    json_out_pair_int(&o, "index", (int64_t)index);
    json_out_key(&o, "results");
    json_out_array(&o);
    for (unsigned i = 0; i < n; i++) {
        put_value(&o, a, &c->subject, &v[i]);
    }
    json_out_end(&o);
    json_out_end(&o);
    buf_putc(&c->out, '\n');
}

static void run_case(struct cases *c, struct arena *a, unsigned long long index, struct str line)
{
    struct json *row;
    struct json_fault fault;
    struct diags d;
    struct rules_value *v;
    unsigned n;
    if (json_parse(a, line, NULL, &row, &fault) != 0) {
        put_error(c, index, str_of(fault.text));
        return;
    }
    struct str expression = json_text(json_get(row, "expression")),
               file = json_text(json_get(row, "file"));
    if (!expression.p || !file.p) {
        put_error(c, index, STR("expected {\"expression\":..., \"file\":...}"));
        return;
    }
    bool is_absolute = file.n && file.p[0] == '/';
    load_subject(
        &c->subject,
        str_printf(a, "%.*s%.*s", is_absolute ? 0 : (int)c->dir.n, c->dir.p, STR_ARG(file)).p);
    if (c->subject.why) {
        put_error(c, index, str_of(c->subject.why));
        return;
    }
    diags_init(&d, a);
    if (rules_eval(a, "expression", expression, &c->subject.m, &d, &v, &n) == 0) {
        put_results(c, a, index, v, n);
    } else {
        put_error(c, index, d.first ? d.first->text : STR("the expression failed"));
    }
}

static int eval_cases(struct command_run *r, const char *path)
{
    struct cases c = {0};
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
            fwrite(c.out.p, 1, c.out.n, stdout);
        }
        buf_clear(&c.out);
        arena_reset(&a);
    }
    arena_free(&a);
    arena_free(&c.subject.arena);
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
    .summary = "Evaluate an expression on a message.",
    .details = "  Prints a line {\"type\":..,\"value\":..} for each value found; none when nothing "
               "matches.\n"
               "  With --cases a line {\"index\":n,\"results\":[..]} or "
               "{\"index\":n,\"error\":\"..\"} for each case, from 0.",
    .options = options,
    .args_size = sizeof(struct eval_args),
    .max = 2,
    .example =
        "corridor eval \"PID-3.where(\\$this.5 = 'MR').first().1\" routes/samples/adt_a01.hl7",
    .run = run,
};
