/* validate_priv.h - the dictionary as validation reads it: shared by validate_dict.c (makes it), validate_value.c and
 * validate.c (walk it). */
#ifndef CORRIDOR_HL7_VALIDATE_PRIV_H
#define CORRIDOR_HL7_VALIDATE_PRIV_H

#include "engine/hl7/dict.h"
#include "engine/hl7/validate.h"

enum check_kind {
    CHECK_KIND_ANY, /* text, or what nobody knows the inside of */
    CHECK_KIND_DATE,
    CHECK_KIND_TIME,
    CHECK_KIND_MOMENT,
    CHECK_KIND_NUMBER,
    CHECK_KIND_SEQUENCE,
    CHECK_KIND_CODE,      /* ID */
    CHECK_KIND_USER_CODE, /* IS */
    CHECK_KIND_TEXT,      /* a primitive of free text: it has no components either */
    CHECK_KIND_COMPOSITE,
    CHECK_KIND_VARIES, /* another field says */
};

struct check_type;

/* A field or a component. */
struct check_part {
    const struct check_type *type;
    uint32_t len; /* most characters, 0: not stated */
    uint16_t table;
    uint8_t repeats; /* most, 0: unlimited */
    char opt;
};

struct check_type {
    const char *id; /* "CX" */
    uint8_t kind;
    bool is_coded;     /* its first component is a code of the field's table */
    uint16_t n;        /* components */
    uint16_t required; /* the last one that is required, 0: none */
    const struct check_part *part;
};

struct check_segment {
    char id[4];
    uint16_t n, required;
    const struct check_part *part;
};

enum { CHECK_SLOTS = 512 }; /* a power of two well above the segments of a version (190) */

struct check_version {
    enum hl7_version version;
    const struct check_segment *slot[CHECK_SLOTS]; /* by hash of the name, open addressing */
    struct check_type **type;                      /* by name */
    unsigned ntypes;
};

struct validate_dict {
    struct check_version version[HL7_VERSIONS];
};

static inline unsigned check_slot(const char id[4])
{
    uint32_t h = ((uint32_t)(uint8_t)id[0] << 16 | (uint32_t)(uint8_t)id[1] << 8 | (uint8_t)id[2]);
    return h * 0x9e3779b1u >> 23;
}
/* NULL: that version has no such segment. O(1). */
const struct check_segment *check_segment_of(const struct check_version *v, const char id[4]);
/* NULL: that version has no such datatype. O(log n). */
const struct check_type *check_type_named(const struct check_version *v, struct str id);

/* Check the repetitions of a field of this part that is neither blank nor null. `at` names the field. */
void check_field(struct validate_report *r, const struct check_version *types,
                 const struct check_part *part, struct str field, struct validate_place *at);

#endif
