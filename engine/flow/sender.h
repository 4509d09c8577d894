/* sender.h - which senders a source takes messages of: MSH-3 and MSH-4 against a list. Order between partners, not
 * security: a peer writes what it likes into its messages. Pure.
 * Source: HL7 v2.5.1 ch. 2 section 2.15.9.3, 2.15.9.4 (HD; its first component is compared). */
#ifndef CORRIDOR_FLOW_SENDER_H
#define CORRIDOR_FLOW_SENDER_H

#include "engine/base/opt.h"
#include "engine/hl7/hl7.h"

/* "EPIC", "EPIC|MAIN", "|MAIN": application and facility; an empty or missing one is any. */
bool sender_is_entry(struct str s);
/* NULL: the list is empty, or an entry holds the message's sender. Else the field that is of no entry: "MSH-3", or
 * "MSH-4" where MSH-3 is known. */
const char *sender_fault(const struct opt_list *senders, const struct hl7 *m);

#endif
