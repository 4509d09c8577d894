/* Requests a second, counted for each client. */
#include "adapters/fhir_rate.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct fhir_rate r;

Test(fhir_rate, each_client_has_its_own_count)
{
    static const struct {
        const char *who;
        int64_t second;
        bool is_in;
    } rows[] = {{"a", 1, true}, {"a", 1, true}, {"a", 1, false}, {"b", 1, true}, {"a", 1, false},
                {"a", 2, true}, {"b", 2, true}, {"b", 2, true},  {"", 2, true},  {"b", 2, false}};
    r = (struct fhir_rate){0};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect_eq(fhir_rate_admits(&r, str_of(rows[i].who), rows[i].second, 2), rows[i].is_in,
                     "row %zu", i);
    }
}

Test(fhir_rate, more_clients_than_it_counts_are_let_in)
{
    char who[16];
    r = (struct fhir_rate){0};
    for (unsigned i = 0; i < 2 * FHIR_RATE_CLIENTS_MAX; i++) {
        (void)snprintf(who, sizeof who, "10.0.%u.%u", i / 256, i % 256);
        cr_expect(fhir_rate_admits(&r, str_of(who), 7, 1));
    }
    cr_expect_eq(r.n, FHIR_RATE_CLIENTS_MAX);
    cr_expect_not(fhir_rate_admits(&r, STR("10.0.0.1"), 7, 1), "those that are counted");
}
