/* sort(): stable, by keys; `desc` or a minus turns the order round. A missing key is the least: it comes last where `desc`
 * is asked for, and first where the key is a minus, as nothing negated is nothing.
 * Source: FHIRPath 3.0.0 5.2.4; the earlier -key of FHIRPath STU 2. */
#include "engine/rules/func.h"

struct sorting {
    struct eval *e;
    const struct call *c;
    unsigned nkeys;
    struct value *key; /* nkeys for each value of the input */
    bool *has;
    bool failed;
};

static bool is_desc(const struct call *c, unsigned i)
{
    return call_nargs(c) && call_arg(c, i)->op == NODE_MINUS &&
           call_arg(c, i)->level == MINUS_ORDER;
}

static const struct node *key_node(const struct call *c, unsigned i, bool *out_down)
{
    const struct node *n = call_arg(c, i);
    *out_down = n->op == NODE_MINUS;
    return *out_down ? n->arg[0] : n;
}

static bool read_keys(struct sorting *s)
{
    for (uint32_t i = 0; i < s->c->in->n; i++) {
        struct scope scope = {
            .self = &s->c->in->v[i], .index = i, .total = s->c->in->n, .outer = s->c->s};
        for (unsigned k = 0; k < s->nkeys; k++) {
            bool down;
            size_t at = (size_t)i * s->nkeys + k;
            s->key[at] = s->c->in->v[i];
            enum value_answer got =
                call_nargs(s->c) ? eval_one(s->e, key_node(s->c, k, &down), &scope, &s->key[at])
                                 : ANSWER_TRUE;
            s->has[at] = got == ANSWER_TRUE;
            if (got == ANSWER_FALSE) {
                return false;
            }
        }
    }
    return true;
}

/* Does value `a` come behind value `b`? */
static bool is_behind(struct sorting *s, uint32_t a, uint32_t b)
{
    for (unsigned k = 0; k < s->nkeys && !s->failed; k++) {
        size_t x = (size_t)a * s->nkeys + k, y = (size_t)b * s->nkeys + k;
        bool down = false;
        int order = 0;
        if (s->has[x] != s->has[y]) {
            return s->has[x] != is_desc(s->c, k);
        }
        if (call_nargs(s->c)) {
            (void)key_node(s->c, k, &down);
        }
        enum value_answer got = s->has[x] && eval_step(s->e, s->c->n)
                                    ? eval_compare(s->e, s->c->n, &s->key[x], &s->key[y], &order)
                                    : ANSWER_EMPTY;
        s->failed = s->e->fault.text.n > 0;
        if (got == ANSWER_TRUE && order != 0) {
            return down ? order < 0 : order > 0;
        }
    }
    return false;
}

/* Merge the runs [from, middle) and [middle, to) of `in` into `out`. */
static void merge(struct sorting *s, const uint32_t *in, uint32_t *out, uint32_t from,
                  uint32_t middle, uint32_t to)
{
    uint32_t a = from, b = middle;
    for (uint32_t i = from; i < to; i++) {
        bool second = a == middle || (b < to && is_behind(s, in[a], in[b]));
        out[i] = second ? in[b++] : in[a++];
    }
}

bool func_sort(struct eval *e, const struct call *c, struct values *out)
{
    uint32_t n = c->in->n, *now = ARENA_ARRAY(e->a, uint32_t, n + 1),
             *next = ARENA_ARRAY(e->a, uint32_t, n + 1);
    struct sorting s = {.e = e, .c = c, .nkeys = call_nargs(c) ? call_nargs(c) : 1};
    if ((uint64_t)n * s.nkeys * sizeof(*s.key) > EVAL_BYTES_MAX) {
        return eval_fail(e, c->n, "sort() would take more than 64 MiB");
    }
    s.key = ARENA_ARRAY(e->a, struct value, (size_t)n * s.nkeys + 1);
    s.has = ARENA_ARRAY(e->a, bool, (size_t)n *s.nkeys + 1);
    if (!read_keys(&s)) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        now[i] = i;
    }
    for (uint64_t width = 1; width < n && !s.failed; width *= 2) {
        for (uint64_t from = 0; from < n; from += 2 * width) {
            uint64_t middle = from + width < n ? from + width : n,
                     to = from + 2 * width < n ? from + 2 * width : n;
            merge(&s, now, next, (uint32_t)from, (uint32_t)middle, (uint32_t)to);
        }
        uint32_t *turn = now;
        now = next;
        next = turn;
    }
    for (uint32_t i = 0; i < n && !s.failed; i++) {
        *values_add(out, e->a) = c->in->v[now[i]];
    }
    return !s.failed;
}
