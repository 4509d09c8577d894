/* Many mistakes at once, and texts that are made to hurt: located messages, limits, never a crash. */
#include "tests/unit/rules/rows.h"

#include "engine/base/buf.h"

TestSuite(mistakes, .init = kit_begin, .fini = kit_end);

static const char adt[] = "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\rEVN|A01\r"
                          "PID|1||4711^^^EPIC^MR||DOE^JANE||19800101|F\rPV1|1|I|W1\r";

#define ROUTE "route: a\nfrom: epic\nmessages: [ADT^A01]\n"
#define VALUE                                                                                      \
    ROUTE "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n  v: >-\n   " \
          " =@@\n"

/* Thirty mistakes, each of another kind, in four documents. */
static const char thirty[] = "tables: { sex: { file: none.csv } }\n"
                             "---\n"
                             "route: a\n"
                             "from: [epik, epic]\n"
                             "messages: [adt, ADT^A01]\n"
                             "wen: true\n"
                             "on-error: stop\n"
                             "when: PV1-16\n"
                             "do:\n"
                             "  - set:\n"
                             "      PID-3-1: x\n"
                             "      PID-99: x\n"
                             "      PID-3.4: x\n"
                             "      PV1-2: PID-8\n"
                             "      PV1-3: =PID-5.1.1\n"
                             "      PV1-4: =PID-3.exits()\n"
                             "      PV1-5: a # b\n"
                             "      PV1-6: ='abc\n"
                             "      PV1-10: =$nobody\n"
                             "      PV1-14: =PV1-1 + 'a' * 2\n"
                             "      PV1-15: =PV1-2.lookup('sx')\n"
                             "      PV1-18: ~\n"
                             "  - send: nowhere\n"
                             "  - sent: lab\n"
                             "  - drop: late\n"
                             "  - if: PV1-2 != 'I'\n"
                             "    then: { use: nothing }\n"
                             "  - reply: { code: AX }\n"
                             "  - for: QQQ\n"
                             "    do: { send: lab }\n"
                             "---\n"
                             "mapp: m\n"
                             "---\n"
                             "map: m\n"
                             "reads: SIU_S99\n"
                             "to: xml\n"
                             "value: { $fro: PID-3, v: { v: 1, v: 2 } }\n";

static const struct {
    const char *name, *want;
} thirty_findings[] = {
    {"a table that cannot be read",
     "r.yaml:1:24: error: none.csv cannot be read: No such file or directory"},
    {"a source that is none",
     "r.yaml:4:8: error: no source or destination is called epik; did you mean epic?"},
    {"a message type that is none", "r.yaml:5:12: error: adt is no message type; write "
                                    "ADT^A01, ADT^A*, SIU^S12..S15, ADT or \"*\""},
    {"a key that is none", "r.yaml:6:1: error: wen: is not known in a route; did you mean when:?"},
    {"a word that is none", "r.yaml:7:11: error: on-error: is hold, reject or skip"},
    {"a value for a decision", "r.yaml:8:7: error: a decision wants true or false, this is a "
                               "value; write PV1-16.exists()"},
    {"a path of another engine", "r.yaml:11:12: error: components follow a dot: write PID-3.1"},
    {"a field that no version has",
     "r.yaml:12:7: error: PID-99: no HL7 version has a field 99 in PID"},
    {"a component of a field that repeats",
     "r.yaml:13:7: error: PID-3.4: PID-3 repeats, the target must say which repetition; write "
     "PID-3[1].4, or [+] for a new one, [*] for each"},
    {"a path without its =", "r.yaml:14:14: error: this text looks like a formula; write =... "
                             "for the formula or ='...' for the text"},
    {"several for one",
     "r.yaml:15:15: error: PID-5.1.1 may give several values, one is wanted here; write "
     "PID-5[1].1.1, PID-5.where(...).first().1.1, .exists(...) or .join(' ')"},
    {"a function that is none",
     "r.yaml:16:21: error: there is no function exits(); did you mean exists()?"},
    {"a comment behind a text",
     "r.yaml:17:14: error: a comment follows an unquoted text, which may have been meant as "
     "part of it; put the text into quotes, or the comment on its own line"},
    {"a quote that is open", "r.yaml:18:15: error: the text that begins here has no closing quote"},
    {"a name that is none",
     "r.yaml:19:16: error: $nobody is not known here; names come from let:, from parameters "
     "(needs:, with:) and from the feed's profile"},
    {"a text for a number",
     "r.yaml:20:28: error: * wants two numbers, there is a string and a integer"},
    {"a table that is none", "r.yaml:21:29: error: no table is called sx; did you mean sex?"},
    {"a null of YAML", "r.yaml:22:15: error: found `~`; write '' for an empty text, '~' for "
                       "the character, or leave the key out"},
    {"a destination that is none", "r.yaml:23:11: error: no destination is called nowhere; "
                                   "declare it under destinations: in the configuration"},
    {"a step that is none", "r.yaml:24:5: error: sent: is no step; did you mean send:?"},
    {"a drop behind a send", "r.yaml:25:5: error: this drop may come after a send, which it "
                             "would not undo; put the drop before the send"},
    {"a comparison without a guard",
     "r.yaml:26:15: error: where PV1-2 is absent this is neither true nor false; write "
     "`PV1-2.exists() and ...` or .oneOf('...').not()"},
    {"steps that are none", "r.yaml:27:18: error: no steps are called nothing; declare them in "
                            "a document that begins with steps: nothing"},
    {"a code that is none", "r.yaml:28:20: error: reply: wants code: AE (error) or AR (reject)"},
    {"a segment that no version has", "r.yaml:29:10: error: QQQ: no HL7 version has a segment "
                                      "QQQ; segments of your own begin with Z"},
    {"a document that is none",
     "r.yaml:32:1: error: this document is none of route, map, "
     "steps, profile, conformance, shape, tables, tests; did you mean map:?"},
    {"a structure that is none", "r.yaml:35:8: error: SIU_S99 is no message structure, message "
                                 "type or datatype of HL7 v2; did you mean SIU_S12?"},
    {"a target that is none", "r.yaml:36:5: error: FHIR R4 has no type xml; a map makes json, a "
                              "type of FHIR R4 as Patient or "
                              "HumanName, or a message of HL7 v2 as ADT^A31"},
    {"a key of the language that is none",
     "r.yaml:37:10: error: $fro is no key of the language; did you mean $for?"},
    {"a key twice", "r.yaml:37:34: error: the key `v` on line 37 stands on line 37 already; a "
                    "key is given once"},
};

Test(mistakes, thirty_in_one_file_give_thirty_located_messages)
{
    struct diags d;
    struct buf b = {0};
    cr_expect_null(kit_compile(thirty, &d));
    cr_assert_eq(d.count, sizeof(thirty_findings) / sizeof(thirty_findings[0]), "%s",
                 kit_findings(&d));
    cr_expect_eq(d.errors, d.count);
    const struct diag *const *sorted = diags_sorted(&d);
    for (size_t i = 0; i < sizeof(thirty_findings) / sizeof(thirty_findings[0]); i++) {
        buf_clear(&b);
        diag_print(&b, sorted[i]);
        struct str got = str_trim(buf_str(&b));
        cr_expect(str_is(got, thirty_findings[i].want), "%s\n  got  %.*s\n  want %s",
                  thirty_findings[i].name, STR_ARG(got), thirty_findings[i].want);
    }
    buf_free(&b);
}

/* `n` times `text`, in kit_arena. */
static const char *times(unsigned n, const char *text)
{
    size_t len = strlen(text);
    char *p = arena_alloc(&kit_arena, n * len + 1);
    for (unsigned i = 0; i < n; i++) {
        memcpy(p + i * len, text, len);
    }
    p[n * len] = '\0';
    return p;
}

/* The first finding of `yaml` begins with `want`. */
static void expect_first(const char *name, const char *yaml, const char *want)
{
    struct diags d;
    cr_expect_null(kit_compile(yaml, &d), "%s", name);
    const char *got = kit_findings(&d);
    cr_expect(strncmp(got, want, strlen(want)) == 0, "%s\n  got  %.400s\n  want %s", name, got,
              want);
}

Test(mistakes, tricks_of_yaml_are_refused)
{
    static const struct row rows[] = {
        {"an alias of an alias of an alias", "x: &x [a, a]\ny: &y [*x, *x]\nz: [*y, *y]\n",
         "r.yaml:1:1: error: this document is none of route, map, steps, profile, conformance, "
         "shape, tables, "
         "tests\nr.yaml:1:4: error: found an anchor (`&`); it is not part of this language; quote "
         "the value if the sign belongs to it\nr.yaml:2:4: error: found an anchor (`&`); it is not "
         "part of this language; quote the value if the sign belongs to it\nr.yaml:2:8: error: "
         "found an alias (`*`); it is not part of this language; quote the value if the sign "
         "belongs to it\nr.yaml:2:12: error: found an alias (`*`); it is not part of this "
         "language; quote the value if the sign belongs to it\nr.yaml:3:5: error: found an alias "
         "(`*`); it is not part of this language; quote the value if the sign belongs to "
         "it\nr.yaml:3:9: error: found an alias (`*`); it is not part of this language; quote the "
         "value if the sign belongs to it"},
        {"a merge of keys", ROUTE "do:\n  <<: { send: lab }\n",
         "r.yaml:5:3: error: found the merge key `<<`; it is not part of this language; write the "
         "keys out\nr.yaml:5:3: error: this is no step; steps are set, delete, keep, add, copy, "
         "for, use, send, drop, require, reply, choose, if/then/else, let"},
        {"a key three times", ROUTE "do: { send: lab }\ndo: { send: desk }\ndo: { send: all }\n",
         "r.yaml:5:1: error: the key `do` on line 5 stands on line 4 already; a key is given once\n"
         "r.yaml:6:1: error: the key `do` on line 6 stands on line 5 already; a key is given once"},
        {"a list as key", "route: a\n? [from]\n: epic\n",
         "r.yaml:1:1: error: the route has no from:, the sources it reads\nr.yaml:1:1: error: the "
         "route has no messages:, the message types it reads\nr.yaml:1:1: error: the route has no "
         "do:, its steps\nr.yaml:2:3: error: found a list or mapping where a key was expected; a "
         "key is a text"},
        {"a text of binary bytes", "route: \x01\n",
         "r.yaml:1:8: error: found the character U+0001, which cannot be seen; expected text; "
         "write \\u0001 inside "
         "double quotes if it is meant"},
        {"bytes that are no UTF-8", "route: \xff\n",
         "r.yaml:1:8: error: byte 0xFF is not UTF-8; the file must be UTF-8 text; save the file as "
         "UTF-8"},
        {"a document that ends early", "route: 'a\n---\ntables: { t: { file: dup.csv } }\n",
         "dup.csv:4:1: error: this row of table t has the same key as line 2\nr.yaml:2:1: error: a "
         "quote or bracket is still open where this document ends; close it"},
    };
    rows_check(NULL, ROWS(rows));
}

Test(mistakes, what_is_nested_too_deep_is_refused)
{
    static const struct {
        const char *name, *open, *middle, *close;
        unsigned n;
        const char *want;
    } rows[] = {
        {"lists", "[", "x", "]", 100,
         "r.yaml:1:65: error: lists and mappings are nested deeper than 64 levels"},
        {"ten thousand lists", "[", "x", "]", 10000,
         "r.yaml:1:65: error: lists and mappings are nested deeper than 64 levels"},
        {"steps", "{ if: true, then: ", "{ send: lab }", " }", 17,
         "r.yaml:4:293: error: steps stand more than 16 levels within each other"},
        {"loops", "{ for: PV1, do: ", "{ send: lab }", " }", 9,
         "r.yaml:4:140: error: more than 8 loops within each other"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str text = str_printf(&kit_arena, "%s%s%s%s\n",
                                     i < 2 ? "" : ROUTE "do: ", times(rows[i].n, rows[i].open),
                                     rows[i].middle, times(rows[i].n, rows[i].close));
        expect_first(rows[i].name, text.p, rows[i].want);
    }
}

Test(mistakes, formulas_have_a_depth_and_a_size)
{
    static const struct {
        const char *name, *open, *middle, *close;
        unsigned n;
        const char *want;
    } rows[] = {
        {"brackets", "(", "1", ")", 1000,
         "r.yaml:11:70: error: more than 64 expressions stand within each other"},
        {"signs", "- ", "1", "", 1000,
         "r.yaml:11:132: error: more than 64 expressions stand within each other"},
        {"calls in calls", "coalesce(", "1", ")", 1000,
         "r.yaml:11:582: error: more than 64 expressions stand within each other"},
        {"conditions in conditions", "PID.where(", "true", ")", 1000,
         "r.yaml:11:646: error: more than 64 expressions stand within each other"},
        {"a long sum", "1+", "1", "", 6000,
         "r.yaml:11:10006: error: the formula has more than 10000 parts"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str formula = str_printf(&kit_arena, "%s%s%s", times(rows[i].n, rows[i].open),
                                        rows[i].middle, times(rows[i].n, rows[i].close));
        expect_first(rows[i].name, rows_text(VALUE, formula.p), rows[i].want);
    }
    struct str chain = str_printf(&kit_arena, "1%s", times(200, ".abs()"));
    expect_first("a long chain", rows_text(VALUE, chain.p),
                 "r.yaml:11:302: error: more than 150 operators or functions stand in a row; give "
                 "parts of it names with "
                 "let:");
    chain = str_printf(&kit_arena, "1%s", times(20000, ".abs()"));
    expect_first("a very long chain", rows_text(VALUE, chain.p),
                 "r.yaml:11:60002: error: the formula has more than 10000 parts");
    chain = str_printf(&kit_arena, "PV1-1%s", times(100, " + 1"));
    cr_expect_str_eq(kit_payload(rows_text(VALUE, chain.p), adt), "{\"v\":101}");
    struct str call = str_printf(&kit_arena, "coalesce(1%s)", times(64, ", 1"));
    expect_first("many arguments", rows_text(VALUE, call.p),
                 "r.yaml:11:207: error: a call takes at most 64 arguments");
}

Test(mistakes, huge_texts_have_a_limit)
{
    const char *mib = times(1 << 20, "x");
    struct str over = str_printf(&kit_arena, ROUTE "do: { set: { PV1-2: 'y%s' } }\n", mib);
    expect_first("more than a mebibyte", over.p,
                 "r.yaml:4:21: error: this text has 1048577 bytes; at most 1048576 are allowed");
    struct str just =
        str_printf(&kit_arena, ROUTE "do:\n  - set: { PV1-2: '%s' }\n  - send: lab\n", mib);
    cr_expect_str_eq(kit_check(just.p), "");
    cr_expect_eq(strlen(kit_payload(just.p, adt)), strlen(adt) - 1 + (1 << 20));
    struct str formula =
        str_printf(&kit_arena, ROUTE "do:\n  - send: lab\n    if: \"'%s' = PV1-2\"\n", mib + 100);
    cr_expect_str_eq(kit_check(formula.p), "");
    struct str keys =
        str_printf(&kit_arena, ROUTE "do:\n  - set:\n%s", times(3000, "      PV1-2: x\n"));
    struct diags d;
    cr_expect_null(kit_compile(keys.p, &d));
    cr_expect_eq(d.count, 1000, "%u findings are kept", d.count);
    cr_expect_geq(d.errors, 2999, "%u errors are counted", d.errors);
}

Test(mistakes, a_formula_without_end_ends_at_its_budget)
{
    static const struct row rows[] = {
        {"endless repeat", "(1 | 2).repeat($this + 1).count()",
         "accepted\ndesk EPIC/4711 held <r.yaml:11:14: the formula took too many steps>"},
        {"repeat that grows texts", "'a'.repeat($this & $this).count()",
         "accepted\ndesk EPIC/4711 held <r.yaml:11:10: the formula took too much memory>"},
        {"repeat of what is known ends", "(1 | 2).repeat(3 - $this).count()", "{\"v\":2}"},
        {"a product of lists",
         "PID-3[1].1.toChars().select('aaaaaaaaaaaaaaaa'.toChars()).select('aaaaaaaaaaaaaaaa'."
         "toChars())"
         ".select('aaaaaaaaaaaaaaaa'.toChars()).select('aaaaaaaaaaaaaaaa'.toChars())"
         ".select('aaaaaaaaaaaaaaaa'.toChars()).count()",
         "accepted\ndesk EPIC/4711 held <r.yaml:11:201: the formula took too much memory>"},
        {"a position beyond all", "'abc'.substring(999999999999999999).empty()", "{\"v\":true}"},
        {"as many left out as a number says", "(1 | 2).skip(999999999999999999).empty()",
         "{\"v\":true}"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = kit_run(rows_text(VALUE, rows[i].text), adt);
        cr_expect(strstr(got, rows[i].want), "%s\n  got  %s\n  want %s", rows[i].name, got,
                  rows[i].want);
    }
}

Test(mistakes, a_regular_expression_that_explodes_ends_with_an_error)
{
    static const struct row checked[] = {
        {"on a text of the formula",
         "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$') & ''",
         "r.yaml:11:50: error: the regular expression of matches() took too many steps"},
        {"one that is none", "PID-8.matches('(') & ''",
         "r.yaml:11:20: error: the regular expression is refused at character 2: missing closing "
         "parenthesis"},
        {"one that is too large", "PID-8.matches('((a{1,999}){1,999}){1,999}') & ''",
         "r.yaml:11:20: error: the regular expression is refused at character 27: regular "
         "expression is too large"},
    };
    static const struct row told[] = {
        {"on a text of the message", "PID-5[1].1.1.matches('^(a+)+$') & ''",
         "accepted\ndesk /4711 held <r.yaml:11:19: PID-5[1].1.1: the regular expression of "
         "matches() took too many steps>"},
        {"by alternatives", "PID-5[1].1.1.matches('^(a|aa)+$') & ''",
         "accepted\ndesk /4711 held <r.yaml:11:19: PID-5[1].1.1: the regular expression of "
         "matches() took too many steps>"},
        {"in a replacement", "PID-5[1].1.1.replaceMatches('(a+)+[bc]', 'x')",
         "accepted\ndesk /4711 held <r.yaml:11:19: PID-5[1].1.1: the regular expression of "
         "replaceMatches() took too many steps>"},
        {"one that is made by a formula", "PID-5[1].1.1.matches('^(a' & '+)+$') & ''",
         "accepted\ndesk /4711 held <r.yaml:11:19: PID-5[1].1.1: the regular expression of "
         "matches() took too many steps>"},
    };
    struct str message =
        str_printf(&kit_arena,
                   "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                   "PID|1||4711||%s!\r",
                   times(60, "a"));
    rows_check(VALUE, ROWS(checked));
    rows_told(VALUE, message.p, ROWS(told));
}

Test(mistakes, names_that_double_what_they_hold_end_at_the_budget)
{
    struct buf b = {0};
    buf_puts(&b, ROUTE "do:\n  - let: { x0: '=PID-3 | PID-5' }\n");
    for (int i = 1; i <= 40; i++) {
        buf_printf(&b, "  - let: { x%d: =$x%d.combine($x%d) }\n", i, i - 1, i - 1);
    }
    buf_puts(&b, "  - send: lab\n    id: =$x40.count() & ''\n");
    const char *yaml = str_dup(&kit_arena, buf_str(&b)).p;
    buf_clear(&b);
    const char *got = kit_run(yaml, adt);
    cr_expect(strstr(got, "the formula took too much memory"), "%s", got);
    buf_puts(&b, ROUTE "do:\n  - send: lab\n    id: >-\n      =(PID-3.1");
    for (int i = 0; i < 2000; i++) {
        buf_puts(&b, " | PID-3.1");
    }
    buf_puts(&b, ").count() & ''\n");
    yaml = str_dup(&kit_arena, buf_str(&b)).p;
    buf_free(&b);
    expect_first("a union of two thousand", yaml,
                 "r.yaml:7:18527: error: more than 150 operators or functions stand in a row; give "
                 "parts of it names with "
                 "let:");
}

Test(mistakes, loops_end_at_the_budget)
{
    struct str steps = str_printf(&kit_arena, "%s{ set: { PV1-2: =$number } }%s",
                                  times(8, "{ for: '1|2|3|4|5|6|7|8|9|10', do: "), times(8, " }"));
    const char *got =
        kit_run(str_printf(&kit_arena, ROUTE "do: [ %s, { send: lab } ]\n", steps.p).p, adt);
    cr_expect(strstr(got, "lab held <r.yaml:4:"), "%s", got);
    cr_expect(strstr(got, "the formula took too many steps"), "%s", got);
    struct str sends = str_printf(&kit_arena, "%s{ send: lab }%s",
                                  times(5, "{ for: '1|2|3|4|5|6|7|8|9|10', do: "), times(5, " }"));
    got = kit_run(str_printf(&kit_arena, ROUTE "do: %s\n", sends.p).p, adt);
    cr_expect_str_eq(got,
                     "accepted\nlab held <r.yaml:4:182: more than 10000 outputs of one message>",
                     "%s", got);
}

Test(mistakes, what_would_use_itself_is_refused)
{
    static const struct row rows[] = {
        {"steps", "steps: s\nreads: ADT\ndo: { use: s }\n",
         "r.yaml:3:12: error: the steps s would use themselves"},
        {"steps through others",
         "steps: s\nreads: ADT\ndo: { use: t }\n---\nsteps: t\nreads: ADT\ndo: { use: s }\n",
         "r.yaml:3:12: error: the steps t would use themselves\nr.yaml:7:12: error: the steps s "
         "would use themselves"},
        {"a map", "map: m\nreads: ADT\nto: json\nvalue: { v: { $use: m } }\n",
         "r.yaml:1:6: error: the map m uses itself, directly or through another"},
        {"a map through another",
         "map: m\nreads: ADT\nto: json\nvalue: { v: { $use: n } }\n---\nmap: n\nreads: ADT\nto: "
         "json\nvalue: { v: { $use: m "
         "} }\n",
         "r.yaml:1:6: error: the map m uses itself, directly or through another"},
        {"a profile", "profile: p\nextends: p\n",
         "r.yaml:2:10: error: the profile p would extend itself"},
        {"a profile through another", "profile: p\nextends: q\n---\nprofile: q\nextends: p\n",
         "r.yaml:5:10: error: the profile q would extend itself"},
    };
    rows_check(NULL, ROWS(rows));
}

Test(mistakes, what_is_written_cannot_break_the_message)
{
    static const struct row rows[] = {
        {"a carriage return of YAML", "PV1-2: \"a\\rPID|9\"", "PV1|1|a\\X0D\\PID\\F\\9|W1"},
        {"a line feed of a formula", "PV1-2: ='a\\r\\nb'", "PV1|1|a\\X0D\\\\X0A\\b|W1"},
        {"a NUL", "PV1-2: \"a\\0b\"", "PV1|1|a\\X00\\b|W1"},
        {"separators", "PV1-2: 'a|b^c&d~e'", "PV1|1|a\\F\\b\\S\\c\\T\\d\\R\\e|W1"},
    };
    static const struct row told[] = {
        {"bytes as they stand that end the segment", "PV1-2: =escaped('a\\rPID|9')",
         "accepted\nlab held <r.yaml:6:7: PV1-2: the value holds a separator that would break the "
         "message>"},
        {"bytes as they stand that end the field", "PV1-2: =escaped('a|b')",
         "accepted\nlab held <r.yaml:6:7: PV1-2: the value holds a separator that would break the "
         "message>"},
    };
    rows_lines(ROUTE "do:\n  - set:\n      @@\n  - send: lab\n", adt, ROWS(rows));
    rows_told(ROUTE "do:\n  - set:\n      @@\n  - send: lab\n", adt, ROWS(told));
}

/* Compiling says something of the text or nothing: it comes back. */
static void compile_again(const char *text, size_t n)
{
    struct diags d;
    struct arena a = {0};
    struct rules_file file = {"r.yaml", str_from(text, n)};
    diags_init(&d, &a);
    struct ruleset *r = rules_compile(&a, &file, 1, &kit_env, &d);
    cr_expect((r == NULL) == (d.errors > 0), "%zu: %.*s", n, (int)n, text);
    arena_free(&a);
}

Test(mistakes, whatever_is_cut_off_or_changed_comes_back_with_messages)
{
    static const char signs[] = "\n'\"{[(:#=$-.0~&*\xff";
    char text[sizeof(thirty)];
    for (size_t n = 0; n < sizeof(thirty); n++) {
        compile_again(thirty, n);
    }
    for (size_t i = 0; i + 1 < sizeof(thirty); i++) {
        memcpy(text, thirty, sizeof(thirty));
        text[i] = signs[i % (sizeof(signs) - 1)];
        compile_again(text, sizeof(thirty) - 1);
    }
}
