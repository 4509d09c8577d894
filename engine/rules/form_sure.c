/* Can a value be read as something, whatever the message has there? By what it is known to be, by conditions that hold
 * where it stands, by those of its own where(...). */
#include "engine/rules/check_priv.h"
#include "engine/rules/form.h"

void form_push(struct form_look *l, const struct node *cond, bool is_true)
{
    while (cond && cond->op == NODE_LET && l->let[cond->level]) {
        cond = l->let[cond->level];
    }
    if (cond) {
        struct form_known *one = ARENA_NEW(l->a, struct form_known);
        *one = (struct form_known){cond, is_true, "", l->known};
        l->known = one;
    }
}

static bool is_where(const struct node *n)
{
    return n->op == NODE_CALL && n->func->run == func_where && n->has_input && n->nargs == 2;
}

void form_enter(struct form_look *l, const struct node *input, const char *seg)
{
    struct form_known *border = ARENA_NEW(l->a, struct form_known);
    *border = (struct form_known){NULL, true, seg, l->known};
    l->known = border;
    for (const struct node *n = input; n; n = check_value_of(n)) {
        form_push(l, is_where(n) ? n->arg[1] : NULL, true);
    }
}

/* ---- is it about the same value? ---- */

/* Trimmed, and as text: what is asked of the one holds for the other. */
static const struct node *untrimmed(const struct node *n)
{
    while (n->op == NODE_CALL && n->has_input &&
           (n->func->run == func_trim || n->func->run == func_to_string ||
            n->func->run == func_text)) {
        n = n->arg[0];
    }
    return n;
}

/* Do the values of `n` come through the call `where`? */
static bool comes_through(const struct node *n, const struct node *where)
{
    while (n && n != where) {
        n = check_value_of(n);
    }
    return n == where;
}

/* The same as `asked`, which stands in the condition of `where` (NULL: in none) and has its values as $this. */
static bool is_it(const struct node *asked, const struct node *x, const struct node *where)
{
    if (!where) {
        return check_is_same(asked, x);
    }
    if (asked->op == NODE_THIS) {
        return comes_through(x, where);
    }
    bool member = asked->op == NODE_TREE_MEMBER && x->op == NODE_TREE_MEMBER &&
                  str_eq(asked->text, x->text) && x->nargs == 1;
    if (member && asked->nargs == 0) {
        return comes_through(x->arg[0], where);
    }
    bool level = asked->op == NODE_LEVEL && x->op == NODE_LEVEL && asked->level == x->level;
    return (member || level) && is_it(asked->arg[0], x->arg[0], where);
}

static bool is_asked(const struct node *cond, const struct node *x, const struct node *where)
{
    if (check_is_fused(cond)) {
        return !where && x->op == NODE_PATH && check_is_same_path(cond, x);
    }
    return cond->nargs && is_it(untrimmed(cond->arg[0]), x, where);
}

/* ---- what a condition says of it ---- */

struct claim {
    struct form_look *l;
    const struct node *x;
    uint8_t need;
    const struct node *where;
    bool is_outside; /* the condition stands in another map: its names are not those here */
};

/* One of these texts: all of them can be read so. */
static bool texts_fit(const struct claim *c, const struct node *cond, uint32_t from)
{
    for (uint32_t i = from; i < cond->nargs; i++) {
        const struct node *one = cond->arg[i];
        if (one->op != NODE_LITERAL || !form_literal(c->l->a, &one->value, c->need)) {
            return false;
        }
    }
    return true;
}

/* OBX-2 says what OBX-5 is. */
static bool types_fit(const struct claim *c, const struct node *cond)
{
    const struct path *p = &cond->path, *x = &c->x->path;
    bool about = c->x->op == NODE_PATH && strcmp(p->seg, "OBX") == 0 && p->field == 2 &&
                 strcmp(x->seg, "OBX") == 0 && x->field == 5;
    for (uint32_t i = 0; i < cond->nargs && about; i++) {
        const char *type = str_dup(c->l->a, cond->arg[i]->value.text).p;
        type = x->comp ? type_of_part(type, x->comp, TYPE_VERSION_DEFAULT).type : type;
        about = type && (form_of_type(type) & c->need);
    }
    return about;
}

static bool call_says(const struct claim *c, const struct node *cond)
{
    bool (*run)(struct eval *, const struct call *, struct values *) = cond->func->run;
    const struct form_reader *asked = form_asked(cond);
    if (!cond->has_input || !is_asked(cond, c->x, c->where)) {
        return false;
    }
    if (asked && !str_eq(form_pattern(cond), c->l->pattern)) {
        return false;
    }
    if (asked) {
        bool number = asked->need == FORM_WHOLE && (c->need & (FORM_NUMBER | FORM_QUANTITY));
        return (asked->need & c->need) || number ||
               (asked->need == FORM_NUMBER && (c->need & FORM_QUANTITY));
    }
    if (run == func_matches || run == func_matches_full) {
        return cond->regex && !form_lets_through(c->l->a, cond, c->need);
    }
    return run == func_empty || run == func_is_valid ||
           (run == func_one_of && texts_fit(c, cond, 1));
}

/* Nothing is there: nothing is converted. */
static bool says_absent(const struct claim *c, const struct node *cond)
{
    bool exists = cond->op == NODE_PATH_EXISTS ||
                  (cond->op == NODE_CALL && cond->func->run == func_exists && cond->nargs == 1);
    return exists && is_asked(cond, c->x, c->where);
}

static bool says(const struct claim *c, const struct node *cond, bool is_true)
{
    const struct node *named = cond->op == NODE_LET ? c->l->let[cond->level] : NULL;
    if (c->l->spent->steps++ > FORM_STEPS_MAX) {
        return true;
    }
    bool all = cond->op == (is_true ? NODE_OR : NODE_AND);
    if (cond->op == NODE_LET) {
        return named && !c->is_outside && says(c, named, is_true);
    }
    if (cond->op == NODE_AND || cond->op == NODE_OR) {
        bool left = says(c, cond->arg[0], is_true), right = says(c, cond->arg[1], is_true);
        return all ? left && right : left || right;
    }
    if (cond->op == NODE_CALL && cond->func->run == func_not && cond->has_input) {
        return says(c, cond->arg[0], !is_true);
    }
    if (!is_true) {
        return says_absent(c, cond);
    }
    if (cond->op == NODE_PATH_EQ || cond->op == NODE_PATH_ONE_OF) {
        return types_fit(c, cond) || (is_asked(cond, c->x, c->where) && texts_fit(c, cond, 0));
    }
    if (cond->op == NODE_EQ) {
        return is_asked(cond, c->x, c->where) && texts_fit(c, cond, 1);
    }
    return cond->op == NODE_CALL && call_says(c, cond);
}

/* ---- conditions that hold here ---- */

/* What the innermost part of the operand is. */
static const struct node *leaf(const struct node *x)
{
    while (x->nargs && (x->op == NODE_LEVEL || x->op == NODE_TREE_MEMBER ||
                        (x->op == NODE_CALL && x->has_input))) {
        x = x->arg[0];
    }
    return x;
}

/* Beyond the border the same words mean another value. */
static bool is_other(const struct node *x, const struct form_known *border)
{
    const struct node *of = leaf(x);
    if (!border->seg) {
        return of->op == NODE_LET;
    }
    bool self = of->op == NODE_THIS || of->op == NODE_TREE_MEMBER || of->op == NODE_POSITION;
    return self || (of->op == NODE_PATH && strcmp(of->path.seg, border->seg) == 0);
}

static bool is_known(struct form_look *l, const struct node *x, uint8_t need)
{
    struct claim c = {.l = l, .x = x, .need = need};
    for (const struct form_known *k = l->known; k; k = k->outer) {
        if (!k->cond && is_other(x, k)) {
            break;
        }
        c.is_outside = c.is_outside || (!k->cond && !k->seg);
        if (k->cond && says(&c, k->cond, k->is_true)) {
            return true;
        }
    }
    c.is_outside = false;
    for (const struct node *n = x; n->nargs && n->op != NODE_UNION; n = n->arg[0]) {
        c.where = n;
        if (is_where(n) && says(&c, n->arg[1], true)) {
            return true;
        }
    }
    return false;
}

/* ---- by its parts ---- */

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
    bool is_text = (n->form & FORM_TEXT) != 0;
    return (need & FORM_WHOLE) && (n->form & FORM_NUMBER) ? is_whole_of(n) : !is_text && !n->form;
}

/* A name stands for what it was given; where that is not known, nothing is said. */
static bool name_sure(struct form_look *l, const struct node *n, uint8_t need)
{
    const struct node *of = n->op == NODE_LET ? l->let[n->level] : NULL;
    bool sure = !of || form_is_sure(l, of, need);
    for (unsigned i = 0; n->op == NODE_PROFILE && i < l->r->nprofiles && sure; i++) {
        const struct profile_name *one = profile_name_at(l->r->profiles[i], n->level);
        sure = !one || !one->formula || form_is_sure(l, one->formula, need);
    }
    return sure;
}

bool form_is_sure(struct form_look *l, const struct node *x, uint8_t need)
{
    const struct node *of = untrimmed(x);
    bool is_row = of->op == NODE_CALL && of->func->run == func_lookup;
    bool spent = l->spent->steps++ > FORM_STEPS_MAX;
    if (spent || ((x->form & need) && !is_row) || is_known(l, of, need)) {
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
        return (need & FORM_QUANTITY) && is_amount(l, of);
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
