/* A fhir source and JSON Web Tokens: which of them come in over HTTP, and what the others are answered. The key was thrown away;
 * what it has signed ends in the year 3000. Tokens themselves: unit/adapters/fhir_jwt_test.c. */
#include "tests/wire/fhir_ask.h"

TestSuite(wire_fhir_auth, .timeout = 60);

#define KEYS                                                                                       \
    "{\"keys\":[{\"kty\":\"EC\",\"x\":\"sJaKm8IzKVdVmJuInu1pQlifq-pACC6dg0"                        \
    "-cWPsbnZ0\",\"y\":\"Z-Phff3oyEawPEPofFaKv9zjfHozRh5Opb6X3n5pPTw\""                            \
    ",\"crv\":\"P-256\",\"kid\":\"k\"}]}"
#define HEADER "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ."
/* scope "a fhir.write" */
#define TOKEN                                                                                      \
    HEADER                                                                                         \
    "eyJleHAiOjMyNTAzNjgwMDAwLCJzdWIiOiJwb3J0YWwiLCJzY29wZSI6ImEgZmhpci53cml0ZSJ9.oCn51dQAT"       \
    "1w_LvSmUthjjXResQjrVlsbCa-bQbcyiNUWdisU5F0nyCL8mfNg_SZNGUfHE5fXdRdes3enPW2_uQ"
/* scope "a" */
#define OTHER_SCOPE                                                                                \
    HEADER                                                                                         \
    "eyJleHAiOjMyNTAzNjgwMDAwLCJzdWIiOiJwb3J0YWwiLCJzY29wZSI6ImEifQ.dYojzuspVxs7HprUE0zseFJ"       \
    "UTIo7sIQf18R64xLFJDFiyQSbwJNP-AaLEY1wMSsz6P3pBB5XUUGQgEIxuVwWiA"
/* scope "fhir.write", until 2001 */
#define EXPIRED                                                                                    \
    HEADER                                                                                         \
    "eyJleHAiOjEwMDAwMDAwMDAsInN1YiI6InBvcnRhbCIsInNjb3BlIjoiZmhpci53cml0ZSJ9.iHB256u_kYzIF"       \
    "h3AwW0VsDHbr0kNGE4wpJsO2lHQ1AR1rbEc4XOwmtHFuCy_j1ZMvTVQYXvjNk1CAMCmlwf4OQ"
#define BEARER(token) JSON "Authorization: Bearer " token "\r\n"

Test(wire_fhir_auth, a_token_that_somebody_else_signed)
{
    char more[256];
    write_file(KEYS);
    snprintf(more, sizeof more, ", auth: { jwt: { keys: \"%s\", scope: fhir.write } }", file);
    begin_with(more, ROUTES);
    EXPECT(ask("POST /fhir/Patient", BEARER(TOKEN), GOOD), 201, "Location");
    cr_expect(str_ends(message(0).peer, STR(" portal")));
    EXPECT(ask("POST /fhir/Patient", BEARER(EXPIRED), GOOD), 401, "\"login\"",
           "WWW-Authenticate: Bearer error=\"invalid_token\"", "expired");
    again();
    EXPECT(ask("POST /fhir/Patient", BEARER(TOKEN "x"), GOOD), 401, "invalid_token");
    again();
    EXPECT(ask("POST /fhir/Patient", BEARER(HEADER "e30."), GOOD), 401, "invalid_token");
    again();
    cr_expect_eq(stored(), 1);
    end();
    unlink(file);
}

/* A new token of the same kind would be no better: RFC 6750, 3.1. */
Test(wire_fhir_auth, a_token_that_may_do_something_else_is_forbidden_here)
{
    char more[256];
    write_file(KEYS);
    snprintf(more, sizeof more, ", auth: { jwt: { keys: \"%s\", scope: fhir.write } }", file);
    begin_with(more, ROUTES);
    EXPECT(ask("POST /fhir/Patient", BEARER(OTHER_SCOPE), GOOD), 403, "\"forbidden\"",
           "WWW-Authenticate: Bearer error=\"insufficient_scope\"", "lacks the scope");
    again();
    EXPECT(ask("DELETE /fhir/Patient/1", "Authorization: Bearer " OTHER_SCOPE "\r\n", ""), 403,
           "insufficient_scope");
    cr_expect_eq(stored(), 0);
    end();
    unlink(file);
}
