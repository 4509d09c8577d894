/* The scalars of JSON off the text: strings, numbers, true, false, null. */
#include "engine/base/json_priv.h"
#include "engine/base/utf8.h"

/* ---- strings ---- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits behind \u. */
static bool read_hex4(struct json_parser *p, uint32_t *out)
{
    uint32_t value = 0;
    if (p->end - p->at < 4) {
        p->at = p->end;
        return json_fail(p, "the text ends inside a \\u escape; expected four hexadecimal digits");
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p->at[i]);
        if (digit < 0) {
            p->at += i;
            return json_fail(p, "expected four hexadecimal digits after \\u");
        }
        value = value << 4 | (uint32_t)digit;
    }
    p->at += 4;
    *out = value;
    return true;
}

static bool read_unicode(struct json_parser *p, char **to)
{
    const char *start = p->at - 2;
    uint32_t c, low;
    if (!read_hex4(p, &c)) {
        return false;
    }
    if (c >= 0xDC00 && c <= 0xDFFF) {
        return json_fail_at(p, ERR_SYNTAX, start,
                            "found the second half of a surrogate pair alone");
    }
    if (c >= 0xD800 && c <= 0xDBFF) {
        if (p->end - p->at < 2 || p->at[0] != '\\' || p->at[1] != 'u') {
            return json_fail_at(p, ERR_SYNTAX, start,
                                "found the first half of a surrogate pair alone");
        }
        p->at += 2;
        if (!read_hex4(p, &low)) {
            return false;
        }
        if (low < 0xDC00 || low > 0xDFFF) {
            return json_fail_at(p, ERR_SYNTAX, start,
                                "found the first half of a surrogate pair alone");
        }
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    *to += utf8_put(*to, c);
    return true;
}

static bool read_escape(struct json_parser *p, char **to)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    p->at++;
    char c = p->at < p->end ? *p->at : 0;
    const char *hit = c ? strchr(from, c) : NULL;
    if (hit) {
        *(*to)++ = into[hit - from];
        p->at++;
        return true;
    }
    if (c == 'u') {
        p->at++;
        return read_unicode(p, to);
    }
    return json_fail(p, "expected one of \" \\ / b f n r t u after \\");
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c < 0x80;
}

/* Go over what stands for itself; false at what cannot stand in a string. */
static bool skip_plain(struct json_parser *p)
{
    uint32_t c;
    for (;;) {
        while (p->at < p->end && is_plain((unsigned char)*p->at)) {
            p->at++;
        }
        if (p->at == p->end) {
            return json_fail(p, "the text ends inside a string; expected a closing \"");
        }
        if (*p->at == '"' || *p->at == '\\') {
            return true;
        }
        unsigned n = utf8_get(str_from(p->at, (size_t)(p->end - p->at)), &c);
        if (n == 0) {
            return json_fail(p, "found a byte that is not UTF-8");
        }
        if (c < 0x20) {
            return json_fail(
                p, "found a control character in a string; expected an escape such as \\n");
        }
        p->at += n;
    }
}

/* With escapes: decode into the arena. p->at stands at the first backslash. */
static bool decode_string(struct json_parser *p, const char *start, struct str *out)
{
    /* No longer than the rest of the string as written: find its end first. */
    const char *quote = p->at;
    while (quote < p->end && *quote != '"') {
        quote += *quote == '\\' ? 2 : 1;
    }
    quote = quote < p->end ? quote : p->end;
    char *copy = arena_alloc(p->a, (size_t)(quote - start) + 1);
    char *to = copy;
    memcpy(to, start, (size_t)(p->at - start));
    to += p->at - start;
    while (*p->at == '\\') {
        if (!read_escape(p, &to)) {
            return false;
        }
        const char *run = p->at;
        if (!skip_plain(p)) {
            return false;
        }
        memcpy(to, run, (size_t)(p->at - run));
        to += p->at - run;
    }
    *out = str_from(copy, (size_t)(to - copy));
    p->at++;
    return true;
}

/* p->at stands at the opening quote. */
bool json_read_string(struct json_parser *p, struct str *out)
{
    const char *start = ++p->at;
    if (!skip_plain(p)) {
        return false;
    }
    if (*p->at == '\\') {
        return decode_string(p, start, out);
    }
    *out = str_from(start, (size_t)(p->at - start));
    p->at++;
    return true;
}

/* ---- numbers and words ---- */

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && *at >= '0' && *at <= '9') {
        at++;
    }
    return at;
}

/* The end of the number at `at`; NULL and *out_bad where it stops being one. */
static const char *number_end(const char *at, const char *end, const char **out_bad)
{
    at += at < end && *at == '-';
    const char *digits = at;
    at = skip_digits(at, end);
    if (at == digits || (*digits == '0' && at > digits + 1)) {
        *out_bad = at == digits ? at : digits + 1;
        return NULL;
    }
    if (at < end && *at == '.') {
        digits = ++at;
        at = skip_digits(at, end);
        if (at == digits) {
            *out_bad = at;
            return NULL;
        }
    }
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        at += at < end && (*at == '+' || *at == '-');
        digits = at;
        at = skip_digits(at, end);
        if (at == digits) {
            *out_bad = at;
            return NULL;
        }
    }
    return at;
}

bool json_read_number(struct json_parser *p, struct str *out)
{
    const char *bad = NULL;
    const char *end = number_end(p->at, p->end, &bad);
    if (!end) {
        return json_fail_at(
            p, ERR_SYNTAX, bad,
            "this is no number; expected -?digits[.digits][e[+-]digits] without a leading 0");
    }
    *out = str_from(p->at, (size_t)(end - p->at));
    p->at = end;
    return true;
}

bool json_is_number(struct str s)
{
    const char *bad;
    return s.n && number_end(s.p, s.p + s.n, &bad) == s.p + s.n;
}

bool json_read_word(struct json_parser *p, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(p->end - p->at) < n || memcmp(p->at, word, n) != 0) {
        return json_fail(p, "found an unknown word; expected true, false, null or a value");
    }
    p->at += n;
    return true;
}
