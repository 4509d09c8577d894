/* What each kind of condition looks at. A limit that closes is another one than that which opens: what swings around one
 * of them is told once. */
#include "engine/base/mem.h"
#include "engine/flow/miss.h"
#include "engine/flow/tls.h"
#include "engine/ops/doctor.h"
#include "engine/ops/files.h"
#include "engine/ops/watcher_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>

enum {
    DETAIL = CONDITION_DETAIL_MAX,
    BACKLOG_LESS = 10, /* percent below the limit that close it */
    FREE_MORE = 2,     /* percent above it */
    FREE_EVERY_S = 10, /* looks at the file system */
    CERTIFICATE_EVERY_S = 3600,
};
static const int64_t SECOND_US = 1000000, MINUTE_US = 60 * SECOND_US, HOUR_US = 60 * MINUTE_US;

static void see(struct watcher *w, const struct condition_look *look)
{
    if (!(w->plan->alerts.off >> look->kind & 1)) {
        conditions_see(w->conditions, look);
    }
}

static enum condition_verdict verdict(bool is_bad, bool is_good)
{
    return is_bad ? CONDITION_BAD : is_good ? CONDITION_GOOD : CONDITION_KEEP;
}

/* ---- sources ---- */

static bool same_floor(const struct traffic_floor *a, const struct traffic_floor *b)
{
    return a->days == b->days && a->from_min == b->from_min && a->to_min == b->to_min &&
           a->at_least == b->at_least && a->period_us == b->period_us;
}

static const struct watch_meter *find_meter(const struct watch_meter *v, unsigned n,
                                            struct str source, const struct traffic_floor *f)
{
    for (unsigned i = 0; i < n; i++) {
        if (str_eq(v[i].source, source) && same_floor(&v[i].floor, f)) {
            return &v[i];
        }
    }
    return NULL;
}

static void free_meters(struct watch_meter *v, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        free((char *)(uintptr_t)v[i].source.p);
    }
    free(v);
}

/* One a floor; what a floor that stays has seen stays. */
void watcher_set_meters(struct watcher *w)
{
    struct watch_meter *old = w->meters;
    unsigned nold = w->nmeters, n = 0;
    for (unsigned i = 0; i < w->plan->nsources; i++) {
        n += w->plan->sources[i].nfloors;
    }
    w->meters = xcalloc(n + 1, sizeof(*w->meters));
    w->nmeters = 0;
    for (unsigned i = 0; i < w->plan->nsources; i++) {
        const struct plan_source *s = &w->plan->sources[i];
        for (unsigned k = 0; k < s->nfloors; k++) {
            struct watch_meter *m = &w->meters[w->nmeters++];
            const struct watch_meter *was = find_meter(old, nold, s->name, &s->floors[k]);
            m->floor = s->floors[k];
            m->meter =
                was ? was->meter : (struct traffic_meter){.period_us = s->floors[k].period_us};
            char *name = xmalloc(s->name.n + 1);
            memcpy(name, s->name.p, s->name.n);
            m->source = str_from(name, s->name.n);
        }
    }
    free_meters(old, nold);
}

void watcher_free_meters(struct watcher *w)
{
    free_meters(w->meters, w->nmeters);
    free(w->tables);
}

/* Several floors of one source are one condition: bad if one is, good if none is and one says so. */
static void see_quiet(struct watcher *w, const struct plan_source *p, uint64_t messages)
{
    struct condition_look look = {
        .kind = CONDITION_QUIET, .subject = p->name, .verdict = CONDITION_KEEP};
    char detail[DETAIL];
    for (unsigned i = 0; i < w->nmeters; i++) {
        struct watch_meter *m = &w->meters[i];
        if (!str_eq(m->source, p->name)) {
            continue;
        }
        traffic_feed(&m->meter, messages, w->now_us);
        enum condition_verdict v =
            traffic_judge(&m->floor, &m->meter, p->zone, w->wall_us, w->now_us);
        if (v == CONDITION_BAD) {
            snprintf(detail, sizeof(detail),
                     "%" PRIu64 " messages in %" PRId64 " s; expected %" PRIu64,
                     traffic_count(&m->meter), m->floor.period_us / SECOND_US, m->floor.at_least);
            look.detail = str_of(detail);
        }
        if (v == CONDITION_BAD || look.verdict == CONDITION_KEEP) {
            look.verdict = v;
        }
    }
    see(w, &look);
}

static void see_sources(struct watcher *w)
{
    for (unsigned i = 0; i < w->nsources && i < w->plan->nsources; i++) {
        if (w->plan->sources[i].nfloors) {
            see_quiet(w, &w->plan->sources[i], w->sources[i].c.messages);
        }
    }
}

/* ---- destinations ---- */

static void see_oldest(struct watcher *w, const struct engine_destination_status *t,
                       const struct plan_destination *p)
{
    int64_t ms = p->oldest_ms ? p->oldest_ms : w->plan->alerts.limits.oldest_ms;
    char detail[DETAIL];
    if (ms >= OPT_NEVER) {
        return;
    }
    snprintf(detail, sizeof(detail), "the oldest output waits for %" PRId64 " s",
             t->oldest_us / SECOND_US);
    see(w, &(struct condition_look){
               .kind = CONDITION_OLDEST,
               .subject = t->name,
               .detail = str_of(detail),
               .verdict = verdict(t->oldest_us > ms * 1000, t->oldest_us < ms * 500)});
}

/* What the window has not read yet may be held as well. */
static void see_held(struct watcher *w, const struct engine_destination_status *t)
{
    uint64_t most = (uint64_t)w->plan->alerts.limits.held;
    char detail[DETAIL];
    if (!most) {
        return;
    }
    snprintf(detail, sizeof(detail), "%" PRIu64 " outputs wait for a person: corridor queue list",
             t->held);
    see(w, &(struct condition_look){.kind = CONDITION_HELD,
                                    .subject = t->name,
                                    .detail = str_of(detail),
                                    .verdict = verdict(t->held >= most, !t->behind)});
}

/* Before the first outcome of a process nothing is known of the peer. */
static void see_unreachable(struct watcher *w, const struct engine_destination_status *t)
{
    int64_t us = w->plan->alerts.limits.unreachable_ms * 1000;
    bool is_known = t->delivered || t->refused || t->held || !(t->queued || t->behind);
    if (w->plan->alerts.limits.unreachable_ms >= OPT_NEVER) {
        return;
    }
    see(w, &(struct condition_look){.kind = CONDITION_UNREACHABLE,
                                    .subject = t->name,
                                    .detail = str_of(t->reason ? t->reason : ""),
                                    .open_after_us = us,
                                    .close_after_us = us < MINUTE_US ? us : MINUTE_US,
                                    .verdict = verdict(t->unreachable, is_known)});
}

static void see_stopped(struct watcher *w, const struct engine_destination_status *t)
{
    int64_t ms = w->plan->alerts.limits.stopped_ms;
    char detail[DETAIL];
    if (ms >= OPT_NEVER) {
        return;
    }
    bool is_long = t->is_held && w->wall_us - t->held_since_us > ms * 1000;
    snprintf(detail, sizeof(detail), "held by %.*s", STR_ARG(t->held_by));
    see(w, &(struct condition_look){.kind = CONDITION_STOPPED,
                                    .subject = t->name,
                                    .detail = str_of(detail),
                                    .verdict = verdict(is_long, !t->is_held)});
}

static void see_backlog(struct watcher *w, const struct engine_destination_status *t)
{
    uint64_t limit = (uint64_t)w->plan->alerts.limits.backlog_percent;
    char detail[DETAIL];
    if (!limit || !t->backlog_bound) {
        return;
    }
    uint64_t percent = t->backlog / (t->backlog_bound / 100 + 1);
    snprintf(detail, sizeof(detail), "%" PRIu64 " %% of its bound wait%s", percent,
             t->backlog_full ? "; messages are refused" : "");
    see(w, &(struct condition_look){.kind = CONDITION_BACKLOG,
                                    .subject = t->name,
                                    .detail = str_of(detail),
                                    .verdict = verdict(percent >= limit || t->backlog_full,
                                                       percent + BACKLOG_LESS < limit)});
}

static void see_destinations(struct watcher *w)
{
    for (unsigned i = 0; i < w->ndestinations && i < w->plan->ndestinations; i++) {
        const struct engine_destination_status *t = &w->destinations[i];
        see_oldest(w, t, &w->plan->destinations[i]);
        see_held(w, t);
        see_unreachable(w, t);
        see_stopped(w, t);
        see_backlog(w, t);
    }
}

/* ---- the engine ---- */

static void see_journal(struct watcher *w)
{
    struct journal_space space;
    journal_space(w->conf.journal, &space);
    if (space.cut > w->cut) {
        w->cut_us = w->now_us;
        w->cut = space.cut;
    }
    bool is_cut = w->cut_us && w->now_us - w->cut_us < HOUR_US;
    see(w, &(struct condition_look){.kind = CONDITION_JOURNAL_FULL,
                                    .detail = STR("messages are refused"),
                                    .close_after_us = 10 * SECOND_US,
                                    .verdict = verdict(space.is_full, true)});
    see(w,
        &(struct condition_look){.kind = CONDITION_HISTORY_CUT,
                                 .detail = STR("`disk` allows no more"),
                                 .verdict = verdict(is_cut, w->now_us - w->began_us >= HOUR_US)});
    see(w,
        &(struct condition_look){.kind = CONDITION_DAMAGE,
                                 .detail = STR("corridor verify says where"),
                                 .verdict = verdict(journal_is_degraded(w->conf.journal), true)});
    see(w, &(struct condition_look){
               .kind = CONDITION_CLOCK,
               .detail = STR("nothing goes for its age until corridor accept clock"),
               .verdict = verdict(journal_is_clock_doubted(w->conf.journal, NULL), true)});
}

static void look_at_file_system(struct watcher *w)
{
    struct statvfs v;
    char path[4096];
    if (w->free_looked_us && w->now_us - w->free_looked_us < FREE_EVERY_S * SECOND_US) {
        return;
    }
    w->free_looked_us = w->now_us;
    snprintf(path, sizeof(path), "%.*s", STR_ARG(w->plan->state_dir));
    w->is_free_known = statvfs(path, &v) == 0 && v.f_blocks > 0;
    w->free_percent =
        w->is_free_known ? (unsigned)((double)v.f_bavail * 100 / (double)v.f_blocks) : 0;
}

static void see_file_system(struct watcher *w)
{
    unsigned limit = (unsigned)w->plan->alerts.limits.free_percent;
    char detail[DETAIL];
    if (!limit) {
        return;
    }
    look_at_file_system(w);
    snprintf(detail, sizeof(detail), "%u %% of the file system are free", w->free_percent);
    see(w, &(struct condition_look){
               .kind = CONDITION_FILE_SYSTEM,
               .detail = str_of(detail),
               .verdict = verdict(w->is_free_known && w->free_percent < limit,
                                  w->is_free_known && w->free_percent >= limit + FREE_MORE)});
}

static void see_tables(struct watcher *w)
{
    uint64_t limit = (uint64_t)w->plan->alerts.limits.misses_per_hour, times;
    struct str table;
    char detail[DETAIL];
    for (size_t i = 0; limit && misses_of_table(engine_misses(w->conf.engine), i, &table, &times);
         i++) {
        if (i == w->ntables) {
            w->tables = xrealloc(w->tables, ++w->ntables * sizeof(*w->tables));
            w->tables[i] = (struct traffic_meter){.period_us = HOUR_US};
            traffic_feed(&w->tables[i], 0, w->now_us); /* its first misses are new */
        }
        traffic_feed(&w->tables[i], times, w->now_us);
        uint64_t n = traffic_count(&w->tables[i]);
        bool is_long = w->now_us - w->began_us >= HOUR_US;
        snprintf(detail, sizeof(detail), "%" PRIu64 " misses in an hour: corridor tables missing",
                 n);
        see(w,
            &(struct condition_look){.kind = CONDITION_TABLE_MISSES,
                                     .subject = table,
                                     .detail = str_of(detail),
                                     .verdict = verdict(n >= limit, is_long && n < limit / 2 + 1)});
    }
}

/* ---- certificates ---- */

struct look {
    struct doctor d; /* first: what doctor_each_setting() hands back */
    struct watcher *w;
};

/* Of several of one name the one that ends first. */
static void keep_certificate(struct watcher *w, const struct doctor_setting *s, int64_t days)
{
    struct str subject =
        str_printf(&w->certificates, "%.*s %s", STR_ARG(s->endpoint), s->row->name);
    for (unsigned i = 0; i < w->ncertificates; i++) {
        struct watch_certificate *c = &w->certificate[i];
        if (str_eq(c->subject, subject)) {
            c->days = days < c->days ? days : c->days;
            return;
        }
    }
    w->certificate = xrealloc(w->certificate, (w->ncertificates + 1) * sizeof(*w->certificate));
    w->certificate[w->ncertificates++] = (struct watch_certificate){
        subject, str_dup(&w->certificates, s->endpoint), str_of(s->row->name), days};
}

static void look_at_certificate(struct doctor *d, const struct doctor_setting *s)
{
    struct watcher *w = ((struct look *)d)->w;
    const struct str *path = s->value;
    struct str pem;
    const char *why;
    bool is_authority;
    int64_t first = 0, longest = 0;
    if (!doctor_is_certificate(s->row, &is_authority) || !path->n ||
        !files_read(d->arena, str_dup(d->arena, *path).p, &pem, &why) ||
        tls_pem_days(pem, w->wall_us / SECOND_US, &first, &longest) == 0) {
        return; /* what cannot be read is told where it is needed */
    }
    keep_certificate(w, s, is_authority ? longest : first);
}

static void look_at_certificates(struct watcher *w)
{
    struct arena a = {0};
    struct look look = {.d = {.arena = &a, .plan = w->plan}, .w = w};
    w->certificates_us = w->now_us;
    w->ncertificates = 0;
    arena_reset(&w->certificates);
    doctor_each_setting(&look.d, look_at_certificate);
    arena_free(&a);
}

/* Within the limit, within 7 days, within one, and over: each opens by itself. */
static void see_certificate(struct watcher *w, const struct watch_certificate *c, int64_t limit)
{
    const int64_t steps[] = {limit, 7, 1, 0};
    char subject[CONDITION_SUBJECT_MAX], detail[DETAIL];
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (i > 0 && steps[i] >= steps[i - 1]) {
            continue;
        }
        snprintf(subject, sizeof(subject), "%.*s, %" PRId64 " days", STR_ARG(c->subject), steps[i]);
        snprintf(detail, sizeof(detail), c->days < 0 ? "it is over" : "it ends in %" PRId64 " days",
                 c->days);
        see(w, &(struct condition_look){.kind = CONDITION_CERTIFICATE,
                                        .subject = str_of(subject),
                                        .detail = str_of(detail),
                                        .verdict = verdict(c->days < steps[i], true)});
    }
}

static void see_certificates(struct watcher *w)
{
    int64_t limit = w->plan->alerts.limits.certificate_ms / (24 * HOUR_US / 1000);
    if (!w->certificates_us || w->now_us - w->certificates_us > CERTIFICATE_EVERY_S * SECOND_US) {
        look_at_certificates(w); /* the metric wants it, whatever the limit */
    }
    if (w->plan->alerts.limits.certificate_ms >= OPT_NEVER) {
        return;
    }
    for (unsigned i = 0; i < w->ncertificates; i++) {
        see_certificate(w, &w->certificate[i], limit);
    }
}

void watcher_see(struct watcher *w)
{
    see_sources(w);
    see_destinations(w);
    see_journal(w);
    see_file_system(w);
    see_tables(w);
    see_certificates(w);
}
