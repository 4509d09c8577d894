/* dict.h - the HL7 v2 dictionary: versions 2.1 to 2.7.1, their segments, fields, datatypes, tables.
 * Facts only (types, usage, repetition, lengths, tables, names), constant and shared by all threads;
 * nothing is allocated or initialised. Message structures are in structure.h.
 * Source: npm hl7-dictionary 1.0.1 (MIT) with tools/dictionary-patch.js; see docs/dictionary.md.
 * Differs: there is one table set for all versions; 2.8 and later are read as 2.7.1. */
#ifndef CORRIDOR_HL7_DICT_H
#define CORRIDOR_HL7_DICT_H

#include "engine/base/buf.h"

enum hl7_version {
    HL7_2_1,
    HL7_2_2,
    HL7_2_3,
    HL7_2_3_1,
    HL7_2_4,
    HL7_2_5,
    HL7_2_5_1,
    HL7_2_6,
    HL7_2_7,
    HL7_2_7_1,
    HL7_VERSIONS /* how many */
};

/* A segment or a datatype. Texts are constant and NUL-terminated. */
struct dict_entry {
    const char *id;   /* "PID", "CX" */
    const char *name; /* "Patient Identification" */
    unsigned parts;   /* fields or components; 0: a primitive datatype */
};

/* A field of a segment or a component of a datatype. */
struct dict_field {
    const char *name;
    const char
        *type; /* "CX"; "VARIES" where another field decides; "" where the standard gives none */
    char opt;  /* R required, O optional, C conditional, B backward compatible, W withdrawn */
    unsigned repeats; /* most repetitions, 0: unlimited */
    unsigned len;     /* most characters, 0: not stated */
    unsigned table;   /* number, 0: none */
};

struct dict_table {
    unsigned number;
    const char *name;
    unsigned codes; /* 0: the table has no values of its own (user-defined) */
};

/* MSH-12 as sent ("2.5.1", "2.3^USA"). The version to read it with: itself, else the next lower known
 * one (2.8 -> 2.7.1, 2.3.2 -> 2.3.1), 2.1 below 2.1; empty or no number at all: 2.7.1. *out_exact
 * (may be NULL): it is known by that name. Never fails. */
enum hl7_version dict_version(struct str msh12, bool *out_exact);
const char *dict_version_text(enum hl7_version v); /* "2.5.1" */

/* Segment `id` ("PID") of one version. False when that version has none. O(log n). */
bool dict_segment(enum hl7_version v, const char *id, struct dict_entry *out);
/* Field `n` (from 1) of segment `id`. O(log n). */
bool dict_field(enum hl7_version v, const char *id, unsigned n, struct dict_field *out);
/* Datatype `id` ("CX"). Types that are not listed ("VARIES") give false. O(log n). */
bool dict_type(enum hl7_version v, const char *id, struct dict_entry *out);
/* Component `n` (from 1) of datatype `id`. O(log n). */
bool dict_component(enum hl7_version v, const char *id, unsigned n, struct dict_field *out);

/* Does any version know it? First and last such version in *out_from, *out_to (each may be NULL). */
bool dict_segment_any(const char *id, enum hl7_version *out_from, enum hl7_version *out_to);
bool dict_field_any(const char *id, unsigned n, enum hl7_version *out_from,
                    enum hl7_version *out_to);

/* The segments of `v` in byte order, for listings and suggestions. False behind the last. O(1). */
bool dict_segment_at(enum hl7_version v, unsigned index, struct dict_entry *out);

/* Table `number` ("0003" is 3). False when there is none. O(log n). */
bool dict_table(unsigned number, struct dict_table *out);
/* 1: `code` is a value of it, 0: it is not, -1: there is no such table or it lists no values. */
int dict_table_has(unsigned number, struct str code);
/* Text of a value, "" when there is none or the code is unknown. */
const char *dict_table_text(unsigned number, struct str code);
/* The values in byte order; false behind the last. */
bool dict_table_at(unsigned number, unsigned index, const char **out_code, const char **out_text);

/* Append what is known of `what` to `out` as text for people: PID, PID-3, PID-3.4, PID-3.4.1, CX,
 * CX.4, 0203 or HL70203. ERR_NOT_FOUND when that version has no such thing, ERR_SYNTAX when it is
 * none of these; then nothing is appended. */
int dict_describe(struct buf *out, enum hl7_version v, struct str what);

#endif
