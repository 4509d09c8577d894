/* reads.h - which values of a message its run looked at: what is left is what no rule carries over. Byte for byte of the message as
 * it was received, so it costs as many bytes as the message and no list. A value was read where a formula came to it, or
 * asked whether it is there: a condition that it decided is an influence, too. Of a value of several parts that was only
 * handed on, counted, or asked whether it is there, nothing was read: its parts are read by themselves; where one text is made of
 * it that is its first part. A name, an argument, and what first() and the like pass over are no reading; of values
 * that are one in a union or distinct() all were read where one was. What is sent on as
 * it came was read, and where a rule changed it: what still stands where it stood. Not counted is what the engine itself reads:
 * ordering keys, MSH-1, 2, 9, 12, 18. While it is asked for nothing is remembered of other messages or other places of the
 * same one (recall.h, run_memo.c), so it does not depend on them. One run at a time, one thread. */
#ifndef CORRIDOR_RULES_READS_H
#define CORRIDOR_RULES_READS_H

#include "engine/hl7/hl7.h"

struct reads;
struct lineage;

struct reads *reads_new(void);
void reads_free(struct reads **r);
/* Of the next run, on the message `m`, nothing was read yet. It lives as long as it is asked. O(bytes). */
void reads_begin(struct reads *r, const struct hl7 *m);
/* The run has ended: now it may be asked. */
void reads_end(struct reads *r);
/* Was something read of what stands at `at`, a view into the message: of a value without parts the value itself? O(bytes of `at`). */
bool reads_has(const struct reads *r, struct str at);
/* What the interpreter tells (lineage_priv.h); NULL of NULL. */
struct lineage *reads_lineage(struct reads *r);

#endif
