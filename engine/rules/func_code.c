/* encode, decode, escape, unescape. Source: FHIRPath STU 2 "Additional string functions"; RFC 4648. */
#include "engine/base/json.h"
#include "engine/base/utf8.h"
#include "engine/rules/func.h"

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char urlbase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
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

static struct str encode_64(struct arena *a, struct str s, const char *digits)
{
    char *p = arena_alloc(a, (s.n + 2) / 3 * 4 + 1), *to = p;
    for (size_t i = 0; i < s.n; i += 3) {
        uint32_t v = (uint32_t)(unsigned char)s.p[i] << 16;
        v |= i + 1 < s.n ? (uint32_t)(unsigned char)s.p[i + 1] << 8 : 0;
        v |= i + 2 < s.n ? (unsigned char)s.p[i + 2] : 0;
        *to++ = digits[v >> 18];
        *to++ = digits[v >> 12 & 63];
        *to++ = i + 1 < s.n ? digits[v >> 6 & 63] : '=';
        *to++ = i + 2 < s.n ? digits[v & 63] : '=';
    }
    return str_from(p, (size_t)(to - p));
}

static bool decode_64(struct arena *a, struct str s, const char *digits, struct str *out)
{
    char *p = arena_alloc(a, s.n + 1), *to = p;
    uint32_t v = 0, bits = 0;
    while (s.n && s.p[s.n - 1] == '=') {
        s.n--;
    }
    for (size_t i = 0; i < s.n; i++) {
        const char *hit = s.p[i] ? strchr(digits, s.p[i]) : NULL;
        if (!hit) {
            return false;
        }
        v = (v << 6 | (uint32_t)(hit - digits)) & 0xffffffu;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *to++ = (char)(v >> bits & 255);
        }
    }
    *out = str_from(p, (size_t)(to - p));
    return s.n % 4 != 1;
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
    const char *digits = str_is(code, "base64")      ? base64
                         : str_is(code, "urlbase64") ? urlbase64
                                                     : NULL;
    return digits ? call_put(e, out, value_string(encode_64(e->a, text, digits)))
                  : unknown(e, c, codes_known);
}

bool func_decode(struct eval *e, const struct call *c, struct values *out)
{
    struct str text, code, done = STR("");
    enum value_answer got = two(e, c, &text, &code);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    const char *digits = str_is(code, "base64")      ? base64
                         : str_is(code, "urlbase64") ? urlbase64
                                                     : NULL;
    if (!digits && !str_is(code, "hex")) {
        return unknown(e, c, codes_known);
    }
    bool good = digits ? decode_64(e->a, text, digits, &done) : decode_hex(e->a, text, &done);
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
