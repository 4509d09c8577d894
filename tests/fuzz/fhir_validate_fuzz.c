/* Fuzz target: any bytes as a FHIR resource, structure and invariants, every rule on: the same findings twice, within
 * their bound, each with a text and a place inside the document; the OperationOutcome of them is a valid resource. */
#include "engine/fhir/outcome.h"
#include "engine/rules/invariant.h"

#include <stdlib.h>

enum { SIZE_MAX_HERE = 4096 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_issue(const struct fhir_report *r, const struct fhir_issue *i)
{
    must(i->rule < FHIR_RULES && i->text.n > 0 && i->at <= r->src.n);
    must(i->is_error == (r->levels.of[i->rule] == VALIDATE_STRICT));
    must(!i->path.n || (i->path.p[0] >= 'A' && i->path.p[0] <= 'z'));
}

static void check_outcome(struct invariants *all, struct arena *a, const struct fhir_report *r)
{
    struct buf out = {0};
    struct fhir_report own;
    const struct fhir_levels levels = fhir_levels_initial(VALIDATE_STRICT);
    fhir_outcome_report(&out, r, 0);
    invariants_validate(all, &own, a, buf_str(&out), &levels);
    must(own.errors == 0 && own.type == FHIR_TYPE_OPERATION_OUTCOME);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct invariants *all;
    struct arena a = {0};
    struct fhir_report x, y;
    struct fhir_levels levels = fhir_levels_initial(VALIDATE_STRICT);
    struct str text = str_from((const char *)data, size < SIZE_MAX_HERE ? size : SIZE_MAX_HERE);
    levels.of[FHIR_RULE_ADVICE] = VALIDATE_WARN;
    all = all ? all : invariants_new();
    invariants_validate(all, &x, &a, text, &levels);
    invariants_validate(all, &y, &a, text, &levels);
    must(x.n == y.n && x.errors == y.errors && x.warnings == y.warnings);
    must(x.n <= FHIR_ISSUES_MAX && x.n <= x.errors + x.warnings);
    for (unsigned i = 0; i < x.n; i++) {
        check_issue(&x, &x.v[i]);
        must(str_eq(x.v[i].path, y.v[i].path) && str_eq(x.v[i].text, y.v[i].text));
    }
    check_outcome(all, &a, &x);
    arena_free(&a);
    return 0;
}
