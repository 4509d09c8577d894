/* Documents `route:`, and the steps that leave it: send and reply. */
#include "engine/rules/ruleset_priv.h"

#include <limits.h>

enum { RANGE_MAX = 1000 };

static const char *const route_keys[] = {"route", "from",     "messages", "when",
                                         "do",    "on-error", "tests",    NULL};
static const char *const route_later[] = {"let", "profile", "versions", NULL};

/* --- send and reply --- */

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

static struct node *optional_formula(struct compiler *c, const struct yaml_node *n,
                                     enum check_want want, bool *good)
{
    struct node *got = n ? compile_formula(c, n, want, NULL) : NULL;
    *good = *good && (!n || got);
    return got;
}

bool compile_send(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                  struct step *s)
{
    const struct yaml_node *class = yaml_get(step, "class");
    bool good = find_destination(c, value, &s->send.destination);
    s->kind = STEP_SEND;
    s->send.id = optional_formula(c, yaml_get(step, "id"), CHECK_ONE, &good);
    s->send.key = optional_formula(c, yaml_get(step, "key"), CHECK_ANY, &good);
    s->send.is_bulk = class && str_is(class->text, "bulk");
    if (class && !s->send.is_bulk && !str_is(class->text, "interactive")) {
        diag_add(c->d, DIAG_ERROR, "bad-value", class->pos, "class: is interactive or bulk");
        good = false;
    }
    c->may_have_sent = true;
    if (good && c->route->held_at == UINT_MAX) {
        c->route->held_at = s->send.destination;
    }
    return good;
}

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

static bool reply_place(struct compiler *c, const struct yaml_node *n, struct step *s)
{
    struct path p;
    size_t at = 0;
    const char *why = "";
    s->reply.at = "";
    if (!n) {
        return true;
    }
    if (n->kind != YAML_SCALAR || path_compile(n->text, false, &p, &at, &why) != 0) {
        diag_add(c->d, DIAG_ERROR, "bad-path", n->pos, "at: is a path, as PID-3");
        return false;
    }
    s->reply.at = path_text(c->a, &p).p;
    return check_path(c->d, c->a, n->pos, &p);
}

bool compile_reply(struct compiler *c, const struct yaml_node *value, struct step *s)
{
    static const char *const keys[] = {"code", "error", "at", "text", NULL}, *const later[] = {
                                                                                 "as", NULL};
    s->kind = STEP_REPLY;
    if (!compile_keys(c, value, "reply", keys, later)) {
        return false;
    }
    const struct yaml_node *code = yaml_get(value, "code"), *text = yaml_get(value, "text");
    bool good = code && (str_is(code->text, "AE") || str_is(code->text, "AR"));
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

/* --- messages --- */

static bool is_event_letters(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        bool word = (s.p[i] >= 'A' && s.p[i] <= 'Z') || (s.p[i] >= '0' && s.p[i] <= '9');
        if (!word) {
            return false;
        }
    }
    return s.n > 0 && s.n <= 8;
}

static bool split_event(struct str s, struct str *letter, int *number)
{
    int64_t n;
    size_t i = 0;
    while (i < s.n && (s.p[i] < '0' || s.p[i] > '9')) {
        i++;
    }
    if (i == 0 || i == s.n || s.n - i > 4 || !str_to_i64(str_slice(s, i, s.n), &n)) {
        return false;
    }
    *letter = str_slice(s, 0, i);
    *number = (int)n;
    return true;
}

static bool set_range(struct str event, ptrdiff_t dots, struct pattern *p)
{
    struct str letter, other;
    if (!split_event(str_slice(event, 0, (size_t)dots), &letter, &p->from) ||
        !split_event(str_slice(event, (size_t)dots + 2, event.n), &other, &p->to)) {
        return false;
    }
    p->is_range = true;
    p->event = letter;
    return str_eq(letter, other) && p->from < p->to && p->to - p->from < RANGE_MAX;
}

static bool set_event(struct str event, struct pattern *p)
{
    ptrdiff_t dots = str_find(event, STR(".."));
    if (dots >= 0) {
        return set_range(event, dots, p);
    }
    p->is_prefix = event.n && event.p[event.n - 1] == '*';
    p->event = p->is_prefix ? str_slice(event, 0, event.n - 1) : event;
    return (p->is_prefix && p->event.n == 0) || is_event_letters(p->event);
}

static bool set_pattern(struct str text, struct pattern *p)
{
    ptrdiff_t hat = str_index(text, '^');
    if (str_is(text, "*")) {
        p->is_prefix = true;
        return true;
    }
    p->type = hat < 0 ? text : str_slice(text, 0, (size_t)hat);
    if (!is_event_letters(p->type)) {
        return false;
    }
    if (hat < 0) {
        p->is_prefix = true;
        return true;
    }
    return set_event(str_slice(text, (size_t)hat + 1, text.n), p);
}

static bool is_other_data(struct str s)
{
    bool capital = s.n > 1 && s.p[0] >= 'A' && s.p[0] <= 'Z' && s.p[1] >= 'a' && s.p[1] <= 'z';
    return str_is(s, "json") || capital;
}

static void add_structure(struct names *names, const struct structure *s)
{
    for (unsigned i = 0; i < names->nstructures; i++) {
        if (names->structure[i] == s) {
            return;
        }
    }
    if (s && names->nstructures < CHECK_STRUCTURES_MAX) {
        names->structure[names->nstructures++] = s;
    }
}

/* ADT^A*: every structure of the version whose name begins with ADT_. */
static void add_family(struct names *names, const struct pattern *p)
{
    const struct structure *s;
    for (unsigned i = 0; p->type.n && (s = structure_at(names->version, i)); i++) {
        struct str name = str_of(structure_name(s));
        bool member = str_starts(name, p->type) && name.n > p->type.n && name.p[p->type.n] == '_';
        if (member && str_starts(str_slice(name, p->type.n + 1, name.n), p->event)) {
            add_structure(names, s);
        }
    }
}

/* The structures of the messages that the route reads: which segments repeat. */
static void find_structures(struct compiler *c, const struct route *r)
{
    const char *why;
    c->names.nstructures = 0;
    for (unsigned i = 0; i < r->npatterns; i++) {
        const struct pattern *p = &r->patterns[i];
        if (p->is_prefix) {
            add_family(&c->names, p);
            continue;
        }
        for (int n = p->from; n <= p->to; n++) {
            struct str event =
                p->is_range ? str_printf(c->a, "%.*s%02d", STR_ARG(p->event), n) : p->event;
            add_structure(&c->names, structure_of(c->names.version, p->type, event, STR(""), &why));
        }
    }
}

bool compile_patterns(struct compiler *c, const struct yaml_node *list, struct route *r)
{
    const struct yaml_node *item = NULL;
    bool good = true;
    r->patterns = ARENA_ARRAY(c->a, struct pattern, list->count + 1);
    while ((item = yaml_next_item(list, item))) {
        struct str text;
        struct pattern *p = &r->patterns[r->npatterns];
        if (!compile_text(c, item, "a message type", &text)) {
            good = false;
        } else if (is_other_data(text)) {
            diag_add(c->d, DIAG_ERROR, "not-available", item->pos,
                     "%.*s: routes over FHIR and JSON are not available in this version",
                     STR_ARG(text));
            good = false;
        } else if (!set_pattern(text, p)) {
            diag_hint(c->d,
                      diag_add(c->d, DIAG_ERROR, "bad-message-type", item->pos,
                               "%.*s is no message type", STR_ARG(text)),
                      "write ADT^A01, ADT^A*, SIU^S12..S15, ADT or \"*\"");
            good = false;
        } else {
            p->pos = item->pos;
            r->npatterns++;
        }
    }
    return good;
}

/* --- the head --- */

static bool add_source(struct compiler *c, const struct yaml_node *n, struct route *r)
{
    struct str name, names[64];
    unsigned k = 0;
    if (!compile_text(c, n, "from: wants the name of a source, which", &name)) {
        return false;
    }
    for (unsigned i = 0; i < c->r->nsources; i++) {
        if (str_eq(c->r->sources[i].name, name)) {
            r->sources[r->nsources++] = i;
            return true;
        }
        if (k < 64) {
            names[k++] = c->r->sources[i].name;
        }
    }
    for (unsigned i = 0; i < c->r->ndestinations; i++) {
        if (str_eq(c->r->destinations[i].name, name)) {
            diag_add(c->d, DIAG_ERROR, "not-available", n->pos,
                     "%.*s is a destination; reading its answers is not available in this version",
                     STR_ARG(name));
            return false;
        }
    }
    struct str near = check_nearest(name, names, k);
    struct diag *one = diag_add(c->d, DIAG_ERROR, "unknown-source", n->pos,
                                "no source is called %.*s", STR_ARG(name));
    if (near.n) {
        diag_hint(c->d, one, "did you mean %.*s?", STR_ARG(near));
    } else {
        diag_hint(c->d, one, "declare it under sources: in the configuration");
    }
    return false;
}

static bool compile_from(struct compiler *c, const struct yaml_node *list, struct route *r)
{
    const struct yaml_node *item = NULL;
    bool good = true;
    r->sources = ARENA_ARRAY(c->a, unsigned, list->count + 1);
    while ((item = yaml_next_item(list, item))) {
        good = add_source(c, item, r) && good;
    }
    return good;
}

/* Paths are typed by the newest version that the sources declare. */
static enum hl7_version newest_version(const struct compiler *c, const struct route *r)
{
    int newest = -1;
    for (unsigned i = 0; i < r->nsources; i++) {
        const struct rules_source *s = &c->r->sources[r->sources[i]];
        for (unsigned k = 0; k < s->nversions; k++) {
            int v = (int)dict_version(s->versions[k], NULL);
            newest = v > newest ? v : newest;
        }
    }
    return newest < 0 ? TYPE_VERSION_DEFAULT : (enum hl7_version)newest;
}

static bool compile_on_error(struct compiler *c, const struct yaml_node *n, struct route *r)
{
    static const char *const words[] = {"hold", "reject", "skip"};
    for (unsigned i = 0; n && i < 3; i++) {
        if (n->kind == YAML_SCALAR && str_is(n->text, words[i])) {
            r->on_error = (enum on_error)i;
            return true;
        }
    }
    if (n) {
        diag_add(c->d, DIAG_ERROR, "bad-value", n->pos, "on-error: is hold, reject or skip");
    }
    return !n;
}

static const struct yaml_node *needed(struct compiler *c, const struct yaml_node *doc,
                                      const char *key, const char *what)
{
    const struct yaml_node *n = yaml_get(doc, key);
    if (!n) {
        diag_add(c->d, DIAG_ERROR, "missing-key", doc->pos, "the route has no %s:, %s", key, what);
    }
    return n && n->kind != YAML_ABSENT ? n : NULL;
}

static bool compile_name(struct compiler *c, const struct yaml_node *n, struct route *r)
{
    if (!compile_text(c, n, "route: wants a name, which", &r->name)) {
        return false;
    }
    r->pos = n->pos;
    r->place = str_printf(c->a, "%s:%u", c->file->name, n->pos.line);
    for (unsigned i = 0; i < c->r->nroutes; i++) {
        if (str_eq(c->r->routes[i]->name, r->name)) {
            const struct diag_pos *other = &c->r->routes[i]->pos;
            diag_add(c->d, DIAG_ERROR, "duplicate-name", n->pos,
                     "a route %.*s stands already at %s:%u", STR_ARG(r->name), other->file,
                     other->line);
            return false;
        }
    }
    return true;
}

static void add_route(struct compiler *c, struct route *r)
{
    if (c->r->nroutes == c->cap_routes) {
        c->cap_routes = c->cap_routes ? c->cap_routes * 2 : 16;
        struct route **all = ARENA_ARRAY(c->a, struct route *, c->cap_routes);
        if (c->r->nroutes) {
            memcpy(all, c->r->routes, c->r->nroutes * sizeof(*all));
        }
        c->r->routes = all;
    }
    c->r->routes[c->r->nroutes++] = r;
}

void compile_route(struct compiler *c, const struct yaml_node *doc)
{
    struct route *r = ARENA_NEW(c->a, struct route);
    r->held_at = UINT_MAX;
    c->route = r;
    c->may_have_sent = false;
    c->names.nlets = 0;
    (void)compile_keys(c, doc, "a route", route_keys, route_later); /* go on: all errors at once */
    bool named = compile_name(c, yaml_get(doc, "route"), r);
    const struct yaml_node *from = needed(c, doc, "from", "the sources it reads");
    const struct yaml_node *messages = needed(c, doc, "messages", "the message types it reads");
    const struct yaml_node *steps = needed(c, doc, "do", "its steps"),
                           *when = yaml_get(doc, "when");
    if (from) {
        (void)compile_from(c, from, r); /* findings tell */
    }
    c->names.version = newest_version(c, r);
    if (messages) {
        (void)compile_patterns(c, messages, r); /* findings tell */
        find_structures(c, r);
    }
    if (when) {
        r->when = compile_formula(c, when, CHECK_DECISION, NULL);
        r->not_matched = str_printf(c->a, "%.*s: when is not true (%s:%u)", STR_ARG(r->name),
                                    c->file->name, when->pos.line);
    }
    (void)compile_on_error(c, yaml_get(doc, "on-error"), r); /* findings tell */
    if (steps) {
        r->steps = compile_steps(c, steps);
    }
    if (named) {
        add_route(c, r);
    }
}
