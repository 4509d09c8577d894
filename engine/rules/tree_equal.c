/* Equality of FHIR and JSON data, member by member. */
#include "engine/base/json.h"
#include "engine/rules/tree.h"

struct comparison {
    struct eval *e;
    const struct node *n;
    bool similar;
};

static bool same(struct comparison *c, const struct json *a, const struct json *b);

static bool same_scalars(struct comparison *c, const struct json *a, const struct json *b)
{
    if (a->kind == JSON_NUMBER) {
        struct value x, y;
        bool numbers = value_number(a->text, &x) && value_number(b->text, &y);
        return numbers ? value_number_cmp(&x, &y) == 0 : str_eq(a->text, b->text);
    }
    if (a->kind == JSON_STRING && c->similar) {
        struct value x = value_string(a->text), y = value_string(b->text);
        return eval_same(c->e, &x, &y);
    }
    return a->kind != JSON_STRING || str_eq(a->text, b->text);
}

static bool same_objects(struct comparison *c, const struct json *a, const struct json *b)
{
    if (a->count != b->count) {
        return false;
    }
    const struct json *other = b->first; /* mostly in the same order */
    json_each(one, a)
    {
        bool is_next = other && str_eq(other->key, one->key);
        if (!is_next && !eval_look(c->e, c->n, b->count)) {
            return false;
        }
        other = is_next ? other : json_get_str(b, one->key);
        if (!other || !same(c, one, other)) {
            return false;
        }
        other = other->next;
    }
    return true;
}

/* In any order: each item has a partner of its own. */
static bool similar_arrays(struct comparison *c, const struct json *a, const struct json *b)
{
    bool *used = ARENA_ARRAY(c->e->a, bool, b->count + 1);
    json_each(one, a)
    {
        uint32_t k = 0;
        const struct json *other = b->first;
        while (other && (used[k] || !same(c, one, other))) {
            other = other->next;
            k++;
        }
        if (!other || !eval_look(c->e, c->n, k)) {
            return false;
        }
        used[k] = true;
    }
    return true;
}

static bool same_arrays(struct comparison *c, const struct json *a, const struct json *b)
{
    const struct json *other = b->first;
    if (a->count != b->count || c->similar) {
        return a->count == b->count && similar_arrays(c, a, b);
    }
    json_each(one, a)
    {
        if (!other || !same(c, one, other)) {
            return false;
        }
        other = other->next;
    }
    return true;
}

static bool same(struct comparison *c, const struct json *a, const struct json *b)
{
    if (!eval_step(c->e, c->n) || a->kind != b->kind) {
        return false;
    }
    return a->kind == JSON_OBJECT  ? same_objects(c, a, b)
           : a->kind == JSON_ARRAY ? same_arrays(c, a, b)
                                   : same_scalars(c, a, b);
}

bool tree_equal(struct eval *e, const struct node *n, const struct json *a, const struct json *b,
                bool similar)
{
    struct comparison c = {e, n, similar};
    return a == b || (a && b && same(&c, a, b));
}
