/* Required bindings. */
#include "engine/fhir/literal.h"
#include "engine/fhir/terms.h"
#include "engine/fhir/validate_priv.h"

enum { LISTED_MAX = 12 };

/* ", expected male, female, other or unknown": the codes, where they are few. */
static struct str expected(struct fhir_walk *w, unsigned set)
{
    struct str codes = fhir_set_text(w->r->a, set, LISTED_MAX);
    return codes.n ? str_printf(w->r->a, "; expected %.*s", STR_ARG(codes)) : STR("");
}

/* type/subtype, with what may follow; and what capability statements have for short */
static bool is_mime(struct str s)
{
    ptrdiff_t slash = str_index(s, '/');
    return (slash > 0 && (size_t)slash + 1 < s.n) || str_is(s, "json") || str_is(s, "xml") ||
           str_is(s, "ttl");
}

static bool is_currency(struct str s)
{
    bool good = s.n == 3;
    for (size_t i = 0; good && i < s.n; i++) {
        good = s.p[i] >= 'A' && s.p[i] <= 'Z';
    }
    return good;
}

/* Where the codes are not listed: what can be said by the form alone. */
static void check_form(struct fhir_walk *w, const struct fhir_place *place,
                       const struct fhir_slot *slot, const struct json *j, int32_t index)
{
    const char *url = fhir_set_url(fhir_bound_to(slot->e));
    if (str_ends(str_of(url), STR("/currencies")) && !is_currency(j->text)) {
        fhir_found(w->r, FHIR_RULE_CODES, place, slot->name, index, j->at,
                   "this is no currency of ISO 4217; expected three capital letters");
    } else if (str_ends(str_of(url), STR("/mimetypes")) && !is_mime(j->text)) {
        fhir_found(w->r, FHIR_RULE_CODES, place, slot->name, index, j->at,
                   "this is no media type of BCP 13; expected type/subtype");
    }
}

/* Words of 1 to 8 letters and digits, the first one of letters. */
static bool is_language(struct str s)
{
    struct str rest = s, word;
    bool is_first = true, is_good = s.n > 0 && s.p[s.n - 1] != '-';
    while (rest.n && is_good) {
        (void)str_split(&rest, '-', &word);
        is_good = word.n >= 1 && word.n <= 8;
        for (size_t i = 0; i < word.n && is_good; i++) {
            char c = (char)(word.p[i] | 0x20);
            is_good = (c >= 'a' && c <= 'z') || (!is_first && c >= '0' && c <= '9');
        }
        is_first = false;
    }
    return is_good;
}

/* Of a resource, an attachment, a designation: bound to all languages whatever its preferred ones are. */
static void check_language(struct fhir_walk *w, const struct fhir_place *place,
                           const struct fhir_slot *slot, const struct json *j, int32_t index)
{
    bool has_one = place->is_resource || place->type == FHIR_TYPE_ATTACHMENT ||
                   str_ends(str_of(fhir_type_name(place->type)), STR(".designation"));
    if (has_one && str_is(slot->name, "language") && !is_language(j->text)) {
        fhir_found(w->r, FHIR_RULE_CODES, place, slot->name, index, j->at,
                   "this is no language of BCP 47; expected one as en or de-CH");
    }
}

/* The address of a value set of HL7's, which is no system. */
static bool is_value_set(struct str system)
{
    return str_starts(system, STR("http://hl7.org/fhir/ValueSet/")) ||
           str_starts(system, STR("http://terminology.hl7.org/ValueSet/"));
}

/* Of an expression: bound to all media types, whatever its usual ones are. */
static void check_expression(struct fhir_walk *w, const struct fhir_place *place,
                             const struct fhir_slot *slot, const struct json *j, int32_t index)
{
    if (place->type == FHIR_TYPE_EXPRESSION && !is_mime(j->text)) {
        fhir_found(w->r, FHIR_RULE_CODES, place, slot->name, index, j->at,
                   "this is no media type of BCP 13; expected one as text/fhirpath or text/cql");
    }
}

void fhir_check_code(struct fhir_walk *w, const struct fhir_place *place,
                     const struct fhir_slot *slot, const struct json *j, int32_t index)
{
    static const struct str any = {NULL, 0};
    unsigned set = fhir_bound_to(slot->e);
    if (!set) {
        check_language(w, place, slot, j, index);
        check_expression(w, place, slot, j, index);
    } else if (!fhir_set_is_listed(set)) {
        check_form(w, place, slot, j, index);
    } else if (!fhir_set_has(set, any, j->text)) {
        fhir_found(w->r, FHIR_RULE_CODES, place, slot->name, index, j->at,
                   "the code is not in %s%.*s", fhir_set_url(set), STR_ARG(expected(w, set)));
    }
}

void fhir_check_system(struct fhir_walk *w, const struct fhir_place *place)
{
    const struct json *system = json_get(place->json, "system");
    struct str text = json_text(system);
    if (text.n && !fhir_is_absolute(text)) {
        fhir_found(w->r, FHIR_RULE_SYSTEMS, place, STR("system"), -1, system->at,
                   "the system is not absolute; expected a URL or urn");
    } else if (is_value_set(text)) {
        fhir_found(w->r, FHIR_RULE_SYSTEMS, place, STR("system"), -1, system->at,
                   "the system is a value set; expected the code system that its codes are of");
    }
    const struct json *value = json_get(place->json, "value");
    bool is_uri = str_is(text, "urn:ietf:rfc:3986") && place->type == FHIR_TYPE_IDENTIFIER;
    if (is_uri && json_text(value).n && !fhir_is_absolute(value->text)) {
        fhir_found(w->r, FHIR_RULE_SYSTEMS, place, STR("value"), -1, value->at,
                   "the system says that this is a uri, and it is none");
    }
}

static bool is_coding_in(unsigned set, const struct json *coding)
{
    struct str system = json_text(json_get(coding, "system")),
               code = json_text(json_get(coding, "code"));
    system = system.p ? system : STR("");
    return code.n && fhir_set_has(set, system, code);
}

static bool is_concept_in(unsigned set, const struct json *concept)
{
    json_each(coding, json_get(concept, "coding"))
    {
        if (is_coding_in(set, coding)) {
            return true;
        }
    }
    return false;
}

void fhir_check_concept(struct fhir_walk *w, const struct fhir_place *place,
                        const struct fhir_element *e)
{
    unsigned set = fhir_bound_to(e);
    bool concept = place->type == FHIR_TYPE_CODEABLE_CONCEPT;
    bool says_why = !json_get(place->json, concept ? "coding" : "code") &&
                    json_get(place->json, "extension"); /* why there is none */
    if (!set || !fhir_set_is_listed(set) || says_why) {
        return;
    }
    if (concept ? !is_concept_in(set, place->json) : !is_coding_in(set, place->json)) {
        fhir_found(w->r, FHIR_RULE_CODES, place, STR(""), -1, place->json->at, "%s is in %s%.*s",
                   concept ? "no coding of it" : "it is no code that", fhir_set_url(set),
                   STR_ARG(expected(w, set)));
    }
}
