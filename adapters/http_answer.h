/* http_answer.h - the bytes of an answer. Pure. Source: RFC 9112 section 4, RFC 9110 sections 6.6.1, 15. */
#ifndef CORRIDOR_ADAPTERS_HTTP_ANSWER_H
#define CORRIDOR_ADAPTERS_HTTP_ANSWER_H

#include "engine/base/buf.h"

/* An answer that carries a message: 200, or 503 where nothing was taken. */
void http_answer_hl7(struct buf *out, int status, struct str message, bool closes, int64_t wall_us);
/* One that carries nothing (204), or a line that says why; with what its status wants: Allow, WWW-Authenticate,
 * Retry-After. */
void http_answer_plain(struct buf *out, int status, const char *reason, bool closes,
                       int64_t wall_us);

/* The same in pieces. The head: status line, `headers` (lines with CRLF, or ""), Date, Connection. Behind it the body, or an
 * empty line. */
void http_answer_head(struct buf *out, int status, const char *headers, bool closes,
                      int64_t wall_us);
void http_answer_body(struct buf *out, const char *type, struct str body);
/* "Not Found": the words of a status. */
const char *http_answer_text(int status);

#endif
