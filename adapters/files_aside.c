/* A file that is large, or whose period is over, is put aside under a name with a time. */
#include "adapters/files_append_priv.h"
#include "adapters/files_batch.h"
#include "adapters/files_move.h"
#include "engine/base/clock.h"

#include <errno.h>
#include <unistd.h>

enum { TRIES = 1000 };

/* "feed-20261124T093000Z.hl7" */
static void put_aside_name(struct buf *out, struct str name, int64_t second)
{
    struct civil t = civil_of_us(second * 1000000);
    size_t dot = name.n;
    while (dot > 0 && name.p[dot - 1] != '.') {
        dot--;
    }
    size_t stem = dot > 1 ? dot - 1 : name.n;
    buf_clear(out);
    buf_printf(out, "%.*s-%04d%02d%02dT%02d%02d%02dZ%.*s", (int)stem, name.p, t.year, t.month,
               t.day, t.hour, t.minute, t.second, (int)(name.n - stem), name.p + stem);
    buf_putc(out, '\0');
}

/* Where several fall into one second, each later one takes the next: their order by name is that of their messages, and no
 * name comes twice, though the file of that name was fetched meanwhile. */
static int put_aside(struct files_append *a, int64_t wall_us)
{
    struct buf as = {0};
    struct str name = str_of(a->name.p);
    int64_t second = wall_us / 1000000;
    bool done = false;
    second = second > a->aside_s ? second : a->aside_s + 1;
    for (unsigned i = 0; i < TRIES && !done; i++) {
        put_aside_name(&as, name, second + i);
        done = files_rename_new(a->dir, a->name.p, a->dir, as.p);
        a->aside_s = done ? second + i : a->aside_s;
        if (!done && errno != EEXIST) {
            break;
        }
    }
    int error = done && fsync(a->dir) == 0 ? 0 : errno;
    buf_free(&as);
    return error;
}

static int begin_anew(struct files_append *a)
{
    static const char nobody[FILES_APPEND_ID];
    struct buf line = {0};
    files_known_put(&line, 0, nobody, 0);
    bool ok = files_write_at(a->side, buf_str(&line), a->side_length) && fdatasync(a->side) == 0;
    buf_free(&line);
    files_append_close(a); /* the new file is made when it is opened */
    return ok ? files_append_open(a) : errno;
}

/* A file of the other kind is not gone on with: its settings are from before. */
static bool is_due(const struct files_append *a, int64_t wall_us)
{
    return a->length >= (uint64_t)a->rotate_size || a->period != files_append_period(a, wall_us) ||
           (a->batch != NULL) != (a->count > 0) ||
           (a->batch && a->count >= (uint64_t)a->batch->most);
}

/* Behind what counts, so that a crash before the file is put aside cuts it off again. */
static int put_trailer(struct files_append *a)
{
    struct buf b = {0};
    bool has_file = false;
    char first[3];
    if (a->count == 0) {
        return 0;
    }
    has_file = pread(a->file, first, sizeof first, 0) == 3 && memcmp(first, "FHS", 3) == 0;
    files_batch_trailer(&b, a->count, has_file);
    bool ok = files_write_at(a->file, buf_str(&b), a->length) && fdatasync(a->file) == 0;
    buf_free(&b);
    return ok ? 0 : errno;
}

int files_aside(struct files_append *a, int64_t wall_us)
{
    if (a->length == 0 || !is_due(a, wall_us)) {
        return 0;
    }
    int error = put_trailer(a);
    error = error ? error : put_aside(a, wall_us);
    return error ? error : begin_anew(a);
}
