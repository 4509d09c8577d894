/* lineage.h - where each value of an output came from: the fields of the message that its rule read, the rows of code
 * tables, and the rule itself. Told by the interpreter while it runs, when somebody asks (trace.h); a run without
 * it pays for a pointer that is NULL. Everything lives in the arena given. Holds places and, in fields, message content:
 * for tools on files, never for logs. One run, one thread. */
#ifndef CORRIDOR_RULES_LINEAGE_H
#define CORRIDOR_RULES_LINEAGE_H

#include "engine/base/diag.h"
#include "engine/base/json.h"
#include "engine/hl7/hl7.h"

struct lineage;

enum lineage_kind {
    LINEAGE_FIELD, /* of the message: "PID-3[2].1"; of data "Patient.name[0].family" */
    LINEAGE_ROW,   /* of a code table: "tables/sex.csv:3" */
};

struct lineage_source {
    enum lineage_kind kind;
    bool is_result; /* the value itself; else read on the way to it */
    unsigned reads; /* 0, and no result: what was wanted came before it, and it is not told */
    struct str text;
    struct lineage_source *next;
};

/* A rule that made a value. No sources: it wrote what stands in it. */
struct lineage_rule {
    struct diag_pos pos;
    const struct lineage_source *from;
};

/* A value of an HL7 v2 output, with its separators and escapes. */
struct lineage_field {
    struct str at; /* "PID-3[2].1", in the output */
    struct str value;
    const struct lineage_rule *rule; /* NULL: as received */
    struct str received;             /* then: where it stood */
};

/* For one run on `m`. */
struct lineage *lineage_new(struct arena *a, const struct hl7 *m);
void lineage_free(struct lineage *l); /* its maps; the rest is the arena's */
/* The rule that made a leaf of what a map made (rules_output.value), or NULL. */
const struct lineage_rule *lineage_of(const struct lineage *l, const struct json *leaf);
/* The fields of HL7 v2 output number `output`, in order; NULL: it is none. */
const struct lineage_field *lineage_fields(const struct lineage *l, unsigned output,
                                           unsigned *out_n);

#endif
