/* Where the rows of a table come from: `file:`, or `sqlite:` and `query:`. */
#include "engine/rules/compile_priv.h"

bool compile_table_source(struct compiler *c, const struct yaml_node *n)
{
    const struct yaml_node *file = yaml_get(n, "file"), *sqlite = yaml_get(n, "sqlite"),
                           *query = yaml_get(n, "query");
    const char *what = NULL;
    if (file && (sqlite || query)) {
        what = "a table has file: or sqlite:, not both";
    } else if (sqlite && !query) {
        what = "sqlite: wants query:, a select that gives the rows";
    } else if (query && !sqlite) {
        what = "query: wants sqlite:, the file of the database";
    } else if (!file && !query) {
        what = "a table wants file:, the name of its CSV file, or sqlite: and query:";
    }
    if (what) {
        diag_add(c->d, DIAG_ERROR, "missing-key", n->pos, "%s", what);
    }
    return !what;
}

/* A file named in `c->file`, as findings show it. */
static const char *file_of(struct compiler *c, struct str name)
{
    const char *slash = c->file->name && name.p[0] != '/' ? strrchr(c->file->name, '/') : NULL;
    int dir = slash ? (int)(slash - c->file->name + 1) : 0;
    struct str path = str_printf(c->a, "%.*s%.*s", dir, dir ? c->file->name : "", STR_ARG(name));
    return str_collapse_path(c->a, path).p;
}

bool compile_table_file(struct compiler *c, struct table *t, const struct yaml_node *file,
                        struct table_origin *out)
{
    struct str name;
    const char *why = "";
    if (!compile_text(c, file, "file:", &name)) {
        return false;
    }
    if (!c->env->read_file ||
        !c->env->read_file(c->env->arg, c->a, c->file->name, name, &out->csv, &why)) {
        diag_add(c->d, DIAG_ERROR, "unreadable", file->pos, "%.*s cannot be read: %s",
                 STR_ARG(name), why);
        return false;
    }
    t->file = file_of(c, name);
    t->csv = out->csv;
    return table_read_csv(c->a, t, t->file, out->csv, c->d);
}

/* Byte `at` of the query, in the file. */
static struct diag_pos pos_in(struct compiler *c, const struct yaml_node *query, ptrdiff_t at)
{
    struct formula f = {.text = query->text, .file = c->file->name};
    compile_marks(c, query, 0, &f);
    return formula_pos(&f, at > 0 && (size_t)at <= query->text.n ? (size_t)at : 0);
}

static void say_why(struct compiler *c, const struct table_why *why, const struct yaml_node *file,
                    const struct yaml_node *query)
{
    bool is_file = why->at < 0;
    struct str near = check_nearest(why->unknown, why->names, why->nnames);
    struct diag *one = diag_add(
        c->d, DIAG_ERROR, why->code, is_file ? file->pos : pos_in(c, query, why->at), "%.*s%s%.*s",
        is_file ? (int)file->text.n : 0, file->text.p, is_file ? ": " : "", STR_ARG(why->text));
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else if (why->hint.n) {
        diag_hint(c->d, one, "%.*s", STR_ARG(why->hint));
    }
}

bool compile_table_query(struct compiler *c, struct table *t, const struct yaml_node *n,
                         struct table_origin *out)
{
    const struct yaml_node *file = yaml_get(n, "sqlite"), *query = yaml_get(n, "query");
    struct rules_query q = {.from = c->file->name};
    struct table_why why = {
        .code = "unreadable", .text = STR("databases are not read here"), .at = -1};
    if (!compile_text(c, file, "sqlite:", &q.file) || !compile_text(c, query, "query:", &q.text)) {
        return false;
    }
    t->file = file_of(c, q.file);
    t->query_pos = pos_in(c, query, 0);
    if (!c->env->read_query || !c->env->read_query(c->env->arg, c->a, &q, &out->rows, &why)) {
        say_why(c, &why, file, query);
        return false;
    }
    return table_take_rows(c->a, t, &out->rows, c->d);
}
