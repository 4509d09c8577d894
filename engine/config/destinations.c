/* One destination of the configuration: its options into the plan, and what the rules are told of it. */
#include "engine/config/loader.h"

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

void loader_destination(struct loader *l, const struct yaml_node *node, unsigned at)
{
    struct plan_destination *p = &l->plan->destinations[at];
    struct destination_conf c = {0};
    const char *others[LOADER_KEYS_MAX];
    loader_other_keys(l, others);
    (void)opt_parse(l->a, config_destination_rows, node, others, l->d, &c); /* the finding tells */
    struct loader_chosen chosen = loader_choose(l, node, false);
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
