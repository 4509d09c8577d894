/* How paths are written: reading them, what misspelt ones are told, and their canonical spelling. */
#include "engine/base/err.h"
#include "engine/hl7/path.h"

#include <stdio.h>

/* Where the lexer stands, and what it met that no path may hold. */
struct lexer {
    const char *p, *end;
    bool targets;
    const char *why; /* static sentence; NULL while all is well */
    const char *at;  /* the offending byte */
};

static const char *const no_zero = "positions count from 1: write [1] for the first";

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_word(char c)
{
    return is_digit(c) || is_upper(c) || (c >= 'a' && c <= 'z') || c == '_';
}

static void complain(struct lexer *l, const char *at, const char *why)
{
    if (!l->why) {
        l->at = at;
        l->why = why;
    }
}

/* A number from 1 at `*at`; 0 with a complaint, `*at` not moved, when it is none. */
static uint16_t lex_number(struct lexer *l, const char **at, const char *zero)
{
    const char *p = *at;
    uint32_t n = 0;
    while (p < l->end && is_digit(*p) && n <= PATH_INDEX_MAX) {
        n = n * 10 + (uint32_t)(*p++ - '0');
    }
    if (p == *at) {
        complain(l, p, "a number is missing");
        return 0;
    }
    if (**at == '0') {
        complain(l, *at, n ? "a number has no leading zero here" : zero);
        return 0;
    }
    if (n > PATH_INDEX_MAX) {
        complain(l, *at, "the number is too large: at most 65520");
        return 0;
    }
    *at = p;
    return (uint16_t)n;
}

static bool starts(const struct lexer *l, const char *p, const char *word)
{
    size_t n = strlen(word);
    return (size_t)(l->end - p) >= n && memcmp(p, word, n) == 0;
}

/* An index in a word, which moves *at behind it: `last`, and of targets `+` and `*`. 0 with a complaint when it is none. */
static uint16_t lex_index_word(struct lexer *l, const char **at)
{
    const char *p = *at;
    if (starts(l, p, "last]")) {
        *at += 4;
        return PATH_LAST;
    }
    if (!starts(l, p, "+]") && !starts(l, p, "*]")) {
        complain(l, p, "an index is a number from 1 or [last]; for a condition write .where(...)");
        return 0;
    }
    if (!l->targets) {
        complain(l, p,
                 *p == '+' ? "[+] appends: only a target may have it"
                           : "[*] is for targets: a path without an index means each one");
        return 0;
    }
    *at += 1;
    return *p == '+' ? PATH_APPEND : PATH_EACH;
}

/* The index behind '['; moves behind ']'. False with a complaint when it is none. */
static bool lex_index(struct lexer *l, uint16_t *out)
{
    const char *p = l->p + 1;
    bool is_number = p < l->end && is_digit(*p);
    uint16_t n = is_number ? lex_number(l, &p, no_zero) : lex_index_word(l, &p);
    if (n && (p >= l->end || *p != ']')) {
        complain(l, p, "] is missing after the index");
        n = 0;
    }
    if (!n) {
        return false;
    }
    l->p = p + 1;
    *out = n;
    return true;
}

static bool at_char(const struct lexer *l, char c)
{
    return l->p < l->end && *l->p == c;
}

static bool lex_index_if_any(struct lexer *l, uint16_t *out)
{
    return !at_char(l, '[') || lex_index(l, out);
}

/* `.n`: moves behind it. False when there is no digit after the dot, or the number is none. */
static bool lex_part(struct lexer *l, uint16_t *out)
{
    const char *p = l->p + 1;
    if (!at_char(l, '.') || p >= l->end || !is_digit(*p)) {
        return false;
    }
    uint16_t n = lex_number(l, &p, "components and subcomponents count from 1");
    if (n) {
        *out = n;
        l->p = p;
    }
    return n != 0;
}

/* What stands after the segment: -n [n] .n .n */
static void lex_field(struct lexer *l, struct path *out)
{
    const char *p = l->p + 1;
    uint16_t n = lex_number(l, &p, "fields count from 1");
    if (!n) {
        return;
    }
    out->field = n;
    l->p = p;
    if (lex_index_if_any(l, &out->rep) && lex_part(l, &out->comp)) {
        (void)lex_part(l, &out->sub); /* the last level is optional */
    }
}

static bool lex_segment(struct lexer *l, struct path *out)
{
    const char *p = l->p;
    bool named = l->end - p >= 3 && is_upper(p[0]) && (is_upper(p[1]) || is_digit(p[1])) &&
                 (is_upper(p[2]) || is_digit(p[2]));
    if (!named || (l->end - p > 3 && is_word(p[3]))) {
        complain(l, p, "a path begins with a segment name of three capitals or digits, as PID-3.1");
        return false;
    }
    memcpy(out->seg, p, 3);
    l->p = p + 3;
    return true;
}

/* Lex the longest path; l->p ends behind it. False when there is none at all. */
static bool lex(struct lexer *l, struct path *out)
{
    *out = (struct path){0};
    if (!lex_segment(l, out)) {
        return false;
    }
    if (!lex_index_if_any(l, &out->seg_n)) {
        return true;
    }
    if (l->end - l->p >= 2 && l->p[0] == '-' && is_digit(l->p[1])) {
        lex_field(l, out);
    }
    return true;
}

/* Spellings of other engines right behind a path. NULL: nothing wrong with what follows. */
static const char *misspelt(const struct lexer *l, const struct path *p)
{
    bool digit_next = l->end - l->p >= 2 && is_digit(l->p[1]);
    if (at_char(l, '-') && digit_next && p->field) {
        return p->sub ? "a path ends with the subcomponent: segment-field.component.subcomponent"
                      : "components follow a dot: write PID-3.1";
    }
    if (at_char(l, '.') && digit_next) {
        return p->field ? "a path ends with the subcomponent: segment-field.component.subcomponent"
                        : "a field follows a hyphen: write PID-3.1";
    }
    if (at_char(l, '(')) {
        return "an index stands in square brackets: write PID-3[1]";
    }
    if (at_char(l, '[') && p->comp) {
        return "only segments and fields repeat: write PID-3[1].4";
    }
    if (at_char(l, '[')) {
        return "one index is enough: write PID-3[1]";
    }
    return l->p < l->end && is_word(*l->p) ? "the path ends here: write PID-3.1" : NULL;
}

const char *path_misspelt(struct str text, size_t used, const struct path *p, size_t *out_at)
{
    struct lexer l = {.p = text.p, .end = text.p + text.n, .targets = true};
    struct path again;
    (void)lex(&l, &again); /* only for its complaint about what it left out */
    const char *why = l.why;
    const char *at = l.at;
    if (!why) {
        l.p = at = text.p + used;
        why = misspelt(&l, p);
    }
    if (why) {
        *out_at = (size_t)(at - text.p);
    }
    return why;
}

int path_compile(struct str text, bool targets, struct path *out, size_t *out_at,
                 const char **out_why)
{
    struct lexer l = {.p = text.n ? text.p : "", .targets = targets};
    struct path p;
    const char *start = l.p;
    l.end = l.p + text.n;
    if (lex(&l, &p) && !l.why && l.p < l.end) {
        const char *why = misspelt(&l, &p);
        complain(&l, l.p, why ? why : "nothing may follow the path");
    }
    if (l.why) {
        *out_at = (size_t)(l.at - start);
        *out_why = l.why;
        return ERR_SYNTAX;
    }
    *out = p;
    return 0;
}

size_t path_lex(struct str text, struct path *out)
{
    struct lexer l = {.p = text.p, .end = text.n ? text.p + text.n : text.p, .targets = true};
    struct path p;
    if (!text.n || !lex(&l, &p)) {
        return 0;
    }
    *out = p;
    return (size_t)(l.p - text.p);
}

static size_t put_index(char *to, size_t room, uint16_t n)
{
    int used = 0;
    if (n == PATH_LAST) {
        used = snprintf(to, room, "[last]");
    } else if (n == PATH_APPEND || n == PATH_EACH) {
        used = snprintf(to, room, "[%c]", n == PATH_APPEND ? '+' : '*');
    } else if (n != PATH_ALL) {
        used = snprintf(to, room, "[%u]", n);
    }
    return (size_t)used;
}

struct str path_text(struct arena *a, const struct path *p)
{
    char t[64];
    size_t n = (size_t)snprintf(t, sizeof(t), "%.3s", p->seg);
    n += put_index(t + n, sizeof(t) - n, p->seg_n);
    if (p->field) {
        n += (size_t)snprintf(t + n, sizeof(t) - n, "-%u", p->field);
        n += put_index(t + n, sizeof(t) - n, p->rep);
        n += p->comp ? (size_t)snprintf(t + n, sizeof(t) - n, ".%u", p->comp) : 0;
        n += p->comp && p->sub ? (size_t)snprintf(t + n, sizeof(t) - n, ".%u", p->sub) : 0;
    }
    return str_dup(a, str_from(t, n));
}
