/* Resources: the document, of entries and parameters, contained. */
#include "engine/fhir/validate_priv.h"

unsigned fhir_resource_type(struct fhir_walk *w, const struct fhir_place *up, const struct json *j,
                            const struct fhir_slot *slot, int32_t index)
{
    struct str member = slot ? slot->name : STR("");
    const struct json *type = json_get(j, "resourceType");
    unsigned t = 0;
    const char *text = NULL;
    if (j->kind != JSON_OBJECT) {
        text = "this is no object; expected a resource";
    } else if (!type || type->kind != JSON_STRING) {
        text = "an object without resourceType; expected a resource";
    } else {
        t = fhir_type_of_resource(type->text);
        text = t ? NULL : "resourceType names no resource of FHIR R4";
    }
    if (text) {
        fhir_found(w->r, FHIR_RULE_RESOURCE_TYPE, up, member, index, type ? type->at : j->at, "%s",
                   text);
    }
    return t;
}

/* Members, with what may surround them. */
static void walk_as(struct fhir_walk *w, const struct fhir_place *p, bool is_contained)
{
    struct fhir_holder holder, *outer = w->holder;
    struct fhir_bundle bundle;
    const struct fhir_bundle *around = w->bundle;
    if (!is_contained) {
        fhir_holder_begin(w, p, &holder);
        w->holder = &holder;
    }
    if (p->type == FHIR_TYPE_BUNDLE) {
        fhir_bundle_begin(w, p, &bundle);
        w->bundle = &bundle;
    }
    fhir_walk_members(w, p);
    fhir_check_definition(w, p);
    if (!is_contained) {
        fhir_holder_end(w, p, &holder);
    }
    w->holder = outer;
    w->bundle = around;
}

/* What the resource around contains here; NULL: this place is no such. */
static struct fhir_contained *contained_at(const struct fhir_walk *w, const struct fhir_place *up,
                                           const struct fhir_slot *slot, int32_t index)
{
    bool is_it = up && w->holder && up->json == w->holder->json && str_is(slot->name, "contained");
    return is_it && index >= 0 && (unsigned)index < w->holder->n ? w->holder->at[index] : NULL;
}

void fhir_walk_resource(struct fhir_walk *w, const struct fhir_place *up, const struct json *j,
                        const struct fhir_slot *slot, int32_t index)
{
    struct fhir_contained *inside = w->inside, *own = contained_at(w, up, slot, index);
    struct str full_url = w->full_url;
    unsigned t = fhir_resource_type(w, up, j, slot, index);
    if (!t) {
        return;
    }
    struct fhir_place *p = fhir_place_new(w, up, j, t);
    p->name = slot ? slot->name : str_of(fhir_type_name(t));
    p->index = index;
    p->is_resource = true;
    p->resource = p;
    w->r->type = up ? w->r->type : t;
    if (own) {
        w->inside = own;
    } else if (up && up->up && up->up->type == FHIR_TYPE_BUNDLE) {
        w->full_url = json_text(json_get(up->json, "fullUrl"));
        w->full_url = w->full_url.p ? w->full_url : STR("");
        fhir_check_entry(w, p);
    }
    if (!own) {
        w->inside = NULL;
    }
    walk_as(w, p, own != NULL);
    w->inside = inside;
    w->full_url = full_url;
}
