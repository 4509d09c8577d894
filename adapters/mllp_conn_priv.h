/* mllp_conn_priv.h - what the files of an inbound connection share: mllp_conn.c (life), mllp_conn_read.c (bytes to
 * exchanges) and mllp_conn_reply.c (replies). Functions of mllp_conn.c, if nothing else is said. */
#ifndef CORRIDOR_ADAPTERS_MLLP_CONN_PRIV_H
#define CORRIDOR_ADAPTERS_MLLP_CONN_PRIV_H

#include "adapters/mllp_in_priv.h"

int64_t mllp_conn_now_us(const struct mllp_in *in);

/* Nobody holds a buffer while idle: `b` gets one that was used before, if it has none; and gives it up. */
void mllp_conn_take_spare(struct mllp_in *in, struct buf *b);
void mllp_conn_give_back(struct mllp_in *in, struct buf *b);
/* What there is of a frame that is not whole goes. */
void mllp_conn_drop_part(struct mllp_conn *c);

/* Wait for the source to go on: mllp_conn_resume(). */
void mllp_conn_park(struct mllp_conn *c);
void mllp_conn_unpark(struct mllp_conn *c);
/* Its bytes wait: the source is paused, or too much is under way or unread. */
bool mllp_conn_is_blocked(const struct mllp_conn *c);
/* Close now, whatever is under way; its exchanges still come back. */
void mllp_conn_hang_up(struct mllp_conn *c);
/* Close what is finished, free what is closed and answered; else read or not, as is right now. May free `c`. */
void mllp_conn_settle(struct mllp_conn *c);

/* mllp_conn_read.c: the read event, not added yet. */
void mllp_conn_begin_reading(struct mllp_conn *c);
/* mllp_conn_reply.c: one send for all replies of a commit. May hang up. */
void mllp_conn_send(struct mllp_conn *c);
/* Those that were known before their turn. */
void mllp_conn_free_early(struct mllp_conn *c);

#endif
