/* Maps to FHIR types: texts are checked against the grammar of the primitive, formulas by what they give. */
#include "engine/fhir/primitive.h"
#include "engine/rules/compile_fhir.h"

static bool is_complex(unsigned t)
{
    return fhir_type_kind(t) != FHIR_PRIMITIVE;
}

/* ---- texts ---- */

static bool is_wanted(struct compiler *c, const struct yaml_node *n, struct str text)
{
    if (is_complex(c->slot->type)) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "wrong-kind", n->pos,
                           "this is a text, %.*s wants %s, which has members",
                           STR_ARG(compile_fhir_slot_name(c)), fhir_type_name(c->slot->type)),
                  "write its members, or $use: a map that makes one");
        return false;
    }
    if (!n->quoted && str_is(text, "null")) {
        diag_hint(c->d, diag_add(c->d, DIAG_ERROR, "bad-literal", n->pos, "FHIR has no null"),
                  "leave the key out; the text is written 'null'");
        return false;
    }
    return fhir_primitive_valid(c->slot->type, text) || compile_fhir_bad_text(c, n->pos);
}

static struct json *literal_of(struct compiler *c, struct str text)
{
    switch (fhir_primitive_spelling(c->slot->type)) {
    case FHIR_IS_BOOLEAN:
        return json_new_bool(c->a, str_is(text, "true"));
    case FHIR_IS_NUMBER:
        return json_new_number(c->a, text);
    case FHIR_IS_TEXT:
        break;
    }
    return json_new_string(c->a, text);
}

/* ---- formulas ---- */

static const char *shape_text(const struct shape *s)
{
    switch (s->kind) {
    case SHAPE_BOOLEAN:
        return "true or false";
    case SHAPE_NUMBER:
        return "a number";
    case SHAPE_DATE:
        return "a date or time";
    case SHAPE_QUANTITY:
        return "a quantity";
    case SHAPE_SEGMENT:
        return "a segment";
    case SHAPE_GROUP:
        return "a group";
    case SHAPE_NULL:
        return "the null of HL7 v2";
    default:
        return "a text";
    }
}

static bool wrong(struct compiler *c, const struct node *f, const struct shape *s, const char *hint)
{
    bool typed = s->type && s->kind == SHAPE_HL7;
    const char *what = s->model ? fhir_type_name(s->model) : typed ? s->type : shape_text(s);
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "wrong-type", f->pos, "this gives %s, %.*s wants %s", what,
                 STR_ARG(compile_fhir_slot_name(c)), fhir_type_name(c->slot->type));
    if (hint) {
        diag_hint(c->d, one, "%s", hint);
    }
    return false;
}

/* A date and time of HL7 that may hold hours, of which FHIR wants to know the offset. */
static bool is_stamp(const struct shape *s)
{
    return s->kind == SHAPE_HL7 && s->type && (s->of == TYPE_DATE) && strcmp(s->type, "DT") != 0;
}

static bool calls(const struct node *f,
                  bool (*run)(struct eval *, const struct call *, struct values *))
{
    return f->op == NODE_CALL && f->func && f->func->run == run;
}

static bool suits_date(struct compiler *c, const struct node *f, const struct shape *s)
{
    unsigned t = c->slot->type;
    bool is_time = t == FHIR_TYPE_TIME, is_date = t == FHIR_TYPE_DATE;
    bool text = s->kind == SHAPE_HL7 || s->kind == SHAPE_STRING || s->kind == SHAPE_DATE;
    const char *convert = is_date   ? "write .toDate() behind it"
                          : is_time ? "write .toTime() behind it"
                                    : "write .toDateTime() behind it, with a zone if need be";
    bool clock = s->kind == SHAPE_HL7 && s->of == TYPE_TIME;
    bool stamp = is_stamp(s) || calls(f, func_to_date_time) || calls(f, func_now) ||
                 s->model == FHIR_TYPE_DATE_TIME || s->model == FHIR_TYPE_INSTANT;
    if (!text) {
        return wrong(c, f, s, NULL);
    }
    if (is_time) {
        return (clock || !(s->kind == SHAPE_HL7 && s->of == TYPE_DATE)) || wrong(c, f, s, convert);
    }
    if (clock) {
        return wrong(c, f, s, "a time without a date is no point in time");
    }
    return !(is_date ? stamp : is_stamp(s)) || wrong(c, f, s, convert);
}

static bool suits_primitive(struct compiler *c, const struct node *f, const struct shape *s)
{
    unsigned t = c->slot->type;
    bool text = s->kind == SHAPE_HL7 || s->kind == SHAPE_STRING;
    switch (t) {
    case FHIR_TYPE_BOOLEAN:
        if (s->kind == SHAPE_HL7 && s->type) {
            return wrong(c, f, s, "compare it, as in =PID-30 = 'Y', or look it up in a table");
        }
        return s->kind == SHAPE_BOOLEAN || text || wrong(c, f, s, NULL);
    case FHIR_TYPE_DECIMAL:
    case FHIR_TYPE_INTEGER:
    case FHIR_TYPE_POSITIVE_INT:
    case FHIR_TYPE_UNSIGNED_INT:
        if (s->kind == SHAPE_HL7 && (s->of == TYPE_DATE || s->of == TYPE_TIME)) {
            return wrong(c, f, s, NULL);
        }
        return s->kind == SHAPE_NUMBER || text || wrong(c, f, s, NULL);
    case FHIR_TYPE_DATE:
    case FHIR_TYPE_DATE_TIME:
    case FHIR_TYPE_INSTANT:
    case FHIR_TYPE_TIME:
        return suits_date(c, f, s);
    default:
        return text || s->kind == SHAPE_NUMBER || s->kind == SHAPE_DATE || wrong(c, f, s, NULL);
    }
}

static bool suits_complex(struct compiler *c, const struct node *f, const struct shape *s)
{
    bool is_node = s->kind == SHAPE_NODE && (!s->model || fhir_type_is(s->model, c->slot->type));
    return is_node || wrong(c, f, s,
                            s->kind == SHAPE_HL7 && s->type
                                ? "write its members, or $for: over it and $use: a map that reads "
                                  "it"
                                : "write its members, or $use: a map that makes one");
}

static bool suits(struct compiler *c, const struct node *f, const struct shape *s)
{
    if (s->kind == SHAPE_ANY) {
        return true; /* seen when it runs */
    }
    return is_complex(c->slot->type) ? suits_complex(c, f, s) : suits_primitive(c, f, s);
}

static struct item *formula(struct compiler *c, const struct yaml_node *n, enum item_place place,
                            struct item *item)
{
    bool in_list = place == ITEM_IS_IN_LIST, complex = is_complex(c->slot->type);
    enum check_want want =
        complex ? (in_list ? CHECK_ANY : CHECK_ONE) : (in_list ? CHECK_TEXTS : CHECK_TEXT);
    struct shape shape = {.kind = SHAPE_ANY};
    item->kind = ITEM_FORMULA;
    item->codes = compile_fhir_codes(c->slot);
    item->formula = compile_formula(c, n, want, &shape);
    return item->formula && suits(c, item->formula, &shape) &&
                   compile_fhir_outcomes(c, item->formula)
               ? item
               : NULL;
}

struct item *compile_fhir_scalar(struct compiler *c, const struct yaml_node *n,
                                 enum item_place place, struct item *item)
{
    struct str text;
    item->fhir = c->slot->type;
    if (compile_is_formula(n)) {
        return formula(c, n, place, item);
    }
    if (!compile_literal(c, n, &text) || !is_wanted(c, n, text) ||
        !compile_fhir_code(c, n->pos, text)) {
        return NULL;
    }
    item->kind = ITEM_LITERAL;
    item->literal = literal_of(c, text);
    item->literal->is_plain = json_is_plain(item->literal->text);
    return item;
}
