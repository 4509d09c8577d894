/* Opening a journal to read it beside the process that writes it. */
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/recover_priv.h"

#include <stdlib.h>
#include <string.h>

static uint64_t no_random(void *arg)
{
    (void)arg;
    return 0; /* a reader begins no volume */
}

/* Of the volume the writer writes to, what it has told is durable. */
static void stop_at(struct recovery *o, const struct journal_read_conf *conf)
{
    struct survey *s = &o->survey;
    if (s->n && s->v[s->n - 1].number == conf->live_volume) {
        s->v[s->n - 1].last_seq = UINT64_MAX;
        o->live_end = conf->live_end;
    }
}

static int read_back(struct recovery *o, struct journal *j)
{
    struct survey *s = &o->survey;
    j->ops = &FILES_OPS;
    j->store = recover_files(o);
    memcpy(j->hash_key, s->newest.hash_key, 16);
    j->durable = o->end_seq;
    int rc = s->n ? recover_replay(o, j) : 0;
    j->called =
        o->end_seq; /* consumers that replay meets first begin at the beginning, as in revive() */
    s->v = NULL;    /* the files have it */
    return rc;
}

int journal_open_read(const struct journal_read_conf *conf, struct journal **out)
{
    struct journal_conf whole = {.disk = conf->disk, .random = no_random};
    struct recovery o = {.conf = &whole, .only_reads = true};
    o.damages = xcalloc(RECOVER_DAMAGES_MOST, sizeof(*o.damages));
    struct journal *j = NULL;
    o.survey.upto = conf->live_volume; /* what it began since is not looked at */
    int rc = survey_begin(&o.survey, &conf->disk, 0);
    rc = rc == 0 && o.survey.is_foreign ? ERR_TYPE : rc;
    if (rc == 0) {
        stop_at(&o, conf);
        rc = recover_survey_end(&o);
    }
    if (rc == 0) {
        j = journal_new(whole.clock, no_random, NULL);
        rc = read_back(&o, j);
    }
    survey_free(&o.survey);
    free(o.damages);
    if (rc != 0) {
        journal_discard(&j);
        return rc == ERR_NOT_FOUND ? ERR_IO : rc;
    }
    *out = j;
    return 0;
}

bool journal_is_gone(const struct journal *j, uint64_t seq)
{
    return files_is_gone(j, seq);
}

void journal_close_read(struct journal **j)
{
    journal_discard(j);
}
