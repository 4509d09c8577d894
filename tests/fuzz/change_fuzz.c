/* Fuzz target: any JSON through routes that change it in every way: as a Patient, as a Bundle or as plain data. What is
 * no JSON is left; else each run ends, twice with the same bytes, and the bytes of an output are those of its tree. What
 * was received is not changed. */
#include "engine/base/json.h"
#include "engine/rules/lineage.h"
#include "engine/rules/ruleset.h"
#include "engine/rules/trace.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char routes[] =
    "route: patient\nfrom: in\nmessages: [Patient]\ndo:\n"
    "  - set:\n"
    "      active: true\n"
    "      name[+]: { family: =name.first().family }\n"
    "      name[0].given[last]: =name.first().given.first()\n"
    "      birthDate: =gender.where($this.length() > 40)\n"
    "      _birthDate.extension[+]: { url: u, valueBoolean: true }\n"
    "      deceasedBoolean: =active\n"
    "  - set:\n      name[*].given[+]: X\n"
    "  - { send: a, id: '1' }\n"
    "  - delete: ['name[0].given', photo, 'identifier[*].period', 'identifier[last]']\n"
    "  - keep: identifier\n    if: value.exists() or $index > 1\n"
    "  - delete: name[0].given[*]\n    if: $this = 'X'\n"
    "  - for: contact | name\n    do:\n"
    "      - delete: $message.contact[0]\n"
    "      - set: { $message.language: =$number.toString() }\n"
    "  - for: contact\n    do:\n"
    "      - set:\n          name.given[0]: Y\n          relationship[+].text: =name.text\n"
    "      - delete: [name, gender]\n"
    "  - { send: a, id: '2' }\n"
    "---\n"
    "route: bundle\nfrom: in\nmessages: [Bundle]\ndo:\n"
    "  - for: entry.resource.ofType(Patient)\n    do: { set: { gender: male, id: =id } }\n"
    "  - for: entry.resource\n    do:\n"
    "      - set: { Observation.valueString: x, Slot.status: free }\n"
    "      - delete: $message.entry[last]\n"
    "  - set:\n      entry[+].resource: { resourceType: Basic, code: { text: q } }\n      "
    "entry[0].fullUrl: =type\n"
    "  - keep: entry\n    if: resource.exists() or request.url.exists()\n"
    "  - { send: a, id: =entry.resource.descendants().resolve().count().toString() }\n"
    "---\n"
    "route: plain\nfrom: in\nmessages: [json]\non-error: skip\ndo:\n"
    "  - set:\n      a[*].b: =c\n      c.d[0].e: [=a, 1]\n      f: [=$message.a]\n"
    "  - set:\n      a[+].b: =null()\n"
    "  - delete: a[*]\n    if: b = 1\n"
    "  - for: $message.f\n    do: { set: { g: { h: =$number } } }\n"
    "  - delete: [c.d, 'f[0]', g]\n"
    "  - { send: b, id: '1' }\n"
    "---\n"
    "route: list\nfrom: in\nmessages: [json]\non-error: skip\ndo:\n"
    "  - set:\n      $message[*].a: 1\n"
    "  - set:\n      $message[+].b: x\n"
    "  - delete: $message[0].a\n"
    "  - { send: b, id: '2' }\n";

static struct arena kept;
static const struct ruleset *rules;

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void compile(void)
{
    static const struct rules_source source = {.name = {"in", 2}};
    static const struct rules_destination destinations[] = {{.name = {"a", 1}}, {.name = {"b", 1}}};
    struct rules_file file = {.name = "r", .bytes = {routes, sizeof(routes) - 1}};
    struct rules_env env = {
        .sources = &source, .nsources = 1, .destinations = destinations, .ndestinations = 2};
    struct diags d;
    diags_init(&d, &kept);
    rules = rules_compile(&kept, &file, 1, &env, &d);
    must(rules != NULL);
}

static struct str bytes_of(struct arena *a, const struct rules_output *o, struct str raw)
{
    size_t n = splices_size(o->payload);
    char *p = arena_alloc(a, n + 1);
    splices_write(o->payload, raw, p);
    return str_from(p, n);
}

static struct str text_of(struct arena *a, const struct json *v)
{
    struct buf text = {0};
    json_write(&text, v, 0);
    struct str s = str_dup(a, buf_str(&text));
    buf_free(&text);
    return s;
}

static void check(struct arena *a, struct str raw, const struct rules_result *x,
                  const struct rules_result *y)
{
    must(x->verdict == y->verdict && x->noutputs == y->noutputs);
    for (unsigned i = 0; i < x->noutputs; i++) {
        const struct rules_output *o = &x->outputs[i];
        struct str bytes = bytes_of(a, o, raw);
        struct json *read;
        struct json_fault fault;
        must(str_eq(bytes, bytes_of(a, &y->outputs[i], raw)));
        must((o->finding.n > 0) == (bytes.n == 0));
        if (bytes.n) {
            must(json_parse(a, bytes, NULL, &read, &fault) == 0);
            must(str_eq(text_of(a, read), text_of(a, o->value)));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct json *json;
    struct str why, raw = str_from((const char *)data, size < 4096 ? size : 4096);
    struct rules_result x, y;
    struct trace trace;
    if (!rules) {
        compile();
    }
    if (rules_read_data(&a, raw, &json, &why) == 0) {
        struct str before = text_of(&a, json);
        struct rules_input in = {.data = json, .raw = raw, .received_us = 1795186800000000};
        rules_run(rules, &in, &a, &x);
        trace_init(&trace, &a);
        trace.lineage = lineage_new(&a, NULL);
        in.trace = &trace;
        rules_run(rules, &in, &a, &y);
        check(&a, raw, &x, &y);
        must(str_eq(before, text_of(&a, json)));
        lineage_free(trace.lineage);
    }
    arena_free(&a);
    return 0;
}
