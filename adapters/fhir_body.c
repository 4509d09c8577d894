#include "adapters/fhir_body.h"
#include "adapters/fhir_parameters.h"
#include "adapters/fhir_url.h"

#include "engine/fhir/model.h"
#include "engine/fhir/primitive.h"

#include <stdlib.h>

enum { NUMBER_MAX = 64, EXPONENT_MAX = 3 };

static struct fhir_fault fault_of(int status, const char *code, const char *why, struct str place)
{
    return (struct fhir_fault){.status = status, .code = code, .why = why, .place = place};
}

/* ---- JSON ---- */

static bool is_number_fair(struct str s)
{
    ptrdiff_t e = str_index(s, 'e');
    e = e < 0 ? str_index(s, 'E') : e;
    struct str exponent = e < 0 ? STR("") : str_slice(s, (size_t)e + 1, s.n);
    if (exponent.n && (exponent.p[0] == '-' || exponent.p[0] == '+')) {
        exponent = str_slice(exponent, 1, exponent.n);
    }
    return s.n <= NUMBER_MAX && exponent.n <= EXPONENT_MAX;
}

/* The first number that is out of bounds, or NULL. As deep as the tree. */
static const struct json *find_number(const struct json *v)
{
    const struct json *found = NULL;
    if (v->kind == JSON_NUMBER && !is_number_fair(v->text)) {
        return v;
    }
    json_each(child, v)
    {
        found = found ? found : find_number(child);
    }
    return found;
}

static void locate(struct fhir_fault *f, struct json_place *last, struct str src, size_t at)
{
    struct diag_pos pos = json_pos_next(last, NULL, src, at);
    f->line = pos.line;
    f->col = pos.col;
}

bool fhir_body_parse(struct arena *a, struct str src, struct json **out,
                     struct fhir_fault *out_fault)
{
    struct json_fault fault;
    struct json_place start = {0};
    *out_fault = (struct fhir_fault){0};
    if (json_parse(a, src, NULL, out, &fault) < 0) {
        *out_fault = fault_of(400, "structure", fault.text, STR(""));
        locate(out_fault, &start, src, fault.at);
        return false;
    }
    const struct json *number = find_number(*out);
    if (number) {
        *out_fault = fault_of(400, "value",
                              "a number that is too long; expected at most 64 characters and an "
                              "exponent of at most 3 digits",
                              STR(""));
        locate(out_fault, &start, src, number->at);
    }
    return !number;
}

/* Behind the string that begins at `at`. */
static size_t behind_string(struct str src, size_t at)
{
    for (at++; at < src.n && src.p[at] != '"'; at++) {
        at += src.p[at] == '\\';
    }
    return at + 1;
}

struct str fhir_body_span(struct str src, const struct json *v)
{
    size_t at = v->at;
    unsigned depth = 0;
    switch (v->kind) {
    case JSON_STRING:
        return str_slice(src, at, behind_string(src, at));
    case JSON_NUMBER:
        return str_slice(src, at, at + v->text.n);
    case JSON_NULL:
    case JSON_TRUE:
        return str_slice(src, at, at + 4);
    case JSON_FALSE:
        return str_slice(src, at, at + 5);
    case JSON_OBJECT:
    case JSON_ARRAY:
        break;
    }
    do {
        char c = src.p[at];
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        at = c == '"' ? behind_string(src, at) : at + 1;
    } while (at < src.n && depth);
    return str_slice(src, v->at, at);
}

/* ---- a resource ---- */

static struct fhir_fault check_type(const struct fhir_part *p, const struct json *root)
{
    const struct json *type = json_get(root, "resourceType");
    if (root->kind != JSON_OBJECT) {
        return fault_of(400, "structure", "JSON that is no object; expected a resource", STR(""));
    }
    if (!type || type->kind != JSON_STRING) {
        return fault_of(400, "required", "no resourceType; expected the name of a resource type",
                        STR("resourceType"));
    }
    if (!fhir_type_of_resource(p->type)) {
        return fault_of(400, "structure", "a resourceType that FHIR R4 does not have",
                        STR("resourceType"));
    }
    if (!p->request.what && str_is(p->request.type, "Bundle") && !str_is(p->type, "Bundle")) {
        return fault_of(400, "structure",
                        "no Bundle, which is what comes here; a resource by itself goes to "
                        "[base]/[type]",
                        STR("resourceType"));
    }
    if (p->request.type.n && !str_eq(p->type, p->request.type)) {
        return fault_of(400, "structure", "another resourceType than that of the URL",
                        STR("resourceType"));
    }
    return (struct fhir_fault){0};
}

/* Is it there, and no id? */
static bool is_broken_id(const struct json *id)
{
    return id && (id->kind != JSON_STRING || !fhir_primitive_valid(FHIR_TYPE_ID, id->text));
}

static struct fhir_fault id_fault(struct str place)
{
    return fault_of(400, "value", "an id that is none; expected 1 to 64 of A-Z a-z 0-9 - .", place);
}

static struct fhir_fault check_id(struct arena *a, const struct fhir_part *p,
                                  const struct json *root)
{
    const struct json *id = json_get(root, "id");
    struct str place = str_printf(a, "%.*s.id", STR_ARG(p->type));
    bool is_update = p->request.what == FHIR_DO_UPDATE && p->request.id.n;
    if (is_broken_id(id)) {
        return id_fault(place);
    }
    if (is_update && !id) {
        return fault_of(400, "required", "no id; expected that of the URL", place);
    }
    if (is_update && !str_eq(p->id, p->request.id)) {
        return fault_of(400, "value", "another id than that of the URL", place);
    }
    return (struct fhir_fault){0};
}

/* The same identifier is the same message; the bytes of a criterion, undone where they can be, so that one way to write it
 * is as good as another. */
struct str fhir_body_key(struct arena *a, const struct fhir_request *r)
{
    if (r->what == FHIR_DO_CREATE && r->criteria.n) {
        struct str query = fhir_url_decode(a, r->criteria);
        query = query.n ? query : r->criteria;
        return str_printf(a, "create %.*s?%.*s", STR_ARG(r->type), STR_ARG(query));
    }
    return r->key.n ? str_printf(a, "key %.*s", STR_ARG(r->key)) : STR("");
}

void fhir_body_resource(struct arena *a, struct str src, const struct json *root,
                        struct fhir_part *out)
{
    out->type = json_text(json_get(root, "resourceType"));
    out->id = json_text(json_get(root, "id"));
    out->bytes = fhir_body_span(src, root);
    out->fault = check_type(out, root);
    if (!out->fault.status) {
        out->fault = check_id(a, out, root);
    }
    out->key = fhir_body_key(a, &out->request);
}

/* ---- entries of a batch or transaction ---- */

struct reading {
    struct arena *a;
    struct str src;
    struct fhir_bundle *out;
    unsigned i;             /* the entry's */
    struct json_place last; /* that was told */
};

static struct str place_of(const struct reading *r, const char *below)
{
    return str_printf(r->a, "Bundle.entry[%u]%s%s", r->i, below[0] ? "." : "", below);
}

static struct fhir_fault refused(const struct reading *r, const struct fhir_request *q)
{
    const char *below = q->status == 405 ? "request.method" : "request.url";
    return fault_of(q->status, q->code, q->why, place_of(r, below));
}

static bool is_for_entries(enum fhir_do what)
{
    return what == FHIR_DO_CREATE || what == FHIR_DO_UPDATE || what == FHIR_DO_DELETE;
}

static void read_resource(struct reading *r, const struct json *resource, struct fhir_part *p)
{
    if (!resource) {
        p->fault = fault_of(400, "required", "no resource; POST and PUT have one",
                            place_of(r, "resource"));
        return;
    }
    fhir_body_resource(r->a, r->src, resource, p);
    if (p->fault.status) {
        struct str place = p->fault.place;
        ptrdiff_t dot = str_index(place, '.');
        place = str_slice(place, (size_t)(dot + 1), place.n); /* Patient.id is resource.id here */
        p->fault.place = str_printf(r->a, "Bundle.entry[%u].resource%s%.*s", r->i,
                                    place.n ? "." : "", STR_ARG(place));
        locate(&p->fault, &r->last, r->src, resource->at);
    }
}

/* A condition that is there and says nothing cannot be passed over; NULL: none is so. */
static const char *empty_condition(const struct json *request)
{
    static const char *const names[] = {"ifMatch", "ifNoneMatch", "ifNoneExist", NULL};
    for (size_t i = 0; names[i]; i++) {
        const struct json *one = json_get(request, names[i]);
        if (one && !json_text(one).n) {
            return names[i];
        }
    }
    return NULL;
}

static void read_conditions(const struct reading *r, const struct json *request,
                            struct fhir_part *p)
{
    const char *empty = empty_condition(request);
    if (empty) {
        p->fault = fault_of(400, "value", "a condition that is empty; expected a text",
                            place_of(r, str_printf(r->a, "request.%s", empty).p));
        return;
    }
    struct str exist = json_text(json_get(request, "ifNoneExist"));
    p->request.if_match = json_text(json_get(request, "ifMatch"));
    p->request.if_none_match = json_text(json_get(request, "ifNoneMatch"));
    if (exist.n && p->request.what == FHIR_DO_CREATE) {
        p->request.criteria = fhir_url_condition(r->a, exist, p->request.type);
        if (!fhir_url_is_search(p->request.criteria)) {
            p->fault = fault_of(400, "value", "ifNoneExist is no search; expected identifier=..",
                                place_of(r, "request.ifNoneExist"));
        }
    }
}

static void read_entry(struct reading *r, const struct json *entry, struct fhir_part *p)
{
    const struct json *request = json_get(entry, "request");
    const struct json *method = json_get(request, "method"), *url = json_get(request, "url");
    p->full_url = json_text(json_get(entry, "fullUrl"));
    if (!method || method->kind != JSON_STRING || !url || url->kind != JSON_STRING) {
        p->fault =
            fault_of(400, "required",
                     "no request with method and url; entries of a batch or transaction have "
                     "them",
                     place_of(r, "request"));
        return;
    }
    fhir_request_place(r->a, method->text, url->text, &p->request);
    if (p->request.status) {
        p->fault = refused(r, &p->request);
    } else if (!is_for_entries(p->request.what)) {
        p->fault = fault_of(422, "not-supported",
                            "another request than a create, update or delete of a resource",
                            place_of(r, "request.url"));
    } else {
        read_conditions(r, request, p);
    }
    if (!p->fault.status && p->request.what != FHIR_DO_DELETE) {
        read_resource(r, json_get(entry, "resource"), p);
    }
}

/* What an entry is about: "Patient/7", "Patient?identifier=a|1", without escapes; empty: a new one. */
static struct str identity_of(struct arena *a, const struct fhir_part *p)
{
    const struct fhir_request *q = &p->request;
    if (q->id.n) {
        return str_printf(a, "%.*s/%.*s", STR_ARG(q->type), STR_ARG(q->id));
    }
    if (q->what == FHIR_DO_CREATE || !q->criteria.n) {
        return STR("");
    }
    struct str query = fhir_url_decode(a, q->criteria);
    query = query.n ? query : q->criteria;
    return str_printf(a, "%.*s?%.*s", STR_ARG(q->type), STR_ARG(query));
}

struct named {
    struct str name;
    unsigned i; /* the entry's */
};

static int by_name(const void *a, const void *b)
{
    const struct named *x = a, *y = b;
    int c = str_cmp(x->name, y->name);
    return c ? c : (x->i > y->i) - (x->i < y->i);
}

/* Of the entries of one name the later ones are refused. */
static void refuse_twins(struct reading *r, struct named *named, unsigned n, const char *why,
                         const char *below)
{
    qsort(named, n, sizeof *named, by_name);
    for (unsigned k = 1; k < n; k++) {
        struct fhir_part *p = &r->out->parts[named[k].i];
        if (str_eq(named[k - 1].name, named[k].name) && !p->fault.status) {
            r->i = named[k].i;
            p->fault = fault_of(400, "duplicate", why, place_of(r, below));
            r->out->nfaults++;
        }
    }
}

/* What a transaction does to a resource it does once, and what its references mean is one entry. Source: FHIR R4 "RESTful API"
 * 3.1.0.11.2, bdl-7. */
static void refuse_overlaps(struct reading *r)
{
    const struct fhir_bundle *b = r->out;
    struct named *about = ARENA_ARRAY(r->a, struct named, b->n ? b->n : 1);
    struct named *called = ARENA_ARRAY(r->a, struct named, b->n ? b->n : 1);
    unsigned nabout = 0, ncalled = 0;
    for (unsigned i = 0; i < b->n; i++) {
        struct str name = identity_of(r->a, &b->parts[i]);
        if (name.n) {
            about[nabout++] = (struct named){name, i};
        }
        if (b->parts[i].full_url.n) {
            called[ncalled++] = (struct named){b->parts[i].full_url, i};
        }
    }
    refuse_twins(r, about, nabout, "another entry of the transaction is about the same resource",
                 "request.url");
    refuse_twins(r, called, ncalled, "another entry of the transaction has the same fullUrl",
                 "fullUrl");
}

static void read_entries(struct reading *r, const struct json *entries)
{
    struct fhir_bundle *b = r->out;
    unsigned n = entries ? entries->count : 0;
    if (entries && entries->kind != JSON_ARRAY) {
        b->fault = fault_of(400, "structure", "entry is no array", STR("Bundle.entry"));
        return;
    }
    if (n > FHIR_PARTS_MAX) {
        b->fault = fault_of(413, "too-costly", "more than 9999 entries", STR("Bundle.entry"));
        return;
    }
    b->parts = ARENA_ARRAY(r->a, struct fhir_part, n ? n : 1);
    json_each(entry, entries)
    {
        r->i = b->n;
        read_entry(r, entry, &b->parts[b->n]);
        b->nfaults += b->parts[b->n++].fault.status != 0;
    }
}

/* ---- messages and notifications ---- */

static const struct json *first_resource(const struct json *root)
{
    return json_get(json_at(json_get(root, "entry"), 0), "resource");
}

static struct str key_in(struct arena *a, const char *what, struct str id)
{
    return id.n ? str_printf(a, "%s %.*s", what, STR_ARG(id)) : STR("");
}

struct str fhir_body_message_id(const struct json *root)
{
    struct str id = json_text(json_get(first_resource(root), "id"));
    return id.n ? id : json_text(json_get(root, "id"));
}

static void read_message(struct arena *a, const struct json *root, struct fhir_bundle *out)
{
    const struct json *header = first_resource(root);
    if (!str_is(json_text(json_get(header, "resourceType")), "MessageHeader")) {
        out->fault =
            fault_of(422, "required", "no MessageHeader; the first entry of a message has one",
                     STR("Bundle.entry[0].resource"));
        return;
    }
    if (is_broken_id(json_get(header, "id"))) {
        out->fault = id_fault(STR("Bundle.entry[0].resource.id"));
        return;
    }
    out->key = key_in(a, "message", fhir_body_message_id(root));
    out->kind = FHIR_BUNDLE_MESSAGE;
}

/* handshake, heartbeat, event-notification or query-status; empty: it is no notification. */
static struct str notice_type(const struct json *status)
{
    struct str type = json_text(json_get(status, "resourceType"));
    if (str_is(type, "SubscriptionStatus")) {
        return json_text(json_get(status, "type"));
    }
    return str_is(type, "Parameters") ? fhir_parameters_value(status, "type", "valueCode")
                                      : STR("");
}

static void read_notice(struct arena *a, const struct json *root, struct fhir_bundle *out)
{
    struct str type = notice_type(first_resource(root));
    bool is_sign =
        str_is(type, "handshake") || str_is(type, "heartbeat") || str_is(type, "query-status");
    if (!is_sign && !str_is(type, "event-notification")) {
        out->fault = fault_of(422, "value",
                              "no notification: the first entry is no SubscriptionStatus, or "
                              "Parameters, with a type that is known",
                              STR("Bundle.entry[0].resource"));
        return;
    }
    out->key = key_in(a, "notification", json_text(json_get(root, "id")));
    out->kind = is_sign ? FHIR_BUNDLE_SIGN : FHIR_BUNDLE_EVENT;
}

void fhir_body_bundle(struct arena *a, struct str src, const struct json *root,
                      struct fhir_bundle *out)
{
    struct reading r = {.a = a, .src = src, .out = out};
    struct fhir_part whole = {.request = {.type = STR("Bundle")}};
    struct str type = json_text(json_get(root, "type"));
    *out = (struct fhir_bundle){0};
    fhir_body_resource(a, src, root, &whole);
    out->fault = whole.fault;
    if (out->fault.status) {
        out->kind = FHIR_BUNDLE_REFUSED;
    } else if (str_is(type, "batch") || str_is(type, "transaction")) {
        read_entries(&r, json_get(root, "entry"));
        out->kind = str_is(type, "batch") ? FHIR_BUNDLE_BATCH : FHIR_BUNDLE_TRANSACTION;
        if (out->kind == FHIR_BUNDLE_TRANSACTION) {
            refuse_overlaps(&r);
        }
    } else if (str_is(type, "message")) {
        read_message(a, root, out);
    } else if (fhir_body_is_notice(root)) {
        read_notice(a, root, out);
    } else {
        out->fault = fault_of(422, "value",
                              "another Bundle.type than batch, transaction, message, history or "
                              "subscription-notification",
                              STR("Bundle.type"));
    }
    out->kind = out->fault.status ? FHIR_BUNDLE_REFUSED : out->kind;
}

bool fhir_body_is_notice(const struct json *root)
{
    struct str type = json_text(json_get(root, "type"));
    return str_is(json_text(json_get(root, "resourceType")), "Bundle") &&
           (str_is(type, "history") || str_is(type, "subscription-notification"));
}

/* ---- lines ---- */

static void read_line(struct arena *a, struct str line, unsigned number, struct fhir_part *p)
{
    struct json *root;
    p->request.what = FHIR_DO_CREATE;
    p->line = number;
    if (fhir_body_parse(a, line, &root, &p->fault)) {
        fhir_body_resource(a, line, root, p);
    }
    if (p->fault.status) {
        p->fault.line = number;
        p->fault.col = p->fault.col ? p->fault.col : 1;
    }
}

static unsigned count_lines(struct str src)
{
    struct str rest = src, line;
    unsigned n = 0;
    while (rest.n && str_split(&rest, '\n', &line)) {
        n += str_trim(line).n != 0;
    }
    return n;
}

void fhir_body_lines(struct arena *a, struct str src, struct fhir_bundle *out)
{
    struct str rest = src, line;
    unsigned number = 0, n = count_lines(src);
    *out = (struct fhir_bundle){.kind = FHIR_BUNDLE_BATCH};
    if (n == 0 || n > FHIR_PARTS_MAX) {
        out->kind = FHIR_BUNDLE_REFUSED;
        out->fault = n ? fault_of(413, "too-costly", "more than 9999 lines", STR(""))
                       : fault_of(400, "required", "no line; expected a resource on each", STR(""));
        return;
    }
    out->parts = ARENA_ARRAY(a, struct fhir_part, n);
    while (rest.n && str_split(&rest, '\n', &line)) {
        number++;
        if (str_trim(line).n) {
            read_line(a, str_trim(line), number, &out->parts[out->n]);
            out->nfaults += out->parts[out->n++].fault.status != 0;
        }
    }
}
