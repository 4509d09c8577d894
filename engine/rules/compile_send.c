/* The steps by which something leaves a route: send and reply. */
#include "engine/rules/compile_priv.h"

#include <limits.h>

enum { AWAIT_LEAST_MS = 1000, AWAIT_MOST_MS = 60000 };

static bool find_destination(struct compiler *c, const struct yaml_node *n, unsigned *out)
{
    struct str name, names[64];
    unsigned k = 0;
    if (!compile_text(c, n, "send: wants the name of a destination, which", &name)) {
        return false;
    }
    for (unsigned i = 0; i < c->r->ndestinations; i++) {
        if (str_eq(c->r->destinations[i].name, name)) {
            *out = i;
            return true;
        }
        if (k < 64) {
            names[k++] = c->r->destinations[i].name;
        }
    }
    struct str near = check_nearest(name, names, k);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-destination", n->pos,
                                "no destination is called %.*s", STR_ARG(name));
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(c->d, one, "declare it under destinations: in the configuration");
    }
    return false;
}

/* id: and key:, a formula or a text. */
static struct node *optional_value(struct compiler *c, const struct yaml_node *n,
                                   enum check_want want, bool *good)
{
    struct assign to = {0};
    struct shape shape;
    if (!n || !compile_value(c, n, want, &shape, &to)) {
        *good = *good && !n;
        return NULL;
    }
    if (to.formula) {
        return to.formula;
    }
    struct node *text = ARENA_NEW(c->a, struct node);
    *text = (struct node){.op = NODE_LITERAL, .pos = n->pos, .value = value_string(to.literal)};
    return text;
}

/* Without id: the id is the route and the numbers of the loops around: two such sends are one too many. */
static bool check_same_id(struct compiler *c, const struct yaml_node *step, struct step *s)
{
    unsigned d = s->send.destination;
    bool certain = !s->send.id && !yaml_get(step, "if") && d < 256;
    if (certain && c->seen_sends[d]) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "same-id", s->pos,
                           "a send to %.*s stands before this one, and both would have the same id",
                           STR_ARG(c->r->destinations[d].name)),
                  "give this one an id:, a formula or a text that tells them apart");
        return false;
    }
    if (certain) {
        c->seen_sends[d] = true;
    }
    return true;
}

static bool send_class(struct compiler *c, const struct yaml_node *n, struct step *s)
{
    s->send.has_class = n != NULL;
    s->send.is_bulk = n && n->kind == YAML_SCALAR && str_is(n->text, "bulk");
    if (n && !s->send.is_bulk && !(n->kind == YAML_SCALAR && str_is(n->text, "interactive"))) {
        diag_add(c->d, DIAG_ERROR, "bad-value", n->pos, "class: is interactive or bulk");
        return false;
    }
    return true;
}

static bool send_part(struct compiler *c, const struct yaml_node *n, struct step *s)
{
    if (!n) {
        return true;
    }
    s->send.is_part = true;
    if (n->kind != YAML_SCALAR || !str_is(n->text, "current")) {
        diag_add(c->d, DIAG_ERROR, "bad-value", n->pos,
                 "part: is current: the message without the loop's other elements");
        return false;
    }
    if (!c->names.element) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "no-loop", n->pos,
                           "part: current stands in a loop over segments or groups"),
                  "put the send into for: SEG");
        return false;
    }
    if (s->send.map) {
        diag_add(c->d, DIAG_ERROR, "bad-value", n->pos,
                 "part: is for the message itself; a map takes what it reads");
        return false;
    }
    return true;
}

/* Can the destination take what is sent: JSON, or HL7 v2? False with an error. */
static bool carries(struct compiler *c, const struct step *s, bool is_json, struct diag_pos pos)
{
    unsigned d = s->send.destination;
    const struct rules_destination *to = d < c->r->ndestinations ? &c->r->destinations[d] : NULL;
    const char *refuses = !to ? NULL : is_json ? to->refuses : to->refuses_hl7;
    if (!refuses) {
        return true;
    }
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "wrong-destination", pos,
                       "the destination %.*s is \"%s\": it cannot carry %s", STR_ARG(to->name),
                       refuses, is_json ? "JSON" : "HL7 v2"),
              is_json ? "send it to a destination that can, as http"
                      : "say as: with a map that makes a FHIR resource");
    return false;
}

static bool send_map(struct compiler *c, const struct yaml_node *step, struct step *s)
{
    const struct yaml_node *as = yaml_get(step, "as"), *with = yaml_get(step, "with");
    if (!as && !carries(c, s, c->names.data != DATA_HL7, s->pos)) {
        return false;
    }
    if (!as) {
        if (with) {
            diag_add(c->d, DIAG_ERROR, "missing-key", with->pos,
                     "with: gives parameters to a map, and there is no as:");
        }
        return !with;
    }
    struct map *m = compile_find_map(c, as);
    if (!m) {
        return false;
    }
    s->send.map = m;
    if (m->v2 && !m->v2->is_message) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "wrong-map", as->pos,
                           "the map %.*s makes a %.*s, and a message is sent", STR_ARG(m->name),
                           STR_ARG(m->v2->name)),
                  "such a map is for $use:");
        return false;
    }
    if (m->is_known && !carries(c, s, m->v2 == NULL, as->pos)) {
        return false;
    }
    if (m->datatype) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "wrong-map", as->pos,
                           "the map %.*s reads a %s, a send gives it a message", STR_ARG(m->name),
                           m->datatype),
                  "such a map is for $use:");
        return false;
    }
    return compile_use_map(c, m, as->pos) &&
           compile_with(c, with, &(struct callee){m->name, as->pos, m->params, m->nparams},
                        &s->send.with);
}

/* Adapter options that a message may set are rows of the adapter's table: the configuration knows it. */
static bool send_options(struct compiler *c, const struct yaml_node *n, struct step *s)
{
    if (!n) {
        return true;
    }
    if (!c->env->message_options) {
        diag_add(c->d, DIAG_ERROR, "bad-value", n->pos, "options: cannot be used here");
        return false;
    }
    if (!c->env->message_options(c->env->arg, s->send.destination, n, c->d)) {
        return false;
    }
    struct assigns *all = &s->send.options;
    bool good = true;
    all->v = ARENA_ARRAY(c->a, struct assign, n->count + 1);
    yaml_each(one, n)
    {
        struct assign *to = &all->v[all->n++];
        struct shape shape;
        to->to.text = one->key->text;
        to->pos = one->pos;
        good = compile_value(c, one, CHECK_TEXT, &shape, to) && good;
    }
    return good;
}

/* Only who answers can be waited for. */
static bool may_await(struct compiler *c, const struct yaml_node *n, unsigned d)
{
    const struct rules_destination *to = &c->r->destinations[d];
    if (!to->silence) {
        return true;
    }
    diag_hint(c->d,
              diag_add(c->d, DIAG_ERROR, "wrong-destination", n->pos,
                       "await: waits for an answer, and the destination %.*s %s", STR_ARG(to->name),
                       to->silence),
              "leave await: out, or put it on the send to the destination that is asked");
    return false;
}

static bool send_await(struct compiler *c, const struct yaml_node *n, struct step *s)
{
    unsigned d = s->send.destination;
    int64_t ms = 0;
    if (!n || d >= c->r->ndestinations) {
        return true;
    }
    if (n->kind != YAML_SCALAR || !opt_read_ms(n->text, &ms) || ms < AWAIT_LEAST_MS ||
        ms > AWAIT_MOST_MS) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "bad-value", n->pos,
                           "await: is a time from 1s to 60s: so long the patient's next messages "
                           "wait for the answer"),
                  "write await: 10s");
        return false;
    }
    s->send.await_ms = (uint32_t)ms;
    c->r->await_ms[d] = c->r->await_ms[d] > ms ? c->r->await_ms[d] : (uint32_t)ms;
    return may_await(c, n, d);
}

bool compile_send(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                  struct step *s)
{
    s->kind = STEP_SEND;
    s->send.destination = UINT_MAX;
    bool good = find_destination(c, value, &s->send.destination);
    good = send_map(c, step, s) && good;
    s->send.id = optional_value(c, yaml_get(step, "id"), CHECK_TEXT, &good);
    s->send.key = optional_value(c, yaml_get(step, "key"), CHECK_ANY, &good);
    good = send_class(c, yaml_get(step, "class"), s) && good;
    good = send_part(c, yaml_get(step, "part"), s) && good;
    good = send_await(c, yaml_get(step, "await"), s) && good;
    c->may_have_sent = true;
    if (good) {
        good = send_options(c, yaml_get(step, "options"), s);
    }
    if (good && c->route && c->route->held_at == UINT_MAX) {
        c->route->held_at = s->send.destination;
    }
    return good && check_same_id(c, step, s);
}

/* ---- reply ---- */

static bool reply_error(struct compiler *c, const struct yaml_node *n, struct step *s)
{
    int64_t code = 207;
    if (n && (n->kind != YAML_SCALAR || !str_to_i64(n->text, &code) ||
              !*ack_error_text((int)code) || code == 0)) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "bad-value", n->pos,
                           "error: is no error code of HL7 table 0357"),
                  "100 segment sequence, 101 required field missing, 102 data type, 103 table "
                  "value, 200 to 207 rejections");
        return false;
    }
    s->reply.error = (int)code;
    return true;
}

/* Patient.identifier is a formula, too, which knows the elements of R4; what is written otherwise stays as it is. */
static bool is_known_place(struct compiler *c, const struct yaml_node *n)
{
    struct str text = n->text;
    long end = str_index(text, '.');
    bool named = c->names.data == DATA_FHIR && end > 0 &&
                 fhir_type_of_resource(str_slice(text, 0, (size_t)end));
    for (size_t i = 0; i < text.n && named; i++) {
        named = text.p[i] == '.' || text.p[i] == '[' || text.p[i] == ']' ||
                (text.p[i] >= '0' && text.p[i] <= '9') || (text.p[i] >= 'A' && text.p[i] <= 'Z') ||
                (text.p[i] >= 'a' && text.p[i] <= 'z');
    }
    return !named || compile_formula(c, n, CHECK_ANY, NULL) != NULL;
}

static bool reply_place(struct compiler *c, const struct yaml_node *n, struct step *s)
{
    struct path p;
    size_t at = 0;
    const char *why = "";
    s->reply.at = "";
    if (!n) {
        return true;
    }
    if (c->names.data != DATA_HL7) {
        struct str text;
        bool good = compile_text(c, n, "at: wants an element, as Patient.identifier, which", &text);
        s->reply.at = good ? str_dup(c->a, text).p : "";
        return good && is_known_place(c, n);
    }
    if (n->kind != YAML_SCALAR || path_compile(n->text, false, &p, &at, &why) != 0) {
        diag_add(c->d, DIAG_ERROR, "bad-path", n->pos, "at: is a path, as PID-3");
        return false;
    }
    s->reply.at = path_text(c->a, &p).p;
    return check_path(c->d, c->a, n->pos, &p, &c->names);
}

/* as: the whole answer, in place of the one that came. */
static bool reply_map(struct compiler *c, const struct yaml_node *value, struct step *s)
{
    static const char *const others[] = {"code", "error", "at", "text"};
    const struct yaml_node *as = yaml_get(value, "as"), *with = yaml_get(value, "with");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        const struct yaml_node *other = yaml_get(value, others[i]);
        if (other) {
            diag_add(c->d, DIAG_ERROR, "bad-value", other->key->pos,
                     "reply: has %s: beside as:; the map writes the whole answer", others[i]);
            return false;
        }
    }
    struct map *m = compile_find_map(c, as);
    if (!m) {
        return false;
    }
    s->reply.map = m;
    if (m->is_known && (!m->v2 || !m->v2->is_message || m->datatype)) {
        diag_hint(c->d,
                  diag_add(c->d, DIAG_ERROR, "wrong-map", as->pos,
                           "the map %.*s makes no message of HL7 v2, which a reply is",
                           STR_ARG(m->name)),
                  "such a map says to: RSP^K22");
        return false;
    }
    check_add_need(c->a, c->names.needs, &(struct need){.kind = NEED_CAUSE, .pos = as->pos});
    return compile_use_map(c, m, as->pos) &&
           compile_with(c, with, &(struct callee){m->name, as->pos, m->params, m->nparams},
                        &s->reply.with);
}

bool compile_reply(struct compiler *c, const struct yaml_node *value, struct step *s)
{
    static const char *const keys[] = {"code", "error", "at", "text", "as", "with", NULL};
    s->kind = STEP_REPLY;
    if (!compile_keys(c, value, "reply", keys, NULL)) {
        return false;
    }
    if (yaml_get(value, "as")) {
        return reply_map(c, value, s);
    }
    const struct yaml_node *code = yaml_get(value, "code"), *text = yaml_get(value, "text");
    bool good =
        code && code->kind == YAML_SCALAR && (str_is(code->text, "AE") || str_is(code->text, "AR"));
    if (!good) {
        diag_add(c->d, DIAG_ERROR, "bad-value", code ? code->pos : value->pos,
                 "reply: wants code: AE (error) or AR (reject)");
    }
    s->reply.code = good && str_is(code->text, "AR") ? ACK_AR : ACK_AE;
    good = reply_error(c, yaml_get(value, "error"), s) && good;
    good = reply_place(c, yaml_get(value, "at"), s) && good;
    s->reply.text = STR("");
    return (!text || compile_text(c, text, "text:", &s->reply.text)) && good;
}
