/* run_change.h - messages of FHIR and JSON as a route changes them. Each route that has such a step works on a copy of
 * its own (run->doc): what one changes no other sees. Values are changed where they stand, so that names and loops that
 * hold an object see it as it is now.
 * Source: docs/language.md "Changes". */
#ifndef CORRIDOR_RULES_RUN_CHANGE_H
#define CORRIDOR_RULES_RUN_CHANGE_H

#include "engine/rules/change.h"
#include "engine/rules/links.h"
#include "engine/rules/run_priv.h"

struct change_doc {
    struct json *root;
    struct links *
        parents; /* what each value stands in, NULL: it was taken out; once a loop asked for it, else NULL */
    bool is_changed;
    struct str told; /* what the last step did, for a trace */
};

/* Before the steps of a route: its copy of the message. False: fault, it is too large. */
bool run_change_begin(struct run *run);
/* Behind them: what is not the arena's goes. */
void run_change_end(struct run *run);
/* set, delete or keep. */
enum run_end run_change(struct run *run, const struct step *s);
/* Was the element of a loop taken out by an earlier round? */
bool run_change_is_gone(const struct run *run, const struct value *v);
/* Payload and value of an output that step `s` sends: the message as it is now, as pieces over what was received; later
 * steps do not change it. False: fault. */
bool run_change_payload(struct run *run, const struct step *s, struct rules_output *out);

/* ---- what the files run_change*.c share ---- */

/* A value and what it stands in, up to the document. */
struct trail {
    struct json *node;
    const struct trail *up; /* NULL: the document */
};
struct trails {
    const struct trail **v;
    uint32_t n, cap;
};

bool change_fault(struct run *run, const struct change_target *to, const char *what);
/* False: fault. Members or items looked at cost steps. */
bool change_look(struct run *run, const struct change_target *to, uint64_t looked);
/* The member _KEY of an object; NULL: it has none. */
struct json *change_companion(const struct json *object, struct str key);
/* Where the target begins; *out NULL: it means nothing here. False: fault. */
bool change_start(struct run *run, const struct change_target *to, const struct trail **out);
/* The places that are there, in the order of the document. False: fault. */
bool change_find(struct run *run, const struct change_target *to, struct trails *out);
/* Values in it, with itself. */
size_t change_count(const struct json *v);
/* Each row its value (NULL: nothing), which becomes the message's. False: fault. */
bool change_write(struct run *run, const struct change *all, struct json **values);
/* Does `child`, number `index` of its parent, go? */
typedef bool (*change_goes_fn)(void *arg, const struct json *child, uint32_t index);
/* Out of `parent` go those that `goes` says. What went has itself as its next one. */
void change_take_out(struct change_doc *doc, struct json *parent, change_goes_fn goes, void *arg);
/* They go, and what has nothing else in it; `keeps_demanded`: that is a fault where FHIR demands it. False: fault. */
bool change_remove(struct run *run, const struct change_target *to, struct trails *gone,
                   bool keeps_demanded);
/* From now on it is known what each value stands in. O(values). */
void change_know_parents(struct change_doc *doc);
/* `child` (NULL: all directly in it) stands in `parent` no longer; and: it and all below stand there. */
void change_detached(struct change_doc *doc, const struct json *parent, const struct json *child);
void change_attached(struct change_doc *doc, struct json *parent, struct json *child);
/* Items of the companion of array `key`: that of `index` (of all from there on that the array has more) becomes null;
 * nothing but nulls go. */
void change_companion_reset(struct change_doc *doc, struct arena *a, struct json *object,
                            struct str key, uint32_t index);

#endif
