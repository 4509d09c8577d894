/* http_house.h - the house (house.h) with an http destination. */
#ifndef CORRIDOR_TESTS_HTTP_HOUSE_H
#define CORRIDOR_TESTS_HTTP_HOUSE_H

#include "tests/conformance/house.h"
#include "tests/conformance/http_peer.h"

/* Open `h` with an http destination to `server`, which listens; `more` are further options as YAML lines. */
void http_begin(struct house *h, struct peer *server, const char *more);
/* Wait for its end and look at it. */
void http_expect(struct house *h, struct delivery *d, enum verdict v, const char *reason);

#endif
