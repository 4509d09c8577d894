/* encode, decode, escape, unescape. Source: FHIRPath STU 2 "Additional string functions"; RFC 4648. */
#include "engine/base/base64.h"
#include "engine/base/json.h"
#include "engine/base/utf8.h"
#include "engine/rules/func.h"

static const char hex[] = "0123456789abcdef";

/* The input and the name of the code. EMPTY: one is missing. */
static enum value_answer two(struct eval *e, const struct call *c, struct str *text,
                             struct str *code)
{
    if (!eval_text(e, c->n, c->one, text)) {
        return ANSWER_FALSE;
    }
    if (text->n > EVAL_BYTES_MAX / 8) {
        eval_fail(e, c->n, "%s() takes a text of at most 8 MiB", c->n->func->name);
        return ANSWER_FALSE;
    }
    return call_text(e, c, 0, code);
}

static bool unknown(struct eval *e, const struct call *c, const char *known)
{
    return eval_fail(e, c->n, "%s() knows %s", c->n->func->name, known);
}

/* Letters of one alphabet in place of those of the other. */
static void exchange_letters(char *p, size_t n, const char from[2], const char to[2])
{
    for (size_t i = 0; i < n; i++) {
        p[i] = p[i] == from[0] ? to[0] : p[i] == from[1] ? to[1] : p[i];
    }
}

static struct str encode_64(struct arena *a, struct str s, bool is_url)
{
    struct buf b = {0};
    base64_put(&b, s);
    if (is_url) { /* padded, as FHIRPath has it */
        exchange_letters(b.p, b.n, "+/", "-_");
    }
    struct str done = str_dup(a, buf_str(&b));
    buf_free(&b);
    return done;
}

/* Of the alphabet for URLs padding may be left out. */
static bool decode_64(struct arena *a, struct str s, bool is_url, struct str *out)
{
    struct buf text = {0}, b = {0};
    bool is_other = is_url && (str_index(s, '+') >= 0 || str_index(s, '/') >= 0);
    buf_put_str(&text, s);
    if (is_url) {
        exchange_letters(text.p, text.n, "-_", "+/");
        while (text.n % 4 && str_index(s, '=') < 0) {
            buf_putc(&text, '=');
        }
    }
    bool good = !is_other && base64_read(buf_str(&text), &b);
    *out = str_dup(a, buf_str(&b));
    buf_free(&text);
    buf_free(&b);
    return good;
}

static struct str encode_hex(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n * 2 + 1), *to = p;
    for (size_t i = 0; i < s.n; i++) {
        *to++ = hex[(unsigned char)s.p[i] >> 4];
        *to++ = hex[(unsigned char)s.p[i] & 15];
    }
    return str_from(p, s.n * 2);
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool decode_hex(struct arena *a, struct str s, struct str *out)
{
    char *p = arena_alloc(a, s.n / 2 + 1);
    for (size_t i = 0; i + 1 < s.n; i += 2) {
        int high = hex_digit(s.p[i]), low = hex_digit(s.p[i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        p[i / 2] = (char)(high << 4 | low);
    }
    *out = str_from(p, s.n / 2);
    return s.n % 2 == 0;
}

/* What ASCII lacks is a question mark each. */
static struct str encode_ascii(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1), *to = p;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c < 0x80 || c >= 0xc0) { /* not a byte within a character */
            *to++ = c < 0x80 ? s.p[i] : '?';
        }
    }
    return str_from(p, (size_t)(to - p));
}

static const char codes_known[] = "'base64', 'urlbase64' and 'hex'";

bool func_encode(struct eval *e, const struct call *c, struct values *out)
{
    struct str text, code;
    enum value_answer got = two(e, c, &text, &code);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    if (str_is(code, "hex")) {
        return call_put(e, out, value_string(encode_hex(e->a, text)));
    }
    if (str_is(code, "ascii")) {
        return call_put(e, out, value_string(encode_ascii(e->a, text)));
    }
    bool is_url = str_is(code, "urlbase64");
    return is_url || str_is(code, "base64")
               ? call_put(e, out, value_string(encode_64(e->a, text, is_url)))
               : unknown(e, c, "'base64', 'urlbase64', 'hex' and 'ascii'");
}

bool func_decode(struct eval *e, const struct call *c, struct values *out)
{
    struct str text, code, done = STR("");
    enum value_answer got = two(e, c, &text, &code);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    bool is_url = str_is(code, "urlbase64"), is_hex = str_is(code, "hex");
    if (!is_url && !is_hex && !str_is(code, "base64")) {
        return unknown(e, c, codes_known);
    }
    bool good = is_hex ? decode_hex(e->a, text, &done) : decode_64(e->a, text, is_url, &done);
    good = good && utf8_valid_to(done) == done.n;
    return good ? call_put(e, out, value_string(done))
                : eval_fail(e, c->n, "the value is no text in %.*s", STR_ARG(code));
}

/* ---- escape, unescape ---- */

struct entity {
    char c;
    const char *text;
};
static const struct entity html[] = {{'&', "&amp;"},  {'<', "&lt;"},   {'>', "&gt;"},
                                     {'"', "&quot;"}, {'\'', "&#39;"}, {0, NULL}};
static const struct entity json[] = {{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\r', "\\r"},
                                     {'\t', "\\t"}, {'\b', "\\b"},  {'\f', "\\f"}, {0, NULL}};

static const struct entity *entities(struct str code)
{
    return str_is(code, "html") ? html : str_is(code, "json") ? json : NULL;
}

bool func_escape(struct eval *e, const struct call *c, struct values *out)
{
    struct str text, code;
    enum value_answer got = two(e, c, &text, &code);
    const struct entity *all = got == ANSWER_TRUE ? entities(code) : NULL;
    if (got != ANSWER_TRUE || !all) {
        return got == ANSWER_EMPTY || (got == ANSWER_TRUE && unknown(e, c, "'html' and 'json'"));
    }
    char *p = arena_alloc(e->a, text.n * 6 + 1), *to = p;
    for (size_t i = 0; i < text.n; i++) {
        const struct entity *one = all;
        while (one->text && one->c != text.p[i]) {
            one++;
        }
        struct str as = one->text ? str_of(one->text) : str_slice(text, i, i + 1);
        memcpy(to, as.p, as.n);
        to += as.n;
    }
    return call_put(e, out, value_string(str_from(p, (size_t)(to - p))));
}

bool func_unescape(struct eval *e, const struct call *c, struct values *out)
{
    struct str text, code;
    enum value_answer got = two(e, c, &text, &code);
    const struct entity *all = got == ANSWER_TRUE ? entities(code) : NULL;
    if (got != ANSWER_TRUE || !all) {
        return got == ANSWER_EMPTY || (got == ANSWER_TRUE && unknown(e, c, "'html' and 'json'"));
    }
    char *p = arena_alloc(e->a, text.n + 1), *to = p;
    for (size_t i = 0; i < text.n;) {
        const struct entity *one = all;
        struct str rest = str_slice(text, i, text.n);
        while (one->text && !str_starts(rest, str_of(one->text))) {
            one++;
        }
        *to++ = one->text ? one->c : text.p[i];
        i += one->text ? strlen(one->text) : 1;
    }
    return call_put(e, out, value_string(str_from(p, (size_t)(to - p))));
}
