/* http_tokens.h - who may send to an http source: a file of tokens, each with a name if its line has one ("portal: TOKEN"). Only
 * hashes stay in memory. The file is read again every ten seconds, and once a second when an unknown token comes: a new token
 * counts, and one that was taken away does not, without a reload. Loop thread.
 * Source: RFC 6750 section 2.1. */
#ifndef CORRIDOR_ADAPTERS_HTTP_TOKENS_H
#define CORRIDOR_ADAPTERS_HTTP_TOKENS_H

#include "engine/base/buf.h"
#include "engine/base/opt.h"
#include "engine/base/sha256.h"

enum { HTTP_TOKENS_MAX = 1000, HTTP_TOKEN_NAME_MAX = 40 };

struct http_tokens {
    struct http_known {
        uint8_t hash[SHA256_SIZE];
        char name[HTTP_TOKEN_NAME_MAX + 1]; /* "": it has none */
    } * v;
    size_t n;
    int64_t read_us;     /* monotonic */
    const char *trouble; /* of the last reading, static; NULL: there was none */
};

/* The tokens in the text of a file: one a line, `TOKEN` or `NAME: TOKEN`; blank lines and # lines are skipped. NULL, or what is
 * wrong (static, never a token) with *out as it was. */
const char *http_tokens_parse(struct http_tokens *out, struct str text);
/* Read them. NULL, or why not, and then those before stay. */
const char *http_tokens_read(struct http_tokens *t, const struct opt_secret *from, int64_t now_us);
void http_tokens_free(struct http_tokens *t);
/* Is the value of `Authorization` one of them? Its name, "" where it has none, or NULL. In a time that does not tell how
 * much of it was right. */
const char *http_tokens_find(const struct http_tokens *t, struct str authorization);
/* The same, reading the file again where it is time. */
const char *http_tokens_admit(struct http_tokens *t, const struct opt_secret *from,
                              struct str authorization, int64_t now_us);

#endif
