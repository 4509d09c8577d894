/* exchange_priv.h - one inbound message on its way to its reply: what exchange.c (taking), exchange_judge.c
 * (reading, routing), exchange_store.c (storing), exchange_reply.c (what is answered), exchange_again.c (what was sent
 * before) and await*.c (exchanges that wait for a destination's answer) share. Loop thread. The numbers of the steps are
 * those of docs/architecture.md. */
#ifndef CORRIDOR_FLOW_EXCHANGE_PRIV_H
#define CORRIDOR_FLOW_EXCHANGE_PRIV_H

#include "engine/flow/await.h"
#include "engine/flow/engine_priv.h"
#include "engine/flow/park.h"
#include "engine/flow/reply.h"

struct exchange_batch;
struct repeat_book;

enum { EXCHANGE_BATCH_MESSAGES = 10000 }; /* of one frame */
enum { EXCHANGE_CONTROL_ID = 20 };        /* with its NUL: MSH-10 has 20 characters before 2.7 */

/* Lives in the arena of its msg. */
struct exchange {
    struct source *source;
    struct msg *msg;
    struct entry_message *e; /* of msg */
    void *conn;
    uint64_t token;
    struct hl7 hl7;
    const struct json *data; /* it is FHIR or JSON; NULL: HL7 v2 */
    bool is_told;            /* source_ops.answer(), not reply() */
    struct str key;          /* as in exchange_from */
    bool is_key_all;
    bool is_parsed, is_unrouted;
    struct ack_mode mode;
    enum reply_level level;
    enum ack_code code; /* AA, AE, AR: before it is put into a mode */
    const struct ack_error *errors;
    unsigned nerrors;
    bool is_silent;      /* an inbound acknowledgement, or ack: never */
    bool is_answer;      /* an acknowledgement, of what we have sent perhaps */
    bool is_turned_away; /* nothing is stored for want of room: later */
    struct str header;   /* what the reply is made from when the bytes are no message */
    struct str replies[2];
    enum ack_code sent[2]; /* what they say */
    unsigned nreplies;
    struct exchange *copies; /* the same message again, waiting for this one's reply */
    struct exchange *next_copy;
    struct exchange_batch
        *batch; /* it is a batch; NULL: one message, or a batch that is rejected whole */
    const struct batch_headers *headers; /* of the batch that it is a message of; NULL: of none */
    const struct exchange_group *group;  /* it came as several; NULL: it did not */
    struct repeat_book *book; /* of a message of a batch while it is judged: that of all of them */
    struct exchange *members; /* of the batch or group, as they were judged */
    unsigned nmembers;
    struct entry_id first; /* of what was sent again: the id of the first copy; {0, 0}: not known */
    bool is_member, is_known; /* a message of a batch, or made of parts; it was taken before */
    int64_t sequence;         /* MSA-4; INT64_MIN: none */
    int64_t next_sequence;    /* the number expected behind it, -1: any */
    bool sets_sequence;
    unsigned behind; /* states that must be durable, too, before it is answered */
    bool is_durable;
    uint64_t stored_at;             /* place of its entry */
    bool is_lost;                   /* it or one of them is not stored: nobody is answered */
    struct exchange_part *part;     /* it is a part of a message; NULL: it is not */
    bool awaits;                    /* the application answer is the destination's */
    uint32_t awaited_output;        /* whose */
    int64_t answer_within_us;       /* by the plan it is judged by */
    struct await_place place;       /* while it waits */
    struct park_place place_parked; /* while it is parked */
    bool was_parked;                /* it was parked, and is judged anew */
    bool is_again;                  /* by the same rules: what they found is counted already */
    bool is_counted;                /* a batch's messages are */
};

/* ---- taking (exchange.c) ---- */

/* An id for something that begins now. */
struct entry_id exchange_new_id(struct engine *e);
/* It was parked, and goes on: judged anew by today's rules, then stored. */
void exchange_again(struct exchange *x, bool is_batch);
/* What the id parts of outputs of message `number` of a batch become, so that their event ids differ. */
struct str exchange_member_part(struct arena *a, uint32_t number, struct str id_part);

/* ---- what it is found to be (exchange_judge.c) ---- */

/* True when the bytes are a message that routes may see; else it is decided. */
bool exchange_parse(struct exchange *x);
void exchange_route(struct exchange *x);
/* As rules see it. */
struct rules_input exchange_input(const struct exchange *x);
void exchange_reject(struct exchange *x, enum reply_level level, enum ack_code code,
                     const struct ack_error *errors, unsigned n, struct str reason);
/* At the accept level, with one error. */
void exchange_reject_one(struct exchange *x, enum ack_code code, int error, const char *path,
                         struct str text);

/* ---- batches (exchange_batch*.c) ---- */

/* Does it begin with FHS or BHS? */
bool exchange_is_batch(struct str bytes);
enum exchange_batch_end {
    EXCHANGE_BATCH_APPEND, /* to be stored; x->batch NULL: rejected whole */
    EXCHANGE_BATCH_KNOWN,  /* all of it was taken before */
};
/* Run its messages; the entry of `x` becomes that of the whole. */
enum exchange_batch_end exchange_batch(struct exchange *x);
void exchange_batch_reply(struct exchange *x);
void exchange_batch_remember(struct exchange *x);
void exchange_batch_stored(struct exchange *x);
void exchange_batch_drop(struct exchange *x);
uint32_t exchange_batch_messages(const struct exchange *x);
/* Answer what is known, and end. */
void exchange_batch_known(struct exchange *x);

/* ---- FHIR and JSON (exchange_data.c) ---- */

/* Does its source take them? And do the bytes begin so? */
bool exchange_is_data(const struct exchange *x);
/* As exchange_parse(). */
bool exchange_parse_data(struct exchange *x);
/* source_ops.answer(), in place of a reply. */
void exchange_tell(struct exchange *x);

/* ---- parts (exchange_part.c) ---- */

/* Of the pointer by which the next part of this message's sender is known. */
uint64_t exchange_pointer_hash(struct engine *e, uint32_t source, const struct hl7 *m,
                               struct str pointer);
/* Was the message of this id made of its parts, and stored? `s` NULL: its source is gone. */
bool exchange_whole_is_known(struct engine *e, const struct source *s, struct entry_id id);
/* See whether it is a part: x->part. */
void exchange_see_part(struct exchange *x);
/* A part that was taken before, of a message that is not there and will not be: it counts as new. */
void exchange_see_part_again(struct exchange *x);
/* Judge it; make the whole with the last one. True: it is dealt with; false: it is to be stored, or rejected. */
bool exchange_take_part(struct exchange *x);
/* Only the accept level speaks for it. */
bool exchange_is_part_only(const struct exchange *x);
/* Whose message is answered at application level: that of its first part. NULL: its own. */
const struct hl7 *exchange_answers(const struct exchange *x);
/* It was appended as `seq`; or not (0). */
void exchange_keep_part(struct exchange *x, uint64_t seq);

/* ---- numbers (exchange_sequence.c) ---- */

/* What MSH-13 says, where the source counts. DECIDED: it is a start, a resync or no number, and goes no further. */
enum exchange_number {
    EXCHANGE_NUMBER_NONE,
    EXCHANGE_NUMBER_NEXT,
    EXCHANGE_NUMBER_OTHER, /* not the one expected: a copy, or to be refused */
    EXCHANGE_NUMBER_DECIDED,
};
enum exchange_number exchange_check_number(struct exchange *x);
void exchange_refuse_number(struct exchange *x);
/* Behind its message's entry: the next one is expected; the reply waits until that is durable. */
void exchange_advance_number(struct exchange *x);
/* The number of a copy: its first one's was lost by a crash. The copy is answered when it is durable. */
void exchange_advance_number_of_copy(struct exchange *x);

/* ---- storing, and the end (exchange_store.c) ---- */

/* It is judged: into the journal with its reply and outputs, or refused. May free `x`. */
void exchange_append(struct exchange *x);
/* A state behind its entry is durable, or not: x->behind was raised for it. As journal_done_fn, `arg` the exchange. */
void exchange_behind(void *arg, enum journal_status status, uint64_t seq);
/* Answer it and its copies, when all is durable. May free `x`. */
void exchange_settle(struct exchange *x);
/* Into the source's numbers. */
void exchange_count(struct exchange *x);
void exchange_say(const struct exchange *x);
/* More waits for a destination of message `m` than its backlog allows: then `x` is refused and over. */
bool exchange_turn_away(struct exchange *x, const struct entry_message *m);
/* So many wait that this one has no place among them: refused and over. */
void exchange_refuse_crowded(struct exchange *x);
/* The journal takes nothing: refused and over. */
void exchange_not_stored(struct exchange *x);

/* ---- replies (exchange_reply.c) ---- */

/* MSH-10 of reply `i` (0, 1) to the message `id`: the same each time. */
void exchange_control_id(struct entry_id id, unsigned i, char out[EXCHANGE_CONTROL_ID]);
/* Make x->replies and the entry's `reply`; of one that waits for a destination only what is said at once. */
void exchange_make_reply(struct exchange *x);
/* The exchange is over. May free `x`. */
void exchange_finish(struct exchange *x, bool is_answered);
/* Over without an answer: the connection closes, so that the sender sends it again. */
void exchange_abandon(struct exchange *x);

/* ---- sent again (exchange_again.c) ---- */

/* True when this message is a copy of one that was taken, and is dealt with. The same id over another body is
 * a new message, or one to refuse. */
bool exchange_is_copy(struct exchange *x);
/* The same for a message of a batch, which nobody waits for by itself. PENDING: its first copy is not durable yet. */
enum exchange_known { EXCHANGE_NEW, EXCHANGE_KNOWN, EXCHANGE_PENDING };
enum exchange_known exchange_is_known(struct exchange *x);
/* The sender uses its ids twice: counted, told, and rejected where its source says so. */
void exchange_refuse_reused(struct exchange *x);
/* Copies that come from now on find it. */
void exchange_remember(struct exchange *x);
/* Durable: those that waited for it are answered as it is / it was not stored: nobody is. */
void exchange_answer_copies(struct exchange *x);
void exchange_drop_copies(struct exchange *x);

#endif
