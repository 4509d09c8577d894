/* Sources and destinations of the configuration: that there are not too many, their names, and what they say of each
 * other. One of them is read in sources.c, destinations.c. */
#include "engine/config/loader.h"

enum { NAME_MAX_BYTES = 64 };

void loader_unavailable(struct loader *l, const struct yaml_node *n, const char *what)
{
    diag_add(l->d, DIAG_ERROR, "not-available", n->pos, "`%s` is not available in this version",
             what);
}

static bool is_name(struct str s)
{
    if (!s.n || s.n > NAME_MAX_BYTES) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_';
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool check_name(struct loader *l, const struct yaml_node *node, const char *what)
{
    if (!is_name(node->key->text)) {
        diag_add(l->d, DIAG_ERROR, "bad-name", node->key->pos,
                 "`%.*s` is no name of a %s; expected letters, digits, - and _, at most 64",
                 STR_ARG(node->key->text), what);
        return false;
    }
    if (node->kind != YAML_MAPPING) {
        diag_add(l->d, DIAG_ERROR, "expected-mapping", node->pos,
                 "%s `%.*s` is %s; expected a mapping", what, STR_ARG(node->key->text),
                 yaml_kind_text(node));
        return false;
    }
    return true;
}

static unsigned count_children(struct loader *l, const struct yaml_node *n, const char *what)
{
    if (!n) {
        return 0;
    }
    if (n->kind != YAML_MAPPING) {
        diag_add(l->d, DIAG_ERROR, "expected-mapping", n->pos,
                 "`%s` is %s; expected names, each with its settings", what, yaml_kind_text(n));
        return 0;
    }
    if (n->count > CONFIG_ENDPOINTS_MAX) {
        diag_add(l->d, DIAG_ERROR, "too-many", n->pos, "%u %s; expected at most %d", n->count, what,
                 CONFIG_ENDPOINTS_MAX);
        return 0;
    }
    return n->count;
}

/* A destination may stand in `from:` of a route, so the names must not meet. */
static void check_names_apart(struct loader *l)
{
    for (unsigned i = 0; i < l->plan->ndestinations; i++) {
        const struct plan_destination *d = &l->plan->destinations[i];
        for (unsigned k = 0; k < l->plan->nsources; k++) {
            if (str_eq(d->name, l->plan->sources[k].name)) {
                diag_add(l->d, DIAG_ERROR, "name-twice", d->pos,
                         "`%.*s` is a source already; expected another name", STR_ARG(d->name));
            }
        }
    }
}

static void find_ack_destination(struct loader *l, const struct yaml_node *source, const char *key,
                                 unsigned *out)
{
    const struct yaml_node *at = yaml_get(yaml_get(source, "ack"), key);
    for (unsigned i = 0; i < l->plan->ndestinations; i++) {
        if (str_eq(l->plan->destinations[i].name, at->text)) {
            *out = i;
            return;
        }
    }
    diag_add(l->d, DIAG_ERROR, "unknown-destination", at->pos,
             "`%s` names `%.*s`; expected one of the destinations", key, STR_ARG(at->text));
}

static bool takes_hl7(const struct plan_source *s)
{
    return s->adapter && s->adapter->in && !s->adapter->in->is_data_only && !s->adapter->is_bulk;
}

static void find_answers(struct loader *l, const struct yaml_node *node, struct plan_destination *t)
{
    const struct yaml_node *map = yaml_get(node, "answers"), *at = yaml_get(map, "from");
    const struct yaml_node *reply = yaml_get(yaml_get(node, "mllp"), "reply");
    t->answers.source = l->plan->nsources;
    for (unsigned i = 0; at && i < l->plan->nsources; i++) {
        if (str_eq(l->plan->sources[i].name, at->text) && takes_hl7(&l->plan->sources[i])) {
            t->answers.source = i;
        }
    }
    if (at && t->answers.source == l->plan->nsources) {
        diag_add(l->d, DIAG_ERROR, "unknown-source", at->pos,
                 "`from` names `%.*s`; expected one of the sources, with a connection of HL7 v2",
                 STR_ARG(at->text));
    }
    if (reply && str_is(reply->text, "application")) {
        diag_add(l->d, DIAG_ERROR, "option-conflict", map->pos,
                 "`answers` beside `reply: application`, which waits for the same answer on the "
                 "connection; expected one of them");
    }
}

/* A queue goes to one destination, and only from a name that is given up. */
static void check_was(struct loader *l, unsigned at)
{
    const struct plan_destination *d = &l->plan->destinations[at];
    for (unsigned i = 0; i < l->plan->ndestinations && d->was.n; i++) {
        const struct plan_destination *other = &l->plan->destinations[i];
        if (str_eq(other->name, d->was)) {
            diag_add(l->d, DIAG_ERROR, "name-twice", d->pos,
                     "`was: %.*s` names a destination that is still declared; expected the name it "
                     "had before",
                     STR_ARG(d->was));
        } else if (i < at && str_eq(other->was, d->was)) {
            diag_add(l->d, DIAG_ERROR, "name-twice", d->pos,
                     "`%.*s` takes over the queue of `%.*s` already", STR_ARG(other->name),
                     STR_ARG(d->was));
        }
    }
}

static void read_all(struct loader *l, const struct top_conf *top, bool has_sources,
                     bool has_destinations)
{
    yaml_each(node, has_sources ? top->sources : NULL)
    {
        if (check_name(l, node, "source")) {
            loader_source(l, node, l->plan->nsources++);
        }
    }
    yaml_each(node, has_destinations ? top->destinations : NULL)
    {
        if (check_name(l, node, "destination")) {
            loader_destination(l, node, l->plan->ndestinations++);
        }
    }
}

/* What a source says of destinations, and the other way round, now that all are known. */
static void find_others(struct loader *l, const struct top_conf *top)
{
    for (unsigned i = 0; i < l->plan->nsources; i++) {
        struct plan_source *s = &l->plan->sources[i];
        const struct yaml_node *source = yaml_get_str(top->sources, s->name);
        if (s->ack == PLAN_ACK_ANSWERED) {
            find_ack_destination(l, source, "answered-by", &s->answered_by);
            l->rules_destinations[s->answered_by].is_awaited = true;
        }
        if (s->has_ack_to) {
            find_ack_destination(l, source, "application-to", &s->ack_to);
        }
    }
    for (unsigned i = 0; i < l->plan->ndestinations; i++) {
        struct plan_destination *t = &l->plan->destinations[i];
        check_was(l, i);
        if (t->answers.is_on) {
            find_answers(l, yaml_get_str(top->destinations, t->name), t);
        }
    }
}

void loader_endpoints(struct loader *l, const struct top_conf *top)
{
    unsigned ns = count_children(l, top->sources, "sources");
    unsigned nd = count_children(l, top->destinations, "destinations");
    l->plan->sources = ARENA_ARRAY(l->a, struct plan_source, ns + 1);
    l->plan->destinations = ARENA_ARRAY(l->a, struct plan_destination, nd + 1);
    l->rules_sources = ARENA_ARRAY(l->a, struct rules_source, ns + 1);
    l->rules_destinations = ARENA_ARRAY(l->a, struct rules_destination, nd + 1);
    read_all(l, top, ns > 0, nd > 0);
    check_names_apart(l);
    find_others(l, top);
}
