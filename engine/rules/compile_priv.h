/* compile_priv.h - the compiler: YAML documents to the compiled form of ruleset_priv.h. One struct compiler goes through all
 * documents of a ruleset; what the files compile_*.c ask of each other stands here, a section for each. Documents of FHIR
 * and of HL7 v2 have compile_fhir.h and compile_v2.h, items of maps compile_item.h. */
#ifndef CORRIDOR_RULES_COMPILE_PRIV_H
#define CORRIDOR_RULES_COMPILE_PRIV_H

#include "engine/rules/ruleset_priv.h"

struct conform_element;
struct fhir_slot;
struct v2_slot;

/* State of a compilation. */
struct compiler {
    struct arena *a;
    struct diags *d;
    const struct rules_env *env;
    const struct rules_file *file;
    struct ruleset *r;
    struct names names;
    struct diags_lost lost; /* names declared in what cannot be read */
    bool types_unknown;     /* messages: of the route under way was refused */
    bool
        is_conform; /* the segments of a conformance document: all of the message, in whatever group */
    struct route *route;          /* under way; NULL in a map */
    struct map *map;              /* under way; NULL in a route */
    bool may_have_sent;           /* a send can precede the current step */
    struct diag_pos drop_pos;     /* the last drop inside the loop under way */
    const struct fhir_slot *slot; /* what the item under way becomes in FHIR; or NULL */
    const struct v2_slot *v2;     /* in HL7 v2; or NULL */
    unsigned depth, loops;
    unsigned nslots; /* most lets in use at once */
    unsigned cap_routes, cap_tables, cap_maps, cap_steps, cap_profiles, cap_conforms, cap_trims;
    const struct rules_file *lines_of; /* its line `line` begins at byte `line_at` */
    unsigned line;
    size_t line_at;
    bool seen_sends
        [256]; /* destinations that this list of steps has sent to without id, for certain */
};

/* ---- compile_formula.c: what all of the compiler uses ---- */

/* Does the scalar begin with "="? */
bool compile_is_formula(const struct yaml_node *n);
/* Parse and check the formula of scalar `n` (a leading = is skipped). NULL after errors. */
struct node *compile_formula(struct compiler *c, const struct yaml_node *n, enum check_want want,
                             struct shape *out_shape);
/* Is the mapping `n` free of keys that `known` (ends with NULL) lacks, and of those in `later`? Errors otherwise. */
bool compile_keys(struct compiler *c, const struct yaml_node *n, const char *where,
                  const char *const *known, const char *const *later);
/* Has it such a key? Then what is missing may stand there, under another name: that was told. */
bool compile_has_stray(const struct yaml_node *n, const char *const *known);
/* The scalar text of `n`; false with an error when it is none. */
bool compile_text(struct compiler *c, const struct yaml_node *n, const char *what, struct str *out);
/* Double an array of pointers in `a` when it is full. */
void compile_grow(struct arena *a, void *array, unsigned n, unsigned *cap);
/* Start of a program: no names, no loops. */
void compile_begin(struct compiler *c, struct need **needs);

/* ---- compile_marks.c ---- */

/* f->marks: where the characters of f->text stand, which begins `skip` bytes into scalar `n`. */
void compile_marks(struct compiler *c, const struct yaml_node *n, size_t skip, struct formula *f);

/* ---- compile_literal.c ---- */

/* A text of set, add or a map that is not what it seems: an error. */
bool compile_literal(struct compiler *c, const struct yaml_node *n, struct str *out);
/* compile_code.c: refuse a literal that is no number or date where the target is one, warn of a composite in what has no parts. */
void compile_kind(struct compiler *c, const struct yaml_node *n, const struct assign *to,
                  const struct shape *s);
/* Warn of a literal that is none of the codes of the HL7 table of its target (types ID). */
void compile_code(struct compiler *c, const struct yaml_node *n, const struct assign *to);
/* Formula or literal of `n` into `to`. */
bool compile_value(struct compiler *c, const struct yaml_node *n, enum check_want want,
                   struct shape *out_shape, struct assign *to);

/* ---- compile_target.c ---- */

bool compile_target(struct compiler *c, const struct yaml_node *n, struct target *to);
/* Do two targets of one set write the same place, or may they? */
bool compile_overlap(const struct path *a, const struct path *b);
/* A path that is read or removed: known, placed; [+] and [*] are refused. */
bool compile_place(struct compiler *c, const struct yaml_node *n, const char *what,
                   struct target *to);
/* One text, as some targets take: false with an error where the place repeats and nothing says which. */
bool compile_which(struct compiler *c, const struct yaml_node *key, const struct target *to);
/* The pairs of a mapping as targets: set. */
bool compile_set(struct compiler *c, const struct yaml_node *map, struct assigns *out);
/* { n: value } of a new segment. */
bool compile_fields(struct compiler *c, const struct yaml_node *map, const char *seg,
                    struct assigns *out);

/* ---- compile_name.c ---- */

/* Names of `map` become lets; those of one mapping do not see each other. */
bool compile_lets(struct compiler *c, const struct yaml_node *map, struct assigns *out);
/* Can it be a name? False with an error: it is none, or means something already. */
bool compile_good_name(struct compiler *c, struct str name, struct diag_pos pos);
/* Declare a name; false with an error when there are too many or it is taken. */
bool compile_declare(struct compiler *c, struct str name, const struct shape *shape,
                     struct diag_pos pos, unsigned *out_slot);
/* needs: and with: of a map or list of steps. */
bool compile_params(struct compiler *c, const struct yaml_node *doc, struct param **out,
                    unsigned *out_n);
/* with: at a call, checked against `params`; slots are those of the callee. */
/* What is called, and where; it declares these parameters. */
struct callee {
    struct str name;
    struct diag_pos pos;
    const struct param *params;
    unsigned n;
};
bool compile_with(struct compiler *c, const struct yaml_node *with, const struct callee *to,
                  struct assigns *out);

/* ---- compile_loop.c ---- */

bool compile_loop(struct compiler *c, const struct yaml_node *n, struct loop *out);
/* What stands inside: $this, $number, the element. `save` keeps what was before. */
struct loop_scope {
    const struct element *element;
    const struct inner *loops;
    struct inner inner;
};
void compile_enter(struct compiler *c, const struct loop *l, struct loop_scope *save);
void compile_leave(struct compiler *c, const struct loop_scope *save);

/* ---- steps ---- */

struct step *compile_steps(struct compiler *c, const struct yaml_node *list);
bool compile_send(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                  struct step *s);
bool compile_reply(struct compiler *c, const struct yaml_node *value, struct step *s);
bool compile_delete(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                    struct step *s);
bool compile_keep(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                  struct step *s);
bool compile_add(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                 struct step *s);
bool compile_copy(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                  struct step *s);
bool compile_use(struct compiler *c, const struct yaml_node *step, const struct yaml_node *value,
                 struct step *s);

/* ---- documents ---- */

/* compile_cause.c: what the file, or the document, would have declared is lost. */
void compile_lose_file(struct compiler *c, struct str bytes);
void compile_lose_document(struct compiler *c, const struct yaml_node *doc);
void compile_tables(struct compiler *c, const struct yaml_node *doc);
/* One table. Where it cannot be read it is broken: known by name. */
void compile_table(struct compiler *c, const struct yaml_node *n, struct table *t);
/* A table of one feed: a file name, columns as `other` (NULL: the usual ones) has them; or as any table. */
void compile_feed_table(struct compiler *c, const struct yaml_node *n, const struct table *other,
                        struct table *t);
void compile_add_table(struct compiler *c, struct table *t);
struct table *compile_named_table(const struct compiler *c, struct str name);
void compile_profile(struct compiler *c, const struct yaml_node *doc);
/* What could only be known when all profiles were: extends:. */
void compile_profile_ends(struct compiler *c, const struct yaml_node *doc);
void compile_source_profiles(struct compiler *c);
void compile_declare_steps(struct compiler *c, const struct yaml_node *doc);
void compile_steps_doc(struct compiler *c, const struct yaml_node *doc);
void compile_declare_map(struct compiler *c, const struct yaml_node *doc);
void compile_map(struct compiler *c, const struct yaml_node *doc);
/* Those that routes and other maps use for further structures of a type that they read. */
void compile_maps_again(struct compiler *c);
/* DFT_P03 and DFT_P11 are of one message type. */
bool compile_same_type(const char *a, const char *b);
void compile_route(struct compiler *c, const struct yaml_node *doc);
void compile_conform(struct compiler *c, const struct yaml_node *doc);
/* One member of its elements:, as PID-3: R. False with errors. */
bool compile_conform_element(struct compiler *c, const struct yaml_node *n,
                             struct conform_element *e);
struct conform *compile_find_conform(const struct compiler *c, struct str name);
/* Have all sources the documents that they name, and those what they need? */
void compile_source_conforms(struct compiler *c);
/* Documents `shape:`; each destination has the one it names. */
void compile_trim(struct compiler *c, const struct yaml_node *doc);
void compile_destination_shapes(struct compiler *c);
void compile_tests(struct compiler *c, const struct yaml_node *doc);
/* compile_expect.c: is what the test `n` expects something that could be? False with errors. */
bool compile_expected(struct compiler *c, const struct yaml_node *n, const struct rules_test *t);
struct map *compile_find_map(struct compiler *c, const struct yaml_node *n);
/* Note that the current route or map uses `m`; its structures must suit. */
bool compile_use_map(struct compiler *c, struct map *m, struct diag_pos pos);
/* Structures of `reads:`, or names->types; false with an error. `datatype` NULL: none is allowed. */
bool compile_reads(struct compiler *c, const struct yaml_node *reads, struct names *names,
                   const char **datatype);
bool compile_patterns(struct compiler *c, const struct yaml_node *list, struct route *r);
/* `is_family`: it comes by a pattern, not by its own name. */
void compile_add_structure(struct compiler *c, struct names *names, const struct structure *s,
                           bool is_family, struct diag_pos pos);
/* Versions that the feeds of `sources` (NULL: all feeds) send, newest in names->version. */
void compile_versions(const struct compiler *c, const unsigned *sources, unsigned n,
                      struct names *names);
/* Do the sources of the route have what it and its maps need? */
void compile_check_needs(struct compiler *c, struct route *r);
/* Maps that use themselves: an error at one of them, and false. */
bool compile_check_circles(struct compiler *c);
/* Names that nobody uses are a remark. */
void compile_unused(struct compiler *c, unsigned from);
/* Has any version a message of that type and event (empty: any), or is it one's own, which begins with Z? */
bool compile_event_known(struct str type, struct str event);
/* What may be meant instead: "SIU^S12" for ADT^S12; empty: nothing is near. */
struct str compile_event_near(struct arena *a, struct str type, struct str event);
/* An error where `when:` of the route can never be true (compile_never.c). */
void compile_never(struct compiler *c, const struct route *r);
/* Remarks of all that nobody uses or decided; c->r is complete and without an error (compile_idle.c). */
void compile_idle(struct compiler *c);
/* Warnings of conversions that may fail and nobody decided about (compile_form.c); remarks where the route did. */
void compile_form(struct compiler *c);
/* Warnings where answers of a destination lead to it again, or are replied to nobody (compile_asks.c). */
void compile_asks(struct compiler *c);
/* Which maps are closed (compile_closed.c); after the search for cycles found none. */
void compile_closed(struct compiler *c);

/* ---- compile_table_rows.c ---- */

/* Rows as they were read: bytes of CSV, or what a query gave. */
struct table_origin {
    struct str csv;
    struct table_rows rows;
};
/* Does the declaration say file:, or sqlite: and query:? */
bool compile_table_source(struct compiler *c, const struct yaml_node *n);
/* Columns and cells of the CSV file, or of the query of declaration `n`; t->file is set. */
bool compile_table_file(struct compiler *c, struct table *t, const struct yaml_node *file,
                        struct table_origin *out);
bool compile_table_query(struct compiler *c, struct table *t, const struct yaml_node *n,
                         struct table_origin *out);

#endif
