#include "engine/hl7/relay.h"

#include "engine/base/err.h"
#include "engine/hl7/escape.h"

enum { MSH_FIELDS_MOST = 64, MSH_10 = 10, MSH_15 = 15, MSH_16 = 16 };

/* Delimiters of one message stand for those of another; what is a delimiter only there is escaped. */
static void put_converted(struct buf *out, struct str s, const struct hl7_delims *from,
                          const struct hl7_delims *to)
{
    const char a[] = {from->component, from->repetition, from->escape, from->subcomponent};
    const char b[] = {to->component, to->repetition, to->escape, to->subcomponent};
    for (size_t i = 0; i < s.n; i++) {
        const char *hit = s.p[i] ? memchr(a, s.p[i], sizeof(a)) : NULL;
        if (hit) {
            buf_putc(out, b[hit - a]);
        } else {
            hl7_escape_to(out, to, str_from(s.p + i, 1), false);
        }
    }
}

static bool is_same(const struct hl7_delims *a, const struct hl7_delims *b)
{
    return a->field == b->field && a->component == b->component && a->repetition == b->repetition &&
           a->escape == b->escape && a->subcomponent == b->subcomponent;
}

/* A field of the request, in the answer's spelling. */
static void put_theirs(struct buf *out, const struct hl7 *request, uint32_t field,
                       const struct hl7 *answer)
{
    struct str s = hl7_field(request, &request->seg[0], field);
    if (is_same(&request->d, &answer->d)) {
        buf_put_str(out, s);
    } else {
        put_converted(out, s, &request->d, &answer->d);
    }
}

static void put_msh_field(struct buf *out, const struct hl7 *request, const struct hl7 *answer,
                          uint32_t f, const char *control_id)
{
    static const uint8_t swapped[] = {[3] = 5, [4] = 6, [5] = 3, [6] = 4};
    if (f >= 3 && f <= 6) {
        put_theirs(out, request, swapped[f], answer);
    } else if (f == MSH_10) {
        buf_puts(out, control_id);
    } else if (f == MSH_16) {
        buf_puts(out, ack_mode_of(request).enhanced ? "NE" : "");
    } else if (f != MSH_15) {
        buf_put_str(out, hl7_field(answer, &answer->seg[0], f));
    }
}

static void put_msh(struct buf *out, const struct hl7 *request, const struct hl7 *answer,
                    const char *control_id)
{
    uint32_t n = answer->seg[0].fields + 1, least = ack_mode_of(request).enhanced ? MSH_16 : MSH_10;
    n = n < least ? least : n > MSH_FIELDS_MOST ? MSH_FIELDS_MOST : n;
    buf_puts(out, "MSH");
    for (uint32_t f = 2; f <= n; f++) {
        buf_putc(out, answer->d.field);
        put_msh_field(out, request, answer, f, control_id);
    }
    buf_putc(out, '\r');
}

static void put_msa(struct buf *out, const struct hl7 *request, const struct hl7 *answer,
                    const struct hl7_seg *msa, enum ack_code code)
{
    buf_puts(out, "MSA");
    buf_putc(out, answer->d.field);
    buf_puts(out, ack_code_text(code));
    buf_putc(out, answer->d.field);
    put_theirs(out, request, MSH_10, answer);
    for (uint32_t f = 3; f <= msa->fields; f++) {
        buf_putc(out, answer->d.field);
        buf_put_str(out, hl7_field(answer, msa, f));
    }
    buf_putc(out, '\r');
}

static enum ack_code application_code(enum ack_code c)
{
    static const enum ack_code codes[] = {[ACK_AA] = ACK_AA, [ACK_AE] = ACK_AE, [ACK_AR] = ACK_AR,
                                          [ACK_CA] = ACK_AA, [ACK_CE] = ACK_AE, [ACK_CR] = ACK_AR};
    return codes[c];
}

int relay_answer(struct buf *out, const struct hl7 *request, const struct hl7 *answer,
                 const char *control_id, enum ack_code *out_code)
{
    struct ack_reply read;
    const struct hl7_seg *msa = hl7_segment(answer, "MSA", 1);
    if (!msa || ack_read(answer, &read) < 0) {
        return ERR_SYNTAX;
    }
    *out_code = application_code(read.code);
    put_msh(out, request, answer, control_id);
    for (uint32_t i = 1; i < answer->segs; i++) {
        const struct hl7_seg *seg = &answer->seg[i];
        if (seg == msa) {
            put_msa(out, request, answer, msa, *out_code);
        } else {
            buf_put_str(out, hl7_seg_text(answer, seg));
            buf_putc(out, '\r');
        }
    }
    return 0;
}
