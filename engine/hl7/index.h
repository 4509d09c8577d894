/* index.h - the scan under hl7_parse(): positions of field separators and line ends in a block of bytes.
 * Two versions that give the same positions: AVX2, and eight bytes at a time for every processor.
 * Only parse.c, edit_*.c, the tests and the benchmark use this. Pure, no state. */
#ifndef CORRIDOR_HL7_INDEX_H
#define CORRIDOR_HL7_INDEX_H

#include "engine/hl7/hl7.h"

enum { INDEX_BLOCK = 2048, INDEX_SLACK = 16 };

/* What one block of at most INDEX_BLOCK bytes gave. The slack takes what the scan writes ahead. */
struct index_block {
    uint32_t marks, ends;
    uint32_t mark[INDEX_BLOCK + INDEX_SLACK]; /* offsets of separators, CR and LF, ascending */
    uint16_t end[INDEX_BLOCK + INDEX_SLACK];  /* indexes in mark of those that are CR or LF */
};

/* Scan the `n` (<= INDEX_BLOCK) bytes at `p`, whose offset is `base`, for `separator` (not 0). */
typedef void (*index_fn)(const char *p, size_t n, uint32_t base, char separator,
                         struct index_block *out);

void index_portable(const char *p, size_t n, uint32_t base, char separator,
                    struct index_block *out);
/* The AVX2 version, or NULL where the processor has none. */
index_fn index_avx2(void);
/* hl7_parse() with a given scan. */
int hl7_parse_by(struct arena *a, struct str raw, index_fn scan, struct hl7 *out,
                 struct hl7_fault *out_fault);
/* The index of bytes that editing made of `origin`: its delimiters and charset hold. */
void hl7_parse_edited(struct arena *a, struct str raw, const struct hl7 *origin, struct hl7 *out);

#endif
