/* What closed maps made of earlier messages (recall.h): nobody may see in what comes out, or in what is told of it, that it
 * was asked for. */
#include "engine/base/rng.h"
#include "engine/hl7/shapes.h"
#include "engine/rules/recall.h"
#include "tests/unit/rules/kit.h"

TestSuite(recall, .init = kit_begin, .fini = kit_end);

#define HEAD                                                                                       \
    "tables: { t: { file: t.csv, on-miss: empty } }\n---\nroute: a\nfrom: [epic, profiled]\n"      \
    "messages: ADT^A01\ndo: { send: lab, as: m }\n---\nmap: m\nreads: ADT\nto: json\nvalue:\n"

/* A message from elsewhere, or about the same. */
static const char *const separators[] = {"^~\\&", "@~!&"};
static const char *const senders[] = {"L|MAIN", "|"};
static const char *const sets[] = {"", "8859/1", "8859/2"};
static const char *const names[] = {
    "P&Q",
    "SAMPLE^ANNA",
    "SAMPLE@ANNA",
    "SAMPLE^ANNA&X",
    "M\xc3\xbcLLER^J",
    "K\xb1T^J",
    "\"\"",
    "",
    "A\\T\\B^C!T!D",
    "F",
    "M",
    "\\X41\\^\\S\\",
    "SAMPLE^ANNA~SAMPLE^OTTO",
    "20260102",
};
enum { MANY = 3000 };
#define PICK(list) (list)[rng_below(&r, sizeof(list) / sizeof(*(list)))]

/* Most are one of a few, as it is. */
static const char *name(const struct rng *r)
{
    size_t some = rng_below(r, 4) ? 3 : sizeof(names) / sizeof(*names);
    return names[rng_below(r, some)];
}

static const char *message(struct rng_seeded *seed, unsigned i)
{
    const struct rng r = rng_of_seeded(seed);
    const char *sep = PICK(separators), *from = PICK(senders), *set = PICK(sets);
    const char *pid = name(&r), *nk1 = name(&r), *nk2 = name(&r), *pv1 = name(&r), *zap = name(&r);
    return str_printf(
               &kit_arena,
               "MSH|%s|%s|D|X|202611240930%02u||ADT%cA01|M%u|P|2.5.1||||||%s\rPID|1||7||%s|||"
               "F\rNK1|1|%s\rNK1|2|%s\rPV1|1|O|%s\rZAP|%s\r",
               sep, from, i % 60, sep[0], i, set, pid, nk1, nk2, pv1, zap)
        .p;
}

/* What comes out, and the misses. */
static const char *told(const struct ruleset *r, struct rules_input in)
{
    struct rules_result res;
    rules_run(r, &in, &kit_arena, &res);
    struct str text = str_of(kit_told(in.m, &res));
    for (const struct rules_miss *one = res.misses; one; one = one->next) {
        text = str_printf(&kit_arena, "%.*smiss %u %.*s\n", STR_ARG(text), one->pos.line,
                          STR_ARG(one->keys[0]));
    }
    return text.p;
}

static struct ruleset *compiled(const char *text)
{
    struct diags d;
    kit_file("t.csv", "k,v\nF,female\nSAMPLE,x\n");
    struct ruleset *r = kit_compile(text, &d);
    cr_assert(r, "%s", kit_findings(&d));
    return r;
}

/* The same rules with and without, on many messages; how often something was found. */
static uint64_t compare(const char *text, size_t bytes_most)
{
    struct ruleset *r = compiled(text);
    struct recall *recall = recall_new(bytes_most);
    struct rng_seeded seed = {1};
    for (unsigned i = 0; i < MANY; i++) {
        const char *bytes = message(&seed, i);
        struct rules_input in = {.m = kit_message(bytes),
                                 .source = i % 8 ? 0 : 2,
                                 .received_us = (int64_t)i * 1000000,
                                 .id_lo = i};
        const char *want = told(r, in);
        in.recall = recall;
        const char *got = told(r, in);
        cr_assert_str_eq(got, want, "message %u: %s", i, bytes);
    }
    uint64_t found = recall_found(recall);
    recall_free(&recall);
    cr_assert_null(recall);
    return found;
}

#define USES                                                                                       \
    "  a: { $use: n, $with: { it: =PID-5 } }\n  b:\n    - { $for: NK1, $use: n, $with: { it: "     \
    "=NK1-2 } }\n  c: { $use: n, $with: { it: =PV1-3.1 } }\n  d: { $use: n, $with: { it: F } }\n " \
    " e: { $use: n, $with: { it: =ZAP-1 } }\n  f: { $use: n, $with: { it: =ZAP-1.1 } }\n"          \
    "---\nmap: n\nreads: ADT\nto: json\nneeds: [it]\nvalue:\n"

Test(recall, what_comes_out_is_the_same)
{
    static const struct {
        const char *name, *value;
        bool is_kept;
    } rows[] = {
        {"parts, as they are and as texts",
         "  x: =$it.1\n  y: =$it.2.raw()\n  z: =$it.1 & '-' & $it.2\n", true},
        {"a value and its first part, which look alike", "  x: =$it.1.raw()\n", true},
        {"a table, hit and missed", "  x: =$it.1.lookup('t')\n  y: =$it.lookup('t')\n  z: [1]\n",
         true},
        {"who sends", "  x: =MSH-3 & $it.1\n  y: =MSH-4\n", true},
        {"where it comes from",
         "  x: =$source.name & $it.1\n  y: =iif($it.1.convertsToDate(), $it.1.toDate())\n", true},
        {"another map",
         "  x: { $use: o, $with: { it: =$it.1 } }\n  y: { $use: o, $with: { it: F } "
         "}\n---\nmap: o\nreads: ADT\nto: json\nneeds: [it]\nvalue: { p: =$it }\n",
         true},
        {"laid over",
         "  $use: o\n  $with: { it: =$it.1 }\n  $also: { q: =$it.2 }\n---\nmap: "
         "o\nreads: ADT\nto: json\nneeds: [it]\nvalue: { p: =$it, q: 1 }\n",
         true},
        {"when it came", "  x: =now()\n  y: =$it.1\n", false},
        {"which day", "  x: =today()\n  y: =$it.1\n", false},
        {"which one it is", "  x: =uuid($it.1)\n", false},
        {"what it is called", "  x: =MSH-10 & $it.1\n", false},
        {"when it was written, by another map",
         "  x: { $use: o, $with: { it: =$it.1 } }\n---\nmap: o\nreads: ADT\nto: json\nneeds: "
         "[it]\nvalue: { p: =MSH-7 & $it }\n",
         false},
        {"the message around", "  x: =PV1-2 & $it.1\n", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const char *text = str_printf(&kit_arena, HEAD USES "%s", rows[i].value).p;
        uint64_t found = compare(text, RECALL_BYTES);
        cr_expect(rows[i].is_kept ? found > 200 : found == 0, "%s: %llu found", rows[i].name,
                  (unsigned long long)found);
    }
}

/* Halves turn, contexts come and go. */
Test(recall, with_little_room)
{
    static const size_t rooms[] = {0, 1, 4096, 200000};
    uint64_t found[4];
    for (size_t i = 0; i < sizeof(rooms) / sizeof(*rooms); i++) {
        found[i] = compare(HEAD USES "  x: =$it.1.lookup('t')\n  y: =MSH-4\n", rooms[i]);
    }
    cr_expect(found[3] > 200 && found[3] > found[0], "%u %u", (unsigned)found[3],
              (unsigned)found[0]);
}

/* Groups that earlier messages were sorted into are each message's own: what one route changes, no other one sees. */
Test(recall, of_groups_that_routes_change)
{
    struct ruleset *r = compiled(
        "route: a\nfrom: epic\nmessages: ADT^A01\ndo:\n  - add: NK1\n    set: { 1: =NK1.count() }\n"
        "  - add: ZPX\n    after: PV1\n    set: { 2: a }\n  - delete: NK1[1]\n  - send: lab\n---\n"
        "route: b\nfrom: epic\nmessages: ADT^A01\ndo: { send: lab, as: m }\n---\nmap: m\n"
        "reads: ADT\nto: json\nvalue: { n: =NK1.count(), z: =ZPX-2, p: =PV1-3.1, "
        "l: [{ $for: NK1, x: '=NK1-2[1].1.1', y: =NK1-1 }] }\n");
    struct recall *recall = recall_new(RECALL_BYTES);
    struct rng_seeded seed = {3};
    for (unsigned i = 0; i < 40; i++) {
        const char *bytes = message(&seed, i);
        struct rules_input in = {.m = kit_message(bytes)};
        const char *want = told(r, in);
        in.recall = recall;
        cr_expect_str_eq(told(r, in), want, "message %u: %s", i, bytes);
    }
    cr_expect_eq(shapes_found(recall_shapes(recall)), 2 * 40 - 2);
    recall_free(&recall);
}

/* Control ids never come again: after some tries nobody keeps them. */
Test(recall, what_never_comes_again_is_not_kept)
{
    struct ruleset *r =
        compiled(HEAD "  a: { $use: n, $with: { it: =MSH-10 } }\n---\nmap: n\nreads: "
                      "ADT\nto: json\nneeds: [it]\nvalue: { x: =$it }\n");
    struct recall *recall = recall_new(RECALL_BYTES);
    struct rng_seeded seed = {2};
    unsigned asked = 0;
    for (unsigned i = 0; i < MANY; i++) {
        struct rules_input in = {.m = kit_message(message(&seed, i)), .recall = recall};
        (void)told(r, in);
        asked += recall_is_worth(recall, 1);
    }
    cr_expect(asked > 0 && asked < MANY / 2, "%u", asked);
    cr_expect_eq(recall_found(recall), 0);
    recall_free(&recall);
}

/* Two results that each message brings may have one place among those that were met: both are kept. */
Test(recall, what_comes_again_is_kept_whatever_comes_beside)
{
    enum { KIN = 300, FEW = 3 }; /* 20 of them have their place in pairs; three in one are rare */
    struct ruleset *r =
        compiled(HEAD "  - { $for: NK1, $use: n, $with: { it: =NK1-1 } }\n---\nmap: n\nreads: "
                      "ADT\nto: json\nneeds: [it]\nvalue: { x: =$it }\n");
    struct recall *recall = recall_new(RECALL_BYTES);
    struct str text = STR("MSH|^~\\&|L|M|||||ADT^A01|1|P|2.5\rPID|1\r");
    for (unsigned i = 0; i < KIN; i++) {
        text = str_printf(&kit_arena, "%.*sNK1|%u\r", STR_ARG(text), i);
    }
    for (unsigned i = 0; i < 3; i++) {
        struct rules_input in = {.m = kit_message(text.p), .recall = recall};
        (void)told(r, in);
        cr_expect(i == 2 || recall_found(recall) == 0, "first met, then kept, then found");
    }
    cr_expect(recall_found(recall) >= KIN - FEW, "%u", (unsigned)recall_found(recall));
    recall_free(&recall);
}

/* A message that would take too many steps does so, whatever is remembered. */
Test(recall, it_costs_what_it_costs_without)
{
    struct ruleset *r = compiled(
        HEAD
        "  - { $for: NK1, $use: n, $with: { it: =NK1-1 } }\n  - { $for: NK1, $use: n, $with: { "
        "it: =NK1-1 } }\n---\nmap: n\nreads: ADT\nto: json\nneeds: [it]\nvalue: { x: \"=(1 | 2 "
        "| 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10).select((1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | "
        "10).select($this * 2).count()).sum()\", y: =$it }\n");
    struct recall *recall = recall_new(RECALL_BYTES);
    struct str nk1 = STR("");
    unsigned many = 1, good = 0, bad = 0;
    for (; bad == 0 && many < 5000; many += many / 4 + 1) {
        for (unsigned i = 0; i < many; i++) {
            nk1 = str_printf(&kit_arena, "%.*sNK1|%u\r", STR_ARG(i ? nk1 : STR("")), i);
        }
        struct str text =
            str_printf(&kit_arena, "MSH|^~\\&|L|M|||||ADT^A01|1|P|2.5\rPID|1\r%.*s", STR_ARG(nk1));
        struct rules_input in = {.m = kit_message(text.p)};
        const char *want = told(r, in);
        in.recall = recall;
        cr_expect_str_eq(told(r, in), want);
        bad += strstr(want, "too many steps") != NULL;
        good += bad == 0;
    }
    cr_expect(good > 5 && bad == 1, "%u %u", good, bad);
    cr_expect(recall_found(recall) > 1000, "%u", (unsigned)recall_found(recall));
    recall_free(&recall);
}
