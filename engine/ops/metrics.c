#include "engine/ops/metrics.h"

#include <stddef.h>
#include <stdlib.h>

#include "engine/base/mem.h"
#include "engine/flow/engine.h"
#include "engine/flow/miss.h"
#include "engine/flow/tally.h"
#include "engine/flow/validation.h"
#include "engine/ops/process.h"
#include "engine/ops/watcher.h"

enum { ENDPOINTS = 256 };

/* Everything that rows look at, copied once a scrape. */
struct scrape {
    struct buf *out;
    const struct metrics_from *from;
    struct engine_source_status *sources;
    struct engine_destination_status *destinations;
    unsigned nsources, ndestinations;
    struct journal_space space;
    struct process_numbers process;
};

struct row {
    struct metric m;
    void (*put)(const struct row *r, const struct scrape *s);
    size_t offset; /* of what it shows, in the struct its `put` looks at */
};

/* ---- how rows are shown ---- */

static uint64_t number_at(const void *base, size_t offset)
{
    return *(const uint64_t *)((const char *)base + offset);
}

static void put_source(const struct row *r, const struct scrape *s)
{
    for (unsigned i = 0; i < s->nsources; i++) {
        metric_put(s->out, &r->m, &s->sources[i].name, number_at(&s->sources[i], r->offset));
    }
}

static void put_replied(const struct row *r, const struct scrape *s)
{
    for (unsigned i = 0; i < s->nsources; i++) {
        for (int code = ACK_AA; code <= ACK_CR; code++) {
            struct str labels[] = {s->sources[i].name, str_of(ack_code_text((enum ack_code)code))};
            metric_put(s->out, &r->m, labels, s->sources[i].replied[code]);
        }
    }
}

static void put_listening(const struct row *r, const struct scrape *s)
{
    for (unsigned i = 0; i < s->nsources; i++) {
        metric_put(s->out, &r->m, &s->sources[i].name, s->sources[i].is_open);
    }
}

static void put_reply_time(const struct row *r, const struct scrape *s)
{
    for (unsigned i = 0; i < s->nsources; i++) {
        metric_put_histogram(s->out, &r->m, &s->sources[i].name, &HISTOGRAM_TIME,
                             s->sources[i].reply_time);
    }
}

static void put_findings(const struct row *r, const struct scrape *s)
{
    for (unsigned i = 0; i < s->nsources; i++) {
        const struct validation_count *v = s->sources[i].validation;
        for (unsigned rule = 0; v && rule < VALIDATE_RULES; rule++) {
            struct str labels[] = {s->sources[i].name, str_of(validate_row(rule)->name)};
            metric_put(s->out, &r->m, labels, v->findings[rule]);
        }
    }
}

static void put_rules(const struct row *r, const struct scrape *s)
{
    size_t n;
    const struct tally_rule *v = tally_rules(engine_tally(s->from->engine), &n);
    for (size_t i = 0; i < n; i++) {
        struct str source = journal_name_text(s->from->journal, JOURNAL_SOURCE, v[i].source);
        struct str labels[] = {source, v[i].rule};
        metric_put(s->out, &r->m, labels, v[i].messages);
    }
}

static void put_routes(const struct row *r, const struct scrape *s)
{
    size_t n;
    const struct tally_output *v = tally_outputs(engine_tally(s->from->engine), &n);
    const struct journal *j = s->from->journal;
    for (size_t i = 0; i < n; i++) {
        struct str labels[] = {journal_name_text(j, JOURNAL_ROUTE, v[i].route),
                               journal_name_text(j, JOURNAL_DESTINATION, v[i].destination)};
        metric_put(s->out, &r->m, labels, number_at(&v[i], r->offset));
    }
}

static void put_destination(const struct row *r, const struct scrape *s)
{
    for (unsigned i = 0; i < s->ndestinations; i++) {
        metric_put(s->out, &r->m, &s->destinations[i].name,
                   number_at(&s->destinations[i], r->offset));
    }
}

static void put_in_flight(const struct row *r, const struct scrape *s)
{
    for (unsigned i = 0; i < s->ndestinations; i++) {
        metric_put(s->out, &r->m, &s->destinations[i].name, s->destinations[i].in_flight);
    }
}

static void put_oldest(const struct row *r, const struct scrape *s)
{
    for (unsigned i = 0; i < s->ndestinations; i++) {
        metric_put_us(s->out, &r->m, &s->destinations[i].name, s->destinations[i].oldest_us);
    }
}

/* One of them is 1: what a person said comes first, then what the peer does. */
static void put_state(const struct row *r, const struct scrape *s)
{
    static const char *const words[] = {"up", "probing", "held", "closed"};
    for (unsigned i = 0; i < s->ndestinations; i++) {
        const struct engine_destination_status *t = &s->destinations[i];
        unsigned now = !t->is_open ? 3 : t->is_held ? 2 : t->unreachable ? 1 : 0;
        for (unsigned k = 0; k < sizeof(words) / sizeof(words[0]); k++) {
            struct str labels[] = {t->name, str_of(words[k])};
            metric_put(s->out, &r->m, labels, k == now);
        }
    }
}

static void put_delivery_time(const struct row *r, const struct scrape *s)
{
    for (unsigned i = 0; i < s->ndestinations; i++) {
        metric_put_histogram(s->out, &r->m, &s->destinations[i].name, &HISTOGRAM_TIME,
                             s->destinations[i].delivery_time);
    }
}

static void put_space(const struct row *r, const struct scrape *s)
{
    metric_put(s->out, &r->m, NULL, number_at(&s->space, r->offset));
}

static void put_sync(const struct row *r, const struct scrape *s)
{
    metric_put_histogram(s->out, &r->m, NULL, &HISTOGRAM_TIME,
                         &journal_stats(s->from->journal)->sync);
}

static void put_entries(const struct row *r, const struct scrape *s)
{
    metric_put_histogram(s->out, &r->m, NULL, &HISTOGRAM_COUNT,
                         &journal_stats(s->from->journal)->entries);
}

static void put_written(const struct row *r, const struct scrape *s)
{
    metric_put(s->out, &r->m, NULL, journal_stats(s->from->journal)->bytes);
}

/* Whatever a person must see to before the journal is whole again. */
static void put_trouble(const struct row *r, const struct scrape *s)
{
    const struct journal *j = s->from->journal;
    const struct {
        const char *what;
        bool is_so;
    } rows[] = {{"full", s->space.is_full},
                {"stuck", s->space.is_stuck},
                {"damage", journal_is_degraded(j)},
                {"clock", journal_is_clock_doubted(j, NULL)}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct str what = str_of(rows[i].what);
        metric_put(s->out, &r->m, &what, rows[i].is_so);
    }
}

static void put_misses(const struct row *r, const struct scrape *s)
{
    struct str table;
    uint64_t times;
    for (size_t i = 0; misses_of_table(engine_misses(s->from->engine), i, &table, &times); i++) {
        metric_put(s->out, &r->m, &table, times);
    }
}

static void put_conditions(const struct row *r, const struct scrape *s)
{
    size_t n = 0;
    struct condition *const *v = s->from->watcher ? watcher_open(s->from->watcher, &n) : NULL;
    for (size_t i = 0; i < n; i++) {
        struct str labels[] = {str_of(condition_rows[v[i]->kind].name), v[i]->subject};
        metric_put(s->out, &r->m, labels, 1);
    }
}

static void put_opened(const struct row *r, const struct scrape *s)
{
    for (int i = 0; i < CONDITIONS && s->from->watcher; i++) {
        struct str name = str_of(condition_rows[i].name);
        metric_put(s->out, &r->m, &name, watcher_opened(s->from->watcher, (enum condition_kind)i));
    }
}

static void put_alerts(const struct row *r, const struct scrape *s)
{
    struct str name;
    uint64_t told, failed;
    for (unsigned i = 0;
         s->from->watcher && watcher_channel(s->from->watcher, i, &name, &told, &failed); i++) {
        struct str good[] = {name, STR("told")}, bad[] = {name, STR("failed")};
        metric_put(s->out, &r->m, good, told);
        metric_put(s->out, &r->m, bad, failed);
    }
}

static void put_certificates(const struct row *r, const struct scrape *s)
{
    struct str labels[2];
    int64_t days;
    for (unsigned i = 0; s->from->watcher &&
                         watcher_certificate(s->from->watcher, i, &labels[0], &labels[1], &days);
         i++) {
        metric_put_us(s->out, &r->m, labels, days * 86400 * 1000000);
    }
}

static void put_process(const struct row *r, const struct scrape *s)
{
    metric_put(s->out, &r->m, NULL, number_at(&s->process, r->offset));
}

static void put_cpu(const struct row *r, const struct scrape *s)
{
    metric_put_us(s->out, &r->m, NULL, s->process.cpu_us);
}

static void put_started(const struct row *r, const struct scrape *s)
{
    metric_put_us(s->out, &r->m, NULL, s->from->started_wall_us);
}

static void put_build(const struct row *r, const struct scrape *s)
{
    struct str version = STR(CORRIDOR_VERSION);
    metric_put(s->out, &r->m, &version, 1);
}

/* ---- the table ---- */

#define COUNTER        METRIC_COUNTER
#define GAUGE          METRIC_GAUGE
#define SOURCE(member) put_source, offsetof(struct engine_source_status, member)
#define DEST(member)   put_destination, offsetof(struct engine_destination_status, member)
#define ROUTE(member)  put_routes, offsetof(struct tally_output, member)
#define SPACE(member)  put_space, offsetof(struct journal_space, member)
#define PROC(member)   put_process, offsetof(struct process_numbers, member)

/* clang-format off */
static const struct row rows[] = {
    {{"corridor_source_messages_total", COUNTER, "source", "messages", "Messages that arrived, whatever became of them: of a batch each one, of a message in parts the whole."}, SOURCE(c.messages)},
    {{"corridor_source_received_bytes_total", COUNTER, "source", "bytes", "Bytes of these messages."}, SOURCE(c.bytes)},
    {{"corridor_source_accepted_total", COUNTER, "source", "messages", "Messages stored with at least one output."}, SOURCE(accepted)},
    {{"corridor_source_filtered_total", COUNTER, "source", "messages", "Messages stored that a rule wanted nothing of, acknowledgements among them."}, SOURCE(filtered)},
    {{"corridor_source_unrouted_total", COUNTER, "source", "messages", "Messages of a type that no route reads."}, SOURCE(unrouted)},
    {{"corridor_source_rejected_total", COUNTER, "source", "messages", "Messages answered with an error, or not stored for want of room."}, SOURCE(rejected)},
    {{"corridor_source_repeated_total", COUNTER, "source", "messages", "Copies of a message that was taken before: answered again, not stored."}, SOURCE(repeated)},
    {{"corridor_source_reused_ids_total", COUNTER, "source", "messages", "Control ids seen before over another body."}, SOURCE(reused_ids)},
    {{"corridor_source_parts_total", COUNTER, "source", "parts", "Parts of messages that come in several (DSC, MSH-14); the whole counts as one message."}, SOURCE(parts)},
    {{"corridor_source_incomplete_total", COUNTER, "source", "messages", "Messages in parts that were given up: the rest did not come in time, or cannot be read."}, SOURCE(incomplete)},
    {{"corridor_source_unfinished", GAUGE, "source", "messages", "Messages in parts that wait for their rest."}, SOURCE(unfinished)},
    {{"corridor_source_findings_total", COUNTER, "source,rule", "findings", "What validation found, by rule, of sources that say `validate:`; a strict finding rejects its message."}, put_findings, 0},
    {{"corridor_source_strangers_total", COUNTER, "source", "messages", "Messages rejected because MSH-3 and MSH-4 are not in `senders`."}, SOURCE(strangers)},
    {{"corridor_source_waiting", GAUGE, "source", "messages", "Messages that wait for their reply now."}, SOURCE(waiting)},
    {{"corridor_source_parked", GAUGE, "source", "messages", "Of these, such as wait for the answer to their patient's message before them (`await:`); nothing of them is stored yet."}, SOURCE(parked)},
    {{"corridor_source_replies_total", COUNTER, "source,code", "replies", "Acknowledgements sent, by MSA-1; enhanced mode may send two for a message."}, put_replied, 0},
    {{"corridor_source_reply_seconds", METRIC_HISTOGRAM, "source", "seconds", "From a message's last byte to its reply, by the wall clock; the replies of one commit count as given when it was noticed."}, put_reply_time, 0},
    {{"corridor_source_connections_total", COUNTER, "source", "connections", "Connections accepted."}, SOURCE(c.connections)},
    {{"corridor_source_connections_open", GAUGE, "source", "connections", "Connections that are open now."}, SOURCE(c.connections_open)},
    {{"corridor_source_connections_refused_total", COUNTER, "source", "connections", "Connections refused at a limit, for their address, or in the handshake of TLS."}, SOURCE(c.connections_refused)},
    {{"corridor_source_frames_refused_total", COUNTER, "source", "frames", "Frames that were no message: too large, cut off, empty."}, SOURCE(c.frames_refused)},
    {{"corridor_source_signs_total", COUNTER, "source", "requests", "Handshakes and heartbeats of subscriptions: answered, and no messages."}, SOURCE(c.signs)},
    {{"corridor_source_noise_bytes_total", COUNTER, "source", "bytes", "Bytes outside any frame."}, SOURCE(c.noise_bytes)},
    {{"corridor_source_listening", GAUGE, "source", "", "1 while it is open."}, put_listening, 0},
    {{"corridor_rule_filtered_total", COUNTER, "source,rule", "messages", "Stored messages without an output, by the rule that said so, with its file and line; `unrouted` and `ack` are rules of the engine."}, put_rules, 0},
    {{"corridor_route_outputs_total", COUNTER, "route,destination", "outputs", "Outputs that a route made for a destination."}, ROUTE(outputs)},
    {{"corridor_route_failed_total", COUNTER, "route,destination", "outputs", "Of these, held because the route failed."}, ROUTE(failed)},
    {{"corridor_destination_delivered_total", COUNTER, "destination", "outputs", "Outputs that the peer took, once that is on disk."}, DEST(delivered)},
    {{"corridor_destination_refused_total", COUNTER, "destination", "outputs", "Outputs settled as refused by the peer."}, DEST(refused)},
    {{"corridor_destination_dropped_total", COUNTER, "destination", "outputs", "Outputs that a person dropped."}, DEST(dropped)},
    {{"corridor_destination_attempts_total", COUNTER, "destination", "attempts", "Outputs handed to the adapter, repeats included."}, DEST(attempts)},
    {{"corridor_destination_retries_total", COUNTER, "destination", "attempts", "Of these, not for the first time."}, DEST(retries)},
    {{"corridor_destination_answers_total", COUNTER, "destination", "messages", "Answers stored as messages, where a route reads them."}, DEST(answers)},
    {{"corridor_destination_late_answers_total", COUNTER, "destination", "outputs", "Outputs that were awaited (`await:`) and not answered in time: messages of their patient went on without."}, DEST(late_answers)},
    {{"corridor_destination_turned_away_total", COUNTER, "destination", "messages", "Messages refused because too much waits for it."}, DEST(turned_away)},
    {{"corridor_destination_held", GAUGE, "destination", "outputs", "Outputs that wait for a person."}, DEST(held)},
    {{"corridor_destination_queued", GAUGE, "destination", "outputs", "Outputs known to wait or to be in flight, without the held ones; while it is behind there are more in the journal."}, DEST(queued)},
    {{"corridor_destination_in_flight", GAUGE, "destination", "outputs", "Outputs sent that wait for the peer's answer."}, put_in_flight, 0},
    {{"corridor_destination_retrying", GAUGE, "destination", "outputs", "Outputs that wait for the time of their next attempt."}, DEST(retrying)},
    {{"corridor_destination_answering", GAUGE, "destination", "outputs", "Outputs with the peer, whose application answers over another connection (`answers`)."}, DEST(answering)},
    {{"corridor_destination_awaited", GAUGE, "destination", "outputs", "Outputs that are awaited (`await:`): messages of their patient are parked now, should some come."}, DEST(awaited)},
    {{"corridor_destination_backlog_bytes", GAUGE, "destination", "bytes", "Bytes of the journal that wait for it."}, DEST(backlog)},
    {{"corridor_destination_backlog_bound_bytes", GAUGE, "destination", "bytes", "As many may; 0: no bound."}, DEST(backlog_bound)},
    {{"corridor_destination_oldest_seconds", GAUGE, "destination", "seconds", "Age of the oldest unsettled output, held ones included; 0: none."}, put_oldest, 0},
    {{"corridor_destination_state", GAUGE, "destination,state", "", "1 for the state it is in: up, probing (unreachable), held (by a person), closed."}, put_state, 0},
    {{"corridor_destination_delivery_seconds", METRIC_HISTOGRAM, "destination", "seconds", "From a message's receipt to its delivery, by the wall clock."}, put_delivery_time, 0},
    {{"corridor_destination_connections_total", COUNTER, "destination", "connections", "Connections made."}, DEST(c.connections)},
    {{"corridor_destination_connections_open", GAUGE, "destination", "connections", "Connections that are open now."}, DEST(c.connections_open)},
    {{"corridor_journal_sync_seconds", METRIC_HISTOGRAM, "", "seconds", "Time of one fdatasync."}, put_sync, 0},
    {{"corridor_journal_commit_entries", METRIC_HISTOGRAM, "", "entries", "Entries of one commit."}, put_entries, 0},
    {{"corridor_journal_written_bytes_total", COUNTER, "", "bytes", "Bytes committed."}, put_written, 0},
    {{"corridor_journal_volumes", GAUGE, "", "volumes", "Files of the journal."}, SPACE(volumes)},
    {{"corridor_journal_bytes", GAUGE, "", "bytes", "Their size."}, SPACE(bytes)},
    {{"corridor_journal_bound_bytes", GAUGE, "", "bytes", "What they may have; 0: no bound."}, SPACE(bound)},
    {{"corridor_journal_volumes_cut_total", COUNTER, "", "volumes", "Settled volumes that went before `retention`, for want of room."}, SPACE(cut)},
    {{"corridor_journal_carried_total", COUNTER, "", "outputs", "Unsettled outputs written again so that an old volume could go."}, SPACE(carried)},
    {{"corridor_journal_trouble", GAUGE, "what", "", "1 while it is so: full, stuck, damage, clock."}, put_trouble, 0},
    {{"corridor_table_misses_total", COUNTER, "table", "look-ups", "Rows that a code table lacked; `corridor tables missing` lists them."}, put_misses, 0},
    {{"corridor_condition", GAUGE, "condition,subject", "", "1 for each condition that stands; see conditions.md."}, put_conditions, 0},
    {{"corridor_conditions_opened_total", COUNTER, "condition", "conditions", "How often each kind has opened."}, put_opened, 0},
    {{"corridor_alerts_total", COUNTER, "channel,result", "notices", "Notices told, and attempts that failed."}, put_alerts, 0},
    {{"corridor_certificate_left_seconds", GAUGE, "endpoint,option", "seconds", "Until a certificate or CRL that the configuration names ends, in whole days; below 0: it is over."}, put_certificates, 0},
    {{"corridor_build_info", GAUGE, "version", "", "Always 1; the version is its label."}, put_build, 0},
    {{"process_start_time_seconds", GAUGE, "", "seconds", "When the process started, since 1970."}, put_started, 0},
    {{"process_cpu_seconds_total", COUNTER, "", "seconds", "Processor time, of all threads."}, put_cpu, 0},
    {{"process_resident_memory_bytes", GAUGE, "", "bytes", "Memory in use."}, PROC(resident_bytes)},
    {{"process_open_fds", GAUGE, "", "descriptors", "Open files and sockets."}, PROC(open_fds)},
    {{"process_max_fds", GAUGE, "", "descriptors", "As many may be open."}, PROC(max_fds)},
};
/* clang-format on */
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

void metrics_write(struct buf *out, const struct metrics_from *from)
{
    struct scrape s = {.out = out, .from = from};
    s.sources = xcalloc(ENDPOINTS, sizeof(*s.sources));
    s.destinations = xcalloc(ENDPOINTS, sizeof(*s.destinations));
    s.nsources = engine_sources(from->engine, s.sources, ENDPOINTS);
    s.ndestinations = engine_destinations(from->engine, s.destinations, ENDPOINTS);
    journal_space(from->journal, &s.space);
    process_look(&s.process);
    for (unsigned i = 0; i < ROWS; i++) {
        metric_head(out, &rows[i].m);
        rows[i].put(&rows[i], &s);
    }
    free(s.sources);
    free(s.destinations);
}

const struct metric *metrics_row(unsigned index)
{
    return index < ROWS ? &rows[index].m : NULL;
}

void metrics_describe(struct buf *out)
{
    for (unsigned i = 0; i < ROWS; i++) {
        const struct metric *m = &rows[i].m;
        buf_printf(out, "%s%s%s%s\n    %s%s%s: %s\n", m->name, m->labels[0] ? "{" : "", m->labels,
                   m->labels[0] ? "}" : "", metric_type_text(m->type), m->unit[0] ? ", " : "",
                   m->unit, m->help);
    }
}

void metrics_markdown(struct buf *out)
{
    buf_puts(out, "# Metrics\n\nMade by `corridor describe metrics --as markdown`. Histograms have "
                  "`_bucket`, `_sum` and `_count`.\n\n| metric | type | labels | unit | meaning "
                  "|\n|---|---|---|---|---|\n");
    for (unsigned i = 0; i < ROWS; i++) {
        const struct metric *m = &rows[i].m;
        buf_printf(out, "| `%s` | %s | %s | %s | %s |\n", m->name, metric_type_text(m->type),
                   m->labels, m->unit, m->help);
    }
}
