/* A mapping by its table: defaults, unknown and missing keys; and is the table itself in order? */
#include "engine/base/opt.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/base/opt_priv.h"

#include <stdio.h>
#include <stdlib.h>

/* The default as YAML would give it: a text, or for a list its parts. */
static const struct yaml_node *default_node(struct arena *a, const struct opt *row)
{
    struct yaml_node *n = ARENA_NEW(a, struct yaml_node);
    *n = (struct yaml_node){.kind = YAML_SCALAR, .text = str_of(row->default_text)};
    if (row->kind != OPT_LIST) {
        return n;
    }
    struct str rest = n->text, one;
    const struct yaml_node **tail = &n->first;
    n->kind = YAML_SEQUENCE;
    while (rest.n && str_split(&rest, ',', &one)) {
        struct yaml_node *item = ARENA_NEW(a, struct yaml_node);
        *item = (struct yaml_node){.kind = YAML_SCALAR, .text = str_trim(one)};
        *tail = item;
        tail = &item->next;
        n->count++;
    }
    return n;
}

void opt_defaults(struct arena *a, const struct opt *table, void *conf)
{
    struct diags d;
    diags_init(&d, a);
    for (const struct opt *row = table; row->name; row++) {
        memset((char *)conf + row->offset, 0, row->size);
        if (row->default_text && opt_set(a, row, default_node(a, row), &d, conf)) {
            fprintf(stderr, "option %s: its default %s cannot be read\n", row->name,
                    row->default_text);
            abort();
        }
    }
}

const struct opt *opt_find(const struct opt *table, struct str name)
{
    for (const struct opt *row = table; row->name; row++) {
        if (str_is(name, row->name)) {
            return row;
        }
    }
    return NULL;
}

static bool is_other(const char *const *others, struct str name)
{
    for (; others && *others; others++) {
        if (str_is(name, *others)) {
            return true;
        }
    }
    return false;
}

const char *opt_nearest(const struct opt *table, const char *const *others, struct str name)
{
    const char *best = NULL;
    unsigned least = name.n < 4 ? 2 : name.n < 8 ? 3 : 4; /* fewer changes than this are a slip */
    for (const struct opt *row = table; row->name; row++) {
        unsigned far = str_distance(str_of(row->name), name);
        best = far < least ? row->name : best;
        least = far < least ? far : least;
    }
    for (; others && *others; others++) {
        unsigned far = str_distance(str_of(*others), name);
        best = far < least ? *others : best;
        least = far < least ? far : least;
    }
    return best;
}

static void report_unknown(const struct opt *table, const char *const *others,
                           const struct yaml_node *key, struct diags *d)
{
    struct str shown = str_slice(key->text, 0, 60);
    const char *near = opt_nearest(table, others, key->text);
    struct diag *one =
        diag_add(d, DIAG_ERROR, "unknown-key", key->pos, "unknown key `%.*s`", STR_ARG(shown));
    if (near) {
        diag_means(one, DIAG_MISSPELT, str_of(near));
        diag_hint(d, one, "did you mean `%s`?", near);
        return;
    }
    struct buf names = {0};
    for (const struct opt *row = table; row->name; row++) {
        buf_printf(&names, "%s%s", names.n ? ", " : "", row->name);
    }
    for (; others && *others; others++) {
        buf_printf(&names, "%s%s", names.n ? ", " : "", *others);
    }
    diag_hint(d, one, "known here: %.*s", STR_ARG(buf_str(&names)));
    buf_free(&names);
}

static void report_missing(const struct opt *table, const struct yaml_node *map, struct diags *d)
{
    for (const struct opt *row = table; row->name; row++) {
        if ((row->flags & OPT_REQUIRED) && !yaml_get(map, row->name)) {
            diag_means(diag_add(d, DIAG_ERROR, "missing-key", map ? map->pos : DIAG_NOWHERE,
                                "the key `%s` is missing; expected %s", row->name,
                                opt_row_phrase(row)),
                       DIAG_LACKS, str_of(row->name));
        }
    }
}

int opt_parse(struct arena *a, const struct opt *table, const struct yaml_node *map,
              const char *const *others, struct diags *d, void *conf)
{
    unsigned before = d->errors;
    opt_defaults(a, table, conf);
    if (map && map->kind == YAML_ABSENT) {
        return ERR_SYNTAX;
    }
    if (map && map->kind != YAML_MAPPING) {
        diag_add(d, DIAG_ERROR, "option-type", map->pos, "found %s; expected a mapping of options",
                 yaml_kind_text(map));
        return ERR_SYNTAX;
    }
    yaml_each(v, map)
    {
        const struct opt *row = opt_find(table, v->key->text);
        if (row) {
            (void)opt_set(a, row, v, d, conf); /* counted in d->errors */
        } else if (!is_other(others, v->key->text)) {
            report_unknown(table, others, v->key, d);
        }
    }
    report_missing(table, map, d);
    return d->errors == before ? 0 : ERR_SYNTAX;
}

static bool is_kebab(const char *s)
{
    return *s >= 'a' && *s <= 'z' && s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static bool has_range(enum opt_kind k)
{
    return k == OPT_INT || k == OPT_MS || k == OPT_BYTES || k == OPT_STR;
}

static void check_row(struct arena *a, const struct opt *row, struct diags *d)
{
    struct opt_range range;
    if (!is_kebab(row->name)) {
        diag_add(d, DIAG_ERROR, "option-table", DIAG_NOWHERE,
                 "option %s: its name is not kebab-case", row->name);
    }
    if (!row->summary || !str_ends(str_of(row->summary), STR("."))) {
        diag_add(d, DIAG_ERROR, "option-table", DIAG_NOWHERE,
                 "option %s: its summary is no sentence", row->name);
    }
    if (has_range(row->kind) ? !opt_read_range(row->kind, row->limits, &range)
                             : row->kind == OPT_ENUM && !row->limits) {
        diag_add(d, DIAG_ERROR, "option-table", DIAG_NOWHERE,
                 "option %s: its limits cannot be read", row->name);
        return;
    }
    if ((row->flags & OPT_REQUIRED) && row->default_text) {
        diag_add(d, DIAG_ERROR, "option-table", DIAG_NOWHERE,
                 "option %s: required, but has a default", row->name);
    }
    if (row->kind == OPT_GROUP) {
        (void)opt_check_table(row->group, d); /* counted in d->errors */
    }
    if (row->default_text) {
        struct opt alone = *row;
        void *room = arena_zalloc(a, row->size);
        alone.offset = 0;
        (void)opt_set(a, &alone, default_node(a, row), d, room); /* counted in d->errors */
    }
}

int opt_check_table(const struct opt *table, struct diags *d)
{
    unsigned before = d->errors;
    for (const struct opt *row = table; row->name; row++) {
        check_row(d->arena, row, d);
    }
    return d->errors == before ? 0 : ERR_USAGE;
}
