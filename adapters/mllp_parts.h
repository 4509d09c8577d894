/* mllp_parts.h - a message that is longer than its peer takes, on its way in several parts: each is sent when the one
 * before it is answered. One chain a connection. */
#ifndef CORRIDOR_ADAPTERS_MLLP_PARTS_H
#define CORRIDOR_ADAPTERS_MLLP_PARTS_H

#include "engine/flow/adapter.h"
#include "engine/hl7/fragment.h"

/* parts: under a destination. */
struct mllp_parts_conf {
    int64_t size; /* bytes */
    bool may_cut;
};
extern const struct opt mllp_parts_opts[];

struct mllp_chain {
    struct arena arena;
    struct fragment_plan plan;
    struct str first_id; /* MSH-10 of the message: the application's answer to the whole names it */
    struct buf id;       /* MSH-10 of the part that is out */
    unsigned at;         /* that part */
};

/* How the delivery is cut up: NULL when it goes as it is, or cannot be cut: then *out_why (static) else NULL. */
struct mllp_chain *mllp_chain_new(const struct mllp_parts_conf *c, struct delivery *d,
                                  const char **out_why);
void mllp_chain_free(struct mllp_chain **c);
bool mllp_chain_is_last(const struct mllp_chain *c);
/* Append the part it stands at. */
void mllp_chain_write(struct buf *out, const struct mllp_chain *c);
void mllp_chain_advance(struct mllp_chain *c);
/* Does an answer with this MSA-2 speak of the part that is out? */
bool mllp_chain_is_answered_by(const struct mllp_chain *c, struct str control_id);

#endif
