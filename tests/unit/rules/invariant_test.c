#include "engine/rules/invariant.h"

#include <criterion/criterion.h>

#include "engine/base/buf.h"

/* Documents are written with ' for " here. */
static struct str quoted(struct arena *a, const char *text)
{
    struct str s = str_dup(a, str_of(text));
    for (char *c = (char *)(uintptr_t)s.p; *c; c++) {
        *c = (char)(*c == '\'' ? '"' : *c);
    }
    return s;
}

/* "pat-1@Patient.contact[0]"; what is no invariant by its rule; warnings with a ~ before them. */
static void found(struct invariants *all, struct buf *out, const char *text)
{
    struct arena a = {0};
    struct fhir_report r;
    struct fhir_levels levels = fhir_levels_initial(VALIDATE_STRICT);
    levels.of[FHIR_RULE_ADVICE] = VALIDATE_WARN;
    invariants_validate(all, &r, &a, quoted(&a, text), &levels);
    for (unsigned i = 0; i < r.n; i++) {
        const struct fhir_issue *f = &r.v[i];
        bool narrative = f->key && strcmp(f->key, "dom-6") == 0;
        if (!narrative) {
            buf_printf(out, "%s%s%s%s@%.*s", out->n ? " " : "", f->is_error ? "" : "~",
                       f->rule == FHIR_RULE_UNDECIDED ? "?" : "",
                       f->key ? f->key : fhir_rule_row(f->rule)->name, STR_ARG(f->path));
        }
    }
    arena_free(&a);
}

struct row {
    const char *name, *text, *want;
};

static void check(const struct row *rows, size_t n)
{
    struct invariants *all = invariants_new();
    for (size_t i = 0; i < n; i++) {
        struct buf got = {0};
        found(all, &got, rows[i].text);
        buf_putc(&got, '\0');
        cr_expect_str_eq(got.p, rows[i].want, "%s: %s", rows[i].name, got.p);
        buf_free(&got);
    }
    invariants_free(&all);
    cr_expect_null(all);
}
#define CHECK(rows)      check((rows), sizeof(rows) / sizeof(*(rows)))
#define PATIENT(members) "{'resourceType':'Patient'" members "}"
#define OBSERVATION(members)                                                                       \
    "{'resourceType':'Observation','status':'final','code':{'text':'x'}" members "}"
#define BUNDLE(type, members) "{'resourceType':'Bundle','type':'" type "'" members "}"
#define UNKNOWN                                                                                    \
    "{'extension':[{'url':'http://hl7.org/fhir/StructureDefinition/"                               \
    "data-absent-reason','valueCode':'unknown'}]}"
#define QUESTION(members)                                                                          \
    "{'resourceType':'Questionnaire','status':'draft','item':[{'linkId':'1'," members              \
    "},{'linkId':'2','type':'string'},{'linkId':'3','type':'string'}]}"

Test(invariant, of_resources_and_their_parts)
{
    static const struct row rows[] = {
        {"a contact with a name", PATIENT(",'contact':[{'name':{'text':'R'}}]"), ""},
        {"a contact with nothing to contact",
         PATIENT(",'contact':[{'name':{'text':'R'}},{'gender':'male'}]"),
         "pat-1@Patient.contact[1]"},
        {"an organization without name and identifier",
         "{'resourceType':'Organization','active':true}", "org-1@Organization"},
        {"an organization does not live at home",
         "{'resourceType':'Organization','name':'x','telecom':[{'system':'phone','value':'1'},{'"
         "system':'phone',"
         "'value':'1','use':'home'}],'address':[{'use':'home','text':'x'}]}",
         "org-2@Organization.address[0] org-3@Organization.telecom[1]"},
        {"a value and a reason for none",
         OBSERVATION(",'valueString':'x','dataAbsentReason':{'text':'y'}"), "obs-6@Observation"},
        {"a reference range without anything",
         OBSERVATION(",'referenceRange':[{'age':{'low':{'value':1}}}]"),
         "obs-3@Observation.referenceRange[0]"},
        {"booked without a start",
         "{'resourceType':'Appointment','status':'booked','participant':[{'status':'accepted','"
         "actor':{'display':'R'}}]}",
         "app-3@Appointment"},
        {"proposed without a start",
         "{'resourceType':'Appointment','status':'proposed','participant':[{'status':'accepted','"
         "actor':{'display':'R'}}]}",
         ""},
        {"a participant that is nobody",
         "{'resourceType':'Appointment','status':'proposed','participant':[{'status':'accepted'}]}",
         "app-1@Appointment.participant[0]"},
        {"a reason for no cancellation",
         "{'resourceType':'Appointment','status':'proposed','cancelationReason':{'text':'x'},"
         "'participant':[{'status':'accepted','actor':{'display':'R'}}]}",
         "app-4@Appointment"},
        {"active and entered in error",
         "{'resourceType':'Condition','subject':{'display':'R'},'clinicalStatus':{'coding':[{'"
         "system':"
         "'http://terminology.hl7.org/CodeSystem/"
         "condition-clinical','code':'active'}]},'verificationStatus':{'coding':"
         "[{'system':'http://terminology.hl7.org/CodeSystem/"
         "condition-ver-status','code':'entered-in-error'}]}}",
         "con-5@Condition"},
        {"a decision that went wrong in the probability",
         "{'resourceType':'RiskAssessment','status':'final','subject':"
         "{'display':'R'},'prediction':[{'probabilityDecimal':101}]}",
         "ras-2@RiskAssessment.prediction[0]"},
        {"the same code twice, at two depths",
         "{'resourceType':'CodeSystem','status':'draft','content':'complete','concept':[{'code':'a'"
         ",'concept':"
         "[{'code':'b'}]},{'code':'b'}]}",
         "csd-1@CodeSystem"},
        {"numbers in order",
         "{'resourceType':'Linkage','item':[{'type':'source','resource':{'display':'R'}}]}",
         "lnk-1@Linkage"},
    };
    CHECK(rows);
}

Test(invariant, of_datatypes_wherever_they_are)
{
    static const struct row rows[] = {
        {"a period that ends before it starts",
         PATIENT(",'name':[{'text':'R','period':{'start':'2026-02','end':'2026-01'}}]"),
         "per-1@Patient.name[0].period"},
        {"a period that cannot be compared",
         PATIENT(",'name':[{'text':'R','period':{'start':'2026','end':'2026-01'}}]"),
         "~?per-1@Patient.name[0].period"},
        {"a code without its system", OBSERVATION(",'valueQuantity':{'value':1,'code':'mg'}"),
         "qty-3@Observation.value"},
        {"in an extension",
         PATIENT(",'extension':[{'url':'http://x.example','valueContactPoint':{'value':'1'}}]"),
         "cpt-2@Patient.extension[0].value"},
        {"in an extension of a primitive",
         PATIENT(",'birthDate':'1970','_birthDate':{'extension':[{'url':'http://"
                 "x.example','valueContactPoint':{'value':'1'}}]}"),
         "cpt-2@Patient.birthDate.extension[0].value"},
        {"a range that is upside down",
         OBSERVATION(
             ",'valueRange':{'low':{'value':2,'unit':'mg','system':'http://"
             "unitsofmeasure.org','code':'mg'},"
             "'high':{'value':1,'unit':'mg','system':'http://unitsofmeasure.org','code':'mg'}}"),
         "rng-2@Observation.value"},
        {"half a ratio", OBSERVATION(",'valueRatio':{'numerator':{'value':1}}"),
         "rat-1@Observation.value"},
        {"data of no type",
         OBSERVATION(",'note':[{'text':'x'}],'extension':[{'url':'http://"
                     "x.example','valueAttachment':{'data':'YQ=='}}]"),
         "att-1@Observation.extension[0].value"},
        {"a duration without its unit",
         "{'resourceType':'Observation','status':'final','code':{'text':'x'},"
         "'effectiveTiming':{'repeat':{'duration':1}}}",
         "tim-1@Observation.effective.repeat"},
        {"an age that is no number of years",
         "{'resourceType':'FamilyMemberHistory','status':'completed','patient':{'display':'R'},"
         "'relationship':{'text':'x'},'ageAge':{'value':-1,'system':'http://"
         "unitsofmeasure.org','code':'a'}}",
         "age-1@FamilyMemberHistory.age"},
    };
    CHECK(rows);
}

Test(invariant, of_bundles_and_what_they_hold)
{
    static const struct row rows[] = {
        {"a total in a collection", BUNDLE("collection", ",'total':1"), "bdl-1@Bundle"},
        {"an entry of a transaction without a request",
         BUNDLE("transaction", ",'entry':[{'resource':" PATIENT("") "}]"), "bdl-3@Bundle"},
        {"an entry with nothing",
         BUNDLE("collection",
                ",'entry':[{'id':'a','link':[{'relation':'self','url':'http://x.example'}]}]"),
         "bdl-5@Bundle.entry[0]"},
        {"the same URL twice",
         BUNDLE("collection", ",'entry':[{'fullUrl':'http://x.example/Patient/"
                              "1','resource':{'resourceType':'Patient','id':'1'}},"
                              "{'fullUrl':'http://x.example/Patient/"
                              "1','resource':{'resourceType':'Patient','id':'1'}}]"),
         "bundles@Bundle.entry"},
        {"a URL with a version",
         BUNDLE("collection", ",'entry':[{'fullUrl':'http://x.example/Patient/1/_history/"
                              "2','resource':{'resourceType':'Patient','id':'1'}}]"),
         "bdl-8@Bundle.entry[0]"},
        {"a document that begins with something else",
         BUNDLE("document", ",'identifier':{'system':'http://"
                            "x.example','value':'1'},'timestamp':'2026-01-01T00:00:00Z',"
                            "'entry':[{'fullUrl':'http://x.example/Patient/"
                            "1','resource':{'resourceType':'Patient','id':'1'}}]"),
         "bdl-11@Bundle"},
        {"a message that begins with something else",
         BUNDLE("message", ",'entry':[{'fullUrl':'http://x.example/Patient/"
                           "1','resource':{'resourceType':'Patient','id':'1'}}]"),
         "bdl-12@Bundle"},
        {"%resource is that of the entry",
         BUNDLE("collection", ",'entry':[{'fullUrl':'http://x.example/1','resource':" OBSERVATION(
                                  ",'valueString':'x','component':[{'code':{'coding':[{'system':'"
                                  "http://x.example','code':'a'}]}}]") "}]"),
         ""},
        {"a code of a component that is that of the whole",
         BUNDLE("collection", ",'entry':[{'fullUrl':'http://x.example/"
                              "1','resource':{'resourceType':'Observation','status':'final'"
                              ",'code':{'coding':[{'system':'http://x.example','code':'a'}]},"
                              "'valueString':'x','component':[{'code':{'coding':[{'system':'http://"
                              "x.example','code':'a'}]}}]}}]"),
         "obs-7@Bundle.entry[0].resource"},
        {"what a reference in the Bundle is to",
         BUNDLE("collection",
                ",'entry':[{'fullUrl':'http://x.example/CareTeam/"
                "1','resource':{'resourceType':'CareTeam','id':'1','participant':"
                "[{'member':{'reference':'Patient/2'},'onBehalfOf':{'display':'x'}}]}},"
                "{'fullUrl':'http://x.example/Patient/"
                "2','resource':{'resourceType':'Patient','id':'2'}}]"),
         "ctm-1@Bundle.entry[0].resource.participant[0]"},
        {"what is contained has invariants too",
         PATIENT(",'contained':[{'resourceType':'Organization','id':'o','active':true}],'"
                 "managingOrganization':{'reference':'#o'}"),
         "org-1@Patient.contained[0]"},
    };
    CHECK(rows);
}

Test(invariant, of_definitions)
{
    static const struct row rows[] = {
        {"a group without items", QUESTION("'type':'group'"), "que-1@Questionnaire.item[0]"},
        {"the same linkId twice",
         QUESTION("'type':'group','item':[{'linkId':'1','type':'string'}]"), "que-2@Questionnaire"},
        {"enabled where something exists",
         QUESTION("'type':'string','enableWhen':[{'question':'2','operator':'exists','"
                  "answerBoolean':true}]"),
         ""},
        {"enabled where something exists, with a text",
         QUESTION("'type':'string','enableWhen':[{'question':'2','operator':'exists','answerString'"
                  ":'x'}]"),
         "que-7@Questionnaire.item[0].enableWhen[0]"},
        {"enabled where something exists, which only an extension says",
         QUESTION("'type':'string','enableWhen':[{'question':'2','operator':'exists',"
                  "'_answerBoolean':" UNKNOWN "}]"),
         "~?que-7@Questionnaire.item[0].enableWhen[0]"},
        {"enabled by two, and nobody says how",
         QUESTION(
             "'type':'string','enableWhen':[{'question':'2','operator':'=','answerString':'x'},{"
             "'question':'3','operator':'=','answerString':'x'}]"),
         "que-12@Questionnaire.item[0]"},
        {"a name that is none for machines",
         "{'resourceType':'ValueSet','status':'draft','name':'a b'}", "~vsd-0@ValueSet"},
        {"no name at all", "{'resourceType':'ValueSet','status':'draft'}", ""},
        {"a type of which only an extension is there", QUESTION("'_type':" UNKNOWN),
         "~?que-1@Questionnaire.item[0]"},
        {"a text of which only an extension is there, and the answer is about something else",
         "{'resourceType':'Bundle','type':'message','_language':" UNKNOWN
         ",'entry':[{'fullUrl':'urn:uuid:6a2ee390-978e-42c6-8f88-c17dff3bd8a0',"
         "'link':[{'relation':'x','url':'x'}]}]}",
         "bdl-12@Bundle bdl-5@Bundle.entry[0]"},
        {"a kind of which only an extension is there",
         "{'resourceType':'CapabilityStatement','status':'draft','date':'2026','_kind':" UNKNOWN
         ",'fhirVersion':'4.0.1','format':['json'],'rest':[{'mode':'client'}],"
         "'implementation':{'description':'x'}}",
         "~?cpb-15@CapabilityStatement ~?cpb-16@CapabilityStatement"},
        {"a path with empty parts",
         "{'resourceType':'StructureDefinition','url':'http://x.example/"
         "y','name':'Y','status':'draft','kind':'resource',"
         "'abstract':false,'type':'Patient','derivation':'constraint','baseDefinition':'http://"
         "hl7.org/fhir/StructureDefinition/Patient',"
         "'differential':{'element':[{'id':'Patient','path':'Patient'},{'id':'x','path':'Patient..."
         "x'}]}}",
         "eld-19@StructureDefinition.differential.element[1] "
         "~eld-20@StructureDefinition.differential.element[1]"},
        {"at most what only an extension says",
         "{'resourceType':'StructureDefinition','url':'http://x.example/"
         "y','name':'Y','status':'draft','kind':'resource',"
         "'abstract':false,'type':'Patient','derivation':'constraint','baseDefinition':'http://"
         "hl7.org/fhir/StructureDefinition/Patient',"
         "'differential':{'element':[{'id':'Patient','path':'Patient','_max':" UNKNOWN "}]}}",
         "~?eld-3@StructureDefinition.differential.element[0].max"},
        {"at most nothing that is a number",
         "{'resourceType':'StructureDefinition','url':'http://x.example/"
         "y','name':'Y','status':'draft','kind':'resource',"
         "'abstract':false,'type':'Patient','derivation':'constraint','baseDefinition':'http://"
         "hl7.org/fhir/StructureDefinition/Patient',"
         "'differential':{'element':[{'id':'Patient','path':'Patient','max':'many'}]}}",
         "eld-3@StructureDefinition.differential.element[0].max"},
        {"at most -1",
         "{'resourceType':'StructureDefinition','url':'http://x.example/"
         "y','name':'Y','status':'draft','kind':'resource',"
         "'abstract':false,'type':'Patient','derivation':'constraint','baseDefinition':'http://"
         "hl7.org/fhir/StructureDefinition/Patient',"
         "'differential':{'element':[{'id':'Patient','path':'Patient','max':'-1'}]}}",
         "eld-3@StructureDefinition.differential.element[0].max"},
    };
    CHECK(rows);
}

Test(invariant, levels_decide)
{
    struct invariants *all = invariants_new();
    struct arena a = {0};
    struct fhir_report r;
    struct fhir_levels levels = fhir_levels_initial(VALIDATE_STRICT);
    struct str text = quoted(&a, PATIENT(",'contact':[{'gender':'male'}]"));
    invariants_validate(all, &r, &a, text, &levels);
    cr_expect_eq(r.errors, 1);
    cr_expect_eq(r.warnings, 0);
    levels.of[FHIR_RULE_INVARIANTS] = VALIDATE_OFF;
    invariants_validate(all, &r, &a, text, &levels);
    cr_expect_eq(r.errors, 0);
    levels = fhir_levels_initial(VALIDATE_WARN);
    invariants_validate(all, &r, &a, text, &levels);
    cr_expect_eq(r.errors, 0);
    cr_expect_eq(r.warnings, 1);
    arena_free(&a);
    invariants_free(&all);
}
