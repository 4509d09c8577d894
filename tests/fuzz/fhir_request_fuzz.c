/* Fuzz target: a request to a FHIR endpoint, its head and its body, and a token. A head gives one interaction or one refusal; what
 * is taken of a body lies in it; every refusal has a status, a code and a text. */
#include "adapters/fhir_body.h"
#include "adapters/fhir_jwt.h"
#include "engine/fhir/primitive.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void check_fault(const struct fhir_fault *f)
{
    must(f->status == 0 || (f->status >= 400 && f->status < 500 && f->code && f->why));
    must(f->place.n == 0 || f->place.p[0] != '\0');
}

static void check_request(const struct fhir_request *r)
{
    must((r->status == 0) == (r->what != FHIR_DO_NOTHING));
    must(r->status == 0 || (r->code && r->why));
    must((r->status == 405) == (r->allow != NULL) || r->status == 0);
    must(r->what != FHIR_DO_CREATE || r->type.n);
    must(r->what != FHIR_DO_UPDATE || r->id.n || r->criteria.n);
    must(r->status || r->id.n == 0 || fhir_primitive_valid(FHIR_TYPE_ID, r->id));
}

static void check_part(struct str body, const struct fhir_part *p)
{
    check_fault(&p->fault);
    must(p->bytes.n == 0 || (p->bytes.p >= body.p && p->bytes.p + p->bytes.n <= body.p + body.n));
    must(p->fault.status || p->bytes.n || p->request.what == FHIR_DO_DELETE);
}

static void check_bundle(struct str body, const struct fhir_bundle *b)
{
    unsigned faults = 0;
    check_fault(&b->fault);
    must((b->kind == FHIR_BUNDLE_REFUSED) == (b->fault.status != 0));
    for (unsigned i = 0; i < b->n; i++) {
        check_part(body, &b->parts[i]);
        faults += b->parts[i].fault.status != 0;
    }
    must(faults == b->nfaults);
}

static void read_json(struct arena *a, const struct fhir_request *r, struct str body)
{
    struct fhir_part part = {.request = *r};
    struct fhir_bundle bundle;
    struct fhir_fault fault;
    struct json *root;
    if (!fhir_body_parse(a, body, &root, &fault)) {
        check_fault(&fault);
        must(fault.status != 0);
        return;
    }
    struct str span = fhir_body_span(body, root);
    must(span.n > 0 && str_ends(str_trim(body), span));
    json_each(member, root)
    {
        struct json *again;
        must(fhir_body_parse(a, fhir_body_span(body, member), &again, &fault));
    }
    if (r->what == FHIR_DO_BUNDLE || r->what == FHIR_DO_MESSAGE) {
        fhir_body_bundle(a, body, root, &bundle);
        check_bundle(body, &bundle);
    } else {
        fhir_body_resource(a, body, root, &part);
        check_part(body, &part);
    }
}

static void read_head(struct arena *a, struct str head, struct str body)
{
    struct http_head h;
    struct fhir_request r;
    http_head_read(head, &h);
    if (h.status) {
        return;
    }
    fhir_request_read(a, &h, STR("/fhir"), &r);
    check_request(&r);
    must(!fhir_request_is_open(a, &h, STR("/fhir")) || r.what == FHIR_DO_CAPABILITIES || r.status);
    if (r.what == FHIR_DO_UPLOAD) {
        struct fhir_bundle bundle;
        fhir_body_lines(a, body, &bundle);
        check_bundle(body, &bundle);
    } else if (!r.status) {
        read_json(a, &r, body);
    }
}

/* With no key of its own no token is let in. */
static void read_token(struct str s)
{
    static const char text[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\","
                               "\"x\":\"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4\",\"y\":"
                               "\"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM\"}]}";
    const struct fhir_jwt_want want = {.now_s = 1};
    char name[FHIR_JWT_NAME_MAX + 1];
    const char *why;
    struct fhir_keys *k = fhir_keys_parse(str_from(text, sizeof text - 1), &why);
    must(k != NULL);
    must(fhir_jwt_check(k, &want, s, name) != NULL);
    fhir_keys_free(&k);
    k = fhir_keys_parse(s, &why);
    must((k == NULL) == (why != NULL));
    fhir_keys_free(&k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str s = str_from((const char *)data, size);
    size_t n = http_head_length(s, 0);
    struct arena a = {0};
    if (n) {
        read_head(&a, str_slice(s, 0, n), str_slice(s, n, s.n));
    } else {
        read_token(s);
    }
    arena_free(&a);
    return 0;
}
