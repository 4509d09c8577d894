#include "engine/rules/links.h"

#include <stdlib.h>

#include "engine/base/map.h"
#include "engine/base/mem.h"

struct links {
    struct map64 all;
};

struct links *links_new(void)
{
    return xcalloc(1, sizeof(struct links));
}

void links_free(struct links *l)
{
    if (l) {
        map64_free(&l->all);
        free(l);
    }
}

void links_put(struct links *l, const struct json *from, struct json *to)
{
    (void)map64_put(&l->all, (uint64_t)(uintptr_t)from, (uint64_t)(uintptr_t)to); /* new or not */
}

bool links_get(const struct links *l, const struct json *from, struct json **out_to)
{
    uint64_t to = 0;
    bool has = map64_get(&l->all, (uint64_t)(uintptr_t)from, &to);
    *out_to = (struct json *)(uintptr_t)to;
    return has;
}
