/* What is wanted where a formula stands: one value, one text, true or false. */
#include "engine/rules/check_priv.h"

static struct str spelling(struct check *c, const struct node *n)
{
    return n->op == NODE_PATH || n->op == NODE_SUBPATH ? path_text(c->a, &n->path)
                                                       : STR("the value");
}

/* The same path with the indexes that make it one value. */
static struct str first_of(struct check *c, const struct node *n)
{
    struct path first = n->path;
    struct place at;
    const struct element *before = c->names->element;
    c->names->element = c->element;
    check_place(c->a, c->names, first.seg, &at);
    c->names->element = before;
    if ((!first.field || at.repeats) && first.seg_n == PATH_ALL) {
        first.seg_n = 1;
    }
    if (first.field && first.rep == PATH_ALL && check_type_of(c->names, &first).field_repeats) {
        first.rep = 1;
    }
    return path_text(c->a, &first);
}

void check_one(struct check *c, const struct node *n, const struct shape *s)
{
    if (!c->f->is_route || !s->many || c->failed) {
        return;
    }
    struct str text = spelling(c, n);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "several-values", n->pos,
                                "%.*s may give several values, one is wanted here", STR_ARG(text));
    c->failed = true;
    if (n->op != NODE_PATH) {
        diag_hint(c->d, one, "add .first(), .where(...).first(), .exists(...) or .join(' ')");
        return;
    }
    struct path whole = n->path;
    whole.comp = whole.sub = 0;
    struct str better = first_of(c, n), field = path_text(c->a, &whole);
    struct str part = str_slice(text, field.n, text.n); /* ".1" of PID-3.1 */
    diag_hint(c->d, one, "write %.*s, %.*s.where(...).first()%.*s, .exists(...) or .join(' ')",
              STR_ARG(better), STR_ARG(field), STR_ARG(part));
}

void check_text(struct check *c, const struct node *n, const struct shape *s)
{
    if (!c->f->is_route || c->failed || s->kind == SHAPE_ANY) {
        return;
    }
    if (s->kind == SHAPE_SEGMENT || s->kind == SHAPE_GROUP) {
        struct diag *one = diag_add(c->d, DIAG_ERROR, "no-text", n->pos,
                                    "this is a whole %s, one value is wanted here",
                                    s->kind == SHAPE_SEGMENT ? "segment" : "group");
        c->failed = true;
        diag_hint(c->d, one, "name a field, as in %s-1", s->type ? s->type : "PID");
    } else if (s->kind == SHAPE_NODE && s->model) {
        c->failed = true;
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "no-text", n->pos,
                           "this is a whole %s, one text is wanted here", fhir_type_name(s->model)),
                  "say which member of it");
    } else if (s->kind == SHAPE_HL7 && s->of == TYPE_COMPOSITE) {
        struct str text = spelling(c, n);
        c->failed = true;
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "no-text", n->pos,
                           "%.*s is a %s of several parts, one text is wanted here", STR_ARG(text),
                           s->type),
                  "say which part, as in %.*s.1",
                  STR_ARG(n->op == NODE_PATH ? text : STR("(...)")));
    }
}

void check_boolean(struct check *c, const struct node *n, const struct shape *s)
{
    if (c->failed || !c->f->is_route || s->kind == SHAPE_ANY || s->kind == SHAPE_BOOLEAN) {
        check_one(c, n, s);
        return;
    }
    struct diag *one =
        check_fail(c, n, "no-decision", "a decision wants true or false, this is a value");
    if (n->op == NODE_PATH) {
        struct str text = path_text(c->a, &n->path);
        diag_hint(c->d, one, "write %.*s.exists()", STR_ARG(text));
    } else {
        diag_hint(c->d, one, "compare it, or add .exists()");
    }
}
