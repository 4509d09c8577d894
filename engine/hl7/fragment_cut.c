/* A message cut into parts. Source: HL7 v2.5.1 chapter 2 section 2.10.2. */
#include "engine/base/err.h"
#include "engine/hl7/fragment.h"

enum {
    DSC_LENGTH = 4 + FRAGMENT_NAME_MAX + 5 + 3, /* DSC|NAME-9999|F CR */
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
    return n + 2 * 3; /* NAME-2 twice */
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

/* Lines with nothing in them are no segments: none is to be cut in two. */
static size_t skip_blanks(struct str body, size_t from)
{
    for (size_t at = from; at < body.n && memchr(" \t\v\f\r\n", body.p[at], 6); at++) {
        from = is_end(body.p[at]) || at + 1 == body.n ? at + 1 : from;
    }
    return from;
}

/* A piece of at most `room` bytes that ends between characters of UTF-8; of other sets every piece is as good. */
static size_t piece_end(struct str body, size_t from, size_t room)
{
    size_t to = from + room;
    for (unsigned back = 0; back < 3 && ((unsigned char)body.p[to] & 0xc0) == 0x80; back++) {
        to--;
    }
    return ((unsigned char)body.p[to] & 0xc0) == 0x80 ? from + room : to;
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
    c->to = piece_end(body, c->from, room - ADD_LENGTH);
    c->is_inside_to = true;
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

int fragment_plan(struct arena *a, const struct hl7 *m, size_t size, bool may_cut, struct str name,
                  struct fragment_plan *out, const char **out_why)
{
    unsigned cap = 8;
    struct str msh = hl7_seg_text(m, &m->seg[0]);
    size_t from = (size_t)(msh.p - m->raw.p) + msh.n;
    from += from < m->raw.n;
    *out = (struct fragment_plan){.msh = msh,
                                  .body = str_slice(m->raw, from, m->raw.n),
                                  .name = str_slice(name, 0, FRAGMENT_NAME_MAX),
                                  .field = m->d.field,
                                  .v = ARENA_ARRAY(a, struct fragment_cut, cap)};
    struct fragment_cut c = {.to = out->body.n};
    struct cutter k = {.p = out, .size = size, .header = msh.n + 1, .may_cut = may_cut};
    if (is_whole(m, size)) {
        push(a, out, &c, &cap);
        return 0;
    }
    do {
        if (!cut(&k, &c) || out->n == FRAGMENT_PARTS_MAX) {
            *out_why = k.why ? k.why : "it would have more than 9999 parts";
            return ERR_LIMIT;
        }
        push(a, out, &c, &cap);
        c = (struct fragment_cut){.from = c.to, .is_inside_from = c.is_inside_to};
        k.header = out->n == 1 ? later_header(out) : k.header;
    } while (c.from < out->body.n);
    return 0;
}

/* ---- what ---- */

void fragment_write_id(struct buf *out, const struct fragment_plan *p, unsigned i)
{
    buf_put_str(out, p->name);
    buf_printf(out, "-%u", i + 1);
}

/* MSH-1 is the separator itself: the text behind the n-th one is MSH-(n+1). */
static void write_header(struct buf *out, const struct fragment_plan *p, unsigned i)
{
    struct str rest = p->msh, field = STR("");
    bool is_more = str_split(&rest, p->field, &field);
    buf_put_str(out, field);
    for (unsigned number = 2; is_more || number <= 14; number++) {
        is_more = is_more && str_split(&rest, p->field, &field);
        if (!is_more && number > 14) {
            return;
        }
        buf_putc(out, p->field);
        if (number == 10 || number == 14) {
            fragment_write_id(out, p, i);
        } else if (is_more) {
            buf_put_str(out, field);
        }
    }
}

void fragment_write(struct buf *out, const struct fragment_plan *p, unsigned i)
{
    const struct fragment_cut *c = &p->v[i];
    if (i == 0) {
        buf_put_str(out, p->msh);
    } else {
        write_header(out, p, i);
    }
    buf_putc(out, '\r');
    if (c->is_inside_from) {
        buf_puts(out, "ADD");
        buf_putc(out, p->field);
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
        buf_putc(out, p->field);
        fragment_write_id(out, p, i + 1);
        buf_putc(out, p->field);
        buf_puts(out, "F\r");
    }
}
