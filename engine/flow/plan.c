#include "engine/flow/plan.h"

#include "engine/flow/engine_priv.h"
#include "engine/rules/recall.h"

struct plan *plan_ref(struct plan *p)
{
    p->refs++;
    return p;
}

void plan_unref(struct plan **p)
{
    struct plan *one = *p;
    *p = NULL;
    if (one && --one->refs == 0) {
        recall_free(&one->recall);
        struct arena a = one->arena; /* the plan lives in it */
        arena_free(&a);
    }
}

struct recall *plan_recall(struct plan *p)
{
    if (!p->recall) {
        p->recall = recall_new(RECALL_BYTES);
    }
    return p->recall;
}

static bool same_list(const struct opt_list *a, const struct opt_list *b)
{
    bool is_same = a->n == b->n;
    for (size_t i = 0; is_same && i < a->n; i++) {
        is_same = str_eq(a->v[i], b->v[i]);
    }
    return is_same;
}

static bool same_hostport(const struct opt_hostport *a, const struct opt_hostport *b)
{
    return a->port == b->port && str_eq(a->host, b->host);
}

static bool same_secret(const struct opt_secret *a, const struct opt_secret *b)
{
    return a->from == b->from && str_eq(a->name, b->name);
}

static bool same_group(const struct opt *row, const void *a, const void *b)
{
    return a && b ? plan_same_conf(row->group, a, b) : a == b;
}

static bool same_value(const struct opt *row, const void *a, const void *b)
{
    switch (row->kind) {
    case OPT_STR:
    case OPT_PATH:
        return str_eq(*(const struct str *)a, *(const struct str *)b);
    case OPT_LIST:
        return same_list(a, b);
    case OPT_HOSTPORT:
        return same_hostport(a, b);
    case OPT_SECRET:
        return same_secret(a, b);
    case OPT_NODE:
        return *(const void *const *)a ==
               *(const void *const *)b; /* two files never share a node: changed */
    case OPT_GROUP:
        return same_group(row, *(const void *const *)a, *(const void *const *)b);
    case OPT_INT:
    case OPT_BOOL:
    case OPT_MS:
    case OPT_BYTES:
    case OPT_ENUM:
        break;
    }
    return memcmp(a, b, row->size) == 0;
}

bool plan_same_conf(const struct opt *table, const void *a, const void *b)
{
    for (const struct opt *row = table; row && row->name; row++) {
        if (!same_value(row, (const char *)a + row->offset, (const char *)b + row->offset)) {
            return false;
        }
    }
    return true;
}
