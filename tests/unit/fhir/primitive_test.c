/* Which texts the primitive types of R4 allow. */
#include <criterion/criterion.h>

#include "engine/fhir/primitive.h"

static const struct {
    const char *type, *good[8], *bad[12];
} rows[] = {
    {"boolean", {"true", "false"}, {"", "True", "1", "true "}},
    {"integer",
     {"0", "-1", "2147483647", "-2147483648"},
     {"", "+1", "-0", "01", "2147483648", "-2147483649", "1.0", "1e3", "12345678901", "-"}},
    {"positiveInt", {"1", "2147483647"}, {"0", "-1", "01"}},
    {"unsignedInt", {"0", "7"}, {"-1", "00"}},
    {"decimal",
     {"0", "1.50", "-0.10", "1e5", "1.5E-3", "2E+3"},
     {"", ".5", "5.", "+1", "01", "1e", "--1", "1.5 ", "NaN"}},
    {"date",
     {"2026", "2026-11", "2026-11-24", "2024-02-29"},
     {"", "26", "0000", "2026-13", "2026-00", "2026-1", "2026-02-29", "2026-11-24T00:00:00Z",
      "20261124", "2026-"}},
    {"dateTime",
     {"2026", "2026-11-24", "2026-11-24T09:30:00Z", "2026-11-24T09:30:00.123-06:00",
      "2016-12-31T23:59:60Z", "2026-11-24T09:30:00+14:00"},
     {"2026-11-24T09:30Z", "2026-11-24T09:30:00", "2026-11-24T24:00:00Z", "2026-11-24T09:60:00Z",
      "2026-11-24T09:30:00.Z", "2026-11-24T09:30:00+14:01", "2026-11T09:30:00Z",
      "2026-11-24 09:30:00Z", "2026-11-24T09:30:00+0600"}},
    {"instant", {"2026-11-24T09:30:00Z"}, {"2026-11-24", "2026"}},
    {"time", {"09:30:00", "23:59:59.5"}, {"09:30", "9:30:00", "24:00:00", "09:30:00Z", ""}},
    {"code", {"a", "a b", "in-progress"}, {"", " a", "a ", "a  b", "a\tb "}},
    {"id", {"a-1.B"}, {"", "a_b", "a b", "a/b"}},
    {"oid",
     {"urn:oid:1.2.3", "urn:oid:2.0"},
     {"1.2.3", "urn:oid:1", "urn:oid:3.1", "urn:oid:1.02", "urn:oid:1.", "urn:oid:1..2"}},
    {"uuid",
     {"urn:uuid:55b1bb5f-3c72-8549-b917-329b51191aff"},
     {"urn:uuid:55B1BB5F-3c72-8549-b917-329b51191aff", "55b1bb5f-3c72-8549-b917-329b51191aff",
      "urn:uuid:55b1bb5f3c728549b917329b51191aff", "urn:uuid:"}},
    {"uri", {"urn:x", "http://a/b?c=d|e", "x"}, {"", "a b", " a"}},
    {"canonical", {"http://a|1"}, {"a b"}},
    {"base64Binary", {"YQ==", "YWJj\nYWJj"}, {"", "YQ", "Y-==", " ", "Y===", "YW=j", "YQ==YQ=="}},
    {"string", {"a", " a ", "a\nb"}, {"", " ", "\n", "a\x01"}},
    {"markdown", {"*a*"}, {""}},
};

static bool is_valid_plain(unsigned t, struct str s)
{
    return fhir_primitive_valid_plain(t, s, str_index(s, ' ') >= 0);
}

Test(primitive, grammar)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        unsigned t = fhir_type(str_of(rows[i].type));
        cr_assert_neq(t, 0, "%s", rows[i].type);
        for (size_t k = 0; k < 8 && rows[i].good[k]; k++) {
            cr_expect(fhir_primitive_valid(t, str_of(rows[i].good[k])), "%s %s", rows[i].type,
                      rows[i].good[k]);
            cr_expect(is_valid_plain(t, str_of(rows[i].good[k])), "%s %s", rows[i].type,
                      rows[i].good[k]);
        }
        for (size_t k = 0; k < 12 && rows[i].bad[k]; k++) {
            struct str bad = str_of(rows[i].bad[k]);
            cr_expect_not(fhir_primitive_valid(t, bad), "%s <%s>", rows[i].type, rows[i].bad[k]);
            cr_expect_not(str_control(bad, 0) == bad.n && is_valid_plain(t, bad), "%s <%s>",
                          rows[i].type, rows[i].bad[k]);
        }
        cr_expect_gt(strlen(fhir_primitive_looks(t)), 0);
    }
    char long_id[66];
    memset(long_id, 'a', sizeof(long_id));
    cr_expect(fhir_primitive_valid(FHIR_TYPE_ID, str_from(long_id, 64)));
    cr_expect_not(fhir_primitive_valid(FHIR_TYPE_ID, str_from(long_id, 65)));
}

Test(primitive, spelling_in_json)
{
    cr_expect_eq(fhir_primitive_spelling(FHIR_TYPE_BOOLEAN), FHIR_IS_BOOLEAN);
    cr_expect_eq(fhir_primitive_spelling(FHIR_TYPE_DECIMAL), FHIR_IS_NUMBER);
    cr_expect_eq(fhir_primitive_spelling(FHIR_TYPE_POSITIVE_INT), FHIR_IS_NUMBER);
    cr_expect_eq(fhir_primitive_spelling(FHIR_TYPE_CODE), FHIR_IS_TEXT);
}
