/* Parts: from a value of the message one level down, to its components and subcomponents; from a segment to its fields. */
#include "engine/rules/eval_priv.h"

/* Field `n` of a segment: its repetitions. */
static void segment_level(struct eval *e, const struct node *n, const struct value *v, bool nulls,
                          struct values *out)
{
    struct node field = {.op = NODE_PATH, .of = n->of, .type = n->type, .is_flat = true};
    struct scope s = {.self = v};
    field.path.field = (uint16_t)n->level;
    memcpy(field.path.seg, draft_id(e->doc, v->leaf), sizeof(field.path.seg));
    (void)eval_path(e, &field, &s, nulls, out); /* cannot fail on a field */
}

EVAL_APART struct str eval_part_anew(struct eval *e, const struct hl7 *m, struct str whole,
                                     unsigned level, uint32_t n)
{
    struct eval_cut *c = &e->cut[level - LEVEL_REPETITION];
    char separator = level == LEVEL_REPETITION ? m->d.component : m->d.subcomponent;
    bool is_cut = hl7_cut(m, whole, separator, &c->parts);
    c->whole = is_cut ? whole : str_from(NULL, 0);
    c->m = m;
    return is_cut ? hl7_cut_part(&c->parts, whole, n) : hl7_part_in(m, whole, separator, n);
}

EVAL_APART void eval_part_typed(const struct node *n, const char *type, struct value *out)
{
    struct type_info t = type_of_part(type, n->level, TYPE_VERSION_DEFAULT);
    out->of = (uint8_t)t.of;
    out->type = t.type;
}

bool eval_part(struct eval *e, const struct node *n, const struct value *v, bool nulls,
               struct value *out)
{
    if (v->kind != VALUE_HL7) {
        *out = *v;
        return n->level == 1 && v->kind != VALUE_GROUP;
    }
    struct str part = eval_part_text(e, v->m, v->text, v->level, n->level);
    if (!part.n || (!nulls && hl7_is_null(part))) {
        return false;
    }
    const char *type = v->level == LEVEL_REPETITION ? v->type : NULL;
    eval_put_part(n, v->m, part, eval_level_below(v->level), type, out);
    lineage_value(e->lineage, out);
    return true;
}

void eval_level(struct eval *e, const struct node *n, const struct value *v, bool nulls,
                struct values *out)
{
    if (v->kind == VALUE_SEGMENT) {
        segment_level(e, n, v, nulls, out);
        return;
    }
    struct value *part = values_add(out, e->a);
    out->n -= !eval_part(e, n, v, nulls, part);
}
