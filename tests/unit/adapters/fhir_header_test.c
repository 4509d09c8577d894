/* Types of content and preferences as clients write them. */
#include "adapters/fhir_header.h"

#include <criterion/criterion.h>

TestSuite(fhir_header);

Test(fhir_header, types)
{
    static const struct {
        const char *type;
        enum fhir_content want;
    } rows[] = {
        {"application/fhir+json", FHIR_CONTENT_JSON},
        {"Application/FHIR+Json ; Charset=\"UTF-8\" ;", FHIR_CONTENT_JSON},
        {"application/json; charset=us-ascii; fhirVersion=\"4.0\"", FHIR_CONTENT_JSON},
        {"application/fhir+json; profile=\"a;charset=x\"", FHIR_CONTENT_JSON},
        {"application/fhir+json; profile=\"a\\\";charset=x\"", FHIR_CONTENT_JSON},
        {"application/fhir+json; profile=\"a\";charset=x", FHIR_CONTENT_OTHER},
        {"application/fhir+json; profile=\"a;charset=x", FHIR_CONTENT_JSON},
        {"application/fhir+json; fhirVersion=4.3", FHIR_CONTENT_LATER},
        {"application/fhir+json; fhirVersion=5.0; charset=utf-8", FHIR_CONTENT_LATER},
        {"application/fhir+json; fhirVersion=5.0; charset=latin1", FHIR_CONTENT_OTHER},
        {"application/fhir+json; fhirVersion=3.0", FHIR_CONTENT_OTHER},
        {"application/fhir+ndjson; fhirVersion=5.0", FHIR_CONTENT_OTHER},
        {"application/fhir+ndjson", FHIR_CONTENT_NDJSON},
        {"text/xml", FHIR_CONTENT_XML},
        {"application/*", FHIR_CONTENT_ANY},
        {"application/json;q=0.0", FHIR_CONTENT_OTHER},
        {"application/json, text/plain", FHIR_CONTENT_OTHER},
        {"\"", FHIR_CONTENT_OTHER},
        {"", FHIR_CONTENT_OTHER},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum fhir_content c = fhir_header_content(str_of(rows[i].type));
        cr_expect_eq(c, rows[i].want, "%s: %d", rows[i].type, (int)c);
    }
}

Test(fhir_header, what_is_accepted)
{
    static const struct {
        const char *list;
        bool want, want_later;
    } rows[] = {
        {"text/html, */*;q=0.1", true, true},
        {", ,application/json", true, true},
        {"application/xml;a=\",application/json\"", false, false},
        {"application/fhir+json; fhirVersion=5.0", false, true},
        {"application/fhir+json; fhirVersion=3.0", false, false},
        {"", false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct str list = str_of(rows[i].list);
        cr_expect_eq(fhir_header_accepts(list, false), rows[i].want, "%s", rows[i].list);
        cr_expect_eq(fhir_header_accepts(list, true), rows[i].want_later, "%s", rows[i].list);
    }
}

Test(fhir_header, preferences)
{
    static const struct {
        const char *first, *second;
        enum fhir_return wants;
        bool is_strict;
    } rows[] = {
        {"return=representation", "", FHIR_RETURN_RESOURCE, false},
        {"return = \"representation\"; a=b", "handling=strict", FHIR_RETURN_RESOURCE, true},
        {"RETURN=operationoutcome;handling=strict", "", FHIR_RETURN_OUTCOME, true},
        /* the first one counts */
        {"return=minimal, return=representation", "", FHIR_RETURN_MINIMAL, false},
        {"return=minimal", "return=representation", FHIR_RETURN_MINIMAL, false},
        {"return=other", "return=representation", FHIR_RETURN_MINIMAL, false},
        {"handling=strict, handling=lenient", "", FHIR_RETURN_MINIMAL, true},
        {"handling=lenient", "handling=strict", FHIR_RETURN_MINIMAL, false},
        /* in quotes there is none */
        {"a=\"b, return=representation\"", "", FHIR_RETURN_MINIMAL, false},
        {"a=\"b; handling=strict\", return=representation", "", FHIR_RETURN_RESOURCE, false},
        {"respond-async, wait=10", ",;,", FHIR_RETURN_MINIMAL, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fhir_preferences p = {0};
        fhir_header_prefer(str_of(rows[i].first), &p);
        fhir_header_prefer(str_of(rows[i].second), &p);
        cr_expect_eq(p.wants, rows[i].wants, "%s, %s: %d", rows[i].first, rows[i].second,
                     (int)p.wants);
        cr_expect_eq(p.is_strict, rows[i].is_strict, "%s, %s", rows[i].first, rows[i].second);
    }
}
