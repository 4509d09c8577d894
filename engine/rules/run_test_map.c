/* Tests of maps: what the map makes of a message or a value, against what is expected. */
#include "engine/rules/run_v2.h"
#include "engine/rules/test_priv.h"
#include "engine/rules/tree.h"

static void add_params(struct judge *j, const struct yaml_node *with, const struct map *m,
                       struct values *slots)
{
    yaml_each(child, with)
    {
        for (unsigned i = 0; i < m->nparams; i++) {
            if (str_eq(m->params[i].name, child->key->text)) {
                *values_add(&slots[m->params[i].slot], j->a) = value_string(child->text);
            }
        }
    }
}

/* A message whose delimiters a value of a datatype is written in. */
static const struct hl7 *plain_message(struct arena *a)
{
    struct hl7 *m = ARENA_NEW(a, struct hl7);
    struct hl7_fault fault;
    int rc = hl7_parse(a, STR("MSH|^~\\&|||||||||P|2.5.1\r"), m, &fault);
    return rc == 0 ? m : NULL;
}

/* A map that starts at a segment or group is tested on the first one of the message. */
static bool run_at_first(struct eval *e, const struct map *m, struct values *slots,
                         struct json **out)
{
    struct values all = {0};
    eval_program(e, (const struct structure *const *)m->structures, m->nstructures);
    if (!run_elements(e, m->at, NULL, &all)) {
        return false;
    }
    if (all.n == 0) {
        return eval_fail_at(e, m->pos, STR(""), "the message has no %.*s, where the map starts",
                            STR_ARG(m->at_seg));
    }
    struct scope scope = {.self = &all.v[0], .total = all.n};
    return run_map_with(e, m, slots, &scope, out);
}

static bool run_one_map(struct judge *j, const struct map *m, struct eval *e, struct json **out)
{
    const struct rules_test *t = j->test;
    struct values *slots = ARENA_ARRAY(j->a, struct values, m->nslots + 1);
    struct value self = {.kind = VALUE_HL7,
                         .level = LEVEL_REPETITION,
                         .text = t->input,
                         .m = e->doc ? e->doc->m : NULL,
                         .type = m->datatype,
                         .of = (uint8_t)type_class_of(m->datatype)};
    struct scope scope = {.self = &self, .total = 1};
    struct values data = {0};
    add_params(j, yaml_get(t->node, "with"), m, slots);
    if (m->at) {
        return run_at_first(e, m, slots, out);
    }
    if (t->value) { /* of the first type that the map reads */
        tree_typed(e, t->value, m->data.n ? m->data.v[0] : 0, &data);
        scope.self = data.v;
    }
    return run_map_with(e, m, slots, m->datatype || t->value ? &scope : NULL, out);
}

static void fault_difference(struct judge *j, const struct eval *e)
{
    judge_differ(j, e->fault.path, "%s:%u:%u: %.*s", e->fault.pos.file ? e->fault.pos.file : "",
                 e->fault.pos.line, e->fault.pos.col, STR_ARG(e->fault.text));
}

static void update_map(struct judge *j, const struct json *made)
{
    const struct yaml_node *n = j->test->node;
    struct buf text = {0};
    unsigned indent = n->first->key->pos.col - 1;
    if (!made || j->out->passed) {
        return;
    }
    buf_printf(&text, "%*sexpect:", (int)indent, "");
    if (made->kind != JSON_OBJECT && made->kind != JSON_ARRAY) {
        buf_putc(&text, ' ');
    }
    judge_yaml(&text, made, indent + 2);
    judge_update(j, yaml_get(n, "expect"), &text);
}

/* The interpreter over a message of FHIR or JSON, or over the value that the test gives. */
static bool begin_data(struct judge *j, struct eval *e)
{
    const struct rules_test *t = j->test;
    struct json *data = NULL;
    struct str why;
    if (t->message.n && rules_read_data(j->a, t->message, &data, &why) != 0) {
        judge_differ(j, STR(""), "the message cannot be read: %.*s", STR_ARG(why));
        return false;
    }
    eval_init(e, j->a, NULL, true);
    e->root = data ? data : t->value;
    return true;
}

static bool begin_hl7(struct judge *j, const struct rules_source *source, struct draft *doc,
                      struct eval *e)
{
    const struct rules_test *t = j->test;
    struct hl7 *m = ARENA_NEW(j->a, struct hl7);
    struct hl7_fault fault;
    if (t->message.n && hl7_parse(j->a, t->message, m, &fault) != 0) {
        judge_differ(j, STR(""), "the message cannot be read: %s", fault.text);
        return false;
    }
    draft_init(doc, j->a, t->message.n ? m : plain_message(j->a), rules_find_structure, source);
    eval_init(e, j->a, doc, true);
    return true;
}

/* The interpreter over the message of the test. False: it cannot be read. */
static bool begin_map(struct judge *j, const struct ruleset *r, struct draft *doc, struct eval *e)
{
    const struct rules_test *t = j->test;
    bool is_known = t->source < r->nsources;
    const struct rules_source *source = is_known ? &r->sources[t->source] : NULL;
    bool is_hl7 = t->map->data.kind == DATA_HL7;
    if (!(is_hl7 ? begin_hl7(j, source, doc, e) : begin_data(j, e))) {
        return false;
    }
    e->coverage = j->coverage;
    e->cause = judge_cause(j);
    e->source = source;
    e->profile = is_known ? r->profile[t->source] : NULL;
    e->zones = &r->zones;
    e->received_us = t->received_us;
    e->id_hi = test_id_hi;
    e->id_lo = test_id_lo;
    return true;
}

/* What the map makes: a tree, and of a map to HL7 v2 its bytes. A fault is a difference. */
static bool make(struct judge *j, const struct map *m, struct eval *e, struct json **out,
                 struct str *out_bytes)
{
    bool good = run_one_map(j, m, e, out);
    if (good && *out && m->v2) {
        good = m->v2->is_message ? run_v2_message(e, m, *out, out_bytes, NULL)
                                 : run_v2_part(e, m, *out, out_bytes);
    }
    if (!good) {
        fault_difference(j, e);
    }
    return good;
}

void judge_map(struct judge *j, const struct ruleset *r)
{
    const struct map *m = j->test->map;
    const struct yaml_node *expect = yaml_get(j->test->node, "expect");
    struct draft doc;
    struct eval e;
    struct json *made = NULL;
    struct str bytes = STR("");
    if (!begin_map(j, r, &doc, &e) || !make(j, m, &e, &made, &bytes)) {
        return;
    }
    bool is_v2 = made && m->v2, is_value = is_v2 && m->v2->level == V2_FIELD;
    made = is_value ? json_new_string(j->a, bytes) : made;
    if (expect && is_v2 && !is_value) {
        judge_hl7(j, STR(""), expect, bytes);
        return;
    }
    if (!expect) {
        judge_differ(j, STR(""), "the test expects nothing; --update writes what comes out");
    } else {
        judge_json(j, STR(""), expect, made, j->exact);
    }
    j->out->passed = j->out->differences.errors == 0;
    update_map(j, made);
}
