#include "engine/rules/check.h"

#include "engine/rules/check_priv.h"
#include "engine/rules/eval_priv.h"
#include "engine/rules/form.h"
#include "engine/rules/zones.h"

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

static struct node *check_index(struct check *c, struct node *n, struct shape *out)
{
    struct shape at;
    n->arg[0] = check_input_node(c, n->arg[0], out);
    n->arg[1] = check_node(c, n->arg[1], &at);
    if (c->f->is_route && !c->failed &&
        (out->kind == SHAPE_HL7 || out->kind == SHAPE_SEGMENT || out->kind == SHAPE_GROUP)) {
        struct diag *one =
            check_fail(c, n, "index", "[n] stands only inside a path, where it counts from 1");
        diag_hint(c->d, one, "write PID-3[1].4, or .first(), .last(), .skip(n).first()");
    }
    check_order_of(c, n, out);
    out->many = false;
    return n;
}

/* Is `type` one that a value here can have: of the language, or a datatype of HL7? */
static bool is_type_name(struct str type)
{
    static const char *const own[] = {"String", "Integer",  "Long", "Decimal",  "Boolean",
                                      "Date",   "DateTime", "Time", "Quantity", NULL};
    for (int i = 0; own[i]; i++) {
        if (str_eq_nocase(type, str_of(own[i]))) {
            return true;
        }
    }
    return type_named(type) != NULL;
}

/* Types of the language and of the data; in `eval` those of HL7 are not looked at. */
void check_type_name(struct check *c, struct node *n, struct str type)
{
    bool hl7 = c->names->data == DATA_HL7;
    n->model = (uint16_t)(hl7 ? 0 : fhir_type(type));
    bool known = n->model || (n->level != SPACE_FHIR && is_type_name(type));
    if (c->failed || known || (!c->f->is_route && hl7)) {
        return;
    }
    c->failed = true;
    diag_hint(
        c->d,
        diag_add(c->d, DIAG_ERROR, "unknown-type", n->pos, "%.*s is no type here", STR_ARG(type)),
        "types are String, Integer, Decimal, Boolean, Date, DateTime, Time, Quantity and "
        "%s",
        hl7 ? "the datatypes of HL7, as CX" : "those of FHIR R4, as Patient, HumanName, code");
}

static struct node *check_type(struct check *c, struct node *n, struct shape *out)
{
    n->arg[0] = check_node(c, n->arg[0], out);
    if (!c->failed) {
        check_one(c, n->arg[0], out);
    }
    check_type_name(c, n, n->text);
    *out = n->op == NODE_IS ? (struct shape){.kind = SHAPE_BOOLEAN}
           : n->model       ? check_tree_shape(n->model, out->many)
                            : (struct shape){.kind = SHAPE_ANY};
    return n;
}

/* A text that may end up where a zone is wanted, as in coalesce($tz, 'UTC'). */
static void note_zone(struct check *c, const struct value *v)
{
    bool may = c->names->zone && v->kind == VALUE_STRING && zones_may_be(v->text);
    if (may) {
        (void)c->names->zone(c->names->zone_arg, v->text); /* none: said where it is used */
    }
}

struct node *check_node(struct check *c, struct node *n, struct shape *out)
{
    const struct variable *before = c->variables;
    n = check_input_node(c, n, out);
    c->variables = before;
    return n;
}

static struct node *check_kinds(struct check *c, struct node *n, struct shape *out)
{
    *out = (struct shape){.kind = SHAPE_ANY};
    switch ((enum node_op)n->op) {
    case NODE_LITERAL:
        out->kind = check_literal_kind(&n->value);
        note_zone(c, &n->value);
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
        return check_external(c, n, out);
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

/* first() asks where() and select() for one value: what comes behind it is not looked at. */
static void ask_for_first(const struct node *n)
{
    bool is_first = n->op == NODE_CALL && n->func->run == func_first && n->has_input;
    struct node *in = is_first ? n->arg[0] : NULL;
    bool is_each = in && in->op == NODE_CALL && in->has_input &&
                   (in->func->run == func_where || in->func->run == func_select);
    if (is_each) {
        in->for_first = true;
    }
}

struct node *check_input_node(struct check *c, struct node *n, struct shape *out)
{
    n = check_kinds(c, n, out);
    n->form = c->failed ? 0 : form_of(out, n, check_is_tree(c));
    n->decision = (uint8_t)(c->failed ? DECISION_NONE : eval_decision_of(n));
    if (!c->failed) {
        ask_for_first(n);
    }
    return n;
}

/* The node with more than `left` above it, or NULL. */
static const struct node *too_deep(const struct node *n, unsigned left)
{
    const struct node *hit = left ? NULL : n;
    for (uint32_t i = 0; i < n->nargs && !hit; i++) {
        hit = too_deep(n->arg[i], left - 1); /* as deep as `left` */
    }
    return hit;
}

/* What is too deep to run is refused here, not when a message comes. */
static bool check_depth(struct check *c, const struct node *n)
{
    unsigned most = c->f->is_route ? FORMULA_TREE_MAX : EVAL_DEPTH_MAX;
    const struct node *deep = too_deep(n, most);
    if (deep) {
        c->failed = true;
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "deep-formula", deep->pos,
                           "more than %u operators or functions stand in a row", most),
                  "%s", c->f->is_route ? "give parts of it names with let:" : "make it shorter");
    }
    return !deep;
}

struct node *formula_check(const struct formula *f, struct node *n, const struct frame *frame,
                           struct diags *d)
{
    struct names *names = frame->names;
    struct check c = {.a = frame->a,
                      .d = d,
                      .f = f,
                      .names = names,
                      .inner = names->loops,
                      .element = names->element};
    struct shape shape;
    if (!check_depth(&c, n)) {
        return NULL;
    }
    n = check_node(&c, n, &shape);
    if (!c.failed && frame->want == CHECK_DECISION) {
        check_boolean(&c, n, &shape);
        check_guards(&c, n);
    } else if (!c.failed && frame->want != CHECK_ANY && frame->want != CHECK_TEXTS) {
        check_one(&c, n, &shape);
    }
    if (frame->want == CHECK_TEXT || frame->want == CHECK_TEXTS) {
        check_text(&c, n, &shape);
    }
    if (frame->out_shape) {
        *frame->out_shape = shape;
    }
    return c.failed ? NULL : n;
}
