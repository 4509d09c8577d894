#include "adapters/http_data.h"

#include "adapters/http_answer.h"
#include "engine/base/json_out.h"
#include "engine/base/mem.h"

enum http_data http_data_of(struct str content_type)
{
    static const struct {
        const char *type;
        enum http_data kind;
    } rows[] = {
        {"application/hl7-v2", HTTP_DATA_HL7},       {"application/hl7-v2+er7", HTTP_DATA_HL7},
        {"x-application/hl7-v2+er7", HTTP_DATA_HL7}, {"application/json", HTTP_DATA_JSON},
        {"application/fhir+json", HTTP_DATA_FHIR},
    };
    struct str rest = content_type, type = STR("");
    (void)str_split(&rest, ';', &type);
    type = str_trim(type);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (str_eq_nocase(type, str_of(rows[i].type))) {
            return rows[i].kind;
        }
    }
    return HTTP_DATA_OTHER;
}

bool http_data_is(struct str body)
{
    size_t i = str_starts(body, STR("\xef\xbb\xbf")) ? 3 : 0;
    while (i < body.n &&
           (body.p[i] == ' ' || body.p[i] == '\t' || body.p[i] == '\n' || body.p[i] == '\r')) {
        i++;
    }
    return i < body.n && (body.p[i] == '{' || body.p[i] == '[');
}

bool http_data_key(const struct http_head *h, struct str *out)
{
    *out = STR("");
    return http_head_field(h, STR("Idempotency-Key"), out) <= 1 && out->n <= HTTP_DATA_KEY_MAX;
}

struct http_data_request *http_data_begin(enum http_data kind, struct str key)
{
    struct http_data_request *r = X_NEW(struct http_data_request);
    r->kind = kind;
    if (key.n) {
        memcpy(r->key, key.p, key.n);
    }
    return r;
}

/* ---- answers ---- */

/* The errors come from routes and readers: places and their own words, nothing of the message. */
static void put_issue(struct json_out *o, const struct ack_error *e)
{
    json_out_object(o);
    json_out_pair_cstr(o, "severity", "error");
    json_out_pair_cstr(o, "code", e && e->code == 100 ? "structure" : "processing");
    json_out_pair(o, "diagnostics", e ? e->text : STR("rejected"));
    if (e && e->path && *e->path) {
        json_out_key(o, "expression");
        json_out_array(o);
        json_out_cstr(o, e->path);
        json_out_end(o);
    }
    json_out_end(o);
}

static void put_outcome(struct json_out *o, const struct exchange_answer *a)
{
    json_out_object(o);
    json_out_pair_cstr(o, "resourceType", "OperationOutcome");
    json_out_key(o, "issue");
    json_out_array(o);
    for (unsigned i = 0; i < a->nerrors; i++) {
        put_issue(o, &a->errors[i]);
    }
    if (a->end == EXCHANGE_END_REJECTED && a->nerrors == 0) {
        put_issue(o, NULL);
    }
    if (a->end != EXCHANGE_END_REJECTED) {
        json_out_object(o);
        json_out_pair_cstr(o, "severity", "information");
        json_out_pair_cstr(o, "code", "informational");
        json_out_pair_cstr(o, "diagnostics", a->id);
        json_out_end(o);
    }
    json_out_end(o);
    json_out_end(o);
}

static void put_json(struct json_out *o, const struct exchange_answer *a)
{
    json_out_object(o);
    if (a->end != EXCHANGE_END_REJECTED) {
        json_out_pair_cstr(o, "id", a->id);
        json_out_pair_cstr(o, "status", a->end == EXCHANGE_END_KNOWN ? "known" : "stored");
    } else {
        json_out_pair_cstr(o, "status", "rejected");
        json_out_key(o, "errors");
        json_out_array(o);
        for (unsigned i = 0; i < a->nerrors; i++) {
            json_out_object(o);
            json_out_pair_int(o, "code", a->errors[i].code);
            json_out_pair_cstr(o, "at", a->errors[i].path ? a->errors[i].path : "");
            json_out_pair(o, "text", a->errors[i].text);
            json_out_end(o);
        }
        json_out_end(o);
    }
    json_out_end(o);
}

void http_data_answer(struct buf *out, const struct http_data_request *r,
                      const struct exchange_answer *a, bool closes, int64_t wall_us)
{
    struct buf body = {0};
    struct json_out o;
    bool fhir = r && r->kind == HTTP_DATA_FHIR;
    int status = a->end != EXCHANGE_END_REJECTED ? 200 : a->code == ACK_AR ? 400 : 422;
    json_out_init(&o, &body, 0);
    if (fhir) {
        put_outcome(&o, a);
    } else {
        put_json(&o, a);
    }
    http_answer_head(out, status, "", closes, wall_us);
    http_answer_body(out, fhir ? "application/fhir+json" : "application/json", buf_str(&body));
    buf_free(&body);
}
