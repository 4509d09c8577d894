#include "engine/hl7/hl7.h"

#include "engine/base/charset.h"
#include "engine/base/err.h"
#include "engine/base/utf8.h"
#include "engine/hl7/index.h"
#include "engine/hl7/wide.h"

#include <assert.h>

/* A message while its lines are being gathered. */
struct build {
    struct arena *a;
    struct hl7 *m;
    uint32_t mark_cap, seg_cap;
    uint32_t begin; /* offset of the line in progress */
    uint32_t first; /* index of its first mark */
};

static int fault(struct hl7_fault *out, int code, size_t at, const char *path, const char *text)
{
    *out = (struct hl7_fault){code, at, path, text};
    return ERR_SYNTAX;
}

/* ---- the delimiters: MSH-1 and MSH-2 ---- */

static bool may_delimit(char c)
{
    unsigned char u = (unsigned char)c, letter = u | 0x20;
    return u > 0x20 && u < 0x7f && !(u >= '0' && u <= '9') && !(letter >= 'a' && letter <= 'z');
}

/* The characters of MSH-2: bytes, except that a UTF-8 sequence is one unusable character (0xff). */
static unsigned read_msh2(struct str msh2, char *out, unsigned max)
{
    unsigned n = 0;
    for (size_t i = 0; i < msh2.n; i++) {
        unsigned char c = (unsigned char)msh2.p[i];
        if (c >= 0x80 && c < 0xc0 && i > 0) {
            continue;
        }
        if (n < max) {
            out[n] = c >= 0x80 ? '\xff' : msh2.p[i];
        }
        n++;
    }
    return n;
}

/* Senders that build MSH-2 from quoted source text: "^~\\&" with the escape written twice, and "^~&"
 * without it. Both mean ^~\&. all[0] is MSH-1. */
static unsigned mend_msh2(char *all, unsigned n, struct hl7 *m)
{
    char *c = all + 1;
    if (n >= 5 && c[2] == '\\' && c[3] == '\\' && c[4] == '&') {
        c[3] = '&';
        c[4] = c[5];
        m->remarks |= HL7_REMARK_LONG_MSH2;
        return n - 1;
    }
    if (n == 3 && c[2] == '&' && !memchr(all, '\\', 3)) {
        c[2] = '\\';
        c[3] = '&';
        m->remarks |= HL7_REMARK_SHORT_MSH2;
        return 4;
    }
    return n;
}

static bool taken(const char *c, unsigned n, char one)
{
    return memchr(c, one, n) != NULL;
}

/* all[0] is MSH-1, all[1..n] the characters of MSH-2: fill up from the defaults. */
static bool settle(char *all, unsigned n, struct hl7 *m)
{
    static const char usual[] = "|^~\\&";
    for (unsigned i = 1; i <= 4; i++) {
        if (i > n || all[i] == '\xff') {
            all[i] = taken(all, i, usual[i]) ? 0 : usual[i];
            m->remarks |= HL7_REMARK_SHORT_MSH2;
        }
        bool optional = i == 4 && (i > n || !all[i]);
        if (!optional && (!may_delimit(all[i]) || taken(all, i, all[i]))) {
            return false;
        }
    }
    bool has5 = n >= 5 && may_delimit(all[5]) && !taken(all, 5, all[5]);
    if (n > 5 || (n == 5 && !has5)) {
        m->remarks |= HL7_REMARK_LONG_MSH2;
    }
    all[5] = has5 ? all[5] : 0;
    return true;
}

static int read_delims(struct hl7 *m, size_t at, struct hl7_fault *out_fault)
{
    const char *p = m->raw.p + at, *end = m->raw.p + m->raw.n;
    char all[8] = {0};
    if (end - p < 4) {
        return fault(out_fault, 101, m->raw.n, "MSH-1",
                     "the message ends before the field separator MSH-1");
    }
    all[0] = p[3];
    if (!may_delimit(all[0])) {
        return fault(out_fault, 102, at + 3, "MSH-1",
                     "the field separator must be a printable ASCII sign, as |");
    }
    if (end - p >= 9 && memcmp(p, "MSH|^~\\&|", 9) == 0) {
        m->d = (struct hl7_delims){'|', '^', '~', '\\', '&', 0, 0}; /* nearly all messages */
        return 0;
    }
    const char *to = p + 4;
    while (to < end && *to != all[0] && *to != '\r' && *to != '\n') {
        to++;
    }
    unsigned n = read_msh2(str_from(p + 4, (size_t)(to - p) - 4), all + 1, 6);
    if (n == 0) {
        return fault(out_fault, 101, at + 4, "MSH-2",
                     "the encoding characters are missing; ^~\\& is usual");
    }
    n = mend_msh2(all, n, m);
    if (!settle(all, n, m)) {
        return fault(out_fault, 102, at + 4, "MSH-2",
                     "the encoding characters must be distinct printable signs, as ^~\\&");
    }
    m->d = (struct hl7_delims){all[0], all[1], all[2], all[3], all[4], all[5], 0};
    return 0;
}

/* ---- the lines ---- */

static void *grown(struct arena *a, const void *old, size_t used, size_t size)
{
    void *p = arena_alloc(a, size);
    if (used) {
        memcpy(p, old, used);
    }
    return p;
}

/* Room for one more block. The first guess goes by how dense the first block was. */
static void make_room(struct build *b, const struct index_block *blk, size_t left)
{
    struct hl7 *m = b->m;
    uint32_t more = m->marks + blk->marks + 1, segs = m->segs + blk->ends + 1;
    size_t blocks = left / INDEX_BLOCK + (left % INDEX_BLOCK != 0);
    if (more > b->mark_cap) {
        size_t cap =
            m->marks ? (size_t)more * 2 : more + blk->marks * blocks + blk->marks * blocks / 4;
        m->mark = grown(b->a, m->mark, m->marks * sizeof(*m->mark), cap * sizeof(*m->mark));
        b->mark_cap = (uint32_t)(cap > UINT32_MAX ? UINT32_MAX : cap);
    }
    if (segs > b->seg_cap) {
        size_t cap =
            m->segs ? (size_t)segs * 2 : segs + blk->ends * blocks + blk->ends * blocks / 4;
        m->seg = grown(b->a, m->seg, m->segs * sizeof(*m->seg), cap * sizeof(*m->seg));
        b->seg_cap = (uint32_t)(cap > UINT32_MAX ? UINT32_MAX : cap);
    }
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static bool is_name_byte(char c)
{
    return is_upper(c) || (c >= '0' && c <= '9');
}

static void name_segment(struct hl7 *m, struct hl7_seg *s)
{
    const char *p = m->raw.p + s->begin;
    uint32_t n = s->end - s->begin;
    if (n >= 3 && is_upper(p[0]) && is_name_byte(p[1]) && is_name_byte(p[2]) &&
        (n == 3 || p[3] == m->d.field)) {
        memcpy(s->id, p, 3);
        return;
    }
    m->remarks |= HL7_REMARK_ODD_SEGMENT;
    if (n <= 3 || p[3] == m->d.field) {
        memcpy(s->id, p, n < 3 ? n : 3);
    }
}

/* The line in progress ends at mark `k`. */
static void close_line(struct build *b, uint32_t k)
{
    struct hl7 *m = b->m;
    uint32_t end = m->mark[k], begin = b->begin, first = b->first;
    bool is_lf = end < m->raw.n && m->raw.p[end] == '\n';
    b->begin = end + 1;
    b->first = k + 1;
    if (is_lf) {
        m->remarks |= HL7_REMARK_LF;
    }
    if (end == begin) {
        bool is_crlf = is_lf && end > 0 && m->raw.p[end - 1] == '\r';
        m->remarks |= is_crlf ? 0 : HL7_REMARK_BLANK_LINE;
        return;
    }
    struct hl7_seg *s = &m->seg[m->segs++];
    *s = (struct hl7_seg){.begin = begin, .end = end, .mark = first, .fields = k - first};
    name_segment(m, s);
}

static void take_block(struct build *b, const struct index_block *blk, size_t left)
{
    struct hl7 *m = b->m;
    uint32_t base = m->marks;
    make_room(b, blk, left);
    assert(m->mark && m->seg); /* there is room for one more of each, always */
    memcpy(m->mark + base, blk->mark, blk->marks * sizeof(*blk->mark));
    m->marks += blk->marks;
    for (uint32_t i = 0; i < blk->ends; i++) {
        close_line(b, base + blk->end[i]);
    }
}

static void close_last(struct build *b)
{
    struct hl7 *m = b->m;
    if (b->begin < m->raw.n) {
        m->remarks |= HL7_REMARK_NO_FINAL_CR;
        m->mark[m->marks] = (uint32_t)m->raw.n;
        close_line(b, m->marks++);
    }
}

static void gather(struct arena *a, struct hl7 *m, size_t at, index_fn scan)
{
    struct build b = {.a = a, .m = m, .begin = (uint32_t)at};
    struct index_block blk;
    do {
        size_t n = m->raw.n - at < INDEX_BLOCK ? m->raw.n - at : INDEX_BLOCK;
        scan(m->raw.p + at, n, (uint32_t)at, m->d.field, &blk);
        at += n;
        take_block(&b, &blk, m->raw.n - at);
    } while (at < m->raw.n);
    close_last(&b);
}

/* ---- charsets whose characters contain delimiter bytes: the same, one character at a time ---- */

static size_t scan_wide(const struct hl7 *m, size_t at, struct index_block *blk)
{
    const char *p = m->raw.p;
    size_t from = at;
    blk->marks = blk->ends = 0;
    while (at < m->raw.n && at - from < INDEX_BLOCK) {
        size_t n = hl7_wide_step((enum hl7_wide)m->d.wide, p + at, m->raw.n - at);
        bool is_end = p[at] == '\r' || p[at] == '\n';
        if (n == 1 && (is_end || p[at] == m->d.field)) {
            blk->end[blk->ends] = (uint16_t)blk->marks;
            blk->ends += is_end;
            blk->mark[blk->marks++] = (uint32_t)at;
        }
        at += n;
    }
    return at;
}

static void gather_wide(struct arena *a, struct hl7 *m, size_t at)
{
    struct build b = {.a = a, .m = m, .begin = (uint32_t)at};
    struct index_block blk;
    m->segs = m->marks = 0;
    do {
        at = scan_wide(m, at, &blk);
        take_block(&b, &blk, m->raw.n - at);
    } while (at < m->raw.n);
    close_last(&b);
}

static bool is_ascii(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] >= 0x80) {
            return false;
        }
    }
    return true;
}

/* MSH-18, or a later field: delimiter bytes inside wide characters before it shift the count. Bytes that
 * are UTF-8 beyond ASCII are no GB 18030, Big5 or Shift-JIS, whatever MSH-18 says: nearly none of theirs
 * are. */
/* What nearly every sender says: spares looking its name up for each message. */
static bool is_plain_charset(struct str field)
{
    return str_eq(field, STR("UNICODE UTF-8")) || str_eq(field, STR("8859/1")) ||
           str_eq(field, STR("ASCII"));
}

static enum hl7_wide wide_charset(const struct hl7 *m)
{
    const struct hl7_seg *msh = &m->seg[0];
    for (uint32_t f = 18; f <= msh->fields + 1; f++) {
        struct str field = hl7_field(m, msh, f);
        enum charset c;
        if (!field.n || is_plain_charset(field) || !charset_of_msh18(field, m->d.repetition, &c) ||
            !hl7_wide_of(c)) {
            continue;
        }
        bool is_utf8 = utf8_valid_to(m->raw) == m->raw.n && !is_ascii(m->raw);
        return is_utf8 && !charset_is_stateful(c) ? HL7_WIDE_NONE : hl7_wide_of(c);
    }
    return HL7_WIDE_NONE;
}

/* ---- the whole ---- */

static size_t skip_lead(struct hl7 *m)
{
    const char *p = m->raw.p;
    size_t at = 0;
    if (m->raw.n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0) {
        m->remarks |= HL7_REMARK_BOM;
        at = 3;
    }
    while (at < m->raw.n && (p[at] == '\r' || p[at] == '\n' || p[at] == ' ' || p[at] == '\t')) {
        m->remarks |= HL7_REMARK_BLANK_LINE;
        at++;
    }
    return at;
}

static bool opens(struct str raw, size_t at, const char *id)
{
    return raw.n - at >= 3 && memcmp(raw.p + at, id, 3) == 0;
}

static void parse_lines(struct arena *a, struct hl7 *m, size_t at, index_fn scan)
{
    gather(a, m, at, scan);
    m->d.wide = (uint8_t)wide_charset(m);
    if (m->d.wide) {
        gather_wide(a, m, at);
    }
}

int hl7_parse_by(struct arena *a, struct str raw, index_fn scan, struct hl7 *out,
                 struct hl7_fault *out_fault)
{
    struct hl7 m = {.raw = raw};
    if (raw.n > UINT32_MAX - 64) {
        return fault(out_fault, 207, 0, "", "the message has more than 4 GiB");
    }
    size_t at = skip_lead(&m);
    if (!opens(raw, at, "MSH")) {
        return fault(out_fault, 100, at, "MSH", "the message does not begin with MSH");
    }
    if (read_delims(&m, at, out_fault) != 0) {
        return ERR_SYNTAX;
    }
    parse_lines(a, &m, at, scan);
    *out = m;
    return 0;
}

int hl7_parse(struct arena *a, struct str raw, struct hl7 *out, struct hl7_fault *out_fault)
{
    index_fn fast = index_avx2();
    return hl7_parse_by(a, raw, fast ? fast : index_portable, out, out_fault);
}

void hl7_parse_edited(struct arena *a, struct str raw, const struct hl7 *origin, struct hl7 *out)
{
    index_fn fast = index_avx2();
    struct hl7 m = {.raw = raw, .d = origin->d};
    size_t at = skip_lead(&m);
    m.remarks |= origin->remarks & (HL7_REMARK_SHORT_MSH2 | HL7_REMARK_LONG_MSH2);
    if (m.d.wide) {
        gather_wide(a, &m, at);
    } else {
        gather(a, &m, at, fast ? fast : index_portable);
    }
    *out = m;
}

int hl7_parse_header(struct arena *a, struct str line, struct hl7 *out, struct hl7_fault *out_fault)
{
    struct hl7 m = {.raw = line};
    if (line.n > UINT32_MAX - 64 || !(opens(line, 0, "FHS") || opens(line, 0, "BHS"))) {
        return fault(out_fault, 100, 0, "", "this is no FHS or BHS segment");
    }
    if (read_delims(&m, 0, out_fault) != 0) {
        out_fault->path = out_fault->path[4] == '1' ? "BHS-1" : "BHS-2";
        return ERR_SYNTAX;
    }
    parse_lines(a, &m, 0, index_portable);
    *out = m;
    return 0;
}

const struct hl7_seg *hl7_segment(const struct hl7 *m, const char *id, uint32_t n)
{
    char want[4] = {0};
    memcpy(want, id, strnlen(id, 3));
    for (uint32_t i = 0; n && i < m->segs; i++) {
        if (memcmp(m->seg[i].id, want, 4) == 0 && --n == 0) {
            return &m->seg[i];
        }
    }
    return NULL;
}
