/* Can a value be read as something, whatever the message has there? By what it is known to be, by conditions around it, by
 * its parts. */
#include "engine/rules/check_priv.h"
#include "engine/rules/form.h"

static bool cells_fit(const struct form_look *l, const struct table *t, unsigned column,
                      uint8_t need)
{
    for (uint32_t row = 0; !t->is_broken && row < t->nrows; row++) {
        struct value v = value_string(table_cell(t, row, column));
        if (v.text.n && !form_literal(l->a, &v, need)) {
            return false;
        }
    }
    return t->on_miss != MISS_KEEP; /* which gives what was looked up */
}

/* The table of the routes, and those that stand in for it in profiles. */
static bool rows_fit(const struct form_look *l, const struct node *n, uint8_t need)
{
    const struct table *t = n->table;
    bool fit = cells_fit(l, t, n->level == TABLE_VALUE ? t->value : n->level, need);
    for (unsigned i = 0; fit && i < l->r->nprofiles; i++) {
        const struct table *own = profile_table_of(l->r->profiles[i], t->name);
        int column = !own || n->level == TABLE_VALUE ? -1 : table_column(own, t->columns[n->level]);
        fit =
            !own || own == t || cells_fit(l, own, column < 0 ? own->value : (unsigned)column, need);
    }
    return fit;
}

/* `60 & ' minutes'` is a quantity. */
static bool is_amount(struct form_look *l, const struct node *n)
{
    const struct node *unit = n->arg[1];
    if (unit->op != NODE_LITERAL || unit->value.kind != VALUE_STRING) {
        return false;
    }
    struct value one = value_string(str_printf(l->a, "1%.*s", STR_ARG(unit->value.text)));
    return form_literal(l->a, &one, FORM_QUANTITY) && form_is_sure(l, n->arg[0], FORM_NUMBER);
}

static bool all_sure(struct form_look *l, const struct node *n, uint32_t from, uint8_t need)
{
    for (uint32_t i = from; i < n->nargs; i++) {
        if (!form_is_sure(l, n->arg[i], need)) {
            return false;
        }
    }
    return true;
}

static bool iif_sure(struct form_look *l, const struct node *n, uint8_t need)
{
    uint32_t first = n->has_input;
    const struct form_known *before = l->known;
    form_push(l, n->arg[first], true);
    bool sure = form_is_sure(l, n->arg[first + 1], need);
    l->known = before;
    form_push(l, n->arg[first], false);
    sure = sure && all_sure(l, n, first + 2, need);
    l->known = before;
    return sure;
}

static bool is_whole_of(const struct node *n)
{
    static bool (*const whole[])(struct eval *, const struct call *,
                                 struct values *) = {func_count,
                                                     func_length,
                                                     func_index_of,
                                                     func_last_index_of,
                                                     func_to_integer,
                                                     func_to_long,
                                                     func_floor,
                                                     func_ceiling,
                                                     func_truncate,
                                                     func_year_of,
                                                     func_month_of,
                                                     func_day_of,
                                                     func_hour_of,
                                                     func_minute_of,
                                                     func_second_of,
                                                     func_duration,
                                                     func_difference,
                                                     func_precision,
                                                     NULL};
    for (int i = 0; whole[i]; i++) {
        if (n->func->run == whole[i]) {
            return true;
        }
    }
    return n->func->run == func_round && n->nargs == n->has_input;
}

/* The first characters of a date are one. */
static bool is_start_of_date(struct form_look *l, const struct node *n, uint8_t need)
{
    const struct node *from = n->nargs > 1 ? n->arg[1] : NULL;
    bool start = n->func->run == func_substring && from && from->op == NODE_LITERAL &&
                 from->value.kind == VALUE_INTEGER && from->value.i == 0;
    return start && (need & FORM_DATE) && !l->pattern.n && form_is_sure(l, n->arg[0], FORM_DATE);
}

static bool call_sure(struct form_look *l, const struct node *n, uint8_t need)
{
    bool (*run)(struct eval *, const struct call *, struct values *) = n->func->run;
    const struct node *of = check_value_of(n);
    if (run == func_lookup) {
        return n->table && rows_fit(l, n, need);
    }
    if (run == func_iif) {
        return iif_sure(l, n, need);
    }
    if (run == func_coalesce || run == func_union || run == func_combine) {
        return all_sure(l, n, 0, need);
    }
    if (of || run == func_min || run == func_max || run == func_text) {
        return form_is_sure(l, of ? of : n->arg[0], need);
    }
    if (is_start_of_date(l, n, need)) {
        return true;
    }
    bool is_text = (n->form & FORM_TEXT) != 0;
    return (need & FORM_WHOLE) && (n->form & FORM_NUMBER) ? is_whole_of(n) : !is_text && !n->form;
}

/* A name stands for what it was given; where that is not known, nothing is said. */
static bool name_sure(struct form_look *l, const struct node *n, uint8_t need)
{
    const struct node *of = form_named(l, n);
    return !of || form_is_sure(l, of, need);
}

/* A day, and a time of day or digits behind it. */
static bool is_day_and_time(struct form_look *l, const struct node *n, uint8_t need)
{
    const struct node *clock = n->arg[1];
    bool digits = clock->op == NODE_LITERAL && form_literal(l->a, &clock->value, FORM_WHOLE);
    return (need & FORM_DATE) && (digits || form_is_sure(l, clock, FORM_TIME)) &&
           form_is_sure(l, n->arg[0], FORM_DATE);
}

static bool is_sure(struct form_look *l, const struct node *x, uint8_t need)
{
    const struct node *of = form_untrimmed(x);
    bool is_row = of->op == NODE_CALL && of->func->run == func_lookup;
    bool spent = l->spent->steps++ > FORM_STEPS_MAX;
    if (spent || (((x->form | of->form) & need) && !is_row) || form_is_known(l, of, need)) {
        return true;
    }
    switch ((enum node_op)of->op) {
    case NODE_LITERAL:
        return form_literal(l->a, &of->value, need);
    case NODE_EMPTY:
    case NODE_POSITION:
        return true;
    case NODE_LET:
    case NODE_PROFILE:
        return name_sure(l, of, need);
    case NODE_CALL:
        return call_sure(l, of, need);
    case NODE_CONCAT:
        return ((need & FORM_QUANTITY) && is_amount(l, of)) || is_day_and_time(l, of, need);
    case NODE_DIVIDE:
        return false;
    case NODE_DIV:
        return (need & FORM_WHOLE) != 0;
    case NODE_UNION:
    case NODE_MUL:
    case NODE_MOD:
    case NODE_ADD:
    case NODE_SUB:
    case NODE_MINUS:
    case NODE_PLUS:
        return all_sure(l, of, 0, need);
    default: /* places in the data; of what is not known nothing is said */
        return !x->form;
    }
}

/* Is a name of the feed's profile in it, at its beginning? */
static bool begins_in_profile(const struct node *x)
{
    while (x->nargs && x->op != NODE_PROFILE) {
        x = x->arg[0];
    }
    return x->op == NODE_PROFILE;
}

bool form_is_sure(struct form_look *l, const struct node *x, uint8_t need)
{
    bool sure = true;
    if (l->profile || !begins_in_profile(x)) {
        return is_sure(l, x, need);
    }
    for (unsigned i = 0; i < l->r->nprofiles && sure; i++) {
        l->profile = l->r->profiles[i];
        sure = is_sure(l, x, need);
    }
    l->profile = NULL;
    return sure;
}
