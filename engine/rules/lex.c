/* Formulas cut into tokens. */
#include "engine/base/lookalike.h"
#include "engine/rules/lex_priv.h"
#include "engine/rules/moment.h"

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

struct token *lex_add(struct lexer *l, enum token_kind kind, size_t from, size_t to)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 32;
        struct token *v = arena_alloc(l->scratch, cap * sizeof(*v));
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

struct diag *lex_fail(struct lexer *l, size_t at, const char *code, const char *what)
{
    l->failed = true;
    return diag_add(l->d, DIAG_ERROR, code, formula_pos(l->f, at), "%s", what);
}

static void skip_block_comment(struct lexer *l)
{
    size_t start = l->at;
    for (l->at += 2; l->at < l->text.n; l->at++) {
        if (lex_look(l, 0) == '*' && lex_look(l, 1) == '/') {
            l->at += 2;
            return;
        }
    }
    lex_fail(l, start, "open-comment", "the comment that begins here has no */");
}

static void skip_line_comment(struct lexer *l)
{
    if (l->f->is_route) {
        struct diag *one =
            lex_fail(l, l->at, "line-comment", "// would hide the rest of the formula");
        diag_hint(l->d, one, "write /* ... */");
        return;
    }
    while (l->at < l->text.n && lex_look(l, 0) != '\n' && lex_look(l, 0) != '\r') {
        l->at++;
    }
}

static void skip_blank(struct lexer *l)
{
    while (l->at < l->text.n && !l->failed) {
        char c = lex_look(l, 0);
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            l->at++;
        } else if (c == '/' && lex_look(l, 1) == '*') {
            skip_block_comment(l);
        } else if (c == '/' && lex_look(l, 1) == '/') {
            skip_line_comment(l);
        } else {
            return;
        }
    }
}

static void lex_number(struct lexer *l)
{
    size_t end = l->at;
    while (end < l->text.n && lex_is_digit(l->text.p[end])) {
        end++;
    }
    if (end + 1 < l->text.n && l->text.p[end] == '.' && lex_is_digit(l->text.p[end + 1])) {
        for (end++; end < l->text.n && lex_is_digit(l->text.p[end]);) {
            end++;
        }
    }
    struct token *t = lex_add(l, TOKEN_NUMBER, l->at, end);
    bool is_long =
        lex_look(l, 0) == 'L' && !lex_is_word(lex_look(l, 1)) && str_index(t->text, '.') < 0;
    if (!value_number(t->text, &t->value)) {
        lex_fail(l, t->at, "big-number", "the number has more digits than fit");
    } else if (is_long) {
        t->value = value_long(t->value.i);
        l->at++;
    } else if (end < l->text.n && lex_is_letter(l->text.p[end])) {
        lex_fail(l, t->at, "bad-number",
                 "a name cannot begin with a digit; a text stands in quotes");
    }
}

static void lex_date(struct lexer *l)
{
    size_t start = l->at, end = l->at + 1;
    while (end < l->text.n &&
           (lex_is_digit(l->text.p[end]) || (l->text.p[end] && strchr("-:TZ+", l->text.p[end])) ||
            (l->text.p[end] == '.' && end + 1 < l->text.n && lex_is_digit(l->text.p[end + 1])))) {
        end++;
    }
    struct str s = str_slice(l->text, start + 1, end);
    bool is_time = s.n && s.p[0] == 'T';
    s = is_time ? str_slice(s, 1, s.n) : s;
    bool has_time = str_index(s, 'T') >= 0;
    enum value_kind kind = is_time ? VALUE_TIME : has_time ? VALUE_DATETIME : VALUE_DATE;
    struct moment m;
    if (!moment_read(s, kind, &m)) {
        struct diag *one = lex_fail(l, start, "bad-date", "this is no date, dateTime or time");
        diag_hint(l->d, one, "write @2026-11-24, @2026-11-24T09:30:00 or @T09:30");
        return;
    }
    struct token *t = lex_add(l, TOKEN_DATE, start, end);
    t->value = (struct value){.kind = (uint8_t)kind, .text = s};
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
    while (end < l->text.n && lex_is_word(l->text.p[end])) {
        end++;
    }
    if (end == start + skip) {
        lex_fail(l, start, "bad-name", "a name is missing here");
        return;
    }
    struct token *t = lex_add(l, kind, start, end);
    t->text = str_slice(l->text, start + skip, end);
}

static void lex_sign(struct lexer *l)
{
    static const char *const two[] = {"<=", ">=", "!=", "!~"};
    for (size_t i = 0; i < sizeof(two) / sizeof(two[0]); i++) {
        if (lex_look(l, 0) == two[i][0] && lex_look(l, 1) == two[i][1]) {
            lex_add(l, TOKEN_SIGN, l->at, l->at + 2);
            return;
        }
    }
    if (lex_look(l, 0) && strchr("()[]{}.,+-*/&|=~<>", lex_look(l, 0))) {
        lex_add(l, TOKEN_SIGN, l->at, l->at + 1);
        return;
    }
    struct lookalike like;
    struct diag *one =
        lex_fail(l, l->at, "bad-character", "a formula cannot hold this character here");
    if (lex_look(l, 0) == '!') {
        diag_hint(l->d, one, "not equal is !=, and `not` is written behind: (...).not()");
    } else if (lex_look(l, 0) == '"') {
        diag_hint(l->d, one, "a text stands in single quotes");
    } else if (lex_look(l, 0) == '^') {
        diag_hint(l->d, one, "components follow a dot, as in PID-3.1");
    } else if (lex_look(l, 0) == '?') {
        diag_hint(l->d, one, "a choice is written iif(condition, then, else)");
    } else if (lookalike_at(str_slice(l->text, l->at, l->text.n), &like)) {
        diag_hint(l->d, one, "it is %s; type %s", like.what, like.type);
    }
}

static void lex_one(struct lexer *l)
{
    char c = lex_look(l, 0);
    if (c == '\'') {
        lex_quoted(l, TOKEN_STRING);
    } else if (c == '`') {
        lex_quoted(l, TOKEN_QUOTED);
    } else if (c == '.' && lex_may_be_level(l)) {
        lex_level(l);
    } else if (c == '@') {
        lex_date(l);
    } else if (lex_is_digit(c)) {
        lex_number(l);
    } else if (c >= 'A' && c <= 'Z' && lex_may_be_path(l) && lex_path(l)) {
        return;
    } else if (lex_is_letter(c)) {
        lex_word(l, TOKEN_WORD, 0);
    } else if (c == '$') {
        lex_word(l, TOKEN_NAME, 1);
    } else if (c == '%') {
        lex_word(l, TOKEN_EXTERNAL, 1);
    } else {
        lex_sign(l);
    }
}

struct token *lex_formula(struct arena *a, struct arena *scratch, const struct formula *f,
                          struct diags *d)
{
    struct lexer l = {.a = a, .scratch = scratch, .f = f, .d = d, .text = f->text};
    for (skip_blank(&l); !l.failed && l.at < l.text.n; skip_blank(&l)) {
        lex_one(&l);
    }
    if (l.failed) {
        return NULL;
    }
    lex_add(&l, TOKEN_END, l.text.n, l.text.n);
    return l.v;
}
