/* Routes: YAML and a message in, outputs out. */
#include "tests/unit/rules/kit.h"

#include "engine/base/buf.h"

TestSuite(routes, .init = kit_begin, .fini = kit_end);

static const char adt[] = "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                          "EVN|A01|20261124\r"
                          "PID|1||4711^^^EPIC&1.2.3&ISO^MR~99-1^^^SSA^SS||DOE^JANE~ROE^J||19800101|"
                          "F|||1 MAIN ST||555-1^PRN~555-2|||M|||\"\"\r"
                          "NK1|1|DOE^JIM\rNK1|2|DOE^TIM\r"
                          "PV1|1|I|W1^101^A^NORTH||||12^SMITH\r"
                          "ZPI|1|x\rZAB|2|y\r";

#define HEAD "route: a\nfrom: epic\nmessages: [ADT^A01]\n"
#define SEND "  - send: lab\n"

Test(routes, set_writes_what_the_formula_gives)
{
    static const struct {
        const char *name, *set, *seg, *want;
    } rows[] = {
        {"literal", "PV1-3.1: MAIN", "PV1", "PV1|1|I|MAIN^101^A^NORTH||||12^SMITH"},
        {"literal is text", "PV1-19: 00123", "PV1",
         "PV1|1|I|W1^101^A^NORTH||||12^SMITH||||||||||||00123"},
        {"literal is escaped", "PV1-19: 'a|b&c'", "PV1",
         "PV1|1|I|W1^101^A^NORTH||||12^SMITH||||||||||||a\\F\\b\\T\\c"},
        {"formula", "PID-8: =PID-8.lookup('sex')", "PID", NULL},
        {"bare path copies bytes", "PV1-10: =PV1-3", "PV1",
         "PV1|1|I|W1^101^A^NORTH||||12^SMITH|||W1^101^A^NORTH"},
        {"null is copied", "PV1-4: =PID-19", "PV1", "PV1|1|I|W1^101^A^NORTH|\"\"|||12^SMITH"},
        {"null is written", "PV1-2: =null()", "PV1", "PV1|1|\"\"|W1^101^A^NORTH||||12^SMITH"},
        {"nothing empties", "PV1-2: =PID-30", "PV1", "PV1|1||W1^101^A^NORTH||||12^SMITH"},
        {"component becomes repetition", "PV1-39: =PID-3[1].4.1", "PV1", NULL},
        {"HD into CX.4", "PV1-19.4: =MSH-4", "PV1",
         "PV1|1|I|W1^101^A^NORTH||||12^SMITH||||||||||||^^^MAIN"},
        {"CX.4 into HD", "MSH-4: =PID-3[1].4", "MSH",
         "MSH|^~\\&|EPIC|EPIC^1.2.3^ISO|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1"},
        {"all repetitions", "PV1-7: =PID-5", "PV1", "PV1|1|I|W1^101^A^NORTH||||DOE^JANE~ROE^J"},
        {"chosen repetition", "PV1-19: =PID-3.where($this.5 = 'SS').first().1", "PV1",
         "PV1|1|I|W1^101^A^NORTH||||12^SMITH||||||||||||99-1"},
        {"filtered repetitions", "PID-3: =PID-3.where($this.5 = 'SS')", "PID",
         "PID|1||99-1^^^SSA^SS||DOE^JANE~ROE^J||19800101|F|||1 MAIN "
         "ST||555-1^PRN~555-2|||M|||\"\""},
        {"append", "PV1-7[+]: =NK1[1]-2[1]", "PV1", "PV1|1|I|W1^101^A^NORTH||||12^SMITH~DOE^JIM"},
        {"each", "PID-13[*].2: WPN", "PID",
         "PID|1||4711^^^EPIC&1.2.3&ISO^MR~99-1^^^SSA^SS||DOE^JANE~ROE^J||19800101|F|||1 MAIN "
         "ST||555-1^WPN~555-2^WPN|||M|||\"\""},
        {"escapes as they stand", "PV1-19: =escaped('\\\\H\\\\x\\\\N\\\\')", "PV1",
         "PV1|1|I|W1^101^A^NORTH||||12^SMITH||||||||||||\\H\\x\\N\\"},
        {"line feed in formatted text", "NTE-3: ='a\\nb & c'", "NTE", "NTE|||a\\.br\\b \\T\\ c"},
        {"both sides see before", "{ PV1-4: =PV1-2, PV1-2: =PV1-4 }", "PV1",
         "PV1|1||W1^101^A^NORTH|I|||12^SMITH"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *set = rows[i].set[0] == '{' ? "" : "\n      ";
        struct str yaml =
            str_printf(&kit_arena,
                       "tables: { sex: { file: sex.csv } }\n---\n" HEAD "do:\n  - set: %s%s\n" SEND,
                       set, rows[i].set);
        const char *got = kit_line(kit_run(yaml.p, adt), rows[i].seg);
        const char *want = rows[i].want;
        if (!want) {
            want = i == 3
                       ? "PID|1||4711^^^EPIC&1.2.3&ISO^MR~99-1^^^SSA^SS||DOE^JANE~ROE^J||19800101|"
                         "female|||1 MAIN ST||555-1^PRN~555-2|||M|||\"\""
                       : "PV1|1|I|W1^101^A^NORTH||||12^SMITH||||||||||||||||||||||||||||||||EPIC";
        }
        cr_expect_str_eq(got, want, "%s: got %s", rows[i].name, got);
    }
}

Test(routes, steps_decide_what_leaves)
{
    static const struct {
        const char *name, *yaml, *want; /* beginning of what is told */
    } rows[] = {
        {"sent", HEAD "do: { send: lab }", "accepted\nlab: MSH"},
        {"unrouted", "route: a\nfrom: epic\nmessages: [SIU^S12]\ndo: { send: lab }", "unrouted"},
        {"other source", "route: a\nfrom: other\nmessages: [ADT^A01]\ndo: { send: lab }",
         "unrouted"},
        {"range", "route: a\nfrom: [other, epic]\nmessages: [ADT^A01..A08]\ndo: { send: lab }",
         "accepted\nlab"},
        {"range misses", "route: a\nfrom: epic\nmessages: [ADT^A02..A08]\ndo: { send: lab }",
         "unrouted"},
        {"prefix", "route: a\nfrom: epic\nmessages: [ADT^A*]\ndo: { send: lab }", "accepted\nlab"},
        {"type", "route: a\nfrom: epic\nmessages: ADT\ndo: { send: lab }", "accepted\nlab"},
        {"anything", "route: a\nfrom: epic\nmessages: '*'\ndo: { send: lab }", "accepted\nlab"},
        {"when is true",
         HEAD "when: PV1-3.4.1.oneOf('MAIN', 'NORTH') or PID-30.exists()\ndo: { send: lab }",
         "accepted\nlab"},
        {"when is false", HEAD "when: PV1-3.4.1 = 'X'\ndo: { send: lab }",
         "filtered <a: when is not true (r.yaml:4)>"},
        {"when is empty", HEAD "when: PV1-18 = 'X'\ndo: { send: lab }",
         "filtered <a: when is not true, PV1-18 is empty (r.yaml:4)>"},
        {"dropped", HEAD "do:\n - drop: test patient\n   if: PID-8 = 'F'\n - send: lab",
         "filtered <a: test patient (r.yaml:5)>"},
        {"not dropped", HEAD "do:\n - drop: test patient\n   if: PID-8 = 'M'\n - send: lab",
         "accepted\nlab"},
        {"nothing sent", HEAD "do: { set: { PID-8: M } }",
         "filtered <a: no step sent anything (r.yaml:1)>"},
        {"required", HEAD "do:\n - require: PID-3.exists()\n - send: lab", "accepted\nlab"},
        {"required and missing",
         HEAD "do:\n - require: PV1-18.exists()\n   else: { reply: { code: AE, error: 101, at: "
              "PV1-18, text: no date } }\n - send: lab",
         "rejected <a: no date (r.yaml:6)> AE/101/PV1-18/no date"},
        {"reply", HEAD "do: { reply: { code: AR } }",
         "rejected <a: Application internal error (r.yaml:4)> AR/207//Application internal error"},
        {"choose",
         HEAD "do:\n - choose:\n    - if: PV1-2 = 'O'\n      do: { send: lab }\n    - else: { "
              "send: desk }",
         "accepted\ndesk EPIC/4711 SSA/99-1: MSH"},
        {"then", HEAD "do:\n - if: PV1-2 = 'O'\n   then: { send: lab }\n   else: { send: all }",
         "accepted\nall /*: MSH"},
        {"order formula", HEAD "do: { send: acct }", "accepted\nacct /MAIN: MSH"},
        {"key formula", HEAD "do: { send: lab, key: =PID-3.key() | MRG-1.key() }",
         "accepted\nlab EPIC/4711 SSA/99-1: MSH"},
        {"id and class", HEAD "do: { send: lab, id: =PID-1, class: bulk }",
         "accepted\nlab bulk id=1: MSH"},
        {"let",
         HEAD "do:\n - let: { mr: =PID-3.where($this.5 = 'MR').first().1, x: lit }\n - send: lab\n "
              "  id: =$mr & $x",
         "accepted\nlab id=4711lit: MSH"},
        {"delete segments",
         HEAD "do:\n - delete: Z*\n   except: [ZAB]\n - delete: NK1\n   if: NK1-1 = '1'\n - send: "
              "lab\n   id: =ZPI.count() & NK1.count() & NK1[1]-1 & ZAB.count()",
         "accepted\nlab id=0121: MSH"},
        {"delete field",
         HEAD
         "do:\n - delete: [PID-19, 'PID-3[1]']\n - send: lab\n   id: =PID-19.state() & PID-3[1].1",
         "accepted\nlab id=empty99-1: MSH"},
        {"delete of one that is not there", HEAD "do:\n - delete: 'AL1[1]'\n - send: lab\n",
         "accepted\nlab: MSH"},
        {"keys are those received", HEAD "do:\n - set: { PID-3: X }\n - send: desk",
         "accepted\ndesk EPIC/4711 SSA/99-1: MSH"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = kit_run(rows[i].yaml, adt);
        cr_expect(strncmp(got, rows[i].want, strlen(rows[i].want)) == 0, "%s: %s", rows[i].name,
                  got);
    }
}

static const struct {
    const char *yaml, *want; /* the first finding; want NULL: none */
} errors[] = {
    /* documents and keys */
    {"rout: a\nfrom: epic\n", "r.yaml:1:1: error: this document is none of route, map, steps, "
                              "profile, conformance, shape, tables, tests; did you mean route:?"},
    {"tests:\n  - name: x\n", NULL},
    {HEAD "do: { send: lab }\ntests:\n  - name: x\n", NULL},
    {HEAD "wen: true\ndo: { send: lab }",
     "r.yaml:4:1: error: wen: is not known in a route; did you mean when:?"},
    {HEAD "do: { send: lab, as: m }\nmap: m\nreads: ADT\nto: json\nvalue: { a: b }\n",
     "r.yaml:5:1: error: map: is not known in a route; it begins a document of its own: write a "
     "line --- above it"},
    {"route: a\nmessages: ADT\ndo: { send: lab }",
     "r.yaml:1:1: error: the route has no from:, the sources it reads"},
    {"route: a\nfrom: epic\ndo: { send: lab }",
     "r.yaml:1:1: error: the route has no messages:, the message types it reads"},
    {"route: a\nfrom: epic\nmessages: ADT\n", "r.yaml:1:1: error: the route has no do:, its steps"},
    {"route: a\nfrom: epik\nmessages: ADT\ndo: { send: lab }",
     "r.yaml:2:7: error: no source or destination is called epik; did you mean epic?"},
    {"route: a\nfrom: lab\nmessages: ADT\ndo: { send: desk }", NULL},
    {"route: a\nfrom: lab\nmessages: ADT\ndo: { send: lab }",
     "r.yaml:1:8: warning: an answer of lab leads to the next message for lab, and so on; see to "
     "it "
     "that when: or if: ends this"},
    {"route: a\nfrom: epic\nmessages: [Patient]\ndo: { send: lab }", NULL},
    {"route: a\nfrom: epic\nmessages: [SIU^S15..S12]\ndo: { send: lab }",
     "r.yaml:3:12: error: SIU^S15..S12 is no message type; write ADT^A01"},
    {"route: a\nfrom: epic\nmessages: [adt]\ndo: { send: lab }",
     "r.yaml:3:12: error: adt is no message type; write ADT^A01"},
    {HEAD "do: { send: lab }\n---\n" HEAD "do: { send: lab }",
     "r.yaml:6:8: error: a route a stands already at r.yaml:1"},
    {HEAD "on-error: stop\ndo: { send: lab }",
     "r.yaml:4:11: error: on-error: is hold, reject or skip"},
    /* steps */
    {HEAD "do: { send: desc }",
     "r.yaml:4:13: error: no destination is called desc; did you mean desk?"},
    {HEAD "do: { sent: lab }", "r.yaml:4:7: error: sent: is no step; did you mean send:?"},
    {HEAD "do: { send: lab, iff: true }",
     "r.yaml:4:18: error: iff: is not known in this step; did you mean if:?"},
    {HEAD "do: { send: lab, as: m }",
     "r.yaml:4:22: error: no map is called m; declare it in a document that begins with "
     "map: m"},
    {HEAD "do:\n  - for: FT1\n    do: { send: lab }",
     "r.yaml:5:10: remark: FT1 is not part of ADT_A01"},
    {HEAD "do:\n  - use: x", "r.yaml:5:10: error: no steps are called x; declare them"},
    {HEAD "do: lab", "r.yaml:4:5: error: a step should stand here, this is a text; write a "
                     "step as { send: NAME }"},
    {HEAD "do:\n  - send: lab\n  - drop: late",
     "r.yaml:6:5: error: this drop may come after a send, which it would not undo; put the "
     "drop before the send"},
    {HEAD "do:\n  - if: PV1-2 = 'I'\n    then: { send: lab }\n  - drop: late",
     "r.yaml:7:5: error: this drop may come after a send"},
    {HEAD "do:\n  - if: PV1-2 = 'I'\n    then: { send: lab }\n    else: { drop: fine }", NULL},
    {HEAD "do: { reply: { code: AX } }",
     "r.yaml:4:22: error: reply: wants code: AE (error) or AR (reject)"},
    {HEAD "do: { reply: { code: AE, error: 999 } }",
     "r.yaml:4:33: error: error: is no error code of HL7 table 0357"},
    {HEAD "do: { reply: { code: AE, at: PID-3-1 } }",
     "r.yaml:4:30: error: at: is a path, as PID-3"},
    {HEAD "do: { delete: MSH-2 }", "r.yaml:4:15: error: MSH, MSH-1 and MSH-2 cannot be deleted"},
    {HEAD "do: { delete: PID-3.1 }",
     "r.yaml:4:15: error: PID-3.1: the field repeats, say which repetition"},
    {HEAD "do:\n  - delete: PID-3\n    if: $this.5 = 'SS'\n  - send: lab", NULL},
    /* targets and values of set */
    {HEAD "do: { set: { PID-3.4: X } }", "r.yaml:4:14: error: PID-3.4: PID-3 repeats, the "
                                         "target must say which repetition; write PID-3[1].4"},
    {HEAD "do: { set: { PID-3-4: X } }",
     "r.yaml:4:19: error: components follow a dot: write PID-3.1"},
    {HEAD "do: { set: { PID: X } }",
     "r.yaml:4:14: error: a whole segment is no target; name its fields, as in PID-8"},
    {HEAD "do: { set: { MSH-2: X } }",
     "r.yaml:4:14: error: MSH-1 and MSH-2 are the delimiters of the message and cannot be set"},
    {HEAD "do: { set: { PID-99: X } }",
     "r.yaml:4:14: error: PID-99: no HL7 version has a field 99 in PID"},
    {HEAD "do: { set: { QQQ-1: X } }", "r.yaml:4:14: error: QQQ-1: no HL7 version has a "
                                       "segment QQQ; segments of your own begin with Z"},
    {HEAD "do: { set: { ZZZ-1.2: X } }", NULL},
    {HEAD "do: { set: { PID-8.9.9: X } }",
     "r.yaml:4:14: error: PID-8.9.9: no HL7 version has this component in PID-8"},
    {HEAD "do: { set: { NK1-3: X } }",
     "r.yaml:4:14: error: NK1-3: NK1 repeats, the target must say which one; write NK1[1]-3, "
     "[last], [+] for a new one, or [*] for each"},
    {HEAD "do: { set: { 'NK1[+]-3': X } }", NULL},
    {HEAD "do: { set: { PID-8: =NK1-1 } }",
     "r.yaml:4:22: error: NK1-1 may give several values, one is wanted here; write NK1[1]-1"},
    {HEAD "when: NK1.exists(NK1-1 = '2')\ndo: { send: lab }", NULL},
    {HEAD "when: PD1-3.exists()\ndo: { set: { PID-8: X, PV1-3.1: Y } }", NULL},
    {"route: a\nfrom: epic\nmessages: [SIU^S12..S15]\ndo: { set: { PID-8: M, PV1-3.1: MAIN, "
     "SCH-25.1: =AIS-3.1 } }",
     NULL},
    {"route: a\nfrom: epic\nmessages: [SIU^S*]\ndo: { set: { PID-8: =NTE-1 } }",
     "r.yaml:4:22: error: NTE-1 may give several"},
    {HEAD "do: { set: { PV1-3: X, PV1-3.1: Y } }",
     "r.yaml:4:24: error: PV1-3.1 overlaps with PV1-3 in the same set"},
    {HEAD "do: { set: { 'PID-3[1].4': X, 'PID-3[2].4': Y, 'PID-3[+]': Z } }", NULL},
    {HEAD "do: { set: { PID-8: PID-8.1 } }",
     "r.yaml:4:21: error: this text looks like a formula; write =... for the formula or ='...' "
     "for the text"},
    {HEAD "do: { set: { PID-8: $x } }", "r.yaml:4:21: error: this text looks like a formula"},
    {HEAD "do: { set: { PID-8: coalesce(x } }",
     "r.yaml:4:21: error: this text looks like a formula"},
    {HEAD "do: { set: { PID-8: ADT-1 } }", NULL},
    {HEAD "do:\n  - set:\n      PID-8: M  # male",
     "r.yaml:6:14: error: a comment follows an unquoted text"},
    {HEAD "do:\n  - set:\n      PID-8: =PID-8  # same", NULL},
    {HEAD "do: { set: { PID-8: 'a\\T\\b' } }",
     "r.yaml:4:21: error: an HL7 escape in a text would be written as plain characters"},
    {HEAD "do: { set: { PID-8: =PID-3 } }",
     "r.yaml:4:22: error: PID-3 may give several values, one is wanted here; write PID-3[1]"},
    {HEAD "do: { set: { PID-8: =PID-5.1 } }",
     "r.yaml:4:22: error: PID-5.1 may give several values, one is wanted here; write "
     "PID-5[1].1, PID-5.where(...).first().1, .exists(...) or .join(' ')"},
    {HEAD "do: { set: { PID-8: =PID } }", "r.yaml:4:22: error: PID may give several values"},
    /* formulas */
    {HEAD "when: PV1-16\ndo: { send: lab }", "r.yaml:4:7: error: a decision wants true or "
                                             "false, this is a value; write PV1-16.exists()"},
    {HEAD "when: PV1-2 != 'I'\ndo: { send: lab }",
     "r.yaml:4:13: error: where PV1-2 is absent this is neither true nor false; write "
     "`PV1-2.exists() and ...` or .oneOf('...').not()"},
    {HEAD "when: PV1-2.exists() and PV1-2 != 'I'\ndo: { send: lab }", NULL},
    {HEAD "when: PV1-2 != 'I' and PV1-2.exists()\ndo: { send: lab }", NULL},
    {HEAD "when: PV1-2.exists() or PV1-2 != 'I'\ndo: { send: lab }",
     "r.yaml:4:31: error: where PV1-2 is absent"},
    {HEAD "when: PV1-2.oneOf('I').not()\ndo: { send: lab }", NULL},
    {HEAD "when: (PV1-2 = 'I').not()\ndo: { send: lab }",
     "r.yaml:4:21: error: where PV1-2 is absent"},
    {HEAD "when: coalesce(PV1-2, 'O') != 'I'\ndo: { send: lab }", NULL},
    {HEAD "when: PID-8 < 'M'\ndo: { send: lab }",
     "r.yaml:4:7: error: text has no order; numbers and dates have"},
    {HEAD "when: SCH-9 > 5 and SCH-9.exists()\ndo: { send: lab }",
     "r.yaml:4:7: remark: SCH is not part of ADT_A01; it is looked for in the whole message"},
    {HEAD "when: PID-3 = 'x'\ndo: { send: lab }",
     "r.yaml:4:7: error: PID-3 may give several values"},
    {HEAD "when: PID-3[1] = 'x'\ndo: { send: lab }",
     "r.yaml:4:7: error: PID-3[1] is a CX of several parts, one text is wanted here; say which "
     "part, as in PID-3[1].1"},
    {HEAD "when: PID-3[1].4 = 'x'\ndo: { send: lab }", NULL},
    {HEAD "when: PID-3.exists($this.99 = 'x')\ndo: { send: lab }",
     "r.yaml:4:25: error: .99: no HL7 version has this component in a CX"},
    {HEAD "when: PID-3.first()[0] = 'x'\ndo: { send: lab }",
     "r.yaml:4:20: error: [n] stands only inside a path, where it counts from 1"},
    {HEAD "when: PID-8.exits()\ndo: { send: lab }",
     "r.yaml:4:13: error: there is no function exits(); did you mean exists()?"},
    {HEAD "when: ('a') * 2 = 3\ndo: { send: lab }",
     "r.yaml:4:13: error: * wants two numbers, there is a string and a integer"},
    {HEAD "when: \"PID-8 = 'F' and PID-9 = \"\ndo: { send: lab }",
     "r.yaml:4:31: error: the formula ends where a value should stand"},
    {HEAD "when: >-\n  PID-8 = 'F' and\n  PID-8.exits()\ndo: { send: lab }",
     "r.yaml:6:9: error: there is no function exits()"},
    {HEAD "do:\n  - let: { a: =PID-8 }\n  - send: lab\n    id: =$b",
     "r.yaml:7:10: error: $b is not known here"},
    {HEAD "do:\n  - if: PID-8 = 'F'\n    then:\n      - let: { sex: =PID-8 }\n  - send: lab\n  "
          "  id: =$sex",
     "r.yaml:7:16: remark: $sex is not used"},
    {HEAD "when: $batch.BHS-4 = 'x'\ndo: { send: lab }",
     "r.yaml:4:7: error: messages of the source epic come without the header of their batch"},
    {"route: a\nfrom: epic\nmessages: [SIU^S12]\nwhen: RGS.NTE-3 = 'x'\ndo: { send: lab }",
     "r.yaml:4:11: error: NTE stands in several groups below here"},
    /* tables */
    {"tables: { t: { file: none.csv } }",
     "r.yaml:1:22: error: none.csv cannot be read: No such file or directory"},
    {"tables: { t: { file: dup.csv } }",
     "dup.csv:4:1: error: this row of table t has the same key as line 2"},
    {"tables: { t: { file: ragged.csv } }",
     "ragged.csv:2:5: error: the row has 3 cells, the first line names 2 columns"},
    {"tables: { t: { file: empty.csv } }", "empty.csv:1:1: error: the table is empty"},
    {"tables: { t: { file: sex.csv, keys: hl } }",
     "r.yaml:1:37: error: the table has no column hl; did you mean hl7?"},
    {"tables: { t: { file: sex.csv, on-miss: drop } }",
     "r.yaml:1:40: error: on-miss: is hold, reject, empty or keep"},
    {"tables: { t: { file: sex.csv } }\n---\ntables: { t: { file: sex.csv } }",
     "r.yaml:3:11: error: a table t stands already at r.yaml:1"},
    {HEAD "do: { set: { PID-8: =PID-8.lookup('sx') } }\n---\ntables: { sex: { file: sex.csv } }",
     "r.yaml:4:35: error: no table is called sx; did you mean sex?"},
    {"tables: { sex: { file: sex.csv } }\n---\n" HEAD
     "do: { set: { PID-8: =PID-8.lookup('sex').dek } }",
     "r.yaml:6:42: error: the table sex has no column dek; did you mean desk?"},
    {"tables: { dep: { file: dep.csv, keys: [facility, unit] } }\n---\n" HEAD
     "do: { set: { PID-8: =PID-8.lookup('dep') } }",
     "r.yaml:6:28: error: the table dep has 2 key columns, this gives 1"},
};

Test(routes, errors_say_where_and_what)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        struct diags d;
        struct ruleset *r = kit_compile(errors[i].yaml, &d);
        const char *got = kit_findings(&d);
        cr_expect((r == NULL) == (d.errors > 0), "%s", errors[i].yaml);
        bool good =
            errors[i].want ? strncmp(got, errors[i].want, strlen(errors[i].want)) == 0 : !*got;
        cr_expect(good, "%s\n  got  %s  want %s", errors[i].yaml, got,
                  errors[i].want ? errors[i].want : "nothing");
    }
}

Test(routes, a_ruleset_outlives_the_findings_of_its_compilation)
{
    struct arena findings_arena = {0};
    struct diags d;
    struct rules_file file = {"r.yaml", str_of(HEAD "when: PID-8 = 'F' and ('a' & 'b').upper() = "
                                                    "'AB'\ndo: { send: lab, id: ='x' & 'y' }\n")};
    struct rules_result res;
    diags_init(&d, &findings_arena);
    struct ruleset *r = rules_compile(&kit_arena, &file, 1, &kit_env, &d);
    cr_assert(r);
    arena_free(&findings_arena);
    struct rules_input in = {.m = kit_message(adt)};
    rules_run(r, &in, &kit_arena, &res);
    cr_assert_eq(res.noutputs, 1);
    cr_expect(str_is(res.outputs[0].id_part, "xy"));
}

Test(routes, all_errors_come_at_once)
{
    struct diags d;
    cr_expect_null(
        kit_compile("route: a\nfrom: nobody\nmessages: [x]\nwhen: PID-8 =\ndo:\n  - send: "
                    "nowhere\n  - set: { PID-99: 1, PID-98: 2 }\n---\nmap: m\n---\n"
                    "route: b\nfrom: epic\nmessages: ADT\ndo: { sent: lab }\n",
                    &d));
    cr_expect_eq(d.errors, 10, "%s", kit_findings(&d));
}

Test(routes, failures_are_located_and_harm_no_other_route)
{
    static const struct {
        const char *name, *yaml, *want;
    } rows[] = {
        {"held",
         "route: a\nfrom: epic\nmessages: ADT\ndo:\n  - set: { PID-8: =PID-8.lookup('sex') }\n  - "
         "send: desk\n",
         "accepted\ndesk EPIC/4711 SSA/99-1 held <r.yaml:7:26: PID-8: the table sex has no row for "
         "the value>"},
        {"others go on",
         "route: a\nfrom: epic\nmessages: ADT\ndo:\n  - set: { PID-8: =PID-8.lookup('sex') }\n  - "
         "send: desk\n---\nroute: b\nfrom: epic\nmessages: ADT\ndo: { send: lab }\n",
         "accepted\ndesk EPIC/4711 SSA/99-1 held <r.yaml:7:26: PID-8: the table sex has no row for "
         "the value>\nlab: MSH"},
        {"what it sent is taken back",
         "route: a\nfrom: epic\nmessages: ADT\ndo:\n  - send: lab\n  - set: { PID-8: "
         "=PID-8.lookup('sex') }\n  - send: desk\n",
         "accepted\nlab held <r.yaml:8:26: PID-8: the table sex has no row for the value>"},
        {"skipped",
         "route: a\nfrom: epic\nmessages: ADT\non-error: skip\ndo:\n  - set: { PID-8: "
         "=PID-8.lookup('sex') }\n  - send: desk\n",
         "filtered <a: r.yaml:8:26: PID-8: the table sex has no row for the value>"},
        {"rejected",
         "route: a\nfrom: epic\nmessages: ADT\non-error: reject\ndo:\n  - set: { PID-8: "
         "=PID-8.lookup('sex') }\n  - send: desk\n---\nroute: b\nfrom: epic\nmessages: ADT\ndo: { "
         "send: lab }\n",
         "rejected <a: r.yaml:8:26: PID-8: the table sex has no row for the value> AE/207/PID-8/a: "
         "r.yaml:8:26: PID-8: the table sex has no row for the value"},
        {"the worst reply wins",
         "route: a\nfrom: epic\nmessages: ADT\ndo: { reply: { code: AR, error: 200 } "
         "}\n---\nroute: b\nfrom: epic\nmessages: ADT\ndo: { reply: { code: AE, error: 101 } }\n",
         "rejected <b: Required field missing (r.yaml:11)> AR/200//Unsupported message type "
         "AR/101//Required field missing"},
        {"several at run time",
         "route: a\nfrom: epic\nmessages: '*'\nwhen: NK1-1 = '1'\ndo: { send: lab }\n",
         "accepted\nlab held <r.yaml:6:13: NK1-1: one value is wanted here, the message has "
         "several>"},
        {"several targets",
         "route: a\nfrom: epic\nmessages: '*'\ndo:\n  - set: { NK1-3: X }\n  - send: lab\n",
         "accepted\nlab held <r.yaml:7:12: NK1-3: the message has several NK1, the target must say "
         "which one>"},
        {"empty id", "route: a\nfrom: epic\nmessages: ADT\ndo: { send: lab, id: =PID-29 }\n",
         "accepted\nlab held <r.yaml:6:23: PID-29: the id is empty>"},
        {"same id twice",
         "route: a\nfrom: epic\nmessages: ADT\ndo:\n  - { send: lab, id: =PID-1 }\n  - { send: "
         "lab, id: =PID-1 }\n",
         "accepted\nlab held <r.yaml:8:23: PID-1: the id is the same as that of another output of "
         "this message>"},
        {"requirement",
         "route: a\nfrom: epic\nmessages: ADT\ndo:\n  - require: PID-29.exists()\n  - send: lab\n",
         "accepted\nlab held <r.yaml:7:21: PID-29: what is required here is not so>"},
        {"a value that does not fit",
         "route: a\nfrom: epic\nmessages: ADT\ndo:\n  - set: { PV1-19.1: '=PID-3[1]' }\n  - send: "
         "lab\n",
         "accepted\nlab held <r.yaml:7:12: PV1-19.1: the value has more parts than the target can "
         "hold>"},
        {"no send to show it at",
         "route: a\nfrom: epic\nmessages: ADT\ndo:\n  - require: PID-29.exists()\n",
         "rejected <a: r.yaml:7:21: PID-29: what is required here is not so> AE/207/PID-29/"},
    };
    const char *text = strstr(adt, "|F|") ? adt : adt;
    struct buf b = {0};
    buf_puts(&b, text);
    buf_putc(&b, '\0');
    *(strstr(b.p, "|F|") + 1) = 'X';
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str yaml =
            str_printf(&kit_arena, "tables: { sex: { file: sex.csv } }\n---\n%s", rows[i].yaml);
        const char *got = kit_run(yaml.p, b.p);
        cr_expect(strncmp(got, rows[i].want, strlen(rows[i].want)) == 0, "%s: %s", rows[i].name,
                  got);
    }
    buf_free(&b);
}

Test(routes, order_is_by_route_name_then_steps)
{
    const char *got =
        kit_run("route: b\nfrom: epic\nmessages: ADT\ndo: [send: lab]\n---\nroute: a\nfrom: "
                "epic\nmessages: ADT\ndo:\n  - set: { PID-8: M }\n  - { send: lab, id: =PID-8 }\n"
                "---\nroute: c\nfrom: epic\nmessages: ADT\ndo: { send: lab, id: =PID-8 }\n",
                adt);
    const char *a = strstr(got, "lab id=M"), *b = strstr(got, "lab: MSH"),
               *c = strstr(got, "lab id=F");
    cr_expect(a && b && c && a < b && b < c, "%s", got);
}

Test(routes, tables_prefer_exact_rows)
{
    static const struct {
        const char *formula, *want; /* the id of the output, or part of the finding */
    } rows[] = {
        {"=lookup('dep', 'MAIN', 'W1')", "id=10"},
        {"=lookup('dep', 'MAIN', 'W9')", "id=11"},
        {"=lookup('dep', 'EAST', 'W1')", "id=12"},
        {"=lookup('dep', 'EAST', PID-29)", "id=13"},
        {"=lookup('dep', 'Q,1', 'a\"b')", "id=14"},
        {"=lookup('dep', 'MAIN', 'W1').phone", "id=555"},
        {"=lookup('dep', 'EAST', 'W9')", "the table dep has no row for the value"},
        {"=coalesce(lookup('dep', PID-29, 'W9'), 'none')", "id=none"},
        {"=coalesce(lookup('soft', 'x'), 'none')", "id=none"},
        {"=lookup('keep', 'x')", "id=x"},
        {"=lookup('fold', 'f')", "id=female"},
        {"=PID-3.where($this.5 = 'XX').first().1.lookup('sex') & 'y'", "id=y"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str yaml = str_printf(
            &kit_arena,
            "tables:\n  dep: { file: dep.csv, keys: [facility, unit], value: code }\n  soft: { "
            "file: sex.csv, on-miss: empty }\n"
            "  keep: { file: sex.csv, on-miss: keep }\n  fold: { file: sex.csv, ignore-case: true "
            "}\n  sex: { file: sex.csv }\n---\n" HEAD "do:\n  - send: lab\n    id: >-\n      %s\n",
            rows[i].formula);
        const char *got = kit_run(yaml.p, adt);
        cr_expect(strstr(got, rows[i].want), "%s: %s", rows[i].formula, got);
    }
}

Test(routes, a_table_decides_what_a_miss_does)
{
    static const struct {
        const char *miss, *route, *want;
    } rows[] = {
        {"hold", "reject", "accepted\nlab held"},
        {"reject", "skip", "rejected"},
        {"empty", "hold", "accepted\nlab: MSH"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str yaml = str_printf(
            &kit_arena,
            "tables: { sex: { file: sex.csv, on-miss: %s } }\n---\n" HEAD
            "on-error: %s\ndo:\n  - set: { PID-8: =PV1-2.lookup('sex') }\n  - send: lab\n",
            rows[i].miss, rows[i].route);
        const char *got = kit_run(yaml.p, adt);
        cr_expect(strncmp(got, rows[i].want, strlen(rows[i].want)) == 0, "%s: %s", rows[i].miss,
                  got);
    }
}

Test(routes, patient_keys_are_pairs_of_authority_and_id)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        {"MSH|^~\\&|A|B|C|D|||ADT^A40|1|P|2.5\rPID|1||1^^^X~1^^^X~2^^^&9.9&ISO~^^^Y~\"\"\rMRG|"
         "3\rPID|||4\r",
         "X/1 9.9/2 /3 /4 "},
        {"MSH|^~\\&|A|B|C|D|||ADT^A40|1|P|2.5\rPV1|1\r", ""},
        {"MSH|^~\\&|A|B|C|D|||ADT^A40|1|P|2.5\rPID\r", ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const struct rules_key *keys;
        unsigned n = rules_patient_keys(kit_message(rows[i].text), &kit_arena, &keys);
        struct buf b = {0};
        for (unsigned k = 0; k < n; k++) {
            buf_printf(&b, "%.*s/%.*s ", STR_ARG(keys[k].authority), STR_ARG(keys[k].id));
        }
        buf_putc(&b, '\0');
        cr_expect_str_eq(b.p, rows[i].want);
        buf_free(&b);
    }
}
