#include "engine/fhir/bundle.h"

#include <criterion/criterion.h>

#include "engine/fhir/model.h"

static const char text[] =
    "{\"resourceType\":\"Bundle\",\"entry\":["
    "{\"fullUrl\":\"http://a/Patient/"
    "1\",\"resource\":{\"resourceType\":\"Patient\",\"id\":\"1\",\"n\":0}},"
    "{\"fullUrl\":\"http://b/Patient/"
    "1\",\"resource\":{\"resourceType\":\"Patient\",\"id\":\"1\",\"n\":1}},"
    "{\"fullUrl\":\"urn:uuid:x\",\"resource\":{\"resourceType\":\"Group\",\"id\":\"g\",\"n\":2}},"
    "{\"fullUrl\":\"http://b/Group/g/_history/"
    "3\",\"resource\":{\"resourceType\":\"Group\",\"n\":3}},"
    "{\"resource\":{\"resourceType\":\"Basic\",\"id\":\"z\",\"n\":4}},{\"fullUrl\":\"http://"
    "c\"},7]}";

static const struct row {
    const char *from, *reference, *want; /* the member n; "" nothing */
} rows[] = {
    {"", "http://b/Patient/1", "1"},
    {"", "http://b/Patient/1/_history/9", "1"},
    {"http://a/Observation/1", "Patient/1", "0"},
    {"http://b/Observation/1", "Patient/1", "1"},
    {"http://b/Observation/1/_history/2", "Patient/1", "1"},
    {"urn:uuid:y", "Patient/1", "0"}, /* the first by its name */
    {"", "urn:uuid:x", "2"},
    {"http://b/Observation/1", "Group/g", "3"},
    {"", "Group/g", "2"},
    {"", "Basic/z", "4"},
    {"", "Patient/2", ""},
    {"", "http://c", ""},
    {"", "http://d/Patient/1", ""},
    {"", "1", ""},
};

static struct json *parse(struct arena *a, const char *source)
{
    struct json *root = NULL;
    struct json_fault fault;
    cr_assert_eq(json_parse(a, str_of(source), NULL, &root, &fault), 0);
    return root;
}

Test(fhir_bundle, references_are_found)
{
    struct arena a = {0};
    struct fhir_bundle_index b;
    fhir_bundle_index(&b, &a, parse(&a, text));
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct json *hit =
            fhir_bundle_find(&b, &a, str_of(rows[i].from), str_of(rows[i].reference));
        struct str got = hit ? json_text(json_get(hit, "n")) : STR("");
        cr_expect(str_is(got, rows[i].want), "%s from %s: %.*s", rows[i].reference, rows[i].from,
                  STR_ARG(got));
    }
    arena_free(&a);
}

Test(fhir_bundle, places_are_in_entries)
{
    struct arena a = {0};
    struct fhir_bundle_index b;
    struct json *root = parse(&a, text);
    fhir_bundle_index(&b, &a, root);
    cr_expect_eq(b.n, 7);
    cr_expect_null(fhir_bundle_entry(&b, 3));
    json_each(entry, json_get(root, "entry"))
    {
        cr_expect_eq(fhir_bundle_entry(&b, entry->at), entry);
        cr_expect_eq(fhir_bundle_entry(&b, entry->at + 1), entry);
    }
    fhir_bundle_index(&b, &a, parse(&a, "{\"entry\":1}"));
    cr_expect_null(fhir_bundle_entry(&b, 5));
    cr_expect_null(fhir_bundle_find(&b, &a, STR(""), STR("Patient/1")));
    arena_free(&a);
}

Test(fhir_bundle, references_name_types)
{
    static const struct {
        const char *reference, *type, *id;
    } named[] = {
        {"Patient/1", "Patient", "1"},
        {"http://x/Patient/1/_history/2", "Patient", "1"},
        {"http://x/y/Group/a.b-c", "Group", "a.b-c"},
        {"Pateint/1", "", ""},
        {"HumanName/1", "", ""},
        {"Resource/1", "", ""},
        {"Patient/a_b", "", ""},
        {"Patient/", "", ""},
        {"Patient", "", ""},
        {"", "", ""},
    };
    for (size_t i = 0; i < sizeof named / sizeof *named; i++) {
        struct str id;
        unsigned t = fhir_reference_type(str_of(named[i].reference), &id);
        cr_expect_str_eq(fhir_type_name(t), named[i].type, "%s", named[i].reference);
        cr_expect(str_is(id, named[i].id), "%s", named[i].reference);
    }
}
