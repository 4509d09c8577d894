/* Two rulesets of the same texts, whose tables differ: a run of one tells whether the other might make something else. */
#include "engine/base/rng.h"
#include "engine/hl7/validate.h"
#include "engine/rules/recall.h"
#include "tests/unit/rules/kit.h"

#include <string.h>

TestSuite(pair, .init = kit_begin, .fini = kit_end);

static const char adt[] = "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\r"
                          "PID|1||7~8||||19800101|F\rPV1|1|I|W1\r";

/* A route whose map looks into t; a profile of the feed `profiled` with a table of its own. */
#define YAML(options, formula)                                                                     \
    "tables: { t: { file: f.csv" options " } }\n---\nroute: a\nfrom: [epic, profiled]\n"           \
    "messages: [ADT^A01]\ndo: { send: lab, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\n"       \
    "value:\n  v:\n    - >-\n      " formula "\n---\nprofile: p\ntables: { t: own.csv }\n"

static struct ruleset *compiled(const char *yaml, const char *csv)
{
    struct diags d;
    struct rules_file file = {"r.yaml", str_of(yaml)};
    struct rules_env env = kit_env;
    struct rules_source all = {.name = {"epic", 4}, .has_all_conformance = true};
    env.sources = &all;
    env.nsources = 1;
    kit_file("f.csv", csv);
    kit_file("own.csv", "k,v,o,w\nF,own,1,1\n");
    diags_init(&d, &kit_arena);
    struct ruleset *r = strstr(yaml, "conformance:") ? rules_compile(&kit_arena, &file, 1, &env, &d)
                                                     : kit_compile(yaml, &d);
    cr_assert(r, "%s", kit_findings(&d));
    return r;
}

static const char *told(const struct ruleset *r, const struct rules_input *in)
{
    struct rules_result res;
    rules_run(r, in, &kit_arena, &res);
    return kit_told(in->m, &res);
}

enum want { SAME, TOUCHED, UNPAIRED };

struct pair_row {
    const char *name, *options, *formula, *was, *now;
    enum want want;
};

/* What is told is asked of one ruleset; whether it is so, of the other. */
static void check(const struct pair_row *row, unsigned source)
{
    kit_end(); /* each row has files of its own */
    kit_begin();
    const char *yaml = row->formula;
    struct ruleset *was = compiled(yaml, row->was), *now = compiled(yaml, row->now);
    uint64_t differs = 0;
    bool paired = rules_pair(was, now, NULL, 0);
    struct rules_input in = {.m = kit_message(adt), .source = source};
    const char *after = told(now, &in);
    in.differs = &differs;
    const char *before = told(was, &in);
    cr_expect_eq(paired, row->want != UNPAIRED, "%s: paired", row->name);
    if (paired) {
        cr_expect_eq(differs > 0, row->want == TOUCHED, "%s: %s", row->name, before);
        cr_expect(differs || strcmp(before, after) == 0, "%s: %s, then %s", row->name, before,
                  after);
    }
}

#define ROW(name, options, formula, was, now, want)                                                \
    {                                                                                              \
        name, options, YAML(options, formula), was, now, want                                      \
    }

Test(pair, a_run_tells_whether_the_other_might_differ)
{
    static const struct pair_row rows[] = {
        ROW("the same rows", "", "=PID-8.lookup('t')", "k,v\nF,1\n", "k,v\nF,1\n", SAME),
        ROW("in another order", "", "=PID-8.lookup('t')", "k,v\nF,1\nM,2\n", "k,v\nM,2\nF,1\n",
            SAME),
        ROW("its cell", "", "=PID-8.lookup('t')", "k,v\nF,1\nM,2\n", "k,v\nF,9\nM,2\n", TOUCHED),
        ROW("the cell of another row", "", "=PID-8.lookup('t')", "k,v\nF,1\nM,2\n",
            "k,v\nF,1\nM,9\n", SAME),
        ROW("another column of its row", "", "=PID-8.lookup('t')", "k,v,o\nF,1,a\n",
            "k,v,o\nF,1,b\n", SAME),
        ROW("the column that is asked for", "", "=PID-8.lookup('t').o", "k,v,o\nF,1,a\n",
            "k,v,o\nF,1,b\n", TOUCHED),
        ROW("its row comes", ", on-miss: empty", "=PID-8.lookup('t')", "k,v\nM,1\n",
            "k,v\nM,1\nF,2\n", TOUCHED),
        ROW("its row goes", ", on-miss: hold", "=PID-8.lookup('t')", "k,v\nM,1\nF,2\n",
            "k,v\nM,1\n", TOUCHED),
        ROW("it misses in both", ", on-miss: hold", "=PID-8.lookup('t')", "k,v\nM,1\n",
            "k,v\nM,2\n", SAME),
        ROW("a row goes before *", "", "=PID-8.lookup('t')", "k,v\n*,1\n", "k,v\n*,1\nF,2\n",
            TOUCHED),
        ROW("a row of *", "", "=PID-8.lookup('t')", "k,v\n*,1\n", "k,v\n*,2\n", TOUCHED),
        ROW("a row of * that nobody needs", "", "=PID-8.lookup('t')", "k,v\n*,1\nF,3\n",
            "k,v\n*,2\nF,3\n", SAME),
        ROW("a range", ", ranges: k, on-miss: empty", "=PID-1.lookup('t')", "k,v\n1..3,a\n",
            "k,v\n2..3,a\n", TOUCHED),
        ROW("upper case counts", ", on-miss: empty", "=PID-8.lookup('t')", "k,v\nM,1\n",
            "k,v\nf,2\n", SAME),
        ROW("and does not", ", ignore-case: true, on-miss: empty", "=PID-8.lookup('t')",
            "k,v\nM,1\n", "k,v\nf,2\n", TOUCHED),
        ROW("a branch that is not taken", "", "=iif(PID-8 = 'F', 'x', PID-8.lookup('t'))",
            "k,v\nF,1\n", "k,v\nF,2\n", SAME),
        ROW("the second of several", "", "=('M' | PID-8).lookup('t')", "k,v\nF,1\nM,2\n",
            "k,v\nF,9\nM,2\n", TOUCHED),
        ROW("a column more", "", "=PID-8.lookup('t')", "k,v\nF,1\n", "k,v,o\nF,1,2\n", UNPAIRED),
        ROW("a column with another name", "", "=PID-8.lookup('t')", "k,v\nF,1\n", "k,w\nF,1\n",
            UNPAIRED),
        ROW("a zone more", "", "=PID-8.lookup('t')", "k,v\nM,x\nF,America/Denver\n",
            "k,v\nM,UTC\nF,America/Denver\n", UNPAIRED),
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        check(&rows[i], 0);
    }
}

Test(pair, the_table_of_the_feed_counts)
{
    static const struct pair_row row = ROW("the profile's table stands before it", "",
                                           "=PID-8.lookup('t')", "k,v\nF,1\n", "k,v\nF,2\n", SAME);
    check(&row, 2);
}

Test(pair, a_map_that_is_remembered_tells_too)
{
    static const char yaml[] =
        "tables: { t: { file: f.csv } }\n---\nroute: a\nfrom: epic\nmessages: [ADT^A01]\n"
        "do: { send: lab, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\nvalue:\n"
        "  v: { $use: c, $with: { x: =PID-8 } }\n  w: { $use: c, $with: { x: =PID-8 } }\n"
        "---\nmap: c\nreads: ADT_A01\nneeds: [x]\nto: json\nvalue: { z: =$x.lookup('t') }\n";
    static const struct pair_row row = {"c is closed", "",           yaml,
                                        "k,v\nF,1\n",  "k,v\nF,2\n", TOUCHED};
    check(&row, 0);
}

/* Of closed maps, alone and within each other: what earlier messages and the same one came to. */
static const char used_yaml[] =
    "tables: { t: { file: f.csv, on-miss: empty } }\n---\nroute: a\nfrom: [epic, profiled]\n"
    "messages: [ADT^A01]\ndo: { send: lab, as: m }\n---\nmap: m\nreads: ADT_A01\nto: json\n"
    "value:\n  l: 1\n"
    "  a: { $if: PV1-2 = 'I', $use: c, $with: { x: =PID-8 } }\n"
    "  b: { $if: PV1-3.1 = 'W1', $use: q, $with: { x: =PID-8 } }\n"
    "  d: { $if: PV1-4 = 'E', $use: o, $with: { x: =PID-8 } }\n"
    "  e: { $if: PV1-4 = 'L', $use: o, $with: { x: M } }\n"
    "---\nmap: c\nreads: ADT_A01\nneeds: [x]\nto: json\nvalue: { z: =$x.lookup('t'), y: 1 }\n"
    "---\nmap: q\nreads: ADT_A01\nneeds: [x]\nto: json\nvalue: { q: =$x }\n"
    "---\nmap: o\nreads: ADT_A01\nneeds: [x]\nto: json\nvalue: { p: { $use: c, $with: { x: =$x "
    "} } }\n";

static const char *any_of(const struct rng *r, const char *const *list, size_t n)
{
    return list[rng_below(r, n)];
}

static const char *used_message(const struct rng *r)
{
    static const char *const sexes[] = {"F", "M", "M", "M", "U", "A"};
    static const char *const words[] = {"I|W1|E", "O|W2|E", "I|W2|E", "O|W1|L",
                                        "I|W2|L", "O|W2|L", "I|W2|N"};
    return str_printf(&kit_arena,
                      "MSH|^~\\&|L|MAIN|D|X|20261124093000||ADT^A01|M1|P|2.5.1\rPID|1||7~8|||||%s\r"
                      "PV1|1|%s\r",
                      any_of(r, sexes, 6), any_of(r, words, 7))
        .p;
}

/* The table differs in F and U, map q is another one. */
Test(pair, what_is_recalled_tells_as_what_is_made)
{
    static const struct rules_change changes[] = {{{"q", 1}, false}};
    struct ruleset *was = compiled(used_yaml, "k,v\nF,1\nM,2\n");
    struct ruleset *now = compiled(used_yaml, "k,v\nF,9\nM,2\nU,3\n");
    struct recall *recall = recall_new(RECALL_BYTES);
    struct rng_seeded seed = {1};
    unsigned touched = 0, found = 0, many = 2000;
    cr_assert(rules_pair(was, now, changes, 1));
    for (unsigned i = 0; i < many; i++) {
        const struct rng r = rng_of_seeded(&seed);
        const char *text = used_message(&r);
        uint64_t want = 0, got = 0, before = recall_found(recall);
        struct rules_input in = {.m = kit_message(text), .source = i % 8 ? 0 : 2, .differs = &want};
        const char *alone = told(was, &in);
        in.recall = recall;
        in.differs = i < 64 ? NULL : &got; /* a run that is not compared tells nothing */
        cr_expect_str_eq(told(was, &in), alone);
        cr_expect(!in.differs || !want == !got, "message %u: %s", i, text);
        touched += in.differs && want;
        found += in.differs && want && recall_found(recall) > before;
    }
    cr_expect(touched > many / 4 && touched < many * 3 / 4 && found > many / 4, "%u of %u", found,
              touched);
    recall_free(&recall);
}

/* The same text, another document of conformance: its findings. */
Test(pair, validation_tells)
{
    static const struct {
        const char *was, *now;
        bool want;
    } rows[] = {
        {"k,v\nF,1\n", "k,v\nM,1\n", true},
        {"k,v\nF,1\n", "k,v\nF,2\n", false},
        {"k,v\nM,1\n", "k,v\nM,1\nF,1\n", true},
        {"k,v\nM,1\n", "k,v\nU,1\n", false},
    };
    for (unsigned i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        static const char yaml[] =
            "tables: { t: { file: f.csv } }\n---\nroute: a\nfrom: epic\nmessages: [ADT^A01]\n"
            "do: { send: lab }\n---\nconformance: c\nmessages: [ADT^A01]\nelements:\n"
            "  PID-8: { table: t }\n";
        const struct validate_levels levels = validate_initial(VALIDATE_STRICT);
        struct ruleset *was = compiled(yaml, rows[i].was), *now = compiled(yaml, rows[i].now);
        uint64_t differs = 0;
        struct validate_report r;
        struct rules_input in = {.m = kit_message(adt), .differs = &differs};
        cr_assert(rules_pair(was, now, NULL, 0));
        validate_begin(&r, &kit_arena, in.m, &levels);
        rules_validate(was, validate_dict_new(&kit_arena), &in, &r);
        cr_expect_eq(differs > 0, rows[i].want, "row %u", i);
    }
}
