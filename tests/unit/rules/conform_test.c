/* Conformance documents: what they accept, what they find, what is wrong with them. */
#include "engine/hl7/validate.h"
#include "engine/rules/test.h"
#include "tests/unit/rules/kit.h"

TestSuite(conform, .init = kit_begin, .fini = kit_end);

#define ADT                                                                                        \
    "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"                                    \
    "EVN||20261124\rPID|1||7^^^L^MR~8^^^S^SS||DOE^J||19800101|F\r"                                 \
    "NK1|1|A|FTH\rNK1|2||MTH\rPV1|1|I|W^1\rZPI|5|x^y\r"
#define HEAD "conformance: c\nmessages: [ADT^A01]\nelements:\n"

/* "site-usage 101 PID-3 text", a line each, of a message from the source that has every document. */
static const char *found(const char *yaml, const char *message)
{
    struct diags d;
    struct buf out = {0};
    struct rules_source source = {
        .name = {"in", 2}, .timezone = {"America/Chicago", 15}, .has_all_conformance = true};
    struct rules_env env = kit_env;
    struct rules_file file = {"r.yaml", str_of(yaml)};
    struct validate_report r;
    const struct validate_levels levels = validate_initial(VALIDATE_STRICT);
    env.sources = &source;
    env.nsources = 1;
    diags_init(&d, &kit_arena);
    struct ruleset *rules = rules_compile(&kit_arena, &file, 1, &env, &d);
    if (!rules) {
        return kit_findings(&d);
    }
    struct rules_input in = {.m = kit_message(message), .received_us = 1795186800000000};
    validate_begin(&r, &kit_arena, in.m, &levels);
    rules_validate(rules, validate_dict_new(&kit_arena), &in, &r);
    for (unsigned i = 0; i < r.n; i++) {
        buf_printf(&out, "%s%s %d %s: %.*s", i ? "\n" : "", validate_row(r.v[i].rule)->name,
                   r.v[i].error, r.v[i].path, STR_ARG(r.v[i].text));
    }
    const char *text = str_dup(&kit_arena, buf_str(&out)).p;
    buf_free(&out);
    return text;
}

struct conform_row {
    const char *name, *elements, *want;
};

static void check(const struct conform_row *rows, size_t n, const char *message)
{
    for (size_t i = 0; i < n; i++) {
        const char *yaml = str_printf(&kit_arena, HEAD "%s\n", rows[i].elements).p;
        cr_expect_str_eq(found(yaml, message), rows[i].want, "%s", rows[i].name);
    }
}
#define CHECK(rows, message) check((rows), sizeof(rows) / sizeof(*(rows)), (message))

Test(conform, usage)
{
    static const struct conform_row rows[] = {
        {"R that is there", "  PV1: R\n  PID-3: R\n  PID-3.1: R\n  PID-3.4.1: R", ""},
        {"O and RE ask nothing", "  PV2: O\n  PD1: RE\n  PID-10: RE", ""},
        {"a segment", "  PD1: R", "site-usage 100 PD1: the site requires this segment"},
        {"a field", "  PID-10: R", "site-usage 101 PID-10: the site requires this field"},
        {"in each segment", "  NK1-2: R", "site-usage 101 NK1[2]-2: the site requires this field"},
        {"a component of each repetition that is filled", "  PID-3.4.2: R",
         "site-usage 101 PID-3[1].4.2: the site requires this component\n"
         "site-usage 101 PID-3[2].4.2: the site requires this component"},
        {"of a field that is not there, and of which nothing is said", "  PID-10.1: R",
         "site-usage 101 PID-10.1: the site requires this component"},
        {"of a field that need not be there", "  PID-10: RE\n  PID-10.1: R", ""},
        {"X", "  NK1: X\n  PID-8: X\n  PID-3.5: X",
         "site-usage 102 PID-3[1].5: the site does not use this component\n"
         "site-usage 102 PID-3[2].5: the site does not use this component\n"
         "site-usage 102 PID-8: the site does not use this field\n"
         "site-usage 100 NK1[2]: the site does not use this segment"},
        {"a Z-segment", "  ZPI-3: R", "site-usage 101 ZPI-3: the site requires this field"},
        {"in the site's words", "  PID-10: { usage: R, text: tell us the race }",
         "site-usage 101 PID-10: tell us the race"},
    };
    CHECK(rows, ADT);
}

Test(conform, conditions)
{
    static const struct conform_row rows[] = {
        {"a segment, by the message", "  PD1: { usage: C, when: PV1-2 = 'I' }",
         "site-usage 100 PD1: the site requires this segment, as decided by PV1-2 = 'I'"},
        {"not true: O", "  PD1: { usage: C, when: PV1-2 = 'O' }", ""},
        {"else", "  NK1: { usage: C, when: PV1-2 = 'O', else: X }",
         "site-usage 100 NK1[2]: the site does not use this segment, as decided by PV1-2 = 'O'"},
        {"a field, asked of each segment", "  NK1-4: { usage: C, when: NK1-3.1 = 'MTH' }",
         "site-usage 101 NK1[2]-4: the site requires this field, as decided by NK1-3.1 = 'MTH'"},
        {"a field of the message around", "  NK1-4: { usage: C, when: \"$message.PV1-2 = 'O'\" }",
         ""},
        {"a component",
         "  PV1-3.2: { usage: C, when: PV1-2 = 'I', else: X }\n"
         "  PV1-3.3: { usage: C, when: PV1-2 = 'I' }",
         "site-usage 101 PV1-3.3: the site requires this component, as decided by PV1-2 = 'I'"},
        {"CE that is true asks nothing", "  PID-10: { usage: CE, when: PV1-2 = 'I' }", ""},
        {"CE, else", "  PID-8: { usage: CE, when: PV1-2 = 'O', else: X }",
         "site-usage 102 PID-8: the site does not use this field, as decided by PV1-2 = 'O'"},
        {"one that fails is told", "  PID-10: { usage: C, when: PID-7 + 1 day > today() }", NULL},
    };
    check(rows, sizeof rows / sizeof *rows - 1, ADT);
}

Test(conform, a_condition_in_a_group)
{
    static const char oru[] =
        "MSH|^~\\&|L|MAIN|D|X|20261124093000||ORU^R01|M1|P|2.5.1\rPID|||7||D\r"
        "OBR|1|||A\rOBX|1|ST|S||x||||||F\rOBR|2|||B\rOBX|1|NM|S||1||||||F\r";
    cr_expect_str_eq(found("conformance: c\nmessages: [ORU^R01]\nelements:\n"
                           "  OBR-16: { usage: C, when: OBSERVATION.OBX-2.exists($this = 'NM') }\n",
                           oru),
                     "site-usage 101 OBR[2]-16: the site requires this field, as decided by "
                     "OBSERVATION.OBX-2.exists($this = "
                     "'NM')");
}

/* Where a group may begin with another segment, it is asked of the one that is meant all the same. */
Test(conform, a_condition_behind_a_segment_that_may_come_first)
{
    static const char head[] = "MSH|^~\\&|L|MAIN|D|X|20261124093000||ORU^R01|M1|P|2.5.1\r"
                               "PID|1||7^^^L^MR||DOE^J\r";
    static const char yaml[] = "conformance: c\nmessages: [ORU^R01]\nelements:\n"
                               "  OBR-16: { usage: C, when: OBR-4.exists() }\n";
    const char *without = str_printf(&kit_arena, "%sOBR|1|A|B|C\r", head).p;
    const char *with = str_printf(&kit_arena, "%sORC|RE\rOBR|1|A|B|C\r", head).p;
    cr_expect(strstr(found(yaml, without), "site-usage 101 OBR-16"));
    cr_expect(strstr(found(yaml, with), "site-usage 101 OBR-16"));
}

/* A million repetitions are looked at once each, and what is not told costs nothing. */
Test(conform, repetitions_without_end)
{
    enum { N = 200000 };
    struct buf b = {0};
    buf_puts(&b,
             "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\rEVN||20261124\rPID|1||a");
    for (int i = 0; i < N; i++) {
        buf_puts(&b, "~a");
    }
    buf_puts(&b, "\rPV1|1|I\r");
    buf_putc(&b, 0);
    const char *all = found(HEAD "  PID-3.1: { length: 5..9 }\n  PID-3.5: R\n", b.p);
    cr_expect(strstr(all, "site-length 102 PID-3[1].1"));
    buf_free(&b);
}

Test(conform, times_length_values)
{
    kit_file("sex.csv", "code,text\nF,f\nM,m\n");
    static const struct conform_row rows[] = {
        {"as often as it may",
         "  NK1: { times: 1..2 }\n  PID-3: { times: 2 }\n  OBX: { times: 2.. }", ""},
        {"too often", "  NK1: { times: 0..1 }\n  PID-3: { times: 1 }",
         "site-times 102 PID-3: it stands 2 times; the site wants 1\n"
         "site-times 100 NK1[2]: it stands 2 times; the site wants 0 to 1"},
        {"too few", "  NK1: { times: 3.. }\n  PID-3: { times: 3..5 }",
         "site-times 101 PID-3: it stands 2 times; the site wants 3 to 5\n"
         "site-times 100 NK1[2]: it stands 2 times; the site wants 3 or more"},
        {"length",
         "  PID-3.1: { length: 1..4 }\n  PID-3.4: { length: 2.. }\n  MSH-10: { length: 1 }",
         "site-length 102 MSH-10: the length is 2; the site wants 1\n"
         "site-length 102 PID-3[1].4: the length is 1; the site wants 2 or more\n"
         "site-length 102 PID-3[2].4: the length is 1; the site wants 2 or more"},
        {"a list", "  PID-3.5: { values: [MR, PI] }",
         "site-values 103 PID-3[2].5: not one of the values that the site takes here"},
        {"a fixed value", "  MSH-12: { fixed: 2.5.1 }\n  MSH-11: { fixed: T }",
         "site-values 103 MSH-11.1: not the value that the site wants here"},
        {"an HL7 table", "  NK1-3: { hl7-table: \"0063\" }\n  PID-8: { hl7-table: HL70001 }", NULL},
    };
    check(rows, sizeof rows / sizeof *rows - 1, ADT);
    cr_expect_str_eq(found("tables: { sex: { file: sex.csv } }\n---\n" HEAD
                           "  PID-8: { table: sex }\n  PV1-2: { table: sex }\n",
                           ADT),
                     "site-values 103 PV1-2: not one of the values that the site takes here");
    cr_expect_str_eq(found(HEAD "  PID-5.1.1: { values: [\"D&E\"], length: 3 }\n",
                           "MSH|^~\\&|L|MAIN|D|X|20261124||ADT^A01|M1|P|2.5.1\rEVN||2026\rPID|||7||"
                           "D\\T\\E^J\rPV1||I\r"),
                     "", "values and lengths are of the decoded text");
    cr_expect_str_eq(found(HEAD "  PID-8: { values: [F], length: 9, usage: R }\n",
                           "MSH|^~\\&|L|MAIN|D|X|20261124||ADT^A01|M1|P|2.5.1\rEVN||2026\rPID|||7||"
                           "D^J|||\"\"\rPV1||I\r"),
                     "", "a null is there and has no value");
}

/* What a document says of a place takes the place of what the dictionary says of it. */
Test(conform, it_comes_before_the_dictionary)
{
    static const char bare[] =
        "MSH|^~\\&|L|MAIN|D|X|20261124||ADT^A01|M1|P|2.5.1\rPID|1||7^^^L^QQ\r"
        "SCH|1|2||||A||||||||||1||||1\r";
    static const struct conform_row rows[] = {
        {"nothing said", "  ZPI: O",
         "structure 100 EVN: required segment is missing in ADT_A01\n"
         "structure 100 PV1: required segment is missing in ADT_A01\n"
         "required-fields 101 PID-5: a required field is missing\n"
         "tables 103 PID-3[1].5: the code is not in table 0203\n"
         "unexpected-segments 100 SCH: this segment is not part of ADT_A01"},
        {"said", "  EVN: O\n  PV1: RE\n  SCH: O\n  PID-5: RE\n  PID-3.5: { values: [QQ] }", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *yaml = str_printf(&kit_arena, HEAD "%s\n", rows[i].elements).p;
        cr_expect_str_eq(found(yaml, bare), rows[i].want, "%s", rows[i].name);
    }
}

static const char *tested(const char *tests)
{
    struct diags d;
    struct buf out = {0};
    struct rules_env env = kit_env;
    struct rules_file file = {
        "r.yaml", str_printf(&kit_arena, HEAD "  PID-8: R\n  PV1-3.1: R\ntests:\n%s", tests)};
    env.with_tests = true;
    diags_init(&d, &kit_arena);
    struct ruleset *r = rules_compile(&kit_arena, &file, 1, &env, &d);
    if (!r) {
        return kit_findings(&d);
    }
    for (unsigned i = 0; i < rules_test_count(r); i++) {
        struct rules_test_result got;
        rules_test_run(r, i, &kit_arena, NULL, &got);
        cr_expect_str_eq(rules_test_head(r, i).kind, "conformance");
        diags_print(&out, &got.differences);
        for (unsigned k = 0; k < got.nupdates; k++) {
            buf_put_str(&out, got.updates[k].text);
        }
    }
    const char *text = str_dup(&kit_arena, buf_str(&out)).p;
    buf_free(&out);
    return text;
}

/* Its own findings alone count, by place and rule, in the order of the message. */
Test(conform, tests_beside_it)
{
    static const char adt[] = "MSH|^~\\&|L|M|D|X|2026||ADT^A01|1|P|2.5.1\nPID|||7\nPV1||I\n";
    kit_file("a.hl7", adt);
    cr_expect_str_eq(
        tested("  - name: a\n    message: a.hl7\n    findings:\n      - PID-8 site-usage\n"
               "      - PV1-3.1 site-usage\n"),
        "");
    cr_expect_str_eq(
        tested("  - name: a\n    message: a.hl7\n    findings: []\n"),
        "r.yaml:7:5: error: findings[1]: expected nothing more, found PID-8 site-usage\n"
        "r.yaml:7:5: error: findings[2]: expected nothing more, found PV1-3.1 site-usage\n"
        "    findings:\n      - PID-8 site-usage\n      - PV1-3.1 site-usage\n");
    cr_expect_str_eq(
        tested("  - name: a\n    message: a.hl7\n    findings: [PID-8 site-usage, PID-8 "
               "site-usage, PV1 site-times]\n"),
        "r.yaml:7:5: error: findings[2]: expected PID-8 site-usage, found PV1-3.1 site-usage\n"
        "r.yaml:7:5: error: findings[3]: expected PV1 site-times, found nothing more\n"
        "    findings:\n      - PID-8 site-usage\n      - PV1-3.1 site-usage\n");
    cr_expect(strstr(tested("  - name: a\n    message: a.hl7\n"), "the test expects nothing"));
    cr_expect(strstr(tested("  - name: a\n    findings: []\n"), "the test has no message:"));
    cr_expect(strstr(tested("  - name: a\n    message: a.hl7\n    dropped: true\n"),
                     "dropped: is expected of routes"));
}

Test(conform, only_of_its_messages)
{
    cr_expect_str_eq(found("conformance: c\nmessages: [SIU^S12]\nelements: { PD1: R }\n", ADT), "");
    cr_expect_str_eq(found("conformance: c\nmessages: [ADT^A*]\nelements: { PD1: R }\n", ADT),
                     "site-usage 100 PD1: the site requires this segment");
    cr_expect_str_eq(found("conformance: c\nmessages: [\"*\"]\nelements: { PD1: R }\n"
                           "---\nconformance: d\nmessages: [ADT]\nelements: { PV2: R }\n",
                           ADT),
                     "site-usage 100 PD1: the site requires this segment\n"
                     "site-usage 100 PV2: the site requires this segment");
}

Test(conform, mistakes)
{
    kit_file("two.csv", "a,b,c\n1,2,3\n");
    static const struct conform_row rows[] = {
        {"a path nobody has", "  PID-99: R", NULL},
        {"an index", "  PID-3[1].1: R",
         "r.yaml:4:3: error: PID-3[1].1 is no place to say something of; write a segment, field or "
         "component, as PV1, PID-3, PID-3.4.1, without [n]\n"},
        {"delimiters", "  MSH-2: R",
         "r.yaml:4:3: error: MSH-2 holds the delimiters; nothing can be said of it\n"},
        {"a usage nobody knows", "  PID-3: Q",
         "r.yaml:4:10: error: `usage` is `Q`; expected O, R, RE, X, C or CE\n"},
        {"another case", "  PID-3: re",
         "r.yaml:4:10: error: `usage` is `re`; expected O, R, RE, X, C or CE; did you mean "
         "`RE`?\n"},
        {"a set of nothing", "  PID-8: { values: [] }",
         "r.yaml:4:20: error: values: names none; leave it out, or say `usage: X`\n"},
        {"a key nobody knows", "  PID-3: { lenght: 4 }", NULL},
        {"C without when", "  PID-3: C",
         "r.yaml:4:10: error: usage C has no when:, which decides it; add when: FORMULA, as when: "
         "PV1-2 = 'I'\n"},
        {"when without C", "  PID-3: { usage: R, when: PV1-2.exists() }",
         "r.yaml:4:28: error: when: and else: belong to usage C and CE\n"},
        {"a condition that is none", "  PID-3: { usage: C, when: PV1-2 }", NULL},
        {"times of a component", "  PID-3.1: { times: 1 }",
         "r.yaml:4:21: error: times: a component stands once; say it of the field or segment\n"},
        {"times upside down", "  PID-3: { times: 4..1 }",
         "r.yaml:4:19: error: times: is how often, as 1, 0..4, 2..; the most is at least the least "
         "and "
         "not 0\n"},
        {"no length", "  PID-8: { length: long }",
         "r.yaml:4:20: error: length: is a number of characters, as 8, 1..20, 3..; the most is not "
         "0\n"},
        {"length of a composite", "  PID-3: { length: 4 }",
         "r.yaml:4:3: error: PID-3 is a CX of several parts; length and values are about one; "
         "write "
         "PID-3.1\n"},
        {"values of a segment", "  PV1: { values: [A] }",
         "r.yaml:4:3: error: PV1 is a segment: length and values are said of fields and "
         "components\n"},
        {"two sets", "  PID-8: { values: [F], fixed: F }",
         "r.yaml:4:10: error: values:, fixed:, table: and hl7-table: exclude each other\n"},
        {"no such table", "  PID-8: { table: sex }",
         "r.yaml:4:19: error: no table has this name\n"},
        {"no such HL7 table", "  PID-8: { hl7-table: 9999 }",
         "r.yaml:4:23: error: hl7-table: no HL7 table of this number lists values\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *yaml = str_printf(&kit_arena, HEAD "%s\n", rows[i].elements).p;
        const char *got = found(yaml, ADT);
        if (rows[i].want) {
            cr_expect_str_eq(got, rows[i].want, "%s: %s", rows[i].name, got);
        } else {
            cr_expect(strstr(got, "r.yaml:4:") && strstr(got, "error: "), "%s: %s", rows[i].name,
                      got);
        }
    }
    cr_expect_str_eq(found("tables: { two: { file: two.csv, keys: [a, b] } }\n---\n" HEAD
                           "  PID-8: { table: two }\n",
                           ADT),
                     "r.yaml:6:19: error: table: wants one with a single key column\n");
    cr_expect(strstr(found("conformance: c\nelements: { PV1: R }\n", ADT), "has no messages:"));
    cr_expect(strstr(found("conformance: c\nmessages: [ADT]\n", ADT), "has no elements:"));
    cr_expect(
        strstr(found(HEAD "  PV1: R\n---\n" HEAD "  PV1: R\n", ADT), "stands already at r.yaml:1"));
    cr_expect(strstr(found(HEAD "  PV1: R\nelement: {}\n", ADT), "did you mean elements:?"));
}

/* Where several kinds of groups begin with it, or have it, each segment is asked by itself. */
Test(conform, a_condition_of_a_segment_of_several_groups)
{
    static const char dft[] = "MSH|^~\\&|L|MAIN|D|X|20261124093000||DFT^P03|M1|P|2.5.1\r"
                              "EVN||20261124\rPID|||7||D\rPV1|1|I\rORC|NW\rOBR|1|||A\r"
                              "OBX|1|ST|S||||||||F\rFT1|1|||20261124||CG|X\rOBX|1|ST|S||||||||F\r"
                              "OBX|2|ST|S||||||||P\rOBX|3|ST|S||x||||||F\r";
    static const char oml[] = "MSH|^~\\&|L|MAIN|D|X|20261124093000||OML^O21|M1|P|2.5.1\r"
                              "PID|||7||D\rORC|NW\rOBR|1|||A\rOBX|1|ST|S||||||||F\rSPM|1\r"
                              "OBX|1|ST|S||||||||F\rOBX|2|ST|S||||||||\r";
    static const char yaml[] =
        "conformance: c\nmessages: [ORU^R01, DFT^P03, OML^O21, \"RSP^*\"]\nelements:\n"
        "  OBX-5: { usage: C, when: OBX-11 = 'F', text: a result }\n";
    cr_expect(strstr(found(yaml, dft), "site-usage 101 OBX[1]-5: a result\n"
                                       "site-usage 101 OBX[2]-5: a result"),
              "%s", found(yaml, dft));
    cr_expect_null(strstr(found(yaml, dft), "OBX[3]-5"));
    cr_expect(strstr(found(yaml, oml), "OBX[1]-5: a result"), "%s", found(yaml, oml));
    cr_expect(strstr(found(yaml, oml), "OBX[2]-5: a result"));
    cr_expect_null(strstr(found(yaml, oml), "OBX[3]-5: a"));
}
