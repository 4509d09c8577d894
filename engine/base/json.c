#include "engine/base/json.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/base/utf8.h"

#include <stdlib.h>

enum { DEPTH_DEFAULT = 64, DEPTH_MAX = 512, NODES_DEFAULT = 2000000, FEW_MEMBERS = 16 };

struct parser {
    struct arena *a;
    const char *begin, *at, *end;
    unsigned depth, depth_max;
    uint32_t nodes, nodes_max;
    enum json_duplicates duplicates;
    struct json_fault fault;
    int rc;
};

static bool fail_at(struct parser *p, int rc, const char *at, const char *text)
{
    p->rc = rc;
    p->fault = (struct json_fault){(size_t)(at - p->begin), text};
    return false;
}

static bool fail(struct parser *p, const char *text)
{
    return fail_at(p, ERR_SYNTAX, p->at, text);
}

static void skip_blanks(struct parser *p)
{
    while (p->at < p->end &&
           (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t')) {
        p->at++;
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The four digits behind \u. */
static bool read_hex4(struct parser *p, uint32_t *out)
{
    uint32_t value = 0;
    if (p->end - p->at < 4) {
        p->at = p->end;
        return fail(p, "the text ends inside a \\u escape; expected four hexadecimal digits");
    }
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(p->at[i]);
        if (digit < 0) {
            p->at += i;
            return fail(p, "expected four hexadecimal digits after \\u");
        }
        value = value << 4 | (uint32_t)digit;
    }
    p->at += 4;
    *out = value;
    return true;
}

static bool read_unicode(struct parser *p, char **to)
{
    const char *start = p->at - 2;
    uint32_t c, low;
    if (!read_hex4(p, &c)) {
        return false;
    }
    if (c >= 0xDC00 && c <= 0xDFFF) {
        return fail_at(p, ERR_SYNTAX, start, "found the second half of a surrogate pair alone");
    }
    if (c >= 0xD800 && c <= 0xDBFF) {
        if (p->end - p->at < 2 || p->at[0] != '\\' || p->at[1] != 'u') {
            return fail_at(p, ERR_SYNTAX, start, "found the first half of a surrogate pair alone");
        }
        p->at += 2;
        if (!read_hex4(p, &low)) {
            return false;
        }
        if (low < 0xDC00 || low > 0xDFFF) {
            return fail_at(p, ERR_SYNTAX, start, "found the first half of a surrogate pair alone");
        }
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    *to += utf8_put(*to, c);
    return true;
}

static bool read_escape(struct parser *p, char **to)
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
    return fail(p, "expected one of \" \\ / b f n r t u after \\");
}

static bool is_plain(unsigned char c)
{
    return c >= 0x20 && c != '"' && c != '\\' && c < 0x80;
}

/* Go over what stands for itself; false at what cannot stand in a string. */
static bool skip_plain(struct parser *p)
{
    uint32_t c;
    for (;;) {
        while (p->at < p->end && is_plain((unsigned char)*p->at)) {
            p->at++;
        }
        if (p->at == p->end) {
            return fail(p, "the text ends inside a string; expected a closing \"");
        }
        if (*p->at == '"' || *p->at == '\\') {
            return true;
        }
        unsigned n = utf8_get(str_from(p->at, (size_t)(p->end - p->at)), &c);
        if (n == 0) {
            return fail(p, "found a byte that is not UTF-8");
        }
        if (c < 0x20) {
            return fail(p, "found a control character in a string; expected an escape such as \\n");
        }
        p->at += n;
    }
}

/* With escapes: decode into the arena. p->at stands at the first backslash. */
static bool decode_string(struct parser *p, const char *start, struct str *out)
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
static bool read_string(struct parser *p, struct str *out)
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

static bool read_number(struct parser *p, struct str *out)
{
    const char *bad = NULL;
    const char *end = number_end(p->at, p->end, &bad);
    if (!end) {
        return fail_at(
            p, ERR_SYNTAX, bad,
            "this is no number; expected -?digits[.digits][e[+-]digits] without a leading 0");
    }
    *out = str_from(p->at, (size_t)(end - p->at));
    p->at = end;
    return true;
}

static bool read_word(struct parser *p, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(p->end - p->at) < n || memcmp(p->at, word, n) != 0) {
        return fail(p, "found an unknown word; expected true, false, null or a value");
    }
    p->at += n;
    return true;
}

static bool read_value(struct parser *p, struct json **out);

static bool open_level(struct parser *p)
{
    if (p->depth == p->depth_max) {
        return fail_at(p, ERR_LIMIT, p->at, "arrays and objects are nested too deep");
    }
    p->depth++;
    p->at++;
    skip_blanks(p);
    return true;
}

/* After a member: true when another one follows; *out_ok false on a fault. */
static bool next_member(struct parser *p, char close, bool *out_ok)
{
    skip_blanks(p);
    *out_ok = true;
    if (p->at < p->end && *p->at == ',') {
        p->at++;
        skip_blanks(p);
        return true;
    }
    if (p->at < p->end && *p->at == close) {
        p->at++;
        p->depth--;
        return false;
    }
    *out_ok =
        fail(p, close == ']' ? "expected , or ] in an array" : "expected , or } in an object");
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

static bool read_array(struct parser *p, struct json *v)
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

static bool read_member(struct parser *p, struct json *v)
{
    struct json *child;
    struct str key;
    const char *key_at = p->at;
    if (p->at == p->end || *p->at != '"') {
        return fail(p, "expected a key in double quotes");
    }
    if (!read_string(p, &key)) {
        return false;
    }
    skip_blanks(p);
    if (p->at == p->end || *p->at != ':') {
        return fail(p, "expected : after a key");
    }
    p->at++;
    skip_blanks(p);
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

static bool read_object(struct parser *p, struct json *v)
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
    return !twice ||
           fail_at(p, ERR_SYNTAX, p->begin + twice->key_at, "this key stands in the object twice");
}

static bool read_kind(struct parser *p, struct json *v)
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
        return read_string(p, &v->text);
    case 't':
        v->kind = JSON_TRUE;
        return read_word(p, "true");
    case 'f':
        v->kind = JSON_FALSE;
        return read_word(p, "false");
    case 'n':
        v->kind = JSON_NULL;
        return read_word(p, "null");
    case '-':
    case '0' ... '9':
        v->kind = JSON_NUMBER;
        return read_number(p, &v->text);
    default: /* every other byte */
        return fail(
            p,
            "found something that begins no value; expected { [ \" a number, true, false or null");
    }
}

static bool read_value(struct parser *p, struct json **out)
{
    if (p->at == p->end) {
        return fail(p, "the text ends where a value was expected");
    }
    if (p->nodes++ == p->nodes_max) {
        return fail_at(p, ERR_LIMIT, p->at, "there are too many values");
    }
    struct json *v = ARENA_NEW(p->a, struct json);
    v->at = (uint32_t)(p->at - p->begin);
    *out = v;
    return read_kind(p, v);
}

static bool read_text(struct parser *p, struct json **out)
{
    if (p->end - p->at >= 3 && memcmp(p->at, "\xEF\xBB\xBF", 3) == 0) {
        p->at += 3;
    }
    skip_blanks(p);
    if (!read_value(p, out)) {
        return false;
    }
    skip_blanks(p);
    return p->at == p->end || fail(p, "found something behind the value; expected the end");
}

int json_parse(struct arena *a, struct str src, const struct json_options *options,
               struct json **out, struct json_fault *out_fault)
{
    static const struct json_options none = {0};
    const struct json_options *o = options ? options : &none;
    struct json *root;
    src = src.p ? src : STR("");
    struct parser p = {
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

bool json_is_number(struct str s)
{
    const char *bad;
    return s.n && number_end(s.p, s.p + s.n, &bad) == s.p + s.n;
}
