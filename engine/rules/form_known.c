/* Do conditions say that a value can be read as something? Those that hold where it stands, and those of the where(...)
 * that it comes through. */
#include "engine/rules/check_priv.h"
#include "engine/rules/form.h"
#include "engine/rules/profile.h"

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

const struct node *form_untrimmed(const struct node *n)
{
    while (n->op == NODE_CALL && n->has_input &&
           (n->func->run == func_trim || n->func->run == func_to_string ||
            n->func->run == func_text || n->func->run == func_raw)) {
        n = n->arg[0];
    }
    return n;
}

const struct node *form_named(const struct form_look *l, const struct node *n)
{
    const struct profile_name *name =
        n->op == NODE_PROFILE && l->profile ? profile_name_at(l->profile, n->level) : NULL;
    return n->op == NODE_LET ? l->let[n->level] : name ? name->formula : NULL;
}

/* What the values of `n` are taken of as they are, through names, too; NULL: nothing. */
static const struct node *behind(const struct form_look *l, const struct node *n)
{
    const struct node *named = form_named(l, n);
    return named ? named : check_value_of(n);
}

/* Do the values of `n` come through the call `where`? */
static bool comes_through(const struct form_look *l, const struct node *n, const struct node *where)
{
    while (n && n != where && l->spent->steps++ <= FORM_STEPS_MAX) {
        n = behind(l, n);
    }
    return n == where;
}

/* The same as `asked`, which stands in the condition of `where` (NULL: in none) and has its values as $this. */
static bool is_it(const struct form_look *l, const struct node *asked, const struct node *x,
                  const struct node *where)
{
    if (!where) {
        return check_is_same(asked, x);
    }
    if (asked->op == NODE_THIS) {
        return comes_through(l, x, where);
    }
    bool member = asked->op == NODE_TREE_MEMBER && x->op == NODE_TREE_MEMBER &&
                  str_eq(asked->text, x->text) && x->nargs == 1;
    if (member && asked->nargs == 0) {
        return comes_through(l, x->arg[0], where);
    }
    bool level = asked->op == NODE_LEVEL && x->op == NODE_LEVEL && asked->level == x->level;
    return (member || level) && is_it(l, asked->arg[0], x->arg[0], where);
}

/* ---- what a condition says of it ---- */

struct claim {
    struct form_look *l;
    const struct node *x;
    uint8_t need;
    const struct node *where;
    bool is_outside; /* the condition stands in another map: its names are not those here */
};

static bool is_asked(const struct claim *c, const struct node *cond, const struct node *x)
{
    if (check_is_fused(cond)) {
        return !c->where && x->op == NODE_PATH && check_is_same_path(cond, x);
    }
    return cond->nargs && is_it(c->l, form_untrimmed(cond->arg[0]), x, c->where);
}

/* Something that a part of it was made of: who asks for its form knows where the part stands. */
static bool is_asked_of_whole(const struct claim *c, const struct node *cond)
{
    const struct node *n = c->x;
    while (n->op == NODE_CALL && n->has_input && n->func->gives == SHAPE_STRING) {
        n = form_untrimmed(n->arg[0]);
        if (is_asked(c, cond, n)) {
            return true;
        }
    }
    return false;
}

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

/* OBX-2 says what OBX-5 is, and so one of several, or a component of it. */
static bool types_fit(const struct claim *c, const struct node *cond)
{
    const struct node *n = c->x;
    unsigned part = n->op == NODE_LEVEL ? n->level : 0;
    n = part ? n->arg[0] : n;
    while (check_value_of(n)) {
        n = check_value_of(n);
    }
    bool about = n->op == NODE_PATH && strcmp(cond->path.seg, "OBX") == 0 &&
                 cond->path.field == 2 && strcmp(n->path.seg, "OBX") == 0 && n->path.field == 5;
    part = about && n->path.comp ? n->path.comp : part;
    for (uint32_t i = 0; i < cond->nargs && about; i++) {
        const char *type = str_dup(c->l->a, cond->arg[i]->value.text).p;
        type = part ? type_of_part(type, part, TYPE_VERSION_DEFAULT).type : type;
        about = type && (form_of_type(type) & c->need);
    }
    return about;
}

/* matches() counts unless it takes what can be seen to be something else. */
static bool expression_says(const struct claim *c, const struct node *cond)
{
    const char *stranger = cond->regex ? form_stranger(c->l->a, cond, c->need) : "";
    c->l->stranger = stranger && *stranger ? stranger : c->l->stranger;
    return !stranger;
}

static bool call_says(const struct claim *c, const struct node *cond)
{
    bool (*run)(struct eval *, const struct call *, struct values *) = cond->func->run;
    const struct form_reader *asked = form_asked(cond);
    bool expression = run == func_matches || run == func_matches_full;
    if (!cond->has_input || !is_asked(c, cond, c->x)) {
        return cond->has_input && expression && is_asked_of_whole(c, cond);
    }
    if (asked && !str_eq(form_pattern(cond), c->l->pattern)) {
        return false;
    }
    if (asked) {
        bool number = asked->need == FORM_WHOLE && (c->need & (FORM_NUMBER | FORM_QUANTITY));
        return (asked->need & c->need) || number ||
               (asked->need == FORM_NUMBER && (c->need & FORM_QUANTITY));
    }
    if (expression) {
        return expression_says(c, cond);
    }
    return run == func_empty || run == func_is_valid ||
           (run == func_one_of && texts_fit(c, cond, 1));
}

/* Nothing is there: nothing is converted. */
static bool says_absent(const struct claim *c, const struct node *cond)
{
    bool exists = cond->op == NODE_PATH_EXISTS ||
                  (cond->op == NODE_CALL && cond->func->run == func_exists && cond->nargs == 1);
    return exists && is_asked(c, cond, c->x);
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
        return types_fit(c, cond) || (is_asked(c, cond, c->x) && texts_fit(c, cond, 0));
    }
    if (cond->op == NODE_EQ) {
        return is_asked(c, cond, c->x) && texts_fit(c, cond, 1);
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

bool form_is_known(struct form_look *l, const struct node *x, uint8_t need)
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
    for (const struct node *n = x; n && l->spent->steps++ <= FORM_STEPS_MAX;) {
        const struct node *named = form_named(l, n);
        c.where = n;
        if (is_where(n) && says(&c, n->arg[1], true)) {
            return true;
        }
        n = named ? named : n->nargs && n->op != NODE_UNION ? n->arg[0] : NULL;
    }
    return false;
}
