/* Runs routes over messages it makes itself and prints one JSON line. A second of one core: messages through a
 * route with one compiled expression; through the benchmark route (one `when`, three `set`: a literal, a
 * formula with a path, a lookup) with edit, splices and ordering keys; appointments of 3.5 kB through the map
 * of docs/examples to JSON text; expressions compiled from text and evaluated. Beside each its ratio to reading
 * the same messages with hl7_parse() in the same run. Not a test. */
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/rules/ruleset.h"
#include "tests/bench/bench.h"

enum { MESSAGES = 500, ROUNDS = 40 };

static struct hl7 admissions[MESSAGES], appointments[MESSAGES];

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

static void make_messages(struct arena *a, struct str (*make)(struct arena *, unsigned),
                          struct hl7 *out, size_t *out_bytes)
{
    struct hl7_fault fault;
    for (unsigned i = 0; i < MESSAGES; i++) {
        struct str raw = make(a, i);
        *out_bytes += raw.n;
        if (hl7_parse(a, raw, &out[i], &fault) != 0) {
            abort();
        }
    }
}

/* An appointment of 3.5 kB: three groups of resources. */
static struct str make_appointment(struct arena *a, unsigned i)
{
    struct str text = str_printf(
        a,
        "MSH|^~\\&|ADT^1.2.840.99^ISO|NORTH|CORRIDOR|DESK|20261124093%03u||SIU^S12^SIU_S12|C%u|P|2."
        "5.1\r"
        "SCH|P%u^EPIC|F%u^EPIC|||||FOLLOWUP^Follow-up visit^L|RETURN^Return "
        "visit^HL70276|30|MIN|^^30^"
        "202611240930^202611241000|||||U027^CLERK^ROSA|^WPN^PH^^1^555^5550190|||U027^CLERK^ROSA||||"
        "|Booked\r"
        "NTE|1|L|Bring referral \\T\\ insurance card\\.br\\Arrive 15 minutes early\r"
        "PID|1||%u^^^NORTH&1.2.840.99.1&ISO^MR~%u^^^STATE&1.2.840.99.2&ISO^SS||TESTPERSON%u^ANNA^B^"
        "^MS^^L||"
        "19800102|F|||%u SAMPLE ST^APT 4^SPRINGFIELD^IL^62701^USA^H||^PRN^PH^^1^555^5550101||EN|M\r"
        "PV1|1|O|W%u^101^A^MAIN^^^^^B2||||DOC%u^SAMPLE^SALLY^^^DR|||MED\r",
        i % 1000, i, i, i, 100000 + i, i, i, i, i % 9, i);
    for (unsigned g = 1; g <= 3; g++) {
        text = str_printf(
            a,
            "%.*sRGS|%u|A|GROUP%u\r"
            "AIS|1|A|9921%u^OFFICE VISIT EST LEVEL %u^CPT|202611240930|%u|MIN|30|MIN|N|Booked\r"
            "NTE|1|L|Fasting since midnight, water is allowed, please confirm by telephone\r"
            "AIG|1|A|EQ%u^SCANNER %u^L|EQ^EQUIPMENT||||202611240930|||30|MIN\r"
            "AIL|1|A|ROOM%u^%u^1^MAIN|C^CLINIC^HL70305||202611240930|||30|MIN\r"
            "NTE|1|L|Entrance on the north side of the building, second floor, left\r"
            "AIP|1|A|DOC%u^SAMPLE^SALLY^^^DR|D^ATTENDING^HL70286||202611240930|||30|MIN\r"
            "AIP|2|A|DOC%u^OTHER^OTTO^^^DR|N^NURSE^HL70286||202611240930|||30|MIN\r",
            STR_ARG(text), g, g, g, g, 10 * g, g, g, g, g, i % 50, i % 60);
    }
    while (text.n < 3500) {
        text = str_printf(
            a, "%.*sZAP|1|appointment note of the sender, %u|free text that nobody reads\r",
            STR_ARG(text), i);
    }
    return text;
}

/* The tables beside the examples. */
static bool read_table(void *arg, struct arena *a, const char *from, struct str name,
                       struct str *out, const char **why)
{
    (void)arg, (void)from, (void)why;
    struct buf b = {0};
    FILE *f = fopen(
        str_printf(a, CORRIDOR_SOURCE_DIR "/docs/examples/routes/%.*s", STR_ARG(name)).p, "rb");
    for (int c; f && (c = fgetc(f)) != EOF;) {
        buf_putc(&b, (char)c);
    }
    *out = str_dup(a, buf_str(&b));
    buf_free(&b);
    return f && fclose(f) == 0;
}

static bool read_zone(void *arg, struct arena *a, struct str name, struct str *out)
{
    const char *why;
    return read_table(
        arg, a, NULL,
        str_printf(a, "/../../../../../../../../usr/share/zoneinfo/%.*s", STR_ARG(name)), out,
        &why);
}

static struct ruleset *compile(struct arena *a, const char *yaml)
{
    static const struct rules_source source = {.name = {"in", 2},
                                               .timezone = {"America/Chicago", 15}};
    static const struct rules_destination destination = {.name = {"out", 3},
                                                         .order = RULES_ORDER_PATIENT};
    static const struct rules_env env = {.sources = &source,
                                         .nsources = 1,
                                         .destinations = &destination,
                                         .ndestinations = 1,
                                         .read_file = read_table,
                                         .read_zone = read_zone};
    struct str example;
    const char *why;
    struct rules_file files[2] = {{"bench.yaml", str_of(yaml)}, {"03-appointment.yaml", {0}}};
    struct diags d;
    diags_init(&d, a);
    if (!read_table(NULL, a, NULL, STR("03-appointment.yaml"), &example, &why)) {
        abort();
    }
    files[1].bytes = example;
    struct ruleset *r = rules_compile(a, files, 2, &env, &d);
    if (!r) {
        fprintf(stderr, "%s:%u: %.*s\n", d.first->pos.file, d.first->pos.line,
                STR_ARG(d.first->text));
        abort();
    }
    return r;
}

static double best_parse(const struct hl7 *m, size_t *out_sum)
{
    struct arena scratch = {0};
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = bench_now();
        for (unsigned i = 0; i < MESSAGES; i++) {
            struct hl7 again;
            struct hl7_fault fault;
            arena_reset(&scratch);
            *out_sum += hl7_parse(&scratch, m[i].raw, &again, &fault) == 0 ? again.segs : 0;
        }
        double spent = (bench_now() - start) / MESSAGES * 1e9;
        best = spent < best ? spent : best;
    }
    arena_free(&scratch);
    return best;
}

static double best_run(const struct ruleset *r, const struct hl7 *m, size_t *out_sum)
{
    struct arena scratch = {0};
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double start = bench_now();
        for (unsigned i = 0; i < MESSAGES; i++) {
            struct rules_result res;
            arena_reset(&scratch);
            rules_run(r, &(struct rules_input){.m = &m[i]}, &scratch, &res);
            *out_sum +=
                res.noutputs ? splices_size(res.outputs[0].payload) + res.outputs[0].nkeys : 0;
            if (res.noutputs && res.outputs[0].finding.n) {
                fprintf(stderr, "held: %.*s\n", STR_ARG(res.outputs[0].finding));
                abort();
            }
        }
        double spent = (bench_now() - start) / MESSAGES * 1e9;
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
        double start = bench_now();
        for (unsigned i = 0; i < MESSAGES; i++) {
            struct rules_value *v;
            unsigned n = 0;
            struct diags d;
            struct rules_subject s = {.m = &admissions[i]};
            arena_reset(&scratch);
            diags_init(&d, &scratch);
            int rc = rules_eval(&scratch, "bench", str_of(expression), &s, &d, &v, &n);
            *out_sum += rc == 0 ? n : 0;
        }
        double spent = (bench_now() - start) / MESSAGES * 1e9;
        best = spent < best ? spent : best;
    }
    arena_free(&scratch);
    return best;
}

static void print_rate(const char *name, double ns, double parse_ns)
{
    printf(",\"%s_per_second\":%.0f,\"%s_to_parse\":%.2f", name, 1e9 / ns, name, parse_ns / ns);
}

int main(void)
{
    static const char expression[] =
        "route: x\nfrom: in\nmessages: [ADT^A08]\n"
        "when: PID-3.where($this.5 = 'SS').first().1 = 'none'\ndo: { send: out }\n";
    static const char set[] =
        "tables: { sex: { file: tables/sex.csv } }\n---\nroute: x\nfrom: in\n"
        "messages: [ADT^A01, ADT^A08]\n"
        "when: PV1-3.4.1.oneOf('MAIN','NORTH') or PID-3.exists()\ndo:\n  - set:\n"
        "      PV1-10: MED2\n      PV1-39: =PV1-3.4.1\n"
        "      PID-8: =PID-8.lookup('sex')\n  - send: out\n";
    static const char map[] = "route: x\nfrom: in\nmessages: [SIU^S12]\n"
                              "do: { send: out, as: appointment-event }\n";
    struct arena a = {0};
    size_t sum = 0, bytes = 0, siu_bytes = 0;
    make_messages(&a, make_message, admissions, &bytes);
    make_messages(&a, make_appointment, appointments, &siu_bytes);
    double parse = best_parse(admissions, &sum), siu_parse = best_parse(appointments, &sum);
    double one = best_run(compile(&a, expression), admissions, &sum),
           three = best_run(compile(&a, set), admissions, &sum),
           event = best_run(compile(&a, map), appointments, &sum),
           text = best_eval("PID-3.where($this.5 = 'SS').first().1", &sum);
    printf("{\"bench\":\"rules\",\"bytes\":%zu,\"appointment_bytes\":%zu", bytes / MESSAGES,
           siu_bytes / MESSAGES);
    print_rate("expression", one, parse);
    print_rate("set_route", three, parse);
    print_rate("json_map", event, siu_parse);
    print_rate("expression_from_text", text, parse);
    printf(",\"sum\":%zu}\n", sum % 1000);
    arena_free(&a);
    return 0;
}
