/* Telling over channels: what waits goes out as one notice, so many an hour, tried again a bounded number of times. */
#include "engine/base/err.h"
#include "engine/base/mem.h"
#include "engine/ops/watcher_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SHOWN_MAX = 50 /* lines of a mail */ };
static const int64_t HOUR_US = 3600 * (int64_t)1000000;
static const int64_t FIRST_PAUSE_US = 10 * (int64_t)1000000,
                     LONGEST_PAUSE_US = 600 * (int64_t)1000000;

/* ---- what waits ---- */

static void put_event(struct watch_channel *ch, const struct condition *c)
{
    if (ch->n == WATCHER_EVENTS_MAX) {
        ch->omitted++;
        return;
    }
    struct watch_event *e = &ch->events[ch->n++];
    struct str subject = str_slice(c->subject, 0, CONDITION_SUBJECT_MAX),
               detail = str_slice(c->detail, 0, CONDITION_DETAIL_MAX);
    *e = (struct watch_event){.kind = c->kind,
                              .is_open = c->is_open,
                              .opened_us = c->opened_us,
                              .closed_us = c->closed_us};
    if (subject.n) {
        memcpy(e->text, subject.p, subject.n);
    }
    if (detail.n) {
        memcpy(e->text + subject.n, detail.p, detail.n);
    }
    e->subject = str_from(e->text, subject.n);
    e->detail = str_from(e->text + subject.n, detail.n);
}

void watcher_queue(struct watcher *w, const struct condition *c)
{
    for (unsigned i = 0; i < w->nchannels; i++) {
        put_event(&w->channels[i], c);
    }
}

static struct report *event_report(const struct watch_event *e)
{
    char at[CLOCK_RFC3339_SIZE];
    struct report *r = watcher_condition(&(struct condition){
        .kind = e->kind, .subject = e->subject, .detail = e->detail, .opened_us = e->opened_us});
    report_set_text(r, "event", e->is_open ? STR("opened") : STR("closed"));
    if (!e->is_open) {
        clock_rfc3339(e->closed_us, at);
        report_set_text(r, "closed", str_of(at));
    }
    return r;
}

struct report *watcher_events(const struct watch_channel *ch)
{
    struct report *list = report_list();
    for (unsigned i = 0; i < ch->n; i++) {
        report_add(list, event_report(&ch->events[i]));
    }
    return list;
}

void watcher_recall_events(struct watch_channel *ch, const struct report *list)
{
    for (size_t i = 0; i < report_count(list); i++) {
        const struct report *r = report_at(list, i);
        struct condition c = {.subject = str_of(report_text(r, "subject")),
                              .detail = str_of(report_text(r, "detail")),
                              .is_open = strcmp(report_text(r, "event"), "opened") == 0};
        if (condition_of(str_of(report_text(r, "condition")), &c.kind) &&
            clock_read_rfc3339(str_of(report_text(r, "since")), &c.opened_us) &&
            (c.is_open || clock_read_rfc3339(str_of(report_text(r, "closed")), &c.closed_us))) {
            put_event(ch, &c);
        }
    }
}

/* The first `n` events are told, or given up; memmove leaves their texts where they point. */
static void drop_events(struct watch_channel *ch, unsigned n)
{
    for (unsigned i = 0; i + n < ch->n; i++) {
        struct watch_event *to = &ch->events[i], *from = &ch->events[i + n];
        *to = *from;
        to->subject.p = to->text;
        to->detail.p = to->text + to->subject.n;
    }
    ch->n -= n;
}

/* ---- the words ---- */

static void put_line(struct buf *out, const struct watch_event *e)
{
    const struct condition_row *row = &condition_rows[e->kind];
    char at[CLOCK_RFC3339_SIZE];
    clock_rfc3339(e->is_open ? e->opened_us : e->closed_us, at);
    buf_printf(out, "%s %s %s", at, e->is_open ? "opened" : "closed", row->name);
    if (e->subject.n) {
        buf_printf(out, ", %s %.*s", row->about, STR_ARG(e->subject));
    }
    buf_printf(out, "%s%.*s\n", e->detail.n ? ": " : "", STR_ARG(e->detail));
}

static void put_subject(struct buf *out, const struct watch_channel *ch, const char *instance)
{
    unsigned opened = 0;
    for (unsigned i = 0; i < ch->n; i++) {
        opened += ch->events[i].is_open;
    }
    buf_clear(out);
    buf_printf(out, "corridor %s: ", instance);
    if (ch->n == 1 && !ch->omitted) {
        const struct watch_event *e = &ch->events[0];
        buf_printf(out, "%s %s%s%.*s", e->is_open ? "opened" : "closed",
                   condition_rows[e->kind].name, e->subject.n ? " " : "", STR_ARG(e->subject));
    } else {
        buf_printf(out, "%u conditions opened, %u closed", opened, ch->n - opened);
    }
}

static void put_text(struct buf *out, const struct watch_channel *ch)
{
    uint64_t left = ch->omitted;
    buf_clear(out);
    for (unsigned i = 0; i < ch->n && i < SHOWN_MAX; i++) {
        put_line(out, &ch->events[i]);
    }
    left += ch->n > SHOWN_MAX ? ch->n - SHOWN_MAX : 0;
    if (left) {
        buf_printf(out, "and %" PRIu64 " more\n", left);
    }
    buf_puts(out, "\nWhat stands now: corridor alerts\n");
}

static void put_json(struct buf *out, const struct watch_channel *ch, const char *instance)
{
    char at[CLOCK_RFC3339_SIZE];
    struct report *r = report_object();
    clock_rfc3339(ch->watcher->wall_us, at);
    report_set_text(r, "id", str_of(ch->id));
    report_set_text(r, "instance", str_of(instance));
    report_set_text(r, "time", str_of(at));
    report_set(r, "events", watcher_events(ch));
    report_set_int(r, "omitted", (int64_t)ch->omitted);
    buf_clear(out);
    report_put(r, out);
    report_free(&r);
}

static void compose(struct watch_channel *ch, struct notice *out)
{
    struct watcher *w = ch->watcher;
    char instance[65] = "";
    struct str own = w->plan->alerts.instance;
    if (own.n) {
        snprintf(instance, sizeof(instance), "%.*s", STR_ARG(own));
    } else if (gethostname(instance, sizeof(instance) - 1) != 0) {
        snprintf(instance, sizeof(instance), "?");
    }
    if (ch->tries == 0 || ch->composed != ch->n + ch->omitted) { /* the same one keeps its id */
        ch->tries = 0; /* what is new in it has all its tries */
        ch->composed = ch->n + ch->omitted;
        snprintf(ch->id, sizeof(ch->id), "%" PRIx64 "-%" PRIx32, (uint64_t)w->wall_us,
                 ++w->notices);
    }
    put_subject(&ch->subject, ch, instance);
    put_text(&ch->text, ch);
    put_json(&ch->json, ch, instance);
    *out = (struct notice){str_of(ch->id), buf_str(&ch->subject), buf_str(&ch->text),
                           buf_str(&ch->json)};
}

/* ---- going out ---- */

/* At most `most` within any hour. */
static bool has_budget(const struct watch_channel *ch)
{
    int64_t oldest = ch->told_us[ch->told_at];
    return oldest == 0 || ch->watcher->now_us - oldest >= HOUR_US;
}

static void on_told(struct watch_channel *ch)
{
    struct watcher *w = ch->watcher;
    ch->told++;
    ch->told_us[ch->told_at] = w->now_us ? w->now_us : 1;
    ch->told_at = (ch->told_at + 1) % ch->most;
    ch->last_error = NULL;
}

static void end_notice(struct watch_channel *ch)
{
    drop_events(ch, ch->under_way);
    ch->omitted -= ch->omitted_under_way;
    ch->tries = 0;
    ch->next_us = 0;
    ch->watcher->is_changed = true;
}

static int64_t pause_us(unsigned tries)
{
    int64_t us = FIRST_PAUSE_US;
    for (unsigned i = 1; i < tries && us < LONGEST_PAUSE_US; i++) {
        us *= 2;
    }
    return us < LONGEST_PAUSE_US ? us : LONGEST_PAUSE_US;
}

static void on_failed(struct watch_channel *ch, const char *reason)
{
    struct watcher *w = ch->watcher;
    bool is_over = ++ch->tries >= WATCHER_TRIES;
    ch->failed++;
    ch->last_error = reason;
    ch->next_us = w->now_us + pause_us(ch->tries);
    log_event(w->conf.log, is_over ? LOG_LEVEL_ERROR : LOG_LEVEL_WARN,
              is_over ? "alert-given-up" : "alert-not-sent", log_cstr("channel", ch->teller.name),
              log_cstr("id", ch->id), log_cstr("reason", reason), log_uint("tries", ch->tries),
              log_uint("events", ch->under_way + ch->omitted_under_way));
    if (is_over) {
        ch->given_up += ch->under_way + ch->omitted_under_way;
        end_notice(ch);
    }
}

static void on_done(struct teller *t, const char *reason)
{
    struct watch_channel *ch = t->arg;
    ch->watcher->now_us = clock_mono_us(&ch->watcher->conf.clock);
    if (reason) {
        on_failed(ch, reason);
    } else {
        on_told(ch);
        end_notice(ch);
    }
    ch->under_way = 0;
    ch->omitted_under_way = 0;
}

static void send_due(struct watch_channel *ch)
{
    struct notice n;
    bool is_due = ch->n > 0 && !ch->under_way && ch->watcher->now_us >= ch->next_us;
    if (is_due && has_budget(ch)) {
        compose(ch, &n);
        ch->under_way = ch->n;
        ch->omitted_under_way = ch->omitted;
        ch->teller.ops->tell(&ch->teller, &n);
    }
}

void watcher_tell(struct watcher *w)
{
    for (unsigned i = 0; i < w->nchannels; i++) {
        send_due(&w->channels[i]);
    }
}

/* ---- life ---- */

static struct watch_channel *find_channel(struct watch_channel *v, unsigned n, const char *name)
{
    for (unsigned i = 0; i < n; i++) {
        if (strcmp(v[i].teller.name, name) == 0) {
            return &v[i];
        }
    }
    return NULL;
}

/* What waits, and what was told within the hour, outlives a reload. */
static void inherit(struct watch_channel *ch, struct watch_channel *was)
{
    for (unsigned i = 0; i < was->n; i++) {
        ch->events[i] = was->events[i];
        ch->events[i].subject.p = ch->events[i].text;
        ch->events[i].detail.p = ch->events[i].text + ch->events[i].subject.n;
    }
    ch->n = was->n;
    ch->omitted = was->omitted;
    ch->told = was->told;
    ch->failed = was->failed;
    ch->given_up = was->given_up;
    for (unsigned i = 0; i < was->most; i++) { /* oldest first */
        int64_t at = was->told_us[(was->told_at + i) % was->most];
        if (at) {
            ch->told_us[ch->told_at] = at;
            ch->told_at = (ch->told_at + 1) % ch->most;
        }
    }
}

static void open_channel(struct watcher *w, struct watch_channel *ch, const struct plan_teller *p)
{
    *ch = (struct watch_channel){.watcher = w, .most = w->plan->alerts.at_most};
    ch->events = xcalloc(WATCHER_EVENTS_MAX, sizeof(*ch->events));
    ch->told_us = xcalloc(ch->most, sizeof(*ch->told_us));
    ch->teller = (struct teller){.name = p->adapter->name,
                                 .ops = p->adapter->tell,
                                 .conf = p->conf,
                                 .loop = w->conf.loop,
                                 .clock = &w->conf.clock,
                                 .log = w->conf.log,
                                 .done = on_done,
                                 .arg = ch};
    ch->teller.ops->open(&ch->teller);
}

static void close_channel(struct watch_channel *ch)
{
    ch->teller.ops->close(&ch->teller);
    free(ch->events);
    free(ch->told_us);
    buf_free(&ch->text);
    buf_free(&ch->json);
    buf_free(&ch->subject);
}

/* A notice that is out when the channels change is told again: it keeps no id, as its receiver may be another. */
void watcher_set_channels(struct watcher *w)
{
    struct watch_channel *old = w->channels;
    unsigned nold = w->nchannels;
    w->nchannels = w->plan->alerts.ntellers;
    w->channels = xcalloc(w->nchannels + 1, sizeof(*w->channels));
    for (unsigned i = 0; i < w->nchannels; i++) {
        const struct plan_teller *p = &w->plan->alerts.tellers[i];
        struct watch_channel *was = find_channel(old, nold, p->adapter->name);
        open_channel(w, &w->channels[i], p);
        if (was) {
            inherit(&w->channels[i], was);
        }
    }
    for (unsigned i = 0; i < nold; i++) {
        close_channel(&old[i]);
    }
    free(old);
}

void watcher_free_channels(struct watcher *w)
{
    for (unsigned i = 0; i < w->nchannels; i++) {
        close_channel(&w->channels[i]);
    }
    free(w->channels);
}
