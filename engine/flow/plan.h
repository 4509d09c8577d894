/* plan.h - the whole configuration, compiled and immutable; reload swaps one pointer. Built by config/.
 * Queues and endpoints outlive plans: a plan holds only their wanted settings. */
#ifndef CORRIDOR_FLOW_PLAN_H
#define CORRIDOR_FLOW_PLAN_H

#include "engine/flow/adapter.h"
#include "engine/hl7/validate.h"
#include "engine/flow/traffic.h"
#include "engine/rules/ruleset.h"

enum plan_ack { PLAN_ACK_STORED, PLAN_ACK_NEVER, PLAN_ACK_ANSWERED };
enum plan_counts { PLAN_COUNTS_REJECT, PLAN_COUNTS_WARN };
/* A frame that begins with FHS or BHS: what is answered. */
enum plan_batch_reply { PLAN_BATCH_ONE, PLAN_BATCH_EACH, PLAN_BATCH_ERRORS };
struct plan_batch {
    bool is_split; /* else it is no message */
    enum plan_counts counts;
    enum plan_batch_reply reply;
};
/* Messages in parts (DSC, MSH-14). */
enum plan_unmatched { PLAN_UNMATCHED_ACCEPT, PLAN_UNMATCHED_REJECT };
struct plan_parts {
    bool is_joined;                /* else each part is a message like any other */
    enum plan_unmatched unmatched; /* MSH-14 goes on with nothing that is known */
    unsigned most;                 /* parts of a message */
    int64_t within_us;             /* how long the next one is waited for */
};
enum plan_unrouted { PLAN_UNROUTED_ACCEPT, PLAN_UNROUTED_REJECT };

/* Settings under sources.NAME besides the adapter's own; rows in plan_source_opts. */
struct plan_source {
    struct str name;
    const struct adapter *adapter;
    void *conf;
    struct diag_pos pos;
    enum plan_ack ack;
    bool has_ack_to;          /* enhanced mode: the application's answer goes to a destination */
    unsigned ack_to;          /* index of that, in the plan */
    unsigned answered_by;     /* PLAN_ACK_ANSWERED: index of the destination, in the plan */
    int64_t answer_within_us; /* and how long it is waited for */
    enum plan_unrouted unrouted;
    struct plan_batch batch;
    struct plan_parts parts;
    bool is_numbered;      /* sequence-numbers: on */
    int64_t duplicates_us; /* how long a message is remembered; 0: repetitions are not looked for */
    bool refuses_reused;   /* a control id over another body: AE 205 */
    bool is_validated;     /* before the routes see a message */
    struct validate_levels validate;
    struct opt_list senders; /* as in sender.h; none: all */
    struct str timezone;
    const struct str *versions;
    unsigned nversions;
    const struct traffic_floor *floors; /* what is expected of it, by the clock of `zone` */
    unsigned nfloors;
    const struct zone *zone; /* NULL where there are no floors */
};

/* What a peer's reply code means: policy per code. DEFAULT: AA and CA deliver, all others hold. */
enum plan_reply {
    PLAN_REPLY_DEFAULT,
    PLAN_REPLY_DELIVERED,
    PLAN_REPLY_HOLD,
    PLAN_REPLY_RETRY,   /* like BUSY: later again, the destination goes on */
    PLAN_REPLY_REFUSED, /* settled, never sent again */
};
enum { PLAN_REPLIES = 6 };

/* Where the answers at application level come to, if not on the connection of the message. */
struct plan_answers {
    bool is_on;
    unsigned source; /* index in the plan */
    unsigned most;   /* outputs that wait for one at once */
    int64_t within_us;
};

struct plan_destination {
    struct str name;
    struct str was; /* the name it had before: takes over that queue; or empty */
    const struct adapter *adapter;
    void *conf;
    struct diag_pos pos;
    unsigned parallel;                                          /* deliveries under way at once */
    int64_t retry_first_us, retry_longest_us, give_up_after_us; /* give_up 0: never */
    enum plan_reply replies[PLAN_REPLIES];                      /* by enum ack_code */
    bool hold_on_unknown;                                       /* on-unknown: hold */
    bool continue_on_hold;                                      /* on-hold: continue */
    struct plan_answers answers;
    int64_t oldest_ms;      /* condition oldest-waiting; 0: as alerts.limits says */
    uint64_t backlog_bytes; /* of the journal that may wait for it; 0: a quarter of its bound */
};

/* What tells of conditions, and when. */
enum { PLAN_TELLERS = 2 };
struct plan_teller {
    const struct adapter *adapter; /* its name is that of the channel */
    const void *conf;              /* of teller.h */
};
struct plan_alerts {
    struct condition_limits limits;
    uint32_t off;        /* bit of each kind that is not watched */
    unsigned at_most;    /* notices an hour and channel */
    struct str instance; /* who tells; empty: the host's name */
    struct plan_teller tellers[PLAN_TELLERS];
    unsigned ntellers;
};

/* A text that the plan was made of, as it was: the configuration, then route files in their order. */
struct plan_text {
    const char *path;
    struct str bytes;
    bool is_route;
    struct plan_text *next;
};

struct plan {
    struct arena arena; /* owns everything */
    struct plan_text *texts;
    unsigned refs;
    struct str state_dir;
    struct str admin_host; /* of the TCP listener for administration; empty: there is none */
    int admin_port;
    struct plan_alerts alerts;
    struct str metrics_host; /* of the listener for those who watch; empty: there is none */
    int metrics_port;
    uint64_t hash; /* over configuration, routes, tables, engine version */
    struct plan_source *sources;
    unsigned nsources;
    struct plan_destination *destinations;
    unsigned ndestinations;
    const struct validate_dict *dictionary; /* for validation; NULL: no source asks for it */
    struct recall *recall;                  /* see plan_recall() */
    struct ruleset *rules;                  /* indexes of sources and destinations are the plan's */
    uint64_t volume_bytes, disk_bytes;
    int64_t retention_us;
};

struct plan *plan_ref(struct plan *p);
void plan_unref(struct plan **p);
/* What `rules` made of earlier messages, for the thread of the loop; begun when it is first asked for. */
struct recall *plan_recall(struct plan *p);

#endif
