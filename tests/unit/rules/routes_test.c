/* Routes: YAML and a message in, outputs out. */
#include "engine/base/buf.h"
#include "engine/rules/ruleset.h"

#include <criterion/criterion.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_free(&arena);
}

TestSuite(routes, .init = setup, .fini = teardown);

static const char adt[] = "MSH|^~\\&|EPIC|MAIN|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                          "EVN|A01|20261124\r"
                          "PID|1||4711^^^EPIC&1.2.3&ISO^MR~99-1^^^SSA^SS||DOE^JANE~ROE^J||19800101|F|||1 MAIN ST||555-1^PRN~555-2|||M|||\"\"\r"
                          "NK1|1|DOE^JIM\rNK1|2|DOE^TIM\r"
                          "PV1|1|I|W1^101^A^NORTH||||12^SMITH\r"
                          "ZPI|1|x\rZAB|2|y\r";

static bool read_table(void *arg, struct arena *a, const char *from, struct str name, struct str *out, const char **why)
{
    (void)arg, (void)from, (void)a;
    static const struct { const char *name, *csv; } files[] = {
        {"sex.csv", "hl7,desk\nF,female\nM,male\n"},
        {"dep.csv", "facility,unit,code,phone\nMAIN,W1,10,555\nMAIN,*,11,556\n*,W1,12,557\n*,,13,558\n\"Q,1\",\"a\"\"b\",14,\n"},
        {"dup.csv", "k,v\nA,1\nB,2\nA,3\n"},
        {"ragged.csv", "k,v\nA,1,2\n"},
        {"empty.csv", ""},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        if (str_is(name, files[i].name)) {
            *out = str_of(files[i].csv);
            return true;
        }
    }
    *why = "No such file or directory";
    return false;
}

static const struct rules_source sources[] = {{.name = {"epic", 4}}, {.name = {"other", 5}}};
static const struct rules_destination destinations[] = {
    {.name = {"desk", 4}, .order = RULES_ORDER_PATIENT},
    {.name = {"lab", 3}, .order = RULES_ORDER_NONE},
    {.name = {"all", 3}, .order = RULES_ORDER_ALL},
    {.name = {"acct", 4}, .order = RULES_ORDER_FORMULA, .order_formula = {"=MSH-4.1", 8}, .pos = {"corridor.yaml", 7, 15}},
};
static const struct rules_env env = {sources, 2, destinations, 4, read_table, NULL};

static struct ruleset *compile(const char *yaml, struct diags *d)
{
    struct rules_file *file = ARENA_NEW(&arena, struct rules_file);
    *file = (struct rules_file){"r.yaml", str_of(yaml)};
    diags_init(d, &arena);
    return rules_compile(&arena, file, 1, &env, d);
}

static const char *findings(const struct diags *d)
{
    struct buf b = {0};
    diags_print(&b, d);
    const char *text = str_dup(&arena, buf_str(&b)).p;
    buf_free(&b);
    return text;
}

static struct hl7 *message(const char *text)
{
    struct hl7 *m = ARENA_NEW(&arena, struct hl7);
    struct hl7_fault fault = {0};
    cr_assert_eq(hl7_parse(&arena, str_of(text), m, &fault), 0, "%s", fault.text);
    return m;
}

/* Everything about a result as text: verdict, reply, outputs with keys and payload. */
static const char *told(const struct hl7 *m, const struct rules_result *res)
{
    static const char *const verdicts[] = {"accepted", "filtered", "unrouted", "rejected"};
    struct buf b = {0};
    buf_puts(&b, verdicts[res->verdict]);
    if (res->verdict != RULES_ACCEPTED && res->reason.n) {
        buf_printf(&b, " <%.*s>", STR_ARG(res->reason));
    }
    for (unsigned i = 0; i < res->nerrors; i++) {
        buf_printf(&b, " %s/%d/%s/%.*s", ack_code_text(res->code), res->errors[i].code, res->errors[i].path, STR_ARG(res->errors[i].text));
    }
    for (unsigned i = 0; i < res->noutputs; i++) {
        const struct rules_output *o = &res->outputs[i];
        buf_printf(&b, "\n%.*s%s", STR_ARG(destinations[o->destination].name), o->is_bulk ? " bulk" : "");
        if (o->id_part.n) {
            buf_printf(&b, " id=%.*s", STR_ARG(o->id_part));
        }
        for (unsigned k = 0; k < o->nkeys; k++) {
            buf_printf(&b, " %.*s/%.*s", STR_ARG(o->keys[k].authority), STR_ARG(o->keys[k].id));
        }
        if (o->finding.n) {
            buf_printf(&b, " held <%.*s>", STR_ARG(o->finding));
            cr_expect_eq(o->payload.n, 0);
            continue;
        }
        size_t n = splices_size(o->payload);
        buf_puts(&b, ": ");
        buf_reserve(&b, n);
        splices_write(o->payload, m->raw, b.p + b.n);
        b.n += n;
    }
    const char *text = str_dup(&arena, buf_str(&b)).p;
    buf_free(&b);
    return text;
}

static const char *run(const char *yaml, const char *text)
{
    struct diags d;
    struct ruleset *r = compile(yaml, &d);
    cr_assert(r, "%s", findings(&d));
    struct hl7 *m = message(text);
    struct rules_input in = {.m = m, .source = 0};
    struct rules_result res, again;
    struct arena other = {0};
    rules_run(r, &in, &arena, &res);
    rules_run(r, &in, &other, &again);
    const char *first = told(m, &res);
    cr_expect_str_eq(first, told(m, &again), "the same input gives the same bytes");
    arena_free(&other);
    return first;
}

#define HEAD "route: a\nfrom: epic\nmessages: [ADT^A01]\n"
#define SEND "  - send: lab\n"

/* The one segment of the only output that begins with `seg`. */
static const char *line_of(const char *told_text, const char *seg)
{
    const char *p = strstr(told_text, ": MSH");
    cr_assert(p, "no payload: %s", told_text);
    for (p += 2; p && strncmp(p, seg, 3) != 0;) {
        p = strchr(p, '\r');
        p = p ? p + 1 : NULL;
    }
    return p ? str_dup(&arena, str_from(p, strcspn(p, "\r"))).p : "";
}

Test(routes, set_writes_what_the_formula_gives)
{
    static const struct {
        const char *name, *set, *seg, *want;
    } rows[] = {
        {"literal", "PV1-3.1: MAIN", "PV1", "PV1|1|I|MAIN^101^A^NORTH||||12^SMITH"},
        {"literal is text", "PV1-19: 00123", "PV1", "PV1|1|I|W1^101^A^NORTH||||12^SMITH||||||||||||00123"},
        {"literal is escaped", "PV1-19: 'a|b&c'", "PV1", "PV1|1|I|W1^101^A^NORTH||||12^SMITH||||||||||||a\\F\\b\\T\\c"},
        {"formula", "PID-8: =PID-8.lookup('sex')", "PID", NULL},
        {"bare path copies bytes", "PV1-10: =PV1-3", "PV1", "PV1|1|I|W1^101^A^NORTH||||12^SMITH|||W1^101^A^NORTH"},
        {"null is copied", "PV1-4: =PID-19", "PV1", "PV1|1|I|W1^101^A^NORTH|\"\"|||12^SMITH"},
        {"null is written", "PV1-2: =null()", "PV1", "PV1|1|\"\"|W1^101^A^NORTH||||12^SMITH"},
        {"nothing empties", "PV1-2: =PID-30", "PV1", "PV1|1||W1^101^A^NORTH||||12^SMITH"},
        {"component becomes repetition", "PV1-39: =PID-3[1].4.1", "PV1", NULL},
        {"HD into CX.4", "PV1-19.4: =MSH-4", "PV1", "PV1|1|I|W1^101^A^NORTH||||12^SMITH||||||||||||^^^MAIN"},
        {"CX.4 into HD", "MSH-4: =PID-3[1].4", "MSH", "MSH|^~\\&|EPIC|EPIC^1.2.3^ISO|DESK|X|20261124093000||ADT^A01|M1|P|2.5.1"},
        {"all repetitions", "PV1-7: =PID-5", "PV1", "PV1|1|I|W1^101^A^NORTH||||DOE^JANE~ROE^J"},
        {"chosen repetition", "PV1-19: =PID-3.where($this.5 = 'SS').first().1", "PV1", "PV1|1|I|W1^101^A^NORTH||||12^SMITH||||||||||||99-1"},
        {"filtered repetitions", "PID-3: =PID-3.where($this.5 = 'SS')", "PID",
         "PID|1||99-1^^^SSA^SS||DOE^JANE~ROE^J||19800101|F|||1 MAIN ST||555-1^PRN~555-2|||M|||\"\""},
        {"append", "PV1-7[+]: =NK1[1]-2[1]", "PV1", "PV1|1|I|W1^101^A^NORTH||||12^SMITH~DOE^JIM"},
        {"each", "PID-13[*].2: WPN", "PID",
         "PID|1||4711^^^EPIC&1.2.3&ISO^MR~99-1^^^SSA^SS||DOE^JANE~ROE^J||19800101|F|||1 MAIN ST||555-1^WPN~555-2^WPN|||M|||\"\""},
        {"escapes as they stand", "PV1-19: =escaped('\\\\H\\\\x\\\\N\\\\')", "PV1", "PV1|1|I|W1^101^A^NORTH||||12^SMITH||||||||||||\\H\\x\\N\\"},
        {"line feed in formatted text", "NTE-3: ='a\\nb & c'", "NTE", "NTE|||a\\.br\\b \\T\\ c"},
        {"both sides see before", "{ PV1-4: =PV1-2, PV1-2: =PV1-4 }", "PV1", "PV1|1||W1^101^A^NORTH|I|||12^SMITH"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *set = rows[i].set[0] == '{' ? "" : "\n      ";
        struct str yaml = str_printf(&arena, "tables: { sex: { file: sex.csv } }\n---\n" HEAD "do:\n  - set: %s%s\n" SEND, set, rows[i].set);
        const char *got = line_of(run(yaml.p, adt), rows[i].seg);
        const char *want = rows[i].want;
        if (!want) {
            want = i == 3 ? "PID|1||4711^^^EPIC&1.2.3&ISO^MR~99-1^^^SSA^SS||DOE^JANE~ROE^J||19800101|female|||1 MAIN ST||555-1^PRN~555-2|||M|||\"\""
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
        {"other source", "route: a\nfrom: other\nmessages: [ADT^A01]\ndo: { send: lab }", "unrouted"},
        {"range", "route: a\nfrom: [other, epic]\nmessages: [ADT^A01..A08]\ndo: { send: lab }", "accepted\nlab"},
        {"range misses", "route: a\nfrom: epic\nmessages: [ADT^A02..A08]\ndo: { send: lab }", "unrouted"},
        {"prefix", "route: a\nfrom: epic\nmessages: [ADT^A*]\ndo: { send: lab }", "accepted\nlab"},
        {"type", "route: a\nfrom: epic\nmessages: ADT\ndo: { send: lab }", "accepted\nlab"},
        {"anything", "route: a\nfrom: epic\nmessages: '*'\ndo: { send: lab }", "accepted\nlab"},
        {"when is true", HEAD "when: PV1-3.4.1.oneOf('MAIN', 'NORTH') or PID-30.exists()\ndo: { send: lab }", "accepted\nlab"},
        {"when is false", HEAD "when: PV1-3.4.1 = 'X'\ndo: { send: lab }", "filtered <a: when is not true (r.yaml:4)>"},
        {"when is empty", HEAD "when: PV1-44 = 'X'\ndo: { send: lab }", "filtered <a: when is not true (r.yaml:4)>"},
        {"dropped", HEAD "do:\n - drop: test patient\n   if: PID-8 = 'F'\n - send: lab", "filtered <a: test patient (r.yaml:5)>"},
        {"not dropped", HEAD "do:\n - drop: test patient\n   if: PID-8 = 'M'\n - send: lab", "accepted\nlab"},
        {"nothing sent", HEAD "do: { set: { PID-8: M } }", "filtered <a: no step sent anything (r.yaml:1)>"},
        {"required", HEAD "do:\n - require: PID-3.exists()\n - send: lab", "accepted\nlab"},
        {"required and missing", HEAD "do:\n - require: PV1-44.exists()\n   else: { reply: { code: AE, error: 101, at: PV1-44, text: no date } }\n - send: lab",
         "rejected <a: no date (r.yaml:6)> AE/101/PV1-44/no date"},
        {"reply", HEAD "do: { reply: { code: AR } }", "rejected <a: Application internal error (r.yaml:4)> AR/207//Application internal error"},
        {"choose", HEAD "do:\n - choose:\n    - if: PV1-2 = 'O'\n      do: { send: lab }\n    - else: { send: desk }", "accepted\ndesk EPIC/4711 SSA/99-1: MSH"},
        {"then", HEAD "do:\n - if: PV1-2 = 'O'\n   then: { send: lab }\n   else: { send: all }", "accepted\nall /*: MSH"},
        {"order formula", HEAD "do: { send: acct }", "accepted\nacct /MAIN: MSH"},
        {"key formula", HEAD "do: { send: lab, key: =PID-3.key() | MRG-1.key() }", "accepted\nlab EPIC/4711 SSA/99-1: MSH"},
        {"id and class", HEAD "do: { send: lab, id: =PID-1, class: bulk }", "accepted\nlab bulk id=1: MSH"},
        {"let", HEAD "do:\n - let: { mr: =PID-3.where($this.5 = 'MR').first().1, x: lit }\n - send: lab\n   id: =$mr & $x", "accepted\nlab id=4711lit: MSH"},
        {"delete segments", HEAD "do:\n - delete: Z*\n   except: [ZAB]\n - delete: NK1\n   if: NK1-1 = '1'\n - send: lab\n   id: =ZPI.count() & NK1.count() & NK1[1]-1 & ZAB.count()",
         "accepted\nlab id=0121: MSH"},
        {"delete field", HEAD "do:\n - delete: [PID-19, 'PID-3[1]']\n - send: lab\n   id: =PID-19.state() & PID-3[1].1", "accepted\nlab id=empty99-1: MSH"},
        {"keys are those received", HEAD "do:\n - set: { PID-3: X }\n - send: desk", "accepted\ndesk EPIC/4711 SSA/99-1: MSH"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        const char *got = run(rows[i].yaml, adt);
        cr_expect(strncmp(got, rows[i].want, strlen(rows[i].want)) == 0, "%s: %s", rows[i].name, got);
    }
}
