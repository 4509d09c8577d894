/* fhir_answer.h - what the answer of a FHIR server means for a delivery: the status as for http, and beyond it an
 * OperationOutcome and the entries of a Bundle. Pure: bytes in, a verdict out. Nothing of a text goes further than a code and
 * the names in an expression.
 * Source: FHIR R4 (4.0.1) "RESTful API", OperationOutcome, value set issue-type; docs/fhir-out.md (which answer means what). */
#ifndef CORRIDOR_ADAPTERS_FHIR_ANSWER_H
#define CORRIDOR_ADAPTERS_FHIR_ANSWER_H

#include "adapters/http_client.h"

enum { FHIR_ANSWER_MAX = 4 * 1024 * 1024, FHIR_EXPRESSION_MAX = 120 };

/* What was asked. */
struct fhir_asked {
    bool is_bundle;   /* a transaction or batch */
    uint32_t entries; /* of it */
    bool is_delete, is_read;
    bool is_message;  /* $process-message: its own answer may say no */
    bool is_of_one;   /* an update or patch of one resource, which may have been deleted */
    bool reads_first; /* If-Match is the version of a moment ago: another attempt reads it again */
};

/* The first issue that counts. */
struct fhir_issue {
    int status;                           /* of the answer or the entry */
    const char *code;                     /* of issue-type, static; NULL: there is none */
    char expression[FHIR_EXPRESSION_MAX]; /* names, dots, indexes; "" where it has something else */
};

/* The outcome without its reply; *out is filled in. */
struct outcome fhir_answer_judge(const struct http_answer *a, const struct fhir_asked *asked,
                                 int64_t wall_us, struct fhir_issue *out);

#endif
