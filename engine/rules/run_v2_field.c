/* Maps to messages of HL7 v2: what stands in a line, its fields with their repetitions and parts. */
#include "engine/hl7/edit_value.h"
#include "engine/rules/run_v2_priv.h"

enum { FIELDS_MAX = 512 };

bool v2_fault(struct v2_writing *w, struct str place, const char *what)
{
    return eval_fail_at(w->e, w->m->pos, place, "%s", what);
}

bool v2_room(struct v2_writing *w, struct v2_line *l, unsigned field)
{
    if (field > FIELDS_MAX) {
        return false;
    }
    if (field >= l->cap) {
        unsigned cap = field + 16;
        struct str *more = ARENA_ARRAY(w->e->a, struct str, cap);
        if (l->n) {
            memcpy(more, l->field, (l->n + 1) * sizeof(*more));
        }
        l->field = more;
        l->cap = cap;
    }
    l->n = field > l->n ? field : l->n;
    return true;
}

static bool breaks(struct str raw)
{
    return raw.n && (memchr(raw.p, '\r', raw.n) || memchr(raw.p, '\n', raw.n));
}

bool v2_set(struct v2_writing *w, struct v2_line *l, const struct path *p, struct str raw)
{
    struct str made;
    if (!eval_step(w->e, &(struct node){.pos = w->m->pos})) {
        return false;
    }
    if (raw.n == 0) {
        return true;
    }
    bool good = v2_room(w, l, p->field) && !breaks(raw) &&
                edit_value_set(w->e->a, &w->d, l->field[p->field], p, raw, &made) == 0;
    if (!good) {
        return v2_fault(w, path_text(w->e->a, p),
                        "the value holds a separator that would break the message");
    }
    l->field[p->field] = made;
    return true;
}

const struct group *v2_leaf_of(struct v2_writing *w, struct v2_line *l)
{
    if (w->e->lineage && !l->leaf) {
        l->leaf = ARENA_NEW(w->e->a, struct group);
        l->leaf->seg = UINT32_MAX; /* of no message that was received */
    }
    return l->leaf;
}

/* A leaf of what the map made. */
static bool set_leaf(struct v2_writing *w, struct v2_line *l, const struct path *p, struct str raw,
                     const struct json *v)
{
    struct path at = *p;
    at.rep = w->rep ? w->rep : p->rep;
    if (raw.n) {
        lineage_written(w->e->lineage, v2_leaf_of(w, l), &at, v);
    }
    return v2_set(w, l, p, raw);
}

/* The place of the part that `key` names below `p`: 4.2 below a repetition, 2 below a component. False: none can be there,
 * as in a fragment that has more below than a component. */
static bool part_below(const struct path *p, struct str key, struct path *out)
{
    int64_t a = 0, b = 0;
    ptrdiff_t dot = str_index(key, '.');
    if (p->sub || (p->comp && dot >= 0)) {
        return false;
    }
    (void)str_to_i64(dot < 0 ? key : str_slice(key, 0, (size_t)dot),
                     &a); /* digits: check has seen to it */
    if (dot >= 0) {
        (void)str_to_i64(str_slice(key, (size_t)dot + 1, key.n), &b); /* the same */
    }
    *out = *p;
    if (p->comp) {
        out->sub = (uint16_t)a;
    } else {
        out->comp = (uint16_t)a;
        out->sub = (uint16_t)b;
    }
    return true;
}

static bool write_parts(struct v2_writing *w, struct v2_line *l, const struct path *p,
                        const struct json *object)
{
    json_each(one, object)
    {
        struct path part;
        if (!part_below(p, one->key, &part)) {
            return v2_fault(w, path_text(w->e->a, p), "the value has more parts than fit here");
        }
        if (!v2_write_field(w, l, &part, one)) {
            return false;
        }
    }
    return true;
}

/* The field so far is repetition `n`: to `whole`, behind separators for the empty ones before it; *written: as many. */
static void put_repetition(struct v2_writing *w, struct buf *whole, struct str field, unsigned n,
                           unsigned *written)
{
    for (; field.n && *written < n; ++*written) {
        buf_put(whole, &w->d.repetition, *written > 0);
    }
    buf_put_str(whole, field);
}

/* A list makes repetitions: each is written alone, as if the field held nothing else, so that many cost what they are. */
static bool write_repetitions(struct v2_writing *w, struct v2_line *l, const struct path *p,
                              const struct json *list)
{
    struct path at = *p;
    struct buf whole = {0};
    unsigned n = 0, written = 0;
    bool good = true;
    at.rep = 1;
    if (!v2_room(w, l, p->field)) {
        return v2_fault(w, path_text(w->e->a, p), "no segment has as many fields");
    }
    for (const struct json *one = list->first; good && one; one = one->next) {
        l->field[p->field] = STR("");
        w->rep = (uint16_t)++n;
        good = n < PATH_INDEX_MAX && v2_write_field(w, l, &at, one);
        w->rep = 0;
        put_repetition(w, &whole, good ? l->field[p->field] : STR(""), n, &written);
    }
    if (good) {
        l->field[p->field] = str_dup(w->e->a, buf_str(&whole));
    }
    buf_free(&whole);
    return n < PATH_INDEX_MAX ? good : v2_fault(w, path_text(w->e->a, p), "too many repetitions");
}

bool v2_write_field(struct v2_writing *w, struct v2_line *l, const struct path *p,
                    const struct json *v)
{
    switch (v->kind) {
    case JSON_ARRAY:
        return write_repetitions(w, l, p, v);
    case JSON_OBJECT:
        return write_parts(w, l, p, v);
    case JSON_NULL:
        return set_leaf(w, l, p, STR("\"\""), v);
    default:
        return set_leaf(w, l, p, v->text, v);
    }
}
