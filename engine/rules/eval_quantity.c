/* Quantities: beside each other, and what arithmetic makes of them.
 * Source: FHIRPath N1 4.1.8, 6.1, 6.2, 6.6; FHIR R4 "FHIRPath" (Quantity). */
#include "engine/rules/eval_priv.h"
#include "engine/rules/tree.h"
#include "engine/rules/unit.h"

/* A number is a quantity of the unit 1. */
static bool as_quantity(struct eval *e, const struct value *v, struct value *out)
{
    struct value number = *v;
    if (v->kind == VALUE_QUANTITY || v->kind == VALUE_NODE) {
        return tree_quantity(e, v, out);
    }
    bool text = v->kind == VALUE_STRING && !v->is_cell;
    if (text || !eval_number(e, v, &number)) {
        return false;
    }
    *out = value_of_decimal(value_decimal(&number));
    out->kind = VALUE_QUANTITY;
    out->type = "1";
    return true;
}

/* N1: a year of the calendar is not the year of UCUM, and only ~ takes one for the other. */
static bool is_open(const struct unit *a, const struct unit *b, const char *y)
{
    bool other = a->months && !b->months;
    return other && (strcmp(y, "a") == 0 || strcmp(y, "mo") == 0);
}

static void as_ucum(struct unit *u)
{
    const char *code = u->months == 12 ? "a" : u->months ? "mo" : NULL;
    if (code) {
        (void)unit_parse(str_of(code), u); /* known */
    }
}

static bool same_number(const struct value *v, const struct unit *from, const struct unit *to,
                        struct value *out)
{
    struct decimal d = value_decimal(v);
    bool good = unit_convert(&d, from, to, &d);
    *out = value_of_decimal(d);
    return good;
}

enum value_answer eval_quantities(struct eval *e, const struct value *a, const struct value *b,
                                  bool similar, struct value *p, struct value *q)
{
    struct value x, y;
    struct unit u, w;
    if (!as_quantity(e, a, &x) || !as_quantity(e, b, &y)) {
        return ANSWER_FALSE;
    }
    *p = value_of_decimal(value_decimal(&x));
    *q = value_of_decimal(value_decimal(&y));
    if (strcmp(x.type, y.type) == 0) {
        return ANSWER_TRUE;
    }
    if (!unit_parse(str_of(x.type), &u) || !unit_parse(str_of(y.type), &w) ||
        !unit_is_comparable(&u, &w)) {
        return ANSWER_EMPTY;
    }
    if (is_open(&u, &w, y.type) || is_open(&w, &u, x.type)) {
        if (!similar) {
            return ANSWER_EMPTY;
        }
        as_ucum(&u);
        as_ucum(&w);
    }
    /* into the coarser unit: ~ rounds to the digits that were written of it */
    struct decimal one = decimal_of(1), by;
    bool coarser = unit_convert(&one, &u, &w, &by) && decimal_cmp(&by, &one) >= 0;
    bool good = coarser ? same_number(&y, &w, &u, q) : same_number(&x, &u, &w, p);
    return good ? ANSWER_TRUE : ANSWER_EMPTY;
}

/* ---- arithmetic ---- */

static const char no_fit[] = "%s does not fit these quantities";

static bool put(struct eval *e, struct decimal d, const char *unit, struct values *out)
{
    struct value *to = values_add(out, e->a);
    *to = value_of_decimal(d);
    to->kind = VALUE_QUANTITY;
    to->type = unit;
    return true;
}

static bool op_decimals(enum node_op op, const struct decimal *x, const struct decimal *y,
                        struct decimal *z)
{
    return op == NODE_MUL   ? decimal_mul(x, y, z)
           : op == NODE_ADD ? decimal_add(x, y, z)
           : op == NODE_SUB ? decimal_sub(x, y, z)
                            : decimal_divide(x, y, z);
}

/* Nothing, as FHIRPath has it; in a route, where a unit is wrong, a fault. */
static bool no_sum(struct eval *e, const struct node *n)
{
    return !e->is_route || eval_fail(e, n, no_fit, node_op_text(n->op));
}

/* Of one unit, or into the finer of two that can be compared. */
static bool sum(struct eval *e, const struct node *n, const struct value *a, const struct value *b,
                struct values *out)
{
    struct decimal x = value_decimal(a), y = value_decimal(b), z;
    struct unit u, w;
    const char *unit = a->type;
    bool bare_a = strcmp(a->type, "1") == 0, bare_b = strcmp(b->type, "1") == 0;
    if (!e->is_route && bare_a != bare_b) {
        unit = bare_a ? b->type : a->type; /* 1 + 2 'cm': a number has the unit of the other */
    } else if (strcmp(a->type, b->type) != 0) {
        struct decimal one = decimal_of(1), by;
        if (!unit_parse(str_of(a->type), &u) || !unit_parse(str_of(b->type), &w) ||
            !unit_is_comparable(&u, &w) || is_open(&u, &w, b->type) || is_open(&w, &u, a->type)) {
            return no_sum(e, n);
        }
        bool finer = unit_convert(&one, &u, &w, &by) && decimal_cmp(&by, &one) <= 0;
        unit = finer ? a->type : b->type;
        if (!(finer ? unit_convert(&y, &w, &u, &y) : unit_convert(&x, &u, &w, &x))) {
            return eval_fail(e, n, "the result has too many digits");
        }
    }
    return op_decimals(n->op, &x, &y, &z) ? put(e, z, unit, out)
                                          : eval_fail(e, n, "the result has too many digits");
}

/* The power behind an atom, 1 where there is none. False: it is no power. */
static bool power_of(const char *text, int64_t *out)
{
    *out = 1;
    return !*text ||
           (str_to_i64(str_of(text), out) && *out >= -UNIT_POWER_MAX && *out <= UNIT_POWER_MAX);
}

/* cm and cm2 are powers of one atom: their product is another, cm3. */
static bool same_atom(struct arena *a, const char *x, const char *y, bool divide, const char **out)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ[]_";
    size_t n = strspn(x, letters);
    int64_t p, q;
    if (!n || strspn(y, letters) != n || strncmp(x, y, n) != 0 ||
        moment_unit_of(str_from(x, n), false) != UNIT_NONE || !power_of(x + n, &p) ||
        !power_of(y + n, &q)) {
        return false;
    }
    int64_t power = divide ? p - q : p + q;
    if (power < -UNIT_POWER_MAX || power > UNIT_POWER_MAX) {
        return false;
    }
    *out = power == 0   ? "1"
           : power == 1 ? str_dup(a, str_from(x, n)).p
                        : str_printf(a, "%.*s%d", (int)n, x, (int)power).p;
    return true;
}

/* A factor without a unit keeps the other's; two units become base units. */
static bool product(struct eval *e, const struct node *n, const struct value *a,
                    const struct value *b, struct values *out)
{
    struct decimal x = value_decimal(a), y = value_decimal(b), z;
    struct unit u, w, both;
    const char *text = a->type;
    bool divide = n->op == NODE_DIVIDE;
    if (divide && y.digits == 0) {
        return true;
    }
    if (!op_decimals(n->op, &x, &y, &z)) {
        return eval_fail(e, n, "the result has too many digits");
    }
    if (strcmp(b->type, "1") == 0) {
        return put(e, z, a->type, out);
    }
    if (strcmp(a->type, "1") == 0 && !divide) {
        return put(e, z, b->type, out);
    }
    if (divide && strcmp(a->type, b->type) == 0) {
        return put(e, z, "1", out);
    }
    if (same_atom(e->a, a->type, b->type, divide, &text)) {
        return put(e, z, text, out);
    }
    bool good = unit_parse(str_of(a->type), &u) && unit_parse(str_of(b->type), &w) &&
                unit_multiply(&u, &w, divide, &both) && unit_to_base(e->a, &z, &both, &z, &text);
    return good ? put(e, z, text, out) : eval_fail(e, n, no_fit, node_op_text(n->op));
}

bool eval_quantity_arithmetic(struct eval *e, const struct node *n, const struct value *a,
                              const struct value *b, struct values *out)
{
    struct value x, y;
    bool sums = n->op == NODE_ADD || n->op == NODE_SUB;
    bool products = n->op == NODE_MUL || n->op == NODE_DIVIDE;
    bool plain = value_is_number(a) || value_is_number(b);
    if ((!sums && !products) || (sums && plain && e->is_route) || !as_quantity(e, a, &x) ||
        !as_quantity(e, b, &y)) {
        return eval_fail(e, n, no_fit, node_op_text(n->op));
    }
    return sums ? sum(e, n, &x, &y, out) : product(e, n, &x, &y, out);
}
