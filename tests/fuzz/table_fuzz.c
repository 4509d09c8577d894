/* Fuzz target: any bytes as a code table in CSV. The first byte says how it is looked at: number of key columns, ranges in
 * the last of them, small and capital letters. It is read and indexed or refused at a line; a row is found by its own exact keys, and what is
 * found is a row of the table. */
#include "engine/rules/table.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static bool is_plain(struct str cell)
{
    return cell.n > 0 && !str_is(cell, "*");
}

static void look_up(const struct table *t)
{
    struct str keys[TABLE_KEYS_MAX];
    for (uint32_t row = 0; row < t->nrows && row < 200; row++) {
        bool all_plain = true;
        for (unsigned k = 0; k < t->nkeys; k++) {
            keys[k] = t->cells[(size_t)row * t->ncolumns + t->key[k]];
            all_plain = all_plain && is_plain(keys[k]);
        }
        int64_t found = table_find(t, keys);
        must(found < (int64_t)t->nrows);
        must(!all_plain || found == row || t->ignore_case || t->range);
        must(!all_plain || found >= 0 || t->range);
        if (found >= 0) {
            (void)table_cell(t, found, t->value); /* lies inside, says the sanitizer */
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct diags d;
    struct table t = {.name = STR("t")};
    if (size < 1) {
        return 0;
    }
    diags_init(&d, &a);
    struct str csv = str_from((const char *)data + 1, size - 1);
    bool ok = table_read_csv(&a, &t, "t.csv", csv, &d);
    must(ok || d.errors > 0);
    must(!ok || (t.ncolumns > 0 && t.ncolumns <= TABLE_COLUMNS_MAX && t.nrows <= TABLE_ROWS_MAX));
    if (ok && t.ncolumns > 1) {
        t.nkeys = 1 + data[0] % 3;
        t.nkeys = t.nkeys < t.ncolumns ? t.nkeys : 1;
        t.ignore_case = data[0] & 0x80;
        for (unsigned k = 0; k < t.nkeys; k++) {
            t.key[k] = k;
        }
        t.value = t.nkeys;
        t.range = data[0] & 0x40 ? t.nkeys : 0;
        t.file = "t.csv";
        bool indexed = table_index(&a, &t, &d);
        must(indexed || d.errors > 0);
        if (indexed) {
            look_up(&t);
        }
    }
    arena_free(&a);
    return 0;
}
