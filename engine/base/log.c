#include "engine/base/log.h"

#include "engine/base/utf8.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h> /* impure: is standard error the journal? */
#include <unistd.h>   /* impure: the sink that writes to standard error */

static const char *const level_names[] = {"error", "warn", "info", "debug"};

/* A line on the stack: full means that the rest is dropped. */
struct line {
    char p[LOG_LINE_MAX];
    size_t n;
    bool full;
};

enum { ROOM = LOG_LINE_MAX - 4 }; /* "..." and the line feed fit behind it */

static void put(struct line *o, const char *p, size_t n)
{
    if (o->full || o->n + n > ROOM) {
        o->full = true;
        return;
    }
    memcpy(o->p + o->n, p, n);
    o->n += n;
}

static void puts_to(struct line *o, const char *s)
{
    put(o, s, strlen(s));
}

/* May stand without quotes? */
static bool is_bare(struct str v)
{
    for (size_t i = 0; i < v.n; i++) {
        unsigned char c = (unsigned char)v.p[i];
        if (c <= ' ' || c >= 0x7F || c == '"' || c == '=' || c == '\\') {
            return false;
        }
    }
    return v.n > 0;
}

/* C1 controls, line and paragraph separator, and the marks that turn the direction of text. */
static bool is_hostile(uint32_t c)
{
    return (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029 || (c >= 0x202A && c <= 0x202E) ||
           (c >= 0x2066 && c <= 0x2069);
}

static void put_escaped(struct line *o, unsigned char c)
{
    char hex[8];
    switch (c) {
    case '\n':
        puts_to(o, "\\n");
        return;
    case '\r':
        puts_to(o, "\\r");
        return;
    case '\t':
        puts_to(o, "\\t");
        return;
    case '"':
        puts_to(o, "\\\"");
        return;
    case '\\':
        puts_to(o, "\\\\");
        return;
    default: /* any other byte by its number */
        snprintf(hex, sizeof(hex), "\\x%02X", c);
        puts_to(o, hex);
    }
}

static void put_quoted(struct line *o, struct str v)
{
    puts_to(o, "\"");
    for (size_t i = 0; i < v.n;) {
        uint32_t c;
        unsigned n = utf8_get(str_slice(v, i, v.n), &c);
        if (n && c >= 0x20 && c != '"' && c != '\\' && !is_hostile(c)) {
            put(o, v.p + i, n);
            i += n;
            continue;
        }
        for (unsigned k = 0; k < (n ? n : 1); k++) {
            put_escaped(o, (unsigned char)v.p[i + k]);
        }
        i += n ? n : 1;
    }
    puts_to(o, "\"");
}

static void put_text(struct line *o, struct str v)
{
    bool cut = v.n > LOG_VALUE_MAX;
    v = str_slice(v, 0, LOG_VALUE_MAX);
    if (is_bare(v)) {
        put(o, v.p, v.n);
    } else {
        put_quoted(o, v);
    }
    puts_to(o, cut ? "..." : "");
}

static void put_field(struct line *o, const struct log_field *f)
{
    char number[32] = "";
    puts_to(o, " ");
    puts_to(o, f->name);
    puts_to(o, "=");
    switch (f->kind) {
    case LOG_KIND_END:
        return;
    case LOG_KIND_STR:
        put_text(o, f->text);
        return;
    case LOG_KIND_INT:
        snprintf(number, sizeof(number), "%" PRId64, (int64_t)f->number);
        break;
    case LOG_KIND_UINT:
        snprintf(number, sizeof(number), "%" PRIu64, f->number);
        break;
    case LOG_KIND_HEX:
        snprintf(number, sizeof(number), "%" PRIx64, f->number);
        break;
    case LOG_KIND_BOOL:
        puts_to(o, f->number ? "true" : "false");
        return;
    }
    puts_to(o, number);
}

static struct log_site *find_site(struct log *l, const char *place)
{
    size_t at = ((uintptr_t)place >> 3) * UINT64_C(0x9E3779B97F4A7C15) >> 56;
    for (size_t i = 0; i < LOG_SITES; i++) {
        struct log_site *s = &l->site[(at + i) % LOG_SITES];
        if (!s->place || s->place == place) {
            s->place = place;
            return s;
        }
    }
    return NULL;
}

/* May this place write now? *out_held: lines that it was refused since it last did. */
static bool admit(struct log *l, enum log_level level, const char *place, uint64_t *out_held)
{
    *out_held = 0;
    struct log_site *s = level <= LOG_LEVEL_WARN ? find_site(l, place) : NULL;
    if (!s) {
        return true;
    }
    int64_t now = clock_mono_us(&l->clock);
    s->level = level;
    if (s->lines == 0 || now - s->began_us >= LOG_PERIOD_S * INT64_C(1000000)) {
        s->began_us = now;
        s->lines = 0;
    }
    if (s->lines >= LOG_BURST) {
        s->held++;
        return false;
    }
    s->lines++;
    *out_held = s->held;
    s->held = 0;
    return true;
}

static void finish(struct log *l, enum log_level level, struct line *o)
{
    memcpy(o->p + o->n, o->full ? "...\n" : "\n", o->full ? 4 : 1);
    o->n += o->full ? 4 : 1;
    l->sink(l->sink_arg, level, str_from(o->p, o->n));
}

void log_write(struct log *l, enum log_level level, const char *place, const char *event,
               const struct log_field *fields)
{
    uint64_t held;
    struct line o;
    if (!log_wants(l, level) || !admit(l, level, place, &held)) {
        return;
    }
    o.n = 0;
    o.full = false;
    puts_to(&o, event);
    for (; fields->kind != LOG_KIND_END; fields++) {
        put_field(&o, fields);
    }
    if (held) {
        struct log_field f = log_uint("suppressed", held);
        put_field(&o, &f);
    }
    finish(l, level, &o);
}

void log_writef(struct log *l, enum log_level level, const char *place, const char *event,
                const char *fmt, ...)
{
    char text[LOG_VALUE_MAX + 2];
    va_list ap;
    if (!log_wants(l, level)) {
        return;
    }
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof(text) ? (size_t)n : sizeof(text) - 1;
    struct log_field fields[2] = {log_str("text", str_from(text, len)), {.kind = LOG_KIND_END}};
    log_write(l, level, place, event, fields);
}

void log_flush(struct log *l)
{
    for (size_t i = 0; i < LOG_SITES; i++) {
        struct log_site *s = &l->site[i];
        if (!s->place || !s->held) {
            continue;
        }
        struct line o = {.n = 0};
        struct log_field count = log_uint("count", s->held), place = log_cstr("place", s->place);
        puts_to(&o, "suppressed");
        put_field(&o, &count);
        put_field(&o, &place);
        s->held = 0;
        finish(l, s->level, &o);
    }
}

static void write_all(const char *p, size_t n)
{
    ssize_t done = write(STDERR_FILENO, p, n);
    (void)done; /* nowhere to say that the log cannot be written */
}

static void sink_plain(void *arg, enum log_level level, struct str line)
{
    (void)arg;
    (void)level;
    write_all(line.p, line.n);
}

/* systemd's priorities: err, warning, info, debug. */
static void sink_journal(void *arg, enum log_level level, struct str line)
{
    static const char priorities[] = "3467";
    char out[LOG_LINE_MAX + 8] = {'<', priorities[level], '>'};
    (void)arg;
    memcpy(out + 3, line.p, line.n);
    write_all(out, line.n + 3);
}

void log_init(struct log *l, enum log_level level, struct clock clock, log_sink_fn sink, void *arg)
{
    memset(l, 0, sizeof(*l));
    l->level = level;
    l->clock = clock;
    l->sink = sink;
    l->sink_arg = arg;
}

void log_init_stderr(struct log *l, enum log_level level, struct clock clock, bool journal)
{
    log_init(l, level, clock, journal ? sink_journal : sink_plain, NULL);
}

bool log_is_journal(const char *journal_stream)
{
    uint64_t device, inode;
    struct stat st;
    return journal_stream && sscanf(journal_stream, "%" SCNu64 ":%" SCNu64, &device, &inode) == 2 &&
           fstat(STDERR_FILENO, &st) == 0 && st.st_dev == device && st.st_ino == inode;
}

bool log_level_of(struct str name, enum log_level *out)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
        if (str_is(name, level_names[i])) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}
