/* kit.h - what tests of the route language share: compile a text, run it on a message, tell what came out.
 * Everything lives in kit_arena, from kit_begin() to kit_end(). */
#ifndef CORRIDOR_TESTS_UNIT_RULES_KIT_H
#define CORRIDOR_TESTS_UNIT_RULES_KIT_H

#include <criterion/criterion.h>

#include "engine/rules/ruleset.h"

extern struct arena kit_arena;
/* Sources epic (0), other (1), profiled (2, timezone America/Chicago,
 * profile p where the text declares one), bulk (3); destinations
 * desk (by patient, what a map makes), lab (no order, HL7 v2 alone), all (one order), acct (by =MSH-4.1).
 * Zones are those of this machine. Tables are kit_file()'s and a few of its own. */
extern const struct rules_env kit_env;

void kit_begin(void);
void kit_end(void);
/* From now on a table or message file `name` reads as `text` (both outlive the test). */
void kit_file(const char *name, const char *text);

/* NULL after errors; the file is called r.yaml. */
struct ruleset *kit_compile(const char *yaml, struct diags *d);
/* All findings, a line each. */
const char *kit_findings(const struct diags *d);
/* The findings of a compilation of `yaml`; "" when there are none. */
const char *kit_check(const char *yaml);

/* The message of `text`; segments end in CR. Its arena is kit_arena. */
struct hl7 *kit_message(const char *text);

/* Everything about a result: verdict, reply, outputs with id, keys and payload:
 * "accepted\nlab id=x AUTH/ID: MSH|...", "filtered <reason>", "desk held <finding>". */
const char *kit_told(const struct hl7 *m, const struct rules_result *res);
/* Compile, run twice (the same bytes are demanded), tell. The message comes from source `kit_source`. */
const char *kit_run(const char *yaml, const char *message);
extern unsigned kit_source;                   /* 0 after kit_begin() */
extern const struct batch_headers *kit_batch; /* NULL after kit_begin(); $batch */
/* Of an answer (kit_source 4 to 7: those of desk, lab, all, acct) the message that asked; NULL after kit_begin(): none. */
extern const char *kit_cause;
/* The payload of the only output; fails the test when there is not exactly one, or it is held. */
const char *kit_payload(const char *yaml, const char *message);
/* What each member of the only output, an object that a map makes, came from, as a trace tells it: "KEY <- SOURCE,
 * SOURCE" and a line feed. */
const char *kit_sources(const char *yaml, const char *message);
/* The one segment of the only v2 output that begins with `seg`; "" when there is none. */
const char *kit_line(const char *told, const char *seg);
/* On no message where `message` is NULL. What `corridor eval` prints: "type:text type:text", or the first finding. */
const char *kit_eval(const char *expression, const char *message);
/* The same on FHIR or JSON data; `strict` as `corridor eval --strict`. */
const char *kit_eval_json(const char *expression, const char *json, bool strict);

#endif
