/* What became of a request to a FHIR endpoint, as an answer. */
#include "adapters/fhir_capability.h"
#include "adapters/fhir_in_priv.h"
#include "adapters/http_answer.h"
#include "engine/base/json_out.h"
#include "engine/base/uuid.h"
#include "engine/fhir/model.h"

enum { TOLD_MAX = 100 }; /* issues of one outcome */

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

static void put(struct http_conn *c, const struct fhir_response *w)
{
    struct fhir_response_to to = fhir_reply_to(c);
    fhir_response_put(&to, w);
}

static struct str base_of(const struct http_conn *c)
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
    put(c, &(struct fhir_response){.status = 200, .body = buf_str(&body)});
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
    put(c, &(struct fhir_response){.status = status, .body = buf_str(&body)});
    buf_free(&body);
}

/* ---- what it can do ---- */

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
    put(c, &(struct fhir_response){.status = 200, .body = buf_str(&body)});
    buf_free(&body);
}

/* ---- errors of routes ---- */

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

static unsigned tell_errors(const struct exchange_answer *a, struct fhir_outcome_issue *v,
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
static unsigned tell_parts(struct arena *arena, const struct exchange_answer *a,
                           struct fhir_outcome_issue *v, unsigned room)
{
    unsigned n = 0;
    for (unsigned i = 0; i < a->nparts && n < room; i++) {
        unsigned from = n;
        n += a->parts[i].nerrors ? tell_errors(&a->parts[i], v + n, room - n) : 0;
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
static int status_of(const struct exchange_answer *a)
{
    bool is_unread = a->end == EXCHANGE_END_REJECTED && a->nerrors == 1 && a->errors[0].code == 200;
    return a->end == EXCHANGE_END_LATER ? 503 : is_unread ? 404 : 422;
}

static bool is_taken(const struct exchange_answer *a)
{
    return a->end == EXCHANGE_END_STORED || a->end == EXCHANGE_END_KNOWN;
}

static void reply_rejected(struct http_conn *c, const struct exchange_answer *a)
{
    struct fhir_call *call = c->request;
    struct fhir_outcome_issue v[TOLD_MAX];
    struct buf body = {0};
    unsigned n = a->end == EXCHANGE_END_REJECTED ? tell_parts(&call->a, a, v, TOLD_MAX) : 0;
    n = n ? n : tell_errors(a, v, TOLD_MAX);
    fhir_response_outcome(&body, v, n);
    put(c, &(struct fhir_response){.status = status_of(a), .body = buf_str(&body)});
    buf_free(&body);
}

/* ---- one resource ---- */

static int taken_status(const struct fhir_part *p, const struct exchange_answer *a)
{
    bool has_id = p->request.what == FHIR_DO_UPDATE && p->request.id.n;
    bool exists = a->end == EXCHANGE_END_KNOWN && p->request.criteria.n;
    return p->request.what == FHIR_DO_DELETE ? 204 : has_id || exists ? 200 : 201;
}

static void put_taken(struct buf *out, const struct exchange_answer *a)
{
    const struct fhir_outcome_issue one = {
        .severity = "information",
        .code = "informational",
        .text = a->end == EXCHANGE_END_KNOWN ? STR("it was accepted before") : STR("accepted"),
        .diagnostics = str_of(a->id)};
    fhir_response_outcome(out, &one, 1);
}

static void reply_taken(struct http_conn *c, const struct exchange_answer *a)
{
    struct fhir_call *call = c->request;
    const struct fhir_part *p = &call->part;
    struct buf body = {0};
    struct str id = str_of(a->id);
    struct fhir_response w = {.status = taken_status(p, a)};
    if (id.n && w.status != 204) {
        w.location = fhir_response_location(&call->a, base_of(c), p, id);
        w.etag = fhir_response_etag(&call->a, p, id);
        w.is_new = a->end == EXCHANGE_END_STORED;
    }
    bool is_other = a->end == EXCHANGE_END_KNOWN; /* the resource of then is not kept here */
    if (call->request.wants == FHIR_RETURN_OUTCOME ||
        (call->request.wants == FHIR_RETURN_RESOURCE && is_other)) {
        w.status = w.status == 204 ? 200 : w.status;
        put_taken(&body, a);
    } else if (call->request.wants == FHIR_RETURN_RESOURCE && w.status != 204) {
        fhir_response_resource(&call->a, &body, p, id);
    }
    w.body = buf_str(&body);
    put(c, &w);
    buf_free(&body);
}

/* ---- messages ---- */

static void put_member(struct json_out *o, const struct http_conn *c, const struct json *from,
                       const char *name)
{
    const struct json *v = json_get(from, name);
    if (v) {
        json_out_key(o, name);
        json_out_raw(o, fhir_body_span(buf_str(&c->body), v));
    }
}

/* The header of the answer to a message. */
static void put_header(struct json_out *o, struct http_conn *c, const struct exchange_answer *a)
{
    const struct fhir_call *call = c->request;
    const struct json *entry = json_at(json_get(call->root, "entry"), 0);
    const struct json *asked = json_get(entry, "resource");
    json_out_object(o);
    json_out_pair_cstr(o, "resourceType", "MessageHeader");
    json_out_pair_cstr(o, "id", a->id);
    put_member(o, c, asked, "eventCoding");
    put_member(o, c, asked, "eventUri");
    json_out_key(o, "source");
    json_out_object(o);
    json_out_pair(o, "name", STR("Corridor"));
    json_out_pair(o, "endpoint", base_of(c));
    json_out_end(o);
    json_out_key(o, "response");
    json_out_object(o);
    json_out_pair(o, "identifier", json_text(json_get(asked, "id")));
    json_out_pair_cstr(o, "code", "ok");
    json_out_end(o);
    json_out_end(o);
}

/* The header's place in a Bundle, made of its id: a message that is answered again has the same. */
static void put_full_url(struct json_out *o, const struct exchange_answer *a)
{
    struct sha256 sha;
    uint8_t hash[SHA256_SIZE];
    char urn[UUID_URN_SIZE];
    sha256_begin(&sha);
    sha256_add(&sha, a->id, str_of(a->id).n);
    sha256_end(&sha, hash);
    uuid_urn(hash, urn);
    json_out_pair_cstr(o, "fullUrl", urn);
}

static void reply_message(struct http_conn *c, const struct exchange_answer *a)
{
    struct buf body = {0};
    struct json_out o;
    json_out_init(&o, &body, 0);
    json_out_object(&o);
    json_out_pair_cstr(&o, "resourceType", "Bundle");
    json_out_pair_cstr(&o, "id", a->id);
    json_out_pair_cstr(&o, "type", "message");
    json_out_key(&o, "entry");
    json_out_array(&o);
    json_out_object(&o);
    put_full_url(&o, a);
    json_out_key(&o, "resource");
    put_header(&o, c, a);
    json_out_end(&o);
    json_out_end(&o);
    json_out_end(&o);
    put(c, &(struct fhir_response){.status = 200, .body = buf_str(&body)});
    buf_free(&body);
}

/* ---- batches and transactions ---- */

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
    json_out_pair(o, "location", fhir_response_location(&call->a, base_of(c), p, id));
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
    put_taken(&text, a);
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
    struct fhir_outcome_issue v[TOLD_MAX];
    json_out_key(o, "response");
    json_out_object(o);
    if (a && is_taken(a)) {
        bool is_other = a->end == EXCHANGE_END_KNOWN && call->request.wants == FHIR_RETURN_RESOURCE;
        put_status(o, taken_status(p, a));
        if (a->id[0] && p->request.what != FHIR_DO_DELETE) {
            put_version(o, c, i, a);
        }
        if (call->request.wants == FHIR_RETURN_OUTCOME || is_other) {
            put_accepted(o, a);
        }
    } else if (a) {
        put_status(o, status_of(a));
        put_outcome(o, v, tell_errors(a, v, TOLD_MAX));
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
    put(c, &(struct fhir_response){.status = 200, .body = buf_str(&body)});
    buf_free(&body);
}

/* ---- lines ---- */

static unsigned tell_lines(const struct fhir_call *call, const struct exchange_answer *a,
                           struct fhir_outcome_issue *v, unsigned *taken)
{
    unsigned n = 0, given = 0;
    for (unsigned i = 0; i < call->bundle.n; i++) {
        const struct fhir_part *p = &call->bundle.parts[i];
        struct exchange_answer one;
        const struct exchange_answer *mine = answer_of(call, a, i, &given, &one);
        *taken += mine && is_taken(mine);
        if (n == TOLD_MAX - 1 || (mine && is_taken(mine))) {
            continue;
        }
        if (mine) {
            (void)tell_errors(mine, &v[n], 1);
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
    struct fhir_outcome_issue v[TOLD_MAX];
    struct buf body = {0};
    unsigned taken = 0, n = tell_lines(call, a, v, &taken);
    v[n++] = (struct fhir_outcome_issue){
        .severity = "information",
        .code = "informational",
        .text = str_printf(&call->a, "%u of %u lines accepted", taken, call->bundle.n)};
    fhir_response_outcome(&body, v, n);
    put(c, &(struct fhir_response){.status = taken ? 200 : 422, .body = buf_str(&body)});
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

/* ---- any ---- */

void fhir_reply_answer(struct http_conn *c, const struct exchange_answer *a)
{
    const struct fhir_call *call = c->request;
    bool is_batch = call->send == FHIR_SEND_GROUP && call->bundle.kind == FHIR_BUNDLE_BATCH;
    if (a->end == EXCHANGE_END_LATER || (!is_taken(a) && !is_batch)) {
        reply_rejected(c, a);
    } else if (call->bundle.kind == FHIR_BUNDLE_BATCH ||
               call->bundle.kind == FHIR_BUNDLE_TRANSACTION) {
        fhir_reply_parts(c, a);
    } else if (call->bundle.kind == FHIR_BUNDLE_MESSAGE) {
        reply_message(c, a);
    } else if (call->bundle.kind == FHIR_BUNDLE_EVENT) {
        fhir_reply_well(c, "the notification was accepted");
    } else {
        reply_taken(c, a);
    }
}
