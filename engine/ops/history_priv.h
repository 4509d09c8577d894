/* history_priv.h - what the files of the history share: history.c (pieces, messages), history_outcomes.c and history_text.c.
 * One thread. */
#ifndef CORRIDOR_OPS_HISTORY_PRIV_H
#define CORRIDOR_OPS_HISTORY_PRIV_H

#include "engine/ops/history.h"

/* history.c: the next entry below `upto`; damage is stepped over, and counted where `counts`. 1, 0, COMMAND_CANNOT. */
int history_next(struct history *h, struct journal_cursor *c, uint64_t upto, struct arena *a,
                 bool counts, struct entry *out);
/* history_outcomes.c: forget what is known of messages that have been told: only older ones are still to come. */
void history_forget_told(struct history *h);
/* history_text.c: how an output stands whose last verdict that is. */
enum history_state history_state_of(enum entry_verdict v);

#endif
