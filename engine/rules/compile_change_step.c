/* Steps over FHIR and JSON: set, delete, keep. */
#include "engine/rules/compile_change.h"

/* The route needs a message of its own. */
static struct change *new_change(struct compiler *c, struct step *s, enum step_kind kind,
                                 unsigned rows)
{
    struct change *all = ARENA_NEW(c->a, struct change);
    all->v = ARENA_ARRAY(c->a, struct change_row, rows + 1);
    s->kind = kind;
    s->change = all;
    if (c->route) {
        c->route->is_changing = true;
    }
    return all;
}

/* ---- set ---- */

/* What may stand there in a map, may be written there. */
static struct item *row_value(struct compiler *c, const struct yaml_node *n, struct fhir_slot *slot)
{
    const struct fhir_slot *outer = c->slot;
    c->slot = c->names.data == DATA_FHIR ? slot : NULL;
    struct item *made = compile_item(c, n, ITEM_IS_MEMBER);
    c->slot = outer;
    return made;
}

static bool set_row(struct compiler *c, const struct yaml_node *child, struct change_row *row)
{
    struct fhir_slot slot;
    if (!compile_change_target(c, child->key, &row->to, &slot)) {
        return false;
    }
    struct item *value = row_value(c, child, &slot);
    if (value) {
        value->key = row->to.text;
    }
    row->value = value;
    return value != NULL;
}

static bool overlaps(struct compiler *c, const struct change *all)
{
    bool any = false;
    for (unsigned i = 1; i < all->n; i++) {
        for (unsigned k = 0; k < i; k++) {
            const struct change_target *a = &all->v[i].to, *b = &all->v[k].to;
            if (compile_change_overlap(a, b)) {
                diag_add(c->d, DIAG_ERROR, "overlap", a->pos,
                         "%.*s overlaps with %.*s in the same set", STR_ARG(a->text),
                         STR_ARG(b->text));
                any = true;
            }
        }
    }
    return any;
}

bool compile_change_set(struct compiler *c, const struct yaml_node *value, struct step *s)
{
    struct change *all = new_change(c, s, STEP_SET, value->count);
    bool good = true;
    if (value->kind != YAML_MAPPING) {
        if (value->kind != YAML_ABSENT) {
            diag_hint(c->d,
                      diag_add(c->d, DIAG_ERROR, "wrong-kind", value->pos,
                               "set: should be a mapping of places, this is %s",
                               yaml_kind_text(value)),
                      "write set: { Patient.active: true }");
        }
        return false;
    }
    yaml_each(child, value)
    {
        good = set_row(c, child, &all->v[all->n++]) && good;
    }
    return good && !overlaps(c, all);
}

/* ---- delete, keep ---- */

static struct change_part *last_part(const struct change_target *to)
{
    return &to->v[to->n - 1];
}

/* Are there several, each of which `if` may be asked of? Of JSON only [*] says so. */
static bool asks_each(const struct change_target *to)
{
    const struct change_part *p = last_part(to);
    return p->pick == CHANGE_EACH || (p->repeats && p->pick == CHANGE_WHOLE);
}

static bool is_new(struct compiler *c, const struct change_target *to)
{
    for (unsigned i = 0; i < to->n; i++) {
        if (to->v[i].pick == CHANGE_NEW) {
            diag_add(c->d, DIAG_ERROR, "bad-target", to->pos,
                     "%.*s: a new one cannot be taken away", STR_ARG(to->text));
            return true;
        }
    }
    return false;
}

/* The type that the last element is declared of. */
static unsigned type_around(const struct compiler *c, const struct change_target *to)
{
    bool outside = to->from_message || !c->names.loops;
    return to->n > 1  ? to->v[to->n - 2].type
           : to->only ? to->only
           : outside  ? c->names.resource
                      : c->names.loops->shape->model;
}

/* An element that must be there; of several the one that is left may do. */
static void warn_required(struct compiler *c, const struct change_target *to)
{
    const struct change_part *p = last_part(to);
    if (p->element && p->element->min && p->key.p[0] != '_' && p->pick == CHANGE_WHOLE) {
        diag_add(c->d, DIAG_WARNING, "required-element", to->pos, "%s demands %.*s",
                 fhir_type_name(type_around(c, to)), STR_ARG(p->key));
    }
}

static bool remove_row(struct compiler *c, const struct yaml_node *n, struct change_row *row)
{
    struct fhir_slot slot;
    return compile_change_target(c, n, &row->to, &slot) && !is_new(c, &row->to);
}

/* `if` with $this as each one of the place. */
static struct node *each_condition(struct compiler *c, const struct yaml_node *cond,
                                   struct change_target *to)
{
    struct change_part *p = last_part(to);
    struct loop l = {.pos = to->pos, .shape = check_tree_shape(p->type, false)};
    struct loop_scope save;
    p->pick = CHANGE_EACH;
    compile_enter(c, &l, &save);
    struct node *n = compile_formula(c, cond, CHECK_DECISION, NULL);
    compile_leave(c, &save);
    return n;
}

static bool ambiguous(struct compiler *c, const struct yaml_node *cond,
                      const struct change_target *to)
{
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "ambiguous-if", cond->pos,
                       "if: beside several places could be asked of each %.*s", STR_ARG(to->text)),
              "give each place a step of its own");
    return false;
}

static bool remove_condition(struct compiler *c, const struct yaml_node *cond, struct change *all,
                             struct step *s)
{
    bool single = all->n == 1;
    all->is_each = cond && single && asks_each(&all->v[0].to);
    for (unsigned i = 0; i < all->n && cond && !single; i++) {
        if (asks_each(&all->v[i].to)) {
            return ambiguous(c, cond, &all->v[i].to);
        }
    }
    s->cond = all->is_each ? each_condition(c, cond, &all->v[0].to)
              : cond       ? compile_formula(c, cond, CHECK_DECISION, NULL)
                           : NULL;
    return !cond || s->cond;
}

/* keep: those of one place for which if: is true. */
static bool is_keep(struct compiler *c, const struct yaml_node *value, const struct yaml_node *cond)
{
    if (cond && value->kind == YAML_SCALAR) {
        return true;
    }
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "bad-value", value->pos,
                       "keep: of FHIR and JSON wants one place, and if: that is asked of each one"),
              "write keep: Patient.identifier with if: system = '...'; a shape of the destination "
              "leaves out elements");
    return false;
}

static bool keeps_some(struct compiler *c, const struct change_target *to)
{
    if (asks_each(to)) {
        return true;
    }
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "no-repetition", to->pos,
                       "%.*s does not repeat: there is nothing to keep some of", STR_ARG(to->text)),
              c->names.data == DATA_JSON ? "write %.*s[*] if it is an array"
                                         : "use delete: %.*s with the opposite if:",
              STR_ARG(to->text));
    return false;
}

bool compile_change_remove(struct compiler *c, const struct yaml_node *step,
                           const struct yaml_node *value, struct step *s)
{
    const struct yaml_node *cond = yaml_get(step, "if"), *except = yaml_get(step, "except"),
                           *item = NULL;
    bool keep = str_is(value->key->text, "keep"), good = !except;
    struct change *all = new_change(c, s, keep ? STEP_KEEP : STEP_DELETE, value->count + 1);
    if (except) {
        diag_add(c->d, DIAG_ERROR, "bad-value", except->key->pos,
                 "except: is of segments of HL7 v2");
    }
    if (keep && !is_keep(c, value, cond)) {
        return false;
    }
    while ((item = yaml_next_item(value, item))) {
        good = remove_row(c, item, &all->v[all->n++]) && good;
    }
    good = good && all->n && (!keep || keeps_some(c, &all->v[0].to));
    good = good && remove_condition(c, cond, all, s);
    for (unsigned i = 0; i < all->n && good && !all->is_each; i++) {
        warn_required(c, &all->v[i].to);
    }
    return good;
}

/* ---- others ---- */

bool compile_change_none(struct compiler *c, const struct yaml_node *value)
{
    bool add = str_is(value->key->text, "add");
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "not-available", value->key->pos,
                       "%.*s: is a step over segments of HL7 v2", STR_ARG(value->key->text)),
              add ? "write set: with Patient.telecom[+]: for a new one"
                  : "write set: with TARGET: =PATH for what stands elsewhere");
    return false;
}
