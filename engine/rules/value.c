#include "engine/rules/value.h"

#include "engine/fhir/model.h"
#include "engine/hl7/escape.h"
#include "engine/rules/moment.h"

struct value *values_grow(struct values *l, struct arena *a)
{
    uint32_t cap = l->cap ? l->cap * 2 : VALUES_ROOM;
    struct value *v = arena_alloc(a, cap * sizeof(*v));
    if (l->n) {
        memcpy(v, l->v, l->n * sizeof(*v));
    }
    l->v = v;
    l->cap = cap;
    return &l->v[l->n++];
}

const char *value_kind_text(enum value_kind k)
{
    static const char *const names[] = {
        "string", "integer", "decimal", "boolean", "date",   "dateTime", "time",   "Quantity",
        "string", "segment", "group",   "message", "source", "null",     "string", "object"};
    return names[k];
}

const char *value_type_text(const struct value *v)
{
    if (v->kind == VALUE_HL7) {
        return v->type ? v->type : "string";
    }
    if (!v->model) {
        return value_is_long(v) ? "long" : value_kind_text((enum value_kind)v->kind);
    }
    bool unnamed = fhir_type_kind(v->model) == FHIR_BACKBONE;
    return fhir_type_name(unnamed ? fhir_type_base(v->model) : v->model);
}

bool value_is_composite(const struct value *v)
{
    if (v->kind == VALUE_SEGMENT || v->kind == VALUE_GROUP) {
        return true;
    }
    if (v->kind != VALUE_HL7 || v->level == LEVEL_SUBCOMPONENT || v->text.n == 0) {
        return false;
    }
    if (v->level == LEVEL_REPETITION && memchr(v->text.p, v->m->d.component, v->text.n)) {
        return true;
    }
    return v->m->d.subcomponent && memchr(v->text.p, v->m->d.subcomponent, v->text.n) != NULL;
}

static struct str integer_text(struct arena *a, int64_t i)
{
    char text[24], *end = text + sizeof(text), *at = end;
    uint64_t left = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
    do {
        *--at = (char)('0' + left % 10);
    } while ((left /= 10) > 0);
    if (i < 0) {
        *--at = '-';
    }
    return str_dup(a, str_from(at, (size_t)(end - at)));
}

static struct str decimal_text(struct arena *a, const struct value *v)
{
    struct decimal d = value_decimal(v);
    char text[DECIMAL_TEXT_MAX];
    size_t n = decimal_format(&d, text);
    if (v->kind == VALUE_QUANTITY) {
        bool is_word = moment_unit_of(str_of(v->type), false) != UNIT_NONE;
        return str_printf(a, is_word ? "%.*s %s" : "%.*s '%s'", (int)n, text, v->type);
    }
    bool as_written = d.scale || v->model;
    return str_printf(a, as_written ? "%.*s" : "%.*s.0", (int)n, text);
}

static struct str hl7_text(struct arena *a, const struct value *v)
{
    char escape = v->m->d.escape;
    if (v->text.n == 0 || !escape || !memchr(v->text.p, escape, v->text.n) ||
        value_is_composite(v)) {
        return v->text;
    }
    return hl7_unescape(a, &v->m->d, v->text);
}

struct str value_text(struct arena *a, const struct value *v)
{
    switch ((enum value_kind)v->kind) {
    case VALUE_STRING:
    case VALUE_DATE:
    case VALUE_DATETIME:
    case VALUE_TIME:
    case VALUE_ESCAPED:
    case VALUE_SOURCE:
        return v->text;
    case VALUE_INTEGER:
        return integer_text(a, v->i);
    case VALUE_DECIMAL:
    case VALUE_QUANTITY:
        return decimal_text(a, v);
    case VALUE_BOOLEAN:
        return v->i ? STR("true") : STR("false");
    case VALUE_HL7:
        return hl7_text(a, v);
    case VALUE_NULL:
        return STR("\"\"");
    case VALUE_MESSAGE:
        return v->m ? v->m->raw : STR("");
    case VALUE_SEGMENT:
    case VALUE_GROUP:
    case VALUE_NODE:
        break;
    }
    return STR("");
}

struct decimal value_decimal(const struct value *v)
{
    if (v->kind == VALUE_INTEGER) {
        return decimal_of(v->i);
    }
    unsigned __int128 digits = (unsigned __int128)(uint64_t)v->digits.hi << 64 | v->digits.lo;
    return (struct decimal){(__int128)digits, v->scale};
}

struct value value_of_decimal(struct decimal d)
{
    struct value v = {.kind = VALUE_DECIMAL, .scale = d.scale};
    v.digits.lo = (uint64_t)d.digits;
    v.digits.hi = (int64_t)(d.digits >> 64);
    return v;
}

bool value_number(struct str s, struct value *out)
{
    struct decimal d;
    int64_t i;
    if (str_index(s, '.') < 0) {
        bool plus = s.n > 1 && s.p[0] == '+' && s.p[1] != '-';
        if (!str_to_i64(plus ? str_slice(s, 1, s.n) : s, &i)) {
            return false;
        }
        *out = value_integer(i);
        return true;
    }
    if (!decimal_parse(s, &d)) {
        return false;
    }
    *out = value_of_decimal(d);
    return true;
}

int value_number_cmp(const struct value *a, const struct value *b)
{
    if (a->kind == VALUE_INTEGER && b->kind == VALUE_INTEGER) {
        return (a->i > b->i) - (a->i < b->i);
    }
    struct decimal x = value_decimal(a), y = value_decimal(b);
    return decimal_cmp(&x, &y);
}
