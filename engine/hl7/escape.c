#include "engine/hl7/escape.h"

#include "engine/base/arena.h"
#include "engine/hl7/wide.h"

/* What an escape sequence, the bytes between two escape characters, turns into. */
enum kind {
    KIND_UNKNOWN, /* no sequence: the first escape character stands for itself */
    KIND_KEPT,    /* formatting and charset switches: kept as bytes */
    KIND_CHAR,
    KIND_HEX,
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    char l = (char)(c | 0x20);
    return l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}

static bool is_hex(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (hex_digit(s.p[i]) < 0) {
            return false;
        }
    }
    return s.n >= 2 && s.n % 2 == 0;
}

static enum kind one_letter(const struct hl7_delims *d, char c, char *out)
{
    switch (c) {
    case 'F':
        *out = d->field;
        break;
    case 'S':
        *out = d->component;
        break;
    case 'T':
        *out = d->subcomponent;
        break;
    case 'R':
        *out = d->repetition;
        break;
    case 'E':
        *out = d->escape;
        break;
    case 'P':
        *out = d->truncation;
        break;
    case 'H':
    case 'N':
        return KIND_KEPT;
    default:
        return KIND_UNKNOWN;
    }
    return *out ? KIND_CHAR : KIND_KEPT;
}

static enum kind classify(const struct hl7_delims *d, struct str s, char *out)
{
    if (s.n == 1) {
        return one_letter(d, s.p[0], out);
    }
    if (s.n == 0) {
        return KIND_UNKNOWN;
    }
    switch (s.p[0]) {
    case 'X':
        return is_hex(str_from(s.p + 1, s.n - 1)) ? KIND_HEX : KIND_UNKNOWN;
    case 'C':
    case 'M':
        return is_hex(str_from(s.p + 1, s.n - 1)) ? KIND_KEPT : KIND_UNKNOWN;
    case '.':
        *out = '\n';
        return str_is(s, ".br") ? KIND_CHAR : KIND_KEPT;
    case 'Z':
        return KIND_KEPT;
    default:
        return KIND_UNKNOWN;
    }
}

static char *put_hex(char *to, struct str digits)
{
    for (size_t i = 0; i + 1 < digits.n; i += 2) {
        *to++ =
            (char)((unsigned)hex_digit(digits.p[i]) << 4 | (unsigned)hex_digit(digits.p[i + 1]));
    }
    return to;
}

static char *put(char *to, const char *p, size_t n)
{
    memcpy(to, p, n);
    return to + n;
}

/* `at` is an escape character. Decode one sequence into *to, return where to go on. */
static const char *decode_one(const struct hl7_delims *d, const char *at, const char *end,
                              char **to)
{
    const char *close = memchr(at + 1, d->escape, (size_t)(end - at) - 1);
    struct str body = close ? str_from(at + 1, (size_t)(close - at) - 1) : str_from(NULL, 0);
    char c = 0;
    switch (close ? classify(d, body, &c) : KIND_UNKNOWN) {
    case KIND_UNKNOWN:
        *(*to)++ = *at;
        return at + 1;
    case KIND_KEPT:
        *to = put(*to, at, (size_t)(close - at) + 1);
        break;
    case KIND_CHAR:
        *(*to)++ = c;
        break;
    case KIND_HEX:
        *to = put_hex(*to, str_from(body.p + 1, body.n - 1));
        break;
    }
    return close + 1;
}

struct str hl7_unescape(struct arena *a, const struct hl7_delims *d, struct str raw)
{
    const char *end = raw.n ? raw.p + raw.n : raw.p;
    const char *hit = raw.n ? hl7_find(d, raw.p, end, d->escape) : NULL;
    if (!hit) {
        return raw;
    }
    char *text = arena_alloc(a, raw.n), *to = text;
    for (const char *at = raw.p; at < end;) {
        hit = hl7_find(d, at, end, d->escape);
        to = put(to, at, (size_t)((hit ? hit : end) - at));
        at = hit ? decode_one(d, hit, end, &to) : end;
    }
    return str_from(text, (size_t)(to - text));
}

/* The letter that stands for a delimiter, or 0. */
static char letter_of(const struct hl7_delims *d, char c)
{
    if (c == d->field) {
        return 'F';
    }
    if (c == d->component) {
        return 'S';
    }
    if (c == d->repetition) {
        return 'R';
    }
    if (c == d->escape) {
        return 'E';
    }
    return c == d->subcomponent ? 'T' : 0;
}

enum { LONGEST = 5 }; /* \X0D\ */

/* Encode the byte `c`; bytes written. */
static size_t encode_byte(const struct hl7_delims *d, char c, bool formatted, char *to)
{
    static const char digits[] = "0123456789ABCDEF";
    unsigned char u = (unsigned char)c;
    const char letter = u >= 0x20 ? letter_of(d, c) : 0;
    if (letter) {
        memcpy(to, (char[]){d->escape, letter, d->escape}, 3);
        return 3;
    }
    if (u >= 0x20) {
        *to = c;
        return 1;
    }
    if (c == '\n' && formatted) {
        memcpy(to, (char[]){d->escape, '.', 'b', 'r', d->escape}, 5);
        return 5;
    }
    memcpy(to, (char[]){d->escape, 'X', digits[u >> 4], digits[u & 15], d->escape}, 5);
    return 5;
}

static bool needs_escape(const struct hl7_delims *d, char c)
{
    return (unsigned char)c < 0x20 || letter_of(d, c);
}

/* Bytes at the start of `text` that stay as they are. */
static size_t plain_length(const struct hl7_delims *d, struct str text)
{
    size_t at = 0;
    while (at < text.n) {
        size_t n = d->wide ? hl7_wide_step((enum hl7_wide)d->wide, text.p + at, text.n - at) : 1;
        if (n == 1 && needs_escape(d, text.p[at])) {
            break;
        }
        at += n;
    }
    return at;
}

/* Encode all of `text`, of which the first `plain` bytes stay, to `to`; its end. */
static char *encode(const struct hl7_delims *d, struct str text, size_t plain, bool formatted,
                    char *to)
{
    size_t at = plain;
    to = put(to, text.p, plain);
    while (at < text.n) {
        to += encode_byte(d, text.p[at++], formatted, to);
        size_t n = plain_length(d, str_from(text.p + at, text.n - at));
        to = put(to, text.p + at, n);
        at += n;
    }
    return to;
}

struct str hl7_escape(struct arena *a, const struct hl7_delims *d, struct str text, bool formatted)
{
    size_t plain = plain_length(d, text);
    if (plain == text.n) {
        return text;
    }
    char *out = arena_alloc(a, plain + (text.n - plain) * LONGEST);
    return str_from(out, (size_t)(encode(d, text, plain, formatted, out) - out));
}

void hl7_escape_to(struct buf *out, const struct hl7_delims *d, struct str text, bool formatted)
{
    size_t plain = plain_length(d, text);
    if (!text.n) {
        return;
    }
    buf_reserve(out, plain + (text.n - plain) * LONGEST);
    out->n = (size_t)(encode(d, text, plain, formatted, out->p + out->n) - out->p);
}
