/* A message cut into parts. Source: HL7 v2.5.1 chapter 2 section 2.10.2. */
#include "engine/base/err.h"
#include "engine/hl7/fragment.h"
#include "engine/hl7/wide.h"

enum {
    DSC_LENGTH = 4 + FRAGMENT_NAME_MAX + 5 + 3, /* DSC|NAMEp9999|F CR */
    ADD_LENGTH = 5,                             /* CR ADD CR behind a piece */
};

/* ---- where ---- */

/* Of the header of a part behind the first, with its CR, however large its number is. */
static size_t later_header(const struct fragment_plan *p)
{
    struct fragment_cut none[2] = {{0}, {0}};
    struct fragment_plan one = *p;
    struct buf b = {0};
    one.v = none;
    one.n = 2;
    fragment_write(&b, &one, 1);
    size_t n = b.n;
    buf_free(&b);
    return n + 2 * 3; /* NAMEp2 twice */
}

static bool is_end(char c)
{
    return c == '\r' || c == '\n'; /* LF, as some write it */
}

/* Behind the end of the segment that holds `at`, or beyond `limit`, behind which it is not looked for. */
static size_t segment_end(struct str body, size_t at, size_t limit)
{
    while (at < body.n && at <= limit && !is_end(body.p[at])) {
        at++;
    }
    return at < body.n && is_end(body.p[at]) ? at + 1 : at;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || is_end(c);
}

/* Lines with nothing in them are no segments: none is to be cut in two. */
static size_t skip_blanks(struct str body, size_t from)
{
    for (size_t at = from; at < body.n && is_blank(body.p[at]); at++) {
        from = is_end(body.p[at]) || at + 1 == body.n ? at + 1 : from;
    }
    return from;
}

static size_t wide_end(const struct fragment_plan *p, size_t from, size_t room)
{
    struct str body = p->body;
    size_t to = from, n = 0;
    while (to + n <= from + room) {
        to += n;
        n = hl7_wide_step((enum hl7_wide)p->m.d.wide, body.p + to, body.n - to);
    }
    return to;
}

/* A piece of at most `room` bytes that ends between two characters, as far as these can be told. */
static size_t piece_end(const struct fragment_plan *p, size_t from, size_t room)
{
    size_t to = from + room;
    if (p->m.d.wide) {
        return wide_end(p, from, room);
    }
    for (unsigned back = 0; back < 3 && ((unsigned char)p->body.p[to] & 0xc0) == 0x80; back++) {
        to--;
    }
    return ((unsigned char)p->body.p[to] & 0xc0) == 0x80 ? from + room : to;
}

struct cutter {
    const struct fragment_plan *p;
    size_t size, header; /* of the part that is cut */
    bool may_cut;
    const char *why;
};

/* The next part, which begins at `c->from`. */
static bool cut(struct cutter *k, struct fragment_cut *c)
{
    struct str body = k->p->body;
    c->from = c->is_inside_from ? c->from : skip_blanks(body, c->from);
    size_t used = k->header + (c->is_inside_from ? 4 : 0);
    size_t last = k->size > used ? k->size - used : 0;
    size_t room = last > DSC_LENGTH ? last - DSC_LENGTH : 0;
    if (body.n - c->from <= last) {
        c->to = body.n;
        return true;
    }
    c->to = c->from;
    size_t limit = c->from + room;
    for (size_t end; c->to < body.n && (end = segment_end(body, c->to, limit)) <= limit;) {
        c->to = end;
    }
    if (c->to > c->from) {
        return true;
    }
    if (room < ADD_LENGTH + FRAGMENT_ROOM_LEAST) {
        k->why = "MSH leaves no room in a part";
        return false;
    }
    if (!k->may_cut) {
        k->why = "a segment is longer than a part";
        return false;
    }
    c->to = piece_end(k->p, c->from, room - ADD_LENGTH);
    c->is_inside_to = true;
    if (!c->is_inside_from && str_trim(str_slice(body, c->from, c->to)).n == 0) {
        k->why = "a segment begins with blanks and nothing else";
        return false;
    }
    return true;
}

static void push(struct arena *a, struct fragment_plan *p, const struct fragment_cut *c,
                 unsigned *cap)
{
    if (p->n == *cap) {
        struct fragment_cut *v = ARENA_ARRAY(a, struct fragment_cut, *cap * 2);
        memcpy(v, p->v, p->n * sizeof(*v));
        p->v = v;
        *cap *= 2;
    }
    p->v[p->n++] = *c;
}

static bool is_whole(const struct hl7 *m, size_t size)
{
    struct fragment f = fragment_read(m);
    return m->raw.n <= size || f.next.n || f.previous.n || f.begins_inside;
}

static const char *cut_all(struct arena *a, struct fragment_plan *p, struct cutter *k)
{
    unsigned cap = 8;
    struct fragment_cut c = {0};
    p->v = ARENA_ARRAY(a, struct fragment_cut, cap);
    do {
        if (!cut(k, &c) || p->n == FRAGMENT_PARTS_MAX) {
            return k->why ? k->why : "it would have more than 9999 parts";
        }
        push(a, p, &c, &cap);
        c = (struct fragment_cut){.from = c.to, .is_inside_from = c.is_inside_to};
        k->header = p->n == 1 ? later_header(p) : k->header;
    } while (c.from < p->body.n);
    return NULL;
}

static struct str behind_header(const struct hl7 *m)
{
    struct str msh = hl7_seg_text(m, &m->seg[0]);
    size_t from = (size_t)(msh.p - m->raw.p) + msh.n;
    return str_slice(m->raw, from + (from < m->raw.n), m->raw.n);
}

int fragment_plan(struct arena *a, const struct hl7 *m, const struct fragment_want *want,
                  struct fragment_plan *out, const char **out_why)
{
    *out = (struct fragment_plan){
        .m = *m, .body = behind_header(m), .name = str_slice(want->name, 0, FRAGMENT_NAME_MAX)};
    struct cutter k = {.p = out,
                       .size = is_whole(m, want->size) ? SIZE_MAX : want->size,
                       .may_cut = want->may_cut,
                       .header = hl7_seg_text(m, &m->seg[0]).n + 1};
    const char *why = cut_all(a, out, &k);
    *out_why = why ? why : *out_why;
    return why ? ERR_LIMIT : 0;
}

/* ---- what ---- */

void fragment_write_id(struct buf *out, const struct fragment_plan *p, unsigned i)
{
    buf_put_str(out, p->name);
    buf_printf(out, "p%u", i + 1); /* no sign: it may be a delimiter */
}

static void write_header(struct buf *out, const struct fragment_plan *p, unsigned i)
{
    const struct hl7_seg *msh = &p->m.seg[0];
    buf_puts(out, "MSH");
    for (uint32_t number = 2; number <= 14 || hl7_field(&p->m, msh, number).p; number++) {
        buf_putc(out, p->m.d.field);
        struct str field = hl7_field(&p->m, msh, number);
        if (number == 10 || number == 14) {
            fragment_write_id(out, p, i);
        } else if (field.n) {
            buf_put_str(out, field);
        }
    }
}

void fragment_write(struct buf *out, const struct fragment_plan *p, unsigned i)
{
    const struct fragment_cut *c = &p->v[i];
    if (i == 0) {
        buf_put_str(out, hl7_seg_text(&p->m, &p->m.seg[0]));
    } else {
        write_header(out, p, i);
    }
    buf_putc(out, '\r');
    if (c->is_inside_from) {
        buf_puts(out, "ADD");
        buf_putc(out, p->m.d.field);
    }
    buf_put_str(out, str_slice(p->body, c->from, c->to));
    if (out->p[out->n - 1] != '\r') {
        buf_putc(out, '\r');
    }
    if (c->is_inside_to) {
        buf_puts(out, "ADD\r");
    }
    if (i + 1 < p->n) {
        buf_puts(out, "DSC");
        buf_putc(out, p->m.d.field);
        fragment_write_id(out, p, i + 1);
        buf_putc(out, p->m.d.field);
        buf_puts(out, "F\r");
    }
}
