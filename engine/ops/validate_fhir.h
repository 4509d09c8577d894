/* validate_fhir.h - files of FHIR resources in `corridor validate`: one as JSON, or one a line (NDJSON). */
#ifndef CORRIDOR_OPS_VALIDATE_FHIR_H
#define CORRIDOR_OPS_VALIDATE_FHIR_H

#include "engine/fhir/validate.h"
#include "engine/ops/fhir_file.h"
#include "engine/ops/validate_out.h"
#include "engine/rules/invariant.h"

/* What a run checks, and what it has seen. */
struct fhir_checking {
    struct fhir_levels levels;
    struct invariants *invariants;
    enum validate_form form; /* not ERR */
    unsigned resources, bad, doubtful;
};

/* Check the resource that fhir_file_next() gave of the file at `path`, and append what was found to `out`. */
void validate_fhir_one(struct fhir_checking *c, const char *path, const struct fhir_file *f,
                       struct buf *out);

#endif
