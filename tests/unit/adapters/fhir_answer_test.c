#include "adapters/fhir_answer.h"

#include <criterion/criterion.h>

#define OO(code)                                                                                   \
    "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"information\","             \
    "\"code\":\"informational\"},{\"severity\":\"error\",\"code\":\"" code                         \
    "\",\"diagnostics\":\"Mrs Secret\","                                                           \
    "\"expression\":[\"Appointment.participant[0].status\"]}]}"
#define SAYS(code) "the server's OperationOutcome says " code
#define DONE(entries)                                                                              \
    "{\"resourceType\":\"Bundle\",\"type\":\"transaction-response\",\"entry\":[" entries "]}"
#define ENTRY(status)     "{\"response\":{\"status\":\"" status "\"}}"
#define BAD(status, code) "{\"response\":{\"status\":\"" status "\",\"outcome\":" OO(code) "}}"
#define ISSUE(code)       "{\"resource\":" OO(code) "}"
#define SAID(code, more)                                                                           \
    "{\"resourceType\":\"Bundle\",\"type\":\"message\",\"entry\":[{\"resource\":{"                 \
    "\"resourceType\":\"MessageHeader\",\"response\":{\"identifier\":\"1\",\"code\":\"" code       \
    "\"}}}" more "]}"
#define MESSAGE                                                                                    \
    {                                                                                              \
        .is_message = true                                                                         \
    }
#define TWO                                                                                        \
    {                                                                                              \
        .is_bundle = true, .entries = 2                                                            \
    }

static const struct {
    const char *name;
    struct fhir_asked asked;
    int status;
    const char *body, *retry_after;
    enum verdict verdict;
    const char *reason, *code;
} rows[] = {
    {"created", {0}, 201, "", "", DELIVERY_DELIVERED, "answered 201", NULL},
    {"updated",
     {0},
     200,
     "{\"resourceType\":\"Patient\"}",
     "",
     DELIVERY_DELIVERED,
     "answered 200",
     NULL},
    {"with a remark",
     {0},
     200,
     "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"warning\",\"code\":"
     "\"value\"}]}",
     "",
     DELIVERY_DELIVERED,
     "answered 200",
     NULL},
    {"nothing to say", {0}, 204, "", "", DELIVERY_DELIVERED, "answered 204", NULL},
    {"accepted", {0}, 202, "", "", DELIVERY_DELIVERED, "answered 202", NULL},
    {"a yes that says no",
     {0},
     200,
     OO("business-rule"),
     "",
     DELIVERY_REFUSED,
     SAYS("business-rule"),
     "business-rule"},
    {"a yes that says later",
     {0},
     200,
     OO("timeout"),
     "",
     DELIVERY_BUSY,
     SAYS("timeout"),
     "timeout"},
    {"a proxy's page",
     {0},
     200,
     " <html>",
     "",
     DELIVERY_UNREACHABLE,
     "answered yes with something else than FHIR",
     NULL},
    {"another API",
     {0},
     200,
     "{\"ok\":true}",
     "",
     DELIVERY_UNREACHABLE,
     "answered yes with something else than FHIR",
     NULL},
    {"half of JSON",
     {0},
     200,
     "{\"resourceType\":",
     "",
     DELIVERY_UNREACHABLE,
     "answered yes with something else than FHIR",
     NULL},
    {"created, and a page", {0}, 201, "{\"id\":7}", "", DELIVERY_DELIVERED, "answered 201", NULL},
    {"a redirect to a login",
     {0},
     302,
     "<html>",
     "",
     DELIVERY_REFUSED,
     "answered 302, a redirect; it is not followed",
     NULL},
    {"bad", {0}, 400, OO("structure"), "", DELIVERY_REFUSED, SAYS("structure"), "structure"},
    {"bad, and no FHIR",
     {0},
     400,
     "<html>",
     "",
     DELIVERY_REFUSED,
     "answered 400, bad request",
     NULL},
    {"unprocessable", {0}, 422, OO("required"), "", DELIVERY_REFUSED, SAYS("required"), "required"},
    {"a code of a later version",
     {0},
     422,
     OO("future"),
     "",
     DELIVERY_REFUSED,
     "the server's OperationOutcome has no code of R4",
     "other"},
    {"no token",
     {0},
     401,
     OO("login"),
     "",
     DELIVERY_UNREACHABLE,
     "answered 401, unauthorized",
     "login"},
    {"not allowed this",
     {0},
     403,
     OO("forbidden"),
     "",
     DELIVERY_REFUSED,
     SAYS("forbidden"),
     "forbidden"},
    {"an account that ended",
     {0},
     403,
     OO("expired"),
     "",
     DELIVERY_UNREACHABLE,
     SAYS("expired"),
     "expired"},
    {"not allowed anything",
     {0},
     403,
     "",
     "",
     DELIVERY_UNREACHABLE,
     "answered 403, forbidden",
     NULL},
    {"no such resource",
     {0},
     404,
     OO("not-found"),
     "",
     DELIVERY_REFUSED,
     SAYS("not-found"),
     "not-found"},
    {"no such server",
     {0},
     404,
     "<html>",
     "",
     DELIVERY_UNREACHABLE,
     "answered 404, not found",
     NULL},
    {"deleted", {0}, 410, OO("deleted"), "", DELIVERY_REFUSED, SAYS("deleted"), "deleted"},
    {"deleted before",
     {.is_delete = true},
     404,
     OO("not-found"),
     "",
     DELIVERY_DELIVERED,
     "it was deleted before",
     "not-found"},
    {"gone before",
     {.is_delete = true},
     410,
     "",
     "",
     DELIVERY_DELIVERED,
     "it was deleted before",
     NULL},
    {"a delete at a wrong address",
     {.is_delete = true},
     404,
     "<html>",
     "",
     DELIVERY_UNREACHABLE,
     "answered 404, not found",
     NULL},
    {"conflict", {0}, 409, OO("conflict"), "", DELIVERY_REFUSED, SAYS("conflict"), "conflict"},
    {"a lock", {0}, 409, OO("lock-error"), "", DELIVERY_BUSY, SAYS("lock-error"), "lock-error"},
    {"another version",
     {0},
     412,
     OO("conflict"),
     "",
     DELIVERY_REFUSED,
     SAYS("conflict"),
     "conflict"},
    {"several match",
     {0},
     412,
     "",
     "",
     DELIVERY_REFUSED,
     "answered 412, precondition failed",
     NULL},
    {"another version since it was read",
     {.reads_first = true},
     412,
     OO("conflict"),
     "",
     DELIVERY_BUSY,
     "the version changed meanwhile; it is read again",
     "conflict"},
    {"the same as Oracle Health says it",
     {.reads_first = true},
     409,
     "",
     "",
     DELIVERY_BUSY,
     "the version changed meanwhile; it is read again",
     NULL},
    {"locked", {0}, 423, "", "", DELIVERY_BUSY, "answered 423, locked", NULL},
    {"of something behind it",
     {0},
     424,
     "",
     "",
     DELIVERY_BUSY,
     "answered 424, failed dependency",
     NULL},
    {"too many",
     {0},
     429,
     OO("throttled"),
     "5",
     DELIVERY_BUSY,
     "answered 429, too many requests",
     "throttled"},
    {"too many for long",
     {0},
     429,
     OO("throttled"),
     "600",
     DELIVERY_UNREACHABLE,
     "answered 429, too many requests",
     "throttled"},
    {"a fault of the message",
     {0},
     500,
     OO("invariant"),
     "",
     DELIVERY_REFUSED,
     SAYS("invariant"),
     "invariant"},
    {"a fault of the server",
     {0},
     500,
     OO("exception"),
     "",
     DELIVERY_UNREACHABLE,
     SAYS("exception"),
     "exception"},
    {"a fault of the moment",
     {0},
     500,
     OO("transient"),
     "",
     DELIVERY_BUSY,
     SAYS("transient"),
     "transient"},
    {"out of order",
     {0},
     503,
     "",
     "",
     DELIVERY_UNREACHABLE,
     "answered 503, service unavailable",
     NULL},
    {"for a moment",
     {0},
     503,
     "<html>",
     "3",
     DELIVERY_BUSY,
     "answered 503, service unavailable",
     NULL},
    {"a transaction", TWO, 200, DONE(ENTRY("201 Created") "," ENTRY("200")), "", DELIVERY_DELIVERED,
     "answered 200", NULL},
    {"with what was there already", TWO, 200, DONE(ENTRY("304") "," ENTRY("204 x")), "",
     DELIVERY_DELIVERED, "answered 200", NULL},
    {"an entry too few", TWO, 200, DONE(ENTRY("201")), "", DELIVERY_REFUSED,
     "the answer has fewer entries than were sent", NULL},
    {"no entries", TWO, 200, "{\"resourceType\":\"Bundle\"}", "", DELIVERY_REFUSED,
     "the answer has fewer entries than were sent", NULL},
    {"a refused entry", TWO, 200, DONE(ENTRY("201") "," BAD("422", "value")), "", DELIVERY_REFUSED,
     SAYS("value"), "value"},
    {"without a word", TWO, 200, DONE(ENTRY("400") "," ENTRY("201")), "", DELIVERY_REFUSED,
     "an entry of the Bundle was answered 400", NULL},
    {"an entry that is not there", TWO, 200, DONE(ENTRY("201") "," ENTRY("404 Not Found")), "",
     DELIVERY_REFUSED, "an entry of the Bundle was answered 404", NULL},
    {"an entry that is gone", TWO, 200, DONE(ENTRY("201") "," ENTRY("410")), "", DELIVERY_REFUSED,
     "an entry of the Bundle was answered 410", NULL},
    {"an entry that is not allowed", TWO, 200, DONE(ENTRY("201") "," ENTRY("403")), "",
     DELIVERY_REFUSED, "an entry of the Bundle was answered 403", NULL},
    {"an entry that may not be done twice", TWO, 200, DONE(ENTRY("201") "," ENTRY("412")), "",
     DELIVERY_REFUSED, "an entry of the Bundle was answered 412", NULL},
    {"an entry that is locked", TWO, 200, DONE(ENTRY("201") "," ENTRY("423")), "", DELIVERY_BUSY,
     "an entry of the Bundle was answered 423", NULL},
    {"too many entries", TWO, 200, DONE(ENTRY("201") "," ENTRY("429")), "", DELIVERY_BUSY,
     "an entry of the Bundle was answered 429", NULL},
    {"an entry out of order", TWO, 200, DONE(ENTRY("201") "," ENTRY("500")), "", DELIVERY_BUSY,
     "an entry of the Bundle was answered 500", NULL},
    {"an entry with a rare status", TWO, 200, DONE(ENTRY("201") "," ENTRY("418")), "",
     DELIVERY_REFUSED, "an entry of the Bundle failed", NULL},
    {"an entry that waits", TWO, 200, DONE(ENTRY("201") "," BAD("503", "exception")), "",
     DELIVERY_BUSY, SAYS("exception"), "exception"},
    {"an entry without a status", TWO, 200, DONE("{}," ENTRY("201")), "", DELIVERY_REFUSED,
     "an entry of the answer has no status", NULL},
    {"an entry with a broken status", TWO, 200, DONE(ENTRY("x") "," ENTRY("201")), "",
     DELIVERY_REFUSED, "an entry of the answer has no status", NULL},
    {"a transaction that was refused", TWO, 400, OO("not-found"), "", DELIVERY_REFUSED,
     SAYS("not-found"), "not-found"},
    {"answered with a Patient", TWO, 200, "{\"resourceType\":\"Patient\"}", "", DELIVERY_REFUSED,
     "the answer to the Bundle is none", NULL},
    {"answered with an outcome", TWO, 200, OO("processing"), "", DELIVERY_REFUSED,
     SAYS("processing"), "processing"},
    {"answered with nothing", TWO, 200, "", "", DELIVERY_REFUSED,
     "the answer to the Bundle cannot be read", NULL},
    {"a message", MESSAGE, 200, SAID("ok", ""), "", DELIVERY_DELIVERED, "answered 200", NULL},
    {"a message that waits", MESSAGE, 200, SAID("transient-error", "," ISSUE("exception")), "",
     DELIVERY_BUSY, "the answer's MessageHeader says transient-error", "exception"},
    {"a message that failed", MESSAGE, 200, SAID("fatal-error", ""), "", DELIVERY_REFUSED,
     "the answer's MessageHeader says fatal-error", NULL},
    {"a message that failed, and why", MESSAGE, 200,
     SAID("fatal-error", "," ISSUE("business-rule")), "", DELIVERY_REFUSED, SAYS("business-rule"),
     "business-rule"},
    {"a read of nothing",
     {.is_read = true},
     200,
     " ",
     "",
     DELIVERY_UNREACHABLE,
     "answered yes with something else than FHIR",
     NULL},
    {"a message that is read",
     {.is_read = true},
     200,
     SAID("fatal-error", ""),
     "",
     DELIVERY_DELIVERED,
     "answered 200",
     NULL},
    {"a message without an answer", MESSAGE, 202, "", "", DELIVERY_DELIVERED, "answered 202", NULL},
    {"an update of what was deleted",
     {.is_of_one = true},
     410,
     "",
     "",
     DELIVERY_REFUSED,
     "answered 410: the resource was deleted",
     NULL},
    {"a create where there is nothing any more",
     {0},
     410,
     "",
     "",
     DELIVERY_UNREACHABLE,
     "answered 410, gone; asked again in an hour",
     NULL},
    {"answered with a page", TWO, 200, "<html>", "", DELIVERY_UNREACHABLE,
     "answered yes with something else than FHIR", NULL},
};

Test(fhir_answer, says_what_it_means)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct fhir_issue issue;
        struct http_answer a = {.status = rows[i].status,
                                .is_sent = true,
                                .body = str_of(rows[i].body),
                                .retry_after = str_of(rows[i].retry_after)};
        struct outcome o = fhir_answer_judge(&a, &rows[i].asked, 0, &issue);
        cr_expect_eq(o.verdict, rows[i].verdict, "%s: verdict %d", rows[i].name, o.verdict);
        cr_expect_str_eq(o.reason, rows[i].reason, "%s: %s", rows[i].name, o.reason);
        cr_expect(rows[i].code ? issue.code && strcmp(issue.code, rows[i].code) == 0 : !issue.code,
                  "%s: code %s", rows[i].name, issue.code ? issue.code : "none");
    }
}

Test(fhir_answer, lost_and_cut_answers_are_as_over_http)
{
    static const struct fhir_asked asked = {0};
    struct fhir_issue issue;
    struct http_answer lost = {.is_sent = true, .reason = "the peer closed the connection"},
                       cut = {.status = 201, .is_cut = true, .body = STR("{")};
    cr_expect_eq(fhir_answer_judge(&lost, &asked, 0, &issue).verdict, DELIVERY_UNKNOWN);
    cr_expect_eq(fhir_answer_judge(&cut, &asked, 0, &issue).verdict, DELIVERY_UNKNOWN);
    lost.is_sent = false;
    cr_expect_eq(fhir_answer_judge(&lost, &asked, 0, &issue).verdict, DELIVERY_UNREACHABLE);
}

/* What it holds decides: as long as it is not here, nobody knows. */
Test(fhir_answer, a_yes_that_comes_too_slowly_or_cannot_be_read_is_none)
{
    static const struct fhir_asked asked = {0}, bundle = {.is_bundle = true, .entries = 1};
    struct fhir_issue issue;
    struct http_answer late = {.status = 200, .is_late = true, .body = STR("")},
                       no = {.status = 400, .is_late = true, .body = STR("{\"res")},
                       coded = {.status = 200, .is_coded = true, .body = STR("")};
    struct outcome o = fhir_answer_judge(&late, &asked, 0, &issue);
    cr_expect_eq(o.verdict, DELIVERY_UNKNOWN);
    cr_expect_str_eq(o.reason, "the answer did not end within reply-within");
    cr_expect_eq(fhir_answer_judge(&late, &bundle, 0, &issue).verdict, DELIVERY_UNKNOWN);
    late.status = 201;
    cr_expect_eq(fhir_answer_judge(&late, &bundle, 0, &issue).verdict, DELIVERY_UNKNOWN);
    o = fhir_answer_judge(&late, &asked, 0, &issue);
    cr_expect_eq(o.verdict, DELIVERY_DELIVERED,
                 "it was created, and another attempt might create another");
    cr_expect_eq(fhir_answer_judge(&no, &asked, 0, &issue).verdict, DELIVERY_REFUSED);
    o = fhir_answer_judge(&coded, &asked, 0, &issue);
    cr_expect_eq(o.verdict, DELIVERY_UNREACHABLE);
    cr_expect_str_eq(o.reason, "the answer is compressed, which was not asked for");
    o = fhir_answer_judge(&coded, &bundle, 0, &issue);
    cr_expect_eq(o.verdict, DELIVERY_REFUSED);
    cr_expect_str_eq(o.reason, "the answer is compressed, which was not asked for");
    coded.status = 201;
    cr_expect_eq(fhir_answer_judge(&coded, &asked, 0, &issue).verdict, DELIVERY_DELIVERED);
}

Test(fhir_answer, an_expression_is_told_without_values)
{
    static const struct {
        const char *expression, *want;
    } texts[] = {
        {"Appointment.participant[0].status", "Appointment.participant[0].status"},
        {"Patient", "Patient"},
        {"Patient.name[1].family", "Patient.name[1].family"},
        {"Patient.deceasedBoolean", "Patient.deceasedBoolean"},
        {"Patient.deceased", "Patient.deceased"},
        {"Patient.identifier.where(value='123')", "Patient.identifier"},
        {"Patient.name.Nightshade", "Patient.name"},
        {"Patient.name[4001012345]", "Patient"},
        {"Patient.name[x].family", "Patient"},
        {"Patient.name[0", "Patient"},
        {"Patient..name", "Patient"},
        {"Bundle.entry[2].resource.name", "Bundle.entry[2].resource"},
        {"Nightshade", ""},
        {"MRN4001012345", ""},
        {"Mrs.Nightshade", ""},
        {"Mrs Secret", ""},
        {"/f:Patient", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct arena arena = {0};
        struct fhir_issue issue;
        static const struct fhir_asked asked = {0};
        struct http_answer a = {
            .status = 422,
            .body = str_printf(&arena,
                               "{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":"
                               "\"fatal\",\"code\":\"value\",\"expression\":[\"%s\"]}]}",
                               texts[i].expression)};
        (void)fhir_answer_judge(&a, &asked, 0, &issue);
        cr_expect_str_eq(issue.expression, texts[i].want, "%s", texts[i].expression);
        arena_free(&arena);
    }
}
