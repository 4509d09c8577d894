#include "engine/ops/messages.h"

#include "engine/base/buf.h"
#include "engine/base/utf8.h"
#include "engine/ops/wire.h"

/* One walk over the lines of a file. */
struct cutter {
    struct arena *a;
    const char *file;
    struct diags *d;
    struct str text;
    size_t at; /* begin of the current line */
    unsigned line;
    struct buf one; /* the message being collected; empty when between messages */
    bool open;
    unsigned open_line;
    struct message_text *v;
    size_t n, cap;
    uint64_t in_batch, batches; /* messages since BHS (or the start), batches since FHS */
};

static bool is_name_char(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool is_separator(char c)
{
    return (unsigned char)c > 0x20 && c != 0x7f && !is_name_char(c) && !(c >= 'a' && c <= 'z');
}

/* Does the line begin with a segment of this name? */
static bool begins(struct str line, const char *name)
{
    return line.n >= 4 && memcmp(line.p, name, 3) == 0 && is_separator(line.p[3]);
}

static bool is_envelope(struct str line)
{
    static const char *const names[] = {"FHS", "BHS", "BTS", "FTS"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (begins(line, names[i]) || str_is(line, names[i])) {
            return true;
        }
    }
    return false;
}

/* A line that begins a segment behind blanks: the blanks are the file's, not the message's. */
static struct str without_indent(struct str line)
{
    size_t i = 0;
    while (i < line.n && (line.p[i] == ' ' || line.p[i] == '\t')) {
        i++;
    }
    struct str rest = str_slice(line, i, line.n);
    bool looks = rest.n >= 4 && is_name_char(rest.p[0]) && is_name_char(rest.p[1]) &&
                 is_name_char(rest.p[2]) && is_separator(rest.p[3]);
    return looks || !rest.n ? rest : line;
}

static void close_message(struct cutter *c)
{
    if (!c->open) {
        return;
    }
    if (c->n == c->cap) {
        size_t cap = c->cap ? c->cap * 2 : 16;
        struct message_text *v = ARENA_ARRAY(c->a, struct message_text, cap);
        if (c->n) {
            memcpy(v, c->v, c->n * sizeof *v);
        }
        c->v = v;
        c->cap = cap;
    }
    c->v[c->n++] =
        (struct message_text){.bytes = str_dup(c->a, buf_str(&c->one)), .line = c->open_line};
    c->in_batch++;
    c->open = false;
    buf_clear(&c->one);
}

static void check_count(struct cutter *c, struct str line, uint64_t found, const char *what)
{
    struct str rest = line, field = {0};
    int64_t stated;
    if (line.n < 5 || !str_split(&rest, line.p[3], &field) ||
        !str_split(&rest, line.p[3], &field) || !str_to_i64(str_trim(field), &stated) ||
        (uint64_t)stated == found) {
        return;
    }
    struct diag_pos pos = {.file = c->file, .line = c->line, .col = 5};
    diag_add(c->d, DIAG_WARNING, "batch-count", pos, "%.3s-1 states %lld %s; %llu were found",
             line.p, (long long)stated, what, (unsigned long long)found);
}

static void take_envelope(struct cutter *c, struct str line)
{
    close_message(c);
    if (begins(line, "BHS")) {
        c->in_batch = 0;
        c->batches++;
    } else if (begins(line, "BTS")) {
        check_count(c, line, c->in_batch, "messages");
        c->in_batch = 0;
    } else if (begins(line, "FTS")) {
        check_count(c, line, c->batches, "batches");
    } else {
        c->batches = 0;
    }
}

static void take_line(struct cutter *c, struct str line, struct str terminator)
{
    struct str trimmed = without_indent(line);
    if (is_envelope(trimmed)) {
        take_envelope(c, trimmed);
        return;
    }
    if (begins(trimmed, "MSH")) {
        close_message(c);
    }
    if (!c->open) {
        if (!trimmed.n) {
            return; /* nothing between messages */
        }
        c->open = true;
        c->open_line = c->line;
    }
    buf_put_str(&c->one, trimmed);
    buf_put_str(&c->one, terminator);
}

/* Is the byte at `i` MLLP framing rather than content? */
static bool is_framing(struct str s, size_t i)
{
    if (s.p[i] == WIRE_VT) {
        struct str rest = str_slice(s, i + 1, s.n);
        return begins(rest, "MSH") || is_envelope(str_slice(rest, 0, 4));
    }
    return s.p[i] == WIRE_FS &&
           (i + 1 == s.n || s.p[i + 1] == '\r' || s.p[i + 1] == '\n' || s.p[i + 1] == WIRE_VT);
}

static void cut(struct cutter *c)
{
    struct str s = c->text;
    for (size_t i = 0; i <= s.n; i++) {
        char ch = i < s.n ? s.p[i] : '\n';
        if ((ch == WIRE_VT || ch == WIRE_FS) && i < s.n && is_framing(s, i)) {
            take_line(c, str_slice(s, c->at, i), STR(""));
            close_message(c);
            c->at = i + 1;
            continue;
        }
        if (ch != '\r' && ch != '\n') {
            continue;
        }
        size_t end = i;
        if (ch == '\r' && i + 1 < s.n && s.p[i + 1] == '\n') {
            i++;
        }
        take_line(c, str_slice(s, c->at, end), str_slice(s, end, i + 1));
        c->at = i + 1;
        c->line++;
    }
    close_message(c);
}

/* ---- UTF-16 and UTF-32 ---- */

struct wide_form {
    unsigned unit; /* bytes; 0: bytes as they are */
    bool big;
    size_t skip;
};

static struct wide_form form_of(struct str s)
{
    static const struct {
        const char *head;
        size_t n, skip;
        unsigned unit;
        bool big;
    } forms[] = {
        {"\xff\xfe\0\0", 4, 4, 4, false}, {"\0\0\xfe\xff", 4, 4, 4, true},
        {"M\0\0\0", 4, 0, 4, false},      {"\0\0\0M", 4, 0, 4, true},
        {"\xff\xfe", 2, 2, 2, false},     {"\xfe\xff", 2, 2, 2, true},
        {"M\0", 2, 0, 2, false},          {"\0M", 2, 0, 2, true},
        {"\xef\xbb\xbf", 3, 3, 0, false},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (s.n >= forms[i].n && memcmp(s.p, forms[i].head, forms[i].n) == 0) {
            return (struct wide_form){forms[i].unit, forms[i].big, forms[i].skip};
        }
    }
    return (struct wide_form){0};
}

static uint32_t unit_at(struct str s, size_t at, struct wide_form f)
{
    uint32_t v = 0;
    for (unsigned i = 0; i < f.unit && at + i < s.n; i++) {
        unsigned char b = (unsigned char)s.p[at + i];
        v |= (uint32_t)b << (8 * (f.big ? f.unit - 1 - i : i));
    }
    return v;
}

static struct str as_utf8(struct arena *a, struct str s)
{
    struct wide_form f = form_of(s);
    if (!f.unit) {
        return str_slice(s, f.skip, s.n);
    }
    struct buf out = {0};
    for (size_t at = f.skip; at < s.n; at += f.unit) {
        uint32_t c = unit_at(s, at, f);
        uint32_t low = f.unit == 2 ? unit_at(s, at + 2, f) : 0;
        if (f.unit == 2 && c >= 0xd800 && c < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            at += 2;
        }
        char bytes[4];
        buf_put(&out, bytes, utf8_put(bytes, c));
    }
    struct str text = str_dup(a, buf_str(&out));
    buf_free(&out);
    return text;
}

size_t messages_split(struct arena *a, const char *file, struct str bytes, struct diags *d,
                      struct message_text **out)
{
    struct cutter c = {.a = a, .file = file, .d = d, .text = as_utf8(a, bytes), .line = 1};
    cut(&c);
    buf_free(&c.one);
    *out = c.v;
    return c.n;
}

void messages_with_cr(struct str message, struct buf *out)
{
    bool ended = true; /* no empty segments */
    for (size_t i = 0; i < message.n; i++) {
        bool ends = message.p[i] == '\r' || message.p[i] == '\n';
        if (!ends) {
            buf_putc(out, message.p[i]);
        } else if (!ended) {
            buf_putc(out, '\r');
        }
        ended = ends;
    }
    if (!ended) {
        buf_putc(out, '\r');
    }
}
