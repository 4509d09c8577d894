/* batch.h - the messages in a file, or in one frame that holds a batch. Walks
 *     [FHS] { [BHS] { MSH ... } [BTS] } [FTS]
 * in any order and with any of the headers and trailers missing, and takes off what stands around the
 * messages: MLLP bytes (0B, 1C 0D), byte order marks, blank lines. CR, LF and CRLF end lines, mixed as they
 * come. Text in UTF-16 is turned into UTF-8 first. Nothing is judged here: counts are compared by the
 * caller, from what the trailers say and what was seen. Views into the bytes; pure, no state elsewhere.
 * Source: HL7 v2.5.1 chapter 2 sections 2.10.3 (batches), 2.15.2-5 (BHS, BTS, FHS, FTS).
 * Differs: a line that belongs to nothing is noise, not an error; messages may stand outside a batch. */
#ifndef CORRIDOR_HL7_BATCH_H
#define CORRIDOR_HL7_BATCH_H

#include "engine/base/buf.h"
#include "engine/hl7/hl7.h"

enum batch_kind {
    BATCH_MESSAGE, /* MSH and all lines up to what ends it; bytes end with its last terminator */
    BATCH_FILE_HEADER,  /* FHS; bytes is the line without terminator, as in the next three */
    BATCH_HEADER,       /* BHS */
    BATCH_TRAILER,      /* BTS: declared and counted messages */
    BATCH_FILE_TRAILER, /* FTS: declared and counted batches */
    BATCH_NOISE,        /* lines outside any message that are none of these; not blank */
};

enum {
    BATCH_REMARK_BOM = 1,   /* a byte order mark was taken off */
    BATCH_REMARK_UTF16 = 2, /* the file was UTF-16: items are views into the UTF-8 made of it */
    BATCH_REMARK_MLLP = 4,  /* 0B or 1C was met */
    BATCH_REMARK_LF = 8,    /* LF or CRLF ended a line */
    BATCH_REMARK_NO_TRAILER =
        16, /* a header came, or the end, before the trailer of the one before */
    BATCH_REMARK_NO_HEADER = 32, /* a trailer without its header */
    BATCH_REMARK_BLANK = 64,     /* a line begins with a blank or a tab */
    BATCH_REMARK_EMPTY = 128,    /* a line is empty */
};

/* What a trailer says. */
enum { BATCH_COUNT_NONE = -1, BATCH_COUNT_BAD = -2 }; /* empty or ""; no number */

struct batch_item {
    enum batch_kind kind;
    struct str bytes;
    size_t at;          /* offset of bytes in the text walked (batch.text) */
    uint32_t line;      /* its first line, from 1; CRLF counts once */
    uint32_t number;    /* messages: from 1 in the file */
    uint32_t number_in; /* messages: from 1 in the batch */
    int64_t declared;   /* trailers: BTS-1, FTS-1, or BATCH_COUNT_* */
    uint32_t counted;   /* trailers: what was seen since the header */
};

/* A walk. Its fields are for reading: what was seen so far. */
struct batch {
    struct str text;        /* what is walked: the file, or the UTF-8 made of it */
    size_t at;              /* offset of the next byte */
    uint32_t line;          /* number of the line at `at` */
    uint32_t remarks;       /* BATCH_REMARK_* */
    uint32_t messages;      /* in the file so far */
    uint32_t in_batch;      /* messages since the last BHS or BTS */
    uint32_t batches;       /* since the last FHS; messages outside BHS..BTS count as one */
    struct str file_header; /* the FHS in force, or n 0; read it with hl7_parse_header() */
    struct str header;      /* the BHS in force, or n 0 */
};

/* Start at the beginning of `file`; `a` takes the UTF-8 of a UTF-16 file, and is not used otherwise. */
void batch_open(struct batch *b, struct arena *a, struct str file);
/* The next item; false at the end. O(its bytes). */
bool batch_next(struct batch *b, struct batch_item *out);
/* Does the trailer say another number than what was seen, or none at all? Then appended to `out`: "BTS-1 says 3, there
 * are 2". An empty count says nothing. */
bool batch_is_miscounted(const struct batch_item *item, struct buf *out);

/* The headers that a message stands in, as hl7_parse_header() reads them; segs 0: none, or no header. */
struct batch_headers {
    struct hl7 file, batch;
};
void batch_headers_read(struct arena *a, struct str file_line, struct str batch_line,
                        struct batch_headers *out);
/* Of the message at offset `at` of `text`, from the beginning. O(at). */
void batch_headers_at(struct arena *a, struct str text, size_t at, struct batch_headers *out);

#endif
