/* Fuzz target: a message, a NUL, then pairs of bytes: what to do and with which of its segments. However the
 * draft was changed, its splices parse, what was set is read back, what was not touched stands there byte for
 * byte, each segment is found in the group it was sorted into, and it is the same where the shape was met before. */
#include "engine/base/arena.h"
#include "engine/base/err.h"
#include "engine/hl7/shapes.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OPS_MAX = 40, LEAVES_MAX = 256 };

static const char ids[][4] = {"PID", "PD1", "NK1", "PV1", "AL1", "IN1", "IN2", "ROL", "RGS",
                              "AIS", "AIP", "NTE", "OBR", "OBX", "FT1", "PR1", "MRG", "ZPI"};
enum { IDS = sizeof(ids) / sizeof(ids[0]) };

static void must(bool holds)
{
    if (!holds) {
        abort();
    }
}

static const struct structure *find(const void *arg, const struct hl7 *m)
{
    const char *why;
    struct str type = hl7_field(m, &m->seg[0], 9);
    ptrdiff_t hat = str_index(type, '^');
    (void)arg; /* every message is looked up by its own MSH-9 */
    return structure_of(HL7_2_5_1, str_slice(type, 0, hat < 0 ? type.n : (size_t)hat),
                        hat < 0 ? STR("") : str_slice(type, (size_t)hat + 1, type.n), STR(""),
                        &why);
}

/* The segments of the ids above, in the order of ids. */
static unsigned collect(struct draft *d, struct group **v)
{
    unsigned n = 0;
    for (unsigned i = 0; i < IDS; i++) {
        struct draft_iter it = {.in = draft_root(d), .below = true};
        memcpy(it.id, ids[i], 4);
        for (struct group *g; n < LEAVES_MAX && (g = draft_next(d, &it));) {
            must(strcmp(draft_id(d, g), ids[i]) == 0 && !draft_is_gone(d, g));
            v[n++] = g;
        }
    }
    return n;
}

static void set_one(struct draft *d, struct group *leaf, unsigned char with)
{
    struct path p = {.field = (uint16_t)(1 + with % 7), .rep = 1, .comp = (uint8_t)(with % 3)};
    memcpy(p.seg, draft_id(d, leaf), 4);
    if (draft_set(d, leaf, &p, STR("new")) == 0) {
        struct edit_seg seg = draft_read(d, leaf);
        must(str_find(hl7_field(seg.m, seg.seg, p.field), STR("new")) >= 0);
    }
}

static void create_one(struct draft *d, unsigned char with)
{
    const char *id = ids[with % IDS];
    const struct structure *s = draft_structure(d);
    struct group *leaf = NULL;
    unsigned holder = s ? structure_level_holding(s, id, with / IDS % 2) : STRUCTURE_NONE;
    int rc = draft_create(d, draft_root(d), holder, id, &leaf);
    must((rc == 0) == (leaf != NULL));
    must(rc != 0 || strcmp(draft_id(d, leaf), id) == 0);
}

static void change(struct draft *d, unsigned char what, unsigned char with)
{
    struct group *v[LEAVES_MAX], *made = NULL;
    unsigned n = collect(d, v);
    struct group *leaf = n ? v[with % n] : NULL, *other = n ? v[(with / 3) % n] : NULL;
    if (what % 8 == 0 || !leaf) {
        create_one(d, with);
    } else if (what % 8 <= 2) {
        set_one(d, leaf, with);
    } else if (what % 8 == 3) {
        must(draft_remove(d, leaf) == 0 && draft_is_gone(d, leaf));
    } else if (what % 8 == 4) {
        must(draft_add(d, leaf, with & 1, STR("NTE"), &made) == 0 && made);
        must(strcmp(draft_id(d, made), "NTE") == 0);
    } else if (what % 8 == 5) {
        struct group *from = draft_opened_by(d, leaf);
        must(draft_copy(d, from, draft_opened_by(d, other), &made) != 0 || made);
    } else if (what % 8 == 6) {
        draft_hide(d, draft_opened_by(d, leaf), with & 1);
    } else {
        struct path p = {.field = (uint16_t)(1 + with % 7)};
        memcpy(p.seg, draft_id(d, leaf), 4);
        must(draft_clear(d, leaf, &p) == 0);
    }
}

static struct str check(struct arena *a, struct draft *d, bool is_changed)
{
    struct splices s = draft_splices(d);
    size_t n = splices_size(s);
    char *p = arena_alloc(a, n + 1);
    struct hl7 m;
    struct hl7_fault fault;
    splices_write(s, d->m->raw, p);
    must(is_changed || str_eq(d->m->raw, str_from(p, n)));
    must(hl7_parse(a, str_from(p, n), &m, &fault) == 0 || fault.code == 207);
    return str_from(p, n);
}

/* What comes of all changes. */
static struct str run(struct arena *a, const struct hl7 *m, struct str ops, struct shapes *shapes)
{
    struct draft d;
    draft_init(&d, a, m, find, NULL);
    d.shapes = shapes;
    struct str made = check(a, &d, false);
    for (size_t i = 0; i + 1 < ops.n && i < 2 * OPS_MAX; i += 2) {
        change(&d, (unsigned char)ops.p[i], (unsigned char)ops.p[i + 1]);
        made = check(a, &d, true);
    }
    return made;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = {0};
    struct str all = str_from(size ? (const char *)data : "", size < 4096 ? size : 4096);
    ptrdiff_t nul = str_index(all, '\0');
    struct str ops = nul < 0 ? STR("") : str_slice(all, (size_t)nul + 1, all.n);
    struct hl7 m;
    struct hl7_fault fault;
    struct shapes *shapes = shapes_new();
    if (hl7_parse(&a, nul < 0 ? all : str_slice(all, 0, (size_t)nul), &m, &fault) == 0) {
        struct str made = run(&a, &m, ops, NULL);
        for (unsigned i = 0; i < 4; i++) { /* kept with the second, found with those behind it */
            must(str_eq(run(&a, &m, ops, shapes), made));
        }
    }
    shapes_free(&shapes);
    arena_free(&a);
    return 0;
}
