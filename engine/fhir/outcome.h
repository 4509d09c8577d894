/* outcome.h - an OperationOutcome of FHIR R4 as JSON text: what answers, commands and the endpoint say of problems.
 * Composed from left to right into a buffer of the caller. Texts are the caller's affair: no clinical content.
 * Source: FHIR R4 "OperationOutcome" 2.30; extensions operationoutcome-issue-line and -col for places in the source. */
#ifndef CORRIDOR_FHIR_OUTCOME_H
#define CORRIDOR_FHIR_OUTCOME_H

#include "engine/base/json_out.h"
#include "engine/fhir/validate.h"

struct fhir_outcome_issue {
    const char *severity;   /* "fatal", "error", "warning", "information" */
    const char *code;       /* of IssueType: "structure", "required" ... */
    struct str text;        /* details.text: what was found, what was expected; may be empty */
    const char *system;     /* details.coding; NULL: none */
    const char *coding;     /* its code */
    const char *display;    /* its display; or NULL */
    struct str diagnostics; /* may be empty */
    struct str expression;  /* "Patient.contact[0]"; may be empty */
    struct str location;    /* for what has no FHIRPath: "PID-3"; may be empty */
    unsigned line, col;     /* of the source, from 1; 0: not said */
};

struct fhir_outcome {
    struct json_out o;
    unsigned n; /* issues so far */
};

void fhir_outcome_begin(struct fhir_outcome *c, struct buf *to, unsigned indent);
void fhir_outcome_issue(struct fhir_outcome *c, const struct fhir_outcome_issue *issue);
/* One without an issue says that nothing was found. */
void fhir_outcome_end(struct fhir_outcome *c);
/* The findings of a report, with line and column of the document; one more issue counts those that were not kept. */
void fhir_outcome_report(struct buf *to, const struct fhir_report *r, unsigned indent);
/* An outcome of one error. */
void fhir_outcome_error(struct buf *to, const char *code, struct str text);

#endif
