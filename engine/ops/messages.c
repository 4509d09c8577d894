#include "engine/ops/messages.h"

#include "engine/base/buf.h"
#include "engine/base/charset.h"
#include "engine/base/lines.h"
#include "engine/hl7/batch.h"

/* One walk over the items of a file. */
struct cutter {
    struct arena *a;
    const char *file;
    struct diags *d;
    struct batch b;
    struct message_file found;
    size_t cap;
    bool is_enveloped; /* an FHS or BHS is in force */
    bool may_go_on;    /* the last message: lines that follow directly may still belong to it */
    size_t end;        /* offset behind the last message */
};

static bool is_name_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Does a segment begin here: three signs of a name and a separator? */
static bool looks_like_segment(struct str s)
{
    unsigned char c = s.n >= 4 ? (unsigned char)s.p[3] : 0;
    bool is_letter = is_name_char((char)c) || (c >= 'a' && c <= 'z');
    return c > 0x20 && c != 0x7f && !is_letter && is_name_char(s.p[0]) && is_name_char(s.p[1]) &&
           is_name_char(s.p[2]);
}

/* Blanks at `at`, the start of a line, that stand before a segment: the file's, not the message's. */
static size_t indent_at(struct str s, size_t at)
{
    size_t i = at;
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t')) {
        i++;
    }
    return i > at && looks_like_segment(str_slice(s, i, i + 4)) ? i - at : 0;
}

/* Where the CR or LF stands that ends the line around `at`; s.n: the text ends it. */
static size_t line_end(struct str s, size_t at)
{
    at = str_control(s, at);
    while (at < s.n && s.p[at] != '\r' && s.p[at] != '\n') {
        at = str_control(s, at + 1);
    }
    return at;
}

/* The first byte behind that CR or LF. */
static size_t behind_line(struct str s, size_t at)
{
    size_t end = line_end(s, at);
    return end + (end < s.n);
}

/* The same text without indents; itself where there are none. */
static struct str without_indents(struct arena *a, struct str s)
{
    struct buf out = {0};
    size_t from = 0;
    if (lines_are_flush(s)) {
        return s;
    }
    for (size_t line = 0; line < s.n; line = behind_line(s, line)) {
        size_t indent = indent_at(s, line);
        if (indent) {
            buf_put_str(&out, str_slice(s, from, line));
            from = line + indent;
        }
    }
    if (!from) {
        return s;
    }
    buf_put_str(&out, str_slice(s, from, s.n));
    struct str text = str_dup(a, buf_str(&out));
    buf_free(&out);
    return text;
}

static void add(struct cutter *c, const struct batch_item *item)
{
    struct message_file *f = &c->found;
    if (f->n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 16;
        struct message_text *v = ARENA_ARRAY(c->a, struct message_text, cap);
        if (f->n) {
            memcpy(v, f->v, f->n * sizeof *v);
        }
        f->v = v;
        c->cap = cap;
    }
    f->v[f->n++] = (struct message_text){.bytes = item->bytes,
                                         .line = item->line,
                                         .file_header = c->b.file_header,
                                         .batch_header = c->b.header};
    c->end = item->at + item->bytes.n;
    c->may_go_on = true;
}

/* The last message takes everything up to the end of `item`. */
static void extend(struct cutter *c, const struct batch_item *item)
{
    struct str *m = &c->found.v[c->found.n - 1].bytes;
    size_t begin = (size_t)(m->p - c->b.text.p);
    *m = str_slice(c->b.text, begin, item->at + item->bytes.n + 1);
    c->end = item->at + item->bytes.n + 1;
}

static void check_count(struct cutter *c, const struct batch_item *item, const char *what)
{
    struct diag_pos pos = {.file = c->file, .line = item->line, .col = 5};
    if (item->declared == BATCH_COUNT_BAD) {
        diag_add(c->d, DIAG_WARNING, "batch-count", pos, "%.3s-1 is no number; %u %s were found",
                 item->bytes.p, item->counted, what);
        return;
    }
    if (item->declared == BATCH_COUNT_NONE || item->declared == (int64_t)item->counted) {
        return;
    }
    diag_add(c->d, DIAG_WARNING, "batch-count", pos, "%.3s-1 states %lld %s; %u were found",
             item->bytes.p, (long long)item->declared, what, item->counted);
}

static void take_header(struct cutter *c)
{
    c->found.is_batch = true;
    c->is_enveloped = true;
}

static void take_trailer(struct cutter *c, const struct batch_item *item, const char *what)
{
    if (!c->is_enveloped && c->may_go_on) {
        extend(c, item); /* no header, so no batch: a segment like any other */
        return;
    }
    c->found.is_batch = true;
    c->may_go_on = false;
    check_count(c, item, what);
}

/* Lines outside any message. Behind a header that stood inside a message they show that it was no header. */
static void take_noise(struct cutter *c, const struct batch_item *item)
{
    if (c->may_go_on && c->found.n) {
        extend(c, item);
    } else {
        c->found.saw.noise = true;
        add(c, item);
    }
}

static void take(struct cutter *c, const struct batch_item *item, bool *was_header)
{
    bool header_inside = *was_header && c->may_go_on && item->kind == BATCH_NOISE;
    if (*was_header && !header_inside) {
        take_header(c);
        c->may_go_on = false;
    }
    *was_header = false;
    switch (item->kind) {
    case BATCH_MESSAGE:
        add(c, item);
        break;
    case BATCH_FILE_HEADER:
    case BATCH_HEADER:
        *was_header = true; /* decided with what follows */
        break;
    case BATCH_TRAILER:
        take_trailer(c, item, "messages");
        break;
    case BATCH_FILE_TRAILER:
        take_trailer(c, item, "batches");
        break;
    case BATCH_NOISE:
        take_noise(c, item);
        break;
    }
}

static void remark_marks(const struct cutter *c)
{
    struct diag_pos pos = {.file = c->file, .line = 1, .col = 1};
    if (c->b.remarks & BATCH_REMARK_BOM) {
        diag_add(c->d, DIAG_REMARK, "byte-order-mark", pos,
                 "a byte order mark stands at the start");
    }
    if (c->b.remarks & BATCH_REMARK_UTF16) {
        diag_add(c->d, DIAG_REMARK, "utf-16", pos,
                 "the file is UTF-16 or UTF-32; over MLLP that is refused");
    }
}

/* ---- what was seen ---- */

/* Line ends of each kind. */
struct ends {
    uint64_t cr, lf, crlf;
};

static struct ends count_ends(struct str s)
{
    struct ends saw = {0};
    for (size_t line = 0, i; (i = line_end(s, line)) < s.n;) {
        bool is_cr = s.p[i] == '\r', is_crlf = is_cr && i + 1 < s.n && s.p[i + 1] == '\n';
        saw.crlf += is_crlf;
        saw.cr += is_cr && !is_crlf;
        saw.lf += !is_cr;
        line = i + 1 + is_crlf;
    }
    return saw;
}

static void see(const struct cutter *c, struct str plain, bool was_indented,
                struct message_saw *saw)
{
    saw->bom = c->b.remarks & BATCH_REMARK_BOM;
    saw->wide = c->b.remarks & BATCH_REMARK_UTF16;
    saw->mllp = c->b.remarks & BATCH_REMARK_MLLP;
    saw->envelope = c->found.is_batch;
    saw->indented = was_indented;
    saw->text = plain;
}

void messages_saw(const struct message_file *f, struct buf *out)
{
    const struct message_saw *s = &f->saw;
    struct ends ends = count_ends(s->text);
    const struct {
        bool is;
        const char *text;
    } rows[] = {{s->wide, "UTF-16 or UTF-32"},
                {s->bom, "a byte order mark"},
                {s->mllp, "MLLP bytes"},
                {s->envelope, "FHS or BHS"},
                {s->indented, "indented lines"},
                {s->noise, "lines that belong to no message"},
                {ends.crlf && !ends.cr && !ends.lf, "CRLF"},
                {(ends.cr > 0) + (ends.lf > 0) + (ends.crlf > 0) > 1, "line ends mixed"}};
    const char *between = "";
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].is) {
            buf_printf(out, "%s%s", between, rows[i].text);
            between = ", ";
        }
    }
}

/* Of UTF-32 the UTF-8; anything else itself. UTF-16 is what batch_open() reads. */
static struct str from_utf32(struct arena *a, struct str bytes)
{
    enum charset set;
    size_t skip, bad;
    struct str text;
    bool is_wide =
        charset_detect(bytes, &set, &skip) && set >= CHARSET_UTF32 && set <= CHARSET_UTF32BE;
    return is_wide && charset_decode(a, set, bytes, &text, &bad) == 0 ? text : bytes;
}

static void cut(struct cutter *c, struct str text)
{
    struct batch_item item;
    bool was_header = false;
    batch_open(&c->b, c->a, text);
    while (batch_next(&c->b, &item)) {
        take(c, &item, &was_header);
    }
    if (was_header) {
        take_header(c);
    }
}

struct message_file messages_split(struct arena *a, const char *file, struct str bytes,
                                   struct diags *d)
{
    const struct cutter begin = {.a = a, .file = file, .d = d};
    struct cutter c = begin;
    struct str text = from_utf32(a, bytes), flush = text;
    cut(&c, text);
    if (c.b.remarks & BATCH_REMARK_BLANK && (flush = without_indents(a, text)).p != text.p) {
        c = begin; /* few files have them: the rest need not be asked before */
        cut(&c, flush);
        diags_unique(d);
    }
    c.b.remarks |= text.p != bytes.p ? BATCH_REMARK_UTF16 : 0;
    remark_marks(&c);
    see(&c, c.b.text, flush.p != text.p, &c.found.saw);
    c.found.is_as_sent = !(c.b.remarks & (BATCH_REMARK_LF | BATCH_REMARK_EMPTY));
    return c.found;
}

void messages_with_cr(struct str message, struct buf *out)
{
    buf_reserve(out, message.n + 1 + LINES_ROOM);
    size_t done = lines_with_cr(message, out->p + out->n);
    out->n += done;
    if (done == message.n && done && message.p[done - 1] != '\r' && message.p[done - 1] != '\n') {
        buf_putc(out, '\r');
    }
    for (size_t line = done, end; line < message.n; line = end + 1) {
        end = line_end(message, line);
        if (end > line) { /* no empty segments */
            buf_put(out, message.p + line, end - line);
            buf_putc(out, '\r');
        }
    }
}
