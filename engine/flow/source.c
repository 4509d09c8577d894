#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/flow/engine_priv.h"

#include <assert.h>
#include <stdlib.h>

struct endpoint *source_endpoint(struct source *s)
{
    return &s->ep;
}

bool source_takes_batches(const struct source *s)
{
    return s->want->batch.is_split;
}

struct source *source_new(struct engine *e, const struct plan_source *want)
{
    struct source *s = X_NEW(struct source);
    char *name = xmalloc(want->name.n + 1);
    memcpy(name, want->name.p, want->name.n);
    s->engine = e;
    s->own_name = str_from(name, want->name.n);
    s->name_id = journal_name(e->conf.journal, JOURNAL_SOURCE, want->name);
    s->want = want;
    s->ep = (struct endpoint){.name = s->own_name,
                              .adapter = want->adapter,
                              .conf = want->conf,
                              .loop = e->conf.loop,
                              .clock = &e->conf.clock,
                              .log = e->conf.log};
    return s;
}

int source_open(struct source *s, struct diags *d)
{
    int r = s->ep.adapter->in->open(s, d);
    s->is_open = r == 0;
    if (r == 0 && s->engine->is_paused) {
        s->ep.adapter->in->pause(s);
    }
    return r;
}

void source_set(struct source *s, const struct plan_source *want, unsigned index)
{
    s->want = want;
    s->ep.conf = want->conf;
    s->index = index;
}

void source_close(struct source *s)
{
    if (s->is_open) {
        s->is_open = false; /* from here on nobody is answered */
        s->ep.adapter->in->close(s);
    }
}

void source_free(struct source **s)
{
    struct source *one = *s;
    if (!one) {
        return;
    }
    source_close(one);
    plan_unref(&one->last_plan);
    free((char *)(uintptr_t)one->own_name.p);
    free(one);
    *s = NULL;
}
