#include "engine/ops/validate_out.h"

#include <stdio.h>

#include "engine/base/json_out.h"
#include "engine/fhir/outcome.h"

enum { ERRORS_MAX = VALIDATE_FINDINGS_MAX };

/* One finding of either kind. */
struct line {
    const char *severity, *rule;
    int error;
    struct str path, text;
    unsigned line, col; /* 0: not known */
};

/* Where byte `at` of the message stands in its file. */
static void locate(const struct validated *v, uint32_t at, struct line *out)
{
    size_t begin = 0;
    out->line = v->line;
    for (size_t i = 0; i < at && i < v->bytes.n; i++) {
        char c = v->bytes.p[i];
        bool is_pair = c == '\r' && i + 1 < v->bytes.n && v->bytes.p[i + 1] == '\n';
        if ((c == '\r' && !is_pair) || c == '\n') {
            out->line++;
            begin = i + 1;
        }
    }
    out->col = (unsigned)(at - begin) + 1;
}

static unsigned count(const struct validated *v)
{
    return v->m ? v->report->n : 1;
}

static struct line line_at(const struct validated *v, unsigned i)
{
    struct line l = {0};
    if (!v->m) {
        l = (struct line){.severity = "error",
                          .rule = "not-a-message",
                          .error = v->fault->code,
                          .path = str_of(v->fault->path),
                          .text = str_of(v->fault->text)};
        locate(v, (uint32_t)v->fault->at, &l);
        return l;
    }
    const struct validate_finding *f = &v->report->v[i];
    l = (struct line){.severity = f->level == VALIDATE_STRICT ? "error" : "warning",
                      .rule = validate_row(f->rule)->name,
                      .error = f->error,
                      .path = str_of(f->path),
                      .text = f->text};
    locate(v, f->at, &l);
    return l;
}

static unsigned errors_of(const struct validated *v)
{
    return v->m ? v->report->errors : 1;
}

static unsigned left_out(const struct validated *v)
{
    return v->m ? v->report->errors + v->report->warnings - v->report->n : 0;
}

/* ---- text ---- */

static void put_text(struct buf *out, const struct validated *v)
{
    for (unsigned i = 0; i < count(v); i++) {
        struct line l = line_at(v, i);
        buf_printf(out, "%s:%u:%u: %s: %.*s%s%.*s (%s, %d)\n", v->file, l.line, l.col, l.severity,
                   STR_ARG(l.path), l.path.n ? ": " : "", STR_ARG(l.text), l.rule, l.error);
    }
    if (left_out(v)) {
        buf_printf(out, "%s:%u: %u more findings of this message are not shown\n", v->file, v->line,
                   left_out(v));
    }
}

/* ---- JSON ---- */

static void put_finding(struct json_out *o, const struct line *l)
{
    json_out_object(o);
    json_out_pair_cstr(o, "severity", l->severity);
    json_out_pair_cstr(o, "rule", l->rule);
    json_out_pair_int(o, "error", l->error);
    json_out_pair(o, "at", l->path);
    json_out_pair_int(o, "line", l->line);
    json_out_pair_int(o, "column", l->col);
    json_out_pair(o, "text", l->text);
    json_out_end(o);
}

static void put_json(struct buf *out, const struct validated *v)
{
    struct json_out o;
    json_out_init(&o, out, 0);
    json_out_object(&o);
    json_out_pair_cstr(&o, "file", v->file);
    json_out_pair_int(&o, "line", v->line);
    json_out_pair_int(&o, "message", v->number);
    if (v->m) {
        json_out_pair(&o, "type", hl7_field(v->m, &v->m->seg[0], 9));
        json_out_pair(&o, "version", hl7_field(v->m, &v->m->seg[0], 12));
    }
    json_out_pair_int(&o, "errors", errors_of(v));
    json_out_pair_int(&o, "warnings", v->m ? v->report->warnings : 0);
    json_out_key(&o, "findings");
    json_out_array(&o);
    for (unsigned i = 0; i < count(v); i++) {
        struct line l = line_at(v, i);
        put_finding(&o, &l);
    }
    json_out_end(&o);
    json_out_end(&o);
    buf_putc(out, '\n');
}

/* ---- OperationOutcome. Source: FHIR R4 OperationOutcome, code system v2-0357 ---- */

static const char *issue_code(int error)
{
    static const struct {
        int error;
        const char *code;
    } rows[] = {
        {100, "structure"},     {101, "required"},      {102, "value"},
        {103, "code-invalid"},  {104, "too-long"},      {200, "not-supported"},
        {201, "not-supported"}, {203, "not-supported"}, {207, "exception"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].error == error) {
            return rows[i].code;
        }
    }
    return "invalid";
}

static void put_issue(struct fhir_outcome *c, const struct validated *v, const struct line *l)
{
    char code[16];
    struct buf why = {0};
    snprintf(code, sizeof code, "%d", l->error);
    buf_printf(&why, "%s, line %u, column %u: rule %s", v->file, l->line, l->col, l->rule);
    const struct fhir_outcome_issue issue = {
        .severity = l->severity,
        .code = issue_code(l->error),
        .text = l->text,
        .system = "http://terminology.hl7.org/CodeSystem/v2-0357",
        .coding = code,
        .display = ack_error_text(l->error),
        .diagnostics = buf_str(&why),
        .location = l->path,
    };
    fhir_outcome_issue(c, &issue);
    buf_free(&why);
}

static void put_outcome(struct buf *out, const struct validated *v)
{
    struct fhir_outcome c;
    fhir_outcome_begin(&c, out, 0);
    for (unsigned i = 0; i < count(v); i++) {
        struct line l = line_at(v, i);
        put_issue(&c, v, &l);
    }
    fhir_outcome_end(&c);
    buf_putc(out, '\n');
}

/* ---- ERR ---- */

/* Of a reply made as the daemon makes it, the ERR segments. */
static void put_err(struct buf *out, const struct validated *v)
{
    struct ack ack = {.code = ACK_AE, .control_id = "1", .expected_sequence = INT64_MIN};
    struct ack_error fault;
    struct buf reply = {0};
    struct str rest, line;
    if (v->m) {
        ack.errors = validate_errors(v->report, ERRORS_MAX, true, &ack.nerrors);
        ack.code = v->report->errors ? validate_code(v->report) : ACK_AE;
    } else {
        fault = (struct ack_error){v->fault->code, v->fault->path, 'E', str_of(v->fault->text)};
        ack.errors = &fault;
        ack.nerrors = 1;
    }
    if (ack.nerrors) {
        ack_build(&reply, (struct ack_to){v->m, v->bytes}, &ack);
    }
    rest = buf_str(&reply);
    while (rest.n && str_split(&rest, '\r', &line)) {
        if (str_starts(line, STR("ERR"))) {
            buf_put_str(out, line);
            buf_putc(out, '\n');
        }
    }
    buf_free(&reply);
}

void validate_out(struct buf *out, enum validate_form form, const struct validated *v)
{
    switch (form) {
    case VALIDATE_FORM_TEXT:
        put_text(out, v);
        return;
    case VALIDATE_FORM_JSON:
        put_json(out, v);
        return;
    case VALIDATE_FORM_OUTCOME:
        put_outcome(out, v);
        return;
    case VALIDATE_FORM_ERR:
        put_err(out, v);
        return;
    }
}
