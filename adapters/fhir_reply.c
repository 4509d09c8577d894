/* What became of a request to a FHIR endpoint, as an answer. */
#include "adapters/fhir_capability.h"
#include "adapters/fhir_reply_priv.h"
#include "engine/fhir/model.h"

static struct fhir_in *source_of(const struct http_conn *c)
{
    return (struct fhir_in *)c->serve;
}

struct fhir_response_to fhir_reply_to(struct http_conn *c)
{
    const struct fhir_call *call = c->request;
    return (struct fhir_response_to){.out = &c->out,
                                     .is_head = call && call->request.is_head,
                                     .closes = http_conn_closes(c),
                                     .wall_us = clock_wall_us(c->serve->ep->clock)};
}

void fhir_reply_put(struct http_conn *c, const struct fhir_response *w)
{
    struct fhir_response_to to = fhir_reply_to(c);
    fhir_response_put(&to, w);
}

struct str fhir_reply_base(const struct http_conn *c)
{
    return fhir_in_conf(source_of(c))->base;
}

void fhir_reply_fault(struct http_conn *c, const struct fhir_fault *f)
{
    const struct fhir_call *call = c->request;
    const struct fhir_response more = {.allow = call ? call->request.allow : NULL,
                                       .challenge = call ? call->challenge : NULL};
    struct fhir_response_to to = fhir_reply_to(c);
    http_conn_tell_refused(c, f->status, f->why);
    fhir_response_fault(&to, f, &more);
}

void fhir_reply_well(struct http_conn *c, const char *text)
{
    struct buf body = {0};
    const struct fhir_outcome_issue one = {
        .severity = "information", .code = "informational", .text = str_of(text)};
    fhir_response_outcome(&body, &one, 1);
    fhir_reply_put(c, &(struct fhir_response){.status = 200, .body = buf_str(&body)});
    buf_free(&body);
}

void fhir_reply_report(struct http_conn *c, int status)
{
    const struct fhir_call *call = c->request;
    struct buf body = {0};
    if (status != 200) {
        http_conn_tell_refused(c, status, "it is not what R4 says it is");
    }
    fhir_outcome_report(&body, call->report, 0);
    fhir_reply_put(c, &(struct fhir_response){.status = status, .body = buf_str(&body)});
    buf_free(&body);
}

static bool is_read(const struct source *s, unsigned type)
{
    return fhir_type_kind(type) == FHIR_RESOURCE && !fhir_type_is_abstract(type) &&
           source_reads(s, str_of(fhir_type_name(type)));
}

static size_t types_of(const struct source *s, struct arena *a, const struct str **out)
{
    size_t most = 0, n = 0;
    for (unsigned t = 1; fhir_type_at(t); t++) {
        most += is_read(s, t);
    }
    struct str *v = ARENA_ARRAY(a, struct str, most + 1);
    for (unsigned t = 1; fhir_type_at(t) && n < most; t++) {
        if (is_read(s, t)) {
            v[n++] = str_of(fhir_type_name(t));
        }
    }
    *out = v;
    return n;
}

void fhir_reply_capabilities(struct http_conn *c)
{
    const struct fhir_in *in = source_of(c);
    const struct fhir_auth_conf *auth = fhir_in_conf(in)->auth;
    struct fhir_call *call = c->request;
    struct buf body = {0};
    struct fhir_capability what = {
        .name = in->ep->name,
        .version = STR(CORRIDOR_VERSION),
        .since_us = in->since_us,
        .has_bundles = source_reads(in->source, STR("Bundle")),
        .has_tokens = auth && auth->tokens.from != OPT_SECRET_NONE,
        .has_jwt = auth && auth->jwt,
        .has_hub = auth && auth->hub.from != OPT_SECRET_NONE,
    };
    what.n = types_of(in->source, &call->a, &what.types);
    fhir_capability_put(&body, &what);
    fhir_reply_put(c, &(struct fhir_response){.status = 200, .body = buf_str(&body)});
    buf_free(&body);
}

static void reply_rejected(struct http_conn *c, const struct exchange_answer *a)
{
    struct fhir_call *call = c->request;
    struct fhir_outcome_issue v[FHIR_REPLY_TOLD_MAX];
    struct buf body = {0};
    unsigned n = a->end == EXCHANGE_END_REJECTED
                     ? fhir_reply_part_issues(&call->a, a, v, FHIR_REPLY_TOLD_MAX)
                     : 0;
    n = n ? n : fhir_reply_issues(a, v, FHIR_REPLY_TOLD_MAX);
    fhir_response_outcome(&body, v, n);
    fhir_reply_put(c,
                   &(struct fhir_response){.status = fhir_reply_status(a), .body = buf_str(&body)});
    buf_free(&body);
}

static void reply_taken(struct http_conn *c, const struct exchange_answer *a)
{
    struct fhir_call *call = c->request;
    const struct fhir_part *p = &call->part;
    struct buf body = {0};
    struct str id = str_of(a->id);
    struct fhir_response w = {.status = fhir_reply_taken_status(p, a)};
    if (id.n && w.status != 204) {
        w.location = fhir_response_location(&call->a, fhir_reply_base(c), p, id);
        w.etag = fhir_response_etag(&call->a, p, id);
        w.is_new = a->end == EXCHANGE_END_STORED;
    }
    bool is_other = a->end == EXCHANGE_END_KNOWN; /* the resource of then is not kept here */
    if (call->request.wants == FHIR_RETURN_OUTCOME ||
        (call->request.wants == FHIR_RETURN_RESOURCE && is_other)) {
        w.status = w.status == 204 ? 200 : w.status;
        fhir_reply_put_taken(&body, a);
    } else if (call->request.wants == FHIR_RETURN_RESOURCE && w.status != 204) {
        fhir_response_resource(&call->a, &body, p, id);
    }
    w.body = buf_str(&body);
    fhir_reply_put(c, &w);
    buf_free(&body);
}

void fhir_reply_answer(struct http_conn *c, const struct exchange_answer *a)
{
    const struct fhir_call *call = c->request;
    bool is_batch = call->send == FHIR_SEND_GROUP && call->bundle.kind == FHIR_BUNDLE_BATCH;
    if (a->end == EXCHANGE_END_LATER || (!fhir_reply_is_taken(a) && !is_batch)) {
        reply_rejected(c, a);
    } else if (call->bundle.kind == FHIR_BUNDLE_BATCH ||
               call->bundle.kind == FHIR_BUNDLE_TRANSACTION) {
        fhir_reply_parts(c, a);
    } else if (call->bundle.kind == FHIR_BUNDLE_MESSAGE) {
        fhir_reply_message(c, a);
    } else if (call->bundle.kind == FHIR_BUNDLE_EVENT) {
        fhir_reply_well(c, "the notification was accepted");
    } else {
        reply_taken(c, a);
    }
}
