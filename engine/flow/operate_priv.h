/* operate_priv.h - what the files of an operation share: operate.c (which outputs), operate_one.c (what is done to one),
 * operate_resend.c (once more), operate_rerun.c (by today's rules) and operate_message.c (messages of our own). */
#ifndef CORRIDOR_FLOW_OPERATE_PRIV_H
#define CORRIDOR_FLOW_OPERATE_PRIV_H

#include "engine/flow/engine_priv.h"
#include "engine/flow/operate.h"

struct operate_work {
    struct engine *e;
    const struct operate_order *o;
    struct arena *a;
    struct operate_result *out;
    struct destination *from, *to;
    bool is_held; /* by a person: what waits may be dropped and moved */
    uint64_t through;
    struct entry_ref after; /* held outputs up to here have been looked at */
    bool is_full;           /* the journal takes nothing now */
};

/* operate_one.c: as the order says, or a failure in w->out. */
void operate_one(struct operate_work *w, struct queued *o);
/* This output stays as it was; `why` is copied. */
void operate_fail(struct operate_work *w, struct entry_ref ref, struct entry_id id, struct str why);

/* operate_message.c: a message as it stands in the journal, the caller's; or NULL. */
struct msg *operate_read(struct engine *e, uint64_t seq);
/* The id of what comes of output `output` of `id`, for `destination`: the same at every try. */
struct entry_id operate_id(const struct engine *e, struct entry_id id, uint32_t output,
                           uint32_t destination);
/* Append `outputs` over the bytes of `m` as a message of its own. False: the journal takes nothing. */
bool operate_append(struct engine *e, const struct msg *m, struct entry_id id,
                    const struct entry_output *outputs, uint32_t n);

#endif
