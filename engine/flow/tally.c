#include "engine/flow/tally.h"

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/map.h"
#include "engine/base/mem.h"

#include <stdlib.h>

struct tally {
    struct arena arena; /* keys and texts of rules */
    struct map by_rule; /* "source NUL rule" -> place in `rules`, from 1 */
    struct map64 by_output;
    struct tally_output *outputs;
    struct tally_rule *rules;
    size_t noutputs, nrules, cap_outputs, cap_rules;
    struct buf key;
};

struct tally *tally_new(void)
{
    return X_NEW(struct tally);
}

void tally_free(struct tally **t)
{
    struct tally *one = *t;
    if (one) {
        map_free(&one->by_rule);
        map64_free(&one->by_output);
        arena_free(&one->arena);
        buf_free(&one->key);
        free(one->outputs);
        free(one->rules);
        free(one);
        *t = NULL;
    }
}

static struct tally_output *output_of(struct tally *t, uint32_t route, uint32_t destination)
{
    uint64_t at, key = (uint64_t)route << 32 | destination;
    if (map64_get(&t->by_output, key, &at)) {
        return &t->outputs[at];
    }
    if (t->noutputs == t->cap_outputs) {
        t->cap_outputs = t->cap_outputs ? t->cap_outputs * 2 : 16;
        t->outputs = xrealloc(t->outputs, t->cap_outputs * sizeof(*t->outputs));
    }
    (void)map64_put(&t->by_output, key, t->noutputs); /* it is new */
    t->outputs[t->noutputs] = (struct tally_output){.route = route, .destination = destination};
    return &t->outputs[t->noutputs++];
}

void tally_accepted(struct tally *t, const struct entry_message *m)
{
    for (uint32_t i = 0; i < m->noutputs; i++) {
        const struct entry_output *o = &m->outputs[i];
        struct tally_output *one = output_of(t, o->route, o->destination);
        one->outputs++;
        one->failed += o->kind == ENTRY_OUTPUT_FAILED_ROUTE;
    }
}

static struct tally_rule *new_rule(struct tally *t, uint32_t source, struct str rule)
{
    if (t->nrules == t->cap_rules) {
        t->cap_rules = t->cap_rules ? t->cap_rules * 2 : 16;
        t->rules = xrealloc(t->rules, t->cap_rules * sizeof(*t->rules));
    }
    t->rules[t->nrules] = (struct tally_rule){.source = source, .rule = str_dup(&t->arena, rule)};
    return &t->rules[t->nrules++];
}

void tally_filtered(struct tally *t, uint32_t source, struct str rule)
{
    rule = str_slice(rule, 0, TALLY_RULE_BYTES);
    for (int tries = 0; tries < 2; tries++) {
        buf_clear(&t->key);
        buf_put(&t->key, &source, sizeof(source));
        buf_put_str(&t->key, rule);
        uintptr_t at = (uintptr_t)map_get(&t->by_rule, buf_str(&t->key));
        if (at) {
            t->rules[at - 1].messages++;
            return;
        }
        if (t->nrules < TALLY_RULES_MAX || tries == 1) {
            break;
        }
        rule = STR("other"); /* once a source */
    }
    new_rule(t, source, rule)->messages = 1;
    (void)map_put(&t->by_rule, str_dup(&t->arena, buf_str(&t->key)),
                  (void *)(uintptr_t)t->nrules); /* it is new */
}

const struct tally_output *tally_outputs(const struct tally *t, size_t *out_n)
{
    *out_n = t->noutputs;
    return t->outputs;
}

const struct tally_rule *tally_rules(const struct tally *t, size_t *out_n)
{
    *out_n = t->nrules;
    return t->rules;
}
