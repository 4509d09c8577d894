/* ruleset_priv.h - the compiled form: what the compiler (compile_*.c, compile_priv.h) makes and the runner (run_*.c, run_priv.h)
 * reads. */
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

/* ---- which routes ---- */

/* Is a message of this type and event one of the pattern's? */
bool pattern_matches(const struct pattern *p, struct str type, struct str event);
struct dispatch *dispatch_new(struct arena *a, const struct ruleset *r);
/* Routes that read this source and FHIR data of type `fhir` (0: JSON), by name; *out_n of them. O(routes). */
const struct route *const *dispatch_find_data(const struct dispatch *d, unsigned source,
                                              unsigned fhir, struct arena *a, unsigned *out_n);
/* Routes that read this source and type, by name; *out_n of them. O(1) for types that a route names. */
const struct route *const *dispatch_find(const struct dispatch *d, unsigned source, struct str type,
                                         struct str event, struct arena *a, unsigned *out_n);

#endif
