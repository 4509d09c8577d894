#include "engine/rules/coverage_own.h"

#include <stdlib.h>

#include "engine/base/map.h"
#include "engine/base/mem.h"
#include "engine/rules/table.h"

struct coverage {
    struct map64 seen;
};

struct coverage *coverage_new(void)
{
    return X_NEW(struct coverage);
}

void coverage_free(struct coverage **c)
{
    if (*c) {
        map64_free(&(*c)->seen);
        free(*c);
        *c = NULL;
    }
}

/* Files are told apart by where the ruleset holds their names. */
uint64_t coverage_place_key(struct diag_pos pos)
{
    uint64_t file = (uint64_t)(uintptr_t)pos.file * 0x9e3779b97f4a7c15u;
    return file ^ (uint64_t)pos.line << 20 ^ pos.col;
}

uint64_t coverage_row_key(const struct table *t, int64_t row)
{
    return (uint64_t)(uintptr_t)&t->cells[(size_t)row * t->ncolumns];
}

bool coverage_mark(struct coverage *c, uint64_t key)
{
    return map64_put(&c->seen, key, 1);
}

bool coverage_has(const struct coverage *c, uint64_t key)
{
    uint64_t one;
    return map64_get(&c->seen, key, &one);
}

void coverage_place(struct coverage *c, struct diag_pos pos)
{
    if (c) {
        (void)coverage_mark(c, coverage_place_key(pos)); /* new or not */
    }
}

void coverage_row(struct coverage *c, const struct table *t, int64_t row)
{
    if (c) {
        (void)coverage_mark(c, coverage_row_key(t, row)); /* new or not */
    }
}

const char *coverage_kind_text(enum coverage_kind k)
{
    static const char *const names[] = {"step", "branch", "item", "row"};
    return names[k];
}
