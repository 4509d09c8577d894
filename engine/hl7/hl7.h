/* hl7.h - one HL7 v2 message as an index of segments and fields over its raw bytes.
 * Nothing is copied or changed: a struct hl7 borrows `raw` and lives in the message's arena.
 * Repetitions, components and subcomponents are found on demand (value.h). Pure: no I/O, no state.
 * Source: HL7 v2.5.1 chapter 2 sections 2.5 (segments, fields), 2.7 (escapes).
 * Differs: any of CR, LF, CRLF ends a segment; a missing final terminator is accepted; MSH-2 shorter
 * than four characters defaults the rest to "\" and "&" (a remark). */
#ifndef CORRIDOR_HL7_HL7_H
#define CORRIDOR_HL7_HL7_H

#include "engine/base/arena.h"
#include "engine/base/str.h"

/* 0 where there is no such delimiter: truncation when MSH-2 has no fifth character, subcomponent when
 * its default is taken by another delimiter. The other four are always there.
 * A {0}-filled rest is right for every ordinary charset. */
struct hl7_delims {
    char field, component, repetition, escape, subcomponent, truncation;
    uint8_t
        wide; /* enum hl7_wide: MSH-18 names a charset whose second bytes may equal delimiters */
};

/* A segment: the line raw[begin, end), terminator not included. */
struct hl7_seg {
    char id[4];     /* "PID", NUL-terminated; as sent, even if it is no legal name; "" where the
                        fourth byte of the line is not the field separator */
    uint32_t begin; /* offset of its first byte */
    uint32_t end;   /* offset behind its last byte */
    uint32_t mark; /* index in marks of its first field separator, or of its end when it has none */
    uint32_t
        fields; /* number of field separators in the line (MSH, FHS, BHS: field 1 is the first) */
};

struct hl7 {
    struct str raw;
    struct hl7_delims d;
    struct hl7_seg *seg; /* seg[0] is MSH */
    uint32_t segs;
    uint32_t *mark; /* offsets of field separators and of each line's end, ascending; blank lines
                       and the LF of a CRLF have one too, between the segments */
    uint32_t marks;
    uint32_t remarks; /* HL7_REMARK_* bits: accepted oddities */
};

enum {
    HL7_REMARK_BOM = 1,        /* a UTF-8 byte order mark was skipped */
    HL7_REMARK_SHORT_MSH2 = 2, /* delimiters defaulted: missing, or not ASCII */
    HL7_REMARK_LF = 4,         /* LF or CRLF ended a segment */
    HL7_REMARK_NO_FINAL_CR = 8,
    HL7_REMARK_ODD_SEGMENT = 16, /* a line whose first bytes are no segment name */
    HL7_REMARK_BLANK_LINE = 32,  /* an empty line, or white space before MSH */
    HL7_REMARK_LONG_MSH2 = 64,   /* MSH-2 has more characters than there are delimiters */
};

/* Why bytes are not a message. `code` is from table 0357 (100, 101, 102, 207 ...). */
struct hl7_fault {
    int code;
    size_t at;        /* byte offset */
    const char *path; /* "MSH-2"; static text */
    const char *text; /* what was found and what was expected; static, no message content */
};

/* Index `raw` (at most UINT32_MAX - 64 bytes). 0, or ERR_SYNTAX with *out_fault filled: no MSH, an
 * MSH too short, delimiters that are not distinct printable bytes. O(n), one pass, SIMD where the
 * processor has it (index.h). White space and a UTF-8 byte order mark before MSH are skipped. */
int hl7_parse(struct arena *a, struct str raw, struct hl7 *out, struct hl7_fault *out_fault);
/* The same for a batch or file header: `line` is one FHS or BHS segment, which defines delimiters as MSH
 * does. hl7_field() and paths such as BHS-4 then read it. */
int hl7_parse_header(struct arena *a, struct str line, struct hl7 *out,
                     struct hl7_fault *out_fault);

/* The n-th (from 1) segment named `id` (three bytes), or NULL. O(segments). */
const struct hl7_seg *hl7_segment(const struct hl7 *m, const char *id, uint32_t n);
/* Is `id` (NUL-terminated) MSH, FHS or BHS, whose first field is the separator itself? */
static inline bool hl7_is_header(const char id[4])
{
    return (id[0] == 'M' && id[1] == 'S' && id[2] == 'H') ||
           ((id[0] == 'F' || id[0] == 'B') && id[1] == 'H' && id[2] == 'S');
}
/* Field `f` (from 1) of `s`, whole, as sent. Absent: p NULL. An MSH-1 is the separator itself. O(1). */
static inline struct str hl7_field(const struct hl7 *m, const struct hl7_seg *s, uint32_t f)
{
    const uint32_t *mark = m->mark + s->mark;
    if (hl7_is_header(s->id)) {
        if (f == 1 && s->fields) {
            return str_from(m->raw.p + mark[0], 1);
        }
        f = f ? f - 1 : 0;
    }
    if (f == 0 || f > s->fields) {
        return str_from(NULL, 0);
    }
    return str_from(m->raw.p + mark[f - 1] + 1, mark[f] - mark[f - 1] - 1);
}
/* The text of a segment without its terminator. */
static inline struct str hl7_seg_text(const struct hl7 *m, const struct hl7_seg *s)
{
    return str_from(m->raw.p + s->begin, s->end - s->begin);
}

#endif
