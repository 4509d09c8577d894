/* How the tree is read. */
#include "engine/base/yaml.h"

const struct yaml_node *yaml_get_str(const struct yaml_node *map, struct str key)
{
    if (!map || map->kind != YAML_MAPPING) {
        return NULL;
    }
    yaml_each(child, map)
    {
        if (str_eq(child->key->text, key)) {
            return child;
        }
    }
    return NULL;
}

const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key)
{
    return yaml_get_str(map, str_of(key));
}

const struct yaml_node *yaml_next_item(const struct yaml_node *list, const struct yaml_node *prev)
{
    if (!list || list->kind == YAML_ABSENT) {
        return NULL;
    }
    if (list->kind == YAML_SEQUENCE) {
        return prev ? prev->next : list->first;
    }
    return prev ? NULL : list;
}

const char *yaml_kind_text(const struct yaml_node *n)
{
    if (!n) {
        return "nothing";
    }
    switch (n->kind) {
    case YAML_ABSENT:
        return "nothing";
    case YAML_SCALAR:
        return "a text";
    case YAML_SEQUENCE:
        return "a list";
    case YAML_MAPPING:
        return "a mapping";
    }
    return "nothing";
}
