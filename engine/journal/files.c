#include "engine/journal/files.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/journal/keys.h"
#include "engine/journal/spare.h"
#include "engine/journal/survey.h"

#include <fcntl.h>
#include <stdlib.h>

/* Prepared volumes left for what is more urgent. */
enum { RESERVE_INTAKE = SPARE_RESERVE, RESERVE_CARRY = 1 };

static struct volume *newest(const struct files *f)
{
    return &f->v[f->n - 1];
}

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

static void close_volume(struct files *f, struct volume *v)
{
    if (v->file >= 0) {
        (void)f->disk.close(f->disk.arg, v->file); /* opened for reading */
        v->file = -1;
    }
}

void files_free(struct files *f)
{
    for (size_t i = 0; i < f->n; i++) {
        close_volume(f, &f->v[i]);
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
    const struct volume *old = f->n ? newest(f) : NULL;
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
        newest(f)->sealed_us = h.created_us;
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
    if (f->laid + volume_entry_size(n) > newest(f)->size) {
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

/* Is `bytes` of volumes, and so many prepared ones beside them, more than the journal may have? */
static bool is_over(const struct files *f, uint64_t bytes, unsigned prepared)
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
    unsigned left = is_message ? RESERVE_INTAKE : type == ENTRY_CARRY ? RESERVE_CARRY : 0;
    if (left && is_over(f, f->bytes, left)) {
        return false;
    }
    bool is_blocked = writer_is_blocked(f->writer);
    if (type == ENTRY_NAMES || (!is_blocked && !writer_is_out_of_space(f->writer))) {
        return true;
    }
    if (is_message && is_blocked) {
        return false;
    }
    uint64_t room = newest(f)->size - (is_message ? newest(f)->size / 2 : 0);
    return f->laid + volume_entry_size(n) + VOLUME_ENTRY_HEADER <= room ||
           (!is_message && !is_blocked && writer_ready(f->writer) > left);
}

static uint64_t lay(struct journal *j, const struct put *p)
{
    struct files *f = j->store;
    struct volume *v = newest(f);
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

/* The last volume that begins at or before `seq`; the first one when all begin behind it. */
static struct volume *by_seq(const struct files *f, uint64_t seq)
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

static int open_volume(struct files *f, struct volume *v)
{
    if (v->file >= 0) {
        return 0;
    }
    size_t open = 0;
    for (size_t i = 0; i < f->n; i++) {
        open += f->v[i].file >= 0;
    }
    for (size_t i = 0; i < f->n && open >= FILES_OPEN_MOST; i++) {
        open -= f->v[i].file >= 0;
        close_volume(f, &f->v[i]);
    }
    char name[32];
    volume_name(v->number, name);
    int file = f->is_reader ? survey_open(&f->disk, v->number, v->salt)
                            : f->disk.open(f->disk.arg, name, O_RDONLY);
    if (file < 0) {
        return ERR_IO;
    }
    v->file = file;
    return 0;
}

/* A window that looks at `at` of `v` already, or the one that was used least recently. */
static struct scan *window(struct files *f, const struct volume *v, uint64_t at, bool is_random)
{
    struct scan *best = is_random ? &f->peek : &f->windows[0];
    for (size_t i = 0; i < FILES_WINDOWS; i++) {
        struct scan *w = &f->windows[i];
        if (w->number == v->number && w->n && at >= w->from && at <= w->from + w->n) {
            best = w;
            break;
        }
        if (!is_random && w->used < best->used) {
            best = w;
        }
    }
    best->used = ++f->reads;
    best->ahead = best == &f->peek ? SCAN_PEEK : SCAN_WINDOW;
    scan_set(best, &f->disk, v->file, v->number, v->salt, v->end);
    return best;
}

/* The bytes at `at` do not hold: go on behind them, in this volume or the next. */
static int skip_damage(struct files *f, struct volume *v, struct scan *s, uint64_t at,
                       struct journal_cursor *c)
{
    struct stored found;
    uint64_t place;
    uint64_t above = c->next ? c->next - 1 : 0;
    int rc = scan_find(s, at + 8, above, &found, &place);
    if (rc < 0) {
        return rc;
    }
    c->hint[0] = rc == 1 ? volume_hint(v->number, place) : volume_hint(v->number, v->end);
    if (rc == 1) {
        c->next = found.e.seq;
    } else {
        c->next = v->last_seq >= c->next ? v->last_seq + 1 : c->next;
    }
    (void)f;
    return ERR_DAMAGE;
}

static int read_at(struct files *f, struct volume *v, uint64_t at, struct journal_cursor *c,
                   struct stored *out, uint64_t *out_size)
{
    int rc = open_volume(f, v);
    if (rc != 0) {
        return rc;
    }
    struct scan *s = window(f, v, at, c->hint[1] != 0);
    rc = scan_entry(s, at, out, out_size);
    if (rc == 0 || (rc == 1 && (out->e.seq < v->first_seq || out->e.seq > v->last_seq))) {
        return skip_damage(f, v, s, at, c);
    }
    return rc;
}

/* The next volume, or NULL; *out_gap when one between is missing or cannot be read. */
static struct volume *after(const struct files *f, const struct volume *v, bool *out_gap)
{
    size_t i = (size_t)(v - f->v) + 1;
    *out_gap = i < f->n && (f->v[i].number != v->number + 1 || f->v[i].is_lost);
    while (i < f->n && f->v[i].is_lost) {
        i++;
    }
    return i < f->n ? &f->v[i] : NULL;
}

static struct volume *place_cursor(const struct files *f, const struct journal_cursor *c,
                                   uint64_t *out_at)
{
    struct volume *v = c->hint[0] ? files_by_number(f, volume_hint_number(c->hint[0])) : NULL;
    *out_at = v ? volume_hint_offset(c->hint[0]) : VOLUME_START;
    if (v && (*out_at < VOLUME_START || *out_at > v->end || v->first_seq > c->next)) {
        v = NULL;
    }
    if (!v) {
        v = by_seq(f, c->next);
        *out_at = VOLUME_START;
    }
    return v;
}

static int next_entry(struct journal *j, struct journal_cursor *c, uint64_t limit,
                      struct stored *out)
{
    struct files *f = j->store;
    uint64_t at, size = 0;
    struct volume *v = place_cursor(f, c, &at);
    for (;;) {
        if (at >= v->end) {
            bool has_gap;
            struct volume *next = after(f, v, &has_gap);
            if (!next) {
                c->hint[0] = volume_hint(v->number, at);
                return 0;
            }
            v = next;
            at = VOLUME_START;
            if (has_gap) {
                c->next = v->first_seq > c->next ? v->first_seq : c->next;
                c->hint[0] = volume_hint(v->number, at);
                return ERR_DAMAGE;
            }
            continue;
        }
        int rc = read_at(f, v, at, c, out, &size);
        if (rc != 1) {
            return rc;
        }
        if (out->e.seq > limit) {
            c->hint[0] = volume_hint(v->number, at);
            return 0;
        }
        at += size;
        if (out->e.seq >= c->next) {
            c->next = out->e.seq + 1;
            c->hint[0] = volume_hint(v->number, at);
            return 1;
        }
    }
}

size_t files_group(const struct files *f, size_t i)
{
    while (i + 1 < f->n && f->v[i + 1].continues) {
        i++;
    }
    return i;
}

/* Room is made before it is missing: a sixteenth of the bound is kept free for what comes in, at least two volumes,
 * as what is carried takes one before any goes. */
static bool is_pressed(const struct files *f, uint64_t bytes)
{
    uint64_t ahead = f->disk_bytes / 16, least = 2 * f->volume_bytes;
    ahead = ahead > least ? ahead : least;
    return is_over(f, bytes + ahead, RESERVE_INTAKE);
}

bool files_is_pressed(const struct journal *j)
{
    const struct files *f = j->store;
    return is_pressed(f, f->bytes);
}

static bool is_old(const struct journal *j, const struct volume *v)
{
    const struct files *f = j->store;
    return !j->age.is_suspended && v->sealed_us <= j->age_us - f->retention_us;
}

bool files_may_go(const struct journal *j, size_t i, uint64_t bytes)
{
    const struct files *f = j->store;
    if (j->keep_from && f->v[i].last_seq >= j->keep_from) {
        return false;
    }
    return is_old(j, &f->v[i]) || !f->v[i].has_records || is_pressed(f, bytes);
}

/* The oldest group of volumes, if it may go. Its size, or 0. */
static size_t first_group(const struct journal *j, size_t from, uint64_t bytes)
{
    const struct files *f = j->store;
    size_t end = files_group(f, from);
    bool may_go = end + 1 < f->n;
    for (size_t i = from; i <= end && may_go; i++) {
        may_go = files_may_go(j, i, bytes);
    }
    return may_go ? end - from + 1 : 0;
}

static void let_go(struct journal *j, struct volume *v)
{
    struct files *f = j->store;
    f->space.cut += !is_old(j, v) && v->has_records;
    f->bytes -= v->size;
    close_volume(f, v);
    writer_release(f->writer, v->number);
}

static void release(struct journal *j, uint64_t seq)
{
    struct files *f = j->store;
    size_t gone = 0, n;
    while ((n = first_group(j, gone, f->bytes)) > 0 && f->v[gone + n - 1].last_seq < seq) {
        for (; n > 0; n--) {
            let_go(j, &f->v[gone++]);
        }
    }
    if (gone) {
        memmove(f->v, f->v + gone, (f->n - gone) * sizeof(*f->v));
        f->n -= gone;
        keys_released(j->keys);
    }
}

static void hold(struct journal *j, uint64_t home, bool is_in)
{
    struct files *f = j->store;
    if (f->n) {
        struct volume *v = home >= newest(f)->first_seq ? newest(f) : by_seq(f, home);
        v->items += is_in ? 1 : 0;
        v->items -= !is_in && v->items ? 1 : 0;
    }
}

/* What may not go anyway keeps itself. */
static uint64_t held_from(const struct journal *j)
{
    const struct files *f = j->store;
    uint64_t bytes = f->bytes;
    size_t i = 0, n;
    while ((n = first_group(j, i, bytes)) > 0) {
        for (; n > 0; n--, i++) {
            if (f->v[i].items) {
                return f->v[i].first_seq;
            }
            bytes -= f->v[i].size;
        }
    }
    return i < f->n ? f->v[i].first_seq : UINT64_MAX;
}

void files_forget(struct journal *j)
{
    struct files *f = j->store;
    for (size_t i = 0; i < f->n; i++) {
        f->v[i].items = 0;
    }
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

bool files_is_gone(const struct journal *j, uint64_t seq)
{
    const struct files *f = j->store;
    if (f->n == 0) {
        return true;
    }
    const struct volume *v = by_seq(f, seq);
    struct volume_header h;
    int rc = survey_header(&f->disk, v->number, &h);
    return rc == ERR_NOT_FOUND || (rc == 0 && h.salt != v->salt);
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
    return f->n ? newest(f)->number : 0;
}

static uint64_t live_end(const struct journal *j)
{
    const struct files *f = j->store;
    return f->n ? newest(f)->end : 0;
}

const struct store_ops FILES_OPS = {
    .make_room = make_room,
    .admits = admits,
    .lay = lay,
    .hurry = hurry,
    .poll = poll_store,
    .drain = drain,
    .next = next_entry,
    .release = release,
    .hold = hold,
    .held_from = held_from,
    .clean = files_clean,
    .floor = floor_seq,
    .recent = recent_seq,
    .newest = newest_number,
    .live_end = live_end,
    .close = close_store,
};
