/* Messages of FHIR and JSON: read, named, and whose they are. */
#include "engine/base/err.h"
#include "engine/base/json.h"
#include "engine/rules/ruleset.h"
#include "engine/rules/tree.h"

enum { KEYS_ROOM = 8, KEYS_MAX = 256, ENTRIES_MAX = 1000 };

/* ---- reading ---- */

bool rules_is_data(struct str raw)
{
    size_t i = str_starts(raw, STR("\xef\xbb\xbf")) ? 3 : 0;
    while (i < raw.n &&
           (raw.p[i] == ' ' || raw.p[i] == '\t' || raw.p[i] == '\n' || raw.p[i] == '\r')) {
        i++;
    }
    return i < raw.n && (raw.p[i] == '{' || raw.p[i] == '[');
}

int rules_read_data(struct arena *a, struct str raw, struct json **out, struct str *out_why)
{
    struct json_fault fault;
    int rc = json_parse(a, raw, NULL, out, &fault);
    if (rc != 0) {
        struct diag_pos at = json_pos(NULL, raw, fault.at);
        *out_why = str_printf(a, "line %u, column %u: %s", at.line, at.col, fault.text);
        return rc;
    }
    if ((*out)->kind != JSON_OBJECT && (*out)->kind != JSON_ARRAY) {
        *out_why = STR("an object or an array was expected");
        return ERR_SYNTAX;
    }
    return 0;
}

const char *rules_data_type(const struct json *data)
{
    unsigned t = tree_resource_type(data);
    return t ? fhir_type_name(t) : "json";
}

/* ---- whose it is ---- */

struct keys {
    struct arena *a;
    struct rules_key *v;
    unsigned n, cap;
};

static void add(struct keys *l, struct str authority, struct str id)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (str_eq(l->v[i].id, id) && str_eq(l->v[i].authority, authority)) {
            return;
        }
    }
    if (!id.n || l->n == KEYS_MAX) {
        return;
    }
    if (l->n == l->cap) {
        unsigned cap = l->cap ? l->cap * 2 : KEYS_ROOM;
        struct rules_key *v = arena_alloc(l->a, cap * sizeof(*v));
        if (l->n) {
            memcpy(v, l->v, l->n * sizeof(*v));
        }
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n++] = (struct rules_key){authority, id};
}

static void add_identifier(struct keys *l, const struct json *identifier)
{
    add(l, json_text(json_get(identifier, "system")), json_text(json_get(identifier, "value")));
}

/* The id behind Patient/ of "http://x/fhir/Patient/1/_history/2", or all of "urn:uuid:..."; "": another resource. */
static struct str patient_of(struct str reference)
{
    ptrdiff_t at = str_find(reference, STR("Patient/"));
    if (at > 0 && reference.p[at - 1] != '/') {
        return STR("");
    }
    if (at < 0) {
        return str_starts(reference, STR("urn:")) ? reference : STR("");
    }
    struct str id = str_slice(reference, (size_t)at + 8, reference.n);
    ptrdiff_t end = str_index(id, '/');
    return end < 0 ? id : str_slice(id, 0, (size_t)end);
}

static void add_reference(struct keys *l, const struct json *reference)
{
    struct str to = json_text(json_get(reference, "reference")), id = patient_of(to);
    add(l, str_starts(id, STR("urn:")) ? STR("") : STR("Patient"), id);
    if (json_get(reference, "identifier") &&
        (id.n || str_is(json_text(json_get(reference, "type")), "Patient"))) {
        add_identifier(l, json_get(reference, "identifier"));
    }
}

/* May a patient stand there? */
static bool is_about_patient(const struct fhir_element *e)
{
    unsigned patient = fhir_type(STR("Patient"));
    for (unsigned i = 0; i < e->ntargets; i++) {
        if (fhir_element_target(e, i) == patient) {
            return true;
        }
    }
    return false;
}

static void add_references(struct keys *l, const struct json *object, unsigned type, bool deeper);

static void add_member(struct keys *l, const struct json *one, const struct fhir_element *e,
                       bool deeper)
{
    unsigned t = fhir_element_type(e, 0);
    if (one->kind == JSON_ARRAY) {
        json_each(item, one)
        {
            add_member(l, item, e, deeper);
        }
    } else if (t == FHIR_TYPE_REFERENCE && is_about_patient(e)) {
        add_reference(l, one);
    } else if (deeper && fhir_type_kind(t) == FHIR_BACKBONE) {
        add_references(l, one, t, false); /* Appointment.participant.actor */
    }
}

static void add_references(struct keys *l, const struct json *object, unsigned type, bool deeper)
{
    json_each(one, object)
    {
        const struct fhir_element *e = fhir_element(type, one->key);
        if (e && e->ntypes == 1) {
            add_member(l, one, e, deeper);
        }
    }
}

static void add_patient(struct keys *l, const struct json *patient)
{
    add(l, STR("Patient"), json_text(json_get(patient, "id")));
    json_each(one, json_get(patient, "identifier"))
    {
        add_identifier(l, one);
    }
    json_each(link, json_get(patient, "link"))
    {
        add_reference(l, json_get(link, "other"));
    }
}

static void add_resource(struct keys *l, const struct json *resource)
{
    unsigned t = tree_resource_type(resource);
    if (t == fhir_type(STR("Patient"))) {
        add_patient(l, resource);
    } else if (t) {
        add_references(l, resource, t, true);
    }
}

unsigned rules_data_keys(const struct json *data, struct arena *a,
                         const struct rules_key **out_keys)
{
    struct keys l = {.a = a};
    unsigned n = 0;
    add_resource(&l, data);
    bool bundle = tree_resource_type(data) == FHIR_TYPE_BUNDLE;
    json_each(entry, bundle ? json_get(data, "entry") : NULL)
    {
        if (n++ < ENTRIES_MAX) {
            add_resource(&l, json_get(entry, "resource"));
        }
    }
    *out_keys = l.v;
    return l.n;
}

/* ---- either kind ---- */

int rules_read(struct arena *a, struct str raw, struct hl7 *m, struct rules_input *in,
               struct str *out_why)
{
    struct hl7_fault fault;
    struct json *data;
    in->raw = raw;
    in->m = NULL;
    in->data = NULL;
    if (rules_is_data(raw)) {
        int rc = rules_read_data(a, raw, &data, out_why);
        in->data = rc == 0 ? data : NULL;
        return rc;
    }
    int rc = hl7_parse(a, raw, m, &fault);
    in->m = rc == 0 ? m : NULL;
    *out_why = rc == 0 ? STR("") : str_of(fault.text);
    return rc;
}

/* The id of the MessageHeader that a message Bundle begins with. */
static struct str header_id(const struct json *bundle)
{
    const struct json *first = json_at(json_get(bundle, "entry"), 0),
                      *resource = json_get(first, "resource");
    unsigned t = tree_resource_type(resource);
    return t == fhir_type(STR("MessageHeader")) ? json_text(json_get(resource, "id")) : STR("");
}

static struct str data_id(const struct json *data)
{
    bool bundle = tree_resource_type(data) == FHIR_TYPE_BUNDLE;
    struct str id = bundle ? json_text(json_get(json_get(data, "identifier"), "value")) : STR("");
    id = bundle && !id.n ? header_id(data) : id;
    return id.n || !tree_resource_type(data) ? id : json_text(json_get(data, "id"));
}

struct str rules_message_id(const struct rules_input *in)
{
    return in->data          ? data_id(in->data)
           : in->m->segs > 0 ? hl7_field(in->m, &in->m->seg[0], 10)
                             : STR("");
}

unsigned rules_message_keys(const struct rules_input *in, struct arena *a,
                            const struct rules_key **out_keys)
{
    return in->data ? rules_data_keys(in->data, a, out_keys)
                    : rules_patient_keys(in->m, a, out_keys);
}
