#include "engine/flow/reply.h"

#include <criterion/criterion.h>

/* "MSH-15 MSH-16 level code error" -> the codes that leave, in order. Source: HL7 v2.5.1 2.9.2, table 0155. */
static const struct {
    const char *accept, *application;
    enum reply_level level;
    enum ack_code code;
    int error;
    const char *want;
} rows[] = {
    {"", "", REPLY_PROCESSED, ACK_AA, 0, "AA"},
    {"", "", REPLY_PROCESSED, ACK_AE, 101, "AE"},
    {"", "", REPLY_UNTAKEN, ACK_AR, 200, "AR"},
    {"AL", "AL", REPLY_PROCESSED, ACK_AA, 0, "CA AA"},
    {"AL", "AL", REPLY_PROCESSED, ACK_AE, 101, "CA AE"},
    {"AL", "AL", REPLY_PROCESSED, ACK_AR, 207, "CA AR"},
    {"AL", "AL", REPLY_UNTAKEN, ACK_AR, 200, "CR"},
    {"AL", "AL", REPLY_UNTAKEN, ACK_AR, 101, "CE"},
    {"AL", "AL", REPLY_UNTAKEN, ACK_AR, 207, "CE"},
    {"AL", "NE", REPLY_PROCESSED, ACK_AA, 0, "CA"},
    {"AL", "NE", REPLY_PROCESSED, ACK_AE, 101, "CE"},
    {"AL", "NE", REPLY_PROCESSED, ACK_AR, 203, "CR"},
    {"AL", "ER", REPLY_PROCESSED, ACK_AA, 0, "CA"},
    {"AL", "ER", REPLY_PROCESSED, ACK_AE, 101, "CA AE"},
    {"AL", "SU", REPLY_PROCESSED, ACK_AA, 0, "CA AA"},
    {"AL", "SU", REPLY_PROCESSED, ACK_AE, 101, "CE"},
    {"NE", "AL", REPLY_PROCESSED, ACK_AA, 0, "AA"},
    {"NE", "AL", REPLY_PROCESSED, ACK_AE, 101, "AE"},
    {"NE", "AL", REPLY_UNTAKEN, ACK_AR, 201, "AR"},
    {"NE", "NE", REPLY_PROCESSED, ACK_AA, 0, ""},
    {"NE", "NE", REPLY_UNTAKEN, ACK_AR, 207, ""},
    {"ER", "NE", REPLY_PROCESSED, ACK_AA, 0, ""},
    {"ER", "NE", REPLY_UNTAKEN, ACK_AR, 200, "CR"},
    {"ER", "ER", REPLY_PROCESSED, ACK_AE, 102, "AE"},
    {"SU", "SU", REPLY_PROCESSED, ACK_AA, 0, "CA AA"},
    {"SU", "SU", REPLY_UNTAKEN, ACK_AR, 200, ""},
    {"SU", "AL", REPLY_UNTAKEN, ACK_AR, 200, "AR"},
    {"AL", "", REPLY_PROCESSED, ACK_AA, 0, "CA"},
    {"", "AL", REPLY_PROCESSED, ACK_AA, 0, "AA"},
};

static struct ack_mode mode_of(const char *accept, const char *application)
{
    struct arena a = {0};
    struct hl7 m;
    struct hl7_fault f;
    struct str raw = str_printf(&a, "MSH|^~\\&|A|B|C|D|20260101||ADT^A01|1|P|2.5.1|||%s|%s\r",
                                accept, application);
    cr_assert_eq(hl7_parse(&a, raw, &m, &f), 0);
    struct ack_mode mode = ack_mode_of(&m);
    arena_free(&a);
    return mode;
}

Test(reply, follows_the_accept_and_application_conditions)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct reply_plan p = reply_plan(mode_of(rows[i].accept, rows[i].application),
                                         rows[i].level, rows[i].code, rows[i].error);
        char got[16] = "";
        for (unsigned k = 0; k < p.n; k++) {
            strcat(got, k ? " " : "");
            strcat(got, ack_code_text(p.code[k]));
        }
        cr_expect_str_eq(got, rows[i].want, "row %zu: got '%s', want '%s'", i, got, rows[i].want);
    }
}

Test(reply, the_code_of_a_recorded_reply_is_read_again)
{
    static const struct {
        struct str reply;
        bool has;
        enum ack_code code;
    } rows[] = {
        {STR("MSH|^~\\&|A\rMSA|AA|7\r"), true, ACK_AA},
        {STR("MSH|^~\\&|A\rMSA|CE|7\rERR|||207\r"), true, ACK_CE},
        {STR("MSH#^~\\&#A\rMSA#AR#\r"), true, ACK_AR},
        {STR("MSH|^~\\&|MSA|AA\r"), false, ACK_AA},
        {STR("MSH|^~\\&|A\rMSA|XX|7\r"), false, ACK_AA},
        {STR("MSH|^~\\&|A\rMSA"), false, ACK_AA},
        {STR(""), false, ACK_AA},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        enum ack_code code = ACK_AA;
        cr_expect_eq(reply_code(rows[i].reply, &code), rows[i].has, "row %zu", i);
        cr_expect_eq(code, rows[i].code, "row %zu", i);
    }
}
