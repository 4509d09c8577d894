/* Maps to messages of HL7 v2: the tree of places becomes a message, line by line in the order of its structure. */
#include "engine/rules/run_v2_priv.h"

/* What is being written: the object, and the group whose keys it has. */
struct part {
    const struct json *object;
    unsigned group;
};

static bool write_group(struct v2_writing *w, const struct part *part, unsigned node,
                        unsigned *out_lines);

/* Is the segment at `node` of group `group` the one that the keys of the part mean? */
static bool is_meant(struct v2_writing *w, const struct part *part, unsigned group, unsigned node)
{
    const char *seg = structure_place(w->s, node).name;
    struct structure_reach r = structure_reach_in(w->s, part->group, seg);
    bool here = (r.how == STRUCTURE_OWN || r.how == STRUCTURE_BELOW) && r.holder == group;
    return here && structure_segment_in(w->s, group, seg) == node;
}

static bool write_place(struct v2_writing *w, const struct part *part, unsigned group,
                        unsigned node, unsigned *out_lines)
{
    const char *seg = structure_place(w->s, node).name;
    struct v2_lines all = {0};
    *out_lines = 0;
    if (!is_meant(w, part, group, node)) {
        return true;
    }
    v2_fill(w, seg, &all);
    if (!v2_collect(w, seg, part->object, &all)) {
        return false;
    }
    *out_lines = v2_put_lines(w, seg, &all);
    return true;
}

/* The instances that stand under the group's name; without them what the outer keys say of its segments. */
static bool write_instances(struct v2_writing *w, const struct part *part, unsigned node,
                            unsigned *out_lines)
{
    const struct json *list = json_get(part->object, structure_place(w->s, node).name);
    const struct json *one = list && list->kind == JSON_ARRAY ? list->first : list;
    *out_lines = 0;
    if (!list) {
        return write_group(w, part, node, out_lines);
    }
    for (; one; one = list->kind == JSON_ARRAY ? one->next : NULL) {
        struct part inner = {one, node};
        unsigned n;
        if (!write_group(w, &inner, node, &n)) {
            return false;
        }
        *out_lines += n;
    }
    return true;
}

/* Does a key before `key` name the same segment? */
static bool is_seen(const struct json *object, const struct json *key)
{
    json_each(one, object)
    {
        if (one == key) {
            return false;
        }
        if (one->key.n >= 3 && memcmp(one->key.p, key->key.p, 3) == 0) {
            return true;
        }
    }
    return false;
}

/* Segments that the structure lacks: behind the rest. */
static bool write_others(struct v2_writing *w, const struct part *part, unsigned *lines)
{
    json_each(one, part->object)
    {
        struct path p;
        size_t at;
        const char *why;
        if (path_compile(one->key, false, &p, &at, &why) != 0 || p.seg[0] != 'Z' ||
            is_seen(part->object, one)) {
            continue;
        }
        struct v2_lines all = {0};
        if (!v2_collect(w, p.seg, part->object, &all)) {
            return false;
        }
        *lines += v2_put_lines(w, p.seg, &all);
    }
    return true;
}

/* Must something stand at the place, a child of `node`? */
static bool is_demanded(struct v2_writing *w, unsigned node, struct structure_place child)
{
    return child.min && child.kind != STRUCTURE_ANY && child.kind != STRUCTURE_CHOICE &&
           structure_place(w->s, node).kind != STRUCTURE_CHOICE;
}

/* What is at `child`, a place that may be a segment, a group, or any segment. */
static bool write_child(struct v2_writing *w, const struct part *part, unsigned child,
                        unsigned *out_lines)
{
    *out_lines = 0;
    switch (structure_place(w->s, child).kind) {
    case STRUCTURE_ANY:
        return true;
    case STRUCTURE_SEGMENT:
        return write_place(w, part, structure_around(w->s, child), child, out_lines);
    case STRUCTURE_GROUP:
    case STRUCTURE_CHOICE:
        return write_instances(w, part, child, out_lines);
    }
    return true;
}

static bool write_group(struct v2_writing *w, const struct part *part, unsigned node,
                        unsigned *out_lines)
{
    const char *missing = NULL;
    *out_lines = 0;
    for (unsigned i = node + 1; i < structure_place(w->s, node).next;
         i = structure_place(w->s, i).next) {
        struct structure_place p = structure_place(w->s, i);
        unsigned n;
        if (!write_child(w, part, i, &n)) {
            return false;
        }
        missing = !missing && !n && is_demanded(w, node, p) ? p.name : missing;
        *out_lines += n;
    }
    if (part->group == node && !write_others(w, part, out_lines)) {
        return false;
    }
    return !missing || !*out_lines ||
           v2_fault(w, str_of(missing), "the structure demands it, and it came out empty");
}

/* ---- the whole ---- */

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static bool write(struct v2_writing *w, const struct json *made, struct str *out)
{
    struct part whole = {made, 0};
    unsigned lines;
    w->lines.n = 0;
    bool good = write_group(w, &whole, 0, &lines);
    *out = good ? str_dup(w->e->a, buf_str(&w->out)) : STR("");
    buf_free(&w->out);
    return good;
}

/* A value of a datatype, by itself. */
static bool write_value(struct v2_writing *w, const struct json *made, struct str *out)
{
    struct path field = {.seg = "ZZZ", .field = 1};
    struct v2_line line = {0};
    bool good = v2_room(w, &line, 1) && v2_write_field(w, &line, &field, made);
    *out = good ? line.field[1] : STR("");
    return good;
}

static bool write_one_segment(struct v2_writing *w, const char *seg, const struct json *made)
{
    struct v2_lines all = {0};
    bool good = v2_write_segments(w, &all, seg, made);
    (void)v2_put_lines(w, seg, &all); /* how many: one at most */
    return good;
}

bool run_v2_part(struct eval *e, const struct map *m, const struct json *made, struct str *out)
{
    const struct v2_target *to = m->v2;
    struct v2_writing w = {.e = e, .m = m, .s = to->s, .d = run_v2_delims(e)};
    struct v2_line delimiters = {0};
    struct part part = {made, to->group};
    unsigned lines;
    if (to->level == V2_FIELD) {
        return write_value(&w, made, out);
    }
    if (to->level != V2_SEGMENT || strcmp(to->at.seg, "MSH") != 0) {
        v2_put_line(&w, "MSH", &delimiters);
    }
    bool good = to->level == V2_SEGMENT ? write_one_segment(&w, to->at.seg, made)
                                        : write_group(&w, &part, to->group, &lines);
    *out = str_dup(e->a, buf_str(&w.out));
    buf_free(&w.out);
    return good;
}

bool run_v2_message(struct eval *e, const struct map *m, const struct json *made, struct str *out,
                    struct run_v2_lines *out_lines)
{
    struct v2_writing w = {.e = e, .m = m, .s = m->v2->s, .d = run_v2_delims(e)};
    if (!w.d.subcomponent || !w.d.escape || !w.d.repetition) {
        return v2_fault(&w, STR("MSH-2"), "the message lacks delimiters that a new one needs");
    }
    bool good = write(&w, made, out);
    if (good && !e->doc && !is_ascii(*out)) { /* out of FHIR or JSON: UTF-8 */
        w.charset = STR("UNICODE UTF-8");
        good = write(&w, made, out);
    }
    if (out_lines) {
        *out_lines = w.lines;
    }
    return good;
}
