/* Fuzz target: any bytes as a route file (before a NUL byte) and as its table (behind it). It compiles or
 * gives errors; what compiles runs on three messages and three documents, twice to the same verdict and bytes; every output
 * is within what was declared. Its tests run, its explanation and trace are written. */
#include "engine/base/buf.h"
#include "engine/base/json.h"
#include "engine/hl7/validate.h"
#include "engine/rules/test.h"
#include "engine/rules/trace.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char adt[] = "MSH|^~\\&|A|MAIN|B|C|20261124||ADT^A01|1|P|2.5.1\rPID|1||4711^^^X&1."
                          "2&ISO^MR~9^^^Y^SS||DOE^J||19800101|F\r"
                          "NK1|1|A\rNK1|2|B\rPV1|1|I|W^1\rZPI|1|\"\"|~x\r";
static const char siu[] =
    "MSH|^~\\&|A|MAIN|B|C|202611240930-0600||SIU^S12|1|P|2.5.1\r"
    "SCH|1^X|2|||||||30|MIN|^^30^2026112409\rNTE|1|L|a\\T\\b\\.br\\c\rPID|1||7^^^X\rRGS|1|A\r"
    "AIS|1|A|C^D|202611240930|0|MIN\rNTE|1||x\rAIP|1||9\rRGS|2\rAIG|1||Q\r";
static const char oru[] = "MSH|^~\\&|A|MAIN|B|C|2026||ORU^R01|1|T|2.3\rPID|1||1\rOBR|1|||A\r"
                          "OBX|1|NM|S||1.5|mmol|||||F\rNTE|1||n\rOBX|2|ST|T||x~y||AA\rPID|2||2\r"
                          "OBR|1|||B\rOBX|1|TX|U||\\H\\z\\N\\\r";
static const char *const messages[] = {adt, siu, oru};
static const char fhir[] =
    "{\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":true,\"identifier\":[{\"system\":\"s\","
    "\"value\":\"1\"}],\"name\":[{\"family\":\"ROE\",\"given\":[\"J\",null],\"_given\":[null,{"
    "\"id\":"
    "\"x\"}]}],\"birthDate\":\"1980-01\",\"contact\":[{\"name\":{\"text\":\"R\"}}],"
    "\"multipleBirthInteger\":2}";
static const char bundle[] =
    "{\"resourceType\":\"Bundle\",\"type\":\"message\",\"entry\":[{\"fullUrl\":\"urn:uuid:a\","
    "\"resource\":{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"c\"},"
    "\"subject\":{\"reference\":\"Patient/"
    "p\"},\"valueQuantity\":{\"value\":72.50,\"unit\":\"kg\"}}}]}";
static const char json[] = "{\"id\":12.50,\"items\":[{\"c\":\"x\"},{\"c\":[1,2]}],\"s\":\"t\"}";
static const char *const documents[] = {fhir, bundle, json};

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool read_table(void *arg, struct arena *a, const char *from, struct str name,
                       struct str *out, const char **why)
{
    (void)a, (void)from, (void)name, (void)why; /* one table for every name */
    *out = *(const struct str *)arg;
    return true;
}

/* The bytes of a document are those of its tree, whatever was changed in it. */
static void check_value(const struct json *value, struct str payload)
{
    struct arena a = {0};
    struct buf want = {0}, got = {0};
    struct json *read;
    struct json_fault fault;
    must(json_parse(&a, payload, &(struct json_options){.depth = 512}, &read, &fault) == 0);
    json_write(&want, value, 0);
    json_write(&got, read, 0);
    must(str_eq(buf_str(&want), buf_str(&got)));
    buf_free(&want);
    buf_free(&got);
    arena_free(&a);
}

static void check_outputs(const struct hl7 *m, const struct rules_result *x,
                          const struct rules_result *y)
{
    struct buf p = {0}, q = {0};
    must(x->verdict == y->verdict && x->noutputs == y->noutputs && x->nerrors == y->nerrors);
    must((x->verdict == RULES_ACCEPTED) == (x->noutputs > 0));
    must((x->verdict == RULES_REJECTED) == (x->nerrors > 0));
    for (unsigned i = 0; i < x->noutputs; i++) {
        const struct rules_output *o = &x->outputs[i];
        size_t n = splices_size(o->payload);
        must(o->destination < 2 && (o->finding.n > 0) == (o->payload.n == 0));
        must(n == splices_size(y->outputs[i].payload));
        buf_reserve(&p, n + 1);
        buf_reserve(&q, n + 1);
        splices_write(o->payload, m->raw, p.p);
        splices_write(y->outputs[i].payload, m->raw, q.p);
        must(n == 0 || memcmp(p.p, q.p, n) == 0);
        must(n == 0 || o->is_json || memcmp(p.p, "MSH|^~\\&|", 9) == 0);
        if (n && o->is_json && o->value) {
            check_value(o->value, str_from(p.p, n));
        }
    }
    buf_free(&p);
    buf_free(&q);
}

/* What conformance documents say of it: the same twice, within the bound. */
static void validate(const struct ruleset *r, const struct rules_input *in, struct arena *a)
{
    static struct arena kept;
    static const struct validate_dict *dict;
    const struct validate_levels levels = validate_initial(VALIDATE_STRICT);
    struct validate_report x, y;
    dict = dict ? dict : validate_dict_new(&kept);
    validate_begin(&x, a, in->m, &levels);
    rules_validate(r, dict, in, &x);
    validate_begin(&y, a, in->m, &levels);
    rules_validate(r, dict, in, &y);
    must(x.n == y.n && x.errors == y.errors && x.warnings == y.warnings);
    must(x.n <= VALIDATE_FINDINGS_MAX);
    for (unsigned i = 0; i < x.n; i++) {
        must(x.v[i].at <= in->m->raw.n && str_eq(x.v[i].text, y.v[i].text));
    }
}

static void run_on(const struct ruleset *r, struct arena *a, const char *text)
{
    struct hl7 m;
    struct hl7_fault fault;
    struct rules_result x, y;
    struct trace trace;
    must(hl7_parse(a, str_of(text), &m, &fault) == 0);
    trace_init(&trace, a);
    struct rules_input in = {.m = &m, .received_us = 1795186800000000, .id_lo = 7};
    rules_run(r, &in, a, &x);
    in.trace = &trace;
    rules_run(r, &in, a, &y);
    check_outputs(&m, &x, &y);
    in.trace = NULL;
    validate(r, &in, a);
}

static void run_on_data(const struct ruleset *r, struct arena *a, const char *text)
{
    struct hl7 only_bytes = {.raw = str_of(text)};
    struct json *data;
    struct str why;
    struct rules_result x, y;
    struct trace trace;
    must(rules_read_data(a, str_of(text), &data, &why) == 0);
    trace_init(&trace, a);
    struct rules_input in = {
        .data = data, .raw = str_of(text), .received_us = 1795186800000000, .id_lo = 7};
    rules_run(r, &in, a, &x);
    in.trace = &trace;
    rules_run(r, &in, a, &y);
    check_outputs(&only_bytes, &x, &y);
}

static void run_tests(const struct ruleset *r, struct arena *a)
{
    struct buf out = {0};
    for (unsigned i = 0; i < rules_test_count(r) && i < 8; i++) {
        struct rules_test_result got;
        rules_test_run(r, i, a, NULL, &got);
        must(got.passed == (got.differences.errors == 0) && (!got.passed || got.nupdates == 0));
    }
    rules_explain(&out, r);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct rules_source source = {.name = {"in", 2}, .has_all_conformance = true};
    static const struct rules_destination destinations[2] = {
        {.name = {"a", 1}}, {.name = {"b", 1}, .order = RULES_ORDER_ALL}};
    struct str all = str_from((const char *)data, size < 16384 ? size : 16384);
    ptrdiff_t nul = str_index(all, '\0');
    struct str csv = nul < 0 ? STR("k,v\nF,x\n") : str_slice(all, (size_t)nul + 1, all.n);
    struct rules_file file = {"r.yaml", nul < 0 ? all : str_slice(all, 0, (size_t)nul)};
    struct rules_env env = {.sources = &source,
                            .nsources = 1,
                            .destinations = destinations,
                            .ndestinations = 2,
                            .read_file = read_table,
                            .with_tests = true,
                            .arg = &csv};
    struct arena a = {0};
    struct diags d;
    diags_init(&d, &a);
    struct ruleset *r = rules_compile(&a, &file, 1, &env, &d);
    must((r == NULL) == (d.errors > 0));
    if (r) {
        for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
            run_on(r, &a, messages[i]);
        }
        for (size_t i = 0; i < sizeof(documents) / sizeof(documents[0]); i++) {
            run_on_data(r, &a, documents[i]);
        }
        run_tests(r, &a);
    }
    arena_free(&a);
    return 0;
}
