#include "engine/base/map.h"
#include "engine/hl7/validate_priv.h"

#include <assert.h>
#include <stdlib.h>

/* One version under way. */
struct making {
    struct arena *a;
    enum hl7_version v;
    struct map known; /* name -> struct check_type */
};

static const struct {
    char id[4];
    uint8_t kind;
} primitives[] = {
    {"DT", CHECK_KIND_DATE},     {"TM", CHECK_KIND_TIME}, {"DTM", CHECK_KIND_MOMENT},
    {"NM", CHECK_KIND_NUMBER},   {"ID", CHECK_KIND_CODE}, {"IS", CHECK_KIND_USER_CODE},
    {"SI", CHECK_KIND_SEQUENCE}, {"ST", CHECK_KIND_TEXT}, {"TX", CHECK_KIND_TEXT},
    {"FT", CHECK_KIND_TEXT},     {"TN", CHECK_KIND_TEXT},
};

static uint8_t primitive_kind(const char *id)
{
    for (size_t i = 0; i < sizeof primitives / sizeof *primitives; i++) {
        if (strcmp(primitives[i].id, id) == 0) {
            return primitives[i].kind;
        }
    }
    return CHECK_KIND_ANY;
}

static bool is_coded(const char *id)
{
    static const char *const coded[] = {"CE", "CWE", "CNE", "CF"};
    for (size_t i = 0; i < sizeof coded / sizeof *coded; i++) {
        if (strcmp(coded[i], id) == 0) {
            return true;
        }
    }
    return false;
}

static const struct check_type *type_of(struct making *k, const char *id);

static struct check_part part_of(struct making *k, const struct dict_field *f)
{
    return (struct check_part){.type = type_of(k, f->type),
                               .len = f->len,
                               .table = (uint16_t)f->table,
                               .repeats = (uint8_t)f->repeats,
                               .opt = f->opt};
}

static void fill_type(struct making *k, struct check_type *t, const char *id)
{
    struct dict_entry e;
    struct dict_field f;
    bool known = dict_type(k->v, id, &e);
    t->id = id;
    t->kind = strcmp(id, "VARIES") == 0 ? CHECK_KIND_VARIES : primitive_kind(id);
    if (!known || e.parts == 0 || t->kind != CHECK_KIND_ANY) {
        bool is_moment = strcmp(id, "TS") == 0;
        t->kind = is_moment ? CHECK_KIND_MOMENT : t->kind;
        return;
    }
    struct check_part *part = ARENA_ARRAY(k->a, struct check_part, e.parts);
    for (unsigned n = 1; n <= e.parts && dict_component(k->v, id, n, &f); n++) {
        part[n - 1] = part_of(k, &f);
        t->required = f.opt == 'R' ? (uint16_t)n : t->required;
    }
    if (strcmp(id, "TS") == 0) { /* some versions call its first component a text */
        part[0].type = type_of(k, "DTM");
    }
    t->part = part;
    t->n = (uint16_t)e.parts;
    t->kind = CHECK_KIND_COMPOSITE;
    t->is_coded = is_coded(id);
}

/* Made when first named; a type that names itself finds itself. */
static const struct check_type *type_of(struct making *k, const char *id)
{
    struct check_type *t = map_get(&k->known, str_of(id));
    if (!t) {
        t = ARENA_NEW(k->a, struct check_type);
        (void)map_put(&k->known, str_of(id), t); /* it is new */
        fill_type(k, t, id);
    }
    return t;
}

static void add_segment(struct making *k, struct check_version *out, const struct dict_entry *e)
{
    struct check_segment *s = ARENA_NEW(k->a, struct check_segment);
    struct check_part *part = ARENA_ARRAY(k->a, struct check_part, e->parts + 1);
    struct dict_field f;
    memcpy(s->id, e->id, 3);
    s->part = part;
    s->n = (uint16_t)e->parts;
    for (unsigned n = 1; n <= e->parts && dict_field(k->v, e->id, n, &f); n++) {
        part[n - 1] = part_of(k, &f);
        s->required = f.opt == 'R' ? (uint16_t)n : s->required;
    }
    unsigned at = check_slot(s->id);
    while (out->slot[at % CHECK_SLOTS]) {
        at++;
    }
    out->slot[at % CHECK_SLOTS] = s;
}

static int by_id(const void *left, const void *right)
{
    return strcmp((*(struct check_type *const *)left)->id,
                  (*(struct check_type *const *)right)->id);
}

static void keep_types(struct making *k, struct check_version *out)
{
    struct str key;
    void *value;
    size_t at = 0;
    out->type = ARENA_ARRAY(k->a, struct check_type *, k->known.used + 1);
    while (map_next(&k->known, &at, &key, &value)) {
        out->type[out->ntypes++] = value;
    }
    qsort(out->type, out->ntypes, sizeof *out->type, by_id);
}

static void make_version(struct arena *a, enum hl7_version v, struct check_version *out)
{
    struct making k = {.a = a, .v = v};
    struct dict_entry e;
    out->version = v;
    for (unsigned i = 0; dict_segment_at(v, i, &e); i++) {
        assert(i < CHECK_SLOTS / 2);
        if (strlen(e.id) == 3) {
            add_segment(&k, out, &e);
        }
    }
    keep_types(&k, out);
    map_free(&k.known);
}

struct validate_dict *validate_dict_new(struct arena *a)
{
    struct validate_dict *d = ARENA_NEW(a, struct validate_dict);
    for (unsigned v = 0; v < HL7_VERSIONS; v++) {
        make_version(a, (enum hl7_version)v, &d->version[v]);
    }
    return d;
}

const struct check_segment *check_segment_of(const struct check_version *v, const char id[4])
{
    const struct check_segment *s;
    for (unsigned at = check_slot(id); (s = v->slot[at % CHECK_SLOTS]) != NULL; at++) {
        if (memcmp(s->id, id, 4) == 0) {
            return s;
        }
    }
    return NULL;
}

const struct check_type *check_type_named(const struct check_version *v, struct str id)
{
    unsigned lo = 0, hi = v->ntypes;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        int c = str_cmp(id, str_of(v->type[mid]->id));
        if (c == 0) {
            return v->type[mid];
        }
        if (c < 0) {
            hi = mid;
        } else {
            lo = mid + 1;
        }
    }
    return NULL;
}
