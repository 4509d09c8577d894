/* recover_priv.h - what the files of recovery share: recover.c (opening for writing), recover_read.c (for reading beside a
 * writer), recover_state.c (what stands on the disk becomes the state) and recover_damage.c (what is lost). */
#ifndef CORRIDOR_JOURNAL_RECOVER_PRIV_H
#define CORRIDOR_JOURNAL_RECOVER_PRIV_H

#include "engine/journal/files.h"
#include "engine/journal/journal.h"
#include "engine/journal/survey.h"

enum { RECOVER_DAMAGES_MOST = 1000 };

/* One opening of a journal. */
struct recovery {
    const struct journal_conf *conf;
    struct diags *d;
    struct journal_report *report;
    struct survey survey;
    struct survey_damage *damages;
    size_t ndamages;
    uint64_t end_seq; /* last entry that counts */
    uint64_t
        live_end; /* reading beside a writer: durable bytes of the newest volume; 0: nobody writes */
    bool only_reads;
    bool ended; /* the newest volume was closed in good order */
    uint64_t
        is_behind; /* volumes up to this number were begun, and those here are older; 0: they are not */
};

/* recover_damage.c: noted, up to RECOVER_DAMAGES_MOST. */
void recover_add_damage(struct recovery *o, const struct survey_damage *one);
/* Volumes that cannot be read lie between what stands before and behind them. */
void recover_place_lost(struct recovery *o);
/* What is missing behind the last entry would look like a crash otherwise. */
void recover_find_missing_end(struct recovery *o);
/* Volumes that went though something in them is unsettled. */
void recover_find_missing_beginning(struct recovery *o, struct journal *j);
bool recover_has_damage_behind(const struct recovery *o, uint64_t seq);
/* What was found, into the report, and damage that nobody has accepted as findings. */
void recover_report(struct recovery *o, struct journal *j);

/* recover_state.c: the survey's last step: where the newest entries end. 0, ERR_IO. */
int recover_survey_end(struct recovery *o);
/* The store over the volumes that were found; it takes them. */
struct files *recover_files(struct recovery *o);
/* The newest checkpoint that can be read, and what follows; without any, all that is there. 0, or ERR_*. */
int recover_replay(struct recovery *o, struct journal *j);

#endif
