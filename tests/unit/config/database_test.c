/* Rows of queries on real databases: what may be asked, what it may cost, and what stands beside the file. */
#include "engine/config/database.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/base/buf.h"
#include "engine/config/database_file.h"

static struct arena arena;
static char dir[64];
static const char *path;
static struct table_rows rows;
static struct table_why why;

static void begin(void)
{
    arena_init(&arena);
    snprintf(dir, sizeof dir, "/tmp/corridor-database.XXXXXX");
    cr_assert_not_null(mkdtemp(dir));
    path = str_printf(&arena, "%s/x %% ?#.db", dir).p;
}

static void end(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", dir);
    cr_assert_eq(system(command), 0);
    arena_free(&arena);
}

TestSuite(database, .init = begin, .fini = end);

/* A program of its own, as far as this one's locks go: it makes the database, and keeps it open if it is said to. */
static sqlite3 *make(const char *sql)
{
    sqlite3 *db;
    char *text = NULL;
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &text), SQLITE_OK, "%s", text);
    return db;
}

static void make_and_close(const char *sql)
{
    cr_assert_eq(sqlite3_close(make(sql)), SQLITE_OK);
}

static bool ask_within(const char *query, int64_t us)
{
    return database_read(&arena, path, str_of(query), us, &rows, &why);
}

static bool ask(const char *query)
{
    return ask_within(query, DATABASE_US_MAX);
}

/* "k,v|a,b|c,d|", or "code at: text". */
static const char *told(const char *query)
{
    struct buf b = {0};
    if (!ask(query)) {
        buf_printf(&b, "%s %d: %.*s", why.code, (int)why.at, STR_ARG(why.text));
        buf_put_str(&b, why.hint);
    } else {
        for (uint32_t row = 0; row <= rows.nrows; row++) {
            for (unsigned i = 0; i < rows.ncolumns; i++) {
                buf_puts(&b, i ? "," : "");
                buf_put_str(&b, row ? rows.cells[(row - 1) * rows.ncolumns + i] : rows.columns[i]);
            }
            buf_puts(&b, "|");
        }
    }
    const char *text = str_dup(&arena, buf_str(&b)).p;
    buf_free(&b);
    return text;
}

static unsigned files(void)
{
    unsigned n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d));) {
        n += e->d_name[0] != '.';
    }
    closedir(d);
    return n;
}

struct asked {
    const char *name, *query, *want;
};

static void all(const struct asked *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char *got = told(v[i].query);
        cr_expect_str_eq(got, v[i].want, "%s: got %s, want %s", v[i].name, got, v[i].want);
    }
}
#define ALL(v) all((v), sizeof(v) / sizeof((v)[0]))

/* ---- what it gives ---- */

Test(database, cells_are_text_as_sqlite_writes_it)
{
    static const struct asked v[] = {
        {"texts", "select unit, desk from u order by unit", "unit,desk|W1,10|W2,|"},
        {"integers to the last digit", "select n, -n from u where n",
         "n,-n|9223372036854775807,-9223372036854775807|"},
        {"reals", "select 1.0 as a, 0.1 as b, 1e20 as c, 2.0/3 as d, -0.5 as e",
         "a,b,c,d,e|1.0,0.1,1.0e+20,0.666666666666667,-0.5|"},
        {"NULL", "select null as a, '' as b", "a,b|,|"},
        {"a blob is empty, its kind tells", "select x'00ff' as a, 1 as b", "a,b|,1|"},
        {"no rows", "select unit, desk from u where 0", "unit,desk|"},
        {"a comment and a semicolon behind it", "select 1 as a; -- one\n ; /* two */ ", "a|1|"},
        {"with", "with c(x) as (values (1), (2)) select x, x * 2 as y from c", "x,y|1,2|2,4|"},
        {"values", "values (1, 'a')", "column1,column2|1,a|"},
        {"json", "select key, value from json_each('{\"a\":1}')", "key,value|a,1|"},
        {"a view", "select * from w", "unit|W1|"},
        {"functions", "select upper(group_concat(unit)) as a, printf('%05d', 7) as b from u",
         "a,b|W1,W2,00007|"},
        {"the day of reading", "select date('now') > '2020' as a", "a|1|"},
        {"UTF-8", "select 'z\xc3\xbcrich' as a", "a|z\xc3\xbcrich|"},
        {"a NUL inside of a text stays", "select length(cast(x'610062' as text)) as a", "a|1|"},
    };
    make_and_close(
        "create table u(unit, desk, n); insert into u values ('W1', '10', null), ('W2', null, "
        "9223372036854775807); create view w as select unit from u where desk is not null");
    ALL(v);
    cr_assert(ask("select null, 1, 1.5, 'x', x'00', cast(x'610062' as text)"));
    static const uint8_t kinds[] = {TABLE_NULL, TABLE_INTEGER, TABLE_REAL,
                                    TABLE_TEXT, TABLE_BLOB,    TABLE_TEXT};
    cr_expect_eq(memcmp(rows.kinds, kinds, sizeof kinds), 0);
    cr_expect_eq(rows.cells[5].n, 3);
    cr_expect_eq(files(), 1);
}

Test(database, a_database_in_utf16_is_read_as_text)
{
    make_and_close(
        "pragma encoding='UTF-16'; create table u(k, v); insert into u values ('\xc3\xa4', 'b')");
    cr_expect_str_eq(told("select * from u"), "k,v|\xc3\xa4,b|");
}

/* ---- what may be asked ---- */

Test(database, a_query_can_only_read)
{
    static const struct asked v[] = {
        {"insert", "insert into u values (1, 2)",
         "bad-query 0: the query may only read; INSERT is not allowed"},
        {"update", "update u set a = 1",
         "bad-query 0: the query may only read; UPDATE is not allowed"},
        {"delete", "delete from u", "bad-query 0: the query may only read; DELETE is not allowed"},
        {"insert with a result", "insert into u values (1, 2) returning a",
         "bad-query 0: the query may only read; INSERT is not allowed"},
        {"create", "create table v(a)",
         "bad-query 0: the query may only read; INSERT is not allowed"},
        {"drop", "drop table u", "bad-query 0: the query may only read; DELETE is not allowed"},
        {"attach", "attach '/etc/passwd' as p",
         "bad-query 0: the query may only read; ATTACH is not allowed"},
        {"detach", "detach main", "bad-query 0: the query may only read; DETACH is not allowed"},
        {"pragma", "pragma journal_mode=wal",
         "bad-query 0: the query may only read; PRAGMA is not allowed"},
        {"pragma as a table", "select * from pragma_table_info('u')",
         "bad-query 0: the query may only read; PRAGMA is not allowed"},
        {"the schema", "update sqlite_schema set sql = ''",
         "bad-query 0: SQLite says: table sqlite_master may not be modified"},
        {"begin", "begin immediate",
         "bad-query 0: the query may only read; BEGIN or COMMIT is not allowed"},
        {"savepoint", "savepoint s",
         "bad-query 0: the query may only read; SAVEPOINT is not allowed"},
        {"vacuum", "vacuum into '/tmp/corridor-database-copy'",
         "bad-query 0: the query is no SELECT"},
        {"analyze", "analyze", "bad-query 0: the query is no SELECT"},
        {"explain", "explain select 1", "bad-query 0: the query is no SELECT"},
        {"load_extension()", "select load_extension('/tmp/x.so')",
         "bad-query 0: the query may only read; load_extension() is not allowed"},
        {"random()", "select a, random() from u",
         "bad-query 0: the query may only read; random() is not allowed"},
        {"writefile()", "select writefile('/tmp/x', 'y')",
         "bad-query 7: SQLite says: no such function: writefile"},
        {"two statements", "select 1, 2; select 3",
         "bad-query 13: a second statement begins here; a table has one query"},
        {"two statements, the second wrong", "select 1, 2;; \n selec",
         "bad-query 16: a second statement begins here; a table has one query"},
        {"a parameter", "select a from u where b = :b",
         "bad-query 26: the query has a parameter, :b; nothing gives it a value"},
        {"a parameter without a name", "select a from u where b = ?",
         "bad-query 26: the query has a parameter, ?; nothing gives it a value"},
        {"nothing", " ", "bad-query 0: the query is empty"},
        {"a comment", "-- select", "bad-query 0: the query is empty"},
        {"no SQL", "selec a", "bad-query 0: SQLite says: near \"selec\": syntax error"},
        {"a syntax error", "select a from u wher b",
         "bad-query 21: SQLite says: near \"b\": syntax error"},
        {"a text in double quotes", "select \"x\" from u",
         "bad-query 7: SQLite says: no such column: x"},
        {"a column that is none", "select a, u.bb from u",
         "bad-query 10: SQLite says: no such column: u.bb"},
        {"a table that is none", "select a from uu",
         "bad-query 14: SQLite says: no such table: uu"},
    };
    make_and_close("create table u(a, b)");
    ALL(v);
    cr_expect(str_is(why.unknown, "uu"));
    cr_expect_eq(why.nnames, 1);
    cr_expect(str_is(why.names[0], "u"));
    cr_expect_not(ask("select bc from u"));
    cr_expect_eq(why.nnames, 2);
    cr_expect(str_is(why.unknown, "bc") && str_is(why.names[1], "b"));
    cr_expect_eq(files(), 1);
    cr_expect_neq(access("/tmp/corridor-database-copy", F_OK), 0);
    make_and_close("insert into u values (1, 2)"); /* it is as it was */
    cr_expect_str_eq(told("select * from u"), "a,b|1,2|");
}

/* ---- what it may cost ---- */

Test(database, a_query_has_limits, .timeout = 60)
{
    static const char count[] =
        "with recursive c(x) as (select 1 union all select x + 1 from c limit %s) %s";
    static const struct {
        const char *name, *limit, *select, *want;
    } v[] = {
        {"a million rows", "1000000", "select x from c", NULL},
        {"one more", "1000001", "select x from c",
         "big-table 0: the query gives more than 1000000 rows"},
        {"16 MiB", "16", "select printf('%1048575d', x) from c", NULL},
        {"one more byte", "17", "select iif(x > 16, '', printf('%1048575d', x)) from c",
         "big-table 0: the rows of the query have more than 16 MiB"},
        {"a cell of 1 MiB", "1", "select zeroblob(1048576) from c", NULL},
        {"a larger cell", "1", "select zeroblob(1048577) from c",
         "big-table 0: the query makes a value of more than 1 MiB"},
        {"memory", "1000", "select x, printf('%1000000d', x) as y from c order by y desc",
         "slow-query 0: the query needs more than 256 MiB of memory"},
    };
    make_and_close("create table u(a, b)");
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
        struct str query = str_printf(&arena, count, v[i].limit, v[i].select);
        bool good = ask(query.p);
        struct str got =
            good ? STR("fine")
                 : str_printf(&arena, "%s %d: %.*s", why.code, (int)why.at, STR_ARG(why.text));
        cr_expect(v[i].want ? str_is(got, v[i].want) : good, "%s: %.*s", v[i].name, STR_ARG(got));
    }
    const char *endless =
        "with recursive c(x) as (select 1 union all select x + 1 from c) select max(x) from c";
    cr_expect_not(ask_within(endless, 50000));
    cr_expect(str_is(why.text, "the query runs longer than 5 s"));
}

/* ---- other programs ---- */

Test(database, a_locked_one_is_waited_for, .timeout = 60)
{
    make_and_close("create table u(a, b); insert into u values (1, 2)");
    int ready[2];
    cr_assert_eq(pipe(ready), 0);
    pid_t writer = fork();
    if (writer == 0) {
        sqlite3 *db = make("begin exclusive; insert into u values (3, 4)");
        (void)!write(ready[1], "r", 1);
        sqlite3_sleep(400);
        sqlite3_exec(db, "commit", NULL, NULL, NULL);
        _exit(0);
    }
    char c;
    cr_assert_eq(read(ready[0], &c, 1), 1);
    cr_expect_not(ask_within("select * from u", 50000));
    cr_expect_str_eq(why.code, "locked");
    cr_expect_eq(why.at, -1);
    cr_expect_str_eq(told("select * from u"), "a,b|1,2|3,4|");
    cr_assert_eq(waitpid(writer, NULL, 0), writer);
}

Test(database, one_with_a_write_ahead_log_is_read_as_of_the_last_commit)
{
    sqlite3 *db =
        make("pragma journal_mode=wal; create table u(a, b); insert into u values (1, 2)");
    cr_expect_eq(files(), 3);
    cr_expect_str_eq(told("select * from u"), "a,b|1,2|");
    cr_assert_eq(sqlite3_exec(db, "begin; insert into u values (3, 4)", NULL, NULL, NULL),
                 SQLITE_OK);
    cr_expect_str_eq(told("select * from u"), "a,b|1,2|");
    cr_assert_eq(sqlite3_exec(db, "commit", NULL, NULL, NULL), SQLITE_OK);
    cr_expect_str_eq(told("select * from u"), "a,b|1,2|3,4|");
    cr_expect_eq(files(), 3, "what it uses stays");
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    cr_expect_eq(files(), 1);
    cr_expect_str_eq(told("select * from u"), "a,b|1,2|3,4|");
    cr_expect_eq(files(), 1, "nothing is made beside one that nobody has open");
}

/* It is read without locks: whoever opens it meanwhile makes a log or changes the file. */
Test(database, one_that_was_still_is_known_to_have_changed)
{
    struct database_file f;
    make_and_close("pragma journal_mode=wal; create table u(a, b)");
    cr_assert(database_file_look(&arena, path, &f, &why) && f.is_still);
    cr_expect_not(database_file_changed(&arena, path, &f));
    sqlite3 *db = make("insert into u values (1, 2)");
    cr_expect(database_file_changed(&arena, path, &f), "a log");
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
    cr_expect(database_file_changed(&arena, path, &f), "what the log held");
    cr_assert(database_file_look(&arena, path, &f, &why));
    cr_expect_not(database_file_changed(&arena, path, &f));
    make_and_close("pragma journal_mode=delete");
    cr_expect(database_file_changed(&arena, path, &f), "another mode");
}

/* A program that was killed left its log. */
Test(database, a_log_that_was_left_behind_is_read)
{
    pid_t writer = fork();
    if (writer == 0) {
        make("pragma journal_mode=wal; create table u(a, b); insert into u values (1, 2)");
        _exit(0);
    }
    cr_assert_eq(waitpid(writer, NULL, 0), writer);
    cr_assert_eq(files(), 3);
    cr_expect_str_eq(told("select * from u"), "a,b|1,2|");
    cr_expect_eq(files(), 3, "it is left for the next that writes");
    cr_assert_eq(unlink(str_printf(&arena, "%s-shm", path).p), 0);
    cr_expect_str_eq(told("select * from u"),
                     "unreadable -1: there is a -wal file and no -shm beside itopen and close it "
                     "once with the program it "
                     "belongs to, or copy it with sqlite3 FILE '.backup COPY'");
    cr_expect_eq(files(), 2);
}

/* Its journal must be rolled back before anybody reads, and one that only reads cannot. */
Test(database, an_interrupted_write_is_told)
{
    make_and_close("create table u(a, b); insert into u values (1, 2)");
    pid_t writer = fork();
    if (writer == 0) {
        make("pragma cache_size=1; pragma cache_spill=1; begin exclusive; with recursive c(x) as "
             "(select 1 union all select x + 1 from c "
             "limit 20000) insert into u select x, x from c");
        _exit(0);
    }
    cr_assert_eq(waitpid(writer, NULL, 0), writer);
    cr_assert_eq(files(), 2);
    cr_expect_str_eq(told("select count(*) from u"),
                     "unreadable -1: a program was interrupted while it wrote, and only one that "
                     "may write can undo it"
                     "open it once with the program it belongs to");
    cr_expect_eq(files(), 2);
    make_and_close("select 1 from u");
    cr_expect_str_eq(told("select count(*) as n from u"), "n|1|");
}

/* ---- files that are none, and hostile ones ---- */

static void put(const void *bytes, size_t n, long at)
{
    FILE *f = fopen(path, at ? "r+" : "w");
    cr_assert_not_null(f);
    fseek(f, at, SEEK_SET);
    cr_assert_eq(fwrite(bytes, 1, n, f), n);
    fclose(f);
}

Test(database, a_file_that_is_no_database_is_told)
{
    cr_expect_str_eq(told("select 1"), "unreadable -1: No such file or directory");
    put("", 0, 0);
    cr_expect_str_eq(told("select 1"), "unreadable -1: the file is empty");
    put("k,v\na,b\n", 8, 0);
    cr_expect_str_eq(told("select 1"), "unreadable -1: no database of SQLite");
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
    cr_expect_str_eq(told("select 1"), "unreadable -1: not a regular file");
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0700), 0);
    cr_expect_str_eq(told("select 1"), "unreadable -1: not a regular file");
}

Test(database, a_damaged_one_is_told)
{
    make_and_close("create table u(a, b); with recursive c(x) as (select 1 union all select x + 1 "
                   "from c limit 5000) "
                   "insert into u select x, x from c");
    struct stat st;
    cr_assert_eq(stat(path, &st), 0);
    static char junk[4096];
    memset(junk, 0xee, sizeof junk);
    put(junk, sizeof junk, 4096 * 3);
    const char *got = told("select a, b from u");
    cr_expect_eq(strncmp(got, "damaged -1: the database is damaged: ", 37), 0, "%s", got);
    cr_assert_eq(truncate(path, 5000), 0);
    got = told("select a, b from u");
    cr_expect_eq(strncmp(got, "damaged -1: the database is damaged: ", 37), 0, "%s", got);
    put(junk, 20, 20);
    got = told("select a, b from u");
    cr_expect_eq(strncmp(got, "damaged -1: ", 12), 0, "%s", got);
}

/* Every byte of a small database wrong, one after the other: rows or a reason, and no crash. */
Test(database, no_byte_that_is_wrong_does_harm, .timeout = 120)
{
    make_and_close("pragma page_size=512; create table u(a, b); create index i on u(b); insert "
                   "into u values (1, 'x'), (2, 'y')");
    FILE *f = fopen(path, "r");
    char bytes[4096];
    size_t n = fread(bytes, 1, sizeof bytes, f), told_wrong = 0;
    fclose(f);
    for (size_t i = 0; i < n; i++) {
        struct arena before = arena;
        arena_init(&arena);
        char was = bytes[i];
        bytes[i] = (char)~was;
        put(bytes, n, 0);
        bytes[i] = was;
        told_wrong += !ask_within("select a, b from u order by b", 200000);
        arena_free(&arena);
        arena = before;
    }
    cr_expect_gt(told_wrong, 20);
}

Test(database, a_hostile_schema_reaches_nothing)
{
    static const struct asked v[] = {
        {"a view that is endless", "select * from endless",
         "slow-query 0: the query runs longer than 5 s"},
        {"a view that loads", "select * from loads",
         "bad-query 0: SQLite says: unsafe use of load_extension()"},
        {"a huge text", "select * from huge",
         "big-table 0: the query makes a value of more than 1 MiB"},
        {"a view upon itself", "select * from twice",
         "bad-query 0: SQLite says: view twice is circularly defined"},
    };
    make_and_close("create view endless(a) as with recursive c(x) as (select 1 union all select x "
                   "+ 1 from c) select max(x) from c;"
                   "create view loads(a) as select load_extension('/tmp/x.so');"
                   "create view huge(a) as select zeroblob(2000000);"
                   "create view twice(a) as select * from twice");
    ALL(v);
}
