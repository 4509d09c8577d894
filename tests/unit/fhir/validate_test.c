#include "engine/fhir/validate.h"

#include <criterion/criterion.h>

#include "engine/base/buf.h"
#include "engine/fhir/outcome.h"

/* Documents are written with ' for " here. */
static struct str quoted(struct arena *a, const char *text)
{
    struct str s = str_dup(a, str_of(text));
    for (char *c = (char *)(uintptr_t)s.p; *c; c++) {
        *c = (char)(*c == '\'' ? '"' : *c);
    }
    return s;
}

/* "formats@Patient.birthDate json@": warnings with a ~ before them. */
static void found(struct buf *out, const char *text)
{
    struct arena a = {0};
    struct fhir_report r;
    const struct fhir_levels levels = fhir_levels_initial(VALIDATE_STRICT);
    fhir_validate(&r, &a, quoted(&a, text), &levels);
    for (unsigned i = 0; i < r.n; i++) {
        buf_printf(out, "%s%s%s@%.*s", i ? " " : "", r.v[i].is_error ? "" : "~",
                   fhir_rule_row(r.v[i].rule)->name, STR_ARG(r.v[i].path));
        cr_expect(r.v[i].text.n > 0);
    }
    cr_expect_eq(r.n, r.errors + r.warnings);
    arena_free(&a);
}

struct row {
    const char *name, *text, *want;
};

static void check(const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct buf got = {0};
        found(&got, rows[i].text);
        buf_putc(&got, '\0');
        cr_expect_str_eq(got.p, rows[i].want, "%s: %s", rows[i].name, got.p);
        buf_free(&got);
    }
}
#define CHECK(rows)      check((rows), sizeof(rows) / sizeof(*(rows)))
#define PATIENT(members) "{'resourceType':'Patient'" members "}"
#define OBSERVATION(members)                                                                       \
    "{'resourceType':'Observation','status':'final','code':{'text':'x'}" members "}"

Test(fhir_validate, what_is_no_json_or_no_resource)
{
    static const struct row rows[] = {
        {"nothing", "", "json@"},
        {"text", "Patient", "json@"},
        {"cut off", "{'resourceType':'Patient','name':[{'family':'R", "json@"},
        {"a key twice", PATIENT(",'active':true,'active':false"), "json@"},
        {"bytes that are no UTF-8", PATIENT(",'gender':'\xff'"), "json@"},
        {"something behind it", PATIENT("") "}", "json@"},
        {"an array", "[" PATIENT("") "]", "resource-type@"},
        {"a text", "'Patient'", "resource-type@"},
        {"null", "null", "resource-type@"},
        {"no type", "{'id':'1'}", "resource-type@"},
        {"a type that is not one of R4", "{'resourceType':'Pateint'}", "resource-type@"},
        {"a datatype", "{'resourceType':'HumanName','family':'R'}", "resource-type@"},
        {"an abstract type", "{'resourceType':'DomainResource'}", "resource-type@"},
        {"a part of a resource", "{'resourceType':'Patient.contact'}", "resource-type@"},
        {"a number as type", "{'resourceType':1}", "resource-type@"},
        {"the least", PATIENT(""), ""},
    };
    CHECK(rows);
}

Test(fhir_validate, deep_documents_have_a_place)
{
    struct buf deep = {0}, got = {0};
    buf_puts(&deep, "{'resourceType':'Patient','extension':[");
    for (int i = 0; i < 64; i++) {
        buf_puts(&deep, "{'url':'http://x.example','extension':[");
    }
    buf_putc(&deep, '\0');
    found(&got, deep.p);
    buf_putc(&got, '\0');
    cr_expect_str_eq(got.p, "json@");
    buf_free(&deep);
    buf_free(&got);
}

/* What is said of the first finding. */
static void check_text(const char *text, const char *want)
{
    struct arena a = {0};
    struct fhir_report r;
    const struct fhir_levels levels = fhir_levels_initial(VALIDATE_STRICT);
    fhir_validate(&r, &a, quoted(&a, text), &levels);
    cr_assert(r.n > 0, "%s", text);
    cr_expect(str_is(r.v[0].text, want), "%s: %.*s", text, STR_ARG(r.v[0].text));
    arena_free(&a);
}

Test(fhir_validate, what_was_found_and_expected)
{
    check_text(PATIENT(",'weight':1"), "Patient has no element of this name");
    check_text(PATIENT(",'Gender':'male'"), "Patient has no element of this name; expected gender");
    check_text(PATIENT(",'contact':[{'NAME':{'text':'x'}}]"),
               "Patient.contact has no element of this name; expected name");
    check_text(PATIENT(",'_active':'x'"), "found a string where the id and extensions of active "
                                          "stand; expected an object with these");
    check_text(PATIENT(",'contained':[{'resourceType':'Group','type':'person','actual':true}]"),
               "a contained resource without an id; expected one");
}

Test(fhir_validate, elements)
{
    static const struct row rows[] = {
        {"unknown", PATIENT(",'weight':1"), "elements@Patient.weight"},
        {"unknown, with a name that is not told", PATIENT(",'a b':1"), "elements@Patient"},
        {"unknown below", PATIENT(",'contact':[{'nick':'x'}]"), "elements@Patient.contact[0].nick"},
        {"of another case", PATIENT(",'Gender':'male'"), "elements@Patient.Gender"},
        {"resourceType in an element", PATIENT(",'name':[{'resourceType':'HumanName','text':'R'}]"),
         "elements@Patient.name[0].resourceType"},
        {"comments of DSTU2", PATIENT(",'fhir_comments':['x']"), "elements@Patient.fhir_comments"},
        {"a choice without its type", OBSERVATION(",'value':'x'"), "elements@Observation.value"},
        {"a choice with a type that it has not", OBSERVATION(",'valueCode':'x'"),
         "elements@Observation.valueCode"},
        {"two types of a choice", OBSERVATION(",'valueString':'x','valueInteger':1"),
         "elements@Observation.value"},
        {"a choice and a companion of another type",
         OBSERVATION(",'valueString':'x','_valueInteger':{'id':'a'}"),
         "elements@Observation.value empty-values@Observation.value"},
        {"a companion of something that is no primitive", PATIENT(",'_name':[{'id':'a'}]"),
         "elements@Patient._name"},
        {"modifiers on an element that has none",
         PATIENT(",'name':[{'text':'R','modifierExtension':[{'url':'http://"
                 "x.example','valueCode':'a'}]}]"),
         "elements@Patient.name[0].modifierExtension"},
        {"modifiers where they may be",
         PATIENT(",'contact':[{'name':{'text':'R'},'modifierExtension':[{'url':'http://"
                 "x.example','valueCode':'a'}]}]"),
         ""},
        {"an alone one in an array", PATIENT(",'active':[true]"), "json-kinds@Patient.active"},
        {"a repeated one without an array", PATIENT(",'name':{'text':'R'}"),
         "json-kinds@Patient.name"},
        {"an array in an array", PATIENT(",'name':[[{'text':'R'}]]"), "json-kinds@Patient.name[0]"},
        {"a comparator where none may be",
         OBSERVATION(",'referenceRange':[{'low':{'value':1,'comparator':'<'}}]"),
         "elements@Observation.referenceRange[0].low.comparator"},
        {"elements by contentReference",
         "{'resourceType':'Questionnaire','status':'draft','item':[{'linkId':'1','type':'group',"
         "'item':[{'linkId':'2','type':'string','nick':1}]}]}",
         "elements@Questionnaire.item[0].item[0].nick"},
    };
    CHECK(rows);
}

Test(fhir_validate, json_kinds)
{
    static const struct row rows[] = {
        {"a text as boolean", PATIENT(",'active':'true'"), "json-kinds@Patient.active"},
        {"a number as text", PATIENT(",'gender':1"), "json-kinds@Patient.gender"},
        {"a text as decimal", OBSERVATION(",'valueQuantity':{'value':'1.0'}"),
         "json-kinds@Observation.value.value"},
        {"an object as text", PATIENT(",'birthDate':{}"), "json-kinds@Patient.birthDate"},
        {"a text as object", PATIENT(",'name':['R']"), "json-kinds@Patient.name[0]"},
        {"a number beside a text", PATIENT(",'birthDate':'1970','_birthDate':1"),
         "json-kinds@Patient.birthDate"},
        {"a boolean as integer", OBSERVATION(",'valueInteger':true"),
         "json-kinds@Observation.value"},
    };
    CHECK(rows);
}

Test(fhir_validate, empty_values)
{
    static const struct row rows[] = {
        {"an array", PATIENT(",'name':[]"), "empty-values@Patient.name"},
        {"an object", PATIENT(",'name':[{}]"), "empty-values@Patient.name[0]"},
        {"a text", PATIENT(",'gender':''"), "empty-values@Patient.gender"},
        {"null", PATIENT(",'gender':null"), "empty-values@Patient.gender"},
        {"null among objects", PATIENT(",'name':[null,{'text':'R'}]"),
         "empty-values@Patient.name[0]"},
        {"null without a companion", PATIENT(",'name':[{'given':['J',null]}]"),
         "empty-values@Patient.name[0].given[1]"},
        {"null beside an extension",
         PATIENT(",'name':[{'given':[null,'J'],'_given':[{'extension':[{'url':'http://"
                 "x.example','valueCode':'a'}]},null]}]"),
         ""},
        {"null on both sides", PATIENT(",'name':[{'given':['J',null],'_given':[{'id':'a'},null]}]"),
         "empty-values@Patient.name[0].given[1] empty-values@Patient.name[0].given[1]"},
        {"a companion of another length",
         PATIENT(",'name':[{'given':['J'],'_given':[{'id':'a'},{'id':'b'}]}]"),
         "~habits@Patient.name[0].given empty-values@Patient.name[0].given[1]"},
        {"a companion alone",
         PATIENT(",'_birthDate':{'extension':[{'url':'http://x.example','valueCode':'a'}]}"), ""},
        {"an empty companion", PATIENT(",'_birthDate':{}"), "empty-values@Patient.birthDate"},
        {"an empty array of companions", PATIENT(",'name':[{'text':'R','_given':[]}]"),
         "empty-values@Patient.name[0].given"},
    };
    CHECK(rows);
}

Test(fhir_validate, required_elements)
{
    static const struct row rows[] = {
        {"two of a resource", "{'resourceType':'Observation','id':'a'}",
         "required@Observation.code required@Observation.status"},
        {"a choice",
         "{'resourceType':'MedicationStatement','status':'active','subject':{'display':'R'}}",
         "required@MedicationStatement.medication"},
        {"of a part", PATIENT(",'communication':[{'preferred':true}]"),
         "required@Patient.communication[0].language"},
        {"of a datatype", PATIENT(",'extension':[{'valueCode':'a'}]"),
         "required@Patient.extension[0].url"},
        {"no value, but a reason for it",
         "{'resourceType':'Observation','_status':{'extension':[{'url':'http://"
         "x.example','valueCode':'a'}]},"
         "'code':{'text':'x'}}",
         ""},
        {"a choice that is there",
         "{'resourceType':'MedicationStatement','status':'active',"
         "'medicationCodeableConcept':{'text':'x'},'subject':{'display':'R'}}",
         ""},
    };
    CHECK(rows);
}

Test(fhir_validate, ids_and_formats_have_places)
{
    static const struct row rows[] = {
        {"an id with another character", PATIENT(",'id':'a_b'"), "formats@Patient.id"},
        {"a long id",
         PATIENT(",'id':'0123456789012345678901234567890123456789012345678901234567890123x'"),
         "formats@Patient.id"},
        {"an id of an element with a blank", PATIENT(",'name':[{'id':'a b','text':'R'}]"),
         "formats@Patient.name[0].id"},
        {"systems that are not absolute",
         PATIENT(",'identifier':[{'system':'MRN','value':'1'}],'maritalStatus':{'coding':[{'system'"
                 ":'#x','code':'M'},"
                 "{'system':'urn:x','code':'M'}]}"),
         "systems@Patient.identifier[0].system systems@Patient.maritalStatus.coding[0].system "
         "references@Patient.maritalStatus.coding[0].system"},
        {"an identifier that is no uri",
         PATIENT(",'identifier':[{'system':'urn:ietf:rfc:3986','value':'1'}]"),
         "systems@Patient.identifier[0].value"},
        {"an extension of R4 at another place",
         PATIENT(",'extension':[{'url':'http://hl7.org/fhir/StructureDefinition/patient-birthTime',"
                 "'valueDateTime':'2000-01-01T00:00:00Z'}]"),
         "extended@Patient.extension[0]"},
        {"at its place, under a value of another type",
         PATIENT(",'birthDate':'2000-01-01','_birthDate':{'extension':[{'url':"
                 "'http://hl7.org/fhir/StructureDefinition/patient-birthTime','valueDate':"
                 "'2000-01-01'}]}"),
         "extended@Patient.birthDate.extension[0]"},
        {"a value where it has parts",
         PATIENT(",'extension':[{'url':'http://hl7.org/fhir/StructureDefinition/"
                 "patient-citizenship','valueString':'x'}]"),
         "extended@Patient.extension[0]"},
        {"an id of an element may be anything", PATIENT(",'name':[{'id':'a_b','text':'R'}]"), ""},
        {"a date", PATIENT(",'birthDate':'1970-02-30'"), "formats@Patient.birthDate"},
        {"a time without zone", OBSERVATION(",'effectiveDateTime':'2026-01-01T10:00:00'"),
         "formats@Observation.effective"},
        {"base64",
         OBSERVATION(",'note':[{'text':'x','extension':[{'url':'http://"
                     "x.example','valueBase64Binary':'%%%'}]}]"),
         "formats@Observation.note[0].extension[0].value"},
        {"an integer that is too large", OBSERVATION(",'valueInteger':2147483648"),
         "formats@Observation.value"},
        {"an integer with a fraction", OBSERVATION(",'valueInteger':1.0"),
         "formats@Observation.value"},
        {"a number with very many digits",
         OBSERVATION(",'valueQuantity':{'value':1234567890123456789012345}"),
         "~habits@Observation.value.value"},
        {"a blank at the end", PATIENT(",'name':[{'family':'Roe '}]"),
         "~habits@Patient.name[0].family"},
        {"a control character", PATIENT(",'name':[{'family':'R\\u0001'}]"),
         "formats@Patient.name[0].family"},
    };
    CHECK(rows);
}

Test(fhir_validate, required_bindings)
{
    static const struct row rows[] = {
        {"a code", PATIENT(",'gender':'m'"), "codes@Patient.gender"},
        {"a code in it", PATIENT(",'gender':'unknown'"), ""},
        {"of a datatype", PATIENT(",'name':[{'use':'nick','text':'R'}]"),
         "codes@Patient.name[0].use"},
        {"in an array",
         "{'resourceType':'HealthcareService','availableTime':[{'daysOfWeek':['mon','Monday']}]}",
         "codes@HealthcareService.availableTime[0].daysOfWeek[1]"},
        {"no media type", PATIENT(",'photo':[{'contentType':'png'}]"),
         "codes@Patient.photo[0].contentType"},
        {"a media type with a parameter",
         PATIENT(",'photo':[{'contentType':'text/plain; charset=UTF-8'}]"), ""},
        {"of another case", PATIENT(",'gender':'Male'"), "codes@Patient.gender"},
        {"a concept of another system",
         "{'resourceType':'Condition','subject':{'display':'R'},'clinicalStatus':{'coding':[{'"
         "system':"
         "'http://x.example','code':'active'}]}}",
         "codes@Condition.clinicalStatus"},
        {"one of two codings is enough",
         "{'resourceType':'Condition','subject':{'display':'R'},'clinicalStatus':{'coding':[{'"
         "system':"
         "'http://x.example','code':'a'},{'system':'http://terminology.hl7.org/CodeSystem/"
         "condition-clinical',"
         "'code':'active'}]}}",
         ""},
        {"a concept with text alone",
         "{'resourceType':'Condition','subject':{'display':'R'},'clinicalStatus':{'text':'active'}"
         "}",
         "codes@Condition.clinicalStatus"},
        {"a system that is not listed",
         "{'resourceType':'ChargeItem','status':'billed','code':{'text':'x'},"
         "'subject':{'display':'R'},'priceOverride':{'value':1.00,'currency':'euro'}}",
         "codes@ChargeItem.priceOverride.currency"},
        {"a resource type",
         "{'resourceType':'Linkage','item':[{'type':'source','resource':{'display':'R'}}],"
         "'id':'a'}",
         ""},
    };
    CHECK(rows);
}

Test(fhir_validate, references)
{
    static const struct row rows[] = {
        {"by type and id", OBSERVATION(",'subject':{'reference':'Patient/1'}"), ""},
        {"to another type", OBSERVATION(",'subject':{'reference':'Practitioner/1'}"),
         "references@Observation.subject"},
        {"the same with a version",
         OBSERVATION(",'subject':{'reference':'http://x.example/f/Practitioner/1/_history/2'}"),
         "references@Observation.subject"},
        {"any URL", OBSERVATION(",'subject':{'reference':'http://x.example/anything'}"), ""},
        {"a search", OBSERVATION(",'subject':{'reference':'Patient?identifier=1'}"), ""},
        {"nothing to follow", OBSERVATION(",'subject':{'reference':'a b'}"),
         "~habits@Observation.subject.reference"},
        {"its type says another",
         OBSERVATION(",'subject':{'reference':'Patient/1','type':'Group'}"),
         "references@Observation.subject.type"},
        {"a type that may not stand there",
         OBSERVATION(",'subject':{'type':'Practitioner','identifier':{'value':'1'}}"),
         "references@Observation.subject"},
        {"contained",
         OBSERVATION(
             ",'contained':[{'resourceType':'Patient','id':'p'}],'subject':{'reference':'#p'}"),
         ""},
        {"contained, of another type",
         OBSERVATION(",'contained':[{'resourceType':'Practitioner','id':'p'}],'subject':{'"
                     "reference':'#p'}"),
         "references@Observation.subject"},
        {"contained, not there", OBSERVATION(",'subject':{'reference':'#p'}"),
         "references@Observation.subject.reference"},
        {"a fragment that is nowhere",
         PATIENT(",'extension':[{'url':'http://x.example','valueUri':'#p'}]"),
         "references@Patient.extension[0].value"},
        {"a fragment of the narrative",
         PATIENT(",'text':{'status':'generated','div':'<div "
                 "xmlns=\\u0022http://www.w3.org/1999/xhtml\\u0022 id=\\u0022p\\u0022>x</div>'},"
                 "'extension':[{'url':'http://x.example','valueUri':'#p'}]"),
         ""},
    };
    CHECK(rows);
}

Test(fhir_validate, contained_resources)
{
#define USED ",'managingOrganization':{'reference':'#o'}"
    static const struct row rows[] = {
        {"without an id", PATIENT(",'contained':[{'resourceType':'Organization','name':'x'}]"),
         "contained@Patient.contained[0]"},
        {"two of one id",
         PATIENT(",'contained':[{'resourceType':'Organization','id':'o','name':'x'},"
                 "{'resourceType':'Organization','id':'o','name':'y'}]" USED),
         "contained@Patient.contained[1]"},
        {"nobody refers to it",
         PATIENT(",'contained':[{'resourceType':'Organization','id':'o','name':'x'}]"),
         "contained@Patient.contained[0]"},
        {"it refers to the resource",
         PATIENT(",'contained':[{'resourceType':'Basic','id':'o','code':{'text':'x'},'subject':{'"
                 "reference':'#'}}]"),
         ""},
        {"it contains another",
         PATIENT(",'contained':[{'resourceType':'Organization','id':'o','name':'x','contained':"
                 "[{'resourceType':'Organization','id':'i','name':'y'}],'partOf':{'reference':'#i'}"
                 "}]" USED),
         "contained@Patient.contained[0] references@Patient.contained[0].partOf.reference"},
        {"a version of its own",
         PATIENT(",'contained':[{'resourceType':'Organization','id':'o','name':'x','meta':{'"
                 "versionId':'1'}}]" USED),
         "contained@Patient.contained[0]"},
        {"no resource", PATIENT(",'contained':[{'id':'o'}]" USED),
         "resource-type@Patient.contained[0]"},
        {"one refers to the other",
         PATIENT(",'contained':[{'resourceType':'Organization','id':'o','name':'x','partOf':{'"
                 "reference':'#i'}},"
                 "{'resourceType':'Organization','id':'i','name':'y'}]" USED),
         ""},
        {"an error within",
         PATIENT(",'contained':[{'resourceType':'Organization','id':'o','name':1}]" USED),
         "json-kinds@Patient.contained[0].name"},
    };
    CHECK(rows);
}

Test(fhir_validate, extensions)
{
#define EXTENSION(members) PATIENT(",'extension':[{" members "}]")
    static const struct row rows[] = {
        {"a value", EXTENSION("'url':'http://x.example/e','valueString':'x'"), ""},
        {"parts",
         EXTENSION("'url':'http://x.example/e','extension':[{'url':'a','valueString':'x'}]"), ""},
        {"a value that has only an extension",
         EXTENSION("'url':'http://x.example/e','_valueString':{'extension':[{'url':'http://"
                   "x.example','valueCode':'a'}]}"),
         ""},
        {"neither", EXTENSION("'url':'http://x.example/e'"), "extensions@Patient.extension[0]"},
        {"both",
         EXTENSION("'url':'http://x.example/"
                   "e','valueString':'x','extension':[{'url':'a','valueString':'x'}]"),
         "extensions@Patient.extension[0]"},
        {"no url", EXTENSION("'valueString':'x'"), "required@Patient.extension[0].url"},
        {"a relative url", EXTENSION("'url':'e','valueString':'x'"),
         "extensions@Patient.extension[0].url"},
        {"a url with a version", EXTENSION("'url':'http://x.example/e|1','valueString':'x'"),
         "extensions@Patient.extension[0].url"},
        {"a type that no extension has",
         EXTENSION("'url':'http://x.example/e','valuePatient':{'id':'a'}"),
         "elements@Patient.extension[0].valuePatient"},
        {"on a primitive",
         PATIENT(",'birthDate':'1970','_birthDate':{'extension':[{'valueCode':'a'}]}"),
         "required@Patient.birthDate.extension[0].url"},
    };
    CHECK(rows);
}

Test(fhir_validate, bundles)
{
#define BUNDLE(type, entries) "{'resourceType':'Bundle','type':'" type "','entry':[" entries "]}"
#define UUID                  "urn:uuid:6a2ee390-978e-42c6-8f88-c17dff3bd8a0"
#define COMPOSITION(subject)                                                                       \
    "{'fullUrl':'http://x.example/Composition/"                                                    \
    "c','resource':{'resourceType':'Composition','id':'c','status':'final',"                       \
    "'type':{'text':'x'},'date':'2026','title':'x','author':[{'display':'R'}],'subject':{" subject \
    "}}}"
    static const struct row rows[] = {
        {"by a URL that is the resource's own",
         BUNDLE("collection", "{'fullUrl':'http://x.example/Patient/"
                              "1','resource':{'resourceType':'Patient','id':'1'}}"),
         ""},
        {"of another id",
         BUNDLE("collection", "{'fullUrl':'http://x.example/Patient/"
                              "2','resource':{'resourceType':'Patient','id':'1'}}"),
         "bundles@Bundle.entry[0].fullUrl"},
        {"of another type",
         BUNDLE("collection", "{'fullUrl':'http://x.example/Group/"
                              "1','resource':{'resourceType':'Patient','id':'1'}}"),
         "bundles@Bundle.entry[0].fullUrl"},
        {"relative",
         BUNDLE("collection",
                "{'fullUrl':'Patient/1','resource':{'resourceType':'Patient','id':'1'}}"),
         "bundles@Bundle.entry[0].fullUrl"},
        {"a urn that is none",
         BUNDLE("collection", "{'fullUrl':'urn:uuid:1','resource':{'resourceType':'Patient'}}"),
         "formats@Bundle.entry[0].fullUrl"},
        {"to a urn of the Bundle",
         BUNDLE("batch",
                "{'fullUrl':'" UUID "','resource':" PATIENT("") "},{'resource':" OBSERVATION(
                    ",'subject':{'reference':'" UUID "'}") "}"),
         ""},
        {"to a urn of another type",
         BUNDLE("batch", "{'fullUrl':'" UUID
                         "','resource':{'resourceType':'Practitioner'}},{'resource':" OBSERVATION(
                             ",'subject':{'reference':'" UUID "'}") "}"),
         "references@Bundle.entry[1].resource.subject"},
        {"to a urn that is not there",
         BUNDLE("batch", "{'resource':" OBSERVATION(",'subject':{'reference':'" UUID "'}") "}"),
         "~resolved@Bundle.entry[0].resource.subject.reference"},
        {"errors within", BUNDLE("batch", "{'resource':" PATIENT(",'gender':'x'") "}"),
         "codes@Bundle.entry[0].resource.gender"},
        {"no resource", BUNDLE("batch", "{'resource':{'id':'a'}}"),
         "resource-type@Bundle.entry[0].resource"},
        {"what is contained belongs to its entry",
         BUNDLE("batch",
                "{'resource':" PATIENT(",'contained':[{'resourceType':'Organization','id':'o','"
                                       "name':'x'}]" USED) "},"
                                                           "{'resource':" PATIENT(USED) "}"),
         "references@Bundle.entry[1].resource.managingOrganization.reference"},
        {"an entry without a URL", BUNDLE("collection", "{'resource':" PATIENT("") "}"),
         "bundles@Bundle.entry[0].fullUrl"},
        {"a document whose subject is not there",
         BUNDLE("document", COMPOSITION("'reference':'Patient/1'")),
         "bundles@Bundle.entry[0].resource.subject.reference"},
        {"a document whose subject is there",
         BUNDLE(
             "document",
             COMPOSITION(
                 "'reference':'Patient/1'") ",{'fullUrl':'http://x.example/Patient/1','resource':"
                                            "{'resourceType':'Patient','id':'1'}}"),
         ""},
        {"a document that replaces another",
         BUNDLE("document",
                COMPOSITION("'display':'R'},'relatesTo':[{'code':'replaces','targetReference':"
                            "{'reference':'Composition/9'}}],'custodian':{'display':'x'")),
         ""},
        {"no document", BUNDLE("collection", COMPOSITION("'reference':'Patient/1'")), ""},
    };
    CHECK(rows);
}

Test(fhir_validate, levels_decide)
{
    struct arena a = {0};
    struct fhir_report r;
    struct fhir_levels levels = fhir_levels_initial(VALIDATE_WARN);
    cr_expect(fhir_levels_set(&levels, STR("codes"), STR("off")));
    cr_expect(!fhir_levels_set(&levels, STR("codez"), STR("off")));
    cr_expect(!fhir_levels_set(&levels, STR("codes"), STR("on")));
    fhir_validate(&r, &a, quoted(&a, PATIENT(",'gender':'x','birthDate':'x'")), &levels);
    cr_expect_eq(r.errors, 0);
    cr_expect_eq(r.warnings, 1);
    cr_expect_eq(r.of[FHIR_RULE_FORMATS], 1);
    cr_expect_eq(r.of[FHIR_RULE_CODES], 0);
    arena_free(&a);
}

Test(fhir_validate, many_findings_are_bounded_and_errors_go_first)
{
    struct arena a = {0};
    struct fhir_report r;
    struct buf text = {0};
    const struct fhir_levels levels = fhir_levels_initial(VALIDATE_STRICT);
    buf_puts(&text, "{\"resourceType\":\"Patient\",\"name\":[");
    for (int i = 0; i < 300; i++) {
        buf_printf(&text, "%s{\"family\":\"x \",\"use\":\"%s\"}", i ? "," : "",
                   i < 150 ? "usual" : "x");
    }
    buf_puts(&text, "]}");
    fhir_validate(&r, &a, buf_str(&text), &levels);
    cr_expect_eq(r.errors, 150);
    cr_expect_eq(r.warnings, 300);
    cr_expect_eq(r.n, FHIR_ISSUES_MAX);
    for (unsigned i = 0; i < r.n; i++) {
        cr_expect(r.v[i].is_error);
    }
    struct str why = fhir_report_reason(&r);
    cr_expect(str_ends(why, STR("(codes), and 149 more")), "%.*s", STR_ARG(why));
    buf_free(&text);
    arena_free(&a);
}

Test(fhir_validate, findings_become_an_operation_outcome_that_is_valid)
{
    static const char *const texts[] = {PATIENT(",'gender':'x'"), PATIENT(""), "{", "[]",
                                        PATIENT(",'name':[{'family':'x '}]")};
    const struct fhir_levels levels = fhir_levels_initial(VALIDATE_STRICT);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena a = {0};
        struct fhir_report r, own;
        struct buf out = {0};
        fhir_validate(&r, &a, quoted(&a, texts[i]), &levels);
        fhir_outcome_report(&out, &r, 0);
        fhir_validate(&own, &a, buf_str(&out), &levels);
        cr_expect_eq(own.errors + own.warnings, 0, "%.*s", (int)out.n, out.p);
        cr_expect_eq(own.type, FHIR_TYPE_OPERATION_OUTCOME);
        buf_free(&out);
        arena_free(&a);
    }
}
