/* Maps to an HL7 v2 message are not available in this version: refused where they are declared, whoever uses them.
 * Language, section 10. */
#include "tests/unit/rules/rows.h"

TestSuite(map_v2, .init = kit_begin, .fini = kit_end);

Test(map_v2, a_map_to_a_v2_message_is_refused)
{
#define LATER(what)                                                                                \
    "error: to: " what                                                                             \
    " is not available in this version; this version makes json and types of FHIR"
    static const char frame[] = "map: m\nreads: ADT_A01\n@@\n";
    static const struct row rows[] = {
        {"a message type", "to: ADT^A31\nvalue: { PID-8: =PID-8 }",
         "r.yaml:3:5: " LATER("ADT^A31")},
        {"its version, too", "to: ADT^A31\nversion: 2.5.1\nvalue: { PID-8: =PID-8 }",
         "r.yaml:3:5: " LATER(
             "ADT^A31") "\nr.yaml:4:1: error: version: is not available in this version"},
        {"a version without it", "to: json\nversion: 2.5.1\nvalue: { a: =PID-8 }",
         "r.yaml:4:1: error: version: is not available in this version"},
    };
    rows_check(frame, ROWS(rows));
}

Test(map_v2, a_send_of_one_does_not_compile)
{
    static const struct row rows[] = {
        {"sent",
         "route: a\nfrom: epic\nmessages: [ADT^A01]\ndo: { send: lab, as: m }\n---\nmap: m\nreads: "
         "ADT_A01\n"
         "to: ADT^A31\nvalue: { PID-8: =PID-8 }",
         "r.yaml:8:5: " LATER("ADT^A31")},
    };
    rows_check(NULL, ROWS(rows));
}
