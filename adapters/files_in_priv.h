/* files_in_priv.h - what the files of a directory as a source share: files_in.c (the source, its looks), files_in_offer.c
 * (messages of a file) and files_in_answer.c (what becomes of them). Loop thread. */
#ifndef CORRIDOR_ADAPTERS_FILES_IN_PRIV_H
#define CORRIDOR_ADAPTERS_FILES_IN_PRIV_H

#include "adapters/files.h"
#include "adapters/files_data.h"
#include "adapters/files_look.h"
#include "engine/hl7/batch.h"

struct event;

struct files_in {
    struct source *source;
    struct endpoint *ep;
    struct files_worker *worker;
    struct files_memory memory; /* the thread's while a job is with it */
    struct event *timer;
    bool is_paused, is_draining, is_offering, is_with_worker;
    int told; /* errno of the trouble that was last told; 0: none since all was well */
    /* the file under way */
    struct files_look *file; /* NULL: none */
    struct arena arena;      /* its text as UTF-8 */
    struct batch batch;
    struct files_data data; /* in place of it: the file holds FHIR or JSON */
    bool is_data, is_turned_away;
    struct buf message; /* to be offered: segments ended by CR, or a document */
    struct buf key;     /* of a document */
    bool has_message;   /* it was paused */
    bool is_over;       /* all of it was offered */
    uint32_t line;      /* of the message offered */
    unsigned waiting;   /* replies */
    unsigned accepted, rejected, strays;
    struct buf why;
};

static inline const struct files_in_conf *files_in_conf_of(const struct files_in *in)
{
    return in->ep->conf;
}

/* files_in.c: a new look with the settings of now, the caller's; and give it to the thread. */
struct files_look *files_in_look(struct files_in *in);
void files_in_hand_over(struct files_in *in, struct files_look *l);
/* Look again after `poll`. */
void files_in_wait(struct files_in *in);

/* files_in_offer.c: `l` has been read, and is taken. */
void files_in_begin(struct files_in *in, struct files_look *l);
/* Offer what is left of the file, until the source pauses. */
void files_in_offer_rest(struct files_in *in);

/* files_in_answer.c: put the file away when all of it is answered. */
void files_in_end_if_over(struct files_in *in);
/* As of struct source_ops. */
void files_in_reply(struct source *s, void *conn, uint64_t token, const struct str *replies,
                    unsigned n);
void files_in_turn_away(struct source *s, void *conn, uint64_t token, const struct str *replies,
                        unsigned n);
void files_in_answer(struct source *s, void *conn, uint64_t token, const struct exchange_answer *a);

#endif
