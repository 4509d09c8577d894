/* history.h - what the journal holds of messages and what became of their outputs, for commands that look
 * at it: stopped, or beside the running daemon up to what is durable. Reads only, newest piece first, so
 * that a look at the last messages costs the same however long the journal is. One thread.
 * Memory: the outcomes of one piece (4 to 64 MiB of journal), and those whose messages stand further back. */
#ifndef CORRIDOR_OPS_HISTORY_H
#define CORRIDOR_OPS_HISTORY_H

#include "engine/base/map.h"
#include "engine/journal/consumer.h"
#include "engine/journal/keys_view.h"
#include "engine/ops/command.h"

enum history_state {
    HISTORY_DELIVERED,
    HISTORY_REFUSED,
    HISTORY_HELD,
    HISTORY_DROPPED,
    HISTORY_WAITING,
};

/* An output as it stands now. */
struct history_output {
    enum history_state state;
    uint32_t attempt; /* 0: none is recorded */
    int64_t at_us;    /* since when; 0: since the message came */
    struct str why;   /* of a held or refused one: the reason, or the peer's code; never content */
};

struct history_note;

struct history {
    struct command_run *run;
    struct journal *journal;
    struct keys_view *view;
    struct disk disk;
    const char *dir;
    uint64_t from, upto; /* the piece: entries from <= seq < upto */
    uint64_t bytes;      /* of the journal that were asked for so far */
    uint64_t damaged;    /* places that could not be read */
    int64_t newest_us;   /* receipt of the newest message of the piece; 0: it has none */
    bool is_over;        /* the beginning was reached */
    bool shows_progress;
    struct map64 by_seq;  /* message to its newest note, index + 1 */
    struct map64 carried; /* messages told that stand only in a carry */
    struct history_note *notes;
    size_t nnotes, cap;
    uint32_t piece;
    struct arena texts;
};

/* Return false to stop. The message is valid until then. Of one whose volume was cleaned only those outputs are
 * there that were unsettled then: history_has_output() of the others is false. */
typedef bool (*history_message_fn)(void *arg, uint64_t seq, const struct entry_message *m);
typedef bool (*history_outcome_fn)(void *arg, const struct entry_outcome *o);

/* Open the journal below the state directory. 0, or COMMAND_CANNOT after saying why. */
int history_open(struct command_run *r, const char *state, struct history *out);
void history_close(struct history *h);

/* Move one piece back: 1, 0 when there is none, COMMAND_CANNOT after saying why. */
int history_back(struct history *h);
/* Another way through it, volume by volume: make volume `i` of `view` the piece. */
void history_span(struct history *h, size_t i);
/* Learn what became of the outputs of message `seq`, from the key files of its volume and later ones; what
 * volumes without one say is history_learn()'s. 0 or COMMAND_CANNOT. Some microseconds. */
int history_settle(struct history *h, uint64_t seq);
/* Is anything known of outputs of message `seq`? */
bool history_knows(const struct history *h, uint64_t seq);
/* Learn what became of outputs from this piece; call it for every piece before history_output(). */
int history_learn(struct history *h);
/* Is it a message to be told? One that was carried is when the entry it came in is gone, and once. */
bool history_is_told(struct history *h, struct arena *a, const struct entry *e, uint64_t *out_seq,
                     struct entry_message *out);
/* The messages of the piece, oldest first. 0 or COMMAND_CANNOT. */
int history_messages(struct history *h, history_message_fn fn, void *arg);
/* All messages instead, oldest first, from the first volume on that may hold one received at or after `since_us`.
 * A volume that goes meanwhile is passed over. 0 or COMMAND_CANNOT. */
int history_forward(struct history *h, int64_t since_us, history_message_fn fn, void *arg);
/* The outcomes recorded for message `seq`, from there to the end of the journal. 0 or COMMAND_CANNOT. */
int history_outcomes(struct history *h, uint64_t seq, history_outcome_fn fn, void *arg);
static inline bool history_has_output(const struct entry_message *m, uint32_t i)
{
    return m->outputs[i].destination > 0;
}
/* How output `i` of message `seq` stands. */
struct history_output history_output(const struct history *h, uint64_t seq,
                                     const struct entry_message *m, uint32_t i);
/* "damage" and the like, told once at the end on standard error. */
void history_remark(const struct history *h);

/* A point in time: how long ago (30s, 5m, 2h, 7d), a date, or RFC 3339 with or without its zone (then
 * UTC). False: neither. */
bool history_time(struct str s, int64_t now_us, int64_t *out_us);
/* What --since and --until ask for: received at or after, and before; empty texts: no bound. 0, or COMMAND_CANNOT
 * after saying which is no time. */
int history_window(const struct command_run *r, struct str since, struct str until,
                   int64_t *out_since_us, int64_t *out_until_us);
const char *history_status_text(enum entry_status s);
const char *history_state_text(enum history_state s);
const char *history_verdict_text(enum entry_verdict v);
/* What a peer itself answered, line by line, each behind `before`; of bytes that are no text only those before them. Patient data. */
void history_answer_put(struct buf *out, struct str reply, const char *before);
/* What a reply says without what it quotes: "AA", "CA AA", "HTTP 400", or text of our own; "" for none. In `a`. */
struct str history_reply_text(struct arena *a, struct str reply);

#endif
