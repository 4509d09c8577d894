/* Messages of FHIR and JSON: how they are taken, several at once too, and what their adapter is told. */
#include "engine/base/hash.h"
#include "engine/fhir/model.h"
#include "engine/flow/exchange_priv.h"
#include "engine/flow/repeat.h"
#include "engine/rules/invariant.h"

/* ---- 4 ---- */

bool exchange_is_data(const struct exchange *x)
{
    return x->source->ep.adapter->in->answer && rules_is_data(x->e->raw);
}

/* Of the key that the adapter gave; without one no message is known again. */
static uint64_t key_hash(const struct exchange *x)
{
    const uint8_t *secret = journal_hash_key(x->source->engine->conf.journal);
    uint64_t parts[2] = {x->e->source, hash_keyed(secret, x->key)};
    uint64_t h = hash_keyed(secret, str_from((const char *)parts, sizeof parts));
    return x->key.n == 0 ? 0 : h ? h : 1;
}

bool exchange_parse_data(struct exchange *x)
{
    struct json *data;
    struct str why;
    if (rules_read_data(&x->msg->arena, x->e->raw, &data, &why) < 0) {
        exchange_reject_one(x, ACK_AR, 100, "", why);
        return false;
    }
    x->data = data;
    x->e->id_hash = key_hash(x);
    x->e->body_hash =
        repeat_body_hash(journal_hash_key(x->source->engine->conf.journal), x->e->raw, NULL);
    return true;
}

bool source_reads(const struct source *s, struct str type)
{
    unsigned t = fhir_type(type);
    return t && rules_reads_fhir(s->engine->plan->rules, s->index, t);
}

void source_check_invariants(struct source *s, struct fhir_report *r)
{
    struct engine *e = s->engine;
    if (!e->invariants) {
        e->invariants = invariants_new();
    }
    if (r->root && r->type) {
        invariants_check(e->invariants, r);
    }
}

/* ---- 9 ---- */

static enum exchange_end end_of(const struct exchange *x)
{
    if (x->is_turned_away) {
        return EXCHANGE_END_LATER;
    }
    if (x->is_known) {
        return EXCHANGE_END_KNOWN;
    }
    return x->e->status == ENTRY_REJECTED ? EXCHANGE_END_REJECTED : EXCHANGE_END_STORED;
}

static void fill(const struct exchange *x, struct exchange_answer *out)
{
    *out = (struct exchange_answer){
        .end = end_of(x), .code = x->code, .errors = x->errors, .nerrors = x->nerrors};
    if (!x->is_known) {
        entry_id_text(x->e->id, out->id);
    } else if (x->first.hi) {
        entry_id_text(x->first, out->id);
    }
}

/* One that is fine of a group that is taken back. */
static void take_back(const struct exchange *x, struct exchange_answer *part)
{
    if (x->e->status == ENTRY_REJECTED && !x->batch && part->end != EXCHANGE_END_REJECTED) {
        part->end = EXCHANGE_END_REJECTED;
        part->id[0] = '\0';
    }
}

void exchange_tell(struct exchange *x)
{
    struct exchange_answer a;
    struct exchange_answer *parts =
        ARENA_ARRAY(&x->msg->arena, struct exchange_answer, x->nmembers);
    for (unsigned i = 0; i < x->nmembers; i++) {
        fill(&x->members[i], &parts[i]);
        take_back(x, &parts[i]);
    }
    fill(x, &a);
    a.parts = parts;
    a.nparts = x->nmembers;
    x->source->ep.adapter->in->answer(x->source, x->conn, x->token, &a);
}
