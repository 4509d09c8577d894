#include "engine/rules/table_range.h"

#include "engine/base/decimal.h"

struct table_range {
    uint32_t row;
    unsigned mask;
    struct str low, high; /* empty: open */
    struct decimal from, to;
    bool is_number;
};

static struct str cell_of(const struct table *t, uint32_t row)
{
    return table_cell(t, row, t->key[t->range - 1]);
}

bool table_range_is(const struct table *t, uint32_t row)
{
    return t->range && str_find(cell_of(t, row), STR("..")) >= 0;
}

static int order(const struct table *t, struct str a, struct str b)
{
    for (size_t i = 0; i < a.n; i++) { /* of the same length */
        char x = a.p[i], y = b.p[i];
        x = t->ignore_case && x >= 'a' && x <= 'z' ? (char)(x - 32) : x;
        y = t->ignore_case && y >= 'a' && y <= 'z' ? (char)(y - 32) : y;
        if (x != y) {
            return (unsigned char)x < (unsigned char)y ? -1 : 1;
        }
    }
    return 0;
}

/* What is wrong with it; NULL: nothing. */
static const char *parse(const struct table *t, uint32_t row, struct table_range *r)
{
    struct str cell = cell_of(t, row);
    ptrdiff_t at = str_find(cell, STR(".."));
    r->low = str_trim(str_slice(cell, 0, (size_t)at));
    r->high = str_trim(str_slice(cell, (size_t)at + 2, cell.n));
    bool low = r->low.n > 0, high = r->high.n > 0;
    bool from = low && decimal_parse(r->low, &r->from), to = high && decimal_parse(r->high, &r->to);
    if (!low && !high) {
        return "the range has no end; write * for any value";
    }
    if (low && high && from != to) {
        return "one end of the range is a number, the other is none";
    }
    r->is_number = from || to;
    if (low && high && !r->is_number && r->low.n != r->high.n) {
        return "the ends of the range are of different length";
    }
    bool is_upward =
        !low || !high ||
        (r->is_number ? decimal_cmp(&r->from, &r->to) : order(t, r->low, r->high)) <= 0;
    return is_upward ? NULL : "the range ends before it begins";
}

static bool holds(const struct table *t, const struct table_range *r, struct str value)
{
    struct decimal d;
    if (r->is_number) {
        return decimal_parse(value, &d) && (!r->low.n || decimal_cmp(&r->from, &d) <= 0) &&
               (!r->high.n || decimal_cmp(&d, &r->to) <= 0);
    }
    return value.n == (r->low.n ? r->low.n : r->high.n) &&
           (!r->low.n || order(t, r->low, value) <= 0) &&
           (!r->high.n || order(t, value, r->high) <= 0);
}

static bool same_others(const struct table *t, const struct table_range *r, const struct str *keys)
{
    for (unsigned i = 0; i < t->nkeys; i++) {
        struct str cell = table_cell(t, r->row, t->key[i]);
        if (i + 1 != t->range && (r->mask >> i & 1) &&
            !(t->ignore_case ? str_eq_nocase(cell, keys[i]) : str_eq(cell, keys[i]))) {
            return false;
        }
    }
    return true;
}

/* Two ranges share a value if one of them holds an end of the other, or has no end there. */
static bool overlaps(const struct table *t, const struct table_range *a,
                     const struct table_range *b)
{
    if (a->is_number != b->is_number) {
        return false;
    }
    bool begins = !b->low.n ? !a->low.n : holds(t, a, b->low);
    bool ends = !b->high.n ? !a->high.n : holds(t, a, b->high);
    bool around = a->low.n ? holds(t, b, a->low) : a->high.n && holds(t, b, a->high);
    return begins || ends || around;
}

static bool fail(const struct table *t, uint32_t row, struct diags *d, const char *what)
{
    if (t->is_query) {
        diag_add(d, DIAG_ERROR, "bad-range", table_row_pos(t, row), "row %u, %.*s: %s",
                 t->lines[row], STR_ARG(cell_of(t, row)), what);
    } else {
        diag_add(d, DIAG_ERROR, "bad-range", table_row_pos(t, row), "%s", what);
    }
    return false;
}

static bool fail_overlap(const struct table *t, uint32_t row, uint32_t other, struct diags *d)
{
    if (t->is_query) {
        diag_add(d, DIAG_ERROR, "bad-range", table_row_pos(t, row),
                 "row %u of table %.*s: the range %.*s overlaps %.*s of row %u", t->lines[row],
                 STR_ARG(t->name), STR_ARG(cell_of(t, row)), STR_ARG(cell_of(t, other)),
                 t->lines[other]);
    } else {
        diag_add(d, DIAG_ERROR, "bad-range", table_row_pos(t, row),
                 "this range of table %.*s overlaps that of line %u", STR_ARG(t->name),
                 t->lines[other]);
    }
    return false;
}

bool table_range_add(struct arena *a, struct table *t, uint32_t row, unsigned mask, struct diags *d)
{
    struct table_range r = {.row = row, .mask = mask};
    struct str keys[TABLE_KEYS_MAX];
    const char *why = parse(t, row, &r);
    if (why) {
        return fail(t, row, d, why);
    }
    for (unsigned i = 0; i < t->nkeys; i++) {
        keys[i] = table_cell(t, row, t->key[i]);
    }
    for (unsigned i = 0; i < t->nranges; i++) {
        const struct table_range *other = &t->ranges[i];
        if (other->mask == mask && same_others(t, other, keys) && overlaps(t, other, &r)) {
            return fail_overlap(t, row, other->row, d);
        }
    }
    if (t->nranges == TABLE_RANGES_MAX) {
        return fail(t, row, d, "a table has at most 4096 ranges");
    }
    if (!t->ranges) {
        t->ranges = ARENA_ARRAY(a, struct table_range, TABLE_RANGES_MAX);
    }
    t->ranges[t->nranges++] = r;
    return true;
}

int64_t table_range_find(const struct table *t, unsigned mask, const struct str *keys)
{
    for (unsigned i = 0; i < t->nranges; i++) {
        const struct table_range *r = &t->ranges[i];
        if (r->mask == mask && same_others(t, r, keys) && holds(t, r, keys[t->range - 1])) {
            return r->row;
        }
    }
    return -1;
}
