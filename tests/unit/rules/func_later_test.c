/* Functions that came to FHIRPath after N1, and those of FHIR. */
#include "tests/unit/rules/func_rows.h"
#include "tests/unit/rules/rows.h"

TestSuite(func_later, .init = kit_begin, .fini = kit_end);

static const struct func_row later[] = {
    {"sort", USUAL, "(3 | 1 | 2).sort()", "integer:1 integer:2 integer:3"},
    {"sort", USUAL, "(3 | 1 | 2).sort(-$this)", "integer:3 integer:2 integer:1"},
    {"sort", USUAL, "('b' | 'a').sort(-$this)", "string:b string:a"},
    {"sort", USUAL, "('bb' | 'a' | 'c').sort(length(), -$this)", "string:c string:a string:bb"},
    {"sort", USUAL, "(2 | 1).sort(iif($this = 1, {}, $this))", "integer:1 integer:2"},
    {"sort", EMPTY, "{}.sort()", ""},
    {"sort", WRONG, "(1 | true).sort()",
     "-:1:12: error: a integer cannot be compared with a boolean"},
    {"encode", USUAL, "'test'.encode('base64')", "string:dGVzdA=="},
    {"encode", USUAL, "'subjects?_d'.encode('urlbase64')", "string:c3ViamVjdHM_X2Q="},
    {"encode", USUAL, "'t\\u00e9'.encode('hex')", "string:74c3a9"},
    {"encode", USUAL, "''.encode('base64')", "string:"},
    {"encode", EMPTY, "{}.encode('hex')", ""},
    {"encode", EMPTY, "'a'.encode({})", ""},
    {"encode", WRONG, "'a'.encode('rot13')",
     "-:1:5: error: encode() knows 'base64', 'urlbase64' and 'hex'"},
    {"decode", USUAL, "'dGVzdA=='.decode('base64')", "string:test"},
    {"decode", USUAL, "'c3ViamVjdHM_X2Q='.decode('urlbase64')", "string:subjects?_d"},
    {"decode", USUAL, "'dGVzdA'.decode('urlbase64')", "string:test"},
    {"decode", WRONG, "'dGVzdA'.decode('base64')", "-:1:10: error: the value is no text in base64"},
    {"decode", WRONG, "'dGVzdB=='.decode('base64')",
     "-:1:12: error: the value is no text in base64"},
    {"decode", WRONG, "'c3ViamVjdHM_X2Q='.decode('base64')",
     "-:1:20: error: the value is no text in base64"},
    {"decode", WRONG, "'c3ViamVjdHM/X2Q='.decode('urlbase64')",
     "-:1:20: error: the value is no text in urlbase64"},
    {"decode", USUAL, "'74C3A9'.decode('hex')", "string:t\xc3\xa9"},
    {"decode", EMPTY, "{}.decode('hex')", ""},
    {"decode", WRONG, "'7'.decode('hex')", "-:1:5: error: the value is no text in hex"},
    {"decode", WRONG, "'ff'.decode('hex')", "-:1:6: error: the value is no text in hex"},
    {"decode", WRONG, "'d'.decode('base64')", "-:1:5: error: the value is no text in base64"},
    {"escape", USUAL, "'\"1<2\"'.escape('html')", "string:&quot;1&lt;2&quot;"},
    {"escape", USUAL, "'\"a\\\\b\"'.escape('json')", "string:\\\"a\\\\b\\\""},
    {"escape", EMPTY, "{}.escape('html')", ""},
    {"escape", WRONG, "'a'.escape('xml')", "-:1:5: error: escape() knows 'html' and 'json'"},
    {"unescape", USUAL, "'&lt;&amp;lt;'.unescape('html')", "string:<&lt;"},
    {"unescape", USUAL, "'a\\\\nb'.unescape('json')", "string:a\nb"},
    {"unescape", EMPTY, "{}.unescape('html')", ""},
    {"unescape", WRONG, "'a'.unescape('xml')", "-:1:5: error: unescape() knows 'html' and 'json'"},
    {"lowBoundary", USUAL, "1.587.lowBoundary()", "decimal:1.58650000"},
    {"lowBoundary", USUAL, "(-1.587).lowBoundary(2)", "decimal:-1.59"},
    {"lowBoundary", USUAL, "1.587.lowBoundary(0)", "integer:1"},
    {"lowBoundary", USUAL, "1.587.lowBoundary(39)", ""},
    {"lowBoundary", USUAL, "1.5 'cm'.lowBoundary(2)", "Quantity:1.45 'cm'"},
    {"lowBoundary", USUAL, "@2014.lowBoundary()", "date:2014-01-01"},
    {"lowBoundary", USUAL, "@2014-01-01T08:05.lowBoundary()",
     "dateTime:2014-01-01T08:05:00.000+14:00"},
    {"lowBoundary", USUAL, "@T10.lowBoundary()", "time:10:00:00.000"},
    {"lowBoundary", USUAL, "@2014.lowBoundary(5)", ""},
    {"lowBoundary", EMPTY, "{}.lowBoundary()", ""},
    {"lowBoundary", WRONG, "'a'.lowBoundary()",
     "-:1:5: error: lowBoundary() wants a number, a date or a time"},
    {"highBoundary", USUAL, "1.587.highBoundary(2)", "decimal:1.59"},
    {"highBoundary", USUAL, "@2016-02.highBoundary()", "date:2016-02-29"},
    {"highBoundary", USUAL, "@2014-01-01T08.highBoundary(17)",
     "dateTime:2014-01-01T08:00:59.999-12:00"},
    {"highBoundary", USUAL, "@2014-01-01T08:05+01:00.highBoundary(14)",
     "dateTime:2014-01-01T08:05:59+01:00"},
    {"highBoundary", USUAL, "@T10:30:00.1234.highBoundary() >= @T10:30:00.1234", "boolean:true"},
    {"highBoundary", EMPTY, "{}.highBoundary()", ""},
    {"highBoundary", WRONG, "true.highBoundary()",
     "-:1:6: error: highBoundary() wants a number, a date or a time"},
    {"precision", USUAL, "1.58700.precision()", "integer:5"},
    {"precision", USUAL, "@2014-01-05T10:30:00.000+01:00.precision()", "integer:17"},
    {"precision", USUAL, "@T10:30.precision()", "integer:4"},
    {"precision", EMPTY, "{}.precision()", ""},
    {"precision", WRONG, "'a'.precision()",
     "-:1:5: error: precision() wants a number, a date or a time"},
    {"comparable", USUAL, "1 'cm'.comparable(1 '[in_i]')", "boolean:true"},
    {"comparable", USUAL, "1 'cm'.comparable(1 's')", "boolean:false"},
    {"comparable", EMPTY, "{}.comparable(1 's')", ""},
    {"comparable", WRONG, "1.comparable(2)", "-:1:3: error: comparable() wants two quantities"},
    {"type", USUAL, "1.type().name",
     "-:1:10: error: name is not known; members are of FHIR and JSON data"},
    {"type", EMPTY, "{}.type()", ""},
    {"type", WRONG, "1.type(2)", "-:1:3: error: type() takes 0 arguments, this gives 1; type()"},
};

static const char observation[] =
    "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"c\"},"
    "\"subject\":{\"reference\":\"#s\"},\"contained\":[{\"resourceType\":\"Patient\",\"id\":\"s\"}]"
    ","
    "\"valueString\":\"x\",\"_status\":{\"extension\":[{\"url\":\"u\",\"valueCode\":\"w\"}]}}";

static const struct func_row trees[] = {
    {"type", USUAL, "status.type().name", "string:code"},
    {"type", USUAL, "1.type().namespace", "string:System"},
    {"children", USUAL, "code.children()", "string:c"},
    {"children", EMPTY, "bodySite.children()", ""},
    {"children", WRONG, "1.children()", ""},
    {"descendants", USUAL, "code.descendants()", "string:c"},
    {"descendants", USUAL, "subject.resolve().descendants()", "id:s"},
    {"descendants", EMPTY, "{}.descendants()", ""},
    {"descendants", WRONG, "'a'.descendants()", ""},
    {"extension", USUAL, "status.extension('u').value", "code:w"},
    {"extension", EMPTY, "status.extension({})", ""},
    {"extension", WRONG, "status.extension(1 | 2)",
     "-:1:20: error: one value is wanted here, there are 2"},
    {"hasValue", USUAL, "status.hasValue()", "boolean:true"},
    {"hasValue", USUAL, "code.hasValue()", "boolean:false"},
    {"hasValue", EMPTY, "{}.hasValue()", "boolean:false"},
    {"hasValue", WRONG, "(1 | 2).hasValue()", "boolean:false"},
    {"getValue", USUAL, "status.getValue()", "string:final"},
    {"getValue", EMPTY, "code.getValue()", ""},
    {"getValue", WRONG, "(1 | 2).getValue()", ""},
    {"resolve", USUAL, "subject.resolve().id", "id:s"},
    {"resolve", EMPTY, "encounter.resolve()", ""},
    {"resolve", WRONG, "code.resolve()", ""},
    {"conformsTo", USUAL, "conformsTo('http://hl7.org/fhir/StructureDefinition/DomainResource')",
     "boolean:true"},
    {"conformsTo", USUAL, "conformsTo('http://hl7.org/fhir/StructureDefinition/Patient')",
     "boolean:false"},
    {"conformsTo", EMPTY, "conformsTo({})", ""},
    {"conformsTo", WRONG, "conformsTo('http://trash')",
     "-:1:1: error: conformsTo() knows the types of FHIR R4 alone, as "
     "http://hl7.org/fhir/StructureDefinition/Patient"},
};

struct func_rows func_rows_of_later(void)
{
    return (struct func_rows){later, sizeof(later) / sizeof(later[0])};
}

struct func_rows func_rows_of_trees(void)
{
    return (struct func_rows){trees, sizeof(trees) / sizeof(trees[0])};
}

Test(func_later, functions_that_came_after_n1)
{
    func_rows_eval(func_rows_of_later(), NULL);
}

Test(func_later, functions_of_fhir)
{
    for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
        const char *got = kit_eval_json(trees[i].text, observation, false);
        cr_expect_str_eq(got, trees[i].want, "%s: got %s, want %s", trees[i].text, got,
                         trees[i].want);
    }
}
