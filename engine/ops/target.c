#include "engine/ops/target.h"

#include <stdlib.h>

#include "engine/base/err.h"
#include "engine/config/config.h"
#include "engine/ops/admin.h"
#include "engine/ops/files.h"
#include "engine/ops/report.h"

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
        (void)command_fail(r, "%s: %s%s", path, why, /* the status is the caller's */
                           config_is_installed(path) ? "; say which file with -c FILE" : "");
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

int target_live(struct command_run *r, const char *state, uint64_t *out_volume, uint64_t *out_end)
{
    const char *socket = target_socket(r, state), *why;
    struct str body;
    *out_volume = *out_end = 0;
    int status = admin_ask(r->arena, socket, "GET", "/journal", &body, &why);
    if (status == ERR_NOT_FOUND) {
        return 0;
    }
    struct report *answer = status == 200 ? report_parse(body) : NULL;
    if (!answer) {
        return command_fail(r, "%s: %s", socket, status < 0 ? why : "it refused");
    }
    *out_volume = (uint64_t)report_int(answer, "volume");
    *out_end = (uint64_t)report_int(answer, "end");
    report_free(&answer);
    return 1;
}
