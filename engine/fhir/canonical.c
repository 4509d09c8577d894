#include "engine/fhir/canonical.h"

#include <stdlib.h>

#include "engine/fhir/member.h"

enum { RANK_UNKNOWN = 1 << 20, LEVEL_RANKS = 1 << 10 };

/* A member on its way to its place. */
struct ranked {
    const struct json *json;
    unsigned rank, at; /* of members of one rank the first goes first */
    unsigned type;     /* 0: not known */
};

static struct json *copy(struct arena *a, const struct json *j, unsigned type);

static int by_rank(const void *left, const void *right)
{
    const struct ranked *a = left, *b = right;
    int order = (a->rank > b->rank) - (a->rank < b->rank);
    return order ? order : (a->at > b->at) - (a->at < b->at);
}

static struct ranked rank_of(const struct fhir_chain *c, const struct json *j, bool is_resource)
{
    struct fhir_member m;
    struct ranked r = {.json = j, .rank = RANK_UNKNOWN, .at = j->key_at};
    if (is_resource && str_is(j->key, "resourceType")) {
        r.rank = 0;
    } else if (c->levels && fhir_member_find(c, j->key, &m)) {
        unsigned own = m.ordinal - c->from[m.level];
        r.rank = (c->levels - m.level) * LEVEL_RANKS + 2 * own + m.is_companion;
        r.type = m.type;
    }
    return r;
}

static struct json *copy_object(struct arena *a, const struct json *j, unsigned type)
{
    struct json *object = json_new(a, JSON_OBJECT);
    struct ranked *v = ARENA_ARRAY(a, struct ranked, j->count + 1);
    struct fhir_chain c;
    unsigned n = 0;
    fhir_chain_of(&c, type);
    json_each(member, j)
    {
        v[n] = rank_of(&c, member, type && fhir_type_kind(type) == FHIR_RESOURCE);
        v[n].at = n;
        n++;
    }
    qsort(v, n, sizeof *v, by_rank);
    for (unsigned i = 0; i < n; i++) {
        json_add(object, v[i].json->key, copy(a, v[i].json, v[i].type));
    }
    return object;
}

/* `type` is that of the value or of each item. */
static struct json *copy(struct arena *a, const struct json *j, unsigned type)
{
    if (j->kind == JSON_ARRAY) {
        struct json *array = json_new(a, JSON_ARRAY);
        json_each(item, j)
        {
            json_push(array, copy(a, item, type));
        }
        return array;
    }
    if (j->kind == JSON_OBJECT) {
        bool resource = type && fhir_type_kind(type) == FHIR_RESOURCE;
        unsigned own = resource ? fhir_resource_of(j) : 0;
        return copy_object(a, j, own ? own : type);
    }
    struct json *leaf = json_new(a, j->kind);
    leaf->text = j->text;
    return leaf;
}

struct json *fhir_canonical(struct arena *a, const struct json *root)
{
    return copy(a, root, fhir_resource_of(root));
}
