/* mllp.h - HL7 v2 over MLLP, both ends. The listening end is mllp_in.c and mllp_conn*.c, the sending end
 * mllp_out.c and mllp_link*.c; frames are frame.h's.
 * Source: HL7 v2.5.1 appendix C.4; chapter 2 section 2.9 (which answer means what). */
#ifndef CORRIDOR_ADAPTERS_MLLP_H
#define CORRIDOR_ADAPTERS_MLLP_H

#include "adapters/mllp_parts.h"
#include "engine/flow/adapter.h"
#include "engine/flow/tls.h"

enum mllp_reply { MLLP_REPLY_WAIT, MLLP_REPLY_NONE, MLLP_REPLY_APPLICATION };
/* MLLP release 2: each frame is answered by a block of one byte before anything else is said of it. */
enum mllp_release { MLLP_RELEASE_1, MLLP_RELEASE_2 };
enum mllp_commit { MLLP_ACK = 0x06, MLLP_NAK = 0x15 };

struct mllp_out_conf {
    struct str host;
    int port, connections, pipeline;
    int64_t reply_within, connect_within, keep_alive; /* milliseconds */
    int reply;                                        /* enum mllp_reply */
    int release;                                      /* enum mllp_release */
    const struct mllp_parts_conf *parts;              /* NULL: a message goes whole */
    const struct tls_out_conf *tls;                   /* NULL: plain */
};

extern const struct adapter mllp_adapter;
extern const struct opt mllp_out_opts[];
extern const struct destination_ops mllp_destination;
/* adapter.out_check. */
void mllp_out_check(const void *conf, const struct yaml_node *map, struct diags *d);
/* adapter.out_silence. */
const char *mllp_out_silence(const void *conf);
/* adapter.out_is_exposed. */
bool mllp_out_is_exposed(const void *conf);

#endif
