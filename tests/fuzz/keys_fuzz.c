/* Reading a key file of any bytes. After an even first byte the input is the file; after an odd one it is its pages,
 * whose hashes are made right first, so that what stands in them is believed. Nothing may crash, loop or be
 * read beside the file; what a search gives is in order, unless the rows themselves are not. */
#include <stdlib.h>

#include "engine/base/err.h"
#include "engine/base/hash.h"
#include "engine/journal/keys_file.h"
#include "engine/journal/wire.h"
#include "tests/support/simdisk.h"

enum { FILE_MOST = 32 * KEYS_PAGE };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Magic, version and every hash as they must be. */
static void mend(char *p, size_t n)
{
    memcpy(p, "CORRKEYS", 8);
    wire_store32(p + 8, KEYS_VERSION);
    uint64_t salt = wire_load64(p + 48);
    wire_store64(p + KEYS_PAGE - 8, hash64(p, KEYS_PAGE - 8, 0));
    for (size_t at = KEYS_PAGE; at + KEYS_PAGE <= n; at += KEYS_PAGE) {
        wire_store64(p + at, hash64(p + at + 8, KEYS_PAGE - 8, salt + at / KEYS_PAGE));
    }
}

static void walk_rows(struct keys_file *f, enum keys_section s, uint64_t hash)
{
    struct keys_cursor c;
    struct keys_row row;
    if (keys_seek(f, s, hash, &c) != 0) {
        return;
    }
    if (c.row > f->h.section[s].rows) {
        abort();
    }
    for (uint64_t rows = 0; keys_next(f, &c, &row) == 1; rows++) {
        if (rows > f->h.section[s].rows) {
            abort(); /* more than there are */
        }
    }
}

static void walk_file(struct keys_file *f)
{
    static const uint64_t hashes[] = {0, 1, (uint64_t)1 << 63, UINT64_MAX};
    struct keys_filter filter = {0};
    struct keys_output o;
    for (int s = KEYS_IDS; s <= KEYS_VOLUMES; s++) {
        for (size_t i = 0; s != KEYS_FILTER && i < 4; i++) {
            walk_rows(f, (enum keys_section)s, hashes[i]);
        }
    }
    for (uint64_t i = 0; keys_output_at(f, i, &o) == 1; i++) {
    }
    if (keys_load_filter(f, &filter) == 0) {
        (void)keys_filter_has(&filter, UINT64_MAX); /* either is right */
        keys_filter_free(&filter);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n < 2 || n > FILE_MOST) {
        return 0;
    }
    size_t size = n - 1;
    bool is_mended = data[0] & 1;
    size = is_mended ? (size + KEYS_PAGE - 1) / KEYS_PAGE * KEYS_PAGE : size;
    char *copy = calloc(1, size);
    struct simdisk *sim = simdisk_new(1);
    struct disk d = simdisk_disk(sim);
    struct keys_file f;
    memcpy(copy, data + 1, n - 1);
    if (is_mended) {
        mend(copy, size);
    }
    simdisk_put(sim, "00000003.keys", copy, size);
    free(copy);
    if (keys_open(&f, &d, "00000003.keys") == 0) {
        walk_file(&f);
        keys_close(&f);
    }
    simdisk_free(&sim);
    return 0;
}
