/* fhir_parameters.h - what a Parameters resource, or the query of an URL, says to an operation of a FHIR endpoint. Trees in, views
 * out. Pure.
 * Source: FHIR R4 "Operations" 3.2.0 (Parameters as the body), OperationDefinition MessageHeader-process-message and
 * Resource-validate.
 * Differs: messages are answered at once: `async` true and `response-url` are refused. The only profiles are those of R4 itself. */
#ifndef CORRIDOR_ADAPTERS_FHIR_PARAMETERS_H
#define CORRIDOR_ADAPTERS_FHIR_PARAMETERS_H

#include "adapters/fhir_body.h"

/* The value of a parameter, as text, by its name and the name of its member, as "valueCode"; empty: it is not there. */
struct str fhir_parameters_value(const struct json *root, const char *name, const char *member);

/* The Bundle of a $process-message: the body itself, or `content` of Parameters. NULL: *out_fault, its place in `a`. */
struct json *fhir_parameters_message(struct arena *a, struct json *root,
                                     struct fhir_fault *out_fault);

/* What a $validate is about. */
struct fhir_validate_call {
    struct json *resource; /* NULL: none, as a deletion may have it */
    enum fhir_do mode;     /* CREATE, UPDATE, DELETE, or VALIDATE: none of them */
    bool is_wrapped;       /* in Parameters */
};

/* False: *out_fault. */
bool fhir_parameters_validate(struct json *root, const struct fhir_request *r,
                              struct fhir_validate_call *out, struct fhir_fault *out_fault);

#endif
