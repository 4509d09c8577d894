/* eval_data.h - what `corridor eval` evaluates on: the file read last, as an HL7 v2 message, a FHIR resource or JSON.
 * Main thread. */
#ifndef CORRIDOR_OPS_EVAL_DATA_H
#define CORRIDOR_OPS_EVAL_DATA_H

#include "engine/base/json_out.h"
#include "engine/hl7/text.h"
#include "engine/rules/ruleset.h"
#include "engine/rules/zones.h"

struct eval_data {
    struct arena arena;
    char *path;
    const char *why; /* why there is nothing to evaluate on; NULL: there is */
    struct hl7 m;
    struct hl7_text set;
    struct json *json;
    bool is_hl7;
    struct arena zones_arena; /* zones stay while files change */
    struct zones zones;
};

/* Cases usually ask many things of one file: it stays loaded until another one is asked for. */
void eval_data_load(struct eval_data *s, const char *path);
/* No file: expressions on nothing. */
void eval_data_clear(struct eval_data *s);
void eval_data_free(struct eval_data *s);
/* The subject of rules_eval(): now is the system's clock, zones are the system's. */
struct rules_subject eval_data_subject(struct eval_data *s);
/* {"type":..,"value":..}; texts of a message become UTF-8 in `a`. */
void eval_data_put(struct json_out *o, struct arena *a, const struct eval_data *s,
                   const struct rules_value *v);

#endif
