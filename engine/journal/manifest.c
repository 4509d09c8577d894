#include "engine/journal/manifest.h"

#include "engine/base/clock.h"
#include "engine/base/err.h"
#include "engine/base/hash.h"
#include "engine/base/json.h"
#include "engine/base/json_out.h"
#include "engine/journal/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

enum { FORMAT = 1, SIZE_MOST = 64 << 20 };

uint64_t manifest_hash(uint64_t before, const void *p, size_t n)
{
    return hash64(p, n, before);
}

const struct manifest_volume *manifest_find(const struct manifest *m, uint64_t number)
{
    size_t low = 0, high = m->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (m->v[mid].number < number) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low < m->n && m->v[low].number == number ? &m->v[low] : NULL;
}

/* ---- reading ---- */

bool manifest_stands(const struct disk *d)
{
    int file = d->open(d->arg, MANIFEST_NAME, O_RDONLY);
    if (file >= 0) {
        (void)d->close(d->arg, file); /* read only */
    }
    return file >= 0;
}

static int read_file(const struct disk *d, struct arena *a, struct str *out)
{
    int file = d->open(d->arg, MANIFEST_NAME, O_RDONLY);
    if (file < 0) {
        return file == -ENOENT ? ERR_NOT_FOUND : ERR_IO;
    }
    int64_t size = d->size(d->arg, file);
    int rc = size < 0 ? ERR_IO : size > SIZE_MOST ? ERR_DAMAGE : 0;
    char *p = rc == 0 ? arena_alloc(a, (size_t)size + 1) : NULL;
    for (int64_t at = 0; rc == 0 && at < size;) {
        ssize_t got = d->pread(d->arg, file, p + at, (size_t)(size - at), (uint64_t)at);
        rc = got < 0 ? ERR_IO : got == 0 ? ERR_DAMAGE : 0;
        at += got;
    }
    (void)d->close(d->arg, file); /* read only */
    if (rc == 0) {
        *out = str_from(p, (size_t)size);
    }
    return rc;
}

static bool take_hex(struct str s, uint64_t *out)
{
    uint64_t x = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool is_digit = c >= '0' && c <= '9';
        if (!is_digit && (c < 'a' || c > 'f')) {
            return false;
        }
        x = x << 4 | (uint64_t)(is_digit ? c - '0' : c - 'a' + 10);
    }
    *out = x;
    return s.n == 16;
}

static bool take_number(const struct json *object, const char *key, uint64_t *out)
{
    int64_t n;
    bool ok = json_to_i64(json_get(object, key), &n) && n >= 0;
    *out = ok ? (uint64_t)n : 0;
    return ok;
}

static bool take_volume(const struct json *one, struct manifest_volume *v)
{
    struct str name = json_text(json_get(one, "name"));
    char text[32];
    if (name.n >= sizeof(text)) {
        return false;
    }
    (void)snprintf(text, sizeof(text), "%.*s", STR_ARG(name));
    v->number = volume_number(text);
    return v->number && take_hex(json_text(json_get(one, "salt")), &v->salt) &&
           take_number(one, "end", &v->end) && take_number(one, "last", &v->last_seq) &&
           take_hex(json_text(json_get(one, "hash")), &v->hash) && v->end <= VOLUME_BYTES_MOST;
}

static int take(struct arena *a, const struct json *root, struct manifest *m)
{
    const struct json *list = json_get(root, "volumes");
    uint64_t format, half[2];
    if (!take_number(root, "format", &format) || !list || list->kind != JSON_ARRAY) {
        return ERR_DAMAGE;
    }
    if (format != FORMAT) {
        return ERR_TYPE;
    }
    struct str id = json_text(json_get(root, "journal"));
    if (!take_hex(str_slice(id, 0, 16), &half[0]) || !take_hex(str_slice(id, 16, id.n), &half[1]) ||
        !clock_read_rfc3339(json_text(json_get(root, "taken")), &m->taken_us)) {
        return ERR_DAMAGE;
    }
    wire_store64(m->journal_id, half[0]);
    wire_store64(m->journal_id + 8, half[1]);
    m->v = ARENA_ARRAY(a, struct manifest_volume, list->count + 1);
    json_each(one, list)
    {
        bool is_next = take_volume(one, &m->v[m->n]) &&
                       (m->n == 0 || m->v[m->n - 1].number < m->v[m->n].number);
        if (!is_next) {
            return ERR_DAMAGE;
        }
        m->n++;
    }
    return 0;
}

int manifest_read(const struct disk *d, struct arena *a, struct manifest *out)
{
    struct manifest m = {0};
    struct str text;
    struct json *root;
    struct json_fault fault;
    int rc = read_file(d, a, &text);
    if (rc == 0 && json_parse(a, text, NULL, &root, &fault) != 0) {
        rc = ERR_DAMAGE;
    }
    rc = rc == 0 ? take(a, root, &m) : rc;
    if (rc == 0) {
        *out = m;
    }
    return rc;
}

/* ---- writing ---- */

static void put_hex(struct json_out *o, const char *key, uint64_t x)
{
    char text[17];
    (void)snprintf(text, sizeof(text), "%016llx", (unsigned long long)x);
    json_out_pair_cstr(o, key, text);
}

static void put_volume(struct json_out *o, const struct manifest_volume *v)
{
    char name[32];
    volume_name(v->number, name);
    json_out_object(o);
    json_out_pair_cstr(o, "name", name);
    json_out_pair_int(o, "end", (int64_t)v->end);
    json_out_pair_int(o, "last", (int64_t)v->last_seq);
    put_hex(o, "salt", v->salt);
    put_hex(o, "hash", v->hash);
    json_out_end(o);
}

static void put(struct buf *out, const struct manifest *m)
{
    struct json_out o;
    char when[CLOCK_RFC3339_SIZE], id[33];
    clock_rfc3339(m->taken_us, when);
    json_out_init(&o, out, 1);
    json_out_object(&o);
    json_out_pair_int(&o, "format", FORMAT);
    json_out_pair_cstr(&o, "taken", when);
    (void)snprintf(id, sizeof(id), "%016llx%016llx", (unsigned long long)wire_load64(m->journal_id),
                   (unsigned long long)wire_load64(m->journal_id + 8));
    json_out_pair_cstr(&o, "journal", id);
    json_out_key(&o, "volumes");
    json_out_array(&o);
    for (size_t i = 0; i < m->n; i++) {
        put_volume(&o, &m->v[i]);
    }
    json_out_end(&o);
    json_out_end(&o);
    buf_putc(out, '\n');
}

static int write_all(const struct disk *d, int file, struct str text)
{
    for (size_t at = 0; at < text.n;) {
        ssize_t n = d->pwrite(d->arg, file, text.p + at, text.n - at, at);
        if (n <= 0) {
            return n == 0 ? -EIO : (int)n;
        }
        at += (size_t)n;
    }
    return d->datasync(d->arg, file);
}

int manifest_write(const struct disk *d, const struct manifest *m)
{
    struct buf text = {0};
    put(&text, m);
    (void)d->unlink(d->arg, MANIFEST_NAME ".tmp"); /* usually there is none */
    int file = d->open(d->arg, MANIFEST_NAME ".tmp", O_RDWR | O_CREAT | O_EXCL);
    int rc = file < 0 ? file : write_all(d, file, buf_str(&text));
    if (file >= 0) {
        (void)d->close(d->arg, file); /* synced, or failed already */
    }
    rc = rc < 0 ? rc : d->rename(d->arg, MANIFEST_NAME ".tmp", MANIFEST_NAME);
    rc = rc < 0 ? rc : d->sync_dir(d->arg);
    buf_free(&text);
    return rc < 0 ? rc : 0;
}
