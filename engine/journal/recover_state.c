/* What stands on the disk becomes the state: where the entries end, the volumes as a store, and the replay. */
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/recover_priv.h"

#include <fcntl.h>
#include <string.h>

static void drop_cache(const struct disk *d, uint64_t number)
{
    char name[32];
    volume_name(number, name);
    int file = d->open(d->arg, name, O_RDONLY);
    if (file >= 0) {
        (void)d->drop_cache(d->arg, file); /* the device is asked where the system allows */
        (void)d->close(d->arg, file);      /* read only */
    }
}

static void on_damage_found(void *ctx, const struct survey_damage *one)
{
    recover_add_damage(ctx, one);
}

int recover_survey_end(struct recovery *o)
{
    struct survey *s = &o->survey;
    const struct disk *d = &o->conf->disk;
    for (size_t i = s->n > 2 ? s->n - 2 : 0; i < s->n && !o->only_reads; i++) {
        drop_cache(d, s->v[i].number);
    }
    s->on_damage = on_damage_found;
    s->ctx = o;
    for (size_t i = 0; i + 1 < s->n; i++) { /* those whose end no successor tells */
        if (!s->v[i].is_lost && s->v[i].last_seq == UINT64_MAX && survey_volume(s, i, 0) != 0) {
            return ERR_IO;
        }
    }
    if (s->n && survey_volume(s, s->n - 1, o->live_end) != 0) {
        return ERR_IO;
    }
    recover_place_lost(o);
    o->end_seq = s->n ? s->v[s->n - 1].last_seq : 0;
    o->ended = s->ended;
    return 0;
}

static void forget(struct journal *j)
{
    tables_free(&j->tables);
    consumers_free(j);
    files_forget(j);
    j->checkpoint_seq = j->checkpoint_from = 0;
}

static int replay_from(struct recovery *o, struct journal *j, struct survey_checkpoint c)
{
    struct replay r = {c.seq, c.hint, o->end_seq, recover_has_damage_behind(o, c.seq)};
    int rc = replay_run(j, &r);
    if (rc == ERR_DAMAGE) {
        forget(j);
    }
    return rc;
}

int recover_replay(struct recovery *o, struct journal *j)
{
    struct survey *s = &o->survey;
    uint64_t newest_entries = s->entries;
    for (size_t i = s->n; i-- > 0;) {
        if (i + 1 < s->n && survey_volume(s, i, 0) != 0) {
            return ERR_IO;
        }
        for (size_t k = s->ncheckpoints; k-- > 0;) {
            int rc = replay_from(o, j, s->checkpoints[k]);
            if (rc != ERR_DAMAGE) {
                return rc;
            }
        }
    }
    if (newest_entries && s->n) {
        recover_add_damage(o, &(struct survey_damage){.number = s->v[0].number,
                                                      .from = s->v[0].first_seq,
                                                      .to = s->v[0].first_seq});
    }
    return replay_from(o, j, (struct survey_checkpoint){0});
}

struct files *recover_files(struct recovery *o)
{
    const struct journal_conf *c = o->conf;
    struct survey *s = &o->survey;
    struct files *f = X_NEW(struct files);
    f->disk = c->disk;
    f->is_reader = o->only_reads;
    f->volume_bytes = c->volume_bytes ? c->volume_bytes : 64u << 20;
    f->checkpoint_bytes = c->checkpoint_bytes ? c->checkpoint_bytes : 16u << 20;
    f->retention_us = c->retention_us;
    uint64_t least = f->volume_bytes * FILES_VOLUMES_LEAST;
    f->disk_bytes = c->disk_bytes && c->disk_bytes < least ? least : c->disk_bytes;
    for (size_t i = 0; i < s->n; i++) {
        f->bytes += s->v[i].size;
    }
    f->random = c->random;
    f->random_arg = c->random_arg;
    f->v = s->v;
    f->n = f->cap = s->n;
    for (size_t i = 0; i < 2; i++) {
        wire_store64(f->journal_id + 8 * i, c->random(c->random_arg));
    }
    if (s->newest.number) {
        memcpy(f->journal_id, s->newest.journal_id, 16);
    }
    f->laid = f->n ? f->v[f->n - 1].end : 0;
    return f;
}
