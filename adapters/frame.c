#include "adapters/frame.h"

static void take(struct str *in, size_t n)
{
    in->p += n;
    in->n -= n;
}

/* Bytes before VT: counted, not kept. */
static void skip_noise(struct frame *f, struct str *in)
{
    if (f->place == FRAME_LATE_CR) {
        f->place = FRAME_OUTSIDE;
        if (in->p[0] == FRAME_CR) {
            take(in, 1);
        }
    }
    const char *vt = in->n ? memchr(in->p, FRAME_VT, in->n) : NULL;
    size_t n = vt ? (size_t)(vt - in->p) : in->n;
    if (n > 0 && f->noise_run == 0) {
        f->first_noise = (unsigned char)in->p[0];
    }
    f->noise += n;
    f->noise_run += n;
    take(in, n);
    if (vt) {
        take(in, 1);
        f->place = FRAME_INSIDE;
        f->size = 0;
        f->begun = 0;
    }
}

static enum frame_step end_frame(struct frame *f, enum frame_place next)
{
    f->place = next;
    f->noise_run = 0;
    return FRAME_END;
}

/* What stands behind FS. */
static enum frame_step judge(struct frame *f, struct str *in)
{
    switch (in->p[0]) {
    case FRAME_CR:
        take(in, 1);
        return end_frame(f, FRAME_OUTSIDE);
    case FRAME_VT:
        return end_frame(f, FRAME_OUTSIDE);
    default:
        f->place = FRAME_STUCK;
        return FRAME_BROKEN;
    }
}

/* Where the beginning of another message ends in the next bytes of the payload; 0: there is none. VT as the first byte of
 * all is a start that was sent twice. */
static size_t another_in(struct frame *f, struct str s)
{
    static const char begin[] = "\vMSH";
    for (size_t i = 0; i < s.n; i++) {
        if (!f->begun) {
            const char *vt = memchr(s.p + i, FRAME_VT, s.n - i);
            if (!vt) {
                return 0;
            }
            i = (size_t)(vt - s.p);
            f->begun = f->size + i > 0;
        } else if (s.p[i] == begin[f->begun]) {
            f->begun++;
        } else {
            f->begun = s.p[i] == FRAME_VT;
        }
        if (!begin[f->begun]) {
            return i + 1;
        }
    }
    return 0;
}

/* Payload up to FS or the end of what there is. */
static enum frame_step read_payload(struct frame *f, struct str *in, size_t limit,
                                    struct str *out_part)
{
    const char *fs = memchr(in->p, FRAME_FS, in->n);
    size_t n = fs ? (size_t)(fs - in->p) : in->n;
    bool is_large = n > limit - f->size;
    if (is_large) {
        n = limit - f->size;
    }
    size_t another = another_in(f, str_from(in->p, n));
    n = another ? another : n;
    *out_part = str_from(in->p, n);
    f->size += n;
    take(in, n);
    if (another) {
        f->place = FRAME_STUCK;
        return FRAME_CUT;
    }
    if (is_large) {
        f->place = FRAME_STUCK;
        return FRAME_LARGE;
    }
    if (!fs) {
        return FRAME_PART;
    }
    take(in, 1);
    f->place = FRAME_AT_FS;
    return in->n ? judge(f, in) : FRAME_PART;
}

enum frame_step frame_read(struct frame *f, struct str *in, size_t limit, struct str *out_part)
{
    *out_part = str_from(in->p, 0);
    while (in->n > 0) {
        switch (f->place) {
        case FRAME_OUTSIDE:
        case FRAME_LATE_CR:
            skip_noise(f, in);
            break;
        case FRAME_INSIDE:
            return read_payload(f, in, limit, out_part);
        case FRAME_AT_FS:
            return judge(f, in);
        case FRAME_STUCK:
            take(in, in->n);
            break;
        }
    }
    return FRAME_MORE;
}

bool frame_end_of_stream(struct frame *f)
{
    return f->place == FRAME_AT_FS && end_frame(f, FRAME_OUTSIDE) == FRAME_END;
}

bool frame_silence(struct frame *f)
{
    return f->place == FRAME_AT_FS && end_frame(f, FRAME_LATE_CR) == FRAME_END;
}
