/* Places of FHIR and JSON: where a target begins, what is there. */
#include "engine/rules/run_change.h"
#include "engine/rules/tree.h"

bool change_fault(struct run *run, const struct change_target *to, const char *what)
{
    return eval_fail_at(&run->e, to->pos, to->text, "%s", what);
}

bool change_look(struct run *run, const struct change_target *to, uint64_t looked)
{
    return eval_look(&run->e, &(struct node){.pos = to->pos}, looked);
}

struct json *change_companion(const struct json *object, struct str key)
{
    json_each(one, object->kind == JSON_OBJECT ? object : NULL)
    {
        if (one->key.n == key.n + 1 && one->key.p[0] == '_' &&
            memcmp(one->key.p + 1, key.p, key.n) == 0) {
            return one;
        }
    }
    return NULL;
}

/* ---- what stands in what ---- */

void change_attached(struct change_doc *doc, struct json *parent, struct json *child)
{
    if (doc->parents) {
        links_put(doc->parents, child, parent);
        json_each(one, child)
        {
            change_attached(doc, child, one);
        }
    }
}

void change_detached(struct change_doc *doc, const struct json *parent, const struct json *child)
{
    if (doc->parents && child) {
        links_put(doc->parents, child, NULL);
    }
    json_each(one, doc->parents && !child ? parent : NULL)
    {
        links_put(doc->parents, one, NULL);
    }
}

void change_know_parents(struct change_doc *doc)
{
    if (!doc->parents) {
        doc->parents = links_new();
        json_each(one, doc->root)
        {
            change_attached(doc, doc->root, one);
        }
    }
}

/* The trail of `v` up to the document. NULL: it stands in it no longer, or (*out_foreign) never did. */
static const struct trail *trail_of(struct run *run, struct json *v, bool *out_foreign)
{
    struct trail *own = ARENA_NEW(run->a, struct trail);
    struct json *parent;
    own->node = v;
    *out_foreign = false;
    if (v == run->doc->root) {
        return own;
    }
    *out_foreign = !links_get(run->doc->parents, v, &parent);
    if (*out_foreign || !parent) {
        return NULL;
    }
    own->up = trail_of(run, parent, out_foreign);
    return own->up ? own : NULL;
}

bool run_change_is_gone(const struct run *run, const struct value *v)
{
    const struct links *parents = run->doc ? run->doc->parents : NULL;
    struct json *up;
    if (!parents || v->kind != VALUE_NODE || !v->json || !links_get(parents, v->json, &up)) {
        return false; /* nothing went yet, or it is none of the message's */
    }
    while (up && up != run->doc->root) {
        (void)links_get(parents, up, &up); /* it stands in something */
    }
    return !up;
}

/* ---- where a target begins ---- */

static bool is_type(const struct run *run, const struct change_target *to, const struct value *self)
{
    unsigned t = self ? self->model : tree_resource_type(run->doc->root);
    return !to->only || fhir_type_is(t, to->only);
}

bool change_start(struct run *run, const struct change_target *to, const struct trail **out)
{
    const struct value *self = to->from_message || !run->scope ? NULL : run->scope->self;
    struct trail *root = ARENA_NEW(run->a, struct trail);
    bool foreign;
    root->node = run->doc->root;
    *out = NULL;
    if (!is_type(run, to, self)) {
        return true;
    }
    if (!self) {
        *out = root;
        return true;
    }
    if (self->kind != VALUE_NODE || !self->json || self->json->kind != JSON_OBJECT) {
        return change_fault(run, to, "the element of the loop is no object");
    }
    /* the copy is the route's own: only what formulas are given of it is const */
    *out = trail_of(run, (struct json *)(uintptr_t)self->json, &foreign);
    return !foreign || change_fault(run, to, "the element of the loop is no part of the message");
}

/* ---- what is there ---- */

static void add(struct run *run, struct trails *l, const struct trail *one)
{
    if (l->n == l->cap) {
        uint32_t cap = l->cap ? l->cap * 2 : 8;
        const struct trail **v = arena_alloc(run->a, cap * sizeof(*v));
        if (l->n) {
            memcpy(v, l->v, l->n * sizeof(*v));
        }
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n++] = one;
}

static const struct trail *below(struct run *run, const struct trail *up, struct json *node)
{
    struct trail *one = ARENA_NEW(run->a, struct trail);
    *one = (struct trail){node, up};
    return one;
}

static bool find(struct run *run, const struct change_target *to, unsigned i,
                 const struct trail *at, struct trails *out);

static bool find_next(struct run *run, const struct change_target *to, unsigned i,
                      const struct trail *at, struct trails *out)
{
    if (i + 1 == to->n) {
        add(run, out, at);
        return true;
    }
    return find(run, to, i + 1, at, out);
}

static bool find_items(struct run *run, const struct change_target *to, unsigned i,
                       const struct trail *array, struct trails *out)
{
    const struct change_part *p = &to->v[i];
    uint32_t index = 0, last = array->node->count - 1;
    if (array->node->kind != JSON_ARRAY) {
        return change_fault(run, to, "an index stands behind what is no array");
    }
    json_each(one, array->node)
    {
        bool is = p->pick == CHANGE_EACH || (p->pick == CHANGE_AT && p->index == index) ||
                  (p->pick == CHANGE_LAST && index == last);
        if (is && !find_next(run, to, i, below(run, array, one), out)) {
            return false;
        }
        index++;
    }
    return change_look(run, to, array->node->count);
}

/* A primitive of FHIR goes with its companion. */
static void find_companion(struct run *run, const struct change_part *p, const struct trail *at,
                           struct trails *out)
{
    struct json *beside = change_has_companion(p) ? change_companion(at->node, p->key) : NULL;
    if (beside) {
        add(run, out, below(run, at, beside));
    }
}

static bool find(struct run *run, const struct change_target *to, unsigned i,
                 const struct trail *at, struct trails *out)
{
    const struct change_part *p = &to->v[i];
    if (!p->key.n) {
        return find_items(run, to, i, at, out);
    }
    struct json *member = json_get_str(at->node, p->key);
    bool whole = p->pick == CHANGE_WHOLE, last = i + 1 == to->n;
    if (!change_look(run, to, at->node->count)) {
        return false;
    }
    if (whole && last) {
        find_companion(run, p, at, out);
    }
    if (!member || (member->kind == JSON_NULL && !(whole && last))) {
        return true;
    }
    if (whole && !last && member->kind == JSON_ARRAY) {
        return change_fault(run, to, "an array stands on the way, the target must say which one");
    }
    at = below(run, at, member);
    return whole ? find_next(run, to, i, at, out) : find_items(run, to, i, at, out);
}

bool change_find(struct run *run, const struct change_target *to, struct trails *out)
{
    const struct trail *start;
    if (!change_start(run, to, &start)) {
        return false;
    }
    return !start || find(run, to, 0, start, out);
}
