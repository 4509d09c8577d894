/* Names that are declared in what cannot be read: nobody is told that they are missing. */
#include "engine/rules/compile_priv.h"

static void lose(struct compiler *c, struct str name)
{
    struct diags_lost *l = &c->lost;
    if (l->n == l->cap) {
        unsigned cap = l->cap ? l->cap * 2 : 16;
        struct str *more = ARENA_ARRAY(c->a, struct str, cap);
        if (l->n) {
            memcpy(more, l->v, l->n * sizeof(*more));
        }
        l->v = more;
        l->cap = cap;
    }
    l->v[l->n++] = name;
}

/* `map: NAME` at the beginning of a line, in whatever else is broken. */
static bool declares(struct str line, struct str *out)
{
    static const char *const kinds[] = {"route",       "map",   "steps", "profile",
                                        "conformance", "shape", NULL};
    ptrdiff_t colon = str_find(line, STR(":"));
    for (int i = 0; colon > 0 && kinds[i]; i++) {
        if (str_is(str_slice(line, 0, (size_t)colon), kinds[i])) {
            *out = str_trim(str_slice(line, (size_t)colon + 1, line.n));
            ptrdiff_t hash = str_find(*out, STR(" #"));
            *out = hash >= 0 ? str_trim(str_slice(*out, 0, (size_t)hash)) : *out;
            return out->n > 0;
        }
    }
    return false;
}

/* A key one level below tables: of a file that cannot be read may be a table. */
static bool may_be_table(struct str line, struct str *out)
{
    ptrdiff_t colon = str_find(line, STR(":"));
    if (colon < 3 || line.p[0] != ' ' || line.p[1] != ' ' || line.p[2] == ' ') {
        return false;
    }
    *out = str_trim(str_slice(line, 0, (size_t)colon));
    return out->n > 0;
}

void compile_lose_file(struct compiler *c, struct str bytes)
{
    struct str line, name;
    while (str_split(&bytes, '\n', &line)) {
        if (declares(line, &name) || may_be_table(line, &name)) {
            lose(c, name);
        }
    }
}

void compile_lose_document(struct compiler *c, const struct yaml_node *doc)
{
    yaml_each(child, doc)
    {
        if (child->key && child->kind == YAML_SCALAR) {
            lose(c, child->text);
        }
    }
}
