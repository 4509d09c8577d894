#include "engine/flow/miss.h"

#include <stdlib.h>

#include "engine/base/buf.h"
#include "engine/base/map.h"
#include "engine/base/mem.h"

struct miss_table {
    struct str name;
    uint64_t times;
};

struct misses {
    struct arena arena;        /* rows; they are never given up */
    struct map rows;           /* "table NUL key NUL key" -> struct miss_row */
    struct miss_table *tables; /* few: looked through */
    size_t ntables;
    uint64_t total, uncounted;
};

struct misses *misses_new(void)
{
    return X_NEW(struct misses);
}

void misses_free(struct misses **m)
{
    struct misses *one = *m;
    if (one) {
        map_free(&one->rows);
        arena_free(&one->arena);
        free(one->tables);
        free(one);
        *m = NULL;
    }
}

static void put_key(struct buf *out, const struct rules_miss *one, unsigned n)
{
    buf_put_str(out, rules_table_name(one->table));
    for (unsigned i = 0; i < n; i++) {
        buf_putc(out, '\0');
        buf_put_str(out, one->keys[i]);
    }
}

static struct miss_row *new_row(struct misses *m, const struct rules_miss *one, struct str key,
                                int64_t wall_us)
{
    struct miss_row *r = ARENA_NEW(&m->arena, struct miss_row);
    struct str columns[MISS_COLUMNS_MAX];
    r->ncolumns = rules_table_keys(one->table, columns);
    r->table = str_dup(&m->arena, rules_table_name(one->table));
    r->file = str_dup(&m->arena, str_of(rules_table_file(one->table)));
    for (unsigned i = 0; i < r->ncolumns; i++) {
        r->columns[i] = str_dup(&m->arena, columns[i]);
        r->keys[i] = str_dup(&m->arena, one->keys[i]);
    }
    r->at = str_printf(&m->arena, "%s:%u", one->pos.file ? one->pos.file : "", one->pos.line);
    r->first_us = wall_us;
    (void)map_put(&m->rows, str_dup(&m->arena, key), r); /* it is new */
    return r;
}

static void count_table(struct misses *m, struct str name)
{
    size_t i = 0;
    while (i < m->ntables && !str_eq(m->tables[i].name, name)) {
        i++;
    }
    if (i == MISS_TABLES_MAX) {
        return; /* reloads with ever new tables: the total has it */
    }
    if (i == m->ntables) {
        m->tables = xrealloc(m->tables, (i + 1) * sizeof(*m->tables));
        m->tables[m->ntables++] = (struct miss_table){str_dup(&m->arena, name), 0};
    }
    m->tables[i].times++;
}

static void count(struct misses *m, const struct rules_miss *one, int64_t wall_us)
{
    struct str columns[MISS_COLUMNS_MAX];
    struct buf key = {0};
    put_key(&key, one, rules_table_keys(one->table, columns));
    struct miss_row *r = map_get(&m->rows, buf_str(&key));
    if (!r && m->rows.used < MISS_ROWS_MAX && key.n <= MISS_KEY_MAX) {
        r = new_row(m, one, buf_str(&key), wall_us);
    }
    m->total++;
    count_table(m, rules_table_name(one->table));
    if (r) {
        r->times++;
        r->last_us = wall_us;
    } else {
        m->uncounted++;
    }
    buf_free(&key);
}

void misses_add(struct misses *m, const struct rules_miss *list, int64_t wall_us)
{
    for (; list; list = list->next) {
        count(m, list, wall_us);
    }
}

uint64_t misses_total(const struct misses *m)
{
    return m->total;
}

uint64_t misses_uncounted(const struct misses *m)
{
    return m->uncounted;
}

bool misses_of_table(const struct misses *m, size_t index, struct str *out_table,
                     uint64_t *out_times)
{
    if (index >= m->ntables) {
        return false;
    }
    *out_table = m->tables[index].name;
    *out_times = m->tables[index].times;
    return true;
}

static int by_table(const void *left, const void *right)
{
    const struct miss_row *a = *(const struct miss_row *const *)left,
                          *b = *(const struct miss_row *const *)right;
    int c = str_cmp(a->table, b->table);
    for (unsigned i = 0; c == 0 && a->times == b->times && i < a->ncolumns && i < b->ncolumns;
         i++) {
        c = str_cmp(a->keys[i], b->keys[i]);
    }
    return c ? c : (a->times < b->times) - (a->times > b->times);
}

const struct miss_row *const *misses_rows(const struct misses *m, struct arena *a, size_t *out_n)
{
    const struct miss_row **v = ARENA_ARRAY(a, const struct miss_row *, m->rows.used + 1);
    size_t at = 0;
    struct str key;
    void *row;
    *out_n = 0;
    while (map_next(&m->rows, &at, &key, &row)) {
        v[(*out_n)++] = row;
    }
    if (*out_n) {
        qsort(v, *out_n, sizeof(*v), by_table);
    }
    return v;
}
