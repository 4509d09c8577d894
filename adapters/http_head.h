/* http_head.h - the head of a request, strictly: what two readers could take differently is refused, not guessed.
 * Bytes in, views out. Pure.
 * Source: RFC 9112 (HTTP/1.1) sections 2.2, 3, 5, 6; RFC 9110 sections 5.5, 8.6, 10.1.1.
 * Differs: lines end in CRLF and nothing else; Content-Length stands once; Transfer-Encoding is `chunked` and
 * stands alone; no line folding; targets are a path, perhaps with http(s) and a host before it that are passed over; hosts have
 * letters, digits and - . _ ~ % : [ ] only; no codings of the content. */
#ifndef CORRIDOR_ADAPTERS_HTTP_HEAD_H
#define CORRIDOR_ADAPTERS_HTTP_HEAD_H

#include "engine/base/str.h"

enum { HTTP_HEAD_MAX = 16 * 1024, HTTP_HEADERS_MAX = 100 };

struct http_head {
    struct str method;
    struct str target; /* path and query. Both are views into the bytes, or static */
    bool is_1_1;
    bool is_chunked;
    bool has_length, wants_continue, closes; /* closes: the connection ends with this exchange */
    uint64_t length;
    struct str content_type, authorization; /* n 0: not given */
    struct str fields;                      /* all header lines, for http_head_field() */
    /* refused: the answer's status and why, static; 0: fine */
    int status;
    const char *reason;
};

/* How long the head is, its empty line included, or 0: it is not whole yet. `seen` bytes were looked at before. */
size_t http_head_length(struct str bytes, size_t seen);
/* Of a head that is not whole yet: does a line of it end in a bare LF? It would be refused, and may never be whole. */
bool http_head_has_bare_lf(struct str bytes, size_t seen);
/* Read a whole head. Fills `out`; out->status says whether it may be served. O(bytes). */
void http_head_read(struct str bytes, struct http_head *out);
/* How often the header `name` stands in a head that may be served; *out the first value, a view, where it does. O(bytes). */
unsigned http_head_field(const struct http_head *h, struct str name, struct str *out);
/* Is it the line of a header, or of a trailer: a name, a colon at once, a value; not folded? Without its CRLF. */
bool http_head_is_field(struct str line);
/* The values of a header that may stand more than once, line by line: *rest is h->fields at first. False: there is no other. */
bool http_head_next(struct str *rest, struct str name, struct str *out);

#endif
