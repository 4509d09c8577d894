/* Comparisons that can come out in one way only: a text with a number, a date with a text. */
#include "engine/rules/check_priv.h"

enum side { SIDE_UNKNOWN, SIDE_TEXT, SIDE_NUMBER, SIDE_DATE, SIDE_TRUTH };

static const char *const names[] = {"", "a text", "a number", "a date", "true or false"};

static enum side hl7_side(const struct shape *s)
{
    switch (s->of) {
    case TYPE_TEXT:
    case TYPE_FORMATTED:
    case TYPE_SIMPLE:
        return SIDE_TEXT;
    case TYPE_DATE:
        return SIDE_DATE;
    default: /* NM = '1' is allowed; the rest is not known */
        return SIDE_UNKNOWN;
    }
}

static enum side side_of(const struct shape *s)
{
    switch (s->kind) {
    case SHAPE_HL7:
        return hl7_side(s);
    case SHAPE_STRING:
        return s->is_cell ? SIDE_UNKNOWN : SIDE_TEXT;
    case SHAPE_NUMBER:
        return SIDE_NUMBER;
    case SHAPE_DATE:
        return SIDE_DATE;
    case SHAPE_BOOLEAN:
        return SIDE_TRUTH;
    default:
        return SIDE_UNKNOWN;
    }
}

/* What to write, `value` being what the other side is compared with. */
static const char *advice(enum side value, enum side other)
{
    if (value == SIDE_TRUTH || other == SIDE_TRUTH) {
        return value == SIDE_TRUTH ? "write = true, or the decision alone"
                                   : "write the code that the sender uses, as = 'Y'";
    }
    if (value == SIDE_DATE) {
        return "a date is written @2026-11-24; .raw() gives the text as sent";
    }
    if (value == SIDE_NUMBER) {
        return "a number stands without quotes";
    }
    return other == SIDE_NUMBER ? "a text stands in single quotes; .toInteger() or .toDecimal() "
                                  "makes a number of it"
                                : ".toDate() or .toDateTime() makes a date of it";
}

void check_comparable(struct check *c, const struct node *n, const struct shape s[2])
{
    bool compares = n->op >= NODE_EQ && n->op <= NODE_GE;
    enum side left = side_of(&s[0]), right = side_of(&s[1]);
    if (c->failed || !c->f->is_route || !compares || !left || !right || left == right) {
        return;
    }
    bool turned = n->arg[0]->op == NODE_LITERAL; /* say it of the literal */
    const struct node *at = n->arg[turned ? 0 : 1];
    enum side value = turned ? right : left, other = turned ? left : right;
    c->failed = true;
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "never-equal", at->pos,
                       "this is %s and is compared with %s: that is never so", names[other],
                       names[value]),
              "%s", advice(value, other));
}
