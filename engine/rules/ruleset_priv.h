/* ruleset_priv.h - the compiled form shared by the compiler (compile_*.c) and the runner (run_*.c). */
#ifndef CORRIDOR_RULES_RULESET_PRIV_H
#define CORRIDOR_RULES_RULESET_PRIV_H

#include "engine/base/yaml.h"
#include "engine/rules/check.h"
#include "engine/rules/ruleset.h"

enum { STEP_DEPTH_MAX = 16 }; /* choose, if/then and else within each other */

enum on_error { ON_ERROR_HOLD, ON_ERROR_REJECT, ON_ERROR_SKIP };
enum step_kind {
    STEP_SET,
    STEP_DELETE,
    STEP_SEND,
    STEP_DROP,
    STEP_REQUIRE,
    STEP_REPLY,
    STEP_CHOOSE,
    STEP_LET
};

/* One line of a set: what goes where. */
struct assign {
    struct path to;
    struct str to_text;   /* as written, for findings */
    bool is_formatted;    /* a line feed is written \.br\ */
    struct node *formula; /* NULL: literal */
    struct str literal;
    struct diag_pos pos;
};

struct branch {
    struct branch *next;
    struct node *cond; /* NULL: else */
    struct step *steps;
};

struct step {
    struct step *next;
    enum step_kind kind;
    struct diag_pos pos;
    struct node *cond; /* if:, or NULL */
    union {
        struct {
            struct assign *v;
            unsigned n;
        } set; /* STEP_LET too: to is unused, slot below */
        struct {
            struct path *v;
            unsigned n;
            struct str *except;
            unsigned nexcept;
        } delete; /* field 0, seg "Z" : Z* */
        struct {
            unsigned destination;
            struct node *id, *key;
            bool is_bulk;
        } send;
        struct {
            struct str reason;
        } drop;
        struct {
            struct node *that;
            struct step *otherwise;
        } require;
        struct {
            enum ack_code code;
            int error;
            const char *at;
            struct str text;
        } reply;
        struct {
            struct branch *first;
        } choose;
    };
    unsigned slot; /* STEP_LET: first slot of lets */
};

struct pattern {
    struct str type;  /* "ADT"; "" any */
    struct str event; /* "A01"; with is_prefix "A"; "" with is_prefix: any */
    bool is_prefix;
    int from, to; /* S12..S15: event is "S", is_range */
    bool is_range;
    struct diag_pos pos;
};

struct route {
    struct str name;
    struct diag_pos pos;
    unsigned index;   /* in the ruleset, by name */
    struct str place; /* "routes/a.yaml:3" */
    unsigned *sources;
    unsigned nsources;
    struct pattern *patterns;
    unsigned npatterns;
    struct node *when;      /* NULL: always */
    struct str not_matched; /* the reason when `when` is not true */
    struct step *steps;
    enum on_error on_error;
    unsigned nlets;
    unsigned held_at; /* destination that a held failure is shown at; UINT_MAX: it has no send */
};

struct dispatch;

struct ruleset {
    struct rules_source
        *sources; /* copies: the ruleset must not depend on the caller's env struct */
    unsigned nsources;
    struct rules_destination *destinations;
    unsigned ndestinations;
    struct node **order;   /* per destination: its order formula, or NULL */
    struct route **routes; /* by name */
    unsigned nroutes;
    struct table **tables;
    unsigned ntables;
    struct dispatch *dispatch;
    bool wants_patient_keys; /* some destination orders by patient */
};

/* State of a compilation. */
struct compiler {
    struct arena *a;
    struct diags *d;
    const struct rules_env *env;
    const struct rules_file *file;
    struct ruleset *r;
    struct names names;
    struct route *route; /* under way */
    bool may_have_sent;  /* a send can precede the current step */
    unsigned depth;
    unsigned cap_routes, cap_tables;
};

enum formula_use { FORMULA_SET, FORMULA_DECISION };

/* Does the scalar begin with "="? */
bool compile_is_formula(const struct yaml_node *n);
/* Parse and check the formula of scalar `n` (a leading = is skipped). NULL after errors. */
struct node *compile_formula(struct compiler *c, const struct yaml_node *n, enum check_want want,
                             struct shape *out_shape);
/* Is the mapping `n` free of keys that `known` (ends with NULL) lacks, and of those in `later`? Errors otherwise. */
bool compile_keys(struct compiler *c, const struct yaml_node *n, const char *where,
                  const char *const *known, const char *const *later);
/* The scalar text of `n`; false with an error when it is none. */
bool compile_text(struct compiler *c, const struct yaml_node *n, const char *what, struct str *out);
struct step *compile_steps(struct compiler *c, const struct yaml_node *list);
void compile_tables(struct compiler *c, const struct yaml_node *doc);
void compile_route(struct compiler *c, const struct yaml_node *doc);
bool compile_patterns(struct compiler *c, const struct yaml_node *list, struct route *r);
bool compile_set(struct compiler *c, const struct yaml_node *map, struct step *s);
bool compile_send(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                  struct step *s);
bool compile_reply(struct compiler *c, const struct yaml_node *value, struct step *s);

struct dispatch *dispatch_new(struct arena *a, const struct ruleset *r);
/* Routes that read this source and type, by name; *out_n of them. O(1) for types that a route names. */
const struct route *const *dispatch_find(const struct dispatch *d, unsigned source, struct str type,
                                         struct str event, struct arena *a, unsigned *out_n);

#endif
