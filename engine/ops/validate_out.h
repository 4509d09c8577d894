/* validate_out.h - the findings of one message in the forms that `corridor validate` writes. */
#ifndef CORRIDOR_OPS_VALIDATE_OUT_H
#define CORRIDOR_OPS_VALIDATE_OUT_H

#include "engine/base/buf.h"
#include "engine/hl7/validate.h"

/* One message of a file and what was found in it. */
struct validated {
    const char *file;
    unsigned line;       /* of its MSH, from 1 */
    unsigned number;     /* of the message in its file, from 1 */
    const struct hl7 *m; /* NULL: it was refused, by `fault` */
    struct str bytes;
    const struct hl7_fault *fault;
    const struct validate_report *report; /* of `m` */
};

enum validate_form {
    VALIDATE_FORM_TEXT,    /* FILE:LINE:COL: error: PID-7: ... (dates, 102) */
    VALIDATE_FORM_JSON,    /* one object a message */
    VALIDATE_FORM_OUTCOME, /* one FHIR R4 OperationOutcome a message */
    VALIDATE_FORM_ERR,     /* the ERR segments that a reply would carry */
};

void validate_out(struct buf *out, enum validate_form form, const struct validated *v);

#endif
