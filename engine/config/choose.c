/* Which adapter a source or destination is of, and the adapter's own settings. */
#include "engine/config/loader.h"

static const struct adapter *find_adapter(const struct loader *l, struct str key, bool in)
{
    for (size_t i = 0; l->adapters[i]; i++) {
        const struct adapter *one = l->adapters[i];
        if (str_is(key, one->name) && (in ? one->in != NULL : one->out != NULL)) {
            return one;
        }
    }
    return NULL;
}

/* "mllp, discard": the adapters that can stand here. */
static struct str adapter_names(const struct loader *l, bool in)
{
    struct str list = STR("");
    for (size_t i = 0; l->adapters[i]; i++) {
        const struct adapter *one = l->adapters[i];
        if (in ? one->in != NULL : one->out != NULL) {
            list = str_printf(l->a, "%.*s%s%s", STR_ARG(list), list.n ? ", " : "", one->name);
        }
    }
    return list;
}

void loader_other_keys(const struct loader *l, const char *out[LOADER_KEYS_MAX])
{
    size_t n = 0;
    for (size_t i = 0; l->adapters[i] && n + 8 < LOADER_KEYS_MAX; i++) {
        if (l->adapters[i]->in || l->adapters[i]->out) { /* some only tell */
            out[n++] = l->adapters[i]->name;
        }
    }
    out[n] = NULL;
}

static void *parse_conf(struct loader *l, const struct adapter *ad, bool in,
                        const struct yaml_node *n)
{
    const struct opt *rows = in ? ad->in_opts : ad->out_opts;
    size_t size = in ? ad->in_conf_size : ad->out_conf_size;
    void *conf = arena_zalloc(l->a, size ? size : 1);
    const char *tls[] = {"tls", NULL};
    const struct yaml_node *secure = yaml_get(n, "tls");
    bool has_rows = rows && rows[0].name;
    bool knows_tls = has_rows && opt_find(rows, STR("tls"));
    if (n->kind == YAML_SCALAR && !n->text.n) {
        n = NULL; /* `discard: ""`: all defaults */
    }
    if (secure && !knows_tls) {
        loader_unavailable(l, secure, "tls");
    }
    static const struct opt none[] = {{0}};
    int failed = opt_parse(l->a, has_rows ? rows : none, n, knows_tls ? NULL : tls, l->d, conf);
    void (*check)(const void *, const struct yaml_node *, struct diags *) =
        in ? ad->in_check : ad->out_check;
    if (!failed && n && check) { /* else the finding tells */
        check(conf, n, l->d);
    }
    return conf;
}

/* The adapter that one of the keys is nearly called; "": none. */
static struct str misspelt_adapter(const struct loader *l, bool in, const struct yaml_node *node)
{
    yaml_each(child, node)
    {
        for (size_t i = 0; child->key && l->adapters[i]; i++) {
            const struct adapter *ad = l->adapters[i];
            struct str name = str_of(ad->name);
            unsigned most = name.n < 6 ? 1 : 2;
            bool fits = in ? ad->in != NULL : ad->out != NULL;
            if (fits && str_distance(child->key->text, name) <= most) {
                return name;
            }
        }
    }
    return STR("");
}

/* True: what the key says is told. */
static bool report_other_end(struct loader *l, const struct yaml_node *key, bool in)
{
    if (!find_adapter(l, key->text, !in)) {
        return false;
    }
    diag_add(l->d, DIAG_ERROR, "not-available", key->pos,
             "`%.*s` is not available as a %s in this version", STR_ARG(key->text),
             in ? "source" : "destination");
    return true;
}

static void report_no_adapter(struct loader *l, const struct yaml_node *node, bool in)
{
    struct str names = adapter_names(l, in);
    struct diag *one =
        diag_add(l->d, DIAG_ERROR, "no-adapter", node->pos,
                 "no adapter is named; expected one of the keys %.*s", STR_ARG(names));
    diag_means(one, DIAG_LACKS, misspelt_adapter(l, in, node));
}

struct loader_chosen loader_choose(struct loader *l, const struct yaml_node *node, bool in)
{
    struct loader_chosen c = {0};
    bool is_told = false;
    yaml_each(child, node)
    {
        const struct adapter *ad = child->key ? find_adapter(l, child->key->text, in) : NULL;
        if (!ad) {
            is_told |= child->key && report_other_end(l, child->key, in);
        } else if (c.adapter) {
            diag_add(l->d, DIAG_ERROR, "two-adapters", child->key->pos,
                     "a second adapter `%.*s`; expected one, `%s` stands above",
                     STR_ARG(child->key->text), c.adapter->name);
        } else {
            c = (struct loader_chosen){ad, parse_conf(l, ad, in, child)};
        }
    }
    if (!c.adapter && !is_told) {
        report_no_adapter(l, node, in);
    }
    return c;
}
