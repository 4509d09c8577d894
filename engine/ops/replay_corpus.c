#include "engine/ops/replay.h"

#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/hl7/dtm.h"
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

/* When it is due by its MSH-7. */
static int64_t due_of(struct replay_corpus *c, struct str msh7)
{
    struct dtm t;
    int64_t last = c->n ? c->v[c->n - 1].due_us : 0;
    ptrdiff_t end = str_index(msh7, '^');
    if (dtm_parse(end < 0 ? msh7 : str_slice(msh7, 0, (size_t)end), DTM_BOTH, &t, NULL) != 0) {
        return last;
    }
    int64_t at = dtm_to_us(&t, 0);
    if (!c->has_first) {
        c->has_first = true;
        c->first_us = at - last;
    }
    return at - c->first_us > last ? at - c->first_us : last;
}

void replay_corpus_add(struct replay_corpus *c, struct str message)
{
    struct str m = str_dup(&c->arena, message);
    struct wire_head h;
    struct replay_message one = {.before = m, .replies = 1, .expected = -1};
    if (wire_head(m, &h)) {
        one.replies = replies_asked(&h);
        one.patient = h.patient;
        one.id = h.msh[10];
        one.due_us = due_of(c, h.msh[7]);
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
