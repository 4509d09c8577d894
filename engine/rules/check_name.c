/* Names: $this, lets and parameters, names of profiles, members. */
#include "engine/rules/check_priv.h"

#include <ctype.h>

static struct node *resolve(struct node *n, enum node_op op, uint32_t level)
{
    n->op = (uint8_t)op;
    n->level = level;
    return n;
}

void check_add_need(struct arena *a, struct need **needs, const struct need *need)
{
    if (!needs) {
        return;
    }
    for (const struct need *n = *needs; n; n = n->next) {
        if (n->kind == need->kind && n->name == need->name && str_eq(n->text, need->text)) {
            return;
        }
    }
    struct need *one = ARENA_NEW(a, struct need);
    *one = *need;
    one->next = *needs;
    *needs = one;
}

void check_need(struct check *c, enum need_kind kind, unsigned name, struct str text,
                struct diag_pos pos)
{
    check_add_need(c->a, c->names->needs, &(struct need){kind, name, text, pos, NULL});
}

static struct str nearest_name(struct check *c, struct str word)
{
    static const struct str known[] = {{"this", 4},    {"index", 5},  {"number", 6}, {"total", 5},
                                       {"message", 7}, {"source", 6}, {"cause", 5}};
    unsigned floor = c->names->let_floor;
    struct str near = check_nearest(word, c->names->let + floor, c->names->nlets - floor);
    if (!near.n && c->names->profiles) {
        near = check_nearest(word, c->names->profiles->name, c->names->profiles->n);
    }
    return near.n ? near : check_nearest(word, known, sizeof(known) / sizeof(known[0]));
}

/* A name of the let: that is being compiled. */
static bool is_sibling(const struct check *c, struct str word)
{
    for (unsigned i = 0; i < c->names->nsiblings; i++) {
        if (str_eq(c->names->siblings[i], word)) {
            return true;
        }
    }
    return false;
}

static struct node *unknown_name(struct check *c, struct node *n)
{
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-name", n->pos, "$%.*s is not known here",
                                STR_ARG(n->text));
    struct str near = is_sibling(c, n->text) ? STR("") : nearest_name(c, n->text);
    if (near.n) {
        diag_hint(c->d, one, "did you mean $%.*s?", STR_ARG(near));
    } else if (is_sibling(c, n->text)) {
        diag_hint(c->d, one,
                  "names of one let: do not see each other; put this one into a let: behind");
    } else {
        diag_hint(c->d, one,
                  "names come from let:, from parameters (needs:, with:) and from the "
                  "feed's profile");
    }
    c->failed = true;
    return n;
}

static const char where_it_counts[] =
    "it stands inside a loop, where(...), select(...), exists(...), all(...)";

/* By itself it is nothing. */
static struct node *bare_batch(struct check *c, struct node *n)
{
    diag_hint(c->d, check_fail(c, n, "no-header", "$batch is read by its fields"),
              "write $batch.BHS-3.1, or $batch.FHS-3.1 for the header of the file");
    return n;
}

static struct node *bare_cause(struct check *c, struct node *n)
{
    diag_hint(
        c->d,
        check_fail(c, n, "no-field", "$cause is the message that asked; a field of it is meant"),
        "write $cause.PID-3[1].1, or $cause.id of FHIR and JSON");
    return n;
}

static struct node *check_position(struct check *c, struct node *n, uint32_t level,
                                   struct shape *out)
{
    *out = (struct shape){.kind = level == 2 ? SHAPE_ANY : SHAPE_NUMBER};
    if (!c->inner) {
        struct diag *one =
            check_fail(c, n, "no-loop", "this counts values, and there is nothing to count here");
        diag_hint(c->d, one, "%s", where_it_counts);
    }
    return resolve(n, NODE_POSITION, level);
}

static struct node *check_this(struct check *c, struct node *n, struct shape *out)
{
    if (c->inner) {
        *out = *c->inner->shape;
        return resolve(n, NODE_THIS, 0);
    }
    if (check_is_tree(c)) {
        *out = check_tree_root(c);
        return resolve(n, NODE_TREE_ROOT, 0);
    }
    if (!c->f->is_route) {
        return resolve(n, NODE_MESSAGE, 0);
    }
    diag_hint(c->d, check_fail(c, n, "no-loop", "there is nothing here that $this would be"), "%s",
              where_it_counts);
    return n;
}

static bool is_let(struct check *c, struct node *n, struct shape *out)
{
    for (unsigned i = c->names->nlets; i-- > c->names->let_floor;) {
        if (str_eq(n->text, c->names->let[i])) {
            *out = c->names->let_shape[i];
            c->names->let_used[i] = true;
            resolve(n, NODE_LET, i);
            return true;
        }
    }
    return false;
}

static bool is_profile_name(struct check *c, struct node *n, struct shape *out)
{
    const struct profile_names *p = c->names->profiles;
    for (unsigned i = 0; p && i < p->n; i++) {
        if (str_eq(n->text, p->name[i])) {
            *out = p->shape[i];
            check_need(c, NEED_NAME, i, n->text, n->pos);
            resolve(n, NODE_PROFILE, i);
            return true;
        }
    }
    return false;
}

struct node *check_name(struct check *c, struct node *n, struct shape *out)
{
    *out = (struct shape){.kind = SHAPE_ANY};
    if (is_let(c, n, out)) {
        return n;
    }
    if (str_is(n->text, "this")) {
        return check_this(c, n, out);
    }
    if (str_is(n->text, "index") || str_is(n->text, "number")) {
        return check_position(c, n, str_is(n->text, "number"), out);
    }
    if (str_is(n->text, "total")) {
        return check_position(c, n, 2, out);
    }
    if (str_is(n->text, "message") && check_is_tree(c)) {
        *out = check_tree_root(c);
        return resolve(n, NODE_TREE_ROOT, 0);
    }
    if (str_is(n->text, "message") || str_is(n->text, "source")) {
        return resolve(n, str_is(n->text, "message") ? NODE_MESSAGE : NODE_SOURCE, 0);
    }
    if (str_is(n->text, "batch")) {
        return bare_batch(c, n);
    }
    if (str_is(n->text, "cause")) {
        return bare_cause(c, n);
    }
    return is_profile_name(c, n, out) ? n : unknown_name(c, n);
}

struct node *check_batch(struct check *c, struct node *n, struct shape *out)
{
    struct node *name = n->arg[0];
    bool is_header = str_is(str_of(n->path.seg), "BHS") || str_is(str_of(n->path.seg), "FHS");
    if (!is_header || !n->path.field || n->path.seg_n != PATH_ALL) {
        diag_hint(c->d, check_fail(c, n, "no-header", "$batch has fields of BHS and FHS"),
                  "write $batch.BHS-3.1, or $batch.FHS-3.1 for the header of the file");
        return n;
    }
    check_need(c, NEED_BATCH, 0, STR(""), name->pos);
    resolve(name, NODE_BATCH, 0);
    return check_header_path(c, n, out);
}

struct node *check_cause(struct check *c, struct node *n, struct shape *out)
{
    struct node *name = n->arg[0];
    check_need(c, NEED_CAUSE, 0, STR(""), name->pos);
    resolve(name, NODE_CAUSE, 0);
    return check_header_path(c, n, out);
}

/* $cause.id: of the message that asked, where that is FHIR or JSON. Which type it has is seen when it runs. */
static struct node *cause_member(struct check *c, struct node *n, struct shape *out)
{
    check_need(c, NEED_CAUSE, 0, STR(""), n->arg[0]->pos);
    resolve(n->arg[0], NODE_TREE_ROOT, AROUND_CAUSE);
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

/* %ucum and the like stand for URLs. */
static bool external_url(struct check *c, struct str name, struct str *out)
{
    static const struct {
        const char *name, *url;
        bool is_prefix;
    } rows[] = {
        {"ucum", "http://unitsofmeasure.org", false},
        {"sct", "http://snomed.info/sct", false},
        {"loinc", "http://loinc.org", false},
        {"vs-", "http://hl7.org/fhir/ValueSet/", true},
        {"ext-", "http://hl7.org/fhir/StructureDefinition/", true},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str row = str_of(rows[i].name);
        if (rows[i].is_prefix ? str_starts(name, row) && name.n > row.n : str_eq(name, row)) {
            struct str rest = rows[i].is_prefix ? str_slice(name, row.n, name.n) : STR("");
            *out = str_printf(c->a, "%s%.*s", rows[i].url, STR_ARG(rest));
            return true;
        }
    }
    return false;
}

static enum tree_around around_of(struct str name)
{
    return str_is(name, "resource")       ? AROUND_RESOURCE
           : str_is(name, "rootResource") ? AROUND_ROOT
           : str_is(name, "context")      ? AROUND_CONTEXT
                                          : AROUND_DOCUMENT;
}

bool check_is_external(struct check *c, struct str name)
{
    struct str url;
    return external_url(c, name, &url) || around_of(name) != AROUND_DOCUMENT;
}

/* What FHIR's text names and we have not, and why. */
static const char *absent_external(struct str name)
{
    return str_is(name, "terminologies") ? "there is no terminology server here; codes are "
                                           "looked up in tables"
           : str_is(name, "server") || str_is(name, "factory")
               ? "formulas read the message and nothing else"
               : NULL;
}

struct node *check_external(struct check *c, struct node *n, struct shape *out)
{
    struct str url;
    *out = (struct shape){.kind = SHAPE_ANY};
    if (check_variable(c, n, out)) {
        return n;
    }
    if (external_url(c, n->text, &url)) {
        n->op = NODE_LITERAL;
        n->value = value_string(url);
        out->kind = SHAPE_STRING;
        return n;
    }
    enum tree_around around = around_of(n->text);
    if (around) {
        bool context = c->names->context && around == AROUND_CONTEXT;
        *out = context ? *c->names->context : check_is_tree(c) ? check_tree_root(c) : *out;
        return resolve(n, check_is_tree(c) ? NODE_TREE_ROOT : NODE_MESSAGE, around);
    }
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-name", n->pos,
                                "%%%.*s is not known here", STR_ARG(n->text));
    const char *why = absent_external(n->text);
    diag_hint(c->d, one, "%s",
              why ? why
                  : "names are written with a dollar, as in $source; %resource and %context "
                    "are the message, %ucum, %sct, %loinc, %`vs-NAME`, %`ext-NAME` are URLs");
    c->failed = true;
    return n;
}

/* ---- members ---- */

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
        return resolve(n, NODE_SOURCE_MEMBER, str_is(n->text, "timezone"));
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
