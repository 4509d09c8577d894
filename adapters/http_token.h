/* http_token.h - the answer of a token endpoint: an access token, or why there is none. Pure.
 * Source: RFC 6749 sections 5.1, 5.2; RFC 6750. Differs: only bearer tokens; an answer without expires_in is taken to hold
 * for 5 minutes, and nothing is taken to hold for more than a day. */
#ifndef CORRIDOR_ADAPTERS_HTTP_TOKEN_H
#define CORRIDOR_ADAPTERS_HTTP_TOKEN_H

#include "engine/base/arena.h"
#include "engine/base/str.h"

enum { HTTP_TOKEN_MAX = 16 * 1024, HTTP_TOKEN_LIFE_S = 300, HTTP_TOKEN_LIFE_MAX_S = 24 * 3600 };

struct http_token {
    struct str access;  /* in the arena; printable, without blanks */
    int64_t life_s;     /* from now, 0 and more */
    const char *reason; /* why there is none, static; NULL: there is */
};

/* `status` and body of the answer. */
struct http_token http_token_read(struct arena *a, int status, struct str body);
/* Can it stand behind `Bearer`? */
bool http_token_is_one(struct str token);

#endif
