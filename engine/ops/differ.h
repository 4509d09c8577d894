/* differ.h - what differs between two outputs, by field path: members of JSON (patient[].id; positions in a list
 * are left out, so that the same change at many places is one), fields of HL7 v2 (PID-3.1, without the number of
 * the segment or repetition). Pure. Holds message content: what is told is for the caller to hide.
 * Lists, segments of one name and repetitions are compared without what is equal at their beginning and end, then
 * one by one; that finds what was put in or left out in the middle, and not every possible order. */
#ifndef CORRIDOR_OPS_DIFFER_H
#define CORRIDOR_OPS_DIFFER_H

#include "engine/base/buf.h"
#include "engine/base/json.h"

enum differ_kind { DIFFER_CHANGED, DIFFER_ADDED, DIFFER_REMOVED };

/* `at`, `was` and `now` are valid during the call; ADDED has no `was`, REMOVED no `now`. */
typedef void (*differ_fn)(void *arg, enum differ_kind kind, struct str at, struct str was,
                          struct str now);

struct differ {
    struct arena *a;
    differ_fn fn;
    void *arg;
    struct buf at; /* the path under way: buf_free() it when done */
    unsigned found;
};

/* Every leaf that differs. O(nodes). */
void differ_json(struct differ *d, const struct json *was, const struct json *now);
/* The same of two messages; bytes that are none are one difference at "". Where only what stands between the
 * values differs: "(order of segments)" or "(delimiters)". */
void differ_hl7(struct differ *d, struct str was, struct str now);
/* One difference at the path under way. */
void differ_tell(struct differ *d, enum differ_kind kind, struct str was, struct str now);

#endif
