/* ruleset_priv.h - the compiled form shared by the compiler (compile_*.c) and the runner (run_*.c). */
#ifndef CORRIDOR_RULES_RULESET_PRIV_H
#define CORRIDOR_RULES_RULESET_PRIV_H

#include "engine/base/json.h"
#include "engine/base/yaml.h"
#include "engine/rules/check.h"
#include "engine/rules/ruleset.h"
#include "engine/rules/zones.h"

enum {
    STEP_DEPTH_MAX = 16, /* choose, for, if/then, else and use within each other */
    ITEM_DEPTH_MAX = 64, /* objects and lists of a map within each other */
    SLOTS_MAX = 1024,    /* lets, parameters and those of used steps in one program */
    OUTPUTS_MAX = 10000, /* of one message */
};

enum on_error { ON_ERROR_HOLD, ON_ERROR_REJECT, ON_ERROR_SKIP };
enum step_kind {
    STEP_SET,
    STEP_DELETE,
    STEP_KEEP,
    STEP_ADD,
    STEP_COPY,
    STEP_SEND,
    STEP_DROP,
    STEP_REQUIRE,
    STEP_REPLY,
    STEP_CHOOSE,
    STEP_LET,
    STEP_FOR,
    STEP_USE
};

/* A place of the message to be written, and where its segment stands by structure. */
struct target {
    struct path path;
    struct str text;   /* as written, for findings */
    bool is_formatted; /* a line feed is written \.br\ */
    bool is_flat;
    bool takes_all; /* a whole field that repeats: all values, as its repetitions */
    const struct structure_reach *reach;
    struct diag_pos pos;
};

/* What goes where: into a target, a name or a parameter. */
struct assign {
    struct target to;
    struct node *formula; /* NULL: literal */
    struct str literal;
    unsigned slot; /* of a name */
    struct diag_pos pos;
};

struct assigns {
    struct assign *v;
    unsigned n;
};

/* for, $for: the elements one after the other. */
struct loop {
    struct node *formula;    /* values; of a segment the segments themselves */
    unsigned *group, *level; /* of a segment, by structure: the groups it opens and where they are
                                      looked for; STRUCTURE_NONE: the formula */
    const struct element *element; /* what paths inside start from; NULL: as outside */
    struct shape shape;            /* of $this inside */
    bool is_anywhere;              /* within an element the groups are looked for as it runs */
    struct str text;               /* as written */
    struct diag_pos pos;
};

struct branch {
    struct branch *next;
    struct node *cond; /* NULL: else */
    struct step *steps;
    struct diag_pos pos;
};

struct change;
struct map;
struct param;

struct step {
    struct step *next;
    enum step_kind kind;
    struct diag_pos pos;
    struct node *cond; /* if:, or NULL */
    const struct change
        *change; /* STEP_SET, STEP_DELETE, STEP_KEEP of FHIR and JSON (change.h); else NULL */
    union {
        struct assigns set; /* STEP_SET, STEP_LET */
        struct {
            struct target *v; /* seg "Z": Z* */
            unsigned n;
            struct str *except; /* delete; keep: the names */
            unsigned nexcept;
            bool each; /* `if` is asked of each repetition or segment */
        } remove;      /* STEP_DELETE, STEP_KEEP */
        struct {
            struct target at; /* STEP_ADD: behind or before it; path.seg "": at its place */
            bool is_before;
            char seg[4];
            struct assigns set;
        } add;
        struct {
            struct target from, to; /* segments: to is what the copy goes behind */
            struct node *value;     /* a field: what is copied */
        } copy;
        struct {
            unsigned destination;
            struct node *id, *key;
            bool has_class, is_bulk, is_part;
            const struct map *map; /* NULL: the message as edited */
            struct assigns with;
            struct assigns options; /* to.text: the name */
            uint32_t await_ms;      /* 0: no await: */
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
            const struct map *map; /* as: the whole answer to the message that asked; or NULL */
            struct assigns with;
        } reply;
        struct {
            struct branch *first;
        } choose;
        struct {
            struct loop loop;
            struct step *steps;
        } each;
        struct {
            struct str name;
            struct assigns with;
            const struct param *params;
            unsigned nparams;
            struct step *steps;
        } use;
    };
};

/* ---- maps ---- */

/* What an item of a map to HL7 v2 becomes in the message. */
enum v2_level { V2_GROUP, V2_SEGMENT, V2_FIELD, V2_COMPONENT, V2_SUBCOMPONENT };

/* A message of HL7 v2 that a map makes, or a part of one. */
struct v2_target {
    enum hl7_version version;
    struct str name;           /* as it is written: "ADT^A31", "NK1", "CX", "ORU_R01.OBSERVATION" */
    bool is_message;           /* else a part of one, for $use */
    enum v2_level level;       /* V2_GROUP: the message, or `group` of it; V2_FIELD: a datatype */
    const struct structure *s; /* of the message or group; or NULL */
    unsigned group;            /* its node; 0: the message */
    const char *part;          /* the segment or datatype; or NULL */
    struct path at;            /* the segment; of a datatype some place that is of it */
    struct str type, event;
    bool has_structure_name; /* MSH-9.3, since version 2.3.1 */
};

struct v2_place {
    enum v2_level level; /* V2_GROUP: the message, too */
    const char *type;    /* "CX"; NULL: not known */
    enum type_class of;
    bool is_formatted; /* a line feed is written \.br\ */
    struct str name;   /* "PID-3.4", for findings */
    char seg[4];       /* V2_SEGMENT */
};

enum item_kind { ITEM_LITERAL, ITEM_FORMULA, ITEM_OBJECT, ITEM_LIST };

struct item {
    struct item *next;
    enum item_kind kind;
    struct str key; /* of an object's member */
    struct diag_pos pos;
    struct json *literal;
    struct node *formula;
    struct item *first;                 /* members or items */
    struct loop *loop;                  /* $for */
    struct node *cond;                  /* $if */
    struct assigns lets;                /* $let */
    struct map *use;                    /* $use */
    struct assigns with;                /* $with */
    struct item *also;                  /* $also */
    struct item *value;                 /* $value */
    unsigned fhir;                      /* the type of FHIR that it makes; 0: any JSON */
    unsigned codes;                     /* the value set that a code must be of (terms.h); 0: any */
    bool is_overlay;                    /* members laid over what another map makes */
    bool is_resource;                   /* it is made whole: it begins with its resourceType */
    bool is_entries;                    /* a list of Bundle.entry: each fullUrl once */
    bool is_key_plain;                  /* it is one of json_plain_key() */
    bool demands;                       /* a member must be there, or is one of several types */
    const struct fhir_element *element; /* of a member: what it is in FHIR; or NULL */
    const struct v2_place *v2;          /* what it is in a message of HL7 v2; or NULL */
};

struct param {
    struct str name;
    unsigned slot;
    bool is_required;
    struct assign initial; /* of an optional one */
    struct diag_pos pos;
};

enum map_nulls { NULLS_OMIT, NULLS_NULL, NULLS_ERROR };

struct map {
    struct str name;
    struct diag_pos pos;
    const struct rules_file *file;
    const struct yaml_node *doc;
    unsigned index;
    const struct structure **structures; /* that it reads, all versions */
    bool *is_family;
    unsigned nstructures;
    struct str *reads; /* as written: structures, families, datatypes */
    unsigned nreads;
    const char *datatype;       /* it reads one value of this type; or NULL */
    struct data_types data;     /* what else than HL7 v2 it reads */
    struct str at_seg;          /* at: as written, a segment; empty: the message */
    struct loop *at;            /* the same, compiled */
    unsigned fhir;              /* the type of FHIR that it makes; 0: any JSON */
    bool is_known;              /* what it makes */
    bool is_unread;             /* reads: names something that is not there */
    const struct v2_target *v2; /* it makes a message of HL7 v2; or NULL */
    enum map_nulls nulls;
    struct param *params;
    unsigned nparams;
    struct assigns lets;
    struct item *value;
    unsigned nslots;
    struct need *needs; /* of the feeds */
    struct map **uses;  /* maps it uses */
    unsigned nuses, cap_uses;
    uint8_t mark;            /* of the search for cycles */
    bool is_used, is_tested; /* by a route, or a map that is; by tests elsewhere */
    bool is_compiled;
    bool is_closed;    /* it reads but its parameters, MSH, the feed, tables (compile_closed.c) */
    bool reads_header; /* a closed map: MSH, too */
    bool is_lasting;   /* a closed map: of another message from the same sender it makes the same */
    bool is_stale;     /* used for a structure that it was not compiled for */
    bool is_changed;   /* it is another one in the ruleset that this one was paired with */
};

/* A list of steps under a name: compiled anew wherever it is used. */
struct steps_doc {
    struct str name;
    struct diag_pos pos;
    const struct rules_file *file;
    const struct yaml_node *doc;
    struct str *reads;
    unsigned nreads;
    bool is_open; /* being used: it may not use itself */
    bool is_used;
};

/* ---- routes ---- */

struct pattern {
    enum data_kind data;
    unsigned fhir;    /* DATA_FHIR: the resource, or one that it is based on */
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
    const struct rules_file *file;
    const struct yaml_node *doc;
    unsigned index;   /* in the ruleset, by name */
    struct str place; /* "routes/a.yaml:3" */
    unsigned *sources;
    unsigned nsources;
    struct pattern *patterns;
    unsigned npatterns;
    const struct structure **structures;
    unsigned nstructures;
    struct data_types data; /* what else than HL7 v2 it reads */
    struct node *when;      /* NULL: always */
    struct diag_pos when_pos;
    struct str not_matched; /* the reason when `when` is not true */
    struct step *steps;
    enum on_error on_error;
    bool is_changing; /* a step changes FHIR or JSON: it runs on a copy */
    bool is_changed;  /* it is another one in the ruleset that this one was paired with */
    unsigned nslots;
    unsigned held_at; /* destination that a held failure is shown at; UINT_MAX: it has no send */
    struct need *needs;
    struct map **uses;
    unsigned nuses, cap_uses;
};

struct dispatch;
struct conform;
struct fhir_slot;
struct v2_slot;

struct ruleset {
    struct rules_source
        *sources; /* copies: the ruleset must not depend on the caller's env struct */
    const struct profile **profile; /* of each source, or NULL */
    unsigned nsources;
    struct rules_destination *destinations;
    unsigned ndestinations;
    struct node **order;   /* per destination: its order formula, or NULL */
    uint32_t *await_ms;    /* per destination: the longest await: of a send to it */
    struct route **routes; /* by name */
    unsigned nroutes;
    struct table **tables;
    unsigned ntables;
    struct map **maps;
    unsigned nmaps;
    struct steps_doc **steps;
    unsigned nsteps;
    struct profile **profiles;
    unsigned nprofiles;
    struct conform **conforms; /* conform.h */
    unsigned nconforms;
    struct trim **trims; /* trim.h */
    unsigned ntrims;
    const struct trim **trim; /* of each destination, or NULL */
    struct rules_test *tests;
    unsigned ntests, cap_tests;
    struct profile_names names;
    struct zones zones;
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
struct conform *compile_find_conform(const struct compiler *c, struct str name);
/* Have all sources the documents that they name, and those what they need? */
void compile_source_conforms(struct compiler *c);
/* Documents `shape:`; each destination has the one it names. */
void compile_trim(struct compiler *c, const struct yaml_node *doc);
void compile_destination_shapes(struct compiler *c);
void compile_tests(struct compiler *c, const struct yaml_node *doc);
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
/* Is a message of this type and event one of the pattern's? */
bool pattern_matches(const struct pattern *p, struct str type, struct str event);

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

/* ---- run time ---- */

struct dispatch *dispatch_new(struct arena *a, const struct ruleset *r);
/* Routes that read this source and FHIR data of type `fhir` (0: JSON), by name; *out_n of them. O(routes). */
const struct route *const *dispatch_find_data(const struct dispatch *d, unsigned source,
                                              unsigned fhir, struct arena *a, unsigned *out_n);
/* Routes that read this source and type, by name; *out_n of them. O(1) for types that a route names. */
const struct route *const *dispatch_find(const struct dispatch *d, unsigned source, struct str type,
                                         struct str event, struct arena *a, unsigned *out_n);

#endif
