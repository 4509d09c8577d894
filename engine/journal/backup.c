#include "engine/journal/backup.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/copy.h"
#include "engine/journal/survey.h"

#include <errno.h>
#include <stdlib.h>

enum { ROUNDS_MOST = 20 };

struct backup {
    const struct backup_conf *conf;
    struct diags *d;
    struct arena arena;
    struct manifest old, new; /* `old` grows with what is copied: the next round need not again */
    struct survey survey;
    struct backup_result r;
    bool has_lost; /* a volume was let go before it was copied */
    uint64_t done, all;
};

static int say(const struct backup *b, int rc, const char *code, const char *what, const char *hint)
{
    diag_hint(b->d, diag_add(b->d, DIAG_ERROR, code, DIAG_NOWHERE, "%s", what), "%s", hint);
    return rc;
}

static int say_errno(const struct backup *b, int rc, const char *what)
{
    bool is_full = rc == -ENOSPC || rc == -EDQUOT;
    diag_hint(b->d,
              diag_add(b->d, DIAG_ERROR, is_full ? "backup-no-space" : "backup-unwritable",
                       DIAG_NOWHERE, "%s: %s", what, strerror(-rc)),
              "%s",
              is_full ? "make room; the backup before this one still holds"
                      : "check the device and the rights of the backup's directory");
    return is_full ? ERR_SPACE : ERR_IO;
}

/* ---- before ---- */

static int load_manifest(struct backup *b)
{
    const struct disk *to = &b->conf->to;
    int rc = manifest_read(to, &b->arena, &b->old);
    if (rc == 0) {
        return 0;
    }
    if (rc != ERR_NOT_FOUND) {
        return say(b, rc, "backup-manifest",
                   rc == ERR_TYPE ? "a newer version made the backup that stands there"
                   : rc == ERR_IO ? "backup.json of the backup cannot be read"
                                  : "backup.json of the backup is damaged",
                   "back up into another directory");
    }
    struct survey s = {0};
    rc = survey_begin(&s, to, 0);
    bool has_volumes = s.n || s.is_foreign;
    survey_free(&s);
    return rc != 0 ? say(b, rc, "backup-unreadable", "the backup's directory cannot be read",
                         "check its device and rights")
           : !has_volumes
               ? 0
               : say(b, ERR_STATE, "backup-foreign", "a journal that is no backup stands there",
                     "give the backup an empty directory");
}

static void each_name(void *ctx, const char *name)
{
    uint64_t *lowest = ctx, number = volume_number(name);
    *lowest = number && number < *lowest ? number : *lowest;
}

/* The journal as it is now. What is let go between the question and the listing never shows: its outcome may
 * stand behind the cut, which is as if it had gone before it was copied. */
static int look(struct backup *b)
{
    struct survey *s = &b->survey;
    uint64_t volume = 0, end = 0, lowest = UINT64_MAX;
    survey_free(s);
    (void)b->conf->from.list(b->conf->from.arg, each_name, &lowest); /* the survey lists again */
    int rc = b->conf->live ? b->conf->live(b->conf->arg, &volume, &end) : 0;
    if (rc != 0) {
        return rc;
    }
    s->upto = volume;
    rc = survey_begin(s, &b->conf->from, 0);
    bool has_some = lowest != UINT64_MAX;
    b->has_lost = rc == 0 && has_some && (!s->n || s->v[0].number > lowest);
    if (rc == 0 && s->is_foreign) {
        return say(b, ERR_TYPE, "journal-foreign",
                   "volumes of a newer version or of another journal stand among the journal's",
                   "back up with the version that wrote them");
    }
    struct volume *last = s->n ? &s->v[s->n - 1] : NULL;
    if (rc == 0 && last && last->number == volume) {
        last->last_seq = UINT64_MAX;
        rc = survey_volume(s, s->n - 1, end);
    } else if (rc == 0 && last && last->last_seq == UINT64_MAX) {
        rc = survey_volume(s, s->n - 1, 0);
    }
    return rc != 0 ? say(b, ERR_IO, "journal-unreadable", "the journal cannot be read",
                         "check the device and the rights of its directory")
           : s->n == 0 && !b->has_lost
               ? say(b, ERR_NOT_FOUND, "journal-empty", "there is no volume to back up",
                     "is this the state directory that the daemon uses?")
               : 0;
}

/* The first backup into a directory says at once whose it is: what is broken off can be gone on with. */
static int check_owner(struct backup *b)
{
    const uint8_t *id = b->survey.newest.journal_id;
    if (b->old.taken_us && memcmp(b->old.journal_id, id, 16) != 0) {
        return say(b, ERR_STATE, "backup-of-another",
                   "a backup of another journal stands there (a restored one is another one)",
                   "give the backup a directory of its own");
    }
    memcpy(b->new.journal_id, id, 16);
    b->new.taken_us = b->conf->clock.wall_us(b->conf->clock.arg);
    if (b->old.taken_us) {
        return 0;
    }
    int rc = manifest_write(&b->conf->to, &b->new);
    return rc < 0 ? say_errno(b, rc, "backup.json") : 0;
}

/* ---- copying ---- */

static bool is_same(const struct manifest_volume *have, const struct manifest_volume *want)
{
    return have && have->salt == want->salt && have->end == want->end && want->salt;
}

static struct manifest_volume wanted(const struct backup *b, const struct volume *v)
{
    struct manifest_volume w = {.number = v->number, .salt = v->salt, .end = v->end};
    w.last_seq = v->last_seq == UINT64_MAX ? 0 : v->last_seq;
    if (v->is_lost) { /* nothing is known of it: the whole file */
        w.salt = 0;
        w.end = copy_size(&b->conf->from, v->number);
    }
    return w;
}

static void on_bytes(void *arg, uint64_t n)
{
    struct backup *b = arg;
    b->done += n;
    if (b->conf->on_progress) {
        b->conf->on_progress(b->conf->arg, b->done, b->all);
    }
}

static int copy_one(struct backup *b, struct manifest_volume *w)
{
    const struct manifest_volume *have = manifest_find(&b->old, w->number);
    if (is_same(have, w)) {
        w->hash = have->hash;
        return 0;
    }
    struct copy c = {.from = b->conf->from, .to = b->conf->to, .on_bytes = on_bytes, .arg = b};
    int rc = copy_volume(&c, w);
    if (rc == ERR_NOT_FOUND) {
        b->has_lost = true;
        return rc;
    }
    if (rc != 0) {
        char name[32];
        volume_name(w->number, name);
        return c.error ? say_errno(b, c.error, name)
                       : say(b, rc, "journal-unreadable", "a volume of the journal cannot be read",
                             "run `corridor verify`");
    }
    b->r.copied_volumes++;
    b->r.copied_bytes += w->end;
    return 0;
}

static void plan_round(struct backup *b)
{
    b->done = b->all = 0;
    for (size_t i = 0; i < b->survey.n; i++) {
        struct manifest_volume w = wanted(b, &b->survey.v[i]);
        b->all += is_same(manifest_find(&b->old, w.number), &w) ? 0 : w.end;
    }
}

/* Every volume of the survey; what was let go meanwhile, and all before it, drops out. */
static int copy_round(struct backup *b)
{
    const struct survey *s = &b->survey;
    struct manifest *m = &b->new;
    m->v = ARENA_ARRAY(&b->arena, struct manifest_volume, s->n);
    m->n = 0;
    b->r.unreadable = 0;
    plan_round(b);
    for (size_t i = 0; i < s->n; i++) {
        struct manifest_volume w = wanted(b, &s->v[i]);
        int rc = copy_one(b, &w);
        if (rc == ERR_NOT_FOUND) {
            m->n = 0;
            continue;
        }
        if (rc != 0) {
            return rc;
        }
        m->v[m->n++] = w;
        b->r.unreadable += w.salt == 0;
    }
    b->old.v = m->v; /* the next round has these */
    b->old.n = m->n;
    return 0;
}

/* The cut must not stand before the outcomes of what was let go. */
static int copy_all(struct backup *b)
{
    bool is_known = false; /* whose backup it is */
    for (int round = 0; round < ROUNDS_MOST; round++) {
        int rc = look(b);
        if (rc == 0 && b->survey.n == 0) {
            continue; /* all of it was let go between the question and the look */
        }
        rc = rc == 0 && !is_known ? check_owner(b) : rc;
        is_known = true;
        rc = rc == 0 ? copy_round(b) : rc;
        if (rc != 0 || (!b->has_lost && b->new.n)) {
            return rc;
        }
    }
    return say(b, ERR_STATE, "backup-outrun",
               "the journal lets volumes go faster than they can be copied",
               "raise `retention`, or back up to a faster device");
}

/* ---- after ---- */

static int finish(struct backup *b)
{
    const struct disk *to = &b->conf->to;
    int rc = to->sync_dir(to->arg);
    b->new.taken_us = b->conf->clock.wall_us(b->conf->clock.arg);
    rc = rc < 0 ? rc : manifest_write(to, &b->new);
    if (rc < 0) {
        return say_errno(b, rc, "backup.json");
    }
    for (size_t i = 0; i < b->new.n; i++) {
        b->r.bytes += b->new.v[i].end;
        b->r.last_seq = b->new.v[i].last_seq > b->r.last_seq ? b->new.v[i].last_seq : b->r.last_seq;
    }
    b->r.volumes = b->new.n;
    b->r.removed = copy_remove_others(to, &b->new);
    return 0;
}

int journal_backup(const struct backup_conf *conf, struct diags *d, struct backup_result *out)
{
    struct backup b = {.conf = conf, .d = d};
    int rc = conf->to.lock(conf->to.arg, "lock");
    if (rc < 0) {
        return rc == -EAGAIN ? say(&b, ERR_STATE, "backup-locked",
                                   "another backup into this directory is under way", "wait for it")
                             : say_errno(&b, rc, "lock");
    }
    rc = load_manifest(&b);
    rc = rc == 0 ? copy_all(&b) : rc;
    rc = rc == 0 ? finish(&b) : rc;
    if (rc == 0) {
        *out = b.r;
    }
    survey_free(&b.survey);
    arena_free(&b.arena);
    return rc;
}
