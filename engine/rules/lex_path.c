/* Paths of HL7 v2 and levels behind a dot, and what was probably meant by what is none. */
#include "engine/rules/lex_priv.h"

static bool may_have_level(const struct lexer *l)
{
    if (l->n == 0) {
        return false;
    }
    const struct token *t = &l->v[l->n - 1];
    bool bracket = t->kind == TOKEN_SIGN && (str_is(t->text, ")") || str_is(t->text, "]"));
    return bracket || t->kind == TOKEN_NAME || t->kind == TOKEN_LEVEL || t->kind == TOKEN_PATH;
}

/* In formulas over data levels are of $cause alone. */
static bool has_levels(const struct lexer *l)
{
    bool is_cause = false;
    for (unsigned i = 0; i < l->n && l->f->is_tree && !is_cause; i++) {
        is_cause = l->v[i].kind == TOKEN_PATH;
    }
    return !l->f->is_tree || is_cause;
}

bool lex_may_be_level(const struct lexer *l)
{
    return lex_is_digit(lex_look(l, 1)) && may_have_level(l) && has_levels(l);
}

void lex_level(struct lexer *l)
{
    size_t end = l->at + 1;
    uint32_t n = 0;
    for (; end < l->text.n && lex_is_digit(l->text.p[end]) && n <= PATH_INDEX_MAX; end++) {
        n = n * 10 + (uint32_t)(l->text.p[end] - '0');
    }
    struct token *t = lex_add(l, TOKEN_LEVEL, l->at, end);
    t->level = n;
    if (n == 0 || n > PATH_INDEX_MAX) {
        lex_fail(l, t->at, "bad-level", "fields, components and subcomponents count from 1");
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
        bool is_step = (c == '-' || c == '.') && lex_is_digit(next);
        if (!is_step && !lex_is_word(c) && !strchr("[]()", c)) {
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
    struct diag *one = lex_fail(l, l->at + at, "bad-path", why);
    ptrdiff_t said = str_find(one->text, example);
    struct str better = meant(l, rest);
    if (said > 0 && (size_t)said + example.n == one->text.n) {
        better = better.n ? better : path_text(l->a, read);
        one->text =
            str_printf(l->d->arena, "%.*swrite %.*s", (int)said, one->text.p, STR_ARG(better));
    }
}

bool lex_may_be_path(const struct lexer *l)
{
    const struct token *t = l->n >= 2 ? &l->v[l->n - 2] : NULL;
    bool of_cause =
        t && t->kind == TOKEN_NAME && str_is(t->text, "cause") && str_is(t[1].text, ".");
    return !l->f->is_tree || of_cause;
}

bool lex_path(struct lexer *l)
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
    struct token *t = lex_add(l, TOKEN_PATH, start, start + used);
    t->path = p;
    if (minus_before || lex_look(l, 0) == '-') {
        struct diag *one =
            lex_fail(l, minus_before ? start - 1 : l->at, "bad-path", "- touches a path");
        diag_hint(l->d, one, "subtraction next to a path wants spaces on both sides");
    } else if (p.seg_n == PATH_APPEND || p.seg_n == PATH_EACH || p.rep == PATH_APPEND ||
               p.rep == PATH_EACH) {
        lex_fail(l, start, "bad-path",
                 "[+] and [*] are for targets; a path without an index means each one");
    }
    return true;
}
