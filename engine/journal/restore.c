/* A journal made from a backup: copied under an id of its own, then opened once to hold what was unsettled. */
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/backup.h"
#include "engine/journal/copy.h"
#include "engine/journal/survey.h"
#include "engine/journal/verify.h"

#include <errno.h>
#include <stdlib.h>

enum { POLLS_MOST = 1000 };

struct restoring {
    const struct restore_conf *conf;
    struct diags *d;
    struct arena arena;
    struct manifest m;
    bool has_hashes;
    uint8_t journal_id[16];
    struct restore_result r;
    uint64_t done, all;
};

static int say(const struct restoring *o, int rc, const char *code, const char *what,
               const char *hint)
{
    diag_hint(o->d, diag_add(o->d, DIAG_ERROR, code, DIAG_NOWHERE, "%s", what), "%s", hint);
    return rc;
}

/* A journal that is no backup: the copy of a state directory, a snapshot of its file system. */
static int list_journal(struct restoring *o)
{
    struct survey s = {0};
    int rc = survey_begin(&s, &o->conf->from, 0);
    if (rc == 0 && s.n && s.v[s.n - 1].last_seq == UINT64_MAX) {
        rc = survey_volume(&s, s.n - 1, 0);
    }
    bool is_foreign = s.is_foreign;
    o->m.v = ARENA_ARRAY(&o->arena, struct manifest_volume, s.n);
    for (size_t i = 0; i < s.n && rc == 0; i++) {
        const struct volume *v = &s.v[i];
        bool is_lost = v->is_lost;
        o->m.v[o->m.n++] = (struct manifest_volume){
            .number = v->number,
            .salt = is_lost ? 0 : v->salt,
            .end = is_lost ? copy_size(&o->conf->from, v->number) : v->end};
    }
    survey_free(&s);
    return rc != 0      ? say(o, ERR_IO, "restore-unreadable", "it cannot be read",
                              "check its device and rights")
           : is_foreign ? say(o, ERR_TYPE, "restore-foreign",
                              "volumes of a newer version, or of two journals, stand there",
                              "restore with the version that wrote them")
                        : 0;
}

static int list(struct restoring *o)
{
    int rc = manifest_read(&o->conf->from, &o->arena, &o->m);
    o->has_hashes = rc == 0;
    if (rc == ERR_NOT_FOUND) {
        rc = list_journal(o);
    } else if (rc != 0) {
        return say(
            o, rc, "backup-manifest", "backup.json cannot be read or is damaged",
            "restore from another backup; without the file the volumes are taken as they are");
    }
    if (rc == 0 && o->m.n == 0) {
        return say(o, ERR_NOT_FOUND, "restore-empty",
                   o->has_hashes ? "the backup there was broken off before it was whole"
                                 : "there is no volume of a journal there",
                   "name the directory that `corridor backup` was given");
    }
    o->r.taken_us = o->m.taken_us;
    for (size_t i = 0; i < o->m.n; i++) {
        o->all += o->m.v[i].end;
    }
    return rc;
}

/* ---- copying ---- */

static void on_bytes(void *arg, uint64_t n)
{
    struct restoring *o = arg;
    o->done += n;
    if (o->conf->on_progress) {
        o->conf->on_progress(o->conf->arg, o->done, o->all);
    }
}

static int say_copy(const struct restoring *o, int rc, int error, uint64_t number)
{
    char name[32];
    volume_name(number, name);
    bool is_full = error == -ENOSPC || error == -EDQUOT;
    if (error) {
        diag_hint(o->d,
                  diag_add(o->d, DIAG_ERROR, is_full ? "restore-no-space" : "restore-unwritable",
                           DIAG_NOWHERE, "%s cannot be written: %s", name, strerror(-error)),
                  "%s", is_full ? "make room, or name a larger --state" : "check the device");
        return is_full ? ERR_SPACE : ERR_IO;
    }
    diag_hint(
        o->d,
        diag_add(o->d, DIAG_ERROR, "restore-damage", DIAG_NOWHERE, "%s of the backup %s", name,
                 rc == ERR_NOT_FOUND ? "is missing, or is another one than was copied"
                 : rc == ERR_DAMAGE  ? "holds other bytes than were copied"
                                     : "cannot be read"),
        "restore from another backup; or move backup.json away: then it is taken as it is and what "
        "is damaged is told");
    return rc == ERR_IO ? ERR_IO : ERR_DAMAGE;
}

static int copy_all(struct restoring *o)
{
    struct copy c = {.from = o->conf->from,
                     .to = o->conf->to,
                     .journal_id = o->journal_id,
                     .on_bytes = on_bytes,
                     .arg = o};
    for (size_t i = 0; i < o->m.n; i++) {
        struct manifest_volume w = o->m.v[i];
        int rc = copy_volume(&c, &w);
        if (rc == 0 && o->has_hashes && w.hash != o->m.v[i].hash) {
            rc = ERR_DAMAGE;
        }
        if (rc != 0) {
            return say_copy(o, rc, c.error, w.number);
        }
        o->r.bytes += w.end;
        o->r.volumes++;
    }
    int rc = c.to.sync_dir(c.to.arg);
    return rc < 0 ? say_copy(o, ERR_IO, rc, o->m.v[0].number) : 0;
}

/* ---- holding ---- */

static uint64_t volume_bytes(const struct restoring *o)
{
    struct volume_header h;
    for (size_t i = o->m.n; i-- > 0;) {
        if (survey_header(&o->conf->to, o->m.v[i].number, &h) == 0) {
            return h.size;
        }
    }
    return 0; /* the default */
}

static int hold_all(struct restoring *o, struct journal *j)
{
    journal_note_restored(j, j->next_seq - 1);
    o->r.through = j->restored;
    consumers_restore(j, STR("restored from a backup"));
    int rc = 0;
    bool is_done = false;
    for (int i = 0; i < POLLS_MOST && rc == 0 && !is_done; i++) {
        rc = journal_poll(j);
        is_done = !j->dirty && journal_durable(j) == j->next_seq - 1;
    }
    return is_done ? rc : ERR_SPACE; /* a volume that cannot be made is waited for: not here */
}

static int hold(struct restoring *o)
{
    const struct restore_conf *c = o->conf;
    struct journal_conf conf = {.disk = c->to,
                                .volume_bytes = volume_bytes(o),
                                .retention_us = INT64_MAX,
                                .leap = FILES_SEQ_LEAP,
                                .no_thread = true,
                                .clock = c->clock,
                                .random = c->random,
                                .random_arg = c->random_arg};
    struct journal_report report;
    struct journal *j;
    int rc = journal_open(&conf, o->d, &j, &report);
    if (rc != 0) {
        return rc;
    }
    rc = hold_all(o, j);
    journal_close(&j);
    return rc == 0 ? 0
                   : say(o, rc, "restore-unwritable", "what is unsettled cannot be held",
                         "make room for another volume, and check the device");
}

static int read_back(struct restoring *o)
{
    struct verify_conf conf = {.disk = o->conf->to};
    struct verify_result v;
    if (journal_verify(&conf, &v) != 0) {
        return say(o, ERR_IO, "restore-unwritable", "what was written cannot be read back",
                   "check the device");
    }
    o->r.unsettled = v.unsettled;
    o->r.damages = v.damages;
    return 0;
}

static void each_name(void *ctx, const char *name)
{
    bool *has_volumes = ctx;
    *has_volumes |= volume_number(name) != 0;
}

static int check_target(const struct restoring *o)
{
    bool has_volumes = false;
    if (o->conf->to.list(o->conf->to.arg, each_name, &has_volumes) < 0) {
        return say(o, ERR_IO, "restore-unwritable", "the new directory cannot be read",
                   "check its device and rights");
    }
    return has_volumes ? say(o, ERR_STATE, "restore-over", "a journal stands there",
                             "a journal is never overwritten: move it away first")
                       : 0;
}

int journal_restore(const struct restore_conf *conf, struct diags *d, struct restore_result *out)
{
    struct restoring o = {.conf = conf, .d = d};
    for (size_t i = 0; i < 2; i++) {
        wire_store64(o.journal_id + 8 * i, conf->random(conf->random_arg));
    }
    int rc = check_target(&o);
    rc = rc == 0 ? list(&o) : rc;
    rc = rc == 0 ? copy_all(&o) : rc;
    rc = rc == 0 ? hold(&o) : rc;
    rc = rc == 0 ? read_back(&o) : rc;
    if (rc == 0) {
        *out = o.r;
    }
    arena_free(&o.arena);
    return rc;
}
