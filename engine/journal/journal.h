/* journal.h - the durable log: asynchronous append, sequential and random read, consumers.
 * One implementation over volumes on a disk (volume.c and friends) and one in memory stand behind it;
 * no offset or volume shows. Sequence numbers ascend and may have gaps. Used from the loop thread only;
 * the writer thread inside shares only its queue with it. Design: docs/journal-format.md.
 * One turn of the loop: when journal_fd() is readable call journal_poll(), which appends the outcomes that
 * wait, runs the callbacks of what is durable in order of sequence number, and lets settled volumes go. In
 * the callback of a message ask consumer_take_live() for each of its outputs there is room for; afterwards
 * call consumer_next() for whoever is behind. An append starts a commit at once when the writer is idle;
 * outcomes wait up to 3 ms for company, so do not wait for one before going on with another message. */
#ifndef CORRIDOR_JOURNAL_JOURNAL_H
#define CORRIDOR_JOURNAL_JOURNAL_H

#include "engine/base/clock.h"
#include "engine/base/diag.h"
#include "engine/base/histogram.h"
#include "engine/journal/disk.h"
#include "engine/journal/entry.h"

struct journal;
struct consumer;

enum {
    JOURNAL_BODY_MAX = 64 << 20, /* bytes of one entry, parts together: more is REFUSED */
    JOURNAL_WAITING_MAX = 8192,  /* entries not yet durable, beyond which journal_is_full() */
    JOURNAL_WAITING_BYTES = 32 << 20,
};

enum journal_status {
    JOURNAL_STORED,  /* on stable storage */
    JOURNAL_REFUSED, /* nothing was written: no space, too large */
    JOURNAL_UNKNOWN, /* a write or sync failed: nobody may be answered, the process must end */
};

struct journal_conf {
    struct disk disk;
    uint64_t volume_bytes;     /* 4 to 256 MiB; 0: 64 MiB. Tests may go down to 64 KiB */
    uint64_t checkpoint_bytes; /* repeat a checkpoint after so many; 0: 16 MiB */
    /* Bound of the volumes and three spares, six volumes at least; 0: none. Settled ones go first, whatever
     * their age; beyond it messages are REFUSED. Up to two more spares may stand beside. */
    uint64_t disk_bytes;
    int64_t retention_us; /* settled volumes older than this may go; 0: as soon as settled */
    uint64_t leap;  /* numbers left out at this start; 0: as many as a crash could have cut off */
    bool zeroed;    /* prepare spares by writing zeroes (default) instead of allocating only */
    bool no_thread; /* commit only inside journal_poll(): tests on the simulated disk */
    struct clock clock;
    uint64_t (*random)(void *arg);
    void *random_arg;
};

/* What start-up found, for the log and for `status`. */
struct journal_report {
    uint64_t entries, first_seq, last_seq; /* last_seq 0: an empty journal */
    uint64_t torn_bytes;                   /* an unfinished last commit: normal after a crash */
    uint64_t damaged_from, damaged_to;     /* sequence numbers lost to damage; 0: none */
    bool degraded;
    uint64_t volumes;
    int64_t took_us;
};

/* Open or create; recover. 0, ERR_STATE when another process holds it, ERR_IO, ERR_DAMAGE (not
 * readable by this version), ERR_SPACE; a finding says what and what to do. */
int journal_open(const struct journal_conf *conf, struct diags *d, struct journal **out,
                 struct journal_report *out_report);
/* Where a reader stands: files that another process may be writing. */
struct journal_read_conf {
    struct disk disk;
    uint64_t live_volume,
        live_end; /* how far the writer lets readers go, from verify_live(); 0: it is stopped */
};
/* Open for reading only: no lock is taken, nothing is written, the writer is not disturbed. What was durable
 * then is what it shows: journal_next(), journal_read(), journal_name_text(), journal_floor(), _durable(),
 * _recent() and consumer_unsettled() may be used, nothing else. The writer may let old volumes go meanwhile:
 * reading them ends in ERR_DAMAGE or ERR_IO, and journal_is_gone() tells that from damage. 0, ERR_IO,
 * ERR_TYPE when a newer version wrote it. Cost: as journal_open(), the newest volume and what follows its
 * checkpoint. */
int journal_open_read(const struct journal_read_conf *conf, struct journal **out);
/* Has the volume that held `seq` been let go since? */
bool journal_is_gone(const struct journal *j, uint64_t seq);
void journal_close_read(struct journal **j);
/* The second implementation: everything in memory, nothing survives. `no_thread` semantics. */
int journal_open_memory(const struct journal_conf *conf, struct journal **out);
/* Write a checkpoint, commit everything, call what waits, stop the writer, release. The consumers of
 * `*j` end with it. */
void journal_close(struct journal **j);

typedef void (*journal_done_fn)(void *arg, enum journal_status status, uint64_t seq);

/* Queue one entry body for the next commit. Returns its sequence number, or 0: REFUSED, nothing was
 * queued and `done` is not called. `done` (may be NULL) is called from journal_poll() when the entry is
 * durable or its commit failed, in order of sequence number. A body over 1 MiB is split into part
 * entries; it counts only with its last one. Copies `body`. O(body). */
uint64_t journal_append(struct journal *j, enum entry_type type, struct str body,
                        journal_done_fn done, void *arg);
/* The same for a message value. */
uint64_t journal_append_message(struct journal *j, const struct entry_message *m,
                                journal_done_fn done, void *arg);
/* From now on entries wait for journal_commit(), at most some milliseconds: what one turn of a loop takes
 * is then one commit, where the first entry alone would have begun one. */
void journal_defer(struct journal *j);
/* Commit what was appended as soon as the commit before it is durable. Nothing when there is nothing. */
void journal_commit(struct journal *j);
/* True while more than 32 MiB or 8,192 entries wait: stop reading from sources. */
bool journal_is_full(const struct journal *j);
/* Readable when journal_poll() has something to do (level triggered; do not read it). */
int journal_fd(const struct journal *j);
/* Append outcomes that wait, run the callbacks of what became durable, in order. Not to be called from
 * a callback; callbacks may append and use consumers. 0, or ERR_IO once a commit failed: everything
 * that waited got UNKNOWN, further appends return 0, for ever; the process must end. */
int journal_poll(struct journal *j);
/* Why a commit failed, as -errno; 0: none has, or it is not known. */
int journal_error(const struct journal *j);
/* Last durable sequence number. */
uint64_t journal_durable(const struct journal *j);
/* Oldest sequence number still kept. */
uint64_t journal_floor(const struct journal *j);
/* A sequence number to start reading at so that about the last `bytes` of the journal follow, or more. */
uint64_t journal_recent(const struct journal *j, uint64_t bytes);

/* Sequential reading of durable entries, in order. {.next = 0} starts at the floor. */
struct journal_cursor {
    uint64_t next;    /* sequence number wanted next (or the first after it that exists) */
    uint64_t hint[2]; /* private */
};
/* 1 and an entry (in `a`; parts are put together, so PART, CHECKPOINT and END never show), 0 when
 * nothing further is durable, ERR_DAMAGE (cursor stands behind the damage), ERR_IO. */
int journal_next(struct journal *j, struct journal_cursor *c, struct arena *a, struct entry *out);
/* One entry by number. 0, ERR_NOT_FOUND, ERR_DAMAGE, ERR_IO. O(log volumes + entries since a hint). */
int journal_read(struct journal *j, uint64_t seq, uint64_t hint, struct arena *a,
                 struct entry *out);

/* Where an entry stands, in one word, for reading it again at once: entry.place, or in the callback of an entry
 * journal_place(). 0: not known. It holds as long as its volume is kept. */
uint64_t journal_place(const struct journal *j);
/* The entry there. 0, ERR_NOT_FOUND, ERR_DAMAGE, ERR_IO. One read of 8 KiB, or as long as the entry. */
int journal_read_place(struct journal *j, uint64_t place, struct arena *a, struct entry *out);

/* Ids of messages (entry_message.id_hash) that were received within `window_us` will be asked for; 0: none. */
void journal_keep_ids(struct journal *j, int64_t window_us);
/* Key files answer for ids that stand before this place; who asks must itself remember what stands there or
 * behind it. UINT64_MAX: there are no key files. Rises while they are built, in the background. */
uint64_t journal_ids_from(const struct journal *j);
/* At start, once: the sequence number to read from so that what key files do not answer for is read, but of
 * old volumes without one not much more than `bytes`: those follow as their files are made. */
uint64_t journal_ids_start(struct journal *j, uint64_t bytes);
/* Sealed volumes whose ids nobody answers for yet: their key files are to be made again. */
uint64_t journal_ids_missing(const struct journal *j);
/* journal_find_id() will be asked soon: have what it looks at near. */
void journal_prefetch_id(const struct journal *j, uint64_t id_hash);
/* The newest message with this id that was not rejected, received at or after `since_us` and answered for by
 * key files: 1 and the message (in `a`) with its place, or 0. A miss is memory only, but for about one in 30
 * that reads three pages of 4 KiB; a hit reads those and the message. */
int journal_find_id(struct journal *j, uint64_t id_hash, int64_t since_us, struct arena *a,
                    struct entry_message *out, uint64_t *out_place);
/* The message that was read last: many that are looked for may stand in one entry, which is read once. */
struct journal_read {
    struct arena *a; /* what it is read into */
    bool is_alone;   /* nothing else is in it: one message at a time */
    uint64_t place;  /* 0: none was read */
    struct entry e;
    struct entry_message m;
};
/* Have r->e and r->m be the message at `place`. 0, or ERR_*: it is none, or cannot be read. */
int journal_reread(struct journal *j, uint64_t place, struct journal_read *r);
/* As journal_find_id(), into r. */
int journal_find_message(struct journal *j, uint64_t id_hash, int64_t since_us,
                         struct journal_read *r);

/* Names get small ids that never change. Kinds keep apart what is called the same. */
enum journal_kind { JOURNAL_SOURCE, JOURNAL_DESTINATION, JOURNAL_ROUTE };
/* The id of `name`, giving it one (and an entry) when it is new. 0 when the journal is fenced, or the
 * name empty or over 4 KiB. */
uint32_t journal_name(struct journal *j, enum journal_kind kind, struct str name);
/* The same without giving one: 0 when it is not known. */
uint32_t journal_name_id(const struct journal *j, enum journal_kind kind, struct str name);
/* Call `id` by another name from now on; what it was called is free for another id. False when that name is
 * another one's. What is derived from names keeps to the first one: journal_name_first(). */
bool journal_rename(struct journal *j, enum journal_kind kind, uint32_t id, struct str name);
struct str journal_name_first(const struct journal *j, enum journal_kind kind, uint32_t id);
/* "" when unknown. */
struct str journal_name_text(const struct journal *j, enum journal_kind kind, uint32_t id);
/* A small durable value: the last one set wins; part of every checkpoint. Empty: forgotten. Shows at
 * once; `done` (may be NULL) as in journal_append(), or REFUSED before it returns. Owner without NUL,
 * owner and key together under 4 KiB. */
void journal_state_set(struct journal *j, struct str owner, struct str key, struct str value,
                       journal_done_fn done, void *arg);
struct str journal_state(const struct journal *j, struct str owner, struct str key);
/* Walk the states of an owner, in no order: start with *cursor 0; false at the end. None may be set meanwhile.
 * O(states). */
bool journal_state_next(const struct journal *j, struct str owner, size_t *cursor,
                        struct str *out_key, struct str *out_value);
/* What stands at `seq` or behind it is kept though it is settled, whatever its age and for want of room; 0: nothing is.
 * For what is needed a short while only. Not remembered over a start. */
void journal_keep_from(struct journal *j, uint64_t seq);

/* A key for SipHash that hides control ids and ordering keys in entry headers; fixed per journal. */
const uint8_t *journal_hash_key(const struct journal *j); /* 16 bytes */

/* A destination's forward cursor over the journal and what is unsettled behind it. Created on first
 * use, recovered from checkpoints. Class keeps interactive and bulk apart. */
struct consumer *journal_consumer(struct journal *j, uint32_t destination, enum entry_class class);

/* Room, for `status` and for events. */
struct journal_space {
    uint64_t bytes,
        bound; /* of all volumes; what they may have with what is prepared, 0: no bound */
    uint64_t volumes;
    uint64_t cut;     /* settled volumes that went before their time, for want of room */
    uint64_t carried; /* outputs written again so that their volume could go */
    bool is_full;     /* messages are refused */
    bool is_stuck;    /* a settled volume would not go: none does until the next start */
};
void journal_space(const struct journal *j, struct journal_space *out);
/* What was committed since the start; all zero in memory. */
struct journal_stats {
    struct histogram sync;    /* HISTOGRAM_TIME: how long fdatasync took */
    struct histogram entries; /* HISTOGRAM_COUNT: of one commit */
    uint64_t bytes;           /* written */
};
const struct journal_stats *journal_stats(const struct journal *j);
/* How long the writer has been at work on the commit that is under way, in microseconds; 0: there is none. */
int64_t journal_busy_us(const struct journal *j);
/* Has the wall clock made a step of over an hour, or come up at another time than the journal ended at? Then nothing
 * goes for its age until somebody accepts the clock, or it is back. *out_step_us: by how much; may be NULL. */
bool journal_is_clock_doubted(const struct journal *j, int64_t *out_step_us);
void journal_accept_clock(struct journal *j);
/* Now and then, though nothing happens: what is old enough may go. */
void journal_tick(struct journal *j);

/* Damage was found by this start or an earlier one and nobody has accepted it yet. */
bool journal_is_degraded(const struct journal *j);
/* The journal was made from a backup: outputs up to this number that nothing is recorded of since are held until a
 * person releases them. 0: it was not. */
uint64_t journal_restored(const struct journal *j);
/* `verify --accept`: a person has seen it. What is held as suspect stays held until released. */
void journal_accept_damage(struct journal *j);

#endif
