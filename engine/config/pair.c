#include "engine/config/pair.h"

#include "engine/base/yaml.h"

/* A document of the routes' files. */
struct doc {
    const struct yaml_node *node;
    enum doc_kind { DOC_OTHER, DOC_ROUTE, DOC_MAP, DOC_STEPS } kind;
    struct str name; /* of an other one empty */
    bool differs;
    struct doc *next;
};

/* The documents of one configuration. */
struct side {
    const struct yaml_node *root; /* of the configuration itself */
    struct doc *docs;
};

/* ---- reading ---- */

static struct doc *doc_of(struct arena *a, const struct yaml_node *node)
{
    static const char *const kinds[] = {NULL, "route", "map", "steps"};
    struct doc *d = ARENA_NEW(a, struct doc);
    d->node = node;
    for (enum doc_kind k = DOC_ROUTE; k <= DOC_STEPS && !d->kind; k++) {
        const struct yaml_node *name = yaml_get(node, kinds[k]);
        d->kind = name ? k : DOC_OTHER;
        d->name = name ? name->text : STR("");
    }
    return d;
}

/* Tests make nothing of messages. */
static bool is_tests(const struct yaml_node *doc)
{
    return doc->count == 1 && yaml_get(doc, "tests");
}

/* The texts were read before, without an error. */
static void read_side(struct arena *a, const struct plan *p, struct side *out)
{
    struct diags d;
    struct doc **end = &out->docs;
    diags_init(&d, a);
    for (const struct plan_text *t = p->texts; t; t = t->next) {
        struct yaml_doc *doc = NULL;
        (void)yaml_parse(a, t->path, t->bytes, &d, &doc);
        if (!t->is_route) {
            out->root = doc ? doc->root : NULL;
            continue;
        }
        for (; doc; doc = doc->next) {
            if (!is_tests(doc->root)) {
                *end = doc_of(a, doc->root);
                end = &(*end)->next;
            }
        }
    }
}

/* ---- comparing ---- */

static bool same_node(const struct yaml_node *x, const struct yaml_node *y);

static bool is_key(const struct yaml_node *child, const char *key)
{
    return child && child->key && key && str_is(child->key->text, key);
}

/* Their children, in order; those under the key `but` count for nothing. */
static bool same_children(const struct yaml_node *x, const struct yaml_node *y, const char *but)
{
    const struct yaml_node *a = x->first, *b = y->first;
    while (a || b) {
        if (is_key(a, but)) {
            a = a->next;
        } else if (is_key(b, but)) {
            b = b->next;
        } else if (!a || !b || !same_node(a, b)) {
            return false;
        } else {
            a = a->next;
            b = b->next;
        }
    }
    return true;
}

static bool same_node(const struct yaml_node *x, const struct yaml_node *y)
{
    return x->kind == y->kind && x->quoted == y->quoted && str_eq(x->text, y->text) &&
           !x->key == !y->key && (!x->key || str_eq(x->key->text, y->key->text)) &&
           same_children(x, y, NULL);
}

static bool same_under(const struct yaml_node *x, const struct yaml_node *y, const char *key)
{
    const struct yaml_node *a = yaml_get(x, key), *b = yaml_get(y, key);
    return a && b && same_node(a, b);
}

static const struct doc *find(const struct side *s, const struct doc *like)
{
    for (const struct doc *d = s->docs; d; d = d->next) {
        if (d->kind == like->kind && str_eq(d->name, like->name)) {
            return d;
        }
    }
    return NULL;
}

/* Profiles, conformance, shapes, heads of tables: each must be what it was. */
static bool same_others(const struct side *was, const struct side *now)
{
    const struct doc *a = was->docs, *b = now->docs;
    while (a || b) {
        if (a && a->kind != DOC_OTHER) {
            a = a->next;
        } else if (b && b->kind != DOC_OTHER) {
            b = b->next;
        } else if (!a || !b || !same_children(a->node, b->node, "tests")) {
            return false;
        } else {
            a = a->next;
            b = b->next;
        }
    }
    return true;
}

/* What is gone differs, too: whoever used it has changed as well, and a route is not run any more. False: a route
 * reads other messages now, so a run of before does not come to it. */
static bool mark_changed(struct side *was, const struct side *now)
{
    bool good = true;
    for (struct doc *d = was->docs; d; d = d->next) {
        const struct doc *other = d->kind == DOC_OTHER ? d : find(now, d);
        d->differs = !other || !same_children(d->node, other->node, "tests");
        bool reads_same = !other || d->kind != DOC_ROUTE || !d->differs ||
                          (same_under(d->node, other->node, "from") &&
                           same_under(d->node, other->node, "messages"));
        good = good && reads_same;
    }
    return good;
}

static bool has_new_route(const struct side *was, const struct side *now)
{
    bool has = false;
    for (const struct doc *d = now->docs; d && !has; d = d->next) {
        has = d->kind == DOC_ROUTE && !find(was, d);
    }
    return has;
}

/* ---- lists of steps: they are compiled into the routes that use them ---- */

static bool names(const struct yaml_node *n, struct str name)
{
    bool found = n->kind == YAML_SCALAR && str_eq(n->text, name);
    yaml_each(child, n)
    {
        found = found || names(child, name);
    }
    return found;
}

static bool names_changed_steps(const struct side *s, const struct yaml_node *n)
{
    bool found = false;
    for (const struct doc *d = s->docs; d && !found; d = d->next) {
        found = d->kind == DOC_STEPS && d->differs && names(n, d->name);
    }
    return found;
}

/* Whoever names one that has changed has changed; and so on. */
static void spread(struct side *s)
{
    bool more = true;
    while (more) {
        more = false;
        for (struct doc *d = s->docs; d; d = d->next) {
            bool hit = !d->differs && d->kind != DOC_OTHER && names_changed_steps(s, d->node);
            d->differs = d->differs || hit;
            more = more || hit;
        }
    }
}

/* ---- the whole ---- */

static bool pair(struct arena *a, struct plan *was, const struct plan *now)
{
    struct side before = {.root = NULL}, after = {.root = NULL};
    unsigned n = 0;
    read_side(a, was, &before);
    read_side(a, now, &after);
    if (!before.root || !after.root || !same_children(before.root, after.root, "routes") ||
        !same_others(&before, &after) || has_new_route(&before, &after) ||
        !mark_changed(&before, &after)) {
        return false;
    }
    spread(&before);
    for (const struct doc *d = before.docs; d; d = d->next) {
        n += d->differs;
    }
    struct rules_change *changes = ARENA_ARRAY(a, struct rules_change, n + 1);
    n = 0;
    for (const struct doc *d = before.docs; d; d = d->next) {
        changes[n] = (struct rules_change){d->name, d->kind == DOC_ROUTE};
        n += d->differs && d->kind != DOC_STEPS;
    }
    return rules_pair(was->rules, now->rules, changes, n);
}

bool config_pair(struct plan *was, const struct plan *now)
{
    struct arena a = {0};
    bool good = pair(&a, was, now);
    arena_free(&a);
    return good;
}
