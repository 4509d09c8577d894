/* One value as text, number or date; equality and order of two. */
#include "engine/rules/eval.h"

#include "engine/rules/type.h"

static struct value first_part(const struct value *v)
{
    struct value part = *v;
    while (value_is_composite(&part)) {
        part.text = part.level == LEVEL_REPETITION ? hl7_component(&v->m->d, part.text, 1)
                                                   : hl7_subcomponent(&v->m->d, part.text, 1);
        part.level++;
    }
    return part;
}

bool eval_text(struct eval *e, const struct node *n, const struct value *v, struct str *out)
{
    if (v->kind == VALUE_STRING) {
        *out = v->text;
        return true;
    }
    if (v->kind != VALUE_HL7 || !value_is_composite(v)) {
        if (v->kind == VALUE_SEGMENT && e->is_route) {
            return eval_fail(e, n, "one text is wanted here, this is a whole segment");
        }
        *out = value_text(e->a, v);
        return true;
    }
    if (v->of == TYPE_SIMPLE || v->of == TYPE_DATE) {
        struct value part = first_part(v);
        *out = value_text(e->a, &part);
        return true;
    }
    if (e->is_route) {
        return eval_fail(e, n, "one text is wanted here, the value has components");
    }
    *out = v->text;
    return true;
}

bool eval_number(struct eval *e, const struct value *v, struct value *out)
{
    if (v->kind == VALUE_INTEGER || v->kind == VALUE_DECIMAL) {
        *out = *v;
        return true;
    }
    if (v->kind != VALUE_HL7 && v->kind != VALUE_STRING) {
        return false;
    }
    return value_number(value_text(e->a, v), out);
}

static bool is_number(const struct value *v)
{
    return v->kind == VALUE_INTEGER || v->kind == VALUE_DECIMAL;
}

static bool is_moment(const struct value *v)
{
    return v->kind == VALUE_DATE || v->kind == VALUE_DATETIME || v->kind == VALUE_TIME;
}

static bool is_typed(const struct value *v, enum type_class of)
{
    return v->kind == VALUE_HL7 && v->of == of;
}

/* An HL7 value beside a number or a date becomes one; two typed ones become what they are. */
enum reading { READ_TEXT, READ_NUMBER, READ_DATE };

static enum reading reading_of(const struct value *a, const struct value *b)
{
    bool number =
        is_number(a) || is_number(b) || (is_typed(a, TYPE_NUMBER) && is_typed(b, TYPE_NUMBER));
    bool date = is_moment(a) || is_moment(b) || (is_typed(a, TYPE_DATE) && is_typed(b, TYPE_DATE));
    return number ? READ_NUMBER : date ? READ_DATE : READ_TEXT;
}

/* A date as N1 text. False: `v` is none. */
static bool date_text(struct eval *e, const struct value *v, struct str *out, bool *out_time)
{
    if (is_moment(v)) {
        *out = v->text;
        *out_time = v->kind == VALUE_TIME;
        return true;
    }
    struct value part = v->kind == VALUE_HL7 ? first_part(v) : *v;
    return v->kind == VALUE_HL7 && type_date_text(e->a, value_text(e->a, &part), out) &&
           value_date_valid(*out, VALUE_DATETIME);
}

static bool wrong_type(struct eval *e, const struct node *n, const struct value *a,
                       const struct value *b, const char *what)
{
    bool is_data = a->kind == VALUE_HL7 || b->kind == VALUE_HL7;
    return is_data ? eval_fail(e, n, "the value is no %s, and is compared with one", what)
                   : eval_fail(e, n, "a %s cannot be compared with a %s", value_kind_text(a->kind),
                               value_kind_text(b->kind));
}

static enum value_answer compare_dates(struct eval *e, const struct node *n, const struct value *a,
                                       const struct value *b, int *out)
{
    struct str x, y;
    bool x_time = false, y_time = false;
    if (!date_text(e, a, &x, &x_time) || !date_text(e, b, &y, &y_time) || x_time != y_time) {
        wrong_type(e, n, a, b, "date");
        return ANSWER_FALSE;
    }
    return value_date_cmp(x, y, x_time, out);
}

enum value_answer eval_compare(struct eval *e, const struct node *n, const struct value *a,
                               const struct value *b, int *out)
{
    struct value p, q;
    struct str x = STR(""), y = STR("");
    switch (reading_of(a, b)) {
    case READ_NUMBER:
        if (a->kind == VALUE_STRING || b->kind == VALUE_STRING || !eval_number(e, a, &p) ||
            !eval_number(e, b, &q)) {
            wrong_type(e, n, a, b, "number");
            return ANSWER_FALSE;
        }
        *out = value_number_cmp(&p, &q);
        return ANSWER_TRUE;
    case READ_DATE:
        return compare_dates(e, n, a, b, out);
    case READ_TEXT:
        break;
    }
    if (a->kind == VALUE_BOOLEAN || b->kind == VALUE_BOOLEAN) {
        wrong_type(e, n, a, b, "text");
        return ANSWER_FALSE;
    }
    if (!eval_text(e, n, a, &x) || !eval_text(e, n, b, &y)) {
        return ANSWER_FALSE;
    }
    *out = str_cmp(x, y);
    return ANSWER_TRUE;
}

static enum value_answer answer(bool b)
{
    return b ? ANSWER_TRUE : ANSWER_FALSE;
}

enum value_answer eval_equal(struct eval *e, const struct node *n, const struct value *a,
                             const struct value *b)
{
    struct value p, q;
    struct str x = STR(""), y = STR("");
    bool x_time = false, y_time = false;
    int order = 0;
    if (a->kind == VALUE_BOOLEAN || b->kind == VALUE_BOOLEAN) {
        return answer(a->kind == b->kind && a->i == b->i);
    }
    switch (reading_of(a, b)) {
    case READ_NUMBER:
        return answer(a->kind != VALUE_STRING && b->kind != VALUE_STRING && eval_number(e, a, &p) &&
                      eval_number(e, b, &q) && value_number_cmp(&p, &q) == 0);
    case READ_DATE:
        if (!date_text(e, a, &x, &x_time) || !date_text(e, b, &y, &y_time) || x_time != y_time) {
            return ANSWER_FALSE;
        }
        x_time = value_date_cmp(x, y, x_time, &order) == ANSWER_EMPTY;
        return x_time ? ANSWER_EMPTY : answer(order == 0);
    case READ_TEXT:
        break;
    }
    bool whole = a->kind == b->kind && a->level == b->level &&
                 (value_is_composite(a) || value_is_composite(b));
    if (whole) {
        return answer(str_eq(value_text(e->a, a), value_text(e->a, b)));
    }
    return answer(eval_text(e, n, a, &x) && eval_text(e, n, b, &y) && str_eq(x, y));
}

/* Lower case, each run of white space one blank, into the arena. */
static struct str normalised(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1), *to = p;
    bool blank = false;
    s = str_trim(s);
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (!is_blank || !blank) {
            *to++ = is_blank ? ' ' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
        }
        blank = is_blank;
    }
    return str_from(p, (size_t)(to - p));
}

/* Digits behind the point that say something. */
static unsigned precision(const struct value *v)
{
    unsigned scale = v->scale;
    for (int64_t i = v->i; scale && i % 10 == 0; i /= 10) {
        scale--;
    }
    return scale;
}

/* `v` with `places` digits behind the point, rounded half away from zero. */
static struct value rounded(const struct value *v, unsigned places)
{
    struct value r = *v;
    for (; r.scale > places + 1; r.scale--) {
        r.i /= 10;
    }
    if (r.scale > places) {
        r.i = (r.i + (r.i < 0 ? -5 : 5)) / 10;
        r.scale--;
    }
    return r;
}

/* N1 6.1.2: equal after rounding to the precision of the less precise one. */
static bool numbers_same(const struct value *a, const struct value *b)
{
    unsigned x = precision(a), y = precision(b), places = x < y ? x : y;
    struct value p = rounded(a, places), q = rounded(b, places);
    return value_number_cmp(&p, &q) == 0;
}

bool eval_same(struct eval *e, const struct value *a, const struct value *b)
{
    struct node nowhere = {.op = NODE_SAME};
    if (is_number(a) && is_number(b)) {
        return numbers_same(a, b);
    }
    if (reading_of(a, b) == READ_TEXT && a->kind != VALUE_BOOLEAN && b->kind != VALUE_BOOLEAN) {
        return str_eq(normalised(e->a, value_text(e->a, a)), normalised(e->a, value_text(e->a, b)));
    }
    return eval_equal(e, &nowhere, a, b) == ANSWER_TRUE;
}
