/* messages.h - the messages in a file as people and tools leave them: any line ending, MLLP bytes,
 * batch and file envelopes, several messages one after the other, indented lines, a byte order mark,
 * UTF-16 and UTF-32. Bytes in, views out. Not for what arrives over MLLP: there nothing is forgiven.
 * Source: HL7 v2.5.1 chapter 2 section 2.10.3 (batch). Differs: headers and trailers may be missing. */
#ifndef CORRIDOR_OPS_MESSAGES_H
#define CORRIDOR_OPS_MESSAGES_H

#include "engine/base/diag.h"

struct buf;

struct message_text {
    struct str bytes; /* from MSH to its last line; segments ended as in the file */
    unsigned line;    /* of its MSH, from 1 */
    struct str file_header, batch_header; /* FHS and BHS that it stands in; n 0: none */
};

/* What stood around the messages. */
struct message_saw {
    struct str text; /* all of it, without indents: whose line ends are told */
    bool bom, wide, mllp, indented, envelope, noise;
};

struct message_file {
    struct message_text *v;
    size_t n;
    struct message_saw saw;
    bool
        is_as_sent; /* every line ends with one CR, and none is empty; the last one may have no end */
    bool is_batch; /* an envelope (FHS, BHS) was seen; then n may well be 0 */
};

/* Cut `bytes` into messages, in order, in `a`. Envelope segments count as such where a header stands
 * before the first message or right before another MSH; elsewhere they are segments like any other.
 * Counts that trailers state and that are wrong become findings at `file`. O(bytes). */
struct message_file messages_split(struct arena *a, const char *file, struct str bytes,
                                   struct diags *d);

/* What is odd about the file, as "MLLP bytes, CR and LF mixed"; nothing where there is only one kind of line end. */
void messages_saw(const struct message_file *f, struct buf *out);

/* Append the message with every segment ended by one CR, as it is sent. */
void messages_with_cr(struct str message, struct buf *out);

#endif
