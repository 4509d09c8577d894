/* answer.h - what a peer's answer says, without what it quotes: for lists, reports and people. Pure. */
#ifndef CORRIDOR_FLOW_ANSWER_H
#define CORRIDOR_FLOW_ANSWER_H

#include "engine/base/arena.h"
#include "engine/base/str.h"

/* "AA", "CA AA", "HTTP 400", "HTTP 200: the answer has fewer entries than were sent", or a short text of our own (a finding); "an answer of N bytes" for anything else,
 * "" for none. In `a`. Never message content. */
struct str answer_text(struct arena *a, struct str reply);
/* What the peer itself said: patient data. A part of `reply`. */
struct str answer_said(struct str reply);

#endif
