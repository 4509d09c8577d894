/* fhir_request.h - what a request to a FHIR endpoint asks for: method, path below the base, query and headers to one
 * interaction, or why it is refused. The same for the entries of a batch or transaction, which have a method and a URL. Bytes in,
 * views out. Pure.
 * Source: FHIR R4 "RESTful API" 3.1.0 (2.21 in the numbering of the build), RFC 7240 (Prefer), RFC 9110 sections 12.5.1, 13.1.
 * Differs: nothing is read back, searched or patched (405); JSON only: XML is 415 as a body and 406 as an answer; escapes
 * in a path are undone where they stand for a letter, a digit or one of - . _ ~ $, and nowhere else. */
#ifndef CORRIDOR_ADAPTERS_FHIR_REQUEST_H
#define CORRIDOR_ADAPTERS_FHIR_REQUEST_H

#include "adapters/fhir_header.h"
#include "adapters/http_head.h"
#include "engine/base/arena.h"

enum fhir_do {
    FHIR_DO_NOTHING, /* refused */
    FHIR_DO_CAPABILITIES,
    FHIR_DO_CREATE,
    FHIR_DO_UPDATE,
    FHIR_DO_DELETE,
    FHIR_DO_BUNDLE,  /* POST to the base: what its Bundle.type says */
    FHIR_DO_UPLOAD,  /* POST of NDJSON to the base */
    FHIR_DO_MESSAGE, /* $process-message */
    FHIR_DO_VALIDATE,
};

/* Why a message is not answered later. */
#define FHIR_NO_ASYNC                                                                              \
    "`async`: a message is answered when it is stored, at once; expected false or nothing"
#define FHIR_NO_RESPONSE_URL                                                                       \
    "`response-url`: a message is answered where it came from, and nowhere else"

struct fhir_request {
    enum fhir_do what;
    struct str type; /* "Patient"; empty: none in the path */
    struct str id;   /* of the path; empty: none */
    struct str
        criteria; /* of a conditional one: the query or If-None-Exist, without `_format` and the like; empty: it is not */
    struct str if_match, if_none_match; /* empty: not given */
    struct str signature;               /* X-Hub-Signature-256 or X-Hub-Signature; empty: none */
    struct str key;                     /* Idempotency-Key; empty: none */
    struct str mode, profile;           /* of $validate, in the query; empty: not given */
    enum fhir_return wants;
    bool is_strict; /* Prefer: handling=strict */
    bool is_later;  /* the body is of FHIR 4.3 or 5.0: a notification, or refused */
    bool is_head;   /* HEAD: the answer has no body */
    /* refused: status of the answer, code of IssueType and why (static); else 0 */
    int status;
    const char *code, *why;
    const char *allow; /* of 405: methods that this place has */
};

/* A method and what follows the base in the URL, as "Patient/7?x=y" or "". Views into `place`, or in `a`. */
void fhir_request_place(struct arena *a, struct str method, struct str place,
                        struct fhir_request *out);
/* A whole head of a request to an endpoint at path `base`. Texts are copied into `a`. */
void fhir_request_read(struct arena *a, const struct http_head *h, struct str base,
                       struct fhir_request *out);
/* Is the bearer of no token let in here? The place of a head, without a judgement of the rest. */
bool fhir_request_is_open(struct arena *a, const struct http_head *h, struct str base);

/* Is it $validate of the deletion of a resource that the URL names? It needs no body. */
bool fhir_request_is_bare(const struct fhir_request *r);

#endif
