/* The head of a map: reads:, to:, at:, and where it may be used. Language, section 10. */
#include "tests/unit/rules/rows.h"

TestSuite(map_head, .init = kit_begin, .fini = kit_end);

#define MSH "MSH|^~\\&|L|MAIN|D|X|20261124093000||"
static const char adt[] = MSH "ADT^A01|M1|P|2.5.1\rPID|1||7^^^L^MR~8^^^S^SS||DOE^J||1980|F\r";
static const char dft[] =
    MSH "DFT^P03^DFT_P03|M1|P|2.5.1\rPID|1||7^^^L\r"
        "FT1|1|T1||2026|||||||5\rPR1|1||X\rFT1|2|T2\rFT1|3|T3\rPR1|1||Y\rPR1|2||Z\r";

#define ROUTE "route: a\nfrom: epic\nmessages: [ADT^A01]\ndo: { send: lab, as: m }\n---\n"

Test(map_head, reads_names_structures_families_and_datatypes)
{
    static const char frame[] = ROUTE "map: m\n@@\nto: json\nvalue: { v: =PID-8 }\n";
    static const struct row rows[] = {
        {"a structure", "reads: ADT_A01", "{\"v\":\"F\"}"},
        {"the family", "reads: ADT", "{\"v\":\"F\"}"},
        {"a message type", "reads: ADT^A01", "{\"v\":\"F\"}"},
        {"a list", "reads: [SIU_S12, ADT_A01]", "{\"v\":\"F\"}"},
        {"a family among others", "reads: [SIU_S12, ADT]", "{\"v\":\"F\"}"},
    };
    rows_payload(frame, adt, ROWS(rows));
    static const struct row refused[] = {
        {"another structure", "reads: SIU_S12",
         "r.yaml:4:22: error: the map m reads SIU_S12; ADT_A01 comes here, too; add it to the "
         "map's "
         "reads:, or send other types elsewhere"},
        {"a datatype", "reads: CX",
         "r.yaml:4:22: error: the map m reads a CX, a send gives it a message; such a map is for "
         "$use:"},
        {"nothing that is known", "reads: ADT_A1",
         "r.yaml:7:8: error: ADT_A1 is no message structure, message type or datatype of HL7 v2; "
         "did you "
         "mean ADT_A01?"},
        {"nothing near", "reads: nonsense",
         "r.yaml:7:8: error: nonsense is no message structure, message type or datatype of HL7 v2; "
         "write "
         "SIU_S12, ADT for the family, CX, Patient or json"},
        {"a type of FHIR", "reads: Patient",
         "r.yaml:4:22: error: the map m reads Patient, and HL7 v2 comes here\n"
         "r.yaml:9:14: error: Patient has no element PID; this is a path of HL7 v2, and the data "
         "is "
         "not"},
        {"a mapping", "reads: { a: 1 }",
         "r.yaml:7:8: error: reads: wants a structure, as SIU_S12, which should be a text, this is "
         "a "
         "mapping"},
    };
    rows_check(frame, ROWS(refused));
}

Test(map_head, a_map_of_a_datatype_has_the_value_as_this)
{
    static const char frame[] =
        "map: m\nreads: ADT\nto: json\nvalue:\n  v:\n    - $for: PID-3\n      $use: n\n---\n"
        "map: n\nreads: CX\nto: json\nvalue:\n@@\n---\n" ROUTE;
    static const struct row rows[] = {
        {"components", "  a: =$this.1\n  b: =$this.4.1",
         "{\"v\":[{\"a\":\"7\",\"b\":\"L\"},{\"a\":\"8\",\"b\":\"S\"}]}"},
        {"conditions", "  $if: $this.5 = 'SS'\n  a: =$this.1", "{\"v\":[{\"a\":\"8\"}]}"},
        {"a text of each", "  $value: =$this.1", "{\"v\":[\"7\",\"8\"]}"},
    };
    rows_payload(frame, adt, ROWS(rows));
    static const struct row refused[] = {
        {"a component that the type lacks", "  a: =$this.99",
         "r.yaml:13:12: error: .99: no HL7 version has this component in a CX"},
        {"the whole", "  a: =$this",
         "r.yaml:13:7: error: the value is a CX of several parts, one text is wanted here; say "
         "which "
         "part, as in (...).1"},
    };
    rows_check(frame, ROWS(refused));
}

Test(map_head, to_names_what_it_makes)
{
    static const char frame[] = "map: m\nreads: ADT_A01\n@@\nvalue: { v: =PID-8 }\n";
    static const struct row refused[] = {
        {"json", "to: json", ""},
        {"nothing", "nulls: omit",
         "r.yaml:1:1: error: the map has no to:, what it makes; write to: json, or a type of FHIR, "
         "as to: Patient"},
        {"a type of FHIR", "to: Patient", "r.yaml:4:10: error: Patient has no element v"},
        {"a list", "to: [json]",
         "r.yaml:3:5: error: to: wants json or a type of FHIR, which should be a text, this is a "
         "list"},
    };
    rows_check(frame, ROWS(refused));
}

Test(map_head, a_head_is_checked_whole)
{
    static const struct row rows[] = {
        {"no name", "map: ''\nreads: ADT\nto: json\nvalue: { v: 1 }",
         "r.yaml:1:6: error: map: wants a name, which should be a text, this is empty"},
        {"no reads", "map: m\nto: json\nvalue: { v: 1 }",
         "r.yaml:1:1: error: the map has no reads:, the messages or the datatype it is for; write "
         "reads: SIU_S12, reads: ADT, reads: CX, reads: Patient or reads: json"},
        {"no value", "map: m\nreads: ADT\nto: json", "r.yaml:1:1: error: the map has no value:"},
        {"a name twice",
         "map: m\nreads: ADT\nto: json\nvalue: { v: 1 }\n---\nmap: m\nreads: ADT\nto: json\n"
         "value: { v: 1 }",
         "r.yaml:6:6: error: a map m stands already at r.yaml:1"},
        {"a key", "map: m\nreads: ADT\nto: json\nnull: omit\nvalue: { v: 1 }",
         "r.yaml:4:1: error: null: is not known in a map; did you mean nulls:?"},
        {"all errors although nobody uses it",
         "map: m\nreads: ADT\nto: json\nvalue: { v: =PID-99, w: =$x }",
         "r.yaml:4:14: error: PID-99: no HL7 version has a field 99 in PID\n"
         "r.yaml:4:26: error: $x is not known here; names come from let:, from parameters (needs:, "
         "with:) and from the feed's profile"},
    };
    rows_check(NULL, ROWS(rows));
}

/* ---- at ---- */

#define BY(loop)                                                                                   \
    "route: a\nfrom: epic\nmessages: [DFT^P03]\ndo:\n  - for: " loop                               \
    "\n    do: { send: lab, as: m }\n---\n"
#define AT(place, value) "map: m\nreads: DFT_P03\nat: " place "\nto: json\nvalue: " value "\n"

Test(map_head, at_says_where_the_map_starts)
{
    static const struct row rows[] = {
        {"the segment that opens the group",
         BY("FT1") AT("FT1", "{ a: =FT1-2, b: [=PR1-3.1], p: =PID-1 }"),
         "accepted\nlab id=1: {\"a\":\"T1\",\"b\":[\"X\"],\"p\":1}\n"
         "lab id=2: {\"a\":\"T2\",\"p\":1}\nlab id=3: {\"a\":\"T3\",\"b\":[\"Y\",\"Z\"],\"p\":1}"},
        {"the group by its name", BY("FINANCIAL") AT("FINANCIAL", "{ a: =FT1-2 }"),
         "accepted\nlab id=1: {\"a\":\"T1\"}\nlab id=2: {\"a\":\"T2\"}\nlab id=3: {\"a\":\"T3\"}"},
        {"the same group called by its segment here and its name there",
         BY("FINANCIAL") AT("FT1", "{ a: =FT1-2 }"),
         "accepted\nlab id=1: {\"a\":\"T1\"}\nlab id=2: {\"a\":\"T2\"}\nlab id=3: {\"a\":\"T3\"}"},
        {"and the other way round", BY("FT1") AT("FINANCIAL", "{ a: =FT1-2 }"),
         "accepted\nlab id=1: {\"a\":\"T1\"}\nlab id=2: {\"a\":\"T2\"}\nlab id=3: {\"a\":\"T3\"}"},
        {"the numbers of the caller's loop",
         BY("FT1") AT("FT1", "{ a: =$number, b: =$total, c: =$index }"),
         "accepted\nlab id=1: {\"a\":1,\"b\":3,\"c\":0}\nlab id=2: {\"a\":2,\"b\":3,\"c\":1}\n"
         "lab id=3: {\"a\":3,\"b\":3,\"c\":2}"},
        {"without at: the element that is current where the map is used",
         BY("FT1") "map: m\nreads: DFT_P03\nto: json\nvalue: { a: =FT1-2, b: [{ $for: PR1, c: "
                   "=PR1-3.1 }], p: =PID-1 }",
         "accepted\nlab id=1: {\"a\":\"T1\",\"b\":[{\"c\":\"X\"}],\"p\":1}\n"
         "lab id=2: {\"a\":\"T2\",\"p\":1}\n"
         "lab id=3: {\"a\":\"T3\",\"b\":[{\"c\":\"Y\"},{\"c\":\"Z\"}],\"p\":1}"},
        {"in a loop over values within",
         "route: a\nfrom: epic\nmessages: [DFT^P03]\ndo:\n  - for: FT1\n    do: { for: FT1-11.1, "
         "do: { send: "
         "lab, as: m } }\n---\n" AT("FT1", "{ a: =FT1-2 }"),
         "accepted\nlab id=1.1: {\"a\":\"T1\"}"},
        {"from map to map",
         BY("FT1")
             AT("FT1", "{ n: 1, a: [{ $for: PR1, $use: n }] }") "---\nmap: n\nreads: DFT_P03\n"
                                                                "at: PR1\nto: json\nvalue:\n  b: "
                                                                "=PR1-3[1].1 & FT1-1\n",
         "accepted\nlab id=1: {\"n\":1,\"a\":[{\"b\":\"X1\"}]}\nlab id=2: {\"n\":1}\n"
         "lab id=3: {\"n\":1,\"a\":[{\"b\":\"Y3\"},{\"b\":\"Z3\"}]}"},
        {"a segment of a loop in a map",
         "route: a\nfrom: epic\nmessages: [DFT^P03]\ndo: { send: lab, as: l }\n---\nmap: l\nreads: "
         "DFT_P03\nto: "
         "json\nvalue: { v: [{ $for: FT1, $use: m }] }\n---\n" AT("FT1", "{ a: =FT1-2 }"),
         "accepted\nlab: {\"v\":[{\"a\":\"T1\"},{\"a\":\"T2\"},{\"a\":\"T3\"}]}"},
    };
    rows_told(NULL, dft, ROWS(rows));
}

Test(map_head, check_refuses_a_map_that_starts_where_no_loop_is)
{
    static const struct row refused[] = {
        {"no loop",
         "route: a\nfrom: epic\nmessages: [DFT^P03]\ndo: { send: lab, as: m }\n---\n" AT(
             "FT1", "{ a: =FT1-2 }"),
         "r.yaml:4:22: error: the map m starts at FT1, and no loop is at one here; put this into "
         "for: FT1"},
        {"another loop", BY("PR1") AT("FT1", "{ a: =FT1-2 }"),
         "r.yaml:6:26: error: the map m starts at FT1, and no loop is at one here; put this into "
         "for: FT1"},
        {"another loop in a map",
         BY("FT1") AT("FT1", "{ a: { $use: n } }") "---\nmap: n\nreads: DFT_P03\nat: PR1\n"
                                                   "to: json\nvalue: { b: 1 }",
         "r.yaml:12:21: error: the map n starts at PR1, and no loop is at one here; put this into "
         "for: PR1"},
        {"no segment", AT("QQQ", "{ a: 1 }"),
         "r.yaml:3:5: error: QQQ: no HL7 version has a segment QQQ; segments of your own begin "
         "with Z"},
    };
    rows_check(NULL, ROWS(refused));
}

/* ---- parts of $this ---- */

Test(map_head, a_part_of_this_hands_an_explicit_null_on_as_a_path_does)
{
    static const char message[] = MSH "ADT^A01|M1|P|2.5.1\rPID|1||7^^^L^MR||DOE^J^\"\"||1980|F\r"
                                      "NTE|1||6^5 \\T\\ 7\\.br\\8\r";
    static const char frame[] =
        ROUTE "map: m\nreads: ADT_A01\nto: json\nvalue:\n  v: [{ $for: PID-5, $use: n }]\n"
              "---\nmap: n\nreads: XPN\nto: json\n@@\n";
    static const struct row rows[] = {
        {"left out", "value: { a: =$this.2, b: =$this.3 }", "{\"v\":[{\"a\":\"J\"}]}"},
        {"null", "nulls: null\nvalue: { a: =$this.2, b: =$this.3 }",
         "{\"v\":[{\"a\":\"J\",\"b\":null}]}"},
        {"nothing to a function", "nulls: null\nvalue: { a: =$this.2, b: =$this.3.exists() }",
         "{\"v\":[{\"a\":\"J\",\"b\":false}]}"},
    };
    rows_payload(frame, message, ROWS(rows));
    static const char text[] = ROUTE "map: m\nreads: ADT_A01\nto: json\nvalue: { v: [@@] }\n";
    static const struct row free_text[] = {
        {"text() of free text takes a ^ that nobody escaped as text", "=NTE-3.text()",
         "{\"v\":[\"6^5 & 7\\n8\"]}"},
    };
    rows_payload(text, message, ROWS(free_text));
}
