#include "engine/ops/eval_cases.h"

#include "engine/base/decimal.h"

bool eval_case_expects(const struct json *row)
{
    const struct json *outputs = json_get(row, "outputs");
    return outputs && outputs->kind == JSON_ARRAY;
}

/* Dates of expected values are written as literals. */
static struct str plain(struct str s)
{
    bool at = s.n && s.p[0] == '@';
    s = at ? str_slice(s, 1, s.n) : s;
    return at && s.n && s.p[0] == 'T' ? str_slice(s, 1, s.n) : s;
}

static bool same_value(const struct json *want, const struct rules_value *got)
{
    struct str type = json_text(json_get(want, "type")), value = json_text(json_get(want, "value"));
    struct decimal x, y;
    if (type.p && !str_is(type, got->type)) {
        return false;
    }
    bool numbers = decimal_parse(value, &x) && decimal_parse(got->text, &y);
    return str_eq(plain(value), got->text) || (numbers && decimal_cmp(&x, &y) == 0);
}

static bool in_order(const struct json *outputs, const struct eval_result *got)
{
    unsigned i = 0;
    json_each(want, outputs)
    {
        if (i == got->n || !same_value(want, &got->v[i++])) {
            return false;
        }
    }
    return i == got->n;
}

/* Each expected value has a partner; as many as there are. */
static bool in_any_order(const struct json *outputs, const struct eval_result *got)
{
    bool used[256] = {false};
    if (outputs->count != got->n || got->n > sizeof(used)) {
        return false;
    }
    json_each(want, outputs)
    {
        unsigned i = 0;
        while (i < got->n && (used[i] || !same_value(want, &got->v[i]))) {
            i++;
        }
        if (i == got->n) {
            return false;
        }
        used[i] = true;
    }
    return true;
}

bool eval_case_passed(const struct json *row, const struct eval_result *got)
{
    const struct json *outputs = json_get(row, "outputs"), *ordered = json_get(row, "ordered"),
                      *predicate = json_get(row, "predicate");
    if (json_text(json_get(row, "invalid")).p) {
        return got->error.p && !got->is_unread;
    }
    if (got->error.p) {
        return false;
    }
    struct rules_value exists = {"boolean", got->n ? STR("true") : STR("false")};
    bool asks = predicate && predicate->kind == JSON_TRUE &&
                !(got->n == 1 && strcmp(got->v[0].type, "boolean") == 0);
    struct eval_result one = {.v = &exists, .n = 1, .error = {NULL, 0}};
    got = asks ? &one : got;
    return ordered && ordered->kind == JSON_FALSE ? in_any_order(outputs, got)
                                                  : in_order(outputs, got);
}
