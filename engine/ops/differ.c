#include "engine/ops/differ.h"

void differ_tell(struct differ *d, enum differ_kind kind, struct str was, struct str now)
{
    d->found++;
    d->fn(d->arg, kind, buf_str(&d->at), was, now);
}

static bool is_equal(const struct json *x, const struct json *y);

static bool are_equal_below(const struct json *x, const struct json *y)
{
    const struct json *b = y->first;
    for (const struct json *a = x->first; a; a = a->next, b = b->next) {
        if (!str_eq(a->key, b->key) || !is_equal(a, b)) {
            return false;
        }
    }
    return true;
}

/* Of what both keep how it is written (json_keep_written()), that tells. */
static bool is_equal(const struct json *x, const struct json *y)
{
    if (x->kind != y->kind || x->count != y->count) {
        return false;
    }
    bool both = !x->first || (x->text.n && y->text.n);
    return both ? str_eq(x->text, y->text) : are_equal_below(x, y);
}

static bool is_leaf(const struct json *v)
{
    return !v->first;
}

/* A text as it is, anything else as JSON. */
static struct str text_of(struct arena *a, const struct json *v)
{
    struct buf out = {0};
    if (v->kind == JSON_STRING || v->kind == JSON_NUMBER) {
        return v->text;
    }
    json_write(&out, v, 0);
    struct str text = str_dup(a, buf_str(&out));
    buf_free(&out);
    return text;
}

static size_t enter(struct differ *d, const struct json *child, bool in_list)
{
    size_t before = d->at.n;
    if (in_list) {
        buf_puts(&d->at, "[]");
    } else {
        if (before) {
            buf_putc(&d->at, '.');
        }
        buf_put_str(&d->at, child->key);
    }
    return before;
}

/* All leaves below `v`, which only one side has. */
static void tell_whole(struct differ *d, enum differ_kind kind, const struct json *v)
{
    if (is_leaf(v)) {
        struct str text = text_of(d->a, v), none = STR("");
        differ_tell(d, kind, kind == DIFFER_REMOVED ? text : none,
                    kind == DIFFER_ADDED ? text : none);
        return;
    }
    json_each(child, v)
    {
        size_t before = enter(d, child, v->kind == JSON_ARRAY);
        tell_whole(d, kind, child);
        d->at.n = before;
    }
}

static void compare(struct differ *d, const struct json *was, const struct json *now);

static void compare_members(struct differ *d, const struct json *was, const struct json *now)
{
    json_each(child, was)
    {
        const struct json *other = json_get_str(now, child->key);
        size_t before = enter(d, child, false);
        if (other) {
            compare(d, child, other);
        } else {
            tell_whole(d, DIFFER_REMOVED, child);
        }
        d->at.n = before;
    }
    json_each(child, now)
    {
        if (!json_get_str(was, child->key)) {
            size_t before = enter(d, child, false);
            tell_whole(d, DIFFER_ADDED, child);
            d->at.n = before;
        }
    }
}

static const struct json **items_of(struct arena *a, const struct json *list)
{
    const struct json **v = ARENA_ARRAY(a, const struct json *, list->count + 1);
    uint32_t n = 0;
    json_each(child, list)
    {
        v[n++] = child;
    }
    return v;
}

static void compare_items(struct differ *d, const struct json *was, const struct json *now)
{
    const struct json **x = items_of(d->a, was), **y = items_of(d->a, now);
    uint32_t from = 0, nx = was->count, ny = now->count;
    while (from < nx && from < ny && is_equal(x[from], y[from])) {
        from++;
    }
    while (nx > from && ny > from && is_equal(x[nx - 1], y[ny - 1])) {
        nx--;
        ny--;
    }
    for (uint32_t i = from; i < nx || i < ny; i++) {
        size_t before = enter(d, NULL, true);
        if (i < nx && i < ny) {
            compare(d, x[i], y[i]);
        } else {
            tell_whole(d, i < nx ? DIFFER_REMOVED : DIFFER_ADDED, i < nx ? x[i] : y[i]);
        }
        d->at.n = before;
    }
}

static void compare(struct differ *d, const struct json *was, const struct json *now)
{
    if (is_equal(was, now)) {
        return;
    }
    if (was->kind == JSON_OBJECT && now->kind == JSON_OBJECT) {
        compare_members(d, was, now);
    } else if (was->kind == JSON_ARRAY && now->kind == JSON_ARRAY) {
        compare_items(d, was, now);
    } else if (is_leaf(was) && is_leaf(now)) {
        differ_tell(d, DIFFER_CHANGED, text_of(d->a, was), text_of(d->a, now));
    } else {
        tell_whole(d, DIFFER_REMOVED, was);
        tell_whole(d, DIFFER_ADDED, now);
    }
}

void differ_json(struct differ *d, const struct json *was, const struct json *now)
{
    compare(d, was, now);
}
