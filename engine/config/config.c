#include "engine/config/config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/hash.h"
#include "engine/config/loader.h"

static const char installed[] = "/etc/corridor/corridor.yaml";

const char *config_find(const char *given, const char *from_environment)
{
    static const char beside[] = "conf/corridor.yaml";
    if (given) {
        return given;
    }
    if (from_environment && from_environment[0]) {
        return from_environment;
    }
    return access(beside, F_OK) == 0 ? beside : installed;
}

bool config_is_installed(const char *path)
{
    return strcmp(path, installed) == 0;
}

static bool read_fd(struct loader *l, int fd, struct str *out, const char **out_why)
{
    struct stat st;
    if (fstat(fd, &st) != 0) {
        *out_why = strerror(errno);
        return false;
    }
    if (!S_ISREG(st.st_mode) || st.st_size > YAML_FILE_MAX) {
        *out_why = S_ISREG(st.st_mode) ? "larger than 16 MiB" : "not a regular file";
        return false;
    }
    size_t size = (size_t)st.st_size, n = 0;
    char *p = arena_alloc(l->a, size + 1);
    while (n < size) {
        ssize_t got = read(fd, p + n, size - n);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            *out_why = strerror(errno);
            return false;
        }
        if (got == 0) {
            break;
        }
        n += (size_t)got;
    }
    p[n] = 0;
    *out = str_from(p, n);
    return true;
}

bool loader_read(struct loader *l, const char *path, struct str *out, const char **out_why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        *out_why = strerror(errno);
        return false;
    }
    bool ok = read_fd(l, fd, out, out_why);
    close(fd);
    if (ok) {
        l->hash = hash64_str(*out, l->hash);
    }
    return ok;
}

static bool read_kept(struct loader *l, const char *path, struct str *out, const char **out_why)
{
    for (const struct plan_text *t = l->kept->texts; t; t = t->next) {
        if (strcmp(t->path, path) == 0) {
            *out = str_dup(l->a, t->bytes);
            l->hash = hash64_str(*out, l->hash);
            return true;
        }
    }
    *out_why = "it is not part of what runs";
    return false;
}

bool loader_read_text(struct loader *l, const char *path, bool is_route, struct str *out,
                      const char **out_why)
{
    bool ok = l->kept ? read_kept(l, path, out, out_why) : loader_read(l, path, out, out_why);
    if (ok) {
        struct plan_text *t = ARENA_NEW(l->a, struct plan_text);
        *t = (struct plan_text){str_dup(l->a, str_of(path)).p, *out, is_route, NULL};
        *l->end = t;
        l->end = &t->next;
    }
    return ok;
}

/* The only document of the file, a mapping; NULL with a finding. */
static const struct yaml_node *read_root(struct loader *l, const char *path)
{
    struct str bytes;
    const char *why;
    struct yaml_doc *doc = NULL;
    struct diag_pos pos = {.file = path};
    if (!loader_read_text(l, path, false, &bytes, &why)) {
        struct diag *one =
            diag_add(l->d, DIAG_ERROR, "cannot-read", pos, "cannot read it: %s", why);
        if (config_is_installed(path)) {
            diag_hint(l->d, one, "say which file with -c FILE");
        }
        return NULL;
    }
    int failed = yaml_parse(l->a, path, bytes, l->d, &doc);
    if (!doc) {
        if (!failed) {
            diag_add(l->d, DIAG_ERROR, "empty", pos,
                     "there is nothing in it; expected sources and destinations");
        }
        return NULL;
    }
    if (doc->next) {
        diag_add(l->d, DIAG_ERROR, "two-documents", doc->next->root->pos,
                 "a second document; expected one, without `---`");
    }
    if (doc->root->kind != YAML_MAPPING) {
        diag_add(l->d, DIAG_ERROR, "expected-mapping", doc->root->pos,
                 "%s; expected keys such as `sources`", yaml_kind_text(doc->root));
        return NULL;
    }
    return doc->root;
}

/* The token goes over it as it is: only where nobody else listens. */
static bool is_loopback(struct str host)
{
    return str_is(host, "127.0.0.1") || str_is(host, "::1") || str_is(host, "localhost");
}

static void read_admin(struct loader *l, const struct yaml_node *n)
{
    struct admin_conf c = {0};
    if (opt_parse(l->a, config_admin_rows, n, NULL, l->d, &c) != 0) {
        return;
    }
    if (!is_loopback(c.listen.host)) {
        struct diag *one = diag_add(l->d, DIAG_ERROR, "option-limit", n->pos,
                                    "`listen` is %.*s; expected 127.0.0.1, ::1 or localhost",
                                    STR_ARG(c.listen.host));
        diag_hint(l->d, one, "the token would travel in the clear: put a proxy with TLS before it");
    }
    l->plan->admin_host = c.listen.host;
    l->plan->admin_port = c.listen.port;
}

static void read_metrics(struct loader *l, const struct metrics_conf *c, struct diag_pos pos)
{
    if (!is_loopback(c->listen.host) && c->plaintext == 0) {
        struct diag *one = diag_add(l->d, DIAG_ERROR, "option-limit", pos,
                                    "`listen` is %.*s; expected 127.0.0.1, ::1 or localhost",
                                    STR_ARG(c->listen.host));
        diag_hint(l->d, one,
                  "names of feeds and how much they carry would travel in the clear: say "
                  "`plaintext: accepted` if that is wanted");
    }
    l->plan->metrics_host = c->listen.host;
    l->plan->metrics_port = c->listen.port;
}

static void check_top(struct loader *l, const struct top_conf *top, const struct yaml_node *root)
{
    if (top->admin) {
        read_admin(l, top->admin);
    }
    if (top->metrics) {
        read_metrics(l, top->metrics, yaml_get(root, "metrics")->pos);
    }
    loader_ports(l, top, root);
    if (!l->plan->nsources && !loader_errors(l)) {
        diag_add(l->d, DIAG_ERROR, "no-sources", root->pos,
                 "no source is declared; expected one under `sources`");
    }
    if (!top->routes.n) {
        diag_add(l->d, DIAG_WARNING, "no-routes", root->pos,
                 "no `routes`; every message will be unrouted");
    }
}

/* `inner` is `outer` or below it, as directories go. */
static bool is_within(const char *inner, const char *outer)
{
    char in[PATH_MAX], out[PATH_MAX];
    if (!realpath(inner, in) || !realpath(outer, out)) {
        return false;
    }
    size_t n = strlen(out);
    return strncmp(in, out, n) == 0 && (in[n] == '/' || in[n] == 0);
}

/* FHIR and JSON have no acknowledgement that a destination's answer could become. */
static void check_answered(struct loader *l, const struct top_conf *top)
{
    for (unsigned i = 0; l->plan->rules && i < l->plan->nsources; i++) {
        const struct plan_source *s = &l->plan->sources[i];
        const struct source_ops *in = s->adapter ? s->adapter->in : NULL;
        bool may = s->ack == PLAN_ACK_ANSWERED && in && in->answer && !in->is_data_only;
        struct str route = may ? rules_data_route(l->plan->rules, i) : STR("");
        if (route.n) {
            diag_add(l->d, DIAG_REMARK, "answered-at-once",
                     yaml_get(yaml_get_str(top->sources, s->name), "ack")->pos,
                     "`answered-by` is for HL7 v2: what the route %.*s reads, FHIR or JSON, is "
                     "answered when it is stored",
                     STR_ARG(route));
        }
    }
}

/* Those of the configuration, relative to its file. */
static struct opt_list own_routes(struct loader *l, const struct top_conf *top, const char *path,
                                  struct diag_pos pos)
{
    struct str *v = ARENA_ARRAY(l->a, struct str, top->routes.n + 1);
    const char *slash = strrchr(path, '/');
    int dir = slash ? (int)(slash - path + 1) : 0;
    for (size_t i = 0; i < top->routes.n; i++) {
        struct str one = top->routes.v[i];
        if (one.n == 0 || memchr(one.p, 0, one.n)) {
            diag_add(l->d, DIAG_ERROR, "option-type", pos,
                     "`routes` is empty or contains a NUL; expected a path");
            return (struct opt_list){NULL, 0};
        }
        bool is_out = one.p[0] == '!';
        one = str_slice(one, is_out, one.n);
        bool is_absolute = one.n && one.p[0] == '/';
        v[i] = str_printf(l->a, "%s%.*s%.*s", is_out ? "!" : "", is_absolute ? 0 : dir, path,
                          STR_ARG(one));
    }
    return (struct opt_list){v, top->routes.n};
}

/* Other routes than its own; those that are among its own need the rest of them. */
static struct opt_list routes_of(struct loader *l, const struct top_conf *top, const char *path,
                                 struct diag_pos pos)
{
    struct opt_list own = own_routes(l, top, path, pos);
    for (size_t i = 0; l->routes && i < own.n; i++) {
        if (is_within(l->routes, own.v[i].p)) {
            return own;
        }
    }
    if (!l->routes) {
        return own;
    }
    struct str *given = ARENA_NEW(l->a, struct str);
    *given = str_of(l->routes);
    return (struct opt_list){given, 1};
}

static void fill(struct loader *l, const char *path)
{
    const struct yaml_node *root = read_root(l, path);
    struct top_conf top = {0};
    if (!root) {
        return;
    }
    (void)opt_parse(l->a, config_top_rows, root, NULL, l->d, &top); /* the finding tells */
    l->plan->state_dir = top.state;
    l->plan->retention_us = top.retention_ms == OPT_NEVER ? INT64_MAX : top.retention_ms * 1000;
    l->plan->disk_bytes = (uint64_t)top.disk_bytes;
    l->plan->volume_bytes = (uint64_t)top.volume_bytes;
    loader_endpoints(l, &top);
    loader_alerts(l, top.alerts, root);
    const struct yaml_node *routes = yaml_get(root, "routes");
    struct diag_pos pos = routes ? routes->pos : root->pos;
    struct opt_list dirs = routes_of(l, &top, path, pos);
    loader_routes(l, &dirs, pos);
    check_answered(l, &top);
    check_top(l, &top, root);
}

/* Nothing but a conformance document, which is about whatever there is. */
static void fill_conformance(struct loader *l, const char *path)
{
    l->plan->nsources = 1;
    l->plan->sources = ARENA_NEW(l->a, struct plan_source);
    l->plan->dictionary = validate_dict_new(l->a);
    struct str dir = str_of(path);
    loader_routes(l, &(struct opt_list){&dir, 1}, (struct diag_pos){.file = path});
    if (!loader_errors(l) && rules_conformance_count(l->plan->rules) == 0) {
        diag_add(l->d, DIAG_ERROR, "no-conformance", (struct diag_pos){.file = path},
                 "there is no conformance document in it; one begins with conformance: NAME");
    }
}

/* Findings outlive the plan's arena: give them file names of their own. */
static void keep_file_names(struct diags *d)
{
    const char *last = NULL, *copy = NULL;
    for (struct diag *one = d->first; one; one = one->next) {
        if (one->pos.file && one->pos.file != last) {
            last = one->pos.file;
            copy = str_dup(d->arena, str_of(last)).p;
        }
        one->pos.file = one->pos.file ? copy : NULL;
    }
}

unsigned loader_errors(const struct loader *l)
{
    return l->d->errors;
}

static struct plan *load(const char *path, const struct adapter *const *adapters, struct diags *d,
                         struct loader l)
{
    unsigned before = d->errors;
    struct arena arena = {0};
    struct plan *p = ARENA_NEW(&arena, struct plan);
    p->arena = arena; /* from here on the plan owns it */
    p->refs = 1;
    l.a = &p->arena;
    l.plan = p;
    l.end = &p->texts;
    l.d = d;
    l.adapters = adapters;
    l.hash = hash64_str(STR(CORRIDOR_VERSION), 0);
    if (adapters) {
        fill(&l, str_dup(l.a, str_of(path)).p);
    } else {
        fill_conformance(&l, path);
    }
    p->hash = l.hash;
    keep_file_names(d);
    if (d->errors > before || !p->rules) {
        plan_unref(&p);
        return NULL;
    }
    return p;
}

struct plan *config_load_conformance(const char *path, struct diags *d)
{
    static const struct rules_source any = {.name = {"file", 4}, .has_all_conformance = true};
    struct loader l = {.rules_sources = ARENA_NEW(d->arena, struct rules_source)};
    l.rules_sources[0] = any;
    return load(path, NULL, d, l);
}

struct plan *config_load(const char *path, const struct adapter *const *adapters, struct diags *d)
{
    return load(path, adapters, d, (struct loader){0});
}

struct plan *config_load_tables(const char *path, const struct plan *running,
                                const struct adapter *const *adapters, struct diags *d)
{
    return load(path, adapters, d, (struct loader){.kept = running});
}

struct plan *config_load_in_zone(const char *path, const char *routes, struct str timezone,
                                 const struct adapter *const *adapters, struct diags *d)
{
    return load(path, adapters, d, (struct loader){.routes = routes, .timezone = timezone});
}

struct plan *config_load_tests(const char *path, const char *routes,
                               const struct adapter *const *adapters, struct diags *d)
{
    return load(path, adapters, d, (struct loader){.with_tests = true, .routes = routes});
}
