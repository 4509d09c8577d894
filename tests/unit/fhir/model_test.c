/* The types of FHIR R4 as facts that the standard's pages show. */
#include <criterion/criterion.h>

#include "engine/fhir/model.h"

static unsigned type(const char *name)
{
    return fhir_type(str_of(name));
}

static const struct fhir_element *element(const char *of, const char *name)
{
    return fhir_element(type(of), str_of(name));
}

static bool is_a(const char *what, const char *of)
{
    return fhir_type_is(type(what), type(of));
}

Test(model, types_are_found_by_their_exact_names)
{
    cr_expect_eq(type("patient"), 0);
    cr_expect_eq(type(""), 0);
    cr_expect_eq(type("SimpleQuantity"), 0, "a profile is no type");
    cr_expect_eq(type("SubscriptionStatus"), 0, "the package brings it, R4 has it not");
    cr_expect_str_eq(fhir_type_name(type("Patient")), "Patient");
    cr_expect_str_eq(fhir_type_name(0), "");
    cr_expect_eq(fhir_type_kind(type("Patient")), FHIR_RESOURCE);
    cr_expect_eq(fhir_type_kind(type("code")), FHIR_PRIMITIVE);
    cr_expect_eq(fhir_type_kind(type("HumanName")), FHIR_COMPLEX);
    cr_expect_eq(fhir_type_kind(type("Patient.contact")), FHIR_BACKBONE);
    cr_expect(fhir_type_is_abstract(type("DomainResource")));
    cr_expect_not(fhir_type_is_abstract(type("Patient")));
}

Test(model, bases)
{
    cr_expect(is_a("Patient", "DomainResource"));
    cr_expect(is_a("Patient", "Resource"));
    cr_expect_not(is_a("Bundle", "DomainResource"));
    cr_expect(is_a("code", "string"));
    cr_expect(is_a("uuid", "uri"));
    cr_expect_not(is_a("string", "code"));
    cr_expect(is_a("Age", "Quantity"));
    cr_expect(is_a("Patient.contact", "BackboneElement"));
    cr_expect(is_a("Timing.repeat", "Element"));
    cr_expect_not(fhir_type_is(0, 0));
}

Test(model, elements_and_those_of_the_base)
{
    const struct fhir_element *e = element("Patient", "name");
    cr_assert_not_null(e);
    cr_expect_eq(fhir_element_type(e, 0), type("HumanName"));
    cr_expect(fhir_element_repeats(e));
    cr_expect_not_null(element("Patient", "extension"));
    cr_expect_eq(fhir_element_type(element("Patient", "id"), 0), type("id"));
    cr_expect_eq(fhir_element_type(element("Extension", "url"), 0), type("uri"));
    cr_expect_null(element("Patient", "given"));
    cr_expect_eq(element("Observation", "status")->min, 1);
    cr_expect_not(fhir_element_repeats(element("Observation", "status")));
    cr_expect(element("Patient", "active")->flags & FHIR_MODIFIER);
    cr_expect_eq(fhir_element_type(element("Patient", "contact"), 0), type("Patient.contact"));
    cr_expect_eq(fhir_element_type(element("Questionnaire.item", "item"), 0),
                 type("Questionnaire.item"), "borrowed by contentReference");
    cr_expect_eq(fhir_element_target(element("Patient", "managingOrganization"), 0),
                 type("Organization"));
}

Test(model, choices)
{
    unsigned t = 0;
    const struct fhir_element *e = element("Observation", "value");
    cr_assert_not_null(e);
    cr_expect(e->flags & FHIR_CHOICE);
    cr_expect_eq(e->ntypes, 11);
    cr_expect_eq(fhir_element_choice(e, STR("valueQuantity")), type("Quantity"));
    cr_expect_eq(fhir_element_choice(e, STR("valueDateTime")), type("dateTime"));
    cr_expect_eq(fhir_element_choice(e, STR("valueAddress")), 0);
    cr_expect_eq(fhir_element_choice(e, STR("value")), 0);
    cr_expect_eq(fhir_choice(type("Patient"), STR("deceasedBoolean"), &t),
                 element("Patient", "deceased"));
    cr_expect_eq(t, type("boolean"));
    cr_expect_null(fhir_choice(type("Patient"), STR("nameString"), &t));
    cr_expect_null(element("Observation", "valueQuantity"));
}

/* Every row is sound: types in order of their names, elements of known types. */
Test(model, table)
{
    unsigned n = 0, elements = 0;
    for (unsigned t = 1; fhir_type_at(t); t++, n++) {
        struct str name = str_of(fhir_type_name(t));
        cr_assert_eq(fhir_type(name), t, "%s", fhir_type_name(t));
        const struct fhir_element *e;
        for (unsigned i = 0; (e = fhir_element_at(t, i)) != NULL; i++, elements++) {
            cr_assert(e->ntypes > 0 && fhir_type_at(fhir_element_type(e, 0)));
            cr_assert(e->ntypes == 1 || (e->flags & FHIR_CHOICE));
        }
    }
    cr_expect_gt(n, 600);
    cr_expect_gt(elements, 4000);
}
