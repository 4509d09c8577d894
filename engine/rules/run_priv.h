/* run_priv.h - one message on its way through the routes: shared by the files run_*.c. */
#ifndef CORRIDOR_RULES_RUN_PRIV_H
#define CORRIDOR_RULES_RUN_PRIV_H

#include "engine/rules/eval.h"
#include "engine/rules/ruleset_priv.h"
#include "engine/rules/trace.h"

/* How the steps of a route ended. */
enum run_end { RUN_ON, RUN_DROPPED, RUN_REPLIED, RUN_FAILED };

/* A loop under way, innermost first. */
struct frame_loop {
    const struct loop *loop;
    const struct values *elements;
    uint32_t index;
    const struct frame_loop *outer;
};

struct run {
    const struct ruleset *r;
    const struct rules_input *in;
    struct arena *a;
    const struct route *route;
    struct eval e;
    struct draft draft;     /* the message as the route has changed it so far */
    struct change_doc *doc; /* the same of FHIR or JSON; NULL: the route changes nothing */
    struct values lets[CHECK_LETS_MAX];
    const struct scope *scope; /* of the loops under way */
    const struct frame_loop *loops;
    struct trace *trace;             /* or NULL */
    struct str reason;               /* why the route sent nothing */
    struct str dropped;              /* the text of its drop, where that is why */
    const struct rules_key *patient; /* computed when first asked for */
    unsigned npatient;
    bool has_patient;
    struct rules_output *out;
    unsigned nout, cap_out, first_out; /* first_out: of this route */
    struct ack_error *errors;          /* of rejecting routes */
    unsigned nerrors, cap_errors;
    enum ack_code code;
    bool is_rejected;
    struct str reply; /* reply: {as:}: the first one made */
    unsigned reply_route;
};

enum run_end run_steps(struct run *run, const struct step *s);
/* "set", "send" ... */
const char *run_step_name(enum step_kind k);
/* run_edit.c */
enum run_end run_set(struct run *run, const struct step *s);
enum run_end run_delete(struct run *run, const struct step *s);
enum run_end run_keep(struct run *run, const struct step *s);
enum run_end run_add(struct run *run, const struct step *s);
enum run_end run_copy(struct run *run, const struct step *s);
/* run_target.c: the leaves that a target names now. */
struct leaves {
    struct group **v;
    uint32_t n, cap;
};
void leaves_add(struct leaves *l, struct arena *a, struct group *leaf);
/* False: fault (several where one is meant). An index beyond the last gives none. */
bool run_leaves(struct run *run, const struct target *to, struct leaves *out);
/* The only one; false: fault, also when there is none. */
bool run_leaf(struct run *run, const struct target *to, struct group **out);
/* Segments and fields that [+] made, within one set. */
struct fresh;
struct fresh *run_fresh(struct run *run, unsigned most);
/* Write `raw` to the place; what is missing is made. False: fault. */
bool run_write(struct run *run, const struct target *to, struct str raw, struct fresh *fresh);
bool run_edit_fault(struct run *run, const struct target *to, int status);
/* run_send.c */
enum run_end run_send(struct run *run, const struct step *s);
/* run_value.c: bytes to write at `to`. False: run->e.fault. Several values are repetitions of a whole field. */
bool run_encode(struct run *run, const struct assign *to, struct str *out);
/* The parts of a value move with it: components of an HD become subcomponents of a CX.4, and back. False: the place at
 * level `into` has not as many. */
bool run_relevel(struct arena *a, enum value_level into, const struct value *v, struct str *out);
/* run_key.c: keys of an output: of its key formula, or as the destination orders. False: run->e.fault. */
bool run_keys(struct run *run, const struct step *s, struct rules_output *out);
/* run_loop.c: what a loop walks. False: fault. */
bool run_elements(struct eval *e, const struct loop *l, const struct scope *scope,
                  struct values *out);
/* Values for names: in the callee's slots, evaluated in the current scope. False: fault. */
bool run_assigns(struct eval *e, const struct assigns *all, const struct scope *scope,
                 struct values *slots);
/* The same for the arguments of a map, in their order. */
bool run_arguments(struct eval *e, const struct assigns *with, const struct scope *scope,
                   struct values *given);
/* Defaults of parameters that were not given. */
bool run_defaults(struct eval *e, const struct param *params, unsigned n,
                  const struct assigns *given, struct values *slots);
/* run_map.c: what a map makes of the message; *out NULL: nothing. False: fault. */
bool run_map(struct eval *e, const struct map *m, const struct assigns *with,
             const struct scope *scope, struct json **out);
/* The same of one item outside a map: in the names of the route. */
bool run_item(struct eval *e, const struct item *item, const struct scope *scope,
              struct json **out);

/* run_memo.c: one use of a map, with what it was given. */
struct run_memo {
    const struct map *m;
    struct assigns with;        /* a copy: a loop has items of its own */
    const struct values *given; /* for each of them */
    bool is_asked;              /* the map is closed, and nobody wants to see each use */
    bool in_element;            /* of a map that reads the header: used within a segment or group */
    uint32_t hash;
    const struct rules_miss *misses; /* told before it ran */
    const struct rules_remark *remarks;
    uint32_t steps;
    size_t taken;                 /* eval_taken() before */
    uint64_t differs;             /* how often it differed before */
    const struct recall_key *key; /* what earlier messages are asked by; NULL: they are not */
};
/* Filled where it stays: what was just written in parts is not copied. */
void run_memo_of(struct eval *e, const struct map *m, const struct assigns *with,
                 const struct values *given, const struct scope *s, struct run_memo *out);
/* What the map made of the same values earlier in this output, or for an earlier message, and tells the same misses; NULL
 * where that was nothing. Nothing below what maps made may be changed: it may stand elsewhere, too. `room` is for a key that
 * lasts as long as `use`. False: it made nothing of them yet. */
bool run_memo_find(struct eval *e, struct run_memo *use, struct recall_key *room,
                   struct json **out);
void run_memo_keep(struct eval *e, const struct run_memo *memo, const struct json *made);
/* Has it come to what the paired ruleset has otherwise since it began? */
bool run_memo_differs(const struct eval *e, const struct run_memo *use);
/* An output begins. `recall`: of earlier messages; or NULL. */
void run_memo_begin(struct eval *e, struct recall *recall);
/* `v` once more, for another parent; what is below it is the same. */
struct json *run_memo_share(struct eval *e, const struct json *v);

/* run_recall.c: the same for what other messages of the feed came to (recall.h). */
void run_recall_begin(struct eval *e, struct recall *recall);
bool run_recall_find(struct eval *e, struct run_memo *use, struct recall_key *room,
                     const struct json **out);
void run_recall_keep(struct eval *e, const struct run_memo *use, const struct json *made);

/* run_tell.c: the effect of a step as text, for a trace. */
void run_tell(struct run *run, const struct step *s, struct buf *out);

/* run_map_value.c: what `item` makes of one value; *out stays NULL where it leaves it out. */
bool run_map_value(struct eval *e, const struct map *m, const struct item *item,
                   const struct value *v, struct json **out);

/* The same with parameters that are values already; defaults fill what has none. */
bool run_map_with(struct eval *e, const struct map *m, struct values *slots,
                  const struct scope *scope, struct json **out);
/* run.c: the structure of a message of source `arg` (struct rules_source, or NULL). */
const struct structure *rules_find_structure(const void *arg, const struct hl7 *m);

struct rules_output *run_add_output(struct run *run);
void run_add_error(struct run *run, enum ack_code code, struct ack_error error);

#endif
