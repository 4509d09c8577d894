/* tally.h - what the rules decided, counted since the start: outputs by route and destination, filtered messages by
 * rule. Rules are named by their text and place in the configuration, never by content. Bounded: beyond
 * TALLY_RULES_MAX rules (reloads bring new ones) the others are counted as "other".
 * Ids are those of the journal's names: they outlive reloads. Loop thread. */
#ifndef CORRIDOR_FLOW_TALLY_H
#define CORRIDOR_FLOW_TALLY_H

#include "engine/journal/entry.h"

enum { TALLY_RULES_MAX = 1000, TALLY_RULE_BYTES = 200 /* of its text; longer ones are cut */ };

struct tally;

struct tally_output {
    uint32_t route, destination; /* name ids */
    uint64_t outputs, failed;    /* failed: the route failed and is held there */
};

struct tally_rule {
    uint32_t source; /* name id */
    struct str rule; /* "ROUTE: TEXT (FILE:LINE)", "unrouted", "ack", "other" */
    uint64_t messages;
};

struct tally *tally_new(void);
void tally_free(struct tally **t);
/* A message that was accepted, with its outputs. O(outputs). */
void tally_accepted(struct tally *t, const struct entry_message *m);
void tally_filtered(struct tally *t, uint32_t source, struct str rule);
/* Borrowed until the next call above; in order of first appearance. */
const struct tally_output *tally_outputs(const struct tally *t, size_t *out_n);
const struct tally_rule *tally_rules(const struct tally *t, size_t *out_n);

#endif
