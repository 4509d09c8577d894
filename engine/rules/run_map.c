/* Maps: from values of the message to JSON. What is empty leaves no trace: no key, no item, no husk. */
#include "engine/rules/coverage.h"
#include "engine/rules/recall.h"
#include "engine/rules/run_priv.h"

#include "engine/rules/run_fhir.h"
#include "engine/rules/tree.h"

static bool item_eval(struct eval *e, const struct map *m, const struct item *item,
                      const struct scope *s, struct json **out);

/* ---- formulas ---- */

static bool formula_values(struct eval *e, const struct item *item, const struct scope *s,
                           struct values *out)
{
    return eval_bare(e, item->formula, s, out);
}

static bool formula_json(struct eval *e, const struct map *m, const struct item *item,
                         const struct scope *s, struct json **out)
{
    VALUES(l);
    *out = NULL;
    if (!formula_values(e, item, s, &l)) {
        return false;
    }
    if (l.n > 1) {
        return eval_fail(e, item->formula, "one value is wanted here, there are %u", l.n);
    }
    return l.n == 0 || run_map_value(e, m, item, &l.v[0], out);
}

/* An item that gave a value was touched. */
static void cover(struct eval *e, const struct item *item, const struct json *made)
{
    if (made) {
        coverage_place(e->coverage, item->pos);
    }
}

/* Seen by a trace or a coverage. */
static EVAL_APART bool formula_told(struct eval *e, const struct map *m, const struct item *item,
                                    const struct scope *s, struct json **out)
{
    struct lineage_seen before = lineage_enter(e->lineage);
    bool good = formula_json(e, m, item, s, out);
    lineage_made(e->lineage, *out, item->pos, lineage_leave(e->lineage, before));
    cover(e, item, *out);
    return good;
}

/* Does anybody want to see what is read and what is made of it? */
static inline bool is_watched(const struct eval *e)
{
    return e->lineage || e->coverage;
}

static EVAL_APART bool formula(struct eval *e, const struct map *m, const struct item *item,
                               const struct scope *s, struct json **out)
{
    if (item->formula->op == NODE_LET && !is_watched(e)) {
        const struct values *held = &e->lets[item->formula->level];
        if (held->n <= 1) {
            return !held->n || run_map_value(e, m, item, held->v, out);
        }
    }
    return is_watched(e) ? formula_told(e, m, item, s, out) : formula_json(e, m, item, s, out);
}

/* ---- lists ---- */

static bool push_values(struct eval *e, const struct map *m, const struct item *item,
                        const struct scope *s, struct json *list)
{
    VALUES(l);
    struct lineage_seen before = lineage_enter(e->lineage);
    bool good = formula_values(e, item, s, &l);
    struct lineage_seen seen = lineage_leave(e->lineage, before);
    for (uint32_t i = 0; good && i < l.n; i++) {
        struct json *one = NULL;
        before = lineage_enter(e->lineage);
        good = run_map_value(e, m, item, &l.v[i], &one);
        struct lineage_seen own = lineage_leave(e->lineage, before);
        if (one) {
            lineage_made(e->lineage, one, item->pos, own.first ? own : seen);
            cover(e, item, one);
            json_push(list, one);
        }
    }
    return good;
}

static bool has_step(const struct eval *e)
{
    return e->steps > 0 && e->a->total <= e->bytes_max;
}

/* None is left, and eval_step() wants a node to tell of. */
static EVAL_APART bool no_step(struct eval *e, const struct item *item)
{
    return eval_step(e, &(struct node){.pos = item->pos});
}

static bool push_item(struct eval *e, const struct map *m, const struct item *item,
                      const struct scope *s, struct json *list);

/* $value: of a list gives all its values, and a loop in it all its items. */
static bool is_several(const struct item *item)
{
    const struct item *own = item->value;
    return own &&
           (own->kind == ITEM_FORMULA || (own->kind == ITEM_OBJECT && (own->loop || own->value)));
}

static EVAL_APART bool push_several(struct eval *e, const struct map *m, const struct item *item,
                                    const struct scope *s, struct json *list)
{
    bool good = run_assigns(e, &item->lets, s, e->lets);
    bool go = good && (!item->cond || eval_truth(e, item->cond, s, &good) == ANSWER_TRUE);
    return good && (!go || push_item(e, m, item->value, s, list));
}

/* An object or literal, of one element where it is a loop. */
static bool push_one(struct eval *e, const struct map *m, const struct item *item,
                     const struct scope *s, struct json *list)
{
    struct json *one = NULL;
    if (is_several(item)) {
        return push_several(e, m, item, s, list);
    }
    if (!item_eval(e, m, item, s, &one)) {
        return false;
    }
    if (one) {
        json_push(list, one);
    }
    return true;
}

/* $for: the item once for each element; the list of them is fixed before the first. */
static EVAL_APART bool push_loop(struct eval *e, const struct map *m, const struct item *item,
                                 const struct scope *s, struct json *list)
{
    struct values elements = {0};
    if (!run_elements(e, item->loop, s, &elements)) {
        return false;
    }
    for (uint32_t i = 0; i < elements.n; i++) {
        struct scope inner = {.self = &elements.v[i], .index = i, .total = elements.n, .outer = s};
        if (!has_step(e)) {
            return no_step(e, item);
        }
        e->steps--;
        if (!push_one(e, m, item, &inner, list)) {
            return false;
        }
    }
    return true;
}

static bool push_item(struct eval *e, const struct map *m, const struct item *item,
                      const struct scope *s, struct json *list)
{
    if (item->kind == ITEM_FORMULA) {
        return push_values(e, m, item, s, list);
    }
    return item->loop ? push_loop(e, m, item, s, list) : push_one(e, m, item, s, list);
}

static EVAL_APART bool list_eval(struct eval *e, const struct map *m, const struct item *item,
                                 const struct scope *s, struct json **out)
{
    struct json *list = json_new(e->a, JSON_ARRAY);
    for (const struct item *one = item->first; one; one = one->next) {
        if (!push_item(e, m, one, s, list)) {
            return false;
        }
    }
    if (item->is_entries) {
        run_fhir_once(e->a, list);
    }
    *out = list->first ? list : NULL;
    return true;
}

/* ---- objects ---- */

static bool add_members(struct eval *e, const struct map *m, const struct item *first,
                        const struct scope *s, struct json *object)
{
    for (const struct item *one = first; one; one = one->next) {
        struct json *made = NULL;
        if (!item_eval(e, m, one, s, &made)) {
            return false;
        }
        if (made) {
            json_add(object, one->key, made);
            made->is_key_plain = one->is_key_plain;
        }
    }
    return true;
}

/* Members of `over` take the place of those of `object`, or come behind them. Both stay: they may stand elsewhere, too. */
static struct json *lay_over(struct eval *e, const struct item *also, const struct json *object,
                             const struct json *over)
{
    struct json *all = json_new(e->a, JSON_OBJECT);
    json_each(one, object)
    {
        if (!json_get_str(over, one->key) && !run_fhir_replaces(also, over, one->key)) {
            json_add_again(all, run_memo_share(e, one));
        }
    }
    json_each(one, over)
    {
        json_add_again(all, run_memo_share(e, one));
    }
    return all;
}

static bool in_frame(struct eval *e, const struct map *m, struct values *slots,
                     const struct assigns *given, const struct scope *scope, struct json **out);

/* The values of the map's names, of which these are given. */
static struct values *slots_for(struct eval *e, const struct map *m, const struct assigns *with,
                                const struct values *given)
{
    struct values *slots = ARENA_ARRAY(e->a, struct values, m->nslots + 1);
    for (unsigned i = 0; i < with->n; i++) {
        struct values *slot = &slots[with->v[i].slot];
        *slot = given[i];
        if (e->lineage) {
            lineage_rebind(e->lineage, &given[i], slot);
        }
    }
    return slots;
}

/* Once for the same values (run_memo.c). */
static EVAL_APART bool run_used_map(struct eval *e, const struct item *item, const struct scope *s,
                                    struct json **out)
{
    const struct map *m = item->use;
    struct values *given = arena_alloc(e->a, sizeof(*given) * item->with.n);
    if (!run_arguments(e, &item->with, s, given)) {
        return false;
    }
    struct recall_key key;
    struct run_memo memo;
    run_memo_of(e, m, &item->with, given, s, &memo);
    if (run_memo_find(e, &memo, &key, out)) {
        return true;
    }
    if (!in_frame(e, m, slots_for(e, m, &item->with, given), &item->with, s, out)) {
        return false;
    }
    run_memo_keep(e, &memo, *out);
    return true;
}

/* With members laid over what it makes. */
static EVAL_APART bool use_also(struct eval *e, const struct map *m, const struct item *item,
                                const struct scope *s, struct json **out)
{
    struct json *also = NULL;
    if (!run_used_map(e, item, s, out) || !item_eval(e, m, item->also, s, &also)) {
        return false;
    }
    if (!also) {
        return true;
    }
    if (*out && (*out)->kind != JSON_OBJECT) {
        return eval_fail_at(e, item->pos, STR(""),
                            "$also: lays members over an object, the map %.*s made none",
                            STR_ARG(item->use->name));
    }
    if (!*out) {
        return run_fhir_alone(e, item->also, also, out);
    }
    *out = lay_over(e, item->also, *out, also);
    return true;
}

static EVAL_APART bool object_eval(struct eval *e, const struct map *m, const struct item *item,
                                   const struct scope *s, struct json **out)
{
    bool good = true;
    if (item->lets.n && !run_assigns(e, &item->lets, s, e->lets)) {
        return false;
    }
    if (item->cond && eval_truth(e, item->cond, s, &good) != ANSWER_TRUE) {
        return good;
    }
    if (item->use) {
        return item->also ? use_also(e, m, item, s, out) : run_used_map(e, item, s, out);
    }
    if (item->value) {
        return item_eval(e, m, item->value, s, out);
    }
    struct json *object = run_fhir_object(e->a, item);
    uint32_t head = object->count;
    good = add_members(e, m, item->first, s, object);
    *out = object->count > head ? object : NULL;
    return good && (!*out || !item->demands || run_fhir_whole(e, item, object));
}

static EVAL_APART bool copy_literal(struct eval *e, const struct item *item, struct json **out)
{
    const struct json *literal = item->literal;
    struct json *copy = json_new(e->a, literal->kind);
    copy->text = literal->text;
    copy->is_plain = literal->is_plain;
    lineage_made(e->lineage, copy, item->pos, (struct lineage_seen){0});
    cover(e, item, copy);
    *out = copy;
    return true;
}

/* Each kind in a function of its own, whose frame is its own. */
static bool item_eval(struct eval *e, const struct map *m, const struct item *item,
                      const struct scope *s, struct json **out)
{
    *out = NULL;
    if (!has_step(e)) {
        return no_step(e, item);
    }
    e->steps--;
    switch (item->kind) {
    case ITEM_LITERAL:
        return copy_literal(e, item, out);
    case ITEM_FORMULA:
        return formula(e, m, item, s, out);
    case ITEM_OBJECT:
        return object_eval(e, m, item, s, out);
    case ITEM_LIST:
        return list_eval(e, m, item, s, out);
    }
    return true;
}

/* ---- the whole ---- */

/* What the map starts from: one value, the element of the loop around, or the message. */
/* Does a map that reads FHIR or JSON begin with this value? */
static bool begins_with(const struct map *m, const struct value *v)
{
    bool is = m->data.kind == DATA_JSON && v->kind == VALUE_NODE;
    for (unsigned i = 0; i < m->data.n && !is; i++) {
        is = fhir_type_is(v->model, m->data.v[i]);
    }
    return is;
}

/* The innermost value that the map reads, else the message. NULL: it is none of it. */
static const struct scope *start_of_data(struct eval *e, const struct map *m, const struct scope *s,
                                         struct scope *room)
{
    struct values root = {0};
    for (; s; s = s->outer) {
        if (s->self && begins_with(m, s->self)) {
            *room = (struct scope){.self = s->self, .index = s->index, .total = s->total};
            return room;
        }
    }
    tree_root(e, &root);
    *room = (struct scope){.self = root.n ? &root.v[0] : NULL, .total = 1};
    bool is = root.n == 1 && (m->data.kind == DATA_JSON || begins_with(m, &root.v[0]));
    return is ? room : NULL;
}

static const struct scope *start_of(const struct map *m, const struct scope *s, struct scope *room)
{
    if (m->datatype) {
        *room =
            (struct scope){.self = s ? s->self : NULL, .total = 1, .outer = s ? s->outer : NULL};
        return room;
    }
    for (; s; s = s->outer) {
        bool place = s->self && (s->self->kind == VALUE_GROUP || s->self->kind == VALUE_SEGMENT);
        if (place) {
            *room = (struct scope){.self = s->self, .index = s->index, .total = s->total};
            return room;
        }
    }
    return NULL;
}

static bool run_body(struct eval *e, const struct map *m, const struct scope *s, struct json **out)
{
    if (m->data.kind != DATA_HL7 && !s) {
        return eval_fail_at(e, m->pos, STR(""), "the map %.*s reads something else than this",
                            STR_ARG(m->name));
    }
    return run_assigns(e, &m->lets, s, e->lets) && item_eval(e, m, m->value, s, out);
}

/* In the map's own frame: its names, its structures. */
static bool in_frame(struct eval *e, const struct map *m, struct values *slots,
                     const struct assigns *given, const struct scope *scope, struct json **out)
{
    struct values *before = e->lets;
    const struct structure *const *structures = e->structures;
    unsigned n = e->nstructures;
    struct scope room;
    *out = NULL;
    eval_came_to(e, m->is_changed);
    if (e->depth >= EVAL_DEPTH_MAX) {
        return eval_fail_at(e, m->pos, STR(""), "maps use each other more than %d levels deep",
                            EVAL_DEPTH_MAX);
    }
    e->depth++;
    e->lets = slots;
    eval_program(e, (const struct structure *const *)m->structures, m->nstructures);
    bool good = run_defaults(e, m->params, m->nparams, given, slots) &&
                run_body(e, m,
                         m->data.kind != DATA_HL7 ? start_of_data(e, m, scope, &room)
                                                  : start_of(m, scope, &room),
                         out);
    e->lets = before;
    eval_program(e, structures, n);
    e->depth--;
    return good;
}

bool run_map(struct eval *e, const struct map *m, const struct assigns *with,
             const struct scope *scope, struct json **out)
{
    struct values *slots = ARENA_ARRAY(e->a, struct values, m->nslots + 1);
    return run_assigns(e, with, scope, slots) && in_frame(e, m, slots, with, scope, out);
}

bool run_map_with(struct eval *e, const struct map *m, struct values *slots,
                  const struct scope *scope, struct json **out)
{
    struct assign *v = ARENA_ARRAY(e->a, struct assign, m->nparams + 1);
    struct assigns given = {v, 0};
    for (unsigned i = 0; i < m->nparams; i++) {
        v[given.n].slot = m->params[i].slot;
        given.n += slots[m->params[i].slot].n > 0;
    }
    return in_frame(e, m, slots, &given, scope, out);
}

bool run_item(struct eval *e, const struct item *item, const struct scope *scope, struct json **out)
{
    static const struct map no_map = {.nulls = NULLS_OMIT};
    return item_eval(e, &no_map, item, scope, out);
}
