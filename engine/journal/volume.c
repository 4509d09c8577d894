#include "engine/journal/volume.h"

#include "engine/base/err.h"
#include "engine/base/hash.h"

#include <stdio.h>
#include <stdlib.h>

static const char MAGIC[8] = {'C', 'O', 'R', 'R', 'I', 'D', 'O', 'R'};

enum { HASH_AT = VOLUME_HEADER - 8 };

void volume_header_put(char out[VOLUME_HEADER], const struct volume_header *h)
{
    memset(out, 0, VOLUME_HEADER);
    memcpy(out, MAGIC, sizeof(MAGIC));
    wire_store32(out + 8, VOLUME_VERSION);
    wire_store32(out + 12, VOLUME_HEADER);
    /* 16, 20, 24: compatible, read-only compatible, incompatible features: none yet */
    wire_store32(out + 28, h->flags);
    memcpy(out + 32, h->journal_id, 16);
    memcpy(out + 48, h->hash_key, 16);
    wire_store64(out + 64, h->number);
    wire_store64(out + 72, h->size);
    wire_store64(out + 80, h->first_seq);
    wire_store64(out + 88, h->first_commit);
    wire_store64(out + 96, h->salt);
    wire_store64(out + 104, h->previous_end);
    wire_store64(out + 112, h->previous_last_seq);
    wire_store64(out + 120, (uint64_t)h->created_us);
    wire_store64(out + HASH_AT, hash64(out, HASH_AT, 0));
}

static bool is_sane(const struct volume_header *h)
{
    return h->number > 0 && h->number < (uint64_t)1 << 37 && h->first_seq > 0 &&
           h->size >= VOLUME_BYTES_LEAST && h->size <= VOLUME_BYTES_MOST && h->size % 4096 == 0 &&
           h->previous_last_seq < h->first_seq && h->previous_end <= VOLUME_BYTES_MOST;
}

int volume_header_get(const char in[VOLUME_HEADER], struct volume_header *out)
{
    if (memcmp(in, MAGIC, sizeof(MAGIC)) != 0 ||
        wire_load64(in + HASH_AT) != hash64(in, HASH_AT, 0)) {
        return ERR_DAMAGE;
    }
    if (wire_load32(in + 8) != VOLUME_VERSION || wire_load32(in + 12) != VOLUME_HEADER ||
        wire_load32(in + 20) != 0 || wire_load32(in + 24) != 0) {
        return ERR_TYPE;
    }
    struct volume_header h = {.flags = wire_load32(in + 28),
                              .number = wire_load64(in + 64),
                              .size = wire_load64(in + 72),
                              .first_seq = wire_load64(in + 80),
                              .first_commit = wire_load64(in + 88),
                              .salt = wire_load64(in + 96),
                              .previous_end = wire_load64(in + 104),
                              .previous_last_seq = wire_load64(in + 112),
                              .created_us = (int64_t)wire_load64(in + 120)};
    memcpy(h.journal_id, in + 32, 16);
    memcpy(h.hash_key, in + 48, 16);
    if (!is_sane(&h)) {
        return ERR_DAMAGE;
    }
    *out = h;
    return 0;
}

/* hash 8, length 4, type 1, flags 1, codec 1, key 1, commit 8, sequence 8, offset 8 */
void volume_entry_put(char *p, const struct put *e, uint64_t commit, uint64_t offset)
{
    size_t n = e->head.n + e->body.n;
    wire_store32(p + 8, (uint32_t)n);
    wire_store32(p + 12, (uint32_t)e->type | (uint32_t)e->flags << 8); /* codec and key id: 0 */
    wire_store64(p + 16, commit);
    wire_store64(p + 24, e->seq);
    wire_store64(p + 32, offset);
    char *at = p + VOLUME_ENTRY_HEADER;
    if (n) {
        memset(p + volume_entry_size(n) - 8, 0,
               8); /* the padding; what is not padding is written next */
    }
    if (e->head.n) {
        memcpy(at, e->head.p, e->head.n);
    }
    if (e->body.n) {
        memcpy(at + e->head.n, e->body.p, e->body.n);
    }
}

static uint64_t entry_hash(const char *p, uint64_t salt)
{
    return hash64(p + 8, VOLUME_ENTRY_HEADER - 8 + (size_t)wire_load32(p + 8), salt);
}

uint64_t volume_entry_seal(char *p, uint64_t salt)
{
    wire_store64(p, entry_hash(p, salt));
    return volume_entry_size(wire_load32(p + 8));
}

void volume_entry_add_flag(char *p, uint8_t flag)
{
    p[13] = (char)((uint8_t)p[13] | flag);
}

uint64_t volume_entry_peek(const char *p, uint64_t offset, uint64_t end)
{
    if (wire_load64(p + 32) != offset || wire_load32(p + 8) > VOLUME_BODY_MOST) {
        return 0;
    }
    uint64_t size = volume_entry_size(wire_load32(p + 8));
    return size <= end - offset ? size : 0;
}

bool volume_entry_get(const char *p, uint64_t salt, struct stored *out)
{
    if (wire_load64(p) != entry_hash(p, salt)) {
        return false;
    }
    uint32_t n = wire_load32(p + 8);
    *out = (struct stored){.flags = (uint8_t)p[13]};
    out->e = (struct entry){.seq = wire_load64(p + 24),
                            .commit = wire_load64(p + 16),
                            .type = (enum entry_type)(uint8_t)p[12],
                            .body = str_from(p + VOLUME_ENTRY_HEADER, n)};
    return true;
}

void volume_name(uint64_t number, char out[32])
{
    (void)snprintf(out, 32, "%08llu.volume", (unsigned long long)number);
}

uint64_t volume_number(const char *name)
{
    char back[32];
    char *end;
    if (name[0] < '0' || name[0] > '9') {
        return 0;
    }
    unsigned long long n = strtoull(name, &end, 10);
    volume_name(n, back);
    return strcmp(back, name) == 0 ? n : 0;
}
