#include "engine/rules/trim.h"

/* Is the member the element of level `at`? `_birthDate` is the rest of birthDate. */
static bool is_named(const struct trim_row *r, unsigned at, struct str key, bool with_rest)
{
    struct str name = r->names[at];
    if (with_rest && key.n > 1 && key.p[0] == '_') {
        key = str_slice(key, 1, key.n);
    }
    bool is_typed = r->is_choice[at] && key.n > name.n && str_starts(key, name) &&
                    key.p[name.n] >= 'A' && key.p[name.n] <= 'Z';
    return str_eq(key, name) || is_typed;
}

/* ---- leaving out ---- */

static void take_out(struct json *parent, struct json *before, struct json *one)
{
    *(before ? &before->next : &parent->first) = one->next;
    if (parent->last == one) {
        parent->last = before;
    }
    parent->count--;
}

static void drop(struct json *object, const struct trim_row *r, unsigned at);

static bool is_husk(const struct json *v)
{
    return (v->kind == JSON_OBJECT || v->kind == JSON_ARRAY) && v->count == 0;
}

static void drop_below(struct json *v, const struct trim_row *r, unsigned at)
{
    if (v->kind == JSON_OBJECT) {
        drop(v, r, at);
        return;
    }
    struct json *before = NULL;
    for (struct json *one = v->kind == JSON_ARRAY ? v->first : NULL; one; one = one->next) {
        drop_below(one, r, at);
        if (is_husk(one)) {
            take_out(v, before, one);
        } else {
            before = one;
        }
    }
}

static void drop(struct json *object, const struct trim_row *r, unsigned at)
{
    struct json *before = NULL;
    bool is_last = at + 1 == r->n;
    for (struct json *one = object->first; one; one = one->next) {
        bool is_it = is_named(r, at, one->key, is_last);
        if (is_it && !is_last) {
            drop_below(one, r, at + 1);
        }
        if (is_it && (is_last || is_husk(one))) {
            take_out(object, before, one);
        } else {
            before = one;
        }
    }
}

/* ---- checking ---- */

static bool keeps(const struct json *v, const struct trim_row *r, unsigned at);

static bool keeps_member(const struct json *object, const struct trim_row *r, unsigned at)
{
    bool is_there = false;
    json_each(one, object)
    {
        if (is_named(r, at, one->key, false)) {
            is_there = true;
            if (!keeps(one, r, at + 1)) {
                return false;
            }
        }
    }
    return is_there || r->kind != TRIM_REQUIRE || at + 1 < r->n;
}

static bool is_allowed(const struct json *v, const struct trim_row *r)
{
    for (unsigned i = 0; i < r->nvalues; i++) {
        if (str_eq(json_text(v), r->values[i])) {
            return true;
        }
    }
    return r->kind != TRIM_VALUES;
}

/* Of every element that is there, what stands below it. */
static bool keeps(const struct json *v, const struct trim_row *r, unsigned at)
{
    if (v->kind == JSON_ARRAY) {
        json_each(one, v)
        {
            if (!keeps(one, r, at)) {
                return false;
            }
        }
        return true;
    }
    if (at == r->n) {
        return is_allowed(v, r);
    }
    return v->kind != JSON_OBJECT || keeps_member(v, r, at);
}

/* ---- resources ---- */

static const struct trim_row *apply(const struct trim *t, struct json *resource);

static const struct trim_row *apply_all(const struct trim *t, struct json *list, const char *key)
{
    json_each(one, list)
    {
        struct json *resource = key ? json_get(one, key) : one;
        const struct trim_row *bad = resource ? apply(t, resource) : NULL;
        if (bad) {
            return bad;
        }
    }
    return NULL;
}

/* As deep as the tree, whose depth has a bound. */
static const struct trim_row *apply(const struct trim *t, struct json *resource)
{
    struct str type = json_text(json_get(resource, "resourceType"));
    for (unsigned i = 0; i < t->nrows; i++) {
        if (str_eq(type, t->rows[i].type) && t->rows[i].kind == TRIM_DROP) {
            drop(resource, &t->rows[i], 0);
        }
    }
    for (unsigned i = 0; i < t->nrows; i++) {
        const struct trim_row *r = &t->rows[i];
        if (str_eq(type, r->type) && r->kind != TRIM_DROP && !keeps_member(resource, r, 0)) {
            return r;
        }
    }
    const struct trim_row *bad = apply_all(t, json_get(resource, "contained"), NULL);
    bool is_bundle = !bad && str_is(type, "Bundle");
    return is_bundle ? apply_all(t, json_get(resource, "entry"), "resource") : bad;
}

const struct trim_row *trim_apply(const struct trim *t, struct json *resource)
{
    return resource->kind == JSON_OBJECT ? apply(t, resource) : NULL;
}
