/* Functions over one text. Characters are UTF-8 code points, as the caller decoded the message. */
#include "engine/hl7/escape.h"
#include "engine/rules/func.h"
#include "engine/rules/type.h"

static bool put(struct eval *e, struct values *out, struct value v)
{
    *values_add(out, e->a) = v;
    return true;
}

/* The input and argument 0 as texts. ANSWER_EMPTY: the argument is empty, so is the result. */
static enum value_answer two_texts(struct eval *e, const struct call *c, struct str *text,
                                   struct str *other)
{
    if (!eval_text(e, c->n, c->one, text)) {
        return ANSWER_FALSE;
    }
    return call_text(e, c, 0, other);
}

static bool is_first_byte(char c)
{
    return ((unsigned char)c & 0xc0u) != 0x80u;
}

static int64_t count_chars(struct str s)
{
    int64_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += is_first_byte(s.p[i]);
    }
    return n;
}

/* Byte of character `n`, or s.n. */
static size_t byte_of(struct str s, int64_t n)
{
    size_t i = 0;
    for (; i < s.n; i++) {
        if (is_first_byte(s.p[i]) && n-- == 0) {
            break;
        }
    }
    return i;
}

#define TWO_TEXTS(result)                                                                          \
    struct str text, other;                                                                        \
    enum value_answer got = two_texts(e, c, &text, &other);                                        \
    if (got != ANSWER_TRUE) {                                                                      \
        return got == ANSWER_EMPTY;                                                                \
    }                                                                                              \
    return put(e, out, result)

bool func_starts_with(struct eval *e, const struct call *c, struct values *out)
{
    TWO_TEXTS(value_boolean(str_starts(text, other)));
}

bool func_ends_with(struct eval *e, const struct call *c, struct values *out)
{
    TWO_TEXTS(value_boolean(str_ends(text, other)));
}

bool func_contains(struct eval *e, const struct call *c, struct values *out)
{
    TWO_TEXTS(value_boolean(str_find(text, other) >= 0));
}

static int64_t index_in(struct str text, struct str other)
{
    ptrdiff_t at = str_find(text, other);
    return at < 0 ? -1 : count_chars(str_slice(text, 0, (size_t)at));
}

bool func_index_of(struct eval *e, const struct call *c, struct values *out)
{
    TWO_TEXTS(value_integer(index_in(text, other)));
}

bool func_substring(struct eval *e, const struct call *c, struct values *out)
{
    struct str text;
    int64_t start = 0, length = INT64_MAX;
    if (!eval_text(e, c->n, c->one, &text)) {
        return false;
    }
    enum value_answer got = call_integer(e, c, 0, &start);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    if (call_nargs(c) > 1 && call_integer(e, c, 1, &length) == ANSWER_FALSE) {
        return false;
    }
    if (start < 0 || start >= count_chars(text)) {
        return true;
    }
    text = str_slice(text, byte_of(text, start), text.n);
    return put(e, out, value_string(str_slice(text, 0, length <= 0 ? 0 : byte_of(text, length))));
}

bool func_length(struct eval *e, const struct call *c, struct values *out)
{
    struct str text;
    return eval_text(e, c->n, c->one, &text) && put(e, out, value_integer(count_chars(text)));
}

/* Letters between `from` and from + 25 moved by `by`. */
static bool change_case(struct eval *e, const struct call *c, char from, int by, struct values *out)
{
    struct str text;
    if (!eval_text(e, c->n, c->one, &text)) {
        return false;
    }
    char *p = arena_alloc(e->a, text.n + 1);
    for (size_t i = 0; i < text.n; i++) {
        bool hit = text.p[i] >= from && text.p[i] <= from + 25;
        p[i] = hit ? (char)(text.p[i] + by) : text.p[i];
    }
    return put(e, out, value_string(str_from(p, text.n)));
}

bool func_upper(struct eval *e, const struct call *c, struct values *out)
{
    return change_case(e, c, 'a', 'A' - 'a', out);
}

bool func_lower(struct eval *e, const struct call *c, struct values *out)
{
    return change_case(e, c, 'A', 'a' - 'A', out);
}

bool func_trim(struct eval *e, const struct call *c, struct values *out)
{
    struct str text;
    return eval_text(e, c->n, c->one, &text) && put(e, out, value_string(str_trim(text)));
}

static char *put_bytes(char *to, struct str s)
{
    if (s.n) {
        memcpy(to, s.p, s.n);
    }
    return to + s.n;
}

static size_t count_hits(struct str text, struct str pattern)
{
    size_t hits = 0;
    for (ptrdiff_t at; (at = str_find(text, pattern)) >= 0; hits++) {
        text = str_slice(text, (size_t)at + pattern.n, text.n);
    }
    return hits;
}

/* An empty pattern stands between and around all characters. */
static struct str spread(struct eval *e, struct str text, struct str by)
{
    char *p = arena_alloc(e->a, text.n + (text.n + 1) * by.n + 1), *to = put_bytes(p, by);
    for (size_t i = 0; i < text.n; i++) {
        *to++ = text.p[i];
        to = i + 1 == text.n || is_first_byte(text.p[i + 1]) ? put_bytes(to, by) : to;
    }
    return str_from(p, (size_t)(to - p));
}

static struct str replace_all(struct eval *e, struct str text, struct str pattern, struct str by,
                              size_t hits)
{
    char *p = arena_alloc(e->a, text.n + hits * by.n + 1), *to = p;
    for (ptrdiff_t at; (at = str_find(text, pattern)) >= 0;) {
        to = put_bytes(put_bytes(to, str_slice(text, 0, (size_t)at)), by);
        text = str_slice(text, (size_t)at + pattern.n, text.n);
    }
    to = put_bytes(to, text);
    return str_from(p, (size_t)(to - p));
}

bool func_replace(struct eval *e, const struct call *c, struct values *out)
{
    struct str text, pattern, by;
    enum value_answer got = two_texts(e, c, &text, &pattern);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    got = call_text(e, c, 1, &by);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    size_t hits = pattern.n ? count_hits(text, pattern) : text.n + 1;
    if (by.n && hits > EVAL_BYTES_MAX / by.n) {
        return eval_fail(e, c->n, "replace() would make a text of more than 64 MiB");
    }
    struct str done = pattern.n ? replace_all(e, text, pattern, by, hits) : spread(e, text, by);
    return put(e, out, value_string(done));
}

bool func_split(struct eval *e, const struct call *c, struct values *out)
{
    struct str text, separator;
    enum value_answer got = two_texts(e, c, &text, &separator);
    if (got != ANSWER_TRUE || separator.n == 0) {
        return got != ANSWER_FALSE && (got == ANSWER_EMPTY || put(e, out, value_string(text)));
    }
    for (ptrdiff_t at; (at = str_find(text, separator)) >= 0;) {
        put(e, out, value_string(str_slice(text, 0, (size_t)at)));
        text = str_slice(text, (size_t)at + separator.n, text.n);
    }
    return put(e, out, value_string(text));
}

bool func_join(struct eval *e, const struct call *c, struct values *out)
{
    struct str separator = STR("");
    if (call_nargs(c) && call_text(e, c, 0, &separator) == ANSWER_FALSE) {
        return false;
    }
    if (c->in->n == 0) {
        return true;
    }
    struct str *part = ARENA_ARRAY(e->a, struct str, c->in->n);
    size_t n = separator.n * (c->in->n - 1);
    for (uint32_t i = 0; i < c->in->n; i++) {
        if (!eval_text(e, c->n, &c->in->v[i], &part[i])) {
            return false;
        }
        n += part[i].n;
    }
    if (n > EVAL_BYTES_MAX) {
        return eval_fail(e, c->n, "join() would make a text of more than 64 MiB");
    }
    char *p = arena_alloc(e->a, n + 1), *to = put_bytes(p, part[0]);
    for (uint32_t i = 1; i < c->in->n; i++) {
        to = put_bytes(put_bytes(to, separator), part[i]);
    }
    return put(e, out, value_string(str_from(p, n)));
}

bool func_to_chars(struct eval *e, const struct call *c, struct values *out)
{
    struct str text;
    if (!eval_text(e, c->n, c->one, &text)) {
        return false;
    }
    while (text.n) {
        size_t n = byte_of(text, 1);
        put(e, out, value_string(str_slice(text, 0, n)));
        text = str_slice(text, n, text.n);
    }
    return true;
}

bool func_to_string(struct eval *e, const struct call *c, struct values *out)
{
    struct str text;
    return eval_text(e, c->n, c->one, &text) && put(e, out, value_string(text));
}

/* Message text that is no number is a fault in a route, nothing in `eval` and for literals. */
static bool no_number(struct eval *e, const struct call *c)
{
    bool is_data = c->one->kind == VALUE_HL7 && e->is_route;
    return !is_data ||
           eval_fail(e, c->n, "the value is no number, %s() wants one", c->n->func->name);
}

bool func_to_integer(struct eval *e, const struct call *c, struct values *out)
{
    struct value v = *c->one;
    if (v.kind == VALUE_BOOLEAN) {
        return put(e, out, value_integer(v.i));
    }
    if (v.kind == VALUE_DECIMAL || !eval_number(e, &v, &v) || v.kind != VALUE_INTEGER) {
        return no_number(e, c);
    }
    return put(e, out, v);
}

bool func_to_decimal(struct eval *e, const struct call *c, struct values *out)
{
    struct value v = *c->one;
    if (v.kind != VALUE_BOOLEAN && !eval_number(e, &v, &v)) {
        return no_number(e, c);
    }
    return put(e, out, (struct value){.kind = VALUE_DECIMAL, .scale = v.scale, .i = v.i});
}

bool func_to_boolean(struct eval *e, const struct call *c, struct values *out)
{
    static const char *const words[2][5] = {{"false", "f", "no", "n", "0"},
                                            {"true", "t", "yes", "y", "1"}};
    struct value number;
    struct str text = value_text(e->a, c->one);
    if (value_number(text, &number) &&
        (number.i == 0 || value_number_cmp(&number, &(struct value){.i = 1}) == 0)) {
        return put(e, out, value_boolean(number.i != 0));
    }
    for (int yes = 0; yes < 2; yes++) {
        for (int i = 0; i < 5; i++) {
            if (str_eq_nocase(text, str_of(words[yes][i]))) {
                return put(e, out, value_boolean(yes));
            }
        }
    }
    return true;
}

bool func_state(struct eval *e, const struct call *c, struct values *out)
{
    static const char *const states[] = {"absent", "empty", "null", "value"};
    struct hl7_val v = {0};
    if (e->m) {
        v = path_get(e->m, &c->n->arg[0]->path);
    }
    return put(e, out, value_string(str_of(states[v.state])));
}

bool func_raw(struct eval *e, const struct call *c, struct values *out)
{
    return put(e, out,
               value_string(c->one->kind == VALUE_HL7 ? c->one->text : value_text(e->a, c->one)));
}

bool func_is_valid(struct eval *e, const struct call *c, struct values *out)
{
    struct value number;
    struct str date;
    bool valid = true;
    if (c->one->kind == VALUE_HL7 && c->one->of == TYPE_NUMBER) {
        valid = eval_number(e, c->one, &number);
    } else if (c->one->kind == VALUE_HL7 && c->one->of == TYPE_DATE) {
        struct str first = hl7_component(&c->one->m->d, c->one->text, 1);
        valid = type_date_text(e->a, first, &date) && value_date_valid(date, VALUE_DATETIME);
    }
    return put(e, out, value_boolean(valid));
}

static bool is_formatting(struct str inside)
{
    return str_is(inside, "H") || str_is(inside, "N") ||
           (inside.n > 1 && inside.p[0] == '.' && !str_is(inside, ".br"));
}

/* Without \H\ \N\ \.xx\ and the like; other sequences stay for the decoder. */
static struct str drop_formatting(struct eval *e, struct str s, char escape)
{
    char *p = arena_alloc(e->a, s.n + 1), *to = p;
    for (size_t i = 0; i < s.n;) {
        const char *close = s.p[i] == escape ? memchr(s.p + i + 1, escape, s.n - i - 1) : NULL;
        size_t n = close ? (size_t)(close - (s.p + i)) + 1 : 1;
        if (n < 2 || !is_formatting(str_slice(s, i + 1, i + n - 1))) {
            memcpy(to, s.p + i, n);
            to += n;
        }
        i += n;
    }
    return str_from(p, (size_t)(to - p));
}

bool func_text(struct eval *e, const struct call *c, struct values *out)
{
    struct str text = c->one->kind == VALUE_HL7 ? c->one->text : STR("");
    if (c->one->kind != VALUE_HL7 || value_is_composite(c->one)) {
        return eval_text(e, c->n, c->one, &text) && put(e, out, value_string(text));
    }
    const struct hl7_delims *d = &c->one->m->d;
    return put(e, out, value_string(hl7_unescape(e->a, d, drop_formatting(e, text, d->escape))));
}

bool func_escaped(struct eval *e, const struct call *c, struct values *out)
{
    struct str text;
    enum value_answer got = call_text(e, c, 0, &text);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    return put(e, out, (struct value){.kind = VALUE_ESCAPED, .text = text});
}
