/* Verdicts of the engine as statuses of HTTP and issues of an OperationOutcome. */
#include "adapters/fhir_reply_priv.h"

/* Of table 0357, which errors of routes have, to IssueType. */
static const char *issue_code(int code)
{
    static const struct {
        int code;
        const char *issue;
    } rows[] = {
        {100, "structure"},     {101, "required"},      {102, "value"},
        {103, "code-invalid"},  {200, "not-supported"}, {201, "not-supported"},
        {202, "not-supported"}, {203, "not-supported"}, {204, "not-found"},
        {205, "duplicate"},     {206, "lock-error"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].code == code) {
            return rows[i].issue;
        }
    }
    return "processing";
}

unsigned fhir_reply_issues(const struct exchange_answer *a, struct fhir_outcome_issue *v,
                           unsigned room)
{
    unsigned n = 0;
    for (; n < a->nerrors && n < room; n++) {
        const struct ack_error *e = &a->errors[n];
        v[n] = (struct fhir_outcome_issue){
            .severity = "error",
            .code = a->end == EXCHANGE_END_LATER ? "transient" : issue_code(e->code),
            .text = e->text,
            .expression = str_of(e->path),
        };
    }
    if (n == 0 && room) {
        v[n++] = (struct fhir_outcome_issue){
            .severity = "error", .code = "processing", .text = STR("it is rejected")};
    }
    return n;
}

/* Of a group that is refused for some of its parts: theirs, each with its entry. `Patient.active` of the second entry is
 * `Bundle.entry[1].resource.active`. */
unsigned fhir_reply_part_issues(struct arena *arena, const struct exchange_answer *a,
                                struct fhir_outcome_issue *v, unsigned room)
{
    unsigned n = 0;
    for (unsigned i = 0; i < a->nparts && n < room; i++) {
        unsigned from = n;
        n += a->parts[i].nerrors ? fhir_reply_issues(&a->parts[i], v + n, room - n) : 0;
        for (; from < n; from++) {
            struct str place = v[from].expression;
            ptrdiff_t dot = str_index(place, '.');
            place = dot < 0 ? STR("") : str_slice(place, (size_t)dot, place.n);
            v[from].expression =
                str_printf(arena, "Bundle.entry[%u].resource%.*s", i, STR_ARG(place));
        }
    }
    return n;
}

/* A type that no route reads is one that is not supported here: error 200 of table 0357. */
int fhir_reply_status(const struct exchange_answer *a)
{
    bool is_unread = a->end == EXCHANGE_END_REJECTED && a->nerrors == 1 && a->errors[0].code == 200;
    return a->end == EXCHANGE_END_LATER ? 503 : is_unread ? 404 : 422;
}

bool fhir_reply_is_taken(const struct exchange_answer *a)
{
    return a->end == EXCHANGE_END_STORED || a->end == EXCHANGE_END_KNOWN;
}

int fhir_reply_taken_status(const struct fhir_part *p, const struct exchange_answer *a)
{
    bool has_id = p->request.what == FHIR_DO_UPDATE && p->request.id.n;
    bool exists = a->end == EXCHANGE_END_KNOWN && p->request.criteria.n;
    return p->request.what == FHIR_DO_DELETE ? 204 : has_id || exists ? 200 : 201;
}

void fhir_reply_put_taken(struct buf *out, const struct exchange_answer *a)
{
    const struct fhir_outcome_issue one = {
        .severity = "information",
        .code = "informational",
        .text = a->end == EXCHANGE_END_KNOWN ? STR("it was accepted before") : STR("accepted"),
        .diagnostics = str_of(a->id)};
    fhir_response_outcome(out, &one, 1);
}
