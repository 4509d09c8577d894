/* test_priv.h - compiled tests, shared by compile_test.c, compile_expect.c, run_test*.c and test_json.c. */
#ifndef CORRIDOR_RULES_TEST_PRIV_H
#define CORRIDOR_RULES_TEST_PRIV_H

#include "engine/base/buf.h"
#include "engine/rules/run_priv.h"
#include "engine/rules/test.h"

/* The same for every run: what is derived from the message id stays the same. */
static const uint64_t test_id_hi = 0x0123456789abcdefu, test_id_lo = 0xfedcba9876543210u;

struct rules_test {
    struct str name;
    struct diag_pos pos;
    const struct yaml_node *node;  /* the test */
    unsigned end_line;             /* of the first line behind it */
    struct str route_name;         /* or empty */
    const struct map *map;         /* or NULL */
    const struct conform *conform; /* or NULL */
    unsigned source;
    int64_t received_us;
    struct str message;           /* bytes, or empty */
    struct batch_headers headers; /* that it stands in */
    struct str cause;             /* the message that asked, where this is an answer; or empty */
    struct str input;             /* a value of the map's datatype */
    bool has_input;
    const struct json *value; /* the same of a map that reads a type of FHIR, or JSON; or NULL */
};

/* What a test run has found. */
struct judge {
    struct arena *a;
    const struct rules_test *test;
    struct rules_test_result *out;
    bool exact;
    struct coverage *coverage; /* or NULL */
};

/* One difference: `path` is the place in the output. */
void judge_differ(struct judge *j, struct str path, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Lines to put in place of member `old` of the test, or at its end; `text` is freed. */
void judge_update(struct judge *j, const struct yaml_node *old, struct buf *text);
/* The message that asked, as the test has it; NULL: it says none, or it cannot be read. */
const struct rules_cause *judge_cause(struct judge *j);
/* run_test_map.c: the test of a map. */
void judge_map(struct judge *j, const struct ruleset *r);
/* run_test_route.c: is what the route did what the test expects? */
void judge_route(struct judge *j, const struct ruleset *r, const struct rules_result *res);
/* Is the scalar `n` (or NULL) `true`, or `yes`? */
bool judge_is_true(const struct yaml_node *n);
/* The bytes of an output that is HL7. */
struct str judge_payload(struct judge *j, const struct rules_output *o);
/* run_test_update.c: what the route did, put in place of what the test expects. */
void judge_update_route(struct judge *j, const struct ruleset *r, const struct rules_result *res);
/* run_test_conform.c: the test of a conformance document; in->m is filled in. */
void judge_conform(struct judge *j, const struct ruleset *r, struct rules_input *in);
/* Is `got` (NULL: absent) what `want` says? */
void judge_json(struct judge *j, struct str path, const struct yaml_node *want,
                const struct json *got, bool exact);
/* Are the values of the message what the mapping `want` says, path by path? */
void judge_hl7(struct judge *j, struct str path, const struct yaml_node *want, struct str bytes);
/* `value` as YAML lines, indented by `indent` blanks; begins where the cursor is. */
void judge_yaml(struct buf *out, const struct json *value, unsigned indent);
/* A text as a YAML scalar: quoted where it would be read as something else. */
void judge_scalar(struct buf *out, struct str text);

#endif
