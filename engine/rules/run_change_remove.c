/* What goes out of FHIR and JSON: values, what had nothing else in it, and companions. */
#include "engine/rules/run_change.h"

void change_take_out(struct change_doc *doc, struct json *parent, change_goes_fn goes, void *arg)
{
    struct json *next, *child = parent->first;
    uint32_t index = 0;
    parent->first = parent->last = NULL;
    parent->count = 0;
    for (; child; child = next, index++) {
        next = child->next;
        child->next = NULL;
        if (goes(arg, child, index)) {
            change_detached(doc, parent, child);
            child->next = child; /* that it is out is seen by those who mean it, too */
        } else if (parent->kind == JSON_OBJECT) {
            json_add_again(parent, child);
        } else {
            json_push(parent, child);
        }
    }
}

/* ---- companions of arrays ---- */

static bool is_hollow(const struct json *array)
{
    json_each(one, array)
    {
        if (one->kind != JSON_NULL) {
            return false;
        }
    }
    return true;
}

static bool is_it(void *arg, const struct json *child, uint32_t index)
{
    (void)index; /* by address */
    return child == (const struct json *)arg;
}

static void drop_hollow(struct change_doc *doc, struct json *object, struct json *beside)
{
    if (is_hollow(beside)) {
        change_take_out(doc, object, is_it, beside);
    }
}

void change_companion_reset(struct change_doc *doc, struct arena *a, struct json *object,
                            struct str key, uint32_t index)
{
    struct json *beside = change_companion(object, key), *array = json_get_str(object, key);
    struct json *one = json_at(beside, index);
    if (!beside || beside->kind != JSON_ARRAY) {
        return;
    }
    if (one && one->kind != JSON_NULL) {
        change_detached(doc, one, NULL);
        *one = (struct json){.next = one->next, .key_at = one->key_at, .kind = JSON_NULL};
    }
    while (array && array->kind == JSON_ARRAY && beside->count < array->count) {
        struct json *more = json_new(a, JSON_NULL);
        json_push(beside, more);
        change_attached(doc, beside, more);
    }
    drop_hollow(doc, object, beside);
}

/* ---- what goes out of one parent ---- */

/* Places in one parent; of an array in its order. */
struct sweep {
    const struct trail **v;
    uint32_t n, next;
    bool *gone; /* of an array whose companion goes along, by number; or NULL */
};

static bool goes(void *arg, const struct json *child, uint32_t index)
{
    struct sweep *s = arg;
    bool hit = false;
    while (s->next < s->n && s->v[s->next]->node->next == s->v[s->next]->node) {
        s->next++; /* another place of the step was the same */
    }
    if (s->next < s->n && s->v[s->next]->node == child) {
        s->next++;
        hit = true;
    }
    for (uint32_t i = s->next; i < s->n && i < s->next + 2 && !hit;
         i++) { /* a member and its companion */
        hit = s->v[i]->node == child;
    }
    if (s->gone) {
        s->gone[index] = hit;
    }
    return hit;
}

static bool goes_along(void *arg, const struct json *child, uint32_t index)
{
    const struct sweep *s = arg;
    (void)child; /* by number */
    return index < s->n && s->gone[index];
}

/* False: fault. All that is in the parent is looked at. */
static bool sweep(struct run *run, const struct change_target *to, const struct trail **v,
                  uint32_t n, bool beside)
{
    const struct trail *up = v[0]->up;
    struct json *parent = up->node;
    struct json *object = beside && parent->kind == JSON_ARRAY && up->up ? up->up->node : NULL;
    struct json *companion = object ? change_companion(object, parent->key) : NULL;
    uint32_t count = parent->count;
    struct sweep s = {.v = v, .n = n};
    if (!change_look(run, to, 2 * (uint64_t)count)) {
        return false;
    }
    s.gone = companion ? ARENA_ARRAY(run->a, bool, count + 1) : NULL;
    change_take_out(run->doc, parent, goes, &s);
    if (companion && companion->kind == JSON_ARRAY) {
        struct sweep along = {.n = count, .gone = s.gone};
        change_take_out(run->doc, companion, goes_along, &along);
        drop_hollow(run->doc, object, companion);
    }
    return true;
}

/* Would FHIR miss what is left empty, of part `level`, in what it stands in? */
static bool is_missed(const struct change_target *to, int level, const struct trail *hollow)
{
    const struct fhir_element *e = level >= 0 ? to->v[level].element : NULL;
    return e && e->min && hollow->node->key.n && hollow->up->node->count > 1;
}

/* All of `gone`, which are of the same level; then it holds what is left empty by that. `level`: the part that this is of, and
 * must not go where FHIR demands it; -1: it may. False: fault. */
static bool remove_level(struct run *run, const struct change_target *to, struct trails *gone,
                         int level, bool beside)
{
    uint32_t left = 0;
    for (uint32_t i = 0, end; i < gone->n; i = end) {
        const struct trail *up = gone->v[i]->up;
        for (end = i + 1; end < gone->n && gone->v[end]->up == up; end++) {
        }
        if (!up) {
            continue; /* the document stays */
        }
        if (!sweep(run, to, &gone->v[i], end - i, beside)) {
            return false;
        }
        if (up->node->first || !up->up) {
            continue;
        }
        if (is_missed(to, level, up)) {
            return change_fault(run, to, "it leaves nothing in an element that FHIR demands");
        }
        gone->v[left++] = up;
    }
    gone->n = left;
    return true;
}

bool change_remove(struct run *run, const struct change_target *to, struct trails *gone,
                   bool keeps_demanded)
{
    bool beside = to->n && change_has_companion(&to->v[to->n - 1]);
    int level = (int)to->n - 1; /* an array is of the part of its items */
    while (gone->n) {
        level -= gone->v[0]->node->key.n > 0;
        if (!remove_level(run, to, gone, keeps_demanded && level >= 0 ? level : -1, beside)) {
            return false;
        }
        beside = false;
    }
    return true;
}
