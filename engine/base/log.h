/* log.h - one event, one line, key=value:
 *     delivered destination=lab id=18a.. attempt=2 ms=41
 *     log_event(log, LOG_LEVEL_INFO, "delivered", log_str("destination", d), log_int("ms", ms));
 * Message content never goes here: the caller passes names, ids, places and counts.
 * Control characters and bytes that are no UTF-8 are escaped, so a value never makes a second line.
 * Lines of one place in the code at level error and warn are limited; what was held back is said with
 * the next one (`suppressed=12`) or by log_flush().
 * A struct log belongs to one thread. Two of them may write to the same sink: a line is one write. */
#ifndef CORRIDOR_BASE_LOG_H
#define CORRIDOR_BASE_LOG_H

#include "engine/base/clock.h"
#include "engine/base/str.h"

enum log_level {
    LOG_LEVEL_ERROR, /* someone must act */
    LOG_LEVEL_WARN,  /* someone may need to */
    LOG_LEVEL_INFO,  /* lifecycle, and the result of each message */
    LOG_LEVEL_DEBUG,
};

enum {
    LOG_LINE_MAX = 4096,  /* bytes; a longer line is cut and ends in "..." */
    LOG_VALUE_MAX = 1024, /* bytes of one value, before escaping; cut likewise */
    LOG_SITES = 256,      /* places that are limited; further ones are not */
    LOG_BURST = 20,       /* lines a place may write ... */
    LOG_PERIOD_S = 10,    /* ... in so many seconds */
};

/* Gets one line with its line feed. */
typedef void (*log_sink_fn)(void *arg, enum log_level level, struct str line);

struct log_site {
    const char *place; /* "file:line", compared by address */
    enum log_level level;
    int64_t began_us; /* monotonic; start of the period */
    unsigned lines;   /* in this period */
    uint64_t held;    /* not written since the last one written */
};

struct log {
    enum log_level level; /* least important that is written */
    struct clock clock;
    log_sink_fn sink;
    void *sink_arg;
    struct log_site site[LOG_SITES];
};

enum log_kind {
    LOG_KIND_END,
    LOG_KIND_STR,
    LOG_KIND_INT,
    LOG_KIND_UINT,
    LOG_KIND_HEX,
    LOG_KIND_BOOL
};

struct log_field {
    enum log_kind kind;
    const char *name;
    struct str text;
    uint64_t number;
};

/* To standard error: one write(2) a line. With `journal` (log_is_journal()) each line begins with the
 * priority systemd wants, "<3>".."<7>". */
void log_init_stderr(struct log *l, enum log_level level, struct clock clock, bool journal);
/* To a sink of the caller's. */
void log_init(struct log *l, enum log_level level, struct clock clock, log_sink_fn sink, void *arg);
/* Is standard error connected to the systemd journal? `journal_stream` is the value of the variable
 * JOURNAL_STREAM, or NULL. */
bool log_is_journal(const char *journal_stream);
/* "error", "warn", "info", "debug". False for anything else. */
bool log_level_of(struct str name, enum log_level *out);
/* Say what was held back and not said yet. From a timer and at the end. */
void log_flush(struct log *l);

static inline struct log_field log_str(const char *name, struct str v)
{
    return (struct log_field){LOG_KIND_STR, name, v, 0};
}
static inline struct log_field log_cstr(const char *name, const char *v)
{
    return (struct log_field){LOG_KIND_STR, name, str_of(v), 0};
}
static inline struct log_field log_int(const char *name, int64_t v)
{
    return (struct log_field){LOG_KIND_INT, name, {NULL, 0}, (uint64_t)v};
}
static inline struct log_field log_uint(const char *name, uint64_t v)
{
    return (struct log_field){LOG_KIND_UINT, name, {NULL, 0}, v};
}
static inline struct log_field log_hex(const char *name, uint64_t v)
{
    return (struct log_field){LOG_KIND_HEX, name, {NULL, 0}, v};
}
static inline struct log_field log_bool(const char *name, bool v)
{
    return (struct log_field){LOG_KIND_BOOL, name, {NULL, 0}, v};
}

/* Behind the macros. `fields` ends with a LOG_KIND_END. */
void log_write(struct log *l, enum log_level level, const char *place, const char *event,
               const struct log_field *fields);
void log_writef(struct log *l, enum log_level level, const char *place, const char *event,
                const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static inline bool log_wants(const struct log *l, enum log_level level)
{
    return level <= l->level;
}

#define LOG_TEXT_(x) #x
#define LOG_TEXT(x)  LOG_TEXT_(x)
#define LOG_PLACE    __FILE__ ":" LOG_TEXT(__LINE__)

/* log_event(log, level, "event", fields...): at least one field; for none see log_eventf. */
#define log_event(l, level, event, ...)                                                            \
    log_write((l), (level), LOG_PLACE, (event),                                                    \
              (const struct log_field[]){__VA_ARGS__, {LOG_KIND_END, NULL, {NULL, 0}, 0}})
/* log_eventf(log, level, "event", "format", ...): the text becomes text="...". */
#define log_eventf(l, level, event, ...) log_writef((l), (level), LOG_PLACE, (event), __VA_ARGS__)

#endif
