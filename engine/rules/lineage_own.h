/* lineage_own.h - what lineage.c (what was read) and lineage_hl7.c (messages as they are changed) share. */
#ifndef CORRIDOR_RULES_LINEAGE_OWN_H
#define CORRIDOR_RULES_LINEAGE_OWN_H

#include "engine/base/map.h"
#include "engine/hl7/draft.h"
#include "engine/rules/lineage_priv.h"
#include "engine/rules/ruleset.h"

/* Something was written into a segment; or the whole segment is a copy. */
struct lineage_write {
    struct lineage_write *before;
    const struct group *leaf;
    const struct group *copied; /* from; or NULL */
    struct path path;           /* seg: its name */
    bool is_gone;
    const struct lineage_rule *rule;
};

struct lineage {
    struct reads *reads; /* nobody asks for more than what was read (reads.h); or NULL */
    const struct rules_cause *cause; /* of the run; or NULL */
    struct arena *a;
    const struct hl7 *m; /* as received */
    const struct json
        *data; /* the same of FHIR or JSON that a route may change in a copy; or NULL */
    struct lineage_seen seen;
    struct map64 bound;   /* address to its first source */
    struct map64 made;    /* json to its rule */
    struct map64 outputs; /* number to struct lineage_fields */
    struct lineage_write *writes;
};

/* Of one HL7 v2 output. */
struct lineage_fields {
    struct lineage_field *v;
    unsigned n, cap;
};

void lineage_see(struct lineage *l, enum lineage_kind kind, struct str text, bool is_result);
void lineage_see_all(struct lineage *l, const struct lineage_source *all);
/* Where `text`, a view into `m`, stands; level as in struct value (0: as deep as there are separators around). */
bool lineage_place_of(const struct hl7 *m, struct str text, unsigned level, struct path *out,
                      const struct hl7_seg **out_seg);
/* "PID-3[2].1": the number of a repetition only where there are several. */
struct str lineage_text_of(struct arena *a, const struct hl7 *m, const struct hl7_seg *s,
                           const struct path *at);
/* Is the value at `p` one that was written to `write`? */
bool lineage_covers(const struct path *write, const struct path *p);
/* lineage_reads.c: a value was read, and reads is told. */
void lineage_read(struct lineage *l, const struct value *v, bool is_result);
const struct lineage_source *lineage_at(const struct lineage *l, const void *key);
const struct lineage_rule *lineage_rule(struct lineage *l, struct diag_pos pos,
                                        struct lineage_seen seen);

#endif
