/* house.h - the engine's side of the adapter contract, played by a test: it takes exchanges, answers when
 * told, hands out deliveries and counts how each ended. Links in place of engine/flow. */
#ifndef CORRIDOR_TESTS_HOUSE_H
#define CORRIDOR_TESTS_HOUSE_H

#include "engine/base/buf.h"
#include "engine/flow/adapter.h"
#include "tests/conformance/peer.h"

enum { TAKEN_MAX = 4096, GIVEN_MAX = 256 };

/* What exchange_begin() and exchange_refuse() got. */
struct taken {
    void *conn;
    uint64_t token;
    struct buf bytes;
    bool is_refusal, is_answered;
    struct buf peer;
};

struct source {
    struct endpoint ep;
    struct taken v[TAKEN_MAX];
    unsigned n;
    bool answers_at_once; /* "re:" + bytes */
    bool is_full;         /* EXCHANGE_PAUSED */
    bool takes_batches;
};

struct delivery {
    struct destination *of;
    struct buf payload, options;
    bool is_json;
    unsigned attempt;
    void *slot;
    char id[27];
    unsigned done; /* times */
    struct outcome last;
    struct buf reply;
};

struct destination {
    struct endpoint ep;
    struct delivery v[GIVEN_MAX];
    unsigned n, done;
};

struct house {
    struct event_base *loop;
    struct clock_fake time;
    struct clock clock;
    struct log log;
    struct buf lines;
    struct arena arena;
    struct diags diags;
    struct source source;
    struct destination destination;
};

void house_open(struct house *h);
void house_close(struct house *h);
/* Options as YAML. NULL adapter conf on findings (in h->diags). */
void *house_conf(struct house *h, const struct opt *table, size_t size, const char *yaml);
/* Open h->source with this adapter. 0 or ERR_*. */
int house_source(struct house *h, const struct adapter *a, const char *yaml);
int house_destination(struct house *h, const struct adapter *a, const char *yaml);
struct str house_address(struct house *h);
/* Answer exchange `i` with `n` replies "re:BYTES" (0: silently; 2: "ca:BYTES" before it). */
void house_answer(struct house *h, unsigned i, unsigned n);
bool house_takes(struct house *h, unsigned n); /* runs the loop until n exchanges were taken */
/* Hand one over. */
struct delivery *house_give(struct house *h, const char *payload);
struct delivery *house_give_json(struct house *h, const char *payload, unsigned attempt);
/* JSON with options of the step, "NAME=VALUE" each, NULL-ended. */
struct delivery *house_give_with(struct house *h, const char *payload, const char *const *options);
/* Hand over `n` (at most 64) in one go, JSON, first attempts unless `attempt` says otherwise; the first of them. The k-th has k as
 * letter at the end of its id: a, b ... */
struct delivery *house_give_all(struct house *h, const char *const *payloads, unsigned n,
                                unsigned attempt);
bool house_is_done(struct house *h, struct delivery *d); /* runs the loop until it is */
bool house_logged(const struct house *h, const char *text);

#endif
