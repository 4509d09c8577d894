/* Maps to messages of HL7 v2: the tree of places becomes a message, line by line in the order of its structure. */
#include "engine/base/sha256.h"
#include "engine/hl7/dtm.h"
#include "engine/hl7/edit_value.h"
#include "engine/rules/run_v2.h"
#include "engine/rules/zones.h"

enum { CONTROL_ID = 20, FIELDS_MAX = 512, LINES_MAX = 100000 };

struct writing {
    struct eval *e;
    const struct map *m;
    const struct structure *s;
    struct hl7_delims d;
    struct str charset; /* MSH-18; empty: that of the message that is read */
    struct buf out;
    uint16_t rep;              /* the repetition under way, of a list of them; else 0 */
    struct run_v2_lines lines; /* for lineage */
};

/* A segment under way. */
struct line {
    struct group *leaf; /* stands for it in lineage; or NULL */
    struct str *field;  /* from 1 */
    unsigned n, cap;
};

struct lines {
    struct line *v;
    unsigned n, cap;
};

static bool fault(struct writing *w, struct str place, const char *what)
{
    return eval_fail_at(w->e, w->m->pos, place, "%s", what);
}

/* ---- fields ---- */

static bool room(struct writing *w, struct line *l, unsigned field)
{
    if (field > FIELDS_MAX) {
        return false;
    }
    if (field >= l->cap) {
        unsigned cap = field + 16;
        struct str *more = ARENA_ARRAY(w->e->a, struct str, cap);
        if (l->n) {
            memcpy(more, l->field, (l->n + 1) * sizeof(*more));
        }
        l->field = more;
        l->cap = cap;
    }
    l->n = field > l->n ? field : l->n;
    return true;
}

static bool breaks(struct str raw)
{
    return raw.n && (memchr(raw.p, '\r', raw.n) || memchr(raw.p, '\n', raw.n));
}

static bool set(struct writing *w, struct line *l, const struct path *p, struct str raw)
{
    struct str made;
    if (!eval_step(w->e, &(struct node){.pos = w->m->pos})) {
        return false;
    }
    if (raw.n == 0) {
        return true;
    }
    bool good = room(w, l, p->field) && !breaks(raw) &&
                edit_value_set(w->e->a, &w->d, l->field[p->field], p, raw, &made) == 0;
    if (!good) {
        return fault(w, path_text(w->e->a, p),
                     "the value holds a separator that would break the message");
    }
    l->field[p->field] = made;
    return true;
}

static const struct group *leaf_of(struct writing *w, struct line *l)
{
    if (w->e->lineage && !l->leaf) {
        l->leaf = ARENA_NEW(w->e->a, struct group);
        l->leaf->seg = UINT32_MAX; /* of no message that was received */
    }
    return l->leaf;
}

/* A leaf of what the map made. */
static bool set_leaf(struct writing *w, struct line *l, const struct path *p, struct str raw,
                     const struct json *v)
{
    struct path at = *p;
    at.rep = w->rep ? w->rep : p->rep;
    if (raw.n) {
        lineage_written(w->e->lineage, leaf_of(w, l), &at, v);
    }
    return set(w, l, p, raw);
}

static bool write_field(struct writing *w, struct line *l, const struct path *p,
                        const struct json *v);

/* 4.2 below a repetition, 2 below a component. */
static bool write_parts(struct writing *w, struct line *l, const struct path *p,
                        const struct json *object)
{
    json_each(one, object)
    {
        struct path part = *p;
        int64_t a = 0, b = 0;
        ptrdiff_t dot = str_index(one->key, '.');
        if (p->sub ||
            (p->comp && dot >= 0)) { /* of a fragment that has more below than a component */
            return fault(w, path_text(w->e->a, p), "the value has more parts than fit here");
        }
        struct str first = dot < 0 ? one->key : str_slice(one->key, 0, (size_t)dot);
        (void)str_to_i64(first, &a); /* digits: check has seen to it */
        if (dot >= 0) {
            (void)str_to_i64(str_slice(one->key, (size_t)dot + 1, one->key.n), &b); /* the same */
        }
        if (part.comp) {
            part.sub = (uint16_t)a;
        } else {
            part.comp = (uint16_t)a;
            part.sub = (uint16_t)b;
        }
        if (!write_field(w, l, &part, one)) {
            return false;
        }
    }
    return true;
}

/* A list makes repetitions: each is written alone, as if the field held nothing else, so that many cost what they are. */
static bool write_repetitions(struct writing *w, struct line *l, const struct path *p,
                              const struct json *list)
{
    struct path at = *p;
    struct buf whole = {0};
    unsigned n = 0, written = 0;
    bool good = true;
    at.rep = 1;
    if (!room(w, l, p->field)) {
        return fault(w, path_text(w->e->a, p), "no segment has as many fields");
    }
    for (const struct json *one = list->first; good && one; one = one->next) {
        l->field[p->field] = STR("");
        w->rep = (uint16_t)++n;
        good = n < PATH_INDEX_MAX && write_field(w, l, &at, one);
        w->rep = 0;
        for (; good && l->field[p->field].n && written < n; written++) {
            buf_put(&whole, &w->d.repetition, written > 0);
        }
        buf_put_str(&whole, good ? l->field[p->field] : STR(""));
    }
    if (good) {
        l->field[p->field] = str_dup(w->e->a, buf_str(&whole));
    }
    buf_free(&whole);
    return n < PATH_INDEX_MAX ? good : fault(w, path_text(w->e->a, p), "too many repetitions");
}

static bool write_field(struct writing *w, struct line *l, const struct path *p,
                        const struct json *v)
{
    switch (v->kind) {
    case JSON_ARRAY:
        return write_repetitions(w, l, p, v);
    case JSON_OBJECT:
        return write_parts(w, l, p, v);
    case JSON_NULL:
        return set_leaf(w, l, p, STR("\"\""), v);
    default:
        return set_leaf(w, l, p, v->text, v);
    }
}

/* ---- segments ---- */

static struct line *line_at(struct writing *w, struct lines *all, unsigned index)
{
    if (index >= LINES_MAX) {
        return NULL;
    }
    if (index >= all->cap) {
        unsigned cap = index * 2 + 4;
        struct line *more = ARENA_ARRAY(w->e->a, struct line, cap);
        if (all->n) {
            memcpy(more, all->v, all->n * sizeof(*more));
        }
        all->v = more;
        all->cap = cap;
    }
    all->n = index + 1 > all->n ? index + 1 : all->n;
    return &all->v[index];
}

/* What says which message this is comes from the engine, also where the MSH or EVN of another one is copied. */
static bool is_own(const char *seg, unsigned field)
{
    bool msh = strcmp(seg, "MSH") == 0;
    return msh ? field == 7 || field == 9 || field == 10 || field == 12 || field == 18
               : strcmp(seg, "EVN") == 0 && field == 1;
}

/* A line as it stands in the message that is read. Of a header the first field is behind the delimiters. */
static bool copy_line(struct writing *w, struct line *l, const char *seg, const struct json *v)
{
    struct str rest = v->text, one;
    unsigned header = hl7_is_header(seg), from = header ? 3 : 1;
    struct path p = {.field = 0};
    memcpy(p.seg, seg, sizeof(p.seg));
    for (unsigned n = header; str_split(&rest, w->d.field, &one); n++) {
        p.field = (uint16_t)n;
        if (n < from || !one.n || is_own(seg, n)) {
            continue;
        }
        if (w->e->doc) {
            lineage_carried(w->e->lineage, leaf_of(w, l), &p, v, w->e->doc->m, one);
        }
        if (!set(w, l, &p, one)) {
            return false;
        }
    }
    return true;
}

static bool write_segment(struct writing *w, struct line *l, const char *seg, const struct json *v)
{
    if (v->kind != JSON_OBJECT) {
        return copy_line(w, l, seg, v);
    }
    json_each(one, v)
    {
        struct path p;
        size_t at;
        const char *why;
        struct str text = str_printf(w->e->a, "%s-%.*s", seg, STR_ARG(one->key));
        if (path_compile(text, false, &p, &at, &why) != 0) {
            return fault(w, text, why);
        }
        if (!write_field(w, l, &p, one)) {
            return false;
        }
    }
    return true;
}

/* A whole segment, or a list of them: the next lines. */
static bool write_segments(struct writing *w, struct lines *all, const char *seg,
                           const struct json *v)
{
    bool filled = all->n == 1; /* MSH and EVN, as far as the engine fills them */
    const struct json *one = v->kind == JSON_ARRAY ? v->first : v;
    for (; one; one = v->kind == JSON_ARRAY ? one->next : NULL) {
        struct line *l = line_at(w, all, filled ? 0 : all->n);
        filled = false;
        if (!l) {
            return fault(w, str_of(seg), "too many segments");
        }
        if (!write_segment(w, l, seg, one)) {
            return false;
        }
    }
    return true;
}

/* All that the keys of `object` say of segments called `seg`. */
static bool collect(struct writing *w, const char *seg, const struct json *object,
                    struct lines *all)
{
    json_each(one, object)
    {
        struct path p;
        size_t at;
        const char *why;
        if (path_compile(one->key, false, &p, &at, &why) != 0 || memcmp(p.seg, seg, 4) != 0) {
            continue;
        }
        if (!p.field) {
            if (!write_segments(w, all, seg, one)) {
                return false;
            }
            continue;
        }
        struct line *l = line_at(w, all, p.seg_n == PATH_ALL ? 0 : p.seg_n - 1u);
        if (!l || !write_field(w, l, &p, one)) {
            return l ? false : fault(w, path_text(w->e->a, &p), "too many segments");
        }
    }
    return true;
}

static void put_line(struct writing *w, const char *seg, const struct line *l)
{
    unsigned from = 1;
    buf_puts(&w->out, seg);
    if (hl7_is_header(seg)) {
        buf_printf(&w->out, "%c%c%c%c%c", w->d.field, w->d.component, w->d.repetition, w->d.escape,
                   w->d.subcomponent);
        from = 3;
    }
    for (unsigned i = from; i <= l->n; i++) {
        buf_putc(&w->out, w->d.field);
        buf_put_str(&w->out, l->field[i]);
    }
    buf_putc(&w->out, '\r');
}

static bool is_empty(const struct line *l)
{
    for (unsigned i = 1; i <= l->n; i++) {
        if (l->field[i].n) {
            return false;
        }
    }
    return true;
}

/* The line stands in the message now. */
static void told(struct writing *w, const char *seg, struct line *l)
{
    struct run_v2_lines *all = &w->lines;
    if (!w->e->lineage) {
        return;
    }
    if (all->n == all->cap) {
        unsigned cap = all->cap * 2 + 16;
        struct lineage_leaf *more = ARENA_ARRAY(w->e->a, struct lineage_leaf, cap);
        if (all->n) {
            memcpy(more, all->v, all->n * sizeof(*more));
        }
        all->v = more;
        all->cap = cap;
    }
    all->v[all->n++] =
        (struct lineage_leaf){.leaf = leaf_of(w, l), .id = str_dup(w->e->a, str_of(seg)).p};
}

/* Those that hold something. Returns how many. */
static unsigned put_lines(struct writing *w, const char *seg, const struct lines *all)
{
    unsigned n = 0;
    for (unsigned i = 0; i < all->n; i++) {
        if (!is_empty(&all->v[i])) {
            put_line(w, seg, &all->v[i]);
            told(w, seg, &all->v[i]);
            n++;
        }
    }
    return n;
}

/* ---- what the engine fills in ---- */

/* The time of receipt where the feed is, else in UTC. */
static struct str now_text(struct writing *w)
{
    struct str name = w->e->source ? w->e->source->timezone : STR("");
    const struct zone *z = name.n ? zones_find(w->e->zones, name) : NULL;
    int64_t s = w->e->received_us / 1000000;
    struct dtm t = dtm_from_us(s * 1000000, z ? zone_offset(z, s) / 60 : 0);
    char *text = arena_alloc(w->e->a, DTM_TEXT_MAX);
    t.precision = DTM_SECOND;
    t.fraction_digits = 0;
    return str_from(text, dtm_format(&t, text));
}

/* Of the message id and the name of the output: a repeat gives the same, another output another one. */
static struct str control_id(struct writing *w)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
    uint8_t h[SHA256_SIZE];
    struct sha256 sha;
    char *text = arena_alloc(w->e->a, CONTROL_ID);
    sha256_begin(&sha);
    sha256_add(&sha, &w->e->id_hi, sizeof(w->e->id_hi));
    sha256_add(&sha, &w->e->id_lo, sizeof(w->e->id_lo));
    sha256_add(&sha, w->e->output.p ? w->e->output.p : "", w->e->output.n);
    sha256_add(&sha, w->m->name.p, w->m->name.n);
    sha256_end(&sha, h);
    for (int i = 0; i < CONTROL_ID; i++) {
        text[i] = letters[h[i] & 31];
    }
    return str_from(text, CONTROL_ID);
}

/* Field of the MSH of the message that is read, in its bytes. */
static struct str from_source(struct writing *w, unsigned field)
{
    const struct hl7 *m = w->e->doc ? w->e->doc->m : NULL;
    return m && m->segs ? hl7_field(m, &m->seg[0], field) : STR("");
}

/* MSH-9.2 of the message that asked. */
static struct str asked_event(struct writing *w)
{
    const struct hl7 *m = w->e->cause ? w->e->cause->m : NULL;
    return m && m->segs ? hl7_component(&m->d, hl7_field(m, &m->seg[0], 9), 2) : STR("");
}

static struct str message_type(struct writing *w)
{
    const struct v2_target *to = w->m->v2;
    char c = w->d.component;
    struct str event = to->event.n ? to->event : asked_event(w);
    if (!event.n) {
        return to->type;
    }
    return to->has_structure_name
               ? str_printf(w->e->a, "%.*s%c%.*s%c%s", STR_ARG(to->type), c, STR_ARG(event), c,
                            structure_name(to->s))
               : str_printf(w->e->a, "%.*s%c%.*s", STR_ARG(to->type), c, STR_ARG(event));
}

/* In lineage what the engine fills in is the map's; what its keys say comes behind and counts then. */
static void tell_filled(struct writing *w, const char *seg, struct line *l)
{
    for (unsigned i = 1; w->e->lineage && i <= l->n; i++) {
        struct path p = {.field = (uint16_t)i};
        memcpy(p.seg, seg, 3);
        if (l->field[i].n) {
            lineage_filled(w->e->lineage, leaf_of(w, l), &p, w->m->pos);
        }
    }
}

static void fill(struct writing *w, const char *seg, struct lines *all)
{
    bool msh = strcmp(seg, "MSH") == 0, evn = strcmp(seg, "EVN") == 0;
    struct line *l = msh || evn ? line_at(w, all, 0) : NULL;
    if (!l || !room(w, l, msh ? 18 : 2)) {
        return;
    }
    if (evn) {
        l->field[1] = w->m->v2->event;
        l->field[2] = now_text(w);
        tell_filled(w, seg, l);
        return;
    }
    struct str processing = from_source(w, 11);
    l->field[7] = now_text(w);
    l->field[9] = message_type(w);
    l->field[10] = control_id(w);
    l->field[11] = processing.n ? processing : STR("P");
    l->field[12] = str_of(dict_version_text(w->m->v2->version));
    l->field[18] = w->charset.n ? w->charset : from_source(w, 18);
    l->n = l->field[18].n ? 18 : 12;
    tell_filled(w, seg, l);
}

/* ---- the structure ---- */

/* What is being written: the object, and the group whose keys it has. */
struct part {
    const struct json *object;
    unsigned group;
};

static bool write_group(struct writing *w, const struct part *part, unsigned node,
                        unsigned *out_lines);

/* Is the segment at `node` of group `group` the one that the keys of the part mean? */
static bool is_meant(struct writing *w, const struct part *part, unsigned group, unsigned node)
{
    const char *seg = structure_place(w->s, node).name;
    struct structure_reach r = structure_reach_in(w->s, part->group, seg);
    bool here = (r.how == STRUCTURE_OWN || r.how == STRUCTURE_BELOW) && r.holder == group;
    return here && structure_segment_in(w->s, group, seg) == node;
}

static bool write_place(struct writing *w, const struct part *part, unsigned group, unsigned node,
                        unsigned *out_lines)
{
    const char *seg = structure_place(w->s, node).name;
    struct lines all = {0};
    *out_lines = 0;
    if (!is_meant(w, part, group, node)) {
        return true;
    }
    fill(w, seg, &all);
    if (!collect(w, seg, part->object, &all)) {
        return false;
    }
    *out_lines = put_lines(w, seg, &all);
    return true;
}

/* The instances that stand under the group's name; without them what the outer keys say of its segments. */
static bool write_instances(struct writing *w, const struct part *part, unsigned node,
                            unsigned *out_lines)
{
    const struct json *list = json_get(part->object, structure_place(w->s, node).name);
    const struct json *one = list && list->kind == JSON_ARRAY ? list->first : list;
    *out_lines = 0;
    if (!list) {
        return write_group(w, part, node, out_lines);
    }
    for (; one; one = list->kind == JSON_ARRAY ? one->next : NULL) {
        struct part inner = {one, node};
        unsigned n;
        if (!write_group(w, &inner, node, &n)) {
            return false;
        }
        *out_lines += n;
    }
    return true;
}

/* Does a key before `key` name the same segment? */
static bool is_seen(const struct json *object, const struct json *key)
{
    json_each(one, object)
    {
        if (one == key) {
            return false;
        }
        if (one->key.n >= 3 && memcmp(one->key.p, key->key.p, 3) == 0) {
            return true;
        }
    }
    return false;
}

/* Segments that the structure lacks: behind the rest. */
static bool write_others(struct writing *w, const struct part *part, unsigned *lines)
{
    json_each(one, part->object)
    {
        struct path p;
        size_t at;
        const char *why;
        if (path_compile(one->key, false, &p, &at, &why) != 0 || p.seg[0] != 'Z' ||
            is_seen(part->object, one)) {
            continue;
        }
        struct lines all = {0};
        if (!collect(w, p.seg, part->object, &all)) {
            return false;
        }
        *lines += put_lines(w, p.seg, &all);
    }
    return true;
}

static bool write_group(struct writing *w, const struct part *part, unsigned node,
                        unsigned *out_lines)
{
    const char *missing = NULL;
    *out_lines = 0;
    for (unsigned i = node + 1; i < structure_place(w->s, node).next;
         i = structure_place(w->s, i).next) {
        struct structure_place p = structure_place(w->s, i);
        unsigned n = 0;
        bool group = p.kind != STRUCTURE_SEGMENT;
        bool good = p.kind == STRUCTURE_ANY ? true
                    : group                 ? write_instances(w, part, i, &n)
                            : write_place(w, part, structure_around(w->s, i), i, &n);
        if (!good) {
            return false;
        }
        bool demanded = p.min && p.kind != STRUCTURE_ANY && p.kind != STRUCTURE_CHOICE &&
                        structure_place(w->s, node).kind != STRUCTURE_CHOICE;
        missing = !missing && demanded && !n ? p.name : missing;
        *out_lines += n;
    }
    if (part->group == node && !write_others(w, part, out_lines)) {
        return false;
    }
    return !missing || !*out_lines ||
           fault(w, str_of(missing), "the structure demands it, and it came out empty");
}

/* ---- the whole ---- */

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

static bool write(struct writing *w, const struct json *made, struct str *out)
{
    struct part whole = {made, 0};
    unsigned lines;
    w->lines.n = 0;
    bool good = write_group(w, &whole, 0, &lines);
    *out = good ? str_dup(w->e->a, buf_str(&w->out)) : STR("");
    buf_free(&w->out);
    return good;
}

bool run_v2_part(struct eval *e, const struct map *m, const struct json *made, struct str *out)
{
    const struct v2_target *to = m->v2;
    struct writing w = {.e = e, .m = m, .s = to->s, .d = run_v2_delims(e)};
    struct path field = {.seg = "ZZZ", .field = 1};
    struct line line = {0};
    struct lines all = {0};
    struct part part = {made, to->group};
    unsigned lines;
    bool good;
    if (to->level == V2_FIELD) {
        good = room(&w, &line, 1) && write_field(&w, &line, &field, made);
        *out = good ? line.field[1] : STR("");
        return good;
    }
    if (to->level != V2_SEGMENT || strcmp(to->at.seg, "MSH") != 0) {
        put_line(&w, "MSH", &line);
    }
    if (to->level == V2_SEGMENT) {
        good = write_segments(&w, &all, to->at.seg, made);
        (void)put_lines(&w, to->at.seg, &all); /* how many: one at most */
    } else {
        good = write_group(&w, &part, to->group, &lines);
    }
    *out = str_dup(e->a, buf_str(&w.out));
    buf_free(&w.out);
    return good;
}

bool run_v2_message(struct eval *e, const struct map *m, const struct json *made, struct str *out,
                    struct run_v2_lines *out_lines)
{
    struct writing w = {.e = e, .m = m, .s = m->v2->s, .d = run_v2_delims(e)};
    if (!w.d.subcomponent || !w.d.escape || !w.d.repetition) {
        return fault(&w, STR("MSH-2"), "the message lacks delimiters that a new one needs");
    }
    bool good = write(&w, made, out);
    if (good && !e->doc && !is_ascii(*out)) { /* out of FHIR or JSON: UTF-8 */
        w.charset = STR("UNICODE UTF-8");
        good = write(&w, made, out);
    }
    if (out_lines) {
        *out_lines = w.lines;
    }
    return good;
}
