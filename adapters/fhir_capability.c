#include "adapters/fhir_capability.h"

#include "engine/base/clock.h"
#include "engine/base/json_out.h"

static const char only_taken[] = "Resources are taken, journalled and passed on by routes. Nothing "
                                 "is read back or searched: Location and "
                                 "ETag name the message that was taken.";

static void open_list(struct json_out *o, const char *key)
{
    json_out_key(o, key);
    json_out_array(o);
}

static void put_codes(struct json_out *o, const char *key, const char *const *codes)
{
    open_list(o, key);
    for (; *codes; codes++) {
        json_out_object(o);
        json_out_pair_cstr(o, "code", *codes);
        json_out_end(o);
    }
    json_out_end(o);
}

static void put_operation(struct json_out *o, const char *name, const char *definition)
{
    json_out_object(o);
    json_out_pair_cstr(o, "name", name);
    json_out_pair_cstr(o, "definition", definition);
    json_out_end(o);
}

static void put_type(struct json_out *o, const struct fhir_capability *c, struct str type)
{
    static const char *const all[] = {"create", "update", "delete", NULL};
    static const char *const most[] = {"create", "update", NULL};
    json_out_object(o);
    json_out_pair(o, "type", type);
    put_codes(o, "interaction", c->has_bundles ? all : most);
    json_out_pair_cstr(o, "versioning", "no-version");
    json_out_pair_bool(o, "readHistory", false);
    json_out_pair_bool(o, "updateCreate", true);
    json_out_pair_bool(o, "conditionalCreate", true);
    json_out_pair_bool(o, "conditionalUpdate", true);
    if (c->has_bundles) {
        json_out_pair_cstr(o, "conditionalDelete", "single");
    }
    open_list(o, "operation");
    put_operation(o, "validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate");
    json_out_end(o);
    json_out_end(o);
}

static void put_security(struct json_out *o, const struct fhir_capability *c)
{
    struct buf text = {0};
    buf_puts(&text, c->has_tokens || c->has_jwt ? "Authorization: Bearer, with " : "");
    buf_puts(&text, c->has_tokens ? "a token of this system" : "");
    buf_puts(&text, c->has_tokens && c->has_jwt ? " or " : "");
    buf_puts(&text, c->has_jwt ? "a signed JSON Web Token" : "");
    buf_puts(&text, c->has_hub && text.n ? "; " : "");
    buf_puts(&text, c->has_hub ? "X-Hub-Signature over the body of notifications" : "");
    json_out_key(o, "security");
    json_out_object(o);
    json_out_pair_bool(o, "cors", false);
    json_out_pair(o, "description",
                  text.n ? buf_str(&text)
                         : STR("No token is asked for; see the addresses and certificates "
                               "that are let in."));
    json_out_end(o);
    buf_free(&text);
}

static void put_rest(struct json_out *o, const struct fhir_capability *c)
{
    static const char *const interactions[] = {"transaction", "batch", NULL};
    open_list(o, "rest");
    json_out_object(o);
    json_out_pair_cstr(o, "mode", "server");
    json_out_pair_cstr(o, "documentation", only_taken);
    put_security(o, c);
    if (c->n) {
        open_list(o, "resource");
        for (size_t i = 0; i < c->n; i++) {
            put_type(o, c, c->types[i]);
        }
        json_out_end(o);
    }
    put_codes(o, "interaction", interactions);
    open_list(o, "operation");
    if (c->has_bundles) {
        put_operation(o, "process-message",
                      "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message");
    }
    put_operation(o, "validate", "http://hl7.org/fhir/OperationDefinition/Resource-validate");
    json_out_end(o);
    json_out_end(o);
    json_out_end(o);
}

static void put_software(struct json_out *o, const struct fhir_capability *c)
{
    json_out_key(o, "software");
    json_out_object(o);
    json_out_pair_cstr(o, "name", "Corridor");
    json_out_pair(o, "version", c->version);
    json_out_end(o);
    json_out_key(o, "implementation");
    json_out_object(o);
    struct buf text = {0};
    buf_printf(&text, "Source %.*s of an interface engine", STR_ARG(c->name));
    json_out_pair(o, "description", buf_str(&text));
    buf_free(&text);
    json_out_end(o);
}

static void put_date(struct json_out *o, int64_t wall_us)
{
    struct civil t = civil_of_us(wall_us);
    struct buf text = {0};
    buf_printf(&text, "%04d-%02d-%02dT%02d:%02d:%02dZ", t.year, t.month, t.day, t.hour, t.minute,
               t.second);
    json_out_pair(o, "date", buf_str(&text));
    buf_free(&text);
}

void fhir_capability_put(struct buf *out, const struct fhir_capability *c)
{
    struct json_out o;
    json_out_init(&o, out, 0);
    json_out_object(&o);
    json_out_pair_cstr(&o, "resourceType", "CapabilityStatement");
    json_out_pair_cstr(&o, "status", "active");
    put_date(&o, c->since_us);
    json_out_pair_cstr(&o, "kind", "instance");
    put_software(&o, c);
    json_out_pair_cstr(&o, "fhirVersion", "4.0.1");
    open_list(&o, "format");
    json_out_cstr(&o, "json");
    json_out_cstr(&o, "application/fhir+json");
    json_out_end(&o);
    put_rest(&o, c);
    json_out_end(&o);
}
