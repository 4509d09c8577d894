#include "adapters/files_known.h"

#include "engine/base/hash.h"

#include <unistd.h>

enum { ENTRY = 48 };
static const uint64_t NUMBER_MASK = (UINT64_C(1) << 48) - 1;

bool files_known_has(const struct files_known *a, const char id[FILES_APPEND_ID])
{
    uint64_t at;
    return map64_get(&a->at, hash64_str(str_from(id, FILES_APPEND_ID), 0), &at) &&
           memcmp(a->v[at].id, id, FILES_APPEND_ID) == 0;
}

void files_known_add(struct files_known *a, const char id[FILES_APPEND_ID])
{
    size_t at = a->n++ % FILES_APPEND_KNOWN;
    struct files_known_id *k = &a->v[at];
    uint64_t old = hash64_str(str_from(k->id, FILES_APPEND_ID), 0), there;
    if (a->n > FILES_APPEND_KNOWN && map64_get(&a->at, old, &there) && there == at) {
        map64_remove(&a->at, old, NULL);
    }
    memcpy(k->id, id, FILES_APPEND_ID);
    uint64_t hash = hash64_str(str_from(id, FILES_APPEND_ID), 0);
    map64_remove(&a->at, hash, NULL);
    map64_put(&a->at, hash, at);
}

/* ---- a line: end, little-endian; id; number, 6 bytes; hash of what stands before it ---- */

static void put_u64(char *p, uint64_t v)
{
    for (unsigned i = 0; i < 8; i++) {
        p[i] = (char)(v >> (8 * i));
    }
}

static uint64_t get_u64(const char *p)
{
    uint64_t v = 0;
    for (unsigned i = 8; i-- > 0;) {
        v = v << 8 | (unsigned char)p[i];
    }
    return v;
}

void files_known_put(struct buf *out, uint64_t end, const char id[FILES_APPEND_ID], uint64_t number)
{
    char e[ENTRY] = {0};
    put_u64(e, end);
    memcpy(e + 8, id, FILES_APPEND_ID);
    put_u64(e + 8 + FILES_APPEND_ID, number); /* its two highest bytes are overwritten below */
    put_u64(e + 40, hash64_str(str_from(e, 40), ENTRY));
    buf_put(out, e, ENTRY);
}

void files_known_put_all(const struct files_known *a, struct buf *out, uint64_t end,
                         uint64_t number)
{
    size_t n = a->n < FILES_APPEND_KNOWN ? a->n : FILES_APPEND_KNOWN;
    for (size_t i = a->n - n; i < a->n; i++) {
        files_known_put(out, end, a->v[i % FILES_APPEND_KNOWN].id, number);
    }
}

/* Lines up to the first that is none; what is behind was being written when all ended. */
bool files_known_read(struct files_known *a, int fd, struct files_counted *out)
{
    static const char nobody[FILES_APPEND_ID];
    char e[ENTRY];
    *out = (struct files_counted){0};
    for (;;) {
        ssize_t n = pread(fd, e, ENTRY, (off_t)out->side);
        if (n < 0) {
            return false;
        }
        if (n != ENTRY || get_u64(e + 40) != hash64_str(str_from(e, 40), ENTRY)) {
            return ftruncate(fd, (off_t)out->side) == 0;
        }
        out->length = get_u64(e);
        out->number = get_u64(e + 8 + FILES_APPEND_ID) & NUMBER_MASK;
        out->side += ENTRY;
        if (memcmp(e + 8, nobody, FILES_APPEND_ID) != 0 && !files_known_has(a, e + 8)) {
            files_known_add(a, e + 8);
        }
    }
}
