#include "adapters/fhir_request.h"
#include "adapters/fhir_url.h"

#include "engine/fhir/model.h"
#include "engine/fhir/primitive.h"

static void refuse(struct fhir_request *r, int status, const char *code, const char *why)
{
    if (!r->status) {
        r->what = FHIR_DO_NOTHING;
        r->status = status;
        r->code = code;
        r->why = why;
    }
}

static void refuse_method(struct fhir_request *r, const char *allow)
{
    r->allow = allow;
    refuse(
        r, 405, "not-supported",
        "this method does nothing here; resources are taken and passed on, not read back, searched "
        "or patched");
}

/* ---- places ---- */

/* The next part of a path, between slashes. */
static struct str next_part(struct str *path)
{
    struct str part = STR("");
    if (!path->n) {
        return part;
    }
    (void)str_split(path, '/', &part);
    return part;
}

/* "$validate": the name without its sign; p NULL: it is no operation. */
static struct str operation_of(struct str part)
{
    return str_starts(part, STR("$")) ? str_slice(part, 1, part.n) : str_from(NULL, 0);
}

static void map_operation(struct fhir_request *r, struct str method, struct str name)
{
    bool is_validate = str_is(name, "validate");
    bool is_message = str_is(name, "process-message") && !r->type.n;
    if (!is_validate && !is_message) {
        refuse(r, 404, "not-supported",
               "no operation of this name is here; expected $validate or $process-message");
    } else if (!str_is(method, "POST")) {
        refuse_method(r, "POST");
    } else {
        r->what = is_validate ? FHIR_DO_VALIDATE : FHIR_DO_MESSAGE;
    }
}

static void map_type(struct arena *a, struct fhir_request *r, struct str method, struct str query)
{
    bool is_put = str_is(method, "PUT"), is_delete = str_is(method, "DELETE");
    if (str_is(method, "POST")) {
        r->what = FHIR_DO_CREATE;
    } else if ((is_put || is_delete) && fhir_url_is_search(query)) {
        r->what = is_put ? FHIR_DO_UPDATE : FHIR_DO_DELETE;
        r->criteria = fhir_url_criteria(a, query);
    } else if (is_put || is_delete) {
        refuse(
            r, 400, "required",
            "neither an id nor criteria in the URL; expected [type]/[id] or [type]?identifier=..");
    } else {
        refuse_method(r, "POST, PUT, DELETE");
    }
}

static void map_instance(struct fhir_request *r, struct str method)
{
    if (!fhir_primitive_valid(FHIR_TYPE_ID, r->id)) {
        refuse(r, 400, "value",
               "an id in the URL that is none; expected 1 to 64 of A-Z a-z 0-9 - .");
    } else if (str_is(method, "PUT")) {
        r->what = FHIR_DO_UPDATE;
    } else if (str_is(method, "DELETE")) {
        r->what = FHIR_DO_DELETE;
    } else {
        refuse_method(r, "PUT, DELETE");
    }
}

static void map_base(struct fhir_request *r, struct str method)
{
    if (str_is(method, "POST")) {
        r->what = FHIR_DO_BUNDLE;
    } else {
        refuse_method(r, "POST");
    }
}

static void map_metadata(struct fhir_request *r, struct str method)
{
    if (str_is(method, "GET") || str_is(method, "HEAD")) {
        r->what = FHIR_DO_CAPABILITIES;
    } else {
        refuse_method(r, "GET, HEAD");
    }
}

/* What other servers read back there. */
static bool is_reading(struct str part)
{
    return str_is(part, "_search") || str_is(part, "_history");
}

static void map_resource(struct arena *a, struct fhir_request *r, struct str method,
                         struct str rest, struct str query)
{
    struct str second = next_part(&rest), third = next_part(&rest);
    struct str name = operation_of(second), later = operation_of(third);
    bool is_past = is_reading(second) || (is_reading(third) && str_index(rest, '/') < 0);
    if (!fhir_type_of_resource(r->type)) {
        refuse(r, 404, "not-supported", "no resource type of FHIR R4 has this name");
    } else if (is_past) {
        refuse_method(r, "");
    } else if (rest.n || (third.n && !later.p)) {
        refuse(r, 404, "not-found", "nothing is at this path");
    } else if (name.p) {
        map_operation(r, method, name);
    } else if (!second.n) {
        map_type(a, r, method, query);
    } else {
        r->id = second;
        later.p ? map_operation(r, method, later) : map_instance(r, method);
    }
}

void fhir_request_place(struct arena *a, struct str method, struct str place,
                        struct fhir_request *out)
{
    struct str path = STR(""), query = place;
    *out = (struct fhir_request){0};
    (void)str_split(&query, '?', &path);
    path = fhir_url_path(a, path);
    struct str rest = str_starts(path, STR("/")) ? str_slice(path, 1, path.n) : path;
    struct str first = next_part(&rest), name = operation_of(first);
    if (!first.n && !rest.n) {
        map_base(out, method);
    } else if (name.p && !rest.n) {
        map_operation(out, method, name);
    } else if (str_is(first, "metadata") && !rest.n) {
        map_metadata(out, method);
    } else if (is_reading(first) && !rest.n) {
        refuse_method(out, "");
    } else {
        out->type = first;
        map_resource(a, out, method, rest, query);
    }
}

/* What follows the base; p NULL: it is another place. */
static struct str below(struct str target, struct str base)
{
    if (str_ends(base, STR("/"))) {
        base.n--;
    }
    struct str rest = str_slice(target, base.n, target.n);
    bool is_below = str_starts(target, base) && (!rest.n || rest.p[0] == '/' || rest.p[0] == '?');
    return is_below ? rest : str_from(NULL, 0);
}

bool fhir_request_is_open(struct arena *a, const struct http_head *h, struct str base)
{
    struct fhir_request r;
    struct str place = below(h->target, base);
    if (!place.p) {
        return false;
    }
    fhir_request_place(a, h->method, place, &r);
    return r.what == FHIR_DO_CAPABILITIES;
}

/* ---- types of content ---- */

bool fhir_request_is_bare(const struct fhir_request *r)
{
    return r->what == FHIR_DO_VALIDATE && r->id.n && str_is(r->mode, "delete");
}

static void read_content_type(struct fhir_request *r, const struct http_head *h)
{
    enum fhir_content c = fhir_header_content(h->content_type);
    bool is_empty = !h->is_chunked && h->length == 0;
    if (r->what == FHIR_DO_CAPABILITIES || r->what == FHIR_DO_DELETE ||
        (is_empty && fhir_request_is_bare(r))) {
        return; /* no body */
    }
    if (c == FHIR_CONTENT_NDJSON && r->what == FHIR_DO_BUNDLE) {
        r->what = FHIR_DO_UPLOAD;
    } else if (c == FHIR_CONTENT_LATER && r->what == FHIR_DO_BUNDLE) {
        r->is_later = true;
    } else if (c == FHIR_CONTENT_XML) {
        refuse(r, 415, "not-supported", "XML is not taken; send application/fhir+json");
    } else if (!h->content_type.n) {
        refuse(r, 415, "not-supported", "no Content-Type; expected application/fhir+json");
    } else if (c != FHIR_CONTENT_JSON) {
        refuse(r, 415, "not-supported",
               "another Content-Type than application/fhir+json (UTF-8, FHIR 4.0); lines of "
               "application/fhir+ndjson go to the base");
    }
}

static void read_accept(struct arena *a, struct fhir_request *r, const struct http_head *h)
{
    struct str rest = h->fields, accept, format = fhir_url_value(a, h->target, "_format");
    bool is_asked = format.n > 0, is_given = format.n && fhir_header_accepts(format, r->is_later);
    while (!format.n && http_head_next(&rest, STR("Accept"), &accept)) {
        is_asked = is_asked || accept.n;
        is_given = is_given || fhir_header_accepts(accept, r->is_later);
    }
    if (is_asked && !is_given) {
        refuse(
            r, 406, "not-supported",
            "another format of answers is asked for; expected application/fhir+json of FHIR 4.0");
    }
}

/* ---- headers ---- */

static void read_prefer(struct fhir_request *r, const struct http_head *h)
{
    struct str rest = h->fields, list;
    struct fhir_preferences p = {0};
    while (http_head_next(&rest, STR("Prefer"), &list)) {
        fhir_header_prefer(list, &p);
    }
    r->wants = p.wants;
    r->is_strict = p.is_strict;
}

/* A header that may stand once; copied. */
static struct str read_field(struct arena *a, struct fhir_request *r, const struct http_head *h,
                             struct str name)
{
    struct str value = STR("");
    if (http_head_field(h, name, &value) > 1) {
        refuse(r, 400, "structure", "a header that may stand once stands twice");
    }
    return str_dup(a, value);
}

/* The same, and it says something: a condition that was to be there is none that can be passed over. */
static struct str read_condition(struct arena *a, struct fhir_request *r, const struct http_head *h,
                                 struct str name)
{
    struct str value = STR("");
    if (http_head_field(h, name, &value) && !value.n) {
        refuse(r, 400, "value", "an If-Match, If-None-Match or If-None-Exist that is empty");
    }
    return read_field(a, r, h, name);
}

static void read_conditions(struct arena *a, struct fhir_request *r, const struct http_head *h)
{
    struct str exist = read_condition(a, r, h, STR("If-None-Exist"));
    r->if_match = read_condition(a, r, h, STR("If-Match"));
    r->if_none_match = read_condition(a, r, h, STR("If-None-Match"));
    r->key = read_field(a, r, h, STR("Idempotency-Key"));
    r->signature = read_field(a, r, h, STR("X-Hub-Signature-256"));
    if (!r->signature.n) {
        r->signature = read_field(a, r, h, STR("X-Hub-Signature"));
    }
    if (exist.n && r->what == FHIR_DO_CREATE) {
        r->criteria = fhir_url_condition(a, exist, r->type);
        if (!fhir_url_is_search(r->criteria)) {
            refuse(r, 400, "value", "If-None-Exist is no search; expected identifier=..");
        }
    }
}

static void check_query(struct fhir_request *r, const struct http_head *h)
{
    struct str query = h->target, path = STR("");
    (void)str_split(&query, '?', &path);
    bool is_free = r->what == FHIR_DO_VALIDATE || r->what == FHIR_DO_MESSAGE;
    bool has_used = r->what == FHIR_DO_UPDATE || r->what == FHIR_DO_DELETE;
    if (r->is_strict && !is_free && !(has_used && r->criteria.n) &&
        fhir_url_has_parameters(query)) {
        refuse(r, 400, "not-supported",
               "parameters in the URL that mean nothing here, and handling=strict");
    }
}

/* What the query says to an operation. */
static void read_operation(struct arena *a, struct fhir_request *r, const struct http_head *h)
{
    if (r->what == FHIR_DO_VALIDATE) {
        r->mode = fhir_url_value(a, h->target, "mode");
        r->profile = fhir_url_value(a, h->target, "profile");
    } else if (r->what == FHIR_DO_MESSAGE) {
        struct str async = fhir_url_value(a, h->target, "async");
        if (async.n && !str_is(async, "false")) {
            refuse(r, 422, "not-supported", FHIR_NO_ASYNC);
        } else if (fhir_url_value(a, h->target, "response-url").n) {
            refuse(r, 422, "not-supported", FHIR_NO_RESPONSE_URL);
        }
    }
}

static void keep(struct arena *a, struct fhir_request *r)
{
    r->type = str_dup(a, r->type);
    r->id = str_dup(a, r->id);
    r->criteria = str_dup(a, r->criteria);
}

void fhir_request_read(struct arena *a, const struct http_head *h, struct str base,
                       struct fhir_request *out)
{
    struct str place = below(h->target, base);
    *out = (struct fhir_request){0};
    if (place.p) {
        fhir_request_place(a, h->method, place, out);
    }
    out->is_head = str_is(h->method, "HEAD");
    if (!place.p) {
        refuse(out, 404, "not-found", "nothing is at this path; the endpoint is at its base");
        return;
    }
    read_operation(a, out, h);
    read_content_type(out, h);
    read_accept(a, out, h);
    read_prefer(out, h);
    read_conditions(a, out, h);
    check_query(out, h);
    keep(a, out);
}
