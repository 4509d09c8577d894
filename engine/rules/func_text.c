/* Functions over one text. Characters are UTF-8 code points, as the caller decoded the message. */
#include "engine/base/regex.h"
#include "engine/rules/func.h"

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
    enum { WORD = 8 };
    size_t i = 0;
    while (n >= WORD && i + WORD <= s.n &&
           !(str_word(s.p + i, WORD) & UINT64_C(0x8080808080808080))) {
        i += WORD; /* as many characters */
        n -= WORD;
    }
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
    return call_put(e, out, result)

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
    size_t from = start < 0 ? text.n : byte_of(text, start);
    if (from == text.n) {
        return true;
    }
    text = str_slice(text, from, text.n);
    size_t to = length <= 0 ? 0 : (uint64_t)length >= text.n ? text.n : byte_of(text, length);
    return call_put(e, out, value_string(str_slice(text, 0, to)));
}

bool func_length(struct eval *e, const struct call *c, struct values *out)
{
    struct str text;
    return eval_text(e, c->n, c->one, &text) && call_put(e, out, value_integer(count_chars(text)));
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
    return call_put(e, out, value_string(str_from(p, text.n)));
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
    return eval_text(e, c->n, c->one, &text) && call_put(e, out, value_string(str_trim(text)));
}

static inline char *put_bytes(char *to, struct str s)
{
    str_copy(to, s);
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
    return call_put(e, out, value_string(done));
}

bool func_split(struct eval *e, const struct call *c, struct values *out)
{
    struct str text, separator;
    enum value_answer got = two_texts(e, c, &text, &separator);
    if (got != ANSWER_TRUE || separator.n == 0) {
        return got != ANSWER_FALSE && (got == ANSWER_EMPTY || call_put(e, out, value_string(text)));
    }
    for (ptrdiff_t at; (at = str_find(text, separator)) >= 0;) {
        call_put(e, out, value_string(str_slice(text, 0, (size_t)at)));
        text = str_slice(text, (size_t)at + separator.n, text.n);
    }
    return call_put(e, out, value_string(text));
}

enum { JOIN_FEW = 8 };

bool func_join(struct eval *e, const struct call *c, struct values *out)
{
    struct str separator = STR("");
    if (call_nargs(c) && call_text(e, c, 0, &separator) == ANSWER_FALSE) {
        return false;
    }
    if (c->in->n == 0) {
        return true;
    }
    struct str few[JOIN_FEW],
        *part = c->in->n <= JOIN_FEW ? few : ARENA_ARRAY(e->a, struct str, c->in->n);
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
    return call_put(e, out, value_string(str_from(p, n)));
}

bool func_to_chars(struct eval *e, const struct call *c, struct values *out)
{
    struct str text;
    if (!eval_text(e, c->n, c->one, &text)) {
        return false;
    }
    while (text.n) {
        size_t n = byte_of(text, 1);
        call_put(e, out, value_string(str_slice(text, 0, n)));
        text = str_slice(text, n, text.n);
    }
    return true;
}

bool func_last_index_of(struct eval *e, const struct call *c, struct values *out)
{
    struct str text, other;
    enum value_answer got = two_texts(e, c, &text, &other);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    for (size_t at = text.n - (other.n < text.n ? other.n : text.n) + 1; at-- > 0;) {
        if (str_starts(str_slice(text, at, text.n), other)) {
            return call_put(e, out, value_integer(count_chars(str_slice(text, 0, at))));
        }
    }
    return call_put(e, out, value_integer(-1));
}

/* ---- regular expressions ---- */

static bool too_much(struct eval *e, const struct call *c)
{
    return eval_fail(e, c->n, "the regular expression of %s() took too many steps",
                     c->n->func->name);
}

struct str func_regex_flags(struct str flags)
{
    static const char *const rows[][2] = {
        {"", ""}, {"i", "(?i)"}, {"m", "(?m)"}, {"im", "(?im)"}, {"mi", "(?im)"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (str_is(flags, rows[i][0])) {
            return str_of(rows[i][1]);
        }
    }
    return (struct str){NULL, 0};
}

/* The pattern with what argument `at` asks of it. False: fault. */
static bool with_flags(struct eval *e, const struct call *c, unsigned at, struct str *pattern,
                       size_t *out_n)
{
    struct str flags = STR("");
    *out_n = 0;
    if (call_nargs(c) <= at || c->n->regex) {
        return true;
    }
    if (call_text(e, c, at, &flags) == ANSWER_FALSE) {
        return false;
    }
    struct str option = func_regex_flags(flags);
    if (!option.p) {
        return eval_fail(e, c->n, "%s() knows the flags i and m", c->n->func->name);
    }
    *out_n = option.n;
    *pattern = str_printf(e->a, "%.*s%.*s", STR_ARG(option), STR_ARG(*pattern));
    return true;
}

/* The expression of a literal was compiled by check; another one is compiled now. Flags are argument `at`. */
static const struct regex *pattern_of(struct eval *e, const struct call *c, struct str text,
                                      unsigned at)
{
    struct regex *made;
    const char *why;
    size_t wrong, before;
    if (!with_flags(e, c, at, &text, &before)) {
        return NULL;
    }
    if (c->n->regex) {
        return c->n->regex;
    }
    if (regex_compile(e->a, text, &made, &wrong, &why) != 0) {
        eval_fail(e, c->n, "the regular expression is refused at character %zu: %s",
                  wrong + 1 - (wrong < before ? wrong : before), why);
        return NULL;
    }
    return made;
}

static bool match(struct eval *e, const struct call *c, bool whole, struct values *out)
{
    struct str text, pattern;
    enum value_answer got = two_texts(e, c, &text, &pattern);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    const struct regex *re = pattern_of(e, c, pattern, 1);
    enum regex_answer hit = re ? regex_match(re, text, whole, e->a) : REGEX_LIMIT;
    if (hit == REGEX_LIMIT) {
        return too_much(e, c);
    }
    return call_put(e, out, value_boolean(hit == REGEX_YES));
}

bool func_matches(struct eval *e, const struct call *c, struct values *out)
{
    return match(e, c, false, out);
}

bool func_matches_full(struct eval *e, const struct call *c, struct values *out)
{
    return match(e, c, true, out);
}

bool func_replace_matches(struct eval *e, const struct call *c, struct values *out)
{
    struct str text, pattern, by, done;
    enum value_answer got = two_texts(e, c, &text, &pattern);
    got = got == ANSWER_TRUE ? call_text(e, c, 1, &by) : got;
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    if (pattern.n == 0) {
        return call_put(e, out, value_string(text));
    }
    const struct regex *re = pattern_of(e, c, pattern, 2);
    if (!re || regex_replace(re, text, by, e->a, EVAL_BYTES_MAX, &done) == REGEX_LIMIT) {
        return too_much(e, c);
    }
    return call_put(e, out, value_string(done));
}
