#include "adapters/fhir_send.h"

#include <criterion/criterion.h>

static const struct str both[] = {{"urn:mrn", 7}, {"http://other/x", 14}};
static const struct str star[] = {{"*", 1}};
#define MATCH                                                                                      \
    {                                                                                              \
        both, 2                                                                                    \
    }
#define ANY                                                                                        \
    {                                                                                              \
        star, 1                                                                                    \
    }

#define NEW "{\"resourceType\":\"Patient\",\"active\":true}"
#define OLD "{\"resourceType\":\"Patient\",\"id\":\"a-1.B\"}"
#define KNOWN                                                                                      \
    "{\"resourceType\":\"Patient\",\"identifier\":[{\"value\":\"0\"},{\"system\":\"http://other/"  \
    "x\","                                                                                         \
    "\"value\":\"9\"},{\"system\":\"urn:mrn\",\"value\":\"7|a,b $\xc3\xa4\"}]}"
#define TX(type, entries)                                                                          \
    "{\"resourceType\":\"Bundle\",\"type\":\"" type "\",\"entry\":" entries "}"
#define OP         "[{\"op\":\"replace\",\"path\":\"/status\",\"value\":\"booked\"}]"
#define PARAMETERS "{\"resourceType\":\"Parameters\",\"parameter\":[]}"

static const struct {
    const char *name;
    struct fhir_say say;
    const char *payload, *want; /* "METHOD path|if-none-exist|if-match", or why not */
} rows[] = {
    {"a resource without id is new", {0}, NEW, "POST Patient||"},
    {"one with an id is put there", {0}, OLD, "PUT Patient/a-1.B||"},
    {"a create may be asked for all the same", {.interaction = FHIR_CREATE}, OLD, "POST Patient||"},
    {"a search makes it conditional",
     {.if_none_exist = {"identifier=urn:x|1 &y=\xc3\xa4%20+", 28}},
     NEW,
     "POST Patient|identifier=urn:x%7C1%20&y=%C3%A4%20%2B|"},
    {"and goes before the id", {.if_none_exist = {"_id=1", 5}}, OLD, "POST Patient|_id=1|"},
    {"match: the first system that is there, escaped",
     {.match = MATCH},
     KNOWN,
     "POST Patient|identifier=urn%3Amrn%7C7%5C%7Ca%5C%2Cb%20%5C%24%C3%A4|"},
    {"match: any system",
     {.match = ANY},
     KNOWN,
     "POST Patient|identifier=http%3A%2F%2Fother%2Fx%7C9|"},
    {"match: none is there",
     {.match = MATCH},
     NEW,
     "the resource has no identifier of a system in match"},
    {"match: an id is enough", {.match = MATCH}, OLD, "PUT Patient/a-1.B||"},
    {"match: update",
     {.interaction = FHIR_UPDATE, .match = ANY},
     KNOWN,
     "PUT Patient?identifier=http%3A%2F%2Fother%2Fx%7C9||"},
    {"match: nothing to update by",
     {.interaction = FHIR_UPDATE, .match = MATCH},
     NEW,
     "the resource has no identifier of a system in match"},
    {"update of nothing",
     {.interaction = FHIR_UPDATE},
     NEW,
     "there is neither a target, an id of the resource, nor match"},
    {"a target", {.target = {"Patient/a-1.B", 13}}, OLD, "PUT Patient/a-1.B||"},
    {"a search as target",
     {.target = {"Patient?identifier=a|b", 22}},
     NEW,
     "PUT Patient?identifier=a%7Cb||"},
    {"a target of another id",
     {.target = {"Patient/2", 9}},
     OLD,
     "target has another id than the resource"},
    {"a target of another type",
     {.target = {"Slot/2", 6}},
     OLD,
     "target is of another type than the resource"},
    {"a target that is none",
     {.target = {"Patients/2", 10}},
     OLD,
     "target is neither Type/id nor Type?search"},
    {"a target elsewhere",
     {.target = {"Patient/../Slot", 15}},
     OLD,
     "target is neither Type/id nor Type?search"},
    {"a version", {.if_match = {"3", 1}}, OLD, "PUT Patient/a-1.B||W/\"3\""},
    {"an ETag", {.if_match = {"\"x\"", 3}}, OLD, "PUT Patient/a-1.B||\"x\""},
    {"no ETag", {.if_match = {"a b", 3}}, OLD, "if-match has a blank or is too long"},
    {"the version of now", {.if_match = {"current", 7}}, OLD, "PUT Patient/a-1.B||?"},
    {"which no search has",
     {.if_match = {"current", 7}, .target = {"Patient?a=b", 11}},
     NEW,
     "if-match: current wants an id, not a search"},
    {"JSON Patch",
     {.target = {"Appointment/1", 13}, .if_match = {"5", 1}},
     OP,
     "PATCH Appointment/1||W/\"5\" application/json-patch+json"},
    {"a patch of a search",
     {.interaction = FHIR_PATCH, .target = {"Appointment?identifier=1", 24}},
     OP,
     "PATCH Appointment?identifier=1|| application/json-patch+json"},
    {"a patch as Parameters", {.target = {"Patient/1", 9}}, PARAMETERS, "PATCH Patient/1||"},
    {"a patch of nothing", {0}, OP, "a patch wants a target"},
    {"a list that is no patch",
     {.target = {"Patient/1", 9}},
     "[{\"op\":\"add\"}]",
     "the payload is a list, and no JSON Patch"},
    {"an empty list",
     {.target = {"Patient/1", 9}},
     "[]",
     "the payload is a list, and no JSON Patch"},
    {"a list to create",
     {.interaction = FHIR_CREATE},
     OP,
     "the payload is a list, and no resource"},
    {"a resource to patch with",
     {.interaction = FHIR_PATCH, .target = {"Patient/1", 9}},
     OLD,
     "a patch is a list of JSON Patch, or Parameters"},
    {"a delete", {.interaction = FHIR_DELETE}, OLD, "DELETE Patient/a-1.B|| -"},
    {"a delete of a target",
     {.interaction = FHIR_DELETE, .target = {"Patient?identifier=1", 20}},
     NEW,
     "DELETE Patient?identifier=1|| -"},
    {"a transaction", {0}, TX("transaction", "[{},{}]"), "POST || entries 2"},
    {"a batch", {.interaction = FHIR_BUNDLE}, TX("batch", "[{}]"), "POST || entries 1"},
    {"a Bundle without entries", {0}, TX("batch", "[]"), "the Bundle has no entries"},
    {"a message", {0}, TX("message", "[{}]"), "POST $process-message||"},
    {"another Bundle is a resource", {0}, TX("document", "[{}]"), "POST Bundle||"},
    {"which is no transaction",
     {.interaction = FHIR_BUNDLE},
     TX("document", "[{}]"),
     "the payload is no Bundle of type transaction or batch"},
    {"no JSON", {0}, "MSH|", "the payload is no JSON"},
    {"no resource", {0}, "{\"type\":\"booked\"}", "the payload is no resource of FHIR R4"},
    {"a datatype",
     {0},
     "{\"resourceType\":\"HumanName\"}",
     "the payload is no resource of FHIR R4"},
    {"an abstract type",
     {0},
     "{\"resourceType\":\"DomainResource\"}",
     "the payload is no resource of FHIR R4"},
    {"an id that is none",
     {0},
     "{\"resourceType\":\"Patient\",\"id\":\"../x\"}",
     "the id of the resource is no FHIR id"},
    {"an id that leads away",
     {0},
     "{\"resourceType\":\"Patient\",\"id\":\"..\"}",
     "the id of the resource is no FHIR id"},
    {"an id of dots and more",
     {0},
     "{\"resourceType\":\"Patient\",\"id\":\"..a\"}",
     "PUT Patient/..a||"},
    {"an id that is no text",
     {0},
     "{\"resourceType\":\"Patient\",\"id\":{}}",
     "the id of the resource is no FHIR id"},
};

static const char *told(struct arena *a, const struct fhir_request *r)
{
    const char *type = !*r->media_type                       ? " -"
                       : strstr(r->media_type, "json-patch") ? " application/json-patch+json"
                       : strstr(r->media_type, "fhir+json")  ? ""
                                                             : " ??";
    struct str s = str_printf(a, "%s %.*s|%.*s|%s%.*s%s", r->method, STR_ARG(r->path),
                              STR_ARG(r->if_none_exist), r->reads_first ? "?" : "",
                              STR_ARG(r->if_match), type);
    return (r->is_bundle ? str_printf(a, "%.*s entries %u", STR_ARG(s), r->entries) : s).p;
}

Test(fhir_send, chooses_the_request)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct arena a = {0};
        struct fhir_request r;
        const char *why = fhir_send_choose(&a, &rows[i].say, str_of(rows[i].payload), &r);
        const char *got = why ? why : told(&a, &r);
        cr_expect_str_eq(got, rows[i].want, "%s: got %s", rows[i].name, got);
        arena_free(&a);
    }
}
