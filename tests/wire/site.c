#include "tests/wire/site.h"

#include "adapters/registry.h"
#include "engine/config/config.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static uint64_t next_random(void *arg)
{
    struct site *s = arg;
    s->random = s->random * 6364136223846793005u + 1442695040888963407u;
    return s->random;
}

static int on_datasync(void *arg, int file)
{
    struct site *s = arg;
    int r = s->on_sync ? s->on_sync(s) : 0;
    struct disk inner = simdisk_disk(s->disk);
    return r < 0 ? r : inner.datasync(inner.arg, file);
}

/* The other calls go straight through; they need simdisk's own argument. */
static int w_open(void *a, const char *n, int f)
{
    struct disk d = simdisk_disk(((struct site *)a)->disk);
    return d.open(d.arg, n, f);
}
static int w_close(void *a, int f)
{
    struct disk d = simdisk_disk(((struct site *)a)->disk);
    return d.close(d.arg, f);
}
static ssize_t w_pread(void *a, int f, void *p, size_t n, uint64_t at)
{
    struct disk d = simdisk_disk(((struct site *)a)->disk);
    return d.pread(d.arg, f, p, n, at);
}
static ssize_t w_pwrite(void *a, int f, const void *p, size_t n, uint64_t at)
{
    struct disk d = simdisk_disk(((struct site *)a)->disk);
    return d.pwrite(d.arg, f, p, n, at);
}
static int w_allocate(void *a, int f, uint64_t n)
{
    struct disk d = simdisk_disk(((struct site *)a)->disk);
    return d.allocate(d.arg, f, n);
}
static int w_sync_dir(void *a)
{
    struct disk d = simdisk_disk(((struct site *)a)->disk);
    return d.sync_dir(d.arg);
}
static int w_rename(void *a, const char *x, const char *y)
{
    struct disk d = simdisk_disk(((struct site *)a)->disk);
    return d.rename(d.arg, x, y);
}
static int w_unlink(void *a, const char *n)
{
    struct disk d = simdisk_disk(((struct site *)a)->disk);
    return d.unlink(d.arg, n);
}
static int64_t w_size(void *a, int f)
{
    struct disk d = simdisk_disk(((struct site *)a)->disk);
    return d.size(d.arg, f);
}
static int w_drop(void *a, int f)
{
    struct disk d = simdisk_disk(((struct site *)a)->disk);
    return d.drop_cache(d.arg, f);
}
static int w_list(void *a, void (*each)(void *, const char *), void *c)
{
    struct disk d = simdisk_disk(((struct site *)a)->disk);
    return d.list(d.arg, each, c);
}
static int w_lock(void *a, const char *n)
{
    struct disk d = simdisk_disk(((struct site *)a)->disk);
    return d.lock(d.arg, n);
}
static int64_t w_free(void *a)
{
    struct disk d = simdisk_disk(((struct site *)a)->disk);
    return d.free_bytes(d.arg);
}

static int w_lock_file(void *a, int f, enum disk_lock how)
{
    struct disk d = simdisk_disk(((struct site *)a)->disk);
    return d.lock_file(d.arg, f, how);
}

static void keep_line(void *arg, enum log_level level, struct str line)
{
    struct site *s = arg;
    (void)level;
    buf_put_str(&s->lines, line);
}

static void write_file(const struct site *s, const char *name, const char *head, const char *text)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", s->dir, name);
    FILE *f = fopen(path, "w");
    cr_assert_not_null(f, "%s", path);
    fprintf(f, "%s%s", head, text);
    fclose(f);
}

static struct plan *load(struct site *s, const char *config, const char *routes)
{
    char path[128], head[160];
    snprintf(head, sizeof(head), "state: %s/state\nroutes: routes.yaml\n", s->dir);
    write_file(s, "corridor.yaml", head, config);
    write_file(s, "routes.yaml", "", routes);
    snprintf(path, sizeof(path), "%s/corridor.yaml", s->dir);
    diags_init(&s->diags, &s->arena);
    struct plan *p = config_load(path, registry, &s->diags);
    if (!p) {
        struct buf b = {0};
        diags_print(&b, &s->diags);
        cr_assert_fail("%.*s", STR_ARG(buf_str(&b)));
    }
    return p;
}

void site_start(struct site *s, const char *config, const char *routes)
{
    struct journal_conf jc = {.clock = clock_real(),
                              .random = next_random,
                              .random_arg = s,
                              .retention_us = (int64_t)1 << 60};
    struct journal_report report;
    if (s->disk) {
        jc.volume_bytes = 4 << 20;
        jc.no_thread = true;
        jc.disk = s->wrapped;
        cr_assert_eq(journal_open(&jc, &s->diags, &s->journal, &report), 0);
    } else {
        cr_assert_eq(journal_open_memory(&jc, &s->journal), 0);
    }
    struct engine_conf ec = {.loop = s->loop,
                             .clock = jc.clock,
                             .random = next_random,
                             .random_arg = s,
                             .log = &s->log,
                             .journal = s->journal};
    struct plan *plan = load(s, config, routes);
    s->engine = engine_new(&ec, plan, &s->diags);
    cr_assert_not_null(s->engine);
    plan_unref(&plan);
}

void site_prepare(struct site *s, bool on_disk)
{
    memset(s, 0, sizeof(*s));
    s->random = 42;
    s->loop = event_base_new();
    log_init(&s->log, LOG_LEVEL_DEBUG, clock_real(), keep_line, s);
    diags_init(&s->diags, &s->arena);
    strcpy(s->dir, "/tmp/corridor-wire-XXXXXX");
    cr_assert_not_null(mkdtemp(s->dir));
    if (on_disk) {
        s->disk = simdisk_new(7);
        s->wrapped = (struct disk){
            s,        w_open,   w_close, w_pread, w_pwrite, w_allocate, on_datasync, w_sync_dir,
            w_rename, w_unlink, w_size,  w_drop,  w_list,   w_lock,     w_free,      w_lock_file};
    }
}

void site_open(struct site *s, bool on_disk, const char *config, const char *routes)
{
    site_prepare(s, on_disk);
    site_start(s, config, routes);
}

int site_reload(struct site *s, const char *config, const char *routes)
{
    struct plan *plan = load(s, config, routes);
    int r = engine_reload(s->engine, plan, ENGINE_REFUSE_PENDING, &s->diags);
    plan_unref(&plan);
    return r;
}

static void on_drained(void *arg)
{
    ((struct site *)arg)->is_drained = true;
}

static bool is_drained(void *arg)
{
    return ((struct site *)arg)->is_drained;
}

void site_drain(struct site *s)
{
    engine_drain(s->engine, 5000000, on_drained, s);
    cr_assert(run_until(s->loop, is_drained, s));
}

void site_stop(struct site *s)
{
    engine_free(&s->engine);
    s->journal = NULL;
}

void site_close(struct site *s)
{
    char path[128];
    site_stop(s);
    simdisk_free(&s->disk);
    event_base_free(s->loop);
    buf_free(&s->lines);
    arena_free(&s->arena);
    snprintf(path, sizeof(path), "%s/corridor.yaml", s->dir);
    unlink(path);
    snprintf(path, sizeof(path), "%s/routes.yaml", s->dir);
    unlink(path);
    rmdir(s->dir);
}

struct engine_source_status site_source(const struct site *s, const char *name)
{
    struct engine_source_status v[16];
    unsigned n = engine_sources(s->engine, v, 16);
    for (unsigned i = 0; i < n; i++) {
        if (str_is(v[i].name, name)) {
            return v[i];
        }
    }
    cr_assert_fail("no source %s", name);
    return v[0];
}

struct str site_address(struct site *s, const char *source)
{
    return site_source(s, source).address;
}

struct engine_destination_status site_destination(const struct site *s, const char *name)
{
    struct engine_destination_status v[16];
    unsigned n = engine_destinations(s->engine, v, 16);
    for (unsigned i = 0; i < n; i++) {
        if (str_is(v[i].name, name)) {
            return v[i];
        }
    }
    cr_assert_fail("no destination %s", name);
    return v[0];
}

struct wanted {
    struct site *s;
    const char *name;
    uint64_t n;
};

static bool has_delivered(void *arg)
{
    struct wanted *w = arg;
    return site_destination(w->s, w->name).delivered >= w->n;
}

bool site_delivers(struct site *s, const char *name, uint64_t n)
{
    struct wanted w = {s, name, n};
    return run_until(s->loop, has_delivered, &w);
}

bool site_stored(struct site *s, unsigned n, struct entry_message *out)
{
    struct journal_cursor c = {0};
    struct entry e;
    while (journal_next(s->journal, &c, &s->arena, &e) == 1) {
        if (entry_is_message(e.type) && n-- == 0) {
            return entry_get_message(&s->arena, e.body, out) == 0;
        }
    }
    return false;
}

bool site_logged(const struct site *s, const char *text)
{
    return s->lines.n && str_find(buf_str(&s->lines), str_of(text)) >= 0;
}

int site_fail_sync(struct site *s)
{
    (void)s;
    return -EIO;
}

bool site_is_fenced(void *arg)
{
    const struct site *s = arg;
    return engine_is_fenced(s->engine);
}
