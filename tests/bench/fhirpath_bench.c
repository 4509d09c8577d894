/* Evaluates the expressions of conf/expressions.txt, each compiled once, on conf/patient.json (read once) and prints one
 * JSON line: evaluations a second of one core. fhirpath.js does the same with the npm package. Not a test. */
#include "engine/base/json.h"
#include "engine/rules/ruleset.h"
#include "tests/bench/bench.h"

enum { EXPRESSIONS_MAX = 64, BATCH = 200 };

static unsigned compile_all(struct arena *a, struct str lines, const struct rules_subject *s,
                            struct rules_expression **out)
{
    struct str line;
    unsigned n = 0;
    struct diags d;
    diags_init(&d, a);
    while (n < EXPRESSIONS_MAX && lines.n && str_split(&lines, '\n', &line)) {
        if (!line.n) {
            continue;
        }
        out[n] = rules_expression_compile(a, "bench", line, s, &d);
        if (!out[n]) {
            fprintf(stderr, "bench_fhirpath: %.*s: %.*s\n", STR_ARG(line), STR_ARG(d.first->text));
            exit(2);
        }
        n++;
    }
    return n;
}

static size_t run_all(struct rules_expression **x, unsigned n, const struct rules_subject *s,
                      struct arena *scratch)
{
    size_t sum = 0;
    for (unsigned i = 0; i < n; i++) {
        struct rules_value *v = NULL;
        unsigned found = 0;
        struct diags d;
        arena_reset(scratch);
        diags_init(&d, scratch);
        sum += rules_expression_run(x[i], scratch, s, &d, &v, &found) == 0 ? found : 0;
    }
    return sum;
}

int main(int argc, char **argv)
{
    struct arena a = {0}, scratch = {0};
    struct json *json = NULL;
    struct json_fault fault;
    struct rules_expression *x[EXPRESSIONS_MAX];
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 2;
    struct str text = bench_read(&a, CORRIDOR_SOURCE_DIR "/tests/bench/conf/patient.json");
    if (json_parse(&a, text, NULL, &json, &fault) != 0) {
        return 2;
    }
    struct rules_subject s = {.json = json};
    unsigned n = compile_all(
        &a, bench_read(&a, CORRIDOR_SOURCE_DIR "/tests/bench/conf/expressions.txt"), &s, x);
    size_t sum = 0, runs = 0;
    double start = bench_now(), spent = 0;
    while (spent < seconds) {
        for (int i = 0; i < BATCH; i++, runs += n) {
            sum += run_all(x, n, &s, &scratch);
        }
        spent = bench_now() - start;
    }
    printf("{\"bench\":\"fhirpath\",\"expressions\":%u,\"values\":%zu,\"per_second\":%.0f}\n", n,
           sum * n / runs, (double)runs / spent);
    arena_free(&scratch);
    arena_free(&a);
    return 0;
}
