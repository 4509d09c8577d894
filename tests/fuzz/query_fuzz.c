/* Fuzz target: any bytes as the query of a table, on a database of a table, a view and a text in another encoding. It is
 * refused with a reason at a place in it, or gives rows within the limits, of which those with plain keys find themselves;
 * the database stays as it was, and nothing is made beside it. */
#include "engine/config/database.h"

#include <dirent.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char dir[64], path[80];
static struct stat made;

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static void end(void)
{
    (void)unlink(path);
    (void)rmdir(dir);
}

static void make(void)
{
    sqlite3 *db;
    snprintf(dir, sizeof dir, "/tmp/corridor-query.XXXXXX");
    must(mkdtemp(dir) != NULL);
    snprintf(path, sizeof path, "%s/x.db", dir);
    must(sqlite3_open(path, &db) == SQLITE_OK);
    must(sqlite3_exec(
             db,
             "create table units(facility, unit, desk, phone integer, share real);"
             "insert into units values ('MAIN', 'W1', '10', 555, 0.5), ('MAIN', '*', x'00', "
             "null, 1e300), (cast(x'c4' as text), '', 'a' || char(11), -1, 2);"
             "create view w as select * from units",
             NULL, NULL, NULL) == SQLITE_OK);
    must(sqlite3_close(db) == SQLITE_OK);
    must(stat(path, &made) == 0);
    atexit(end);
}

static void check_untouched(void)
{
    struct stat now;
    unsigned n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d));) {
        n += e->d_name[0] != '.';
    }
    closedir(d);
    must(n == 1 && stat(path, &now) == 0 && now.st_size == made.st_size &&
         now.st_mtim.tv_sec == made.st_mtim.tv_sec && now.st_mtim.tv_nsec == made.st_mtim.tv_nsec);
}

static void use(struct arena *a, const struct table_rows *rows)
{
    struct diags d;
    struct table t = {.name = STR("t"), .file = "x.db", .nkeys = 1, .value = 1};
    diags_init(&d, a);
    if (!table_take_rows(a, &t, rows, &d)) {
        must(d.errors > 0);
        return;
    }
    must(t.nrows == rows->nrows && t.ncolumns > 1 && t.ncolumns <= TABLE_COLUMNS_MAX);
    table_say_reals(&t, rows, &d);
    if (!table_index(a, &t, &d)) {
        must(d.errors > 0);
        return;
    }
    for (uint32_t row = 0; row < t.nrows && row < 200; row++) {
        struct str key = table_cell(&t, row, 0);
        must(!key.n || table_find(&t, &key) >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct table_rows rows;
    struct table_why why;
    if (!path[0]) {
        make();
    }
    struct str query = str_dup(&a, str_from((const char *)data, size));
    if (database_read(&a, path, query, 20000, &rows, &why)) {
        must(rows.nrows <= TABLE_ROWS_MAX);
        use(&a, &rows);
    } else {
        must(why.code && why.text.n && why.at <= (ptrdiff_t)size);
    }
    check_untouched();
    arena_free(&a);
    return 0;
}
