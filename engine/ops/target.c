#include "engine/ops/target.h"

#include <stdlib.h>

#include "engine/config/config.h"
#include "engine/ops/files.h"

static const char default_state[] = "/var/lib/corridor";

const char *target_state(struct command_run *r, const struct target_args *t)
{
    if (t->state.n) {
        return t->state.p;
    }
    const char *path = config_find(t->config.n ? t->config.p : NULL, getenv("CORRIDOR_CONFIG"));
    struct str bytes;
    const char *why;
    struct diags d;
    struct yaml_doc *doc;
    if (!files_read(r->arena, path, &bytes, &why)) {
        (void)command_fail(r, "%s: %s", path, why); /* the status is the caller's */
        return NULL;
    }
    diags_init(&d, r->arena);
    (void)yaml_parse(r->arena, path, bytes, &d, &doc); /* what could be read is enough */
    const struct yaml_node *state = doc ? yaml_get(doc->root, "state") : NULL;
    return state && state->kind == YAML_SCALAR && state->text.n ? state->text.p : default_state;
}

const char *target_socket(struct command_run *r, const char *state)
{
    return str_printf(r->arena, "%s/admin.sock", state).p;
}
