/* Two that listen on one port: found here, and not when the daemon starts. */
#include "engine/config/loader.h"

struct listener {
    struct str who;
    struct opt_hostport at;
    struct diag_pos pos;
};

static bool is_any(struct str host)
{
    return str_is(host, "0.0.0.0") || str_is(host, "::");
}

/* Of two names only their text is known, not what they resolve to. */
static bool do_meet(const struct opt_hostport *a, const struct opt_hostport *b)
{
    bool is_one_kind = (str_index(a->host, ':') >= 0) == (str_index(b->host, ':') >= 0);
    return a->port && a->port == b->port &&
           (str_eq_nocase(a->host, b->host) ||
            (is_one_kind && (is_any(a->host) || is_any(b->host))));
}

static void add(struct loader *l, struct listener *v, unsigned *n, struct listener one)
{
    for (unsigned i = 0; i < *n; i++) {
        if (do_meet(&v[i].at, &one.at)) {
            diag_add(l->d, DIAG_ERROR, "port-twice", one.pos,
                     "%.*s listens on %.*s:%d, and so does %.*s; expected a port of its own",
                     STR_ARG(one.who), STR_ARG(one.at.host), one.at.port, STR_ARG(v[i].who));
            break;
        }
    }
    v[(*n)++] = one;
}

static struct diag_pos place(const struct yaml_node *n, const char *key, struct diag_pos otherwise)
{
    const struct yaml_node *at = n ? yaml_get(n, key) : NULL;
    return at ? at->pos : otherwise;
}

void loader_ports(struct loader *l, const struct top_conf *top, const struct yaml_node *root)
{
    const struct plan *p = l->plan;
    struct listener *v = ARENA_ARRAY(l->a, struct listener, p->nsources + 2);
    unsigned n = 0;
    for (unsigned i = 0; i < p->nsources; i++) {
        const struct plan_source *s = &p->sources[i];
        const struct opt *row =
            s->adapter && s->conf ? opt_find(s->adapter->in_opts, STR("listen")) : NULL;
        if (row && row->kind == OPT_HOSTPORT) {
            const struct yaml_node *map =
                yaml_get(yaml_get_str(top->sources, s->name), s->adapter->name);
            const char *conf = s->conf;
            add(l, v, &n,
                (struct listener){str_printf(l->a, "source %.*s", STR_ARG(s->name)),
                                  *(const struct opt_hostport *)(const void *)(conf + row->offset),
                                  place(map, "listen", s->pos)});
        }
    }
    const struct opt_hostport admin = {p->admin_host, p->admin_port},
                              metrics = {p->metrics_host, p->metrics_port};
    if (admin.host.n) {
        add(l, v, &n, (struct listener){STR("admin"), admin, place(root, "admin", root->pos)});
    }
    if (metrics.host.n) {
        add(l, v, &n,
            (struct listener){STR("metrics"), metrics, place(root, "metrics", root->pos)});
    }
}
