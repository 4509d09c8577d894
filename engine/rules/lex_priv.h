/* lex_priv.h - between lex.c (tokens), lex_text.c (texts in quotes) and lex_path.c (paths of HL7 v2). Each function takes what begins
 * at l->at; after a fault l->failed is set, and it was told. */
#ifndef CORRIDOR_RULES_LEX_PRIV_H
#define CORRIDOR_RULES_LEX_PRIV_H

#include "engine/rules/formula.h"

struct lexer {
    struct arena *a, *scratch; /* what tokens point to; the tokens */
    const struct formula *f;
    struct diags *d;
    struct str text;
    size_t at;
    struct token *v;
    uint32_t n, cap;
    bool failed;
};

static inline bool lex_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool lex_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static inline bool lex_is_word(char c)
{
    return lex_is_digit(c) || lex_is_letter(c);
}

/* The character `ahead` of l->at; NUL behind the end. */
static inline char lex_look(const struct lexer *l, size_t ahead)
{
    return l->at + ahead < l->text.n ? l->text.p[l->at + ahead] : '\0';
}

/* A token of bytes [from, to); l->at becomes `to`. Valid until the next one. */
struct token *lex_add(struct lexer *l, enum token_kind kind, size_t from, size_t to);
struct diag *lex_fail(struct lexer *l, size_t at, const char *code, const char *what);
/* 'text', "text" or `text`. */
void lex_quoted(struct lexer *l, enum token_kind kind);
/* Behind a dot: is it the number of a part of what stands before? */
bool lex_may_be_level(const struct lexer *l);
void lex_level(struct lexer *l);
/* Does a path of HL7 v2 stand here, if it looks like one? In formulas over data only of $cause. */
bool lex_may_be_path(const struct lexer *l);
/* False, and nothing taken: it is none. */
bool lex_path(struct lexer *l);

#endif
