/* Numbers for people: copied out of what runs. */
#include "engine/flow/engine_priv.h"
#include "engine/flow/park.h"

static void one_source(struct source *s, struct engine_source_status *out)
{
    const struct source_ops *ops = s->ep.adapter->in;
    *out = (struct engine_source_status){
        .name = s->ep.name,
        .adapter = str_of(s->ep.adapter->name),
        .address = s->is_open && ops->address ? ops->address(s) : STR(""),
        .c = s->ep.counters,
        .accepted = s->accepted,
        .filtered = s->filtered,
        .rejected = s->rejected,
        .unrouted = s->unrouted,
        .waiting = s->waiting,
        .repeated = s->repeated,
        .reused_ids = s->reused_ids,
        .parts = s->parts,
        .incomplete = s->incomplete,
        .unfinished = parts_count(s->engine->parts, s->name_id),
        .parked = s->parked,
        .validation = s->want->is_validated ? &s->validation : NULL,
        .strangers = s->strangers,
        .is_exposed = s->ep.is_exposed,
        .tls_until_s = s->ep.tls_until_s,
        .reply_time = &s->reply_time,
        .is_open = s->is_open,
    };
    memcpy(out->replied, s->replied, sizeof(out->replied));
}

unsigned engine_sources(const struct engine *e, struct engine_source_status *out, unsigned max)
{
    for (unsigned i = 0; i < e->nsources && i < max; i++) {
        one_source(e->sources[i], &out[i]);
    }
    return e->nsources;
}

unsigned engine_orphans(const struct engine *e, struct str *out, unsigned max)
{
    struct journal *j = e->conf.journal;
    struct str name;
    unsigned n = 0;
    for (uint32_t id = 1; (name = journal_name_text(j, JOURNAL_DESTINATION, id)).n > 0; id++) {
        bool is_running = id < e->nby_name_id && e->by_name_id[id];
        bool has_some = consumer_oldest(journal_consumer(j, id, ENTRY_INTERACTIVE)) ||
                        consumer_oldest(journal_consumer(j, id, ENTRY_BULK));
        if (!is_running && has_some) {
            if (n < max) {
                out[n] = name;
            }
            n++;
        }
    }
    return n;
}

const struct tally *engine_tally(const struct engine *e)
{
    return e->tally;
}

bool engine_is_draining(const struct engine *e)
{
    return e->is_draining;
}

const struct misses *engine_misses(const struct engine *e)
{
    return e->misses;
}

static void one_destination(const struct destination *t, struct engine_destination_status *out)
{
    struct queue_status q;
    queue_status(t->queue, &q);
    int64_t now = t->engine->conf.clock.wall_us(t->engine->conf.clock.arg);
    const struct adapter *adapter = t->ep.adapter;
    *out = (struct engine_destination_status){
        .name = t->ep.name,
        .adapter = str_of(adapter->name),
        .is_exposed = adapter->out_is_exposed && adapter->out_is_exposed(t->ep.conf),
        .c = t->ep.counters,
        .is_open = t->is_open,
        .attempts = q.attempts,
        .retries = q.retries,
        .dropped = q.dropped,
        .delivery_time = q.delivery_time,
        .delivered = q.delivered,
        .refused = q.refused,
        .held = q.held,
        .queued = q.queued,
        .behind = q.behind,
        .clogged = q.clogged,
        .backlog = destination_backlog(t),
        .backlog_bound = destination_backlog_bound(t),
        .backlog_full = t->is_full,
        .turned_away = t->turned_away,
        .answers = t->answers,
        .awaited = parks_awaited(t->engine->parked, t->name_id),
        .late_answers = t->late_answers,
        .unreachable = q.unreachable,
        .reason = q.reason,
        .oldest_us = q.oldest_us && q.oldest_us < now ? now - q.oldest_us : 0,
        .in_flight = q.in_flight,
        .blocked = q.blocked,
        .ready = q.ready,
        .retrying = q.waiting,
        .answering = q.answering,
        .is_held = q.is_held,
        .held_since_us = q.held_since_us,
        .held_by = q.held_by,
    };
}

unsigned engine_destinations(const struct engine *e, struct engine_destination_status *out,
                             unsigned max)
{
    for (unsigned i = 0; i < e->ndestinations && i < max; i++) {
        one_destination(e->destinations[i], &out[i]);
    }
    return e->ndestinations;
}
