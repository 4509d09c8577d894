/* Which volumes may go: they are settled, and old, or empty of records, or room is running out. */
#include "engine/journal/files_priv.h"
#include "engine/journal/keys.h"

#include <string.h>

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
    return files_is_over(f, bytes + ahead, FILES_RESERVE_INTAKE);
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
    files_close_volume(f, v);
    writer_release(f->writer, v->number);
}

void files_release(struct journal *j, uint64_t seq)
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

void files_hold(struct journal *j, uint64_t home, bool is_in)
{
    struct files *f = j->store;
    if (f->n) {
        struct volume *v =
            home >= files_newest(f)->first_seq ? files_newest(f) : files_by_seq(f, home);
        v->items += is_in ? 1 : 0;
        v->items -= !is_in && v->items ? 1 : 0;
    }
}

/* What may not go anyway keeps itself. */
uint64_t files_held_from(const struct journal *j)
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
