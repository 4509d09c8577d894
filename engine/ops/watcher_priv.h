/* watcher_priv.h - what watcher.c (life, log, state), watcher_see.c (looking) and watcher_tell.c (channels) share. */
#ifndef CORRIDOR_OPS_WATCHER_PRIV_H
#define CORRIDOR_OPS_WATCHER_PRIV_H

#include "engine/base/buf.h"
#include "engine/ops/report.h"
#include "engine/ops/watcher.h"

/* A condition that opened or closed, to be told. */
struct watch_event {
    enum condition_kind kind;
    bool is_open;
    int64_t opened_us, closed_us; /* wall clock */
    struct str subject, detail;   /* in `text` */
    char text[CONDITION_SUBJECT_MAX + CONDITION_DETAIL_MAX];
};

struct watch_channel {
    struct teller teller;
    struct watcher *watcher;
    struct watch_event *events; /* waiting; WATCHER_EVENTS_MAX */
    unsigned n, under_way;      /* under_way: the first so many are in the notice that is out */
    uint64_t omitted, omitted_under_way;
    int64_t *told_us; /* monotonic; a ring of the last `most` */
    unsigned most, told_at;
    unsigned tries;
    int64_t next_us; /* monotonic: not before */
    uint64_t told, failed, given_up;
    const char *last_error;
    struct buf text, json, subject;
    char id[40];
    uint64_t composed; /* events in the notice of that id */
};

/* What a floor of a source was compared with. */
struct watch_meter {
    struct str source; /* malloc'd */
    struct traffic_floor floor;
    struct traffic_meter meter;
};

struct watch_certificate {
    struct str subject, endpoint, option; /* "lab cert", "lab", "cert"; in w->certificates */
    int64_t days;
};

struct watcher {
    struct watcher_conf conf;
    const struct plan *plan;
    struct conditions *conditions;
    bool is_changed; /* the state is to be written */
    struct engine_source_status *sources;
    struct engine_destination_status *destinations;
    unsigned nsources, ndestinations;
    struct watch_meter *meters;
    unsigned nmeters;
    struct traffic_meter *tables; /* in the order of misses_of_table() */
    size_t ntables;
    int64_t began_us, now_us, wall_us;
    uint64_t cut;
    int64_t cut_us;         /* monotonic, of the last one; 0: none */
    int64_t free_looked_us; /* monotonic; of the file system */
    unsigned free_percent;
    bool is_free_known;
    int64_t certificates_us; /* monotonic: looked at; 0: never */
    struct arena certificates;
    struct watch_certificate *certificate;
    unsigned ncertificates;
    struct watch_channel *channels;
    unsigned nchannels;
    uint32_t notices;
};

/* watcher_see.c */
void watcher_see(struct watcher *w);
void watcher_set_meters(struct watcher *w);
void watcher_free_meters(struct watcher *w);
/* watcher_tell.c */
void watcher_set_channels(struct watcher *w);
void watcher_free_channels(struct watcher *w);
void watcher_queue(struct watcher *w, const struct condition *c);
/* Send what is due. */
void watcher_tell(struct watcher *w);
struct report *watcher_events(const struct watch_channel *ch);
void watcher_recall_events(struct watch_channel *ch, const struct report *list);
/* watcher.c: names of the kind's subject, as keys in logs and reports. */
struct report *watcher_condition(const struct condition *c);

#endif
