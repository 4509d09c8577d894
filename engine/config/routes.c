#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "engine/base/clock.h"
#include "engine/base/hash.h"
#include "engine/config/database.h"
#include "engine/config/loader.h"

enum {
    DEPTH_MAX = 16,
    QUERIES_US_MAX = 10000000, /* of all of them: the engine stands still meanwhile */
};

struct found {
    const char **v;
    size_t n, cap;
    struct stat *out; /* what is left out */
    size_t nout;
};

static void remember(struct loader *l, struct found *f, const char *path)
{
    if (f->n == f->cap) {
        size_t cap = f->cap ? f->cap * 2 : 32;
        const char **v = ARENA_ARRAY(l->a, const char *, cap);
        if (f->n) {
            memcpy(v, f->v, f->n * sizeof *v);
        }
        f->v = v;
        f->cap = cap;
    }
    f->v[f->n++] = path;
}

static void complain(struct loader *l, struct diag_pos pos, const char *path, const char *why)
{
    diag_add(l->d, DIAG_ERROR, "cannot-read", pos, "cannot read %s: %s", path, why);
}

/* An entry of routes: that begins with ! is this file or directory. */
static bool is_left_out(const struct found *f, const struct stat *st)
{
    for (size_t i = 0; i < f->nout; i++) {
        if (f->out[i].st_dev == st->st_dev && f->out[i].st_ino == st->st_ino) {
            return true;
        }
    }
    return false;
}

static void walk(struct loader *l, const char *dir, unsigned depth, struct diag_pos pos,
                 struct found *f)
{
    DIR *open = depth < DEPTH_MAX ? opendir(dir) : NULL;
    if (!open) {
        complain(l, pos, dir,
                 depth < DEPTH_MAX ? strerror(errno)
                                   : "more than 16 directories within each other");
        return;
    }
    for (struct dirent *e; (e = readdir(open));) {
        if (e->d_name[0] == '.') {
            continue;
        }
        struct str path = str_printf(l->a, "%s/%s", dir, e->d_name);
        struct stat st;
        if (stat(path.p, &st) != 0) {
            complain(l, pos, path.p, strerror(errno));
        } else if (is_left_out(f, &st)) {
            continue;
        } else if (S_ISDIR(st.st_mode)) {
            walk(l, path.p, depth + 1, pos, f);
        } else if (str_ends(path, STR(".yaml"))) {
            remember(l, f, path.p);
        }
    }
    closedir(open);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Named relative to the route file `from`. */
static const char *beside(struct loader *l, const char *from, struct str name)
{
    const char *slash = from ? strrchr(from, '/') : NULL;
    int dir = slash && name.n && name.p[0] != '/' ? (int)(slash - from + 1) : 0;
    return str_printf(l->a, "%.*s%.*s", dir, dir ? from : "", STR_ARG(name)).p;
}

static bool read_table(void *arg, struct arena *a, const char *from, struct str name,
                       struct str *out_bytes, const char **out_why)
{
    struct loader *l = arg;
    (void)a; /* everything read lives as long as the plan */
    return loader_read(l, beside(l, from, name), out_bytes, out_why);
}

static bool run_query(struct loader *l, struct arena *a, const struct rules_query *q,
                      struct table_rows *out_rows, struct table_why *out_why)
{
    struct clock clock = clock_real();
    int64_t begin_us = clock_mono_us(&clock), left_us = QUERIES_US_MAX - l->queries_us;
    *out_why = (struct table_why){.code = "slow-query"};
    bool ok = left_us > 0 && database_read(a, beside(l, q->from, q->file), q->text,
                                           left_us < DATABASE_US_MAX ? left_us : DATABASE_US_MAX,
                                           out_rows, out_why);
    l->queries_us += clock_mono_us(&clock) - begin_us;
    if (!ok && l->queries_us >= QUERIES_US_MAX && strcmp(out_why->code, "slow-query") == 0) {
        out_why->text = STR("all queries together run longer than 10 s");
        out_why->at = 0;
    }
    return ok;
}

/* The rows of a table's query. What they are counts for the plan's hash, as the bytes of a file do. */
static bool read_query(void *arg, struct arena *a, const struct rules_query *q,
                       struct table_rows *out_rows, struct table_why *out_why)
{
    struct loader *l = arg;
    if (!run_query(l, a, q, out_rows, out_why)) {
        return false;
    }
    uint64_t digest =
        table_digest(out_rows->columns, out_rows->ncolumns, out_rows->cells, out_rows->nrows);
    l->hash = hash64(&digest, sizeof digest, l->hash);
    return true;
}

/* The file of a time zone. What was read counts for the plan's hash. */
bool loader_read_zone(void *arg, struct arena *a, struct str name, struct str *out_bytes)
{
    struct loader *l = arg;
    struct str path = str_printf(a, "/usr/share/zoneinfo/%.*s", STR_ARG(name));
    const char *why;
    if (str_find(name, STR("..")) >= 0 || str_find(name, STR("\\")) >= 0) {
        return false;
    }
    return loader_read(l, path.p, out_bytes, &why);
}

/* options: of a send: rows of the adapter's table that are marked "per message". */
static bool message_options(void *arg, unsigned d, const struct yaml_node *n,
                            struct diags *findings)
{
    struct loader *l = arg;
    const struct adapter *ad = l->plan->destinations[d].adapter;
    void *scratch =
        ad ? arena_zalloc(l->a, ad->out_conf_size) : NULL; /* a value read, and forgotten */
    bool good = true;
    if (n->kind != YAML_MAPPING) {
        diag_add(findings, DIAG_ERROR, "expected-mapping", n->pos,
                 "options: is %s; expected a mapping", yaml_kind_text(n));
        return false;
    }
    yaml_each(child, n)
    {
        const struct opt *row =
            ad && ad->out_opts ? opt_find(ad->out_opts, child->key->text) : NULL;
        if (!row || !(row->flags & OPT_PER_MESSAGE)) {
            diag_add(findings, DIAG_ERROR, "unknown-key", child->key->pos,
                     "%s has no option %.*s that a message may set", ad ? ad->name : "the adapter",
                     STR_ARG(child->key->text));
            good = false;
        } else if (!str_starts(child->text, STR("="))) {
            good = opt_set(l->a, row, child, findings, scratch) == 0 && good;
        }
    }
    return good;
}

/* `before`: errors before the files were looked for. */
static void compile(struct loader *l, const struct found *f, struct diag_pos pos, unsigned before)
{
    struct rules_file *files = ARENA_ARRAY(l->a, struct rules_file, f->n + 1);
    unsigned n = 0;
    for (size_t i = 0; i < f->n; i++) {
        const char *why;
        files[n].name = f->v[i];
        l->hash = hash64_str(str_of(f->v[i]), l->hash);
        if (loader_read_text(l, f->v[i], true, &files[n].bytes, &why)) {
            n++;
        } else {
            complain(l, pos, f->v[i], why);
        }
    }
    struct rules_env env = {.sources = l->rules_sources,
                            .nsources = l->plan->nsources,
                            .destinations = l->rules_destinations,
                            .ndestinations = l->plan->ndestinations,
                            .read_file = read_table,
                            .read_query = read_query,
                            .read_zone = loader_read_zone,
                            .message_options = message_options,
                            .is_partial = l->d->errors != before,
                            .with_tests = l->with_tests,
                            .arg = l};
    l->plan->rules = rules_compile(l->a, files, n, &env, l->d);
}

/* conf/../routes is shown as routes, where that is the same. */
static struct str shortest(struct loader *l, struct str dir)
{
    struct stat one, other;
    struct str brief = str_collapse_path(l->a, dir);
    bool same = brief.n && stat(str_dup(l->a, dir).p, &one) == 0 && stat(brief.p, &other) == 0 &&
                one.st_dev == other.st_dev && one.st_ino == other.st_ino;
    return same ? brief : dir;
}

static void find_kept(struct loader *l, struct found *f)
{
    for (const struct plan_text *t = l->kept->texts; t; t = t->next) {
        if (t->is_route) {
            remember(l, f, str_dup(l->a, str_of(t->path)).p);
        }
    }
}

static void find(struct loader *l, struct str dir, struct diag_pos pos, struct found *f)
{
    struct stat st;
    size_t before = f->n;
    dir = shortest(l, dir);
    while (dir.n > 1 && dir.p[dir.n - 1] == '/') {
        dir.n--;
    }
    const char *path = dir.n ? str_dup(l->a, dir).p : NULL;
    if (path && stat(path, &st) != 0) {
        complain(l, pos, path, strerror(errno));
    } else if (path && S_ISDIR(st.st_mode)) {
        walk(l, path, 0, pos, f);
        if (f->n > before) {
            qsort(f->v + before, f->n - before, sizeof *f->v, by_bytes);
        }
    } else if (path) {
        remember(l, f, path);
    }
}

static void find_all(struct loader *l, const struct opt_list *dirs, struct diag_pos pos,
                     struct found *f)
{
    for (size_t i = 0; i < dirs->n; i++) {
        struct str one = dirs->v[i];
        f->nout += one.n && one.p[0] == '!' && stat(one.p + 1, &f->out[f->nout]) == 0;
    }
    for (size_t i = 0; i < dirs->n; i++) {
        if (dirs->v[i].n == 0 || dirs->v[i].p[0] != '!') {
            find(l, dirs->v[i], pos, f);
        }
    }
}

void loader_routes(struct loader *l, const struct opt_list *dirs, struct diag_pos pos)
{
    struct found f = {.out = ARENA_ARRAY(l->a, struct stat, dirs->n + 1)};
    unsigned before = l->d->errors;
    if (l->kept) {
        find_kept(l, &f);
    } else {
        find_all(l, dirs, pos, &f);
    }
    if (f.n > CONFIG_FILES_MAX) {
        diag_add(l->d, DIAG_ERROR, "too-many", pos, "%zu route files; expected at most %d", f.n,
                 CONFIG_FILES_MAX);
        f.n = 0;
    }
    compile(l, &f, pos, before);
}
