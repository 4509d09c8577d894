/* entry.h - what the journal holds: entries, as values and as bytes. Pure: encode and decode only.
 * The byte layout is drawn in docs/journal-format.md. All kinds are reserved from the first version. */
#ifndef CORRIDOR_JOURNAL_ENTRY_H
#define CORRIDOR_JOURNAL_ENTRY_H

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/splice.h"

enum entry_type {
    ENTRY_MESSAGE = 1,
    ENTRY_OUTCOME = 2,  /* one or more outcomes of one destination */
    ENTRY_PART = 3,     /* a piece of a payload larger than one entry */
    ENTRY_GROUP = 4,    /* names the parts or messages that count together */
    ENTRY_FRAGMENT = 5, /* a continuation that is not whole yet */
    ENTRY_STATE = 6,    /* owner, key, value: the last one wins */
    ENTRY_NAMES = 7,    /* ids of sources, destinations, routes: never reused */
    ENTRY_SENT_THROUGH = 8,
    ENTRY_CHECKPOINT = 9,
    ENTRY_CARRY = 10,
    ENTRY_END = 11,
};

/* 128 bits drawn once: microseconds of receipt in the high 64, random in the low 64. */
struct entry_id {
    uint64_t hi, lo;
};

enum entry_status {
    ENTRY_ACCEPTED,
    ENTRY_FILTERED,
    ENTRY_REJECTED,
    ENTRY_ANSWERED, /* a destination's answer to `cause`, whose ids it has; `reply` is what was passed on */
    ENTRY_CONTINUED, /* a part of a message that came in several; `cause` is the id of the whole */
};
enum entry_class { ENTRY_INTERACTIVE, ENTRY_BULK };
enum entry_output_kind { ENTRY_OUTPUT_PAYLOAD, ENTRY_OUTPUT_FAILED_ROUTE };

/* One thing to be delivered, computed when its message arrived. */
struct entry_output {
    uint32_t destination; /* name id */
    uint32_t route;       /* name id */
    enum entry_class class;
    enum entry_output_kind kind;
    bool is_json;         /* the payload is JSON, made by a map; else HL7 v2 */
    bool is_awaited;      /* the message's sender is answered what its destination answers */
    struct str id_part;   /* part of the event id; may be empty */
    struct str options;   /* what the step says to the adapter, as pairs (base/pairs.h); or empty */
    const uint64_t *keys; /* keyed hashes of the ordering keys */
    uint32_t nkeys;
    struct splices payload; /* over the message's raw bytes */
    struct str finding;     /* why it is held from the start (failed route); else empty */
    uint32_t
        await_ms; /* messages of its keys wait so long for its answer; 0: they do not. Not written */
};

/* A message of a batch: bytes and outputs are parts of those of the whole. */
struct entry_member {
    uint32_t from, n; /* of raw */
    uint32_t first_output, noutputs;
    enum entry_status status;
    uint64_t id_hash, body_hash; /* 0: it was sent before, and is not what is found by its id */
    struct str reason;
};

struct entry_message {
    struct entry_id id, cause; /* cause {0,0}: none */
    uint32_t source;           /* name id */
    int64_t received_us;
    enum entry_status status;
    uint64_t plan_hash, id_hash, body_hash;
    struct str peer, engine_version;
    struct str reason; /* filtered: by which rule; rejected: why */
    struct str reply;  /* what was answered, whole */
    struct str raw;    /* bytes as received */
    const struct entry_output *outputs;
    uint32_t noutputs;
    const struct entry_member
        *members;      /* of a batch, which is one entry: all of it or nothing; in order */
    uint32_t nmembers; /* 0: a single message */
};

enum entry_verdict {
    ENTRY_DELIVERED = 1,
    ENTRY_REFUSED,  /* by the peer; settled */
    ENTRY_HELD,     /* waits for a person; keeps its keys */
    ENTRY_DROPPED,  /* by a person; settled */
    ENTRY_RELEASED, /* no longer held; with the reply ENTRY_AGAIN: no longer settled */
};
#define ENTRY_AGAIN "again"

/* An output is named by the sequence number of its message and its index there. */
struct entry_ref {
    uint64_t seq;
    uint32_t output;
};

struct entry_outcome {
    struct entry_ref ref;
    enum entry_verdict verdict;
    uint32_t attempt; /* from 1 */
    int64_t at_us;
    struct str by;    /* user, empty for the engine */
    struct str reply; /* the peer's, at most 1 KiB kept */
};

/* The outcomes of one consumer that go into one entry. */
struct entry_outcomes {
    uint32_t destination;
    enum entry_class class;
    const struct entry_outcome *v;
    uint32_t n;
};

/* A decoded entry. `body` is the encoded payload behind the header, a view valid as long as its arena. */
struct entry {
    uint64_t seq;
    uint64_t commit;
    enum entry_type type;
    struct str body;
    uint64_t place; /* where it was read: journal_read_place(); 0: not known */
};

/* A batch is encoded as one message (type GROUP) with its members behind it; decoding asks what is there. */
/* Encoders append the body (no header) to `out`; decoders give views into `body` with arrays in `a`.
 * Decoders return 0 or ERR_DAMAGE and never read outside `body`. */
void entry_put_message(struct buf *out, const struct entry_message *m);
int entry_get_message(struct arena *a, struct str body, struct entry_message *out);
/* Does an entry of this type hold a message as it came: alone, or a batch? */
static inline bool entry_is_message(enum entry_type t)
{
    return t == ENTRY_MESSAGE || t == ENTRY_GROUP;
}
enum { ENTRY_MESSAGES = 1 << ENTRY_MESSAGE | 1 << ENTRY_GROUP };
/* The one with this output, or NULL where it is no batch. O(log members). */
const struct entry_member *entry_member_of(const struct entry_message *m, uint32_t output);
void entry_put_outcomes(struct buf *out, const struct entry_outcomes *o);
int entry_get_outcomes(struct arena *a, struct str body, struct entry_outcomes *out);

/* A message written again for the `n` of its outputs that are unsettled, when its volume is to go: `seq` is the
 * number it has for ever. Decoded, the outputs stand where they stood; the others are blank (destination 0). */
enum { ENTRY_CARRY_OUTPUTS_MAX = 1 << 16 }; /* of a message that can be carried */
void entry_put_carry(struct buf *out, uint64_t seq, const struct entry_message *m,
                     const uint32_t *outputs, uint32_t n);
int entry_get_carry(struct arena *a, struct str body, uint64_t *out_seq, struct entry_message *out);
/* A message, or one that was carried, and its number. ERR_TYPE for any other entry. */
int entry_get_any(struct arena *a, const struct entry *e, uint64_t *out_seq,
                  struct entry_message *out);

/* Of the beginning of a carry's body: its number and outputs, without decoding the message. 0 or ERR_DAMAGE. */
int entry_peek_carry(struct arena *a, struct str body, uint64_t *out_seq, const uint32_t **out,
                     uint32_t *out_n);

/* The number of outputs that the message body says it has, without decoding it. */
uint32_t entry_peek_outputs(struct str body);
/* The same as entry_put_outcomes(), piece by piece: the head once, then each outcome. */
void entry_put_outcome_head(struct buf *out, uint32_t destination, enum entry_class class);
void entry_put_outcome(struct buf *out, const struct entry_outcome *o);

/* base32 (lower case, RFC 4648 alphabet, no padding), 26 characters and a NUL. */
void entry_id_text(struct entry_id id, char out[27]);
/* 0 or ERR_SYNTAX. */
int entry_id_parse(struct str text, struct entry_id *out);

#endif
