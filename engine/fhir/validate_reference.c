/* References, and uris that begin with #. Source: FHIR R4 "References" 2.3.0.1, 2.3.0.2, ref-1. */
#include "engine/fhir/literal.h"
#include "engine/fhir/narrative.h"
#include "engine/fhir/primitive.h"
#include "engine/fhir/validate_priv.h"

enum { SEARCHES_MAX = 100 };

static unsigned type_of(const struct json *resource)
{
    unsigned t = fhir_type(json_text(json_get(resource, "resourceType")));
    return t && fhir_type_kind(t) == FHIR_RESOURCE ? t : 0;
}

/* #id: the type of what is contained, or of the container. */
static unsigned contained_type(struct fhir_walk *w, const struct fhir_place *place,
                               const struct json *j)
{
    struct str id = str_slice(j->text, 1, j->text.n);
    if (!id.n) {
        if (w->inside) {
            w->inside->is_used = true;
        }
        return w->holder ? type_of(w->holder->json) : 0;
    }
    const struct fhir_contained *c = fhir_contained_use(w, id);
    if (!c) {
        fhir_found(
            w->r, FHIR_RULE_REFERENCES, place, STR("reference"), -1, j->at,
            "a reference to a contained resource that is not there; expected one with this id");
    }
    return c ? type_of(c->json) : 0;
}

/* What the Composition of a document refers to; but other documents, and what extensions refer to. */
static bool is_of_document(const struct fhir_walk *w, const struct fhir_place *place)
{
    bool is_it = w->bundle && w->bundle->composition == place->resource->json;
    for (const struct fhir_place *p = place; is_it && p != place->resource; p = p->up) {
        is_it = p->type != FHIR_TYPE_EXTENSION && !str_is(p->name, "relatesTo");
    }
    return is_it;
}

/* Source: MessageHeader.focus: "The transaction data is always included in the bundle that is the full message". */
static bool is_focus(const struct fhir_walk *w, const struct fhir_place *place)
{
    return w->bundle && w->bundle->header && w->bundle->header == place->resource->json &&
           place->up == place->resource && str_is(place->name, "focus");
}

/* Is it an entry of the Bundle around? A urn should be, and must where a Composition or the focus of a message refers to it:
 * then the URL must be that of an entry, beside the own one. */
static unsigned bundled_type(struct fhir_walk *w, const struct fhir_place *place,
                             const struct json *j)
{
    const struct fhir_bundle_index *index = w->bundle ? &w->bundle->index : NULL;
    const struct json *found =
        index ? fhir_bundle_find(index, w->r->a, w->full_url, j->text) : NULL;
    bool urn = str_starts(j->text, STR("urn:uuid:")) || str_starts(j->text, STR("urn:oid:"));
    bool is_focus_of = is_focus(w, place);
    if ((is_focus_of || is_of_document(w, place)) &&
        !(found && fhir_bundle_has(index, w->r->a, w->full_url, j->text))) {
        fhir_found(w->r, FHIR_RULE_BUNDLES, place, STR("reference"), -1, j->at,
                   is_focus_of ? "the message has no entry for what its MessageHeader has as focus"
                               : "the document has no entry for what its Composition refers to");
    } else if (urn && w->bundle && !found) {
        fhir_found(w->r, FHIR_RULE_RESOLVED, place, STR("reference"), -1, j->at,
                   "the Bundle has no entry under this urn");
    }
    return found ? type_of(found) : 0;
}

/* Two parts between slashes, or four with a version. */
static bool has_type_and_id(struct str text)
{
    unsigned parts = 0;
    struct str rest = text, part;
    while (rest.n) {
        (void)str_split(&rest, '/', &part);
        parts += part.n > 0;
    }
    return parts == 2 || parts == 4;
}

/* Type/id, or a search (in a transaction); anything else that is not absolute is no reference. In a Bundle with URLs nobody can
 * make it absolute (Source: "Bundle" 2.36.4), elsewhere a server may know better. */
static void check_relative(struct fhir_walk *w, const struct fhir_place *place,
                           const struct json *j)
{
    struct str id;
    ptrdiff_t search = str_index(j->text, '?');
    struct str type = search > 0 ? str_slice(j->text, 0, (size_t)search) : STR("");
    bool is_in_bundle = w->bundle && w->full_url.n > 0;
    bool is_lost = is_in_bundle && search < 0 && !has_type_and_id(j->text);
    if (fhir_is_absolute(j->text) || (!is_lost && fhir_reference_type(j->text, &id)) ||
        (type.n && fhir_type(type))) {
        return;
    }
    fhir_found(w->r, is_lost ? FHIR_RULE_REFERENCES : FHIR_RULE_HABITS, place, STR("reference"), -1,
               j->at,
               "this is no reference that can be followed; expected Type/id, an absolute URL, a "
               "urn or #id");
}

/* What the reference is to, as far as it can be told. */
static unsigned target_of(struct fhir_walk *w, const struct fhir_place *place, const struct json *j)
{
    struct str id;
    if (!j || j->kind != JSON_STRING || !j->text.n) {
        return 0;
    }
    if (j->text.p[0] == '#') {
        return contained_type(w, place, j);
    }
    check_relative(w, place, j);
    if (!fhir_is_urn_good(j->text)) {
        fhir_found(w->r, FHIR_RULE_HABITS, place, STR("reference"), -1, j->at,
                   "a urn:uuid: or urn:oid: without a well-formed UUID (in lower case) or OID "
                   "behind it");
    }
    unsigned t = fhir_reference_type(j->text, &id);
    unsigned found = bundled_type(w, place, j);
    return found ? found : t;
}

static bool is_target(const struct fhir_element *e, unsigned t)
{
    for (unsigned i = 0; i < e->ntargets; i++) {
        if (fhir_type_is(t, fhir_element_target(e, i))) {
            return true;
        }
    }
    return e->ntargets == 0;
}

/* "Patient, Group or Device" */
static struct str targets_text(struct arena *a, const struct fhir_element *e)
{
    struct buf b = {0};
    for (unsigned i = 0; i < e->ntargets; i++) {
        buf_puts(&b, i == 0 ? "" : i + 1u == e->ntargets ? " or " : ", ");
        buf_puts(&b, fhir_type_name(fhir_element_target(e, i)));
    }
    struct str text = str_dup(a, buf_str(&b));
    buf_free(&b);
    return text;
}

/* Reference.type: a code or the URL of a type. */
static unsigned said_type(const struct json *j)
{
    struct str text = json_text(j), base = STR("http://hl7.org/fhir/StructureDefinition/");
    text = str_starts(text, base) ? str_slice(text, base.n, text.n) : text;
    return text.n ? fhir_type(text) : 0;
}

/* A type without a scheme is one of R4. */
static void check_said(struct fhir_walk *w, const struct fhir_place *place, const struct json *type)
{
    struct str text = json_text(type);
    unsigned t = said_type(type);
    bool is_known = t && fhir_type_kind(t) == FHIR_RESOURCE;
    if (text.n && !is_known && !fhir_is_absolute(text)) {
        fhir_found(w->r, FHIR_RULE_REFERENCES, place, STR("type"), -1, type->at,
                   "no resource type of FHIR R4 has this name");
    }
}

/* Who says nothing of what he refers to may have an extension instead. */
static void check_said_at_all(struct fhir_walk *w, const struct fhir_place *place)
{
    static const char *const names[] = {"reference",  "identifier", "display",
                                        "_reference", "_display",   "extension"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (json_get(place->json, names[i])) {
            return;
        }
    }
    fhir_found(w->r, FHIR_RULE_HABITS, place, STR(""), -1, place->json->at,
               "a reference to nothing; expected reference, identifier or display");
}

void fhir_check_reference(struct fhir_walk *w, const struct fhir_place *place,
                          const struct fhir_element *e)
{
    const struct json *j = json_get(place->json, "reference"),
                      *type = json_get(place->json, "type");
    unsigned t = target_of(w, place, j), said = said_type(type);
    if (t && said && t != said) {
        fhir_found(w->r, FHIR_RULE_REFERENCES, place, STR("type"), -1, type->at,
                   "type says another type than the reference is to");
    }
    check_said(w, place, type);
    check_said_at_all(w, place);
    t = t ? t : said;
    if (t && !is_target(e, t)) {
        fhir_found(w->r, FHIR_RULE_REFERENCES, place, STR(""), -1, place->json->at,
                   "a reference to %s %s; expected %.*s",
                   strchr("AEIOU", fhir_type_name(t)[0]) ? "an" : "a", fhir_type_name(t),
                   STR_ARG(targets_text(w->r->a, e)));
    }
}

/* ---- #id in uris ---- */

/* Does some element below have this id, or some narrative? */
static bool has_id(const struct json *j, struct str id)
{
    if (j->kind == JSON_STRING) {
        return (str_is(j->key, "id") && str_eq(j->text, id)) ||
               (str_is(j->key, "div") && fhir_narrative_has_id(j->text, id));
    }
    json_each(child, j)
    {
        if (has_id(child, id)) {
            return true;
        }
    }
    return false;
}

/* The same in the resource around and what it contains; it is looked for so often and not more. */
static bool has_anchor(struct fhir_walk *w, struct str id)
{
    return ++w->searches > SEARCHES_MAX || (w->holder && has_id(w->holder->json, id));
}

void fhir_check_fragment(struct fhir_walk *w, const struct fhir_place *place,
                         const struct fhir_slot *slot, const struct json *j, int32_t index)
{
    struct str id = str_slice(j->text, 1, j->text.n);
    bool found = !id.n || fhir_contained_use(w, id) || has_anchor(w, id);
    if (!id.n && w->inside) {
        w->inside->is_used = true;
    }
    if (!found) {
        fhir_found(w->r, FHIR_RULE_REFERENCES, place, slot->name, index, j->at,
                   "nothing in the resource has the id behind the #");
    }
}
