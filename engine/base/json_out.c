#include "engine/base/json_out.h"

#include "engine/base/utf8.h"

#include <assert.h>
#include <string.h>
#include <inttypes.h>

static void put_control(struct buf *to, unsigned char c)
{
    static const char names[] = "\bb\ff\nn\rr\tt";
    const char *hit = c ? strchr(names, c) : NULL;
    if (hit) {
        buf_putc(to, '\\');
        buf_putc(to, hit[1]);
    } else {
        buf_printf(to, "\\u%04X", c);
    }
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Bytes from `i` on that are written as they are; eight at a time, which is what most texts are made of. */
static size_t plain_end(struct str s, size_t i)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    for (uint64_t w; i + 8 <= s.n; i += 8) {
        memcpy(&w, s.p + i, sizeof(w));
        uint64_t quote = w ^ (ones * '"'), slash = w ^ (ones * '\\');
        uint64_t odd =
            w | ((w - ones * 0x20) & ~w) | ((quote - ones) & ~quote) | ((slash - ones) & ~slash);
        if (odd & tops) {
            break;
        }
    }
    while (i < s.n && is_plain((unsigned char)s.p[i])) {
        i++;
    }
    return i;
}

void json_put_string(struct buf *to, struct str s)
{
    buf_reserve(to, s.n + 2);
    buf_putc(to, '"');
    for (size_t i = 0; i < s.n;) {
        size_t run = plain_end(s, i);
        buf_put(to, s.p + i, run - i);
        if ((i = run) == s.n) {
            break;
        }
        unsigned char c = (unsigned char)s.p[i];
        uint32_t code;
        unsigned n = utf8_get(str_slice(s, i, s.n), &code);
        if (c == '"' || c == '\\') {
            buf_putc(to, '\\');
            buf_putc(to, (char)c);
        } else if (c < 0x20) {
            put_control(to, c);
        } else if (n) {
            buf_put(to, s.p + i, n);
        } else {
            buf_puts(to, "\xEF\xBF\xBD");
        }
        i += n ? n : 1;
    }
    buf_putc(to, '"');
}

void json_out_init(struct json_out *o, struct buf *to, unsigned indent)
{
    *o = (struct json_out){.to = to, .indent = indent};
}

static void new_line(struct json_out *o)
{
    if (o->indent) {
        buf_putc(o->to, '\n');
        for (unsigned i = 0; i < o->indent * o->depth; i++) {
            buf_putc(o->to, ' ');
        }
    }
}

static uint64_t level_bit(const struct json_out *o)
{
    return UINT64_C(1) << (o->depth - 1);
}

/* Before a value, or before a key: the comma and the line. */
static void begin_member(struct json_out *o)
{
    if (o->depth == 0) {
        return;
    }
    if (o->used & level_bit(o)) {
        buf_putc(o->to, ',');
    }
    o->used |= level_bit(o);
    new_line(o);
}

static void begin_value(struct json_out *o)
{
    if (o->after_key) {
        o->after_key = false;
        return;
    }
    assert(o->depth == 0 || !(o->object & level_bit(o)));
    begin_member(o);
}

static void open_level(struct json_out *o, bool object)
{
    begin_value(o);
    assert(o->depth < JSON_OUT_DEPTH_MAX);
    o->depth++;
    o->used &= ~level_bit(o);
    o->object = object ? o->object | level_bit(o) : o->object & ~level_bit(o);
    buf_putc(o->to, object ? '{' : '[');
}

void json_out_object(struct json_out *o)
{
    open_level(o, true);
}

void json_out_array(struct json_out *o)
{
    open_level(o, false);
}

void json_out_end(struct json_out *o)
{
    assert(o->depth && !o->after_key);
    bool used = o->used & level_bit(o);
    bool object = o->object & level_bit(o);
    o->depth--;
    if (used) {
        new_line(o);
    }
    buf_putc(o->to, object ? '}' : ']');
}

void json_out_key_str(struct json_out *o, struct str key)
{
    assert(o->depth && (o->object & level_bit(o)) && !o->after_key);
    begin_member(o);
    json_put_string(o->to, key);
    buf_puts(o->to, o->indent ? ": " : ":");
    o->after_key = true;
}

void json_out_key(struct json_out *o, const char *key)
{
    json_out_key_str(o, str_of(key));
}

void json_out_str(struct json_out *o, struct str s)
{
    begin_value(o);
    json_put_string(o->to, s);
}

void json_out_cstr(struct json_out *o, const char *s)
{
    if (s) {
        json_out_str(o, str_of(s));
    } else {
        json_out_null(o);
    }
}

void json_out_int(struct json_out *o, int64_t v)
{
    begin_value(o);
    buf_printf(o->to, "%" PRId64, v);
}

void json_out_uint(struct json_out *o, uint64_t v)
{
    begin_value(o);
    buf_printf(o->to, "%" PRIu64, v);
}

void json_out_bool(struct json_out *o, bool v)
{
    json_out_raw(o, v ? STR("true") : STR("false"));
}

void json_out_null(struct json_out *o)
{
    json_out_raw(o, STR("null"));
}

void json_out_raw(struct json_out *o, struct str json)
{
    begin_value(o);
    buf_put_str(o->to, json);
}
