/* Running one test: the route or map alone, on the message given, against what is expected. */
#include "engine/rules/conform.h"
#include "engine/rules/test_priv.h"

unsigned rules_test_count(const struct ruleset *r)
{
    return r->ntests;
}

struct rules_test_head rules_test_head(const struct ruleset *r, unsigned index)
{
    const struct rules_test *t = &r->tests[index];
    return (struct rules_test_head){.name = t->name,
                                    .kind = t->map       ? "map"
                                            : t->conform ? "conformance"
                                                         : "route",
                                    .target = t->map       ? t->map->name
                                              : t->conform ? conform_name(t->conform)
                                                           : t->route_name,
                                    .pos = t->pos};
}

/* The lines of `key` and its value in the test: up to the next key, or the end of the test. */
void judge_update(struct judge *j, const struct yaml_node *old, struct buf *text)
{
    const struct yaml_node *n = j->test->node;
    struct rules_test_result *out = j->out;
    struct rules_test_update *u = ARENA_ARRAY(j->a, struct rules_test_update, out->nupdates + 1);
    if (n->in_flow) {
        buf_free(text);
        return; /* a test within { } is not rewritten */
    }
    if (out->nupdates) {
        memcpy(u, out->updates, out->nupdates * sizeof(*u));
    }
    unsigned to = old && old->next ? old->next->key->pos.line : j->test->end_line;
    u[out->nupdates] = (struct rules_test_update){
        .from = old ? old->key->pos.line : to, .to = to, .text = str_dup(j->a, buf_str(text))};
    out->updates = u;
    out->nupdates++;
    buf_free(text);
}

/* The message that asked, as the test has it; NULL: it says none. */
const struct rules_cause *judge_cause(struct judge *j)
{
    struct rules_cause *cause = ARENA_NEW(j->a, struct rules_cause);
    struct hl7 *m = ARENA_NEW(j->a, struct hl7);
    struct rules_input in = {.m = NULL};
    struct str why;
    if (!j->test->cause.n) {
        return NULL;
    }
    if (rules_read(j->a, j->test->cause, m, &in, &why) != 0) {
        judge_differ(j, STR("cause"), "it cannot be read: %.*s", STR_ARG(why));
        return NULL;
    }
    *cause = (struct rules_cause){.m = in.m, .data = in.data};
    return cause;
}

static void test_conform(struct judge *j, const struct ruleset *r)
{
    struct rules_input in = {.batch = &j->test->headers,
                             .source = j->test->source,
                             .received_us = j->test->received_us,
                             .id_hi = test_id_hi,
                             .id_lo = test_id_lo};
    judge_conform(j, r, &in);
}

/* The message of the test, HL7 v2 into `m` or FHIR or JSON. False: it cannot be read. */
static bool read_message(struct judge *j, struct hl7 *m, struct json **out_data)
{
    struct hl7_fault fault;
    struct str why;
    bool is_data = rules_is_data(j->test->message);
    if (is_data && rules_read_data(j->a, j->test->message, out_data, &why) != 0) {
        judge_differ(j, STR(""), "the message cannot be read: %.*s", STR_ARG(why));
        return false;
    }
    if (!is_data && hl7_parse(j->a, j->test->message, m, &fault) != 0) {
        judge_differ(j, STR(""), "the message cannot be read: %s", fault.text);
        return false;
    }
    return true;
}

static void test_route(struct judge *j, const struct ruleset *r)
{
    const struct rules_test *t = j->test;
    struct hl7 m;
    struct json *data = NULL;
    struct rules_result res;
    if (!read_message(j, &m, &data)) {
        return;
    }
    struct rules_input in = {.m = rules_is_data(t->message) ? NULL : &m,
                             .data = data,
                             .raw = t->message,
                             .batch = &t->headers,
                             .cause = judge_cause(j),
                             .source = t->source,
                             .received_us = t->received_us,
                             .id_hi = test_id_hi,
                             .id_lo = test_id_lo,
                             .coverage = j->coverage,
                             .only = t->route_name};
    rules_run(r, &in, j->a, &res);
    judge_route(j, r, &res);
}

void rules_test_run(const struct ruleset *r, unsigned index, struct arena *a,
                    struct coverage *coverage, struct rules_test_result *out)
{
    const struct rules_test *t = &r->tests[index];
    struct judge j = {.a = a,
                      .test = t,
                      .out = out,
                      .exact = judge_is_true(yaml_get(t->node, "exact")),
                      .coverage = coverage};
    *out = (struct rules_test_result){.passed = false};
    diags_init(&out->differences, a);
    if (t->map) {
        judge_map(&j, r);
    } else if (t->conform) {
        test_conform(&j, r);
    } else {
        test_route(&j, r);
    }
    out->passed = out->differences.errors == 0;
}
