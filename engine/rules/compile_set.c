/* set: and let: - targets, overlaps, literals that are not what they seem. */
#include "engine/rules/ruleset_priv.h"

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A path with a field, $name or word( at the beginning: the = was forgotten. */
static bool looks_like_formula(struct str s)
{
    struct path p;
    size_t n = 0;
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

static bool compile_literal(struct compiler *c, const struct yaml_node *n, struct str *out)
{
    if (n->kind != YAML_SCALAR) {
        if (n->kind != YAML_ABSENT) {
            diag_add(c->d, DIAG_ERROR, "wrong-kind", n->pos,
                     "a text or a formula should stand here, this is %s", yaml_kind_text(n));
        }
        return false;
    }
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
    if (has_hl7_escape(n->text)) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "hl7-escape", n->pos,
                           "an HL7 escape in a text would be written as plain characters"),
                  "write the character itself, or =escaped('...')");
        return false;
    }
    *out = n->text;
    return true;
}

/* The dictionary facts about a target: may it stand where it stands? */
static bool check_target(struct compiler *c, const struct yaml_node *key, const struct path *p)
{
    struct type_info t = type_of_path(p, TYPE_VERSION_DEFAULT);
    if (!check_path(c->d, c->a, key->pos, p)) {
        return false;
    }
    if (!p->field) {
        diag_hint(
            c->d,
            diag_add(c->d, DIAG_ERROR, "bad-target", key->pos, "a whole segment is no target"),
            "name its fields, as in PID-8");
        return false;
    }
    if (memcmp(p->seg, "MSH", 3) == 0 && p->field <= 2) {
        diag_add(c->d, DIAG_ERROR, "bad-target", key->pos,
                 "MSH-1 and MSH-2 are the delimiters of the message and cannot be set");
        return false;
    }
    if (p->seg_n == PATH_ALL && check_segment_repeats(&c->names, p->seg)) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "which-segment", key->pos,
                           "%.*s: %s repeats, the target must say which one", STR_ARG(key->text),
                           p->seg),
                  "write %s[1]-%u, [last], [+] for a new one, or [*] for each", p->seg, p->field);
        return false;
    }
    bool below = p->comp && p->rep == PATH_ALL && t.field_repeats;
    if (below) {
        struct path first = *p;
        first.rep = 1;
        struct str better = path_text(c->a, &first);
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "which-repetition", key->pos,
                           "%.*s: %.3s-%u repeats, the target must say which repetition",
                           STR_ARG(key->text), p->seg, p->field),
                  "write %.*s, or [+] for a new one, [*] for each", STR_ARG(better));
        return false;
    }
    return true;
}

static bool indexes_meet(uint16_t a, uint16_t b)
{
    bool a_number = a >= 1 && a <= PATH_INDEX_MAX, b_number = b >= 1 && b <= PATH_INDEX_MAX;
    if (a_number && b_number) {
        return a == b;
    }
    return !(a == PATH_APPEND || b == PATH_APPEND) || a == b;
}

static bool overlap(const struct path *a, const struct path *b)
{
    uint16_t a_seg = a->seg_n == PATH_ALL ? 1 : a->seg_n,
             b_seg = b->seg_n == PATH_ALL ? 1 : b->seg_n;
    if (memcmp(a->seg, b->seg, 3) != 0 || !indexes_meet(a_seg, b_seg) || a->field != b->field) {
        return false;
    }
    if (a->rep == PATH_ALL || b->rep == PATH_ALL) {
        bool whole = (a->rep == PATH_ALL && !a->comp) || (b->rep == PATH_ALL && !b->comp);
        if (whole) {
            return true;
        }
    }
    uint16_t a_rep = a->rep == PATH_ALL ? 1 : a->rep, b_rep = b->rep == PATH_ALL ? 1 : b->rep;
    if (!indexes_meet(a_rep, b_rep) || a_rep == PATH_APPEND) {
        return false;
    }
    if (!a->comp || !b->comp || a->comp != b->comp) {
        return !a->comp || !b->comp;
    }
    return !a->sub || !b->sub || a->sub == b->sub;
}

static bool check_overlaps(struct compiler *c, const struct step *s)
{
    bool good = true;
    for (unsigned i = 1; i < s->set.n; i++) {
        for (unsigned k = 0; k < i; k++) {
            if (overlap(&s->set.v[i].to, &s->set.v[k].to)) {
                diag_add(c->d, DIAG_ERROR, "overlap", s->set.v[i].pos,
                         "%.*s overlaps with %.*s in the same set", STR_ARG(s->set.v[i].to_text),
                         STR_ARG(s->set.v[k].to_text));
                good = false;
            }
        }
    }
    return good;
}

static bool compile_target(struct compiler *c, const struct yaml_node *key, struct assign *to)
{
    size_t at = 0;
    const char *why = "";
    if (path_compile(key->text, true, &to->to, &at, &why) != 0) {
        struct diag_pos pos = key->pos;
        pos.col += (unsigned)at + (key->style == YAML_PLAIN ? 0u : 1u);
        diag_add(c->d, DIAG_ERROR, "bad-path", pos, "%s", why);
        return false;
    }
    to->to_text = key->text;
    to->pos = key->pos;
    to->is_formatted = type_of_path(&to->to, TYPE_VERSION_DEFAULT).of == TYPE_FORMATTED;
    return check_target(c, key, &to->to);
}

/* Repetitions go into a whole field that repeats; everything else takes one value. */
static enum check_want wanted(const struct path *to)
{
    bool whole = !to->comp && to->rep == PATH_ALL &&
                 (to->seg[0] == 'Z' || type_of_path(to, TYPE_VERSION_DEFAULT).field_repeats);
    return whole ? CHECK_ANY : CHECK_ONE;
}

static bool compile_assign(struct compiler *c, const struct yaml_node *n, struct assign *to)
{
    struct shape shape;
    bool good = compile_target(c, n->key, to);
    if (compile_is_formula(n)) {
        to->formula = compile_formula(c, n, good ? wanted(&to->to) : CHECK_ANY, &shape);
        bool segment = to->formula && shape.kind == SHAPE_SEGMENT;
        if (segment) {
            diag_add(c->d, DIAG_ERROR, "bad-source", n->pos,
                     "a whole segment does not fit into a field");
        }
        return good && to->formula && !segment;
    }
    return compile_literal(c, n, &to->literal) && good;
}

bool compile_set(struct compiler *c, const struct yaml_node *map, struct step *s)
{
    bool good = true;
    if (map->kind != YAML_MAPPING) {
        if (map->kind != YAML_ABSENT) {
            diag_hint(c->d,
                      diag_add(c->d, DIAG_ERROR, "wrong-kind", map->pos,
                               "set: should be a mapping of paths, this is %s",
                               yaml_kind_text(map)),
                      "write set: { PID-8: F }");
        }
        return false;
    }
    s->set.v = ARENA_ARRAY(c->a, struct assign, map->count);
    yaml_each(child, map)
    {
        good = compile_assign(c, child, &s->set.v[s->set.n++]) && good;
    }
    return good && check_overlaps(c, s);
}
