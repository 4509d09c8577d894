#include "adapters/fhir_send.h"

#include "engine/base/json.h"
#include "engine/fhir/model.h"
#include "engine/fhir/primitive.h"

enum { MATCH_MAX = 200 };

/* ---- texts ---- */

/* Differs: `.` and `..` would lead elsewhere in a URL. */
static bool is_id(struct str s)
{
    return fhir_primitive_valid(FHIR_TYPE_ID, s) && !str_is(s, ".") && !str_is(s, "..");
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* A query as it may stand in a request: what is encoded already stays. */
static struct str encode(struct arena *a, struct str s, const char *plain)
{
    struct buf out = {0};
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_done = c == '%' && i + 2 < s.n && is_hex(s.p[i + 1]) && is_hex(s.p[i + 2]);
        bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (is_word || (c && strchr(plain, c)) || (is_done && strchr(plain, '='))) {
            buf_putc(&out, c);
        } else {
            buf_printf(&out, "%%%02X", (unsigned char)c);
        }
    }
    struct str text = str_dup(a, buf_str(&out));
    buf_free(&out);
    return text;
}

static struct str encode_query(struct arena *a, struct str s)
{
    return encode(a, s, "-._~!$'()*,;:@/?&=");
}

/* A part of a token: what has a meaning between tokens is escaped, then all is encoded. */
static struct str encode_token(struct arena *a, struct str s)
{
    struct buf out = {0};
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] && strchr("\\,$|", s.p[i])) {
            buf_putc(&out, '\\');
        }
        buf_putc(&out, s.p[i]);
    }
    struct str text = encode(a, buf_str(&out), "-._~");
    buf_free(&out);
    return text;
}

const char *fhir_send_target_fault(struct str target)
{
    ptrdiff_t query = str_index(target, '?'), slash = str_index(target, '/');
    ptrdiff_t at = query >= 0 && (slash < 0 || query < slash) ? query : slash;
    struct str rest = at < 0 ? STR("") : str_slice(target, (size_t)at + 1, target.n);
    if (at < 0 || !fhir_type_of_resource(str_slice(target, 0, (size_t)at))) {
        return "begins with no resource type of R4";
    }
    if (at == slash && !is_id(rest)) {
        return "has no id behind the type";
    }
    return at == query && str_index(rest, '=') < 1 ? "has no search behind the ?" : NULL;
}

static bool is_search(struct str target)
{
    return str_index(target, '?') >= 0;
}

static struct str type_of_target(struct str target)
{
    ptrdiff_t at = str_index(target, is_search(target) ? '?' : '/');
    return str_slice(target, 0, (size_t)at);
}

static struct str path_of_target(struct arena *a, struct str target)
{
    struct str type = type_of_target(target);
    return is_search(target)
               ? str_printf(a, "%.*s?%.*s", STR_ARG(type),
                            STR_ARG(encode_query(a, str_slice(target, type.n + 1, target.n))))
               : target;
}

const char *fhir_send_match_fault(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] <= ' ' || s.p[i] > '~') {
            return "has a blank or a character that no header carries";
        }
    }
    return s.n > MATCH_MAX ? "is too long" : NULL;
}

/* ---- what the payload is ---- */

struct resource {
    const struct json *root;
    struct str type, id;
};

static const char *read_resource(struct arena *a, struct str payload, struct resource *out)
{
    struct json *root = NULL;
    struct json_fault fault;
    if (json_parse(a, payload, NULL, &root, &fault) != 0) {
        return "the payload is no JSON";
    }
    *out = (struct resource){.root = root,
                             .type = json_text(json_get(root, "resourceType")),
                             .id = json_text(json_get(root, "id"))};
    if (root->kind == JSON_ARRAY) {
        return NULL;
    }
    if (!fhir_type_of_resource(out->type)) {
        return "the payload is no resource of FHIR R4";
    }
    return json_get(root, "id") && !is_id(out->id) ? "the id of the resource is no FHIR id" : NULL;
}

/* "identifier=SYSTEM|VALUE" of the first system that the resource has an identifier of. */
static struct str match_query(struct arena *a, const struct opt_list *systems,
                              const struct resource *r)
{
    for (size_t i = 0; i < systems->n; i++) {
        json_each(one, json_get(r->root, "identifier"))
        {
            struct str system = json_text(json_get(one, "system")),
                       value = json_text(json_get(one, "value"));
            bool is_it = str_is(systems->v[i], "*") ? system.n > 0 : str_eq(systems->v[i], system);
            if (is_it && value.n) {
                return str_printf(a, "identifier=%.*s%%7C%.*s", STR_ARG(encode_token(a, system)),
                                  STR_ARG(encode_token(a, value)));
            }
        }
    }
    return STR("");
}

/* ---- the interactions ---- */

struct choosing {
    struct arena *a;
    const struct fhir_say *say;
    struct resource r;
};

static const char no_match[] = "the resource has no identifier of a system in match";

static const char *create(const struct choosing *c, struct fhir_request *out)
{
    out->method = "POST";
    out->path = c->r.type;
    if (c->say->if_none_exist.n) {
        out->if_none_exist = encode_query(c->a, c->say->if_none_exist);
    } else if (c->say->match.n) {
        out->if_none_exist = match_query(c->a, &c->say->match, &c->r);
        return out->if_none_exist.n ? NULL : no_match;
    }
    return NULL;
}

static const char *if_match(const struct choosing *c, struct fhir_request *out)
{
    struct str s = c->say->if_match;
    const char *fault = fhir_send_match_fault(s);
    if (!s.n || fault) {
        return fault ? "if-match has a blank or is too long" : NULL;
    }
    out->reads_first = str_is(s, "current");
    if (out->reads_first) {
        return str_index(out->path, '?') >= 0 ? "if-match: current wants an id, not a search"
                                              : NULL;
    }
    out->if_match = str_index(s, '"') >= 0 ? s : str_printf(c->a, "W/\"%.*s\"", STR_ARG(s));
    return NULL;
}

/* The place of one resource: what target says, else its id, else its identifier. */
static const char *place(const struct choosing *c, struct fhir_request *out)
{
    struct str target = c->say->target;
    if (target.n && fhir_send_target_fault(target)) {
        return "target is neither Type/id nor Type?search";
    }
    if (target.n) {
        bool is_other = c->r.type.n && !str_is(c->r.type, "Parameters") &&
                        !str_eq(type_of_target(target), c->r.type);
        out->path = path_of_target(c->a, target);
        return is_other ? "target is of another type than the resource" : NULL;
    }
    if (c->r.id.n) {
        out->path = str_printf(c->a, "%.*s/%.*s", STR_ARG(c->r.type), STR_ARG(c->r.id));
        return NULL;
    }
    if (!c->say->match.n || !c->r.type.n) {
        return "there is neither a target, an id of the resource, nor match";
    }
    struct str query = match_query(c->a, &c->say->match, &c->r);
    out->path = str_printf(c->a, "%.*s?%.*s", STR_ARG(c->r.type), STR_ARG(query));
    return query.n ? NULL : no_match;
}

/* A server refuses an update whose body and place have different ids. */
static const char *update(const struct choosing *c, struct fhir_request *out)
{
    struct str target = c->say->target;
    const char *why = place(c, out);
    out->method = "PUT";
    out->is_of_one = str_index(out->path, '?') < 0;
    if (!why && target.n && !is_search(target) &&
        !str_eq(c->r.id, str_slice(target, type_of_target(target).n + 1, target.n))) {
        return "target has another id than the resource";
    }
    return why ? why : if_match(c, out);
}

static bool is_patch(const struct json *list)
{
    json_each(one, list)
    {
        if (!json_text(json_get(one, "op")).n || !json_text(json_get(one, "path")).p) {
            return false;
        }
    }
    return list->first != NULL;
}

static const char *patch(const struct choosing *c, struct fhir_request *out)
{
    bool is_list = c->r.root->kind == JSON_ARRAY;
    if (is_list && !is_patch(c->r.root)) {
        return "the payload is a list, and no JSON Patch";
    }
    if (!is_list && !str_is(c->r.type, "Parameters")) {
        return "a patch is a list of JSON Patch, or Parameters";
    }
    if (!c->say->target.n) {
        return "a patch wants a target";
    }
    const char *why = place(c, out);
    out->method = "PATCH";
    out->is_of_one = str_index(out->path, '?') < 0;
    out->media_type = is_list ? "application/json-patch+json" : out->media_type;
    return why ? why : if_match(c, out);
}

static const char *delete (const struct choosing *c, struct fhir_request *out)
{
    const char *why = place(c, out);
    out->method = "DELETE";
    out->media_type = "";
    return why ? why : if_match(c, out);
}

static const char *read_target(const struct choosing *c, struct fhir_request *out)
{
    struct str target = c->say->target;
    if (!target.n) {
        return "a read wants a target";
    }
    if (fhir_send_target_fault(target)) {
        return "target is neither Type/id nor Type?search";
    }
    out->method = "GET";
    out->media_type = "";
    out->path = path_of_target(c->a, target);
    out->is_read = true;
    return NULL;
}

static const char *bundle(const struct choosing *c, struct fhir_request *out)
{
    struct str type = json_text(json_get(c->r.root, "type"));
    const struct json *entries = json_get(c->r.root, "entry");
    if (!str_is(c->r.type, "Bundle") || (!str_is(type, "transaction") && !str_is(type, "batch"))) {
        return "the payload is no Bundle of type transaction or batch";
    }
    if (!entries || entries->kind != JSON_ARRAY || entries->count == 0) {
        return "the Bundle has no entries";
    }
    out->method = "POST";
    out->path = STR("");
    out->is_bundle = true;
    out->entries = entries->count;
    return NULL;
}

static const char *by_payload(const struct choosing *c, struct fhir_request *out)
{
    struct str type = json_text(json_get(c->r.root, "type"));
    bool has_target = c->say->target.n > 0;
    if (c->r.root->kind == JSON_ARRAY || (has_target && str_is(c->r.type, "Parameters"))) {
        return patch(c, out);
    }
    if (str_is(c->r.type, "Bundle") && (str_is(type, "transaction") || str_is(type, "batch"))) {
        return bundle(c, out);
    }
    if (str_is(c->r.type, "Bundle") && str_is(type, "message")) {
        out->method = "POST";
        out->path = STR("$process-message");
        out->is_message = true;
        return NULL;
    }
    bool is_new = c->say->if_none_exist.n || (!has_target && !c->r.id.n);
    return is_new ? create(c, out) : update(c, out);
}

const char *fhir_send_choose(struct arena *a, const struct fhir_say *say, struct str payload,
                             struct fhir_request *out)
{
    static const char *(*const ways[])(const struct choosing *, struct fhir_request *) = {
        [FHIR_AUTO] = by_payload, [FHIR_CREATE] = create, [FHIR_UPDATE] = update,
        [FHIR_PATCH] = patch,     [FHIR_DELETE] = delete, [FHIR_BUNDLE] = bundle,
        [FHIR_READ] = read_target};
    struct choosing c = {.a = a, .say = say};
    const char *why = read_resource(a, payload, &c.r);
    bool is_list = !why && c.r.root->kind == JSON_ARRAY;
    bool takes_lists = say->interaction == FHIR_AUTO || say->interaction == FHIR_PATCH;
    if (say->interaction == FHIR_READ) {
        why = NULL; /* the payload stays here */
    } else if (is_list && !takes_lists) {
        return "the payload is a list, and no resource";
    }
    *out = (struct fhir_request){.media_type = "application/fhir+json; charset=utf-8"};
    return why ? why : ways[say->interaction](&c, out);
}
