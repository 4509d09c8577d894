/* A batch is one entry with many outputs: it is read for all of them, not for each. */
#include "tests/unit/flow/queue_world.h"

static struct {
    struct store_ops ops;
    const struct store_ops *real;
    uint64_t seq;   /* of the entry that is counted */
    unsigned reads; /* of it */
} counted;

static int count_next(struct journal *j, struct journal_cursor *c, uint64_t limit,
                      struct stored *out)
{
    int r = counted.real->next(j, c, limit, out);
    counted.reads += r == 1 && out->e.seq == counted.seq;
    return r;
}

static void count_reads(struct world *w, uint64_t seq)
{
    counted.real = w->journal->ops;
    counted.ops = *counted.real;
    counted.ops.next = count_next;
    counted.seq = seq;
    counted.reads = 0;
    w->journal->ops = &counted.ops;
}

/* `n` outputs in one entry, each of a key of its own, or all of one. */
static uint64_t put_batch(struct world *w, uint32_t n, bool is_one_key)
{
    struct msg *m = msg_new(&w->pool);
    struct carried *c = ARENA_NEW(&m->arena, struct carried);
    struct splice *s = ARENA_NEW(&m->arena, struct splice);
    uint64_t *keys = arena_alloc(&m->arena, n * sizeof(*keys));
    struct entry_output *v = ARENA_ARRAY(&m->arena, struct entry_output, n);
    *c = (struct carried){w, m};
    *s = (struct splice){NULL, 0, 5};
    for (uint32_t i = 0; i < n; i++) {
        keys[i] = is_one_key ? 1 : i + 1;
        v[i] = (struct entry_output){.destination = w->name,
                                     .keys = &keys[i],
                                     .nkeys = 1,
                                     .payload = {s, 1},
                                     .id_part = STR("part"),
                                     .finding = STR("")};
    }
    m->e = (struct entry_message){.id = {0x0123456789abcdef, 0xfedcba9876543210},
                                  .source = 1,
                                  .received_us = 1780000000000000,
                                  .raw = STR("batch"),
                                  .engine_version = STR("1"),
                                  .outputs = v,
                                  .noutputs = n};
    return journal_append_message(w->journal, &m->e, stored, c);
}

/* Until nothing is left: how many were delivered, in the order of the entry where they have one key. */
static unsigned deliver_all(struct world *w, bool is_one_key)
{
    unsigned n = 0;
    for (run(w); w->nfly > 0; run(w)) {
        cr_expect(!is_one_key || w->nfly == 1);
        while (w->nfly > 0) {
            answer(w, 0, (struct outcome){.verdict = DELIVERY_DELIVERED});
            n++;
        }
    }
    return n;
}

Test(queue_batch, what_the_window_does_not_hold_is_read_once)
{
    struct world w;
    enum { MANY = 3 * QUEUE_WINDOW_OUTPUTS };
    open_world(&w);
    count_reads(&w, put_batch(&w, MANY, false));
    cr_expect_eq(deliver_all(&w, false), (unsigned)MANY);
    cr_expect(queue_is_empty(w.queue));
    cr_expect(counted.reads > 0 && counted.reads <= 4, "it was read %u times", counted.reads);
    close_world(&w);
}

Test(queue_batch, outputs_of_one_patient_wait_for_each_other_without_reading_again)
{
    struct world w;
    enum { MANY = QUEUE_WINDOW_OUTPUTS };
    open_world(&w);
    count_reads(&w, put_batch(&w, MANY, true));
    cr_expect_eq(deliver_all(&w, true), (unsigned)MANY);
    cr_expect(counted.reads > 0 && counted.reads <= 4, "it was read %u times", counted.reads);
    close_world(&w);
}

Test(queue_batch, another_process_reads_it_once)
{
    struct world w;
    enum { MANY = 2000 };
    open_world(&w);
    count_reads(&w, put_batch(&w, MANY, false));
    run(&w);
    for (unsigned i = 0; w.nfly > 0 && i < 4; i++) {
        answer(&w, 0, (struct outcome){.verdict = DELIVERY_DELIVERED});
    }
    begin_anew(&w);
    counted.reads = 0;
    cr_expect_eq(deliver_all(&w, false), MANY - 4u);
    cr_expect(counted.reads <= 4, "it was read %u times", counted.reads);
    close_world(&w);
}

Test(queue_batch, messages_that_come_between_stand_in_their_place)
{
    struct world w;
    enum { EACH = 700, BATCHES = 8 };
    open_world(&w);
    w.want.parallel = 3;
    for (unsigned i = 0; i < BATCHES; i++) {
        put_batch(&w, EACH, false);
        put1(&w, "alone", 1);
        run(&w);
    }
    cr_expect_eq(deliver_all(&w, false), (unsigned)(BATCHES * (EACH + 1)));
    cr_expect(queue_is_empty(w.queue));
    close_world(&w);
}
