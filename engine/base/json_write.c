#include "engine/base/json.h"
#include "engine/base/json_out.h"

struct writer {
    struct buf *out;
    unsigned indent, depth;
};

static void new_line(const struct writer *w)
{
    if (w->indent) {
        buf_putc(w->out, '\n');
        for (unsigned i = 0; i < w->indent * w->depth; i++) {
            buf_putc(w->out, ' ');
        }
    }
}

static void put_string(struct buf *out, struct str s, bool is_plain)
{
    if (is_plain) {
        json_put_plain(out, s);
    } else {
        json_put_string(out, s);
    }
}

static void put_leaf(struct buf *out, const struct json *v)
{
    switch (v->kind) {
    case JSON_NULL:
        buf_puts(out, "null");
        return;
    case JSON_FALSE:
        buf_puts(out, "false");
        return;
    case JSON_TRUE:
        buf_puts(out, "true");
        return;
    case JSON_NUMBER:
        buf_put_str(out, v->text);
        return;
    case JSON_STRING:
        put_string(out, v->text, v->is_plain);
        return;
    case JSON_ARRAY:
        buf_puts(out, "[]");
        return;
    case JSON_OBJECT:
        buf_puts(out, "{}");
        return;
    }
}

/* `,"key":` at once: most keys are plain, most trees on one line. */
static void put_key(struct writer *w, const struct json *v, bool is_first)
{
    struct buf *out = w->out;
    if (!v->is_key_plain || w->indent) {
        if (!is_first) {
            buf_putc(out, ',');
        }
        new_line(w);
        put_string(out, v->key, v->is_key_plain);
        buf_put_str(out, w->indent ? STR(": ") : STR(":"));
        return;
    }
    size_t n = v->key.n;
    buf_reserve(out, n + 4);
    char *at = out->p + out->n;
    at[0] = ',';
    at += !is_first;
    at[0] = at[n + 1] = '"';
    at[n + 2] = ':';
    str_copy(at + 1, v->key);
    out->n += n + 3 + !is_first;
}

static void put_item(struct writer *w, bool is_first)
{
    if (!is_first) {
        buf_putc(w->out, ',');
    }
    new_line(w);
}

/* Recursion is as deep as the tree: json_parse limits that to 512, builders to their own depth. */
static void put_value(struct writer *w, const struct json *v)
{
    bool object = v->kind == JSON_OBJECT;
    buf_putc(w->out, object ? '{' : '[');
    w->depth++;
    json_each(child, v)
    {
        if (object) {
            put_key(w, child, child == v->first);
        } else {
            put_item(w, child == v->first);
        }
        if (child->first) {
            put_value(w, child);
        } else if (child->kind == JSON_STRING && child->is_plain) {
            json_put_plain(w->out, child->text);
        } else {
            put_leaf(w->out, child);
        }
    }
    w->depth--;
    new_line(w);
    buf_putc(w->out, object ? '}' : ']');
}

void json_write(struct buf *out, const struct json *v, unsigned indent)
{
    struct writer w = {out, indent, 0};
    if (v->first) {
        put_value(&w, v);
    } else {
        put_leaf(out, v);
    }
}
