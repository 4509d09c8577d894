#include "engine/ops/convert.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/base/json.h"
#include "engine/base/mem.h"
#include "engine/ops/crew.h"
#include "engine/ops/left_out.h"
#include "engine/ops/messages.h"
#include "engine/rules/reads.h"
#include "engine/rules/recall.h"

enum {
    ITEMS_MAX = 128,
    BYTES_MOST = 1 << 20, /* of messages, above it no more of them at a time */
};

/* Of one thread: what its messages become is kept until it is told of. */
struct worker {
    struct arena a;            /* of one message */
    struct recall *recall;     /* of all before it */
    struct reads *reads;       /* of one message; NULL: nobody counts what is left out */
    struct left_out *left_out; /* of all before it */
    struct buf raw, text, told;
    char apart[CREW_APART];
};

struct item {
    struct str bytes;
    struct convert_from from;
    unsigned failures;
    uint64_t number;
    const struct worker *by;
    struct item_part {
        size_t from, to;
    } text, told; /* of its worker's */
    bool is_converted;
};

struct convert {
    struct convert_conf conf;
    convert_fn fn;
    void *arg;
    struct crew *crew;
    struct worker workers[CREW_MOST];
    struct item items[ITEMS_MAX];
    unsigned n;
    size_t bytes; /* of these */
    uint64_t messages;
};

static void complain(struct worker *w, struct item *m, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Located: file, line of the message's first segment, its number. Never a value of the message. */
static void complain(struct worker *w, struct item *m, const char *fmt, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    m->failures++;
    buf_printf(&w->told, "%s:%u: error: message %llu: %s\n", m->from.file, m->from.line,
               (unsigned long long)m->number, text);
}

/* ---- what comes out ---- */

static void put_output(struct buf *out, const struct rules_output *o, struct str raw, bool pretty)
{
    size_t before = out->n;
    if (o->is_json && pretty && o->value) {
        json_write(out, o->value, 2);
    } else {
        size_t n = splices_size(o->payload);
        buf_reserve(out, n + 1);
        splices_write(o->payload, raw, out->p + out->n);
        out->n += n;
    }
    /* What a message of HL7 v2 looks like in a file: a line for each segment. */
    for (size_t i = before; !o->is_json && i < out->n; i++) {
        out->p[i] = out->p[i] == '\r' ? '\n' : out->p[i];
    }
    buf_putc(out, '\n');
}

static void put_outputs(struct worker *w, struct item *m, const struct rules_result *res,
                        struct str raw, bool pretty)
{
    for (unsigned i = 0; i < res->noutputs; i++) {
        const struct rules_output *o = &res->outputs[i];
        if (o->finding.n) {
            complain(w, m, "%.*s", STR_ARG(o->finding));
        } else {
            put_output(&w->text, o, raw, pretty);
        }
    }
    m->is_converted = m->failures == 0 && res->noutputs > 0;
}

static void tell(struct worker *w, struct item *m, const struct rules_result *res, struct str raw,
                 bool pretty)
{
    switch (res->verdict) {
    case RULES_ACCEPTED:
        put_outputs(w, m, res, raw, pretty);
        return;
    case RULES_FILTERED:
    case RULES_REJECTED:
        complain(w, m, "%.*s", STR_ARG(res->reason));
        return;
    case RULES_UNROUTED:
        complain(w, m, "no map reads this type of message");
        return;
    }
}

/* ---- one message ---- */

/* The rules on a message, where it is counted what of it they leave out. */
static void run_counting(const struct convert *c, struct worker *w, struct item *m,
                         struct rules_input *in, struct rules_result *res)
{
    struct left_out_from from = {m->from.file, m->from.line, m->number};
    in->reads = w->reads;
    reads_begin(w->reads, in->m);
    rules_run(c->conf.plan->rules, in, &w->a, res);
    reads_end(w->reads);
    tell(w, m, res, in->m->raw, c->conf.is_pretty);
    if (m->is_converted) {
        left_out_message(w->left_out, &from, in->m, w->reads);
    }
}

static void run_rules(const struct convert *c, struct worker *w, struct item *m,
                      struct rules_input *in, struct str raw)
{
    struct rules_result res;
    in->source = c->conf.source;
    in->received_us = c->conf.received_us;
    in->id_of = raw;
    in->recall = w->recall;
    if (w->reads && in->m) {
        run_counting(c, w, m, in, &res);
        return;
    }
    rules_run(c->conf.plan->rules, in, &w->a, &res);
    tell(w, m, &res, raw, c->conf.is_pretty);
}

/* The message as it is sent: its bytes, or a copy of the worker's. */
static struct str as_sent(struct worker *w, const struct item *m)
{
    if (m->from.is_as_sent && str_ends(m->bytes, STR("\r"))) {
        return m->bytes;
    }
    w->raw.n = 0;
    messages_with_cr(m->bytes, &w->raw);
    return buf_str(&w->raw);
}

static void run_message(const struct convert *c, struct worker *w, struct item *m)
{
    struct hl7 hl7;
    struct hl7_fault fault;
    struct str raw = as_sent(w, m);
    struct rules_input in = {.m = &hl7};
    if (hl7_parse(&w->a, raw, &hl7, &fault) != 0) {
        complain(w, m, "%s%s%s", fault.path, fault.path[0] ? ": " : "", fault.text);
    } else {
        run_rules(c, w, m, &in, raw);
    }
}

static void run_data(const struct convert *c, struct worker *w, struct item *m)
{
    struct json *data;
    struct str why;
    if (rules_read_data(&w->a, m->bytes, &data, &why) != 0) {
        complain(w, m, "%.*s", STR_ARG(why));
    } else {
        struct rules_input in = {.data = data, .raw = m->bytes};
        run_rules(c, w, m, &in, m->bytes);
    }
}

static void run_item(void *arg, unsigned worker, size_t number)
{
    struct convert *c = arg;
    struct worker *w = &c->workers[worker];
    struct item *m = &c->items[number];
    m->by = w;
    m->text.from = w->text.n;
    m->told.from = w->told.n;
    c->conf.is_data ? run_data(c, w, m) : run_message(c, w, m);
    m->text.to = w->text.n;
    m->told.to = w->told.n;
    arena_reset(&w->a);
}

/* ---- several of them ---- */

static struct str part(const struct buf *b, struct item_part p)
{
    return str_slice(buf_str(b), p.from, p.to);
}

static struct convert_made made_of(const struct item *m)
{
    return (struct convert_made){.text = part(&m->by->text, m->text),
                                 .told = part(&m->by->told, m->told),
                                 .messages = 1,
                                 .converted = m->is_converted,
                                 .failures = m->failures};
}

/* Does `next` lie right behind what was made? */
static bool joins(const struct convert_made *made, const struct convert_made *next)
{
    return made->messages && !made->told.n && !next->told.n && made->text.n && next->text.n &&
           made->text.p + made->text.n == next->text.p;
}

static void tell_all(const struct convert *c)
{
    struct convert_made made = {.messages = 0};
    for (unsigned i = 0; i < c->n; i++) {
        struct convert_made next = made_of(&c->items[i]);
        if (joins(&made, &next)) {
            made.text.n += next.text.n;
            made.messages++;
            made.converted += next.converted;
            continue;
        }
        if (made.messages) {
            c->fn(c->arg, &made);
        }
        made = next;
    }
    if (made.messages) {
        c->fn(c->arg, &made);
    }
}

void convert_flush(struct convert *c)
{
    crew_run(c->crew, c->n, run_item, c);
    tell_all(c);
    for (unsigned i = 0; i < crew_size(c->crew); i++) {
        c->workers[i].text.n = c->workers[i].told.n = 0;
    }
    c->n = 0;
    c->bytes = 0;
}

void convert_add(struct convert *c, const struct convert_from *from, struct str bytes)
{
    c->items[c->n++] = (struct item){.bytes = bytes, .from = *from, .number = ++c->messages};
    c->bytes += bytes.n;
    if (c->n == ITEMS_MAX || c->bytes >= BYTES_MOST) {
        convert_flush(c);
    }
}

struct convert *convert_new(const struct convert_conf *conf, convert_fn fn, void *arg)
{
    struct convert *c = X_NEW(struct convert);
    c->conf = *conf;
    c->fn = fn;
    c->arg = arg;
    c->crew = crew_new(conf->threads);
    for (unsigned i = 0; i < crew_size(c->crew); i++) {
        c->workers[i].recall = recall_new(RECALL_BYTES);
        c->workers[i].reads = conf->counts_left_out ? reads_new() : NULL;
        c->workers[i].left_out = conf->counts_left_out ? left_out_new() : NULL;
    }
    return c;
}

const struct left_out *convert_left_out(struct convert *c)
{
    struct left_out *all = c->workers[0].left_out;
    for (unsigned i = 1; all && i < crew_size(c->crew); i++) {
        left_out_merge(all, c->workers[i].left_out);
        left_out_free(&c->workers[i].left_out);
        c->workers[i].left_out = left_out_new();
    }
    return all;
}

void convert_free(struct convert **cp)
{
    struct convert *c = *cp;
    *cp = NULL;
    if (!c) {
        return;
    }
    crew_free(&c->crew);
    for (unsigned i = 0; i < CREW_MOST; i++) {
        struct worker *w = &c->workers[i];
        recall_free(&w->recall);
        reads_free(&w->reads);
        left_out_free(&w->left_out);
        arena_free(&w->a);
        buf_free(&w->raw);
        buf_free(&w->text);
        buf_free(&w->told);
    }
    free(c);
}
