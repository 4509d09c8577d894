/* What set writes into FHIR and JSON: down each target, and what is missing on the way is made. */
#include "engine/rules/run_change.h"

enum {
    TURNS = 3, /* in which the rows of one set are written */
    DEPTH_MAX = 64,
};

size_t change_count(const struct json *v)
{
    size_t n = 1;
    json_each(one, v)
    {
        n += change_count(one);
    }
    return n;
}

struct writer {
    struct run *run;
    const struct change_row *row;
    struct json *value;
    size_t size;        /* values in it */
    bool is_used;       /* it stands somewhere: others get copies */
    struct links *made; /* by array: the object that [+] made in it */
};

static bool write_fault(struct writer *w, const char *what)
{
    return change_fault(w->run, &w->row->to, what);
}

/* What is written at the next place. */
static struct json *next_value(struct writer *w)
{
    struct run *run = w->run;
    struct json *one = w->value;
    if (w->is_used) {
        one = json_dup(run->a, w->value);
        lineage_copied_tree(run->e.lineage, w->value, one);
    }
    w->is_used = true;
    return one;
}

/* `old` becomes what `value` is, where it stands. */
static void become(struct writer *w, struct json *old, struct json *value)
{
    struct change_doc *doc = w->run->doc;
    change_detached(doc, old, NULL);
    lineage_moved(w->run->e.lineage, value, old);
    old->kind = value->kind;
    old->text = value->text;
    old->is_plain = value->is_plain;
    old->first = value->first;
    old->last = value->last;
    old->count = value->count;
    old->at = 0;
    json_each(one, old)
    {
        change_attached(doc, old, one);
    }
}

static struct json *add_member(struct writer *w, struct json *object, struct str key,
                               struct json *value)
{
    json_add(object, key, value);
    change_attached(w->run->doc, object, value);
    return value;
}

static struct json *add_item(struct writer *w, struct json *array, struct json *value)
{
    json_push(array, value);
    change_attached(w->run->doc, array, value);
    return value;
}

/* ---- what is beside a value of FHIR ---- */

struct beside {
    const struct change_part *p;
    const struct json *keep; /* the member that was written */
};

/* Other types of the choice, and the companions of what was written. */
static bool is_beside(void *arg, const struct json *one, uint32_t index)
{
    const struct beside *b = arg;
    bool under = one->key.n > 1 && one->key.p[0] == '_';
    struct str plain = under ? str_slice(one->key, 1, one->key.n) : one->key;
    bool choice = b->p->element->flags & FHIR_CHOICE;
    bool same =
        choice ? fhir_element_choice(b->p->element, plain) != 0 : under && str_eq(plain, b->p->key);
    (void)index; /* by name */
    return same && one != b->keep;
}

static void drop_beside(struct writer *w, struct json *object, const struct change_part *p,
                        const struct json *keep)
{
    if (p->element && p->key.p[0] != '_') {
        struct beside b = {p, keep};
        change_take_out(w->run->doc, object, is_beside, &b);
    }
}

/* ---- down the target ---- */

static bool write_part(struct writer *w, unsigned i, struct json *at);

static bool is_last(const struct writer *w, unsigned i)
{
    return i + 1 == w->row->to.n;
}

static bool write_whole(struct writer *w, unsigned i, struct json *at, struct json *member)
{
    const struct change_part *p = &w->row->to.v[i];
    if (is_last(w, i)) {
        struct json *value = next_value(w);
        if (member) {
            become(w, member, value);
        } else {
            member = add_member(w, at, p->key, value);
        }
        drop_beside(w, at, p, member);
        return true;
    }
    if (member && member->kind == JSON_ARRAY) {
        return write_fault(w, "an array stands on the way, the target must say which one");
    }
    if (!member) {
        member = add_member(w, at, p->key, json_new(w->run->a, JSON_OBJECT));
    } else if (member->kind == JSON_NULL) {
        become(w, member, json_new(w->run->a, JSON_OBJECT));
    }
    return write_part(w, i + 1, member);
}

static bool write_item(struct writer *w, unsigned i, struct json *array, struct json *old)
{
    if (is_last(w, i)) {
        if (old) {
            become(w, old, next_value(w));
        } else {
            (void)add_item(w, array, next_value(w)); /* the item itself */
        }
        return true;
    }
    if (!old) {
        old = add_item(w, array, json_new(w->run->a, JSON_OBJECT));
    } else if (old->kind == JSON_NULL) {
        become(w, old, json_new(w->run->a, JSON_OBJECT));
    }
    return write_part(w, i + 1, old);
}

static bool write_each(struct writer *w, unsigned i, struct json *array)
{
    json_each(one, array)
    {
        if (!change_look(w->run, &w->row->to, w->size) || !write_item(w, i, array, one)) {
            return false;
        }
    }
    return true;
}

/* [+]: the same one for all targets of the step that say so. */
static bool write_new(struct writer *w, unsigned i, struct json *array)
{
    struct json *made;
    if (is_last(w, i)) {
        return write_item(w, i, array, NULL);
    }
    if (links_get(w->made, array, &made)) {
        return write_item(w, i, array, made);
    }
    struct json *item = add_item(w, array, json_new(w->run->a, JSON_OBJECT));
    links_put(w->made, array, item);
    return write_item(w, i, array, item);
}

static bool write_at(struct writer *w, unsigned i, struct json *array)
{
    const struct change_part *p = &w->row->to.v[i];
    uint32_t index = p->pick == CHANGE_LAST ? array->count - (array->count > 0) : p->index;
    if (index > array->count) {
        return write_fault(w, "the index skips one: the array has fewer items");
    }
    if (!change_look(w->run, &w->row->to, index)) {
        return false;
    }
    return write_item(w, i, array, json_at(array, index));
}

static bool write_items(struct writer *w, unsigned i, struct json *array)
{
    switch (w->row->to.v[i].pick) {
    case CHANGE_EACH:
        return write_each(w, i, array);
    case CHANGE_NEW:
        return write_new(w, i, array);
    case CHANGE_AT:
    case CHANGE_LAST:
    case CHANGE_WHOLE:
        break;
    }
    return write_at(w, i, array);
}

/* The companions of what was written in the array of `key`. */
static void reset_companions(struct writer *w, const struct change_part *p, struct json *object,
                             const struct json *array)
{
    uint32_t index = p->pick == CHANGE_AT ? p->index : array->count - 1;
    if (!change_has_companion(p)) {
        return;
    }
    if (p->pick == CHANGE_EACH) {
        drop_beside(w, object, p, array);
    } else {
        change_companion_reset(w->run->doc, w->run->a, object, p->key, index);
    }
}

static bool write_array(struct writer *w, unsigned i, struct json *at, struct json *member)
{
    const struct change_part *p = &w->row->to.v[i];
    bool none = !member || member->kind == JSON_NULL;
    if (none && p->pick == CHANGE_EACH) {
        return true;
    }
    if (!member) {
        member = add_member(w, at, p->key, json_new(w->run->a, JSON_ARRAY));
    } else if (none) {
        become(w, member, json_new(w->run->a, JSON_ARRAY));
    }
    if (member->kind != JSON_ARRAY) {
        return write_fault(w, "an index stands behind what is no array");
    }
    if (!write_items(w, i, member)) {
        return false;
    }
    if (is_last(w, i)) {
        reset_companions(w, p, at, member);
    }
    return true;
}

static bool write_part(struct writer *w, unsigned i, struct json *at)
{
    const struct change_part *p = &w->row->to.v[i];
    if (!p->key.n) {
        return at->kind == JSON_ARRAY ? write_items(w, i, at)
                                      : write_fault(w, "the document is no array");
    }
    if (at->kind != JSON_OBJECT) {
        return write_fault(w, at->kind == JSON_ARRAY
                                  ? "an array stands on the way, the target must say which one"
                                  : "what stands on the way is no object");
    }
    if (!change_look(w->run, &w->row->to, at->count)) {
        return false;
    }
    struct json *member = json_get_str(at, p->key);
    return p->pick == CHANGE_WHOLE ? write_whole(w, i, at, member) : write_array(w, i, at, member);
}

/* ---- rows ---- */

/* Numbers mean what was there, so new ones come behind; companions (_birthDate) behind what they belong to. */
static unsigned turn_of(const struct change_target *to)
{
    unsigned turn = to->v[to->n - 1].key.n && to->v[to->n - 1].key.p[0] == '_' ? 2 : 0;
    for (unsigned i = 0; i < to->n; i++) {
        turn = to->v[i].pick == CHANGE_NEW && turn == 0 ? 1 : turn;
    }
    return turn;
}

/* Arrays and objects within each other. */
static unsigned depth_of(const struct json *v)
{
    unsigned most = 0;
    json_each(one, v)
    {
        unsigned d = depth_of(one);
        most = d > most ? d : most;
    }
    return most + (v->kind == JSON_OBJECT || v->kind == JSON_ARRAY);
}

/* Would the document be one that nobody reads? */
static bool is_too_deep(const struct writer *w, const struct trail *start)
{
    const struct change_target *to = &w->row->to;
    unsigned depth = depth_of(w->value);
    for (; start; start = start->up) {
        depth++;
    }
    for (unsigned i = 0; i < to->n; i++) {
        depth += to->v[i].pick != CHANGE_WHOLE && to->v[i].key.n; /* an array */
        depth += i + 1 < to->n;
    }
    return depth > DEPTH_MAX;
}

static bool write_row(struct writer *w, const struct change_row *row, struct json *value)
{
    const struct trail *start = NULL;
    w->row = row;
    w->value = value;
    w->size = change_count(value);
    w->is_used = false;
    if (!change_start(w->run, &row->to, &start) || !change_look(w->run, &row->to, w->size)) {
        return false;
    }
    if (start && is_too_deep(w, start)) {
        return write_fault(w, "the message would be deeper than 64 levels");
    }
    return !start || write_part(w, 0, start->node);
}

bool change_write(struct run *run, const struct change *all, struct json **values)
{
    struct writer w = {.run = run, .made = links_new()};
    bool good = true;
    for (unsigned turn = 0; turn < TURNS && good; turn++) {
        for (unsigned i = 0; i < all->n && good; i++) {
            bool now = values[i] && turn_of(&all->v[i].to) == turn;
            good = !now || write_row(&w, &all->v[i], values[i]);
        }
    }
    links_free(w.made);
    return good;
}
