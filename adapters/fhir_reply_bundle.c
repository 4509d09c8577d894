/* Answers to what has parts: batches and transactions entry by entry, uploaded lines as one outcome. */
#include "adapters/fhir_reply_priv.h"
#include "adapters/http_answer.h"
#include "engine/base/json_out.h"

static void put_status(struct json_out *o, int status)
{
    struct buf text = {0};
    buf_printf(&text, "%d %s", status, http_answer_text(status));
    json_out_pair(o, "status", buf_str(&text));
    buf_free(&text);
}

static void put_outcome(struct json_out *o, const struct fhir_outcome_issue *v, unsigned n)
{
    struct buf text = {0};
    fhir_response_outcome(&text, v, n);
    json_out_key(o, "outcome");
    json_out_raw(o, buf_str(&text));
    buf_free(&text);
}

/* The id that what was taken got: its message's, which in a transaction that went whole is made of the transaction's. */
static struct str id_of(struct fhir_call *call, unsigned i, const struct exchange_answer *a)
{
    return call->send == FHIR_SEND_GROUP || !a->id[0] ? str_of(a->id)
                                                      : str_printf(&call->a, "%s-%u", a->id, i + 1);
}

/* Where what was taken is, and when that was. */
static void put_version(struct json_out *o, struct http_conn *c, unsigned i,
                        const struct exchange_answer *a)
{
    struct fhir_call *call = c->request;
    const struct fhir_part *p = &call->bundle.parts[i];
    struct str id = id_of(call, i, a);
    json_out_pair(o, "location", fhir_response_location(&call->a, fhir_reply_base(c), p, id));
    json_out_pair(o, "etag", fhir_response_etag(&call->a, p, id));
    if (a->end == EXCHANGE_END_STORED) {
        char at[CLOCK_RFC3339_SIZE];
        clock_rfc3339(clock_wall_us(c->serve->ep->clock), at);
        json_out_pair_cstr(o, "lastModified", at);
    }
}

static void put_accepted(struct json_out *o, const struct exchange_answer *a)
{
    struct buf text = {0};
    fhir_reply_put_taken(&text, a);
    json_out_key(o, "outcome");
    json_out_raw(o, buf_str(&text));
    buf_free(&text);
}

/* What became of one part; `a` NULL: it was not given to the engine. */
static void put_response(struct json_out *o, struct http_conn *c, unsigned i,
                         const struct exchange_answer *a)
{
    struct fhir_call *call = c->request;
    const struct fhir_part *p = &call->bundle.parts[i];
    struct fhir_outcome_issue v[FHIR_REPLY_TOLD_MAX];
    json_out_key(o, "response");
    json_out_object(o);
    if (a && fhir_reply_is_taken(a)) {
        bool is_other = a->end == EXCHANGE_END_KNOWN && call->request.wants == FHIR_RETURN_RESOURCE;
        put_status(o, fhir_reply_taken_status(p, a));
        if (a->id[0] && p->request.what != FHIR_DO_DELETE) {
            put_version(o, c, i, a);
        }
        if (call->request.wants == FHIR_RETURN_OUTCOME || is_other) {
            put_accepted(o, a);
        }
    } else if (a) {
        put_status(o, fhir_reply_status(a));
        put_outcome(o, v, fhir_reply_issues(a, v, FHIR_REPLY_TOLD_MAX));
    } else {
        v[0] = fhir_response_issue(&p->fault);
        put_status(o, p->fault.status);
        put_outcome(o, v, 1);
    }
    json_out_end(o);
}

/* The resource of a part as it was taken, where that is wanted. */
static void put_resource(struct json_out *o, struct http_conn *c, unsigned i,
                         const struct exchange_answer *a)
{
    struct fhir_call *call = c->request;
    const struct fhir_part *p = &call->bundle.parts[i];
    bool is_wanted = call->request.wants == FHIR_RETURN_RESOURCE && a &&
                     a->end == EXCHANGE_END_STORED && p->request.what != FHIR_DO_DELETE;
    if (is_wanted) {
        struct buf text = {0};
        fhir_response_resource(&call->a, &text, p, id_of(call, i, a));
        json_out_key(o, "resource");
        json_out_raw(o, buf_str(&text));
        buf_free(&text);
    }
}

/* Part `i`, a member of a group or of a transaction that went whole: its own answer, in *one where it has none of its own. */
static const struct exchange_answer *answer_of(const struct fhir_call *call,
                                               const struct exchange_answer *a, unsigned i,
                                               unsigned *given, struct exchange_answer *one)
{
    if (call->bundle.parts[i].fault.status || !a) {
        return NULL;
    }
    if (call->send == FHIR_SEND_GROUP) {
        return *given < a->nparts ? &a->parts[(*given)++] : a;
    }
    *one = *a;
    return one;
}

static void put_entries(struct json_out *o, struct http_conn *c, const struct exchange_answer *a)
{
    const struct fhir_call *call = c->request;
    unsigned given = 0;
    json_out_key(o, "entry");
    json_out_array(o);
    for (unsigned i = 0; i < call->bundle.n; i++) {
        struct exchange_answer one;
        const struct exchange_answer *mine = answer_of(call, a, i, &given, &one);
        json_out_object(o);
        put_resource(o, c, i, mine);
        put_response(o, c, i, mine);
        json_out_end(o);
    }
    json_out_end(o);
}

static void reply_bundle(struct http_conn *c, const struct exchange_answer *a)
{
    const struct fhir_call *call = c->request;
    bool is_one = call->bundle.kind == FHIR_BUNDLE_TRANSACTION;
    struct buf body = {0};
    struct json_out o;
    json_out_init(&o, &body, 0);
    json_out_object(&o);
    json_out_pair_cstr(&o, "resourceType", "Bundle");
    if (a && a->id[0]) {
        json_out_pair_cstr(&o, "id", a->id);
    }
    json_out_pair_cstr(&o, "type", is_one ? "transaction-response" : "batch-response");
    if (call->bundle.n) {
        put_entries(&o, c, a);
    }
    json_out_end(&o);
    fhir_reply_put(c, &(struct fhir_response){.status = 200, .body = buf_str(&body)});
    buf_free(&body);
}

static unsigned tell_lines(const struct fhir_call *call, const struct exchange_answer *a,
                           struct fhir_outcome_issue *v, unsigned *taken)
{
    unsigned n = 0, given = 0;
    for (unsigned i = 0; i < call->bundle.n; i++) {
        const struct fhir_part *p = &call->bundle.parts[i];
        struct exchange_answer one;
        const struct exchange_answer *mine = answer_of(call, a, i, &given, &one);
        *taken += mine && fhir_reply_is_taken(mine);
        if (n == FHIR_REPLY_TOLD_MAX - 1 || (mine && fhir_reply_is_taken(mine))) {
            continue;
        }
        if (mine) {
            (void)fhir_reply_issues(mine, &v[n], 1);
            v[n].line = p->line;
            v[n].col = 1;
        } else {
            v[n] = fhir_response_issue(&p->fault);
        }
        n++;
    }
    return n;
}

static void reply_lines(struct http_conn *c, const struct exchange_answer *a)
{
    struct fhir_call *call = c->request;
    struct fhir_outcome_issue v[FHIR_REPLY_TOLD_MAX];
    struct buf body = {0};
    unsigned taken = 0, n = tell_lines(call, a, v, &taken);
    v[n++] = (struct fhir_outcome_issue){
        .severity = "information",
        .code = "informational",
        .text = str_printf(&call->a, "%u of %u lines accepted", taken, call->bundle.n)};
    fhir_response_outcome(&body, v, n);
    fhir_reply_put(c, &(struct fhir_response){.status = taken ? 200 : 422, .body = buf_str(&body)});
    buf_free(&body);
}

void fhir_reply_parts(struct http_conn *c, const struct exchange_answer *a)
{
    const struct fhir_call *call = c->request;
    if (call->request.what == FHIR_DO_UPLOAD) {
        reply_lines(c, a);
    } else {
        reply_bundle(c, a);
    }
}
