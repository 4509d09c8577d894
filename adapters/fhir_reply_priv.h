/* fhir_reply_priv.h - what the files of answers share: fhir_reply.c (one resource, and which answer it is),
 * fhir_reply_issue.c (verdicts as statuses and issues), fhir_reply_message.c and fhir_reply_bundle.c (batches, transactions,
 * lines). */
#ifndef CORRIDOR_ADAPTERS_FHIR_REPLY_PRIV_H
#define CORRIDOR_ADAPTERS_FHIR_REPLY_PRIV_H

#include "adapters/fhir_in_priv.h"

enum { FHIR_REPLY_TOLD_MAX = 100 }; /* issues of one outcome */

/* fhir_reply.c: the answer itself; and the base of our URLs. */
void fhir_reply_put(struct http_conn *c, const struct fhir_response *w);
struct str fhir_reply_base(const struct http_conn *c);

/* fhir_reply_issue.c: what the errors of `a` say, at most `room` issues, at least one; how many. */
unsigned fhir_reply_issues(const struct exchange_answer *a, struct fhir_outcome_issue *v,
                           unsigned room);
/* Of a group that is refused for some of its parts: theirs, each with its entry; 0: none has any. */
unsigned fhir_reply_part_issues(struct arena *arena, const struct exchange_answer *a,
                                struct fhir_outcome_issue *v, unsigned room);
/* Of one that is not taken, and of a part that is. */
int fhir_reply_status(const struct exchange_answer *a);
int fhir_reply_taken_status(const struct fhir_part *p, const struct exchange_answer *a);
bool fhir_reply_is_taken(const struct exchange_answer *a);
/* The outcome of what is taken. */
void fhir_reply_put_taken(struct buf *out, const struct exchange_answer *a);

/* fhir_reply_message.c: a message that is taken is answered by one. */
void fhir_reply_message(struct http_conn *c, const struct exchange_answer *a);

#endif
