/* replay_gen.h - a synthetic corpus: ADT, SIU and DFT messages of invented patients, about 1.2 kB and
 * 275 delimiters on average. The same seed gives the same bytes. No real person, no real hospital:
 * names are put together from word lists, authorities are HL7's example arc 2.16.840.1.113883.19. Pure. */
#ifndef CORRIDOR_OPS_REPLAY_GEN_H
#define CORRIDOR_OPS_REPLAY_GEN_H

#include "engine/base/buf.h"

/* Append message number `n` (from 1) of the corpus `seed` over `patients` people, segments ended by CR.
 * Six ADT (A01, A04, A08, A40) to three SIU (S12..S15, S26) to one DFT (P03). Control ids are
 * G<seed>-<n>; MSH-15 is AL and MSH-16 is NE: one accept acknowledgement is asked for. */
void replay_generate(uint64_t seed, uint64_t n, unsigned patients, struct buf *out);

#endif
