/* files.h - directories as sources and destinations: a partner that leaves files, a partner that fetches them.
 * As a destination each message becomes a file of its own: written under a temporary name, synced, renamed, and
 * the directory synced before it counts as delivered; the same message again makes the same name. Or all go to the end of one
 * file (files_append.h). As a source each file
 * is taken once it stands still, and moved when all of its messages are on disk: to `done`, or to `rejected`
 * with a sidecar that says why; it holds messages of HL7 v2, or documents of JSON and FHIR. What touches the disk runs on a thread beside the loop (files_worker.h). */
#ifndef CORRIDOR_ADAPTERS_FILES_H
#define CORRIDOR_ADAPTERS_FILES_H

#include "adapters/files_append.h"
#include "engine/flow/adapter.h"

struct files_in_conf {
    struct str directory, done, rejected;
    struct opt_list pattern;
    int64_t poll_ms, stable_ms, file_limit;
};
struct files_out_conf {
    struct str directory, name;
    const struct files_append_conf *append; /* NULL: a file for each message */
};

extern const struct opt files_in_opts[], files_out_opts[];
extern const struct source_ops files_source;
extern const struct destination_ops files_destination;
extern const struct adapter files_adapter;

/* adapter.out_silence. */
const char *files_out_silence(const void *conf);
void files_out_check(const void *conf, const struct yaml_node *map, struct diags *d);

#endif
