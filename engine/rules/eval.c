#include "engine/rules/eval.h"

#include "engine/rules/func.h"
#include "engine/rules/ruleset.h"
#include "engine/rules/type.h"

#include <stdarg.h>
#include <stdio.h>

enum { FAULT_TEXT_MAX = 256 };

void eval_init(struct eval *e, struct arena *a, const struct hl7 *m, bool is_route)
{
    *e = (struct eval){.a = a,
                       .m = m,
                       .steps = EVAL_STEPS_MAX,
                       .bytes_max = a->total + EVAL_BYTES_MAX,
                       .is_route = is_route};
}

/* The first path below `n`, for the place of a fault. */
static const struct node *first_path(const struct node *n)
{
    bool fused = n->op == NODE_PATH_EXISTS || n->op == NODE_PATH_EQ || n->op == NODE_PATH_ONE_OF;
    if (n->op == NODE_PATH || n->op == NODE_SUBPATH || fused) {
        return n;
    }
    for (uint32_t i = 0; i < n->nargs; i++) {
        const struct node *hit = first_path(n->arg[i]);
        if (hit) {
            return hit;
        }
    }
    return NULL;
}

bool eval_fail(struct eval *e, const struct node *n, const char *fmt, ...)
{
    char text[FAULT_TEXT_MAX];
    va_list ap;
    if (e->fault.text.n) {
        return false;
    }
    va_start(ap, fmt);
    int len = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    const struct node *place = first_path(n);
    e->fault = (struct fault){
        .kind = FAULT_ROUTE,
        .pos = n->pos,
        .path = place ? path_text(e->a, &place->path) : STR(""),
        .text = str_dup(e->a, str_from(text, len < 0                      ? 0
                                             : (size_t)len < sizeof(text) ? (size_t)len
                                                                          : sizeof(text) - 1))};
    return false;
}

static struct value hl7_value(const struct hl7 *m, const struct node *n, struct hl7_val raw)
{
    const struct path *p = &n->path;
    uint8_t level = p->sub ? LEVEL_SUBCOMPONENT : p->comp ? LEVEL_COMPONENT : LEVEL_REPETITION;
    return (struct value){.kind = VALUE_HL7,
                          .level = level,
                          .is_null = raw.state == HL7_NULL,
                          .of = n->of,
                          .text = raw.raw,
                          .m = m,
                          .type = n->type};
}

/* MSH-1 and MSH-2 hold the delimiters: plain text, without parts and escapes. */
static bool is_delimiters(const struct path *p)
{
    return p->field && p->field <= 2 &&
           memcmp(p->seg + 1, memcmp(p->seg, "MSH", 3) ? "HS" : "SH", 2) == 0;
}

/* The segment that $this is, here or outside, if `p` speaks of it. */
static const struct value *segment_in_scope(const struct path *p, const struct scope *s)
{
    for (; s && p->seg_n == PATH_ALL; s = s->outer) {
        if (s->self && s->self->kind == VALUE_SEGMENT && memcmp(s->self->seg->id, p->seg, 4) == 0) {
            return s->self;
        }
    }
    return NULL;
}

/* Walks the values of a path; nulls only when wanted. */
struct walk {
    struct path_iter it;
    const struct node *n;
    const struct hl7 *m;
    bool nulls;
};

static bool walk_begin(struct eval *e, const struct node *n, const struct scope *s, struct walk *w)
{
    const struct value *here = s ? segment_in_scope(&n->path, s) : NULL;
    w->n = n;
    w->nulls = false;
    w->m = here ? here->m : e->m;
    if (!w->m) {
        return false;
    }
    w->it = here ? path_each_in(here->m, here->seg, &n->path) : path_each(e->m, &n->path);
    return true;
}

static bool walk_next(struct walk *w, struct value *out)
{
    struct hl7_val raw;
    while (path_next(&w->it, &raw)) {
        if (raw.state == HL7_VALUE || (w->nulls && raw.state == HL7_NULL)) {
            *out = is_delimiters(&w->n->path) ? value_string(raw.raw) : hl7_value(w->m, w->n, raw);
            return true;
        }
    }
    return false;
}

static bool add_segments(struct eval *e, const struct node *n, struct values *out)
{
    const struct path *p = &n->path;
    if (!e->m) {
        return true;
    }
    const struct hl7_seg *only = p->seg_n == PATH_ALL ? NULL : path_segment(e->m, p);
    for (uint32_t i = 0; i < e->m->segs; i++) {
        const struct hl7_seg *seg = &e->m->seg[i];
        bool named = memcmp(seg->id, p->seg, 4) == 0;
        if (named && (p->seg_n == PATH_ALL || seg == only)) {
            *values_add(out, e->a) = (struct value){.kind = VALUE_SEGMENT, .seg = seg, .m = e->m};
        }
    }
    return true;
}

static bool eval_path(struct eval *e, const struct node *n, const struct scope *s, bool nulls,
                      struct values *out)
{
    struct walk w;
    struct value v;
    if (!n->path.field) {
        return add_segments(e, n, out);
    }
    if (!walk_begin(e, n, s, &w)) {
        return true;
    }
    w.nulls = nulls;
    while (walk_next(&w, &v)) {
        *values_add(out, e->a) = v;
    }
    return true;
}

/* The only value of a path; several are a fault in a route. */
static enum value_answer path_one(struct eval *e, const struct node *n, const struct scope *s,
                                  struct value *out)
{
    struct walk w;
    struct value more;
    if (!walk_begin(e, n, s, &w) || !walk_next(&w, out)) {
        return ANSWER_EMPTY;
    }
    if (walk_next(&w, &more)) {
        eval_fail(e, n, "one value is wanted here, the message has several");
        return ANSWER_FALSE;
    }
    return ANSWER_TRUE;
}

/* Field `n` of a segment: its repetitions. */
static void segment_level(struct eval *e, const struct node *n, const struct value *v,
                          struct values *out)
{
    struct node field = {
        .op = NODE_PATH, .of = n->of, .type = n->type, .path = {.field = (uint16_t)n->level}};
    memcpy(field.path.seg, v->seg->id, sizeof(field.path.seg));
    struct scope s = {.self = v};
    (void)eval_path(e, &field, &s, false, out); /* cannot fail on a field */
}

void eval_level(struct eval *e, const struct node *n, const struct value *v, struct values *out)
{
    if (v->kind == VALUE_SEGMENT) {
        segment_level(e, n, v, out);
        return;
    }
    if (v->kind != VALUE_HL7) {
        if (n->level == 1) {
            *values_add(out, e->a) = *v;
        }
        return;
    }
    struct str part = v->level == LEVEL_REPETITION  ? hl7_component(&v->m->d, v->text, n->level)
                      : v->level == LEVEL_COMPONENT ? hl7_subcomponent(&v->m->d, v->text, n->level)
                      : n->level == 1               ? v->text
                                                    : STR("");
    struct hl7_val raw = hl7_val_of(part);
    if (raw.state != HL7_VALUE) {
        return;
    }
    struct value *to = values_add(out, e->a);
    *to = *v;
    to->text = raw.raw;
    to->level = v->level == LEVEL_SUBCOMPONENT ? LEVEL_SUBCOMPONENT : (uint8_t)(v->level + 1);
    to->of = n->of;
    to->type = n->type;
}

enum value_answer eval_one(struct eval *e, const struct node *n, const struct scope *s,
                           struct value *out)
{
    if (n->op == NODE_PATH && n->path.field && e->is_route) {
        return path_one(e, n, s, out);
    }
    if (n->op == NODE_LITERAL) {
        *out = n->value;
        return ANSWER_TRUE;
    }
    VALUES(l);
    if (!eval_node(e, n, s, &l)) {
        return ANSWER_FALSE;
    }
    if (l.n > 1) {
        eval_fail(e, n, "one value is wanted here, there are %u", l.n);
        return ANSWER_FALSE;
    }
    if (l.n == 0) {
        return ANSWER_EMPTY;
    }
    *out = l.v[0];
    return ANSWER_TRUE;
}

enum value_answer eval_truth(struct eval *e, const struct node *n, const struct scope *s,
                             bool *out_good)
{
    struct value v;
    enum value_answer got = eval_one(e, n, s, &v);
    *out_good = got != ANSWER_FALSE;
    if (got != ANSWER_TRUE) {
        return got;
    }
    if (v.kind == VALUE_BOOLEAN) {
        return v.i ? ANSWER_TRUE : ANSWER_FALSE;
    }
    if (e->is_route) {
        *out_good =
            eval_fail(e, n, "true or false is wanted here, this is a %s", value_kind_text(v.kind));
        return ANSWER_FALSE;
    }
    return ANSWER_TRUE; /* N1 4.5: a single value where a truth value is wanted is true */
}

static bool eval_path_eq(struct eval *e, const struct node *n, const struct scope *s,
                         struct values *out)
{
    struct value v;
    struct str text;
    enum value_answer got = path_one(e, n, s, &v);
    if (got != ANSWER_TRUE) {
        return got == ANSWER_EMPTY;
    }
    if (!eval_text(e, n, &v, &text)) {
        return false;
    }
    *values_add(out, e->a) = value_boolean(str_eq(text, n->arg[0]->value.text));
    return true;
}

static bool eval_path_one_of(struct eval *e, const struct node *n, const struct scope *s,
                             struct values *out)
{
    struct walk w;
    struct value v;
    struct str text;
    bool found = false;
    for (bool more = walk_begin(e, n, s, &w); more && !found && walk_next(&w, &v);) {
        if (!eval_text(e, n, &v, &text)) {
            return false;
        }
        for (uint32_t i = 0; i < n->nargs && !found; i++) {
            found = str_eq(text, n->arg[i]->value.text);
        }
    }
    *values_add(out, e->a) = value_boolean(found);
    return true;
}

static bool eval_path_exists(struct eval *e, const struct node *n, const struct scope *s,
                             struct values *out)
{
    struct walk w;
    struct value v;
    bool found = walk_begin(e, n, s, &w) && walk_next(&w, &v);
    *values_add(out, e->a) = value_boolean(found);
    return true;
}

static bool eval_position(struct eval *e, const struct node *n, const struct scope *s,
                          struct values *out)
{
    if (s) {
        *values_add(out, e->a) = value_integer(n->level == 2 ? s->total : s->index + n->level);
    }
    return true;
}

static bool eval_source(struct eval *e, const struct node *n, struct values *out)
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

static bool eval_let(struct eval *e, const struct node *n, struct values *out)
{
    const struct values *l = &e->lets[n->level];
    for (uint32_t i = 0; i < l->n; i++) {
        *values_add(out, e->a) = l->v[i];
    }
    return true;
}

static bool eval_levels(struct eval *e, const struct node *n, const struct scope *s,
                        struct values *out)
{
    VALUES(in);
    if (!eval_node(e, n->arg[0], s, &in)) {
        return false;
    }
    for (uint32_t i = 0; i < in.n; i++) {
        eval_level(e, n, &in.v[i], out);
    }
    return true;
}

static bool eval_index(struct eval *e, const struct node *n, const struct scope *s,
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

bool eval_node(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    if (e->steps == 0 || e->a->total > e->bytes_max) {
        return eval_fail(e, n, "the formula took too %s", e->steps ? "much memory" : "many steps");
    }
    e->steps--;
    switch ((enum node_op)n->op) {
    case NODE_LITERAL:
        *values_add(out, e->a) = n->value;
        return true;
    case NODE_EMPTY:
        return true;
    case NODE_PATH:
        return eval_path(e, n, s, false, out);
    case NODE_SUBPATH: /* checked: only $message stands before it */
        return eval_path(e, n, NULL, false, out);
    case NODE_LEVEL:
        return eval_levels(e, n, s, out);
    case NODE_INDEX:
        return eval_index(e, n, s, out);
    case NODE_CALL:
        return func_run(e, n, s, out);
    case NODE_THIS:
        if (s && s->self) {
            *values_add(out, e->a) = *s->self;
        }
        return true;
    case NODE_POSITION:
        return eval_position(e, n, s, out);
    case NODE_MESSAGE:
        *values_add(out, e->a) = (struct value){.kind = VALUE_MESSAGE, .m = e->m};
        return true;
    case NODE_SOURCE:
    case NODE_SOURCE_MEMBER:
        return eval_source(e, n, out);
    case NODE_LET:
        return eval_let(e, n, out);
    case NODE_PATH_EXISTS:
        return eval_path_exists(e, n, s, out);
    case NODE_PATH_EQ:
        return eval_path_eq(e, n, s, out);
    case NODE_PATH_ONE_OF:
        return eval_path_one_of(e, n, s, out);
    default: /* operators; names and members do not survive check */
        return eval_operator(e, n, s, out);
    }
}

bool eval_bare(struct eval *e, const struct node *n, const struct scope *s, struct values *out)
{
    bool bare = (n->op == NODE_PATH || n->op == NODE_SUBPATH) && n->path.field;
    return bare ? eval_path(e, n, n->op == NODE_PATH ? s : NULL, true, out)
                : eval_node(e, n, s, out);
}
