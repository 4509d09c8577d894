#include "engine/hl7/batch.h"

#include "engine/base/arena.h"
#include "engine/base/lines.h"
#include "engine/base/utf8.h"

/* What a line begins. */
enum kind { LINE_BLANK, LINE_OTHER, LINE_MSH, LINE_FHS, LINE_BHS, LINE_BTS, LINE_FTS };

static const unsigned char frame_start = 0x0b, frame_end = 0x1c;

/* ---- UTF-16 ---- */

enum utf16 { UTF16_NO, UTF16_LITTLE, UTF16_BIG };

/* By its byte order mark, or by zero bytes in the first letters. */
static enum utf16 utf16_of(struct str s)
{
    const unsigned char *u = (const unsigned char *)s.p;
    if (s.n < 4) {
        return UTF16_NO;
    }
    if ((u[0] == 0xff && u[1] == 0xfe) || (u[0] && !u[1] && u[2] && !u[3])) {
        return UTF16_LITTLE;
    }
    return (u[0] == 0xfe && u[1] == 0xff) || (!u[0] && u[1] && !u[2] && u[3]) ? UTF16_BIG
                                                                              : UTF16_NO;
}

static uint32_t unit_at(struct str s, size_t at, enum utf16 order)
{
    const unsigned char *u = (const unsigned char *)s.p + at;
    return order == UTF16_LITTLE ? u[0] | (uint32_t)u[1] << 8 : u[1] | (uint32_t)u[0] << 8;
}

/* The character at *at; a surrogate without its other half is U+FFFD. */
static uint32_t next_char(struct str s, size_t *at, enum utf16 order)
{
    uint32_t c = unit_at(s, *at, order);
    *at += 2;
    if (c < 0xd800 || c > 0xdfff) {
        return c;
    }
    uint32_t low = c < 0xdc00 && *at + 2 <= s.n ? unit_at(s, *at, order) : 0;
    if (low < 0xdc00 || low > 0xdfff) {
        return 0xfffd;
    }
    *at += 2;
    return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

static struct str from_utf16(struct arena *a, struct str s, enum utf16 order)
{
    char *p = arena_alloc(a, s.n / 2 * 3 + 4), *to = p; /* utf8_put() may touch four bytes */
    for (size_t at = 0; at + 2 <= s.n;) {
        to += utf8_put(to, next_char(s, &at, order));
    }
    return str_from(p, (size_t)(to - p));
}

void batch_open(struct batch *b, struct arena *a, struct str file)
{
    enum utf16 order = utf16_of(file);
    *b = (struct batch){.text = file, .line = 1};
    if (order != UTF16_NO) {
        b->text = from_utf16(a, file, order);
        b->remarks = BATCH_REMARK_UTF16;
    }
}

/* ---- lines ---- */

/* A line as it lies in the text, and where the next one begins. */
struct line {
    size_t begin, end; /* without blanks before it, and without terminator */
    size_t after; /* behind CR, LF or CRLF; at the byte that ends the frame if that ends the line */
    enum kind kind;
    bool ends_frame; /* 0B or 1C, or the end of the text, follows */
};

static bool is_end(unsigned char c)
{
    return c == '\r' || c == '\n' || c == frame_start || c == frame_end;
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static enum kind kind_of(struct str s)
{
    static const char *const ids[] = {[LINE_MSH] = "MSH",
                                      [LINE_FHS] = "FHS",
                                      [LINE_BHS] = "BHS",
                                      [LINE_BTS] = "BTS",
                                      [LINE_FTS] = "FTS"};
    if (s.n < 3 || (s.n > 3 && is_word(s.p[3]))) {
        return LINE_OTHER;
    }
    for (enum kind k = LINE_MSH; k <= LINE_FTS; k++) {
        if (memcmp(s.p, ids[k], 3) == 0) {
            return k;
        }
    }
    return LINE_OTHER;
}

/* Blanks, control bytes and byte order marks before the first byte that means something. */
static size_t skip_blanks(struct batch *b, size_t at, size_t end)
{
    const char *p = b->text.p;
    for (;;) {
        if (at < end && (unsigned char)p[at] <= ' ') {
            at++;
        } else if (end - at >= 3 && memcmp(p + at, "\xef\xbb\xbf", 3) == 0) {
            b->remarks |= BATCH_REMARK_BOM;
            at += 3;
        } else {
            return at;
        }
    }
}

static struct line line_at(struct batch *b, size_t at)
{
    const char *p = b->text.p;
    size_t end = str_control(b->text, at), n = b->text.n;
    while (end < n && !is_end((unsigned char)p[end])) {
        end = str_control(b->text, end + 1);
    }
    struct line l = {.begin = skip_blanks(b, at, end), .end = end, .after = end};
    b->remarks |= at < n && (p[at] == ' ' || p[at] == '\t') ? BATCH_REMARK_BLANK : 0;
    l.kind = l.begin == end ? LINE_BLANK : kind_of(str_from(p + l.begin, end - l.begin));
    l.ends_frame = end == n || p[end] == (char)frame_start || p[end] == (char)frame_end;
    if (!l.ends_frame) {
        bool is_crlf = p[end] == '\r' && end + 1 < n && p[end + 1] == '\n';
        b->remarks |= p[end] == '\n' || is_crlf ? BATCH_REMARK_LF : 0;
        b->remarks |= end == at ? BATCH_REMARK_EMPTY : 0;
        l.after = end + (is_crlf ? 2 : 1);
    }
    return l;
}

/* Does a line that begins so belong to what stands before it, whatever it says? Nearly all do: capitals but those of
 * BHS, FHS, MSH. */
static bool goes_on(char c)
{
    const uint32_t begins_else = 1u << ('B' - 'A') | 1u << ('F' - 'A') | 1u << ('M' - 'A');
    uint32_t k = (uint32_t)(unsigned char)c - 'A';
    return k < 26 && !(begins_else >> k & 1);
}

/* The next line end; b->text.n: there is none. */
static size_t next_end(struct lines_controls *walk)
{
    size_t end = lines_control(walk);
    while (end < walk->s.n && !is_end((unsigned char)walk->s.p[end])) {
        end = lines_control(walk);
    }
    return end;
}

/* Over the lines that go on and end with CR, LF or CRLF: what line_at() says of each, in fewer steps. */
static void skip_lines(struct batch *b)
{
    struct lines_controls walk = {.s = b->text, .looked = b->at};
    const char *p = b->text.p;
    size_t at = b->at, n = b->text.n;
    while (at < n && goes_on(p[at])) {
        size_t end = next_end(&walk);
        if (end == n || (p[end] != '\r' && p[end] != '\n')) {
            break;
        }
        at = end + 1;
        bool is_crlf = p[end] == '\r' && at < n && p[at] == '\n';
        if (is_crlf) {
            at = lines_control(&walk) + 1;
        }
        b->remarks |= p[at - 1] == '\n' ? BATCH_REMARK_LF : 0;
        b->line++;
    }
    b->at = at;
}

static void step(struct batch *b, const struct line *l)
{
    b->line += l->after > l->end;
    b->at = l->after;
}

/* Bytes between lines: MLLP's own. The CR behind a 1C belongs to it. */
static void skip_frame(struct batch *b)
{
    const char *p = b->text.p;
    while (b->at < b->text.n && (p[b->at] == (char)frame_start || p[b->at] == (char)frame_end)) {
        bool closes = p[b->at] == (char)frame_end;
        b->remarks |= BATCH_REMARK_MLLP;
        b->at++;
        b->at += closes && b->at < b->text.n && p[b->at] == '\r';
    }
}

/* ---- items ---- */

static struct batch_item item(const struct batch *b, enum batch_kind kind, const struct line *l)
{
    return (struct batch_item){.kind = kind,
                               .bytes = str_from(b->text.p + l->begin, l->end - l->begin),
                               .at = l->begin,
                               .line = b->line,
                               .declared = -1};
}

/* Lines from `first` on that belong together: up to the end of the frame or to a line that begins
 * something else. Trailing blank lines are left out. Noise ends at a blank line too. */
static void gather(struct batch *b, struct line first, bool is_message, struct batch_item *out)
{
    struct line l = first;
    size_t end = first.after;
    for (;;) {
        end = l.kind != LINE_BLANK ? l.after : end;
        step(b, &l);
        if (l.ends_frame) {
            break;
        }
        size_t before = b->at;
        skip_lines(b);
        end = b->at > before ? b->at : end;
        l = line_at(b, b->at);
        if (l.kind > LINE_OTHER || (!is_message && l.kind == LINE_BLANK)) {
            break;
        }
    }
    out->bytes = str_from(b->text.p + first.begin, end - first.begin);
}

static void take_message(struct batch *b, struct line l, struct batch_item *out)
{
    *out = item(b, BATCH_MESSAGE, &l);
    if (b->in_batch == 0 && b->header.n == 0) {
        b->batches++; /* messages outside BHS..BTS are a batch of their own */
    }
    out->number = ++b->messages;
    out->number_in = ++b->in_batch;
    gather(b, l, true, out);
}

static void take_header(struct batch *b, const struct line *l, struct batch_item *out)
{
    bool is_file = l->kind == LINE_FHS;
    *out = item(b, is_file ? BATCH_FILE_HEADER : BATCH_HEADER, l);
    if (b->header.n || (is_file && b->file_header.n)) {
        b->remarks |= BATCH_REMARK_NO_TRAILER;
    }
    b->in_batch = 0;
    b->batches = is_file ? 0 : b->batches + 1;
    b->header = is_file ? str_from(NULL, 0) : out->bytes;
    b->file_header = is_file ? out->bytes : b->file_header;
    step(b, l);
}

/* Field 1 of a trailer, whose fourth byte is its separator. */
static int64_t declared_in(struct str line)
{
    struct str rest, first = {NULL, 0};
    int64_t n;
    if (line.n < 5) {
        return BATCH_COUNT_NONE;
    }
    rest = str_from(line.p + 4, line.n - 4);
    (void)str_split(&rest, line.p[3], &first); /* there is a byte: it always gives a part */
    first = str_trim(first);
    if (!first.n || str_is(first, "\"\"")) {
        return BATCH_COUNT_NONE;
    }
    return str_to_i64(first, &n) && n >= 0 ? n : BATCH_COUNT_BAD;
}

bool batch_is_miscounted(const struct batch_item *item, struct buf *out)
{
    const char *path = item->kind == BATCH_TRAILER ? "BTS-1" : "FTS-1";
    if (item->declared == BATCH_COUNT_NONE || item->declared == (int64_t)item->counted) {
        return false;
    }
    if (item->declared == BATCH_COUNT_BAD) {
        buf_printf(out, "%s is no number, there are %u", path, item->counted);
    } else {
        buf_printf(out, "%s says %lld, there are %u", path, (long long)item->declared,
                   item->counted);
    }
    return true;
}

static void take_trailer(struct batch *b, const struct line *l, struct batch_item *out)
{
    bool is_file = l->kind == LINE_FTS;
    *out = item(b, is_file ? BATCH_FILE_TRAILER : BATCH_TRAILER, l);
    out->declared = declared_in(out->bytes);
    out->counted = is_file ? b->batches : b->in_batch;
    b->remarks |= !(is_file ? b->file_header.n : b->header.n) ? BATCH_REMARK_NO_HEADER : 0;
    b->remarks |= is_file && b->header.n ? BATCH_REMARK_NO_TRAILER : 0;
    b->in_batch = 0;
    b->header = str_from(NULL, 0);
    if (is_file) {
        b->batches = 0;
        b->file_header = str_from(NULL, 0);
    }
    step(b, l);
}

static bool finish(struct batch *b)
{
    b->remarks |= b->header.n || b->file_header.n ? BATCH_REMARK_NO_TRAILER : 0;
    return false;
}

bool batch_next(struct batch *b, struct batch_item *out)
{
    for (;;) {
        skip_frame(b);
        if (b->at >= b->text.n) {
            return finish(b);
        }
        struct line l = line_at(b, b->at);
        switch (l.kind) {
        case LINE_BLANK:
            step(b, &l);
            continue;
        case LINE_OTHER:
            *out = item(b, BATCH_NOISE, &l);
            gather(b, l, false, out);
            return true;
        case LINE_MSH:
            take_message(b, l, out);
            return true;
        case LINE_FHS:
        case LINE_BHS:
            take_header(b, &l, out);
            return true;
        case LINE_BTS:
        case LINE_FTS:
            take_trailer(b, &l, out);
            return true;
        }
    }
}

/* ---- headers ---- */

static void read_header(struct arena *a, struct str line, struct hl7 *out)
{
    struct hl7_fault fault;
    if (line.n == 0 || hl7_parse_header(a, line, out, &fault) < 0) {
        *out = (struct hl7){0};
    }
}

void batch_headers_read(struct arena *a, struct str file_line, struct str batch_line,
                        struct batch_headers *out)
{
    read_header(a, file_line, &out->file);
    read_header(a, batch_line, &out->batch);
}

void batch_headers_at(struct arena *a, struct str text, size_t at, struct batch_headers *out)
{
    struct batch walk;
    struct batch_item item;
    *out = (struct batch_headers){0};
    batch_open(&walk, a, text);
    while (batch_next(&walk, &item)) {
        if (item.kind == BATCH_MESSAGE && item.at >= at) {
            batch_headers_read(a, walk.file_header, walk.header, out);
            return;
        }
    }
}
