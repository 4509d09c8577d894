/* Texts that are not what they seem, and values that are a text or a formula. */
#include "engine/base/lookalike.h"
#include "engine/rules/compile_priv.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A path with a field, $name or word( at the beginning: the = was forgotten. Blanks before it: it is none. */
static bool looks_like_formula(struct str s)
{
    struct path p;
    size_t n = 0;
    struct str inner = str_trim(s);
    if (inner.n > 1 && inner.p != s.p && inner.p[0] == '=') {
        return true;
    }
    if (path_lex(s, &p) && p.field && (p.seg[0] == 'Z' || dict_segment_any(p.seg, NULL, NULL))) {
        return true;
    }
    if (s.n > 1 && s.p[0] == '$' && is_letter(s.p[1])) {
        return true;
    }
    while (n < s.n && is_letter(s.p[n])) {
        n++;
    }
    return n && n < s.n && s.p[n] == '(';
}

/* \F\ \S\ \T\ \R\ \E\ \H\ \N\ \Xhh\ \.br\ in a text that will be escaped. */
static bool has_hl7_escape(struct str s)
{
    for (size_t i = 0; i + 2 < s.n; i++) {
        const char *close = s.p[i] == '\\' ? memchr(s.p + i + 1, '\\', s.n - i - 1) : NULL;
        size_t inside = close ? (size_t)(close - (s.p + i)) - 1 : 0;
        bool letter = inside == 1 && strchr("FSTREHNP", s.p[i + 1]);
        if (letter || (inside > 1 && (s.p[i + 1] == '.' || s.p[i + 1] == 'X'))) {
            return true;
        }
    }
    return false;
}

/* Curly quotes around a value are letters to YAML: they would be sent. */
static bool check_quotes(struct compiler *c, const struct yaml_node *n)
{
    struct lookalike like;
    if (n->quoted || !lookalike_at(n->text, &like) || like.kind != LOOKALIKE_QUOTE) {
        return true;
    }
    bool formula = n->text.n > like.bytes && n->text.p[like.bytes] == '=';
    diag_hint(c->d,
              diag_add(c->d, formula ? DIAG_ERROR : DIAG_WARNING, "curly-quotes", n->pos,
                       "%s would be part of this text", like.what),
              "type %s; if it is meant, put straight ones around the whole", like.type);
    return !formula;
}

/* The same for every place where a text stands that might have been meant as something else. */
static bool check_seeming(struct compiler *c, const struct yaml_node *n)
{
    if (n->comment_after) {
        diag_hint(
            c->d,
            diag_add(c->d, DIAG_ERROR, "comment", n->pos,
                     "a comment follows an unquoted text, which may have been meant as part of it"),
            "put the text into quotes, or the comment on its own line");
        return false;
    }
    if (looks_like_formula(n->text)) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "looks-like-formula", n->pos,
                           "this text looks like a formula"),
                  "write =... for the formula or ='...' for the text");
        return false;
    }
    return check_quotes(c, n);
}

bool compile_literal(struct compiler *c, const struct yaml_node *n, struct str *out)
{
    if (n->kind != YAML_SCALAR) {
        if (n->kind != YAML_ABSENT) {
            diag_add(c->d, DIAG_ERROR, "wrong-kind", n->pos,
                     "a text or a formula should stand here, this is %s", yaml_kind_text(n));
        }
        return false;
    }
    if (!check_seeming(c, n)) {
        return false;
    }
    if (!c->map && has_hl7_escape(n->text)) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "hl7-escape", n->pos,
                           "an HL7 escape in a text would be written as plain characters"),
                  "write the character itself, or =escaped('...')");
        return false;
    }
    *out = n->text;
    return true;
}

bool compile_value(struct compiler *c, const struct yaml_node *n, enum check_want want,
                   struct shape *out_shape, struct assign *to)
{
    to->pos = n->pos;
    *out_shape = (struct shape){.kind = SHAPE_STRING};
    if (compile_is_formula(n)) {
        to->formula = compile_formula(c, n, want, out_shape);
        return to->formula != NULL;
    }
    if (!compile_literal(c, n, &to->literal)) {
        return false;
    }
    if (c->names.zone && zones_may_be(to->literal)) { /* a name may stand where a zone is wanted */
        (void)c->names.zone(c->names.zone_arg, to->literal); /* none: said where it is used */
    }
    return true;
}
