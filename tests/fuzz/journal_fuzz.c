/* Opening a journal over any bytes: the input is a volume, or, after its first byte, changes to one that
 * was written properly. Nothing may crash, and what is read must have been written: messages of the
 * proper volume carry their number in every byte. */
#include "tests/support/journal_kit.h"
#include "tests/support/simdisk.h"

#include "engine/base/err.h"

#include <stdlib.h>

enum { VOLUME = 64 * 1024, MESSAGES = 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static int open_journal(struct kit *k, struct simdisk *disk, struct arena *a, struct journal **out)
{
    struct journal_conf conf = kit_conf(k);
    struct journal_report report;
    struct diags d;
    diags_init(&d, a);
    conf.disk = simdisk_disk(disk);
    conf.volume_bytes = VOLUME;
    return journal_open(&conf, &d, out, &report);
}

static void write_some(struct kit *k, struct simdisk *disk, struct arena *a)
{
    struct journal *j;
    if (open_journal(k, disk, a, &j) != 0) {
        abort();
    }
    uint32_t lab = journal_name(j, JOURNAL_DESTINATION, STR("lab"));
    for (uint64_t i = 0; i < MESSAGES; i++) {
        struct entry_message m = kit_message(a, i, i == 7 ? 20000 : 300, &lab, 1, i % 3);
        if (i % 4 == 3) {
            kit_make_batch(a, &m);
        }
        (void)journal_append_message(j, &m, NULL, NULL);
        (void)journal_poll(j);
    }
    simdisk_fail_at(disk, simdisk_calls(disk) + 1, SIMDISK_EIO); /* no checkpoint at the end */
    journal_close(&j);
    simdisk_restart(disk);
}

/* Four bytes a change: place and mask. */
static void change(struct simdisk *disk, const uint8_t *data, size_t n)
{
    uint64_t size;
    const char *p = simdisk_bytes(disk, "00000001.volume", &size);
    char *copy = malloc(size);
    memcpy(copy, p, size);
    for (size_t i = 0; i + 4 <= n; i += 4) {
        uint64_t at = (uint64_t)data[i] | (uint64_t)data[i + 1] << 8 | (uint64_t)data[i + 2] << 16;
        copy[at % size] = (char)(copy[at % size] ^ data[i + 3]);
    }
    simdisk_put(disk, "00000001.volume", copy, size);
    free(copy);
}

static void read_all(struct journal *j, struct arena *a, bool is_ours)
{
    struct journal_cursor c = {0};
    struct entry e;
    struct entry_message m;
    int rc;
    while ((rc = journal_next(j, &c, a, &e)) != 0 && rc != ERR_IO) {
        if (rc == 1 && entry_is_message(e.type)) {
            bool is_whole = entry_get_message(a, e.body, &m) == 0 && kit_number(m.raw) < MESSAGES;
            if (is_ours && !is_whole) {
                abort(); /* bytes nobody wrote */
            }
        }
        arena_reset(a);
    }
    struct consumer *lab = journal_consumer(j, 1, ENTRY_INTERACTIVE);
    struct consumer_item item;
    while ((rc = consumer_next(lab, a, &m, &item)) == 1 || rc == ERR_DAMAGE) {
        arena_reset(a);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    if (n == 0) {
        return 0;
    }
    struct kit k = {3, 1000};
    struct arena a = {0};
    struct simdisk *disk = simdisk_new(1);
    bool is_ours = data[0] & 1;
    if (is_ours) {
        write_some(&k, disk, &a);
        change(disk, data + 1, n - 1);
    } else {
        simdisk_put(disk, "00000001.volume", data + 1, n - 1);
    }
    struct journal *j;
    if (open_journal(&k, disk, &a, &j) == 0) {
        read_all(j, &a, is_ours);
        journal_close(&j);
    }
    simdisk_free(&disk);
    arena_free(&a);
    return 0;
}
