/* One source of the configuration: its options into the plan, and what the rules are told of it. */
#include "engine/config/loader.h"
#include "engine/flow/sender.h"

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

/* What the rules are told of it. */
static void tell_rules(struct loader *l, const struct yaml_node *node, const struct source_conf *c,
                       unsigned at)
{
    const struct plan_source *s = &l->plan->sources[at];
    const struct yaml_node *zone = yaml_get(node, "timezone"), *profile = yaml_get(node, "profile");
    l->rules_sources[at] =
        (struct rules_source){.name = s->name,
                              .timezone = s->timezone,
                              .timezone_pos = zone ? zone->pos : node->key->pos,
                              .versions = s->versions,
                              .nversions = s->nversions,
                              .profile = c->profile,
                              .profile_pos = profile ? profile->pos : node->key->pos,
                              .has_batch = s->batch.is_split,
                              .is_bulk = s->adapter && s->adapter->is_bulk};
}

void loader_source(struct loader *l, const struct yaml_node *node, unsigned at)
{
    struct plan_source *s = &l->plan->sources[at];
    struct source_conf c = {0};
    const char *others[LOADER_KEYS_MAX];
    loader_other_keys(l, others);
    (void)opt_parse(l->a, config_source_rows, node, others, l->d, &c); /* the finding tells */
    struct loader_chosen chosen = loader_choose(l, node, true);
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
    tell_rules(l, node, &c, at);
    read_validate(l, node, c.validate, at);
}
