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

/* 0 where MSH-2 does not give the delimiter and no default applies (truncation). */
struct hl7_delims {
    char field, component, repetition, escape, subcomponent, truncation;
};

/* A segment: the line raw[begin, end), terminator not included. */
struct hl7_seg {
    char id[4];      /* "PID", NUL-terminated; as sent, even if it is no legal name */
    uint32_t begin;  /* offset of its first byte */
    uint32_t end;    /* offset behind its last byte */
    uint32_t mark;   /* index in marks of its first field separator, or of its end when it has none */
    uint32_t fields; /* number of field separators in the line (MSH, FHS, BHS: field 1 is the first) */
};

struct hl7 {
    struct str raw;
    struct hl7_delims d;
    struct hl7_seg *seg; /* seg[0] is MSH */
    uint32_t segs;
    uint32_t *mark; /* offsets of field separators and of each segment's end, ascending */
    uint32_t marks;
    uint32_t remarks; /* HL7_REMARK_* bits: accepted oddities */
};

enum {
    HL7_REMARK_BOM = 1,             /* a UTF-8 byte order mark was skipped */
    HL7_REMARK_SHORT_MSH2 = 2,      /* delimiters defaulted */
    HL7_REMARK_LF = 4,              /* LF or CRLF ended a segment */
    HL7_REMARK_NO_FINAL_CR = 8,
    HL7_REMARK_ODD_SEGMENT = 16,    /* a line whose first bytes are no segment name */
    HL7_REMARK_BLANK_LINE = 32,
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
 * processor has it. Chosen by hl7_index_use() or by the processor. */
int hl7_parse(struct arena *a, struct str raw, struct hl7 *out, struct hl7_fault *out_fault);

/* The n-th (from 1) segment named `id` (three bytes), or NULL. O(segments). */
const struct hl7_seg *hl7_segment(const struct hl7 *m, const char *id, uint32_t n);
/* Field `f` (from 1) of `s`, whole, as sent. Absent: p NULL. An MSH-1 is the separator itself. O(1). */
struct str hl7_field(const struct hl7 *m, const struct hl7_seg *s, uint32_t f);
/* The text of a segment without its terminator. */
static inline struct str hl7_seg_text(const struct hl7 *m, const struct hl7_seg *s)
{
    return str_from(m->raw.p + s->begin, s->end - s->begin);
}

#endif
