#include "engine/hl7/structure.h"

#include "engine/hl7/structure_priv.h"

#include <assert.h>

struct structure {
    uint16_t name; /* offset in the pool */
    uint32_t first;
    uint16_t nodes;
    uint8_t version;
};

struct span {
    uint16_t from, n;
};

struct event_row {
    uint16_t name, structure; /* "ADT_A04", index in structure_list */
};

#include "engine/hl7/dict/structures.inc"
#include "engine/hl7/dict/events.inc"

static_assert((int)STRUCTURE_SEGMENTS < (int)STRUCTURE_IDS_MAX, "segment numbers must fit");

static const char *text(uint16_t at)
{
    return structure_pool + at;
}

const struct structure_node *structure_rows(const struct structure *s)
{
    return structure_nodes_table + s->first;
}

/* A name as a number, in the order of the alphabet; of more than three letters one that no segment has. */
static uint32_t name_word(const char *seg)
{
    uint32_t w = 0;
    for (unsigned i = 0; i < 4 && seg[i]; i++) {
        w |= (uint32_t)(unsigned char)seg[i] << (24 - 8 * i);
    }
    return w;
}

/* The same of segment number `id` from 0: its name has three letters. */
static inline uint32_t name_word_of(unsigned id)
{
    const unsigned char *name = (const unsigned char *)text(structure_segments[id]);
    return (uint32_t)name[0] << 24 | (uint32_t)name[1] << 16 | (uint32_t)name[2] << 8 | name[3];
}

unsigned structure_segment_id(const char *seg)
{
    unsigned lo = 0, hi = STRUCTURE_SEGMENTS;
    uint32_t want = name_word(seg);
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        uint32_t name = name_word_of(mid);
        if (name == want)
            return mid + 1;
        if (want < name)
            hi = mid;
        else
            lo = mid + 1;
    }
    return 0;
}

unsigned structure_first_required(const struct structure_node *rows, unsigned g)
{
    for (unsigned c = g + 1; c < g + rows[g].span; c += rows[c].span) {
        if (rows[c].min == 0 || rows[c].kind == STRUCTURE_ANY)
            continue;
        unsigned r = rows[c].kind == STRUCTURE_GROUP ? structure_first_required(rows, c) : c;
        if (r)
            return r;
    }
    return 0;
}

bool structure_is(const struct structure_node *rows, unsigned node, unsigned id)
{
    if (rows[node].kind != STRUCTURE_CHOICE)
        return id && rows[node].id == id;
    for (unsigned c = node + 1; c < node + rows[node].span; c += rows[c].span) {
        if (id && rows[c].id == id)
            return true;
    }
    return false;
}

/* ---- finding a structure ---- */

const struct structure *structure_named(enum hl7_version v, struct str name)
{
    if (v >= HL7_VERSIONS)
        return NULL;
    unsigned lo = structure_span[v].from, hi = lo + structure_span[v].n;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        int c = str_cmp(name, str_of(text(structure_list[mid].name)));
        if (c == 0)
            return &structure_list[mid];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

const struct structure *structure_at(enum hl7_version v, unsigned index)
{
    if (v >= HL7_VERSIONS || index >= structure_span[v].n)
        return NULL;
    return &structure_list[structure_span[v].from + index];
}

static const struct structure *of_event(enum hl7_version v, struct str key)
{
    unsigned lo = event_span[v].from, hi = lo + event_span[v].n;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        int c = str_cmp(key, str_of(text(event_list[mid].name)));
        if (c == 0)
            return &structure_list[event_list[mid].structure];
        if (c < 0)
            hi = mid;
        else
            lo = mid + 1;
    }
    return NULL;
}

/* A message type without an event: the structure of that name, or the only one of that type. */
static const struct structure *of_type(enum hl7_version v, struct str type)
{
    const struct structure *s = structure_named(v, type), *only = NULL;
    for (unsigned i = 0; !s && i < structure_span[v].n; i++) {
        const struct structure *t = structure_at(v, i);
        struct str name = str_of(text(t->name));
        if (name.n <= type.n || !str_starts(name, type) || name.p[type.n] != '_')
            continue;
        if (only)
            return NULL;
        only = t;
    }
    return s ? s : only;
}

/* "ADT" and "A04" as "ADT_A04" in `key`; empty when they cannot be the name of an event. */
static struct str event_key(struct str type, struct str event, char key[16])
{
    if (type.n == 0 || event.n == 0 || type.n + event.n + 1 > 15)
        return (struct str){0};
    memcpy(key, type.p, type.n);
    key[type.n] = '_';
    memcpy(key + type.n + 1, event.p, event.n);
    return str_from(key, type.n + event.n + 1);
}

static const struct structure *in_version(enum hl7_version v, struct str type, struct str key,
                                          struct str name, const char **out_why)
{
    const struct structure *s = name.n ? structure_named(v, name) : NULL;
    *out_why = "";
    if (s)
        return s;
    if (str_eq(type, STR("ACK")))
        return structure_named(v, type);
    s = key.n ? of_event(v, key) : type.n ? of_type(v, type) : NULL;
    if (s && name.n && !str_eq(name, str_of(text(s->name))))
        *out_why = "MSH-9.3 names no structure of this version; taken from the event";
    return s;
}

const struct structure *structure_of(enum hl7_version v, struct str type, struct str event,
                                     struct str name, const char **out_why)
{
    char buf[16];
    struct str key = event_key(type, event, buf);
    if (v >= HL7_VERSIONS)
        v = HL7_2_7_1;
    const struct structure *s = in_version(v, type, key, name, out_why);
    for (unsigned w = v + 1; !s && w < HL7_VERSIONS; w++) {
        s = in_version((enum hl7_version)w, type, key, name, out_why);
        *out_why = "this version does not have it; taken from a later one";
    }
    for (unsigned w = v; !s && w-- > 0;) {
        s = in_version((enum hl7_version)w, type, key, name, out_why);
        *out_why = "this version does not have it; taken from an earlier one";
    }
    if (!s)
        *out_why = type.n == 0 ? "MSH-9 gives no message type"
                               : "no version has a structure for this message type and event";
    return s;
}

/* ---- reading one ---- */

const char *structure_name(const struct structure *s)
{
    return text(s->name);
}

enum hl7_version structure_version(const struct structure *s)
{
    return (enum hl7_version)s->version;
}

unsigned structure_nodes(const struct structure *s)
{
    return s->nodes;
}

struct structure_place structure_place(const struct structure *s, unsigned node)
{
    assert(node < s->nodes);
    const struct structure_node *n = structure_rows(s) + node;
    return (struct structure_place){.name = text(n->name),
                                    .kind = (enum structure_kind)n->kind,
                                    .min = n->min,
                                    .max = n->max,
                                    .parent = node - n->up,
                                    .next = node + n->span};
}

unsigned structure_find(const struct structure *s, const char *name, unsigned nth)
{
    const struct structure_node *rows = structure_rows(s);
    for (unsigned i = 1; i < s->nodes; i++) {
        if (strcmp(text(rows[i].name), name) == 0 && name[0] && nth-- == 0)
            return i;
    }
    return STRUCTURE_NONE;
}

static bool holds(const struct structure_node *rows, unsigned g, unsigned id)
{
    for (unsigned c = g + 1; c < g + rows[g].span; c += rows[c].span) {
        if (structure_is(rows, c, id))
            return true;
    }
    return false;
}

bool structure_holds(const struct structure *s, unsigned node, const char *seg)
{
    const struct structure_node *rows = structure_rows(s);
    return node < s->nodes && rows[node].kind == STRUCTURE_GROUP &&
           holds(rows, node, structure_segment_id(seg));
}

unsigned structure_level_holding(const struct structure *s, const char *seg, unsigned nth)
{
    const struct structure_node *rows = structure_rows(s);
    unsigned id = structure_segment_id(seg);
    for (unsigned g = 0; id && g < s->nodes; g++) {
        if (rows[g].kind == STRUCTURE_GROUP && holds(rows, g, id) && nth-- == 0)
            return g;
    }
    return STRUCTURE_NONE;
}

/* Is the first required segment of `g` named so, and is it its own, not that of a group inside? */
static bool opened_by(const struct structure_node *rows, unsigned g, unsigned id)
{
    unsigned r = structure_first_required(rows, g);
    return r && structure_is(rows, r, id) && r - rows[r].up == g;
}

unsigned structure_group_opened_by(const struct structure *s, const char *seg, unsigned nth)
{
    const struct structure_node *rows = structure_rows(s);
    unsigned id = structure_segment_id(seg);
    for (unsigned g = 1; id && g < s->nodes; g++) {
        if (rows[g].kind == STRUCTURE_GROUP && opened_by(rows, g, id) && nth-- == 0)
            return g;
    }
    return STRUCTURE_NONE;
}

unsigned structure_groups_opened_by(const struct structure *s, unsigned within, const char *seg,
                                    unsigned *out_first)
{
    const struct structure_node *rows = structure_rows(s);
    unsigned id = structure_segment_id(seg), n = 0;
    *out_first = STRUCTURE_NONE;
    for (unsigned g = within + 1; id && g < within + rows[within].span; g++) {
        if (rows[g].kind != STRUCTURE_GROUP || !opened_by(rows, g, id))
            continue;
        *out_first = n++ ? *out_first : g;
    }
    return n;
}

unsigned structure_groups_named(const struct structure *s, unsigned within, struct str name,
                                unsigned *out_first)
{
    const struct structure_node *rows = structure_rows(s);
    unsigned n = 0;
    *out_first = STRUCTURE_NONE;
    for (unsigned g = within + 1; g < within + rows[within].span; g++) {
        if (rows[g].kind != STRUCTURE_GROUP || !str_is(name, text(rows[g].name)))
            continue;
        *out_first = n++ ? *out_first : g;
    }
    return n;
}

unsigned structure_around(const struct structure *s, unsigned node)
{
    const struct structure_node *rows = structure_rows(s);
    do {
        node -= rows[node].up;
    } while (node && rows[node].kind != STRUCTURE_GROUP);
    return node;
}

bool structure_is_opened_by(const struct structure *s, unsigned g, const char *seg)
{
    unsigned id = structure_segment_id(seg);
    return g && id && opened_by(structure_rows(s), g, id);
}

struct structure_reach structure_reach_in(const struct structure *s, unsigned from, const char *seg)
{
    const struct structure_node *rows = structure_rows(s);
    struct structure_reach r = {STRUCTURE_NOWHERE, from, STRUCTURE_NONE, STRUCTURE_NONE};
    unsigned id = structure_segment_id(seg);
    if (id && holds(rows, from, id)) {
        r.how = STRUCTURE_OWN;
        r.holder = from;
        return r;
    }
    for (unsigned g = from + 1; id && g < from + rows[from].span; g++) {
        if (rows[g].kind != STRUCTURE_GROUP || !holds(rows, g, id))
            continue;
        if (r.how == STRUCTURE_BELOW) {
            r.how = STRUCTURE_SEVERAL;
            r.other = g;
            break;
        }
        r.how = STRUCTURE_BELOW;
        r.holder = g;
    }
    return r;
}

struct structure_reach structure_reach(const struct structure *s, unsigned from, const char *seg)
{
    struct structure_reach r = structure_reach_in(s, from, seg);
    while (r.how == STRUCTURE_NOWHERE && from) {
        from = structure_around(s, from);
        r = structure_reach_in(s, from, seg);
    }
    return r;
}

unsigned structure_segment_in(const struct structure *s, unsigned holder, const char *seg)
{
    const struct structure_node *rows = structure_rows(s);
    unsigned id = structure_segment_id(seg);
    for (unsigned c = holder + 1; id && c < holder + rows[holder].span; c += rows[c].span) {
        if (structure_is(rows, c, id))
            return c;
    }
    return STRUCTURE_NONE;
}

bool structure_segment_repeats(const struct structure *s, unsigned holder, const char *seg)
{
    const struct structure_node *rows = structure_rows(s);
    unsigned id = structure_segment_id(seg), places = 0;
    for (unsigned c = holder + 1; id && c < holder + rows[holder].span; c += rows[c].span) {
        if (!structure_is(rows, c, id))
            continue;
        places++;
        if (rows[c].max != 1)
            return true;
    }
    return places > 1;
}

bool structure_repeats(const struct structure *s, unsigned within, unsigned node)
{
    const struct structure_node *rows = structure_rows(s);
    for (; node != within && node != 0; node -= rows[node].up) {
        if (rows[node].max != 1)
            return true;
    }
    return false;
}

struct str structure_path(struct arena *a, const struct structure *s, unsigned node)
{
    const struct structure_node *rows = structure_rows(s);
    struct str path = STR("");
    for (; node != 0; node -= rows[node].up) {
        const char *name = text(rows[node].name);
        if (name[0])
            path = str_printf(a, "%s%s%.*s", name, path.n ? "/" : "", STR_ARG(path));
    }
    return path;
}

static void describe_node(struct buf *out, const struct structure_node *rows, unsigned node,
                          int depth)
{
    const struct structure_node *n = &rows[node];
    buf_printf(out, "%*s%s%s", depth * 2, "", n->min ? "" : "[", n->max == 1 ? "" : "{");
    if (n->kind == STRUCTURE_ANY)
        buf_puts(out, "any segment");
    else if (n->kind == STRUCTURE_CHOICE)
        for (unsigned c = node + 1; c < node + n->span; c += rows[c].span)
            buf_printf(out, "%s%s", c == node + 1 ? "<" : "|", text(rows[c].name));
    else
        buf_printf(out, "%s%s", n->kind == STRUCTURE_GROUP ? "--- " : "", text(n->name));
    buf_printf(out, "%s%s%s\n", n->kind == STRUCTURE_CHOICE ? ">" : "", n->max == 1 ? "" : "}",
               n->min ? "" : "]");
    if (n->kind != STRUCTURE_GROUP)
        return;
    for (unsigned c = node + 1; c < node + n->span; c += rows[c].span)
        describe_node(out, rows, c, depth + 1);
}

void structure_describe(struct buf *out, const struct structure *s)
{
    const struct structure_node *rows = structure_rows(s);
    buf_printf(out, "%s  (HL7 %s)\n", text(s->name), dict_version_text(structure_version(s)));
    for (unsigned c = 1; c < s->nodes; c += rows[c].span)
        describe_node(out, rows, c, 0);
}
