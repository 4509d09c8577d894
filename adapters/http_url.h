/* http_url.h - addresses of HTTP servers as a configuration has them. Pure.
 * Source: RFC 3986 section 3. Differs: no user or password, no fragment, a host of letters, digits, . - _ or a literal. */
#ifndef CORRIDOR_ADAPTERS_HTTP_URL_H
#define CORRIDOR_ADAPTERS_HTTP_URL_H

#include "engine/base/str.h"

/* Why it is no http:// or https:// address that can be used, as "found" (static), or NULL. */
const char *http_url_fault(struct str url);
/* The host of one without fault, without the brackets of a literal. */
struct str http_url_host(struct str url);
bool http_url_is_https(struct str url);
/* Would others on the network read along: http:// to another machine? */
bool http_url_is_in_clear(struct str url);

#endif
