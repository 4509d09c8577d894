/* Mistakes that an examiner wrote into the shipped routes: one message each, where the mistake stands. */
#include "tests/unit/rules/rows.h"

TestSuite(examined, .init = kit_begin, .fini = kit_end);

#define ROUTE "route: a\nfrom: epic\nmessages: [ADT^A01]\n"
#define AS_M  ROUTE "do: { send: desk, as: m }\n---\n"
#define CODES "female, male, other or unknown"

static const char set[] = ROUTE "do: [ { set: { @@ } }, { send: lab } ]\n";
static const char value[] = AS_M "map: m\nreads: ADT_A01\nto: json\nvalue:\n  v: @@\n";
static const char patient[] = AS_M "map: m\nreads: ADT_A01\nto: Patient\nvalue:\n@@\n";

Test(examined, a_key_given_twice_is_told_once)
{
    static const struct row sets[] = {
        {"in set", "PV1-2: I, PV1-2: O",
         "r.yaml:4:26: error: the key `PV1-2` on line 4 stands on line 4 already; a key is given "
         "once"},
    };
    static const struct row maps[] = {
        {"in a map to HL7 v2", "PV1-2: I, PV1-2: O",
         "r.yaml:10:20: error: the key `PV1-2` on line 10 stands on line 10 already; a key is "
         "given once"},
    };
    rows_check(set, ROWS(sets));
    rows_check(AS_M "map: m\nreads: ADT_A01\nto: ADT^A01\nversion: 2.5.1\nvalue: { @@ }\n",
               ROWS(maps));
}

Test(examined, texts_within_a_formula_are_of_the_target)
{
    static const struct row rows[] = {
        {"a choice", "  gender: =iif(PID-8 = 'F', 'female', 'mal')",
         "r.yaml:12:39: error: mal is no code that Patient.gender may have; write one of " CODES},
        {"the first of several", "  gender: =coalesce(PID-8.lookup('sex'), 'unknwon')",
         "r.yaml:12:42: error: unknwon is no code that Patient.gender may have; write one "
         "of " CODES},
        {"choices within each other",
         "  gender: =iif(PID-8 = 'F', 'female', iif(PID-8 = 'M', 'm'))",
         "r.yaml:12:56: error: m is no code that Patient.gender may have; write one of " CODES},
        {"true and false", "  active: =iif(PID-8 = 'F', 'yes', true)",
         "r.yaml:12:29: error: this is no boolean, as Patient.active wants; write true or false"},
        {"a date", "  birthDate: =coalesce(PID-7.toDate(), '1.1.1900')",
         "r.yaml:12:40: error: this is no date, as Patient.birthDate wants; write YYYY, YYYY-MM or "
         "YYYY-MM-DD"},
    };
    kit_file("sex.csv", "code,fhir\nM,male\nF,female\n");
    rows_check("tables: { sex: { file: sex.csv, on-miss: hold } }\n---\n" ROUTE
               "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: Patient\nvalue:\n@@\n",
               ROWS(rows));
}

Test(examined, one_wrong_cell_is_told_where_it_stands_and_once)
{
    static const struct row rows[] = {
        {"two look it up",
         "  gender: =PID-8.lookup('sex')\n  contact: \n    - gender: =NK1[1]-15.lookup('sex')",
         "sex.csv:3:3: error: femal is no code that Patient.gender may have, where r.yaml:12 looks "
         "it up; write one of " CODES},
    };
    kit_file("sex.csv", "code,fhir\nM,male\nF,femal\nO,other\n");
    rows_check("tables: { sex: { file: sex.csv, on-miss: hold } }\n---\n" AS_M
               "map: m\nreads: ADT_A01\nto: Patient\nvalue:\n@@\n",
               ROWS(rows));
}

Test(examined, a_reference_is_to_what_it_may_be_to)
{
    static const struct row rows[] = {
        {"by its type", "  managingOrganization: { reference: =PV1-3.1, type: Location }",
         "r.yaml:10:54: error: Patient.managingOrganization is no reference to Location; it may be "
         "to Organization"},
        {"by what it begins with", "  managingOrganization: { reference: Location/1 }",
         "r.yaml:10:38: error: Patient.managingOrganization is no reference to Location; it may be "
         "to Organization"},
        {"one that is right", "  managingOrganization: { reference: Organization/1 }", ""},
        {"one of several", "  generalPractitioner: { reference: PractitionerRole/1 }", ""},
    };
    rows_check(patient, ROWS(rows));
}

Test(examined, a_map_that_fits_nowhere_is_told_once)
{
    static const struct row rows[] = {
        {"another type read and made", "  name: [ { $for: PID-5, $use: address } ]",
         "r.yaml:10:32: error: the map address makes Address, Patient.name wants HumanName; use a "
         "map with to: HumanName"},
    };
    rows_check(AS_M "map: m\nreads: ADT_A01\nto: Patient\nvalue:\n@@\n---\n"
                    "map: address\nreads: XAD\nto: Address\nvalue: { city: =$this.3 }\ntests:\n  - "
                    "{ name: t, input: '^^C', expect: { city: C } }\n",
               ROWS(rows));
}

Test(examined, letters_of_a_pattern_that_mean_something_else)
{
    static const struct row rows[] = {
        {"minutes for months", "=PV1-3.1.toDate('dd.mm.yyyy')",
         "r.yaml:10:22: error: mm are minutes, and this has no hours; months are MM, as in "
         "dd.MM.yyyy"},
        {"the same written", "=PID-7.toDate().format('yyyy-mm-dd')",
         "r.yaml:10:29: error: mm are minutes, and this has no hours; months are MM, as in "
         "dd.MM.yyyy"},
        {"months for minutes", "=now().format('yyyy-MM-dd HH:MM', 'UTC')",
         "r.yaml:10:20: error: MM are months, and they stand twice; minutes are mm, as in HH:mm"},
        {"twelve hours", "=now().format('yyyy-MM-dd hh:mm', 'UTC')",
         "r.yaml:10:20: warning: hh counts to 12, and nothing says whether before noon or after; "
         "the hours of a day are HH; with hh write a, as in hh:mm a"},
        {"with a", "=now().format('hh:mm a', 'UTC')", ""},
        {"minutes alone", "=now().format('mm', 'UTC')", ""},
        {"in a text of the pattern", "=now().format('yyyy \\'mm\\'', 'UTC')", ""},
    };
    rows_check(value, ROWS(rows));
}

Test(examined, a_text_of_set_is_a_number_or_date_where_the_target_is)
{
    static const struct row rows[] = {
        {"a number", "PID-1: one",
         "r.yaml:4:23: error: this is no SI, as PID-1 wants; write digits, as 12 or 1.5"},
        {"a date", "PID-7: unknown",
         "r.yaml:4:23: error: this is no DTM, as PID-7 wants; write YYYYMMDD or YYYYMMDDHHMMSS"},
        {"a day that is none", "PID-7: 19800230",
         "r.yaml:4:23: error: this is no DTM, as PID-7 wants; write YYYYMMDD or YYYYMMDDHHMMSS"},
        {"null", "PID-7: '\"\"'", ""},
        {"one that is", "PID-7: 198002", ""},
        {"of a site's own segment", "ZPI-1: one", ""},
    };
    rows_check(set, ROWS(rows));
}

/* The findings, with those about tests. */
static const char *tested(const char *frame, const char *text)
{
    struct diags d;
    struct rules_env env = kit_env;
    struct rules_file file = {"r.yaml", str_of(rows_text(frame, text))};
    env.with_tests = true;
    diags_init(&d, &kit_arena);
    (void)rules_compile(&kit_arena, &file, 1, &env, &d); /* findings tell */
    return str_dup(&kit_arena, str_trim(str_of(kit_findings(&d)))).p;
}

Test(examined, what_a_test_expects_can_be)
{
    static const char frame[] = ROUTE "do: { send: lab }\ntests:\n  - name: t\n    message: |\n"
                                      "      MSH|^~\\&|A|B|C|D|20261124||ADT^A01|1|P|2.5.1\n@@\n";
    static const struct row rows[] = {
        {"a key of a reply", "    reply: { code: AE, eror: 101 }",
         "r.yaml:9:24: error: eror: is not known in the reply that is expected; did you mean "
         "error:?"},
        {"a code of a reply", "    reply: AX",
         "r.yaml:9:12: error: reply: is AA, AE, AR, CA, CE or CR; did you mean AA?"},
        {"a key of an output", "    outputs: [ { to: lab, idd: 1 } ]",
         "r.yaml:9:27: error: idd: is not known in an output that is expected; did you mean id:?"},
        {"a class", "    outputs: [ { to: lab, class: bulc } ]",
         "r.yaml:9:34: error: class: is interactive or bulk; did you mean bulk?"},
        {"a path that no version has",
         "    outputs: [ { to: lab, hl7: { PID-88: { absent: true } } } ]",
         "r.yaml:9:34: error: PID-88: no HL7 version has a field 88 in PID"},
        {"no path", "    outputs: [ { to: lab, hl7: { pid: x } } ]",
         "r.yaml:9:34: error: this is no path: a path begins with a segment name of three capitals "
         "or digits, as PID-3.1"},
        {"a word beside count", "    outputs: [ { to: lab, hl7: { PID: { cuont: 1 } } } ]",
         "r.yaml:9:41: error: cuont: is not known in what is expected of a path; did you mean "
         "count:?"},
        {"under expect", "    expect: { outputs: [ { tto: lab } ] }",
         "r.yaml:9:28: error: tto: is not known in an output that is expected; did you mean to:?"},
        {"all that may be",
         "    reply: { code: AA }\n    outputs: [ { to: lab, id: x, class: bulk, exact: true, hl7: "
         "{ 'PID-3[1].1': x, OBX: { count: 0 }, PID: { absent: true } } } ]",
         ""},
    };
    static const char document[] =
        "conformance: n\nmessages: [ADT^A01]\nelements: { PID-5: R }\ntests:\n  - name: t\n    "
        "message: |\n      MSH|^~\\&|A|B|C|D|20261124||ADT^A01|1|P|2.5.1\n    findings: [ @@ ]\n";
    static const struct row findings[] = {
        {"a rule that is none", "PID-5 site-use",
         "r.yaml:8:17: error: there is no rule site-use; did you mean site-usage?"},
        {"no rule", "PID-5",
         "r.yaml:8:17: error: a finding is PLACE RULE; write PID-8 site-values"},
        {"one that is", "PID-5 site-usage", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = tested(frame, rows[i].text);
        cr_expect_str_eq(got, rows[i].want, "%s\n  got %s", rows[i].name, got);
    }
    for (size_t i = 0; i < sizeof(findings) / sizeof(findings[0]); i++) {
        const char *got = tested(document, findings[i].text);
        cr_expect_str_eq(got, findings[i].want, "%s\n  got %s", findings[i].name, got);
    }
}

Test(examined, a_csv_file_with_faults_tells_all_of_them)
{
    static const struct row rows[] = {
        {"rows too long and too short", "ragged.csv",
         "ragged.csv:2:5: error: the row has 3 cells, the first line names 2 columns; a cell with "
         "a "
         "comma in it stands in double quotes\n"
         "ragged.csv:4:1: error: the row has 1 cells, the first line names 2 columns; write the "
         "cells that are missing, empty ones too"},
        {"no rows", "none.csv", "none.csv:2:1: warning: the table has no rows"},
        {"UTF-8 but for a byte", "mixed.csv",
         "mixed.csv:3:4: error: the file is UTF-8, but the byte here is not; type the letter again "
         "and save the file as CSV UTF-8"},
        {"its very first byte", "first.csv",
         "first.csv:1:1: error: the file is UTF-8, but the byte here is not; type the letter again "
         "and save the file as CSV UTF-8"},
    };
    kit_file("first.csv", "\xe4,v\nF,\xc3\xa4\nM,\xc3\xb6\n");
    kit_file("ragged.csv", "k,v\nF,x,y\nM,x\nU\n");
    kit_file("none.csv", "k,v\n");
    kit_file("mixed.csv", "k,v\nF,\xc3\xa4\nM,\xc3\xbc\xfc\n");
    rows_check("tables: { t: { file: @@, on-miss: hold } }\n---\n" ROUTE
               "do: [ { set: { PV1-3.1: =PID-8.lookup('t') } }, { send: lab } ]\n",
               ROWS(rows));
}

Test(examined, a_fault_says_which_segment_and_repetition_holds_the_value)
{
    static const char adt[] =
        "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\rEVN|A01\r"
        "PID|1||4711^^^EPIC^MR\rNK1|1|A^B||||||||||||||19800101\r"
        "NK1|x|A^B~C^D^soon|Q|||||||||||||soon\rPV1|1|I\r";
    static const struct row rows[] = {
        {"a loop",
         "do:\n  - for: NK1\n    do: { require: NK1-16.toDate().exists() }\n  - send: lab",
         "accepted\nlab held <r.yaml:8:27: NK1[2]-16: the value is no date, toDate() wants "
         "one>"},
        {"a loop over repetitions",
         "do:\n  - for: NK1\n    do: { for: NK1-2, do: { require: $this.3.toDate().empty() } }\n  "
         "- send: lab",
         "accepted\nlab held <r.yaml:8:46: NK1[2]-2[2].3: the value is no date, toDate() "
         "wants one>"},
        {"a table",
         "do:\n  - for: NK1\n    do: { set: { NK1-3: =NK1-3.lookup('t') } }\n  - send: lab",
         "accepted\nlab held <r.yaml:8:32: NK1[2]-3: the table t has no row for the value>"},
        {"a number",
         "do:\n  - for: NK1\n    do: { set: { NK1-4: =(NK1-1 * 2).toString() } }\n  - send: lab",
         "accepted\nlab held <r.yaml:8:33: NK1[2]-1: the value is no number, and * wants "
         "one>"},
    };
    kit_file("t.csv", "k,v\nA,b\n");
    rows_told("tables: { t: { file: t.csv, on-miss: hold } }\n---\n" ROUTE "@@\n", adt, ROWS(rows));
}

Test(examined, what_follows_from_a_mistake_is_not_told)
{
    static const struct row rows[] = {
        {"a type of FHIR that is none",
         "route: a\nfrom: epic\nmessages: [Bundle]\ndo: { send: desk, as: m }\n---\nmap: "
         "m\nreads: "
         "Bundel\nto: json\nvalue: { v: =entry.resource.ofType(Patient).id }",
         "r.yaml:7:8: error: FHIR R4 has no type Bundel; did you mean Bundle?"},
        {"a version that is none",
         "route: a\nfrom: epic\nmessages: [Patient]\ndo: { send: lab, as: m }\n---\nmap: "
         "m\nreads: "
         "Patient\nto: ADT^A31\nversion: 2.55\nvalue:\n  PID-3: [ { $for: identifier, $use: cx } "
         "]\n---\n"
         "map: cx\nreads: Identifier\nto: CX\nversion: 2.5.1\nvalue: { 1: =value }",
         "r.yaml:9:10: error: this is no version of HL7 v2 from 2.1 to 2.7.1; write version: "
         "2.5.1, what "
         "the receiver reads"},
    };
    rows_check(NULL, ROWS(rows));
}

Test(examined, what_is_required_is_told_beside_other_mistakes)
{
    static const struct row rows[] = {
        {"a value that is none", "  status: doubtful",
         "r.yaml:10:3: error: Encounter demands class, and nothing makes it; write class: ...\n"
         "r.yaml:10:11: error: doubtful is no code that Encounter.status may have; write one of "
         "arrived, "
         "cancelled, entered-in-error, finished, in-progress, onleave, planned, triaged or "
         "unknown"},
        {"a key that may be meant for it", "  status: arrived\n  clas: { code: AMB }",
         "r.yaml:11:3: error: Encounter has no element clas; did you mean class?"},
    };
    rows_check(AS_M "map: m\nreads: ADT_A01\nto: Encounter\nvalue:\n@@\n", ROWS(rows));
}
