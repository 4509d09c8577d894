#include "tests/support/simdisk.h"

#include "engine/base/hash.h"
#include "engine/base/mem.h"
#include "tests/support/journal_kit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

enum { NODES = 256, NAMES = 256, HANDLES = 64, NAME_BYTES = 32 };

/* A write that no sync has covered. */
struct pending {
    struct pending *next;
    uint64_t at;
    size_t n;
    char bytes[];
};

struct node {
    bool is_used;
    char *cache, *stable; /* what the process sees; what survives */
    uint64_t size, stable_size;
    struct pending *first, *last;
};

struct name {
    char text[NAME_BYTES]; /* "": free */
    int node;
};

struct simdisk {
    uint64_t random, calls, fail_at, reads_left, room;
    enum simdisk_fault fault;
    bool has_fired, is_dead, is_locked, fails_reads, keeps_cache;
    struct node nodes[NODES];
    struct name names[NAMES];
    struct name (*history)
        [NAMES]; /* the directory as it stood: [0] survives for sure, then after each change */
    size_t nhistory, history_cap;
    int handles[HANDLES]; /* node, -1: free */
    enum disk_lock locks[HANDLES];
};

static void remember_names(struct simdisk *d)
{
    if (d->nhistory == d->history_cap) {
        d->history_cap = d->history_cap ? d->history_cap * 2 : 8;
        d->history = xrealloc(d->history, d->history_cap * sizeof(*d->history));
    }
    memcpy(d->history[d->nhistory++], d->names, sizeof(d->names));
}

struct simdisk *simdisk_new(uint64_t seed)
{
    struct simdisk *d = X_NEW(struct simdisk);
    d->random = seed;
    for (int i = 0; i < HANDLES; i++) {
        d->handles[i] = -1;
    }
    remember_names(d);
    return d;
}

static void drop_pending(struct node *n)
{
    while (n->first) {
        struct pending *next = n->first->next;
        free(n->first);
        n->first = next;
    }
    n->last = NULL;
}

static void node_free(struct node *n)
{
    drop_pending(n);
    free(n->cache);
    free(n->stable);
    *n = (struct node){0};
}

void simdisk_free(struct simdisk **dp)
{
    struct simdisk *d = *dp;
    if (d) {
        for (int i = 0; i < NODES; i++) {
            node_free(&d->nodes[i]);
        }
        free(d->history);
        free(d);
    }
    *dp = NULL;
}

static char *copy_bytes(const char *p, uint64_t n)
{
    char *to = xmalloc(n ? n : 1);
    if (n) {
        memcpy(to, p, n);
    }
    return to;
}

static void add_pending(struct node *n, uint64_t at, const void *p, size_t bytes)
{
    struct pending *w = xmalloc(sizeof(*w) + bytes);
    *w = (struct pending){.at = at, .n = bytes};
    memcpy(w->bytes, p, bytes);
    if (n->last) {
        n->last->next = w;
    } else {
        n->first = w;
    }
    n->last = w;
}

struct simdisk *simdisk_clone(const struct simdisk *from)
{
    struct simdisk *d = X_NEW(struct simdisk);
    *d = *from;
    for (int i = 0; i < NODES; i++) {
        const struct node *old = &from->nodes[i];
        struct node *n = &d->nodes[i];
        n->first = n->last = NULL;
        if (old->is_used) {
            n->cache = copy_bytes(old->cache, old->size);
            n->stable = copy_bytes(old->stable, old->stable_size);
        }
        for (const struct pending *w = old->first; w; w = w->next) {
            add_pending(n, w->at, w->bytes, w->n);
        }
    }
    d->history = xmalloc(d->history_cap * sizeof(*d->history));
    memcpy(d->history, from->history, d->nhistory * sizeof(*d->history));
    return d;
}

/* A changing call begins: 0, or the error it ends with. SIMDISK_SHORT and CUT are the caller's to act on. */
static int begin_call(struct simdisk *d, enum simdisk_fault *out_fault)
{
    *out_fault = SIMDISK_NONE;
    if (d->is_dead) {
        return -EIO;
    }
    if (++d->calls != d->fail_at) {
        return 0;
    }
    d->has_fired = true;
    *out_fault = d->fault;
    d->is_dead = d->fault == SIMDISK_CUT;
    return d->fault == SIMDISK_EIO ? -EIO : d->fault == SIMDISK_ENOSPC ? -ENOSPC : 0;
}

static struct name *find_name(struct simdisk *d, const char *text)
{
    for (int i = 0; i < NAMES; i++) {
        if (d->names[i].text[0] && strcmp(d->names[i].text, text) == 0) {
            return &d->names[i];
        }
    }
    return NULL;
}

static bool is_named(const struct simdisk *d, int node)
{
    for (size_t h = 0; h < d->nhistory; h++) {
        for (int i = 0; i < NAMES; i++) {
            if (d->history[h][i].text[0] && d->history[h][i].node == node) {
                return true;
            }
        }
    }
    return false;
}

static bool is_open(const struct simdisk *d, int node)
{
    for (int i = 0; i < HANDLES; i++) {
        if (d->handles[i] == node) {
            return true;
        }
    }
    return false;
}

static void collect_garbage(struct simdisk *d)
{
    for (int i = 0; i < NODES; i++) {
        if (d->nodes[i].is_used && !is_named(d, i) && !is_open(d, i)) {
            node_free(&d->nodes[i]);
        }
    }
}

static int create(struct simdisk *d, const char *text)
{
    collect_garbage(d);
    for (int i = 0; i < NODES; i++) {
        for (int k = 0; k < NAMES && !d->nodes[i].is_used; k++) {
            if (!d->names[k].text[0]) {
                d->nodes[i] =
                    (struct node){.is_used = true, .cache = xmalloc(1), .stable = xmalloc(1)};
                (void)snprintf(d->names[k].text, NAME_BYTES, "%s", text);
                d->names[k].node = i;
                remember_names(d);
                return i;
            }
        }
    }
    return -ENFILE;
}

static int sim_open(void *arg, const char *text, int flags)
{
    struct simdisk *d = arg;
    struct name *n = find_name(d, text);
    int node = n ? n->node : -1;
    if (d->is_dead) {
        return -EIO;
    }
    if (n && flags & O_EXCL) {
        return -EEXIST;
    }
    if (!n && !(flags & O_CREAT)) {
        return -ENOENT;
    }
    if (!n) {
        enum simdisk_fault fault;
        int rc = begin_call(d, &fault);
        if (rc < 0) {
            return rc;
        }
        node = create(d, text);
        if (fault == SIMDISK_CUT || node < 0) {
            return -EIO;
        }
    }
    for (int i = 0; i < HANDLES; i++) {
        if (d->handles[i] < 0) {
            d->handles[i] = node;
            d->locks[i] = DISK_UNLOCKED;
            return i;
        }
    }
    return -EMFILE;
}

static int sim_close(void *arg, int file)
{
    struct simdisk *d = arg;
    d->handles[file] = -1;
    return 0;
}

static ssize_t sim_pread(void *arg, int file, void *p, size_t n, uint64_t at)
{
    struct simdisk *d = arg;
    const struct node *f = &d->nodes[d->handles[file]];
    if (d->is_dead) {
        return -EIO;
    }
    if (d->fails_reads && d->reads_left-- <= 1) {
        d->has_fired = true;
        d->reads_left = 1;
        return -EIO;
    }
    if (at >= f->size) {
        return 0;
    }
    n = n > f->size - at ? (size_t)(f->size - at) : n;
    memcpy(p, f->cache + at, n);
    return (ssize_t)n;
}

static uint64_t used_bytes(const struct simdisk *d)
{
    uint64_t n = 0;
    for (int i = 0; i < NODES; i++) {
        n += d->nodes[i].is_used ? d->nodes[i].size : 0;
    }
    return n;
}

static void grow(char **p, uint64_t *size, uint64_t to)
{
    if (to > *size) {
        *p = xrealloc(*p, to);
        memset(*p + *size, 0, to - *size);
        *size = to;
    }
}

static ssize_t sim_pwrite(void *arg, int file, const void *p, size_t n, uint64_t at)
{
    struct simdisk *d = arg;
    struct node *f = &d->nodes[d->handles[file]];
    enum simdisk_fault fault;
    int rc = begin_call(d, &fault);
    if (rc < 0) {
        return rc;
    }
    if (n > 1 && (fault == SIMDISK_SHORT || fault == SIMDISK_CUT)) {
        n = 1 + (size_t)(kit_random(&d->random) % (n - 1));
    }
    grow(&f->cache, &f->size, at + n);
    memcpy(f->cache + at, p, n);
    add_pending(f, at, p, n);
    return fault == SIMDISK_CUT ? -EIO : (ssize_t)n;
}

/* Sizes are kept as writes are: a file without a sync may come back shorter. */
static int sim_allocate(void *arg, int file, uint64_t size)
{
    struct simdisk *d = arg;
    struct node *f = &d->nodes[d->handles[file]];
    enum simdisk_fault fault;
    int rc = begin_call(d, &fault);
    if (rc < 0) {
        return rc;
    }
    collect_garbage(d);
    if (d->room && size > f->size && used_bytes(d) - f->size + size > d->room) {
        d->has_fired = true;
        return -ENOSPC;
    }
    grow(&f->cache, &f->size, size);
    return fault == SIMDISK_CUT ? -EIO : 0;
}

static void apply(struct node *f, const struct pending *w, uint64_t from, uint64_t to)
{
    from = from < w->at ? w->at : from;
    to = to > w->at + w->n ? w->at + w->n : to;
    if (from < to) {
        grow(&f->stable, &f->stable_size, to);
        memcpy(f->stable + from, w->bytes + (from - w->at), to - from);
    }
}

static int sim_datasync(void *arg, int file)
{
    struct simdisk *d = arg;
    struct node *f = &d->nodes[d->handles[file]];
    enum simdisk_fault fault;
    int rc = begin_call(d, &fault);
    if (rc <
        0) { /* as Linux does: the pages are clean now, and what they hold is not on the disk */
        drop_pending(f);
        return rc;
    }
    if (fault == SIMDISK_CUT && kit_random(&d->random) % 2) {
        return -EIO;
    }
    for (const struct pending *w = f->first; w; w = w->next) {
        apply(f, w, 0, UINT64_MAX);
    }
    grow(&f->stable, &f->stable_size, f->size);
    drop_pending(f);
    return fault == SIMDISK_CUT ? -EIO : 0;
}

static int sim_sync_dir(void *arg)
{
    struct simdisk *d = arg;
    enum simdisk_fault fault;
    int rc = begin_call(d, &fault);
    if (rc < 0 || (fault == SIMDISK_CUT && kit_random(&d->random) % 2)) {
        return -EIO;
    }
    memcpy(d->history[0], d->names, sizeof(d->names));
    d->nhistory = 1;
    return fault == SIMDISK_CUT ? -EIO : 0;
}

static int sim_unlink(void *arg, const char *text)
{
    struct simdisk *d = arg;
    struct name *n = find_name(d, text);
    enum simdisk_fault fault;
    if (!n) {
        return -ENOENT;
    }
    int rc = begin_call(d, &fault);
    if (rc < 0) {
        return rc;
    }
    n->text[0] = '\0';
    remember_names(d);
    return fault == SIMDISK_CUT ? -EIO : 0;
}

static int sim_rename(void *arg, const char *from, const char *to)
{
    struct simdisk *d = arg;
    struct name *n = find_name(d, from), *old = find_name(d, to);
    enum simdisk_fault fault;
    if (!n) {
        return -ENOENT;
    }
    int rc = begin_call(d, &fault);
    if (rc < 0) {
        return rc;
    }
    if (old) {
        old->text[0] = '\0';
    }
    (void)snprintf(n->text, NAME_BYTES, "%s", to);
    remember_names(d);
    return fault == SIMDISK_CUT ? -EIO : 0;
}

static int64_t sim_size(void *arg, int file)
{
    const struct simdisk *d = arg;
    return (int64_t)d->nodes[d->handles[file]].size;
}

/* Clean pages are read from the disk again; what is still to be written stays. */
static int sim_drop_cache(void *arg, int file)
{
    struct simdisk *d = arg;
    struct node *f = &d->nodes[d->handles[file]];
    if (d->keeps_cache) {
        return -ENOSYS;
    }
    memset(f->cache, 0, f->size);
    memcpy(f->cache, f->stable, f->stable_size < f->size ? f->stable_size : f->size);
    for (const struct pending *w = f->first; w; w = w->next) {
        memcpy(f->cache + w->at, w->bytes, w->n);
    }
    return 0;
}

static int sim_list(void *arg, void (*each)(void *ctx, const char *name), void *ctx)
{
    struct simdisk *d = arg;
    for (int i = 0; i < NAMES; i++) {
        if (d->names[i].text[0]) {
            each(ctx, d->names[i].text);
        }
    }
    return d->is_dead ? -EIO : 0;
}

static int sim_lock(void *arg, const char *name)
{
    struct simdisk *d = arg;
    (void)name;
    if (d->is_locked) {
        return -EAGAIN;
    }
    d->is_locked = true;
    return 0;
}

static int sim_lock_file(void *arg, int file, enum disk_lock how)
{
    struct simdisk *d = arg;
    for (int i = 0; i < HANDLES && how != DISK_UNLOCKED; i++) {
        bool is_other = i != file && d->handles[i] == d->handles[file];
        if (is_other &&
            (d->locks[i] == DISK_ALONE || (d->locks[i] == DISK_SHARED && how == DISK_ALONE))) {
            return -EAGAIN;
        }
    }
    d->locks[file] = how;
    return 0;
}

static int64_t sim_free_bytes(void *arg)
{
    const struct simdisk *d = arg;
    uint64_t used = used_bytes(d);
    return d->room == 0 ? INT64_MAX : d->room > used ? (int64_t)(d->room - used) : 0;
}

struct disk simdisk_disk(struct simdisk *d)
{
    return (struct disk){.arg = d,
                         .open = sim_open,
                         .close = sim_close,
                         .pread = sim_pread,
                         .pwrite = sim_pwrite,
                         .allocate = sim_allocate,
                         .datasync = sim_datasync,
                         .sync_dir = sim_sync_dir,
                         .rename = sim_rename,
                         .unlink = sim_unlink,
                         .size = sim_size,
                         .drop_cache = sim_drop_cache,
                         .list = sim_list,
                         .lock = sim_lock,
                         .free_bytes = sim_free_bytes,
                         .lock_file = sim_lock_file};
}

uint64_t simdisk_calls(const struct simdisk *d)
{
    return d->calls;
}

void simdisk_fail_at(struct simdisk *d, uint64_t call, enum simdisk_fault how)
{
    d->fail_at = call;
    d->fault = how;
    d->has_fired = false;
}

void simdisk_fail_reads(struct simdisk *d, uint64_t n)
{
    d->fails_reads = n > 0;
    d->reads_left = n;
    d->has_fired = false;
}

void simdisk_keep_cache(struct simdisk *d)
{
    d->keeps_cache = true;
}

bool simdisk_has_fired(const struct simdisk *d)
{
    return d->has_fired;
}

void simdisk_set_room(struct simdisk *d, uint64_t bytes)
{
    d->room = bytes;
}

/* One unsynced write meets the disk, sector by sector, or whole, or not at all. */
static void settle_write(struct node *f, const struct pending *w, uint64_t *random,
                         enum simdisk_loss loss)
{
    uint64_t sector = loss == SIMDISK_TEAR_512 ? 512 : loss == SIMDISK_TEAR_4096 ? 4096 : 0;
    if (!sector) {
        bool is_kept = loss == SIMDISK_KEEP_ALL || (loss == SIMDISK_SOME && kit_random(random) % 2);
        if (is_kept) {
            apply(f, w, 0, UINT64_MAX);
        }
        return;
    }
    for (uint64_t at = w->at / sector * sector; at < w->at + w->n; at += sector) {
        if (kit_random(random) % 2) {
            apply(f, w, at, at + sector);
        }
    }
}

static void settle_node(struct node *f, uint64_t *random, enum simdisk_loss loss)
{
    for (const struct pending *w = f->first; w; w = w->next) {
        settle_write(f, w, random, loss);
    }
    drop_pending(f);
    if (loss == SIMDISK_KEEP_ALL || (loss != SIMDISK_DROP_ALL && kit_random(random) % 2)) {
        grow(&f->stable, &f->stable_size, f->size);
    }
    free(f->cache);
    f->size = f->stable_size;
    f->cache = copy_bytes(f->stable, f->size);
}

static void forget_process(struct simdisk *d)
{
    for (int i = 0; i < HANDLES; i++) {
        d->handles[i] = -1;
    }
    d->is_locked = d->is_dead = d->fails_reads = false;
    d->fail_at = 0;
}

void simdisk_crash(struct simdisk *d, uint64_t seed, enum simdisk_loss loss)
{
    uint64_t random = seed;
    forget_process(d);
    size_t kept = loss == SIMDISK_KEEP_ALL   ? d->nhistory - 1
                  : loss == SIMDISK_DROP_ALL ? 0
                                             : (size_t)(kit_random(&random) % d->nhistory);
    memcpy(d->names, d->history[kept], sizeof(d->names));
    memcpy(d->history[0], d->names, sizeof(d->names));
    d->nhistory = 1;
    for (int i = 0; i < NODES; i++) {
        if (d->nodes[i].is_used) {
            settle_node(&d->nodes[i], &random, loss);
        }
    }
    collect_garbage(d);
}

void simdisk_restart(struct simdisk *d)
{
    forget_process(d);
}

char *simdisk_bytes(struct simdisk *d, const char *name, uint64_t *out_size)
{
    struct name *n = find_name(d, name);
    if (!n) {
        return NULL;
    }
    *out_size = d->nodes[n->node].size;
    return d->nodes[n->node].cache;
}

void simdisk_put(struct simdisk *d, const char *name, const void *p, uint64_t bytes)
{
    struct name *n = find_name(d, name);
    int i = n ? n->node : create(d, name);
    if (i < 0) {
        abort();
    }
    struct node *f = &d->nodes[i];
    node_free(f);
    *f = (struct node){.is_used = true, .size = bytes, .stable_size = bytes};
    f->cache = copy_bytes(p, bytes);
    f->stable = copy_bytes(p, bytes);
    memcpy(d->history[0], d->names, sizeof(d->names));
    d->nhistory = 1;
}

void simdisk_remove(struct simdisk *d, const char *name)
{
    struct name *n = find_name(d, name);
    if (n) {
        n->text[0] = '\0';
        memcpy(d->history[0], d->names, sizeof(d->names));
        d->nhistory = 1;
        collect_garbage(d);
    }
}

uint64_t simdisk_hash(const struct simdisk *d)
{
    uint64_t h = 0;
    for (int i = 0; i < NAMES; i++) {
        const struct name *n = &d->history[0][i];
        if (n->text[0]) {
            const struct node *f = &d->nodes[n->node];
            h ^= hash64(f->stable, f->stable_size, hash64(n->text, strlen(n->text), 1));
        }
    }
    return h;
}

unsigned simdisk_files(const struct simdisk *d)
{
    unsigned n = 0;
    for (int i = 0; i < NAMES; i++) {
        n += d->names[i].text[0] != '\0';
    }
    return n;
}
