/* Running one test: the route or map alone, on the message given, against what is expected. */
#include "engine/base/pairs.h"
#include "engine/rules/conform.h"
#include "engine/rules/run_v2.h"
#include "engine/rules/test_priv.h"
#include "engine/rules/tree.h"

/* The same for every run: what is derived from the message id stays the same. */
static const uint64_t test_id_hi = 0x0123456789abcdefu, test_id_lo = 0xfedcba9876543210u;

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

/* ---- updates ---- */

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

/* ---- maps ---- */

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

static bool run_one_map(struct judge *j, const struct ruleset *r, const struct map *m,
                        struct eval *e, struct json **out)
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
    e->source = t->source < r->nsources ? &r->sources[t->source] : NULL;
    e->profile = t->source < r->nsources ? r->profile[t->source] : NULL;
    e->zones = &r->zones;
    e->received_us = t->received_us;
    e->id_hi = test_id_hi;
    e->id_lo = test_id_lo;
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

/* The message that asked, as the test has it; NULL: it says none. */
static const struct rules_cause *cause_of(struct judge *j)
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

/* The interpreter over the message of the test. False: it cannot be read. */
static bool begin_map(struct judge *j, const struct ruleset *r, struct draft *doc, struct eval *e)
{
    const struct rules_test *t = j->test;
    struct hl7 *m = ARENA_NEW(j->a, struct hl7);
    struct hl7_fault fault;
    struct json *data = NULL;
    struct str why;
    if (t->map->data.kind != DATA_HL7) {
        if (t->message.n && rules_read_data(j->a, t->message, &data, &why) != 0) {
            judge_differ(j, STR(""), "the message cannot be read: %.*s", STR_ARG(why));
            return false;
        }
        eval_init(e, j->a, NULL, true);
        e->root = data ? data : t->value;
        return true;
    }
    if (t->message.n && hl7_parse(j->a, t->message, m, &fault) != 0) {
        judge_differ(j, STR(""), "the message cannot be read: %s", fault.text);
        return false;
    }
    draft_init(doc, j->a, t->message.n ? m : plain_message(j->a), rules_find_structure,
               t->source < r->nsources ? &r->sources[t->source] : NULL);
    eval_init(e, j->a, doc, true);
    return true;
}

static void test_map(struct judge *j, const struct ruleset *r)
{
    const struct rules_test *t = j->test;
    const struct yaml_node *expect = yaml_get(t->node, "expect");
    struct draft doc;
    struct eval e;
    struct json *made = NULL;
    if (!begin_map(j, r, &doc, &e)) {
        return;
    }
    e.coverage = j->coverage;
    e.cause = cause_of(j);
    if (!run_one_map(j, r, t->map, &e, &made)) {
        fault_difference(j, &e);
        return;
    }
    struct str bytes;
    const struct v2_target *v2 = made ? t->map->v2 : NULL;
    if (v2 && !(v2->is_message ? run_v2_message(&e, t->map, made, &bytes, NULL)
                               : run_v2_part(&e, t->map, made, &bytes))) {
        fault_difference(j, &e);
        return;
    }
    bool is_type = v2 && v2->level == V2_FIELD;
    made = is_type ? json_new_string(j->a, bytes) : made;
    if (expect && v2 && !is_type) {
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

/* ---- routes ---- */

/* The expectation `key`: in the test itself, or under expect:. */
static const struct yaml_node *wanted(const struct judge *j, const char *key)
{
    const struct yaml_node *own = yaml_get(j->test->node, key);
    return own ? own : yaml_get(yaml_get(j->test->node, "expect"), key);
}

static bool is_true(const struct yaml_node *n)
{
    return n && n->kind == YAML_SCALAR && (str_is(n->text, "true") || str_is(n->text, "yes"));
}

static bool is_false(const struct yaml_node *n)
{
    return n && n->kind == YAML_SCALAR && (str_is(n->text, "false") || str_is(n->text, "no"));
}

static void judge_member(struct judge *j, const char *path, const struct yaml_node *want,
                         struct str got)
{
    if (want && want->kind == YAML_SCALAR && !str_eq(want->text, got)) {
        judge_differ(j, str_of(path), "expected %.*s, found %.*s", STR_ARG(want->text),
                     STR_ARG(got.n ? got : STR("nothing")));
    }
}

/* reply: { hl7: {..} }: the whole message that reply: {as:} made. */
static void judge_made_reply(struct judge *j, const struct rules_result *res)
{
    const struct yaml_node *want = yaml_get(wanted(j, "reply"), "hl7");
    if (want && res->reply.n) {
        judge_hl7(j, STR("reply"), want, res->reply);
    } else if (want || res->reply.n) {
        judge_differ(j, STR("reply"), "expected %s, found %s", want ? "a message" : "none",
                     want ? "none" : "a message; write reply: { hl7: { PATH: value } }");
    }
}

static void judge_reply(struct judge *j, const struct rules_result *res)
{
    const struct yaml_node *want = wanted(j, "reply");
    bool rejected = res->verdict == RULES_REJECTED;
    judge_made_reply(j, res);
    if (yaml_get(want, "hl7") && !rejected) {
        return;
    }
    struct str code = str_of(rejected ? ack_code_text(res->code) : "AA");
    const struct ack_error *first = rejected && res->nerrors ? &res->errors[0] : NULL;
    if (!want) {
        if (rejected) {
            judge_differ(j, STR("reply"), "expected none, found %.*s: %.*s", STR_ARG(code),
                         STR_ARG(res->reason));
        }
        return;
    }
    if (want->kind == YAML_SCALAR) {
        judge_member(j, "reply", want, code);
        return;
    }
    judge_member(j, "reply.code", yaml_get(want, "code"), code);
    struct str error = first ? str_printf(j->a, "%d", first->code) : STR("");
    judge_member(j, "reply.error", yaml_get(want, "error"), error);
    judge_member(j, "reply.at", yaml_get(want, "at"), first ? str_of(first->path) : STR(""));
    judge_member(j, "reply.text", yaml_get(want, "text"), first ? first->text : STR(""));
}

static void judge_text(struct judge *j, const char *key, struct str found)
{
    const struct yaml_node *want = wanted(j, key);
    bool has = found.n > 0;
    if (!want || is_false(want)) {
        if (has && (want || str_is(str_of(key), "held"))) {
            judge_differ(j, str_of(key), "expected none, found %.*s", STR_ARG(found));
        }
        return;
    }
    bool same =
        has && (is_true(want) || (want->kind == YAML_SCALAR && str_find(found, want->text) >= 0));
    if (!same) {
        judge_differ(j, str_of(key), "expected %.*s, found %.*s",
                     STR_ARG(want->kind == YAML_SCALAR ? want->text : STR("a text")),
                     STR_ARG(has ? found : STR("nothing")));
    }
}

static struct str payload_of(struct judge *j, const struct rules_output *o)
{
    size_t n = splices_size(o->payload);
    char *p = arena_alloc(j->a, n + 1);
    splices_write(o->payload, j->test->message, p);
    return str_from(p, n);
}

/* All of them, where the test names some. */
static void judge_options(struct judge *j, struct str path, const struct yaml_node *want,
                          struct str found)
{
    struct str name, value, rest = found;
    if (!want || want->kind != YAML_MAPPING) {
        return;
    }
    yaml_each(one, want)
    {
        struct str at =
            str_printf(j->a, "%.*s.options.%.*s", STR_ARG(path), STR_ARG(one->key->text));
        judge_member(j, at.p, one, pairs_get(found, str_dup(j->a, one->key->text).p));
    }
    while (pairs_next(&rest, &name, &value)) {
        if (!yaml_get_str(want, name)) {
            judge_differ(j, str_printf(j->a, "%.*s.options", STR_ARG(path)),
                         "expected no %.*s, found %.*s", STR_ARG(name), STR_ARG(value));
        }
    }
}

static void judge_output(struct judge *j, const struct ruleset *r, unsigned i,
                         const struct yaml_node *want, const struct rules_output *o)
{
    struct str path = str_printf(j->a, "outputs[%u]", i);
    const struct yaml_node *to = yaml_get(want, "to"), *value = yaml_get(want, "value"),
                           *hl7 = yaml_get(want, "hl7"), *id = yaml_get(want, "id"),
                           *class = yaml_get(want, "class");
    bool exact = j->exact || is_true(yaml_get(want, "exact"));
    judge_member(j, str_printf(j->a, "%.*s.to", STR_ARG(path)).p, to,
                 r->destinations[o->destination].name);
    judge_member(j, str_printf(j->a, "%.*s.id", STR_ARG(path)).p, id, o->id_part);
    judge_member(j, str_printf(j->a, "%.*s.class", STR_ARG(path)).p, class,
                 o->is_bulk ? STR("bulk") : STR("interactive"));
    judge_options(j, path, yaml_get(want, "options"), o->options);
    if (value && o->is_json) {
        judge_json(j, path, value, o->value, exact);
    } else if (value || (hl7 && o->is_json)) {
        judge_differ(j, path, "expected %s, found %s", value ? "JSON" : "an HL7 message",
                     o->is_json ? "JSON" : "an HL7 message");
    } else if (hl7) {
        judge_hl7(j, path, hl7, payload_of(j, o));
    }
}

static void judge_outputs(struct judge *j, const struct ruleset *r, const struct rules_result *res)
{
    const struct yaml_node *want = wanted(j, "outputs"), *item = NULL;
    unsigned i = 0, found = 0;
    if (!want) {
        return;
    }
    while ((item = yaml_next_item(want, item))) {
        while (found < res->noutputs && res->outputs[found].finding.n) {
            found++;
        }
        if (found == res->noutputs) {
            judge_differ(j, str_printf(j->a, "outputs[%u]", i),
                         "expected an output, found none%s%.*s", res->reason.n ? ": " : "",
                         STR_ARG(res->reason));
            return;
        }
        judge_output(j, r, i++, item, &res->outputs[found++]);
    }
    for (; found < res->noutputs; found++) {
        if (!res->outputs[found].finding.n) {
            struct str name = r->destinations[res->outputs[found].destination].name;
            judge_differ(j, STR("outputs"), "expected %u, found one more, to %.*s", i,
                         STR_ARG(name));
        }
    }
}

static bool expects_something(const struct judge *j)
{
    return wanted(j, "reply") || wanted(j, "dropped") || wanted(j, "held") || wanted(j, "outputs");
}

/* ---- what a route did, as YAML ---- */

static bool is_only(const struct hl7 *m, const char *seg)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < m->segs; i++) {
        n += memcmp(m->seg[i].id, seg, 4) == 0;
    }
    return n == 1;
}

/* Fields that differ from the message as received. */
static void put_changes(struct judge *j, struct buf *out, struct str bytes, unsigned indent)
{
    struct hl7 was, is;
    struct hl7_fault fault;
    unsigned n = 0;
    if (hl7_parse(j->a, j->test->message, &was, &fault) != 0 ||
        hl7_parse(j->a, bytes, &is, &fault) != 0) {
        return;
    }
    for (uint32_t i = 0; i < is.segs && n < 50; i++) {
        struct path p = {.seg_n = 0};
        memcpy(p.seg, is.seg[i].id, sizeof(p.seg));
        for (uint32_t k = 0; k <= i; k++) {
            p.seg_n = (uint16_t)(p.seg_n + (memcmp(is.seg[k].id, p.seg, 4) == 0));
        }
        const struct hl7_seg *before = path_segment(&was, &p);
        p.seg_n = is_only(&is, p.seg) ? 0 : p.seg_n;
        for (uint32_t f = hl7_is_header(p.seg) ? 3 : 1; f <= is.seg[i].fields + 1 && n < 50; f++) {
            struct str now = hl7_field(&is, &is.seg[i], f),
                       then = before ? hl7_field(&was, before, f) : STR("");
            if (!str_eq(now, then)) {
                p.field = (uint16_t)f;
                struct str path = path_text(j->a, &p);
                buf_printf(out, "%s%*s\"%.*s\": ", n++ ? "" : "\n", (int)indent, "", STR_ARG(path));
                judge_scalar(out, now);
                buf_putc(out, '\n');
            }
        }
    }
    if (n == 0) {
        buf_puts(out, " {}\n");
    }
}

/* All that a message holds but its MSH. */
static void put_fields(struct judge *j, struct buf *out, struct str bytes, unsigned indent)
{
    struct hl7 m;
    struct hl7_fault fault;
    if (hl7_parse(j->a, bytes, &m, &fault) != 0) {
        return;
    }
    for (uint32_t i = 1; i < m.segs; i++) {
        struct path p = {.seg_n = 0};
        memcpy(p.seg, m.seg[i].id, sizeof(p.seg));
        for (uint32_t k = 0; k <= i && !is_only(&m, p.seg); k++) {
            p.seg_n = (uint16_t)(p.seg_n + (memcmp(m.seg[k].id, p.seg, 4) == 0));
        }
        for (uint32_t f = 1; f <= m.seg[i].fields; f++) {
            struct str now = hl7_field(&m, &m.seg[i], f);
            p.field = (uint16_t)f;
            if (now.n) {
                buf_printf(out, "%*s\"%.*s\": ", (int)indent, "", STR_ARG(path_text(j->a, &p)));
                judge_scalar(out, now);
                buf_putc(out, '\n');
            }
        }
    }
}

static void put_options(struct buf *out, struct str options, unsigned indent)
{
    struct str name, value;
    if (options.n) {
        buf_printf(out, "%*soptions:\n", (int)indent, "");
    }
    while (pairs_next(&options, &name, &value)) {
        buf_printf(out, "%*s%.*s: ", (int)indent + 2, "", STR_ARG(name));
        judge_scalar(out, value);
        buf_putc(out, '\n');
    }
}

static void put_outputs(struct judge *j, const struct ruleset *r, const struct rules_result *res,
                        struct buf *out, unsigned indent)
{
    unsigned n = 0;
    buf_printf(out, "%*soutputs:", (int)indent, "");
    for (unsigned i = 0; i < res->noutputs; i++) {
        const struct rules_output *o = &res->outputs[i];
        struct str name = r->destinations[o->destination].name;
        if (o->finding.n) {
            continue;
        }
        buf_printf(out, "%s%*s- to: %.*s\n", n++ ? "" : "\n", (int)indent + 2, "", STR_ARG(name));
        put_options(out, o->options, indent + 4);
        buf_printf(out, "%*s%s:", (int)indent + 4, "", o->is_json ? "value" : "hl7");
        if (o->is_json) {
            judge_yaml(out, o->value, indent + 6);
        } else {
            put_changes(j, out, payload_of(j, o), indent + 6);
        }
    }
    buf_puts(out, n ? "" : " []\n");
}

static void update_route(struct judge *j, const struct ruleset *r, const struct rules_result *res)
{
    const struct yaml_node *n = j->test->node;
    unsigned indent = n->first->key->pos.col - 1;
    struct buf text = {0};
    if (j->out->passed || yaml_get(n, "expect")) {
        return;
    }
    if (res->verdict == RULES_REJECTED) {
        buf_printf(&text, "%*sreply: { code: %s", (int)indent, "", ack_code_text(res->code));
        if (res->nerrors) {
            buf_printf(&text, ", error: %d", res->errors[0].code);
        }
        if (res->nerrors && res->errors[0].path[0]) {
            buf_printf(&text, ", at: \"%s\"", res->errors[0].path);
        }
        buf_puts(&text, " }\n");
        judge_update(j, yaml_get(n, "reply"), &text);
    } else if (res->reply.n) {
        buf_printf(&text, "%*sreply:\n%*shl7:\n", (int)indent, "", (int)indent + 2, "");
        put_fields(j, &text, res->reply, indent + 4);
        judge_update(j, yaml_get(n, "reply"), &text);
    } else if (res->verdict == RULES_FILTERED) {
        buf_printf(&text, "%*sdropped: true\n", (int)indent, "");
        judge_update(j, yaml_get(n, "dropped"), &text);
    } else if (res->noutputs && res->outputs[0].finding.n) {
        buf_printf(&text, "%*sheld: true\n", (int)indent, "");
        judge_update(j, yaml_get(n, "held"), &text);
    } else {
        put_outputs(j, r, res, &text, indent);
        judge_update(j, yaml_get(n, "outputs"), &text);
    }
}

static void judge_route(struct judge *j, const struct ruleset *r, const struct rules_result *res)
{
    struct str held = STR("");
    for (unsigned i = 0; i < res->noutputs && !held.n; i++) {
        held = res->outputs[i].finding;
    }
    if (res->verdict == RULES_UNROUTED) {
        judge_differ(j, STR(""), "the route does not read this message type from this source");
        return;
    }
    if (!expects_something(j)) {
        judge_differ(j, STR(""), "the test expects nothing; --update writes what comes out");
    } else {
        judge_reply(j, res);
        judge_text(j, "dropped", res->verdict == RULES_FILTERED ? res->reason : STR(""));
        judge_text(j, "held", held);
        judge_outputs(j, r, res);
    }
    j->out->passed = j->out->differences.errors == 0;
    update_route(j, r, res);
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

static void test_route(struct judge *j, const struct ruleset *r)
{
    const struct rules_test *t = j->test;
    struct hl7 m;
    struct hl7_fault fault;
    struct rules_result res;
    struct json *data = NULL;
    struct str why;
    bool is_data = rules_is_data(t->message);
    if (is_data && rules_read_data(j->a, t->message, &data, &why) != 0) {
        judge_differ(j, STR(""), "the message cannot be read: %.*s", STR_ARG(why));
        return;
    }
    if (!is_data && hl7_parse(j->a, t->message, &m, &fault) != 0) {
        judge_differ(j, STR(""), "the message cannot be read: %s", fault.text);
        return;
    }
    struct rules_input in = {.m = is_data ? NULL : &m,
                             .data = data,
                             .raw = t->message,
                             .batch = &t->headers,
                             .cause = cause_of(j),
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
                      .exact = is_true(yaml_get(t->node, "exact")),
                      .coverage = coverage};
    *out = (struct rules_test_result){.passed = false};
    diags_init(&out->differences, a);
    if (t->map) {
        test_map(&j, r);
    } else if (t->conform) {
        test_conform(&j, r);
    } else {
        test_route(&j, r);
    }
    out->passed = out->differences.errors == 0;
}
