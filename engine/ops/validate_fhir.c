#include "engine/ops/validate_fhir.h"

#include "engine/base/json_out.h"
#include "engine/fhir/outcome.h"

/* One resource of a file. */
struct one {
    const char *file;
    unsigned line;   /* where it begins, from 1 */
    unsigned number; /* in its file, from 1 */
    const struct fhir_report *r;
};

/* Line and column of a finding in the file. */
static struct diag_pos place_of(const struct one *o, const struct fhir_issue *i)
{
    struct diag_pos pos = json_pos(o->file, o->r->src, i->at);
    pos.line += o->line - 1;
    return pos;
}

static const char *severity_of(const struct fhir_issue *i)
{
    return i->is_error ? "error" : "warning";
}

/* ---- text ---- */

static void put_text(struct buf *out, const struct one *o)
{
    const struct fhir_report *r = o->r;
    for (unsigned i = 0; i < r->n; i++) {
        const struct fhir_issue *f = &r->v[i];
        struct diag_pos pos = place_of(o, f);
        buf_printf(out, "%s:%u:%u: %s: %.*s%s%.*s (%s%s%s)\n", o->file, pos.line, pos.col,
                   severity_of(f), STR_ARG(f->path), f->path.n ? ": " : "", STR_ARG(f->text),
                   fhir_rule_row(f->rule)->name, f->key ? ", " : "", f->key ? f->key : "");
    }
    if (r->errors + r->warnings > r->n) {
        buf_printf(out, "%s:%u: %u more findings of this resource are not shown\n", o->file,
                   o->line, r->errors + r->warnings - r->n);
    }
}

/* ---- JSON ---- */

static void put_finding(struct json_out *j, const struct one *o, const struct fhir_issue *f)
{
    struct diag_pos pos = place_of(o, f);
    json_out_object(j);
    json_out_pair_cstr(j, "severity", severity_of(f));
    json_out_pair_cstr(j, "rule", fhir_rule_row(f->rule)->name);
    json_out_pair_cstr(j, "code", fhir_rule_row(f->rule)->code);
    if (f->key) {
        json_out_pair_cstr(j, "invariant", f->key);
    }
    json_out_pair(j, "at", f->path);
    json_out_pair_int(j, "line", pos.line);
    json_out_pair_int(j, "column", pos.col);
    json_out_pair(j, "text", f->text);
    json_out_end(j);
}

static void put_json(struct buf *out, const struct one *o)
{
    struct json_out j;
    json_out_init(&j, out, 0);
    json_out_object(&j);
    json_out_pair_cstr(&j, "file", o->file);
    json_out_pair_int(&j, "line", o->line);
    json_out_pair_int(&j, "resource", o->number);
    if (o->r->type) {
        json_out_pair_cstr(&j, "type", fhir_type_name(o->r->type));
        json_out_pair_cstr(&j, "version", "4.0.1");
    }
    json_out_pair_int(&j, "errors", o->r->errors);
    json_out_pair_int(&j, "warnings", o->r->warnings);
    json_out_key(&j, "findings");
    json_out_array(&j);
    for (unsigned i = 0; i < o->r->n; i++) {
        put_finding(&j, o, &o->r->v[i]);
    }
    json_out_end(&j);
    json_out_end(&j);
    buf_putc(out, '\n');
}

/* ---- files ---- */

static void put(struct buf *out, enum validate_form form, const struct one *o)
{
    switch (form) {
    case VALIDATE_FORM_TEXT:
    case VALIDATE_FORM_ERR: /* refused before */
        put_text(out, o);
        return;
    case VALIDATE_FORM_JSON:
        put_json(out, o);
        return;
    case VALIDATE_FORM_OUTCOME:
        fhir_outcome_report(out, o->r, 0);
        buf_putc(out, '\n');
        return;
    }
}

void validate_fhir_one(struct fhir_checking *c, const char *path, const struct fhir_file *f,
                       struct buf *out)
{
    struct arena a = {0};
    struct fhir_report r;
    const struct one o = {.file = path, .line = f->line, .number = f->number, .r = &r};
    invariants_validate(c->invariants, &r, &a, f->bytes, &c->levels);
    c->resources++;
    c->bad += r.errors > 0;
    c->doubtful += !r.errors && r.warnings;
    put(out, c->form, &o);
    arena_free(&a);
}
