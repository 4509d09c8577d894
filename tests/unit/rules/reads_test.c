/* What of a message its rules looked at (reads.h), and that it does not depend on messages before it. */
#include "engine/hl7/path.h"
#include "engine/rules/reads.h"
#include "engine/rules/recall.h"
#include "tests/unit/rules/kit.h"

TestSuite(reads, .init = kit_begin, .fini = kit_end);

#define ROUTE                                                                                      \
    "tables: { t: { file: t.csv, on-miss: empty } }\n---\nroute: a\nfrom: epic\n"                  \
    "messages: ADT^A01\n"
#define MAP ROUTE "do: { send: desk, as: m }\n---\nmap: m\nreads: ADT\nto: json\nvalue:\n"

static const char message[] =
    "MSH|^~\\&|A|F|D|X|202611240930||ADT^A01|M1|P|2.5.1\r"
    "PID|1||7^5^M10^MAIN&1.2&ISO^MR~8^^^MAIN^PI||ROE^JANE||19800101^D|F|||||555-1^PRN~555-2\r"
    "NK1|1|DOE^JON|FTH^Father\rNK1|2|DOE^ANN\r"
    "PV1|1|O|ONC^101||||1100^ARK^NORA|1100^ARK^NORA||MED\rZAP|a^b|c\r";

static const struct {
    const char *name, *rules;
    const char *read, *left; /* places, a blank between two */
} rows[] = {
    {"a part, and not those beside it", MAP "  x: =PID-3[1].1\n", "PID-3[1].1",
     "PID-3[1].2 PID-3[1].4.1 PID-3[2].1 PID-1 ZAP"},
    {"by a condition", MAP "  x: { $if: \"PID-8 = 'M'\", y: \"=PID-5[1].2\" }\n  z: a\n", "PID-8",
     "PID-5"},
    {"asked whether it is there", MAP "  x: =PID-8.exists()\n", "PID-8", "PID-5"},
    {"of a whole that is there no part", MAP "  x: =PID-5.exists()\n  y: =NK1-2.count()\n", "",
     "PID-5 NK1[1]-2"},
    {"in when, which a route has",
     ROUTE "when: PV1-2 = 'O'\ndo: { send: desk, as: m }\n---\nmap: m\n"
           "reads: ADT\nto: json\nvalue: { x: a }\n",
     "PV1-2", "PV1-3 PV1-1"},
    {"a date is the first part of its time stamp", MAP "  x: =PID-7.toDate()\n", "PID-7.1",
     "PID-7.2"},
    {"a text is the first part of a coded value", MAP "  x: =NK1[1]-3 & ''\n", "NK1[1]-3.1",
     "NK1[1]-3.2"},
    {"the key of a row, found or missed", MAP "  x: =PID-8.lookup('t')\n  y: =PV1-10.lookup('t')\n",
     "PID-8 PV1-10", "PV1-2"},
    {"a name, and what is made of it",
     MAP "  $let: { it: \"=PID-5[1]\", no: =PID-8 }\n  x: =$it.2\n", "PID-5.2", "PID-5.1 PID-8"},
    {"a name of a name", MAP "  $let: { it: =PID-8 }\n  x: { $let: { as: =$it }, y: =$as }\n",
     "PID-8", "PID-5"},
    {"an argument",
     MAP "  x: { $use: n, $with: { it: \"=PID-5[1]\" } }\n---\nmap: n\nreads: ADT\nto: json\n"
         "needs: [it]\nvalue: =$it.2\n",
     "PID-5.2", "PID-5.1"},
    {"the first of several, and the last", MAP "  x: =PID-13.first().1\n  y: =NK1-1.last()\n",
     "PID-13[1].1 NK1[2]-1", "PID-13[2] PID-13[1].2 NK1[1]-1"},
    {"the first of several texts", MAP "  x: =NK1-2.2.first()\n", "NK1[1]-2.2", "NK1[2]-2.2"},
    {"what is looked for, and by what", MAP "  x:\n    - =PID-3.where($this.5 = 'PI').1\n",
     "PID-3[1].5 PID-3[2].5 PID-3[2].1", "PID-3[1].1"},
    {"no further than the first one found", MAP "  x: =PID-3.where($this.5 = 'MR').first().1\n",
     "PID-3[1].5 PID-3[1].1", "PID-3[2].5 PID-3[2].1"},
    {"the first that is given", MAP "  x: =coalesce(PV1-2, PV1-10)\n", "PV1-2", "PV1-10"},
    {"a loop", MAP "  x:\n    - { $for: NK1, y: \"=NK1-2[1].2\" }\n", "NK1[1]-2.2 NK1[2]-2.2",
     "NK1[1]-2.1"},
    {"of equal values all, in a union", MAP "  x:\n    - { $for: PV1-7 | PV1-8, y: =$this.3 }\n",
     "PV1-7.3 PV1-8.3", "PV1-7.2 PV1-8.2"},
    {"the message as it came", ROUTE "do: { send: lab }\n", "PID-3[1].2 PID-7.2 ZAP-1.2 PV1-8.3",
     ""},
    {"what is sent, and not what was deleted or written over",
     ROUTE "do:\n  - delete: ZAP\n  - delete: PID-7\n  - set: { \"PID-5[1].1\": X, "
           "\"PID-13[1].2\": =PID-8 }\n"
           "  - send: lab\n",
     "PID-5.2 PID-8 PID-13[1].1 PID-13[2] PV1-3", "ZAP PID-7 PID-5.1 PID-13[1].2"},
    {"a line that was changed, as it was received",
     ROUTE "do:\n  - set: { \"PID-5[1].1\": X }\n  - { send: desk, as: m }\n---\nmap: m\nreads: "
           "ADT\nto: json\n"
           "value: { x: \"=PID-5[1].2\", y: \"=PID-5[1].1.1\", z: \"=PID-3[2].1\" }\n",
     "PID-5.2 PID-3[2].1", "PID-5.1 PID-3[1].1 PID-8"},
    {"what the engine reads", MAP "  x: a\n", "MSH-9.1 MSH-9.2 MSH-12", "MSH-3 MSH-10"},
};

static struct ruleset *compiled(const char *text)
{
    struct diags d;
    kit_file("t.csv", "k,v\nF,female\n");
    struct ruleset *r = kit_compile(text, &d);
    cr_assert(r, "%s\n%s", text, kit_findings(&d));
    return r;
}

static void run(const struct ruleset *r, const struct hl7 *m, struct reads *reads,
                struct recall *recall)
{
    struct rules_result res;
    struct rules_input in = {.m = m, .reads = reads, .recall = recall};
    reads_begin(reads, m);
    rules_run(r, &in, &kit_arena, &res);
    reads_end(reads);
    cr_assert_eq(res.verdict, RULES_ACCEPTED, "%.*s", STR_ARG(res.reason));
    cr_assert_eq(res.outputs[0].finding.n, 0, "%.*s", STR_ARG(res.outputs[0].finding));
}

/* Was something read of the place? */
static bool was_read(const struct reads *r, const struct hl7 *m, struct str place)
{
    struct path p;
    size_t at;
    const char *why;
    cr_assert_eq(path_compile(place, false, &p, &at, &why), 0, "%.*s", STR_ARG(place));
    struct hl7_val v = path_get(m, &p);
    cr_assert_eq(v.state, HL7_VALUE, "%.*s holds nothing", STR_ARG(place));
    return reads_has(r, v.raw);
}

static void check(const char *name, const struct reads *r, const struct hl7 *m, const char *places,
                  bool is_read)
{
    struct str rest = str_of(places), one;
    while (rest.n && str_split(&rest, ' ', &one)) {
        cr_expect_eq(was_read(r, m, one), is_read, "%s: %.*s was %s", name, STR_ARG(one),
                     is_read ? "not read" : "read");
    }
}

Test(reads, tell_what_was_looked_at)
{
    struct reads *reads = reads_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct hl7 *m = kit_message(message);
        run(compiled(rows[i].rules), m, reads, NULL);
        check(rows[i].name, reads, m, rows[i].read, true);
        check(rows[i].name, reads, m, rows[i].left, false);
    }
    reads_free(&reads);
    cr_assert_null(reads);
}

/* Maps that are remembered, within a message and of earlier ones, are not where it is asked for. */
Test(reads, do_not_depend_on_what_is_remembered)
{
    const struct ruleset *r = compiled(
        MAP "  a: { $use: n, $with: { it: =PV1-7 } }\n  b: { $use: n, $with: { it: =PV1-8 } }\n"
            "  c: { $use: n, $with: { it: =PV1-7 } }\n"
            "---\nmap: n\nreads: ADT\nto: json\nneeds: [it]\nvalue: { x: =$it.1, y: =$it.3 }\n");
    struct recall *recall = recall_new(RECALL_BYTES);
    struct reads *reads = reads_new();
    for (int i = 0; i < 4; i++) {
        const struct hl7 *m = kit_message(message);
        run(r, m, reads, recall);
        check("again", reads, m, "PV1-7.1 PV1-7.3 PV1-8.1 PV1-8.3", true);
        check("again", reads, m, "PV1-7.2 PV1-8.2 PID-8", false);
    }
    reads_free(&reads);
    recall_free(&recall);
}

/* What comes out is the same, whoever asks. */
Test(reads, change_nothing)
{
    struct reads *reads = reads_new();
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const struct ruleset *r = compiled(rows[i].rules);
        struct rules_result res;
        struct rules_input in = {.m = kit_message(message)};
        rules_run(r, &in, &kit_arena, &res);
        const char *want = kit_told(in.m, &res);
        in.reads = reads;
        reads_begin(reads, in.m);
        rules_run(r, &in, &kit_arena, &res);
        cr_expect_str_eq(kit_told(in.m, &res), want, "%s", rows[i].name);
    }
    reads_free(&reads);
}
