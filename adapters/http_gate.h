/* http_gate.h - a file of tokens at a listening end: who is let in, and what becomes of the tokens at a reload. Loop thread. */
#ifndef CORRIDOR_ADAPTERS_HTTP_GATE_H
#define CORRIDOR_ADAPTERS_HTTP_GATE_H

#include "adapters/http_tokens.h"
#include "engine/flow/adapter.h"

/* {0} with ep set lets everybody in until it is opened. */
struct http_gate {
    struct endpoint *ep;
    struct http_tokens tokens; /* of those that are let in */
    struct http_tokens before; /* until the last reload, to go back to */
    const char *told;          /* the trouble with them that was last told */
};

/* Read the tokens that `from` names, into *out. 0, or ERR_IO with a finding. No secret named: none. */
int http_gate_read(const struct http_gate *g, const struct opt_secret *from,
                   struct http_tokens *out, struct diags *d);
/* These count from now on. Takes `t`; those before stay, to go back to. */
void http_gate_use(struct http_gate *g, struct http_tokens *t);
/* A reload is taken back: those before count again. */
void http_gate_back(struct http_gate *g);
/* The name of who comes, "" where it has none or nobody is asked, or NULL: it is not let in. */
const char *http_gate_name(struct http_gate *g, const struct opt_secret *from,
                           struct str authorization);
void http_gate_free(struct http_gate *g);

#endif
