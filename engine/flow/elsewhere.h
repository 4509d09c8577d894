/* elsewhere.h - answers at application level that come over a connection of their own, to a source that a destination
 * names in `answers:`. They are stored as every acknowledgement is; then the output they speak of ends. Loop thread.
 * Source: HL7 v2.5.1 chapter 2 section 2.9.3; docs/decisions/050. */
#ifndef CORRIDOR_FLOW_ELSEWHERE_H
#define CORRIDOR_FLOW_ELSEWHERE_H

#include "engine/flow/exchange_priv.h"

/* Parsed, and an acknowledgement: is its sender to be answered at the accept level? Where it asks for that, speaks for
 * an application, and its source takes such answers; nothing else that acknowledges is ever acknowledged. */
bool elsewhere_wants_accept(const struct exchange *x);
/* It is durable: settle what it answers, or tell that nothing waits for it. */
void elsewhere_take(const struct exchange *x);

#endif
