/* conform.h - a site's conformance document, compiled: what it wants of segments, fields and components beyond what the
 * standard says, with conditions in the route language. Compiled with the routes (compile_conform*.c), constant
 * afterwards, run on one message by run_conform*.c.
 * Source: HL7 v2.5.1 chapter 2.B (usage, cardinality, length, value sets); docs/checking.md.
 * Differs: a C or CE without `else` is O where its condition is not true; usage RE asks nothing of a single message. */
#ifndef CORRIDOR_RULES_CONFORM_H
#define CORRIDOR_RULES_CONFORM_H

#include "engine/hl7/validate.h"
#include "engine/rules/run_priv.h"

enum { CONFORM_ELEMENTS_MAX = 1000 }; /* of one document */

enum conform_usage { CONFORM_O, CONFORM_R, CONFORM_RE, CONFORM_X, CONFORM_C, CONFORM_CE };

/* What is said of one place. */
struct conform_element {
    struct path path;    /* as written: PV1, PID-3, PID-3.5 */
    unsigned value_comp; /* the component that length and values are about; 0: the whole */
    struct str text;
    struct diag_pos pos;
    bool has_usage, has_times, has_length;
    bool repeats; /* the field does, in the standard */
    bool
        is_orphan; /* a component of a field whose usage the document does not say: R is of the field too */
    enum conform_usage usage; /* C of CE too: */
    enum conform_usage then,
        otherwise;              /* of C where `when` is true (R, of CE RE), and where it is not */
    unsigned min, max;          /* times; max 0: any number */
    unsigned shortest, longest; /* characters; longest 0: any number */
    const struct str *values;   /* one of these */
    unsigned nvalues;
    const struct table
        *table;         /* a row of this one, or of the feed's own of that name; NULL: none */
    unsigned hl7_table; /* a code of this one; 0: none */
    struct str say;     /* the text of a finding in the site's words; or empty */
    struct node *when;
    struct str when_text;
    struct loop *loop; /* of a field: its segments, for `when`; NULL: the message */
};

/* The elements of one segment, next to each other. */
struct conform_segment {
    char id[4];
    const struct conform_element *v;
    unsigned n;
};

struct conform {
    struct route
        head; /* name, sources that name it, message types, structures, what it needs of feeds */
    struct conform_segment *segments;
    unsigned nsegments;
};

/* The document's name. */
static inline struct str conform_name(const struct conform *c)
{
    return c->head.name;
}
/* What the document alone finds in r->m, sorted. False: it is not about messages of this type. */
bool conform_run(const struct ruleset *r, const struct conform *c, const struct rules_input *in,
                 struct validate_report *report);
/* Is the document about messages of this type and event? */
bool conform_reads(const struct conform *c, struct str type, struct str event);

#endif
