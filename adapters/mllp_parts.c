#include "adapters/mllp_parts.h"

#include "engine/base/mem.h"

#include <stdlib.h>

/* clang-format off */
const struct opt mllp_parts_opts[] = {
    OPT(mllp_parts_conf, size, "size", BYTES, NULL, "256..16MiB", OPT_REQUIRED,
        "Longest part, MSH and DSC included; a shorter message goes as it is."),
    OPT(mllp_parts_conf, may_cut, "cut", BOOL, "yes", NULL, 0,
        "Cut a segment that is longer than a part, with ADD; no: such a message is refused, and held."),
    {0},
};
/* clang-format on */

static void use_id(struct mllp_chain *c)
{
    buf_clear(&c->id);
    if (c->at == 0) {
        buf_put_str(&c->id, c->first_id);
    } else {
        fragment_write_id(&c->id, &c->plan, c->at);
    }
}

struct mllp_chain *mllp_chain_new(const struct mllp_parts_conf *conf, struct delivery *d,
                                  const char **out_why)
{
    struct str payload = delivery_view(d).payload;
    struct hl7 m;
    struct hl7_fault fault;
    *out_why = NULL;
    if (!conf || payload.n <= (size_t)conf->size) {
        return NULL;
    }
    struct mllp_chain *c = X_NEW(struct mllp_chain);
    const struct fragment_want want = {(size_t)conf->size, conf->may_cut, delivery_id(d)};
    bool is_cut = hl7_parse(&c->arena, payload, &m, &fault) == 0 &&
                  fragment_plan(&c->arena, &m, &want, &c->plan, out_why) == 0;
    if (!is_cut || c->plan.n == 1) { /* what is no message goes as it is, too */
        mllp_chain_free(&c);
        return NULL;
    }
    c->first_id = str_trim(hl7_field(&m, &m.seg[0], 10));
    use_id(c);
    return c;
}

void mllp_chain_free(struct mllp_chain **io)
{
    struct mllp_chain *c = *io;
    if (c) {
        buf_free(&c->id);
        arena_free(&c->arena);
        free(c);
        *io = NULL;
    }
}

bool mllp_chain_is_last(const struct mllp_chain *c)
{
    return c->at + 1 == c->plan.n;
}

void mllp_chain_write(struct buf *out, const struct mllp_chain *c)
{
    fragment_write(out, &c->plan, c->at);
}

void mllp_chain_advance(struct mllp_chain *c)
{
    c->at++;
    use_id(c);
}

bool mllp_chain_is_answered_by(const struct mllp_chain *c, struct str control_id)
{
    return str_eq(buf_str(&c->id), control_id) ||
           (mllp_chain_is_last(c) && str_eq(c->first_id, control_id));
}
