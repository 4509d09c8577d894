/* The fhir destination: the http destination (http_out.c) with requests and verdicts of its own. */
#include "adapters/fhir_out.h"

#include "adapters/fhir_answer.h"
#include "adapters/fhir_send.h"
#include "adapters/http_out_priv.h"
#include "engine/base/json.h"
#include "engine/base/pairs.h"

/* transfer.asks; the number of entries stands above them. */
enum {
    ASKS_BUNDLE = 1,
    ASKS_DELETE = 2,
    ASKS_FIRST = 4,
    IS_READING = 8,
    ASKS_READ = 16,
    ASKS_MESSAGE = 32,
    ASKS_ONE = 64,
    ASKS_BITS = 8
};

static const struct fhir_out_conf *conf_of(const struct transfer *t)
{
    return t->out->ep->conf;
}

/* ---- the request ---- */

static bool read_interaction(struct str word, int *out)
{
    struct str words = str_of(opt_find(fhir_out_opts, STR("interaction"))->limits), one;
    for (int i = 0; str_split(&words, '|', &one); i++) {
        if (str_eq(one, word)) {
            *out = i;
            return true;
        }
    }
    return false;
}

/* What the destination says, and this message in its place. */
static const char *say_of(const struct transfer *t, struct str options, struct fhir_say *out)
{
    static const char *const names[] = {"target", "if-none-exist", "if-match"};
    *out = conf_of(t)->say;
    struct str *const texts[] = {&out->target, &out->if_none_exist, &out->if_match};
    for (size_t i = 0; i < 3; i++) {
        struct str own = pairs_get(options, names[i]);
        *texts[i] = own.n ? own : *texts[i];
    }
    struct str word = pairs_get(options, "interaction");
    return word.n && !read_interaction(word, &out->interaction)
               ? "interaction is none of auto, create, update, patch, delete, transaction, read"
               : NULL;
}

static void put_header(struct buf *out, const char *name, struct str value)
{
    if (value.n) {
        buf_printf(out, "%s: %.*s", name, STR_ARG(value));
        buf_putc(out, '\0');
    }
}

static void put_url(struct transfer *t, struct str path)
{
    struct str base = http_out_conf(t->out)->url;
    while (str_ends(base, STR("/"))) {
        base.n--;
    }
    buf_clear(&t->url);
    buf_put_str(&t->url, base);
    if (path.n) {
        buf_putc(&t->url, '/');
        buf_put_str(&t->url, path);
    }
    buf_putc(&t->url, '\0');
}

static struct str prefer_of(const struct transfer *t)
{
    return conf_of(t)->say.prefer == FHIR_PREFER_MINIMAL ? STR("return=minimal")
                                                         : STR("return=representation");
}

/* An answer needs no copy of what was sent; a Bundle's tells of each entry all the same. */
static void put_request(struct transfer *t, struct delivery *d, const struct fhir_request *r)
{
    bool is_reading = r->reads_first;
    t->method = is_reading ? "GET" : r->method;
    t->media_type = is_reading ? "" : r->media_type;
    t->asks = (r->is_bundle ? ASKS_BUNDLE : 0) |
              (str_is(str_of(r->method), "DELETE") ? ASKS_DELETE : 0) |
              (is_reading ? ASKS_FIRST | IS_READING : 0) | (r->is_read ? ASKS_READ : 0) |
              (r->is_message ? ASKS_MESSAGE : 0) | (r->is_of_one ? ASKS_ONE : 0) |
              (uint64_t)r->entries << ASKS_BITS;
    put_url(t, r->path);
    put_header(&t->text, "Accept", STR("application/fhir+json"));
    put_header(&t->text, "Prefer", is_reading || r->is_read ? STR("") : prefer_of(t));
    put_header(&t->text, "X-Request-Id", delivery_id(d));
    put_header(&t->text, "If-None-Exist", r->if_none_exist);
    put_header(&t->text, "If-Match", r->if_match);
}

/* `etag`: what was read; NULL: nothing was. */
static const char *compose(struct transfer *t, struct delivery *d, const struct str *etag)
{
    struct arena a = {0};
    struct fhir_say say;
    struct fhir_request r;
    struct delivery_view v = delivery_view(d);
    const char *why = v.is_json ? say_of(t, v.options, &say)
                                : "the payload is an HL7 v2 message, no FHIR resource";
    why = why ? why : fhir_send_choose(&a, &say, v.payload, &r);
    if (!why && etag) {
        r.reads_first = false;
        r.if_match = *etag;
    }
    if (!why) {
        put_request(t, d, &r);
        t->asks |= etag ? ASKS_FIRST : 0;
    }
    arena_free(&a);
    return why;
}

static const char *add(struct transfer *t, struct delivery *d)
{
    const char *why = compose(t, d, NULL);
    if (!why) {
        t->v[t->n++] = d;
    }
    return why;
}

/* ---- the version read before ---- */

/* Is it a resource? An empty body leaves the headers to tell, a cut one its beginning. */
static bool is_resource(const struct http_answer *answer, const struct json *root)
{
    struct str type = json_text(json_get(root, "resourceType")), body = str_trim(answer->body);
    bool is_large = !root && answer->body.n >= FHIR_ANSWER_MAX && body.p[0] == '{';
    return is_large || (type.n ? !str_is(type, "OperationOutcome") : !body.n && !answer->is_coded);
}

/* The ETag, else the version in the resource; empty: there is neither. */
static struct str version_of(struct arena *a, const struct http_answer *answer)
{
    struct json *root = NULL;
    struct json_fault fault;
    if (json_parse(a, answer->body, NULL, &root, &fault) != 0) {
        root = NULL;
    }
    if (!is_resource(answer, root)) {
        return STR("");
    }
    if (answer->etag.n && !fhir_send_match_fault(answer->etag)) {
        return answer->etag;
    }
    struct str version = json_text(json_get(json_get(root, "meta"), "versionId"));
    return version.n && !fhir_send_match_fault(version)
               ? str_printf(a, "W/\"%.*s\"", STR_ARG(version))
               : STR("");
}

/* What is not there yet is updated without a condition: many servers create it then. */
static bool goes_on(struct transfer *t, const struct http_answer *answer)
{
    struct arena a = {0};
    bool is_read = answer->status == 200 && !answer->is_cut;
    struct str version = is_read ? version_of(&a, answer) : STR("");
    bool is_new = (answer->status == 404 || answer->status == 410) && !(t->asks & ASKS_DELETE);
    bool goes = t->asks & IS_READING && (version.n || is_new);
    if (goes) {
        buf_clear(&t->text);
        goes = compose(t, t->v[0], &version) == NULL;
    }
    arena_free(&a);
    return goes;
}

/* ---- the answer ---- */

static void tell(const struct transfer *t, const struct fhir_issue *issue)
{
    log_event(t->out->ep->log, LOG_LEVEL_WARN, "fhir-issue",
              log_str("destination", t->out->ep->name), log_str("event", delivery_id(t->v[0])),
              log_int("status", issue->status), log_cstr("code", issue->code),
              log_cstr("expression", issue->expression));
}

/* Nothing was changed by a read: what is not known of it is asked again. What is gone needs no deletion. */
static struct outcome judge_read(struct outcome o, int status)
{
    if (o.verdict == DELIVERY_DELIVERED && status < 400) {
        o.verdict = DELIVERY_REFUSED;
        o.reason = "the server gives no version to use in If-Match";
    } else if (o.verdict == DELIVERY_UNKNOWN) {
        o.verdict = DELIVERY_UNREACHABLE;
    }
    return o;
}

static struct outcome judge(struct transfer *t, const struct http_answer *a)
{
    bool is_reading = t->asks & IS_READING;
    struct fhir_asked asked = {.is_bundle = t->asks & ASKS_BUNDLE,
                               .entries = (uint32_t)(t->asks >> ASKS_BITS),
                               .is_delete = t->asks & ASKS_DELETE,
                               .is_read = t->asks & ASKS_READ,
                               .is_message = t->asks & ASKS_MESSAGE,
                               .is_of_one = t->asks & ASKS_ONE,
                               .reads_first = t->asks & ASKS_FIRST};
    struct fhir_issue issue;
    struct outcome o = fhir_answer_judge(a, &asked, clock_wall_us(t->out->ep->clock), &issue);
    if (o.verdict != DELIVERY_DELIVERED && issue.code) {
        tell(t, &issue);
    }
    return is_reading ? judge_read(o, a->status) : o;
}

/* ---- the contract ---- */

static const struct http_kind fhir_kind = {
    .add = add, .judge = judge, .goes_on = goes_on, .body_max = FHIR_ANSWER_MAX};

static int fhir_out_open(struct destination *d, struct diags *diags)
{
    (void)diags; /* what is missing now may be there at the next attempt */
    return http_out_open_as(d, &fhir_kind);
}

const struct destination_ops fhir_destination = {
    .batch = HTTP_BATCH_MAX,
    .open = fhir_out_open,
    .room = http_out_room,
    .send = http_out_send,
    .cancel = http_out_cancel,
    .close = http_out_close,
};
