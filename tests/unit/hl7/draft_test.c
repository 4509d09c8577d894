/* Drafts: groups, new segments where the structure places them, copies, hidden parts. */
#include "engine/hl7/draft.h"

#include "engine/base/buf.h"
#include "engine/base/err.h"

#include <criterion/criterion.h>

static struct arena arena;

static void setup(void)
{
    arena_init(&arena);
}

static void teardown(void)
{
    arena_free(&arena);
}

TestSuite(draft, .init = setup, .fini = teardown);

static const struct structure *find(const void *arg, const struct hl7 *m)
{
    (void)m;
    return structure_named(HL7_2_5_1, str_of(arg));
}

/* A draft of segments given by name, "MSH PID NTE"; each has its number as field 1. */
static struct draft *draft_of(const char *structure, const char *ids)
{
    struct draft *d = ARENA_NEW(&arena, struct draft);
    struct hl7 *m = ARENA_NEW(&arena, struct hl7);
    struct hl7_fault fault;
    struct str rest = str_of(ids), id, text = STR("MSH|^~\\&|||||||||P|2.5.1\r");
    for (unsigned n = 1; str_split(&rest, ' ', &id); n++) {
        text = str_printf(&arena, "%.*s%.*s|%u\r", STR_ARG(text), STR_ARG(id), n);
    }
    cr_assert_eq(hl7_parse(&arena, text, m, &fault), 0);
    draft_init(d, &arena, m, structure ? find : NULL, structure);
    return d;
}

static struct group *leaf_at(struct draft *d, const char *id, unsigned n)
{
    struct draft_iter it = {.in = draft_root(d), .below = true};
    struct group *g = NULL;
    memcpy(it.id, id, 4);
    while (n-- && (g = draft_next(d, &it))) {
    }
    cr_assert(g, "no %s", id);
    return g;
}

/* The segments as "PID1 NTE2 ...", without MSH. */
static const char *told(struct draft *d)
{
    struct splices s = draft_splices(d);
    size_t n = splices_size(s);
    char *p = arena_alloc(&arena, n + 1);
    struct str bytes, line, out = STR("");
    splices_write(s, d->m->raw, p);
    bytes = str_from(p, n);
    str_split(&bytes, '\r', &line);
    while (bytes.n && str_split(&bytes, '\r', &line) && line.n) {
        struct str value = line.n > 4 ? str_slice(line, 4, line.n) : STR("");
        out = str_printf(&arena, "%.*s%s%.3s%.*s", STR_ARG(out), out.n ? " " : "", line.p,
                         STR_ARG(value));
    }
    return out.n ? out.p : "";
}

Test(draft, without_changes_it_is_the_message_itself)
{
    struct draft *d = draft_of("SIU_S12", "SCH PID RGS AIS");
    struct splices s = draft_splices(d);
    cr_expect_eq(s.n, 1);
    cr_expect_eq(splices_size(s), d->m->raw.n);
    cr_expect_null(d->edit);
    cr_expect_str_eq(told(d), "SCH1 PID2 RGS3 AIS4");
}

Test(draft, new_segments_stand_where_the_structure_places_them)
{
    static const struct {
        const char *structure, *ids, *add, *want;
    } rows[] = {
        {"ADT_A01", "EVN PID PV1", "PD1", "EVN1 PID2 PD1 PV13"},
        {"ADT_A01", "EVN PID PV1", "AL1", "EVN1 PID2 PV13 AL1"},
        {"ADT_A01", "EVN PID PV1 AL1 AL1 DG1", "AL1", "EVN1 PID2 PV13 AL14 AL15 AL1 DG16"},
        {"ADT_A01", "EVN PID NK1 PV1", "NK1", "EVN1 PID2 NK13 NK1 PV14"},
        {"ADT_A01", "EVN PID PV1", "EVN", "EVN1 EVN PID2 PV13"},
        {"SIU_S12", "SCH PID RGS AIS", "NTE", "SCH1 NTE PID2 RGS3 AIS4"},
        {"SIU_S12", "SCH", "PV1", "SCH1 PV1"},
        {NULL, "EVN PID", "ZZZ", "EVN1 PID2 ZZZ"},
        {"ADT_A01", "EVN PID", "ZZZ", "EVN1 PID2 ZZZ"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct draft *d = draft_of(rows[i].structure, rows[i].ids);
        const struct structure *s = draft_structure(d);
        struct group *leaf = NULL;
        unsigned holder = s ? structure_level_holding(s, rows[i].add, 0) : STRUCTURE_NONE;
        int rc = draft_create(d, draft_root(d), holder, rows[i].add, &leaf);
        cr_expect_eq(rc, 0, "%s in %s: %d", rows[i].add, rows[i].ids, rc);
        cr_expect_str_eq(told(d), rows[i].want, "%s in %s: %s", rows[i].add, rows[i].ids, told(d));
    }
}

Test(draft, which_of_several_groups_is_not_guessed)
{
    struct draft *d = draft_of("SIU_S12", "SCH RGS AIS RGS AIS");
    struct group *leaf = NULL;
    unsigned node = structure_level_holding(draft_structure(d), "AIP", 0);
    cr_expect_eq(draft_create(d, draft_root(d), node, "AIP", &leaf), ERR_NOT_FOUND);
    struct group *second = leaf_at(d, "RGS", 2)->parent;
    cr_expect_eq(draft_create(d, second, node, "AIP", &leaf), 0);
    cr_expect_str_eq(told(d), "SCH1 RGS2 AIS3 RGS4 AIS5 AIP");
}

Test(draft, copies_take_the_group_and_never_enter_it)
{
    static const struct {
        const char *from;
        unsigned from_n;
        const char *after;
        unsigned after_n;
        const char *want;
    } rows[] = {
        {"RGS", 1, "RGS", 2, "SCH1 PID2 RGS3 AIS4 NTE5 RGS6 AIG7 RGS3 AIS4 NTE5"},
        {"RGS", 1, "RGS", 1, "SCH1 PID2 RGS3 AIS4 NTE5 RGS3 AIS4 NTE5 RGS6 AIG7"},
        {"AIS", 1, "AIG", 1, "SCH1 PID2 RGS3 AIS4 NTE5 RGS6 AIG7 AIS4 NTE5"},
        {"RGS", 1, "NTE", 1, "SCH1 PID2 RGS3 AIS4 NTE5 RGS3 AIS4 NTE5 RGS6 AIG7"},
        {"PID", 1, "PID", 1, "SCH1 PID2 PID2 RGS3 AIS4 NTE5 RGS6 AIG7"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct draft *d = draft_of("SIU_S12", "SCH PID RGS AIS NTE RGS AIG");
        struct group *from = draft_opened_by(d, leaf_at(d, rows[i].from, rows[i].from_n));
        struct group *after = leaf_at(d, rows[i].after, rows[i].after_n), *made = NULL;
        after = strcmp(rows[i].after, "NTE") == 0 ? after : draft_opened_by(d, after);
        cr_expect_eq(draft_copy(d, from, after, &made), 0);
        cr_expect_str_eq(told(d), rows[i].want, "%zu: %s", i, told(d));
    }
}

Test(draft, a_group_of_which_nothing_is_left_is_not_copied)
{
    struct draft *d = draft_of("SIU_S12", "SCH PID RGS AIS NTE RGS AIG");
    struct group *from = draft_opened_by(d, leaf_at(d, "RGS", 1)), *made = NULL, *again = NULL;
    struct group *service = draft_opened_by(d, leaf_at(d, "AIS", 1));
    draft_remove(d, leaf_at(d, "AIS", 1));
    draft_remove(d, leaf_at(d, "NTE", 1));
    cr_expect_eq(draft_copy(d, from, leaf_at(d, "AIG", 1), &made), 0);
    cr_expect_eq(draft_copy(d, from, made, &again), 0, "its last leaf is found");
    cr_expect_str_eq(told(d), "SCH1 PID2 RGS3 RGS6 AIG7 RGS3 RGS3", "%s", told(d));
    cr_expect_eq(draft_copy(d, service, again, &made), ERR_NOT_FOUND);
    cr_expect_str_eq(told(d), "SCH1 PID2 RGS3 RGS6 AIG7 RGS3 RGS3", "%s", told(d));
}

Test(draft, what_is_removed_or_hidden_is_not_sent_and_comes_back_when_shown)
{
    struct draft *d = draft_of("SIU_S12", "SCH PID RGS AIS NTE RGS AIG");
    struct group *first = draft_opened_by(d, leaf_at(d, "RGS", 1));
    draft_hide(d, first, true);
    cr_expect_str_eq(told(d), "SCH1 PID2 RGS6 AIG7");
    draft_hide(d, first, false);
    cr_expect_str_eq(told(d), "SCH1 PID2 RGS3 AIS4 NTE5 RGS6 AIG7");
    struct group *ais = leaf_at(d, "AIS", 1);
    cr_expect_eq(draft_remove(d, ais), 0);
    cr_expect(draft_is_gone(d, ais));
    cr_expect_str_eq(told(d), "SCH1 PID2 RGS3 NTE5 RGS6 AIG7");
    draft_hide(d, first, true);
    draft_hide(d, first, false);
    cr_expect_str_eq(told(d), "SCH1 PID2 RGS3 NTE5 RGS6 AIG7", "what is gone stays gone");
}

Test(draft, handles_hold_while_others_come_and_go)
{
    struct draft *d = draft_of("ADT_A01", "EVN PID NK1 NK1 NK1 PV1");
    struct group *second = leaf_at(d, "NK1", 2), *made = NULL;
    struct path name = {.seg = "NK1", .field = 2, .rep = 1};
    cr_expect_eq(draft_remove(d, leaf_at(d, "NK1", 1)), 0);
    cr_expect_eq(draft_add(d, leaf_at(d, "PID", 1), false, STR("PD1|9"), &made), 0);
    cr_expect_eq(draft_add(d, second, true, STR("NK1|8"), &made), 0);
    cr_expect_eq(draft_set(d, second, &name, STR("x")), 0);
    cr_expect_str_eq(told(d), "EVN1 PID2 PD19 NK18 NK14|x NK15 PV16");
    cr_expect_eq(draft_clear(d, second, &name), 0);
    cr_expect_eq(draft_remove(d, second), 0);
    cr_expect_str_eq(told(d), "EVN1 PID2 PD19 NK18 NK15 PV16");
    cr_expect_eq(draft_remove(d, leaf_at(d, "MSH", 1)), ERR_USAGE, "the MSH stays");
}

/* ---- long messages: where one stands is remembered ---- */

/* All leaves of the name, by looking at each. */
static unsigned looked_up(struct draft *d, struct group *in, const char *id, bool below,
                          struct group **out)
{
    unsigned n = 0;
    for (struct group *g = below ? group_next(in, in) : in->first; g;
         g = below ? group_next(in, g) : g->next) {
        if (group_is_leaf(g) && strcmp(draft_id(d, g), id) == 0 && !draft_is_gone(d, g)) {
            out[n++] = g;
        }
    }
    return n;
}

static unsigned expect_in(struct draft *d, struct group *in, const char *id, bool below,
                          struct group **want)
{
    struct group *got;
    struct draft_iter it = {.in = in, .below = below};
    unsigned n = looked_up(d, in, id, below, want), i = 0;
    memcpy(it.id, id, 4);
    for (; (got = draft_next(d, &it)) != NULL && i < n; i++) {
        cr_assert_eq(got, want[i], "%s %u of %u", id, i, n);
    }
    cr_assert(!got && i == n, "%s: %u of %u", id, i, n);
    return n;
}

static void expect_found(struct draft *d, struct group *in, const char *id, bool below)
{
    struct group *want[400];
    unsigned n = expect_in(d, in, id, below, want), i;
    if (!below || in->parent) {
        return;
    }
    struct draft_flat flat = {.d = d};
    struct edit_seg seg;
    for (i = 0; draft_flat_next(&flat, id, &seg); i++) {
        struct edit_seg same = draft_read(d, want[i]);
        cr_assert(i < n && str_eq(hl7_seg_text(seg.m, seg.seg), hl7_seg_text(same.m, same.seg)),
                  "%s %u of %u, flat", id, i, n);
    }
    cr_assert_eq(i, n, "%s: %u of %u, flat", id, i, n);
}

static void expect_all_found(struct draft *d)
{
    static const char ids[][4] = {"PID", "OBR", "OBX", "NTE", "ZZZ", "PV1"};
    for (unsigned round = 0; round < 2; round++) { /* the second time from memory */
        for (unsigned i = 0; i < 6; i++) {
            expect_found(d, draft_root(d), ids[i], true);
            expect_found(d, draft_root(d), ids[i], false);
            struct group *opened = draft_opened_by(d, leaf_at(d, "OBR", 1));
            if (!group_is_leaf(opened)) {
                expect_found(d, opened, ids[i], true);
                expect_found(d, opened, ids[i], false);
            }
        }
    }
}

static void change(struct draft *d, unsigned what)
{
    struct group *made;
    struct path p = {.seg = "OBX", .seg_n = PATH_ALL, .field = 5};
    switch (what % 8) {
    case 0:
        draft_remove(d, leaf_at(d, "NTE", 1));
        break;
    case 1:
        draft_add(d, leaf_at(d, "PID", 1), false, STR("NTE|n"), &made);
        draft_add(d, leaf_at(d, "OBX", 9), true, STR("NTE|m"), &made);
        break;
    case 2:
        draft_copy(d, leaf_at(d, "PID", 1), leaf_at(d, "OBX", 3), &made);
        break;
    case 3:
        draft_set(d, leaf_at(d, "OBX", 2), &p, STR("x"));
        break;
    case 4:
        draft_remove(d, leaf_at(d, "PID", 2));
        break;
    case 5:
        draft_add(d, leaf_at(d, "OBX", 4), false, STR("ZZZ|1"), &made);
        break;
    case 6:
        draft_copy(d, draft_opened_by(d, leaf_at(d, "OBR", 1)), leaf_at(d, "OBX", 1), &made);
        draft_remove(d, leaf_at(d, "OBR", 2));
        break;
    case 7:
        draft_remove(d, leaf_at(d, "ZZZ", 1));
        break;
    }
}

static void expect_all_found_among(unsigned observations)
{
    static const char *const structures[] = {"ORU_R01", NULL};
    struct buf ids = {0};
    buf_puts(&ids, "PID NTE OBR");
    for (unsigned i = 0; i < observations; i++) {
        buf_puts(&ids, " OBX");
    }
    const char *text = str_dup(&arena, buf_str(&ids)).p;
    buf_free(&ids);
    for (unsigned s = 0; s < 2; s++) {
        struct draft *d = draft_of(structures[s], text);
        expect_all_found(d);
        for (unsigned i = 0; i < 24; i++) {
            change(d, (const unsigned[]){3, 1, 2, 0, 4, 5, 7, 6}[i % 8]);
            expect_all_found(d);
        }
    }
}

Test(draft, in_a_long_message_all_are_found_whatever_comes_and_goes)
{
    expect_all_found_among(100);
}

Test(draft, in_a_short_message_too)
{
    expect_all_found_among(12);
    expect_all_found_among(59); /* with MSH just below what counts as long, which it becomes */
}

/* Whatever stands where: groups that do not have their segments in the order of the message among them. */
Test(draft, in_any_order_of_segments_each_group_finds_its_own)
{
    static const char *const names[] = {"SCH", "NTE", "PID", "PV1", "RGS", "AIS",
                                        "AIL", "AIP", "NTE", "ZZZ", "A"};
    static const char ids[][4] = {"NTE", "AIS", "RGS", "ZZZ", "MSH", "PID"};
    uint32_t seed = 1;
    for (unsigned round = 0; round < 300; round++) {
        struct buf text = {0};
        unsigned n = 1 + round % 62;
        for (unsigned i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            buf_puts(&text, i ? " " : "");
            buf_puts(&text, names[(seed >> 16) % 11]);
        }
        struct draft *d = draft_of("SIU_S12", str_dup(&arena, buf_str(&text)).p);
        buf_free(&text);
        for (struct group *g = draft_root(d); g; g = group_next(draft_root(d), g)) {
            for (unsigned i = 0; i < 6; i++) {
                struct group *want[64];
                (void)expect_in(d, g, ids[i], true, want);
                (void)expect_in(d, g, ids[i], false, want);
            }
        }
    }
}

/* As many as a walk from one to the next would have looked at. */
Test(draft, what_is_looked_at_in_a_short_message_is_counted)
{
    static const struct {
        char id[4];
        unsigned looked[3];
    } rows[] = {{"MSH", {1, 4, 1}}, {"OBX", {3, 2, 1}}, {"NTE", {4, 1, 1}}, {"ZZZ", {5, 1, 1}}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        struct draft *d = draft_of(NULL, "PID OBX NTE");
        struct draft_flat it = {.d = d};
        struct edit_seg seg;
        for (unsigned k = 0; k < 3; k++) {
            d->looked = 0;
            (void)draft_flat_next(&it, rows[i].id, &seg);
            cr_expect_eq(d->looked, rows[i].looked[k], "%s %u: %u", rows[i].id, k,
                         (unsigned)d->looked);
        }
    }
}

Test(draft, one_segment_is_looked_for_once)
{
    struct buf ids = {0};
    buf_puts(&ids, "PID");
    for (unsigned i = 0; i < 1000; i++) {
        buf_puts(&ids, " OBX");
    }
    struct draft *d = draft_of(NULL, str_dup(&arena, buf_str(&ids)).p);
    buf_free(&ids);
    for (unsigned i = 0; i < 1000; i++) {
        expect_found(d, draft_root(d), "PID", true);
    }
    cr_expect_lt(d->looked, 10000);
}

Test(draft, what_it_costs_does_not_depend_on_addresses)
{
    struct buf ids = {0};
    buf_puts(&ids, "PID PV1 PD1");
    for (unsigned i = 0; i < 100; i++) {
        buf_puts(&ids, " OBX");
    }
    const char *text = str_dup(&arena, buf_str(&ids)).p;
    buf_free(&ids);
    uint64_t first = 0;
    for (unsigned round = 0; round < 64; round++) {
        (void)arena_alloc(&arena, 16 * round);
        struct draft *d = draft_of(NULL, text);
        for (unsigned i = 0; i < 30; i++) {
            expect_found(d, draft_root(d), (const char *[]){"PID", "PV1", "PD1"}[i % 3], true);
        }
        first = first ? first : d->looked;
        cr_expect_eq(d->looked, first, "round %u", round);
    }
}
