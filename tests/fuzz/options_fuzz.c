/* Fuzz target: any bytes as a mapping of corridor.yaml, read by every table there is: those of the configuration and
 * those of the adapters. A table takes it or says why, at a place inside the text; a secret that is written where its
 * name should be is not repeated. */
#include "adapters/registry.h"
#include "engine/config/config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char SECRET[] = "ZQXSECRET";

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static size_t struct_size(const struct opt *table)
{
    size_t n = 1;
    for (const struct opt *row = table; row->name; row++) {
        n = row->offset + row->size > n ? row->offset + row->size : n;
    }
    return n;
}

static void read_table(const struct opt *table, const struct yaml_node *map)
{
    struct arena a = {0};
    struct diags d;
    if (!table) {
        return;
    }
    void *conf = calloc(1, struct_size(table));
    diags_init(&d, &a);
    int rc = opt_parse(&a, table, map, NULL, &d, conf);
    must((rc == 0) == (d.errors == 0));
    for (const struct diag *one = d.first; one; one = one->next) {
        must(one->text.n > 0);
    }
    free(conf);
    arena_free(&a);
}

/* `bearer: ZQXSECRET...`: whatever else is wrong, the finding does not hold it. */
static void hide_secret(const struct opt *table, const struct yaml_node *map)
{
    struct arena a = {0};
    struct diags d;
    for (const struct opt *row = table; row && row->name; row++) {
        const struct yaml_node *value = yaml_get(map, row->name);
        struct opt_secret out = {0};
        if (row->kind == OPT_SECRET && value && value->kind == YAML_SCALAR &&
            str_starts(value->text, STR("ZQXSECRET"))) {
            struct opt alone = *row;
            alone.offset = 0;
            diags_init(&d, &a);
            must(opt_set(&a, &alone, value, &d, &out) != 0);
            for (const struct diag *one = d.first; one; one = one->next) {
                must(str_find(one->text, str_of(SECRET)) < 0);
            }
        }
    }
    arena_free(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct diags d;
    diags_init(&d, &a);
    struct yaml_doc *doc = NULL;
    (void)yaml_parse(&a, "c.yaml", str_from((const char *)data, size), &d, &doc); /* doc tells */
    const struct yaml_node *map = doc ? doc->root : NULL;
    for (const struct config_section *s = config_sections(); map && s->title; s++) {
        read_table(s->options, map);
    }
    for (const struct adapter *const *ad = registry; map && *ad; ad++) {
        read_table((*ad)->in_opts, map);
        read_table((*ad)->out_opts, map);
        hide_secret((*ad)->in_opts, map);
        hide_secret((*ad)->out_opts, map);
    }
    arena_free(&a);
    return 0;
}
