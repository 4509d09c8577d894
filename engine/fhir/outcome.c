#include "engine/fhir/outcome.h"

void fhir_outcome_begin(struct fhir_outcome *c, struct buf *to, unsigned indent)
{
    c->n = 0;
    json_out_init(&c->o, to, indent);
    json_out_object(&c->o);
    json_out_pair_cstr(&c->o, "resourceType", "OperationOutcome");
    json_out_key(&c->o, "issue");
    json_out_array(&c->o);
}

static void put_number(struct json_out *o, const char *url, unsigned value)
{
    json_out_object(o);
    json_out_pair_cstr(o, "url", url);
    json_out_pair_int(o, "valueInteger", value);
    json_out_end(o);
}

static void put_place(struct json_out *o, const struct fhir_outcome_issue *issue)
{
    if (!issue->line) {
        return;
    }
    json_out_key(o, "extension");
    json_out_array(o);
    put_number(o, "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-line",
               issue->line);
    put_number(o, "http://hl7.org/fhir/StructureDefinition/operationoutcome-issue-col", issue->col);
    json_out_end(o);
}

static void put_details(struct json_out *o, const struct fhir_outcome_issue *issue)
{
    if (!issue->text.n && !issue->coding) {
        return;
    }
    json_out_key(o, "details");
    json_out_object(o);
    if (issue->coding) {
        json_out_key(o, "coding");
        json_out_array(o);
        json_out_object(o);
        json_out_pair_cstr(o, "system", issue->system);
        json_out_pair_cstr(o, "code", issue->coding);
        if (issue->display) {
            json_out_pair_cstr(o, "display", issue->display);
        }
        json_out_end(o);
        json_out_end(o);
    }
    if (issue->text.n) {
        json_out_pair(o, "text", issue->text);
    }
    json_out_end(o);
}

/* "key": ["text"], where there is one. */
static void put_list(struct json_out *o, const char *key, struct str text)
{
    if (text.n) {
        json_out_key(o, key);
        json_out_array(o);
        json_out_str(o, text);
        json_out_end(o);
    }
}

void fhir_outcome_issue(struct fhir_outcome *c, const struct fhir_outcome_issue *issue)
{
    struct json_out *o = &c->o;
    json_out_object(o);
    put_place(o, issue);
    json_out_pair_cstr(o, "severity", issue->severity);
    json_out_pair_cstr(o, "code", issue->code);
    put_details(o, issue);
    if (issue->diagnostics.n) {
        json_out_pair(o, "diagnostics", issue->diagnostics);
    }
    put_list(o, "location", issue->location);
    put_list(o, "expression", issue->expression);
    json_out_end(o);
    c->n++;
}

void fhir_outcome_end(struct fhir_outcome *c)
{
    if (!c->n) {
        const struct fhir_outcome_issue fine = {
            .severity = "information", .code = "informational", .text = STR("nothing was found")};
        fhir_outcome_issue(c, &fine);
    }
    json_out_end(&c->o);
    json_out_end(&c->o);
}

static void put_found(struct fhir_outcome *c, const struct fhir_report *r, struct json_place *last,
                      const struct fhir_issue *i)
{
    const struct fhir_rule_row *row = fhir_rule_row(i->rule);
    struct diag_pos pos = json_pos_next(last, NULL, r->src, i->at);
    struct buf why = {0};
    buf_printf(&why, "rule %s%s%s", row->name, i->key ? ", invariant " : "", i->key ? i->key : "");
    const struct fhir_outcome_issue issue = {.severity = i->rule == FHIR_RULE_JSON ? "fatal"
                                                         : i->is_error             ? "error"
                                                                                   : "warning",
                                             .code = row->code,
                                             .text = i->text,
                                             .diagnostics = buf_str(&why),
                                             .expression = i->path,
                                             .line = pos.line,
                                             .col = pos.col};
    fhir_outcome_issue(c, &issue);
    buf_free(&why);
}

void fhir_outcome_report(struct buf *to, const struct fhir_report *r, unsigned indent)
{
    struct fhir_outcome c;
    struct json_place last = {0};
    unsigned more = r->errors + r->warnings - r->n;
    fhir_outcome_begin(&c, to, indent);
    for (unsigned i = 0; i < r->n; i++) {
        put_found(&c, r, &last, &r->v[i]);
    }
    if (more) {
        const struct fhir_outcome_issue rest = {
            .severity = "information",
            .code = "informational",
            .text = str_printf(r->a, "%u more findings are not shown", more)};
        fhir_outcome_issue(&c, &rest);
    }
    fhir_outcome_end(&c);
}

void fhir_outcome_error(struct buf *to, const char *code, struct str text)
{
    struct fhir_outcome c;
    const struct fhir_outcome_issue issue = {.severity = "error", .code = code, .text = text};
    fhir_outcome_begin(&c, to, 0);
    fhir_outcome_issue(&c, &issue);
    fhir_outcome_end(&c);
}
