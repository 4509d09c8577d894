/* Codes that are compared with an element of FHIR whose required binding has no such code: that is never so. */
#include "engine/fhir/terms.h"
#include "engine/rules/check_priv.h"
#include "engine/rules/tree.h"

enum { CODES_SHOWN = 12 };

void check_code_set(const struct fhir_element *e, struct shape *s)
{
    unsigned set = s->model == FHIR_TYPE_CODE ? fhir_bound_to(e) : 0;
    s->codes = set && fhir_set_is_listed(set) ? set : 0;
}

void check_code(struct check *c, const struct node *element, const struct shape *s,
                const struct node *text)
{
    bool is_text = text->op == NODE_LITERAL && text->value.kind == VALUE_STRING;
    if (c->failed || !c->f->is_route || !s->codes || !is_text ||
        fhir_set_has(s->codes, (struct str){0}, text->value.text)) {
        return;
    }
    struct str name = element->op == NODE_TREE_MEMBER ? element->text : STR("this element"),
               codes = fhir_set_text(c->a, s->codes, CODES_SHOWN);
    struct diag *one =
        diag_add(c->d, DIAG_WARNING, "code-outside-set", text->pos,
                 "%.*s is no code that %.*s can have", STR_ARG(text->value.text), STR_ARG(name));
    if (codes.n) {
        diag_hint(c->d, one, "write one of %.*s", STR_ARG(codes));
    } else {
        diag_hint(c->d, one, "the codes are those of %s", fhir_set_url(s->codes));
    }
}
