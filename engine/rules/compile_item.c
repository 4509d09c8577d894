#include "engine/rules/compile_item.h"

#include "engine/rules/compile_fhir.h"
#include "engine/rules/compile_v2.h"

static const char *const special_keys[] = {"$for",  "$if",   "$let",   "$use",
                                           "$with", "$also", "$value", NULL};

static bool is_special(struct str key)
{
    return key.n > 1 && key.p[0] == '$' && key.p[1] != '$';
}

/* ---- scalars ---- */

/* An unquoted scalar with exactly JSON's spelling of a number, true, false or null is that value. */
static struct json *literal_json(struct compiler *c, const struct yaml_node *n, struct str text)
{
    if (n->quoted) {
        return json_new_string(c->a, text);
    }
    if (json_is_number(text)) {
        return json_new_number(c->a, text);
    }
    if (str_is(text, "true") || str_is(text, "false")) {
        return json_new_bool(c->a, text.n == 4);
    }
    return str_is(text, "null") ? json_new(c->a, JSON_NULL) : json_new_string(c->a, text);
}

static struct item *scalar(struct compiler *c, const struct yaml_node *n, enum item_place place,
                           struct item *item)
{
    struct str text;
    if (c->slot) {
        return compile_fhir_scalar(c, n, place, item);
    }
    if (c->v2) {
        return compile_v2_scalar(c, n, place, item);
    }
    if (compile_is_formula(n)) {
        item->kind = ITEM_FORMULA;
        bool unsaid = c->map && !c->map->is_known; /* what it makes: told at its to: */
        bool several = place == ITEM_IS_IN_LIST || unsaid, tree = c->names.data != DATA_HL7;
        enum check_want want = tree      ? several ? CHECK_ANY : CHECK_ONE
                               : several ? CHECK_TEXTS
                                         : CHECK_TEXT; /* parts of FHIR and JSON go as they are */
        item->formula = compile_formula(c, n, want, NULL);
        return item->formula ? item : NULL;
    }
    if (!compile_literal(c, n, &text)) {
        return NULL;
    }
    item->kind = ITEM_LITERAL;
    item->literal = literal_json(c, n, text);
    item->literal->is_plain = json_is_plain(item->literal->text);
    return item;
}

/* ---- objects ---- */

static bool unknown_special(struct compiler *c, const struct yaml_node *key)
{
    struct str words[8];
    unsigned n = 0;
    for (; special_keys[n]; n++) {
        words[n] = str_of(special_keys[n]);
        if (str_eq(key->text, words[n])) {
            return false;
        }
    }
    struct str near = check_nearest(key->text, words, n);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-key", key->pos,
                                "%.*s is no key of the language", STR_ARG(key->text));
    if (near.n) {
        diag_means(one, DIAG_MISSPELT, near);
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(c->d, one, "a key of the data that begins with $ is written with two: $%.*s",
                  STR_ARG(key->text));
    }
    return true;
}

/* A member in maps to HL7 v2: at the place that its key names. */
static struct item *v2_member(struct compiler *c, const struct yaml_node *child)
{
    const struct v2_slot *outer = c->v2;
    struct v2_slot slot;
    if (!compile_v2_member(c, child, &slot)) {
        return NULL;
    }
    c->v2 = &slot;
    struct item *one = compile_item(c, child, ITEM_IS_MEMBER);
    c->v2 = outer;
    return one;
}

/* A member, in maps to FHIR of what its key names. */
static struct item *member(struct compiler *c, const struct yaml_node *child, struct item *item)
{
    const struct fhir_slot *outer = c->slot;
    if (c->v2) {
        return v2_member(c, child);
    }
    struct fhir_slot slot = {0};
    if (outer && !compile_fhir_member(c, item->fhir, child, &slot)) {
        return NULL;
    }
    c->slot = outer ? &slot : NULL;
    struct item *one = compile_item(c, child, ITEM_IS_MEMBER);
    c->slot = outer;
    if (one) {
        const struct fhir_element *el = one->element = slot.element;
        item->demands = item->demands || (el && (el->min || (el->flags & FHIR_CHOICE)));
    }
    return one;
}

static bool members(struct compiler *c, const struct yaml_node *n, struct item *item)
{
    struct item **tail = &item->first;
    bool good = true;
    yaml_each(child, n)
    {
        if (is_special(child->key->text)) {
            good = !unknown_special(c, child->key) && good;
            continue;
        }
        if (c->slot && compile_fhir_is_head(child)) {
            continue;
        }
        struct item *one = member(c, child, item);
        struct str key = child->key->text;
        good = good && one;
        if (one) {
            one->key = key.n > 1 && key.p[0] == '$' ? str_slice(key, 1, key.n) : key;
            one->is_key_plain = json_is_plain(one->key);
            one->key = one->is_key_plain ? json_plain_key(c->a, one->key) : one->key;
            *tail = one;
            tail = &one->next;
        }
    }
    return good;
}

/* The first of them, or NULL. */
static const struct yaml_node *first_member(const struct yaml_node *n)
{
    yaml_each(child, n)
    {
        if (!is_special(child->key->text)) {
            return child;
        }
    }
    return NULL;
}

static bool refuse(struct compiler *c, const struct yaml_node *n, const char *what,
                   const char *hint)
{
    diag_hint(c->d, diag_add(c->d, DIAG_ERROR, "bad-item", n->key->pos, "%s", what), "%s", hint);
    return false;
}

/* The map that is used reads one value: $this must be of its type. */
static bool suits_value(struct compiler *c, const struct map *m, const struct yaml_node *use)
{
    const struct shape *self = c->names.loops ? c->names.loops->shape : NULL;
    if (!m->datatype) {
        return true;
    }
    bool known = self && self->kind == SHAPE_HL7 && self->type;
    if (!self || (self->kind != SHAPE_HL7 && self->kind != SHAPE_ANY) ||
        (known && strcmp(self->type, m->datatype) != 0)) {
        struct diag *one = diag_add(c->d, DIAG_ERROR, "wrong-map", use->pos,
                                    "the map %.*s reads a %s, $this is %s here", STR_ARG(m->name),
                                    m->datatype, known ? self->type : "none");
        diag_means(one, DIAG_LACKS, STR("$for"));
        diag_hint(c->d, one, "walk values of that type with $for:");
        return false;
    }
    return true;
}

/* $also: members of what the map makes. */
static struct item *overlay(struct compiler *c, const struct map *m, const struct yaml_node *also)
{
    const struct fhir_slot *outer = c->slot;
    const struct v2_slot *v2 = c->v2;
    struct fhir_slot slot = {.type = m->fhir, .is_overlay = true};
    struct v2_slot v2_over = v2 ? *v2 : (struct v2_slot){0};
    v2_over.is_overlay = true;
    c->slot = m->fhir ? &slot : NULL;
    c->v2 = v2 ? &v2_over : NULL;
    struct item *one = compile_item(c, also, ITEM_IS_MEMBER);
    c->slot = outer;
    c->v2 = v2;
    return one;
}

static bool use_map(struct compiler *c, const struct yaml_node *n, struct item *item)
{
    const struct yaml_node *use = yaml_get(n, "$use"), *with = yaml_get(n, "$with"),
                           *also = yaml_get(n, "$also");
    const struct yaml_node *stray = with ? with : also;
    if (!use) {
        if (stray) {
            struct diag *one = diag_add(c->d, DIAG_ERROR, "bad-item", stray->key->pos,
                                        "this belongs to $use:, which is not here");
            diag_means(one, DIAG_LACKS, STR("$use"));
            diag_hint(c->d, one, "name a map with $use:");
        }
        return !stray;
    }
    if (first_member(n)) {
        return refuse(c, first_member(n), "an object that uses a map has no members beside it",
                      "lay them over it with $also: { ... }");
    }
    struct map *m = compile_find_map(c, use);
    if (!m) {
        return false;
    }
    if (m->v2 && m->v2->is_message && !(c->v2 && compile_v2_is_whole(c->v2))) {
        return refuse(c, use, "that map makes a message of HL7 v2, which is no part of anything",
                      "send it with send: NAME, as: MAP");
    }
    if (m->v2 && !c->v2 && c->map && !c->map->is_known) {
        return false; /* told at its to: */
    }
    if (m->v2 && !c->v2) {
        return refuse(c, use, "that map makes a part of a message of HL7 v2, and this is none",
                      "use a map to json or to a type of FHIR");
    }
    if (c->v2 && !compile_v2_use(c, m, use)) {
        return false;
    }
    item->use = m;
    bool fits =
        !c->slot || compile_fhir_use(c, m, use); /* else it is another map's place altogether */
    bool good = compile_use_map(c, m, use->pos) && fits && suits_value(c, m, use);
    good = compile_with(c, with, &(struct callee){m->name, use->pos, m->params, m->nparams},
                        &item->with) &&
           good;
    if (also && also->kind != YAML_MAPPING) {
        return refuse(c, also, "$also: holds members: a mapping", "write $also: { key: value }");
    }
    item->also = also ? overlay(c, m, also) : NULL;
    return good && (!also || item->also);
}

static bool value_item(struct compiler *c, const struct yaml_node *n, enum item_place place,
                       struct item *item)
{
    const struct yaml_node *value = yaml_get(n, "$value"), *use = yaml_get(n, "$use");
    if (!value) {
        return true;
    }
    if (use || first_member(n)) {
        return refuse(c, value, "$value: is the item itself; it has no members beside it",
                      "leave out the members, or $value:");
    }
    item->value =
        compile_item(c, value, place == ITEM_IS_IN_LIST ? ITEM_IS_IN_LIST : ITEM_IS_MEMBER);
    return item->value != NULL;
}

static bool object_body(struct compiler *c, const struct yaml_node *n, enum item_place place,
                        struct item *item)
{
    const struct yaml_node *let = yaml_get(n, "$let"), *cond = yaml_get(n, "$if");
    bool good = !let || compile_lets(c, let, &item->lets);
    if (cond) {
        item->cond = compile_formula(c, cond, CHECK_DECISION, NULL);
        good = good && item->cond;
    }
    good = use_map(c, n, item) && good;
    good = value_item(c, n, place, item) && good;
    good = members(c, n, item) && good;
    if (yaml_get(n, "$use") || yaml_get(n, "$value")) { /* with a mistake in it, too */
        return good;
    }
    good = (!c->slot || compile_fhir_required(c, n, item)) && good;
    return good && (!c->v2 || (compile_v2_overlaps(c, n) && compile_v2_required(c, n, item)));
}

static struct item *object(struct compiler *c, const struct yaml_node *n, enum item_place place,
                           struct item *item)
{
    const struct yaml_node *loop = yaml_get(n, "$for");
    unsigned lets = c->names.nlets;
    struct loop_scope save;
    bool good = true;
    item->kind = ITEM_OBJECT;
    if ((c->slot && !compile_fhir_object(c, n, item)) ||
        (c->v2 && !compile_v2_object(c, n, item))) {
        return NULL;
    }
    if (loop && place != ITEM_IS_IN_LIST) {
        (void)refuse(c, loop, "$for: makes several items, and one stands here",
                     "write it as an item of a list: - $for: ...");
        return NULL;
    }
    if (loop) {
        item->loop = ARENA_NEW(c->a, struct loop);
        good = compile_loop(c, loop, item->loop);
        if (!good) {
            return NULL;
        }
        compile_enter(c, item->loop, &save);
    }
    good = object_body(c, n, place, item);
    if (loop) {
        compile_leave(c, &save);
    }
    compile_unused(c, lets);
    c->names.nlets = lets;
    return good ? item : NULL;
}

static struct item *list(struct compiler *c, const struct yaml_node *n, struct item *item)
{
    struct item **tail = &item->first;
    bool good = true;
    item->kind = ITEM_LIST;
    if ((c->slot && !compile_fhir_list(c, n)) || (c->v2 && !compile_v2_list(c, n))) {
        return NULL;
    }
    const struct v2_slot *v2 = c->v2;
    struct v2_slot v2_one = v2 ? *v2 : (struct v2_slot){0};
    v2_one.repeats = false;
    c->v2 = v2 ? &v2_one : NULL;
    const struct fhir_slot *outer = c->slot;
    struct fhir_slot one_of = outer ? *outer : (struct fhir_slot){0};
    one_of.repeats = false;
    item->is_entries = outer && outer->type == fhir_type(STR("Bundle.entry"));
    c->slot = outer ? &one_of : NULL;
    yaml_each(child, n)
    {
        struct item *one = compile_item(c, child, ITEM_IS_IN_LIST);
        good = good && one;
        if (one) {
            *tail = one;
            tail = &one->next;
        }
    }
    c->slot = outer;
    c->v2 = v2;
    return good ? item : NULL;
}

/* A single object or value where an element of FHIR, or a place of HL7 v2, repeats: a list of it. */
static struct item *list_of_one(struct compiler *c, const struct yaml_node *n, struct item *item)
{
    const struct fhir_slot *outer = c->slot;
    const struct v2_slot *v2 = c->v2;
    struct fhir_slot one_of = outer ? *outer : (struct fhir_slot){0};
    struct v2_slot v2_one = v2 ? *v2 : (struct v2_slot){0};
    one_of.repeats = v2_one.repeats = false;
    c->slot = outer ? &one_of : NULL;
    c->v2 = v2 ? &v2_one : NULL;
    item->kind = ITEM_LIST;
    item->first = compile_item(c, n, ITEM_IS_IN_LIST);
    c->slot = outer;
    c->v2 = v2;
    return item->first ? item : NULL;
}

/* May several stand there, although one is written? */
static bool repeats(const struct compiler *c)
{
    return (c->slot && c->slot->repeats) || (c->v2 && c->v2->repeats);
}

static struct item *by_kind(struct compiler *c, const struct yaml_node *n, enum item_place place,
                            struct item *item)
{
    switch (n->kind) {
    case YAML_SCALAR:
        return scalar(c, n, place, item);
    case YAML_MAPPING:
        return object(c, n, place, item);
    case YAML_SEQUENCE:
        return list(c, n, item);
    case YAML_ABSENT:
        break;
    }
    return NULL;
}

struct item *compile_item(struct compiler *c, const struct yaml_node *n, enum item_place place)
{
    struct item *item = ARENA_NEW(c->a, struct item), *made = NULL;
    item->pos = n->pos;
    if (++c->depth > ITEM_DEPTH_MAX) {
        diag_add(c->d, DIAG_ERROR, "deep-map", n->pos,
                 "objects and lists stand more than %d levels within each other", ITEM_DEPTH_MAX);
        c->depth--;
        return NULL;
    }
    if (repeats(c) && n->kind != YAML_SEQUENCE && n->kind != YAML_ABSENT) {
        made = list_of_one(c, n, item);
    } else {
        made = by_kind(c, n, place, item);
    }
    c->depth--;
    return made;
}
