#include "engine/rules/check.h"

#include "engine/rules/check_priv.h"

struct diag *check_fail(struct check *c, const struct node *n, const char *code, const char *what)
{
    c->failed = true;
    return diag_add(c->d, DIAG_ERROR, code, n->pos, "%s", what);
}

unsigned check_near_limit(struct str word)
{
    return word.n < 2 ? 0 : word.n < 6 ? 1 : 2;
}

struct str check_nearest(struct str word, const struct str *words, unsigned n)
{
    struct str best = STR("");
    unsigned limit = check_near_limit(word), least = 2 * limit + 2;
    for (unsigned i = 0; i < n; i++) {
        unsigned far = str_eq_nocase(word, words[i]) ? 0 : str_distance(word, words[i]);
        unsigned rank = 2 * far + (word.n != words[i].n); /* sent: send before set */
        if (far <= limit && rank < least) {
            least = rank;
            best = words[i];
        }
    }
    return best;
}

bool check_path(struct diags *d, struct arena *a, struct diag_pos pos, const struct path *p)
{
    struct type_info t = type_of_path(p, TYPE_VERSION_DEFAULT);
    struct str text = path_text(a, p);
    switch (t.found) {
    case TYPE_FOUND:
        return true;
    case TYPE_NO_SEGMENT:
        diag_hint(d,
                  diag_add(d, DIAG_ERROR, "unknown-path", pos,
                           "%.*s: no HL7 version has a segment %s", STR_ARG(text), p->seg),
                  "segments of your own begin with Z");
        return false;
    case TYPE_NO_FIELD:
        diag_add(d, DIAG_ERROR, "unknown-path", pos, "%.*s: no HL7 version has a field %u in %s",
                 STR_ARG(text), p->field, p->seg);
        return false;
    case TYPE_NO_COMPONENT:
        break;
    }
    diag_add(d, DIAG_ERROR, "unknown-path", pos, "%.*s: no HL7 version has this component in %s-%u",
             STR_ARG(text), p->seg, p->field);
    return false;
}

bool check_segment_repeats(const struct names *names, const char *seg)
{
    for (unsigned i = 0; i < names->nstructures; i++) {
        const struct structure *s = names->structure[i];
        unsigned node;
        for (unsigned nth = 0; (node = structure_find(s, seg, nth)) != STRUCTURE_NONE; nth++) {
            if (structure_place(s, node).max != 1) {
                return true;
            }
        }
    }
    return false;
}

static struct shape shape_of(enum shape_kind kind)
{
    return (struct shape){.kind = kind};
}

static struct node *check(struct check *c, struct node *n, struct shape *out);

/* Inside where(...) over these very segments the path speaks of one of them. */
static bool is_current(const struct check *c, const struct node *n)
{
    for (const struct inner *i = c->inner; i; i = i->outer) {
        if (i->shape->kind == SHAPE_SEGMENT && i->shape->type &&
            memcmp(i->shape->type, n->path.seg, 4) == 0) {
            return true;
        }
    }
    return false;
}

static struct node *check_path_node(struct check *c, struct node *n, struct shape *out)
{
    struct type_info t = type_of_path(&n->path, c->names->version);
    if (c->f->is_route && !check_path(c->d, c->a, n->pos, &n->path)) {
        c->failed = true;
    }
    bool delimiters = n->path.field && n->path.field <= 2 && memcmp(n->path.seg, "MSH", 3) == 0;
    n->of = (uint8_t)t.of;
    n->type = t.type;
    bool segment_repeats = n->path.seg_n == PATH_ALL && !is_current(c, n) &&
                           check_segment_repeats(c->names, n->path.seg);
    *out = (struct shape){
        .kind = !n->path.field ? SHAPE_SEGMENT
                : delimiters   ? SHAPE_STRING
                               : SHAPE_HL7,
        .many = n->path.field
                    ? (t.field_repeats && n->path.rep == PATH_ALL && !delimiters) || segment_repeats
                    : n->path.seg_n == PATH_ALL,
        .of = t.of,
        .type = n->path.field ? t.type : n->path.seg};
    return n;
}

static struct shape part_shape(struct check *c, struct node *n, const struct shape *of)
{
    struct type_info t = type_of_part(of->type, n->level, c->names->version);
    if (t.found != TYPE_FOUND && c->f->is_route) {
        c->failed = true;
        diag_add(c->d, DIAG_ERROR, "unknown-path", n->pos,
                 ".%u: no HL7 version has this component in a %s", n->level, of->type);
    }
    n->of = (uint8_t)t.of;
    n->type = t.type;
    return (struct shape){.kind = SHAPE_HL7, .many = of->many, .of = t.of, .type = t.type};
}

/* Field n of a segment. */
static struct shape field_shape(struct check *c, struct node *n, const struct shape *of)
{
    struct node field = {.op = NODE_PATH, .pos = n->pos, .path = {.field = (uint16_t)n->level}};
    struct shape out = {.kind = SHAPE_HL7, .many = true};
    if (!of->type) {
        return out;
    }
    memcpy(field.path.seg, of->type, sizeof(field.path.seg));
    (void)check_path_node(c, &field, &out); /* the node is only asked for its type */
    n->of = field.of;
    n->type = field.type;
    out.many = out.many || of->many;
    return out;
}

static struct node *check_level(struct check *c, struct node *n, struct shape *out)
{
    struct shape in;
    n->arg[0] = check(c, n->arg[0], &in);
    *out = shape_of(SHAPE_ANY);
    if (c->failed) {
        return n;
    }
    if (in.kind == SHAPE_HL7) {
        *out = part_shape(c, n, &in);
    } else if (in.kind == SHAPE_SEGMENT) {
        *out = field_shape(c, n, &in);
    } else if (in.kind != SHAPE_ANY && c->f->is_route) {
        check_fail(c, n, "no-parts", "only values of the message have numbered parts");
    }
    return n;
}

static struct node *resolve(struct node *n, enum node_op op, uint32_t level)
{
    n->op = (uint8_t)op;
    n->level = level;
    return n;
}

static struct node *unknown_name(struct check *c, struct node *n)
{
    static const struct str known[] = {{"this", 4},  {"index", 5},   {"number", 6},
                                       {"total", 5}, {"message", 7}, {"source", 6}};
    bool later = str_is(n->text, "batch") || str_is(n->text, "cause");
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, later ? "not-available" : "unknown-name", n->pos,
                 later ? "$%.*s is not available in this version" : "$%.*s is not known here",
                 STR_ARG(n->text));
    struct str near = check_nearest(n->text, c->names->let, c->names->nlets);
    near = near.n ? near : check_nearest(n->text, known, sizeof(known) / sizeof(known[0]));
    if (near.n && !later) {
        diag_hint(c->d, one, "did you mean $%.*s?", STR_ARG(near));
    }
    c->failed = true;
    return n;
}

static struct node *check_position(struct check *c, struct node *n, uint32_t level,
                                   struct shape *out)
{
    *out = shape_of(SHAPE_NUMBER);
    if (!c->inner) {
        struct diag *one =
            check_fail(c, n, "no-loop", "this counts values, and there is nothing to count here");
        diag_hint(c->d, one, "it stands inside where(...), select(...), exists(...), all(...)");
    }
    return resolve(n, NODE_POSITION, level);
}

static struct node *check_name(struct check *c, struct node *n, struct shape *out)
{
    *out = shape_of(SHAPE_ANY);
    for (unsigned i = 0; i < c->names->nlets; i++) {
        if (str_eq(n->text, c->names->let[i])) {
            *out = c->names->let_shape[i];
            return resolve(n, NODE_LET, i);
        }
    }
    if (str_is(n->text, "this") && c->inner) {
        *out = *c->inner->shape;
        return resolve(n, NODE_THIS, 0);
    }
    if (str_is(n->text, "this")) {
        check_fail(c, n, "no-loop",
                   "$this stands inside where(...), select(...), exists(...), all(...)");
        return n;
    }
    if (str_is(n->text, "index") || str_is(n->text, "number")) {
        return check_position(c, n, str_is(n->text, "number"), out);
    }
    if (str_is(n->text, "total")) {
        return check_position(c, n, 2, out);
    }
    if (str_is(n->text, "message") || str_is(n->text, "source")) {
        return resolve(n, str_is(n->text, "message") ? NODE_MESSAGE : NODE_SOURCE, 0);
    }
    return unknown_name(c, n);
}

static struct node *lookup_column(struct check *c, struct node *n, struct shape *out)
{
    struct node *call = check(c, n->arg[0], out);
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
    return call;
}

static struct node *unknown_member(struct check *c, struct node *n)
{
    const char *near = func_nearest(n->text);
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "unknown-name", n->pos, "%.*s is not known", STR_ARG(n->text));
    c->failed = true;
    if (func_find(n->text)) {
        diag_hint(c->d, one, "a function is written with brackets: %.*s()", STR_ARG(n->text));
    } else if (near) {
        diag_hint(c->d, one, "did you mean %s()?", near);
    } else if (n->nargs == 0) {
        diag_hint(c->d, one,
                  "a text stands in single quotes; paths look like PID-3.1; members of FHIR and "
                  "JSON data are not available in this version");
    } else {
        diag_hint(c->d, one, "members of FHIR and JSON data are not available in this version");
    }
    return n;
}

static struct node *check_member(struct check *c, struct node *n, struct shape *out)
{
    *out = shape_of(SHAPE_STRING);
    struct node *in = n->nargs ? n->arg[0] : NULL;
    if (in && in->op == NODE_MEMBER) {
        return check(c, in, out);
    }
    if (in && in->op == NODE_CALL && str_is(in->text, "lookup")) {
        return lookup_column(c, n, out);
    }
    bool of_source = in && in->op == NODE_NAME && str_is(in->text, "source");
    if (of_source && (str_is(n->text, "timezone") || str_is(n->text, "name"))) {
        return resolve(n, NODE_SOURCE_MEMBER, str_is(n->text, "timezone"));
    }
    return unknown_member(c, n);
}

static struct node *check_subpath(struct check *c, struct node *n, struct shape *out)
{
    struct shape in;
    n->arg[0] = check(c, n->arg[0], &in);
    if (!c->failed && n->arg[0]->op != NODE_MESSAGE) {
        check_fail(c, n, "not-available",
                   "a path behind a dot is available only as $message.PID-3 in this version");
    }
    return check_path_node(c, n, out);
}

static struct node *check_index(struct check *c, struct node *n, struct shape *out)
{
    struct shape at;
    n->arg[0] = check(c, n->arg[0], out);
    n->arg[1] = check(c, n->arg[1], &at);
    if (c->f->is_route && !c->failed && (out->kind == SHAPE_HL7 || out->kind == SHAPE_SEGMENT)) {
        struct diag *one =
            check_fail(c, n, "index", "[n] stands only inside a path, where it counts from 1");
        diag_hint(c->d, one, "write PID-3[1].4, or .first(), .last(), .skip(n).first()");
    }
    out->many = false;
    return n;
}

static struct node *check_type(struct check *c, struct node *n, struct shape *out)
{
    n->arg[0] = check(c, n->arg[0], out);
    if (!c->failed) {
        check_one(c, n->arg[0], out);
    }
    *out = shape_of(n->op == NODE_IS ? SHAPE_BOOLEAN : SHAPE_ANY);
    return n;
}

static struct node *check(struct check *c, struct node *n, struct shape *out)
{
    *out = shape_of(SHAPE_ANY);
    switch ((enum node_op)n->op) {
    case NODE_LITERAL:
        out->kind = check_literal_kind(&n->value);
        return n;
    case NODE_EMPTY:
        return n;
    case NODE_PATH:
        return check_path_node(c, n, out);
    case NODE_LEVEL:
        return check_level(c, n, out);
    case NODE_NAME:
        return check_name(c, n, out);
    case NODE_EXTERNAL:
        check_fail(c, n, "unknown-name",
                   "%names are those of FHIR, which is not available in this version");
        return n;
    case NODE_MEMBER:
        return check_member(c, n, out);
    case NODE_SUBPATH:
        return check_subpath(c, n, out);
    case NODE_INDEX:
        return check_index(c, n, out);
    case NODE_CALL:
        return check_call(c, n, out);
    case NODE_IS:
    case NODE_AS:
        return check_type(c, n, out);
    default: /* operators; what check makes is not met here */
        return check_operator(c, n, out);
    }
}

struct node *check_node(struct check *c, struct node *n, struct shape *out)
{
    return check(c, n, out);
}

struct node *formula_check(const struct formula *f, struct node *n, const struct frame *frame,
                           struct diags *d)
{
    const struct names *names = frame->names;
    struct check c = {.a = frame->a, .d = d, .f = f, .names = names};
    struct shape shape;
    struct inner each = {names->each, NULL};
    c.inner = names->each ? &each : NULL;
    n = check(&c, n, &shape);
    if (!c.failed && frame->want == CHECK_DECISION) {
        check_boolean(&c, n, &shape);
        check_guards(&c, n);
    } else if (!c.failed && frame->want == CHECK_ONE) {
        check_one(&c, n, &shape);
    }
    if (frame->out_shape) {
        *frame->out_shape = shape;
    }
    return c.failed ? NULL : n;
}
