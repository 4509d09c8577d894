/* model.h - what a journal must answer for, kept beside it: which messages were begun, which were
 * acknowledged, what was settled, what was seen durable. After a crash the journal is held against it.
 * One model lives through many crashes of one simulated disk. */
#ifndef CORRIDOR_CRASH_MODEL_H
#define CORRIDOR_CRASH_MODEL_H

#include "engine/journal/consumer.h"
#include "tests/support/journal_kit.h"
#include "tests/support/simdisk.h"

enum { MODEL_MESSAGES = 4096, MODEL_STATES = 8 };

enum model_fate { MODEL_NEVER, MODEL_BEGUN, MODEL_STORED };

struct model_message {
    enum model_fate fate;
    uint64_t seq;
    uint64_t outcome_seq; /* entry of its final outcome; 0: none was recorded */
    uint64_t reopen_seq;  /* entry that opened it again; 0: none, or durable since */
    bool is_settled;      /* durably */
};

struct model {
    struct kit kit;
    struct simdisk *disk;
    struct journal *j;
    struct consumer *c;
    uint32_t lab;
    struct arena arena;
    struct model_message v[MODEL_MESSAGES];
    uint32_t n;       /* messages begun */
    uint64_t highest; /* sequence number that anybody ever saw */
    uint64_t floor;   /* highest ever seen: what is settled below it may go */
    uint64_t states_begun, states_stored;
    uint64_t volume_bytes;
    uint64_t
        disk_bytes; /* bound of the journal, which is then the only reason to let anything go */
    uint32_t keeps_every; /* each so manieth message is never settled; 0: none */
    bool had_unknown;
    bool keeps;          /* settled volumes stay, and with them their key files */
    uint64_t ids_found;  /* through key files */
    bool looks_away;     /* do not check at the next opening: the disk is to die in it */
    const char *failure; /* first thing that was wrong */
    char text[160];
};

void model_begin(struct model *m, uint64_t seed, uint64_t volume_bytes);
/* A copy with a copy of the disk: for trying several ends of one story. No journal is open in it. */
struct model *model_copy(const struct model *m);
void model_end(struct model *m);

/* Open and hold what is there against the model. False when the journal will not open (an error of the
 * disk: look at `rc`) or something is wrong (see `failure`). */
bool model_open(struct model *m, int *out_rc);
/* The process is gone, without a word. */
void model_kill(struct model *m);
/* Do `steps` things at random: append, settle, open again, poll, set a state. Ends early when the journal is fenced. */
void model_run(struct model *m, unsigned steps, uint64_t seed);

#endif
