/* Fuzz target: any text as a formula, on a message, a FHIR Bundle, JSON and nothing. It parses or gives one located error;
 * what parses prints, and evaluates within its budgets, twice to the same values. */
#include "engine/base/json.h"
#include "engine/rules/formula.h"
#include "engine/rules/ruleset.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char message[] =
    "MSH|^~\\&|A|MAIN|B|C|20261124||ADT^A01|1|P|2.5.1\rPID|1||4711^^^X&1.2&ISO^MR~9^^^Y^SS||DOE^J||"
    "19800101|F\r"
    "PV1|1|I|W^1\rOBX|1|NM|A||140\rOBX|2|FT|B||a\\.br\\b\\H\\c\\X41\\\rZPI|1|\"\"|~x\r";

static const char resource[] =
    "{\"resourceType\":\"Bundle\",\"entry\":[{\"fullUrl\":\"urn:uuid:1\",\"resource\":{"
    "\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":true,\"name\":[{\"family\":\"Doe\","
    "\"given\":[\"A\",null],\"_given\":[null,{\"extension\":[{\"url\":\"u\",\"valueString\":\"x\"}]"
    "}]}],"
    "\"birthDate\":\"1980-01\",\"contained\":[{\"resourceType\":\"Organization\",\"id\":\"o\"}],"
    "\"managingOrganization\":{\"reference\":\"#o\"}}},{\"resource\":{\"resourceType\":"
    "\"Observation\","
    "\"status\":\"final\",\"subject\":{\"reference\":\"urn:uuid:1\"},\"valueQuantity\":{\"value\":"
    "1.50,"
    "\"code\":\"mg\",\"system\":\"http://unitsofmeasure.org\"}}}]}";
static const char plain[] = "{\"a\":[1,2.50,\"x\",null,{\"b\":true}],\"ABC\":{\"b\":1e3}}";

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void print_tree(struct arena *a, struct str text)
{
    static const struct formula_mark start = {0, 1, 1};
    struct formula f = {.text = text, .file = "f", .marks = &start, .nmarks = 1, .is_route = true};
    struct diags d;
    struct buf b = {0};
    diags_init(&d, a);
    struct node *n = formula_parse(a, &f, &d);
    must((n == NULL) == (d.errors > 0));
    must(d.errors <= 1);
    if (n) {
        formula_print(&b, n);
        must(b.n > 0);
    }
    buf_free(&b);
}

static void evaluate(struct arena *a, struct str text, const struct rules_subject *s)
{
    struct diags d;
    struct rules_value *v[2] = {NULL, NULL};
    unsigned n[2] = {0, 0};
    int status[2];
    diags_init(&d, a);
    for (int i = 0; i < 2; i++) {
        status[i] = rules_eval(a, "f", text, s, &d, &v[i], &n[i]);
    }
    must(status[0] == status[1] && n[0] == n[1]);
    must((status[0] == 0) == (d.errors == 0));
    for (unsigned i = 0; i < n[0]; i++) {
        must(str_eq(v[0][i].text, v[1][i].text));
    }
}

static const struct json *json_of(struct arena *a, const char *text)
{
    struct json *v = NULL;
    struct json_fault fault;
    must(json_parse(a, str_of(text), NULL, &v, &fault) == 0);
    return v;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct hl7 m;
    struct hl7_fault fault;
    struct str text = str_from((const char *)data, size < 4096 ? size : 4096);
    must(hl7_parse(&a, str_of(message), &m, &fault) == 0);
    print_tree(&a, text);
    evaluate(&a, text, &(struct rules_subject){0});
    evaluate(&a, text, &(struct rules_subject){.m = &m});
    evaluate(&a, text, &(struct rules_subject){.json = json_of(&a, resource)});
    evaluate(&a, text, &(struct rules_subject){.json = json_of(&a, resource), .is_strict = true});
    evaluate(&a, text, &(struct rules_subject){.json = json_of(&a, plain)});
    arena_free(&a);
    return 0;
}
