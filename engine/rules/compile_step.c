/* Steps of `do`, `then` and `else`: one table row each. */
#include "engine/rules/ruleset_priv.h"

#include <limits.h>

struct verb {
    const char *name;
    bool (*compile)(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                    struct step *s);
    const char *const *keys; /* allowed beside it; if: always is */
};

static const char *const set_keys[] = {"set", "if", NULL};
static const char *const let_keys[] = {"let", "if", NULL};
static const char *const delete_keys[] = {"delete", "except", "if", NULL};
static const char *const send_keys[] = {"send", "id", "key", "class", "if", NULL};
static const char *const send_later[] = {"as", "with", "part", "options", "await", NULL};
static const char *const drop_keys[] = {"drop", "if", NULL};
static const char *const reply_keys[] = {"reply", "if", NULL};
static const char *const require_keys[] = {"require", "else", "if", NULL};
static const char *const choose_keys[] = {"choose", "if", NULL};
static const char *const then_keys[] = {"if", "then", "else", NULL};
static const char *const later_verbs[] = {"for", "keep", "add", "copy", "use", NULL};

static bool verb_set(struct compiler *c, const struct yaml_node *step,
                     const struct yaml_node *value, struct step *s)
{
    (void)step; /* nothing beside it */
    s->kind = STEP_SET;
    return compile_set(c, value, s);
}

/* Names of one let see those of the lets before, not each other. */
static bool verb_let(struct compiler *c, const struct yaml_node *step,
                     const struct yaml_node *value, struct step *s)
{
    (void)step; /* nothing beside it */
    struct shape shapes[CHECK_LETS_MAX];
    bool good = true;
    s->kind = STEP_LET;
    s->slot = c->names.nlets;
    if (value->kind != YAML_MAPPING || value->count + c->names.nlets > CHECK_LETS_MAX) {
        diag_add(c->d, DIAG_ERROR, "wrong-kind", value->pos,
                 "let: should be a mapping of names; a route has at most %d", CHECK_LETS_MAX);
        return false;
    }
    s->set.v = ARENA_ARRAY(c->a, struct assign, value->count);
    yaml_each(child, value)
    {
        struct assign *one = &s->set.v[s->set.n];
        one->pos = child->key->pos;
        shapes[s->set.n++] = (struct shape){.kind = SHAPE_STRING};
        if (compile_is_formula(child)) {
            one->formula = compile_formula(c, child, CHECK_ANY, &shapes[s->set.n - 1]);
            good = good && one->formula;
        } else {
            good = compile_text(c, child, "the value", &one->literal) && good;
        }
    }
    unsigned n = 0;
    yaml_each(child, value)
    {
        c->names.let[c->names.nlets] = child->key->text;
        c->names.let_shape[c->names.nlets++] = shapes[n++];
    }
    c->route->nlets = c->names.nlets > c->route->nlets ? c->names.nlets : c->route->nlets;
    return good;
}

/* PATH, or Z* for every segment of one's own. */
static bool delete_place(struct compiler *c, const struct yaml_node *n, struct path *out)
{
    size_t at = 0;
    const char *why = "";
    struct str text;
    if (!compile_text(c, n, "delete:", &text)) {
        return false;
    }
    if (str_is(text, "Z*")) {
        *out = (struct path){.seg = "Z"};
        return true;
    }
    if (path_compile(text, false, out, &at, &why) != 0) {
        struct diag_pos pos = n->pos;
        pos.col += (unsigned)at + (n->style == YAML_PLAIN ? 0u : 1u);
        diag_add(c->d, DIAG_ERROR, "bad-path", pos, "%s", why);
        return false;
    }
    bool header = memcmp(out->seg, "MSH", 3) == 0 && out->field <= 2;
    if (header) {
        diag_add(c->d, DIAG_ERROR, "bad-target", n->pos, "MSH, MSH-1 and MSH-2 cannot be deleted");
    }
    struct type_info t = type_of_path(out, TYPE_VERSION_DEFAULT);
    bool below = out->comp && out->rep == PATH_ALL && t.field_repeats;
    if (below) {
        diag_add(c->d, DIAG_ERROR, "which-repetition", n->pos,
                 "%.*s: the field repeats, say which repetition", STR_ARG(text));
    }
    return check_path(c->d, c->a, n->pos, out) && !header && !below;
}

static bool delete_except(struct compiler *c, const struct yaml_node *list, struct step *s)
{
    const struct yaml_node *item = NULL;
    if (!list) {
        return true;
    }
    s->delete.except = ARENA_ARRAY(c->a, struct str, list->count + 1);
    while ((item = yaml_next_item(list, item))) {
        if (!compile_text(c, item, "except:", &s->delete.except[s->delete.nexcept++])) {
            return false;
        }
    }
    return true;
}

static bool verb_delete(struct compiler *c, const struct yaml_node *step,
                        const struct yaml_node *value, struct step *s)
{
    const struct yaml_node *item = NULL, *cond = yaml_get(step, "if");
    bool good = true;
    s->kind = STEP_DELETE;
    s->delete.v = ARENA_ARRAY(c->a, struct path, value->count + 1);
    while ((item = yaml_next_item(value, item))) {
        struct path *p = &s->delete.v[s->delete.n++];
        bool one = delete_place(c, item, p);
        bool repeats = one && cond && p->field && p->rep == PATH_ALL &&
                       type_of_path(p, TYPE_VERSION_DEFAULT).field_repeats;
        if (repeats) {
            diag_hint(
                c->d,
                diag_add(c->d, DIAG_ERROR, "not-available", cond->pos,
                         "if: for each repetition of a field is not available in this version"),
                "keep the ones wanted: set: { PID-3: =PID-3.where(...) }");
        }
        good = one && !repeats && good;
    }
    return delete_except(c, yaml_get(step, "except"), s) && good;
}

static bool verb_send(struct compiler *c, const struct yaml_node *step,
                      const struct yaml_node *value, struct step *s)
{
    return compile_send(c, step, value, s);
}

static bool verb_drop(struct compiler *c, const struct yaml_node *step,
                      const struct yaml_node *value, struct step *s)
{
    (void)step; /* nothing beside it */
    s->kind = STEP_DROP;
    if (c->may_have_sent) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "drop-after-send", s->pos,
                           "this drop may come after a send, which it would not undo"),
                  "put the drop before the send");
        return false;
    }
    return compile_text(c, value, "drop: wants a reason, which", &s->drop.reason);
}

static bool verb_reply(struct compiler *c, const struct yaml_node *step,
                       const struct yaml_node *value, struct step *s)
{
    (void)step; /* nothing beside it */
    return compile_reply(c, value, s);
}

static bool verb_require(struct compiler *c, const struct yaml_node *step,
                         const struct yaml_node *value, struct step *s)
{
    const struct yaml_node *otherwise = yaml_get(step, "else");
    unsigned errors = c->d->errors;
    s->kind = STEP_REQUIRE;
    s->require.that = compile_formula(c, value, CHECK_DECISION, NULL);
    s->require.otherwise = otherwise ? compile_steps(c, otherwise) : NULL;
    return s->require.that && c->d->errors == errors;
}

static bool add_branch(struct compiler *c, struct branch ***tail, const struct yaml_node *cond,
                       const struct yaml_node *steps)
{
    struct branch *b = ARENA_NEW(c->a, struct branch);
    unsigned errors = c->d->errors;
    b->cond = cond ? compile_formula(c, cond, CHECK_DECISION, NULL) : NULL;
    b->steps = compile_steps(c, steps);
    **tail = b;
    *tail = &b->next;
    return c->d->errors == errors;
}

static bool verb_choose(struct compiler *c, const struct yaml_node *step,
                        const struct yaml_node *value, struct step *s)
{
    static const char *const keys[] = {"if", "do", "else", NULL};
    (void)step; /* nothing beside it */
    const struct yaml_node *item = NULL;
    struct branch **tail = &s->choose.first;
    bool good = true, closed = false, sent = c->may_have_sent, any = sent;
    s->kind = STEP_CHOOSE;
    while ((item = yaml_next_item(value, item))) {
        const struct yaml_node *cond = yaml_get(item, "if"),
                               *steps = yaml_get(item, cond ? "do" : "else");
        if (!compile_keys(c, item, "choose", keys, NULL) || !steps || closed) {
            diag_hint(
                c->d,
                diag_add(c->d, DIAG_ERROR, "bad-choose", item->pos, "this is no branch of choose"),
                "each is { if: ..., do: ... }, the last one may be { else: ... }");
            return false;
        }
        c->may_have_sent = sent;
        good = add_branch(c, &tail, cond, steps) && good;
        any = any || c->may_have_sent;
        closed = !cond;
    }
    c->may_have_sent = any;
    return good;
}

/* if/then/else is a choose of two. */
static bool verb_then(struct compiler *c, const struct yaml_node *step,
                      const struct yaml_node *value, struct step *s)
{
    const struct yaml_node *cond = yaml_get(step, "if"), *otherwise = yaml_get(step, "else");
    struct branch **tail = &s->choose.first;
    bool sent = c->may_have_sent;
    s->kind = STEP_CHOOSE;
    s->cond = NULL;
    if (!cond) {
        diag_add(c->d, DIAG_ERROR, "missing-key", step->pos, "then: wants an if: beside it");
        return false;
    }
    bool good = add_branch(c, &tail, cond, value), any = c->may_have_sent;
    c->may_have_sent = sent;
    good = !otherwise || (add_branch(c, &tail, NULL, otherwise) && good);
    c->may_have_sent = any || c->may_have_sent;
    return good;
}

static const struct verb verbs[] = {
    {"set", verb_set, set_keys},
    {"delete", verb_delete, delete_keys},
    {"send", verb_send, send_keys},
    {"drop", verb_drop, drop_keys},
    {"require", verb_require, require_keys},
    {"reply", verb_reply, reply_keys},
    {"choose", verb_choose, choose_keys},
    {"let", verb_let, let_keys},
    {"then", verb_then, then_keys},
};
enum { NVERBS = sizeof(verbs) / sizeof(verbs[0]) };

static void no_verb(struct compiler *c, const struct yaml_node *n)
{
    struct str names[NVERBS];
    struct diag *one = NULL;
    for (unsigned i = 0; i < NVERBS; i++) {
        names[i] = str_of(verbs[i].name);
    }
    for (unsigned i = 0; later_verbs[i]; i++) {
        const struct yaml_node *hit = yaml_get(n, later_verbs[i]);
        if (hit) {
            diag_add(c->d, DIAG_ERROR, "not-available", hit->key->pos,
                     "%s: is not available in this version", later_verbs[i]);
            return;
        }
    }
    yaml_each(child, n)
    {
        struct str near = check_nearest(child->key->text, names, NVERBS);
        if (near.n && !one) {
            one = diag_add(c->d, DIAG_ERROR, "unknown-key", child->key->pos, "%.*s: is no step",
                           STR_ARG(child->key->text));
            diag_hint(c->d, one, "did you mean %.*s:?", STR_ARG(near));
        }
    }
    if (!one) {
        diag_hint(c->d, diag_add(c->d, DIAG_ERROR, "unknown-key", n->pos, "this is no step"),
                  "steps are set, delete, send, drop, require, reply, choose, if/then/else, let");
    }
}

static const struct verb *verb_of(const struct yaml_node *n, const struct yaml_node **out_value)
{
    for (unsigned i = 0; i < NVERBS; i++) {
        const struct yaml_node *value = yaml_get(n, verbs[i].name);
        if (value) {
            *out_value = value;
            return &verbs[i];
        }
    }
    return NULL;
}

/* `if` of a delete of whole segments is asked of each one. */
static struct shape each_shape(const struct verb *v, const struct yaml_node *value,
                               struct path *asked)
{
    struct shape each = {.kind = SHAPE_ANY};
    bool segments = v->compile == verb_delete && value->kind == YAML_SCALAR;
    if (segments && str_is(value->text, "Z*")) {
        each.kind = SHAPE_SEGMENT;
    } else if (segments && path_lex(value->text, asked) == value->text.n && !asked->field &&
               asked->seg_n == PATH_ALL) {
        each.kind = SHAPE_SEGMENT;
        each.type = asked->seg;
    }
    return each;
}

static bool compile_step(struct compiler *c, const struct yaml_node *n, struct step *s)
{
    const struct yaml_node *value = NULL, *cond = yaml_get(n, "if");
    const struct verb *v = n->kind == YAML_MAPPING ? verb_of(n, &value) : NULL;
    s->pos = n->pos;
    if (n->kind != YAML_MAPPING) {
        if (n->kind != YAML_ABSENT) {
            diag_hint(c->d,
                      diag_add(c->d, DIAG_ERROR, "wrong-kind", n->pos,
                               "a step should stand here, this is %s", yaml_kind_text(n)),
                      "write a step as { send: NAME }");
        }
        return false;
    }
    if (!v) {
        no_verb(c, n);
        return false;
    }
    bool good =
        compile_keys(c, n, "this step", v->keys, v->compile == verb_send ? send_later : NULL);
    s->pos = value->key->pos;
    unsigned errors = c->d->errors;
    if (cond && v->compile != verb_then) {
        struct path asked;
        struct shape each = each_shape(v, value, &asked);
        c->names.each = each.kind == SHAPE_SEGMENT ? &each : NULL;
        s->cond = compile_formula(c, cond, CHECK_DECISION, NULL);
        c->names.each = NULL;
    }
    return v->compile(c, n, value, s) && good && c->d->errors == errors;
}

struct step *compile_steps(struct compiler *c, const struct yaml_node *list)
{
    const struct yaml_node *item = NULL;
    struct step *first = NULL, **tail = &first;
    unsigned lets = c->names.nlets;
    if (++c->depth > STEP_DEPTH_MAX) {
        diag_add(c->d, DIAG_ERROR, "deep-steps", list->pos,
                 "steps stand more than %d levels within each other", STEP_DEPTH_MAX);
        c->depth--;
        return NULL;
    }
    while ((item = yaml_next_item(list, item))) {
        struct step *s = ARENA_NEW(c->a, struct step);
        if (compile_step(c, item, s)) {
            *tail = s;
            tail = &s->next;
        }
    }
    c->names.nlets = lets; /* names end with their list; slots are used again */
    c->depth--;
    return first;
}
