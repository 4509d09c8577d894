#include "engine/journal/scan.h"

#include "engine/base/err.h"
#include "engine/base/mem.h"

#include <stdlib.h>

void scan_set(struct scan *s, const struct disk *d, int file, uint64_t number, uint64_t salt,
              uint64_t limit)
{
    if (s->number != number || s->salt != salt || s->file != file) {
        s->n = 0;
    }
    s->disk = *d;
    s->file = file;
    s->number = number;
    s->salt = salt;
    s->limit = limit;
}

void scan_free(struct scan *s)
{
    free(s->p);
    *s = (struct scan){0};
}

static int load(struct scan *s, uint64_t at, size_t n)
{
    if (n > s->cap) {
        s->cap = n;
        s->p = xrealloc(s->p, n);
    }
    s->from = at;
    s->n = 0;
    while (s->n < n) {
        ssize_t got = s->disk.pread(s->disk.arg, s->file, s->p + s->n, n - s->n, at + s->n);
        if (got < 0) {
            return ERR_IO;
        }
        if (got == 0) {
            break;
        }
        s->n += (size_t)got;
    }
    return 0;
}

/* 1 and `n` bytes at `at`, 0 when there are not so many, ERR_IO. */
static int view(struct scan *s, uint64_t at, size_t n, const char **out)
{
    if (at > s->limit || n > s->limit - at) {
        return 0;
    }
    if (at < s->from || at + n > s->from + s->n) {
        uint64_t left = s->limit - at;
        size_t want = n > s->ahead ? n : s->ahead;
        int rc = load(s, at, left < want ? (size_t)left : want);
        if (rc < 0) {
            return rc;
        }
        if (s->n < n) {
            return 0;
        }
    }
    *out = s->p + (at - s->from);
    return 1;
}

int scan_entry(struct scan *s, uint64_t at, struct stored *out, uint64_t *out_size)
{
    const char *p = NULL;
    int rc = view(s, at, VOLUME_ENTRY_HEADER, &p);
    if (rc != 1) {
        return rc;
    }
    uint64_t size = volume_entry_peek(p, at, s->limit);
    if (size == 0) {
        return 0;
    }
    rc = view(s, at, (size_t)size, &p);
    if (rc != 1 || !volume_entry_get(p, s->salt, out)) {
        return rc == 1 ? 0 : rc;
    }
    out->hint = volume_hint(s->number, at);
    *out_size = size;
    return 1;
}

int scan_find(struct scan *s, uint64_t at, uint64_t above, struct stored *out, uint64_t *out_at)
{
    uint64_t size;
    for (at = (at + 7) & ~(uint64_t)7; at + VOLUME_ENTRY_HEADER <= s->limit; at += 8) {
        const char *p = NULL;
        int rc = view(s, at, VOLUME_ENTRY_HEADER, &p);
        if (rc != 1) {
            return rc;
        }
        if (wire_load64(p + 32) != at) {
            continue;
        }
        rc = scan_entry(s, at, out, &size);
        if (rc < 0) {
            return rc;
        }
        if (rc == 1 && out->e.seq > above) {
            *out_at = at;
            return 1;
        }
    }
    return 0;
}
