#include "engine/journal/consumer.h"

#include "engine/base/err.h"
#include "tests/support/journal_kit.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

struct bed {
    struct kit kit;
    struct arena arena;
    struct journal *j;
    uint32_t lab, archive;
    struct consumer *c;
    bool wants; /* callbacks take live */
    unsigned calls, taken;
    uint64_t last_seq;
};

static void setup(struct bed *b, bool wants)
{
    *b = (struct bed){.wants = wants};
    struct journal_conf conf = kit_conf(&b->kit);
    cr_assert_eq(journal_open_memory(&conf, &b->j), 0);
    b->lab = journal_name(b->j, JOURNAL_DESTINATION, STR("lab"));
    b->archive = journal_name(b->j, JOURNAL_DESTINATION, STR("archive"));
    b->c = journal_consumer(b->j, b->lab, ENTRY_INTERACTIVE);
    cr_assert_eq(journal_poll(b->j), 0);
}

static void teardown(struct bed *b)
{
    journal_close(&b->j);
    cr_expect_null(b->j);
    arena_free(&b->arena);
}

static void done(void *arg, enum journal_status status, uint64_t seq)
{
    struct bed *b = arg;
    cr_expect_eq(status, JOURNAL_STORED);
    cr_expect_gt(seq, b->last_seq);
    cr_expect_leq(seq, journal_durable(b->j));
    b->last_seq = seq;
    b->calls++;
    struct consumer_item item;
    if (b->wants && consumer_take_live(b->c, seq, 0, &item)) {
        b->taken++;
        cr_expect(item.seq == seq && item.output == 0 && !item.is_held);
    }
}

static uint64_t append(struct bed *b, uint64_t i, uint32_t destination)
{
    struct entry_message m = kit_message(&b->arena, i, 200, &destination, destination ? 1 : 0, i);
    return journal_append_message(b->j, &m, done, b);
}

static void settle(struct bed *b, uint64_t seq, enum entry_verdict v)
{
    consumer_outcome(b->c, &(struct entry_outcome){.ref = {seq, 0}, .verdict = v, .attempt = 1});
}

Test(consumer, live_outputs_are_taken_in_the_callback_and_settled_later)
{
    struct bed b;
    setup(&b, true);
    uint64_t seq[10];
    for (unsigned i = 0; i < 10; i++) {
        seq[i] = append(&b, i, b.lab);
        cr_expect(i == 0 || seq[i] > seq[i - 1]);
    }
    cr_expect_eq(b.calls, 0u, "no callback before a poll");
    struct pollfd p = {.fd = journal_fd(b.j), .events = POLLIN};
    cr_expect_eq(poll(&p, 1, 0), 1);
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_eq(poll(&p, 1, 0), 0);
    cr_expect(b.calls == 10 && b.taken == 10 && consumer_is_caught_up(b.c));
    cr_expect_eq(consumer_count(b.c), 10u);
    settle(&b, seq[0], ENTRY_DELIVERED);
    settle(&b, seq[5], ENTRY_REFUSED);
    settle(&b, seq[6], ENTRY_HELD);
    cr_expect_eq(poll(&p, 1, 0), 1, "an outcome makes the descriptor readable");
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_eq(consumer_count(b.c), 8u);
    cr_expect_eq(consumer_oldest(b.c), seq[1]);
    size_t n;
    const struct consumer_item *v = consumer_unsettled(b.c, &n);
    cr_assert_eq(n, 8u);
    cr_expect(v[0].seq == seq[1] && v[4].seq == seq[6] && v[4].is_held && !v[3].is_held);
    settle(&b, seq[6], ENTRY_RELEASED);
    settle(&b, seq[0], ENTRY_DROPPED);
    cr_expect_gt(consumer_flush(b.c), seq[9]);
    v = consumer_unsettled(b.c, &n);
    cr_expect(n == 8 && !v[4].is_held);
    teardown(&b);
}

Test(consumer, what_is_not_taken_is_read_later_and_the_live_path_opens_again)
{
    struct bed b;
    setup(&b, false);
    struct entry_message m;
    struct consumer_item item;
    uint64_t first = append(&b, 1, b.lab);
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_not(consumer_is_caught_up(b.c));
    cr_expect_eq(consumer_oldest(b.c), first);
    b.wants = true;
    struct entry_message other_one = kit_message(&b.arena, 2, 200, &b.archive, 1, 2);
    journal_append_message(b.j, &other_one, NULL, NULL);
    append(&b, 3, 0);
    uint64_t second = append(&b, 4, b.lab);
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_eq(b.taken, 0u, "behind: the live path is closed");
    cr_assert_eq(consumer_next(b.c, &b.arena, &m, &item), 1);
    cr_expect(item.seq == first && kit_is_message(m.raw, 1));
    cr_assert_eq(consumer_next(b.c, &b.arena, &m, &item), 1);
    cr_expect(item.seq == second && kit_is_message(m.raw, 4));
    cr_assert_eq(consumer_next(b.c, &b.arena, &m, &item), 0);
    cr_expect(consumer_is_caught_up(b.c));
    append(&b, 5, b.lab);
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_eq(b.taken, 1u);
    cr_expect_eq(consumer_count(b.c), 3u);
    struct consumer *other = journal_consumer(b.j, b.archive, ENTRY_INTERACTIVE);
    cr_assert_eq(consumer_next(other, &b.arena, &m, &item), 1);
    cr_expect(kit_is_message(m.raw, 2));
    cr_expect_eq(consumer_next(other, &b.arena, &m, &item), 0);
    teardown(&b);
}

Test(consumer, two_outputs_of_one_message_are_two_items)
{
    struct bed b;
    setup(&b, true);
    uint32_t to[] = {b.lab, b.archive, b.lab};
    struct entry_message m = kit_message(&b.arena, 7, 100, to, 3, 1), got;
    uint64_t seq = journal_append_message(b.j, &m, done, &b); /* takes the first only */
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_eq(b.taken, 1u);
    struct consumer_item item;
    cr_assert_eq(consumer_next(b.c, &b.arena, &got, &item), 1);
    cr_expect(item.seq == seq && item.output == 2);
    cr_expect_eq(consumer_next(b.c, &b.arena, &got, &item), 0);
    cr_expect_eq(consumer_count(b.c), 2u);
    consumer_hold(b.c, seq, 2);
    size_t n;
    const struct consumer_item *v = consumer_unsettled(b.c, &n);
    cr_expect(n == 2 && !v[0].is_held && v[1].is_held);
    teardown(&b);
}

/* Outputs of the message that was read last, as consumer_next() would have them. */
Test(consumer, an_entry_in_hand_gives_its_next_outputs_without_being_read)
{
    struct bed b, other;
    setup(&b, false);
    setup(&other, false);
    uint32_t to[] = {b.lab, b.archive, b.lab, b.lab};
    for (struct bed *one = &b;; one = &other) {
        struct entry_message m = kit_message(&one->arena, 7, 100, to, 4, 1);
        journal_append_message(one->j, &m, done, one);
        append(one, 8, one->lab);
        cr_assert_eq(journal_poll(one->j), 0);
        if (one == &other) {
            break;
        }
    }
    struct entry_message m, again;
    struct consumer_item item, want;
    cr_assert_eq(consumer_next(b.c, &b.arena, &m, &item), 1);
    cr_assert_eq(consumer_next(other.c, &other.arena, &again, &want), 1);
    cr_expect_not(consumer_is_within(b.c, item.seq + 1));
    for (uint32_t i = 2; i < 4; i++) {
        cr_expect(consumer_is_within(b.c, item.seq));
        cr_expect_not(consumer_next_of(b.c, item.seq + 1, &m, item.bytes, &item));
        cr_assert(consumer_next_of(b.c, item.seq, &m, item.bytes, &item));
        cr_assert_eq(consumer_next(other.c, &other.arena, &again, &want), 1);
        cr_expect(item.output == i && item.output == want.output && item.seq == want.seq &&
                  item.home == want.home && item.bytes == want.bytes && item.hint == want.hint);
        cr_expect_eq(consumer_unread(b.c), consumer_unread(other.c));
        cr_expect_eq(consumer_backlog(b.c), consumer_backlog(other.c));
    }
    cr_expect_not(consumer_is_within(b.c, item.seq), "it has no more");
    cr_expect_not(consumer_next_of(b.c, item.seq, &m, item.bytes, &item));
    cr_assert_eq(consumer_next(b.c, &b.arena, &m, &item), 1);
    cr_expect(kit_is_message(m.raw, 8));
    cr_expect_eq(consumer_next(b.c, &b.arena, &m, &item), 0);
    cr_expect_eq(consumer_count(b.c), 4u);
    teardown(&b);
    teardown(&other);
}

static void count_call(void *arg, enum journal_status status, uint64_t seq)
{
    (void)seq;
    cr_expect_eq(status, JOURNAL_STORED);
    ++*(unsigned *)arg;
}

Test(consumer, nothing_is_sent_before_it_is_written_that_it_may_be)
{
    struct bed b;
    setup(&b, true);
    unsigned calls = 0, asked = 0;
    for (unsigned i = 0; i < 5000; i++) {
        uint64_t seq = append(&b, i, b.lab);
        cr_assert_eq(journal_poll(b.j), 0);
        if (!consumer_may_send(b.c, seq, 0, count_call, &calls)) {
            asked++;
            cr_assert_eq(journal_poll(b.j), 0);
            cr_expect(consumer_may_send(b.c, seq, 0, count_call, &calls));
        }
        cr_expect_not(consumer_maybe_sent(b.c, seq, 0));
        settle(&b, seq, ENTRY_DELIVERED);
    }
    cr_expect_eq(asked, 1u, "a steady flow waits once, not %u times", asked);
    cr_expect_eq(calls, asked);
    teardown(&b);
}

Test(consumer, a_settled_output_is_opened_again_in_its_place)
{
    struct bed b;
    setup(&b, true);
    uint64_t seq[6], entry;
    for (unsigned i = 0; i < 6; i++) {
        seq[i] = append(&b, i, b.lab);
    }
    cr_assert_eq(journal_poll(b.j), 0);
    for (unsigned i = 0; i < 6; i++) {
        if (i != 1) {
            settle(&b, seq[i], i == 4 ? ENTRY_DROPPED : ENTRY_DELIVERED);
        }
    }
    cr_assert_eq(journal_poll(b.j), 0);
    struct entry_outcome o = {.verdict = ENTRY_RELEASED, .attempt = 1, .by = STR("ann")};
    static const struct {
        unsigned i;
        int rc;
    } rows[] = {{4, 0}, {0, 0}, {0, ERR_STATE}, {1, ERR_STATE}, {4, ERR_STATE}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        o.ref = (struct entry_ref){seq[rows[i].i], 0};
        cr_expect_eq(consumer_reopen(b.c, &o, &entry), rows[i].rc, "row %zu", i);
    }
    size_t n;
    const struct consumer_item *v = consumer_unsettled(b.c, &n);
    cr_assert_eq(n, 3u);
    cr_expect(v[0].seq == seq[0] && v[1].seq == seq[1] && v[2].seq == seq[4] && !v[2].is_held);
    cr_expect_eq(consumer_oldest(b.c), seq[0]);
    o.ref.seq = journal_durable(b.j) + 10;
    cr_expect_eq(consumer_reopen(b.c, &o, &entry), ERR_STATE, "it was never offered");
    settle(&b, seq[0], ENTRY_DELIVERED);
    settle(&b, seq[4], ENTRY_DELIVERED);
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_eq(consumer_count(b.c), 1u);
    teardown(&b);
}

Test(consumer, a_million_unsettled_is_the_bound)
{
    struct bed b;
    setup(&b, false);
    uint32_t to[20];
    for (size_t i = 0; i < 20; i++) {
        to[i] = b.lab;
    }
    for (unsigned i = 0; i < 50001; i++) {
        struct entry_message m = kit_message(&b.arena, i, 30, to, 20, 1);
        journal_append_message(b.j, &m, NULL, NULL);
        arena_reset(&b.arena);
        if (i % 1000 == 0) {
            cr_assert_eq(journal_poll(b.j), 0);
        }
    }
    cr_assert_eq(journal_poll(b.j), 0);
    struct entry_message m;
    struct consumer_item item;
    unsigned n = 0;
    int rc;
    while ((rc = consumer_next(b.c, &b.arena, &m, &item)) == 1) {
        n++;
        arena_reset(&b.arena);
    }
    cr_expect(n == CONSUMER_UNSETTLED_MAX && rc == ERR_LIMIT);
    settle(&b, item.seq - 3, ENTRY_DELIVERED);
    consumer_flush(b.c);
    cr_expect_eq(consumer_next(b.c, &b.arena, &m, &item), 1);
    teardown(&b);
}

Test(journal, names_and_states_last)
{
    struct bed b;
    setup(&b, true);
    cr_expect_eq(journal_name(b.j, JOURNAL_DESTINATION, STR("lab")), b.lab);
    cr_expect_neq(b.lab, b.archive);
    cr_expect(str_is(journal_name_text(b.j, JOURNAL_DESTINATION, b.archive), "archive"));
    cr_expect(str_is(journal_name_text(b.j, JOURNAL_ROUTE, 1), ""));
    cr_expect(journal_rename(b.j, JOURNAL_DESTINATION, b.lab, STR("lab2")));
    cr_expect_eq(journal_name_id(b.j, JOURNAL_DESTINATION, STR("lab2")), b.lab);
    cr_expect_eq(journal_name_id(b.j, JOURNAL_DESTINATION, STR("lab")), 0u, "the old name is free");
    cr_expect(str_is(journal_name_first(b.j, JOURNAL_DESTINATION, b.lab), "lab"));
    cr_expect(str_is(journal_name_first(b.j, JOURNAL_DESTINATION, b.archive), "archive"));
    cr_expect(!journal_rename(b.j, JOURNAL_DESTINATION, b.lab, STR("archive")), "another one's");
    cr_expect(!journal_rename(b.j, JOURNAL_DESTINATION, 99, STR("x")), "not known");
    cr_expect(!journal_rename(b.j, JOURNAL_DESTINATION, b.lab, STR("")));
    cr_expect(journal_name(b.j, JOURNAL_DESTINATION, STR("lab")) > b.archive, "a new one");
    cr_expect(!journal_rename(b.j, JOURNAL_DESTINATION, b.lab, STR("lab")), "taken by now");
    for (unsigned i = 0; i < 3000; i++) {
        char key[16];
        int n = snprintf(key, sizeof(key), "k%u", i % 500);
        journal_state_set(b.j, STR("mllp"), str_from(key, (size_t)n), str_from("v", i % 3 ? 1 : 0),
                          NULL, NULL);
    }
    cr_expect(str_is(journal_state(b.j, STR("mllp"), STR("k499")), "v"));
    cr_expect(str_is(journal_state(b.j, STR("mllp"), STR("k0")), "v"));
    journal_state_set(b.j, STR("mllp"), STR("k0"), STR(""), NULL, NULL);
    cr_expect(str_is(journal_state(b.j, STR("mllp"), STR("k0")), ""));
    cr_expect(str_is(journal_state(b.j, STR("ml"), STR("lpk1")), ""));
    teardown(&b);
}

Test(journal, bodies_over_a_megabyte_come_back_whole_and_too_large_ones_are_refused)
{
    struct bed b;
    setup(&b, true);
    static const size_t sizes[] = {0, 1, 1048500, 1048576, 1048577, 3u << 20, 20u << 20};
    uint64_t seqs[7];
    for (size_t i = 0; i < 7; i++) {
        struct entry_message m = kit_message(&b.arena, i, sizes[i], &b.lab, 1, 1);
        seqs[i] = journal_append_message(b.j, &m, done, &b);
        cr_assert_neq(seqs[i], 0u);
    }
    char *big = calloc(1, JOURNAL_BODY_MAX + 1);
    cr_expect_eq(journal_append(b.j, ENTRY_MESSAGE, str_from(big, JOURNAL_BODY_MAX + 1), done, &b),
                 0u);
    free(big);
    cr_assert_eq(journal_poll(b.j), 0);
    cr_expect_eq(b.calls, 7u);
    struct journal_cursor c = {0};
    struct entry e;
    struct entry_message m;
    for (size_t i = 0; i < 7; i++) {
        cr_assert_eq(journal_read(b.j, seqs[i], 0, &b.arena, &e), 0);
        cr_assert_eq(entry_get_message(&b.arena, e.body, &m), 0);
        cr_expect(kit_is_message(m.raw, i), "size %zu", sizes[i]);
    }
    unsigned messages = 0;
    while (journal_next(b.j, &c, &b.arena, &e) == 1) {
        cr_expect(e.type != ENTRY_PART && e.type != ENTRY_CHECKPOINT);
        messages += e.type == ENTRY_MESSAGE;
    }
    cr_expect_eq(messages, 7u);
    teardown(&b);
}
