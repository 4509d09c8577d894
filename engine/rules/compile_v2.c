/* Maps to messages of HL7 v2: the message that `to:` names. Its keys are compile_v2_key.c, texts and formulas
 * compile_v2_value.c, maps to parts of a message compile_v2_part.c. */
#include "engine/rules/compile_v2.h"

static const struct v2_target *no_version(struct compiler *c, const struct yaml_node *at,
                                          const char *what)
{
    diag_hint(c->d, diag_add(c->d, DIAG_ERROR, "missing-version", at->pos, "%s", what),
              "write version: 2.5.1, what the receiver reads");
    return NULL;
}

static struct str upper(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        p[i] = s.p[i] >= 'a' && s.p[i] <= 'z' ? (char)(s.p[i] - 32) : s.p[i];
    }
    return str_from(p, s.n);
}

/* adt^a31, ADT^S12 */
static const struct v2_target *unknown_message(struct compiler *c, const struct yaml_node *to,
                                               const struct v2_target *t)
{
    struct str type = upper(c->a, t->type), event = upper(c->a, t->event);
    bool only_case = !str_eq(type, t->type) || !str_eq(event, t->event);
    struct str near = STR("");
    if (only_case && event.n && compile_event_known(type, event)) {
        near = str_printf(c->a, "%.*s^%.*s", STR_ARG(type), STR_ARG(event));
    } else if (event.n) {
        near = compile_event_near(c->a, type, event);
    }
    struct diag *one =
        diag_add(c->d, DIAG_ERROR, "unknown-structure", to->pos,
                 "%.*s is no message of HL7 v2 with a known structure", STR_ARG(to->text));
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    }
    return NULL;
}

/* The version: of the map's head. False with an error. */
static bool target_version(struct compiler *c, const struct yaml_node *doc,
                           const struct yaml_node *to, enum hl7_version *out)
{
    const struct yaml_node *version = yaml_get(doc, "version");
    bool exact = false;
    if (!version || version->kind != YAML_SCALAR) {
        (void)no_version(c, version ? version : to, "a map to HL7 v2 says its version"); /* NULL */
        return false;
    }
    *out = dict_version(version->text, &exact);
    return exact ||
           no_version(c, version, "this is no version of HL7 v2 from 2.1 to 2.7.1") != NULL;
}

static const struct v2_target *to_message(struct compiler *c, const struct yaml_node *to,
                                          enum hl7_version version)
{
    ptrdiff_t hat = str_index(to->text, '^');
    struct v2_target *t = ARENA_NEW(c->a, struct v2_target);
    bool is_ack = hat < 0; /* ACK: of the event of whatever it answers */
    struct str rest = is_ack ? STR("") : str_slice(to->text, (size_t)hat + 1, to->text.n);
    ptrdiff_t second = str_index(rest, '^');
    const char *why = "";
    *t = (struct v2_target){
        .version = version, .name = to->text, .is_message = true, .level = V2_GROUP};
    t->type = is_ack ? to->text : str_slice(to->text, 0, (size_t)hat);
    t->event = second < 0 ? rest : str_slice(rest, 0, (size_t)second);
    t->s = structure_of(t->version, t->type, t->event,
                        second < 0 ? STR("") : str_slice(rest, (size_t)second + 1, rest.n), &why);
    if (!t->s || (!t->event.n && !is_ack)) {
        return unknown_message(c, to, t);
    }
    t->has_structure_name = t->version >= HL7_2_3_1;
    return t;
}

const struct v2_target *compile_v2_to(struct compiler *c, const struct yaml_node *doc,
                                      const struct yaml_node *to)
{
    enum hl7_version version;
    bool is_message = str_index(to->text, '^') >= 0 || str_is(to->text, "ACK");
    if (!target_version(c, doc, to, &version)) {
        return NULL;
    }
    return is_message ? to_message(c, to, version) : compile_v2_to_part(c, to, version);
}
