/* Runs the benchmark route (one `when`, three `set`: a literal, a formula with a path, a lookup) over
 * messages it makes itself and prints one JSON line: nanoseconds a message for the whole run with edit,
 * splices and ordering keys, and for expressions compiled and evaluated from text. Not a test. */
#include "engine/base/arena.h"
#include "engine/rules/ruleset.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MESSAGES = 500, ROUNDS = 40 };

static struct hl7 messages[MESSAGES];
static size_t total;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* An admission of about 1.2 kB; half of them match. */
static struct str make_message(struct arena *a, unsigned i)
{
    unsigned id = 100000 + i * 7;
    return str_printf(
        a,
        "MSH|^~\\&|ADT^1.2.840.99^ISO|NORTH|CORRIDOR|DESK|20261124093%03u||ADT^A08^ADT_A01|C%u|P|2."
        "5.1|||AL|NE\r"
        "EVN|A08|20261124093000|||CLERK%u^DESK^DORA|20261124093000\r"
        "PID|1||%u^^^NORTH&1.2.840.99.1&ISO^MR~%u^^^STATE&1.2.840.99.2&ISO^SS||TESTPERSON%u^ANNA^B^"
        "^MS^^L||19800102|%c|||"
        "%u SAMPLE ST^APT "
        "4^SPRINGFIELD^IL^62701^USA^H||^PRN^PH^^1^555^5550101~^NET^Internet^a%u@example.org|"
        "^WPN^PH^^1^555^5550102|EN^English|M|CHR|AC%u^^^NORTH^AN\r"
        "PD1|||NORTH PRACTICE^^9001|DOC%u^SAMPLE^SALLY^^^DR\r"
        "NK1|1|TESTPERSON%u^OTTO^^^^^L|SPO^Spouse^HL70063|9 OTHER "
        "ST^^SPRINGFIELD^IL^62702^USA|^PRN^PH^^1^555^5550103\r"
        "PV1|1|I|W%u^101^A^%s^^^^^B2||||DOC%u^SAMPLE^SALLY^^^DR|REF%u^OTHER^OTTO^^^DR||MED||||||||"
        "IN|V%u^^^NORTH^VN\r"
        "AL1|1|DA^Drug allergy^HL70127|PEN^Penicillin^L|MO|Hives|20190412\r"
        "DG1|1||R07.9^Chest pain, unspecified^I10|Chest pain|20261124093000|A\r"
        "IN1|1|P1^SAMPLE PLAN|5004|SAMPLE ASSURANCE|PO BOX "
        "9^^SPRINGFIELD^IL^62702^USA||^WPN^PH^^1^555^5550104|GRP%u||||"
        "20250101|20261231||HMO|TESTPERSON%u^ANNA|SEL|19800102|9 OTHER "
        "ST^^SPRINGFIELD^IL^62702^USA|Y||1\r",
        i % 1000, id, id, id, id + 1, id, "FM"[i % 2], i, i, id, id, id, i % 9,
        i % 4 ? "MAIN" : "NORTH", id, id, id, id, id);
}

static void make_messages(struct arena *a)
{
    struct hl7_fault fault;
    for (unsigned i = 0; i < MESSAGES; i++) {
        struct str raw = make_message(a, i);
        total += raw.n;
        if (hl7_parse(a, raw, &messages[i], &fault) != 0) {
            abort();
        }
    }
}

static bool read_table(void *arg, struct arena *a, const char *from, struct str name,
                       struct str *out, const char **why)
{
    (void)arg, (void)a, (void)from, (void)name, (void)why; /* there is one table */
    *out = STR("code,text\nF,female\nM,male\nO,other\nU,unknown\n");
    return true;
}

static struct ruleset *compile(struct arena *a)
{
    static const char yaml[] =
        "tables: { sex: { file: sex.csv } }\n---\nroute: bench\nfrom: in\nmessages: [ADT^A01, "
        "ADT^A08]\n"
        "when: PV1-3.4.1.oneOf('MAIN','NORTH') or PID-3.exists()\ndo:\n  - set:\n"
        "      PV1-10: MED2\n      PV1-39: =PV1-3.4.1\n      PID-8: =PID-8.lookup('sex')\n  - "
        "send: out\n";
    static const struct rules_source source = {.name = {"in", 2}};
    static const struct rules_destination destination = {.name = {"out", 3},
                                                         .order = RULES_ORDER_PATIENT};
    static const struct rules_env env = {.sources = &source,
                                         .nsources = 1,
                                         .destinations = &destination,
                                         .ndestinations = 1,
                                         .read_file = read_table};
    static const struct rules_file file = {"bench.yaml", {yaml, sizeof(yaml) - 1}};
    struct diags d;
    diags_init(&d, a);
    struct ruleset *r = rules_compile(a, &file, 1, &env, &d);
    if (!r) {
        fprintf(stderr, "%s:%u: %.*s\n", d.first->pos.file, d.first->pos.line,
                STR_ARG(d.first->text));
        abort();
    }
    return r;
}

static double best_run(const struct ruleset *r, size_t *out_sum)
{
    struct arena scratch = {0};
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (unsigned i = 0; i < MESSAGES; i++) {
            struct rules_result res;
            arena_reset(&scratch);
            rules_run(r, &(struct rules_input){.m = &messages[i]}, &scratch, &res);
            *out_sum += res.noutputs ? res.outputs[0].payload.n + res.outputs[0].nkeys : 0;
        }
        double spent = (now() - start) / MESSAGES * 1e9;
        best = spent < best ? spent : best;
    }
    arena_free(&scratch);
    return best;
}

static double best_eval(const char *expression, size_t *out_sum)
{
    struct arena scratch = {0};
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        for (unsigned i = 0; i < MESSAGES; i++) {
            struct rules_value *v;
            unsigned n = 0;
            struct diags d;
            arena_reset(&scratch);
            diags_init(&d, &scratch);
            *out_sum +=
                rules_eval(&scratch, "bench", str_of(expression), &messages[i], &d, &v, &n) == 0
                    ? n
                    : 0;
        }
        double spent = (now() - start) / MESSAGES * 1e9;
        best = spent < best ? spent : best;
    }
    arena_free(&scratch);
    return best;
}

int main(void)
{
    struct arena a = {0};
    size_t sum = 0;
    make_messages(&a);
    const struct ruleset *r = compile(&a);
    double run = best_run(r, &sum), path = best_eval("PID-3[2].4.1", &sum),
           where = best_eval("PID-3.where($this.5 = 'SS').first().1", &sum);
    printf("{\"bench\":\"rules\",\"bytes\":%zu,\"route_ns\":%.0f,\"eval_path_ns\":%.0f,\"eval_"
           "where_ns\":%.0f,\"sum\":%zu}\n",
           total / MESSAGES, run, path, where, sum % 1000);
    arena_free(&a);
    return 0;
}
