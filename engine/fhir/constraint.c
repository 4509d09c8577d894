#include "engine/fhir/constraint.h"

struct constraint_row {
    uint16_t key, human, expression; /* offsets in fhir_constraint_pool */
    uint16_t type;
    uint16_t element;
    bool is_error, is_open;
};

#include "engine/fhir/r4/constraints.inc"

enum { NCONSTRAINTS = sizeof fhir_constraints / sizeof *fhir_constraints };

bool fhir_constraint_at(unsigned index, struct fhir_constraint *out)
{
    if (index >= NCONSTRAINTS) {
        return false;
    }
    const struct constraint_row *r = &fhir_constraints[index];
    *out = (struct fhir_constraint){.key = fhir_constraint_pool + r->key,
                                    .human = fhir_constraint_pool + r->human,
                                    .expression = fhir_constraint_pool + r->expression,
                                    .type = r->type,
                                    .element = r->element,
                                    .is_error = r->is_error,
                                    .is_open = r->is_open};
    return true;
}

unsigned fhir_constraint_first(unsigned t)
{
    unsigned lo = 0, hi = NCONSTRAINTS;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        bool below = fhir_constraints[mid].type < t;
        lo = below ? mid + 1 : lo;
        hi = below ? hi : mid;
    }
    return lo;
}
