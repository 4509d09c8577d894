/* config.h - corridor.yaml, its routes and tables in, a struct plan out. The only place that reads
 * configuration files. Every error of all files is reported at once. Which adapters exist is told by
 * the caller. Blocking file reads; any thread, one at a time. Keys: docs/operating.md. */
#ifndef CORRIDOR_CONFIG_CONFIG_H
#define CORRIDOR_CONFIG_CONFIG_H

#include "engine/flow/plan.h"

enum {
    CONFIG_FILES_MAX = 10000,   /* route files */
    CONFIG_ENDPOINTS_MAX = 256, /* sources, and destinations */
};

/* The file to use: `given` (-c) if not NULL, else `from_environment` ($CORRIDOR_CONFIG) if set, else
 * conf/corridor.yaml if it exists, else /etc/corridor/corridor.yaml. */
const char *config_find(const char *given, const char *from_environment);
/* Is it the last of these, which nobody named? */
bool config_is_installed(const char *path);

/* Read `path` and everything it names; NULL-ended `adapters`. A plan with one reference, or NULL with at
 * least one error in `d`. Warnings may be there either way. O(bytes of all files). */
struct plan *config_load(const char *path, const struct adapter *const *adapters, struct diags *d);
/* `running`, which was loaded from `path`, with the files of its tables read anew and nothing else: whatever became of its
 * configuration and routes meanwhile. */
struct plan *config_load_tables(const char *path, const struct plan *running,
                                const struct adapter *const *adapters, struct diags *d);
/* The same as config_load() for tools: with the tests beside routes and maps, and with the route file or directory `routes` in
 * place of the configuration's own, unless it is part of them (NULL: with its own). */
struct plan *config_load_tests(const char *path, const char *routes,
                               const struct adapter *const *adapters, struct diags *d);

/* Without the tests, with other routes (as above), and with `timezone` for every source unless it is empty. */
struct plan *config_load_in_zone(const char *path, const char *routes, struct str timezone,
                                 const struct adapter *const *adapters, struct diags *d);

/* A plan of one source and of the conformance documents in `path` alone, each of which is about that source. */
struct plan *config_load_conformance(const char *path, struct diags *d);

/* The tables behind the keys, for `corridor options`: NULL-ended list. */
struct config_section {
    const char *title; /* "sources.NAME" */
    const char *summary;
    const struct opt *options;
};
const struct config_section *config_sections(void);

#endif
