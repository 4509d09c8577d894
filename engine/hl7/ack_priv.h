/* ack_priv.h - what the files of acknowledgements share: ack.c (writing), ack_err.c (ERR), ack_origin.c (what is taken over
 * from the request), ack_read.c (what it asks for) and ack_names.c. Pure. */
#ifndef CORRIDOR_HL7_ACK_PRIV_H
#define CORRIDOR_HL7_ACK_PRIV_H

#include "engine/hl7/ack.h"

#include <string.h>

enum { ACK_TEXT_MAX = 80 };  /* MSA-3: ST of 80 */
enum { ACK_USER_MAX = 250 }; /* ERR-8: TX of 250 */

/* The version of a request, as major * 100 + minor * 10 + patch: 2.3.1 is 231. */
enum { ACK_V23 = 230, ACK_V231 = 231, ACK_V25 = 250, ACK_V27 = 270, ACK_VERSION_DEFAULT = 251 };

/* What the reply takes over from the request; views into it, p NULL where there is none. */
struct ack_origin {
    struct hl7_delims d;
    struct str field[19]; /* MSH-1.. by number; only those that matter are set */
    int version;
    bool is_enhanced;
};

/* ack_origin.c */
struct ack_origin ack_origin_of(struct ack_to to);
/* First component of the first repetition of an MSH field; n 0 when absent, empty or null. */
struct str ack_msh_text(const struct hl7 *m, uint32_t f);

/* ack_names.c: AA or CA. */
bool ack_is_positive(enum ack_code c);

/* Writing is the hot path: room is made once, then bytes are set without a check each. */
struct ack_pen {
    char *to;
    const struct ack_origin *o;
};

static inline void ack_put(struct ack_pen *w, struct str s)
{
    if (s.n) {
        memcpy(w->to, s.p, s.n);
        w->to += s.n;
    }
}

static inline void ack_put_char(struct ack_pen *w, char c)
{
    *w->to++ = c;
}

static inline void ack_put_field(struct ack_pen *w, struct str s)
{
    *w->to++ = w->o->d.field;
    ack_put(w, s);
}

/* ack.c */
void ack_put_number(struct ack_pen *w, int64_t n);
/* Our own text, shortened and escaped: at most 3 * max bytes. Outside ASCII only where MSH-18 is UTF-8. */
void ack_put_text(struct ack_pen *w, struct str text, size_t max);
/* ack_err.c: nothing where the version or the code has no place for findings. */
void ack_put_errs(struct ack_pen *w, const struct ack *ack);

#endif
