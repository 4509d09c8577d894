/* Texts in quotes, with their escapes. */
#include "engine/base/utf8.h"
#include "engine/rules/lex_priv.h"

static bool read_hex4(const struct lexer *l, size_t ahead, uint32_t *out)
{
    uint32_t v = 0;
    for (size_t i = 0; i < 4; i++) {
        char c = lex_look(l, ahead + i);
        uint32_t digit = lex_is_digit(c)          ? (uint32_t)(c - '0')
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

/* A \uXXXX, with its second half when it is a surrogate; l->at stands on the u. */
static char *lex_unicode(struct lexer *l, char *to)
{
    uint32_t c = 0, low = 0;
    bool good = read_hex4(l, 1, &c);
    size_t used = 5;
    if (good && c >= 0xd800 && c < 0xdc00 && lex_look(l, 5) == '\\' && lex_look(l, 6) == 'u' &&
        read_hex4(l, 7, &low) && low >= 0xdc00 && low < 0xe000) {
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
        used = 11;
    }
    if (!good && !l->f->is_route) {
        return to; /* the backslash is dropped */
    }
    if (!good || (c >= 0xd800 && c < 0xe000)) {
        lex_fail(l, l->at - 1, "bad-escape", "\\u wants four hexadecimal digits of one character");
        return to;
    }
    l->at += used;
    return to + utf8_put(to, c);
}

static char *lex_escape(struct lexer *l, char *to)
{
    static const char from[] = "'\"`\\/fnrt", into[] = "'\"`\\/\f\n\r\t";
    char c = lex_look(l, 1);
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
    struct diag *one =
        lex_fail(l, l->at - 1, "bad-escape", "this is no escape of a FHIRPath string");
    diag_hint(
        l->d, one,
        "write \\\\ for a backslash, \\n for a line feed; HL7 escapes stand in escaped('...')");
    return to;
}

/* Bytes from the opening quote to the closing one, or to the end. */
static size_t quoted_bytes(const struct lexer *l)
{
    size_t n = 1;
    char quote = lex_look(l, 0);
    while (l->at + n < l->text.n && lex_look(l, n) != quote) {
        n += lex_look(l, n) == '\\' ? 2 : 1;
    }
    return n;
}

/* 'text', "text" or `text`: the decoded bytes are never longer than the source. */
void lex_quoted(struct lexer *l, enum token_kind kind)
{
    size_t start = l->at;
    char quote = lex_look(l, 0);
    char *p = arena_alloc(l->a, quoted_bytes(l) + 1), *to = p;
    for (l->at++; l->at < l->text.n && lex_look(l, 0) != quote && !l->failed;) {
        if (lex_look(l, 0) == '\\') {
            to = lex_escape(l, to);
        } else {
            *to++ = lex_look(l, 0);
            l->at++;
        }
    }
    if (l->failed) {
        return;
    }
    if (l->at >= l->text.n) {
        lex_fail(l, start, "open-string", "the text that begins here has no closing quote");
        return;
    }
    struct token *t = lex_add(l, kind, start, l->at + 1);
    *to = '\0';
    t->text = str_from(p, (size_t)(to - p));
}
