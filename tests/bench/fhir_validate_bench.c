/* Validates conf/patient-narrative.json (a Patient of 3 kB) again and again and prints one JSON line: documents a second of
 * one core, reading the JSON included, structure alone or with invariants. fhir_validate.js does the same with the
 * npm package @medplum/core. Not a test. */
#include "engine/rules/invariant.h"
#include "tests/bench/bench.h"

enum { BATCH = 200 };

/* Findings of BATCH documents. */
static unsigned batch(struct invariants *i, struct arena *a, struct str text)
{
    const struct fhir_levels levels = fhir_levels_initial(VALIDATE_STRICT);
    struct fhir_report r;
    unsigned found = 0;
    for (int k = 0; k < BATCH; k++) {
        arena_reset(a);
        if (i) {
            invariants_validate(i, &r, a, text, &levels);
        } else {
            fhir_validate(&r, a, text, &levels);
        }
        found += r.errors + r.warnings;
    }
    return found;
}

int main(int argc, char **argv)
{
    struct arena kept = {0}, a = {0};
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 2;
    bool whole = argc > 2 && strcmp(argv[2], "invariants") == 0;
    const char *path =
        argc > 3 ? argv[3] : CORRIDOR_SOURCE_DIR "/tests/bench/conf/patient-narrative.json";
    struct str text = bench_read(&kept, path);
    struct invariants *i = whole ? invariants_new() : NULL;
    unsigned found = batch(i, &a, text);
    size_t runs = 0;
    double start = bench_now(), spent = 0;
    while (spent < seconds) {
        found += batch(i, &a, text);
        runs += BATCH;
        spent = bench_now() - start;
    }
    printf("{\"bench\":\"fhir-validate\",\"invariants\":%s,\"bytes\":%zu,\"findings\":%u,\"per_"
           "second\":%.0f}\n",
           whole ? "true" : "false", text.n, found, (double)runs / spent);
    invariants_free(&i);
    arena_free(&a);
    arena_free(&kept);
    return 0;
}
