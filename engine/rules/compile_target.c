/* Places of the message that steps write, remove or copy: set, and what others share with it. */
#include "engine/rules/compile_priv.h"

static bool path_error(struct compiler *c, const struct yaml_node *n, size_t at, const char *why)
{
    struct diag_pos pos = n->pos;
    pos.col += (unsigned)at + (n->style == YAML_PLAIN ? 0u : 1u);
    diag_add(c->d, DIAG_ERROR, "bad-path", pos, "%s", why);
    return false;
}

/* Where its segment stands, and whether several groups compete for it. */
static bool place_target(struct compiler *c, struct diag_pos pos, struct target *to)
{
    struct place at;
    check_place(c->a, &c->names, to->path.seg, &at);
    to->is_flat =
        (at.is_flat || at.is_unknown) && !(c->names.is_anywhere && c->names.nstructures == 0);
    to->reach = at.reach;
    check_missing(c->d, pos, to->path.seg, &at, &c->names);
    if (at.several) {
        struct str rivals = check_rivals(c->a, &c->names, &at);
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "which-group", pos,
                           "%s stands in several groups below here: %.*s", to->path.seg,
                           STR_ARG(rivals)),
                  "walk the groups with for:, and write inside");
        return false;
    }
    return true;
}

bool compile_which(struct compiler *c, const struct yaml_node *key, const struct target *to)
{
    const struct path *p = &to->path;
    struct place at;
    check_place(c->a, &c->names, p->seg, &at);
    if (p->seg_n == PATH_ALL && at.repeats) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "which-segment", key->pos,
                           "%.*s: %s repeats, the target must say which one", STR_ARG(to->text),
                           p->seg),
                  p->field ? "write %s[1]-%u, [last], [+] for a new one, or [*] for each"
                           : "write %s[1], or [last]",
                  p->seg, p->field);
        return false;
    }
    return true;
}

/* Below a field that repeats the target says which repetition. */
static bool which_repetition(struct compiler *c, const struct yaml_node *key,
                             const struct target *to)
{
    const struct path *p = &to->path;
    struct path first = *p;
    if (!p->comp || p->rep != PATH_ALL || !check_type_of(&c->names, p).field_repeats) {
        return true;
    }
    first.rep = 1;
    struct str better = path_text(c->a, &first);
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "which-repetition", key->pos,
                       "%.*s: %.3s-%u repeats, the target must say which repetition",
                       STR_ARG(to->text), p->seg, p->field),
              "write %.*s, or [+] for a new one, [*] for each", STR_ARG(better));
    return false;
}

/* The dictionary facts about a target: may it stand where it stands? */
static bool check_target(struct compiler *c, const struct yaml_node *key, const struct target *to)
{
    const struct path *p = &to->path;
    if (!check_path(c->d, c->a, key->pos, p, &c->names)) {
        return false;
    }
    if (!p->field) {
        diag_hint(
            c->d,
            diag_add(c->d, DIAG_ERROR, "bad-target", key->pos, "a whole segment is no target"),
            "name its fields, as in PID-8");
        return false;
    }
    if (hl7_is_header(p->seg) && p->field <= 2) {
        diag_add(c->d, DIAG_ERROR, "bad-target", key->pos,
                 "MSH-1 and MSH-2 are the delimiters of the message and cannot be set");
        return false;
    }
    return compile_which(c, key, to) && which_repetition(c, key, to);
}

static bool read_path(struct compiler *c, const struct yaml_node *n, struct str text, bool targets,
                      struct target *to)
{
    size_t at = 0;
    const char *why = "";
    to->text = text;
    to->pos = n->pos;
    if (path_compile(text, targets, &to->path, &at, &why) != 0) {
        return path_error(c, n, at, why);
    }
    struct type_info type = check_type_of(&c->names, &to->path);
    to->is_formatted = type.of == TYPE_FORMATTED;
    to->takes_all = to->path.field && !to->path.comp && to->path.rep == PATH_ALL &&
                    (to->path.seg[0] == 'Z' || type.field_repeats);
    return true;
}

bool compile_target(struct compiler *c, const struct yaml_node *n, struct target *to)
{
    return read_path(c, n, n->text, true, to) && check_target(c, n, to) &&
           place_target(c, n->pos, to);
}

bool compile_place(struct compiler *c, const struct yaml_node *n, const char *what,
                   struct target *to)
{
    struct str text;
    return compile_text(c, n, what, &text) && read_path(c, n, text, false, to) &&
           check_path(c->d, c->a, n->pos, &to->path, &c->names) && place_target(c, n->pos, to);
}

/* ---- set ---- */

static bool indexes_meet(uint16_t a, uint16_t b)
{
    bool a_number = a >= 1 && a <= PATH_INDEX_MAX, b_number = b >= 1 && b <= PATH_INDEX_MAX;
    if (a_number && b_number) {
        return a == b;
    }
    bool number = a_number || b_number; /* a new one is none of those that are numbered */
    return !number || (a != PATH_APPEND && b != PATH_APPEND);
}

/* [last] or [*] beside [+]: it would be the new one or not, as the order of the keys has it. */
static bool is_moved(uint16_t a, uint16_t b)
{
    return indexes_meet(a, b) && (a == PATH_APPEND) != (b == PATH_APPEND);
}

/* All [+] of one segment or field in one set are the same new one. */
bool compile_overlap(const struct path *a, const struct path *b)
{
    uint16_t a_seg = a->seg_n == PATH_ALL ? 1 : a->seg_n,
             b_seg = b->seg_n == PATH_ALL ? 1 : b->seg_n;
    bool moved = is_moved(a_seg, b_seg);
    if (memcmp(a->seg, b->seg, 3) != 0 || !indexes_meet(a_seg, b_seg)) {
        return false;
    }
    if (moved || a->field != b->field) {
        return moved;
    }
    bool whole = (a->rep == PATH_ALL && !a->comp) || (b->rep == PATH_ALL && !b->comp);
    uint16_t a_rep = a->rep == PATH_ALL ? 1 : a->rep, b_rep = b->rep == PATH_ALL ? 1 : b->rep;
    moved = is_moved(a_rep, b_rep);
    if (whole || moved || !indexes_meet(a_rep, b_rep)) {
        return whole || moved;
    }
    if (!a->comp || !b->comp || a->comp != b->comp) {
        return !a->comp || !b->comp;
    }
    return !a->sub || !b->sub || a->sub == b->sub;
}

static bool check_overlaps(struct compiler *c, const struct assigns *all)
{
    bool good = true;
    for (unsigned i = 1; i < all->n; i++) {
        for (unsigned k = 0; k < i; k++) {
            const struct target *a = &all->v[i].to, *b = &all->v[k].to;
            if (str_eq(a->text, b->text)) {
                good = false; /* a key given twice: told by YAML */
            } else if (compile_overlap(&a->path, &b->path)) {
                diag_add(c->d, DIAG_ERROR, "overlap", a->pos,
                         "%.*s overlaps with %.*s in the same set", STR_ARG(a->text),
                         STR_ARG(b->text));
                good = false;
            }
        }
    }
    return good;
}

/* The value of a target that is known to be good, or whose error has been told. */
static bool target_value(struct compiler *c, const struct yaml_node *n, bool good,
                         struct assign *to)
{
    struct shape shape;
    enum check_want want = good && !to->to.takes_all ? CHECK_ONE : CHECK_ANY;
    if (!compile_value(c, n, want, &shape, to)) {
        return false;
    }
    if (shape.kind == SHAPE_SEGMENT || shape.kind == SHAPE_GROUP) {
        diag_add(c->d, DIAG_ERROR, "bad-source", n->pos, "a whole %s does not fit into a field",
                 shape.kind == SHAPE_SEGMENT ? "segment" : "group");
        return false;
    }
    if (good) {
        compile_code(c, n, to);
        compile_kind(c, n, to, &shape);
    }
    return good;
}

static bool is_mapping(struct compiler *c, const struct yaml_node *map, const char *hint)
{
    if (map->kind != YAML_MAPPING && map->kind != YAML_ABSENT) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "wrong-kind", map->pos,
                           "set: should be a mapping of paths, this is %s", yaml_kind_text(map)),
                  "%s", hint);
    }
    return map->kind == YAML_MAPPING;
}

bool compile_set(struct compiler *c, const struct yaml_node *map, struct assigns *out)
{
    bool good = true;
    if (!is_mapping(c, map, "write set: { PID-8: F }")) {
        return false;
    }
    out->v = ARENA_ARRAY(c->a, struct assign, map->count);
    yaml_each(child, map)
    {
        struct assign *one = &out->v[out->n++];
        bool target = compile_target(c, child->key, &one->to);
        good = target_value(c, child, target, one) && good;
    }
    return good && check_overlaps(c, out);
}

bool compile_fields(struct compiler *c, const struct yaml_node *map, const char *seg,
                    struct assigns *out)
{
    bool good = true;
    if (!is_mapping(c, map, "write set: { 1: 1, 3: text }: field numbers of the new segment")) {
        return false;
    }
    out->v = ARENA_ARRAY(c->a, struct assign, map->count);
    yaml_each(child, map)
    {
        struct assign *one = &out->v[out->n++];
        struct str text = str_printf(c->a, "%s-%.*s", seg, STR_ARG(child->key->text));
        bool target = read_path(c, child->key, text, true, &one->to) &&
                      check_path(c->d, c->a, child->key->pos, &one->to.path, &c->names) &&
                      which_repetition(c, child->key, &one->to);
        good = target_value(c, child, target, one) && good;
    }
    return good && check_overlaps(c, out);
}
