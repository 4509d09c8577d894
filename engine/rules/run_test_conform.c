/* Tests of conformance documents: what the document alone finds in a message, "PLACE RULE" each, in order. */
#include "engine/rules/conform.h"
#include "engine/rules/test_priv.h"

static struct str finding(struct judge *j, const struct validate_finding *f)
{
    return str_printf(j->a, "%s %s", f->path, validate_row(f->rule)->name);
}

static void update_findings(struct judge *j, const struct validate_report *r)
{
    const struct yaml_node *n = j->test->node;
    unsigned indent = n->first->key->pos.col - 1;
    struct buf text = {0};
    if (j->out->differences.errors == 0) {
        return;
    }
    buf_printf(&text, "%*sfindings:%s\n", (int)indent, "", r->n ? "" : " []");
    for (unsigned i = 0; i < r->n; i++) {
        buf_printf(&text, "%*s  - ", (int)indent, "");
        judge_scalar(&text, finding(j, &r->v[i]));
        buf_putc(&text, '\n');
    }
    judge_update(j, yaml_get(n, "findings"), &text);
}

static void judge_findings(struct judge *j, const struct validate_report *r)
{
    const struct yaml_node *want = yaml_get(j->test->node, "findings"), *item = NULL;
    unsigned i = 0;
    if (!want) {
        judge_differ(j, STR(""), "the test expects nothing; --update writes what is found");
        return;
    }
    while ((item = yaml_next_item(want, item))) {
        struct str got = i < r->n ? finding(j, &r->v[i]) : STR("nothing more");
        if (!str_eq(got, item->text)) {
            judge_differ(j, str_printf(j->a, "findings[%u]", i + 1), "expected %.*s, found %.*s",
                         STR_ARG(item->text), STR_ARG(got));
        }
        i++;
    }
    for (; i < r->n; i++) {
        judge_differ(j, str_printf(j->a, "findings[%u]", i + 1),
                     "expected nothing more, found %.*s", STR_ARG(finding(j, &r->v[i])));
    }
}

void judge_conform(struct judge *j, const struct ruleset *r, struct rules_input *in)
{
    const struct validate_levels levels = validate_initial(VALIDATE_STRICT);
    const struct rules_test *t = j->test;
    struct validate_report report;
    struct hl7 m;
    struct hl7_fault fault;
    if (hl7_parse(j->a, t->message, &m, &fault) != 0) {
        judge_differ(j, STR(""), "the message cannot be read: %s", fault.text);
        return;
    }
    in->m = &m;
    validate_begin(&report, j->a, &m, &levels);
    if (!conform_run(r, t->conform, in, &report)) {
        judge_differ(j, STR(""), "the document is not about this message type");
        return;
    }
    judge_findings(j, &report);
    update_findings(j, &report);
}
