#include "engine/base/json_splice.h"

#include "engine/base/json_out.h"

struct json *json_copy(struct arena *a, const struct json *v)
{
    struct json *copy = arena_alloc(a, sizeof(*copy));
    *copy = *v;
    copy->next = copy->first = copy->last = NULL;
    copy->count = 0;
    json_each(child, v)
    {
        struct json *one = json_copy(a, child);
        if (v->kind == JSON_OBJECT) {
            json_add(copy, one->key, one);
        } else {
            one->key_at = one->at;
            json_push(copy, one);
        }
    }
    return copy;
}

/* ---- places in the source ---- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t skip_blanks(struct str src, size_t at)
{
    while (at < src.n && is_blank(src.p[at])) {
        at++;
    }
    return at;
}

/* Where the blanks in front of `at` begin. */
static size_t blanks_before(struct str src, size_t at)
{
    while (at > 0 && is_blank(src.p[at - 1])) {
        at--;
    }
    return at;
}

/* Behind the quote that ends the text which begins at `at`. */
static size_t text_end(struct str src, size_t at)
{
    for (at++; at < src.n && src.p[at] != '"'; at++) {
        at += src.p[at] == '\\';
    }
    return at + 1;
}

static size_t scalar_end(struct str src, const struct json *v)
{
    switch (v->kind) {
    case JSON_STRING:
        return text_end(src, v->at);
    case JSON_NUMBER:
        return v->at + v->text.n;
    case JSON_FALSE:
        return v->at + 5;
    case JSON_NULL:
    case JSON_TRUE:
    case JSON_ARRAY:
    case JSON_OBJECT:
        break;
    }
    return v->at + 4;
}

/* Behind the value. */
static size_t value_end(struct str src, const struct json *v)
{
    if (v->kind != JSON_OBJECT && v->kind != JSON_ARRAY) {
        return scalar_end(src, v);
    }
    return skip_blanks(src, v->last ? value_end(src, v->last) : v->at + 1) + 1;
}

/* Where a member or item begins. */
static size_t begin_of(const struct json *parent, const struct json *v)
{
    return parent->kind == JSON_OBJECT ? v->key_at : v->at;
}

/* ---- pieces ---- */

struct pieces {
    struct arena *a;
    struct str src;
    struct splice *v;
    uint32_t n, cap;
    struct buf text; /* of the literal under way */
};

static void add_piece(struct pieces *p, struct splice one)
{
    if (!p->v || p->n == p->cap) {
        uint32_t cap = p->cap ? p->cap * 2 : 8;
        struct splice *v = arena_alloc(p->a, cap * sizeof(*v));
        if (p->v) {
            memcpy(v, p->v, p->n * sizeof(*v));
        }
        p->v = v;
        p->cap = cap;
    }
    p->v[p->n++] = one;
}

static void end_literal(struct pieces *p)
{
    if (p->text.n) {
        struct str text = str_dup(p->a, buf_str(&p->text));
        add_piece(p, (struct splice){text.p, 0, (uint32_t)text.n});
        buf_clear(&p->text);
    }
}

static void put_range(struct pieces *p, size_t from, size_t to)
{
    struct splice *last = p->v && p->n && !p->text.n ? &p->v[p->n - 1] : NULL;
    if (from >= to) {
        return;
    }
    if (last && !last->literal && last->from + (size_t)last->n == from) {
        last->n += (uint32_t)(to - from);
        return;
    }
    end_literal(p);
    add_piece(p, (struct splice){NULL, (uint32_t)from, (uint32_t)(to - from)});
}

/* ---- values ---- */

/* The members of one object, or the items of one array, as they are written one after the other. */
struct row {
    const struct json *was;
    const struct json *ahead; /* of it: what may still come */
    const struct json *last;  /* of it: what was written last; NULL: something new, or nothing */
    size_t end;               /* behind it, in the source */
    bool any;
};

static size_t put_value(struct pieces *p, const struct json *was, const struct json *now);

/* What stood at the place of `one`; NULL: it is new. */
static const struct json *partner(struct row *r, const struct json *one)
{
    const struct json *hit = one->key_at ? r->ahead : NULL;
    while (hit && begin_of(r->was, hit) != one->key_at) {
        hit = hit->next;
    }
    r->ahead = hit ? hit->next : r->ahead;
    return hit;
}

/* The comma and the blanks in front of a member or item. */
static void put_lead(struct pieces *p, const struct row *r, const struct json *old)
{
    const struct json *like = old && r->any ? old : r->was->first;
    like = !old && r->any ? r->was->last : like; /* the first may stand closer */
    bool follows = old && (r->any ? r->last && r->last->next == old : r->was->first == old);
    size_t begin = like ? begin_of(r->was, like) : 0;
    if (follows) { /* `like` is `old` then */
        put_range(p, r->end, begin);
        return;
    }
    if (r->any) {
        buf_putc(&p->text, ',');
    }
    if (like) {
        put_range(p, blanks_before(p->src, begin), begin);
    }
}

static void put_key(struct pieces *p, const struct row *r, const struct json *old, struct str key)
{
    const struct json *like = r->was->first;
    if (old) {
        put_range(p, old->key_at, old->at);
        return;
    }
    json_put_string(&p->text, key);
    buf_putc(&p->text, ':');
    if (like && is_blank(p->src.p[like->at - 1])) {
        buf_putc(&p->text, ' ');
    }
}

static void put_one(struct pieces *p, struct row *r, const struct json *one)
{
    const struct json *old = partner(r, one);
    put_lead(p, r, old);
    if (r->was->kind == JSON_OBJECT) {
        put_key(p, r, old, one->key);
    }
    if (old && one->at) {
        r->end = put_value(p, old, one);
    } else {
        json_write(&p->text, one, 0);
        r->end = old ? value_end(p->src, old) : 0;
    }
    r->last = old;
    r->any = true;
}

/* Returns where the value ended in the source. */
static size_t put_value(struct pieces *p, const struct json *was, const struct json *now)
{
    struct row r = {.was = was, .ahead = was->first, .end = was->at + 1};
    if (was->kind != JSON_OBJECT && was->kind != JSON_ARRAY) {
        size_t end = scalar_end(p->src, was);
        put_range(p, was->at, end);
        return end;
    }
    put_range(p, was->at, was->at + 1);
    json_each(one, now)
    {
        put_one(p, &r, one);
    }
    bool whole = r.last ? r.last == was->last : !r.any && !was->first;
    size_t end = whole ? skip_blanks(p->src, r.end) + 1 : value_end(p->src, was);
    put_range(p, whole ? r.end : r.any ? blanks_before(p->src, end - 1) : end - 1, end);
    return end;
}

struct splices json_splices(struct arena *a, struct str src, const struct json *was,
                            const struct json *now)
{
    struct pieces p = {.a = a, .src = src};
    put_range(&p, 0, was->at);
    size_t end = put_value(&p, was, now);
    put_range(&p, end, src.n);
    end_literal(&p);
    buf_free(&p.text);
    return (struct splices){p.v, p.n};
}
