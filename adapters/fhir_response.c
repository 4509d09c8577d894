#include "adapters/fhir_response.h"

#include "adapters/http_answer.h"
#include "engine/base/clock.h"

#define TYPE "application/fhir+json; charset=utf-8"

/* ---- the answer ---- */

/* Source: RFC 6750, 3.1. */
static void put_challenge(struct buf *out, int status, const char *why)
{
    buf_puts(out, "WWW-Authenticate: Bearer");
    if (why) {
        buf_printf(out, " error=\"%s\", error_description=\"%s\"",
                   status == 403 ? "insufficient_scope" : "invalid_token", why);
    }
    buf_puts(out, "\r\n");
}

static void put_headers(struct buf *out, const struct fhir_response *w, int64_t wall_us)
{
    if (w->location.n) {
        buf_printf(out, "Location: %.*s\r\n", STR_ARG(w->location));
    }
    if (w->etag.n) {
        buf_printf(out, "ETag: %.*s\r\n", STR_ARG(w->etag));
    }
    if (w->etag.n && w->is_new) {
        char date[CLOCK_NET_SIZE];
        clock_net(wall_us, date);
        buf_printf(out, "Last-Modified: %s GMT\r\n", date);
    }
    if (w->status == 401 || w->status == 403) {
        put_challenge(out, w->status, w->challenge);
    } else if (w->status == 405 && w->allow) {
        buf_printf(out, "Allow: %s\r\n", w->allow);
    } else if (w->status == 415) {
        buf_puts(out, "Accept: application/fhir+json, application/json\r\n");
    } else if (w->status == 429 || w->status == 503) {
        buf_puts(out, "Retry-After: 1\r\n");
    }
}

void fhir_response_put(const struct fhir_response_to *to, const struct fhir_response *w)
{
    struct buf headers = {0};
    put_headers(&headers, w, to->wall_us);
    buf_putc(&headers, '\0');
    http_answer_head(to->out, w->status, headers.p, to->closes, to->wall_us);
    if (w->status == 204) {
        buf_puts(to->out, "\r\n");
    } else if (w->body.n && to->is_head) {
        buf_printf(to->out, "Content-Type: " TYPE "\r\nContent-Length: %zu\r\n\r\n", w->body.n);
    } else if (w->body.n) {
        http_answer_body(to->out, TYPE, w->body);
    } else {
        buf_puts(to->out, "Content-Length: 0\r\n\r\n");
    }
    buf_free(&headers);
}

/* ---- outcomes ---- */

struct fhir_outcome_issue fhir_response_issue(const struct fhir_fault *f)
{
    return (struct fhir_outcome_issue){.severity = "error",
                                       .code = f->code,
                                       .text = str_of(f->why),
                                       .expression = f->place,
                                       .line = f->line,
                                       .col = f->col};
}

void fhir_response_outcome(struct buf *out, const struct fhir_outcome_issue *v, size_t n)
{
    struct fhir_outcome o;
    fhir_outcome_begin(&o, out, 0);
    for (size_t i = 0; i < n; i++) {
        fhir_outcome_issue(&o, &v[i]);
    }
    fhir_outcome_end(&o);
}

void fhir_response_fault(const struct fhir_response_to *to, const struct fhir_fault *f,
                         const struct fhir_response *more)
{
    struct buf body = {0};
    struct fhir_outcome_issue one = fhir_response_issue(f);
    struct fhir_response w = more ? *more : (struct fhir_response){0};
    fhir_response_outcome(&body, &one, 1);
    w.status = f->status;
    w.body = buf_str(&body);
    fhir_response_put(to, &w);
    buf_free(&body);
}

/* ---- what was taken ---- */

/* The id that an update has, in its URL or, where that has criteria, in its body; empty: it is made of the message's. */
static struct str id_of(const struct fhir_part *p)
{
    bool is_update = p->request.what == FHIR_DO_UPDATE;
    return !is_update ? STR("") : p->request.id.n ? p->request.id : p->id;
}

static bool has_id(const struct fhir_part *p)
{
    return id_of(p).n > 0;
}

struct str fhir_response_location(struct arena *a, struct str base, const struct fhir_part *p,
                                  struct str message_id)
{
    struct str version = has_id(p) ? message_id : STR("1");
    struct str id = has_id(p) ? id_of(p) : message_id;
    if (str_ends(base, STR("/"))) {
        base.n--;
    }
    return str_printf(a, "%.*s/%.*s/%.*s/_history/%.*s", STR_ARG(base), STR_ARG(p->type),
                      STR_ARG(id), STR_ARG(version));
}

struct str fhir_response_etag(struct arena *a, const struct fhir_part *p, struct str message_id)
{
    return has_id(p) ? str_printf(a, "W/\"%.*s\"", STR_ARG(message_id)) : STR("W/\"1\"");
}

void fhir_response_resource(struct arena *a, struct buf *out, const struct fhir_part *p,
                            struct str message_id)
{
    struct json *root, *copy = json_new(a, JSON_OBJECT);
    struct json_fault fault;
    if (has_id(p) || json_parse(a, p->bytes, NULL, &root, &fault) < 0) {
        buf_put_str(out, p->bytes);
        return;
    }
    json_add(copy, STR("resourceType"), json_new_string(a, p->type));
    json_add(copy, STR("id"), json_new_string(a, message_id));
    for (struct json *m = root->first, *next; m; m = next) {
        next = m->next;
        if (!str_is(m->key, "resourceType") && !str_is(m->key, "id") && !str_is(m->key, "_id")) {
            json_add(copy, m->key, m);
        }
    }
    json_write(out, copy, 0);
}
