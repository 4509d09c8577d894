/* Extensions. Source: FHIR R4 "Extensibility" 2.4.1 (ext-1, url). */
#include "engine/fhir/literal.h"
#include "engine/fhir/validate_priv.h"

static bool has_value(const struct json *extension)
{
    json_each(j, extension)
    {
        struct str key = j->key.n && j->key.p[0] == '_' ? str_slice(j->key, 1, j->key.n) : j->key;
        if (key.n > 5 && str_starts(key, STR("value"))) {
            return true;
        }
    }
    return false;
}

static void check_url(struct fhir_walk *w, const struct fhir_place *place)
{
    const struct json *j = json_get(place->json, "url");
    struct str url = json_text(j);
    bool nested = place->up && place->up->type == FHIR_TYPE_EXTENSION;
    if (!url.n) {
        return; /* required, told there */
    }
    if (str_index(url, '|') >= 0) {
        fhir_found(w->r, FHIR_RULE_EXTENSIONS, place, STR("url"), -1, j->at,
                   "the url of an extension with a version; expected none");
    } else if (!nested && !fhir_is_absolute(url)) {
        fhir_found(w->r, FHIR_RULE_EXTENSIONS, place, STR("url"), -1, j->at,
                   "the url of an extension is not absolute; only within another one it need not "
                   "be");
    }
}

void fhir_check_extension(struct fhir_walk *w, const struct fhir_place *place)
{
    bool value = has_value(place->json), parts = json_get(place->json, "extension") != NULL;
    check_url(w, place);
    if (value == parts) {
        fhir_found(w->r, FHIR_RULE_EXTENSIONS, place, STR(""), -1, place->json->at,
                   value ? "a value and extensions in one extension; expected either"
                         : "an extension without a value or extensions; expected either");
    }
}
