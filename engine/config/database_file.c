/* A database in WAL mode has -wal and -shm beside it while programs have it open. SQLite would make them even for one who
 * only reads, as files of our user, which then may keep the others out of their own database. So: nobody has it open - the
 * file alone is everything, and it is read as it stands; somebody has - both are there and are used; else it is refused. */
#include "engine/config/database_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { HEAD = 100, WRITE_VERSION = 18, READ_VERSION = 19, WAL = 2 };

static bool fail(struct table_why *why, struct str text, struct str hint)
{
    *why = (struct table_why){.code = "unreadable", .text = text, .hint = hint, .at = -1};
    return false;
}

static bool fail_errno(struct table_why *why)
{
    return fail(why, str_of(strerror(errno)), STR("")); /* a static text */
}

/* The first bytes. An own descriptor is closed before SQLite takes locks: closing one gives up those of the process. */
static bool read_head(const char *path, struct stat *st, char head[HEAD], size_t *n,
                      struct table_why *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return fail_errno(why);
    }
    ssize_t got = fstat(fd, st) == 0 && S_ISREG(st->st_mode) ? read(fd, head, HEAD) : 0;
    int failed = got < 0 ? errno : 0;
    close(fd);
    errno = failed;
    *n = got > 0 ? (size_t)got : 0;
    return got >= 0 || fail_errno(why);
}

static bool is_there(struct arena *a, const char *path, const char *suffix, bool *out_is_empty)
{
    struct stat st;
    bool is = stat(str_printf(a, "%s%s", path, suffix).p, &st) == 0;
    *out_is_empty = !is || st.st_size == 0;
    return is;
}

bool database_file_look(struct arena *a, const char *path, struct database_file *out,
                        struct table_why *why)
{
    char head[HEAD];
    size_t n;
    bool has_no_wal, is_empty;
    *out = (struct database_file){0};
    if (!read_head(path, &out->seen, head, &n, why)) {
        return false;
    }
    if (!S_ISREG(out->seen.st_mode)) {
        return fail(why, STR("not a regular file"), STR(""));
    }
    if (n < HEAD || memcmp(head, "SQLite format 3", 16) != 0) {
        return fail(why, n ? STR("no database of SQLite") : STR("the file is empty"), STR(""));
    }
    if (head[READ_VERSION] != WAL && head[WRITE_VERSION] != WAL) {
        return true;
    }
    bool has_wal = is_there(a, path, "-wal", &has_no_wal);
    bool has_shm = is_there(a, path, "-shm", &is_empty);
    out->is_still = !has_wal || (has_no_wal && !has_shm);
    if (!out->is_still && !has_shm) {
        return fail(why, STR("there is a -wal file and no -shm beside it"),
                    STR("open and close it once with the program it belongs to, or copy it with "
                        "sqlite3 FILE '.backup COPY'"));
    }
    return true;
}

bool database_file_changed(struct arena *a, const char *path, const struct database_file *f)
{
    struct database_file now;
    struct table_why why;
    if (!f->is_still) {
        return false;
    }
    return !database_file_look(a, path, &now, &why) || !now.is_still ||
           now.seen.st_ino != f->seen.st_ino || now.seen.st_size != f->seen.st_size ||
           now.seen.st_mtim.tv_sec != f->seen.st_mtim.tv_sec ||
           now.seen.st_mtim.tv_nsec != f->seen.st_mtim.tv_nsec;
}
