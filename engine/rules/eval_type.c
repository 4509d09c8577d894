/* is, as, ofType. Source: FHIRPath N1 6.3; FHIR R4 "FHIRPath" (type safety). */
#include "engine/rules/tree.h"

/* Differs from N1 for primitives where `exact`: a code is not taken as a string. */
static bool is_model(const struct value *v, const struct node *n, bool exact)
{
    if (n->level == SPACE_SYSTEM || n->level == SPACE_OTHER || !n->model) {
        return false;
    }
    return exact && fhir_type_kind(v->model) == FHIR_PRIMITIVE ? v->model == n->model
                                                               : fhir_type_is(v->model, n->model);
}

bool eval_is_type(const struct value *v, const struct node *n, bool exact)
{
    if (v->model) {
        return is_model(v, n, exact);
    }
    if (v->kind == VALUE_HL7 && v->type) {
        return str_eq_nocase(n->text, str_of(v->type));
    }
    struct str kind = str_of(value_type_text(v));
    return n->level != SPACE_FHIR && v->kind != VALUE_NODE && str_eq_nocase(kind, n->text);
}
