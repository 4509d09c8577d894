#include "adapters/fhir_answer.h"

#include "adapters/http_verdict.h"
#include "engine/base/json.h"
#include "engine/fhir/model.h"

enum { NODES_MAX = 500000, INDEX_DIGITS = 6 };

/* What a code says of the next attempt. */
enum about { ABOUT_SERVER, ABOUT_CALLER, ABOUT_MESSAGE, ABOUT_MOMENT };

struct code {
    const char *code, *reason;
    enum about about;
};

#define CODE(name, what)                                                                           \
    {                                                                                              \
        name, "the server's OperationOutcome says " name, what                                     \
    }

static const struct code codes[] = {
    CODE("invalid", ABOUT_MESSAGE),
    CODE("structure", ABOUT_MESSAGE),
    CODE("required", ABOUT_MESSAGE),
    CODE("value", ABOUT_MESSAGE),
    CODE("invariant", ABOUT_MESSAGE),
    CODE("security", ABOUT_SERVER),
    CODE("login", ABOUT_CALLER),
    CODE("unknown", ABOUT_CALLER),
    CODE("expired", ABOUT_CALLER),
    CODE("forbidden", ABOUT_SERVER),
    CODE("suppressed", ABOUT_SERVER),
    CODE("processing", ABOUT_SERVER),
    CODE("not-supported", ABOUT_MESSAGE),
    CODE("duplicate", ABOUT_MESSAGE),
    CODE("multiple-matches", ABOUT_MESSAGE),
    CODE("not-found", ABOUT_MESSAGE),
    CODE("deleted", ABOUT_MESSAGE),
    CODE("too-long", ABOUT_MESSAGE),
    CODE("code-invalid", ABOUT_MESSAGE),
    CODE("extension", ABOUT_MESSAGE),
    CODE("too-costly", ABOUT_MESSAGE),
    CODE("business-rule", ABOUT_MESSAGE),
    CODE("conflict", ABOUT_MESSAGE),
    CODE("transient", ABOUT_MOMENT),
    CODE("lock-error", ABOUT_MOMENT),
    CODE("no-store", ABOUT_MOMENT),
    CODE("exception", ABOUT_SERVER),
    CODE("timeout", ABOUT_MOMENT),
    CODE("incomplete", ABOUT_SERVER),
    CODE("throttled", ABOUT_MOMENT),
    CODE("informational", ABOUT_SERVER),
};
/* clang-format off */
static const struct code other_code = {"other", "the server's OperationOutcome has no code of R4", ABOUT_SERVER};
/* clang-format on */

/* ---- OperationOutcome ---- */

static const struct code *code_of(struct str text)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        if (str_is(text, codes[i].code)) {
            return &codes[i];
        }
    }
    return &other_code;
}

static bool is_error(const struct json *issue)
{
    struct str s = json_text(json_get(issue, "severity"));
    return str_is(s, "fatal") || str_is(s, "error");
}

/* The first error, else the first issue; NULL: it is no OperationOutcome, or an empty one. */
static const struct json *main_issue(const struct json *outcome)
{
    const struct json *issues = json_get(outcome, "issue");
    if (!str_is(json_text(json_get(outcome, "resourceType")), "OperationOutcome") || !issues ||
        issues->kind != JSON_ARRAY) {
        return NULL;
    }
    json_each(one, issues)
    {
        if (is_error(one)) {
            return one;
        }
    }
    return issues->first;
}

/* "participant[0]" without its index, which is digits; n 0: it is neither. */
static struct str name_of(struct str part)
{
    ptrdiff_t at = str_index(part, '[');
    if (at < 0) {
        return part;
    }
    struct str rest = str_slice(part, (size_t)at + 1, part.n), digits = STR("");
    int64_t index;
    bool is_index = str_split(&rest, ']', &digits) && !rest.n && str_ends(part, STR("]")) &&
                    str_to_i64(digits, &index) && index >= 0;
    return is_index && digits.n <= INDEX_DIGITS ? str_slice(part, 0, (size_t)at) : STR("");
}

/* The type of what `part` names within `type`, 0: R4 has no such element. A choice is named with its type or without. */
static unsigned step(unsigned type, struct str part)
{
    struct str name = name_of(part);
    unsigned chosen = 0;
    const struct fhir_element *e = name.n ? fhir_element(type, name) : NULL;
    if (!e && name.n && fhir_choice(type, name, &chosen)) {
        return chosen;
    }
    return e ? fhir_element_type(e, 0) : 0;
}

/* How much of an expression is a path that R4 knows. What is none may be a value of the message, whatever it looks like. */
static size_t known(struct str expression)
{
    struct str rest = expression, part = STR("");
    (void)str_split(&rest, '.', &part);
    unsigned type = fhir_type_of_resource(part);
    size_t n = type ? part.n : 0;
    while (type && rest.n && str_split(&rest, '.', &part)) {
        type = part.n ? step(type, part) : 0;
        n = type ? (size_t)(part.p - expression.p) + part.n : n;
    }
    return n < FHIR_EXPRESSION_MAX ? n : 0;
}

static void tell(struct fhir_issue *out, int status, const struct code *code,
                 const struct json *issue)
{
    struct str expression = json_text(json_at(json_get(issue, "expression"), 0));
    *out = (struct fhir_issue){.status = status, .code = code ? code->code : NULL};
    size_t n = known(expression);
    if (n) {
        memcpy(out->expression, expression.p, n);
    }
}

/* ---- one status ---- */

static struct outcome moved(struct outcome o, enum verdict v, const char *reason)
{
    if (v != DELIVERY_BUSY && v != DELIVERY_UNREACHABLE) {
        o.retry_after_us = 0;
    }
    o.verdict = v;
    o.reason = reason;
    return o;
}

/* 401 and what asks to come later stay as they are. */
static bool is_settled(int status, const struct outcome *o)
{
    return status == 401 || status == 408 || status == 425 || status == 429 ||
           o->verdict == DELIVERY_BUSY;
}

/* The server spoke FHIR: its word on this message counts more than the class of the status. */
static struct outcome by_code(struct outcome o, int status, const struct code *c)
{
    if (is_settled(status, &o)) {
        return o;
    }
    if (c->about == ABOUT_MOMENT) {
        return moved(o, DELIVERY_BUSY, c->reason);
    }
    bool is_of_it =
        c->about == ABOUT_MESSAGE || (c->about == ABOUT_SERVER && status >= 400 && status < 500);
    return is_of_it ? moved(o, DELIVERY_REFUSED, c->reason) : moved(o, o.verdict, c->reason);
}

static struct outcome by_status(struct outcome o, int status, const struct fhir_asked *asked)
{
    static const struct {
        int status;
        enum verdict verdict;
        const char *reason;
    } rows[] = {
        {412, DELIVERY_REFUSED, "answered 412, precondition failed"},
        {423, DELIVERY_BUSY, "answered 423, locked"},
        {424, DELIVERY_BUSY, "answered 424, failed dependency"},
    };
    if (asked->reads_first && (status == 409 || status == 412)) {
        return moved(o, DELIVERY_BUSY, "the version changed meanwhile; it is read again");
    }
    if (asked->is_of_one &&
        status == 410) { /* of FHIR's 410 one resource is gone, not the server */
        return moved(o, DELIVERY_REFUSED, "answered 410: the resource was deleted");
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].status == status) {
            return moved(o, rows[i].verdict, rows[i].reason);
        }
    }
    return o;
}

/* `o`: what the status means by itself. */
static struct outcome refine(struct outcome o, int status, const struct json *outcome,
                             const struct fhir_asked *asked, struct fhir_issue *out)
{
    const struct json *issue = main_issue(outcome);
    const struct code *c = issue ? code_of(json_text(json_get(issue, "code"))) : NULL;
    bool is_away = status == 410 || (status == 404 && issue);
    bool is_race = asked->reads_first && (status == 409 || status == 412);
    tell(out, status, c, issue);
    if (is_away && (asked->is_delete || asked->is_read)) {
        return moved(o, DELIVERY_DELIVERED,
                     asked->is_delete ? "it was deleted before" : "there is no such resource");
    }
    o = by_status(o, status, asked);
    return c && !is_race ? by_code(o, status, c) : o;
}

/* ---- a yes ---- */

static int entry_status(const struct json *entry)
{
    int64_t n;
    struct str s = str_slice(json_text(json_get(json_get(entry, "response"), "status")), 0, 3);
    return str_to_i64(s, &n) && n >= 100 && n < 600 ? (int)n : 0;
}

/* NULL: none of its own. */
static const char *entry_reason(int status)
{
#define ENTRY(status)                                                                              \
    {                                                                                              \
        status, "an entry of the Bundle was answered " #status                                     \
    }
    static const struct {
        int status;
        const char *reason;
    } rows[] = {ENTRY(400), ENTRY(401), ENTRY(403), ENTRY(404), ENTRY(405), ENTRY(408), ENTRY(409),
                ENTRY(410), ENTRY(412), ENTRY(413), ENTRY(422), ENTRY(423), ENTRY(424), ENTRY(429),
                ENTRY(500), ENTRY(501), ENTRY(502), ENTRY(503), ENTRY(504)};
#undef ENTRY
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].status == status) {
            return rows[i].reason;
        }
    }
    return "an entry of the Bundle failed";
}

/* A status that stops a destination means this entry here: the server is there, and spoke FHIR. */
static bool is_of_entry(int status)
{
    return status == 401 || status == 403 || status == 404 || status == 410;
}

/* The server is there: what only waits for it waits by itself. */
static struct outcome judge_entry(const struct json *entry, int status, struct fhir_issue *out)
{
    static const struct fhir_asked nothing = {0};
    const struct json *outcome = json_get(json_get(entry, "response"), "outcome");
    struct outcome o = http_verdict(&(struct http_answer){.status = status}, 0);
    o = refine(o, status, outcome, &nothing, out);
    if (status == 0 || o.verdict == DELIVERY_UNKNOWN) {
        return moved(o, DELIVERY_REFUSED, "an entry of the answer has no status");
    }
    const char *why = out->code ? o.reason : entry_reason(status);
    bool waits = o.verdict == DELIVERY_BUSY || o.verdict == DELIVERY_UNREACHABLE;
    bool is_no = o.verdict == DELIVERY_UNREACHABLE && is_of_entry(status);
    return moved(o, waits && !is_no ? DELIVERY_BUSY : DELIVERY_REFUSED, why);
}

static struct outcome judge_bundle(struct outcome yes, const struct json *root,
                                   const struct fhir_asked *asked, struct fhir_issue *out)
{
    const struct json *entries = json_get(root, "entry");
    if (!str_is(json_text(json_get(root, "resourceType")), "Bundle")) {
        return moved(yes, DELIVERY_REFUSED, "the answer to the Bundle is none");
    }
    json_each(one, entries)
    {
        int status = entry_status(one);
        if (status / 100 != 2 && status != 304) {
            return judge_entry(one, status, out);
        }
    }
    if ((entries ? entries->count : 0) < asked->entries) {
        return moved(yes, DELIVERY_REFUSED, "the answer has fewer entries than were sent");
    }
    return yes;
}

/* Source: FHIR R4, "Messaging": the HTTP status of $process-message tells nothing of what became of the message. */
static struct outcome judge_message(struct outcome yes, const struct json *root,
                                    struct fhir_issue *out)
{
    const struct json *issue = NULL, *entries = json_get(root, "entry");
    const struct json *head = json_get(json_at(entries, 0), "resource");
    struct str said = json_text(json_get(json_get(head, "response"), "code"));
    bool waits = str_is(said, "transient-error");
    if (!waits && !str_is(said, "fatal-error")) {
        return yes;
    }
    json_each(one, entries)
    {
        issue = issue ? issue : main_issue(json_get(one, "resource"));
    }
    const struct code *c = issue ? code_of(json_text(json_get(issue, "code"))) : NULL;
    tell(out, out->status, c, issue);
    return waits ? moved(yes, DELIVERY_BUSY, "the answer's MessageHeader says transient-error")
                 : moved(yes, DELIVERY_REFUSED,
                         c ? c->reason : "the answer's MessageHeader says fatal-error");
}

static const char no_fhir[] = "answered yes with something else than FHIR";

/* A proxy's page with status 200 is no yes of the server. 201 and 204 say what was done. */
static struct outcome doubt(struct outcome yes, int status, const struct fhir_asked *asked)
{
    if (asked->is_bundle) {
        return moved(yes, DELIVERY_REFUSED, "the answer to the Bundle cannot be read");
    }
    return status == 201 || status == 204 ? yes : moved(yes, DELIVERY_UNREACHABLE, no_fhir);
}

static struct outcome judge_yes(struct outcome yes, const struct http_answer *a,
                                const struct json *root, const struct fhir_asked *asked,
                                struct fhir_issue *out)
{
    bool is_whole = a->body.n < FHIR_ANSWER_MAX, is_empty = str_trim(a->body).n == 0;
    if (is_empty && asked->is_read) {
        return moved(yes, DELIVERY_UNREACHABLE, no_fhir);
    }
    if (is_empty && !asked->is_bundle) {
        return yes;
    }
    if (!root && !is_whole && !asked->is_bundle && str_trim(a->body).p[0] == '{') {
        return yes;
    }
    if (!root || !json_text(json_get(root, "resourceType")).n) {
        bool is_page = !is_empty && str_trim(a->body).p[0] == '<';
        return is_page && a->status == 200 ? moved(yes, DELIVERY_UNREACHABLE, no_fhir)
                                           : doubt(yes, a->status, asked);
    }
    const struct json *issue = main_issue(root);
    if (a->status == 200 && issue && is_error(issue)) {
        const struct code *c = code_of(json_text(json_get(issue, "code")));
        tell(out, a->status, c, issue);
        return moved(yes, c->about == ABOUT_MOMENT ? DELIVERY_BUSY : DELIVERY_REFUSED, c->reason);
    }
    return asked->is_bundle    ? judge_bundle(yes, root, asked, out)
           : asked->is_message ? judge_message(yes, root, out)
                               : yes;
}

/* 201 and 204 say what was done, whatever follows. */
static struct outcome judge_coded(struct outcome yes, const struct fhir_asked *asked, int status)
{
    static const char why[] = "the answer is compressed, which was not asked for";
    if (asked->is_bundle) {
        return moved(yes, DELIVERY_REFUSED, why);
    }
    return status == 201 || status == 204 ? yes : moved(yes, DELIVERY_UNREACHABLE, why);
}

struct outcome fhir_answer_judge(const struct http_answer *a, const struct fhir_asked *asked,
                                 int64_t wall_us, struct fhir_issue *out)
{
    static const struct json_options limits = {
        .depth = 128, .nodes = NODES_MAX, .duplicates = JSON_DUPLICATES_KEEP};
    struct outcome o = http_verdict(a, wall_us);
    struct arena arena = {0};
    struct json *root = NULL;
    struct json_fault fault;
    *out = (struct fhir_issue){.status = a->status};
    if (a->status == 0 || o.verdict == DELIVERY_UNKNOWN) {
        return o;
    }
    bool is_done = a->status == 201 && !asked->is_bundle; /* whatever follows */
    if (a->is_late && o.verdict == DELIVERY_DELIVERED && !is_done) {
        return moved(o, DELIVERY_UNKNOWN, "the answer did not end within reply-within");
    }
    if (a->is_coded && o.verdict == DELIVERY_DELIVERED) {
        return judge_coded(o, asked, a->status);
    }
    if (a->body.n && json_parse(&arena, a->body, &limits, &root, &fault) != 0) {
        root = NULL;
    }
    if (o.verdict == DELIVERY_DELIVERED) {
        o = judge_yes(o, a, root, asked, out);
    } else {
        o = refine(o, a->status, root, asked, out);
    }
    arena_free(&arena);
    return o;
}
