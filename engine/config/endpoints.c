#include "engine/config/loader.h"
#include "engine/flow/sender.h"

enum { NAME_MAX_BYTES = 64, KEYS_MAX = 64 };

void loader_unavailable(struct loader *l, const struct yaml_node *n, const char *what)
{
    diag_add(l->d, DIAG_ERROR, "not-available", n->pos, "`%s` is not available in this version",
             what);
}

static const struct adapter *find_adapter(const struct loader *l, struct str key, bool in)
{
    for (size_t i = 0; l->adapters[i]; i++) {
        const struct adapter *one = l->adapters[i];
        if (str_is(key, one->name) && (in ? one->in != NULL : one->out != NULL)) {
            return one;
        }
    }
    return NULL;
}

/* "mllp, discard": the adapters that can stand here. */
static struct str adapter_names(const struct loader *l, bool in)
{
    struct str list = STR("");
    for (size_t i = 0; l->adapters[i]; i++) {
        const struct adapter *one = l->adapters[i];
        if (in ? one->in != NULL : one->out != NULL) {
            list = str_printf(l->a, "%.*s%s%s", STR_ARG(list), list.n ? ", " : "", one->name);
        }
    }
    return list;
}

/* Keys under a source or destination that opt_parse() shall leave alone: NULL-ended. */
static void other_keys(const struct loader *l, const char *out[KEYS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; l->adapters[i] && n + 8 < KEYS_MAX; i++) {
        if (l->adapters[i]->in || l->adapters[i]->out) { /* some only tell */
            out[n++] = l->adapters[i]->name;
        }
    }
    out[n] = NULL;
}

struct chosen {
    const struct adapter *adapter;
    void *conf;
};

static void *parse_conf(struct loader *l, const struct adapter *ad, bool in,
                        const struct yaml_node *n)
{
    const struct opt *rows = in ? ad->in_opts : ad->out_opts;
    size_t size = in ? ad->in_conf_size : ad->out_conf_size;
    void *conf = arena_zalloc(l->a, size ? size : 1);
    const char *tls[] = {"tls", NULL};
    const struct yaml_node *secure = yaml_get(n, "tls");
    bool has_rows = rows && rows[0].name;
    bool knows_tls = has_rows && opt_find(rows, STR("tls"));
    if (n->kind == YAML_SCALAR && !n->text.n) {
        n = NULL; /* `discard: ""`: all defaults */
    }
    if (secure && !knows_tls) {
        loader_unavailable(l, secure, "tls");
    }
    static const struct opt none[] = {{0}};
    int failed = opt_parse(l->a, has_rows ? rows : none, n, knows_tls ? NULL : tls, l->d, conf);
    void (*check)(const void *, const struct yaml_node *, struct diags *) =
        in ? ad->in_check : ad->out_check;
    if (!failed && n && check) { /* else the finding tells */
        check(conf, n, l->d);
    }
    return conf;
}

/* The adapter that one of the keys is nearly called; "": none. */
static struct str misspelt_adapter(const struct loader *l, bool in, const struct yaml_node *node)
{
    yaml_each(child, node)
    {
        for (size_t i = 0; child->key && l->adapters[i]; i++) {
            const struct adapter *ad = l->adapters[i];
            struct str name = str_of(ad->name);
            unsigned most = name.n < 6 ? 1 : 2;
            bool fits = in ? ad->in != NULL : ad->out != NULL;
            if (fits && str_distance(child->key->text, name) <= most) {
                return name;
            }
        }
    }
    return STR("");
}

/* The one key that names an adapter, and its settings. */
static struct chosen choose_adapter(struct loader *l, const struct yaml_node *node, bool in)
{
    struct chosen c = {0};
    const struct yaml_node *first = NULL;
    bool is_told = false;
    yaml_each(child, node)
    {
        const struct adapter *ad = child->key ? find_adapter(l, child->key->text, in) : NULL;
        if (!ad) {
            if (child->key && find_adapter(l, child->key->text, !in)) {
                diag_add(l->d, DIAG_ERROR, "not-available", child->key->pos,
                         "`%.*s` is not available as a %s in this version",
                         STR_ARG(child->key->text), in ? "source" : "destination");
                is_told = true;
            }
            continue;
        }
        if (first) {
            diag_add(l->d, DIAG_ERROR, "two-adapters", child->key->pos,
                     "a second adapter `%.*s`; expected one, `%s` stands above",
                     STR_ARG(child->key->text), c.adapter->name);
            continue;
        }
        first = child;
        c = (struct chosen){ad, parse_conf(l, ad, in, child)};
    }
    if (!c.adapter && !is_told) {
        struct str names = adapter_names(l, in);
        struct diag *one =
            diag_add(l->d, DIAG_ERROR, "no-adapter", node->pos,
                     "no adapter is named; expected one of the keys %.*s", STR_ARG(names));
        diag_means(one, DIAG_LACKS, misspelt_adapter(l, in, node));
    }
    return c;
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

/* ---- sources ---- */

/* The destination is looked for when all are read: find_ack_destination(). */
static void read_ack_options(struct loader *l, const struct yaml_node *n, struct plan_source *out)
{
    struct ack_conf c = {0};
    if (opt_parse(l->a, config_ack_rows, n, NULL, l->d, &c) < 0) {
        return;
    }
    if ((c.answered_by.n > 0) == (c.application_to.n > 0)) {
        diag_add(l->d, DIAG_ERROR, "option-conflict", n->pos,
                 "`ack` says %s of answered-by and application-to; expected one of them",
                 c.answered_by.n ? "both" : "none");
        return;
    }
    if (c.application_to.n) {
        out->has_ack_to = true;
        return;
    }
    out->ack = PLAN_ACK_ANSWERED;
    out->answer_within_us = c.within_ms * 1000;
    if (out->adapter && (!out->adapter->in->abandon || out->adapter->in->is_data_only)) {
        diag_add(
            l->d, DIAG_ERROR, "not-available", n->pos,
            "`answered-by` is not for `%s`, where nobody waits for an acknowledgement of HL7 v2; "
            "expected stored or never",
            out->adapter->name);
    }
}

static void read_ack(struct loader *l, const struct yaml_node *n, struct plan_source *out)
{
    bool is_word = n && n->kind == YAML_SCALAR;
    if (n && n->kind == YAML_MAPPING) {
        read_ack_options(l, n, out);
    } else if (is_word && str_is(n->text, "never")) {
        out->ack = PLAN_ACK_NEVER;
    } else if (n && !(is_word && str_is(n->text, "stored"))) {
        diag_add(l->d, DIAG_ERROR, "option-type", n->pos,
                 "`ack` is %s; expected stored, never or {answered-by: DESTINATION}",
                 is_word ? "another word" : yaml_kind_text(n));
    }
}

/* A file is one batch only where that is asked for: it may hold more than one entry can. */
static void read_batch(struct loader *l, const struct yaml_node *n, struct plan_source *out)
{
    struct batch_conf c = {0};
    bool is_files = out->adapter && out->adapter->is_bulk;
    (void)opt_parse(l->a, config_batch_rows, n, NULL, l->d, &c); /* the finding tells */
    out->batch = (struct plan_batch){c.split && (n || !is_files), (enum plan_counts)c.counts,
                                     (enum plan_batch_reply)c.reply};
    if (is_files && c.reply != PLAN_BATCH_ONE) {
        diag_add(l->d, DIAG_ERROR, "option-conflict", yaml_get(n, "reply")->pos,
                 "nobody waits for answers to the messages of a file; expected one-per-batch");
    }
}

static void read_parts(struct loader *l, const struct yaml_node *n, struct plan_source *out)
{
    struct parts_conf c = {0};
    (void)opt_parse(l->a, config_parts_rows, n, NULL, l->d, &c); /* the finding tells */
    out->parts = (struct plan_parts){c.join, (enum plan_unmatched)c.unmatched, (unsigned)c.most,
                                     c.within_ms * 1000};
}

static void read_duplicates(struct loader *l, const struct yaml_node *n, struct plan_source *out)
{
    struct duplicates_conf c = {0};
    (void)opt_parse(l->a, config_duplicates_rows, n, NULL, l->d, &c); /* the finding tells */
    out->duplicates_us = c.window_ms * 1000;
    out->refuses_reused = c.differs == 1;
}

/* validate: levels by rule, and the names of documents. */
static void read_validate(struct loader *l, const struct yaml_node *node,
                          const struct validate_conf *c, unsigned at)
{
    struct plan_source *s = &l->plan->sources[at];
    const struct yaml_node *names = yaml_get(yaml_get(node, "validate"), "conformance");
    if (!c) {
        return;
    }
    for (unsigned i = 0; i < VALIDATE_RULES; i++) {
        bool is_lowered = c->most == 0 && c->level[i] == VALIDATE_STRICT;
        s->validate.of[i] = (uint8_t)(is_lowered ? VALIDATE_WARN : c->level[i]);
    }
    s->is_validated = validate_is_on(&s->validate);
    l->rules_sources[at].conformance = c->conformance.v;
    l->rules_sources[at].nconformance = (unsigned)c->conformance.n;
    l->rules_sources[at].conformance_pos = names ? names->pos : s->pos;
    if (s->is_validated && !l->plan->dictionary) {
        l->plan->dictionary = validate_dict_new(l->a);
    }
}

static void check_senders(struct loader *l, const struct yaml_node *n, const struct opt_list *v)
{
    for (size_t i = 0; i < v->n; i++) {
        if (!sender_is_entry(v->v[i])) {
            struct str shown = str_slice(v->v[i], 0, 60);
            diag_add(
                l->d, DIAG_ERROR, "option-type", n->pos,
                "`senders` holds `%.*s`; expected APPLICATION|FACILITY of MSH-3 and MSH-4, or one "
                "of them: EPIC, |MAIN",
                STR_ARG(shown));
        }
    }
}

/* The reply of a number is made when it is stored; that of a destination comes later and has no MSA-4. */
static void check_numbers(struct loader *l, const struct yaml_node *n, const struct plan_source *s)
{
    if (s->is_numbered && s->ack == PLAN_ACK_ANSWERED) {
        diag_hint(l->d,
                  diag_add(l->d, DIAG_ERROR, "option-conflict", n->pos,
                           "`sequence-numbers` beside `answered-by`; expected one of them"),
                  "number a feed that is answered when its messages are stored");
    }
}

static void read_source(struct loader *l, const struct yaml_node *node, unsigned at)
{
    struct plan_source *s = &l->plan->sources[at];
    struct source_conf c = {0};
    const char *others[KEYS_MAX];
    other_keys(l, others);
    (void)opt_parse(l->a, config_source_rows, node, others, l->d, &c); /* the finding tells */
    struct chosen chosen = choose_adapter(l, node, true);
    *s = (struct plan_source){.name = node->key->text,
                              .adapter = chosen.adapter,
                              .conf = chosen.conf,
                              .pos = node->key->pos,
                              .unrouted = (enum plan_unrouted)c.unrouted,
                              .is_numbered = c.sequence_numbers == 1,
                              .senders = c.senders,
                              .timezone = l->timezone.n ? l->timezone : c.timezone,
                              .versions = c.versions.v,
                              .nversions = (unsigned)c.versions.n};
    read_ack(l, c.ack, s);
    check_numbers(l, yaml_get(node, "sequence-numbers"), s);
    read_duplicates(l, c.duplicates, s);
    loader_expect(l, c.expect, s);
    read_batch(l, c.batch, s);
    read_parts(l, c.parts, s);
    check_senders(l, yaml_get(node, "senders"), &c.senders);
    const struct yaml_node *zone = yaml_get(node, "timezone"), *profile = yaml_get(node, "profile");
    l->rules_sources[at] =
        (struct rules_source){.name = s->name,
                              .timezone = s->timezone,
                              .timezone_pos = zone ? zone->pos : node->key->pos,
                              .versions = s->versions,
                              .nversions = s->nversions,
                              .profile = c.profile,
                              .profile_pos = profile ? profile->pos : node->key->pos,
                              .has_batch = s->batch.is_split,
                              .is_bulk = chosen.adapter && chosen.adapter->is_bulk};
    read_validate(l, node, c.validate, at);
}

/* ---- destinations ---- */

static void read_order(struct loader *l, const struct destination_conf *c,
                       const struct yaml_node *node, struct rules_destination *out)
{
    static const char *const words[] = {"patient", "none", "all"};
    out->name = node->key->text;
    out->pos = node->key->pos;
    for (int i = 0; i < 3; i++) {
        if (str_is(c->order_by, words[i])) {
            out->order = (enum rules_order)i;
            return;
        }
    }
    const struct yaml_node *at = yaml_get(node, "order-by");
    if (at) {
        out->pos = at->pos;
    }
    if (c->order_by.n > 1 && c->order_by.p[0] == '=') {
        out->order = RULES_ORDER_FORMULA;
        out->order_formula = str_slice(c->order_by, 1, c->order_by.n);
        return;
    }
    diag_add(l->d, DIAG_ERROR, "option-type", out->pos,
             "`order-by` is `%.*s`; expected patient, none, all or =FORMULA", STR_ARG(c->order_by));
}

static void read_retry(struct loader *l, const struct yaml_node *n, struct plan_destination *out)
{
    struct retry_conf r = {0};
    (void)opt_parse(l->a, config_retry_rows, n, NULL, l->d, &r); /* the finding tells */
    if (r.first_ms > r.longest_ms && n) {
        diag_add(l->d, DIAG_ERROR, "option-limit", n->pos, "`first` is longer than `longest`");
    }
    out->retry_first_us = r.first_ms * 1000;
    out->retry_longest_us = r.longest_ms * 1000;
    out->give_up_after_us = r.give_up_ms == OPT_NEVER ? 0 : r.give_up_ms * 1000;
}

static void read_replies(struct loader *l, const struct yaml_node *n, struct plan_destination *out)
{
    struct replies_conf c = {0};
    (void)opt_parse(l->a, config_replies_rows, n, NULL, l->d, &c); /* the finding tells */
    for (int i = 0; i < PLAN_REPLIES; i++) {
        out->replies[i] = (enum plan_reply)c.code[i];
    }
}

/* The source is looked for when all are known: find_answers(). */
static void read_answers(struct loader *l, const struct yaml_node *n, struct plan_destination *out)
{
    struct answers_conf c = {0};
    if (!n || opt_parse(l->a, config_answers_rows, n, NULL, l->d, &c) != 0) {
        return;
    }
    out->answers = (struct plan_answers){
        .is_on = true, .most = (unsigned)c.most, .within_us = c.within_ms * 1000};
    if (out->adapter && !out->adapter->is_hl7_only) {
        diag_add(l->d, DIAG_ERROR, "not-available", n->pos,
                 "`answers` is not for `%s`, whose peers answer on the connection; expected a "
                 "destination of HL7 v2",
                 out->adapter->name);
    }
}

static void read_destination(struct loader *l, const struct yaml_node *node, unsigned at)
{
    struct plan_destination *p = &l->plan->destinations[at];
    struct destination_conf c = {0};
    const char *others[KEYS_MAX];
    other_keys(l, others);
    (void)opt_parse(l->a, config_destination_rows, node, others, l->d, &c); /* the finding tells */
    struct chosen chosen = choose_adapter(l, node, false);
    *p = (struct plan_destination){.name = node->key->text,
                                   .was = c.was,
                                   .adapter = chosen.adapter,
                                   .conf = chosen.conf,
                                   .pos = node->key->pos,
                                   .parallel = (unsigned)c.parallel,
                                   .hold_on_unknown = c.on_unknown == 1,
                                   .continue_on_hold = c.on_hold == 1,
                                   .oldest_ms = c.oldest_ms,
                                   .backlog_bytes = (uint64_t)c.backlog};
    read_retry(l, c.retry, p);
    read_replies(l, c.replies, p);
    read_answers(l, c.answers, p);
    read_order(l, &c, node, &l->rules_destinations[at]);
    l->rules_destinations[at].shape = c.shape;
    l->rules_destinations[at].shape_pos = c.shape.n ? yaml_get(node, "shape")->pos : p->pos;
    if (chosen.adapter && chosen.adapter->is_hl7_only) {
        l->rules_destinations[at].refuses = chosen.adapter->summary;
    }
    if (chosen.adapter && chosen.adapter->is_json_only) {
        l->rules_destinations[at].refuses_hl7 = chosen.adapter->summary;
    }
    if (chosen.adapter && chosen.adapter->out_silence) {
        l->rules_destinations[at].silence = chosen.adapter->out_silence(chosen.conf);
    }
}

/* ---- both ---- */

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

void loader_endpoints(struct loader *l, const struct top_conf *top)
{
    unsigned ns = count_children(l, top->sources, "sources");
    unsigned nd = count_children(l, top->destinations, "destinations");
    l->plan->sources = ARENA_ARRAY(l->a, struct plan_source, ns + 1);
    l->plan->destinations = ARENA_ARRAY(l->a, struct plan_destination, nd + 1);
    l->rules_sources = ARENA_ARRAY(l->a, struct rules_source, ns + 1);
    l->rules_destinations = ARENA_ARRAY(l->a, struct rules_destination, nd + 1);
    if (ns) {
        yaml_each(node, top->sources)
        {
            if (check_name(l, node, "source")) {
                read_source(l, node, l->plan->nsources++);
            }
        }
    }
    if (nd) {
        yaml_each(node, top->destinations)
        {
            if (check_name(l, node, "destination")) {
                read_destination(l, node, l->plan->ndestinations++);
            }
        }
    }
    check_names_apart(l);
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
