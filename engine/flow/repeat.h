/* repeat.h - step 5, a message that was sent before: how a message is recognised, and what is known of
 * earlier ones after a start. The table itself is dup.h; what happens to a copy is exchange_again.c's.
 * Source: docs/architecture.md "Messages sent again". */
#ifndef CORRIDOR_FLOW_REPEAT_H
#define CORRIDOR_FLOW_REPEAT_H

#include "engine/flow/dup.h"
#include "engine/hl7/hl7.h"
#include "engine/journal/journal.h"

enum {
    REPEAT_IDS_MAX =
        262144, /* ids kept in memory: about 25 MB when full; more only while key files lag */
    REPEAT_LOAD_BYTES = 128 << 20, /* of volumes without a key file that are read at start, about */
};

/* Which message is looked for: received within `window_us` before `now_us`. */
struct repeat_wanted {
    uint64_t id_hash;
    int64_t now_us, window_us;
};

/* What is known of an earlier message of the same id. */
struct repeat_earlier {
    uint64_t body_hash;
    void *pending;      /* its exchange, not answered yet; then nothing else is known */
    bool is_member;     /* of a batch: it was taken, and is answered so */
    struct entry_id id; /* where it is known; else {0, 0} */
    bool is_stored;     /* `reply` is what it was answered */
    struct str reply;
    bool is_part; /* of a message that has, or would have had, this id */
    struct entry_id whole;
    bool
        is_awaited; /* no answer of its destination stands in the journal; then what it waits for: */
    struct entry_ref awaited;
    uint32_t destination; /* name id */
    enum entry_class class;
};

/* What was read last; {.read = {.a = ..}} at first. Copies of the messages of a batch stand in one entry, too. */
struct repeat_book {
    struct journal_read read;
    uint64_t place;              /* that `whole` is about; 0: none */
    struct repeat_earlier whole; /* but for what is of one message */
    uint32_t next;               /* the member behind the one that was found last */
};

/* Keyed hash of (source, MSH-3, MSH-4, MSH-10): entry headers hold no patient data. Never 0. */
uint64_t repeat_id_hash(const uint8_t *secret, uint32_t source, const struct hl7 *m);
/* Hash of all bytes but those of MSH-7: a copy sent again with a new time is the same. `m` NULL: of all. */
uint64_t repeat_body_hash(const uint8_t *secret, struct str raw, const struct hl7 *m);
/* Enter what the end of the journal holds and key files do not answer for, so that a copy resent after a crash is
 * recognised. Reads about 1 GB a second; after an ordinary stop or crash one or two volumes. */
void repeat_load(struct dup *d, struct journal *j);
/* Look for it, first in memory, then through key files. False: there
 * is none. A hit reads the entry, unless the book is open there: 8 KiB, usually from the page cache; a miss
 * see journal_find_id(). *out holds views into the book's arena. */
bool repeat_find(struct dup *d, struct journal *j, struct repeat_book *book,
                 const struct repeat_wanted *want, struct repeat_earlier *out);
/* The acknowledgements in a recorded reply, one or two; returns how many. */
unsigned repeat_replies(struct str recorded, struct str out[2]);
/* The last of them: an accept acknowledgement may stand before it. Empty: there is none. */
struct str repeat_last(struct str recorded);

#endif
