/* files.h - the store over volumes: its front half, on the loop thread. It knows where every entry is
 * laid, decides when a volume is full, reads, and finds volumes that nobody needs. The writer (writer.h)
 * does what touches the disk on the way of a message; recovery (recover.c) what touches it at start. */
#ifndef CORRIDOR_JOURNAL_FILES_H
#define CORRIDOR_JOURNAL_FILES_H

#include "engine/journal/scan.h"
#include "engine/journal/writer.h"

enum {
    FILES_VOLUMES_LEAST = 6,
    /* of any bound */ FILES_WINDOWS = 4,
    FILES_OPEN_MOST = 16,
    FILES_SEQ_GAP = 1 << 20
};

/* Numbers left out where the journal may have gone on elsewhere: a hundred thousand a second for 127 days. */
#define FILES_SEQ_LEAP ((uint64_t)1 << 40)

struct volume {
    uint64_t number, salt, first_seq, last_seq, first_commit;
    uint64_t end; /* behind the last entry that counts; of the newest volume: that is durable */
    uint64_t size;
    int64_t sealed_us; /* when the next one began */
    int file;          /* for reading; -1: not open */
    bool continues;    /* begins inside a body in parts */
    bool has_records;  /* holds more than the journal's own entries */
    bool is_lost;      /* its header cannot be read */
    uint32_t items;    /* unsettled outputs that stand in it and are behind a cursor */
    uint64_t live;     /* bytes of entries that were unsettled when somebody last looked, */
    int64_t looked_us; /* then, by the monotonic clock; 0: never */
    uint32_t looked_items;
};

/* Writing again what keeps old volumes: what it is at. */
enum clean_state { CLEAN_IDLE, CLEAN_SURVEY, CLEAN_CARRY };

struct clean {
    enum clean_state state;
    struct journal_cursor at;
    uint64_t number;      /* of the volume that is looked at */
    uint64_t upto;        /* its last sequence number; the last to be carried */
    uint64_t sum;         /* unsettled bytes in it so far */
    uint64_t live, bytes; /* of the volumes before it */
    uint64_t best_live, best_bytes,
        best; /* where they were least unsettled, and the last volume of that run */
    int64_t not_before_us;
    uint64_t newest; /* volume when it was last given up: another one is a reason to look again */
    struct buf body;
};

struct files {
    struct disk disk;
    struct writer *writer;
    struct volume *v; /* by number */
    size_t n, cap;
    uint8_t journal_id[16];
    uint64_t volume_bytes, checkpoint_bytes;
    uint64_t disk_bytes; /* bound of the journal; 0: none */
    uint64_t bytes;      /* of all volumes */
    int64_t retention_us;
    uint64_t (*random)(void *arg);
    void *random_arg;
    uint64_t laid; /* offset behind the last entry laid in the newest volume */
    uint64_t since_checkpoint, checkpoint_size;
    bool is_due;    /* a checkpoint */
    bool is_reader; /* beside the writer: what it reads may be let go, and is locked */
    struct scan windows[FILES_WINDOWS];
    struct scan peek; /* for reading one entry here and there */
    uint64_t reads;
    struct clean clean;
    struct journal_space space;
};

extern const struct store_ops FILES_OPS;

/* A new, newest volume begins with the next entry. */
void files_rotate(struct journal *j);
struct volume *files_add(struct files *f);
/* Volume `number`, or NULL. O(log volumes). */
struct volume *files_by_number(const struct files *f, uint64_t number);
void files_free(struct files *f);
/* Does the volume that holds `seq` stand no longer where it stood, or is it another one now? */
bool files_is_gone(const struct journal *j, uint64_t seq);

/* What volumes hold is to be counted anew. */
void files_forget(struct journal *j);
/* Where a body in parts crosses from one volume to the next, they go together: the last of those from `i` on. */
size_t files_group(const struct files *f, size_t i);
/* May volume `i` go once it is settled, with `bytes` of volumes kept until then? */
bool files_may_go(const struct journal *j, size_t i, uint64_t bytes);
/* Is room running out? */
bool files_is_pressed(const struct journal *j);
/* clean.c: a step of it */
void files_clean(struct journal *j);

#endif
