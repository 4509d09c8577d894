/* Maps to messages of HL7 v2: values as bytes of their place. */
#include "engine/rules/run_v2.h"

#include "engine/hl7/dtm.h"
#include "engine/hl7/escape.h"

struct hl7_delims run_v2_delims(const struct eval *e)
{
    static const struct hl7_delims usual = {
        .field = '|', .component = '^', .repetition = '~', .escape = '\\', .subcomponent = '&'};
    return e->doc ? e->doc->m->d : usual;
}

static bool no_type(struct eval *e, const struct item *item)
{
    return eval_fail(e, item->formula, "the value is no %s, as %.*s wants", item->v2->type,
                     STR_ARG(item->v2->name));
}

/* [+|-]digits[.digits], as NM: zeros in front are allowed. */
static bool is_number(struct str s)
{
    size_t i = s.n && (s.p[0] == '+' || s.p[0] == '-'), digits = 0, dots = 0;
    for (; i < s.n; i++) {
        bool digit = s.p[i] >= '0' && s.p[i] <= '9';
        digits += digit;
        dots += s.p[i] == '.';
        if (!digit && s.p[i] != '.') {
            return false;
        }
    }
    return digits && dots <= 1;
}

bool v2_is_of_type(const struct v2_place *p, struct str text)
{
    struct dtm t;
    switch (p->of) {
    case TYPE_NUMBER:
        return is_number(text);
    case TYPE_DATE:
        return dtm_parse(text, DTM_BOTH, &t, NULL) == 0;
    case TYPE_TIME:
        return dtm_parse(text, DTM_TIME, &t, NULL) == 0;
    default:
        return true;
    }
}

static bool put_text(struct eval *e, const struct item *item, struct str text, struct json **out)
{
    struct hl7_delims d = run_v2_delims(e);
    struct str bytes;
    if (text.n == 0) {
        return true;
    }
    if (!v2_is_of_type(item->v2, text)) {
        return no_type(e, item);
    }
    if (!eval_bytes(e, text, &bytes)) {
        return eval_fail(e, item->formula, "the character set of the message cannot say this text");
    }
    *out = json_new_string(e->a, hl7_escape(e->a, &d, bytes, item->v2->is_formatted));
    return true;
}

/* A date as HL7 writes it: a DT is cut, its hours would be no DT. */
static bool put_moment(struct eval *e, const struct item *item, const struct value *v,
                       struct json **out)
{
    struct moment m;
    if (!moment_read(v->text, (enum value_kind)v->kind, &m)) {
        return no_type(e, item);
    }
    bool is_dt = item->v2->type && strcmp(item->v2->type, "DT") == 0;
    if (is_dt && m.part[MOMENT_HOUR] >= 0) {
        return eval_fail(e, item->formula,
                         "the value holds a time, and %.*s is a DT; .toDate() cuts",
                         STR_ARG(item->v2->name));
    }
    return put_text(e, item, moment_text_v2(e->a, &m), out);
}

static enum value_level level_of(const struct v2_place *p)
{
    return p->level == V2_SUBCOMPONENT ? LEVEL_SUBCOMPONENT
           : p->level == V2_COMPONENT  ? LEVEL_COMPONENT
                                       : LEVEL_REPETITION;
}

/* Bytes of the message that is read: they are encoded already. */
static bool put_bytes(struct eval *e, const struct item *item, const struct value *v,
                      struct json **out)
{
    struct str bytes, text;
    bool composite = value_is_composite(v), one = item->v2->of != TYPE_COMPOSITE &&
                                                  item->v2->of != TYPE_SIMPLE &&
                                                  item->v2->of != TYPE_UNKNOWN;
    if (composite && one) { /* CE where one text is wanted: its first component */
        return eval_text(e, item->formula, v, &text) && put_text(e, item, text, out);
    }
    if (!composite && !v2_is_of_type(item->v2, value_text(e->a, v))) {
        return no_type(e, item);
    }
    if (!run_relevel(e->a, level_of(item->v2), v, &bytes)) {
        return eval_fail(e, item->formula, "the value has more parts than %.*s can hold",
                         STR_ARG(item->v2->name));
    }
    *out = bytes.n ? json_new_string(e->a, bytes) : NULL;
    return true;
}

static bool put_segment(struct eval *e, const struct item *item, const struct value *v,
                        struct json **out)
{
    bool segment = v->kind == VALUE_SEGMENT && item->v2->level == V2_SEGMENT &&
                   memcmp(draft_id(e->doc, v->leaf), item->v2->seg, 4) == 0;
    if (!segment) {
        return eval_fail(e, item->formula, "%.*s wants another thing than a %s",
                         STR_ARG(item->v2->name), value_kind_text(v->kind));
    }
    struct edit_seg seg = draft_read(e->doc, v->leaf);
    *out = json_new_string(e->a, hl7_seg_text(seg.m, seg.seg));
    return true;
}

bool run_v2_value(struct eval *e, const struct item *item, const struct value *v, struct json **out)
{
    *out = NULL;
    if (v->kind == VALUE_NODE && !v->json) {
        return true; /* a primitive of FHIR that holds only extensions, as a masked number: no value */
    }
    if (item->v2->level == V2_SEGMENT) {
        return put_segment(e, item, v, out);
    }
    switch ((enum value_kind)v->kind) {
    case VALUE_HL7:
        return put_bytes(e, item, v, out);
    case VALUE_NULL:
        *out = json_new(e->a, JSON_NULL);
        return true;
    case VALUE_ESCAPED:
        *out = json_new_string(e->a, v->text);
        return true;
    case VALUE_DATE:
    case VALUE_DATETIME:
    case VALUE_TIME:
        return item->v2->of == TYPE_DATE || item->v2->of == TYPE_TIME ||
                       item->v2->of == TYPE_UNKNOWN
                   ? put_moment(e, item, v, out)
                   : put_text(e, item, v->text, out);
    case VALUE_STRING:
    case VALUE_INTEGER:
    case VALUE_DECIMAL:
        return put_text(e, item, value_text(e->a, v), out);
    default:
        return eval_fail(e, item->formula, "a %s fits into no field", value_kind_text(v->kind));
    }
}
