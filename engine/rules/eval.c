#include "engine/rules/eval_priv.h"

#include "engine/rules/func.h"
#include "engine/rules/profile.h"
#include "engine/rules/ruleset.h"
#include "engine/rules/tree.h"
#include "engine/rules/type.h"

void eval_init(struct eval *e, struct arena *a, struct draft *doc, bool is_route)
{
    *e = (struct eval){.a = a,
                       .doc = doc,
                       .structure = EVAL_STRUCTURE_LATER,
                       .steps = EVAL_STEPS_MAX,
                       .bytes_max = a->total + EVAL_BYTES_MAX,
                       .is_route = is_route};
}

void eval_program(struct eval *e, const struct structure *const *structures, unsigned n)
{
    e->structures = structures;
    e->nstructures = n;
    e->structure = EVAL_STRUCTURE_LATER;
}

/* ---- single values ---- */

/* What makes a list of its own, and has to. */
static EVAL_APART enum value_answer only_of_list(struct eval *e, const struct node *n,
                                                 const struct scope *s, struct value *out)
{
    struct values l = {out, 0, 1}; /* the only one is where it is wanted */
    if (!eval_node(e, n, s, &l)) {
        return ANSWER_FALSE;
    }
    if (l.n > 1) {
        eval_fail(e, n, "one value is wanted here, there are %u", l.n);
        eval_fail_held(e, n, &l.v[0]);
        return ANSWER_FALSE;
    }
    return l.n == 0 || tree_is_hollow(out) ? ANSWER_EMPTY : ANSWER_TRUE;
}

enum value_answer eval_one(struct eval *e, const struct node *n, const struct scope *s,
                           struct value *out)
{
    if (n->op == NODE_PATH && n->path.field && e->is_route) {
        return eval_path_one(e, n, s, out);
    }
    if (n->op == NODE_LEVEL) {
        enum value_answer got = eval_part_held(e, n, s, out);
        return got != ANSWER_FALSE ? got : only_of_list(e, n, s, out);
    }
    const struct value *held = n->op == NODE_LITERAL ? &n->value : eval_held(e, n, s);
    if (!held) {
        return only_of_list(e, n, s, out);
    }
    *out = *held;
    return ANSWER_TRUE;
}

EVAL_APART bool eval_no_entry(struct eval *e, const struct node *n)
{
    return eval_step(e, n) &&
           eval_fail(e, n, "the formula goes more than %d levels deep", EVAL_DEPTH_MAX);
}

/* ---- names ---- */

/* A name may hold a stored "": nothing to all but a copy. */
static bool copy_values(struct eval *e, const struct values *l, bool nulls, struct values *out)
{
    for (uint32_t i = 0; i < l->n; i++) {
        const struct value *v = &l->v[i];
        if (nulls || v->kind != VALUE_HL7 || !v->is_null) {
            *values_add(out, e->a) = *v;
        }
    }
    return true;
}

/* The scope that counts: of the innermost loop or function; $total of aggregate() is what it gathered. */
static EVAL_APART bool eval_position(struct eval *e, const struct node *n, const struct scope *s,
                                     struct values *out)
{
    if (s && n->level == 2 && s->sum) {
        return copy_values(e, s->sum, false, out);
    } else if (s) {
        *values_add(out, e->a) = value_integer(n->level == 2 ? s->total : s->index + n->level);
    }
    return true;
}

static EVAL_APART bool eval_source(struct eval *e, const struct node *n, struct values *out)
{
    struct str text = STR("");
    if (e->source) {
        text = n->level == 0 ? e->source->name : e->source->timezone;
    }
    if (text.n) {
        *values_add(out, e->a) = value_string(text);
    }
    return true;
}

/* A name of the feed's profile: its paths look in the current element, then outward, as those of a route. */
static EVAL_APART bool eval_profile(struct eval *e, const struct node *n, const struct scope *s,
                                    struct values *out)
{
    const struct profile_name *name = e->profile ? profile_name_at(e->profile, n->level) : NULL;
    if (!name) {
        return eval_fail(e, n, "the feed has no profile with this name");
    }
    if (!name->formula) {
        *values_add(out, e->a) = value_string(name->literal);
        return true;
    }
    const struct structure *const *before = e->structures;
    unsigned n_before = e->nstructures;
    eval_program(e, NULL, 0);
    bool good = eval_node(e, name->formula, s, out);
    eval_program(e, before, n_before);
    return good;
}

/* Is it one value, which is no stored ""? Most names hold that. */
static inline bool is_one_value(const struct values *l)
{
    return l->n == 1 && (l->v->kind != VALUE_HL7 || !l->v->is_null);
}

static EVAL_APART bool eval_let_values(struct eval *e, const struct node *n, bool nulls,
                                       struct values *out)
{
    const struct values *let = &e->lets[n->level];
    lineage_name(e->lineage, let);
    if (is_one_value(let)) {
        *values_add(out, e->a) = *let->v;
        return true;
    }
    return copy_values(e, let, nulls, out);
}

static inline bool eval_let(struct eval *e, const struct node *n, bool nulls, struct values *out)
{
    const struct values *let = &e->lets[n->level];
    if (!is_one_value(let) || out->n == out->cap || e->lineage) {
        return eval_let_values(e, n, nulls, out);
    }
    out->v[out->n++] = *let->v;
    return true;
}

/* $name.3.1, $this.4: the value that NODE_LEVEL `n` is a part of, or a part of its part, where a name or $this holds just
 * one that is no segment; NULL where it is not so simple. */
static inline const struct value *only_whole(const struct eval *e, const struct node *n,
                                             const struct scope *s)
{
    const struct node *base = n->arg[0];
    base = base->op == NODE_LEVEL ? base->arg[0] : base;
    const struct value *v = base->op == NODE_LET && e->lets[base->level].n == 1
                                ? e->lets[base->level].v
                            : base->op == NODE_THIS && s ? s->self
                                                         : NULL;
    bool is_simple = v && v->kind == VALUE_HL7 && !v->is_null && !e->lineage && e->steps > 2;
    return is_simple ? v : NULL;
}

/* That part, without lists on the way; through the part that it is a part of, where it is one. */
static EVAL_APART bool part_of_part(struct eval *e, const struct node *n, const struct value *v,
                                    bool nulls, struct values *out)
{
    const struct node *up = n->arg[0];
    struct str text = v->text;
    unsigned level = v->level;
    if (up->op == NODE_LEVEL) {
        text = eval_part_text(e, v->m, text, level, up->level);
        level = eval_level_below(level);
        if (!text.n || hl7_is_null(text)) {
            return true;
        }
    }
    text = eval_part_text(e, v->m, text, level, n->level);
    if (text.n && (nulls || !hl7_is_null(text))) {
        const char *type = level == LEVEL_REPETITION ? v->type : NULL;
        eval_put_part(n, v->m, text, eval_level_below(level), type, values_add(out, e->a));
    }
    return true;
}

/* The same. Most are parts of the value that was cut last, and there is room: that calls nothing. */
static EVAL_APART bool eval_part_of_one(struct eval *e, const struct node *n, const struct value *v,
                                        bool nulls, struct values *out)
{
    bool is_deeper = n->arg[0]->op == NODE_LEVEL;
    e->steps -= is_deeper ? 2 : 1; /* n itself was counted, not what is below it */
    const struct eval_cut *c = eval_cut_of(e, v->m, v->text, v->level);
    if (is_deeper || !c || out->n == out->cap) {
        return part_of_part(e, n, v, nulls, out);
    }
    struct str text = hl7_cut_part(&c->parts, v->text, n->level);
    if (text.n && (nulls || !hl7_is_null(text))) {
        const char *type = v->level == LEVEL_REPETITION ? v->type : NULL;
        eval_put_part(n, v->m, text, v->level + 1u, type, &out->v[out->n++]);
    }
    return true;
}

/* Of two levels. */
static EVAL_APART enum value_answer eval_inner_part(struct eval *e, const struct node *n,
                                                    const struct value *v, struct value *out)
{
    struct value outer;
    bool has = eval_part(e, n->arg[0], v, false, &outer) && eval_part(e, n, &outer, false, out);
    return has ? ANSWER_TRUE : ANSWER_EMPTY;
}

enum value_answer eval_part_held(struct eval *e, const struct node *n, const struct scope *s,
                                 struct value *out)
{
    bool is_inner = n->arg[0]->op == NODE_LEVEL;
    const struct value *v = only_whole(e, n, s);
    if (!v || e->steps <= 3 || !eval_may_enter(e)) {
        return ANSWER_FALSE;
    }
    e->steps -= is_inner ? 3 : 2; /* of n, and of what is below it */
    if (is_inner) {
        return eval_inner_part(e, n, v, out);
    }
    return eval_part(e, n, v, false, out) ? ANSWER_TRUE : ANSWER_EMPTY;
}

enum value_answer eval_has_part(struct eval *e, const struct node *n, const struct scope *s)
{
    const struct node *up = n->arg[0];
    const struct value *v = only_whole(e, n, s);
    if (!v || e->steps <= 3 || !eval_may_enter(e)) {
        return ANSWER_FALSE;
    }
    struct str text = v->text;
    unsigned level = v->level;
    e->steps -= up->op == NODE_LEVEL ? 3 : 2;
    if (up->op == NODE_LEVEL) {
        text = eval_part_text(e, v->m, text, level, up->level);
        level = eval_level_below(level);
    }
    if (text.n && !hl7_is_null(text)) {
        text = eval_part_text(e, v->m, text, level, n->level);
    }
    return text.n && !hl7_is_null(text) ? ANSWER_TRUE : ANSWER_EMPTY;
}

static EVAL_APART bool eval_levels(struct eval *e, const struct node *n, const struct scope *s,
                                   bool nulls, struct values *out)
{
    VALUES(in);
    if (!eval_node(e, n->arg[0], s, &in)) {
        return false;
    }
    for (uint32_t i = 0; i < in.n; i++) {
        eval_level(e, n, &in.v[i], nulls, out);
    }
    return true;
}

static EVAL_APART bool eval_index(struct eval *e, const struct node *n, const struct scope *s,
                                  struct values *out)
{
    VALUES(in);
    struct value at;
    if (!eval_node(e, n->arg[0], s, &in)) {
        return false;
    }
    enum value_answer got = eval_one(e, n->arg[1], s, &at);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    if (at.kind != VALUE_INTEGER) {
        return eval_fail(e, n, "an index is a whole number");
    }
    if (at.i >= 0 && at.i < in.n) {
        *values_add(out, e->a) = in.v[at.i];
    }
    return true;
}

static EVAL_APART bool eval_this(struct eval *e, const struct scope *s, struct values *out)
{
    bool is_null = s && s->self && s->self->kind == VALUE_HL7 && s->self->is_null;
    if (s && s->self && !is_null) {
        *values_add(out, e->a) = *s->self;
        lineage_value(e->lineage, s->self);
        lineage_bound(e->lineage, s->self);
    }
    return !s || !s->all || copy_values(e, s->all, false, out);
}

static EVAL_APART bool eval_around(struct eval *e, const struct node *n, struct values *out)
{
    const struct value *const around[] = {NULL, e->around.resource, e->around.root,
                                          e->around.context};
    if (n->level == AROUND_CAUSE) {
        if (!eval_has_cause(e, n)) {
            return false;
        }
        const struct json *data = e->cause->data;
        if (data) {
            tree_typed(e, data, tree_resource_type(data), out);
        }
    } else if (around[n->level]) {
        *values_add(out, e->a) = *around[n->level];
    } else {
        tree_root(e, out);
    }
    return true;
}

/* What is no operator. */
static EVAL_APART bool dispatch(struct eval *e, const struct node *n, const struct scope *s,
                                struct values *out)
{
    switch ((enum node_op)n->op) {
    case NODE_EMPTY:
        return true;
    case NODE_SUBPATH:
        return eval_subpath(e, n, s, false, out);
    case NODE_GROUP:
        return eval_groups(e, n, s, out);
    case NODE_LEVEL:
        return eval_levels(e, n, s, false, out);
    case NODE_INDEX:
        return eval_index(e, n, s, out);
    case NODE_POSITION:
        return eval_position(e, n, s, out);
    case NODE_MESSAGE:
        *values_add(out, e->a) =
            (struct value){.kind = VALUE_MESSAGE, .m = e->doc ? e->doc->m : NULL};
        return true;
    case NODE_SOURCE:
    case NODE_SOURCE_MEMBER:
        return eval_source(e, n, out);
    case NODE_PROFILE:
        return eval_profile(e, n, s, out);
    case NODE_TREE_MEMBER:
        return eval_tree_member(e, n, s, out);
    case NODE_TREE_TYPE:
        return eval_tree_type(e, n, s, out);
    case NODE_TREE_ROOT:
        return eval_around(e, n, out);
    case NODE_VARIABLE:
        return eval_variable(e, n, out);
    case NODE_PATH_EXISTS:
    case NODE_PATH_EQ:
    case NODE_PATH_ONE_OF:
        return eval_put_verdict(e, eval_decide(e, n, s), out);
    default: /* operators are not met here; names and members do not survive check */
        return true;
    }
}

/* What has formulas below it. */
static EVAL_APART bool eval_deeper(struct eval *e, const struct node *n, const struct scope *s,
                                   struct values *out)
{
    bool is_operator = n->op >= NODE_MINUS && n->op <= NODE_AS;
    e->depth++;
    bool good = is_operator ? eval_operator(e, n, s, out) : dispatch(e, n, s, out);
    e->depth--;
    return good;
}

static EVAL_APART bool eval_call(struct eval *e, const struct node *n, const struct scope *s,
                                 struct values *out)
{
    e->depth++;
    bool good = func_run(e, n, s, out);
    e->depth--;
    return good;
}

static EVAL_APART bool eval_level_node(struct eval *e, const struct node *n, const struct scope *s,
                                       struct values *out)
{
    const struct value *v = only_whole(e, n, s);
    return v ? eval_part_of_one(e, n, v, false, out) : eval_deeper(e, n, s, out);
}

static EVAL_APART bool eval_literal(struct eval *e, const struct node *n, struct values *out)
{
    *values_add(out, e->a) = n->value;
    return true;
}

/* What needs nothing but one other function hands on to it: no frame of its own. */
bool eval_node(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    if (!eval_may_enter(e)) {
        return eval_no_entry(e, n);
    }
    e->steps--;
    switch ((enum node_op)n->op) {
    case NODE_LITERAL:
        return eval_literal(e, n, out);
    case NODE_PATH:
        return eval_path(e, n, s, false, out);
    case NODE_LET:
        return eval_let(e, n, false, out);
    case NODE_THIS:
        return eval_this(e, s, out);
    case NODE_LEVEL:
        return eval_level_node(e, n, s, out);
    case NODE_CALL:
        return eval_call(e, n, s, out);
    default:
        return eval_deeper(e, n, s, out);
    }
}

/* $this.3, $name.1: nothing but a part of something, as a path is. */
static bool is_bare_part(const struct node *n)
{
    while (n->op == NODE_LEVEL) {
        n = n->arg[0];
    }
    return n->op == NODE_THIS || n->op == NODE_LET || n->op == NODE_PATH;
}

static EVAL_APART bool eval_bare_level(struct eval *e, const struct node *n, const struct scope *s,
                                       struct values *out)
{
    const struct value *v = only_whole(e, n, s);
    return v ? eval_part_of_one(e, n, v, true, out) : eval_levels(e, n, s, true, out);
}

bool eval_bare(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    switch ((enum node_op)n->op) {
    case NODE_LET:
        return eval_let(e, n, true, out);
    case NODE_LEVEL:
        return is_bare_part(n) ? eval_bare_level(e, n, s, out) : eval_node(e, n, s, out);
    case NODE_PATH:
        return n->path.field ? eval_path(e, n, s, true, out) : eval_node(e, n, s, out);
    case NODE_SUBPATH:
        return n->path.field ? eval_subpath(e, n, s, true, out) : eval_node(e, n, s, out);
    default:
        return eval_node(e, n, s, out);
    }
}
