/* Tests of routes: the reply, drop, hold and outputs of a run, against what is expected. */
#include "engine/base/pairs.h"
#include "engine/rules/test_priv.h"

/* The expectation `key`: in the test itself, or under expect:. */
static const struct yaml_node *wanted(const struct judge *j, const char *key)
{
    const struct yaml_node *own = yaml_get(j->test->node, key);
    return own ? own : yaml_get(yaml_get(j->test->node, "expect"), key);
}

bool judge_is_true(const struct yaml_node *n)
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

/* The members of reply: { code:, error:, at:, text: }. */
static void judge_reply_members(struct judge *j, const struct yaml_node *want, struct str code,
                                const struct ack_error *first)
{
    struct str error = first ? str_printf(j->a, "%d", first->code) : STR("");
    judge_member(j, "reply.code", yaml_get(want, "code"), code);
    judge_member(j, "reply.error", yaml_get(want, "error"), error);
    judge_member(j, "reply.at", yaml_get(want, "at"), first ? str_of(first->path) : STR(""));
    judge_member(j, "reply.text", yaml_get(want, "text"), first ? first->text : STR(""));
}

static void judge_reply(struct judge *j, const struct rules_result *res)
{
    const struct yaml_node *want = wanted(j, "reply");
    bool rejected = res->verdict == RULES_REJECTED;
    struct str code = str_of(rejected ? ack_code_text(res->code) : "AA");
    judge_made_reply(j, res);
    if (yaml_get(want, "hl7") && !rejected) {
        return;
    }
    if (!want && rejected) {
        judge_differ(j, STR("reply"), "expected none, found %.*s: %.*s", STR_ARG(code),
                     STR_ARG(res->reason));
    } else if (want && want->kind == YAML_SCALAR) {
        judge_member(j, "reply", want, code);
    } else if (want) {
        judge_reply_members(j, want, code, rejected && res->nerrors ? &res->errors[0] : NULL);
    }
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
    bool same = has && (judge_is_true(want) ||
                        (want->kind == YAML_SCALAR && str_find(found, want->text) >= 0));
    if (!same) {
        judge_differ(j, str_of(key), "expected %.*s, found %.*s",
                     STR_ARG(want->kind == YAML_SCALAR ? want->text : STR("a text")),
                     STR_ARG(has ? found : STR("nothing")));
    }
}

struct str judge_payload(struct judge *j, const struct rules_output *o)
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
    bool exact = j->exact || judge_is_true(yaml_get(want, "exact"));
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
        judge_hl7(j, path, hl7, judge_payload(j, o));
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

void judge_route(struct judge *j, const struct ruleset *r, const struct rules_result *res)
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
    judge_update_route(j, r, res);
}
