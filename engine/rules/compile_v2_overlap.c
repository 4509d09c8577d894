/* Maps to messages of HL7 v2: two keys of one object for one place. */
#include "engine/rules/compile_v2.h"

static bool same_place(const struct path *a, const struct path *b)
{
    bool whole = !a->field || !b->field;
    return whole ? memcmp(a->seg, b->seg, 4) == 0 : compile_overlap(a, b);
}

/* Does the group called `group`, inside the one under way, hold what a key outside of it means by `seg`? */
static bool is_inside(const struct compiler *c, struct str group, const char *seg)
{
    const struct structure *s = c->v2->to->s;
    struct structure_reach r = structure_reach_in(s, c->v2->group, seg);
    unsigned node;
    return r.how == STRUCTURE_BELOW && structure_groups_named(s, c->v2->group, group, &node) &&
           r.holder >= node && r.holder < structure_place(s, node).next;
}

/* IN1-3 beside INSURANCE: [...]: which instance would it belong to? */
static bool beside_group(struct compiler *c, const struct yaml_node *n, const struct yaml_node *key,
                         const struct path *p)
{
    yaml_each(child, c->v2->place.level == V2_GROUP && p->seg[0] != 'Z' ? n : NULL)
    {
        struct str group = child->key->text;
        if (is_inside(c, group, p->seg)) {
            diag_hint(c->d,
                      diag_add(c->d, DIAG_ERROR, "overlap", key->pos,
                               "%s stands in %.*s, which is written by its name in the same object",
                               p->seg, STR_ARG(group)),
                      "write it under %.*s", STR_ARG(group));
            return true;
        }
    }
    return false;
}

/* Two keys for one place; a key given twice was told by YAML. */
static bool overlap(struct compiler *c, const struct yaml_node *n, const struct yaml_node *child,
                    const struct path *other)
{
    struct str text = path_text(c->a, other);
    if (yaml_get_str(n, child->key->text) == child) {
        diag_add(c->d, DIAG_ERROR, "overlap", child->key->pos,
                 "%.*s overlaps with %.*s in the same object", STR_ARG(child->key->text),
                 STR_ARG(text));
    }
    return false;
}

bool compile_v2_overlaps(struct compiler *c, const struct yaml_node *n)
{
    struct path *all = ARENA_ARRAY(c->a, struct path, n->count + 1);
    unsigned k = 0;
    yaml_each(child, n)
    {
        if (child->key->text.p[0] == '$' || !compile_v2_key_path(c, child->key->text, &all[k])) {
            continue;
        }
        if (beside_group(c, n, child->key, &all[k])) {
            return false;
        }
        for (unsigned i = 0; i < k; i++) {
            if (same_place(&all[i], &all[k])) {
                return overlap(c, n, child, &all[i]);
            }
        }
        k++;
    }
    return true;
}
