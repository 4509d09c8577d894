#include "engine/base/lookalike.h"
#include "engine/rules/formula.h"
#include "engine/rules/moment.h"

struct lexer {
    struct arena *a;
    const struct formula *f;
    struct diags *d;
    struct str text;
    size_t at;
    struct token *v;
    uint32_t n, cap;
    bool failed;
};

struct diag_pos formula_pos(const struct formula *f, size_t at)
{
    const struct formula_mark *m = f->marks;
    for (unsigned i = 1; i < f->nmarks && f->marks[i].at <= at; i++) {
        m = &f->marks[i];
    }
    unsigned chars = 0;
    for (size_t i = m->at; i < at && i < f->text.n; i++) {
        chars += ((unsigned char)f->text.p[i] & 0xc0u) != 0x80u;
    }
    return (struct diag_pos){f->file, m->line, m->col + chars};
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
    return is_digit(c) || is_letter(c);
}

static char look(const struct lexer *l, size_t ahead)
{
    return l->at + ahead < l->text.n ? l->text.p[l->at + ahead] : '\0';
}

static struct token *add(struct lexer *l, enum token_kind kind, size_t from, size_t to)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 32;
        struct token *v = arena_alloc(l->a, cap * sizeof(*v));
        if (l->n) {
            memcpy(v, l->v, l->n * sizeof(*v));
        }
        l->v = v;
        l->cap = cap;
    }
    struct token *t = &l->v[l->n++];
    *t = (struct token){.kind = kind,
                        .at = (uint32_t)from,
                        .end = (uint32_t)to,
                        .text = str_slice(l->text, from, to)};
    l->at = to;
    return t;
}

static struct diag *fail(struct lexer *l, size_t at, const char *code, const char *what)
{
    l->failed = true;
    return diag_add(l->d, DIAG_ERROR, code, formula_pos(l->f, at), "%s", what);
}

static void skip_block_comment(struct lexer *l)
{
    size_t start = l->at;
    for (l->at += 2; l->at < l->text.n; l->at++) {
        if (look(l, 0) == '*' && look(l, 1) == '/') {
            l->at += 2;
            return;
        }
    }
    fail(l, start, "open-comment", "the comment that begins here has no */");
}

static void skip_line_comment(struct lexer *l)
{
    if (l->f->is_route) {
        struct diag *one = fail(l, l->at, "line-comment", "// would hide the rest of the formula");
        diag_hint(l->d, one, "write /* ... */");
        return;
    }
    while (l->at < l->text.n && look(l, 0) != '\n' && look(l, 0) != '\r') {
        l->at++;
    }
}

static void skip_blank(struct lexer *l)
{
    while (l->at < l->text.n && !l->failed) {
        char c = look(l, 0);
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            l->at++;
        } else if (c == '/' && look(l, 1) == '*') {
            skip_block_comment(l);
        } else if (c == '/' && look(l, 1) == '/') {
            skip_line_comment(l);
        } else {
            return;
        }
    }
}

static bool read_hex4(const struct lexer *l, size_t ahead, uint32_t *out)
{
    uint32_t v = 0;
    for (size_t i = 0; i < 4; i++) {
        char c = look(l, ahead + i);
        uint32_t digit = is_digit(c)              ? (uint32_t)(c - '0')
                         : (c >= 'a' && c <= 'f') ? (uint32_t)(c - 'a') + 10
                         : (c >= 'A' && c <= 'F') ? (uint32_t)(c - 'A') + 10
                                                  : 16;
        if (digit > 15) {
            return false;
        }
        v = v * 16 + digit;
    }
    *out = v;
    return true;
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | (c >> 6));
        *to++ = (char)(0x80 | (c & 63));
    } else if (c < 0x10000) {
        *to++ = (char)(0xe0 | (c >> 12));
        *to++ = (char)(0x80 | ((c >> 6) & 63));
        *to++ = (char)(0x80 | (c & 63));
    } else {
        *to++ = (char)(0xf0 | (c >> 18));
        *to++ = (char)(0x80 | ((c >> 12) & 63));
        *to++ = (char)(0x80 | ((c >> 6) & 63));
        *to++ = (char)(0x80 | (c & 63));
    }
    return to;
}

/* A \uXXXX, with its second half when it is a surrogate; l->at stands on the u. */
static char *lex_unicode(struct lexer *l, char *to)
{
    uint32_t c = 0, low = 0;
    bool good = read_hex4(l, 1, &c);
    size_t used = 5;
    if (good && c >= 0xd800 && c < 0xdc00 && look(l, 5) == '\\' && look(l, 6) == 'u' &&
        read_hex4(l, 7, &low) && low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        used = 11;
    }
    if (!good && !l->f->is_route) {
        return to; /* the backslash is dropped */
    }
    if (!good || (c >= 0xd800 && c < 0xe000)) {
        fail(l, l->at - 1, "bad-escape", "\\u wants four hexadecimal digits of one character");
        return to;
    }
    l->at += used;
    return put_utf8(to, c);
}

static char *lex_escape(struct lexer *l, char *to)
{
    static const char from[] = "'\"`\\/fnrt", into[] = "'\"`\\/\f\n\r\t";
    char c = look(l, 1);
    const char *hit = c ? strchr(from, c) : NULL;
    l->at++;
    if (hit) {
        l->at++;
        *to = into[hit - from];
        return to + 1;
    }
    if (c == 'u') {
        return lex_unicode(l, to);
    }
    if (!l->f->is_route &&
        l->at < l->text.n) { /* FHIRPath drops the backslash; in a route it is a slip */
        return to;
    }
    struct diag *one = fail(l, l->at - 1, "bad-escape", "this is no escape of a FHIRPath string");
    diag_hint(
        l->d, one,
        "write \\\\ for a backslash, \\n for a line feed; HL7 escapes stand in escaped('...')");
    return to;
}

/* 'text', "text" or `text`: the decoded bytes are never longer than the source. */
static void lex_quoted(struct lexer *l, enum token_kind kind)
{
    size_t start = l->at;
    char quote = look(l, 0);
    char *p = arena_alloc(l->a, l->text.n - l->at + 1), *to = p;
    for (l->at++; l->at < l->text.n && look(l, 0) != quote && !l->failed;) {
        if (look(l, 0) == '\\') {
            to = lex_escape(l, to);
        } else {
            *to++ = look(l, 0);
            l->at++;
        }
    }
    if (l->failed) {
        return;
    }
    if (l->at >= l->text.n) {
        fail(l, start, "open-string", "the text that begins here has no closing quote");
        return;
    }
    struct token *t = add(l, kind, start, l->at + 1);
    *to = '\0';
    t->text = str_from(p, (size_t)(to - p));
}

static void lex_number(struct lexer *l)
{
    size_t end = l->at;
    while (end < l->text.n && is_digit(l->text.p[end])) {
        end++;
    }
    if (end + 1 < l->text.n && l->text.p[end] == '.' && is_digit(l->text.p[end + 1])) {
        for (end++; end < l->text.n && is_digit(l->text.p[end]);) {
            end++;
        }
    }
    struct token *t = add(l, TOKEN_NUMBER, l->at, end);
    bool is_long = look(l, 0) == 'L' && !is_word(look(l, 1)) && str_index(t->text, '.') < 0;
    if (!value_number(t->text, &t->value)) {
        fail(l, t->at, "big-number", "the number has more digits than fit");
    } else if (is_long) {
        t->value = value_long(t->value.i);
        l->at++;
    } else if (end < l->text.n && is_letter(l->text.p[end])) {
        fail(l, t->at, "bad-number", "a name cannot begin with a digit; a text stands in quotes");
    }
}

static void lex_date(struct lexer *l)
{
    size_t start = l->at, end = l->at + 1;
    while (end < l->text.n &&
           (is_digit(l->text.p[end]) || (l->text.p[end] && strchr("-:TZ+", l->text.p[end])) ||
            (l->text.p[end] == '.' && end + 1 < l->text.n && is_digit(l->text.p[end + 1])))) {
        end++;
    }
    struct str s = str_slice(l->text, start + 1, end);
    bool is_time = s.n && s.p[0] == 'T';
    s = is_time ? str_slice(s, 1, s.n) : s;
    bool has_time = str_index(s, 'T') >= 0;
    enum value_kind kind = is_time ? VALUE_TIME : has_time ? VALUE_DATETIME : VALUE_DATE;
    struct moment m;
    if (!moment_read(s, kind, &m)) {
        struct diag *one = fail(l, start, "bad-date", "this is no date, dateTime or time");
        diag_hint(l->d, one, "write @2026-11-24, @2026-11-24T09:30:00 or @T09:30");
        return;
    }
    struct token *t = add(l, TOKEN_DATE, start, end);
    t->value = (struct value){.kind = (uint8_t)kind, .text = s};
}

static bool may_have_level(const struct lexer *l)
{
    if (l->n == 0) {
        return false;
    }
    const struct token *t = &l->v[l->n - 1];
    bool bracket = t->kind == TOKEN_SIGN && (str_is(t->text, ")") || str_is(t->text, "]"));
    return bracket || t->kind == TOKEN_NAME || t->kind == TOKEN_LEVEL || t->kind == TOKEN_PATH;
}

static void lex_level(struct lexer *l)
{
    size_t end = l->at + 1;
    uint32_t n = 0;
    for (; end < l->text.n && is_digit(l->text.p[end]) && n <= PATH_INDEX_MAX; end++) {
        n = n * 10 + (uint32_t)(l->text.p[end] - '0');
    }
    struct token *t = add(l, TOKEN_LEVEL, l->at, end);
    t->level = n;
    if (n == 0 || n > PATH_INDEX_MAX) {
        fail(l, t->at, "bad-level", "fields, components and subcomponents count from 1");
    }
}

/* The path that was probably meant by PID-13-7, PID.13.7, PID-3(2); empty: it is no path either. */
static struct str meant(const struct lexer *l, struct str rest)
{
    char room[64];
    size_t n = 0;
    bool has_field = false;
    for (size_t i = 0; i < rest.n && n < sizeof(room); i++) {
        char c = rest.p[i], next = i + 1 < rest.n ? rest.p[i + 1] : 0;
        bool is_step = (c == '-' || c == '.') && is_digit(next);
        if (!is_step && !is_word(c) && !strchr("[]()", c)) {
            break;
        }
        room[n++] = (char)(is_step ? has_field ? '.' : '-' : c == '(' ? '[' : c == ')' ? ']' : c);
        has_field = has_field || is_step;
    }
    struct path p;
    size_t at;
    const char *why;
    struct str text = str_from(room, n);
    return n && path_compile(text, false, &p, &at, &why) == 0 ? path_text(l->a, &p) : STR("");
}

static void fail_path(struct lexer *l, struct str rest, const struct path *read, size_t at,
                      const char *why)
{
    const struct str example = STR("write PID-3.1");
    struct diag *one = fail(l, l->at + at, "bad-path", why);
    ptrdiff_t said = str_find(one->text, example);
    struct str better = meant(l, rest);
    if (said > 0 && (size_t)said + example.n == one->text.n) {
        better = better.n ? better : path_text(l->a, read);
        one->text =
            str_printf(l->d->arena, "%.*swrite %.*s", (int)said, one->text.p, STR_ARG(better));
    }
}

static bool lex_path(struct lexer *l)
{
    struct path p;
    struct str rest = str_slice(l->text, l->at, l->text.n);
    size_t used = path_lex(rest, &p), at = 0;
    if (used == 0) {
        return false;
    }
    const char *why = path_misspelt(rest, used, &p, &at);
    if (why) {
        fail_path(l, rest, &p, at, why);
        return true;
    }
    size_t start = l->at;
    bool minus_before = l->n && l->v[l->n - 1].end == start && str_is(l->v[l->n - 1].text, "-");
    struct token *t = add(l, TOKEN_PATH, start, start + used);
    t->path = p;
    if (minus_before || look(l, 0) == '-') {
        struct diag *one =
            fail(l, minus_before ? start - 1 : l->at, "bad-path", "- touches a path");
        diag_hint(l->d, one, "subtraction next to a path wants spaces on both sides");
    } else if (p.seg_n == PATH_APPEND || p.seg_n == PATH_EACH || p.rep == PATH_APPEND ||
               p.rep == PATH_EACH) {
        fail(l, start, "bad-path",
             "[+] and [*] are for targets; a path without an index means each one");
    }
    return true;
}

static void lex_word(struct lexer *l, enum token_kind kind, size_t skip)
{
    size_t start = l->at, end = l->at + skip;
    if (kind == TOKEN_EXTERNAL && end < l->text.n &&
        (l->text.p[end] == '`' || l->text.p[end] == '\'' || l->text.p[end] == '"')) {
        l->at++;
        lex_quoted(l, kind);
        return;
    }
    while (end < l->text.n && is_word(l->text.p[end])) {
        end++;
    }
    if (end == start + skip) {
        fail(l, start, "bad-name", "a name is missing here");
        return;
    }
    struct token *t = add(l, kind, start, end);
    t->text = str_slice(l->text, start + skip, end);
}

static void lex_sign(struct lexer *l)
{
    static const char *const two[] = {"<=", ">=", "!=", "!~"};
    for (size_t i = 0; i < sizeof(two) / sizeof(two[0]); i++) {
        if (look(l, 0) == two[i][0] && look(l, 1) == two[i][1]) {
            add(l, TOKEN_SIGN, l->at, l->at + 2);
            return;
        }
    }
    if (look(l, 0) && strchr("()[]{}.,+-*/&|=~<>", look(l, 0))) {
        add(l, TOKEN_SIGN, l->at, l->at + 1);
        return;
    }
    struct lookalike like;
    struct diag *one = fail(l, l->at, "bad-character", "a formula cannot hold this character here");
    if (look(l, 0) == '!') {
        diag_hint(l->d, one, "not equal is !=, and `not` is written behind: (...).not()");
    } else if (look(l, 0) == '"') {
        diag_hint(l->d, one, "a text stands in single quotes");
    } else if (look(l, 0) == '^') {
        diag_hint(l->d, one, "components follow a dot, as in PID-3.1");
    } else if (look(l, 0) == '?') {
        diag_hint(l->d, one, "a choice is written iif(condition, then, else)");
    } else if (lookalike_at(str_slice(l->text, l->at, l->text.n), &like)) {
        diag_hint(l->d, one, "it is %s; type %s", like.what, like.type);
    }
}

/* Does a path of HL7 v2 stand here, if it looks like one? In formulas over data only of $cause. */
static bool may_be_path(const struct lexer *l)
{
    const struct token *t = l->n >= 2 ? &l->v[l->n - 2] : NULL;
    bool of_cause =
        t && t->kind == TOKEN_NAME && str_is(t->text, "cause") && str_is(t[1].text, ".");
    return !l->f->is_tree || of_cause;
}

static bool has_levels(const struct lexer *l)
{
    bool is_cause = false;
    for (unsigned i = 0; i < l->n && l->f->is_tree && !is_cause; i++) {
        is_cause = l->v[i].kind == TOKEN_PATH;
    }
    return !l->f->is_tree || is_cause;
}

static void lex_one(struct lexer *l)
{
    char c = look(l, 0);
    if (c == '\'') {
        lex_quoted(l, TOKEN_STRING);
    } else if (c == '`') {
        lex_quoted(l, TOKEN_QUOTED);
    } else if (c == '.' && is_digit(look(l, 1)) && may_have_level(l) && has_levels(l)) {
        lex_level(l);
    } else if (c == '@') {
        lex_date(l);
    } else if (is_digit(c)) {
        lex_number(l);
    } else if (c >= 'A' && c <= 'Z' && may_be_path(l) && lex_path(l)) {
        return;
    } else if (is_letter(c)) {
        lex_word(l, TOKEN_WORD, 0);
    } else if (c == '$') {
        lex_word(l, TOKEN_NAME, 1);
    } else if (c == '%') {
        lex_word(l, TOKEN_EXTERNAL, 1);
    } else {
        lex_sign(l);
    }
}

struct token *lex_formula(struct arena *a, const struct formula *f, struct diags *d)
{
    struct lexer l = {.a = a, .f = f, .d = d, .text = f->text};
    for (skip_blank(&l); !l.failed && l.at < l.text.n; skip_blank(&l)) {
        lex_one(&l);
    }
    if (l.failed) {
        return NULL;
    }
    add(&l, TOKEN_END, l.text.n, l.text.n);
    return l.v;
}
