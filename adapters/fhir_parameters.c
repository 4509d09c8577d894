#include "adapters/fhir_parameters.h"

#include "engine/fhir/model.h"

static bool is_parameters(const struct json *root)
{
    return str_is(json_text(json_get(root, "resourceType")), "Parameters");
}

/* The first parameter of a name; *out_at: which one it is. */
static struct json *parameter_of(const struct json *root, const char *name, unsigned *out_at)
{
    *out_at = 0;
    json_each(one, json_get(root, "parameter"))
    {
        if (str_is(json_text(json_get(one, "name")), name)) {
            return one;
        }
        ++*out_at;
    }
    return NULL;
}

struct str fhir_parameters_value(const struct json *root, const char *name, const char *member)
{
    unsigned at;
    return json_text(json_get(parameter_of(root, name, &at), member));
}

static struct fhir_fault fault_at(struct arena *a, int status, const char *code, const char *why,
                                  unsigned at, const char *below)
{
    struct str place = str_printf(a, "Parameters.parameter[%u]%s", at, below);
    return (struct fhir_fault){.status = status, .code = code, .why = why, .place = place};
}

/* ---- $process-message ---- */

static bool refuse_later(struct arena *a, const struct json *root, struct fhir_fault *out)
{
    unsigned at;
    const struct json *async = parameter_of(root, "async", &at);
    const struct json *value = json_get(async, "valueBoolean");
    if (async && !(value && value->kind == JSON_FALSE)) {
        *out = fault_at(a, 422, "not-supported", FHIR_NO_ASYNC, at, "");
    } else if (parameter_of(root, "response-url", &at)) {
        *out = fault_at(a, 422, "not-supported", FHIR_NO_RESPONSE_URL, at, "");
    }
    return out->status != 0;
}

/* A second parameter `content`, at *at. */
static bool is_twice(const struct json *root, unsigned *at)
{
    unsigned n = 0;
    *at = 0;
    json_each(one, json_get(root, "parameter"))
    {
        n += str_is(json_text(json_get(one, "name")), "content");
        if (n == 2) {
            return true;
        }
        ++*at;
    }
    return false;
}

struct json *fhir_parameters_message(struct arena *a, struct json *root,
                                     struct fhir_fault *out_fault)
{
    unsigned at;
    *out_fault = (struct fhir_fault){0};
    if (!is_parameters(root)) {
        return root;
    }
    const struct json *content = parameter_of(root, "content", &at);
    struct json *bundle = json_get(content, "resource");
    if (refuse_later(a, root, out_fault)) {
        return NULL;
    }
    if (!content) {
        *out_fault =
            (struct fhir_fault){400,
                                "required",
                                "no parameter `content`, which holds the Bundle of a message",
                                STR("Parameters.parameter"),
                                0,
                                0};
    } else if (!str_is(json_text(json_get(bundle, "resourceType")), "Bundle")) {
        *out_fault = fault_at(a, 400, "structure", "the parameter `content` holds no Bundle", at,
                              ".resource");
    } else if (is_twice(root, &at)) {
        *out_fault =
            fault_at(a, 400, "structure", "a second parameter `content`; expected one", at, "");
    }
    return out_fault->status ? NULL : bundle;
}

/* ---- $validate ---- */

static bool read_mode(struct str code, enum fhir_do *out)
{
    static const struct {
        const char *code;
        enum fhir_do mode;
    } rows[] = {{"", FHIR_DO_VALIDATE},
                {"create", FHIR_DO_CREATE},
                {"update", FHIR_DO_UPDATE},
                {"delete", FHIR_DO_DELETE},
                {"profile", FHIR_DO_VALIDATE}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (str_is(code, rows[i].code)) {
            *out = rows[i].mode;
            return true;
        }
    }
    return false;
}

/* One that R4 itself has of the type, or nothing. */
static bool is_profile_known(struct str profile, struct str type)
{
    struct str name = STR("");
    if (!profile.n) {
        return true;
    }
    (void)str_split(&profile, '|', &name);
    if (profile.n && !str_is(profile, "4.0.1") && !str_is(profile, "4.0")) {
        return false;
    }
    struct str base = STR("http://hl7.org/fhir/StructureDefinition/");
    struct str rest = str_starts(name, base) ? str_slice(name, base.n, name.n) : STR("");
    return str_eq(rest, type) || str_is(rest, "Resource") || str_is(rest, "DomainResource");
}

static struct str profile_of(const struct json *root, bool is_wrapped, const struct fhir_request *r)
{
    struct str profile = STR("");
    if (is_wrapped) {
        profile = fhir_parameters_value(root, "profile", "valueUri");
        profile = profile.n ? profile : fhir_parameters_value(root, "profile", "valueCanonical");
    }
    return profile.n ? profile : r->profile;
}

bool fhir_parameters_validate(struct json *root, const struct fhir_request *r,
                              struct fhir_validate_call *out, struct fhir_fault *out_fault)
{
    unsigned at = 0;
    bool is_wrapped = is_parameters(root) && !str_is(r->type, "Parameters");
    *out_fault = (struct fhir_fault){0};
    *out = (struct fhir_validate_call){.resource = root, .is_wrapped = is_wrapped};
    struct str mode = is_wrapped ? fhir_parameters_value(root, "mode", "valueCode") : STR("");
    if (is_wrapped) {
        out->resource = json_get(parameter_of(root, "resource", &at), "resource");
    }
    if (!read_mode(mode.n ? mode : r->mode, &out->mode)) {
        *out_fault = (struct fhir_fault){400,
                                         "code-invalid",
                                         "another mode than create, update, delete or profile",
                                         STR("mode"),
                                         0,
                                         0};
    } else if (!out->resource && !(out->mode == FHIR_DO_DELETE && r->id.n)) {
        *out_fault = (struct fhir_fault){
            400,
            "required",
            "no parameter `resource`; what is stored elsewhere cannot be looked at",
            STR(""),
            0,
            0};
    } else if (!is_profile_known(profile_of(root, is_wrapped, r),
                                 json_text(json_get(out->resource, "resourceType")))) {
        *out_fault = (struct fhir_fault){422,
                                         "not-supported",
                                         "a profile that is not known here; resources are looked "
                                         "at as R4 itself has them",
                                         STR("profile"),
                                         0,
                                         0};
    }
    return !out_fault->status;
}
