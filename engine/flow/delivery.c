#include "engine/base/mem.h"
#include "engine/base/sha256.h"
#include "engine/flow/queue_priv.h"

#include <stdlib.h>

enum { BYTES_KEEP_MAX = 64 * 1024 };

/* A list that copies all of the message is the message itself; anything else is put together. */
static struct str payload_of(struct delivery *d, const struct entry_message *e,
                             const struct entry_output *o)
{
    if (o->payload.n == 1 && !o->payload.v[0].literal) {
        return str_from(e->raw.p + o->payload.v[0].from, o->payload.v[0].n);
    }
    size_t n = splices_size(o->payload);
    buf_clear(&d->bytes);
    buf_reserve(&d->bytes, n);
    splices_write(o->payload, e->raw, d->bytes.p);
    d->bytes.n = n;
    return buf_str(&d->bytes);
}

struct delivery *delivery_begin(struct queue *q, struct queued *o)
{
    struct delivery *d = q->spare;
    if (d) {
        q->spare = d->next;
    } else {
        d = X_NEW(struct delivery);
    }
    d->queue = q;
    d->q = o;
    d->slot = NULL;
    d->is_probe = d->is_canceled = false;
    d->id[0] = 0;
    d->payload = payload_of(d, &o->msg->e, &o->msg->e.outputs[o->output]);
    d->prev = NULL;
    d->next = q->flying;
    if (q->flying) {
        q->flying->prev = d;
    }
    q->flying = d;
    q->nflying++;
    return d;
}

void delivery_end(struct delivery *d)
{
    struct queue *q = d->queue;
    *(d->prev ? &d->prev->next : &q->flying) = d->next;
    if (d->next) {
        d->next->prev = d->prev;
    }
    q->nflying--;
    if (d->bytes.cap > BYTES_KEEP_MAX) {
        buf_free(&d->bytes);
    }
    d->next = q->spare;
    q->spare = d;
}

void delivery_free_spares(struct queue *q)
{
    while (q->spare) {
        struct delivery *d = q->spare;
        q->spare = d->next;
        buf_free(&d->bytes);
        free(d);
    }
}

struct delivery_view delivery_view(const struct delivery *d)
{
    const struct entry_output *o = &d->q->msg->e.outputs[d->q->output];
    return (struct delivery_view){.payload = d->payload,
                                  .attempt = d->q->attempt,
                                  .is_json = o->is_json,
                                  .options = o->options,
                                  .received_us = d->q->msg->e.received_us};
}

void **delivery_slot(struct delivery *d)
{
    return &d->slot;
}

static void add_u64(struct sha256 *s, uint64_t v)
{
    uint8_t b[8];
    for (unsigned i = 0; i < 8; i++) {
        b[i] = (uint8_t)(v >> (56 - 8 * i));
    }
    sha256_add(s, b, sizeof(b));
}

static void add_text(struct sha256 *s, struct str t)
{
    sha256_add(s, t.p, t.n);
    sha256_add(s, "", 1);
}

/* The first 26 characters of base32 (RFC 4648, lower case): 130 bits. */
static void base32(const uint8_t *p, char out[27])
{
    unsigned bits = 0, have = 0;
    for (unsigned i = 0; i < 26; i++) {
        if (have < 5) {
            bits = bits << 8 | *p++;
            have += 8;
        }
        have -= 5;
        out[i] = "abcdefghijklmnopqrstuvwxyz234567"[bits >> have & 31];
    }
    out[26] = 0;
}

/* base32(SHA-256(message id, destination, route, id part)), its first 26 characters. Names, not their
 * numbers, so that a journal restored elsewhere gives the same ids; the first ones, so that renaming what has
 * work queued changes no id. */
void delivery_event_id(const struct journal *j, struct entry_id id, const struct entry_output *o,
                       char out[27])
{
    struct sha256 s;
    uint8_t sum[SHA256_SIZE];
    sha256_begin(&s);
    add_u64(&s, id.hi);
    add_u64(&s, id.lo);
    add_text(&s, journal_name_first(j, JOURNAL_DESTINATION, o->destination));
    add_text(&s, journal_name_first(j, JOURNAL_ROUTE, o->route));
    add_text(&s, o->id_part);
    sha256_end(&s, sum);
    base32(sum, out);
}

struct str delivery_id(struct delivery *d)
{
    if (!d->id[0]) {
        const struct entry_message *e = &d->q->msg->e;
        delivery_event_id(d->queue->conf.journal, e->id, &e->outputs[d->q->output], d->id);
    }
    return str_from(d->id, 26);
}
