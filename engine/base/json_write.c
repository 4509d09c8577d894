#include "engine/base/json.h"
#include "engine/base/json_out.h"

/* Where the next byte goes is handed from function to function and stands in a register; the buffer is told of it where it
 * has to grow, and at the end. */
struct writer {
    struct buf *out;
    const char *end; /* behind what the buffer holds */
    unsigned indent, depth;
};

/* What stands around a key and a leaf: quotes, a colon, a word as false, a comma, a bracket. And what is copied with a key
 * in vain. */
enum { AROUND = 32 };

static char *begin(struct writer *w)
{
    w->end = w->out->p + w->out->cap;
    return w->out->p + w->out->n;
}

static void end(struct writer *w, const char *at)
{
    w->out->n = (size_t)(at - w->out->p);
}

static __attribute__((noinline)) char *grow(struct writer *w, const char *at, size_t n)
{
    end(w, at);
    buf_grow(w->out, n);
    return begin(w);
}

/* Room for `n` bytes and what stands around them. */
static inline char *make_room(struct writer *w, char *at, size_t n)
{
    bool has = (size_t)(w->end - at) >= n + AROUND;
    return __builtin_expect(has, 1) ? at : grow(w, at, n + AROUND);
}

static char *new_line(struct writer *w, char *at)
{
    unsigned n = w->indent * w->depth;
    at = make_room(w, at, n);
    *at++ = '\n';
    memset(at, ' ', n);
    return at + n;
}

static inline char *put_str(char *at, struct str s)
{
    str_copy(at, s);
    return at + s.n;
}

/* A text with something to escape, or of which it is not known; behind it there is room for `more`. */
static char *put_odd(struct writer *w, const char *at, struct str s, size_t more)
{
    end(w, at);
    json_put_string(w->out, s);
    buf_reserve(w->out, more + AROUND);
    return begin(w);
}

static inline char *put_plain(char *at, struct str s)
{
    *at++ = '"';
    at = put_str(at, s);
    *at++ = '"';
    return at;
}

static char *put_leaf(struct writer *w, char *at, const struct json *v)
{
    switch (v->kind) {
    case JSON_NULL:
        return put_str(at, STR("null"));
    case JSON_FALSE:
        return put_str(at, STR("false"));
    case JSON_TRUE:
        return put_str(at, STR("true"));
    case JSON_NUMBER:
        return put_str(at, v->text);
    case JSON_STRING:
        return put_odd(w, at, v->text, 0);
    case JSON_ARRAY:
        return put_str(at, STR("[]"));
    case JSON_OBJECT:
        return put_str(at, STR("{}"));
    }
    return at;
}

/* `"key":` as json_plain_key() has made it, in pieces of fixed size. */
static inline char *put_plain_key(char *at, struct str key)
{
    enum { PIECE = JSON_KEY_PIECE };
    const char *from = key.p - 1;
    memcpy(at, from, PIECE);
    for (size_t i = PIECE; i < key.n + 3; i += PIECE) {
        memcpy(at + i, from + i, PIECE);
    }
    return at + key.n + 3;
}

static char *put_odd_key(struct writer *w, const char *at, const struct json *v)
{
    char *to = put_odd(w, at, v->key, v->text.n);
    *to = ':';
    return to + 1;
}

static inline char *put_key(struct writer *w, char *at, const struct json *v)
{
    return v->is_key_plain ? put_plain_key(at, v->key) : put_odd_key(w, at, v);
}

static char *put_row(struct writer *w, char *at, const struct json *v);
static char *put_lines(struct writer *w, char *at, const struct json *v);

/* There is room for it and what stands around it. */
static __attribute__((always_inline)) inline char *put_value(struct writer *w, char *at,
                                                             const struct json *v)
{
    if (v->first) {
        return w->indent   ? put_lines(w, at, v)
               : v->text.n ? put_str(at, v->text)
                           : put_row(w, at, v);
    }
    return v->kind == JSON_STRING && v->is_plain ? put_plain(at, v->text) : put_leaf(w, at, v);
}

/* Members or items with a comma behind each; the bracket takes the place of the last. Recursion is as deep as the tree:
 * json_parse limits that to 512, builders to their own depth. */
static char *put_row(struct writer *w, char *at, const struct json *v)
{
    bool is_object = v->kind == JSON_OBJECT;
    *at++ = is_object ? '{' : '[';
    json_each(child, v)
    {
        at = make_room(w, at, child->key.n + child->text.n);
        at = is_object ? put_key(w, at, child) : at;
        at = put_value(w, at, child);
        *at++ = ',';
    }
    at[-1] = is_object ? '}' : ']';
    return make_room(w, at, 0); /* for the comma: brackets may close as many as the tree is deep */
}

/* The same for people, a line each. */
static char *put_lines(struct writer *w, char *at, const struct json *v)
{
    bool is_object = v->kind == JSON_OBJECT;
    *at++ = is_object ? '{' : '[';
    w->depth++;
    json_each(child, v)
    {
        at = make_room(w, new_line(w, at), child->key.n + child->text.n);
        if (is_object) {
            at = put_key(w, at, child);
            *at++ = ' ';
        }
        at = put_value(w, at, child);
        *at++ = ',';
    }
    w->depth--;
    at = make_room(w, new_line(w, at - 1), 0);
    *at++ = is_object ? '}' : ']';
    return at;
}

void json_write(struct buf *out, const struct json *v, unsigned indent)
{
    struct writer w = {.out = out, .indent = indent};
    buf_reserve(out, v->text.n + AROUND);
    end(&w, put_value(&w, begin(&w), v));
}

void json_keep_written(struct arena *a, struct json *v)
{
    struct buf text = {0};
    if (v->first) {
        json_write(&text, v, 0);
        v->text = str_dup(a, buf_str(&text));
    }
    buf_free(&text);
}
