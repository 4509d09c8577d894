/* mail.h - conditions told by mail, over SMTP. Source: RFC 5321, 5322, 3834 (Auto-Submitted). */
#ifndef CORRIDOR_ADAPTERS_MAIL_H
#define CORRIDOR_ADAPTERS_MAIL_H

#include "engine/base/buf.h"
#include "engine/flow/adapter.h"

extern const struct adapter mail_adapter;

/* The message as it is handed to the server, lines ended by CR LF. */
void mail_compose(struct buf *out, const struct mail_conf *c, const struct notice *n,
                  int64_t wall_us);

#endif
