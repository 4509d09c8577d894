#include "engine/fhir/literal.h"

#include <criterion/criterion.h>

enum verdict { GOOD, MILD, BAD };

static const struct row {
    unsigned type;
    const char *text;
    enum verdict want;
} rows[] = {
    {FHIR_TYPE_DATE, "2026", GOOD},
    {FHIR_TYPE_DATE, "2026-11", GOOD},
    {FHIR_TYPE_DATE, "2026-11-30", GOOD},
    {FHIR_TYPE_DATE, "2024-02-29", GOOD},
    {FHIR_TYPE_DATE, "2025-02-29", BAD},
    {FHIR_TYPE_DATE, "1900-02-29", BAD},
    {FHIR_TYPE_DATE, "2000-02-29", GOOD},
    {FHIR_TYPE_DATE, "2026-00", BAD},
    {FHIR_TYPE_DATE, "2026-13", BAD},
    {FHIR_TYPE_DATE, "2026-1-1", BAD},
    {FHIR_TYPE_DATE, "26", BAD},
    {FHIR_TYPE_DATE, "0000", BAD},
    {FHIR_TYPE_DATE, "20261130", BAD},
    {FHIR_TYPE_DATE, "2026-11-30T10:00:00Z", BAD},
    {FHIR_TYPE_DATE, "2026-11-", BAD},
    {FHIR_TYPE_DATE, "not a date", BAD},
    {FHIR_TYPE_DATE_TIME, "2026", GOOD},
    {FHIR_TYPE_DATE_TIME, "2026-11-30T10:00:00Z", GOOD},
    {FHIR_TYPE_DATE_TIME, "2026-11-30T10:00:00.123456+01:00", GOOD},
    {FHIR_TYPE_DATE_TIME, "2026-11-30T23:59:60-14:00", GOOD},
    {FHIR_TYPE_DATE_TIME, "2026-11-30T10:00:00", BAD},
    {FHIR_TYPE_DATE_TIME, "2026-11-30T10:00Z", BAD},
    {FHIR_TYPE_DATE_TIME, "2026-11-30T24:00:00Z", BAD},
    {FHIR_TYPE_DATE_TIME, "2026-11-30T10:00:00.Z", BAD},
    {FHIR_TYPE_DATE_TIME, "2026-11-30T10:00:00+14:01", BAD},
    {FHIR_TYPE_DATE_TIME, "2026-11-30T10:00:00+0100", BAD},
    {FHIR_TYPE_DATE_TIME, "2026-11-30 10:00:00Z", BAD},
    {FHIR_TYPE_DATE_TIME, "2026-11T10:00:00Z", BAD},
    {FHIR_TYPE_INSTANT, "2026-11-30T10:00:00Z", GOOD},
    {FHIR_TYPE_INSTANT, "2026-11-30", BAD},
    {FHIR_TYPE_INSTANT, "2026-11-30T10:00:00", BAD},
    {FHIR_TYPE_TIME, "10:00:00", GOOD},
    {FHIR_TYPE_TIME, "10:00:00.5", GOOD},
    {FHIR_TYPE_TIME, "10:00", BAD},
    {FHIR_TYPE_TIME, "25:00:00", BAD},
    {FHIR_TYPE_TIME, "10:00:00Z", BAD},
    {FHIR_TYPE_INTEGER, "-2147483648", GOOD},
    {FHIR_TYPE_INTEGER, "2147483647", GOOD},
    {FHIR_TYPE_INTEGER, "2147483648", BAD},
    {FHIR_TYPE_INTEGER, "1e3", BAD},
    {FHIR_TYPE_INTEGER, "1.0", BAD},
    {FHIR_TYPE_INTEGER, "99999999999999999999999", BAD},
    {FHIR_TYPE_UNSIGNED_INT, "0", GOOD},
    {FHIR_TYPE_UNSIGNED_INT, "-1", BAD},
    {FHIR_TYPE_POSITIVE_INT, "1", GOOD},
    {FHIR_TYPE_POSITIVE_INT, "0", BAD},
    {FHIR_TYPE_DECIMAL, "1.10", GOOD},
    {FHIR_TYPE_DECIMAL, "-0.000000000000000000000000000001", GOOD},
    {FHIR_TYPE_DECIMAL, "1e-3", GOOD},
    {FHIR_TYPE_DECIMAL, "1E+18", GOOD},
    {FHIR_TYPE_DECIMAL, "1e400", MILD},
    {FHIR_TYPE_DECIMAL, "1e99999999999999999999", MILD},
    {FHIR_TYPE_DECIMAL, "123456789012345678", GOOD},
    {FHIR_TYPE_DECIMAL, "1234567890123456789", MILD},
    {FHIR_TYPE_ID, "A-z.09", GOOD},
    {FHIR_TYPE_ID, "a_b", BAD},
    {FHIR_TYPE_ID, "a b", BAD},
    {FHIR_TYPE_ID, "0123456789012345678901234567890123456789012345678901234567890123", GOOD},
    {FHIR_TYPE_ID, "01234567890123456789012345678901234567890123456789012345678901234", BAD},
    {FHIR_TYPE_CODE, "a b", GOOD},
    {FHIR_TYPE_CODE, "a  b", BAD},
    {FHIR_TYPE_CODE, " a", BAD},
    {FHIR_TYPE_CODE, "a ", BAD},
    {FHIR_TYPE_CODE, "a\tb", BAD},
    {FHIR_TYPE_CODE, "a\001b", BAD},
    {FHIR_TYPE_URI, "a\001b", BAD},
    {FHIR_TYPE_CANONICAL, "a\001b", BAD},
    {FHIR_TYPE_URI, "a\nb", BAD},
    {FHIR_TYPE_URI, "http://x.example/a?b#c", GOOD},
    {FHIR_TYPE_URI, "anything", GOOD},
    {FHIR_TYPE_URI, "http://x.example/a b", BAD},
    {FHIR_TYPE_URI, "urn:uuid:6a2ee390-978e-42c6-8f88-c17dff3bd8a0", GOOD},
    {FHIR_TYPE_URI, "urn:uuid:6A2EE390-978E-42C6-8F88-C17DFF3BD8A0", BAD},
    {FHIR_TYPE_URI, "urn:uuid:6a2ee390-978e-42c6-8f88-c17dff3bd8a", BAD},
    {FHIR_TYPE_URI, "urn:oid:2.16.840", GOOD},
    {FHIR_TYPE_URI, "urn:oid:2.16.0840", BAD},
    {FHIR_TYPE_URI, "urn:oid:3.16", BAD},
    {FHIR_TYPE_URI, "urn:oid:2", BAD},
    {FHIR_TYPE_URI, "oid:2.16", BAD},
    {FHIR_TYPE_OID, "urn:oid:1.2.3", GOOD},
    {FHIR_TYPE_OID, "1.2.3", BAD},
    {FHIR_TYPE_UUID, "urn:uuid:6a2ee390-978e-42c6-8f88-c17dff3bd8a0", GOOD},
    {FHIR_TYPE_UUID, "6a2ee390-978e-42c6-8f88-c17dff3bd8a0", BAD},
    {FHIR_TYPE_CANONICAL, "http://x.example/a|1.0", GOOD},
    {FHIR_TYPE_URL, "mailto:a@x.example", GOOD},
    {FHIR_TYPE_BASE64_BINARY, "aGFsbG8=", GOOD},
    {FHIR_TYPE_BASE64_BINARY, "aGFs\nbG8=", MILD},
    {FHIR_TYPE_BASE64_BINARY, "aGFsbG8", BAD},
    {FHIR_TYPE_BASE64_BINARY, "aGFs=bG8", BAD},
    {FHIR_TYPE_BASE64_BINARY, "a===", BAD},
    {FHIR_TYPE_BASE64_BINARY, "(snip)", BAD},
    {FHIR_TYPE_BASE64_BINARY, "aGFs-_8=", BAD},
    {FHIR_TYPE_STRING, "x", GOOD},
    {FHIR_TYPE_STRING, "a\tb\r\nc", GOOD},
    {FHIR_TYPE_STRING, " x", MILD},
    {FHIR_TYPE_STRING, " ", MILD},
    {FHIR_TYPE_STRING, "a\x01", BAD},
    {FHIR_TYPE_STRING, "", BAD},
    {FHIR_TYPE_MARKDOWN, "# x", GOOD},
    {FHIR_TYPE_XHTML, "<div/>", GOOD},
};

Test(fhir_literal, texts_of_each_type)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fhir_literal_fault fault = {0};
        bool good = fhir_literal_check(rows[i].type, str_of(rows[i].text), &fault);
        enum verdict got = good ? GOOD : fault.is_mild ? MILD : BAD;
        cr_expect_eq(got, rows[i].want, "%s %s: %s", fhir_type_name(rows[i].type), rows[i].text,
                     good ? "good" : fault.expected);
        cr_expect_eq(fault.is_empty, rows[i].text[0] == 0);
    }
}

Test(fhir_literal, a_long_text)
{
    static char text[(1 << 20) + 1];
    struct fhir_literal_fault fault;
    memset(text, 'x', sizeof text);
    struct str longest = str_from(text, sizeof text - 1), longer = str_from(text, sizeof text);
    cr_expect(fhir_literal_check(FHIR_TYPE_STRING, longest, &fault));
    cr_expect_not(fhir_literal_check(FHIR_TYPE_STRING, longer, &fault));
    cr_expect_not(fault.is_mild);
}

Test(fhir_literal, a_time_without_its_zone_is_told)
{
    struct fhir_literal_fault fault;
    cr_expect_not(fhir_literal_check(FHIR_TYPE_DATE_TIME, STR("2026-01-01T10:00:00"), &fault));
    cr_expect_str_eq(fault.found, "a time without its zone");
    cr_expect_not(fhir_literal_check(FHIR_TYPE_DATE_TIME, STR("2026-01-01T10:00"), &fault));
    cr_expect_null(fault.found);
}

Test(fhir_literal, absolute_uris)
{
    cr_expect(fhir_is_absolute(STR("urn:x")) && fhir_is_absolute(STR("http://x")));
    cr_expect(!fhir_is_absolute(STR("Patient/1")) && !fhir_is_absolute(STR(":x")) &&
              !fhir_is_absolute(STR("a/b:c")));
}
