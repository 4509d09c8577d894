/* condition.h - what a person should know of: it opens once, stands, and closes once. One table of kinds; a set of those
 * that stand. The set knows nothing of engines: whoever looks says for each subject whether it is bad, good, or
 * not to be said now, and the set waits out how long that must last. Pure: time is a parameter, nothing is kept.
 * One thread. */
#ifndef CORRIDOR_FLOW_CONDITION_H
#define CORRIDOR_FLOW_CONDITION_H

#include "engine/base/opt.h"
#include "engine/base/str.h"

enum condition_kind {
    CONDITION_QUIET,
    CONDITION_OLDEST,
    CONDITION_HELD,
    CONDITION_UNREACHABLE,
    CONDITION_STOPPED,
    CONDITION_BACKLOG,
    CONDITION_JOURNAL_FULL,
    CONDITION_HISTORY_CUT,
    CONDITION_FILE_SYSTEM,
    CONDITION_CERTIFICATE,
    CONDITION_TABLE_MISSES,
    CONDITION_DAMAGE,
    CONDITION_CLOCK,
    CONDITIONS,
};

struct condition_row {
    const char *name;
    const char *
        about; /* what its subject is: "source", "destination", "table" ...; "engine": there is one only */
    const char *summary; /* when it opens */
    const char *ends;    /* when it closes */
};
extern const struct condition_row condition_rows[CONDITIONS];
/* The kind of that name; false: there is none. */
bool condition_of(struct str name, enum condition_kind *out);

/* The limits that a configuration may set: rows of condition_opts, called as the kinds are. */
struct condition_limits {
    int64_t unreachable_ms, oldest_ms, stopped_ms, certificate_ms; /* OPT_NEVER: not watched */
    int held, backlog_percent, free_percent, misses_per_hour;      /* 0: not watched */
};
extern const struct opt condition_opts[];

enum condition_verdict {
    CONDITION_GOOD,
    CONDITION_BAD,
    CONDITION_KEEP, /* neither can be said now: stays as it is */
};

/* How one subject looks now, and how long that must have been so: in microseconds, 0 at once. */
struct condition_look {
    enum condition_kind kind;
    struct str subject; /* at most CONDITION_SUBJECT_MAX bytes, longer ones are cut */
    enum condition_verdict verdict;
    int64_t open_after_us, close_after_us;
    struct str detail; /* names and numbers, no content; kept as it was when it opened */
};
enum { CONDITION_SUBJECT_MAX = 200, CONDITION_DETAIL_MAX = 200 };

/* One that stands, or waits to. */
struct condition {
    enum condition_kind kind;
    struct str subject, detail;
    bool is_open;
    int64_t opened_us, closed_us; /* wall clock; closed_us: of one that has just closed, not before
                                   * opened_us, though the clock was set back */
};

struct conditions;

/* `changed` is called inside conditions_see() and conditions_end(): it has just opened or closed. */
typedef void (*condition_changed_fn)(void *arg, struct condition *c);
struct conditions *conditions_new(condition_changed_fn changed, void *arg);
void conditions_free(struct conditions **s);

/* A round: begin, see every subject that there is, end. What was not seen has gone, and closes. */
void conditions_begin(struct conditions *s, int64_t mono_us, int64_t wall_us);
void conditions_see(struct conditions *s, const struct condition_look *look);
void conditions_end(struct conditions *s);
/* One that stood when the process before this one ended: open, without a call of `changed`. */
struct condition *conditions_recall(struct conditions *s, const struct condition *was);

/* Those that are open, in order of opening; borrowed until the next call. *out_n of them. O(n log n). */
struct condition *const *conditions_open(struct conditions *s, size_t *out_n);
/* How often this kind has opened since the start. */
uint64_t conditions_opened(const struct conditions *s, enum condition_kind kind);

void conditions_describe(struct buf *out);
void conditions_markdown(struct buf *out);

#endif
