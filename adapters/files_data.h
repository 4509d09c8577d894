/* files_data.h - FHIR and JSON in files: one document a file, or one a line (NDJSON). Bytes in, views out; what is no
 * JSON in the end is for whoever reads a document. Source: RFC 8259; the NDJSON specification, FHIR R4 "nd-json". */
#ifndef CORRIDOR_ADAPTERS_FILES_DATA_H
#define CORRIDOR_ADAPTERS_FILES_DATA_H

#include "engine/base/str.h"

#include <stdint.h>

struct files_data {
    struct str rest;
    uint32_t line; /* of what comes next, from 1 */
    bool is_lines;
};

/* Does the file begin as JSON does: with { or [ ? */
bool files_data_is(struct str bytes);
/* A document a line where something stands on another line behind the end of the first one. O(bytes). */
void files_data_open(struct files_data *d, struct str bytes);
/* The next document and the line where it begins; false: there is no more. */
bool files_data_next(struct files_data *d, struct str *out, uint32_t *out_line);

#endif
