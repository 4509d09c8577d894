/* A whole request to a FHIR endpoint: read, and given to the engine, or answered. */
#include "adapters/fhir_in_priv.h"
#include "adapters/fhir_parameters.h"
#include "engine/base/json_out.h"
#include "engine/fhir/model.h"

#include <stdio.h>

static struct fhir_in *source_of(const struct http_conn *c)
{
    return (struct fhir_in *)c->serve;
}

/* Answered with why not. */
static bool refuse(struct http_conn *c, const struct fhir_fault *f)
{
    fhir_reply_fault(c, f);
    return false;
}

static bool refuse_one(struct http_conn *c, int status, const char *code, const char *why)
{
    const struct fhir_fault f = {.status = status, .code = code, .why = why};
    return refuse(c, &f);
}

/* ---- conditions on versions ---- */

/* Nothing is stored here that could have a version: what asks for one cannot be promised. */
static const char *condition_fault(const struct fhir_in *in, const struct fhir_request *r)
{
    bool is_asked = (r->if_match.n || r->if_none_match.n) && r->what != FHIR_DO_CAPABILITIES &&
                    r->what != FHIR_DO_VALIDATE;
    return is_asked && !fhir_in_conf(in)->if_match ? "If-Match or If-None-Match: no versions are "
                                                     "kept here that it could be compared with"
                                                   : NULL;
}

/* ---- one resource ---- */

/* What a deletion is to routes: the Bundle in which FHIR tells of one. */
static void make_deletion(struct fhir_call *call)
{
    struct json_out o;
    struct buf text = {0};
    const struct fhir_request *r = &call->request;
    struct str id = r->id.n ? str_printf(&call->a, "/%.*s", STR_ARG(r->id))
                            : str_printf(&call->a, "?%.*s", STR_ARG(r->criteria));
    json_out_init(&o, &text, 0);
    json_out_object(&o);
    json_out_pair_cstr(&o, "resourceType", "Bundle");
    json_out_pair_cstr(&o, "type", "history");
    json_out_key(&o, "entry");
    json_out_array(&o);
    json_out_object(&o);
    json_out_key(&o, "request");
    json_out_object(&o);
    json_out_pair_cstr(&o, "method", "DELETE");
    json_out_pair(&o, "url", str_printf(&call->a, "%.*s%.*s", STR_ARG(r->type), STR_ARG(id)));
    json_out_end(&o);
    json_out_key(&o, "response");
    json_out_object(&o);
    json_out_pair_cstr(&o, "status", "204");
    json_out_end(&o);
    json_out_end(&o);
    json_out_end(&o);
    json_out_end(&o);
    call->part.bytes = str_dup(&call->a, buf_str(&text));
    call->part.type = r->type;
    buf_free(&text);
}

static bool read_one(struct http_conn *c, struct fhir_call *call)
{
    fhir_body_resource(&call->a, buf_str(&c->body), call->root, &call->part);
    call->part.bytes = buf_str(&c->body); /* with the blanks around it: as it came */
    return !call->part.fault.status || refuse(c, &call->part.fault);
}

/* ---- groups ---- */

/* The faults of a transaction: it is refused whole. */
static bool refuse_parts(struct http_conn *c, struct fhir_call *call)
{
    for (unsigned i = 0; i < call->bundle.n; i++) {
        struct fhir_fault f = call->bundle.parts[i].fault;
        if (f.status) {
            f.status = f.status == 400 || f.status == 412 ? f.status : 422; /* the place is there */
            return refuse(c, &f);
        }
    }
    return true;
}

static void judge_parts(struct http_conn *c, struct fhir_call *call, bool is_split)
{
    struct fhir_bundle *b = &call->bundle;
    fhir_judge_entries(c, call);
    for (unsigned i = 0; i < b->n; i++) {
        struct fhir_part *p = &b->parts[i];
        const char *why = condition_fault(source_of(c), &p->request);
        struct str place = str_printf(&call->a, "Bundle.entry[%u].request", i);
        if (p->fault.status) {
            continue;
        }
        if (why) {
            p->fault = (struct fhir_fault){412, "conflict", why, place, 0, 0};
        } else if (is_split && p->request.what == FHIR_DO_DELETE) {
            p->fault = (struct fhir_fault){422,
                                           "not-supported",
                                           "a deletion among others: routes hear of it only where "
                                           "they read Bundle and it is part "
                                           "of a transaction; send it by itself",
                                           place,
                                           0,
                                           0};
        }
        b->nfaults += p->fault.status != 0;
    }
}

static void give_parts(struct fhir_call *call)
{
    const struct fhir_bundle *b = &call->bundle;
    call->send = FHIR_SEND_GROUP;
    call->given = ARENA_ARRAY(&call->a, struct exchange_item, b->n ? b->n : 1);
    for (unsigned i = 0; i < b->n; i++) {
        if (!b->parts[i].fault.status) {
            call->given[call->ngiven++] =
                (struct exchange_item){b->parts[i].bytes, b->parts[i].key};
        }
    }
}

/* True when something of it goes to the engine. */
static bool read_entries(struct http_conn *c, struct fhir_call *call)
{
    const struct source *s = source_of(c)->source;
    bool is_one = call->bundle.kind == FHIR_BUNDLE_TRANSACTION;
    bool is_whole = is_one && source_reads(s, STR("Bundle"));
    judge_parts(c, call, !is_whole);
    if (is_one && !refuse_parts(c, call)) {
        return false;
    }
    if (is_whole) {
        call->part.bytes = buf_str(&c->body);
        return true;
    }
    give_parts(call);
    if (call->ngiven == 0) {
        fhir_reply_parts(c, NULL);
    }
    return call->ngiven > 0;
}

/* ---- Bundles ---- */

static bool read_bundle(struct http_conn *c, struct fhir_call *call)
{
    fhir_body_bundle(&call->a, buf_str(&c->body), call->root, &call->bundle);
    switch (call->bundle.kind) {
    case FHIR_BUNDLE_REFUSED:
        return refuse(c, &call->bundle.fault);
    case FHIR_BUNDLE_BATCH:
    case FHIR_BUNDLE_TRANSACTION:
        return read_entries(c, call);
    case FHIR_BUNDLE_SIGN:
        c->serve->ep->counters.signs++;
        fhir_reply_well(c, "a sign of life of a subscription");
        return false;
    case FHIR_BUNDLE_MESSAGE:
    case FHIR_BUNDLE_EVENT:
        break;
    }
    call->part.bytes =
        call->is_wrapped ? fhir_body_span(buf_str(&c->body), call->root) : buf_str(&c->body);
    call->part.key = call->bundle.key.n ? call->bundle.key : call->part.key;
    call->part.type = STR("Bundle");
    return true;
}

/* Of FHIR 4.3 and 5.0 notifications alone are what they are in R4. */
static bool is_of_r4(struct http_conn *c, struct fhir_call *call)
{
    return !call->request.is_later || fhir_body_is_notice(call->root) ||
           refuse_one(
               c, 415, "not-supported",
               "FHIR 4.3 or 5.0, of which notifications of subscriptions are taken alone; expected "
               "application/fhir+json of FHIR 4.0");
}

static bool read_message(struct http_conn *c, struct fhir_call *call)
{
    fhir_body_bundle(&call->a, buf_str(&c->body), call->root, &call->bundle);
    if (call->bundle.kind != FHIR_BUNDLE_REFUSED && call->bundle.kind != FHIR_BUNDLE_MESSAGE) {
        return refuse_one(c, 422, "value",
                          "no message; $process-message takes a Bundle of type message");
    }
    return read_bundle(c, call);
}

static bool read_lines(struct http_conn *c, struct fhir_call *call)
{
    fhir_body_lines(&call->a, buf_str(&c->body), &call->bundle);
    if (call->bundle.kind == FHIR_BUNDLE_REFUSED) {
        return refuse(c, &call->bundle.fault);
    }
    fhir_judge_lines(c, call);
    give_parts(call);
    if (call->ngiven == 0) {
        fhir_reply_parts(c, NULL);
    }
    return call->ngiven > 0;
}

/* ---- any ---- */

static bool is_signed(const struct http_conn *c, const struct fhir_call *call)
{
    const struct fhir_in *in = source_of(c);
    return !call->wants_signature ||
           fhir_gate_is_signed(buf_str(&in->gate.files.hub), call->request.signature,
                               buf_str(&c->body));
}

/* Does it have JSON for a body that must be one? */
static bool parse(struct http_conn *c, struct fhir_call *call)
{
    struct json *root;
    struct fhir_fault fault;
    if (!fhir_body_parse(&call->a, buf_str(&c->body), &root, &fault)) {
        return refuse(c, &fault);
    }
    call->root = root;
    return true;
}

/* The Bundle of a message, out of its Parameters. */
static bool unwrap(struct http_conn *c, struct fhir_call *call)
{
    struct fhir_fault fault;
    struct json *bundle = fhir_parameters_message(&call->a, call->root, &fault);
    call->is_wrapped = bundle && bundle != call->root;
    call->root = bundle ? bundle : call->root;
    return bundle || refuse(c, &fault);
}

/* True when something goes to the engine; else it is answered. */
static bool read_call(struct http_conn *c, struct fhir_call *call)
{
    const char *why = condition_fault(source_of(c), &call->request);
    call->part.request = call->request;
    call->part.key = fhir_body_key(&call->a, &call->request);
    if (call->fault.status) {
        return refuse(c, &call->fault);
    }
    if (!is_signed(c, call)) {
        call->challenge = "the signature is not that of the body";
        return refuse_one(c, 401, "login", call->challenge);
    }
    if (why) {
        return refuse_one(c, 412, "conflict", why);
    }
    switch (call->request.what) {
    case FHIR_DO_CAPABILITIES:
        fhir_reply_capabilities(c);
        return false;
    case FHIR_DO_DELETE:
        make_deletion(call);
        return true;
    case FHIR_DO_UPLOAD:
        return read_lines(c, call);
    case FHIR_DO_CREATE:
    case FHIR_DO_UPDATE:
        return parse(c, call) && read_one(c, call) && fhir_judge_body(c, call);
    case FHIR_DO_BUNDLE:
        return parse(c, call) && is_of_r4(c, call) && fhir_judge_body(c, call) &&
               read_bundle(c, call);
    case FHIR_DO_MESSAGE:
        return parse(c, call) && unwrap(c, call) && fhir_judge_body(c, call) &&
               read_message(c, call);
    case FHIR_DO_VALIDATE:
        if (!c->body.n && fhir_request_is_bare(&call->request)) {
            fhir_reply_well(c, FHIR_DELETION_IS_FINE);
        } else if (parse(c, call)) {
            fhir_judge_only(c, call);
        }
        return false;
    case FHIR_DO_NOTHING:
        break;
    }
    return refuse_one(c, 400, "not-supported", "nothing that is done here");
}

enum http_take fhir_take(struct http_conn *c)
{
    struct fhir_call *call = c->request;
    struct source *s = source_of(c)->source;
    if (!call->is_read && !read_call(c, call)) {
        return HTTP_TAKE_ANSWERED;
    }
    call->is_read = true;
    char who[HTTP_WHO_MAX];
    const struct exchange_from from = {.peer = http_conn_who(c, who),
                                       .conn = c,
                                       .token = c->token,
                                       .key = call->part.key,
                                       .is_key_all = call->request.what == FHIR_DO_CREATE &&
                                                     call->request.criteria.n};
    const struct exchange_group group = {
        .v = call->given,
        .n = call->ngiven,
        .is_one = call->bundle.kind == FHIR_BUNDLE_TRANSACTION,
    };
    enum exchange_result r = call->send == FHIR_SEND_GROUP
                                 ? exchange_begin_group(s, &from, buf_str(&c->body), &group)
                                 : exchange_begin(s, &from, call->part.bytes);
    return r == EXCHANGE_PAUSED ? HTTP_TAKE_FULL : HTTP_TAKE_WAITS;
}
