#include "tests/conformance/house.h"

#include "engine/base/pairs.h"
#include "engine/base/yaml.h"
#include "engine/fhir/validate.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- the contract ---- */

struct endpoint *source_endpoint(struct source *s)
{
    return &s->ep;
}

struct endpoint *destination_endpoint(struct destination *d)
{
    return &d->ep;
}

static void answer(struct source *s, struct taken *t, unsigned n)
{
    struct buf accept = {0}, reply = {0};
    cr_assert_not(t->is_answered);
    t->is_answered = true;
    buf_printf(&accept, "ca:%.*s", STR_ARG(buf_str(&t->bytes)));
    buf_printf(&reply, "re:%.*s", STR_ARG(buf_str(&t->bytes)));
    struct str v[2] = {n == 2 ? buf_str(&accept) : buf_str(&reply), buf_str(&reply)};
    const struct source_ops *in = s->ep.adapter->in;
    bool is_data = t->bytes.n && t->bytes.p[0] == '{';
    if (in->answer && (is_data || !in->is_answer_for_data)) {
        const struct exchange_answer a = {.end = EXCHANGE_END_STORED,
                                          .id = "abcdefghijklmnopqrstuvwxyz"};
        s->ep.adapter->in->answer(s, t->conn, t->token, &a);
    } else {
        s->ep.adapter->in->reply(s, t->conn, t->token, v, n);
    }
    buf_free(&accept);
    buf_free(&reply);
}

static enum exchange_result take(struct source *s, const struct exchange_from *from,
                                 struct str bytes, bool is_refusal)
{
    if (s->is_full) {
        return EXCHANGE_PAUSED;
    }
    cr_assert(s->n < TAKEN_MAX);
    struct taken *t = &s->v[s->n++];
    *t = (struct taken){.conn = from->conn, .token = from->token, .is_refusal = is_refusal};
    buf_put_str(&t->bytes, bytes);
    buf_put_str(&t->peer, from->peer);
    if (s->answers_at_once) {
        answer(s, t, 1);
    }
    return EXCHANGE_TAKEN;
}

enum exchange_result exchange_begin(struct source *s, const struct exchange_from *from,
                                    struct str bytes)
{
    return take(s, from, bytes, false);
}

bool source_takes_batches(const struct source *s)
{
    return s->takes_batches;
}

enum exchange_result exchange_begin_group(struct source *s, const struct exchange_from *from,
                                          struct str bytes, const struct exchange_group *group)
{
    for (unsigned i = 0; i < group->n; i++) {
        struct str one = group->v[i].bytes;
        cr_assert(one.p >= bytes.p && one.p + one.n <= bytes.p + bytes.n, "part %u of the whole",
                  i);
    }
    return take(s, from, bytes, false);
}

void source_check_invariants(struct source *s, struct fhir_report *r)
{
    (void)s;
    fhir_report_sort(r);
}

bool source_reads(const struct source *s, struct str type)
{
    (void)s;
    return str_is(type, "Patient");
}

enum exchange_result exchange_refuse(struct source *s, const struct exchange_from *from,
                                     struct str bytes, const struct ack_error *why)
{
    cr_assert(why->text.n == strlen(why->text.p), "the length of a refusal's text");
    cr_assert_eq(why->code, 207);
    return take(s, from, bytes, true);
}

struct delivery_view delivery_view(const struct delivery *d)
{
    return (struct delivery_view){.payload = buf_str(&d->payload),
                                  .attempt = d->attempt,
                                  .is_json = d->is_json,
                                  .options = buf_str(&d->options),
                                  .received_us = 1780000000123456};
}

struct str delivery_id(struct delivery *d)
{
    return str_of(d->id);
}

void **delivery_slot(struct delivery *d)
{
    return &d->slot;
}

void delivery_done(struct delivery *d, struct outcome o)
{
    d->done++;
    d->of->done++;
    cr_assert_eq(d->done, 1, "each delivery ends exactly once");
    cr_assert_not_null(o.reason, "every outcome says why");
    d->last = o;
    buf_put_str(&d->reply, o.reply);
}

void destination_ready(struct destination *d)
{
    (void)d;
}

/* ---- for tests ---- */

static void keep_line(void *arg, enum log_level level, struct str line)
{
    struct house *h = arg;
    (void)level;
    buf_put_str(&h->lines, line);
}

void house_open(struct house *h)
{
    memset(h, 0, sizeof(*h));
    h->loop = event_base_new();
    h->time = (struct clock_fake){1780000000000000, 1000000000};
    h->clock = clock_of_fake(&h->time);
    log_init(&h->log, LOG_LEVEL_DEBUG, h->clock, keep_line, h);
    diags_init(&h->diags, &h->arena);
}

void house_close(struct house *h)
{
    if (h->source.ep.state) {
        h->source.ep.adapter->in->close(&h->source);
        cr_expect_null(h->source.ep.state);
    }
    if (h->destination.ep.state) {
        const struct destination_ops *ops = h->destination.ep.adapter->out;
        for (unsigned i = 0; i < h->destination.n; i++) {
            if (!h->destination.v[i].done) {
                ops->cancel(&h->destination, &h->destination.v[i]);
                cr_expect_eq(h->destination.v[i].done, 1, "cancel ends it before it returns");
            }
        }
        ops->close(&h->destination);
        cr_expect_null(h->destination.ep.state);
    }
    for (unsigned i = 0; i < h->source.n; i++) {
        buf_free(&h->source.v[i].bytes);
        buf_free(&h->source.v[i].peer);
    }
    for (unsigned i = 0; i < h->destination.n; i++) {
        buf_free(&h->destination.v[i].payload);
        buf_free(&h->destination.v[i].options);
        buf_free(&h->destination.v[i].reply);
    }
    event_base_free(h->loop);
    buf_free(&h->lines);
    arena_free(&h->arena);
}

void *house_conf(struct house *h, const struct opt *table, size_t size, const char *yaml)
{
    struct yaml_doc *doc = NULL;
    void *conf = arena_zalloc(&h->arena, size);
    cr_assert_eq(yaml_parse(&h->arena, "test.yaml", str_of(yaml), &h->diags, &doc), 0);
    return opt_parse(&h->arena, table, doc ? doc->root : NULL, NULL, &h->diags, conf) == 0 ? conf
                                                                                           : NULL;
}

static void endpoint(struct house *h, struct endpoint *ep, const char *name,
                     const struct adapter *a, void *conf)
{
    cr_assert_not_null(conf, "%s", h->diags.first ? h->diags.first->text.p : "");
    *ep = (struct endpoint){.name = str_of(name),
                            .adapter = a,
                            .conf = conf,
                            .loop = h->loop,
                            .clock = &h->clock,
                            .log = &h->log};
}

int house_source(struct house *h, const struct adapter *a, const char *yaml)
{
    endpoint(h, &h->source.ep, "in", a, house_conf(h, a->in_opts, a->in_conf_size, yaml));
    return a->in->open(&h->source, &h->diags);
}

int house_destination(struct house *h, const struct adapter *a, const char *yaml)
{
    endpoint(h, &h->destination.ep, "out", a, house_conf(h, a->out_opts, a->out_conf_size, yaml));
    return a->out->open(&h->destination, &h->diags);
}

struct str house_address(struct house *h)
{
    return h->source.ep.adapter->in->address(&h->source);
}

void house_answer(struct house *h, unsigned i, unsigned n)
{
    answer(&h->source, &h->source.v[i], n);
}

struct wanted {
    struct house *h;
    unsigned n;
    struct delivery *d;
};

static bool has_taken(void *arg)
{
    struct wanted *w = arg;
    return w->h->source.n >= w->n;
}

bool house_takes(struct house *h, unsigned n)
{
    struct wanted w = {h, n, NULL};
    return run_until(h->loop, has_taken, &w);
}

static struct delivery *prepare(struct house *h, const char *payload, bool is_json,
                                unsigned attempt)
{
    struct destination *t = &h->destination;
    cr_assert(t->n < GIVEN_MAX);
    cr_assert(t->ep.adapter->out->room(t) > 0, "there is no room");
    struct delivery *d = &t->v[t->n++];
    *d = (struct delivery){.of = t, .is_json = is_json, .attempt = attempt};
    strcpy(d->id, "abcdefghijklmnopqrstuvwxyz");
    buf_puts(&d->payload, payload);
    return d;
}

static struct delivery *give(struct house *h, const char *payload, bool is_json, unsigned attempt)
{
    struct delivery *d = prepare(h, payload, is_json, attempt);
    h->destination.ep.adapter->out->send(&h->destination, &d, 1);
    return d;
}

struct delivery *house_give_with(struct house *h, const char *payload, const char *const *options)
{
    struct delivery *d = prepare(h, payload, true, 1);
    for (; *options; options++) {
        struct str value = str_of(*options), name;
        cr_assert(str_split(&value, '=', &name));
        pairs_put(&d->options, name, value);
    }
    h->destination.ep.adapter->out->send(&h->destination, &d, 1);
    return d;
}

struct delivery *house_give(struct house *h, const char *payload)
{
    return give(h, payload, false, 1);
}

struct delivery *house_give_json(struct house *h, const char *payload, unsigned attempt)
{
    return give(h, payload, true, attempt);
}

struct delivery *house_give_all(struct house *h, const char *const *payloads, unsigned n,
                                unsigned attempt)
{
    struct destination *t = &h->destination;
    struct delivery *v[64], *first = &t->v[t->n];
    cr_assert(n <= 64 && t->n + n <= GIVEN_MAX);
    for (unsigned i = 0; i < n; i++) {
        v[i] = &t->v[t->n++];
        *v[i] = (struct delivery){.of = t, .is_json = true, .attempt = attempt};
        snprintf(v[i]->id, sizeof v[i]->id, "abcdefghijklmnopqrstuvwxy%c", 'a' + (int)i % 26);
        buf_puts(&v[i]->payload, payloads[i]);
    }
    t->ep.adapter->out->send(t, v, n);
    return first;
}

static bool is_done(void *arg)
{
    struct wanted *w = arg;
    return w->d->done > 0;
}

bool house_is_done(struct house *h, struct delivery *d)
{
    struct wanted w = {h, 0, d};
    return run_until(h->loop, is_done, &w);
}

bool house_logged(const struct house *h, const char *text)
{
    return h->lines.n && str_find(buf_str(&h->lines), str_of(text)) >= 0;
}
