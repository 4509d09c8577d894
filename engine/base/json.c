/* Arrays and objects: the text of JSON as a tree. */
#include "engine/base/err.h"
#include "engine/base/json_priv.h"
#include "engine/base/mem.h"

#include <stdlib.h>

enum { DEPTH_DEFAULT = 64, DEPTH_MAX = 512, NODES_DEFAULT = 2000000, FEW_MEMBERS = 16 };

static bool read_value(struct json_parser *p, struct json **out);

static bool open_level(struct json_parser *p)
{
    if (p->depth == p->depth_max) {
        return json_fail_at(p, ERR_LIMIT, p->at, "arrays and objects are nested too deep");
    }
    p->depth++;
    p->at++;
    json_skip_blanks(p);
    return true;
}

/* After a member: true when another one follows; *out_ok false on a fault. */
static inline bool next_member(struct json_parser *p, char close, bool *out_ok)
{
    json_skip_blanks(p);
    *out_ok = true;
    if (p->at < p->end && *p->at == ',') {
        p->at++;
        json_skip_blanks(p);
        return true;
    }
    if (p->at < p->end && *p->at == close) {
        p->at++;
        p->depth--;
        return false;
    }
    *out_ok =
        json_fail(p, close == ']' ? "expected , or ] in an array" : "expected , or } in an object");
    return false;
}

static void link_last(struct json *parent, struct json *child)
{
    if (parent->last) {
        parent->last->next = child;
    } else {
        parent->first = child;
    }
    parent->last = child;
    parent->count++;
}

static bool read_array(struct json_parser *p, struct json *v)
{
    struct json *child;
    bool ok = true;
    if (!open_level(p)) {
        return false;
    }
    if (p->at < p->end && *p->at == ']') {
        p->at++;
        p->depth--;
        return true;
    }
    do {
        if (!read_value(p, &child)) {
            return false;
        }
        link_last(v, child);
    } while (next_member(p, ']', &ok));
    return ok;
}

static bool read_member(struct json_parser *p, struct json *v)
{
    struct json *child;
    struct str key;
    const char *key_at = p->at;
    if (p->at == p->end || *p->at != '"') {
        return json_fail(p, "expected a key in double quotes");
    }
    if (!json_read_string(p, &key)) {
        return false;
    }
    json_skip_blanks(p);
    if (p->at == p->end || *p->at != ':') {
        return json_fail(p, "expected : after a key");
    }
    p->at++;
    json_skip_blanks(p);
    if (!read_value(p, &child)) {
        return false;
    }
    child->key = key;
    child->key_at = (uint32_t)(key_at - p->begin);
    link_last(v, child);
    return true;
}

static int by_key(const void *left, const void *right)
{
    const struct json *a = *(const struct json *const *)left;
    const struct json *b = *(const struct json *const *)right;
    int c = str_cmp(a->key, b->key);
    return c ? c : (a->key_at > b->key_at) - (a->key_at < b->key_at);
}

/* The first member whose key stands before it in the object already, or NULL. */
static const struct json *duplicate_of_many(const struct json *v)
{
    const struct json **all = xcalloc(v->count, sizeof(*all));
    const struct json *hit = NULL;
    size_t n = 0;
    json_each(child, v)
    {
        all[n++] = child;
    }
    qsort(all, n, sizeof(*all), by_key);
    for (size_t i = 1; i < n; i++) {
        if (str_eq(all[i]->key, all[i - 1]->key) && (!hit || all[i]->key_at < hit->key_at)) {
            hit = all[i];
        }
    }
    free(all);
    return hit;
}

static const struct json *duplicate_of_few(const struct json *v)
{
    json_each(child, v)
    {
        for (const struct json *k = v->first; k != child; k = k->next) {
            if (str_eq(k->key, child->key)) {
                return child;
            }
        }
    }
    return NULL;
}

static bool read_object(struct json_parser *p, struct json *v)
{
    bool ok = true;
    if (!open_level(p)) {
        return false;
    }
    if (p->at < p->end && *p->at == '}') {
        p->at++;
        p->depth--;
        return true;
    }
    do {
        if (!read_member(p, v)) {
            return false;
        }
    } while (next_member(p, '}', &ok));
    if (!ok || p->duplicates == JSON_DUPLICATES_KEEP) {
        return ok;
    }
    const struct json *twice = v->count > FEW_MEMBERS ? duplicate_of_many(v) : duplicate_of_few(v);
    return !twice || json_fail_at(p, ERR_SYNTAX, p->begin + twice->key_at,
                                  "this key stands in the object twice");
}

static bool read_kind(struct json_parser *p, struct json *v)
{
    switch (*p->at) {
    case '{':
        v->kind = JSON_OBJECT;
        return read_object(p, v);
    case '[':
        v->kind = JSON_ARRAY;
        return read_array(p, v);
    case '"':
        v->kind = JSON_STRING;
        return json_read_string(p, &v->text);
    case 't':
        v->kind = JSON_TRUE;
        return json_read_word(p, "true");
    case 'f':
        v->kind = JSON_FALSE;
        return json_read_word(p, "false");
    case 'n':
        v->kind = JSON_NULL;
        return json_read_word(p, "null");
    case '-':
    case '0' ... '9':
        v->kind = JSON_NUMBER;
        return json_read_number(p, &v->text);
    default: /* every other byte */
        return json_fail(
            p,
            "found something that begins no value; expected { [ \" a number, true, false or null");
    }
}

static bool read_value(struct json_parser *p, struct json **out)
{
    if (p->at == p->end) {
        return json_fail(p, "the text ends where a value was expected");
    }
    if (p->nodes++ == p->nodes_max) {
        return json_fail_at(p, ERR_LIMIT, p->at, "there are too many values");
    }
    struct json *v = ARENA_NEW(p->a, struct json);
    v->at = (uint32_t)(p->at - p->begin);
    *out = v;
    return read_kind(p, v);
}

static bool read_text(struct json_parser *p, struct json **out)
{
    if (p->end - p->at >= 3 && memcmp(p->at, "\xEF\xBB\xBF", 3) == 0) {
        p->at += 3;
    }
    json_skip_blanks(p);
    if (!read_value(p, out)) {
        return false;
    }
    json_skip_blanks(p);
    return p->at == p->end || json_fail(p, "found something behind the value; expected the end");
}

int json_parse(struct arena *a, struct str src, const struct json_options *options,
               struct json **out, struct json_fault *out_fault)
{
    static const struct json_options none = {0};
    const struct json_options *o = options ? options : &none;
    struct json *root;
    src = src.p ? src : STR("");
    struct json_parser p = {
        .a = a,
        .begin = src.p,
        .at = src.p,
        .end = src.p + src.n,
        .depth_max = o->depth ? o->depth : DEPTH_DEFAULT,
        .nodes_max = o->nodes ? o->nodes : NODES_DEFAULT,
        .duplicates = o->duplicates,
    };
    p.depth_max = p.depth_max > DEPTH_MAX ? DEPTH_MAX : p.depth_max;
    if (src.n >= UINT32_MAX) {
        *out_fault = (struct json_fault){0, "the text has 4 GiB or more"};
        return ERR_LIMIT;
    }
    if (!read_text(&p, &root)) {
        *out_fault = p.fault;
        return p.rc;
    }
    *out = root;
    return 0;
}
