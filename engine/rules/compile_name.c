/* Names: let, parameters of maps and lists of steps, what is given for them. */
#include "engine/rules/compile_priv.h"

#include <ctype.h>

/* $this and the like mean something already. */
static bool is_reserved(struct str name)
{
    static const char *const words[] = {"this",   "index", "number", "total", "message",
                                        "source", "batch", "cause",  NULL};
    for (int i = 0; words[i]; i++) {
        if (str_is(name, words[i])) {
            return true;
        }
    }
    return false;
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        if (!letter && !(i && c >= '0' && c <= '9')) {
            return false;
        }
    }
    return s.n > 0;
}

bool compile_good_name(struct compiler *c, struct str name, struct diag_pos pos)
{
    if (!is_name(name)) {
        diag_add(c->d, DIAG_ERROR, "bad-name", pos,
                 "%.*s cannot be a name: letters, digits and _, not a digit first", STR_ARG(name));
        return false;
    }
    if (is_reserved(name)) {
        diag_add(c->d, DIAG_ERROR, "bad-name", pos, "$%.*s means something already", STR_ARG(name));
        return false;
    }
    return true;
}

bool compile_declare(struct compiler *c, struct str name, const struct shape *shape,
                     struct diag_pos pos, unsigned *out_slot)
{
    struct names *n = &c->names;
    if (!compile_good_name(c, name, pos)) {
        return false;
    }
    for (unsigned i = n->let_floor; i < n->nlets; i++) {
        if (str_eq(n->let[i], name)) {
            diag_add(c->d, DIAG_ERROR, "duplicate-name", pos,
                     "$%.*s is a name here already; a name keeps its value", STR_ARG(name));
            return false;
        }
    }
    if (n->nlets == CHECK_LETS_MAX) {
        diag_add(c->d, DIAG_ERROR, "too-many-names", pos, "more than %d names at once",
                 CHECK_LETS_MAX);
        return false;
    }
    n->let[n->nlets] = name;
    n->let_shape[n->nlets] = *shape;
    n->let_used[n->nlets] = false;
    *out_slot = n->nlets++;
    c->nslots = n->nlets > c->nslots ? n->nlets : c->nslots;
    return true;
}

void compile_unused(struct compiler *c, unsigned from)
{
    for (unsigned i = from; i < c->names.nlets; i++) {
        if (!c->names.let_used[i] && c->d->errors == 0) {
            diag_add(c->d, DIAG_REMARK, "unused-name", c->names.let_pos[i], "$%.*s is not used",
                     STR_ARG(c->names.let[i]));
        }
    }
}

bool compile_lets(struct compiler *c, const struct yaml_node *map, struct assigns *out)
{
    struct shape shapes[CHECK_LETS_MAX];
    bool good = true;
    if (map->kind != YAML_MAPPING || map->count > CHECK_LETS_MAX) {
        if (map->kind != YAML_ABSENT) {
            diag_add(c->d, DIAG_ERROR, "wrong-kind", map->pos,
                     "let should be a mapping of names, at most %d; this is %s", CHECK_LETS_MAX,
                     yaml_kind_text(map));
        }
        return false;
    }
    struct str *names = ARENA_ARRAY(c->a, struct str, map->count + 1);
    unsigned known = 0;
    yaml_each(child, map)
    {
        names[known++] = child->key->text;
    }
    c->names.siblings = names;
    c->names.nsiblings = known;
    out->v = ARENA_ARRAY(c->a, struct assign, map->count);
    yaml_each(child, map)
    {
        struct assign *one = &out->v[out->n];
        good = compile_value(c, child, CHECK_ANY, &shapes[out->n], one) && good;
        one->pos = child->key->pos;
        one->to.text = child->key->text;
        out->n++;
    }
    c->names.nsiblings = 0;
    unsigned n = 0;
    yaml_each(child, map)
    {
        struct assign *one = &out->v[n];
        good =
            compile_declare(c, child->key->text, &shapes[n++], child->key->pos, &one->slot) && good;
        if (good) {
            c->names.let_pos[one->slot] = child->key->pos;
        }
    }
    return good;
}

/* ---- parameters ---- */

static bool add_param(struct compiler *c, const struct yaml_node *name, const struct shape *shape,
                      struct param *p)
{
    struct str text;
    if (!compile_text(c, name, "the name of a parameter", &text)) {
        return false;
    }
    p->name = text;
    p->pos = name->pos;
    return compile_declare(c, text, shape, name->pos, &p->slot);
}

/* The key, or what is nearly called so: that it is misspelt is told, what it holds counts all the same. */
static const struct yaml_node *meant_as(const struct yaml_node *doc, const char *key)
{
    const struct yaml_node *hit = yaml_get(doc, key);
    yaml_each(child, doc)
    {
        if (!hit && child->key && str_distance(child->key->text, str_of(key)) == 1) {
            return child;
        }
    }
    return hit;
}

bool compile_params(struct compiler *c, const struct yaml_node *doc, struct param **out,
                    unsigned *out_n)
{
    static const struct shape any = {.kind = SHAPE_ANY};
    const struct yaml_node *needs = meant_as(doc, "needs"), *with = yaml_get(doc, "with"),
                           *item = NULL;
    unsigned most = (needs ? needs->count + 1 : 0) + (with ? with->count : 0), n = 0;
    bool good = true;
    *out = ARENA_ARRAY(c->a, struct param, most + 1);
    while ((item = yaml_next_item(needs, item))) {
        (*out)[n].is_required = true;
        good = add_param(c, item, &any, &(*out)[n]) && good;
        n++;
    }
    if (with && with->kind != YAML_MAPPING) {
        diag_add(c->d, DIAG_ERROR, "wrong-kind", with->pos,
                 "with: at the head of a map gives names their defaults, as in with: {use: home}");
        good = false;
    }
    yaml_each(child, with && with->kind == YAML_MAPPING ? with : NULL)
    {
        struct param *p = &(*out)[n++];
        struct shape shape;
        good = compile_value(c, child, CHECK_ANY, &shape, &p->initial) && good;
        good = add_param(c, child->key, &any, p) && good;
        p->initial.slot = p->slot;
    }
    *out_n = n;
    return good;
}

static const struct param *find_param(const struct param *params, unsigned n, struct str name)
{
    for (unsigned i = 0; i < n; i++) {
        if (str_eq(params[i].name, name)) {
            return &params[i];
        }
    }
    return NULL;
}

static void unknown_param(struct compiler *c, const struct yaml_node *key, struct str callee,
                          const struct param *params, unsigned n)
{
    struct str names[CHECK_LETS_MAX];
    unsigned k = 0;
    for (; k < n && k < CHECK_LETS_MAX; k++) {
        names[k] = params[k].name;
    }
    struct str near = check_nearest(key->text, names, k);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-parameter", key->pos,
                                "%.*s has no parameter %.*s", STR_ARG(callee), STR_ARG(key->text));
    if (near.n) {
        diag_means(one, DIAG_MISSPELT, near);
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(c->d, one, "it declares them with needs: and with:");
    }
}

/* $name alone: handed on, with = or without. */
static bool is_name_alone(const struct yaml_node *n)
{
    size_t i = 1;
    if (n->kind != YAML_SCALAR || n->text.n < 2 || n->text.p[0] != '$') {
        return false;
    }
    while (i < n->text.n && (isalnum((unsigned char)n->text.p[i]) || n->text.p[i] == '_')) {
        i++;
    }
    return i == n->text.n;
}

/* The value of one parameter. */
static bool compile_argument(struct compiler *c, const struct yaml_node *n, struct assign *one)
{
    struct shape shape;
    if (is_name_alone(n) && n->style == YAML_PLAIN) {
        one->pos = n->pos;
        one->formula = compile_formula(c, n, CHECK_ANY, &shape);
        return one->formula != NULL;
    }
    return compile_value(c, n, CHECK_ANY, &shape, one);
}

/* Is everything given that is needed? */
static bool check_given(struct compiler *c, const struct yaml_node *with, const struct callee *to)
{
    bool good = true;
    for (unsigned i = 0; i < to->n; i++) {
        if (to->params[i].is_required && !yaml_get_str(with, to->params[i].name)) {
            struct diag *one =
                diag_add(c->d, DIAG_ERROR, "missing-parameter", to->pos, "%.*s needs $%.*s",
                         STR_ARG(to->name), STR_ARG(to->params[i].name));
            diag_means(one, DIAG_LACKS, to->params[i].name);
            diag_hint(c->d, one, "give it with with: {%.*s: ...}", STR_ARG(to->params[i].name));
            good = false;
        }
    }
    return good;
}

bool compile_with(struct compiler *c, const struct yaml_node *with, const struct callee *to,
                  struct assigns *out)
{
    bool good = true;
    if (with && with->kind != YAML_MAPPING) {
        diag_add(c->d, DIAG_ERROR, "wrong-kind", with->pos,
                 "with: is a mapping of parameters, this is %s", yaml_kind_text(with));
        return false;
    }
    out->v = ARENA_ARRAY(c->a, struct assign, (with ? with->count : 0) + 1);
    yaml_each(child, with)
    {
        const struct param *p = find_param(to->params, to->n, child->key->text);
        struct assign *one = &out->v[out->n];
        good = compile_argument(c, child, one) && p && good;
        if (!p) {
            unknown_param(c, child->key, to->name, to->params, to->n);
            continue;
        }
        one->slot = p->slot;
        out->n++;
    }
    return check_given(c, with, to) && good;
}
