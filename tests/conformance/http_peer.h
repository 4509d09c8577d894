/* http_peer.h - an HTTP server played by a test: requests as they came over a peer (peer.h), answers as
 * bytes. */
#ifndef CORRIDOR_TESTS_HTTP_PEER_H
#define CORRIDOR_TESTS_HTTP_PEER_H

#include "tests/conformance/peer.h"

/* The n-th (from 0) request that came whole, head and body; p NULL: not yet. */
struct str http_peer_request(const struct peer *p, unsigned n);
/* Runs the loop until it has n requests or the connection is gone; false: it has not. */
bool http_peer_takes(struct peer *p, unsigned n);
/* The same, to be there by now or soon; before the first one `server` accepts `p`. */
struct str http_peer_next(struct peer *server, struct peer *p, unsigned n);
/* The value of a header; p NULL: it is not there. */
struct str http_peer_header(struct str request, const char *name);
/* It is `want`; NULL: it is not there. */
void http_peer_expects(struct str request, const char *name, const char *want);
struct str http_peer_body(struct str request);
/* "HTTP/1.1 STATUS x", Content-Length, `headers` (each with its line end), `body`. */
void http_peer_answers(struct peer *p, int status, const char *headers, const char *body);

#endif
