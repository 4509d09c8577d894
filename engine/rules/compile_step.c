/* Steps of `do`, `then` and `else`: one table row each. */
#include "engine/rules/compile_change.h"
#include "engine/rules/compile_priv.h"

#include <limits.h>

struct verb {
    const char *name;
    bool (*compile)(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                    struct step *s);
    const char *const *keys;     /* allowed beside it; if: always is */
    bool owns_if;                /* it reads if: itself */
    const char *shape, *summary; /* for the manual */
};

static const char *const set_keys[] = {"set", "if", NULL};
static const char *const let_keys[] = {"let", "if", NULL};
static const char *const delete_keys[] = {"delete", "except", "if", NULL};
static const char *const keep_keys[] = {"keep", "if", NULL};
static const char *const add_keys[] = {"add", "after", "before", "set", "if", NULL};
static const char *const copy_keys[] = {"copy", "to", "after", "if", NULL};
static const char *const send_keys[] = {"send",  "as",      "with",  "id", "key", "part",
                                        "class", "options", "await", "if", NULL};
static const char *const drop_keys[] = {"drop", "if", NULL};
static const char *const reply_keys[] = {"reply", "if", NULL};
static const char *const require_keys[] = {"require", "else", "if", NULL};
static const char *const choose_keys[] = {"choose", "if", NULL};
static const char *const then_keys[] = {"if", "then", "else", NULL};
static const char *const for_keys[] = {"for", "do", "if", NULL};
static const char *const use_keys[] = {"use", "with", "if", NULL};

static bool verb_set(struct compiler *c, const struct yaml_node *step,
                     const struct yaml_node *value, struct step *s)
{
    (void)step; /* nothing beside it */
    s->kind = STEP_SET;
    return compile_set(c, value, &s->set);
}

/* Names of one let see those of the lets before, not each other. */
static bool verb_let(struct compiler *c, const struct yaml_node *step,
                     const struct yaml_node *value, struct step *s)
{
    (void)step; /* nothing beside it */
    s->kind = STEP_LET;
    return compile_lets(c, value, &s->set);
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
    c->drop_pos = c->loops ? s->pos : c->drop_pos;
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
    b->pos = cond ? cond->pos : steps->pos;
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
        if (!compile_keys(c, item, "choose", keys, NULL)) {
            return false;
        }
        if (!steps || closed) {
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

/* A drop in a loop comes after the sends of the rounds before. */
static bool verb_for(struct compiler *c, const struct yaml_node *step,
                     const struct yaml_node *value, struct step *s)
{
    const struct yaml_node *steps = yaml_get(step, "do");
    struct loop_scope save;
    bool sent = c->may_have_sent, seen[sizeof(c->seen_sends)];
    struct diag_pos drop = c->drop_pos;
    unsigned errors = c->d->errors;
    s->kind = STEP_FOR;
    if (!steps) {
        if (!compile_has_stray(step, for_keys)) {
            diag_add(c->d, DIAG_ERROR, "missing-key", step->pos, "for: wants do:, its steps");
        }
        return false;
    }
    bool good = compile_loop(c, value, &s->each.loop);
    c->drop_pos = (struct diag_pos){0};
    memcpy(seen, c->seen_sends, sizeof(seen));
    memset(c->seen_sends, 0, sizeof(c->seen_sends));
    compile_enter(c, &s->each.loop, &save);
    s->each.steps = good ? compile_steps(c, steps) : NULL;
    compile_leave(c, &save);
    memcpy(c->seen_sends, seen, sizeof(seen));
    if (!sent && c->may_have_sent && c->drop_pos.line) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "drop-after-send", c->drop_pos,
                           "this drop may come after a send of an earlier round of the loop, which "
                           "it would not undo"),
                  "decide before the loop, or leave out the send with if:");
    }
    c->drop_pos = drop;
    return good && c->d->errors == errors;
}

static const struct verb verbs[] = {
    {"set", verb_set, set_keys, false, "{ PATH: value, ... }",
     "writes values into the message; every right side sees it as before the step; elements of "
     "FHIR "
     "and JSON as Patient.name[0].family"},
    {"delete", compile_delete, delete_keys, true, "PATH, Z*, or a list; except: [SEG, ...]",
     "takes segments, fields, repetitions or elements away; if: is asked of each one of a place "
     "that repeats"},
    {"keep", compile_keep, keep_keys, true, "[SEG, ...], or PATH with if:",
     "takes all other segments away, or those of the place for which if: is not true"},
    {"add", compile_add, add_keys, false, "SEG; after: or before: SEG; set: { n: value }",
     "adds a segment of HL7 v2, where the structure has it or beside another one"},
    {"copy", compile_copy, copy_keys, false, "SEG with after: SEG, or PATH with to: PATH",
     "copies a segment of HL7 v2 with the group it opens, or a field byte for byte"},
    {"for", verb_for, for_keys, false, "SEG, GROUP, PATH or formula; do: steps",
     "runs its steps for each group that SEG opens (or each SEG), each repetition, each value"},
    {"use", compile_use, use_keys, false, "NAME; with: { name: value }",
     "runs a list of steps declared under steps:"},
    {"send", compile_send, send_keys, false,
     "NAME; as: MAP, with: {...}, id:, key:, part: current, class:, options: {...}, await: 10s",
     "sends the message as edited so far, or what a map makes of it"},
    {"drop", verb_drop, drop_keys, false, "reason", "ends the route; may not come after a send"},
    {"require", verb_require, require_keys, false, "formula; else: steps",
     "ends the route where the formula is not true, after else:; without else: it is a failure"},
    {"reply", verb_reply, reply_keys, false, "{ code: AE, error: 101, at: PATH, text: ... }",
     "rejects the message with an error of HL7 table 0357"},
    {"choose", verb_choose, choose_keys, false, "[{ if:, do: }, ..., { else: }]",
     "runs the first branch whose if: is true"},
    {"let", verb_let, let_keys, false, "{ name: value, ... }",
     "gives names to values, for the steps behind it in the same list"},
    {"then", verb_then, then_keys, true, "steps; if: formula, else: steps", "one or the other"},
};
enum { NVERBS = sizeof(verbs) / sizeof(verbs[0]) };

bool rules_step_at(unsigned index, struct rules_step *out)
{
    if (index >= NVERBS) {
        return false;
    }
    *out = (struct rules_step){verbs[index].name, verbs[index].shape, verbs[index].summary};
    return true;
}

static void no_verb(struct compiler *c, const struct yaml_node *n)
{
    struct str names[NVERBS];
    struct diag *one = NULL;
    for (unsigned i = 0; i < NVERBS; i++) {
        names[i] = str_of(verbs[i].name);
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
                  "steps are set, delete, keep, add, copy, for, use, send, drop, require, reply, "
                  "choose, if/then/else, let");
    }
}

/* `add` and `use` have keys that are steps by themselves: the first verb of the table that is there, but what
 * belongs to another verb does not count. */
static const struct verb *verb_of(const struct yaml_node *n, const struct yaml_node **out_value)
{
    bool adds = yaml_get(n, "add") != NULL;
    for (unsigned i = 0; i < NVERBS; i++) {
        const struct yaml_node *value = yaml_get(n, verbs[i].name);
        if (value && !(adds && str_is(str_of(verbs[i].name), "set"))) {
            *out_value = value;
            return &verbs[i];
        }
    }
    return NULL;
}

static bool no_step(struct compiler *c, const struct yaml_node *n)
{
    if (n->kind != YAML_ABSENT) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "wrong-kind", n->pos,
                           "a step should stand here, this is %s", yaml_kind_text(n)),
                  "write a step as { send: NAME }");
    }
    return false;
}

/* Is it a step that changes the message, where that is FHIR or JSON? Then it is compiled here. */
static bool is_change(struct compiler *c, const struct verb *v)
{
    return c->names.data != DATA_HL7 &&
           (v->compile == verb_set || v->compile == compile_delete || v->compile == compile_keep ||
            v->compile == compile_add || v->compile == compile_copy);
}

static bool compile_change(struct compiler *c, const struct verb *v, const struct yaml_node *step,
                           const struct yaml_node *value, struct step *s)
{
    return v->compile == verb_set ? compile_change_set(c, value, s)
           : v->owns_if           ? compile_change_remove(c, step, value, s)
                                  : compile_change_none(c, value);
}

static bool compile_step(struct compiler *c, const struct yaml_node *n, struct step *s)
{
    const struct yaml_node *value = NULL, *cond = yaml_get(n, "if");
    const struct verb *v = n->kind == YAML_MAPPING ? verb_of(n, &value) : NULL;
    s->pos = n->pos;
    if (n->kind != YAML_MAPPING) {
        return no_step(c, n);
    }
    if (!v) {
        no_verb(c, n);
        return false;
    }
    bool good = compile_keys(c, n, "this step", v->keys, NULL);
    s->pos = value->key->pos;
    unsigned errors = c->d->errors;
    if (cond && !v->owns_if) {
        s->cond = compile_formula(c, cond, CHECK_DECISION, NULL);
    }
    bool made = is_change(c, v) ? compile_change(c, v, n, value, s) : v->compile(c, n, value, s);
    return made && good && c->d->errors == errors;
}

/* A drop or a rejection without if: that others stand behind. */
static void look_behind(struct compiler *c, const struct step *s, bool is_last)
{
    bool ends = s->kind == STEP_DROP || (s->kind == STEP_REPLY && !s->reply.map);
    if (ends && !s->cond && !is_last) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_WARNING, "never-runs", s->pos,
                           "this always ends the route: nothing behind it runs"),
                  "say with if: of which messages it is meant, or put it last");
    }
}

struct step *compile_steps(struct compiler *c, const struct yaml_node *list)
{
    const struct yaml_node *item = NULL;
    struct step *first = NULL, **tail = &first;
    unsigned lets = c->names.nlets;
    bool seen[sizeof(c->seen_sends)];
    if (++c->depth > STEP_DEPTH_MAX) {
        diag_add(c->d, DIAG_ERROR, "deep-steps", list->pos,
                 "steps stand more than %d levels within each other", STEP_DEPTH_MAX);
        c->depth--;
        return NULL;
    }
    memcpy(seen, c->seen_sends, sizeof(seen));
    while ((item = yaml_next_item(list, item))) {
        struct step *s = ARENA_NEW(c->a, struct step);
        if (compile_step(c, item, s)) {
            look_behind(c, s, !yaml_next_item(list, item));
            *tail = s;
            tail = &s->next;
        }
    }
    memcpy(c->seen_sends, seen, sizeof(seen));
    compile_unused(c, lets);
    c->names.nlets = lets; /* names end with their list; slots are used again */
    c->depth--;
    return first;
}
