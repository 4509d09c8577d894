/* Expressions on FHIR and JSON data. */
#include "tests/unit/rules/kit.h"

TestSuite(tree, .init = kit_begin, .fini = kit_end);

static const char patient[] =
    "{\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":true,"
    "\"extension\":[{\"url\":\"http://x/rank\",\"valueInteger\":3}],"
    "\"contained\":[{\"resourceType\":\"Organization\",\"id\":\"o\",\"name\":\"Org\"}],"
    "\"managingOrganization\":{\"reference\":\"#o\"},"
    "\"name\":[{\"use\":\"official\",\"family\":\"Doe\",\"given\":[\"Ann\",null,\"Bo\"],"
    "\"_given\":[null,{\"extension\":[{\"url\":\"u\",\"valueString\":\"hidden\"}]},null]},"
    "{\"family\":\"Roe\"}],"
    "\"gender\":\"female\",\"birthDate\":\"1980-01\",\"_birthDate\":{\"id\":\"b\"},"
    "\"deceasedDateTime\":\"2020-02-03T04:05:06Z\",\"multipleBirthInteger\":2,"
    "\"contact\":[{\"name\":{\"family\":\"Kin\"}}]}";

static const char bundle[] =
    "{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":["
    "{\"fullUrl\":\"http://a/Patient/1\",\"resource\":{\"resourceType\":\"Patient\",\"id\":\"1\","
    "\"birthDate\":\"1980-01-02\"}},"
    "{\"fullUrl\":\"http://a/Observation/"
    "9\",\"resource\":{\"resourceType\":\"Observation\",\"id\":\"9\","
    "\"status\":\"final\",\"subject\":{\"reference\":\"Patient/1\"},\"performer\":[{\"reference\":"
    "\"urn:uuid:7\"},{\"reference\":\"Patient/2\"},{\"reference\":\"#c\"}],"
    "\"contained\":[{\"resourceType\":\"Practitioner\",\"id\":\"c\"}],"
    "\"valueQuantity\":{\"value\":1.50,\"unit\":\"gram\",\"code\":\"g\",\"system\":"
    "\"http://unitsofmeasure.org\"}}},"
    "{\"fullUrl\":\"urn:uuid:7\",\"resource\":{\"resourceType\":\"Organization\",\"id\":\"7\"}}]}";

static const char plain[] =
    "{\"a\":[1,2.50,\"x\",null,{\"b\":true}],\"ABC\":{\"b\":1e3,\"n\":[7,8]},"
    "\"big\":12345678901234567890123456789012}";

struct row {
    const char *text, *want;
};

static void check_rows(const char *data, const struct row *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = kit_eval_json(rows[i].text, data, false);
        cr_expect_str_eq(got, rows[i].want, "%s: got %s, want %s", rows[i].text, got, rows[i].want);
    }
}
#define CHECK(data, rows) check_rows(data, rows, sizeof(rows) / sizeof((rows)[0]))

Test(tree, elements_have_the_types_of_r4)
{
    static const struct row rows[] = {
        {"Patient.name.family", "string:Doe string:Roe"},
        {"name[0].use", "code:official"},
        {"name[2].use", ""},
        {"id", "id:p"},
        {"birthDate", "date:1980-01"},
        {"active", "boolean:true"},
        {"DomainResource.gender", "code:female"},
        {"Observation", ""},
        {"$this.gender", "code:female"},
        {"%resource.gender | %context.id", "code:female id:p"},
        {"contact.name.family", "string:Kin"},
        {"contact.type().name", "string:BackboneElement"},
        {"contained.name", "string:Org"},
        {"contained.ofType(Organization).id", "id:o"},
        {"contained.ofType(Patient).id", ""},
        {"gender.type().namespace", "string:FHIR"},
        {"gender is string", "boolean:true"},
        {"gender as string", ""},
        {"gender is System.String", "boolean:false"},
        {"name.is(HumanName)", "-:1:6: error: is() wants one value, there are 2"},
    };
    CHECK(patient, rows);
}

Test(tree, a_choice_is_found_by_its_name_alone)
{
    static const struct row rows[] = {
        {"deceased", "dateTime:2020-02-03T04:05:06Z"},
        {"deceased is boolean", "boolean:false"},
        {"multipleBirth + 1", "integer:3"},
        {"extension.value", "integer:3"},
        {"deceasedDateTime", "-:1:1: error: Patient has no element deceasedDateTime; "
                             "write deceased, or deceased.ofType(dateTime)"},
    };
    CHECK(patient, rows);
}

Test(tree, extensions_of_elements_and_of_primitives)
{
    static const struct row rows[] = {
        {"extension('http://x/rank').value", "integer:3"},
        {"extension('http://x/other').exists()", "boolean:false"},
        {"birthDate.id", "string:b"},
        {"name.given", "string:Ann string:Bo"},
        {"name.given.count()", "integer:3"},
        {"name.given[1].hasValue()", "boolean:false"},
        {"name.given[1].extension('u').value", "string:hidden"},
        {"name.given[1] = 'x'", ""},
        {"name.given[1].upper()", ""},
        {"name.given.first().getValue() is System.String", "boolean:true"},
        {"name.given.select(hasValue())", "boolean:true boolean:false boolean:true"},
    };
    CHECK(patient, rows);
}

Test(tree, an_unknown_element_is_a_located_error_with_a_suggestion)
{
    static const struct row rows[] = {
        {"name.famly", "-:1:6: error: HumanName has no element famly; did you mean family?"},
        {"name.where(givn = 'x')",
         "-:1:12: error: HumanName has no element givn; did you mean given?"},
        {"name.count", "-:1:6: error: HumanName has no element count; "
                       "a function is written with brackets: count()"},
        {"contact.select(name).famly",
         "-:1:22: error: HumanName has no element famly; did you mean family?"},
        {"(name | contact).famly", ""}, /* of two types: not followed */
        {"name.ofType(Nme)",
         "-:1:13: error: Nme is no type here; "
         "types are String, Integer, Decimal, Boolean, Date, DateTime, Time, Quantity and "
         "those of FHIR R4, as Patient, HumanName, code"},
        {"PID-3",
         "-:1:1: error: Patient has no element PID; this is a path of HL7 v2, and the data "
         "is not"},
    };
    CHECK(patient, rows);
}

Test(tree, strict_refuses_what_depends_on_an_order_and_other_resources)
{
    cr_expect_str_eq(
        kit_eval_json("children().skip(1).count()", patient, true),
        "-:1:12: error: children() and descendants() have no order, and this depends on "
        "one");
    cr_expect_str_eq(
        kit_eval_json("descendants()[0]", patient, true),
        "-:1:14: error: children() and descendants() have no order, and this depends on "
        "one");
    cr_expect_str_eq(kit_eval_json("Observation.status", patient, true),
                     "-:1:1: error: this is a Patient, never a Observation");
    cr_expect_str_eq(kit_eval_json("Observation.status", patient, false), "");
}

Test(tree, references_are_resolved_in_the_bundle_and_contained)
{
    static const struct row rows[] = {
        {"managingOrganization.resolve().name", "string:Org"},
        {"managingOrganization.reference.resolve().name", "string:Org"},
        {"'#x'.resolve()", ""},
        {"'Organization/1'.resolve()", ""},
    };
    static const struct row bundles[] = {
        {"entry.resource.ofType(Observation).subject.resolve().birthDate", "date:1980-01-02"},
        {"entry.resource.ofType(Observation).performer.resolve().id", "id:7 id:c"},
        {"'http://a/Patient/1'.resolve().id", "id:1"},
        {"'http://a/Patient/1/_history/4'.resolve().id", "id:1"},
        {"'http://b/Patient/1'.resolve().id", ""},
    };
    CHECK(patient, rows);
    CHECK(bundle, bundles);
}

Test(tree, a_quantity_of_fhir_is_one_of_the_language)
{
    static const struct row rows[] = {
        {"entry.resource.value = 1500 'mg'", "boolean:true"},
        {"entry.resource.value < 2 'g'", "boolean:true"},
        {"entry.resource.value + 500 'mg'", "Quantity:2000.00 'mg'"},
        {"entry.resource.value * 2", "Quantity:3.00 'g'"},
        {"entry.resource.value.comparable(1 'mg')", "boolean:true"},
        {"entry.resource.value.lowBoundary(3) < entry.resource.value", "boolean:true"},
        {"entry.resource.value.value", "decimal:1.50"},
        {"entry.resource.value ~ 1.5 'g'", "boolean:true"},
        {"entry.resource.value = 1 'm'", ""},
        {"entry.resource.value = entry.resource.value", "boolean:true"},
        {"entry.resource.value <= entry.resource.value", "boolean:true"},
    };
    CHECK(bundle, rows);
}

Test(tree, nodes_are_equal_when_all_below_them_is)
{
    static const struct row rows[] = {
        {"name = name", "boolean:true"},
        {"name[0] = name[1]", "boolean:false"},
        {"name[0] ~ name[0]", "boolean:true"},
        {"(name | name).count()", "integer:2"},
        {"name < name", "-:1:1: error: one value is wanted here, there are 2"},
        {"name[0] < name[1]", "-:1:9: error: a HumanName cannot be compared with a HumanName"},
        {"name[0] & 'x'", "-:1:9: error: one text is wanted here, this is a whole HumanName"},
        {"contained",
         "Organization:{\"resourceType\":\"Organization\",\"id\":\"o\",\"name\":\"Org\"}"},
    };
    CHECK(patient, rows);
}

Test(tree, json_keeps_its_numbers_and_its_order)
{
    static const struct row rows[] = {
        {"a", "integer:1 decimal:2.50 string:x object:{\"b\":true}"},
        {"a[0]", "integer:1"},
        {"a.b", "boolean:true"},
        {"ABC.b", "decimal:1000.0"},
        {"ABC.n[1]", "integer:8"},
        {"ABC[0].n", "integer:7 integer:8"},
        {"missing.deeper", ""},
        {"big", "object:12345678901234567890123456789012"},
        {"children().count()", "integer:6"},
        {"descendants().where($this = 8)", "integer:8"},
        {"Patient", ""},
    };
    static const struct row arrays[] = {{"b", "integer:1 integer:2"},
                                        {"$this.count()", "integer:2"}};
    CHECK(plain, rows);
    CHECK("[{\"b\":1},{\"b\":2}]", arrays);
}

Test(tree, children_and_descendants_know_their_types)
{
    static const struct row rows[] = {
        {"name[1].children()", "string:Roe"},
        {"birthDate.children()", "string:b"},
        {"children().ofType(HumanName).count()", "integer:2"},
        {"descendants().ofType(code)", "code:female code:official"},
        {"descendants().where($this is dateTime)", "dateTime:2020-02-03T04:05:06Z"},
        {"descendants().ofType(Extension).value", "integer:3 string:hidden"},
    };
    CHECK(patient, rows);
}

/* ---- hostile ---- */

static const char *repeated(const char *one, unsigned times, const char *last)
{
    struct buf b = {0};
    for (unsigned i = 0; i < times; i++) {
        buf_puts(&b, one);
    }
    buf_puts(&b, last);
    const char *text = str_dup(&kit_arena, buf_str(&b)).p;
    buf_free(&b);
    return text;
}

Test(tree, hostile_expressions_end_at_a_budget)
{
    const char *const rows[][2] = {
        {repeated("(", 100, "1"), "more than 64 expressions stand within each other"},
        {repeated("-", 100, "1"), "more than 64 expressions stand within each other"},
        {repeated("name.", 300, "family"), "more than 200 operators or functions stand in a row"},
        {repeated("first().", 4900, "count()"),
         "more than 200 operators or functions stand in a row"},
        {repeated("true and ", 4900, "true"),
         "more than 200 operators or functions stand in a row"},
        {repeated("1 + ", 190, "1"), "integer:191"},
        {repeated("select(%resource.descendants()).", 8, "count()"), "the formula took too"},
        {repeated("select(%resource.descendants() | %resource.descendants()).", 8, "count()"),
         "the formula took too"},
        {str_printf(&kit_arena, "name.family.%s",
                    repeated("select($this | $this & 'a' | $this & 'b').", 40, "count()"))
             .p,
         "the formula took too"},
        {"(%resource.descendants() | %resource.children()).repeat(%resource.descendants()).count()",
         ""},
        {"'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$')",
         "the regular expression of matches() took too many steps"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = kit_eval_json(rows[i][0], patient, false);
        cr_expect(strstr(got, rows[i][1]) != NULL, "%.60s: got %s", rows[i][0], got);
    }
}

Test(tree, texts_that_double_end_at_a_budget)
{
    const char *grow = repeated("", 0, "'0123456789abcdef'");
    struct buf b = {0};
    buf_puts(&b, grow);
    for (int i = 0; i < 40; i++) {
        buf_puts(&b, ".encode('hex')");
    }
    buf_puts(&b, ".length()");
    const char *got = kit_eval_json(str_dup(&kit_arena, buf_str(&b)).p, patient, false);
    buf_free(&b);
    cr_expect(strstr(got, "error: ") != NULL, "got %s", got);
    cr_expect_lt(kit_arena.total, (size_t)256 << 20);
}

/* A bundle of `n` entries, each with a reference to the last one. */
static const char *bundle_of(unsigned n)
{
    struct buf b = {0};
    buf_puts(&b, "{\"resourceType\":\"Bundle\",\"entry\":[");
    for (unsigned i = 0; i < n; i++) {
        buf_printf(&b,
                   "%s{\"fullUrl\":\"http://x/Observation/%u\",\"resource\":{\"resourceType\":"
                   "\"Observation\",\"id\":\"%u\",\"subject\":{\"reference\":\"Observation/%u\"}}}",
                   i ? "," : "", i, i, n - 1);
    }
    buf_puts(&b, "]}");
    const char *text = str_dup(&kit_arena, buf_str(&b)).p;
    buf_free(&b);
    return text;
}

/* {"a":0,"b":..} and the same the other way round. */
static const char *two_objects(unsigned n)
{
    struct buf b = {0};
    for (int turn = 0; turn < 2; turn++) {
        buf_printf(&b, "%s{", turn ? ",\"y\":" : "{\"x\":");
        for (unsigned i = 0; i < n; i++) {
            buf_printf(&b, "%s\"m%u\":0", i ? "," : "", turn ? n - 1 - i : i);
        }
        buf_puts(&b, "}");
    }
    buf_puts(&b, "}");
    const char *text = str_dup(&kit_arena, buf_str(&b)).p;
    buf_free(&b);
    return text;
}

Test(tree, looking_through_much_data_costs_steps)
{
    static const char resolve[] = "entry.resource.subject.resolve().count()";
    cr_expect_str_eq(kit_eval_json(resolve, bundle_of(500), false), "integer:500");
    const char *got = kit_eval_json(resolve, bundle_of(8000), false);
    cr_expect(strstr(got, "the formula took too many steps") != NULL, "got %s", got);
    cr_expect_str_eq(kit_eval_json("x = y", two_objects(500), false), "boolean:true");
    got = kit_eval_json("x = y", two_objects(20000), false);
    cr_expect(strstr(got, "the formula took too many steps") != NULL, "got %s", got);
}
