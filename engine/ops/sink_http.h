/* sink_http.h - the downstream for tests over HTTP: takes every request, answers as told, counts, stores
 * nothing but the Idempotency-Keys it saw. libevent's evhttp on one loop, main thread only. */
#ifndef CORRIDOR_OPS_SINK_HTTP_H
#define CORRIDOR_OPS_SINK_HTTP_H

#include <stdio.h>

#include "engine/base/opt.h"
#include "engine/base/webhook.h"

/* An answer: a status from 200 to 599, or one of these. */
enum { SINK_HTTP_SILENT = 0, SINK_HTTP_HANGUP = 1, SINK_HTTP_ANSWERS = 600, SINK_HTTP_TEXT = 12 };

struct tls_context;

struct sink_http_conf {
    struct opt_hostport listen;
    struct tls_context *tls; /* NULL: plain */
    int answer, fail_with;
    int64_t fail_every, fail_first; /* as in sink.h */
    int64_t delay_ms, messages, seconds;
    struct str body;         /* of every answer; may be empty */
    const char *retry_after; /* value of that header, with every status from 300 on; NULL: none */
    bool print,
        show_content; /* a line a request: number, method, path, type, key, attempt, size, answer */
    const struct webhook_secrets
        *secrets;     /* requests must be signed with one of them, else 401; NULL: need not */
    FILE *ledger;     /* "key TAB path TAB answer", or NULL */
    bool ledger_hash; /* and "TAB hash": hash64 of the body, hexadecimal digits */
    bool ledger_hl7;  /* "control-id TAB patient TAB answer" where the body is an HL7 v2 message */
};

struct sink_http_result {
    uint64_t connections, requests, bytes; /* bytes: of bodies */
    uint64_t repeated, keyless;            /* with an Idempotency-Key seen before; without one */
    uint64_t tls_refused;                  /* handshakes that failed */
    uint64_t events, forged; /* CloudEvents in all; requests without a right signature */
    uint64_t answers[SINK_HTTP_ANSWERS];
};

/* "200", "none", "drop"; below 0: neither. */
int sink_http_answer(struct str text);
/* The other way; "200" lives in `out`. */
const char *sink_http_answer_text(int answer, char out[SINK_HTTP_TEXT]);
/* As sink_run(). */
int sink_http_run(const struct sink_http_conf *conf, struct sink_http_result *out,
                  const char **out_why);

#endif
