/* The store over volumes: where entries are laid, and whether there is room for more. */
#include "engine/journal/files.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/files_priv.h"

#include <stdlib.h>
#include <string.h>

struct volume *files_add(struct files *f)
{
    if (f->n == f->cap) {
        f->cap = f->cap ? f->cap * 2 : 16;
        f->v = xrealloc(f->v, f->cap * sizeof(*f->v));
    }
    struct volume *v = &f->v[f->n++];
    *v = (struct volume){.file = -1};
    return v;
}

void files_close_volume(struct files *f, struct volume *v)
{
    if (v->file >= 0) {
        (void)f->disk.close(f->disk.arg, v->file); /* opened for reading */
        v->file = -1;
    }
}

void files_free(struct files *f)
{
    for (size_t i = 0; i < f->n; i++) {
        files_close_volume(f, &f->v[i]);
    }
    for (size_t i = 0; i < FILES_WINDOWS; i++) {
        scan_free(&f->windows[i]);
    }
    scan_free(&f->peek);
    buf_free(&f->clean.body);
    free(f->v);
    free(f);
}

static void close_store(struct journal *j)
{
    struct files *f = j->store;
    writer_close(&f->writer);
    files_free(f);
}

void files_rotate(struct journal *j)
{
    struct files *f = j->store;
    const struct volume *old = f->n ? files_newest(f) : NULL;
    struct volume_header h = {.number = old ? old->number + 1 : 1,
                              .size = f->volume_bytes,
                              .first_seq = j->next_seq,
                              .salt = f->random(f->random_arg),
                              .previous_end = old ? f->laid : 0,
                              .previous_last_seq =
                                  old ? (f->laid == old->end ? old->last_seq : j->next_seq - 1) : 0,
                              .created_us = journal_age(j),
                              .flags = j->in_parts ? VOLUME_CONTINUES : 0};
    memcpy(h.journal_id, f->journal_id, 16);
    memcpy(h.hash_key, j->hash_key, 16);
    if (old) {
        files_newest(f)->sealed_us = h.created_us;
    }
    struct volume *v = files_add(f);
    v->number = h.number;
    v->salt = h.salt;
    v->first_seq = h.first_seq;
    v->last_seq = h.first_seq - 1;
    v->size = h.size;
    f->bytes += h.size;
    v->end = f->laid = VOLUME_START;
    v->continues = j->in_parts;
    writer_begin_volume(f->writer, &h);
}

static bool make_room(struct journal *j, size_t n)
{
    struct files *f = j->store;
    if (f->laid + volume_entry_size(n) > files_newest(f)->size) {
        files_rotate(j);
        /* a checkpoint opens every volume, unless there is so much in it that it would fill them */
        f->is_due = f->checkpoint_size * 4 < f->volume_bytes ||
                    f->since_checkpoint > f->checkpoint_size * 4;
    } else if (f->since_checkpoint > f->checkpoint_bytes &&
               f->since_checkpoint > f->checkpoint_size * 4 && !writer_is_out_of_space(f->writer)) {
        f->is_due = true;
    }
    if (!f->is_due || j->in_checkpoint) {
        return false;
    }
    f->is_due = false;
    f->since_checkpoint = 0;
    f->checkpoint_size = 0;
    return true;
}

bool files_is_over(const struct files *f, uint64_t bytes, unsigned prepared)
{
    return f->disk_bytes && bytes + prepared * f->volume_bytes > f->disk_bytes;
}

static bool is_intake(enum entry_type type)
{
    return type == ENTRY_MESSAGE || type == ENTRY_GROUP || type == ENTRY_FRAGMENT;
}

/* Three volumes are kept for what lets a full journal drain: messages leave all of them, carries one of them,
 * outcomes and states none. The same of those that stand prepared when the device has no room for more: then
 * messages are taken while half of the newest volume is left. A name is in use as soon as it is given, so its
 * entry is laid. */
static bool admits(struct journal *j, enum entry_type type, uint64_t n)
{
    const struct files *f = j->store;
    bool is_message = is_intake(type);
    unsigned left = is_message            ? FILES_RESERVE_INTAKE
                    : type == ENTRY_CARRY ? FILES_RESERVE_CARRY
                                          : 0;
    if (left && files_is_over(f, f->bytes, left)) {
        return false;
    }
    bool is_blocked = writer_is_blocked(f->writer);
    if (type == ENTRY_NAMES || (!is_blocked && !writer_is_out_of_space(f->writer))) {
        return true;
    }
    if (is_message && is_blocked) {
        return false;
    }
    uint64_t room = files_newest(f)->size - (is_message ? files_newest(f)->size / 2 : 0);
    return f->laid + volume_entry_size(n) + VOLUME_ENTRY_HEADER <= room ||
           (!is_message && !is_blocked && writer_ready(f->writer) > left);
}

static uint64_t lay(struct journal *j, const struct put *p)
{
    struct files *f = j->store;
    struct volume *v = files_newest(f);
    uint64_t at = f->laid;
    uint64_t size = volume_entry_size(p->head.n + p->body.n);
    writer_append(f->writer, p, at);
    f->laid += size;
    if (p->type == ENTRY_CHECKPOINT) {
        f->checkpoint_size += size;
    } else {
        f->since_checkpoint += size;
    }
    v->has_records |= p->type != ENTRY_CHECKPOINT && p->type != ENTRY_NAMES &&
                      p->type != ENTRY_STATE && p->type != ENTRY_END &&
                      p->type != ENTRY_SENT_THROUGH;
    return volume_hint(v->number, at);
}

/* Volumes are numbered in a row, so that a number tells the place, as long as none is lost. */
struct volume *files_by_number(const struct files *f, uint64_t number)
{
    size_t low = 0, high = f->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (f->v[mid].number < number) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < f->n && f->v[low].number == number ? &f->v[low] : NULL;
}

struct volume *files_by_seq(const struct files *f, uint64_t seq)
{
    size_t low = 0, high = f->n;
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        if (f->v[mid].first_seq <= seq) {
            low = mid;
        } else {
            high = mid;
        }
    }
    return &f->v[low];
}

static void count(struct journal_stats *s, const struct batch *b)
{
    histogram_add(&s->sync, &HISTOGRAM_TIME, b->sync_us);
    histogram_add(&s->entries, &HISTOGRAM_COUNT, b->entries);
    for (const struct chunk *c = b->first; c; c = c->next) {
        s->bytes += c->n;
    }
}

static int collect(struct journal *j, uint64_t *io_durable)
{
    struct files *f = j->store;
    struct batch *b = writer_collect(f->writer);
    int rc = 0;
    while (b) {
        struct batch *next = b->next;
        if (b->has_failed) {
            rc = ERR_IO;
            j->error = writer_error(f->writer);
        } else {
            struct volume *v = files_by_number(f, b->volume);
            *io_durable = b->last_seq;
            count(&j->stats, b);
            if (v) {
                v->end = b->end;
                v->last_seq = b->last_seq;
            }
        }
        b->next = NULL;
        writer_recycle(f->writer, b);
        b = next;
    }
    return rc;
}

static void hurry(struct journal *j)
{
    struct files *f = j->store;
    writer_hurry(f->writer);
}

static int poll_store(struct journal *j, uint64_t *io_durable)
{
    struct files *f = j->store;
    if (j->no_thread) {
        writer_run(f->writer);
    }
    return collect(j, io_durable);
}

static int drain(struct journal *j, uint64_t *io_durable)
{
    struct files *f = j->store;
    writer_drain(f->writer);
    return collect(j, io_durable);
}

void journal_space(const struct journal *j, struct journal_space *out)
{
    *out = (struct journal_space){0};
    if (j->ops == &FILES_OPS) {
        const struct files *f = j->store;
        *out = f->space;
        out->bytes = f->bytes;
        out->volumes = f->n;
        out->bound = f->disk_bytes;
        out->is_stuck = writer_is_stuck(f->writer);
        out->is_full =
            !admits((struct journal *)(uintptr_t)j, ENTRY_MESSAGE, 0); /* changes nothing */
    }
}

int64_t journal_busy_us(const struct journal *j)
{
    const struct files *f = j->ops == &FILES_OPS ? j->store : NULL;
    return f ? writer_busy_us(f->writer) : 0;
}

static uint64_t floor_seq(const struct journal *j)
{
    const struct files *f = j->store;
    return f->n ? f->v[0].first_seq : 1;
}

static uint64_t recent_seq(const struct journal *j, uint64_t bytes)
{
    const struct files *f = j->store;
    size_t i = f->n;
    for (uint64_t kept = 0; i > 0 && kept < bytes; i--) {
        kept += f->v[i - 1].end;
    }
    return i < f->n ? f->v[i].first_seq : floor_seq(j);
}

static uint64_t newest_number(const struct journal *j)
{
    const struct files *f = j->store;
    return f->n ? files_newest(f)->number : 0;
}

static uint64_t live_end(const struct journal *j)
{
    const struct files *f = j->store;
    return f->n ? files_newest(f)->end : 0;
}

const struct store_ops FILES_OPS = {
    .make_room = make_room,
    .admits = admits,
    .lay = lay,
    .hurry = hurry,
    .poll = poll_store,
    .drain = drain,
    .next = files_next,
    .release = files_release,
    .hold = files_hold,
    .held_from = files_held_from,
    .clean = files_clean,
    .floor = floor_seq,
    .recent = recent_seq,
    .newest = newest_number,
    .live_end = live_end,
    .close = close_store,
};
