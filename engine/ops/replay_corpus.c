#include "engine/ops/replay.h"

#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/ops/wire.h"

/* How many answers will come if all goes well (table 0155). */
static unsigned replies_asked(const struct wire_head *h)
{
    struct str accept = h->msh[15], application = h->msh[16];
    if (!accept.n && !application.n) {
        return 1;
    }
    unsigned n = 0;
    n += str_is(accept, "AL") || str_is(accept, "SU");
    n += str_is(application, "AL") || str_is(application, "SU");
    return n;
}

void replay_corpus_add(struct replay_corpus *c, struct str message)
{
    struct str m = str_dup(&c->arena, message);
    struct wire_head h;
    struct replay_message one = {.before = m, .replies = 1};
    if (wire_head(m, &h)) {
        one.replies = replies_asked(&h);
        one.patient = h.patient;
        one.id = h.msh[10];
    }
    if (one.id.p) {
        size_t at = h.id_at;
        one.before = str_slice(m, 0, at);
        one.after = str_slice(m, at + one.id.n, m.n);
    }
    if ((c->n & (c->n - 1)) == 0) {
        c->v = xrealloc(c->v, (c->n ? c->n * 2 : 1) * sizeof *c->v);
    }
    c->v[c->n++] = one;
}

void replay_corpus_free(struct replay_corpus *c)
{
    free(c->v);
    arena_free(&c->arena);
    *c = (struct replay_corpus){0};
}
