#include "engine/hl7/relay.h"

#include "engine/base/arena.h"
#include "engine/base/err.h"

#include <criterion/criterion.h>

#define ASK     "MSH|^~\\&|WEB^1.2^ISO|MAIN|LAB|L|2026||QBP^Q22|q1|P|2.5.1"
#define ASK_NEW ASK "|||AL|AL"

static const struct {
    const char *name, *request, *answer, *want;
    enum ack_code code;
} rows[] = {
    {"ids of the sender, the rest as it came", ASK "\r",
     "MSH|^~\\&|LIS|X|CORR|Y|20261|s|RSP^K22|77|T|2.4|5\rMSA|AA|other|fine\rQAK|q1|OK\r\nPID|"
     "1\\T\\\n",
     "MSH|^~\\&|LAB|L|WEB^1.2^ISO|MAIN|20261|s|RSP^K22|N1|T|2.4|5\rMSA|AA|q1|fine\rQAK|q1|OK\rPID|"
     "1\\T\\\r",
     ACK_AA},
    {"accept level codes become those of the application", ASK "\r",
     "MSH|^~\\&|A|B|C|D|1||ACK|7|P|2.5\rMSA|CE|x\r",
     "MSH|^~\\&|LAB|L|WEB^1.2^ISO|MAIN|1||ACK|N1|P|2.5\rMSA|AE|q1\r", ACK_AE},
    {"who asked in enhanced mode is told that nothing is expected back", ASK_NEW "\r",
     "MSH|^~\\&|A|B|C|D|1||ACK|7|P|2.5|||AL|AL||UTF-8\rMSA|AR|x\r",
     "MSH|^~\\&|LAB|L|WEB^1.2^ISO|MAIN|1||ACK|N1|P|2.5||||NE||UTF-8\rMSA|AR|q1\r", ACK_AR},
    {"a short header is filled up", ASK_NEW "\r", "MSH|^~\\&|A\rMSA|AA\r",
     "MSH|^~\\&|LAB|L|WEB^1.2^ISO|MAIN||||N1||||||NE\rMSA|AA|q1\r", ACK_AA},
    {"other delimiters", "MSH#*~!&#A*B#X|Y#C#D#1##QBP#i|d#P#2.5\r",
     "MSH|^~\\&|A|B|C|D|1||ACK|7|P|2.5\rMSA|AA|x\r",
     "MSH|^~\\&|C|D|A^B|X\\F\\Y|1||ACK|N1|P|2.5\rMSA|AA|i\\F\\d\r", ACK_AA},
};

Test(relay, an_answer_is_passed_on_as_if_it_were_given_to_the_one_who_asked)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct arena a = {0};
        struct buf out = {0};
        struct hl7 request, answer;
        struct hl7_fault f;
        enum ack_code code;
        cr_assert_eq(hl7_parse(&a, str_of(rows[i].request), &request, &f), 0);
        cr_assert_eq(hl7_parse(&a, str_of(rows[i].answer), &answer, &f), 0);
        cr_expect_eq(relay_answer(&out, &request, &answer, "N1", &code), 0, "%s", rows[i].name);
        cr_expect(str_is(buf_str(&out), rows[i].want), "%s: %.*s", rows[i].name,
                  STR_ARG(buf_str(&out)));
        cr_expect_eq(code, rows[i].code, "%s", rows[i].name);
        buf_free(&out);
        arena_free(&a);
    }
}

Test(relay, what_is_no_answer_is_not_passed_on)
{
    static const char *const bad[] = {"MSH|^~\\&|A|B|C|D|1||ADT^A01|7|P|2.5\rPID|1\r",
                                      "MSH|^~\\&|A|B|C|D|1||ACK|7|P|2.5\rMSA|OK|x\r"};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct arena a = {0};
        struct buf out = {0};
        struct hl7 request, answer;
        struct hl7_fault f;
        enum ack_code code;
        cr_assert_eq(hl7_parse(&a, STR(ASK "\r"), &request, &f), 0);
        cr_assert_eq(hl7_parse(&a, str_of(bad[i]), &answer, &f), 0);
        cr_expect_eq(relay_answer(&out, &request, &answer, "N1", &code), ERR_SYNTAX);
        cr_expect_eq(out.n, 0);
        buf_free(&out);
        arena_free(&a);
    }
}
