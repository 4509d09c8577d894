/* fhir_gate.h - who may send to a fhir source: a token out of a file, a JSON Web Token that somebody else signed, or a
 * signature over the body. Loop thread.
 * Source: RFC 6750; fhir_jwt.h; X-Hub-Signature as of WebSub (W3C 2018) section 7.1: "sha256=" and HMAC in hexadecimal. */
#ifndef CORRIDOR_ADAPTERS_FHIR_GATE_H
#define CORRIDOR_ADAPTERS_FHIR_GATE_H

#include "adapters/fhir_in.h"
#include "adapters/fhir_jwt.h"
#include "adapters/http_gate.h"
#include "adapters/http_head.h"

struct fhir_gate {
    struct endpoint *ep;
    struct http_gate tokens;
    /* What was read of the other files; `before` until the last reload, to go back to. */
    struct fhir_gate_files {
        struct fhir_keys *keys;
        struct buf hub; /* secrets of signatures, one a line */
    } files, before;
    int64_t read_us;  /* monotonic: when they were read */
    const char *told; /* the trouble with them that was last told; NULL: none */
};

/* What a head says of who comes. */
struct fhir_ticket {
    bool is_in;
    bool wants_signature;               /* let in when the body is signed as `signature` says */
    const char *why;                    /* not in: why, static */
    bool has_token;                     /* there was one */
    bool is_known;                      /* it is good, and not for this */
    char name[HTTP_TOKEN_NAME_MAX + 1]; /* "": it has none */
};

/* Read all files that `auth` names. 0, or ERR_IO with a finding. */
int fhir_gate_open(struct fhir_gate *g, const struct fhir_auth_conf *auth, struct diags *d);
/* The same while running: into *fresh and *tokens, to be used or freed. */
int fhir_gate_read(struct fhir_gate *g, const struct fhir_auth_conf *auth,
                   struct fhir_gate_files *fresh, struct http_tokens *tokens, struct diags *d);
void fhir_gate_use(struct fhir_gate *g, struct fhir_gate_files *fresh, struct http_tokens *tokens);
void fhir_gate_back(struct fhir_gate *g);
void fhir_gate_files_free(struct fhir_gate_files *f);
void fhir_gate_close(struct fhir_gate *g);

/* Judge a head. `signature` is the value of X-Hub-Signature, or empty. */
void fhir_gate_admit(struct fhir_gate *g, const struct fhir_auth_conf *auth,
                     const struct http_head *h, struct str signature, struct fhir_ticket *out);
/* Is `signature` that of `body`? In a time that tells nothing of it. */
bool fhir_gate_is_signed(struct str secrets, struct str signature, struct str body);

#endif
