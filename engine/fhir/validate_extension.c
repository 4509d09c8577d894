/* Extensions. Source: FHIR R4 "Extensibility" 2.4.1 (ext-1, url), and the definitions of those that R4 itself has. */
#include "engine/fhir/extension.h"
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
    if (!j && json_get(place->json, "_url")) {
        fhir_found(w->r, FHIR_RULE_REQUIRED, place, STR("url"), -1, place->json->at,
                   "Extension has no url; it must have one, an extension of it is none");
    }
    if (!j || !url.n) {
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

/* ---- those that R4 defines ---- */

enum { SIBLINGS_MAX = 1000 }; /* that are looked at for a second one */

/* The type itself or what it is based on. */
static bool is_type(unsigned t, struct str context)
{
    for (; t; t = fhir_type_base(t)) {
        if (str_is(context, fhir_type_name(t))) {
            return true;
        }
    }
    return false;
}

/* Takes ".name" off the end of `context`; false: it does not end so. */
static bool take_name(struct str *context, struct str name)
{
    size_t n = name.n + 1;
    if (context->n <= n || context->p[context->n - n] != '.' || !str_ends(*context, name)) {
        return false;
    }
    context->n -= n;
    return true;
}

/* "Questionnaire.item.item": the elements from the resource on. */
static bool is_path(const struct fhir_place *place, struct str context)
{
    for (; !place->is_resource && place->up; place = place->up) {
        if (!take_name(&context, place->name)) {
            return false;
        }
    }
    return str_is(context, fhir_type_name(place->type));
}

/* "HumanName.family": an element of the type that holds it. */
static bool is_element(const struct fhir_place *place, struct str context)
{
    return !place->is_resource && place->up && take_name(&context, place->name) &&
           is_type(place->up->type, context);
}

static bool may_stand(const struct extension_row *x, const struct fhir_place *holder)
{
    const char *text;
    for (unsigned i = 0; (text = fhir_extension_context(x, i)); i++) {
        struct str context = str_of(text);
        bool anywhere = str_is(context, "Element"); /* R4 has these on resources, too */
        if (anywhere || is_type(holder->type, context) || is_element(holder, context) ||
            is_path(holder, context)) {
            return true;
        }
    }
    return false;
}

static bool is_type_of(const struct extension_row *x, unsigned type)
{
    unsigned one;
    for (unsigned i = 0; (one = fhir_extension_type(x, i)); i++) {
        if (fhir_type_is(type, one)) {
            return true;
        }
    }
    return false;
}

/* The type of its value; 0: it has none, or one that R4 does not have. */
static unsigned type_of_value(const struct json *extension)
{
    unsigned type = 0;
    json_each(j, extension)
    {
        struct str key = j->key.n && j->key.p[0] == '_' ? str_slice(j->key, 1, j->key.n) : j->key;
        if (!type && str_starts(key, STR("value")) &&
            !fhir_choice(FHIR_TYPE_EXTENSION, key, &type)) {
            type = 0;
        }
    }
    return type;
}

/* Does one with this url stand before it? */
static bool is_second(const struct fhir_place *place, struct str url)
{
    unsigned n = 0;
    bool is_modifier = str_is(place->name, "modifierExtension");
    json_each(one, json_get(place->up->json, is_modifier ? "modifierExtension" : "extension"))
    {
        if (one == place->json || n++ > SIBLINGS_MAX) {
            return false;
        }
        if (str_eq(json_text(json_get(one, "url")), url)) {
            return true;
        }
    }
    return false;
}

static void check_defined(struct fhir_walk *w, const struct fhir_place *place, bool has_parts)
{
    struct str url = json_text(json_get(place->json, "url"));
    const struct extension_row *x = fhir_extension_named(url);
    if (!x || !place->up) {
        return;
    }
    unsigned type = type_of_value(place->json);
    uint8_t flags = fhir_extension_flags(x);
    bool is_modifier = str_is(place->name, "modifierExtension");
    const char *why = NULL;
    if (!may_stand(x, place->up)) {
        why = "this extension may not stand here; R4 has it for other elements";
    } else if (is_modifier != !!(flags & FHIR_EXTENSION_MODIFIER)) {
        why = is_modifier ? "this extension modifies nothing; it stands in `extension`"
                          : "this extension modifies what it extends; it stands in "
                            "`modifierExtension`";
    } else if (type && !fhir_extension_type(x, 0)) {
        why = "this extension has parts, and no value";
    } else if (type && !is_type_of(x, type)) {
        why = "the value of this extension has another type";
    } else if (!type && has_parts && fhir_extension_type(x, 0)) {
        why = "this extension has a value, and no parts";
    } else if (flags & FHIR_EXTENSION_ONCE && is_second(place, url)) {
        why = "this extension stands once, and another one is there";
    }
    if (why) {
        fhir_found(w->r, FHIR_RULE_EXTENDED, place, STR(""), -1, place->json->at, "%s", why);
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
    check_defined(w, place, parts);
}
