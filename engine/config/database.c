#include "engine/config/database.h"

#include <sqlite3.h>
#include <stdlib.h>

#include "engine/base/buf.h"
#include "engine/base/clock.h"
#include "engine/base/mem.h"
#include "engine/config/database_file.h"

enum {
    LOOK_EACH = 1000, /* instructions of SQLite between two looks at the clock */
    WAIT_MS = 5,
    TRIES = 5, /* of a file that changes while it is read */
    PATTERN_MAX = 1000,
    NAMES_MAX = 1000,
};

struct reading {
    struct arena *a;
    struct str query;
    sqlite3 *db;
    sqlite3_stmt *s;
    struct clock clock;
    int64_t until_us, wait_until_us; /* monotonic */
    bool is_denied;
    const char *denied; /* what else than reading the query wants to do, if that has a name */
    struct table_rows *out;
    struct table_why *why;
    size_t bytes, cap;
};

static bool fail(struct reading *r, ptrdiff_t at, const char *code, struct str text)
{
    *r->why = (struct table_why){.code = code, .text = text, .at = at};
    return false;
}

/* ---- what a query may do ---- */

/* What changes nothing, but gives something else each time or reaches out of the database. */
static bool is_banned(const char *function)
{
    static const char *const banned[] = {"load_extension", "random", "randomblob",
                                         "fts3_tokenizer"};
    for (size_t i = 0; i < sizeof banned / sizeof banned[0]; i++) {
        if (sqlite3_stricmp(function, banned[i]) == 0) {
            return true;
        }
    }
    return false;
}

static const char *name_of(int action)
{
    static const struct {
        int action;
        const char *name;
    } known[] = {{SQLITE_ATTACH, "ATTACH"},       {SQLITE_DETACH, "DETACH"},
                 {SQLITE_PRAGMA, "PRAGMA"},       {SQLITE_TRANSACTION, "BEGIN or COMMIT"},
                 {SQLITE_SAVEPOINT, "SAVEPOINT"}, {SQLITE_INSERT, "INSERT"},
                 {SQLITE_UPDATE, "UPDATE"},       {SQLITE_DELETE, "DELETE"}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (known[i].action == action) {
            return known[i].name;
        }
    }
    return NULL;
}

static int authorize(void *arg, int action, const char *one, const char *two, const char *database,
                     const char *inner)
{
    struct reading *r = arg;
    (void)database, (void)inner;
    bool is_declared = action == SQLITE_UPDATE && sqlite3_stricmp(one, "sqlite_master") == 0;
    if (action == SQLITE_SELECT || action == SQLITE_READ || action == SQLITE_RECURSIVE ||
        (action == SQLITE_FUNCTION && !is_banned(two)) || is_declared) {
        return SQLITE_OK; /* is_declared: json_each(); a real change is no SELECT */
    }
    r->is_denied = true;
    r->denied = action == SQLITE_FUNCTION ? str_printf(r->a, "%s()", two).p : name_of(action);
    return SQLITE_DENY;
}

static bool is_late(const struct reading *r)
{
    return clock_mono_us(&r->clock) > r->until_us;
}

static int on_progress(void *arg)
{
    return is_late(arg);
}

static int on_busy(void *arg, int times)
{
    const struct reading *r = arg;
    (void)times;
    if (is_late(r) || clock_mono_us(&r->clock) > r->wait_until_us) {
        return 0;
    }
    sqlite3_sleep(WAIT_MS);
    return 1;
}

/* ---- errors ---- */

static bool fail_limit(struct reading *r, int rc)
{
    if (rc == SQLITE_BUSY || rc == SQLITE_LOCKED) {
        return fail(r, -1, "locked", STR("another program keeps it locked"));
    }
    if (rc == SQLITE_INTERRUPT) {
        return fail(r, 0, "slow-query", STR("the query runs longer than 5 s"));
    }
    if (rc == SQLITE_TOOBIG) {
        return fail(r, 0, "big-table", STR("the query makes a value of more than 1 MiB"));
    }
    return fail(r, 0, "slow-query", STR("the query needs more than 256 MiB of memory"));
}

/* The query does something else than reading. */
static bool fail_denied(struct reading *r)
{
    return fail(r, 0, "bad-query",
                r->denied
                    ? str_printf(r->a, "the query may only read; %s is not allowed", r->denied)
                    : STR("the query is no SELECT"));
}

/* The names of tables, or of columns, that the database has, beside the one that it lacks: somebody may have meant one. */
static void gather_names(struct reading *r, struct str unknown, const char *sql)
{
    struct str *names = ARENA_ARRAY(r->a, struct str, NAMES_MAX);
    sqlite3_stmt *s = NULL;
    (void)sqlite3_set_authorizer(r->db, NULL, NULL); /* for a query of ours */
    int rc = sqlite3_prepare_v3(r->db, sql, -1, 0, &s, NULL);
    while (rc == SQLITE_OK && r->why->nnames < NAMES_MAX && sqlite3_step(s) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(s, 0);
        names[r->why->nnames++] = str_dup(r->a, str_of(name ? name : ""));
    }
    (void)sqlite3_finalize(s); /* a hint is not owed */
    for (size_t i = 0; i < unknown.n; i++) {
        if (unknown.p[i] == '.') {
            unknown = str_slice(unknown, i + 1, unknown.n);
            i = 0;
        }
    }
    r->why->unknown = unknown;
    r->why->names = names;
}

static bool fail_query(struct reading *r, ptrdiff_t at, struct str text)
{
    static const char no_table[] = "no such table: ", no_column[] = "no such column: ";
    fail(r, at < 0 ? 0 : at, "bad-query", str_printf(r->a, "SQLite says: %s", text.p));
    if (str_starts(text, str_of(no_table))) {
        struct str name = str_slice(text, sizeof no_table - 1, text.n);
        ptrdiff_t found =
            at < 0 ? str_find(r->query, name) : -1; /* SQLite 3.40 does not tell where */
        r->why->at = found >= 0 ? found : r->why->at;
        gather_names(r, name, "select name from sqlite_schema where type in ('table', 'view')");
    } else if (str_starts(text, str_of(no_column))) {
        gather_names(
            r, str_slice(text, sizeof no_column - 1, text.n),
            "select distinct p.name from sqlite_schema as s, pragma_table_info(s.name) as p "
            "where s.type in ('table', 'view')");
    }
    return false;
}

/* What SQLite said of the query (`at`: byte of it, -1: not known) or of the database. */
static bool fail_sqlite(struct reading *r, int rc, ptrdiff_t at)
{
    struct str text = str_printf(r->a, "%s", sqlite3_errmsg(r->db));
    if (r->is_denied) {
        return fail_denied(r);
    }
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
    case SQLITE_NOMEM:
    case SQLITE_FULL:
    case SQLITE_TOOBIG:
        return fail_limit(r, rc & 0xff);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return fail(r, -1, "damaged", str_printf(r->a, "the database is damaged: %s", text.p));
    case SQLITE_READONLY:
        fail(r, -1, "unreadable",
             STR("a program was interrupted while it wrote, and only one that may write can undo "
                 "it"));
        r->why->hint = STR("open it once with the program it belongs to");
        return false;
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
    case SQLITE_RANGE:
        return fail_query(r, at, text);
    default:
        return fail(r, -1, "unreadable", str_printf(r->a, "SQLite says: %s", text.p));
    }
}

/* ---- opening ---- */

static struct str uri_of(struct arena *a, const char *path, bool is_still)
{
    struct buf b = {0};
    buf_puts(&b, "file:");
    for (const char *p = path; *p; p++) {
        bool plain = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                     (*p >= '0' && *p <= '9') || strchr("/._-", *p);
        buf_printf(&b, plain ? "%c" : "%%%02X", (unsigned char)*p);
    }
    buf_puts(&b, is_still ? "?mode=ro&immutable=1" : "?mode=ro");
    struct str uri = str_dup(a, buf_str(&b));
    buf_free(&b);
    return uri;
}

/* Everything a hostile schema could use is off before anything of the file is read. */
static bool harden(struct reading *r)
{
    static const struct {
        int what, value;
    } switches[] = {{SQLITE_DBCONFIG_DEFENSIVE, 1},
                    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
                    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
                    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
                    {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
                    {SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1},
                    {SQLITE_DBCONFIG_DQS_DML, 0},
                    {SQLITE_DBCONFIG_DQS_DDL, 0}};
    static const struct {
        int what, most;
    } limits[] = {{SQLITE_LIMIT_LENGTH, DATABASE_CELL_MAX},
                  {SQLITE_LIMIT_ATTACHED, 0},
                  {SQLITE_LIMIT_WORKER_THREADS, 0},
                  {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_MAX}};
    int rc = SQLITE_OK;
    for (size_t i = 0; i < sizeof switches / sizeof switches[0] && rc == SQLITE_OK; i++) {
        rc = sqlite3_db_config(r->db, switches[i].what, switches[i].value, NULL);
    }
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        (void)sqlite3_limit(r->db, limits[i].what, limits[i].most); /* gives the old one */
    }
    rc = rc ? rc : sqlite3_busy_handler(r->db, on_busy, r);
    rc = rc ? rc
            : sqlite3_exec(r->db,
                           "pragma query_only=1; pragma temp_store=memory; pragma "
                           "cell_size_check=1; pragma mmap_size=0",
                           NULL, NULL, NULL);
    sqlite3_progress_handler(r->db, LOOK_EACH, on_progress, r);
    rc = rc ? rc : sqlite3_set_authorizer(r->db, authorize, r);
    return rc == SQLITE_OK || fail_sqlite(r, rc, -1);
}

static bool open_it(struct reading *r, const char *path, bool is_still)
{
    (void)sqlite3_hard_heap_limit64(DATABASE_HEAP_MAX); /* nothing else here uses SQLite */
    int rc = sqlite3_open_v2(uri_of(r->a, path, is_still).p, &r->db,
                             SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX |
                                 SQLITE_OPEN_PRIVATECACHE,
                             NULL);
    return rc == SQLITE_OK ? harden(r) : fail_sqlite(r, rc, -1);
}

/* ---- the query ---- */

/* Is there anything but blanks, comments and semicolons behind it? */
static bool is_alone(struct reading *r, const char *tail)
{
    const char *end = r->query.p + r->query.n;
    while (tail < end) {
        sqlite3_stmt *more = NULL;
        const char *from = tail;
        int rc = sqlite3_prepare_v3(r->db, from, (int)(end - from) + 1, 0, &more, &tail);
        (void)sqlite3_finalize(more); /* never run */
        if (rc != SQLITE_OK || more) {
            while (from < end && strchr(" \t\r\n;", *from)) {
                from++;
            }
            return fail(r, from - r->query.p, "bad-query",
                        STR("a second statement begins here; a table has one query"));
        }
    }
    return true;
}

static bool has_no_parameter(struct reading *r)
{
    if (sqlite3_bind_parameter_count(r->s) == 0) {
        return true;
    }
    const char *name = sqlite3_bind_parameter_name(r->s, 1);
    ptrdiff_t at = str_find(r->query, str_of(name ? name : "?"));
    return fail(r, at < 0 ? 0 : at, "bad-query",
                str_printf(r->a, "the query has a parameter, %s; nothing gives it a value",
                           name ? name : "?"));
}

static bool prepare(struct reading *r)
{
    const char *tail = NULL;
    if (memchr(r->query.p, 0, r->query.n)) {
        return fail(r, 0, "bad-query", STR("the query holds a NUL"));
    }
    int rc = sqlite3_prepare_v3(r->db, r->query.p, (int)r->query.n + 1, 0, &r->s, &tail);
    if (rc != SQLITE_OK) {
        return fail_sqlite(r, rc, sqlite3_error_offset(r->db));
    }
    if (!r->s) {
        return fail(r, 0, "bad-query", STR("the query is empty"));
    }
    if (!sqlite3_stmt_readonly(r->s) || sqlite3_stmt_isexplain(r->s) ||
        sqlite3_column_count(r->s) == 0) {
        return fail(r, 0, "bad-query", STR("the query is no SELECT"));
    }
    return is_alone(r, tail) && has_no_parameter(r);
}

/* ---- rows ---- */

static void take_columns(struct reading *r)
{
    struct table_rows *t = r->out;
    t->ncolumns = (unsigned)sqlite3_column_count(r->s);
    t->columns = ARENA_ARRAY(r->a, struct str, t->ncolumns);
    for (unsigned i = 0; i < t->ncolumns; i++) {
        const char *name = sqlite3_column_name(r->s, (int)i);
        t->columns[i] = str_dup(r->a, str_of(name ? name : ""));
    }
}

static enum table_kind kind_of(int type)
{
    return type == SQLITE_INTEGER ? TABLE_INTEGER
           : type == SQLITE_FLOAT ? TABLE_REAL
           : type == SQLITE_TEXT  ? TABLE_TEXT
           : type == SQLITE_BLOB  ? TABLE_BLOB
                                  : TABLE_NULL;
}

static bool take_cell(struct reading *r, unsigned column, size_t at)
{
    enum table_kind kind = kind_of(sqlite3_column_type(r->s, (int)column));
    struct str cell = STR("");
    if (kind != TABLE_NULL && kind != TABLE_BLOB) {
        const char *p = (const char *)sqlite3_column_text(r->s, (int)column);
        if (!p) {
            return fail_sqlite(r, SQLITE_NOMEM, 0);
        }
        cell = str_dup(r->a, str_from(p, (size_t)sqlite3_column_bytes(r->s, (int)column)));
    }
    r->out->cells[at] = cell;
    r->out->kinds[at] = (uint8_t)kind;
    r->bytes += cell.n + 1;
    return true;
}

static bool take_row(struct reading *r)
{
    struct table_rows *t = r->out;
    size_t at = (size_t)t->nrows * t->ncolumns;
    if (t->nrows == TABLE_ROWS_MAX) {
        return fail(r, 0, "big-table", STR("the query gives more than 1000000 rows"));
    }
    if (at + t->ncolumns > r->cap) {
        r->cap = (r->cap + t->ncolumns) * 2;
        t->cells = xrealloc(t->cells, r->cap * sizeof *t->cells);
        t->kinds = xrealloc(t->kinds, r->cap);
    }
    for (unsigned i = 0; i < t->ncolumns; i++) {
        if (!take_cell(r, i, at + i)) {
            return false;
        }
    }
    t->nrows++;
    return r->bytes <= DATABASE_BYTES_MAX ||
           fail(r, 0, "big-table", STR("the rows of the query have more than 16 MiB"));
}

static bool take_rows(struct reading *r)
{
    /* The first step prepares anew what a change of the schema has outrun. */
    int rc = sqlite3_step(r->s);
    take_columns(r);
    while (rc == SQLITE_ROW) {
        if (!take_row(r)) {
            return false;
        }
        rc = sqlite3_step(r->s);
    }
    return rc == SQLITE_DONE || fail_sqlite(r, rc, -1);
}

/* What grew into what stays. */
static void keep(struct reading *r)
{
    struct table_rows *t = r->out;
    size_t n = (size_t)t->nrows * t->ncolumns;
    struct str *cells = t->cells;
    uint8_t *kinds = t->kinds;
    t->cells = ARENA_ARRAY(r->a, struct str, n + 1);
    t->kinds = arena_alloc(r->a, n + 1);
    if (n) {
        memcpy(t->cells, cells, n * sizeof *cells);
        memcpy(t->kinds, kinds, n);
    }
    free(cells);
    free(kinds);
}

static bool read_once(struct reading *r, const char *path, bool is_still)
{
    *r->out = (struct table_rows){0};
    r->bytes = r->cap = 0;
    bool good = open_it(r, path, is_still) && prepare(r) && take_rows(r);
    keep(r);
    (void)sqlite3_finalize(r->s); /* what went wrong has been told */
    (void)sqlite3_close_v2(r->db);
    r->s = NULL;
    r->db = NULL;
    return good;
}

bool database_read(struct arena *a, const char *path, struct str query, int64_t within_us,
                   struct table_rows *out, struct table_why *why)
{
    struct reading r = {.a = a, .query = query, .clock = clock_real(), .out = out, .why = why};
    int64_t now_us = clock_mono_us(&r.clock);
    r.until_us = now_us + within_us;
    r.wait_until_us = now_us + DATABASE_WAIT_US_MAX;
    for (unsigned i = 0; i < TRIES; i++) {
        struct database_file f;
        if (!database_file_look(a, path, &f, why)) {
            return false;
        }
        bool good = read_once(&r, path, f.is_still);
        if (!database_file_changed(a, path, &f)) {
            return good;
        }
    }
    return fail(&r, -1, "locked", STR("it changes while it is read"));
}
