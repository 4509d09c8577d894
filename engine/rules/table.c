#include "engine/rules/table.h"

#include "engine/base/decimal.h"
#include "engine/base/hash.h"
#include "engine/rules/table_range.h"

enum { FOLD_MAX = 256 };

/* Rows whose key cells are exact in the columns of `mask` (bit i: key i) and `*` in the others. */
struct table_index {
    unsigned mask;
    uint32_t size;  /* power of two */
    uint32_t *slot; /* row + 1, 0 free */
};

int table_column(const struct table *t, struct str name)
{
    for (unsigned i = 0; i < t->ncolumns; i++) {
        if (str_eq(t->columns[i], name)) {
            return (int)i;
        }
    }
    return -1;
}

static char fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static uint64_t hash_cell(const struct table *t, struct str s, uint64_t seed)
{
    if (!t->ignore_case) {
        return hash64_str(s, seed);
    }
    char room[FOLD_MAX];
    for (size_t at = 0; at == 0 || at < s.n; at += FOLD_MAX) {
        size_t n = s.n - at < FOLD_MAX ? s.n - at : FOLD_MAX;
        for (size_t i = 0; i < n; i++) {
            room[i] = fold(s.p[at + i]);
        }
        seed = hash64(room, n, seed);
    }
    return seed;
}

static bool cell_eq(const struct table *t, struct str a, struct str b)
{
    return str_eq(a, b) || (t->ignore_case && str_eq_nocase(a, b));
}

static uint64_t hash_keys(const struct table *t, unsigned mask, const struct str *keys)
{
    uint64_t h = mask;
    for (unsigned i = 0; i < t->nkeys; i++) {
        if (mask >> i & 1) {
            h = hash_cell(t, keys[i], h);
        }
    }
    return h;
}

static bool row_matches(const struct table *t, unsigned mask, uint32_t row, const struct str *keys)
{
    for (unsigned i = 0; i < t->nkeys; i++) {
        if ((mask >> i & 1) && !cell_eq(t, table_cell(t, row, t->key[i]), keys[i])) {
            return false;
        }
    }
    return true;
}

/* The slot of `keys`: of their row, or free. */
static uint32_t *slot_of(const struct table *t, const struct table_index *x, const struct str *keys)
{
    uint32_t at = (uint32_t)hash_keys(t, x->mask, keys) & (x->size - 1);
    while (x->slot[at] && !row_matches(t, x->mask, x->slot[at] - 1, keys)) {
        at = (at + 1) & (x->size - 1);
    }
    return &x->slot[at];
}

static unsigned row_keys(const struct table *t, uint32_t row, struct str *keys)
{
    unsigned mask = 0;
    for (unsigned i = 0; i < t->nkeys; i++) {
        keys[i] = table_cell(t, row, t->key[i]);
        mask |= str_is(keys[i], "*") ? 0u : 1u << i;
    }
    return mask;
}

/* Is mask `a` looked at before `b`: more exact cells, then the leftmost. */
static bool goes_before(unsigned a, unsigned b)
{
    int x = __builtin_popcount(a), y = __builtin_popcount(b);
    if (x != y) {
        return x > y;
    }
    unsigned differ = a ^ b;
    return differ && (a & (differ & -differ));
}

static void add_masks(struct arena *a, struct table *t)
{
    bool seen[1u << TABLE_KEYS_MAX] = {false};
    struct str keys[TABLE_KEYS_MAX];
    t->index = ARENA_ARRAY(a, struct table_index, 1u << t->nkeys);
    for (uint32_t row = 0; row < t->nrows; row++) {
        unsigned mask = row_keys(t, row, keys), at = t->nindexes;
        if (seen[mask]) {
            continue;
        }
        seen[mask] = true;
        for (; at && goes_before(mask, t->index[at - 1].mask); at--) {
            t->index[at] = t->index[at - 1];
        }
        t->index[at] = (struct table_index){.mask = mask};
        t->nindexes++;
    }
    uint32_t size = 4;
    while (size < t->nrows * 2) {
        size *= 2;
    }
    for (unsigned i = 0; i < t->nindexes; i++) {
        t->index[i].size = size;
        t->index[i].slot = ARENA_ARRAY(a, uint32_t, size);
    }
}

static void say_duplicate(struct arena *a, const struct table *t, uint32_t row, uint32_t first,
                          struct diags *d)
{
    if (t->is_query) {
        diag_add(d, DIAG_ERROR, "duplicate-row", table_row_pos(t, row),
                 "row %u of table %.*s has the same key as row %u: %.*s", t->lines[row],
                 STR_ARG(t->name), t->lines[first], STR_ARG(table_row_keys(a, t, row)));
    } else {
        diag_add(d, DIAG_ERROR, "duplicate-row", table_row_pos(t, row),
                 "this row of table %.*s has the same key as line %u", STR_ARG(t->name),
                 t->lines[first]);
    }
}

bool table_index(struct arena *a, struct table *t, struct diags *d)
{
    struct str keys[TABLE_KEYS_MAX];
    bool good = true;
    add_masks(a, t);
    for (uint32_t row = 0; row < t->nrows; row++) {
        unsigned mask = row_keys(t, row, keys), i = 0;
        if (table_range_is(t, row)) {
            good = table_range_add(a, t, row, mask, d) && good;
            continue;
        }
        while (t->index[i].mask != mask) {
            i++;
        }
        uint32_t *slot = slot_of(t, &t->index[i], keys);
        if (*slot) {
            say_duplicate(a, t, row, *slot - 1, d);
            good = false;
            continue;
        }
        *slot = row + 1;
    }
    t->is_simple = t->nkeys == 1 && t->nindexes == 1 && t->index->mask == 1 && !t->nranges;
    return good;
}

/* What slot_of() finds in a simple table. */
static int64_t find_simple(const struct table *t, struct str key)
{
    const struct table_index *x = t->index;
    uint32_t last = x->size - 1, at = (uint32_t)hash_cell(t, key, x->mask) & last;
    while (x->slot[at] && !cell_eq(t, table_cell(t, x->slot[at] - 1, t->key[0]), key)) {
        at = (at + 1) & last;
    }
    return (int64_t)x->slot[at] - 1;
}

int64_t table_find(const struct table *t, const struct str *keys)
{
    unsigned present = 0;
    if (t->is_simple) {
        return find_simple(t, keys[0]);
    }
    for (unsigned i = 0; i < t->nkeys; i++) {
        present |= keys[i].n ? 1u << i : 0;
    }
    unsigned all = (1u << t->nkeys) - 1;
    for (unsigned i = 0; i < t->nindexes; i++) {
        const struct table_index *x = &t->index[i];
        if ((x->mask | present) != all) {
            continue; /* a `*` stands where the value is absent */
        }
        uint32_t row = *slot_of(t, x, keys);
        if (row) {
            return row - 1;
        }
        int64_t in_range =
            t->nranges && (x->mask >> (t->range - 1) & 1) ? table_range_find(t, x->mask, keys) : -1;
        if (in_range >= 0) {
            return in_range;
        }
    }
    return -1;
}

int64_t table_not_number(const struct table *t, unsigned column)
{
    struct decimal d;
    for (uint32_t row = 0; row < t->nrows; row++) {
        struct str cell = table_cell(t, row, column);
        if (cell.n && !decimal_parse(cell, &d)) {
            return row;
        }
    }
    return -1;
}
