/* ruleset.h - compiled routes and maps, and what they do to one message. Pure: bytes in, values out; files
 * are read by the caller. A ruleset never changes after rules_compile() and may be shared.
 * Source: docs/language.md (the route language). */
#ifndef CORRIDOR_RULES_RULESET_H
#define CORRIDOR_RULES_RULESET_H

#include "engine/base/diag.h"
#include "engine/base/opt.h"
#include "engine/base/splice.h"
#include "engine/hl7/ack.h"
#include "engine/hl7/batch.h"
#include "engine/hl7/hl7.h"

struct ruleset;
struct json;
struct table;
struct table_rows;
struct table_why;
struct trace;
struct coverage;
struct reads;
struct yaml_node;

/* A text file of routes, maps, tables, tests: every document of it is compiled. */
struct rules_file {
    const char *name; /* as errors show it; lives as long as the ruleset */
    struct str bytes;
};

enum rules_order { RULES_ORDER_PATIENT, RULES_ORDER_NONE, RULES_ORDER_ALL, RULES_ORDER_FORMULA };

struct rules_destination {
    struct str name;
    enum rules_order order;
    struct str order_formula; /* RULES_ORDER_FORMULA */
    struct diag_pos pos;
    struct str shape; /* name of the document that says what it takes; or empty */
    struct diag_pos shape_pos;
    const char *refuses;     /* why it cannot carry what a map makes, static; NULL: it can */
    const char *refuses_hl7; /* the same of an HL7 v2 message */
    bool is_awaited;         /* a source's sender waits for what it answers */
    const char *silence;     /* why it never answers, "writes files", static; NULL: it may */
};

struct rules_source {
    struct str name;
    struct str timezone;
    struct diag_pos timezone_pos;
    const struct str *versions; /* what this feed sends; may be none */
    unsigned nversions;
    struct str profile; /* or empty */
    struct diag_pos profile_pos;
    const struct str *conformance; /* names of its conformance documents */
    unsigned nconformance;
    struct diag_pos conformance_pos;
    bool has_all_conformance; /* every document is about it, whatever its name */
    bool is_bulk;             /* its messages go as bulk unless a send says otherwise */
    bool has_batch; /* its messages may come in batches, whose headers are there: $batch */
    bool
        is_asked; /* its messages are the answers of the destination of this name: $cause; set by rules_compile() */
};

/* A query that gives the rows of a table. */
struct rules_query {
    const char *from; /* the file that names it */
    struct str file;  /* the database, named relative to `from` */
    struct str text;  /* SQL */
};

/* What rules are compiled against. Arrays live as long as the ruleset. */
struct rules_env {
    const struct rules_source *sources;
    unsigned nsources;
    const struct rules_destination *destinations;
    unsigned ndestinations;
    /* Read a table's file, named relative to `from`; false when it cannot be read (errno text in *out_why). */
    bool (*read_file)(void *arg, struct arena *a, const char *from, struct str name,
                      struct str *out_bytes, const char **out_why);
    /* Run a query that can only read; the rows live in `a` (table.h). False with *out_why. NULL: there are no databases. */
    bool (*read_query)(void *arg, struct arena *a, const struct rules_query *q,
                       struct table_rows *out_rows, struct table_why *out_why);
    /* The TZif bytes of a time zone; false when there is none of that name. NULL: no zones at all. */
    bool (*read_zone)(void *arg, struct arena *a, struct str name, struct str *out_bytes);
    /* options: of a send to destination `d`, a mapping; what is no formula is checked as a value. False with findings.
     * NULL: none are allowed. */
    bool (*message_options)(void *arg, unsigned d, const struct yaml_node *n,
                            struct diags *findings);
    bool is_partial; /* some files of the routes could not be read, and somebody was told */
    bool with_tests; /* read tests: and the messages they name; else they are passed over */
    void *arg;
};

/* Compile all files; every error of all files is reported, NULL if there was one. Lives in `a`. */
struct ruleset *rules_compile(struct arena *a, const struct rules_file *files, unsigned nfiles,
                              const struct rules_env *env, struct diags *d);
/* Routes, for `check` and logs; index = rules_output.route. */
unsigned rules_route_count(const struct ruleset *r);
struct str rules_route_name(const struct ruleset *r, unsigned index);
unsigned rules_map_count(const struct ruleset *r);
unsigned rules_table_count(const struct ruleset *r);
struct str rules_table_name(const struct table *t);
/* Names of the key columns, in order. */
unsigned rules_table_keys(const struct table *t, struct str out[8]);
const char *rules_table_file(const struct table *t);
/* A route or a map of a ruleset that is not what it is in another one. */
struct rules_change {
    struct str name;
    bool is_route; /* else a map */
};
/* Of two rulesets that differ in `changes` and in rows of tables, in nothing else that their texts say: from now on a run or
 * validation of `r` adds to *differs of its input where `other` might make something else of the message: it came to a
 * changed route or map, or looked up what `other` answers otherwise. False: columns or zones differ, both must be run. `other`
 * lives as long as `r` is run so. Not while `r` is run. O(cells). */
bool rules_pair(struct ruleset *r, const struct ruleset *other, const struct rules_change *changes,
                unsigned n);
/* The table that tells people why a place is left out: formulas need not look into it. */
#define RULES_LEFT_OUT STR("left-out")
/* What the table called `table` says for the key `key`; empty: no such table of one key, or no such row. O(tables). */
struct str rules_table_says(const struct ruleset *r, struct str table, struct str key);
/* A table of all feeds, behind those the tables of profiles. */
struct rules_table {
    struct str name, profile; /* profile: whose it is alone; or empty */
    const char *file;
    bool is_query; /* `file` is a database */
    uint32_t nrows;
    struct str keys[8], value; /* columns */
    unsigned nkeys;
    uint64_t version; /* digest of columns and rows, whatever their order */
};
/* False behind the last one. O(bytes of the table). */
bool rules_table_at(const struct ruleset *r, unsigned index, struct rules_table *out);

/* Are these bytes FHIR or JSON, and no HL7 v2? By how they begin. */
bool rules_is_data(struct str raw);
/* The message of FHIR or JSON in `raw`: 64 levels, no key twice, UTF-8. 0 with *out, or ERR_* with *out_why: where and why,
 * without its content. */
int rules_read_data(struct arena *a, struct str raw, struct json **out, struct str *out_why);
/* "Patient", or "json" for what is no resource of FHIR R4. */
const char *rules_data_type(const struct json *data);

/* Does a route read FHIR data of type `fhir` (fhir/model.h) from the source of this index? O(routes). */
bool rules_reads_fhir(const struct ruleset *r, unsigned source, unsigned fhir);

/* The first route that reads FHIR or JSON from that source; empty: none does. O(routes). */
struct str rules_data_route(const struct ruleset *r, unsigned source);

/* The message that asked, where an answer of a destination is read: one of the two. */
struct rules_cause {
    const struct hl7 *m;
    const struct json *data; /* FHIR or JSON */
};

struct rules_input {
    const struct hl7 *m;     /* NULL: it is `data` */
    const struct json *data; /* FHIR or JSON */
    struct str raw;          /* `data` as it was received */
    unsigned source;         /* index in env.sources */
    int64_t received_us;     /* now() */
    uint64_t id_hi, id_lo;
    struct str
        id_of; /* the id is the hashes of these bytes, made where it is asked for; p NULL: it is given */
    struct coverage *coverage;         /* told what is touched; or NULL (coverage.h) */
    const struct batch_headers *batch; /* that it stands in; NULL: in none */
    const struct rules_cause *cause;   /* that it answers; NULL: none, or it is lost */
    struct trace *trace;               /* told what happens; NULL: nobody asks (trace.h) */
    struct str only;                   /* run this route alone; empty: all */
    struct recall *recall;             /* what earlier messages came to; or NULL (recall.h) */
    struct reads *reads;               /* told what is read; or NULL (reads.h); not with a trace */
    uint64_t *differs; /* counts where the paired ruleset may differ (rules_pair); or NULL */
};

/* One ordering key, (assigning authority, id); the same pair orders together. */
struct rules_key {
    struct str authority, id;
};

/* A message as it was received, of whatever kind: `m` is filled where it is HL7 v2. Sets in->m, in->data, in->raw. 0, or
 * ERR_* with why it cannot be read, without its content. */
int rules_read(struct arena *a, struct str raw, struct hl7 *m, struct rules_input *in,
               struct str *out_why);
/* What its sender calls it: MSH-10; of FHIR the identifier of a Bundle, the id of its MessageHeader, else that of the
 * resource; "": it has none. */
struct str rules_message_id(const struct rules_input *in);
/* Who its patient is: rules_patient_keys() or rules_data_keys(). */
unsigned rules_message_keys(const struct rules_input *in, struct arena *a,
                            const struct rules_key **out_keys);

struct rules_output {
    unsigned destination; /* index in env.destinations */
    unsigned route;
    struct str id_part; /* of the event id: the send's id, else "2.1": numbers of its loops */
    const struct rules_key *keys; /* none: no order asked for, or no patient in the message */
    unsigned nkeys;               /* order `all` is the one key ("", "*") */
    bool is_bulk;
    bool is_json;             /* a map made it: JSON text; else HL7 v2 */
    const struct json *value; /* is_json: the same as a tree */
    struct splices payload;   /* over m->raw */
    struct str options;       /* for the destination's adapter, as pairs (pairs.h); or empty */
    uint32_t await_ms;   /* its patient's messages wait for the answer, so long; 0: they do not */
    struct diag_pos pos; /* of the send */
    struct str
        finding; /* a route that failed and holds: file:line:col and HL7 place; then no payload;
                                `destination` is that of the route's first send (without one it rejects) */
};

enum rules_verdict { RULES_ACCEPTED, RULES_FILTERED, RULES_UNROUTED, RULES_REJECTED };

/* A row that a table lacks. The keys are message content. */
struct rules_miss {
    const struct table *table;
    const struct str *keys; /* as many as the table has key columns */
    struct diag_pos pos;
    struct rules_miss *next;
};

/* What a person should know although nothing failed. */
struct rules_remark {
    struct diag_pos pos;
    const char *text; /* static */
    struct rules_remark *next;
};

struct rules_result {
    enum rules_verdict verdict;
    const struct rules_output
        *outputs; /* in order of route name, then of the steps; none unless ACCEPTED */
    unsigned noutputs;
    struct str reason;              /* filtered: which rule; rejected: which rule */
    enum ack_code code;             /* REJECTED: AE or AR */
    const struct ack_error *errors; /* REJECTED: located */
    unsigned nerrors;
    struct str reply; /* reply: {as:}: an HL7 v2 message for whoever sent the cause; empty: none */
    unsigned reply_route;               /* whose it is */
    const struct rules_miss *misses;    /* newest first, of all routes */
    const struct rules_remark *remarks; /* newest first */
};

/* A source by name: one of env.sources, else the answers of a destination, behind them. */
bool rules_source_named(const struct ruleset *r, struct str name, unsigned *out);
struct str rules_source_name(const struct ruleset *r, unsigned source);
/* The index of the source whose messages are the answers of that destination; each has one, behind env.sources. */
unsigned rules_answers_of(const struct ruleset *r, unsigned destination);
/* Does any route read them? */
bool rules_reads_answers(const struct ruleset *r, unsigned destination);
/* The longest await: of a send to that destination; 0: there is none. */
uint32_t rules_await_ms(const struct ruleset *r, unsigned destination);
/* Does any route read a message of this source and type, whatever its `when` says? Nothing is run. */
bool rules_reads(const struct ruleset *r, const struct rules_input *in, struct arena *a);
/* Run every route that reads this source and type. Everything is allocated in `a`. Never fails: what
 * goes wrong in a route is in the result, as the route's on-error says. */
void rules_run(const struct ruleset *r, const struct rules_input *in, struct arena *a,
               struct rules_result *out);

/* How many conformance documents there are. */
unsigned rules_conformance_count(const struct ruleset *r);
/* Is the message what the standard says and what the conformance documents of its source say? Adds to `report`,
 * which the caller has begun with in->m, sorted; what a document says of a place takes the place of what the dictionary
 * says of it. O(bytes + segments * elements of the documents), and the conditions. */
struct validate_report;
struct validate_dict;
void rules_validate(const struct ruleset *r, const struct validate_dict *dict,
                    const struct rules_input *in, struct validate_report *report);
/* The keys of an element, for the manual. */
extern const struct opt rules_element_rows[];

/* Who the patient of FHIR data is, as far as it says so: identifiers and references. 0 of JSON. */
unsigned rules_data_keys(const struct json *data, struct arena *a,
                         const struct rules_key **out_keys);
/* PID-3 and MRG-1 of the message, each repetition as (authority, id): the key `patient`. */
unsigned rules_patient_keys(const struct hl7 *m, struct arena *a,
                            const struct rules_key **out_keys);

/* What a single expression is evaluated on: an HL7 v2 message, or FHIR or JSON data, or nothing. */
struct rules_subject {
    const struct hl7 *m;     /* or NULL */
    const struct json *json; /* or NULL; a FHIR resource where its resourceType is one of R4 */
    int64_t received_us;     /* now() */
    bool
        is_strict; /* refuse what N1 leaves open: other resources' names, places in what has no order */
    struct zones *zones; /* those its formulas name are read into it; NULL: none are known */
};
struct rules_value {
    const char *type; /* "string", "integer", "decimal", "boolean", "date" ..., a v2 or FHIR type */
    struct str text;  /* of a composite its encoded text, of a node JSON */
};
struct rules_expression;

/* `corridor eval`: N1 to the letter. 0 with *out_v in `a` (n 0: nothing matched), or ERR_* with findings in `d`. */
int rules_eval(struct arena *a, const char *file, struct str expression,
               const struct rules_subject *s, struct diags *d, struct rules_value **out_v,
               unsigned *out_n);
/* The same in two parts. Compiled for data like `s`; lives in `a` and may be shared. NULL with findings. */
struct rules_expression *rules_expression_compile(struct arena *a, const char *file,
                                                  struct str text, const struct rules_subject *s,
                                                  struct diags *d);
/* Everything in `a`. What is looked for in data of another kind is not found. */
int rules_expression_run(const struct rules_expression *x, struct arena *a,
                         const struct rules_subject *s, struct diags *d, struct rules_value **out_v,
                         unsigned *out_n);

/* A step of the language, for the manual; false behind the last. */
struct rules_step {
    const char *name, *shape, *summary;
};
bool rules_step_at(unsigned index, struct rules_step *out);

/* The compiled program as text: every route and map with its steps, where each path is looked for, and
 * file:line of everything. For `check --explain`. */
struct buf;
void rules_explain(struct buf *out, const struct ruleset *r);

#endif
