/* Documents `tables:`. */
#include "engine/rules/ruleset_priv.h"

static const char *const table_keys[] = {"file", "keys", "value", "ignore-case", "on-miss", NULL};
static const char *const table_later[] = {"query", "database", NULL};

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

static bool set_columns(struct compiler *c, struct table *t, const struct yaml_node *n)
{
    const struct yaml_node *keys = yaml_get(n, "keys"), *value = yaml_get(n, "value");
    t->nkeys = 1;
    t->key[0] = 0;
    if (keys && !set_keys(c, t, keys)) {
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

static bool read_table(struct compiler *c, struct table *t, const struct yaml_node *n)
{
    struct str name, bytes;
    const char *why = "";
    const struct yaml_node *file = yaml_get(n, "file");
    if (!compile_keys(c, n, "a table", table_keys, table_later)) {
        return false;
    }
    if (!file) {
        diag_add(c->d, DIAG_ERROR, "missing-key", n->pos,
                 "a table wants file:, the name of its CSV file");
        return false;
    }
    if (!compile_text(c, file, "file:", &name)) {
        return false;
    }
    if (!c->env->read_file ||
        !c->env->read_file(c->env->arg, c->a, c->file->name, name, &bytes, &why)) {
        diag_add(c->d, DIAG_ERROR, "unreadable", file->pos, "%.*s cannot be read: %s",
                 STR_ARG(name), why);
        return false;
    }
    const char *shown = str_dup(c->a, name).p;
    return table_read_csv(c->a, t, shown, bytes, c->d) && set_columns(c, t, n) &&
           set_choices(c, t, n) && table_index(c->a, t, shown, c->d);
}

static void add_table(struct compiler *c, struct table *t)
{
    struct ruleset *r = c->r;
    if (r->ntables == c->cap_tables) {
        c->cap_tables = c->cap_tables ? c->cap_tables * 2 : 16;
        struct table **all = ARENA_ARRAY(c->a, struct table *, c->cap_tables);
        if (r->ntables) {
            memcpy(all, r->tables, r->ntables * sizeof(*all));
        }
        r->tables = all;
    }
    r->tables[r->ntables++] = t;
    c->names.tables = r->tables;
    c->names.ntables = r->ntables;
}

static void compile_table(struct compiler *c, const struct yaml_node *n)
{
    for (unsigned i = 0; i < c->r->ntables; i++) {
        const struct table *other = c->r->tables[i];
        if (str_eq(other->name, n->key->text)) {
            diag_add(c->d, DIAG_ERROR, "duplicate-name", n->key->pos,
                     "a table %.*s stands already at %s:%u", STR_ARG(n->key->text), other->pos.file,
                     other->pos.line);
            return;
        }
    }
    struct table *t = ARENA_NEW(c->a, struct table);
    t->name = n->key->text;
    t->pos = n->key->pos;
    t->is_broken = !read_table(c, t, n);
    add_table(c, t);
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
        compile_table(c, child);
    }
}
