#include "engine/flow/condition.h"

#include "engine/base/arena.h"
#include "engine/base/map.h"
#include "engine/base/mem.h"

#include <stdlib.h>

/* clang-format off */
const struct condition_row condition_rows[CONDITIONS] = {
    [CONDITION_QUIET] = {"quiet", "source", "fewer messages than `expect` says came within its period, which lay in its hours", "as many came again"},
    [CONDITION_OLDEST] = {"oldest-waiting", "destination", "the oldest unsettled output is older than the limit", "it is younger than half of it"},
    [CONDITION_HELD] = {"held", "destination", "so many outputs wait for a person", "fewer do"},
    [CONDITION_UNREACHABLE] = {"unreachable", "destination", "nothing can be sent there for so long", "something could be sent, and that for as long again, a minute at most"},
    [CONDITION_STOPPED] = {"stopped", "destination", "a person has held the whole destination for so long", "it was released"},
    [CONDITION_BACKLOG] = {"backlog", "destination", "so many percent of its bound wait for it; at all of it messages are refused", "ten percent less do"},
    [CONDITION_JOURNAL_FULL] = {"journal-full", "engine", "the journal has no room: messages are refused", "there is room for ten seconds"},
    [CONDITION_HISTORY_CUT] = {"history-cut", "engine", "settled messages go before `retention`, for want of room", "none went for an hour"},
    [CONDITION_FILE_SYSTEM] = {"file-system", "engine", "less than so many percent of the file system of the state directory are free", "two percent more are"},
    [CONDITION_CERTIFICATE] = {"certificate", "certificate", "a certificate ends within the limit; again within 7 days, and within one", "another one is in its place"},
    [CONDITION_TABLE_MISSES] = {"table-misses", "table", "a code table lacked a row so often within an hour", "half as often"},
    [CONDITION_DAMAGE] = {"damage", "engine", "the journal is damaged", "a person accepted it: `corridor verify --accept`"},
    [CONDITION_CLOCK] = {"clock", "engine", "the wall clock made a step of over an hour: nothing goes for its age", "it is back, or a person accepted it: `corridor accept clock`"},
};

const struct opt condition_opts[] = {
    OPT(condition_limits, unreachable_ms, "unreachable", MS, "2m", "1s..never", OPT_RELOAD, "A destination cannot be reached for so long."),
    OPT(condition_limits, oldest_ms, "oldest-waiting", MS, "15m", "1s..never", OPT_RELOAD, "An output waits for so long; a destination may say otherwise."),
    OPT(condition_limits, stopped_ms, "stopped", MS, "1h", "1s..never", OPT_RELOAD, "A person holds a destination for so long."),
    OPT(condition_limits, held, "held", INT, "1", "0..1000000", OPT_RELOAD, "So many outputs of a destination are held; 0: not watched."),
    OPT(condition_limits, backlog_percent, "backlog", INT, "80", "0..100", OPT_RELOAD, "So many percent of a destination's bound wait; 0: not watched."),
    OPT(condition_limits, free_percent, "file-system", INT, "5", "0..90", OPT_RELOAD, "Less than so many percent of the file system are free; 0: not watched."),
    OPT(condition_limits, misses_per_hour, "table-misses", INT, "20", "0..1000000", OPT_RELOAD, "So many misses of one table in an hour; 0: not watched."),
    OPT(condition_limits, certificate_ms, "certificate", MS, "30d", "1d..never", OPT_RELOAD, "A certificate ends within so long."),
    {0},
};
/* clang-format on */

bool condition_of(struct str name, enum condition_kind *out)
{
    for (int i = 0; i < CONDITIONS; i++) {
        if (str_is(name, condition_rows[i].name)) {
            *out = (enum condition_kind)i;
            return true;
        }
    }
    return false;
}

/* ---- the set ---- */

/* What stands, or is on its way there or back. */
struct standing {
    struct condition c; /* first: conditions_open() */
    int64_t since_us; /* monotonic: the verdict has been other than the state since; 0: it is not */
    uint64_t round;   /* seen in */
    struct standing *next, *prev;
    char key[CONDITION_SUBJECT_MAX + 1];
    size_t nkey;
    char detail[CONDITION_DETAIL_MAX];
};

struct conditions {
    condition_changed_fn changed;
    void *arg;
    struct map by_key; /* kind and subject -> struct standing */
    struct standing *first;
    uint64_t round, opened[CONDITIONS];
    int64_t mono_us, wall_us;
    struct condition **list;
    size_t cap;
};

struct conditions *conditions_new(condition_changed_fn changed, void *arg)
{
    struct conditions *s = X_NEW(struct conditions);
    s->changed = changed;
    s->arg = arg;
    return s;
}

static void forget(struct conditions *s, struct standing *one)
{
    (void)map_remove(&s->by_key, str_from(one->key, one->nkey)); /* it is in there */
    *(one->prev ? &one->prev->next : &s->first) = one->next;
    if (one->next) {
        one->next->prev = one->prev;
    }
    free(one);
}

void conditions_free(struct conditions **s)
{
    struct conditions *one = *s;
    if (one) {
        while (one->first) {
            forget(one, one->first);
        }
        map_free(&one->by_key);
        free(one->list);
        free(one);
        *s = NULL;
    }
}

static size_t key_of(enum condition_kind kind, struct str subject,
                     char out[CONDITION_SUBJECT_MAX + 1])
{
    subject = str_slice(subject, 0, CONDITION_SUBJECT_MAX);
    out[0] = (char)(kind + 1);
    if (subject.n) {
        memcpy(out + 1, subject.p, subject.n);
    }
    return subject.n + 1;
}

static void set_detail(struct standing *one, struct str detail)
{
    detail = str_slice(detail, 0, CONDITION_DETAIL_MAX);
    if (detail.n) {
        memcpy(one->detail, detail.p, detail.n);
    }
    one->c.detail = str_from(one->detail, detail.n);
}

static struct standing *remember(struct conditions *s, enum condition_kind kind, struct str subject)
{
    struct standing *one = X_NEW(struct standing);
    one->nkey = key_of(kind, subject, one->key);
    one->c.kind = kind;
    one->c.subject = str_from(one->key + 1, one->nkey - 1);
    one->next = s->first;
    if (s->first) {
        s->first->prev = one;
    }
    s->first = one;
    (void)map_put(&s->by_key, str_from(one->key, one->nkey), one); /* it is new */
    return one;
}

static struct standing *find(const struct conditions *s, enum condition_kind kind,
                             struct str subject)
{
    char key[CONDITION_SUBJECT_MAX + 1];
    size_t n = key_of(kind, subject, key);
    return map_get(&s->by_key, str_from(key, n));
}

void conditions_begin(struct conditions *s, int64_t mono_us, int64_t wall_us)
{
    s->round++;
    s->mono_us = mono_us;
    s->wall_us = wall_us;
}

static void open_it(struct conditions *s, struct standing *one)
{
    one->since_us = 0;
    one->c.is_open = true;
    one->c.opened_us = s->wall_us;
    s->opened[one->c.kind]++;
    s->changed(s->arg, &one->c);
}

/* It is forgotten after the call. */
static void close_it(struct conditions *s, struct standing *one)
{
    one->c.is_open = false;
    one->c.closed_us = s->wall_us > one->c.opened_us ? s->wall_us : one->c.opened_us;
    s->changed(s->arg, &one->c);
    forget(s, one);
}

/* Has the verdict that is other than the state lasted for `us`? */
static bool has_lasted(const struct conditions *s, struct standing *one, int64_t us)
{
    if (one->since_us == 0) {
        one->since_us = s->mono_us ? s->mono_us : 1;
    }
    return s->mono_us - one->since_us >= us;
}

void conditions_see(struct conditions *s, const struct condition_look *look)
{
    struct standing *one = find(s, look->kind, look->subject);
    if (!one && look->verdict != CONDITION_BAD) {
        return;
    }
    one = one ? one : remember(s, look->kind, look->subject);
    one->round = s->round;
    bool is_bad = look->verdict == CONDITION_BAD;
    if (look->verdict == CONDITION_KEEP) {
        return;
    }
    if (!one->c.is_open && !is_bad) {
        forget(s, one); /* it did not last */
    } else if (!one->c.is_open) {
        set_detail(one, look->detail);
        if (has_lasted(s, one, look->open_after_us)) {
            open_it(s, one);
        }
    } else if (is_bad) {
        one->since_us = 0;
    } else if (has_lasted(s, one, look->close_after_us)) {
        close_it(s, one);
    }
}

void conditions_end(struct conditions *s)
{
    for (struct standing *one = s->first, *next; one; one = next) {
        next = one->next;
        if (one->round == s->round) {
            continue;
        }
        if (one->c.is_open) {
            set_detail(one, STR("it is not watched any more"));
            close_it(s, one);
        } else {
            forget(s, one);
        }
    }
}

struct condition *conditions_recall(struct conditions *s, const struct condition *was)
{
    struct standing *one = find(s, was->kind, was->subject);
    one = one ? one : remember(s, was->kind, was->subject);
    set_detail(one, was->detail);
    one->c.is_open = true;
    one->c.opened_us = was->opened_us;
    return &one->c;
}

static int by_opening(const void *left, const void *right)
{
    const struct condition *a = *(struct condition *const *)left,
                           *b = *(struct condition *const *)right;
    int order = (a->opened_us > b->opened_us) - (a->opened_us < b->opened_us);
    order = order ? order : (a->kind > b->kind) - (a->kind < b->kind);
    return order ? order : str_cmp(a->subject, b->subject);
}

struct condition *const *conditions_open(struct conditions *s, size_t *out_n)
{
    size_t n = 0;
    if (s->cap < s->by_key.used + 1) {
        s->cap = s->by_key.used + 16;
        s->list = xrealloc(s->list, s->cap * sizeof(*s->list));
    }
    for (struct standing *one = s->first; one; one = one->next) {
        if (one->c.is_open) {
            s->list[n++] = &one->c;
        }
    }
    qsort(s->list, n, sizeof(*s->list), by_opening);
    *out_n = n;
    return s->list;
}

uint64_t conditions_opened(const struct conditions *s, enum condition_kind kind)
{
    return s->opened[kind];
}

/* ---- for people ---- */

/* The default of its limit, "" without one. */
static const char *limit_of(const struct condition_row *row)
{
    const struct opt *o = opt_find(condition_opts, str_of(row->name));
    return o && o->default_text ? o->default_text : "";
}

void conditions_describe(struct buf *out)
{
    for (int i = 0; i < CONDITIONS; i++) {
        const struct condition_row *r = &condition_rows[i];
        const char *limit = limit_of(r);
        buf_printf(out, "%s (%s%s%s)\n    opens: %s\n    closes: %s\n", r->name, r->about,
                   limit[0] ? "; limit " : "", limit, r->summary, r->ends);
    }
}

void conditions_markdown(struct buf *out)
{
    buf_puts(out,
             "# Conditions\n\nMade by `corridor describe conditions --as markdown`. Limits are "
             "set under `alerts:`.\n\n| condition | of a | limit | opens when | closes when "
             "|\n|---|---|---|---|---|\n");
    for (int i = 0; i < CONDITIONS; i++) {
        const struct condition_row *r = &condition_rows[i];
        buf_printf(out, "| `%s` | %s | %s | %s | %s |\n", r->name, r->about, limit_of(r),
                   r->summary, r->ends);
    }
}
