/* One value of a formula as the JSON, the FHIR or the HL7 v2 that an item of a map makes of it. */
#include "engine/rules/run_priv.h"

#include "engine/rules/run_fhir.h"
#include "engine/rules/run_v2.h"
#include "engine/rules/type.h"

static struct json *number(struct eval *e, const struct value *v)
{
    struct decimal d = value_decimal(v);
    char text[DECIMAL_TEXT_MAX];
    size_t n = decimal_format(&d, text);
    return json_new_number(e->a, str_dup(e->a, str_from(text, n)));
}

/* NM and SI are numbers: a value that is none is a fault. */
static bool hl7_json(struct eval *e, const struct node *n, const struct value *v, struct json **out)
{
    struct value parsed;
    struct str text;
    if (v->of == TYPE_NUMBER && !value_is_composite(v)) {
        if (!eval_number(e, v, &parsed)) {
            eval_fail(e, n, "the value is no number, as %s wants", v->type ? v->type : "NM");
            return eval_fail_about(e, n, v);
        }
        *out = number(e, &parsed);
        return true;
    }
    if (!eval_text(e, n, v, &text)) {
        return false;
    }
    *out = json_new_string(e->a, text);
    return true;
}

static bool value_json(struct eval *e, const struct node *n, const struct value *v,
                       struct json **out)
{
    switch ((enum value_kind)v->kind) {
    case VALUE_INTEGER:
    case VALUE_DECIMAL:
        *out = number(e, v);
        return true;
    case VALUE_BOOLEAN:
        *out = json_new_bool(e->a, v->i);
        return true;
    case VALUE_NULL:
        *out = json_new(e->a, JSON_NULL);
        return true;
    case VALUE_HL7:
        return hl7_json(e, n, v, out);
    case VALUE_SEGMENT:
    case VALUE_GROUP:
    case VALUE_MESSAGE:
    case VALUE_SOURCE:
        return eval_fail(e, n, "a %s is no value of a map", value_kind_text(v->kind));
    case VALUE_NODE:
        *out = run_fhir_copy(e->a, v->json);
        return true;
    case VALUE_STRING:
    case VALUE_DATE:
    case VALUE_DATETIME:
    case VALUE_TIME:
    case VALUE_QUANTITY:
    case VALUE_ESCAPED:
        break;
    }
    *out = json_new_string(e->a, value_text(e->a, v));
    return true;
}

/* A stored "" that a bare path found: as nulls: says. *out NULL: left out. */
static bool null_json(struct eval *e, const struct map *m, const struct node *n, struct json **out)
{
    if (m->nulls == NULLS_ERROR) {
        return eval_fail(e, n, "the value is an explicit null, and nulls: is error");
    }
    *out = m->nulls == NULLS_NULL ? json_new(e->a, JSON_NULL) : NULL;
    return true;
}

bool run_map_value(struct eval *e, const struct map *m, const struct item *item,
                   const struct value *v, struct json **out)
{
    const struct node *n = item->formula;
    lineage_result(e->lineage, v);
    if (v->kind == VALUE_HL7 && v->is_null) {
        return null_json(e, m, n, out);
    }
    return item->fhir ? run_fhir_value(e, item, v, out)
           : item->v2 ? run_v2_value(e, item, v, out)
                      : value_json(e, n, v, out);
}
