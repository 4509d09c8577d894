/* The configuration is read anew and takes the place of the one that runs, whole or not at all. */
#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/config/config.h"
#include "engine/ops/daemon_priv.h"
#include "engine/ops/notify.h"
#include "engine/ops/watcher.h"

/* What only a start can change. */
static int check_fixed(const struct daemon *d, const struct plan *p, struct diags *diags)
{
    struct diag_pos pos = {.file = d->conf->config};
    if (!str_eq(p->state_dir, d->plan->state_dir)) {
        diag_add(diags, DIAG_ERROR, "fixed", pos,
                 "`state` is another directory; stop and start to change it");
        return ERR_STATE;
    }
    if (p->volume_bytes != d->plan->volume_bytes || p->disk_bytes != d->plan->disk_bytes ||
        p->retention_us != d->plan->retention_us) {
        diag_add(diags, DIAG_WARNING, "fixed", pos,
                 "`retention`, `disk` and `volume-size` take effect at the next start");
    }
    if (!str_eq(p->admin_host, d->plan->admin_host) || p->admin_port != d->plan->admin_port) {
        diag_add(diags, DIAG_WARNING, "fixed", pos, "`admin` takes effect at the next start");
    }
    if (!str_eq(p->metrics_host, d->plan->metrics_host) ||
        p->metrics_port != d->plan->metrics_port) {
        diag_add(diags, DIAG_WARNING, "fixed", pos, "`metrics` takes effect at the next start");
    }
    return 0;
}

int daemon_reload(struct daemon *d, enum daemon_reload what, struct buf *out)
{
    bool is_tables = what == DAEMON_RELOAD_TABLES,
         hold_pending = what == DAEMON_RELOAD_HOLD_PENDING;
    struct arena a = {0};
    struct diags diags;
    diags_init(&diags, &a);
    notify_reloading();
    struct plan *plan =
        is_tables ? config_load_tables(d->conf->config, d->plan, d->conf->adapters, &diags)
                  : config_load(d->conf->config, d->conf->adapters, &diags);
    int failed = plan ? check_fixed(d, plan, &diags) : ERR_SYNTAX;
    if (!failed) {
        failed = engine_reload(d->engine, plan,
                               hold_pending ? ENGINE_HOLD_PENDING : ENGINE_REFUSE_PENDING, &diags);
    }
    if (plan && !failed) {
        watcher_set(d->watcher, plan);
        plan_unref(&d->plan);
        d->plan = plan_ref(plan);
        daemon_say_tables(d);
    }
    plan_unref(&plan);
    daemon_log_findings(d->conf->log, &diags);
    diags_print(out, &diags);
    log_event(d->conf->log, failed ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
              failed ? "reload-refused" : "reloaded", log_hex("plan", d->plan->hash),
              log_bool("tables_alone", is_tables), log_uint("errors", diags.errors));
    notify_ready(failed ? "serving; the last reload was refused" : "serving");
    arena_free(&a);
    return failed;
}
