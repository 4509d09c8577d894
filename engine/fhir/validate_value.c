/* Primitives: the kind of JSON value, the form of the text, codes, narrative. */
#include "engine/fhir/literal.h"
#include "engine/fhir/narrative.h"
#include "engine/fhir/primitive.h"
#include "engine/fhir/validate_priv.h"

/* Is the value of the JSON kind that `t` has? */
static bool is_kind(const struct json *j, unsigned t)
{
    switch (fhir_primitive_spelling(t)) {
    case FHIR_IS_TEXT:
        return j->kind == JSON_STRING;
    case FHIR_IS_NUMBER:
        return j->kind == JSON_NUMBER;
    case FHIR_IS_BOOLEAN:
        return j->kind == JSON_TRUE || j->kind == JSON_FALSE;
    }
    return false;
}

static const char *kind_text(unsigned t)
{
    static const char *const texts[] = {"a text in quotes", "a number", "true or false"};
    return texts[fhir_primitive_spelling(t)];
}

static void check_narrative(struct fhir_walk *w, const struct fhir_place *place,
                            const struct fhir_slot *slot, const struct json *j)
{
    struct fhir_narrative_fault fault;
    if (!fhir_narrative_check(j->text, &fault)) {
        fhir_found(w->r, FHIR_RULE_NARRATIVE, place, slot->name, -1, j->at,
                   "%s%s%.*s, at character %zu of it", fault.text, fault.name.n ? ": " : "",
                   STR_ARG(fault.name), fault.at + 1);
    }
}

static bool is_uri(unsigned t)
{
    return t == FHIR_TYPE_URI || t == FHIR_TYPE_URL || t == FHIR_TYPE_CANONICAL;
}

static bool has_blank(struct str s)
{
    return str_index(s, ' ') >= 0 || str_index(s, '\t') >= 0 || str_index(s, '\n') >= 0 ||
           str_index(s, '\r') >= 0;
}

/* Source: FHIR R4 "Resource" 2.26.3, Meta.source: its # need not be in the resource; servers put the request there. */
static bool is_source(const struct fhir_place *place, const struct fhir_slot *slot)
{
    return place->type == FHIR_TYPE_META && str_is(slot->name, "source");
}

/* #Patient.contact of ElementDefinition.contentReference: without a snapshot the element may be that of the base. */
static bool is_of_base(const struct fhir_place *place, const struct fhir_slot *slot)
{
    return str_is(slot->name, "contentReference") &&
           str_is(str_of(fhir_type_name(place->type)), "ElementDefinition") &&
           !json_get(place->resource->json, "snapshot");
}

/* CodeSystem.url and its like: "an absolute URI". Device.url is where it can be reached. */
static bool is_definition(const struct fhir_place *place, const struct fhir_slot *slot)
{
    return place->is_resource && slot->type == FHIR_TYPE_URI && str_is(slot->name, "url") &&
           !str_is(str_of(fhir_type_name(place->type)), "Device");
}

/* A uri that begins with #: in the resource, but for two elements. */
static void check_hash(struct fhir_walk *w, const struct fhir_place *place,
                       const struct fhir_slot *slot, const struct json *j, int32_t index)
{
    if (is_source(place, slot)) {
        (void)fhir_contained_use(w, str_slice(j->text, 1, j->text.n)); /* it may be, and counts */
    } else if (!is_of_base(place, slot)) {
        fhir_check_fragment(w, place, slot, j, index);
    }
}

/* What stands in text that has the right form. */
static void check_content(struct fhir_walk *w, const struct fhir_place *place,
                          const struct fhir_slot *slot, const struct json *j, int32_t index)
{
    bool is_element_id = slot->type == FHIR_TYPE_STRING && str_is(slot->name, "id");
    if (is_element_id && has_blank(j->text)) {
        fhir_found(w->r, FHIR_RULE_FORMATS, place, slot->name, index, j->at,
                   "a blank in the id of an element; expected none");
    } else if (slot->type == FHIR_TYPE_XHTML) {
        check_narrative(w, place, slot, j);
    } else if (slot->type == FHIR_TYPE_CODE) {
        fhir_check_code(w, place, slot, j, index);
    } else if (is_definition(place, slot) && !fhir_is_absolute(j->text)) {
        fhir_found(w->r, FHIR_RULE_SYSTEMS, place, slot->name, index, j->at,
                   "the url of a definition is not absolute; expected a URL or urn");
    } else if (j->text.p[0] == '#' && is_uri(slot->type)) {
        check_hash(w, place, slot, j, index);
    }
}

/* How many bytes base64 stands for. */
static int64_t decoded_size(struct str base64)
{
    int64_t digits = 0;
    for (size_t i = 0; i < base64.n; i++) {
        char c = base64.p[i];
        digits += c != '=' && c != ' ' && c != '\t' && c != '\r' && c != '\n';
    }
    return digits * 3 / 4;
}

void fhir_check_attachment(struct fhir_walk *w, const struct fhir_place *place)
{
    const struct json *size = json_get(place->json, "size");
    struct str data = json_text(json_get(place->json, "data"));
    int64_t said;
    if (data.n && size && size->kind == JSON_NUMBER && str_to_i64(size->text, &said) &&
        fhir_primitive_valid(FHIR_TYPE_BASE64_BINARY, data) && said != decoded_size(data)) {
        fhir_found(w->r, FHIR_RULE_FORMATS, place, STR("size"), -1, size->at,
                   "this is not the size of the data; expected its bytes before base64");
    }
}

static void tell(struct fhir_walk *w, const struct fhir_place *place, const struct fhir_slot *slot,
                 const struct fhir_literal_fault *fault, const struct json *j, int32_t index)
{
    enum fhir_rule rule = fault->is_mild    ? FHIR_RULE_HABITS
                          : fault->is_empty ? FHIR_RULE_EMPTY_VALUES
                                            : FHIR_RULE_FORMATS;
    bool is_known = fault->found != NULL;
    fhir_found(w->r, rule, place, slot->name, index, j->at, "%s%s; expected %s",
               is_known ? fault->found : "this is no ", is_known ? "" : fhir_type_name(slot->type),
               fault->expected);
}

void fhir_check_primitive(struct fhir_walk *w, const struct fhir_place *place,
                          const struct fhir_slot *slot, const struct json *j, int32_t index)
{
    struct fhir_literal_fault fault = {.is_mild = true};
    if (!is_kind(j, slot->type)) {
        fhir_found(w->r, FHIR_RULE_JSON_KINDS, place, slot->name, index, j->at,
                   "found %s; %s is %s", json_kind_text(j), fhir_type_name(slot->type),
                   kind_text(slot->type));
        return;
    }
    if (j->kind != JSON_STRING && j->kind != JSON_NUMBER) {
        return;
    }
    if (!fhir_literal_check(slot->type, j->text, &fault)) {
        tell(w, place, slot, &fault, j, index);
    }
    if (fault.is_mild && j->kind == JSON_STRING) {
        check_content(w, place, slot, j, index);
    }
}
