/* run_priv.h - one message on its way through the routes: shared by run.c, run_step.c, run_value.c. */
#ifndef CORRIDOR_RULES_RUN_PRIV_H
#define CORRIDOR_RULES_RUN_PRIV_H

#include "engine/hl7/edit.h"
#include "engine/rules/eval.h"
#include "engine/rules/ruleset_priv.h"

/* How the steps of a route ended. */
enum run_end { RUN_ON, RUN_DROPPED, RUN_REPLIED, RUN_FAILED };

struct run {
    const struct ruleset *r;
    const struct rules_input *in;
    struct arena *a;
    const struct route *route;
    struct eval e;
    struct edit *edit; /* NULL until the route changes something */
    struct values lets[CHECK_LETS_MAX];
    struct str reason;               /* why the route sent nothing */
    const struct rules_key *patient; /* computed when first asked for */
    unsigned npatient;
    bool has_patient;
    struct rules_output *out;
    unsigned nout, cap_out;
    struct ack_error *errors; /* of rejecting routes */
    unsigned nerrors, cap_errors;
    enum ack_code code;
    bool is_rejected;
};

/* The message as the current step sees it. */
static inline void run_see(struct run *run)
{
    if (run->edit) {
        run->e.m = edit_view(run->edit);
    }
}
enum run_end run_steps(struct run *run, const struct step *s);
/* Bytes to write at `to`; false: run->e.fault. Several values are repetitions of a whole field. */
bool run_encode(struct run *run, const struct assign *to, struct str *out);
/* Keys of an output: of its key formula, or as the destination orders. False: run->e.fault. */
bool run_keys(struct run *run, const struct step *s, struct rules_output *out);
struct rules_output *run_add_output(struct run *run);
void run_add_error(struct run *run, enum ack_code code, struct ack_error error);

#endif
