/* Documents `tables:`. */
#include "engine/rules/ruleset_priv.h"

static const char *const table_keys[] = {"file",   "sqlite",      "query",   "keys", "value",
                                         "ranges", "ignore-case", "on-miss", NULL};

static bool column_of(struct compiler *c, const struct table *t, const struct yaml_node *n,
                      unsigned *out)
{
    struct str name;
    if (!compile_text(c, n, "the name of a column", &name)) {
        return false;
    }
    int column = table_column(t, name);
    if (column < 0) {
        struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-column", n->pos,
                                    "the table has no column %.*s", STR_ARG(name));
        struct str near = check_nearest(name, t->columns, t->ncolumns);
        if (near.n) {
            diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
        }
        return false;
    }
    *out = (unsigned)column;
    return true;
}

static bool set_keys(struct compiler *c, struct table *t, const struct yaml_node *keys)
{
    const struct yaml_node *item = NULL;
    t->nkeys = 0;
    while ((item = yaml_next_item(keys, item))) {
        if (t->nkeys == TABLE_KEYS_MAX) {
            diag_add(c->d, DIAG_ERROR, "too-many-keys", item->pos,
                     "a table has at most %d key columns", TABLE_KEYS_MAX);
            return false;
        }
        if (!column_of(c, t, item, &t->key[t->nkeys])) {
            return false;
        }
        t->nkeys++;
    }
    if (t->nkeys == 0) {
        diag_add(c->d, DIAG_ERROR, "missing-key", keys->pos, "keys: names no column");
    }
    return t->nkeys > 0;
}

static bool is_key(const struct table *t, unsigned column)
{
    for (unsigned i = 0; i < t->nkeys; i++) {
        if (t->key[i] == column) {
            return true;
        }
    }
    return false;
}

/* ranges: the key column whose cells may be ranges. */
static bool set_range(struct compiler *c, struct table *t, const struct yaml_node *n)
{
    unsigned column;
    if (!n) {
        return true;
    }
    if (!column_of(c, t, n, &column)) {
        return false;
    }
    for (unsigned i = 0; i < t->nkeys && !t->range; i++) {
        t->range = t->key[i] == column ? i + 1 : 0;
    }
    if (!t->range) {
        diag_add(c->d, DIAG_ERROR, "bad-value", n->pos, "ranges: names a key of the table");
    }
    return t->range > 0;
}

static bool set_columns(struct compiler *c, struct table *t, const struct yaml_node *n)
{
    const struct yaml_node *keys = yaml_get(n, "keys"), *value = yaml_get(n, "value");
    t->nkeys = 1;
    t->key[0] = 0;
    if ((keys && !set_keys(c, t, keys)) || !set_range(c, t, yaml_get(n, "ranges"))) {
        return false;
    }
    if (value) {
        return column_of(c, t, value, &t->value);
    }
    /* The second column; with keys given, the first column that is none of them. */
    for (t->value = 0; t->value + 1 < t->ncolumns && is_key(t, t->value);) {
        t->value++;
    }
    return true;
}

static bool set_choices(struct compiler *c, struct table *t, const struct yaml_node *n)
{
    static const char *const words[] = {"", "hold", "reject", "empty", "keep"};
    const struct yaml_node *fold = yaml_get(n, "ignore-case"), *miss = yaml_get(n, "on-miss");
    if (fold && !(str_is(fold->text, "true") || str_is(fold->text, "yes") ||
                  str_is(fold->text, "false") || str_is(fold->text, "no"))) {
        diag_add(c->d, DIAG_ERROR, "bad-value", fold->pos, "ignore-case: is true or false");
        return false;
    }
    t->ignore_case = fold && (str_is(fold->text, "true") || str_is(fold->text, "yes"));
    t->on_miss = MISS_ROUTE;
    for (unsigned i = 1; miss && i < sizeof(words) / sizeof(words[0]); i++) {
        if (miss->kind == YAML_SCALAR && str_is(miss->text, words[i])) {
            t->on_miss = (enum table_miss)i;
        }
    }
    if (miss && t->on_miss == MISS_ROUTE) {
        diag_add(c->d, DIAG_ERROR, "bad-value", miss->pos,
                 "on-miss: is hold, reject, empty or keep");
        return false;
    }
    return true;
}

/* A file named in `c->file`, as findings show it. */
static const char *file_of(struct compiler *c, struct str name)
{
    const char *slash = c->file->name && name.p[0] != '/' ? strrchr(c->file->name, '/') : NULL;
    int dir = slash ? (int)(slash - c->file->name + 1) : 0;
    struct str path = str_printf(c->a, "%.*s%.*s", dir, dir ? c->file->name : "", STR_ARG(name));
    return str_collapse_path(c->a, path).p;
}

/* Where rows come from, as they were read: bytes of CSV, or what a query gave. */
struct origin {
    struct str csv;
    struct table_rows rows;
};

static bool read_file(struct compiler *c, struct table *t, const struct yaml_node *file,
                      struct origin *out)
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
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, why->code, is_file ? file->pos : pos_in(c, query, why->at),
                 "%.*s%s%.*s", is_file ? (int)file->text.n : 0, file->text.p, is_file ? ": " : "",
                 STR_ARG(why->text));
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else if (why->hint.n) {
        diag_hint(c->d, one, "%.*s", STR_ARG(why->hint));
    }
}

static bool read_query(struct compiler *c, struct table *t, const struct yaml_node *n,
                       struct origin *out)
{
    const struct yaml_node *file = yaml_get(n, "sqlite"), *query = yaml_get(n, "query");
    struct rules_query q = {.from = c->file->name};
    struct table_why why = {.code = "unreadable", .text = STR("databases are not read here"), .at = -1};
    if (!compile_text(c, file, "sqlite:", &q.file) ||
        !compile_text(c, query, "query:", &q.text)) {
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

/* The keys are known: what is wrong with them, and where they are found. */
static bool finish(struct compiler *c, struct table *t, const struct origin *from)
{
    if (t->is_query) {
        table_say_reals(t, &from->rows, c->d);
    } else {
        table_say_keys(c->a, t, from->csv, c->d);
    }
    return table_index(c->a, t, c->d);
}

/* file:, or sqlite: and query:. */
static bool check_origin(struct compiler *c, const struct yaml_node *n)
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

static bool read_table(struct compiler *c, struct table *t, const struct yaml_node *n)
{
    struct origin from = {0};
    if (!compile_keys(c, n, "a table", table_keys, NULL) || !check_origin(c, n)) {
        return false;
    }
    const struct yaml_node *file = yaml_get(n, "file");
    bool is_read = file ? read_file(c, t, file, &from) : read_query(c, t, n, &from);
    return is_read && set_columns(c, t, n) && set_choices(c, t, n) && finish(c, t, &from);
}

void compile_table(struct compiler *c, const struct yaml_node *n, struct table *t)
{
    t->name = n->key->text;
    t->pos = n->key->pos;
    t->is_broken = !read_table(c, t, n);
}

/* The table of the same name that all feeds have, as the one of a feed: its columns by name. */
static bool like(struct compiler *c, struct table *t, const struct table *other,
                 const struct yaml_node *n)
{
    for (unsigned i = 0; i < other->ncolumns; i++) {
        if (table_column(t, other->columns[i]) < 0) {
            diag_add(c->d, DIAG_ERROR, "unknown-column", n->pos,
                     "%s has no column %.*s, as the table %.*s has", t->file,
                     STR_ARG(other->columns[i]), STR_ARG(other->name));
            return false;
        }
    }
    t->nkeys = other->nkeys;
    for (unsigned i = 0; i < t->nkeys; i++) {
        t->key[i] = (unsigned)table_column(t, other->columns[other->key[i]]);
    }
    t->value = (unsigned)table_column(t, other->columns[other->value]);
    t->range = other->range;
    t->ignore_case = other->ignore_case;
    t->on_miss = other->on_miss;
    return true;
}

void compile_feed_table(struct compiler *c, const struct yaml_node *n, const struct table *other,
                        struct table *t)
{
    t->name = n->key->text;
    t->pos = n->key->pos;
    if (n->kind == YAML_MAPPING) {
        compile_table(c, n, t);
        return;
    }
    static const struct yaml_node nothing = {.kind = YAML_MAPPING};
    struct origin from = {0};
    t->is_broken = !read_file(c, t, n, &from) ||
                   !(other ? like(c, t, other, n) : set_columns(c, t, &nothing)) ||
                   !finish(c, t, &from);
}

void compile_add_table(struct compiler *c, struct table *t)
{
    struct ruleset *r = c->r;
    compile_grow(c->a, &r->tables, r->ntables, &c->cap_tables);
    r->tables[r->ntables++] = t;
    c->names.tables = r->tables;
    c->names.ntables = r->ntables;
}

struct table *compile_named_table(const struct compiler *c, struct str name)
{
    for (unsigned i = 0; i < c->r->ntables; i++) {
        if (str_eq(c->r->tables[i]->name, name)) {
            return c->r->tables[i];
        }
    }
    return NULL;
}

static void declare_table(struct compiler *c, const struct yaml_node *n)
{
    const struct table *other = compile_named_table(c, n->key->text);
    if (other) {
        diag_add(c->d, DIAG_ERROR, "duplicate-name", n->key->pos,
                 "a table %.*s stands already at %s:%u", STR_ARG(n->key->text), other->pos.file,
                 other->pos.line);
        return;
    }
    struct table *t = ARENA_NEW(c->a, struct table);
    compile_table(c, n, t);
    compile_add_table(c, t);
}

void compile_tables(struct compiler *c, const struct yaml_node *doc)
{
    const struct yaml_node *tables = yaml_get(doc, "tables");
    yaml_each(child, doc)
    {
        if (child != tables) {
            diag_add(c->d, DIAG_ERROR, "unknown-key", child->key->pos,
                     "%.*s: does not stand beside tables:", STR_ARG(child->key->text));
        }
    }
    if (tables->kind != YAML_MAPPING) {
        if (tables->kind != YAML_ABSENT) {
            diag_add(c->d, DIAG_ERROR, "wrong-kind", tables->pos,
                     "tables: should be a mapping of names, this is %s", yaml_kind_text(tables));
        }
        return;
    }
    yaml_each(child, tables)
    {
        declare_table(c, child);
    }
}
