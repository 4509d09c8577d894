#include "engine/rules/run_fhir.h"

#include "engine/base/hash.h"
#include "engine/fhir/primitive.h"
#include "engine/fhir/terms.h"
#include "engine/rules/type.h"

/* ---- primitives ---- */

static bool no_primitive(struct eval *e, const struct item *item)
{
    return eval_fail(e, item->formula, "the value is no %s, which is %s",
                     fhir_type_name(item->fhir), fhir_primitive_looks(item->fhir));
}

enum { CODES_SHOWN = 8 };

/* Which code it is, is the message's: only the ones that may be are told. */
static bool no_code(struct eval *e, const struct item *item)
{
    struct str codes = fhir_set_text(e->a, item->codes, CODES_SHOWN);
    return codes.n
               ? eval_fail(e, item->formula, "the value is none of the codes %.*s", STR_ARG(codes))
               : eval_fail(e, item->formula, "the value is no code of %s",
                           fhir_set_url(item->codes));
}

static struct json *new_value(struct arena *a, unsigned t, struct str text, bool is_plain)
{
    struct json *v = NULL;
    switch (fhir_primitive_spelling(t)) {
    case FHIR_IS_BOOLEAN:
        return json_new_bool(a, text.n == 4);
    case FHIR_IS_NUMBER:
        return json_new_number(a, text);
    case FHIR_IS_TEXT:
        v = json_new_string(a, text);
        v->is_plain = is_plain;
        break;
    }
    return v;
}

static bool put_text(struct eval *e, const struct item *item, struct str text, struct json **out)
{
    if (text.n == 0) {
        return true; /* FHIR has no empty texts */
    }
    struct json_look look = json_look(text);
    if (!(look.is_plain ? fhir_primitive_valid_plain(item->fhir, text, look.has_blank)
                        : fhir_primitive_valid(item->fhir, text))) {
        return no_primitive(e, item);
    }
    if (item->codes && !fhir_set_has(item->codes, (struct str){0}, text)) {
        return no_code(e, item);
    }
    *out = new_value(e->a, item->fhir, text, look.is_plain);
    return true;
}

static bool put_number(struct eval *e, const struct item *item, const struct value *v,
                       struct json **out)
{
    struct value number;
    char text[DECIMAL_TEXT_MAX];
    if (!eval_number(e, v, &number)) {
        return no_primitive(e, item);
    }
    struct decimal d = value_decimal(&number);
    size_t n = decimal_format(&d, text);
    return put_text(e, item, str_dup(e->a, str_from(text, n)), out);
}

/* Hours want an offset, which only toDateTime() knows; seconds are zeros where HL7 leaves them out. */
static bool put_moment(struct eval *e, const struct item *item, struct moment *m, struct json **out)
{
    bool is_time = item->fhir == FHIR_TYPE_TIME, clock = m->part[MOMENT_HOUR] >= 0;
    if (is_time != (m->kind == VALUE_TIME)) {
        return no_primitive(e, item);
    }
    if (item->fhir == FHIR_TYPE_DATE && clock) {
        return eval_fail(e, item->formula, "the value holds a time, and %s is none; .toDate() cuts",
                         "date");
    }
    if (clock && !is_time && !m->has_offset) {
        return eval_fail(e, item->formula,
                         "the value holds a time without an offset; .toDateTime() gives it");
    }
    m->part[MOMENT_MINUTE] = clock && m->part[MOMENT_MINUTE] < 0 ? 0 : m->part[MOMENT_MINUTE];
    m->part[MOMENT_SECOND] = clock && m->part[MOMENT_SECOND] < 0 ? 0 : m->part[MOMENT_SECOND];
    m->has_offset = m->has_offset && clock && !is_time;
    return put_text(e, item, moment_text(e->a, m), out);
}

static bool is_moment_type(unsigned t)
{
    return t == FHIR_TYPE_DATE || t == FHIR_TYPE_DATE_TIME || t == FHIR_TYPE_INSTANT ||
           t == FHIR_TYPE_TIME;
}

/* A dateTime to the second, whose offset is not written as Z: moment_text() would give the same. */
static bool is_as_written(const struct item *item, const struct value *v)
{
    enum { SIZE = sizeof("2026-11-24T09:30:00-06:00") - 1, OFFSET = SIZE - 6 };
    if (v->kind != VALUE_DATETIME || v->text.n != SIZE ||
        (item->fhir != FHIR_TYPE_DATE_TIME && item->fhir != FHIR_TYPE_INSTANT)) {
        return false;
    }
    const char *offset = v->text.p + OFFSET;
    return (offset[0] == '-' || offset[0] == '+') && memcmp(offset + 1, "00:00", 5) != 0;
}

static bool put_primitive(struct eval *e, const struct item *item, const struct value *v,
                          struct json **out)
{
    struct moment m;
    struct str text;
    if (v->kind == VALUE_STRING) {
        return put_text(e, item, v->text, out);
    }
    if (v->kind == VALUE_BOOLEAN) {
        return put_text(e, item, v->i ? STR("true") : STR("false"), out);
    }
    if (is_as_written(item, v)) {
        return put_text(e, item, v->text, out);
    }
    if (is_moment_type(item->fhir)) {
        return eval_moment(e, v, &m) ? put_moment(e, item, &m, out) : no_primitive(e, item);
    }
    if (fhir_primitive_spelling(item->fhir) == FHIR_IS_NUMBER) {
        return put_number(e, item, v, out);
    }
    if (v->kind == VALUE_HL7) {
        return eval_text(e, item->formula, v, &text) && put_text(e, item, text, out);
    }
    return put_text(e, item, value_text(e->a, v), out);
}

/* ---- values ---- */

struct json *run_fhir_copy(struct arena *a, const struct json *j)
{
    return j && j->kind != JSON_NULL ? json_dup(a, j) : NULL;
}

/* A number with more digits than formulas count with stays a node; else it must be of the type. */
static bool put_node(struct eval *e, const struct item *item, const struct value *v,
                     struct json **out)
{
    bool primitive = fhir_type_kind(item->fhir) == FHIR_PRIMITIVE;
    if (primitive && v->json && v->json->kind == JSON_NUMBER) {
        return put_text(e, item, v->json->text, out);
    }
    if (primitive && !v->json) {
        return true; /* only extensions */
    }
    if (primitive || !v->json || !fhir_type_is(v->model, item->fhir)) {
        return eval_fail(e, item->formula, "%s is wanted here, the value is %s",
                         fhir_type_name(item->fhir), value_type_text(v));
    }
    *out = run_fhir_copy(e->a, v->json);
    return true;
}

bool run_fhir_value(struct eval *e, const struct item *item, const struct value *v,
                    struct json **out)
{
    *out = NULL;
    switch ((enum value_kind)v->kind) {
    case VALUE_NODE:
        return put_node(e, item, v, out);
    case VALUE_NULL:
        return eval_fail(e, item->formula, "null() is for HL7 v2, FHIR has none");
    case VALUE_SEGMENT:
    case VALUE_GROUP:
    case VALUE_MESSAGE:
    case VALUE_SOURCE:
        return eval_fail(e, item->formula, "a %s is no value of a map", value_kind_text(v->kind));
    default:
        break;
    }
    if (fhir_type_kind(item->fhir) != FHIR_PRIMITIVE) {
        return eval_fail(e, item->formula, "%s is wanted here, the value is %s",
                         fhir_type_name(item->fhir), value_type_text(v));
    }
    return put_primitive(e, item, v, out);
}

/* ---- objects ---- */

/* As json_plain_key() makes it: 15 bytes and a zero. */
static const char resource_type[JSON_KEY_PIECE] = "\"resourceType\":";

static EVAL_APART struct json *new_resource(struct arena *a, unsigned t)
{
    struct json *object = json_new(a, JSON_OBJECT);
    struct json *type = json_new_string(a, str_of(fhir_type_name(t)));
    json_add(object, str_from(resource_type + 1, sizeof("resourceType") - 1), type);
    type->is_plain = type->is_key_plain = true;
    return object;
}

struct json *run_fhir_object(struct arena *a, const struct item *item)
{
    return item->is_resource ? new_resource(a, item->fhir) : json_new(a, JSON_OBJECT);
}

/* Another member of the object that is the same element; with `beside` its companion counts, too. */
static const struct item *made_twin(const struct item *item, const struct item *one,
                                    const struct json *object, bool beside)
{
    for (const struct item *other = item->first; other; other = other->next) {
        bool same = other != one && other->element == one->element &&
                    (beside || other->key.p[0] != '_') && json_get_str(object, other->key);
        if (same) {
            return other;
        }
    }
    return NULL;
}

static bool missing(struct eval *e, const struct item *item, const struct item *one)
{
    struct str name = fhir_element_name(one->element);
    return eval_fail_at(e, one->pos, STR(""), "%s demands %.*s, and it came out empty",
                        fhir_type_name(item->fhir), STR_ARG(name));
}

/* Is the element there, by one of its names? */
static bool is_there(const struct json *object, const struct fhir_element *el)
{
    json_each(one, object)
    {
        struct str key = one->key.p[0] == '_' ? str_slice(one->key, 1, one->key.n) : one->key;
        if (el->flags & FHIR_CHOICE ? fhir_element_choice(el, key) != 0
                                    : str_eq(fhir_element_name(el), key)) {
            return true;
        }
    }
    return false;
}

bool run_fhir_alone(struct eval *e, const struct item *also, struct json *over, struct json **out)
{
    const struct item whole = {.fhir = also->fhir,
                               .is_resource = fhir_type_kind(also->fhir) == FHIR_RESOURCE,
                               .pos = also->pos};
    if (!also->fhir || over->kind != JSON_OBJECT || json_get(over, "resourceType")) {
        *out = over; /* whole by itself */
        return true;
    }
    *out = run_fhir_object(e->a, &whole);
    json_each(one, over)
    {
        json_add_again(*out, run_memo_share(e, one));
    }
    for (unsigned t = also->fhir; t; t = fhir_type_base(t)) {
        const struct fhir_element *el;
        for (unsigned i = 0; (el = fhir_element_at(t, i)) != NULL; i++) {
            if (el->min && !is_there(*out, el)) {
                return missing(e, &whole, &(struct item){.pos = also->pos, .element = el});
            }
        }
    }
    return true;
}

static bool two_types(struct eval *e, const struct item *item, const struct item *one,
                      const struct item *other)
{
    return eval_fail_at(e, other->pos, STR(""), "%s has one of %.*s and %.*s, here are both",
                        fhir_type_name(item->fhir), STR_ARG(one->key), STR_ARG(other->key));
}

bool run_fhir_whole(struct eval *e, const struct item *item, const struct json *object)
{
    for (const struct item *one = item->first; one; one = one->next) {
        const struct fhir_element *el = one->element;
        bool required = el->min && !item->is_overlay, choice = el->flags & FHIR_CHOICE;
        bool made = (required || choice) && json_get_str(object, one->key);
        if (required && !made && !made_twin(item, one, object, true)) {
            return missing(e, item, one);
        }
        const struct item *other =
            made && choice && one->key.p[0] != '_' ? made_twin(item, one, object, false) : NULL;
        if (other) {
            return two_types(e, item, one, other);
        }
    }
    return true;
}

bool run_fhir_replaces(const struct item *also, const struct json *over, struct str key)
{
    for (const struct item *one = also->first; one; one = one->next) {
        bool choice = one->element && (one->element->flags & FHIR_CHOICE);
        if (choice && fhir_element_choice(one->element, key) && json_get_str(over, one->key)) {
            return true;
        }
    }
    return false;
}

/* ---- entries of a Bundle ---- */

/* The fullUrls met so far, by their hashes. */
struct urls {
    struct str *v; /* p NULL: a free place */
    uint32_t mask; /* places, a power of two, without one */
    uint64_t salt; /* what is found does not depend on it */
};

static struct urls urls_for(struct arena *a, uint32_t entries)
{
    uint32_t n = 16;
    while (n / 2 < entries && n < UINT32_MAX / 2) {
        n *= 2;
    }
    struct urls u = {.v = ARENA_ARRAY(a, struct str, n), .mask = n - 1};
    u.salt = (uintptr_t)u.v;
    return u;
}

/* Is it there already? It is afterwards. */
static bool meet(struct urls *u, struct str url)
{
    uint32_t at = (uint32_t)hash64_str(url, u->salt) & u->mask;
    while (u->v[at].p && !str_eq(u->v[at], url)) {
        at = (at + 1) & u->mask;
    }
    bool was_there = u->v[at].p != NULL;
    u->v[at] = url;
    return was_there;
}

void run_fhir_once(struct arena *a, struct json *entries)
{
    struct urls met = urls_for(a, entries->count);
    struct json *last = NULL;
    json_each(one, entries)
    {
        struct str url = json_text(json_get(one, "fullUrl"));
        bool is_again = url.n && meet(&met, url);
        if (!is_again || !last) { /* the first never is */
            last = one;
        } else {
            last->next = one->next;
            entries->count--;
        }
    }
    entries->last = last;
}
