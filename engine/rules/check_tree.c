/* Names of FHIR and JSON data: what an element is, which type a value has. An element that its type does not have is
 * an error; of JSON, and where the type is not known, any name may be there.
 * Source: FHIR R4 "FHIRPath"; FHIRPath N1 section 10 (type safety). */
#include "engine/rules/check_priv.h"

#include "engine/base/json.h"

enum { NEAR_MAX = 128 };

static enum shape_kind kind_of(unsigned t)
{
    switch (t) {
    case FHIR_TYPE_BOOLEAN:
        return SHAPE_BOOLEAN;
    case FHIR_TYPE_DATE:
    case FHIR_TYPE_DATE_TIME:
    case FHIR_TYPE_INSTANT:
    case FHIR_TYPE_TIME:
        return SHAPE_DATE;
    case FHIR_TYPE_DECIMAL:
    case FHIR_TYPE_INTEGER:
    case FHIR_TYPE_POSITIVE_INT:
    case FHIR_TYPE_UNSIGNED_INT:
        return SHAPE_NUMBER;
    default: /* texts, and what has parts */
        return fhir_type_kind(t) == FHIR_PRIMITIVE ? SHAPE_STRING : SHAPE_NODE;
    }
}

struct shape check_tree_shape(unsigned t, bool many)
{
    return (struct shape){.kind = t ? kind_of(t) : SHAPE_ANY, .many = many, .model = t};
}

struct shape check_tree_root(const struct check *c)
{
    struct shape s = check_tree_shape(c->names->resource, false);
    s.many = c->names->data == DATA_JSON && !c->f->is_route;
    return s;
}

void check_order_of(struct check *c, const struct node *n, const struct shape *in)
{
    if (in->unordered && c->names->is_strict && !c->failed) {
        check_fail(c, n, "no-order",
                   "children() and descendants() have no order, and this depends on one");
    }
}

/* ---- members ---- */

/* Is the type only known to be one of several? Then any of their elements may be there. */
static bool is_open(unsigned t)
{
    return t == FHIR_TYPE_RESOURCE || t == FHIR_TYPE_DOMAIN_RESOURCE || t == FHIR_TYPE_ELEMENT ||
           t == FHIR_TYPE_BACKBONE_ELEMENT;
}

static struct str nearest_element(unsigned t, struct str name)
{
    struct str names[NEAR_MAX];
    unsigned n = 0;
    for (; fhir_type_at(t); t = fhir_type_base(t)) {
        const struct fhir_element *e;
        for (unsigned i = 0; (e = fhir_element_at(t, i)) != NULL && n < NEAR_MAX; i++) {
            names[n++] = fhir_element_name(e);
        }
    }
    return check_nearest(name, names, n);
}

static struct node *unknown_element(struct check *c, struct node *n, unsigned t)
{
    unsigned type = 0;
    const struct fhir_element *choice = fhir_choice(t, n->text, &type);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-element", n->pos,
                                "%s has no element %.*s", fhir_type_name(t), STR_ARG(n->text));
    struct str near = nearest_element(t, n->text);
    c->failed = true;
    if (choice) {
        struct str name = fhir_element_name(choice);
        diag_hint(c->d, one, "write %.*s, or %.*s.ofType(%s)", STR_ARG(name), STR_ARG(name),
                  fhir_type_name(type));
    } else if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else if (n->text.n == 3 && dict_segment_any(str_dup(c->a, n->text).p, NULL, NULL)) {
        diag_hint(c->d, one, "this is a path of HL7 v2, and the data is not");
    } else if (func_find(n->text)) {
        diag_hint(c->d, one, "a function is written with brackets: %.*s()", STR_ARG(n->text));
    }
    return n;
}

static struct shape shape_of_element(const struct fhir_element *e, const struct shape *in)
{
    bool choice = e->ntypes > 1, many = in->many || fhir_element_repeats(e);
    struct shape s = check_tree_shape(choice ? 0 : fhir_element_type(e, 0), many);
    s.choice = choice ? e : NULL;
    s.unordered = in->unordered;
    check_code_set(e, &s);
    return s;
}

/* The element of a choice: of whichever of its types has it. */
static const struct fhir_element *of_choice(const struct fhir_element *choice, struct str name,
                                            bool *out_open)
{
    const struct fhir_element *hit = NULL;
    for (unsigned i = 0; i < choice->ntypes; i++) {
        const struct fhir_element *e = fhir_element(fhir_element_type(choice, i), name);
        *out_open = *out_open || (hit && e && e != hit);
        hit = e ? e : hit;
    }
    return hit;
}

static struct node *member_of(struct check *c, struct node *n, const struct shape *in,
                              struct shape *out)
{
    bool open = is_open(in->model);
    const struct fhir_element *e = in->model    ? fhir_element(in->model, n->text)
                                   : in->choice ? of_choice(in->choice, n->text, &open)
                                                : NULL;
    bool known = in->model || in->choice;
    bool many = in->many || (!known && !c->f->is_route); /* in a route: seen when it runs */
    *out = (struct shape){.kind = SHAPE_ANY, .many = many, .unordered = in->unordered};
    out->is_data = in->is_data;
    if (e && !open) {
        *out = shape_of_element(e, in);
    }
    if (known && !e && !open) {
        return unknown_element(c, n, in->model ? in->model : fhir_element_type(in->choice, 0));
    }
    return n;
}

/* Patient.name: the name of a type before everything else. Of another type nothing is found. */
static bool names_type(struct check *c, struct node *n, const struct shape *in, struct shape *out)
{
    bool capital = n->text.n && n->text.p[0] >= 'A' && n->text.p[0] <= 'Z';
    unsigned t = c->names->data == DATA_FHIR && capital ? fhir_type(n->text) : 0;
    if (!t || fhir_type_kind(t) == FHIR_PRIMITIVE) {
        return false;
    }
    bool may = !in->model || fhir_type_is(in->model, t) || fhir_type_is(t, in->model);
    if (!may && c->names->is_strict) {
        c->failed = true;
        diag_add(c->d, DIAG_ERROR, "other-type", n->pos, "this is a %s, never a %s",
                 fhir_type_name(in->model), fhir_type_name(t));
    }
    n->op = NODE_TREE_TYPE;
    n->model = (uint16_t)t;
    *out = check_tree_shape(fhir_type_is(in->model, t) ? in->model : t, false);
    return true;
}

/* Of a message that may be one of several resources: what one of them has at least; typed where all agree. */
static struct node *member_of_several(struct check *c, struct node *n, const struct shape *in,
                                      struct shape *out)
{
    const struct data_types *all = &c->names->types;
    const struct fhir_element *first = NULL;
    bool same = true;
    for (unsigned i = 0; i < all->n; i++) {
        const struct fhir_element *e = fhir_element(all->v[i], n->text);
        bool open = is_open(all->v[i]);
        same = same && !open && e &&
               (!first || (e->ntypes == 1 && e->max == first->max &&
                           fhir_element_type(e, 0) == fhir_element_type(first, 0)));
        first = first ? first : e;
        if (open) {
            return member_of(c, n, in, out);
        }
    }
    if (!first) {
        *out = *in;
        return unknown_element(c, n, all->v[0]);
    }
    *out = same && first->ntypes == 1 ? shape_of_element(first, in)
                                      : (struct shape){.kind = SHAPE_ANY, .many = in->many};
    return n;
}

/* Does the name start from the message, which is one of several resources? */
static bool is_of_several(const struct check *c, const struct node *n, const struct shape *in)
{
    bool outermost = !c->inner || !c->inner->outer;
    return c->names->types.n > 1 && outermost && !n->nargs && in->model == FHIR_TYPE_RESOURCE;
}

struct node *check_tree_member(struct check *c, struct node *n, struct shape *out)
{
    struct shape in = c->inner ? *c->inner->shape : check_tree_root(c);
    if (n->nargs) {
        n->arg[0] = check_input_node(c, n->arg[0], &in);
    } else if (names_type(c, n, &in, out)) {
        return n;
    }
    n->op = NODE_TREE_MEMBER;
    if (!c->failed && is_of_several(c, n, &in)) {
        return member_of_several(c, n, &in, out);
    }
    return c->failed ? n : member_of(c, n, &in, out);
}

/* ---- calls ---- */

void check_tree_call(struct check *c, struct node *n, const struct shape *in, struct shape *out)
{
    bool (*run)(struct eval *, const struct call *, struct values *) = n->func->run;
    bool places = run == func_first || run == func_last || run == func_tail || run == func_skip ||
                  run == func_take;
    const struct node *type = n->func->flags & FUNC_TYPE ? n->arg[n->has_input ? 1 : 0] : NULL;
    if (places) {
        check_order_of(c, n, in);
    } else if (run == func_children || run == func_descendants) {
        out->unordered = true;
    } else if (run == func_extension) {
        *out = check_tree_shape(FHIR_TYPE_EXTENSION, true);
    } else if (run == func_union || run == func_combine || run == func_get_value) {
        out->model = 0;
        out->choice = NULL;
        out->kind = SHAPE_ANY;
    } else if (type && n->func->gives == SHAPE_INPUT) {
        *out = type->model ? check_tree_shape(type->model, out->many)
                           : (struct shape){.kind = SHAPE_ANY, .many = out->many};
    }
}
