/* Fuzz target: any JSON as FHIR or plain data under expressions that go everywhere. What is no JSON is left; else each
 * expression ends, twice with the same values, and nothing is read that is not there. */
#include "engine/base/json.h"
#include "engine/rules/ruleset.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const expressions[] = {
    "descendants().count()",
    "descendants() = descendants()",
    "children().distinct().count()",
    "(children() | descendants().children()).select($this ~ $this).allTrue()",
    "descendants().extension('u').value",
    "descendants().resolve().id",
    "descendants().select(type().name)",
    "descendants().where(hasValue()).select(toString().length())",
    "descendants().ofType(Quantity).where($this >= 1 'mg')",
    "descendants().select(convertsToDecimal() or convertsToDateTime() or convertsToQuantity())",
    "%resource.repeat(children().first())",
    "id | name | value | entry",
};

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void evaluate(struct arena *a, const char *text, const struct rules_subject *s)
{
    struct diags d;
    struct rules_value *v[2] = {NULL, NULL};
    unsigned n[2] = {0, 0};
    int status[2];
    diags_init(&d, a);
    for (int i = 0; i < 2; i++) {
        status[i] = rules_eval(a, "f", str_of(text), s, &d, &v[i], &n[i]);
    }
    must(status[0] == status[1] && n[0] == n[1]);
    must((status[0] == 0) == (d.errors == 0));
    for (unsigned i = 0; i < n[0]; i++) {
        must(v[0][i].type && str_eq(v[0][i].text, v[1][i].text));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct json *json = NULL;
    struct json_fault fault;
    struct str text = str_from((const char *)data, size < 2048 ? size : 2048);
    if (json_parse(&a, text, NULL, &json, &fault) == 0) {
        for (size_t i = 0; i < sizeof(expressions) / sizeof(expressions[0]); i++) {
            evaluate(&a, expressions[i], &(struct rules_subject){.json = json});
        }
    }
    arena_free(&a);
    return 0;
}
