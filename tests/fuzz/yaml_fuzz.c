#include "engine/base/yaml.h"

#include "engine/base/buf.h"

#include <stdlib.h>

static void check(const struct yaml_node *n, unsigned depth)
{
    uint32_t count = 0;
    if (depth > YAML_DEPTH_MAX || !n->pos.line || !n->pos.col || n->text.n > YAML_SCALAR_MAX) {
        abort();
    }
    yaml_each(child, n)
    {
        if ((n->kind == YAML_MAPPING) != (child->key != NULL)) {
            abort();
        }
        if (child->key && child->key->kind != YAML_SCALAR) {
            abort();
        }
        check(child, depth + 1);
        count++;
    }
    if (count != n->count) {
        abort();
    }
}

/* The tree keeps its promises; the result says an error exactly when one was reported. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct arena a = {0};
    struct buf text = {0};
    struct diags d;
    struct yaml_doc *doc;
    diags_init(&d, &a);
    int rc = yaml_parse(&a, "f.yaml", str_from((const char *)data, n), &d, &doc);
    if ((rc == 0) != (d.errors == 0)) {
        abort();
    }
    for (; doc; doc = doc->next) {
        check(doc->root, 0);
    }
    diags_print(&text, &d);
    buf_free(&text);
    arena_free(&a);
    return 0;
}
