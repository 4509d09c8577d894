/* FHIR and JSON data in the interpreter: names, and nodes beside each other. */
#include "engine/rules/eval_priv.h"
#include "engine/rules/tree.h"

/* What names without anything before them start from. */
static bool eval_tree_self(struct eval *e, const struct scope *s, struct values *out)
{
    if (!s) {
        tree_root(e, out);
    } else if (s->self) {
        *values_add(out, e->a) = *s->self;
    }
    for (uint32_t i = 0; s && s->all && i < s->all->n; i++) {
        *values_add(out, e->a) = s->all->v[i];
    }
    return true;
}

bool eval_tree_member(struct eval *e, const struct node *n, const struct scope *s,
                      struct values *out)
{
    VALUES(in);
    if (n->nargs ? !eval_node(e, n->arg[0], s, &in) : !eval_tree_self(e, s, &in)) {
        return false;
    }
    for (uint32_t i = 0; i < in.n; i++) {
        tree_member(e, n->text, &in.v[i], out);
        if (e->lineage && in.v[i].kind == VALUE_NODE) {
            lineage_node(e->lineage, e->root, json_get_str(in.v[i].json, n->text));
        }
    }
    return true;
}

bool eval_tree_type(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    VALUES(in);
    (void)eval_tree_self(e, s, &in); /* cannot fail */
    for (uint32_t i = 0; i < in.n; i++) {
        if (fhir_type_is(in.v[i].model, n->model)) {
            *values_add(out, e->a) = in.v[i];
        }
    }
    return true;
}

/* ---- two nodes ---- */

static enum value_answer answer(bool b)
{
    return b ? ANSWER_TRUE : ANSWER_FALSE;
}

/* Of nodes only quantities have an order. */
enum value_answer eval_compare_nodes(struct eval *e, const struct node *n, const struct value *a,
                                     const struct value *b, int *out)
{
    struct value p, q;
    if (tree_is_hollow(a) || tree_is_hollow(b)) {
        return ANSWER_EMPTY;
    }
    enum value_answer got = eval_quantities(e, a, b, false, &p, &q);
    if (got == ANSWER_FALSE) {
        eval_fail(e, n, "a %s cannot be compared with a %s", value_type_text(a),
                  value_type_text(b));
    } else if (got == ANSWER_TRUE) {
        *out = value_number_cmp(&p, &q);
    }
    return got;
}

/* Nodes are equal when all below them is; a Quantity of FHIR and one of the language as quantities. */
enum value_answer eval_nodes_equal(struct eval *e, const struct node *n, const struct value *a,
                                   const struct value *b, bool similar)
{
    struct value p, q;
    if (tree_is_hollow(a) || tree_is_hollow(b)) {
        return ANSWER_EMPTY;
    }
    bool nodes = a->kind == b->kind;
    if (nodes && tree_equal(e, n, a->json, b->json, similar)) {
        return answer(a->model == b->model);
    }
    enum value_answer got = eval_quantities(e, a, b, similar, &p, &q);
    return got != ANSWER_TRUE ? (nodes ? ANSWER_FALSE : got)
           : similar          ? answer(eval_numbers_same(&p, &q))
                              : answer(value_number_cmp(&p, &q) == 0);
}
