#include "engine/rules/form.h"

#include "engine/base/regex.h"
#include "engine/hl7/dict.h"

enum { FORM_MOMENT = FORM_DATE | FORM_TIME, FORM_AMOUNT = FORM_NUMBER | FORM_QUANTITY };

static const struct form_reader readers[] = {
    {func_to_integer, FORM_WHOLE, func_converts_to_integer, "whole number", true},
    {func_to_long, FORM_WHOLE, func_converts_to_long, "whole number", true},
    {func_to_decimal, FORM_NUMBER, func_converts_to_decimal, "number", true},
    {func_to_boolean, FORM_TRUTH, func_converts_to_boolean, "truth value", true},
    {func_to_quantity, FORM_QUANTITY, func_converts_to_quantity, "quantity", true},
    {func_to_date, FORM_DATE, func_converts_to_date, "date", true},
    {func_to_date_time, FORM_DATE, func_converts_to_date_time, "date", true},
    {func_to_time, FORM_TIME, func_converts_to_time, "time", true},
    {func_format, FORM_MOMENT, NULL, "date", true},
    {func_decode, 0, NULL, "text in that code", true},
    {func_abs, FORM_AMOUNT, NULL, "number", false},
    {func_ceiling, FORM_NUMBER, NULL, "number", false},
    {func_exp, FORM_NUMBER, NULL, "number", false},
    {func_floor, FORM_NUMBER, NULL, "number", false},
    {func_ln, FORM_NUMBER, NULL, "number", false},
    {func_log, FORM_NUMBER, NULL, "number", false},
    {func_power, FORM_NUMBER, NULL, "number", false},
    {func_round, FORM_NUMBER, NULL, "number", false},
    {func_sqrt, FORM_NUMBER, NULL, "number", false},
    {func_truncate, FORM_NUMBER, NULL, "number", false},
    {func_sum, FORM_AMOUNT, NULL, "number", false},
    {func_avg, FORM_AMOUNT, NULL, "number", false},
    {func_year_of, FORM_MOMENT, NULL, "date", false},
    {func_month_of, FORM_MOMENT, NULL, "date", false},
    {func_day_of, FORM_MOMENT, NULL, "date", false},
    {func_hour_of, FORM_MOMENT, NULL, "date", false},
    {func_minute_of, FORM_MOMENT, NULL, "date", false},
    {func_second_of, FORM_MOMENT, NULL, "date", false},
    {func_date_of, FORM_MOMENT, NULL, "date", false},
    {func_time_of, FORM_MOMENT, NULL, "date", false},
    {func_duration, FORM_MOMENT, NULL, "date", false},
    {func_difference, FORM_MOMENT, NULL, "date", false},
};
enum { NREADERS = sizeof(readers) / sizeof(readers[0]) };

const struct form_reader *form_reader(const struct node *call)
{
    for (int i = 0; i < NREADERS; i++) {
        if (call->func->run == readers[i].run) {
            return &readers[i];
        }
    }
    return NULL;
}

const struct form_reader *form_asked(const struct node *call)
{
    for (int i = 0; i < NREADERS; i++) {
        if (call->func->run == readers[i].asked_by) {
            return &readers[i];
        }
    }
    return NULL;
}

const struct func *form_asker(const struct form_reader *r)
{
    const struct func *f = NULL;
    for (unsigned k = 0; r->asked_by && (f = func_at(k)) != NULL && f->run != r->asked_by; k++) {
    }
    return f;
}

/* ---- what a shape is known to be ---- */

uint8_t form_of_type(const char *type)
{
    switch (type_class_of(type)) {
    case TYPE_NUMBER:
        return FORM_TEXT | FORM_NUMBER | FORM_WHOLE | FORM_QUANTITY;
    case TYPE_DATE:
        return FORM_TEXT | FORM_DATE | FORM_TIME;
    case TYPE_TIME:
        return FORM_TEXT | FORM_TIME;
    case TYPE_SIMPLE: /* its first component stands for it: DR, MO, CQ */
        return form_of_type(type_of_part(type, 1, TYPE_VERSION_DEFAULT).type);
    default: /* texts, and what holds anything */
        return FORM_TEXT;
    }
}

/* ID of a table of HL7 whose codes are all yes or no: PID-30. */
static bool is_yes_or_no(const struct path *p)
{
    struct dict_field at;
    const char *code = NULL, *text = NULL;
    bool all = p->field && !p->comp && dict_field(TYPE_VERSION_DEFAULT, p->seg, p->field, &at) &&
               strcmp(at.type, "ID") == 0 && dict_table_at(at.table, 0, &code, &text);
    for (unsigned i = 0; all && dict_table_at(at.table, i, &code, &text); i++) {
        all = strcmp(code, "Y") == 0 || strcmp(code, "N") == 0;
    }
    return all;
}

static uint8_t of_fhir(unsigned t)
{
    switch (t) {
    case FHIR_TYPE_BOOLEAN:
        return FORM_TRUTH | FORM_NUMBER | FORM_WHOLE;
    case FHIR_TYPE_INTEGER:
    case FHIR_TYPE_POSITIVE_INT:
    case FHIR_TYPE_UNSIGNED_INT:
        return FORM_NUMBER | FORM_WHOLE | FORM_QUANTITY;
    case FHIR_TYPE_DECIMAL:
        return FORM_NUMBER | FORM_QUANTITY;
    case FHIR_TYPE_DATE:
        return FORM_DATE;
    case FHIR_TYPE_DATE_TIME:
    case FHIR_TYPE_INSTANT:
        return FORM_DATE | FORM_TIME;
    case FHIR_TYPE_TIME:
        return FORM_TIME;
    default: /* texts, and what has parts */
        return fhir_type_kind(t) == FHIR_PRIMITIVE           ? FORM_TEXT
               : fhir_type_is(t, fhir_type(STR("Quantity"))) ? FORM_QUANTITY
                                                             : 0;
    }
}

/* What all types of a choice have in common; that it may be a text, if one of them is. */
static uint8_t of_choice(const struct fhir_element *e)
{
    unsigned all = 0xff, text = 0;
    for (unsigned i = 0; i < e->ntypes; i++) {
        unsigned one = of_fhir(fhir_element_type(e, i));
        all &= one;
        text |= one & FORM_TEXT;
    }
    return (uint8_t)(all | text);
}

uint8_t form_of(const struct shape *s, const struct node *n, bool is_tree)
{
    if (s->model || s->choice) {
        return s->model ? of_fhir(s->model) : of_choice(s->choice);
    }
    switch (s->kind) {
    case SHAPE_BOOLEAN:
        return FORM_TRUTH | FORM_NUMBER | FORM_WHOLE;
    case SHAPE_NUMBER:
        return FORM_NUMBER | FORM_QUANTITY;
    case SHAPE_QUANTITY:
        return FORM_QUANTITY;
    case SHAPE_DATE:
        return FORM_DATE | FORM_TIME;
    case SHAPE_STRING:
        return s->is_cell ? FORM_TEXT | FORM_NUMBER | FORM_QUANTITY : FORM_TEXT;
    case SHAPE_HL7:
        return form_of_type(s->type) |
               (n->op == NODE_PATH && is_yes_or_no(&n->path) ? FORM_TRUTH : 0);
    case SHAPE_ANY: /* any name may be in JSON */
        return n->op == NODE_TREE_MEMBER || (is_tree && n->op == NODE_THIS) ? FORM_DATA : 0;
    default: /* nothing that is read as something else */
        return 0;
    }
}

/* ---- what stands in a formula ---- */

struct str form_pattern(const struct node *call)
{
    const struct node *first = call->nargs > call->has_input ? call->arg[call->has_input] : NULL;
    bool is_text = first && first->op == NODE_LITERAL && first->value.kind == VALUE_STRING;
    return is_text && func_is_pattern(first->value.text) ? first->value.text : STR("");
}

/* What asks whether the literal can be read so says yes. */
static bool answers_yes(struct arena *a, const struct func *asks, const struct value *v)
{
    struct eval e;
    struct node literal = {.op = NODE_LITERAL, .value = *v}, *arg = &literal;
    struct node call = {.op = NODE_CALL, .has_input = true, .nargs = 1, .arg = &arg, .func = asks};
    VALUES(out);
    eval_init(&e, a, NULL, true);
    return eval_node(&e, &call, NULL, &out) && out.n && out.v[0].i;
}

/* The usual case, of tables with many rows. */
static bool is_number_text(struct str text, uint8_t need)
{
    struct value v;
    return value_number(text, &v) &&
           ((need & (FORM_NUMBER | FORM_QUANTITY)) || v.kind == VALUE_INTEGER);
}

bool form_literal(struct arena *a, const struct value *v, uint8_t need)
{
    const uint8_t numeric = FORM_NUMBER | FORM_WHOLE | FORM_QUANTITY;
    if ((need & numeric) && v->kind == VALUE_STRING && is_number_text(v->text, need)) {
        return true;
    }
    for (int i = 0; i < NREADERS; i++) {
        const struct func *asks = readers[i].need & need ? form_asker(&readers[i]) : NULL;
        if (asks && answers_yes(a, asks, v)) {
            return true;
        }
    }
    return false;
}

/* Texts that are nothing of the kind: what lets one of them through says nothing. */
static const struct {
    uint8_t need;
    const char *text[8];
} strangers[] = {
    {FORM_WHOLE, {"A", "1A", "A1", "-", "1.5", "1,5", "1-2"}},
    {FORM_NUMBER | FORM_QUANTITY, {"A", "1A", "A1", "-", "1,5", "1-2", "1.2.3"}},
    {FORM_DATE | FORM_TIME, {"A", "1A", "A1", "1", "-"}},
    {FORM_TRUTH, {"A", "2", "YN", "-"}},
    {0, {"*"}},
};

const char *form_stranger(struct arena *a, const struct node *call, uint8_t need)
{
    bool whole = call->func->run == func_matches_full;
    for (size_t i = 0; i < sizeof(strangers) / sizeof(strangers[0]); i++) {
        bool about = (strangers[i].need & need) || strangers[i].need == need;
        for (int k = 0; about && k < 8 && strangers[i].text[k]; k++) {
            if (regex_match(call->regex, str_of(strangers[i].text[k]), whole, a) != REGEX_NO) {
                return strangers[i].text[k];
            }
        }
        if (about) {
            break;
        }
    }
    return NULL;
}
