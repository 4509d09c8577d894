/* Fuzz target: any bytes as a route file (before a NUL byte) and as its table (behind it). It compiles or
 * gives errors; what compiles runs on a message, twice to the same verdict and bytes, and every output
 * is within what was declared. */
#include "engine/base/buf.h"
#include "engine/rules/ruleset.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char message[] = "MSH|^~\\&|A|MAIN|B|C|20261124||ADT^A01|1|P|2.5.1\rPID|1||4711^^^X&1."
                              "2&ISO^MR~9^^^Y^SS||DOE^J||19800101|F\r"
                              "NK1|1|A\rNK1|2|B\rPV1|1|I|W^1\rZPI|1|\"\"|~x\r";

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
        must(n == 0 || memcmp(p.p, "MSH|^~\\&|", 9) == 0);
    }
    buf_free(&p);
    buf_free(&q);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct rules_source source = {.name = {"in", 2}};
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
        struct hl7 m;
        struct hl7_fault fault;
        struct rules_result x, y;
        must(hl7_parse(&a, str_of(message), &m, &fault) == 0);
        struct rules_input in = {.m = &m};
        rules_run(r, &in, &a, &x);
        rules_run(r, &in, &a, &y);
        check_outputs(&m, &x, &y);
    }
    arena_free(&a);
    return 0;
}
