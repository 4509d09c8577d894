#include "engine/hl7/ack.h"

#include "engine/base/arena.h"
#include "engine/base/err.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct arena arena;
static struct buf out;

static void setup(void)
{
    arena_init(&arena);
    out = (struct buf){0};
}

static void teardown(void)
{
    arena_free(&arena);
    buf_free(&out);
}

TestSuite(ack, .init = setup, .fini = teardown);

#define NOW  1795512600123000 /* 2026-11-24T09:30:00.123Z */
#define TIME "20261124093000.123+0000"

static const struct hl7 *parsed(const char *text, struct hl7 *m)
{
    struct hl7_fault f;
    cr_assert_eq(hl7_parse(&arena, str_of(text), m, &f), 0, "%s", text);
    return m;
}

/* The reply with | between segments for reading: CR becomes a line feed. */
static const char *reply(struct ack_to to, struct ack a)
{
    a.control_id = a.control_id ? a.control_id : "N1";
    a.now_us = NOW;
    a.expected_sequence = a.expected_sequence ? a.expected_sequence : INT64_MIN;
    buf_clear(&out);
    ack_build(&out, to, &a);
    for (size_t i = 0; i < out.n; i++) {
        out.p[i] = out.p[i] == '\r' ? '\n' : out.p[i];
    }
    return str_dup(&arena, buf_str(&out)).p;
}

#define IDS "|A^1.2^ISO|F|B|G^9^DNS|20260101||"

Test(ack, positive_replies_by_version)
{
    static const struct {
        const char *name, *msh, *want;
    } rows[] = {
        {"2.1", "MSH|^~\\&" IDS "ADT^A01|77|P|2.1",
         "MSH|^~\\&|B|G^9^DNS|A^1.2^ISO|F|" TIME "||ACK|N1|P|2.1\nMSA|AA|77\n"},
        {"2.2", "MSH|^~\\&" IDS "ADT^A01|77|T|2.2",
         "MSH|^~\\&|B|G^9^DNS|A^1.2^ISO|F|" TIME "||ACK|N1|T|2.2\nMSA|AA|77\n"},
        {"2.3", "MSH|^~\\&" IDS "ADT^A01|77|P|2.3",
         "MSH|^~\\&|B|G^9^DNS|A^1.2^ISO|F|" TIME "||ACK^A01|N1|P|2.3\nMSA|AA|77\n"},
        {"2.3.1", "MSH|^~\\&" IDS "ADT^A01|77|P|2.3.1",
         "MSH|^~\\&|B|G^9^DNS|A^1.2^ISO|F|" TIME "||ACK^A01^ACK|N1|P|2.3.1\nMSA|AA|77\n"},
        {"2.5.1 with country", "MSH|^~\\&" IDS "ADT^A01^ADT_A01|77|P^T|2.5.1^DEU",
         "MSH|^~\\&|B|G^9^DNS|A^1.2^ISO|F|" TIME "||ACK^A01^ACK|N1|P^T|2.5.1^DEU\nMSA|AA|77\n"},
        {"no event", "MSH|^~\\&" IDS "QRY|77|P|2.5",
         "MSH|^~\\&|B|G^9^DNS|A^1.2^ISO|F|" TIME "||ACK|N1|P|2.5\nMSA|AA|77\n"},
        {"no version, no processing id", "MSH|^~\\&" IDS "ADT^A01|77",
         "MSH|^~\\&|B|G^9^DNS|A^1.2^ISO|F|" TIME "||ACK^A01^ACK|N1|P|2.5.1\nMSA|AA|77\n"},
        {"no control id", "MSH|^~\\&" IDS "ADT^A01||P|2.5",
         "MSH|^~\\&|B|G^9^DNS|A^1.2^ISO|F|" TIME "||ACK^A01^ACK|N1|P|2.5\nMSA|AA|\n"},
        {"other delimiters", "MSH!@#$%!A!F!B!G@9!!!ADT@A01!77!P!2.5",
         "MSH!@#$%!B!G@9!A!F!" TIME "!!ACK@A01@ACK!N1!P!2.5\nMSA!AA!77\n"},
        {"truncation", "MSH|^~\\&#|A|F|B|G|||ADT^A01|77|P|2.7",
         "MSH|^~\\&#|B|G|A|F|" TIME "||ACK^A01^ACK|N1|P|2.7\nMSA|AA|77\n"},
        {"short MSH-2 is completed", "MSH|^~|A|F|B|G|||ADT^A01|77|P|2.3",
         "MSH|^~\\&|B|G|A|F|" TIME "||ACK^A01|N1|P|2.3\nMSA|AA|77\n"},
        {"charset", "MSH|^~\\&|A|F|B|G|||ADT^A01|77|P|2.5||||||8859/1~UNICODE UTF-8",
         "MSH|^~\\&|B|G|A|F|" TIME "||ACK^A01^ACK|N1|P|2.5||||||8859/1~UNICODE UTF-8\nMSA|AA|77\n"},
        {"enhanced", "MSH|^~\\&|A|F|B|G|||ADT^A01|77|P|2.5|5||AL|AL||ASCII",
         "MSH|^~\\&|B|G|A|F|" TIME "||ACK^A01^ACK|N1|P|2.5||||NE||ASCII\nMSA|AA|77\n"},
        {"only MSH-1 and 2", "MSH|^~\\&", "MSH|^~\\&|||||" TIME "||ACK|N1|P|2.5.1\nMSA|AA|\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hl7 m;
        const char *got = reply((struct ack_to){parsed(rows[i].msh, &m), str_of(rows[i].msh)},
                                (struct ack){.code = ACK_AA});
        cr_expect_str_eq(got, rows[i].want, "%s:\n%s", rows[i].name, got);
    }
}

Test(ack, an_accept_reply_asks_for_nothing)
{
    struct hl7 m;
    struct ack_to to = {parsed("MSH|^~\\&|A|F|B|G|||ADT^A01|77|P|2.5|||AL|NE", &m), {NULL, 0}};
    cr_expect_str_eq(reply(to, (struct ack){.code = ACK_CA}),
                     "MSH|^~\\&|B|G|A|F|" TIME "||ACK^A01^ACK|N1|P|2.5\nMSA|CA|77\n");
}

Test(ack, findings_by_version)
{
    static const struct ack_error two[] = {
        {101, "PID-3[1].4", 'E', {"no authority & no number", 24}},
        {103, "OBX[2]-11", 'W', {NULL, 0}},
    };
    static const struct ack_error segment = {100, "PV1", 'E', {NULL, 0}},
                                  nowhere = {207, "", 0, {NULL, 0}},
                                  deep = {104, "PID-5.1.2", 'I', {"too long", 8}},
                                  odd = {104, "no path", 'E', {NULL, 0}};
    static const struct {
        const char *name, *version;
        enum ack_code code;
        const struct ack_error *errors;
        unsigned n;
        const char *want; /* behind the MSH */
    } rows[] = {
        {"2.3", "2.3", ACK_AE, two, 2,
         "MSA|AE|7|no authority \\T\\ no number\nERR|PID^1^3^101&Required field "
         "missing&HL70357~OBX^2^11^103&Table value not found&HL70357\n"},
        {"2.5", "2.5", ACK_AE, two, 2,
         "MSA|AE|7\nERR||PID^1^3^1^4|101^Required field missing^HL70357|E||||no authority \\T\\ no "
         "number\nERR||OBX^2^11|103^Table value not found^HL70357|W\n"},
        {"a segment, 2.4", "2.4", ACK_AE, &segment, 1,
         "MSA|AE|7\nERR|PV1^1^^100&Segment sequence error&HL70357\n"},
        {"a segment, 2.6", "2.6", ACK_CE, &segment, 1,
         "MSA|CE|7\nERR||PV1^1|100^Segment sequence error^HL70357|E\n"},
        {"nowhere, 2.4", "2.4", ACK_AR, &nowhere, 1,
         "MSA|AR|7\nERR|^^^207&Application internal error&HL70357\n"},
        {"nowhere, 2.5.1", "2.5.1", ACK_AR, &nowhere, 1,
         "MSA|AR|7\nERR|||207^Application internal error^HL70357|E\n"},
        {"too long is a data type error below 2.7", "2.5.1", ACK_AE, &deep, 1,
         "MSA|AE|7\nERR||PID^1^5^1^1^2|102^Data type error^HL70357|I||||too long\n"},
        {"too long, 2.7", "2.7", ACK_AE, &deep, 1,
         "MSA|AE|7\nERR||PID^1^5^1^1^2|104^Value too long^HL70357|I||||too long\n"},
        {"a path that is none", "2.8", ACK_AE, &odd, 1,
         "MSA|AE|7\nERR|||104^Value too long^HL70357|E\n"},
        {"negative without findings", "2.5", ACK_CR, NULL, 0,
         "MSA|CR|7\nERR|||207^Application internal error^HL70357|E\n"},
        {"negative without findings, 2.2", "2.2", ACK_AR, NULL, 0,
         "MSA|AR|7\nERR|^^^207&Application internal error&HL70357\n"},
        {"positive with a warning", "2.5", ACK_AA, two + 1, 1,
         "MSA|AA|7\nERR||OBX^2^11|103^Table value not found^HL70357|W\n"},
        {"positive with a warning, 2.3: no ERR", "2.3", ACK_AA, two + 1, 1, "MSA|AA|7\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hl7 m;
        char text[64];
        snprintf(text, sizeof(text), "MSH|^~\\&|A|F|B|G|||ADT^A01|7|P|%s", rows[i].version);
        struct ack a = {.code = rows[i].code, .errors = rows[i].errors, .nerrors = rows[i].n};
        const char *got = strchr(reply((struct ack_to){parsed(text, &m), {NULL, 0}}, a), '\n') + 1;
        cr_expect_str_eq(got, rows[i].want, "%s:\n%s", rows[i].name, got);
    }
}

Test(ack, sequence_numbers_stand_in_msa_4)
{
    struct hl7 m;
    struct ack_to to = {parsed("MSH|^~\\&|A|F|B|G|||ADT^A01|7|P|2.5|12", &m), {NULL, 0}};
    cr_expect(
        strstr(reply(to, (struct ack){.code = ACK_AA, .expected_sequence = 13}), "MSA|AA|7||13\n"));
    cr_expect(
        strstr(reply(to, (struct ack){.code = ACK_AA, .expected_sequence = -1}), "MSA|AA|7||-1\n"));
}

Test(ack, long_and_foreign_text_is_cut_and_made_readable)
{
    struct hl7 m;
    char text[400];
    memset(text, '|', sizeof(text));
    struct ack_error e = {207, "PID-3", 'E', {text, sizeof(text)}};
    struct ack a = {.code = ACK_AE, .errors = &e, .nerrors = 1};
    const char *got =
        reply((struct ack_to){parsed("MSH|^~\\&|A|F|B|G|||ADT^A01|7|P|2.3", &m), {NULL, 0}}, a);
    const char *msa3 = strstr(got, "\\F\\");
    cr_assert(msa3);
    cr_expect_eq(strchr(msa3, '\n') - msa3, 240);
    memset(text, 0x80, sizeof(text));
    cr_expect(strstr(reply((struct ack_to){&m, {NULL, 0}}, a), "MSA|AE|7|\n"));
    e.text = STR("f\xc3\xbcr\r\n");
    cr_expect(strstr(reply((struct ack_to){&m, {NULL, 0}}, a), "MSA|AE|7|f?r  \n"));
    parsed("MSH|^~\\&|A|F|B|G|||ADT^A01|7|P|2.3||||||UNICODE UTF-8", &m);
    cr_expect(strstr(reply((struct ack_to){&m, {NULL, 0}}, a), "MSA|AE|7|f\xc3\xbcr  \n"));
}

Test(ack, what_did_not_parse_is_scanned)
{
    static const struct {
        const char *name, *raw, *want;
    } rows[] = {
        {"nothing", "", "MSH|^~\\&|||||" TIME "||ACK|N1|P|2.5.1\nMSA|AR|\n"},
        {"no MSH", "hello MSHake", "MSH|^~\\&|||||" TIME "||ACK|N1|P|2.5.1\nMSA|AR|\n"},
        {"bad encoding characters", "MSH|????|A|F|B|G|||ADT^A01|77|T|2.3\rPID|1",
         "MSH|^~\\&|B|G|A|F|" TIME "||ACK^A01|N1|T|2.3\nMSA|AR|77\n"},
        {"noise before", "\x0b\nMSH|^^^^|A|F|B|G|||ADT|77\r",
         "MSH|^~\\&|B|G|A|F|" TIME "||ACK|N1|P|2.5.1\nMSA|AR|77\n"},
        {"own separator", "MSH$????$A$F$B$G$$$ADT$77$P$2.2",
         "MSH$^~\\&$B$G$A$F$" TIME "$$ACK$N1$P$2.2\nMSA$AR$77\n"},
        {"unusable separator", "MSHA^~\\&A", "MSH|^~\\&|||||" TIME "||ACK|N1|P|2.5.1\nMSA|AR|\n"},
        {"control bytes are not echoed",
         "MSH|????|A|F|B|G|||ADT|7\x0b"
         "7|P|2.5",
         "MSH|^~\\&|B|G|A|F|" TIME "||ACK|N1|P|2.5\nMSA|AR|\n"},
        {"cut off", "MSH|", "MSH|^~\\&|||||" TIME "||ACK|N1|P|2.5.1\nMSA|AR|\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const char *got =
            reply((struct ack_to){NULL, str_of(rows[i].raw)}, (struct ack){.code = ACK_AR});
        const char *err = strstr(got, "ERR|");
        err = err ? err : strstr(got, "ERR$");
        cr_assert(err, "%s", rows[i].name);
        cr_expect(str_eq(str_from(got, (size_t)(err - got)), str_of(rows[i].want)), "%s:\n%s",
                  rows[i].name, got);
    }
}

Test(ack, modes_of_msh_15_and_16)
{
    static const struct {
        const char *tail;
        struct ack_mode want;
    } rows[] = {
        {"", {false, ACK_WHEN_ABSENT, ACK_WHEN_ABSENT}},
        {"|||", {false, ACK_WHEN_ABSENT, ACK_WHEN_ABSENT}},
        {"|||\"\"|\"\"", {false, ACK_WHEN_ABSENT, ACK_WHEN_ABSENT}},
        {"|||AL|NE", {true, ACK_AL, ACK_NE}},
        {"|||AL", {true, ACK_AL, ACK_NE}},
        {"||||AL", {true, ACK_NE, ACK_AL}},
        {"|||ER|SU", {true, ACK_ER, ACK_SU}},
        {"|||XX|NE", {true, ACK_AL, ACK_NE}},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hl7 m;
        char text[64];
        snprintf(text, sizeof(text), "MSH|^~\\&|A|F|B|G|||ADT^A01|7|P|2.5%s", rows[i].tail);
        struct ack_mode got = ack_mode_of(parsed(text, &m));
        cr_expect(got.enhanced == rows[i].want.enhanced && got.accept == rows[i].want.accept &&
                      got.application == rows[i].want.application,
                  "%s: %d %d %d", rows[i].tail, got.enhanced, got.accept, got.application);
    }
}

Test(ack, who_wants_which_answer)
{
    static const struct {
        enum ack_when when;
        bool aa, ae, ar, ca, ce, cr;
    } rows[] = {
        {ACK_WHEN_ABSENT, 1, 1, 1, 1, 1, 1}, {ACK_AL, 1, 1, 1, 1, 1, 1}, {ACK_NE, 0, 0, 0, 0, 0, 0},
        {ACK_ER, 0, 1, 1, 0, 1, 1},          {ACK_SU, 1, 0, 0, 1, 0, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        const bool want[] = {rows[i].aa, rows[i].ae, rows[i].ar,
                             rows[i].ca, rows[i].ce, rows[i].cr};
        for (int c = ACK_AA; c <= ACK_CR; c++) {
            cr_expect_eq(ack_wanted(rows[i].when, (enum ack_code)c), want[c], "row %zu code %d", i,
                         c);
        }
    }
    cr_expect_eq(ack_accept_code(ACK_AA), ACK_CA);
    cr_expect_eq(ack_accept_code(ACK_AE), ACK_CE);
    cr_expect_eq(ack_accept_code(ACK_AR), ACK_CR);
    cr_expect_eq(ack_accept_code(ACK_CR), ACK_CR);
    cr_expect_str_eq(ack_error_text(205), "Duplicate key identifier");
    cr_expect_str_eq(ack_error_text(999), "");
}

Test(ack, replies_are_read_back)
{
    static const struct {
        const char *name, *body;
        int rc;
        enum ack_code code;
        const char *id;
    } rows[] = {
        {"AA", "MSA|AA|77\r", 0, ACK_AA, "77"},
        {"CR with text", "MSA|CR|7^7|text\r", 0, ACK_CR, "7"},
        {"no id", "MSA|AE\r", 0, ACK_AE, ""},
        {"no MSA", "PID|1\r", ERR_SYNTAX, 0, ""},
        {"unknown code", "MSA|OK|77\r", ERR_SYNTAX, 0, ""},
        {"lower case", "MSA|aa|77\r", ERR_SYNTAX, 0, ""},
        {"empty", "MSA\r", ERR_SYNTAX, 0, ""},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hl7 m;
        struct ack_reply r = {0};
        char text[100];
        snprintf(text, sizeof(text), "MSH|^~\\&|A|F|B|G|||ACK|7|P|2.5\r%s", rows[i].body);
        cr_expect_eq(ack_read(parsed(text, &m), &r), rows[i].rc, "%s", rows[i].name);
        cr_expect(rows[i].rc || (r.code == rows[i].code && str_is(r.control_id, rows[i].id)), "%s",
                  rows[i].name);
    }
}

Test(ack, answers_are_recognised)
{
    static const struct {
        const char *type;
        const char *more;
        bool want;
    } rows[] = {
        {"ACK", "", true},
        {"ACK^A01^ACK", "", true},
        {"NMR^N01", "", true},
        {"MCF^Q01", "", true},
        {"RSP^K22", "MSA|AA|1\r", true},
        {"ADT^A01", "", false},
        {"ADT^A01", "PID|1\r", false},
        {"", "", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct hl7 m;
        char text[100];
        snprintf(text, sizeof(text), "MSH|^~\\&|A|F|B|G|||%s|7|P|2.5\r%s", rows[i].type,
                 rows[i].more);
        cr_expect_eq(ack_is_ack(parsed(text, &m)), rows[i].want, "%s", rows[i].type);
    }
}

Test(ack, knows_an_acknowledgement_that_cannot_be_parsed)
{
    static const struct {
        const char *bytes;
        bool want;
    } rows[] = {
        {"MSH||A|B\rMSA|AA|1\r", true},
        {"noise\nMSH|...|ACK\nMSA|AE|1\n", true},
        {"MSA|AA|1\r", false},
        {"MSH||A|B\rPID|1\r", false},
        {"MSH||A|MSA|1\r", false},
        {"MSH||A\rMSA^1\r", false},
        {"MSH", false},
        {"MSH||A\rMSA", false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        cr_expect_eq(ack_is_ack_bytes(str_of(rows[i].bytes)), rows[i].want, "row %zu", i);
    }
}
