/* What closed maps made before, so that a practitioner or a time that a message names several times is made once.
 * A closed map (compile_closed.c) depends on nothing but its parameters, the message's header, the feed and the tables. */
#include "engine/rules/recall.h"
#include "engine/rules/run_priv.h"

enum { LOOKED_AT = 32 }; /* results of one map that are compared */

struct eval_memo {
    const struct eval_memo *next; /* newest first */
    struct run_memo use;
    const struct rules_miss *misses; /* that it told, newest first, before use.misses */
    const struct json *made;         /* or NULL */
    size_t taken;                    /* what that took */
    bool differs;                    /* run_memo_differs() */
};

static bool has_text(const struct value *v)
{
    return v->kind == VALUE_STRING || v->kind == VALUE_HL7 || v->kind == VALUE_ESCAPED ||
           value_is_moment(v);
}

static bool has_number(const struct value *v)
{
    return value_is_number(v) || v->kind == VALUE_BOOLEAN || v->kind == VALUE_QUANTITY;
}

/* Do both mean the same to every formula? Segments, groups and nodes are never compared. */
static bool is_same(const struct value *a, const struct value *b)
{
    bool alike = a->kind == b->kind && a->level == b->level && a->scale == b->scale &&
                 a->of == b->of && a->is_null == b->is_null && a->is_cell == b->is_cell &&
                 a->model == b->model && a->m == b->m && a->type == b->type;
    return alike && (has_text(a)     ? str_eq(a->text, b->text)
                     : has_number(a) ? a->digits.lo == b->digits.lo &&
                                           (a->kind == VALUE_INTEGER || a->kind == VALUE_BOOLEAN ||
                                            a->digits.hi == b->digits.hi)
                                     : false);
}

static bool are_same(const struct values *a, const struct values *b)
{
    bool same = a->n == b->n;
    if (a->v == b->v) {
        return same;
    }
    for (uint32_t i = 0; i < a->n && same; i++) {
        same = is_same(&a->v[i], &b->v[i]);
    }
    return same;
}

/* Were the same parameters given, with the same values? */
static bool is_for(const struct eval_memo *memo, const struct run_memo *use)
{
    const struct assigns *was = &memo->use.with, *with = &use->with;
    bool same = memo->use.hash == use->hash && memo->use.m == use->m &&
                memo->use.in_element == use->in_element && was->n == with->n;
    for (unsigned i = 0; i < with->n && same; i++) {
        same = was->v[i].slot == with->v[i].slot && are_same(&memo->use.given[i], &use->given[i]);
    }
    return same;
}

static uint32_t four_bytes(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

/* Its length, and a few of its bytes. */
static uint32_t hash_of_text(struct str s)
{
    uint32_t some = s.n >= 4  ? four_bytes(s.p) ^ four_bytes(s.p + s.n - 4) * 5
                    : s.n > 0 ? (unsigned char)s.p[0] | (uint32_t)(unsigned char)s.p[s.n - 1] << 8
                              : 0;
    return some ^ (uint32_t)s.n << 24;
}

static uint32_t hash_of(const struct run_memo *use)
{
    uint64_t hash = use->m->index;
    for (unsigned i = 0; i < use->with.n; i++) {
        const struct values *l = &use->given[i];
        uint32_t first = l->n && has_text(&l->v[0]) ? hash_of_text(l->v[0].text) : 0;
        hash = (hash ^ first ^ l->n) * UINT64_C(0x9E3779B97F4A7C15);
        hash ^= hash >> 32;
    }
    return (uint32_t)hash;
}

/* Is the element that paths start from a header itself? */
static bool is_at_header(const struct eval *e, const struct group *at)
{
    return at && group_is_leaf(at) && memcmp(draft_id(e->doc, at), "MSH", 4) == 0;
}

void run_memo_of(struct eval *e, const struct map *m, const struct assigns *with,
                 const struct values *given, const struct scope *s, struct run_memo *out)
{
    out->m = m;
    out->with = *with;
    out->given = given;
    out->is_asked = m->is_closed && !e->lineage && !e->coverage;
    out->in_element = false;
    out->key = NULL;
    if (out->is_asked && m->reads_header) {
        const struct group *at = eval_element(s);
        out->in_element = at != NULL;
        out->is_asked = !is_at_header(e, at);
    }
    if (out->is_asked) {
        out->hash = hash_of(out);
        out->misses = e->misses;
        out->remarks = e->remarks;
        out->steps = e->steps;
        out->taken = eval_taken(e);
        out->differs = e->differs ? *e->differs : 0;
    }
}

static const struct eval_memo **list_of(struct eval *e, const struct run_memo *use)
{
    return &e->memo[use->hash % EVAL_MEMOS];
}

struct json *run_memo_share(struct eval *e, const struct json *v)
{
    struct json *same = json_alias(e->a, v);
    lineage_moved(e->lineage, v, same);
    return same;
}

void run_memo_begin(struct eval *e, struct recall *recall)
{
    memset(e->memo, 0, sizeof(e->memo));
    run_recall_begin(e, recall);
}

bool run_memo_differs(const struct eval *e, const struct run_memo *use)
{
    return e->differs && *e->differs != use->differs;
}

static void remember(struct eval *e, const struct run_memo *use, const struct json *made)
{
    struct eval_memo *memo = arena_alloc(e->a, sizeof(*memo));
    *memo = (struct eval_memo){.next = *list_of(e, use),
                               .use = *use,
                               .misses = e->misses,
                               .made = made,
                               .taken = eval_taken(e) - use->taken,
                               .differs = run_memo_differs(e, use)};
    *list_of(e, use) = memo;
}

static const struct eval_memo *remembered(struct eval *e, const struct run_memo *use)
{
    const struct eval_memo *memo = *list_of(e, use);
    unsigned looked = 0;
    while (memo && !is_for(memo, use)) {
        memo = ++looked < LOOKED_AT ? memo->next : NULL;
    }
    return memo;
}

bool run_memo_find(struct eval *e, struct run_memo *use, struct recall_key *room, struct json **out)
{
    const struct eval_memo *memo = use->is_asked ? remembered(e, use) : NULL;
    const struct json *made = memo ? memo->made : NULL;
    if (memo) {
        eval_charge(e, memo->taken);
        eval_came_to(e, memo->differs);
        e->misses = recall_misses(e->a, memo->misses, memo->use.misses, e->misses);
    } else if (use->is_asked && run_recall_find(e, use, room, &made)) {
        remember(e, use, made);
    } else {
        return false;
    }
    *out = made ? run_memo_share(e, made) : NULL;
    return true;
}

void run_memo_keep(struct eval *e, const struct run_memo *use, const struct json *made)
{
    if (use->is_asked && e->remarks == use->remarks) {
        remember(e, use, made);
        run_recall_keep(e, use, made);
    }
}
