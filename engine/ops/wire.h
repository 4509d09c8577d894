/* wire.h - the tester's view of MLLP for replay and sink: frames in a stream, and the few places of a
 * message that accounting needs. It reads no further than that and forgives everything; the daemon's
 * own framing, which is strict and bounded, is adapters/mllp. Pure: bytes in, views out. */
#ifndef CORRIDOR_OPS_WIRE_H
#define CORRIDOR_OPS_WIRE_H

#include "engine/base/str.h"

struct buf;

enum { WIRE_VT = 0x0b, WIRE_FS = 0x1c, WIRE_CR = 0x0d };

/* The first frame in `in`: 1 with *out_body (a view, without VT, FS, CR) and *out_used bytes to drop;
 * 0 when it is not whole yet (*out_used bytes of noise may be dropped all the same). O(in). */
int wire_frame(struct str in, struct str *out_body, size_t *out_used);
/* Append VT `body` FS CR. */
void wire_put(struct buf *out, struct str body);

/* What accounting needs. Views into the message, still escaped; n 0 when absent. */
struct wire_head {
    char field, component; /* delimiters; '|' and '^' when MSH is unusable */
    struct str msh[19];    /* MSH-n at index n; 3..18 */
    struct str patient;    /* PID-3.1 of the first repetition */
    size_t id_at;          /* offset of MSH-10 in the message; 0 when there is no room for it */
};
/* False when the bytes do not begin with MSH and a separator. O(bytes up to PID-3). */
bool wire_head(struct str message, struct wire_head *out);

/* MSA-1 and MSA-2 of a reply; false when it has no MSA. */
bool wire_answer(struct str reply, struct str *out_code, struct str *out_control_id);

/* "HOST:PORT", "[V6]:PORT" or mllp://HOST:PORT[/] into two NUL-terminated texts; mllps:// is over TLS. */
bool wire_address(const char *text, char host[256], char port[16], bool *out_is_tls);

#endif
