#include "engine/rules/tree.h"

#include "engine/base/json.h"

unsigned tree_resource_type(const struct json *object)
{
    struct str name = json_text(json_get(object, "resourceType"));
    unsigned t = name.p ? fhir_type(name) : 0;
    return t && fhir_type_kind(t) == FHIR_RESOURCE ? t : 0;
}

/* ---- one value ---- */

/* 1e3 and the like: the digits moved by the exponent. */
static bool with_exponent(struct eval *e, struct str literal, struct value *out)
{
    ptrdiff_t at = str_index(literal, 'e');
    int64_t power;
    struct decimal d, by, exponent;
    const struct decimal ten = decimal_of(10);
    at = at < 0 ? str_index(literal, 'E') : at;
    if (at < 0) {
        return false;
    }
    struct str digits = str_slice(literal, (size_t)at + 1, literal.n);
    digits = digits.n && digits.p[0] == '+' ? str_slice(digits, 1, digits.n) : digits;
    (void)e; /* exact or nothing */
    if (!str_to_i64(digits, &power) || power > DECIMAL_SCALE_MAX || power < -DECIMAL_SCALE_MAX ||
        !decimal_parse(str_slice(literal, 0, (size_t)at), &d)) {
        return false;
    }
    exponent = decimal_of(power < 0 ? -power : power);
    bool good = decimal_power(&ten, &exponent, &by) &&
                (power < 0 ? decimal_divide(&d, &by, &d) : decimal_mul(&d, &by, &d));
    *out = value_of_decimal(d);
    return good;
}

/* A number; one with too many digits stays a node. */
static struct value of_number(struct eval *e, const struct json *j, bool is_decimal)
{
    struct value v = {.kind = VALUE_NODE, .json = j};
    struct decimal d;
    bool whole = !is_decimal && value_number(j->text, &v);
    if (!whole && decimal_parse(j->text, &d)) {
        v = value_of_decimal(d);
    } else if (!whole && !with_exponent(e, j->text, &v)) {
        v = (struct value){.kind = VALUE_NODE, .json = j};
    }
    return v;
}

static enum value_kind kind_of_text(unsigned t)
{
    return t == FHIR_TYPE_DATE                                  ? VALUE_DATE
           : t == FHIR_TYPE_DATE_TIME || t == FHIR_TYPE_INSTANT ? VALUE_DATETIME
           : t == FHIR_TYPE_TIME                                ? VALUE_TIME
                                                                : VALUE_STRING;
}

static struct value of_scalar(struct eval *e, const struct json *j, unsigned t)
{
    switch (j->kind) {
    case JSON_STRING:
        return (struct value){.kind = (uint8_t)kind_of_text(t), .text = j->text};
    case JSON_NUMBER:
        return of_number(e, j, t == FHIR_TYPE_DECIMAL);
    default: /* true, false */
        return value_boolean(j->kind == JSON_TRUE);
    }
}

/* What stands at one place, `extra` its companion; a resource knows its type itself. */
static void add_one(struct eval *e, const struct json *j, const struct json *extra, unsigned t,
                    struct values *out)
{
    bool primitive = t && fhir_type_kind(t) == FHIR_PRIMITIVE;
    struct value v;
    extra = primitive && extra && extra->kind == JSON_OBJECT ? extra : NULL;
    if (j && j->kind == JSON_ARRAY) {
        json_each(item, j)
        {
            add_one(e, item, NULL, t, out);
        }
        return;
    }
    if (!j || j->kind == JSON_NULL) {
        if (!extra) {
            return;
        }
        v = (struct value){.kind = VALUE_NODE};
    } else if (j->kind == JSON_OBJECT) {
        v = (struct value){.kind = VALUE_NODE, .json = j};
        bool may_tell = !t || fhir_type_kind(t) == FHIR_RESOURCE;
        unsigned own = may_tell ? tree_resource_type(j) : 0;
        t = own ? own : t;
    } else {
        v = of_scalar(e, j, t);
    }
    v.model = (uint16_t)t;
    v.extra = extra;
    *values_add(out, e->a) = v;
}

/* A member and its companion, side by side where they are arrays. */
static void add(struct eval *e, const struct json *j, const struct json *extra, unsigned t,
                struct values *out)
{
    bool arrays = extra && extra->kind == JSON_ARRAY;
    if (!arrays || (j && j->kind != JSON_ARRAY)) {
        add_one(e, j, extra, t, out);
        return;
    }
    const struct json *item = j ? j->first : NULL, *beside = extra->first;
    while (item || beside) {
        add_one(e, item, beside, t, out);
        item = item ? item->next : NULL;
        beside = beside ? beside->next : NULL;
    }
}

void tree_root(struct eval *e, struct values *out)
{
    if (e->root) {
        add_one(e, e->root, NULL, 0, out);
    }
}

void tree_typed(struct eval *e, const struct json *j, unsigned t, struct values *out)
{
    add_one(e, j, NULL, t, out);
}

struct str tree_spelling(struct arena *a, const struct node *n)
{
    if (n->op == NODE_TREE_TYPE) {
        return n->text;
    }
    if (n->op == NODE_THIS) {
        return STR("$this");
    }
    if (n->op != NODE_TREE_MEMBER) {
        return STR("");
    }
    if (!n->nargs) {
        return n->text;
    }
    struct str of = tree_spelling(a, n->arg[0]);
    return of.n ? str_printf(a, "%.*s.%.*s", STR_ARG(of), STR_ARG(n->text)) : of;
}

/* ---- members ---- */

/* The object that holds the members of a value: of a primitive, its companion. */
static const struct json *members_of(const struct value *v)
{
    bool whole = v->kind == VALUE_NODE && v->json && v->json->kind == JSON_OBJECT;
    return whole ? v->json : v->model ? v->extra : NULL;
}

static bool is_companion(struct str key, struct str of)
{
    return key.n == of.n + 1 && key.p[0] == '_' && memcmp(key.p + 1, of.p, of.n) == 0;
}

/* The companion of a primitive; of anything else none. */
static const struct json *companion(const struct json *object, struct str key, unsigned t)
{
    bool may = t && fhir_type_kind(t) == FHIR_PRIMITIVE;
    for (const struct json *j = may ? object->first : NULL; j; j = j->next) {
        if (is_companion(j->key, key)) {
            return j;
        }
    }
    return NULL;
}

/* A key without the _ of a companion. */
static struct str plain_key(const struct json *j, bool *out_beside)
{
    *out_beside = j->key.n && j->key.p[0] == '_';
    return *out_beside ? str_slice(j->key, 1, j->key.n) : j->key;
}

/* value[x]: the key says the type; there may be nothing but a companion. */
static void add_choice(struct eval *e, const struct json *object, const struct fhir_element *el,
                       struct values *out)
{
    json_each(j, object)
    {
        bool beside;
        struct str key = plain_key(j, &beside);
        unsigned t = fhir_element_choice(el, key);
        if (t && !beside) {
            add(e, j, companion(object, key, t), t, out);
        } else if (t && !json_get_str(object, key)) {
            add(e, NULL, j, t, out);
        }
    }
}

static void add_named(struct eval *e, const struct json *object, struct str name, unsigned t,
                      struct values *out)
{
    const struct json *found = NULL, *extra = NULL;
    bool primitive = t && fhir_type_kind(t) == FHIR_PRIMITIVE;
    json_each(j, object)
    {
        if (str_eq(j->key, name)) {
            found = j;
        } else if (primitive && is_companion(j->key, name)) {
            extra = j;
        }
    }
    if (found || extra) {
        add(e, found, extra, t, out);
    }
}

void tree_member(struct eval *e, struct str name, const struct value *v, struct values *out)
{
    const struct json *object = members_of(v);
    if (!object) {
        return;
    }
    if (!v->model) {
        add_named(e, object, name, 0, out);
        return;
    }
    const struct fhir_element *el = fhir_element(v->model, name);
    if (el && (el->flags & FHIR_CHOICE)) {
        add_choice(e, object, el, out);
    } else if (el) {
        add_named(e, object, name, fhir_element_type(el, 0), out);
    }
}

/* The FHIR type of a member by its key; 0: it is no element. */
static unsigned type_of_key(unsigned of, struct str key)
{
    unsigned t = 0;
    const struct fhir_element *el = fhir_element(of, key);
    return el ? (el->flags & FHIR_CHOICE ? 0 : fhir_element_type(el, 0))
              : (fhir_choice(of, key, &t) ? t : 0);
}

void tree_children(struct eval *e, const struct value *v, struct values *out)
{
    const struct json *object = members_of(v);
    json_each(j, object)
    {
        bool beside = false;
        struct str key = v->model ? plain_key(j, &beside) : j->key;
        unsigned t = v->model ? type_of_key(v->model, key) : 0;
        if (v->model && !t) {
            continue;
        }
        if (!beside) {
            add(e, j, companion(object, key, t), t, out);
        } else if (!json_get_str(object, key)) {
            add(e, NULL, j, t, out);
        }
    }
}

/* ---- nodes as values ---- */

bool tree_quantity(struct eval *e, const struct value *v, struct value *out)
{
    if (v->kind == VALUE_QUANTITY) {
        *out = *v;
        return true;
    }
    const struct json *number =
        v->kind == VALUE_NODE && v->json ? json_get(v->json, "value") : NULL;
    if (!number || number->kind != JSON_NUMBER || json_get(v->json, "comparator") ||
        !fhir_type_is(v->model, FHIR_TYPE_QUANTITY)) {
        return false;
    }
    struct value n = of_number(e, number, true);
    struct str code = json_text(json_get(v->json, "code")),
               unit = json_text(json_get(v->json, "unit")),
               system = json_text(json_get(v->json, "system"));
    bool ucum = code.n && (!system.n || str_is(system, "http://unitsofmeasure.org"));
    unit = ucum || !unit.n ? code : unit;
    *out = n;
    out->kind = VALUE_QUANTITY;
    out->type = unit.n ? str_dup(e->a, unit).p : "1";
    return n.kind == VALUE_DECIMAL;
}

struct str tree_text(struct eval *e, const struct value *v)
{
    struct buf b = {0};
    if (!v->json) {
        return STR("");
    }
    json_write(&b, v->json, 0);
    struct str text = str_dup(e->a, buf_str(&b));
    buf_free(&b);
    return text;
}
