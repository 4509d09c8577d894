/* Opening a journal: survey, replay, make the tail safe, begin a new volume. */
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/files.h"
#include "engine/journal/journal.h"
#include "engine/journal/keys.h"
#include "engine/journal/manifest.h"
#include "engine/journal/spare.h"
#include "engine/journal/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

enum { COPY_BYTES = 1 << 20, DAMAGES_MOST = 1000 };

struct opening {
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

static void on_damage(void *ctx, const struct survey_damage *one)
{
    struct opening *o = ctx;
    if (o->ndamages < DAMAGES_MOST) {
        o->damages[o->ndamages++] = *one;
    }
}

static int say(struct opening *o, int rc, const char *code, const char *what, const char *hint)
{
    diag_hint(o->d, diag_add(o->d, DIAG_ERROR, code, DIAG_NOWHERE, "%s", what), "%s", hint);
    return rc;
}

static int say_io(struct opening *o, const char *what)
{
    return say(o, ERR_IO, "journal-unreadable", what,
               "check the device and the rights of the directory");
}

/* Which file it is about, and why, as far as asking again tells. */
static int say_volume(struct opening *o)
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

static void drop_cache(const struct disk *d, uint64_t number)
{
    char name[32];
    volume_name(number, name);
    int file = d->open(d->arg, name, O_RDONLY);
    if (file >= 0) {
        (void)d->drop_cache(d->arg,
                            file);    /* best effort: the device is asked where the system allows */
        (void)d->close(d->arg, file); /* read only */
    }
}

/* Volumes that cannot be read lie between what stands before and behind them. */
static void place_lost(struct opening *o)
{
    struct survey *s = &o->survey;
    for (size_t i = 0; i < s->n; i++) {
        struct volume *v = &s->v[i];
        uint64_t before = i ? s->v[i - 1].last_seq : 0;
        bool has_gap = i && v->number != s->v[i - 1].number + 1;
        if (!v->is_lost && !has_gap) {
            continue;
        }
        struct survey_damage d = {.number = v->number, .from = before + 1};
        if (v->is_lost) {
            v->first_seq = before + 1;
            bool is_known = i + 1 < s->n && !s->v[i + 1].is_lost;
            v->last_seq = is_known ? s->v[i + 1].first_seq - 1
                                   : before + VOLUME_BYTES_MOST / VOLUME_ENTRY_HEADER;
            d.to = v->last_seq;
        } else {
            d.to = v->first_seq - 1;
        }
        on_damage(o, &d);
    }
}

static int survey_end(struct opening *o)
{
    struct survey *s = &o->survey;
    const struct disk *d = &o->conf->disk;
    for (size_t i = s->n > 2 ? s->n - 2 : 0; i < s->n && !o->only_reads; i++) {
        drop_cache(d, s->v[i].number);
    }
    s->on_damage = on_damage;
    s->ctx = o;
    for (size_t i = 0; i + 1 < s->n; i++) { /* those whose end no successor tells */
        if (!s->v[i].is_lost && s->v[i].last_seq == UINT64_MAX && survey_volume(s, i, 0) != 0) {
            return ERR_IO;
        }
    }
    if (s->n && survey_volume(s, s->n - 1, o->live_end) != 0) {
        return ERR_IO;
    }
    place_lost(o);
    o->end_seq = s->n ? s->v[s->n - 1].last_seq : 0;
    o->ended = s->ended;
    return 0;
}

static void tell(struct opening *o, uint64_t number, uint64_t from, uint64_t to)
{
    on_damage(o, &(struct survey_damage){.number = number, .from = from, .to = to});
}

/* What is missing behind the last entry would look like a crash otherwise. */
static void find_missing_end(struct opening *o)
{
    const struct survey *s = &o->survey;
    uint64_t begun = survey_newest(&o->conf->disk), newest = s->n ? s->v[s->n - 1].number : 0;
    if (begun > newest) {
        o->is_behind = begun;
        tell(o, begun, o->end_seq + 1, o->end_seq + 1);
    } else if (s->is_short && !s->ended) {
        tell(o, newest, o->end_seq + 1, o->end_seq + 1);
    }
}

/* Volumes that went though something in them is unsettled. */
static void find_missing_beginning(struct opening *o, struct journal *j)
{
    const struct volume *first = &((const struct files *)j->store)->v[0];
    uint64_t lost = consumers_lost(j, first->first_seq, o->ended);
    if (lost) {
        tell(o, first->number - 1, lost, first->first_seq - 1);
    }
}

/* What a crash left unsynced was read from memory: write the last commit again, and sync. */
static int rewrite_tail(struct opening *o, uint64_t from)
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

static bool has_damage_behind(const struct opening *o, uint64_t seq)
{
    for (size_t i = 0; i < o->ndamages; i++) {
        if (o->damages[i].to >= seq) {
            return true;
        }
    }
    return false;
}

static void forget(struct journal *j)
{
    tables_free(&j->tables);
    consumers_free(j);
    files_forget(j);
    j->checkpoint_seq = j->checkpoint_from = 0;
}

static int replay_from(struct opening *o, struct journal *j, struct survey_checkpoint c)
{
    struct replay r = {c.seq, c.hint, o->end_seq, has_damage_behind(o, c.seq)};
    int rc = replay_run(j, &r);
    if (rc == ERR_DAMAGE) {
        forget(j);
    }
    return rc;
}

/* The newest checkpoint that can be read; without any, all that is there. */
static int replay(struct opening *o, struct journal *j)
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
        on_damage(o, &(struct survey_damage){.number = s->v[0].number,
                                             .from = s->v[0].first_seq,
                                             .to = s->v[0].first_seq});
    }
    return replay_from(o, j, (struct survey_checkpoint){0});
}

static void report(struct opening *o, struct journal *j)
{
    struct journal_report *r = o->report;
    const struct survey *s = &o->survey;
    uint64_t accepted = journal_accepted(j);
    r->entries = s->entries;
    r->first_seq = s->n ? s->v[0].first_seq : 0;
    r->last_seq = o->end_seq;
    r->torn_bytes = s->torn_bytes;
    r->volumes = s->n;
    for (size_t i = 0; i < o->ndamages; i++) {
        const struct survey_damage *d = &o->damages[i];
        if (d->number <= accepted) {
            continue;
        }
        r->damaged_from = r->damaged_from && r->damaged_from < d->from ? r->damaged_from : d->from;
        r->damaged_to = r->damaged_to > d->to ? r->damaged_to : d->to;
        diag_hint(
            o->d,
            diag_add(
                o->d, DIAG_WARNING, "journal-damage", DIAG_NOWHERE,
                "volume %llu: entries %llu to %llu cannot be read; nothing behind them is lost",
                (unsigned long long)d->number, (unsigned long long)d->from,
                (unsigned long long)d->to),
            "run `corridor verify`, then `corridor verify --accept`");
    }
}

static struct files *new_files(struct opening *o)
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

static void notify(void *arg)
{
    journal_signal(arg);
}

static void start_writer(struct opening *o, struct journal *j)
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
static int begin(struct opening *o, struct journal *j)
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
static uint64_t leap(const struct opening *o)
{
    return o->conf->leap ? o->conf->leap : o->is_behind ? FILES_SEQ_LEAP : FILES_SEQ_GAP;
}

/* Everything is known: bring the state back and go on. */
static int revive(struct opening *o, struct journal *j)
{
    struct survey *s = &o->survey;
    uint64_t tail = s->tail_from;
    bool is_first = s->n == 0;
    j->ops = &FILES_OPS;
    j->store = new_files(o);
    struct files *f = j->store;
    uint64_t most = f->volume_bytes / 4 - VOLUME_ENTRY_HEADER;
    j->body_max = most < VOLUME_BODY_MOST ? (size_t)most : VOLUME_BODY_MOST;
    if (s->newest.number) {
        memcpy(j->hash_key, s->newest.hash_key, 16);
    }
    j->durable = o->end_seq;
    int rc = is_first ? 0 : rewrite_tail(o, tail);
    rc = rc == 0 && !is_first ? replay(o, j) : rc;
    if (rc != 0) {
        s->v = NULL; /* the files have it */
        return say_io(o, "the journal cannot be read back");
    }
    j->called = o->end_seq;
    if (!is_first) {
        find_missing_beginning(o, j);
    }
    j->next_seq = is_first ? 1 : o->end_seq + 1 + (leap(o));
    report(o, j);
    journal_begin_age(j, s->newest.number ? s->newest.created_us : 0);
    remove_leftovers(&o->conf->disk);
    s->v = NULL; /* the files have it, and it grows now */
    return begin(o, j);
}

static int say_lock(struct opening *o, int rc)
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

static int find_out(struct opening *o)
{
    const struct journal_conf *c = o->conf;
    uint64_t size = c->volume_bytes ? c->volume_bytes : 64u << 20;
    if (size < VOLUME_BYTES_LEAST || size > VOLUME_BYTES_MOST || size % 4096) {
        return say(o, ERR_USAGE, "volume-size",
                   "volume size out of range; expected 4 MiB to 256 MiB",
                   "set volume-size, for example 64MiB");
    }
    if (manifest_stands(&c->disk)) {
        return say(
            o, ERR_STATE, "journal-is-backup",
            "this is a backup: started on it, everything unsettled in it would be sent again",
            "make a journal of it with `corridor restore`");
    }
    int rc = c->disk.lock(c->disk.arg, "lock");
    if (rc < 0) {
        return rc == -EAGAIN
                   ? say(o, ERR_STATE, "journal-locked", "another process holds this journal",
                         "stop it, or give this one a state directory of its own")
                   : say_lock(o, rc);
    }
    if (survey_begin(&o->survey, &c->disk, size) != 0) {
        return say_volume(o);
    }
    if (o->survey.is_foreign) {
        return say(o, ERR_DAMAGE, "journal-foreign",
                   "volumes of a newer version or of another journal stand here",
                   "use the version that wrote them, or another directory");
    }
    if (survey_end(o) != 0) {
        return say_volume(o);
    }
    find_missing_end(o);
    return o->is_behind && o->survey.n == 0
               ? say(o, ERR_DAMAGE, "journal-emptied",
                     "volumes were written here, and none of them is left",
                     "restore a backup; or remove the file `newest`, to begin an empty journal")
               : 0;
}

int journal_open(const struct journal_conf *conf, struct diags *d, struct journal **out,
                 struct journal_report *out_report)
{
    int64_t began = conf->clock.mono_us(conf->clock.arg);
    struct opening o = {.conf = conf, .d = d, .report = out_report};
    *out_report = (struct journal_report){0};
    o.damages = xcalloc(DAMAGES_MOST, sizeof(*o.damages));
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

static uint64_t no_random(void *arg)
{
    (void)arg;
    return 0; /* a reader begins no volume */
}

/* Of the volume the writer writes to, what it has told is durable. */
static void stop_at(struct opening *o, const struct journal_read_conf *conf)
{
    struct survey *s = &o->survey;
    if (s->n && s->v[s->n - 1].number == conf->live_volume) {
        s->v[s->n - 1].last_seq = UINT64_MAX;
        o->live_end = conf->live_end;
    }
}

static int read_back(struct opening *o, struct journal *j)
{
    struct survey *s = &o->survey;
    j->ops = &FILES_OPS;
    j->store = new_files(o);
    memcpy(j->hash_key, s->newest.hash_key, 16);
    j->durable = o->end_seq;
    int rc = s->n ? replay(o, j) : 0;
    j->called =
        o->end_seq; /* consumers that replay meets first begin at the beginning, as in revive() */
    s->v = NULL;    /* the files have it */
    return rc;
}

int journal_open_read(const struct journal_read_conf *conf, struct journal **out)
{
    struct journal_conf whole = {.disk = conf->disk, .random = no_random};
    struct opening o = {.conf = &whole, .only_reads = true};
    o.damages = xcalloc(DAMAGES_MOST, sizeof(*o.damages));
    struct journal *j = NULL;
    o.survey.upto = conf->live_volume; /* what it began since is not looked at */
    int rc = survey_begin(&o.survey, &conf->disk, 0);
    rc = rc == 0 && o.survey.is_foreign ? ERR_TYPE : rc;
    if (rc == 0) {
        stop_at(&o, conf);
        rc = survey_end(&o);
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
