/* journal_priv.h - what the parts of the journal share: the front (journal.c: numbers and order, journal_poll.c: callbacks,
 * journal_notes.c: names and states, journal_age.c), its tables and consumers, and the store behind it (files.c over
 * volumes, memory.c). Everything here belongs to the loop thread, except journal_signal(), which the writer thread calls. */
#ifndef CORRIDOR_JOURNAL_JOURNAL_PRIV_H
#define CORRIDOR_JOURNAL_JOURNAL_PRIV_H

#include "engine/journal/age.h"
#include "engine/journal/consumer.h"
#include "engine/journal/refmap.h"
#include "engine/journal/tables.h"

#include <stdatomic.h>

enum {
    ENTRY_FLAG_FIRST = 1,  /* first of its commit */
    ENTRY_FLAG_LAST = 2,   /* last of its commit: what follows belongs to another one */
    ENTRY_FLAG_PARTED = 4, /* the end of a body whose beginning stands in part entries */
    ENTRY_FLAG_FINAL = 8,  /* the last entry of a checkpoint */
};

/* One entry as a store keeps it. `body` is valid until the next call of the store. */
struct stored {
    struct entry e;
    uint8_t flags;
    uint64_t hint; /* where it stands: opaque outside the store */
};

/* An entry to be laid down: the body is head and body in a row. */
struct put {
    uint64_t seq;
    enum entry_type type;
    uint8_t flags;
    bool
        is_patient; /* nobody waits for it: it may ride with the next commit for some milliseconds */
    struct str head, body;
};

struct store_ops {
    /* Be ready for an entry of `n` bytes of body; true when a checkpoint is due in front of it. */
    bool (*make_room)(struct journal *j, size_t n);
    /* Is there still room for `n` bytes of such an entry? */
    bool (*admits)(struct journal *j, enum entry_type type, uint64_t n);
    /* Lay an entry behind the last one; returns its hint. */
    uint64_t (*lay)(struct journal *j, const struct put *p);
    /* Commit what is laid as soon as the one before is durable. */
    void (*hurry)(struct journal *j);
    /* What has become durable since; 0, or ERR_IO when a commit failed. Commits when there is no thread. */
    int (*poll)(struct journal *j, uint64_t *io_durable);
    /* Wait until everything laid is durable or has failed. */
    int (*drain)(struct journal *j, uint64_t *io_durable);
    /* The first stored entry at or behind c->next and not above `limit`: 1, 0, ERR_DAMAGE, ERR_IO. */
    int (*next)(struct journal *j, struct journal_cursor *c, uint64_t limit, struct stored *out);
    /* Everything below `seq` is settled and durably so. */
    void (*release)(struct journal *j, uint64_t seq);
    uint64_t (*floor)(const struct journal *j);
    /* An unsettled output lives in entry `home` from now on, or does no longer. NULL, as are the two that follow: a
     * store that keeps entries one by one. */
    void (*hold)(struct journal *j, uint64_t home, bool is_in);
    /* Nothing unsettled stands below; exact for what may be let go only. */
    uint64_t (*held_from)(const struct journal *j);
    /* One step of writing again what keeps old volumes. */
    void (*clean)(struct journal *j);
    uint64_t (*recent)(const struct journal *j, uint64_t bytes); /* journal_recent() */
    uint64_t (*newest)(
        const struct journal *j); /* number of the newest volume; 0: there are none */
    uint64_t (*live_end)(const struct journal *j); /* durable bytes of it */
    void (*close)(struct journal *j);
};

/* An entry on its way to the disk. */
struct waiting {
    uint64_t seq, hint;
    journal_done_fn done;
    void *arg;
    uint32_t bytes, noutputs;
    uint32_t whole; /* bytes of the body with its parts */
};

struct ring {
    struct waiting *v;
    size_t cap, first, n; /* cap: a power of two */
};

struct keys;

struct journal {
    const struct store_ops *ops;
    void *store;
    struct keys *keys; /* what is derived from sealed volumes; NULL: in memory, or only read */
    struct clock clock;
    struct age age;
    int64_t
        age_us; /* by it, as of the last look; what is older than so and so long before may go */
    uint8_t hash_key[16];
    size_t body_max; /* bytes of one entry's body; more is split */
    uint64_t next_seq;
    uint64_t durable;               /* last durable sequence number */
    uint64_t called;                /* last one whose callback has been run */
    uint64_t place;                 /* of the entry whose callback runs */
    uint64_t calling, calling_hint; /* the message whose callback runs now, 0 none */
    uint64_t calling_bytes;         /* of its body */
    uint32_t taken;                 /* outputs of it that were asked for */
    struct ring ring;
    uint64_t waiting_bytes;
    bool is_fenced, in_checkpoint, in_parts;
    bool is_deferring, wants_commit; /* journal_defer(); something waits for journal_commit() */
    bool no_thread;
    int fd;
    atomic_bool is_signalled;
    struct tables tables;
    struct consumer **consumers; /* at destination * 2 + class; NULL: none */
    size_t nconsumers;
    struct consumer *dirty; /* those with outcomes to append */
    struct buf scratch;
    uint64_t checkpoint_seq; /* first entry of the last final one appended */
    uint64_t
        checkpoint_from; /* what a start reads after it: that, or the first message it knows nothing of */
    uint64_t release_seq, release_at; /* floor found when `release_at` was the newest number */
    uint64_t restored;                /* journal_restored() */
    uint64_t keep_from;               /* journal_keep_from(); 0: nothing */
    int error;                        /* journal_error() */
    struct journal_stats stats;
};

/* Shared by both kinds: an eventfd, a hash key, empty tables. */
struct journal *journal_new(struct clock clock, uint64_t (*random)(void *), void *random_arg);
/* Without checkpoint or commit: for an open that failed. Frees the store too. */
void journal_discard(struct journal **j);
/* Make journal_fd() readable; any thread; one system call at most until the next poll. */
void journal_signal(struct journal *j);

/* Append the state of everything, as of this place in the order. */
void journal_checkpoint(struct journal *j);
/* One entry of the front's own, not split. Returns its number. */
uint64_t journal_put(struct journal *j, const struct put *p, const struct waiting *w);

/* What j->scratch holds, as an entry; the buffer is empty then. As journal_append(). */
uint64_t journal_put_scratch(struct journal *j, enum entry_type type, journal_done_fn done,
                             void *arg);

/* Run the callbacks of what is durable. */
void journal_call_durable(struct journal *j);
/* A commit has failed: nothing is taken any more, and of what waits nobody knows. */
void journal_fence(struct journal *j);

/* Owner of the journal's own states. */
#define JOURNAL_OWN STR("journal")

/* How late it is for what is kept by age; looks at the clocks. */
int64_t journal_age(struct journal *j);
/* The same, into the table of states, for a checkpoint. */
void journal_note_age(struct journal *j);
/* Every ten minutes: a start after a crash knows about how late it was. */
void journal_record_age(struct journal *j);
/* At a start, when the states are known. `newest_us`: when the newest volume was begun; 0: there is none. */
void journal_begin_age(struct journal *j, int64_t newest_us);

/* Where the entry appended last stands. */
uint64_t journal_last_hint(const struct journal *j);

/* Write down that the numbers `from` to `to` are lost: degraded until somebody accepts. */
void journal_note_damage(struct journal *j, uint64_t from, uint64_t to);

/* Highest volume whose damage somebody has accepted. */
uint64_t journal_accepted(const struct journal *j);

/* Everything up to here came from a backup. */
void journal_note_restored(struct journal *j, uint64_t through);

/* The next entry whose type is in `mask` (1 << type), put together from its parts, body in `a`. */
int read_next(struct journal *j, struct journal_cursor *c, uint64_t limit, unsigned mask,
              struct arena *a, struct stored *out);

/* What start-up learns from the store's scan. */
struct replay {
    uint64_t checkpoint_seq, checkpoint_hint; /* the last final entry of a checkpoint; 0: none */
    uint64_t end_seq;                         /* last entry that counts */
    bool had_damage;
};
/* Load the last checkpoint and apply what follows. 0, ERR_DAMAGE, ERR_IO. */
int replay_run(struct journal *j, const struct replay *r);

/* clean.c: the outputs in the carry `s` live there from now on. */
void clean_carried(struct journal *j, const struct stored *s, uint64_t seq,
                   const struct entry_message *m, uint32_t bytes);

/* consumer.c, for the other parts */
struct consumer *consumer_get(struct journal *j, uint32_t destination, enum entry_class class);
void consumers_free(struct journal *j);
void consumers_flush(struct journal *j);
void consumers_put(struct journal *j, struct buf *out);
void consumers_get(struct journal *j, struct wire *w);
/* Nothing below is needed by any consumer. */
uint64_t consumers_floor(const struct journal *j);
/* The same where volumes do not count: O(unsettled). */
uint64_t consumers_lowest(const struct journal *j);
void consumer_apply(struct consumer *c, const struct entry_outcome *o);
void consumer_apply_sent(struct consumer *c, uint64_t through);
/* The callback of a message asked for fewer outputs than it has: who was live falls behind. */
void consumers_fall_behind(struct journal *j, const struct waiting *w);
/* Replay has seen a message: who was live stops at its first output for it. */
void consumers_see(struct journal *j, const struct stored *s, const struct entry_message *m);
void consumers_replayed(struct journal *j, uint64_t end_seq);
/* Everything unsettled is held, and counts as perhaps sent: a backup is brought back, and what became of it since is
 * not known. What lies ahead of a cursor follows from journal_note_restored(). */
void consumers_restore(struct journal *j, struct str reason);
/* The oldest number below `first_seq`, where the journal begins now, that a consumer still needs; 0: none. Such an
 * output in a list is one, unless it was carried; such a cursor only if it was written at a good end, and it
 * is moved on. */
uint64_t consumers_lost(struct journal *j, uint64_t first_seq, bool is_exact);
/* After damage: an unsettled output older than a settled one of the same key is under suspicion. */
void consumer_suspect_key(struct consumer *c, uint64_t key, uint64_t settled_seq);
bool consumer_was_settled(const struct consumer *c, uint64_t seq, uint32_t output);
void consumer_remember_settled(struct consumer *c, bool on);
void consumer_check_item(struct consumer *c, uint64_t seq, uint32_t output,
                         const struct entry_output *o);

#endif
