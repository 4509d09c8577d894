/* http_body.h - the body of a request as it comes in: by its length, or in chunks, read strictly. Bytes in, bytes
 * out; pure. Source: RFC 9112 sections 6, 7.1. Differs: lines end in CRLF only; chunk extensions and trailers are read over
 * and bounded; a size has at most 8 digits. */
#ifndef CORRIDOR_ADAPTERS_HTTP_BODY_H
#define CORRIDOR_ADAPTERS_HTTP_BODY_H

#include "engine/base/buf.h"

enum { HTTP_LINE_MAX = 4096, HTTP_TRAILERS_MAX = 16 * 1024 };

enum http_body_state {
    HTTP_BODY_DATA,  /* `left` bytes of the body, or of a chunk, are to come */
    HTTP_BODY_SIZE,  /* the line with a chunk's size */
    HTTP_BODY_BREAK, /* the CRLF behind a chunk */
    HTTP_BODY_TRAILER,
    HTTP_BODY_WHOLE,
    HTTP_BODY_BROKEN,
    HTTP_BODY_TOO_LARGE,
};

struct http_body {
    enum http_body_state state;
    bool is_chunked;
    uint64_t left, limit;
    size_t trailers; /* bytes of them */
};

/* `limit`: bytes of the whole body. */
void http_body_begin(struct http_body *b, bool is_chunked, uint64_t length, uint64_t limit);
/* Take what `bytes` has of the body, appending its content to `out`. Returns how many bytes were used: what follows
 * belongs to the next request, or a line is not whole yet (then at most HTTP_LINE_MAX stay). */
size_t http_body_take(struct http_body *b, struct str bytes, struct buf *out);

#endif
