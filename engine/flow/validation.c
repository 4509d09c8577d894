#include "engine/flow/validation.h"

#include "engine/flow/engine_priv.h"

static void count(struct validation_count *c, const struct validate_report *r)
{
    c->rejected += r->errors > 0;
    c->warned += r->errors == 0 && r->warnings > 0;
    for (unsigned i = 0; i < VALIDATE_RULES; i++) {
        c->findings[i] += r->of[i];
    }
}

static void say(const struct source *s, struct str id, const struct validate_report *r)
{
    const struct validate_finding *first = &r->v[0];
    log_event(s->ep.log, LOG_LEVEL_INFO, "warned", log_str("source", s->ep.name), log_str("id", id),
              log_uint("warnings", r->warnings), log_cstr("rule", validate_row(first->rule)->name),
              log_cstr("at", first->path));
}

const struct validate_report *validation_run(struct source *s, const struct rules_input *in,
                                             struct str id, struct arena *a, bool is_counted)
{
    const struct plan *p = s->engine->plan;
    struct validate_report *r = ARENA_NEW(a, struct validate_report);
    validate_begin(r, a, in->m, &s->want->validate);
    rules_validate(p->rules, p->dictionary, in, r);
    if (is_counted) {
        count(&s->validation, r);
    }
    if (is_counted && !r->errors && r->warnings && log_wants(s->ep.log, LOG_LEVEL_INFO)) {
        say(s, id, r);
    }
    return r->errors ? r : NULL;
}
