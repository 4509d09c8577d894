#include "tests/support/journal_kit.h"

#include <stdio.h>
#include <stdlib.h>

enum { HEAD = 24 };

uint64_t kit_random(uint64_t *state)
{
    uint64_t z = (*state += 0x9e3779b97f4a7c15u);
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static int64_t now(void *arg)
{
    struct kit *k = arg;
    return k->now_us;
}

static uint64_t next_random(void *arg)
{
    struct kit *k = arg;
    return kit_random(&k->random);
}

struct journal_conf kit_conf(struct kit *k)
{
    return (struct journal_conf){.no_thread = true,
                                 .zeroed = true,
                                 .clock = {now, now, k},
                                 .random = next_random,
                                 .random_arg = k};
}

static char byte_of(uint64_t i, size_t at)
{
    return (char)('A' + (i * 7 + at * 11 + (i >> 3) * at) % 26);
}

static struct str raw_of(struct arena *a, uint64_t i, size_t size)
{
    size = size < HEAD ? HEAD : size;
    char *p = arena_alloc(a, size + 1);
    char head[64];
    (void)snprintf(head, sizeof(head), "N%010llu/%011zu|", (unsigned long long)i, size);
    memcpy(p, head, HEAD);
    for (size_t at = HEAD; at < size; at++) {
        p[at] = byte_of(i, at);
    }
    return str_from(p, size);
}

struct entry_message kit_message(struct arena *a, uint64_t i, size_t size,
                                 const uint32_t *destinations, uint32_t n, uint64_t key)
{
    struct entry_message m = {
        .id = {i, ~i}, .source = 1, .received_us = (int64_t)i, .body_hash = i * 3};
    m.raw = raw_of(a, i, size);
    m.peer = STR("127.0.0.1");
    m.reply = STR("MSA|AA");
    struct entry_output *v = ARENA_ARRAY(a, struct entry_output, n);
    for (uint32_t k = 0; k < n; k++) {
        struct splice *s = ARENA_ARRAY(a, struct splice, 2);
        s[0] = (struct splice){.from = 0, .n = (uint32_t)m.raw.n};
        s[1] = (struct splice){.literal = "end", .n = 3};
        uint64_t *keys = ARENA_ARRAY(a, uint64_t, 1);
        keys[0] = key;
        v[k] = (struct entry_output){
            .destination = destinations[k], .route = 1, .keys = keys, .nkeys = 1};
        v[k].payload = (struct splices){s, 2};
    }
    m.outputs = v;
    m.noutputs = n;
    return m;
}

void kit_make_batch(struct arena *a, struct entry_message *m)
{
    struct entry_member *v = ARENA_ARRAY(a, struct entry_member, 2);
    uint32_t half = (uint32_t)m->raw.n / 2;
    v[0] = (struct entry_member){.n = half, .status = ENTRY_REJECTED, .reason = STR("no")};
    v[1] = (struct entry_member){.from = half,
                                 .n = (uint32_t)m->raw.n - half,
                                 .noutputs = m->noutputs,
                                 .id_hash = m->id_hash,
                                 .body_hash = m->body_hash};
    m->id_hash = 0;
    m->members = v;
    m->nmembers = 2;
}

uint64_t kit_number(struct str raw)
{
    char head[HEAD + 1] = {0};
    if (raw.n < HEAD) {
        return UINT64_MAX;
    }
    memcpy(head, raw.p, HEAD);
    if (head[0] != 'N' || head[11] != '/' || head[HEAD - 1] != '|') {
        return UINT64_MAX;
    }
    uint64_t i = strtoull(head + 1, NULL, 10);
    if (strtoull(head + 12, NULL, 10) != raw.n) {
        return UINT64_MAX;
    }
    for (size_t at = HEAD; at < raw.n; at++) {
        if (raw.p[at] != byte_of(i, at)) {
            return UINT64_MAX;
        }
    }
    return i;
}

bool kit_is_message(struct str raw, uint64_t i)
{
    return kit_number(raw) == i;
}
