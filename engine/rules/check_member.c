/* Bare words, and words behind a dot: columns of tables, groups, $source.name, data of $cause. Members of FHIR and JSON are in
 * check_tree.c. */
#include "engine/rules/check_priv.h"

#include <ctype.h>

/* $cause.id: of the message that asked, where that is FHIR or JSON. Which type it has is seen when it runs. */
static struct node *cause_member(struct check *c, struct node *n, struct shape *out)
{
    check_need(c, NEED_CAUSE, 0, STR(""), n->arg[0]->pos);
    check_resolve(n->arg[0], NODE_TREE_ROOT, AROUND_CAUSE);
    n->op = NODE_TREE_MEMBER;
    *out = (struct shape){.kind = SHAPE_ANY, .is_data = true};
    return n;
}

/* Does what the member is of come from $cause? Data, whatever the formula is over. */
static bool is_of_cause(const struct node *n)
{
    while (n &&
           (n->op == NODE_MEMBER || n->op == NODE_INDEX || (n->op == NODE_CALL && n->has_input))) {
        n = n->nargs ? n->arg[0] : NULL;
    }
    return n && n->op == NODE_NAME && str_is(n->text, "cause");
}

/* ---- columns of a table ---- */

static struct node *lookup_column(struct check *c, struct node *n, struct shape *out)
{
    struct node *call = check_node(c, n->arg[0], out);
    if (c->failed || !call->table || call->table->is_broken) {
        return call;
    }
    int column = table_column(call->table, n->text);
    if (column < 0) {
        struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-column", n->pos,
                                    "the table %.*s has no column %.*s", STR_ARG(call->table->name),
                                    STR_ARG(n->text));
        struct str near = check_nearest(n->text, call->table->columns, call->table->ncolumns);
        c->failed = true;
        if (near.n) {
            diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
        }
        return call;
    }
    call->level = (uint32_t)column;
    out->is_cell = table_not_number(call->table, (unsigned)column) < 0;
    return call;
}

/* ---- groups ---- */

/* $message.GROUP: from the top, whatever the loop. */
static bool is_group_from_top(struct check *c, struct node *n, struct shape *out)
{
    const struct node *in = n->nargs ? n->arg[0] : NULL;
    const struct element *before = c->element;
    if (!in || in->op != NODE_NAME || !str_is(in->text, "message")) {
        return false;
    }
    c->element = NULL;
    bool found = check_group_name(c, n, out);
    c->element = before;
    if (found) {
        n->level = 1;
        n->nargs = 0;
    }
    return found;
}

/* GROUP.name: what is no group either is told of itself. */
static struct node *member_of_group(struct check *c, struct node *n, struct shape *out)
{
    struct node *of = check_node(c, n->arg[0], out);
    if (of->op == NODE_GROUP) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "unknown-name", n->pos, "%.*s is no segment of %.*s",
                           STR_ARG(n->text), STR_ARG(of->text)),
                  "behind a group stands a segment, as in FINANCIAL.PR1; a group in it is named "
                  "alone");
        c->failed = true;
    }
    return of;
}

/* ---- names without a dollar ---- */

static bool is_number_of_field(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (!isdigit((unsigned char)s.p[i]) && s.p[i] != '_') {
            return false;
        }
    }
    return true;
}

/* pid, PID8, PID_8 */
static bool is_segment_like(struct str name, char out[4])
{
    memset(out, 0, 4);
    if (name.n < 3 || !is_number_of_field(str_slice(name, 3, name.n))) {
        return false;
    }
    for (size_t i = 0; i < 3; i++) {
        char c = name.p[i];
        out[i] = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
    }
    return dict_segment_any(out, NULL, NULL);
}

static struct node *unknown_member(struct check *c, struct node *n)
{
    char segment[4];
    const char *near = func_nearest(n->text);
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "unknown-name", n->pos, "%.*s is not known", STR_ARG(n->text));
    c->failed = true;
    if (func_find(n->text)) {
        diag_hint(c->d, one, "a function is written with brackets: %.*s()", STR_ARG(n->text));
    } else if (near) {
        diag_hint(c->d, one, "did you mean %s()?", near);
    } else if (n->nargs == 0 && is_segment_like(n->text, segment)) {
        diag_hint(c->d, one, "a field is written %s-1: capitals, a hyphen, the number", segment);
    } else if (n->nargs == 0) {
        diag_hint(
            c->d, one,
            "a text stands in single quotes; paths look like PID-3.1; members are of FHIR and "
            "JSON data");
    } else {
        diag_hint(c->d, one, "members are of FHIR and JSON data");
    }
    return n;
}

struct node *check_member(struct check *c, struct node *n, struct shape *out)
{
    *out = (struct shape){.kind = SHAPE_STRING};
    struct node *in = n->nargs ? n->arg[0] : NULL;
    bool named = in && in->op == NODE_NAME && str_is(in->text, "source");
    if (in && in->op == NODE_NAME && str_is(in->text, "cause")) {
        return cause_member(c, n, out);
    }
    bool column = in && in->op == NODE_CALL && str_is(in->text, "lookup");
    bool is_data =
        check_is_tree(c) || is_of_cause(in) || (!in && c->inner && c->inner->shape->is_data);
    if (is_data && !named && !column) {
        return check_tree_member(c, n, out);
    }
    if (in && in->op == NODE_MEMBER) {
        return member_of_group(c, n, out);
    }
    if (in && in->op == NODE_CALL && str_is(in->text, "lookup")) {
        return lookup_column(c, n, out);
    }
    bool of_source = in && in->op == NODE_NAME && str_is(in->text, "source");
    if (of_source && (str_is(n->text, "timezone") || str_is(n->text, "name"))) {
        return check_resolve(n, NODE_SOURCE_MEMBER, str_is(n->text, "timezone"));
    }
    if (of_source) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "unknown-name", n->pos, "$source has no %.*s",
                           STR_ARG(n->text)),
                  "it has $source.name and $source.timezone");
        c->failed = true;
        return n;
    }
    if ((!in && check_group_name(c, n, out)) || is_group_from_top(c, n, out)) {
        return n;
    }
    if (in && in->op == NODE_NAME) {  /* an unknown name is told rather than its member */
        (void)check_node(c, in, out); /* findings tell */
    }
    return c->failed ? n : unknown_member(c, n);
}
