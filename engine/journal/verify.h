/* verify.h - read a journal from end to end and say what is wrong with it. Reads only: of a stopped
 * journal everything, of a running one up to what is durable. Any thread that owns `disk`; slow: it
 * reads every byte. What it finds is told volume by volume. */
#ifndef CORRIDOR_JOURNAL_VERIFY_H
#define CORRIDOR_JOURNAL_VERIFY_H

#include "engine/journal/journal.h"

struct verify_conf {
    struct disk disk;
    uint64_t live_volume, live_end; /* of a running journal, from verify_live(); 0: it is stopped */
    /* Sequence numbers `from` to `to` of the volume cannot be read; `to` below `from`: only one of the two
     * copies of its header cannot, and nothing is lost by that. May be NULL. */
    void (*on_damage)(void *arg, const char *volume, uint64_t from, uint64_t to);
    /* `done` of `all` volumes are read. May be NULL. */
    void (*on_progress)(void *arg, uint64_t done, uint64_t all);
    void *arg;
};

struct verify_result {
    uint64_t volumes, entries, bytes;
    uint64_t damages, lost; /* damaged places; sequence numbers in them */
    uint64_t torn_bytes;    /* an unfinished last commit: normal after a crash */
    uint64_t first_seq, last_seq;
    uint64_t outputs, unsettled; /* in what is kept; unsettled is exact when nothing is damaged */
};

/* 0 (also when damage was found: see the result), ERR_IO, ERR_TYPE when a newer version wrote it. */
int journal_verify(const struct verify_conf *conf, struct verify_result *out);
/* Up to where may another reader go? Loop thread; hand the two numbers to whoever verifies. */
void verify_live(const struct journal *j, uint64_t *out_volume, uint64_t *out_end);

#endif
