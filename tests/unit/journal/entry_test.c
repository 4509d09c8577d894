#include "engine/journal/entry.h"

#include "engine/base/err.h"
#include "tests/support/journal_kit.h"

#include <criterion/criterion.h>

static struct entry_message full_message(struct arena *a)
{
    static const uint32_t destinations[] = {3, 70000};
    struct entry_message m = kit_message(a, 42, 300, destinations, 2, 0xabcdef0123456789u);
    m.status = ENTRY_FILTERED;
    m.cause = (struct entry_id){7, 9};
    m.plan_hash = 11;
    m.id_hash = UINT64_MAX;
    m.reason = STR("rule: not for us");
    m.engine_version = STR("0.1.0");
    struct entry_output *o = (struct entry_output *)(uintptr_t)&m.outputs[1];
    o->class = ENTRY_BULK;
    o->kind = ENTRY_OUTPUT_FAILED_ROUTE;
    o->is_json = true;
    o->id_part = STR("2");
    o->options = STR("interaction\0update\0");
    o->finding = STR("PID-3: no table row");
    return m;
}

Test(entry, message_comes_back_as_it_was)
{
    struct arena a = {0};
    struct buf b = {0};
    struct entry_message m = full_message(&a), got;
    entry_put_message(&b, &m);
    cr_assert_eq(entry_get_message(&a, buf_str(&b), &got), 0);
    cr_expect(got.id.hi == m.id.hi && got.id.lo == m.id.lo && got.cause.hi == 7 &&
              got.cause.lo == 9);
    cr_expect(got.status == ENTRY_FILTERED && got.plan_hash == 11 && got.id_hash == UINT64_MAX);
    cr_expect(got.source == 1 && got.received_us == 42 && got.body_hash == 126);
    cr_expect(str_eq(got.reason, m.reason) && str_eq(got.peer, m.peer) &&
              str_eq(got.reply, m.reply));
    cr_expect(str_eq(got.raw, m.raw) && str_eq(got.engine_version, m.engine_version));
    cr_assert_eq(got.noutputs, 2u);
    cr_expect_eq(entry_peek_outputs(buf_str(&b)), 2u);
    const struct entry_output *o = &got.outputs[1];
    cr_expect(o->destination == 70000 && o->class == ENTRY_BULK &&
              o->kind == ENTRY_OUTPUT_FAILED_ROUTE && o->is_json);
    cr_expect_not(got.outputs[0].is_json);
    cr_expect_eq(got.outputs[0].options.n, 0u);
    cr_expect(str_eq(o->options, m.outputs[1].options) && o->options.n == 19);
    cr_expect(o->nkeys == 1 && o->keys[0] == 0xabcdef0123456789u && str_is(o->id_part, "2"));
    cr_expect(str_is(o->finding, "PID-3: no table row"));
    cr_assert_eq(splices_size(o->payload), 303u);
    char payload[303];
    splices_write(o->payload, got.raw, payload);
    cr_expect(memcmp(payload, m.raw.p, 300) == 0 && memcmp(payload + 300, "end", 3) == 0);
    buf_free(&b);
    arena_free(&a);
}

Test(entry, cut_or_changed_message_is_damage_or_another_message_but_no_crash)
{
    struct arena a = {0};
    struct buf b = {0};
    struct entry_message m = full_message(&a), got;
    entry_put_message(&b, &m);
    for (size_t n = 0; n < b.n; n++) {
        char *copy = malloc(n ? n : 1);
        memcpy(copy, b.p, n);
        cr_expect_eq(entry_get_message(&a, str_from(copy, n), &got), ERR_DAMAGE, "cut at %zu", n);
        free(copy);
    }
    for (size_t i = 0; i < b.n; i++) {
        b.p[i] = (char)~b.p[i];
        (void)entry_get_message(&a, buf_str(&b), &got);
        b.p[i] = (char)~b.p[i];
    }
    buf_free(&b);
    arena_free(&a);
}

Test(entry, a_batch_comes_back_with_its_messages_and_finds_them_by_output)
{
    static const uint32_t second[] = {1};
    struct arena a = {0};
    struct buf b = {0}, carried = {0};
    struct entry_message m = full_message(&a), got;
    uint64_t seq;
    kit_make_batch(&a, &m);
    entry_put_message(&b, &m);
    struct entry e = {.seq = 9, .type = ENTRY_GROUP, .body = buf_str(&b)};
    cr_assert_eq(entry_get_any(&a, &e, &seq, &got), 0);
    cr_assert_eq(got.nmembers, 2u);
    cr_expect(got.members[0].status == ENTRY_REJECTED && str_is(got.members[0].reason, "no"));
    cr_expect(got.members[1].id_hash == UINT64_MAX && got.members[1].body_hash == 126);
    cr_expect(got.members[1].from == 150 && got.members[1].n == 150);
    cr_expect_eq(entry_member_of(&got, 0), &got.members[1]);
    cr_expect_eq(entry_member_of(&got, 1), &got.members[1]);
    cr_expect_null(entry_member_of(&got, 2));
    entry_put_carry(&carried, 9, &m, second, 1);
    cr_assert_eq(entry_get_carry(&a, buf_str(&carried), &seq, &got), 0);
    cr_expect(got.nmembers == 2 && got.noutputs == 2 && got.outputs[0].destination == 0);
    cr_expect_eq(entry_member_of(&got, 1), &got.members[1]);
    buf_free(&b);
    buf_free(&carried);
    arena_free(&a);
}

Test(entry, cut_or_changed_batch_is_damage_or_another_batch_but_no_crash)
{
    struct arena a = {0};
    struct buf b = {0};
    struct entry_message m = full_message(&a), got;
    entry_put_message(&b, &m);
    size_t alone = b.n;
    buf_clear(&b);
    kit_make_batch(&a, &m);
    entry_put_message(&b, &m);
    for (size_t n = 0; n < b.n; n++) {
        int want = n > 0 && entry_get_message(&a, str_from(b.p, n), &got) == 0 ? 0 : ERR_DAMAGE;
        cr_expect(want == ERR_DAMAGE || n == alone, "cut at %zu", n);
    }
    for (size_t i = 0; i < b.n * 8; i++) {
        struct arena one = {0};
        b.p[i / 8] = (char)(b.p[i / 8] ^ 1 << i % 8);
        if (entry_get_message(&one, buf_str(&b), &got) == 0) {
            for (uint32_t k = 0; k <= got.noutputs; k++) {
                (void)entry_member_of(&got, k);
            }
        }
        b.p[i / 8] = (char)(b.p[i / 8] ^ 1 << i % 8);
        arena_free(&one);
    }
    buf_free(&b);
    arena_free(&a);
}

Test(entry, carry_comes_back_with_its_outputs_where_they_stood)
{
    static const uint32_t second[] = {1};
    struct arena a = {0};
    struct buf b = {0};
    struct entry_message m = full_message(&a), got;
    const uint32_t *outputs;
    uint64_t seq = 0;
    uint32_t n = 0;
    entry_put_carry(&b, 777777, &m, second, 1);
    struct entry e = {.seq = 9, .type = ENTRY_CARRY, .body = buf_str(&b)};
    cr_assert_eq(entry_get_any(&a, &e, &seq, &got), 0);
    cr_expect(seq == 777777 && got.noutputs == 2 && got.id.hi == m.id.hi && str_eq(got.raw, m.raw));
    cr_expect(got.status == ENTRY_FILTERED && str_eq(got.reply, m.reply) &&
              str_eq(got.peer, m.peer));
    cr_expect(got.outputs[0].destination == 0 && got.outputs[0].nkeys == 0, "blank");
    const struct entry_output *o = &got.outputs[1];
    cr_expect(o->destination == 70000 && o->class == ENTRY_BULK && o->is_json && o->nkeys == 1);
    cr_expect(str_is(o->finding, "PID-3: no table row") && splices_size(o->payload) == 303);
    cr_assert_eq(entry_peek_carry(&a, e.body, &seq, &outputs, &n), 0);
    cr_expect(seq == 777777 && n == 1 && outputs[0] == 1);
    e.type = ENTRY_OUTCOME;
    cr_expect_eq(entry_get_any(&a, &e, &seq, &got), ERR_TYPE);
    buf_free(&b);
    arena_free(&a);
}

Test(entry, cut_or_changed_carry_is_damage_or_another_carry_but_no_crash)
{
    static const uint32_t both[] = {0, 1};
    struct arena a = {0};
    struct buf b = {0};
    struct entry_message m = full_message(&a), got;
    uint64_t seq;
    entry_put_carry(&b, 5, &m, both, 2);
    for (size_t n = 0; n < b.n; n++) {
        cr_expect_eq(entry_get_carry(&a, str_from(b.p, n), &seq, &got), ERR_DAMAGE, "%zu bytes", n);
    }
    for (size_t i = 0; i < b.n * 8; i++) {
        b.p[i / 8] = (char)(b.p[i / 8] ^ 1 << i % 8);
        struct arena one = {0};
        const uint32_t *outputs;
        uint32_t n;
        (void)entry_get_carry(&one, buf_str(&b), &seq, &got);
        (void)entry_peek_carry(&one, buf_str(&b), &seq, &outputs, &n);
        arena_free(&one);
        b.p[i / 8] = (char)(b.p[i / 8] ^ 1 << i % 8);
    }
    buf_free(&b);
    arena_free(&a);
}

Test(entry, outcomes_come_back_and_long_replies_are_cut)
{
    struct arena a = {0};
    struct buf b = {0};
    char reply[3000];
    memset(reply, 'r', sizeof(reply));
    struct entry_outcome v[] = {
        {.ref = {5, 0}, .verdict = ENTRY_DELIVERED, .attempt = 1, .at_us = -5, .reply = STR("AA")},
        {.ref = {UINT64_MAX, UINT32_MAX}, .verdict = ENTRY_HELD, .attempt = 70, .by = STR("anna")},
        {.ref = {6, 1}, .verdict = ENTRY_RELEASED, .reply = str_from(reply, sizeof(reply))},
    };
    struct entry_outcomes o = {9, ENTRY_BULK, v, 3}, got;
    entry_put_outcomes(&b, &o);
    cr_assert_eq(entry_get_outcomes(&a, buf_str(&b), &got), 0);
    cr_expect(got.destination == 9 && got.class == ENTRY_BULK && got.n == 3);
    cr_expect(got.v[0].at_us == -5 && got.v[0].attempt == 1 && str_is(got.v[0].reply, "AA"));
    cr_expect(got.v[1].ref.seq == UINT64_MAX && got.v[1].ref.output == UINT32_MAX);
    cr_expect(str_is(got.v[1].by, "anna") && got.v[1].verdict == ENTRY_HELD);
    cr_expect_eq(got.v[2].reply.n, 1024u);
    for (size_t n = 0; n < b.n; n++) {
        (void)entry_get_outcomes(&a, str_from(b.p, n), &got);
    }
    buf_free(&b);
    arena_free(&a);
}

Test(entry, id_has_one_text)
{
    static const struct {
        struct entry_id id;
        const char *text;
    } rows[] = {{{0, 0}, "aaaaaaaaaaaaaaaaaaaaaaaaaa"},
                {{UINT64_MAX, UINT64_MAX}, "77777777777777777777777774"},
                {{0x0123456789abcdefu, 0xfedcba9876543210u}, "aerukz4jvpg677w4xkmhmvbsca"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char text[27];
        struct entry_id back;
        entry_id_text(rows[i].id, text);
        cr_expect_str_eq(text, rows[i].text);
        cr_assert_eq(entry_id_parse(str_of(text), &back), 0);
        cr_expect(back.hi == rows[i].id.hi && back.lo == rows[i].id.lo);
    }
    static const char *const bad[] = {"",
                                      "a",
                                      "aaaaaaaaaaaaaaaaaaaaaaaaab",
                                      "aaaaaaaaaaaaaaaaaaaaaaaaa1",
                                      "Aaaaaaaaaaaaaaaaaaaaaaaaaa",
                                      "aaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    struct entry_id id;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        cr_expect_eq(entry_id_parse(str_of(bad[i]), &id), ERR_SYNTAX, "%s", bad[i]);
    }
}
