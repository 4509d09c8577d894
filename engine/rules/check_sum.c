/* Arithmetic and functions that can only go wrong: a text where a number or date is wanted, a date that is taken for a
 * number. What may go wrong with some messages only is form.h. */
#include "engine/rules/check_priv.h"
#include "engine/rules/form.h"

static bool is_text(const struct shape *s)
{
    return s->kind == SHAPE_STRING && !s->is_cell;
}

static bool is_number(const struct shape *s)
{
    return s->kind == SHAPE_NUMBER || (s->kind == SHAPE_HL7 && s->of == TYPE_NUMBER);
}

static bool is_date(const struct shape *s)
{
    return s->kind == SHAPE_DATE || (s->kind == SHAPE_HL7 && s->of == TYPE_DATE);
}

/* A number and a text have no sum; `is_sum`: it may have been meant to join them. */
static void refuse_text(struct check *c, const struct node *text, bool is_sum)
{
    diag_hint(c->d, check_fail(c, text, "no-number", "this is a text, a number is wanted here"),
              is_sum
                  ? "& joins a number and a text; .toInteger() or .toDecimal() makes a number of it"
                  : "add .toInteger() or .toDecimal()");
}

static void refuse_date(struct check *c, const struct node *n, bool two)
{
    const char *hint = "say what is added, as + 1 day, - 2 hours";
    if (two) {
        hint = "DATE.duration(DATE, 'days') counts the days from the first to the second";
    } else if (n->op != NODE_ADD && n->op != NODE_SUB) {
        hint = "yearOf(), hourOf() and the like give numbers of it";
    }
    diag_hint(c->d, check_fail(c, n, "date-sum", "a date is no number, and one is wanted here"),
              "%s", hint);
}

void check_sum(struct check *c, const struct node *n, const struct shape s[2])
{
    bool sum = n->op == NODE_ADD, counts = n->op >= NODE_MUL && n->op <= NODE_MOD,
         literal = n->arg[0]->op == NODE_LITERAL && n->arg[1]->op == NODE_LITERAL;
    if (c->failed || !c->f->is_route || literal || (!sum && !counts && n->op != NODE_SUB)) {
        return;
    }
    for (int i = 0; i < 2 && !c->failed; i++) {
        const struct shape *one = &s[i], *other = &s[1 - i];
        bool both = is_date(one) && is_date(other);
        if (is_text(one) && (!sum || is_number(other))) {
            refuse_text(c, n->arg[i], sum);
        } else if (is_date(one) && (counts || is_number(other) || (both && !sum))) {
            refuse_date(c, n, both);
        }
    }
}

void check_reader(struct check *c, const struct node *n, const struct shape *in)
{
    const struct form_reader *r = n->has_input ? form_reader(n) : NULL;
    if (c->failed || !c->f->is_route || !r || r->is_said || !is_text(in)) {
        return;
    }
    if (r->need & FORM_NUMBER) {
        refuse_text(c, n->arg[0], false);
    } else {
        diag_hint(c->d,
                  check_fail(c, n->arg[0], "no-date", "this is a text, a date is wanted here"),
                  "add .toDate() or .toDateTime()");
    }
}
