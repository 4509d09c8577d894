/* The members of an object against the elements of its type. */
#include "engine/fhir/member.h"
#include "engine/fhir/validate_priv.h"

enum { ELEMENTS_MAX = 128, WORD_MAX = 40 };

/* One object while its members are looked at. */
struct members {
    struct fhir_walk *w;
    const struct fhir_place *place;
    struct fhir_chain chain;
    uint64_t seen[ELEMENTS_MAX / 64];
    uint16_t chosen[ELEMENTS_MAX]; /* type of a choice that was seen */
    bool has_companions;           /* some key begins with _ */
};

/* A member whose key is known. */
struct member {
    struct fhir_slot slot;
    const struct json *json;
    struct str key; /* without the _ */
    bool is_companion;
    unsigned ordinal;
};

struct fhir_place *fhir_place_new(struct fhir_walk *w, const struct fhir_place *up,
                                  const struct json *j, unsigned type)
{
    struct fhir_place *p = ARENA_NEW(w->r->a, struct fhir_place);
    *p = (struct fhir_place){.up = up,
                             .resource = up ? up->resource : p,
                             .json = j,
                             .index = -1,
                             .type = (uint16_t)type};
    if (w->last) {
        w->last->next = p;
    } else {
        w->r->places = p;
    }
    w->last = p;
    return p;
}

/* Is the key a word that may be told? What comes from outside may be anything. */
static bool is_word(struct str key)
{
    for (size_t i = 0; i < key.n; i++) {
        char letter = (char)(key.p[i] | 0x20);
        if ((letter < 'a' || letter > 'z') && key.p[i] != '_') {
            return false;
        }
    }
    return key.n >= 1 && key.n <= WORD_MAX;
}

static void unknown(const struct members *m, const struct json *j)
{
    const struct fhir_element *choice = fhir_element(m->place->type, j->key);
    struct str word = is_word(j->key) ? j->key : STR("");
    const char *type = fhir_type_name(m->place->type);
    if (choice) {
        fhir_found(m->w->r, FHIR_RULE_ELEMENTS, m->place, word, -1, j->key_at,
                   "%.*s of %s is written with its type, as in %.*sString", STR_ARG(word), type,
                   STR_ARG(word));
        return;
    }
    struct str near = fhir_member_near(&m->chain, j->key);
    fhir_found(m->w->r, FHIR_RULE_ELEMENTS, m->place, word, -1, j->key_at,
               "%s has no element of this name%s%.*s", type, near.n ? "; expected " : "",
               STR_ARG(near));
}

static bool is_primitive(unsigned t)
{
    return fhir_type_kind(t) == FHIR_PRIMITIVE;
}

/* The member beside: `birthDate` of `_birthDate`, and the other way round. */
static const struct json *beside(const struct members *m, const struct member *one)
{
    json_each(j, m->place->json)
    {
        bool companion = j->key.n && j->key.p[0] == '_';
        struct str key = companion ? str_slice(j->key, 1, j->key.n) : j->key;
        if (companion != one->is_companion && str_eq(key, one->key)) {
            return j;
        }
    }
    return NULL;
}

/* ---- values ---- */

/* An id alone is no content (ele-1). */
static bool is_id_alone(const struct json *j)
{
    return j->kind == JSON_OBJECT && j->first && !j->first->next && str_is(j->first->key, "id");
}

static void check_id_alone(const struct fhir_walk *w, const struct fhir_place *place,
                           const struct json *j)
{
    if (is_id_alone(j)) {
        fhir_found(w->r, FHIR_RULE_EMPTY_VALUES, place, STR(""), -1, j->at,
                   "an element with an id and nothing else; expected a value or members");
    }
}

static void walk_complex(const struct members *m, const struct member *one, const struct json *j,
                         int32_t index)
{
    struct fhir_walk *w = m->w;
    const struct fhir_element *e = one->slot.e;
    if (j->kind != JSON_OBJECT) {
        fhir_found(w->r, j->kind == JSON_NULL ? FHIR_RULE_EMPTY_VALUES : FHIR_RULE_JSON_KINDS,
                   m->place, one->slot.name, index, j->at, "found %s; %s is an object",
                   json_kind_text(j), fhir_type_name(one->slot.type));
        return;
    }
    struct fhir_place *p = fhir_place_new(w, m->place, j, one->slot.type);
    p->name = one->slot.name;
    p->index = index;
    check_id_alone(w, p, j);
    fhir_walk_members(w, p);
    if (p->type == FHIR_TYPE_IDENTIFIER || p->type == FHIR_TYPE_CODING) {
        fhir_check_system(w, p);
    }
    if (p->type == FHIR_TYPE_REFERENCE) {
        fhir_check_reference(w, p, e);
    } else if (p->type == FHIR_TYPE_EXTENSION) {
        fhir_check_extension(w, p);
    } else if (p->type == FHIR_TYPE_ATTACHMENT) {
        fhir_check_attachment(w, p);
    } else if (p->type == FHIR_TYPE_CODEABLE_CONCEPT || p->type == FHIR_TYPE_CODING) {
        fhir_check_concept(w, p, e);
    } else if (e->flags & FHIR_SIMPLE && json_get(j, "comparator")) {
        fhir_found(w->r, FHIR_RULE_ELEMENTS, p, STR("comparator"), -1, j->at,
                   "a comparator; this quantity has none");
    }
}

static void walk_one(const struct members *m, const struct member *one, const struct json *j,
                     int32_t index)
{
    if (is_primitive(one->slot.type)) {
        fhir_check_primitive(m->w, m->place, &one->slot, j, index);
    } else if (fhir_type_kind(one->slot.type) == FHIR_RESOURCE) {
        fhir_walk_resource(m->w, m->place, j, &one->slot, index);
    } else {
        walk_complex(m, one, j, index);
    }
}

/* Id and extensions of a primitive, `other` its value. */
static void walk_companion(const struct members *m, const struct member *one, const struct json *j,
                           const struct json *other, int32_t index)
{
    if (j->kind != JSON_OBJECT) {
        fhir_found(
            m->w->r, FHIR_RULE_JSON_KINDS, m->place, one->slot.name, index, j->at,
            "found %s where the id and extensions of %.*s stand; expected an object with these",
            json_kind_text(j), STR_ARG(one->slot.name));
        return;
    }
    struct fhir_place *p = fhir_place_new(m->w, m->place, j, one->slot.type);
    p->name = one->slot.name;
    p->index = index;
    if (!other || other->kind == JSON_NULL) {
        check_id_alone(m->w, p, j);
    }
    if (p->type == FHIR_TYPE_XHTML &&
        json_get(j, "extension")) { /* Source: xhtml.extension, 0..0 */
        fhir_found(m->w->r, FHIR_RULE_ELEMENTS, p, STR("extension"), -1, j->at,
                   "an extension of xhtml; expected none");
    }
    fhir_walk_members(m->w, p);
}

/* One value or item, `other` what stands beside it: null may stand for what a companion in the same place of its array
 * has, and the other way round. */
static void walk_item(const struct members *m, const struct member *one, const struct json *j,
                      const struct json *other, int32_t index)
{
    bool is_filled = other && other->kind != JSON_NULL && index >= 0;
    if (j->kind == JSON_NULL && !(is_filled && is_primitive(one->slot.type))) {
        fhir_found(m->w->r, FHIR_RULE_EMPTY_VALUES, m->place, one->slot.name, index, j->at,
                   "found null; expected a value, or nothing at all");
    } else if (j->kind != JSON_NULL && one->is_companion) {
        walk_companion(m, one, j, other, index);
    } else if (j->kind != JSON_NULL) {
        walk_one(m, one, j, index);
    }
}

static void walk_array(const struct members *m, const struct member *one, const struct json *other)
{
    int32_t index = 0;
    const struct json *j = one->json;
    bool beside = other && other->kind == JSON_ARRAY;
    const struct json *step = beside ? other->first : NULL;
    if (!j->first) {
        fhir_found(m->w->r, FHIR_RULE_EMPTY_VALUES, m->place, one->slot.name, -1, j->at,
                   "an empty array; expected at least one item, or nothing at all");
    }
    if (one->is_companion && beside && other->count != j->count) {
        fhir_found(m->w->r, FHIR_RULE_HABITS, m->place, one->slot.name, -1, j->at,
                   "the array of ids and extensions has another length than its array of values; "
                   "expected null where there is nothing");
    }
    json_each(item, j)
    {
        walk_item(m, one, item, step, index++);
        step = step ? step->next : NULL;
    }
    if (one->slot.e->max > 1 && j->count > one->slot.e->max) {
        fhir_found(m->w->r, FHIR_RULE_ELEMENTS, m->place, one->slot.name, -1, j->at,
                   "found %u items; at most %u may stand here", j->count,
                   (unsigned)one->slot.e->max);
    }
}

static void walk_member(const struct members *m, const struct member *one)
{
    const struct json *j = one->json;
    bool repeats = fhir_element_repeats(one->slot.e);
    bool may = m->has_companions && is_primitive(one->slot.type);
    const struct json *other = may ? beside(m, one) : NULL;
    if (repeats && j->kind == JSON_ARRAY) {
        walk_array(m, one, other);
    } else if (!repeats && j->kind != JSON_ARRAY) {
        walk_item(m, one, j, other, -1);
    } else {
        fhir_found(m->w->r, FHIR_RULE_JSON_KINDS, m->place, one->slot.name, -1, j->at,
                   repeats ? "found %s; %.*s may repeat and is an array"
                           : "found %s; %.*s stands once and is no array",
                   json_kind_text(j), STR_ARG(one->slot.name));
    }
}

/* ---- members ---- */

/* A second type of a choice. */
static void check_choice(struct members *m, const struct member *one)
{
    unsigned bit = one->ordinal % ELEMENTS_MAX;
    bool seen = m->seen[bit / 64] >> bit % 64 & 1;
    if (seen && m->chosen[bit] != one->slot.type) {
        fhir_found(m->w->r, FHIR_RULE_ELEMENTS, m->place, one->slot.name, -1, one->json->key_at,
                   "%.*s stands with two types; expected one of them", STR_ARG(one->slot.name));
    }
    m->chosen[bit] = (uint16_t)one->slot.type;
    m->seen[bit / 64] |= 1ull << bit % 64;
}

static void walk_key(struct members *m, const struct json *j)
{
    struct fhir_member found;
    if (m->place->is_resource && str_is(j->key, "resourceType")) {
        return;
    }
    if (!fhir_member_find(&m->chain, j->key, &found)) {
        unknown(m, j);
        return;
    }
    const struct member one = {.slot = {found.e, found.type, fhir_element_name(found.e)},
                               .json = j,
                               .key = found.key,
                               .is_companion = found.is_companion,
                               .ordinal = found.ordinal};
    check_choice(m, &one);
    walk_member(m, &one);
}

static void check_required(const struct members *m)
{
    unsigned ordinal = 0;
    for (unsigned l = 0; l < m->chain.levels; l++) {
        for (unsigned i = 0; i < m->chain.n[l]; i++, ordinal++) {
            const struct fhir_element *e = &m->chain.e[l][i];
            bool seen = m->seen[ordinal % ELEMENTS_MAX / 64] >> ordinal % 64 & 1;
            if (e->min && !seen) {
                struct str name = fhir_element_name(e);
                fhir_found(m->w->r, FHIR_RULE_REQUIRED, m->place, name, -1, m->place->json->at,
                           "%s has no %.*s%s; it must have one", fhir_type_name(m->place->type),
                           STR_ARG(name), e->flags & FHIR_CHOICE ? "[x]" : "");
            }
        }
    }
}

void fhir_walk_members(struct fhir_walk *w, const struct fhir_place *place)
{
    struct members m;
    m.w = w;
    m.place = place;
    m.has_companions = false;
    memset(m.seen, 0, sizeof m.seen);
    fhir_chain_of(&m.chain, place->type);
    if (!place->json->first) {
        fhir_found(w->r, FHIR_RULE_EMPTY_VALUES, place, STR(""), -1, place->json->at,
                   "an empty object; expected members, or nothing at all");
    }
    json_each(j, place->json)
    {
        m.has_companions = m.has_companions || (j->key.n && j->key.p[0] == '_');
    }
    json_each(j, place->json)
    {
        walk_key(&m, j);
    }
    check_required(&m);
}
