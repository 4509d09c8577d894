/* fhir_file.h - files of FHIR resources as people and tools leave them: one as JSON, or one a line (NDJSON). Told from
 * HL7 v2 by what is in them. */
#ifndef CORRIDOR_OPS_FHIR_FILE_H
#define CORRIDOR_OPS_FHIR_FILE_H

#include "engine/base/str.h"

struct fhir_file {
    struct str bytes; /* of the resource; borrowed */
    unsigned line;    /* where it begins, from 1 */
    unsigned number;  /* in its file, from 1 */
    struct str rest;
    bool is_lines;
};

/* Is it JSON by its first character, or by the name of the file? */
bool fhir_file_is(const char *path, struct str bytes);
/* Does it begin as XML does? */
bool fhir_file_is_xml(struct str bytes);
/* Then fhir_file_next() gives the resources, one after the other; false behind the last. */
void fhir_file_begin(struct fhir_file *f, const char *path, struct str bytes);
bool fhir_file_next(struct fhir_file *f);

#endif
