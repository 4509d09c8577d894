/* adapter.h - the contract between the engine and a protocol. An adapter carries bytes and reports one
 * verdict; it never blocks, retries, sleeps or touches the journal. Everything runs on the loop thread.
 * The smallest complete adapter, and the template: adapters/discard.c. */
#ifndef CORRIDOR_FLOW_ADAPTER_H
#define CORRIDOR_FLOW_ADAPTER_H

#include "engine/base/clock.h"
#include "engine/base/diag.h"
#include "engine/base/log.h"
#include "engine/base/opt.h"
#include "engine/flow/teller.h"
#include "engine/hl7/ack.h"

struct event_base;
struct source;
struct destination;
struct exchange;
struct delivery;

/* What both kinds of endpoint share. Read-only to adapters except `counters`. */
struct endpoint_counters {
    uint64_t connections, connections_open, connections_refused;
    uint64_t messages, bytes, noise_bytes, frames_refused;
    uint64_t signs; /* of life, of those who notify: no messages */
};
struct endpoint {
    struct str name;
    const struct adapter *adapter;
    void *conf;  /* the adapter's option struct, filled from the table */
    void *state; /* the adapter's own, from open() to close() */
    struct event_base *loop;
    const struct clock *clock;
    struct log *log;
    struct endpoint_counters counters;
    bool is_exposed; /* listens beyond this machine without TLS */
    int64_t
        tls_until_s; /* of what it shows its peers: end of the certificate or its CRL, in seconds since 1970; 0: none */
};

/* ---- in ---- */

/* Who sent it, for the record: "192.0.2.7:49152". */
struct exchange_from {
    struct str peer;
    void *conn;     /* the adapter's connection; handed back with the reply */
    uint64_t token; /* the adapter's number for this exchange on that connection */
    struct str
        key; /* of a message that has no id of its own: the same key is the same message; empty: it has none */
    bool is_key_all; /* whatever its body is */
};

enum exchange_result {
    EXCHANGE_TAKEN, /* source_ops.reply() is called exactly once, perhaps before this returns, unless
                      * the source is closed before: then nobody may be answered */
    EXCHANGE_PAUSED, /* not taken: the engine is full; source_ops.resume() is called when to offer it again */
};

/* A whole message has arrived; its bytes are copied. */
enum exchange_result exchange_begin(struct source *s, const struct exchange_from *from,
                                    struct str bytes);
/* A frame that is no message (too large, no FS ...): stored as received within its cap (`bytes` may be the
 * first part of it), answered AR with this error. */
enum exchange_result exchange_refuse(struct source *s, const struct exchange_from *from,
                                     struct str bytes, const struct ack_error *why);

/* Is a batch (FHS, BHS) one exchange? False: an adapter that brings files takes it apart. */
bool source_takes_batches(const struct source *s);

/* A message of a group, as bytes of the whole. */
struct exchange_item {
    struct str bytes;
    struct str key; /* as in exchange_from; what it is, its body may differ */
};
struct exchange_group {
    const struct exchange_item *v; /* in order, at most 10,000 */
    unsigned n;
    bool is_one; /* one that is rejected takes back all; else each is judged by itself */
};
/* Several messages that arrived as one, stored as one entry or not at all; the bytes are copied. Answered by
 * source_ops.answer(), which must be there. */
enum exchange_result exchange_begin_group(struct source *s, const struct exchange_from *from,
                                          struct str bytes, const struct exchange_group *group);

/* What became of a message, for protocols that have answers of their own. */
enum exchange_end {
    EXCHANGE_END_STORED, /* durable: accepted or filtered */
    EXCHANGE_END_KNOWN,  /* sent again: its first copy is durable */
    EXCHANGE_END_REJECTED, /* `errors` say why; where it came as a part of one, that may be another part's fault: none */
    EXCHANGE_END_LATER, /* nothing is stored for want of room */
};
struct exchange_answer {
    enum exchange_end end;
    enum ack_code code; /* REJECTED: AE or AR */
    char id[27];        /* of the message, of a copy that of the first one; "": not known */
    const struct ack_error *errors;
    unsigned nerrors;
    const struct exchange_answer *parts; /* of a group, in its order */
    unsigned nparts;
};

struct fhir_report;
/* Add to what fhir_validate() found what the invariants of R4 say; sorted. */
void source_check_invariants(struct source *s, struct fhir_report *r);
/* Does a route read messages of this type of FHIR from the source? */
bool source_reads(const struct source *s, struct str type);

struct source_ops {
    bool
        is_data_only; /* it takes FHIR or JSON alone: nobody waits for an acknowledgement of HL7 v2 */
    /* Start listening. 0 or ERR_* with a finding that names address and reason. */
    int (*open)(struct source *, struct diags *);
    /* The exchange `token` on `conn` is over: send replies[0..n) in this order, each as a message of its
     * own. n is 0 when no reply is due, 1, or 2 (accept, then application level). Replies leave a
     * connection in arrival order of their exchanges. The bytes are borrowed for the call. A connection
     * that has exchanges under way is kept by the adapter until they are over, even if the peer is gone. */
    void (*reply)(struct source *, void *conn, uint64_t token, const struct str *replies,
                  unsigned n);
    /* In place of reply(), where nothing was stored for want of room: the peer is to come again later. `replies` say so too.
     * NULL: reply() it is. */
    void (*turn_away)(struct source *, void *conn, uint64_t token, const struct str *replies,
                      unsigned n);
    /* In place of reply() and turn_away(): what became of it. NULL: it is said in acknowledgements of HL7 v2. */
    void (*answer)(struct source *, void *conn, uint64_t token, const struct exchange_answer *a);
    bool
        is_answer_for_data; /* answer() is for FHIR and JSON alone; HL7 v2 beside them gets its reply() */
    /* What is said at the accept level while the exchange goes on: sent before its reply. NULL: replies[0] of two
     * is that. */
    void (*accept)(struct source *, void *conn, uint64_t token, struct str reply);
    /* The exchange is over and nobody knows how: no reply, the connection closes and the peer sends it again. In
     * place of reply(). NULL: what comes here is answered at once (no answered-by). */
    void (*abandon)(struct source *, void *conn, uint64_t token);
    /* Stop reading from peers / go on. */
    void (*pause)(struct source *);
    void (*resume)(struct source *);
    /* Stop accepting; what is being exchanged may finish until close(). */
    void (*drain)(struct source *);
    void (*close)(struct source *);
    /* Take over the settings `conf` (of the same option table) while running: 0, or ERR_* with findings
     * and all as it was. The adapter reads endpoint.conf at every use; it is set to `conf` after this. */
    int (*reload)(struct source *, const void *conf, struct diags *);
    /* The address really bound ("127.0.0.1:40123"), for port 0. May be NULL. */
    struct str (*address)(struct source *);
};

/* ---- out ---- */

enum verdict {
    DELIVERY_DELIVERED,
    DELIVERY_REFUSED,
    DELIVERY_BUSY,
    DELIVERY_UNREACHABLE,
    DELIVERY_UNKNOWN
};

struct outcome {
    enum verdict verdict;
    bool
        has_code; /* `code` was read from an HL7 answer: the destination's `replies` may judge it anew */
    enum ack_code code;
    struct str reply; /* the peer's answer, borrowed for the call; may be empty */
    struct str
        answer; /* the same as a message for routes; empty: `reply` is, where that is HL7 v2; borrowed */
    const char *answer_fault; /* why `answer` is not whole, static; NULL: it is */
    const char
        *reason; /* static, for the log: "connection refused", "no answer within reply-within" */
    int64_t retry_after_us; /* BUSY, UNREACHABLE: the peer's wish; 0 none */
};

/* What a destination sees of a delivery. Valid until delivery_done(). */
struct delivery_view {
    struct str payload;
    unsigned attempt; /* from 1 */
    bool is_json;     /* a map made it; else it is an HL7 v2 message */
    struct str
        options; /* what the step says of it: rows marked PER_MESSAGE, as pairs (base/pairs.h) */
    int64_t received_us; /* when the message it was made from arrived, wall clock */
};
struct delivery_view delivery_view(const struct delivery *d);
/* The event id, 26 characters: the same at every attempt. Computed at the first call. */
struct str delivery_id(struct delivery *d);
/* A slot for the adapter's own pointer, NULL when handed over. */
void **delivery_slot(struct delivery *d);
/* Every delivery handed to send() ends here exactly once, also after cancel(). */
void delivery_done(struct delivery *d, struct outcome o);

struct destination_ops {
    unsigned batch; /* largest n of send(); 0 means 1 */
    int (*open)(struct destination *, struct diags *);
    /* How many more deliveries the adapter can carry now (connections free). The queue never exceeds it. */
    unsigned (*room)(struct destination *);
    void (*send)(struct destination *, struct delivery **v, size_t n);
    /* Give it up: its delivery_done() comes before this returns (UNREACHABLE if nothing was sent, else
     * UNKNOWN). Others that cannot go on without it may end too. */
    void (*cancel)(struct destination *, struct delivery *);
    /* Nothing is in flight any more. */
    void (*close)(struct destination *);
};
/* room() has grown: ask again. */
void destination_ready(struct destination *d);

/* ---- both ---- */

struct adapter {
    const char *name, *summary;
    const struct opt *in_opts, *out_opts; /* {0}-ended; NULL where there is no such end */
    size_t in_conf_size, out_conf_size;
    const struct source_ops *in;
    const struct destination_ops *out;
    /* What the tables cannot say of an end's options, as findings at their places in `map`; NULL:
     * nothing. Asked when a configuration is read; looks at nothing but its arguments. */
    void (*in_check)(const void *conf, const struct yaml_node *map, struct diags *d);
    void (*out_check)(const void *conf, const struct yaml_node *map, struct diags *d);
    /* Could others on the network read what a destination with these options sends? NULL: it uses no network. */
    bool (*out_is_exposed)(const void *conf);
    /* Why a destination with these options answers nothing that routes could read: "writes files", static; NULL, or
     * none of this: it may answer. */
    const char *(*out_silence)(const void *conf);
    /* What tells of conditions, under `alerts:` by its name; its options are those of teller.h. NULL: it does not. */
    const struct tell_ops *tell;
    void (*tell_check)(const void *conf, const struct yaml_node *map, struct diags *d);
    bool is_hl7_only;  /* as a destination it carries HL7 v2 messages, not what maps make */
    bool is_json_only; /* as a destination it carries what maps make, not HL7 v2 messages */
    bool is_bulk;      /* what it brings as a source goes as bulk */
};

/* Every source and destination begins with its endpoint. */
struct endpoint *source_endpoint(struct source *s);
struct endpoint *destination_endpoint(struct destination *d);

#endif
