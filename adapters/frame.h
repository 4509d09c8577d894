/* frame.h - the MLLP frame, read incrementally: VT payload FS CR. Pure: bytes in, pieces out; the
 * pieces and their order do not depend on how the bytes were cut (but for where a payload is cut).
 * Nothing is copied: pieces are views into the bytes handed in. No time: who reads says when it was silent.
 * Source: HL7 v2.5.1 appendix C.4 (minimal lower layer protocol).
 * Differs: FS ends a frame when followed by CR, VT, the end of the stream or silence (senders that
 * forget the CR); any other byte behind it breaks the frame, since two messages may have become one. VT MSH inside a payload
 * does, too: its sender broke the frame off and began again. VT alone is text that somebody pasted. */
#ifndef CORRIDOR_ADAPTERS_FRAME_H
#define CORRIDOR_ADAPTERS_FRAME_H

#include "engine/base/str.h"

enum { FRAME_VT = 0x0b, FRAME_FS = 0x1c, FRAME_CR = 0x0d };

enum frame_place {
    FRAME_OUTSIDE, /* {0}: before VT; bytes here are noise */
    FRAME_INSIDE,
    FRAME_AT_FS,   /* FS was read, what follows decides */
    FRAME_LATE_CR, /* silence ended the frame: one CR may still come, and is no noise */
    FRAME_STUCK,   /* broken or too large: nothing more is read */
};

struct frame {
    enum frame_place place;
    int first_noise; /* first byte of the current run of noise; has a meaning while noise_run > 0 */
    uint64_t noise;  /* bytes outside frames, ever */
    uint64_t noise_run; /* the same since the last frame */
    size_t size;        /* payload bytes of the current frame so far */
    unsigned begun;     /* of them at the end: bytes of "VT MSH" */
};

enum frame_step {
    FRAME_MORE,   /* all bytes are used up; ask again when there are more */
    FRAME_PART,   /* *out_part is the next piece of the payload; the frame goes on */
    FRAME_END,    /* *out_part is the last piece (perhaps empty): the frame is whole */
    FRAME_BROKEN, /* FS with another byte behind it: stop reading this stream */
    FRAME_CUT, /* another message begins inside; *out_part ends with it: stop reading this stream */
    FRAME_LARGE, /* the payload passes `limit`; *out_part is what fits: stop reading this stream */
};

/* Read on: takes bytes off the front of `*in`. Call until FRAME_MORE, BROKEN, CUT or LARGE. O(bytes). */
enum frame_step frame_read(struct frame *f, struct str *in, size_t limit, struct str *out_part);
/* The stream ended, or was silent for 200 ms: does this end a frame (whose pieces were all given)? */
bool frame_end_of_stream(struct frame *f);
bool frame_silence(struct frame *f);

#endif
