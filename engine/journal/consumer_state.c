/* Consumers as a part of a checkpoint; drawn in docs/journal-format.md. */
#include "engine/journal/consumer_priv.h"

static void put_item(struct buf *out, const struct consumer_item *i, uint64_t *seq, uint64_t *hint)
{
    wire_put_var(out, i->seq - *seq);
    wire_put_signed(out, (int64_t)(i->hint - *hint));
    bool is_carried = i->home != i->seq;
    wire_put_var(out, (uint64_t)i->output << 3 | (i->is_held ? ITEM_HELD : 0) |
                          (i->is_suspect ? ITEM_SUSPECT : 0) | (is_carried ? ITEM_CARRIED : 0));
    wire_put_var(out, i->bytes);
    if (is_carried) {
        wire_put_var(out, i->home - i->seq);
    }
    *seq = i->seq;
    *hint = i->hint;
}

static void put_one(const struct consumer *c, struct buf *out)
{
    wire_put_var(out, c->destination);
    buf_putc(out, (char)((unsigned)c->class | (c->is_live ? CONSUMER_LIVE : 0) | CONSUMER_SIZED |
                         CONSUMER_COUNTED));
    bool is_passed = c->is_live && c->seq <= c->j->called; /* the cursor follows the callbacks */
    wire_put_var(out, is_passed ? c->j->called + 1 : c->seq);
    wire_put_var(out, is_passed ? 0 : c->output);
    wire_put_var(out, c->is_live ? 0 : c->hint);
    wire_put_var(out, c->sent_asked);
    wire_put_var(out, c->unread_bytes);
    wire_put_var(out, c->counted_seq);
    wire_put_var(out, c->counted_output);
    wire_put_var(out, c->unread);
    wire_put_var(out, c->offer_seq);
    wire_put_var(out, c->offer_output);
    wire_put_var(out, consumer_count(c));
    uint64_t seq = 0, hint = 0;
    for (size_t i = c->first; i < c->n; i++) {
        if (!c->v[i].is_settled) {
            put_item(out, &c->v[i], &seq, &hint);
        }
    }
    wire_put_var(out, c->ahead.n);
    for (size_t i = 0; i < c->ahead.cap; i++) {
        const struct refmap_slot *s = &c->ahead.v[i];
        if (s->state == 1) {
            wire_put_var(out, s->a);
            wire_put_var(out, s->b);
            wire_put_var(out, s->value);
        }
    }
}

void consumers_put(struct journal *j, struct buf *out)
{
    uint32_t n = 0;
    for (size_t i = 0; i < j->nconsumers; i++) {
        n += j->consumers[i] != NULL;
    }
    wire_put_var(out, n);
    for (size_t i = 0; i < j->nconsumers; i++) {
        if (j->consumers[i]) {
            put_one(j->consumers[i], out);
        }
    }
}

/* An item of the first checkpoints tells neither its size nor where it is now. */
static void get_item(struct wire *w, bool is_sized, uint64_t *seq, uint64_t *hint,
                     struct consumer_item *out)
{
    out->seq = *seq += wire_var(w);
    out->hint = *hint += (uint64_t)wire_signed(w);
    out->home = out->seq;
    uint64_t bits = wire_var(w);
    out->is_held = bits & ITEM_HELD;
    out->is_suspect = (bits & ITEM_SUSPECT) != 0;
    out->output = (uint32_t)(bits >> (is_sized ? 3 : 2));
    if (is_sized) {
        out->bytes = wire_var32(w);
        out->home += bits & ITEM_CARRIED ? wire_var(w) : 0;
    }
}

static void get_items(struct consumer *c, struct wire *w, bool is_sized)
{
    uint32_t n = wire_count(w, 3);
    uint64_t seq = 0, hint = 0;
    for (uint32_t i = 0; i < n && !w->is_bad; i++) {
        struct consumer_item item = {0};
        get_item(w, is_sized, &seq, &hint, &item);
        (void)consumer_push(c, &item);
    }
    n = wire_count(w, 3);
    for (uint32_t i = 0; i < n && !w->is_bad; i++) {
        uint64_t a = wire_var(w);
        uint32_t b = wire_var32(w);
        refmap_set(&c->ahead, a, b, wire_var(w));
        c->has_open_ahead = true; /* perhaps */
    }
}

static void get_sizes(struct consumer *c, struct wire *w, bool is_counted)
{
    c->unread_bytes = wire_var(w);
    c->counted_seq = wire_var(w);
    c->counted_output = wire_var32(w);
    c->unread = is_counted ? wire_var(w) : 0;
    c->offer_seq = wire_var(w);
    c->offer_output = wire_var32(w);
}

void consumers_get(struct journal *j, struct wire *w)
{
    uint32_t n = wire_count(w, 8);
    for (uint32_t i = 0; i < n && !w->is_bad; i++) {
        uint32_t destination = wire_var32(w);
        uint8_t bits = wire_u8(w);
        w->is_bad |= bits > 15 || destination >= TABLES_NAMES_MAX;
        if (w->is_bad) {
            return;
        }
        struct consumer *c = consumer_get(j, destination, (enum entry_class)(bits & 1));
        c->is_live = bits & CONSUMER_LIVE;
        uint64_t seq = wire_var(w);
        uint32_t output = wire_var32(w);
        consumer_set_cursor(c, seq, output, wire_var(w));
        c->sent_asked = c->sent_durable = c->sent_before = wire_var(w);
        if (bits & CONSUMER_SIZED) {
            get_sizes(c, w, bits & CONSUMER_COUNTED);
        }
        get_items(c, w, bits & CONSUMER_SIZED);
    }
}
