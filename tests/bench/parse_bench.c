/* Parses messages it makes itself and prints one JSON line: GB/s of index plus 12 field reads with AVX2
 * and without, and the nanoseconds of parsing, of parsing and validating, of three edits with their splices, and of one
 * reply. Not a test. */
#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/hl7/ack.h"
#include "engine/hl7/edit.h"
#include "engine/hl7/index.h"
#include "engine/hl7/path.h"
#include "engine/hl7/validate.h"
#include "tests/bench/bench.h"

enum { MESSAGES = 2000, READS = 12, ROUNDS = 5 };

static struct str messages[MESSAGES];
static size_t total;

/* A booking of about 1.2 kB with about 275 delimiters, of which about half end fields and segments. */
static void make_messages(struct arena *a)
{
    for (unsigned i = 0; i < MESSAGES; i++) {
        unsigned id = 100000 + i * 7;
        messages[i] =
            str_printf(a,
                       "MSH|^~\\&|SCHED^1.2.840.99^ISO|NORTH|CORRIDOR|DESK|20261124093%03u||SIU^"
                       "S12^SIU_S12|C%u|P|2.5.1|||AL|NE\r"
                       "SCH|A%u^SCHED|B%u^DESK|||%u^BOOKED^L|ROUTINE^Routine^HL70276|CHECKUP^Check-"
                       "up^L|NORMAL^Normal^HL70277|30|MIN^minutes^ISO+|"
                       "^^30^20261124093000^20261124100000|DOC%u^SAMPLE^SALLY^^^DR|^WPN^PH^^^555^"
                       "5550100|1 TEST WAY^^SPRINGFIELD^IL^62701||CLERK%u^DESK^DORA|||||BOOKED\r"
                       "PID|1||%u^^^NORTH&1.2.840.99.1&ISO^MR~%u^^^STATE&1.2.840.99.2&ISO^SS~%u^^^"
                       "PLAN^MB||TESTPERSON%u^ANNA^B^^MS^^L~OTHER^ANNA^^^^^M||19%02u0102|F|||"
                       "%u SAMPLE ST^APT 4^SPRINGFIELD^IL^62701^USA^H~PO BOX "
                       "9^^SPRINGFIELD^IL^62702^USA^M||^PRN^PH^^1^555^5550101~^NET^Internet^a%u@"
                       "example.org|^WPN^PH^^1^555^5550102|EN^English|M|CHR|AC%u^^^NORTH^AN\r"
                       "PV1|1|O|CLINIC^12^A^NORTH^^^^^B2||||DOC%u^SAMPLE^SALLY^^^DR|REF%u^OTHER^"
                       "OTTO^^^DR||MED||||||||OUT|V%u^^^NORTH^VN\r"
                       "RGS|1|A|RES%u\r"
                       "AIS|1|A|CHK^Check-up^L|20261124093000|||30|MIN^minutes^ISO+|||BOOKED\r"
                       "AIP|1|A|DOC%u^SAMPLE^SALLY^^^DR|ATT^Attending^HL70286||20261124093000|||30|"
                       "MIN||BOOKED\r"
                       "AIL|1|A|CLINIC^12^A^NORTH|ROOM||20261124093000|||30|MIN||BOOKED\r"
                       "NTE|1|L|Please bring the letter of your doctor, ten minutes before^^^the "
                       "hour|RE|||20261124\r",
                       i % 1000, id, id, id, id % 9, id, id, id, id + 1, id + 2, i, i % 100, i, i,
                       id, id, id, id, id, id);
        total += messages[i].n;
    }
}

static unsigned delimiters(struct str s)
{
    unsigned n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += strchr("|^~&\r", s.p[i]) != NULL;
    }
    return n;
}

static void compile(struct path *out)
{
    static const char *const texts[READS] = {
        "MSH-9.2", "MSH-10", "SCH-2.1", "SCH-11.4", "PID-3[1].1", "PID-5.1",
        "PID-7",   "PID-8",  "PV1-2",   "PV1-3.4",  "PV1-19.1",   "AIL-3.1",
    };
    for (int i = 0; i < READS; i++) {
        size_t at;
        const char *why;
        if (path_compile(str_of(texts[i]), false, &out[i], &at, &why) != 0) {
            abort();
        }
    }
}

/* Seconds of one pass over all messages; *out_sum keeps the reads from being left out. */
static double parse_all(index_fn scan, const struct path *paths, size_t *out_sum)
{
    struct arena a = {0};
    double start = bench_now();
    for (unsigned i = 0; i < MESSAGES; i++) {
        struct hl7 m;
        struct hl7_fault f;
        arena_reset(&a);
        if (hl7_parse_by(&a, messages[i], scan, &m, &f) != 0) {
            abort();
        }
        for (int k = 0; k < READS; k++) {
            *out_sum += path_get(&m, &paths[k]).raw.n;
        }
    }
    double spent = bench_now() - start;
    arena_free(&a);
    return spent;
}

static double best_parse(index_fn scan, const struct path *paths, size_t *out_sum)
{
    double best = 1e9;
    for (int round = 0; scan && round < ROUNDS * 8; round++) {
        double spent = parse_all(scan, paths, out_sum);
        best = spent < best ? spent : best;
    }
    return scan ? (double)total / best / 1e9 : 0;
}

/* Nanoseconds of three sets and the splices of them. */
static double edit_ns(const struct path *paths, size_t *out_sum)
{
    struct arena a = {0}, scratch = {0};
    struct hl7 m;
    struct hl7_fault f;
    double best = 1e9;
    (void)hl7_parse(&a, messages[1], &m, &f); /* it parsed before */
    for (int round = 0; round < ROUNDS; round++) {
        double start = bench_now();
        for (int i = 0; i < MESSAGES; i++) {
            arena_reset(&scratch);
            struct edit *e = edit_new(&scratch, &m);
            int rc = edit_set(e, &paths[5], STR("CHANGED")) | edit_set(e, &paths[9], STR("SOUTH")) |
                     edit_set(e, &paths[11], STR("HALL"));
            *out_sum += edit_splices(e, &scratch).n + (size_t)-rc;
        }
        double spent = (bench_now() - start) / MESSAGES * 1e9;
        best = spent < best ? spent : best;
    }
    arena_free(&a);
    arena_free(&scratch);
    return best;
}

static double ack_ns(size_t *out_sum)
{
    struct arena a = {0};
    struct buf b = {0};
    struct hl7 m;
    struct hl7_fault f;
    double best = 1e9;
    (void)hl7_parse(&a, messages[1], &m, &f); /* it parsed before */
    for (int round = 0; round < ROUNDS; round++) {
        double start = bench_now();
        for (int i = 0; i < MESSAGES; i++) {
            struct ack ack = {.code = ACK_CA,
                              .control_id = "18a4f00c21",
                              .now_us = 1795512600123000 + i,
                              .expected_sequence = INT64_MIN};
            buf_clear(&b);
            ack_build(&b, (struct ack_to){&m, messages[1]}, &ack);
            *out_sum += b.n;
        }
        double spent = (bench_now() - start) / MESSAGES * 1e9;
        best = spent < best ? spent : best;
    }
    arena_free(&a);
    buf_free(&b);
    return best;
}

/* Nanoseconds a message of parsing and validating, every rule at its initial level; *out_parse: of parsing alone. */
static double validate_ns(double *out_parse, size_t *out_sum)
{
    struct arena kept = {0}, a = {0};
    const struct validate_dict *dict = validate_dict_new(&kept);
    const struct validate_levels levels = validate_initial(VALIDATE_STRICT);
    double best[2] = {1e9, 1e9};
    for (int round = 0; round < ROUNDS * 4; round++) {
        double start = bench_now();
        for (unsigned i = 0; i < MESSAGES; i++) {
            struct hl7 m;
            struct hl7_fault f;
            struct validate_report r;
            arena_reset(&a);
            (void)hl7_parse(&a, messages[i], &m, &f); /* it parsed before */
            if (round & 1) {
                validate_begin(&r, &a, &m, &levels);
                validate_message(dict, &r);
                *out_sum += r.errors + r.warnings;
            }
        }
        double spent = (bench_now() - start) / MESSAGES * 1e9;
        best[round & 1] = spent < best[round & 1] ? spent : best[round & 1];
    }
    arena_free(&a);
    arena_free(&kept);
    *out_parse = best[0];
    return best[1];
}

int main(void)
{
    struct arena a = {0};
    struct path paths[READS];
    size_t sum = 0;
    make_messages(&a);
    compile(paths);
    double portable = best_parse(index_portable, paths, &sum),
           avx2 = best_parse(index_avx2(), paths, &sum);
    double parse_alone, validated = validate_ns(&parse_alone, &sum);
    printf("{\"bench\":\"parse\",\"bytes\":%zu,\"delimiters\":%u,\"reads\":%d,\"avx2_gb_s\":%.2f,"
           "\"portable_gb_s\":%.2f,"
           "\"parse_ns\":%.0f,\"validate_ns\":%.0f,\"validated_per_second\":%.0f,"
           "\"edit3_ns\":%.0f,\"ack_ns\":%.0f,\"sum\":%zu}\n",
           total / MESSAGES, delimiters(messages[1]), READS, avx2, portable, parse_alone, validated,
           1e9 / validated, edit_ns(paths, &sum), ack_ns(&sum), sum % 1000);
    arena_free(&a);
    return 0;
}
