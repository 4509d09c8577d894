/* Formulas inside YAML, and the checks that YAML asks for. */
#include "engine/rules/compile_priv.h"

bool compile_is_formula(const struct yaml_node *n)
{
    return n->kind == YAML_SCALAR && n->text.n && n->text.p[0] == '=';
}

struct node *compile_formula(struct compiler *c, const struct yaml_node *n, enum check_want want,
                             struct shape *out_shape)
{
    size_t skip = 0;
    if (n->kind != YAML_SCALAR) {
        if (n->kind != YAML_ABSENT) {
            diag_add(c->d, DIAG_ERROR, "wrong-kind", n->pos,
                     "a formula should stand here, this is %s", yaml_kind_text(n));
        }
        return NULL;
    }
    skip += compile_is_formula(n);
    while (skip < n->text.n && (n->text.p[skip] == ' ' || n->text.p[skip] == '\n')) {
        skip++;
    }
    struct formula *f = ARENA_NEW(c->a, struct formula);
    *f = (struct formula){.text = str_trim(str_slice(n->text, skip, n->text.n)),
                          .file = c->file->name,
                          .is_tree = c->names.data == DATA_FHIR || c->names.data == DATA_JSON,
                          .is_route = true};
    compile_marks(c, n, skip, f);
    if (f->text.n == 0) {
        diag_add(c->d, DIAG_ERROR, "empty-formula", n->pos, "the formula is empty");
        return NULL;
    }
    struct node *tree = formula_parse(c->a, f, c->d);
    struct frame frame = {c->a, &c->names, want, out_shape};
    return tree ? formula_check(f, tree, &frame, c->d) : NULL;
}

static bool is_in(const char *const *list, struct str word)
{
    for (; list && *list; list++) {
        if (str_is(word, *list)) {
            return true;
        }
    }
    return false;
}

static void list_known(struct diags *d, struct diag *one, const struct str *words, unsigned n)
{
    struct buf list = {0};
    for (unsigned i = 0; i < n; i++) {
        buf_printf(&list, "%s%.*s", i ? ", " : "", STR_ARG(words[i]));
    }
    diag_hint(d, one, "known here: %.*s", STR_ARG(buf_str(&list)));
    buf_free(&list);
}

/* `map: NAME` at the margin of a route: the line --- above it is missing, and what follows is the map's. */
static bool begins_document(struct compiler *c, const struct yaml_node *key, const char *where)
{
    static const char *const kinds[] = {"route",       "map",   "steps",  "profile",
                                        "conformance", "shape", "tables", NULL};
    if (key->pos.col != 1 || !is_in(kinds, key->text)) {
        return false;
    }
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "no-separator", key->pos, "%.*s: is not known in %s",
                       STR_ARG(key->text), where),
              "it begins a document of its own: write a line --- above it");
    return true;
}

static void unknown_key(struct compiler *c, const struct yaml_node *key, const char *where,
                        const char *const *known)
{
    struct str words[64];
    unsigned n = 0;
    for (; known[n] && n < 64; n++) {
        words[n] = str_of(known[n]);
    }
    struct str near = check_nearest(key->text, words, n);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-key", key->pos,
                                "%.*s: is not known in %s", STR_ARG(key->text), where);
    if (near.n) {
        diag_means(one, DIAG_MISSPELT, near);
        diag_hint(c->d, one, "did you mean %.*s:?", STR_ARG(near));
    } else {
        list_known(c->d, one, words, n);
    }
}

void compile_grow(struct arena *a, void *array, unsigned n, unsigned *cap)
{
    void **now;
    memcpy(&now, array, sizeof(now));
    if (n < *cap) {
        return;
    }
    *cap = *cap ? *cap * 2 : 16;
    void **more = ARENA_ARRAY(a, void *, *cap);
    if (n) {
        memcpy(more, now, n * sizeof(*more));
    }
    memcpy(array, &more, sizeof(more));
}

void compile_begin(struct compiler *c, struct need **needs)
{
    c->names.nlets = c->names.let_floor = 0;
    c->names.nstructures = c->names.nversions = 0;
    c->names.data = DATA_HL7;
    c->names.resource = 0;
    c->names.types = (struct data_types){0};
    c->names.version = TYPE_VERSION_DEFAULT;
    c->names.element = NULL;
    c->names.loops = NULL;
    c->names.typing = NULL;
    c->names.ntyping = 0;
    c->names.needs = needs;
    c->names.is_anywhere = false;
    c->nslots = 0;
    c->loops = 0;
    c->may_have_sent = false;
    memset(c->seen_sends, 0, sizeof(c->seen_sends));
}

bool compile_keys(struct compiler *c, const struct yaml_node *n, const char *where,
                  const char *const *known, const char *const *later)
{
    bool good = true;
    if (n->kind != YAML_MAPPING) {
        if (n->kind != YAML_ABSENT) {
            diag_add(c->d, DIAG_ERROR, "wrong-kind", n->pos,
                     "%s should be a mapping of keys, this is %s", where, yaml_kind_text(n));
        }
        return false;
    }
    yaml_each(child, n)
    {
        if (is_in(later, child->key->text)) {
            diag_add(c->d, DIAG_ERROR, "not-available", child->key->pos,
                     "%.*s: is not available in this version", STR_ARG(child->key->text));
            good = false;
        } else if (child->kind == YAML_ABSENT || !child->key->text.n) {
            good = false; /* told by YAML */
        } else if (!is_in(known, child->key->text) && begins_document(c, child->key, where)) {
            compile_lose_document(c, n);
            return false;
        } else if (!is_in(known, child->key->text)) {
            unknown_key(c, child->key, where, known);
            good = false;
        }
        good = good && child->kind != YAML_ABSENT;
    }
    return good;
}

bool compile_has_stray(const struct yaml_node *n, const char *const *known)
{
    yaml_each(child, n)
    {
        if (!is_in(known, child->key->text)) {
            return true;
        }
    }
    return false;
}

bool compile_text(struct compiler *c, const struct yaml_node *n, const char *what, struct str *out)
{
    if (n->kind == YAML_SCALAR && n->text.n) {
        *out = n->text;
        return true;
    }
    if (n->kind != YAML_ABSENT) {
        diag_add(c->d, DIAG_ERROR, "wrong-kind", n->pos, "%s should be a text, this is %s", what,
                 n->kind == YAML_SCALAR ? "empty" : yaml_kind_text(n));
    }
    return false;
}
