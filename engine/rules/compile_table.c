/* Documents `tables:`. */
#include "engine/rules/compile_priv.h"

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
    if (t->on_miss == MISS_KEEP && t->nkeys > 1) {
        diag_add(c->d, DIAG_ERROR, "table-keys", miss->pos,
                 "on-miss: keep wants a table with one key");
        return false;
    }
    return true;
}

/* The keys are known: what is wrong with them, and where they are found. */
static bool finish(struct compiler *c, struct table *t, const struct table_origin *from)
{
    if (t->is_query) {
        table_say_reals(t, &from->rows, c->d);
    } else {
        table_say_keys(c->a, t, from->csv, c->d);
    }
    return table_index(c->a, t, c->d);
}

static bool read_table(struct compiler *c, struct table *t, const struct yaml_node *n)
{
    struct table_origin from = {0};
    if (!compile_keys(c, n, "a table", table_keys, NULL) || !compile_table_source(c, n)) {
        return false;
    }
    const struct yaml_node *file = yaml_get(n, "file");
    bool is_read = file ? compile_table_file(c, t, file, &from) : compile_table_query(c, t, n, &from);
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
    struct table_origin from = {0};
    t->is_broken = !compile_table_file(c, t, n, &from) ||
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

static void declare_table(struct compiler *c, const struct yaml_node *tables,
                          const struct yaml_node *n)
{
    const struct table *other = compile_named_table(c, n->key->text);
    if (yaml_get_str(tables, n->key->text) != n) {
        return; /* a key given twice: told by YAML */
    }
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
        declare_table(c, tables, child);
    }
}
