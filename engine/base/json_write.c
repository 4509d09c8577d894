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

/* Recursion is as deep as the tree: json_parse limits that to 512, builders to their own depth. */
static void put_value(struct writer *w, const struct json *v)
{
    bool object = v->kind == JSON_OBJECT;
    buf_putc(w->out, object ? '{' : '[');
    w->depth++;
    json_each(child, v)
    {
        if (child != v->first) {
            buf_putc(w->out, ',');
        }
        new_line(w);
        if (object) {
            put_string(w->out, child->key, child->is_key_plain);
            buf_putc(w->out, ':');
            if (w->indent) {
                buf_putc(w->out, ' ');
            }
        }
        if (child->first) {
            put_value(w, child);
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
