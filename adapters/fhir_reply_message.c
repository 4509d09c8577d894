/* The answer to a message: a Bundle with a MessageHeader of our own. */
#include "adapters/fhir_reply_priv.h"
#include "engine/base/json_out.h"
#include "engine/base/uuid.h"

static void put_member(struct json_out *o, const struct http_conn *c, const struct json *from,
                       const char *name)
{
    const struct json *v = json_get(from, name);
    if (v) {
        json_out_key(o, name);
        json_out_raw(o, fhir_body_span(buf_str(&c->body), v));
    }
}

/* It must be there; of a message that has no id it is said that none is known. */
static void put_identifier(struct json_out *o, struct str id)
{
    if (id.n) {
        json_out_pair(o, "identifier", id);
        return;
    }
    json_out_key(o, "_identifier");
    json_out_object(o);
    json_out_key(o, "extension");
    json_out_array(o);
    json_out_object(o);
    json_out_pair_cstr(o, "url", "http://hl7.org/fhir/StructureDefinition/data-absent-reason");
    json_out_pair_cstr(o, "valueCode", "unknown");
    json_out_end(o);
    json_out_end(o);
    json_out_end(o);
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
    json_out_pair(o, "endpoint", fhir_reply_base(c));
    json_out_end(o);
    json_out_key(o, "response");
    json_out_object(o);
    put_identifier(o, fhir_body_message_id(call->root));
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

void fhir_reply_message(struct http_conn *c, const struct exchange_answer *a)
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
    fhir_reply_put(c, &(struct fhir_response){.status = 200, .body = buf_str(&body)});
    buf_free(&body);
}
