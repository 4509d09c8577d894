/* What is written to a place of HL7 v2, by the type of the place: literals that are codes, numbers, dates; composites. */
#include "engine/hl7/dict.h"
#include "engine/rules/compile_v2.h"
#include "engine/rules/run_v2.h"

enum { TABLE_IDENTIFIER_TYPE = 203 }; /* sites add their own everywhere */

/* The field or component that `p` names in version `v`. */
static bool place_in(enum hl7_version v, const struct path *p, struct dict_field *out)
{
    struct dict_field whole;
    return dict_field(v, p->seg, p->field, out) &&
           (!p->comp || (whole = *out, dict_component(v, whole.type, p->comp, out))) &&
           (!p->sub || (whole = *out, dict_component(v, whole.type, p->sub, out)));
}

/* The type of the place, where all versions that have it agree on whether it is a number, a date, or neither. */
static const char *type_of(const struct path *p)
{
    struct dict_field at;
    const char *type = NULL;
    for (int v = 0; v < HL7_VERSIONS; v++) {
        if (place_in((enum hl7_version)v, p, &at)) {
            if (type && type_class_of(type) != type_class_of(at.type)) {
                return NULL;
            }
            type = at.type;
        }
    }
    return type;
}

void compile_kind(struct compiler *c, const struct yaml_node *n, const struct assign *to,
                  const struct shape *s)
{
    const char *type = type_of(&to->to.path);
    struct v2_place place = {.type = type, .of = type ? type_class_of(type) : TYPE_TEXT};
    bool composite = s->kind == SHAPE_HL7 && s->of == TYPE_COMPOSITE && s->type;
    if (!type || to->to.path.seg[0] == 'Z') {
        return;
    }
    if (!to->formula && to->literal.n && !str_is(to->literal, "\"\"") &&
        !v2_is_of_type(&place, to->literal)) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "bad-literal", n->pos, "this is no %s, as %.*s wants",
                           type, STR_ARG(to->to.text)),
                  "write %s", compile_v2_looks(&place));
    } else if (to->formula && composite && place.of != TYPE_COMPOSITE && place.of != TYPE_SIMPLE) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_WARNING, "wrong-type", to->formula->pos,
                           "%.*s is one %s, this gives a %s of several parts", STR_ARG(to->to.text),
                           type, s->type),
                  "say which part, as in .1");
    }
}

void compile_code(struct compiler *c, const struct yaml_node *n, const struct assign *to)
{
    struct dict_field at;
    struct dict_table t;
    bool known = false;
    for (int v = HL7_VERSIONS - 1; v >= 0 && !known && !to->formula; v--) {
        known = place_in((enum hl7_version)v, &to->to.path, &at);
    }
    bool is_coded = known && strcmp(at.type, "ID") == 0 && at.table != TABLE_IDENTIFIER_TYPE &&
                    dict_table(at.table, &t) && t.codes;
    if (is_coded && to->literal.n && !str_is(to->literal, "\"\"") &&
        dict_table_has(at.table, to->literal) == 0) {
        diag_add(c->d, DIAG_WARNING, "code-outside-table", n->pos,
                 "%.*s is no code of HL7 table %04u (%s), as %.*s wants", STR_ARG(to->literal),
                 at.table, t.name, STR_ARG(to->to.text));
    }
}
