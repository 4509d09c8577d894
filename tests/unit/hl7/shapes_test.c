/* Shapes of earlier messages (shapes.h): nobody may see in a draft that its groups were made for another message. */
#include "engine/hl7/shapes.h"

#include "engine/base/buf.h"
#include "engine/base/rng.h"

#include <criterion/criterion.h>

static struct arena arena;
static struct shapes *shapes;

static void setup(void)
{
    arena_init(&arena);
    shapes = shapes_new();
}

static void teardown(void)
{
    shapes_free(&shapes);
    arena_free(&arena);
}

TestSuite(shapes, .init = setup, .fini = teardown);

static const struct structure *find(const void *arg, const struct hl7 *m)
{
    (void)m;
    return arg;
}

/* Segments given by name, "PID NTE"; each has `content` and its number as field 1. */
static struct draft *draft_of(struct shapes *s, enum hl7_version v, const char *structure,
                              const char *ids, const char *content)
{
    struct draft *d = ARENA_NEW(&arena, struct draft);
    struct hl7 *m = ARENA_NEW(&arena, struct hl7);
    struct hl7_fault fault;
    struct str rest = str_of(ids), id;
    struct buf text = {0};
    buf_puts(&text, "MSH|^~\\&|||||||||P|2.5.1\r");
    for (unsigned n = 1; str_split(&rest, ' ', &id); n++) {
        buf_printf(&text, "%.*s|%s%u\r", STR_ARG(id), content, n);
    }
    cr_assert_eq(hl7_parse(&arena, str_dup(&arena, buf_str(&text)), m, &fault), 0);
    buf_free(&text);
    draft_init(d, &arena, m, find, structure_named(v, str_of(structure)));
    d->shapes = s;
    return d;
}

/* Everything of a group and of what it holds. */
static void put_group(struct buf *b, const struct draft *d, const struct group *g)
{
    const struct group *last = NULL;
    buf_printf(b, " (%u %u%s", g->node, g->seg, g->misplaced ? "!" : "");
    buf_printf(b, " %llx %llx", (unsigned long long)g->own, (unsigned long long)g->all);
    cr_assert(!group_is_leaf(g) || (g == &d->leaf[g->seg] && !g->line && !g->first));
    for (const struct group *k = g->first; k; k = k->next) {
        cr_assert_eq(k->parent, g);
        put_group(b, d, k);
        last = k;
    }
    cr_assert_eq(g->last, last);
    buf_putc(b, ')');
}

/* The draft's groups with their sets, all names with theirs. */
static struct str told(struct draft *d)
{
    struct buf b = {0};
    struct draft_iter it = {.in = draft_root(d), .below = true, .id = "PID"};
    (void)draft_next(d, &it); /* fills the sets of a short message */
    cr_assert_null(d->root->parent);
    put_group(&b, d, d->root);
    const struct group *following = d->root;
    for (struct group *g = d->root; g && d->is_filled; g = group_next(d->root, g)) {
        cr_assert(group_is_leaf(g) || g == following);
        following = group_is_leaf(g) ? following : following->following;
    }
    cr_assert(!following || !d->is_filled);
    for (uint32_t i = 0; d->names && i < d->m->segs; i++) {
        buf_printf(&b, " %llx", (unsigned long long)draft_named(d, d->m->seg[i].id));
    }
    buf_printf(&b, " %d", d->is_ordered);
    struct str out = str_dup(&arena, buf_str(&b));
    buf_free(&b);
    return out;
}

/* The same with and without what is remembered, for the `times`th time. */
static void compare(enum hl7_version v, const char *structure, const char *ids, unsigned times)
{
    struct str want = told(draft_of(NULL, v, structure, ids, ""));
    for (unsigned i = 0; i < times; i++) {
        struct str got = told(draft_of(shapes, v, structure, ids, i % 2 ? "other^" : "F"));
        cr_expect(str_eq(got, want), "%s: %s: %u\n got%.*s\nwant%.*s", structure, ids, i,
                  STR_ARG(got), STR_ARG(want));
    }
}

#define NINE  "NTE NTE NTE NTE NTE NTE NTE NTE NTE "
#define SIXTY NINE NINE NINE NINE NINE NINE "NTE NTE NTE NTE NTE NTE "

Test(shapes, what_is_met_for_the_second_time_is_found_from_the_third_on)
{
    static const struct {
        const char *name;
        enum hl7_version v;
        const char *structure, *ids;
        unsigned found; /* of 4; the names of some were met before */
    } rows[] = {
        {"a booking", HL7_2_5_1, "SIU_S12", "SCH PID RGS AIS NTE AIP RGS AIS", 2},
        {"one segment more", HL7_2_5_1, "SIU_S12", "SCH PID RGS AIS NTE AIP RGS AIS AIS", 2},
        {"one fewer", HL7_2_5_1, "SIU_S12", "SCH PID RGS AIS NTE AIP RGS", 2},
        {"in another order", HL7_2_5_1, "SIU_S12", "SCH PID RGS AIS AIP NTE RGS AIS", 2},
        {"another structure", HL7_2_5_1, "ADT_A01", "SCH PID RGS AIS NTE AIP RGS AIS", 3},
        {"of two versions", HL7_2_3, "ADT_A01", "EVN PID PV1 PR1 ROL GT1 IN1", 2},
        {"the later one", HL7_2_5_1, "ADT_A01", "EVN PID PV1 PR1 ROL GT1 IN1", 3},
        {"misplaced", HL7_2_5_1, "ADT_A01", "PV1 PID EVN AL1 PID NK1 IN2", 2},
        {"Z segments", HL7_2_5_1, "ORU_R01", "PID ZPI OBR OBX ZOB OBX QQQ OBX", 2},
        {"a line that is none", HL7_2_5_1, "ADT_A01", "EVN PIDX PID PIDX PV1", 2},
        {"63 segments", HL7_2_5_1, "SIU_S12", SIXTY "PID RGS", 2},
        {"64 segments", HL7_2_5_1, "SIU_S12", SIXTY "PID RGS AIS", 0},
        {"no structure", HL7_2_5_1, "XXX_X99", "PID RGS AIS", 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        uint64_t before = shapes_found(shapes);
        compare(rows[i].v, rows[i].structure, rows[i].ids, 4);
        cr_expect_eq(shapes_found(shapes) - before, rows[i].found, "%s: %u", rows[i].name,
                     (unsigned)(shapes_found(shapes) - before));
    }
}

static const char *many_notes(unsigned n)
{
    const char *ids = "SCH";
    while (n--) {
        ids = str_printf(&arena, "%s NTE", ids).p;
    }
    return ids;
}

/* More shapes than are kept, by two structures: what was asked for last stays. */
Test(shapes, what_was_not_asked_for_lately_goes)
{
    static const char *const names[] = {"SIU_S12", "SRM_S01"};
    enum { LENGTHS = 40 };
    uint64_t before, again = 0;
    for (unsigned i = 0; i < 2 * LENGTHS; i++) {
        compare(HL7_2_5_1, names[i / LENGTHS], many_notes(i % LENGTHS), 3);
        before = shapes_found(shapes);
        compare(HL7_2_5_1, "ADT_A01", "PID PV1", 1);
        again += shapes_found(shapes) - before;
    }
    cr_expect_eq(again, 2 * LENGTHS - 2, "what comes again and again stays");
    before = shapes_found(shapes);
    compare(HL7_2_5_1, names[1], many_notes(LENGTHS - 1), 1);
    compare(HL7_2_5_1, names[0], many_notes(LENGTHS - 1), 1);
    compare(HL7_2_5_1, "ADT_A01", "PID PV1", 1);
    cr_expect_eq(shapes_found(shapes) - before, 3);
    compare(HL7_2_5_1, names[0], many_notes(3), 1);
    cr_expect_eq(shapes_found(shapes) - before, 3, "the first ones went");
}

/* Each draft has groups of its own. */
Test(shapes, changes_do_not_reach_the_next_message)
{
    static const char ids[] = "SCH PID RGS AIS NTE RGS AIG";
    compare(HL7_2_5_1, "SIU_S12", ids, 3);
    for (unsigned i = 0; i < 3; i++) {
        struct draft *d = draft_of(shapes, HL7_2_5_1, "SIU_S12", ids, "");
        struct draft *beside = draft_of(shapes, HL7_2_5_1, "SIU_S12", ids, "");
        struct str want = told(beside);
        struct group *made = NULL, *rgs = draft_root(d)->last;
        cr_assert_eq(draft_copy(d, rgs, rgs, &made), 0);
        cr_assert_eq(draft_add(d, &d->leaf[2], false, STR("ZPI|1"), &made), 0);
        cr_assert_eq(draft_remove(d, &d->leaf[4]), 0);
        cr_expect_eq(draft_splices(d).n > 1, true);
        cr_expect(str_eq(told(beside), want));
        compare(HL7_2_5_1, "SIU_S12", ids, 1);
    }
}

/* Sorted when something was changed already, or when its names were asked for before. */
Test(shapes, it_does_not_matter_what_was_asked_first)
{
    static const char ids[] = "EVN PID PV1 AL1 IN1";
    struct path name = {.seg = "PID", .field = 5, .rep = 1};
    struct str want = told(draft_of(NULL, HL7_2_5_1, "ADT_A01", ids, ""));
    for (unsigned i = 0; i < 4; i++) {
        struct draft *d = draft_of(shapes, HL7_2_5_1, "ADT_A01", ids, "");
        struct draft_iter it = {.below = true, .id = "PID"};
        cr_assert_eq(draft_set_flat(d, &name, STR("x")), 0);
        it.in = draft_root(d);
        struct group *pid = draft_next(d, &it);
        cr_assert_eq(pid, &d->leaf[2]);
        struct edit_seg now = draft_read(d, pid);
        cr_expect(str_is(hl7_field(now.m, now.seg, 5), "x"));
        d = draft_of(shapes, HL7_2_5_1, "ADT_A01", ids, "");
        cr_expect_eq(draft_named(d, "AL1"), 1 << 4);
        cr_expect(str_eq(told(d), want));
    }
    cr_expect_eq(shapes_found(shapes), 6);
}

/* Whatever comes. */
Test(shapes, of_any_messages)
{
    static const char *const names[] = {"SCH", "PID", "PV1", "RGS", "AIS", "NTE", "ZAP", "OBX"};
    static const char *const structures[] = {"SIU_S12", "ADT_A01", "ORU_R01", "DFT_P03"};
    struct rng_seeded seed = {7};
    const struct rng r = rng_of_seeded(&seed);
    for (unsigned i = 0; i < 6000; i++) {
        const char *ids = "PID";
        for (unsigned n = (unsigned)rng_below(&r, 4); n--;) {
            ids = str_printf(&arena, "%s %s", ids, names[rng_below(&r, 8)]).p;
        }
        compare(i % 2 ? HL7_2_3 : HL7_2_5_1, structures[rng_below(&r, 4)], ids, 1);
    }
    cr_expect(shapes_found(shapes) > 200, "%u", (unsigned)shapes_found(shapes));
}
