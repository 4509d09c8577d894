/* What closed maps made before, so that a practitioner or a time that a message names several times is made once.
 * A closed map (compile_closed.c) depends on nothing but its parameters, the feed and the tables. */
#include "engine/rules/run_priv.h"

enum { LOOKED_AT = 32 }; /* results of one map that are compared */

struct eval_memo {
    const struct eval_memo *next; /* newest first */
    const struct map *map;
    struct assigns with;        /* a copy: a loop has items of its own */
    const struct values *given; /* for each of `with` */
    const struct json *made;    /* or NULL */
};

/* An object with a chain of members of its own: $also takes the other one apart. What is below them stays as it is. */
static const struct json *chain_of_its_own(struct arena *a, const struct json *made)
{
    if (!made || made->kind != JSON_OBJECT) {
        return made;
    }
    struct json *copy = json_new(a, JSON_OBJECT);
    json_each(child, made)
    {
        struct json *same = json_new(a, child->kind);
        *same = *child;
        same->next = NULL;
        json_add_again(copy, same);
    }
    return copy;
}

static bool has_text(const struct value *v)
{
    return v->kind == VALUE_STRING || v->kind == VALUE_HL7 || v->kind == VALUE_ESCAPED ||
           value_is_moment(v);
}

static bool has_number(const struct value *v)
{
    return value_is_number(v) || v->kind == VALUE_BOOLEAN || v->kind == VALUE_QUANTITY;
}

/* Do both mean the same to every formula? Segments, groups and nodes are never compared. */
static bool is_same(const struct value *a, const struct value *b)
{
    bool alike = a->kind == b->kind && a->level == b->level && a->scale == b->scale &&
                 a->of == b->of && a->is_null == b->is_null && a->is_cell == b->is_cell &&
                 a->model == b->model && a->m == b->m && a->type == b->type;
    return alike && (has_text(a)     ? str_eq(a->text, b->text)
                     : has_number(a) ? a->digits.lo == b->digits.lo &&
                                           (a->kind == VALUE_INTEGER || a->kind == VALUE_BOOLEAN ||
                                            a->digits.hi == b->digits.hi)
                                     : false);
}

static bool are_same(const struct values *a, const struct values *b)
{
    bool same = a->n == b->n;
    for (uint32_t i = 0; i < a->n && same; i++) {
        same = is_same(&a->v[i], &b->v[i]);
    }
    return same;
}

/* Were the same parameters given, with the same values? */
static bool is_for(const struct eval_memo *memo, const struct assigns *with,
                   const struct values *slots)
{
    bool same = memo->with.n == with->n;
    for (unsigned i = 0; i < with->n && same; i++) {
        unsigned slot = with->v[i].slot;
        same = memo->with.v[i].slot == slot && are_same(&memo->given[i], &slots[slot]);
    }
    return same;
}

/* Traces and coverage want to see what is touched each time. */
static bool is_remembered(const struct eval *e, const struct map *m)
{
    return m->is_closed && !e->lineage && !e->coverage;
}

static const struct eval_memo **list_of(struct eval *e, const struct map *m)
{
    return &e->memo[m->index % EVAL_MEMOS];
}

void run_memo_forget(struct eval *e)
{
    memset(e->memo, 0, sizeof(e->memo));
}

bool run_memo_find(struct eval *e, const struct map *m, const struct assigns *with,
                   const struct values *slots, struct json **out)
{
    const struct eval_memo *memo = is_remembered(e, m) ? *list_of(e, m) : NULL;
    for (unsigned looked = 0; memo && looked < LOOKED_AT; memo = memo->next, looked++) {
        if (memo->map == m && is_for(memo, with, slots)) {
            *out = memo->made ? json_dup(e->a, memo->made) : NULL;
            return true;
        }
    }
    return false;
}

void run_memo_keep(struct eval *e, const struct map *m, const struct assigns *with,
                   const struct values *slots, const struct json *made)
{
    if (!is_remembered(e, m)) {
        return;
    }
    struct eval_memo *memo = ARENA_NEW(e->a, struct eval_memo);
    struct values *given = ARENA_ARRAY(e->a, struct values, with->n + 1);
    for (unsigned i = 0; i < with->n; i++) {
        given[i] = slots[with->v[i].slot];
    }
    *memo = (struct eval_memo){*list_of(e, m), m, *with, given, chain_of_its_own(e->a, made)};
    *list_of(e, m) = memo;
}
