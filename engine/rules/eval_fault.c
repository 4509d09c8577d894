/* What cannot be evaluated, and what finds nothing: told with its place in the file and in the message. */
#include "engine/rules/eval_priv.h"

#include "engine/rules/func.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

enum { FAULT_TEXT_MAX = 256, LOOKS_A_STEP = 32 };

static bool is_fused(const struct node *n)
{
    return n->op == NODE_PATH_EXISTS || n->op == NODE_PATH_EQ || n->op == NODE_PATH_ONE_OF;
}

/* The first path below `n`, for the place of a fault. */
static const struct node *first_path(const struct node *n)
{
    if (n->op == NODE_PATH || n->op == NODE_SUBPATH || n->op == NODE_TREE_MEMBER || is_fused(n)) {
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

/* Of a route its path; what `eval` reads has no other place than the formula. */
static struct str place_text(struct eval *e, const struct node *n)
{
    if (n->op == NODE_TREE_MEMBER) {
        return e->is_route ? tree_spelling(e->a, n) : STR("");
    }
    return path_text(e->a, &n->path);
}

__attribute__((format(printf, 4, 0))) static void
set_fault(struct eval *e, struct diag_pos pos, struct str path, const char *fmt, va_list ap)
{
    char text[FAULT_TEXT_MAX];
    int len = vsnprintf(text, sizeof(text), fmt, ap);
    size_t n = len < 0 ? 0 : (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1;
    e->fault = (struct fault){
        .kind = FAULT_ROUTE, .pos = pos, .path = path, .text = str_dup(e->a, str_from(text, n))};
}

bool eval_fail(struct eval *e, const struct node *n, const char *fmt, ...)
{
    va_list ap;
    if (e->fault.text.n) {
        return false;
    }
    const struct node *place = first_path(n);
    va_start(ap, fmt);
    set_fault(e, n->pos, place ? place_text(e, place) : STR(""), fmt, ap);
    va_end(ap);
    return false;
}

bool eval_fail_at(struct eval *e, struct diag_pos pos, struct str path, const char *fmt, ...)
{
    va_list ap;
    if (e->fault.text.n) {
        return false;
    }
    va_start(ap, fmt);
    set_fault(e, pos, path, fmt, ap);
    va_end(ap);
    return false;
}

bool eval_fail_about(struct eval *e, const struct node *n, const struct value *v)
{
    bool is_own = e->fault.pos.line == n->pos.line && e->fault.pos.col == n->pos.col;
    struct str place = e->is_route && is_own ? lineage_place(e->a, v) : STR("");
    bool is_closer = !e->fault.path.n || str_index(place, '[') >= 0;
    e->fault.path = place.n && is_closer ? place : e->fault.path;
    return false;
}

/* 3 of "PID[1]-3.1". */
static unsigned field_number(struct str path)
{
    ptrdiff_t hyphen = str_index(path, '-');
    unsigned n = 0;
    for (size_t i = (size_t)(hyphen + 1); i < path.n && isdigit((unsigned char)path.p[i]); i++) {
        n = n * 10 + (unsigned)(path.p[i] - '0');
    }
    return hyphen < 0 ? 0 : n;
}

static bool is_same_field(struct str a, struct str b)
{
    return a.n > 3 && b.n > 3 && memcmp(a.p, b.p, 3) == 0 && field_number(a) == field_number(b);
}

bool eval_fail_held(struct eval *e, const struct node *n, const struct value *v)
{
    bool is_own = e->fault.pos.line == n->pos.line && e->fault.pos.col == n->pos.col;
    struct str place = e->is_route && is_own ? lineage_place(e->a, v) : STR("");
    bool is_told = e->fault.path.n && is_same_field(e->fault.path, place);
    e->fault.path = place.n && !is_told ? place : e->fault.path;
    return false;
}

void eval_remark(struct eval *e, const struct node *n, const char *text)
{
    struct rules_remark *one = ARENA_NEW(e->a, struct rules_remark);
    *one = (struct rules_remark){n->pos, text, e->remarks};
    e->remarks = one;
}

bool eval_step(struct eval *e, const struct node *n)
{
    if (e->steps == 0 || e->a->total > e->bytes_max) {
        return eval_fail(e, n, "the formula took too %s", e->steps ? "much memory" : "many steps");
    }
    e->steps--;
    return true;
}

bool eval_look(struct eval *e, const struct node *n, uint64_t looked)
{
    uint64_t steps = looked / LOOKS_A_STEP;
    e->steps = steps < e->steps ? e->steps - (uint32_t)steps : 0;
    return eval_step(e, n);
}

struct str eval_empty_operand(struct eval *e, const struct node *n, const struct scope *s)
{
    bool is_path = n->op == NODE_PATH || n->op == NODE_SUBPATH || is_fused(n);
    struct fault fault = e->fault;
    struct str hit = STR("");
    if (is_path && n->path.field) {
        struct node path = *n;
        VALUES(l);
        path.op = is_fused(n) ? NODE_PATH : n->op;
        bool found = !eval_node(e, &path, s, &l) || l.n;
        e->fault = fault;
        return found ? hit : path_text(e->a, &n->path);
    }
    if (n->op == NODE_TREE_MEMBER) {
        VALUES(l);
        bool found = !eval_node(e, n, s, &l) || l.n;
        e->fault = fault;
        return found ? hit : tree_spelling(e->a, n);
    }
    bool is_plain = n->op == NODE_CALL && n->func->run == func_coalesce && !n->has_input;
    bool own_scope = n->op == NODE_CALL && (n->func->flags & FUNC_LAMBDA) && !is_plain;
    for (uint32_t i = 0; i < n->nargs && !hit.n; i++) {
        bool inside = own_scope && i >= (uint32_t)n->has_input;
        hit = inside ? hit : eval_empty_operand(e, n->arg[i], s);
    }
    return hit;
}
