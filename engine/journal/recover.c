/* Opening a journal: survey, replay, make the tail safe, begin a new volume. */
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/keys.h"
#include "engine/journal/manifest.h"
#include "engine/journal/recover_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { COPY_BYTES = 1 << 20 };

static int say(struct recovery *o, int rc, const char *code, const char *what, const char *hint)
{
    diag_hint(o->d, diag_add(o->d, DIAG_ERROR, code, DIAG_NOWHERE, "%s", what), "%s", hint);
    return rc;
}

static int say_io(struct recovery *o, const char *what)
{
    return say(o, ERR_IO, "journal-unreadable", what,
               "check the device and the rights of the directory");
}

/* Which file it is about, and why, as far as asking again tells. */
static int say_volume(struct recovery *o)
{
    uint64_t number = o->survey.failed;
    if (number == 0) {
        return say_io(o, "the journal's directory cannot be read");
    }
    char name[32];
    volume_name(number, name);
    int file = o->conf->disk.open(o->conf->disk.arg, name, O_RDONLY);
    if (file >= 0) {
        (void)o->conf->disk.close(o->conf->disk.arg, file); /* read only */
    }
    diag_hint(
        o->d,
        diag_add(o->d, DIAG_ERROR, "journal-unreadable", DIAG_NOWHERE,
                 "%s of the journal cannot be read: %s", name, strerror(file < 0 ? -file : EIO)),
        "check its rights and owner, and the device (dmesg); if it is beyond repair, move it away: "
        "what was in it is then told as damage, and the rest goes on");
    return ERR_IO;
}

/* What a crash left unsynced was read from memory: write the last commit again, and sync. */
static int rewrite_tail(struct recovery *o, uint64_t from)
{
    const struct survey *s = &o->survey;
    const struct disk *d = &o->conf->disk;
    const struct volume *v = &s->v[s->n - 1];
    if (v->is_lost || v->end <= VOLUME_START) {
        return 0;
    }
    char name[32];
    volume_name(v->number, name);
    int file = d->open(d->arg, name, O_RDWR);
    char *copy = xmalloc(COPY_BYTES);
    bool is_bad = file < 0;
    for (uint64_t at = from; at < v->end && !is_bad;) {
        size_t n = v->end - at < COPY_BYTES ? (size_t)(v->end - at) : COPY_BYTES;
        ssize_t got = d->pread(d->arg, file, copy, n, at);
        ssize_t put = got > 0 ? d->pwrite(d->arg, file, copy, (size_t)got, at) : -1;
        is_bad = put <= 0;
        at += put > 0 ? (size_t)put : 0;
    }
    is_bad = is_bad || d->datasync(d->arg, file) < 0;
    if (file >= 0) {
        (void)d->close(d->arg, file); /* synced, or failed already */
    }
    free(copy);
    return is_bad ? ERR_IO : 0;
}

static void notify(void *arg)
{
    journal_signal(arg);
}

static void start_writer(struct recovery *o, struct journal *j)
{
    struct files *f = j->store;
    const struct journal_conf *c = o->conf;
    uint64_t last = o->survey.last_commit > o->survey.newest.first_commit
                        ? o->survey.last_commit
                        : o->survey.newest.first_commit;
    struct writer_conf w = {.disk = c->disk,
                            .clock = c->clock,
                            .volume_bytes = f->volume_bytes,
                            .next_commit = last + 2,
                            .zeroed = c->zeroed,
                            .no_thread = c->no_thread,
                            .spares = o->survey.spares,
                            .notify = notify,
                            .notify_arg = j};
    f->writer = writer_open(&w);
}

/* A new volume, opened by a checkpoint; durable before anything is answered. */
static int begin(struct recovery *o, struct journal *j)
{
    struct files *f = j->store;
    start_writer(o, j);
    files_rotate(j);
    journal_checkpoint(j);
    if (o->report->damaged_to) {
        journal_note_damage(j, o->report->damaged_from, o->report->damaged_to);
    }
    if (o->is_behind) { /* what became of it since is not known, as after a restore */
        journal_note_restored(j, j->next_seq - 1);
        consumers_restore(j, STR("older volumes were put back"));
        consumers_flush(j);
    }
    int rc = j->ops->drain(j, &j->durable);
    j->called = j->durable;
    if (rc != 0) {
        return writer_error(f->writer) == -ENOSPC
                   ? say(o, ERR_SPACE, "journal-no-space",
                         "no room for another volume of the journal",
                         "free some space on its device, or move it")
                   : say_io(o, "the first volume of this run cannot be written");
    }
    j->keys = keys_new(j);
    return 0;
}

static void each_leftover(void *ctx, const char *name)
{
    struct buf *b = ctx;
    if (str_ends(str_of(name), STR(".tmp"))) {
        buf_put(b, name, strlen(name) + 1);
    }
}

static void remove_leftovers(const struct disk *d)
{
    struct buf names = {0};
    (void)d->list(d->arg, each_leftover,
                  &names); /* what stays is removed when its name is wanted */
    for (size_t at = 0; at < names.n; at += strlen(names.p + at) + 1) {
        (void)d->unlink(d->arg, names.p + at);
    }
    buf_free(&names);
}

/* Numbers that may have been given already. */
static uint64_t leap(const struct recovery *o)
{
    return o->conf->leap ? o->conf->leap : o->is_behind ? FILES_SEQ_LEAP : FILES_SEQ_GAP;
}

/* Everything is known: bring the state back and go on. */
static int revive(struct recovery *o, struct journal *j)
{
    struct survey *s = &o->survey;
    uint64_t tail = s->tail_from;
    bool is_first = s->n == 0;
    j->ops = &FILES_OPS;
    j->store = recover_files(o);
    struct files *f = j->store;
    uint64_t most = f->volume_bytes / 4 - VOLUME_ENTRY_HEADER;
    j->body_max = most < VOLUME_BODY_MOST ? (size_t)most : VOLUME_BODY_MOST;
    if (s->newest.number) {
        memcpy(j->hash_key, s->newest.hash_key, 16);
    }
    j->durable = o->end_seq;
    int rc = is_first ? 0 : rewrite_tail(o, tail);
    rc = rc == 0 && !is_first ? recover_replay(o, j) : rc;
    if (rc != 0) {
        s->v = NULL; /* the files have it */
        return say_io(o, "the journal cannot be read back");
    }
    j->called = o->end_seq;
    if (!is_first) {
        recover_find_missing_beginning(o, j);
    }
    j->next_seq = is_first ? 1 : o->end_seq + 1 + leap(o);
    recover_report(o, j);
    journal_begin_age(j, s->newest.number ? s->newest.created_us : 0);
    remove_leftovers(&o->conf->disk);
    s->v = NULL; /* the files have it, and it grows now */
    return begin(o, j);
}

static int say_lock(struct recovery *o, int rc)
{
    diag_hint(o->d,
              diag_add(o->d, DIAG_ERROR, "journal-unwritable", DIAG_NOWHERE,
                       "the journal's lock cannot be taken: %s", strerror(-rc)),
              "%s",
              rc == -EROFS
                  ? "its file system is mounted read-only: look at dmesg, then mount -o remount,rw"
                  : "check the rights and the owner of the journal's directory, and its device");
    return ERR_IO;
}

static int check_conf(struct recovery *o, uint64_t volume_bytes)
{
    if (volume_bytes < VOLUME_BYTES_LEAST || volume_bytes > VOLUME_BYTES_MOST ||
        volume_bytes % 4096) {
        return say(o, ERR_USAGE, "volume-size",
                   "volume size out of range; expected 4 MiB to 256 MiB",
                   "set volume-size, for example 64MiB");
    }
    if (manifest_stands(&o->conf->disk)) {
        return say(
            o, ERR_STATE, "journal-is-backup",
            "this is a backup: started on it, everything unsettled in it would be sent again",
            "make a journal of it with `corridor restore`");
    }
    return 0;
}

static int lock(struct recovery *o)
{
    int rc = o->conf->disk.lock(o->conf->disk.arg, "lock");
    if (rc == -EAGAIN) {
        return say(o, ERR_STATE, "journal-locked", "another process holds this journal",
                   "stop it, or give this one a state directory of its own");
    }
    return rc < 0 ? say_lock(o, rc) : 0;
}

static int survey(struct recovery *o, uint64_t volume_bytes)
{
    if (survey_begin(&o->survey, &o->conf->disk, volume_bytes) != 0) {
        return say_volume(o);
    }
    if (o->survey.is_foreign) {
        return say(o, ERR_DAMAGE, "journal-foreign",
                   "volumes of a newer version or of another journal stand here",
                   "use the version that wrote them, or another directory");
    }
    if (recover_survey_end(o) != 0) {
        return say_volume(o);
    }
    recover_find_missing_end(o);
    return o->is_behind && o->survey.n == 0
               ? say(o, ERR_DAMAGE, "journal-emptied",
                     "volumes were written here, and none of them is left",
                     "restore a backup; or remove the file `newest`, to begin an empty journal")
               : 0;
}

static int find_out(struct recovery *o)
{
    uint64_t size = o->conf->volume_bytes ? o->conf->volume_bytes : 64u << 20;
    int rc = check_conf(o, size);
    rc = rc ? rc : lock(o);
    return rc ? rc : survey(o, size);
}

int journal_open(const struct journal_conf *conf, struct diags *d, struct journal **out,
                 struct journal_report *out_report)
{
    int64_t began = conf->clock.mono_us(conf->clock.arg);
    struct recovery o = {.conf = conf, .d = d, .report = out_report};
    *out_report = (struct journal_report){0};
    o.damages = xcalloc(RECOVER_DAMAGES_MOST, sizeof(*o.damages));
    int rc = find_out(&o);
    struct journal *j = NULL;
    if (rc == 0) {
        j = journal_new(conf->clock, conf->random, conf->random_arg);
        j->no_thread = conf->no_thread;
        rc = revive(&o, j);
    }
    survey_free(&o.survey);
    free(o.damages);
    if (rc != 0) {
        journal_discard(&j);
        return rc;
    }
    out_report->degraded = journal_is_degraded(j);
    out_report->took_us = conf->clock.mono_us(conf->clock.arg) - began;
    *out = j;
    return 0;
}
