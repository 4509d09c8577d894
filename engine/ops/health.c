#include "engine/ops/health.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/base/json_out.h"
#include "engine/base/mem.h"
#include "engine/flow/engine.h"

#include <stdlib.h>

enum { ENDPOINTS = 256, WORDS = 160 };

/* The answer so far: the list of reasons opens with the first one. */
struct answer {
    struct json_out j;
    const char *key;
    bool is_bad;
};

static void begin(struct answer *a, struct buf *out, const char *key)
{
    *a = (struct answer){.key = key};
    json_out_init(&a->j, out, 0);
    json_out_object(&a->j);
}

static void reason(struct answer *a, const char *why)
{
    if (!a->is_bad) {
        json_out_pair_bool(&a->j, a->key, false);
        json_out_key(&a->j, "reasons");
        json_out_array(&a->j);
    }
    a->is_bad = true;
    json_out_cstr(&a->j, why);
}

static bool end(struct answer *a)
{
    if (a->is_bad) {
        json_out_end(&a->j);
    } else {
        json_out_pair_bool(&a->j, a->key, true);
    }
    json_out_end(&a->j);
    return !a->is_bad;
}

static void look_alive(struct answer *a, const struct health_from *from)
{
    int64_t busy_s = journal_busy_us(from->journal) / 1000000;
    char text[WORDS];
    if (engine_is_fenced(from->engine)) {
        reason(a, "a write or sync of the journal failed; the process ends");
    } else if (busy_s >= HEALTH_COMMIT_MAX_S) {
        snprintf(text, sizeof(text), "the journal has been writing one commit for %" PRId64 " s",
                 busy_s);
        reason(a, text);
    }
}

static void look_listening(struct answer *a, const struct health_from *from)
{
    struct engine_source_status *s = xcalloc(ENDPOINTS, sizeof(*s));
    unsigned n = engine_sources(from->engine, s, ENDPOINTS);
    char text[WORDS];
    for (unsigned i = 0; i < n && i < ENDPOINTS; i++) {
        if (!s[i].is_open) {
            snprintf(text, sizeof(text), "source %.*s does not listen", STR_ARG(s[i].name));
            reason(a, text);
        }
    }
    free(s);
}

bool health_alive(struct buf *out, const struct health_from *from)
{
    struct answer a;
    begin(&a, out, "alive");
    look_alive(&a, from);
    return end(&a);
}

bool health_ready(struct buf *out, const struct health_from *from)
{
    struct answer a;
    struct journal_space space;
    begin(&a, out, "ready");
    look_alive(&a, from);
    if (engine_is_draining(from->engine)) {
        reason(&a, "it is being stopped");
    }
    journal_space(from->journal, &space);
    if (space.is_full) {
        reason(&a, "the journal is full: messages are refused");
    }
    look_listening(&a, from);
    return end(&a);
}
