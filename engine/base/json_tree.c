#include "engine/base/json.h"

#include <assert.h>

static void append(struct json *parent, struct json *child)
{
    if (parent->last) {
        parent->last->next = child;
    } else {
        parent->first = child;
    }
    parent->last = child;
    parent->count++;
    parent->text.n = 0; /* json_keep_written() */
}

struct diag_pos json_pos_next(struct json_place *last, const char *file, struct str src, size_t at)
{
    struct json_place p = at < last->at ? (struct json_place){0} : *last;
    for (; p.at < at && p.at < src.n; p.at++) {
        unsigned char c = (unsigned char)src.p[p.at];
        bool ends = c == '\n' || (c == '\r' && (p.at + 1 == src.n || src.p[p.at + 1] != '\n'));
        p.line += ends;
        p.col = ends ? 0 : p.col + ((c & 0xC0u) != 0x80u);
    }
    *last = p;
    bool is_behind_mark = at >= 3 && p.line == 0 && str_starts(src, STR("\xEF\xBB\xBF"));
    return (struct diag_pos){file, p.line + 1, p.col + 1 - is_behind_mark};
}

struct diag_pos json_pos(const char *file, struct str src, size_t at)
{
    struct json_place start = {0};
    return json_pos_next(&start, file, src, at);
}

void json_fault_diag(struct diags *d, const char *file, struct str src,
                     const struct json_fault *fault)
{
    diag_add(d, DIAG_ERROR, "json-syntax", json_pos(file, src, fault->at), "%s", fault->text);
}

struct json *json_get_str(const struct json *object, struct str key)
{
    if (!object || object->kind != JSON_OBJECT) {
        return NULL;
    }
    json_each(child, object)
    {
        if (str_eq(child->key, key)) {
            return child;
        }
    }
    return NULL;
}

struct json *json_get(const struct json *object, const char *key)
{
    return json_get_str(object, str_of(key));
}

struct json *json_at(const struct json *array, uint32_t n)
{
    struct json *child = array && array->kind == JSON_ARRAY ? array->first : NULL;
    while (child && n--) {
        child = child->next;
    }
    return child;
}

struct str json_text(const struct json *v)
{
    bool has = v && (v->kind == JSON_STRING || v->kind == JSON_NUMBER);
    return has ? v->text : (struct str){NULL, 0};
}

bool json_to_i64(const struct json *v, int64_t *out)
{
    return v && v->kind == JSON_NUMBER && str_to_i64(v->text, out);
}

const char *json_kind_text(const struct json *v)
{
    static const char *const names[] = {"null",     "false",    "true",     "a number",
                                        "a string", "an array", "an object"};
    return v ? names[v->kind] : "nothing";
}

struct json *json_new_number(struct arena *a, struct str literal)
{
    struct json *v = json_new(a, JSON_NUMBER);
    assert(json_is_number(literal));
    v->text = literal;
    return v;
}

struct json *json_new_bool(struct arena *a, bool v)
{
    return json_new(a, v ? JSON_TRUE : JSON_FALSE);
}

struct json *json_dup(struct arena *a, const struct json *v)
{
    struct json *copy = json_new(a, v->kind);
    copy->text = v->text;
    copy->is_plain = v->is_plain;
    json_each(child, v)
    {
        struct json *one = json_dup(a, child);
        one->key = child->key;
        one->is_key_plain = child->is_key_plain;
        append(copy, one);
    }
    return copy;
}

struct json *json_alias(struct arena *a, const struct json *v)
{
    struct json *same = arena_alloc(a, sizeof(*same));
    *same = *v;
    same->next = NULL;
    return same;
}

void json_add(struct json *object, struct str key, struct json *child)
{
    assert(object->kind == JSON_OBJECT);
    child->key = key;
    child->is_key_plain = false;
    append(object, child);
}

struct str json_plain_key(struct arena *a, struct str key)
{
    char *p = arena_zalloc(a, JSON_KEY_ROOM(key.n)); /* all that is copied at once is there */
    p[0] = p[key.n + 1] = '"';
    p[key.n + 2] = ':';
    str_copy(p + 1, key);
    return str_from(p + 1, key.n);
}

void json_add_again(struct json *object, struct json *child)
{
    assert(object->kind == JSON_OBJECT);
    append(object, child);
}

void json_push(struct json *array, struct json *child)
{
    assert(array->kind == JSON_ARRAY);
    append(array, child);
}
