/* Maps to messages of HL7 v2: which segments and fields the standard requires, and no key makes. */
#include "engine/rules/compile_v2.h"

static bool has_segment(const struct compiler *c, const struct yaml_node *n, const char *seg)
{
    struct path p;
    yaml_each(child, n)
    {
        if (compile_v2_key_path(c, child->key->text, &p) && memcmp(p.seg, seg, 4) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_key(const struct yaml_node *n, const char *key)
{
    yaml_each(child, n)
    {
        if (str_is(child->key->text, key)) {
            return true;
        }
    }
    return false;
}

/* MSH-1, 2, 7, 9 to 12 and EVN-1, 2: the engine writes them. */
static bool is_filled(const char *seg, unsigned field)
{
    bool msh = strcmp(seg, "MSH") == 0 && (field <= 2 || field == 7 || (field >= 9 && field <= 12));
    return msh || (strcmp(seg, "EVN") == 0 && field <= 2);
}

/* Fields that the standard requires: many a receiver does without, so a remark. */
static void required_fields(struct compiler *c, const struct yaml_node *n)
{
    struct dict_entry entry;
    struct dict_field f;
    const char *seg = c->v2->path.seg;
    enum hl7_version v = c->v2->to->version;
    unsigned fields = dict_segment(v, seg, &entry) ? entry.parts : 0;
    for (unsigned i = 1; i <= fields; i++) {
        bool want = dict_field(v, seg, i, &f) && f.opt == 'R', has = false;
        yaml_each(child, n)
        {
            struct path p;
            has = has || (compile_v2_key_path(c, child->key->text, &p) && p.field == i);
        }
        if (want && !has && !is_filled(seg, i)) {
            diag_add(c->d, DIAG_REMARK, "missing-field", n->pos,
                     "%s-%u (%s) is required in version %s, and nothing makes it", seg, i, f.name,
                     dict_version_text(v));
        }
    }
}

static bool missing_segment(struct compiler *c, const struct yaml_node *n, unsigned group,
                            const char *seg)
{
    const struct structure *s = c->v2->to->s;
    bool below = group != c->v2->group;
    const char *name = group ? structure_place(s, group).name : structure_name(s);
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "missing-segment", n->pos,
                       "%s demands %s, and nothing makes it", name, seg),
              below ? "write its fields, as %s-1: ..., or a list under %s:"
                    : "write its fields, as %s-1: ...",
              seg, name);
    return false;
}

/* Does a key of the object mean a segment of the group, or of one in it? */
static bool is_written(const struct compiler *c, const struct yaml_node *n, unsigned group)
{
    const struct structure *s = c->v2->to->s;
    yaml_each(child, n)
    {
        struct path p;
        struct structure_reach r = {.how = STRUCTURE_NOWHERE};
        if (compile_v2_key_path(c, child->key->text, &p) && p.seg[0] != 'Z') {
            r = structure_reach_in(s, c->v2->group, p.seg);
        }
        if (r.how == STRUCTURE_BELOW && r.holder >= group &&
            r.holder < structure_place(s, group).next) {
            return true;
        }
    }
    return false;
}

/* A group that is demanded, or that a key from outside brings: with all that it demands itself. */
static bool required_below(struct compiler *c, const struct yaml_node *n, unsigned group,
                           bool demanded)
{
    const struct structure *s = c->v2->to->s;
    bool good = true, there = demanded || is_written(c, n, group);
    for (unsigned i = group + 1; there && i < structure_place(s, group).next;
         i = structure_place(s, i).next) {
        struct structure_place p = structure_place(s, i);
        if (p.kind == STRUCTURE_GROUP) {
            good = required_below(c, n, i, p.min) && good;
        } else if (p.kind == STRUCTURE_SEGMENT && p.min && !has_segment(c, n, p.name)) {
            good = missing_segment(c, n, group, p.name);
        }
    }
    return good;
}

/* Of the group under way, a message or one in it: those that are written by name see to themselves. */
static bool required_segments(struct compiler *c, const struct yaml_node *n)
{
    const struct structure *s = c->v2->to->s;
    unsigned node = c->v2->group;
    bool good = true;
    for (unsigned i = node + 1; i < structure_place(s, node).next; i = structure_place(s, i).next) {
        struct structure_place p = structure_place(s, i);
        bool filled = strcmp(p.name, "MSH") == 0 || strcmp(p.name, "EVN") == 0;
        if (p.kind == STRUCTURE_GROUP && !has_key(n, p.name)) {
            good = required_below(c, n, i, p.min) && good;
        } else if (p.kind == STRUCTURE_SEGMENT && p.min && !filled && !has_segment(c, n, p.name)) {
            good = missing_segment(c, n, node, p.name);
        }
    }
    return good;
}

bool compile_v2_required(struct compiler *c, const struct yaml_node *n, const struct item *item)
{
    (void)item; /* its keys say all */
    if (c->v2->is_overlay) {
        return true;
    }
    if (c->v2->place.level == V2_SEGMENT) {
        required_fields(c, n);
    }
    return c->v2->place.level != V2_GROUP || required_segments(c, n);
}
