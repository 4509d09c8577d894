/* loader.h - what the files of config/ share while one configuration is read. Private to config/. */
#ifndef CORRIDOR_CONFIG_LOADER_H
#define CORRIDOR_CONFIG_LOADER_H

#include "engine/config/config.h"
#include "engine/config/rows.h"

struct loader {
    struct arena *a; /* the plan's */
    struct plan *plan;
    struct diags *d;
    const struct adapter *const *adapters;
    bool with_tests;
    const char *routes;  /* in place of the configuration's; or NULL */
    struct str timezone; /* in place of that of every source; or empty */
    uint64_t hash;       /* over everything read so far */
    const struct plan
        *kept; /* its texts stand for configuration and routes, tables alone are read; or NULL */
    int64_t queries_us;     /* that queries of tables took so far */
    struct plan_text **end; /* of the plan's texts */
    struct rules_source *rules_sources;
    struct rules_destination *rules_destinations;
};

/* Read a whole file into the plan's arena and into the hash. False with a static reason. */
bool loader_read(struct loader *l, const char *path, struct str *out, const char **out_why);
/* The same of the configuration or a route file, which the plan remembers; out of `kept`, if there is one. */
bool loader_read_text(struct loader *l, const char *path, bool is_route, struct str *out,
                      const char **out_why);
/* Every *.yaml below each directory of `dirs` (or the file itself), of each in byte order of path;
 * without those that an entry with ! before it names. Entries are NUL-terminated. */
void loader_routes(struct loader *l, const struct opt_list *dirs, struct diag_pos pos);
/* sources: and destinations: into the plan. */
void loader_endpoints(struct loader *l, const struct top_conf *top);
/* sources.c, destinations.c: one of them, into place `at` of the plan. */
void loader_source(struct loader *l, const struct yaml_node *node, unsigned at);
void loader_destination(struct loader *l, const struct yaml_node *node, unsigned at);
/* choose.c: the one key of a source (`in`) or destination that names an adapter, and its settings; findings tell why
 * there is none. */
struct loader_chosen {
    const struct adapter *adapter;
    void *conf;
};
struct loader_chosen loader_choose(struct loader *l, const struct yaml_node *node, bool in);
/* Keys under a source or destination that opt_parse() shall leave alone: NULL-ended. */
enum { LOADER_KEYS_MAX = 64 };
void loader_other_keys(const struct loader *l, const char *out[LOADER_KEYS_MAX]);
/* ports.c: two that listen on one port; after both of them. */
void loader_ports(struct loader *l, const struct top_conf *top, const struct yaml_node *root);
/* "`KEY`: ...; not available in this version" at `n`. */
void loader_unavailable(struct loader *l, const struct yaml_node *n, const char *what);
/* routes.c: the file of a time zone, into the hash; `arg` is the loader. */
bool loader_read_zone(void *arg, struct arena *a, struct str name, struct str *out_bytes);
/* alerts.c: `alerts:` into the plan; NULL: the defaults. */
void loader_alerts(struct loader *l, const struct alerts_conf *c, const struct yaml_node *root);
/* `expect:` of a source into `s`, whose timezone is known. */
void loader_expect(struct loader *l, const struct yaml_node *list, struct plan_source *s);
unsigned loader_errors(const struct loader *l);

#endif
