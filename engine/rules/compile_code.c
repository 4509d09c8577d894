/* Literals that are codes of an HL7 table. */
#include "engine/hl7/dict.h"
#include "engine/rules/ruleset_priv.h"

enum { TABLE_IDENTIFIER_TYPE = 203 }; /* sites add their own everywhere */

/* The field or component that `p` names in version `v`. */
static bool place_in(enum hl7_version v, const struct path *p, struct dict_field *out)
{
    struct dict_field whole;
    return dict_field(v, p->seg, p->field, out) &&
           (!p->comp || (whole = *out, dict_component(v, whole.type, p->comp, out))) &&
           (!p->sub || (whole = *out, dict_component(v, whole.type, p->sub, out)));
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
