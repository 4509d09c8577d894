#include "engine/ops/watcher.h"

#include "engine/base/mem.h"
#include "engine/ops/watcher_priv.h"

#include <stdlib.h>

enum { ENDPOINTS = 256 };

/* ---- what changes ---- */

static bool has_subject(enum condition_kind kind)
{
    return strcmp(condition_rows[kind].about, "engine") != 0;
}

static void say(const struct watcher *w, const struct condition *c)
{
    const struct condition_row *row = &condition_rows[c->kind];
    struct log_field subject =
        has_subject(c->kind) ? log_str(row->about, c->subject) : log_cstr("about", "engine");
    if (c->is_open) {
        log_event(w->conf.log, LOG_LEVEL_WARN, "condition-opened", log_cstr("condition", row->name),
                  subject, log_str("detail", c->detail));
    } else {
        log_event(w->conf.log, LOG_LEVEL_INFO, "condition-closed", log_cstr("condition", row->name),
                  subject, log_str("detail", c->detail),
                  log_int("stood-s", (c->closed_us - c->opened_us) / 1000000));
    }
}

static void on_changed(void *arg, struct condition *c)
{
    struct watcher *w = arg;
    w->is_changed = true;
    say(w, c);
    watcher_queue(w, c);
}

/* ---- the state in the journal ---- */

static const struct str OWNER = {"watcher", 7}, KEY = {"conditions", 10};

static struct str text_of(const struct report *r, const char *key)
{
    return str_of(report_text(r, key));
}

struct report *watcher_condition(const struct condition *c)
{
    char since[CLOCK_RFC3339_SIZE];
    struct report *r = report_object();
    clock_rfc3339(c->opened_us, since);
    report_set_text(r, "condition", str_of(condition_rows[c->kind].name));
    report_set_text(r, "about", str_of(condition_rows[c->kind].about));
    report_set_text(r, "subject", c->subject);
    report_set_text(r, "since", str_of(since));
    report_set_text(r, "detail", c->detail);
    return r;
}

static void recall_one(struct watcher *w, const struct report *r)
{
    struct condition was = {.subject = text_of(r, "subject"), .detail = text_of(r, "detail")};
    if (condition_of(text_of(r, "condition"), &was.kind) &&
        clock_read_rfc3339(text_of(r, "since"), &was.opened_us)) {
        (void)conditions_recall(w->conditions, &was); /* it stands */
    }
}

static void recall(struct watcher *w)
{
    struct report *all = report_parse(journal_state(w->conf.journal, OWNER, KEY));
    if (!all) {
        return; /* the first start */
    }
    const struct report *open = report_get(all, "open"), *untold = report_get(all, "untold");
    for (size_t i = 0; i < report_count(open); i++) {
        recall_one(w, report_at(open, i));
    }
    for (unsigned i = 0; i < w->nchannels; i++) {
        watcher_recall_events(&w->channels[i], report_get(untold, w->channels[i].teller.name));
    }
    report_free(&all);
}

static void record(struct watcher *w)
{
    struct report *all = report_object(), *untold = report_object();
    struct buf text = {0};
    for (unsigned i = 0; i < w->nchannels; i++) {
        report_set(untold, w->channels[i].teller.name, watcher_events(&w->channels[i]));
    }
    report_set(all, "open", watcher_conditions(w));
    report_set(all, "untold", untold);
    report_put(all, &text);
    journal_state_set(w->conf.journal, OWNER, KEY, buf_str(&text), NULL, NULL);
    journal_commit(w->conf.journal);
    w->is_changed = false;
    buf_free(&text);
    report_free(&all);
}

/* ---- life ---- */

struct watcher *watcher_new(const struct watcher_conf *conf, const struct plan *plan)
{
    struct watcher *w = X_NEW(struct watcher);
    w->conf = *conf;
    w->conditions = conditions_new(on_changed, w);
    w->sources = xcalloc(ENDPOINTS, sizeof(*w->sources));
    w->destinations = xcalloc(ENDPOINTS, sizeof(*w->destinations));
    w->began_us = clock_mono_us(&conf->clock);
    watcher_set(w, plan);
    recall(w);
    return w;
}

void watcher_set(struct watcher *w, const struct plan *plan)
{
    w->plan = plan;
    w->certificates_us = 0;
    watcher_set_meters(w);
    watcher_set_channels(w);
}

void watcher_free(struct watcher **wp)
{
    struct watcher *w = *wp;
    if (!w) {
        return;
    }
    if (w->is_changed) {
        record(w);
    }
    watcher_free_channels(w);
    watcher_free_meters(w);
    free(w->certificate);
    conditions_free(&w->conditions);
    arena_free(&w->certificates);
    free(w->sources);
    free(w->destinations);
    free(w);
    *wp = NULL;
}

void watcher_look(struct watcher *w)
{
    w->now_us = clock_mono_us(&w->conf.clock);
    w->wall_us = clock_wall_us(&w->conf.clock);
    w->nsources = engine_sources(w->conf.engine, w->sources, ENDPOINTS);
    w->ndestinations = engine_destinations(w->conf.engine, w->destinations, ENDPOINTS);
    conditions_begin(w->conditions, w->now_us, w->wall_us);
    watcher_see(w);
    conditions_end(w->conditions);
    watcher_tell(w);
    if (w->is_changed) {
        record(w);
    }
}

/* ---- for people and machines ---- */

struct report *watcher_conditions(struct watcher *w)
{
    size_t n;
    struct condition *const *open = conditions_open(w->conditions, &n);
    struct report *list = report_list();
    for (size_t i = 0; i < n; i++) {
        report_add(list, watcher_condition(open[i]));
    }
    return list;
}

static struct report *channel_report(const struct watch_channel *ch)
{
    struct report *r = report_object();
    report_set_text(r, "name", str_of(ch->teller.name));
    report_set_int(r, "told", (int64_t)ch->told);
    report_set_int(r, "failed", (int64_t)ch->failed);
    report_set_int(r, "given_up", (int64_t)ch->given_up);
    report_set_int(r, "waiting", (int64_t)(ch->n + ch->omitted));
    report_set_text(r, "last_error", str_of(ch->last_error ? ch->last_error : ""));
    return r;
}

struct report *watcher_report(struct watcher *w)
{
    struct report *r = report_object(), *channels = report_list();
    for (unsigned i = 0; i < w->nchannels; i++) {
        report_add(channels, channel_report(&w->channels[i]));
    }
    report_set(r, "conditions", watcher_conditions(w));
    report_set(r, "channels", channels);
    return r;
}

struct condition *const *watcher_open(const struct watcher *w, size_t *out_n)
{
    return conditions_open(w->conditions, out_n);
}

uint64_t watcher_opened(const struct watcher *w, enum condition_kind kind)
{
    return conditions_opened(w->conditions, kind);
}

bool watcher_channel(const struct watcher *w, unsigned index, struct str *out_name,
                     uint64_t *out_told, uint64_t *out_failed)
{
    if (index >= w->nchannels) {
        return false;
    }
    *out_name = str_of(w->channels[index].teller.name);
    *out_told = w->channels[index].told;
    *out_failed = w->channels[index].failed;
    return true;
}

bool watcher_certificate(const struct watcher *w, unsigned index, struct str *out_endpoint,
                         struct str *out_option, int64_t *out_days)
{
    if (index >= w->ncertificates) {
        return false;
    }
    *out_endpoint = w->certificate[index].endpoint;
    *out_option = w->certificate[index].option;
    *out_days = w->certificate[index].days;
    return true;
}
