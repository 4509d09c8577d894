/* A batch in one frame: its messages run one by one and are stored together, as one entry with the whole as it
 * came. One that is rejected takes back nothing of the others; what is wrong with the batch itself takes back all.
 * Source: HL7 v2.5.1 chapter 2 sections 2.10.3, 2.15.2 to 2.15.5. */
#include "engine/flow/exchange_batch_priv.h"
#include "engine/hl7/batch.h"

enum { REASON_MOST = 64 };

bool exchange_is_batch(struct str bytes)
{
    struct str s = str_trim(bytes);
    if (s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0) {
        s = str_slice(s, 3, s.n);
    }
    return s.n >= 4 && (memcmp(s.p, "FHS", 3) == 0 || memcmp(s.p, "BHS", 3) == 0);
}

static void add_error(struct exchange *x, const char *path, struct str text)
{
    struct exchange_batch *b = x->batch;
    if (b->nerrors < EXCHANGE_BATCH_ERRORS) {
        b->errors[b->nerrors++] = (struct ack_error){100, path, 'E', text};
    }
}

static void check_count(struct exchange *x, const struct batch_item *item)
{
    struct buf why = {0};
    if (batch_is_miscounted(item, &why)) {
        add_error(x, item->kind == BATCH_TRAILER ? "BTS-1" : "FTS-1",
                  str_printf(&x->msg->arena, "line %u: %.*s", item->line, STR_ARG(buf_str(&why))));
    }
    buf_free(&why);
}

static void keep_header(struct exchange_batch *b, const struct batch_item *item, struct arena *a)
{
    struct hl7_fault fault;
    struct hl7 m;
    if (b->control_id.n || hl7_parse_header(a, item->bytes, &m, &fault) < 0) {
        return; /* the first one with a control id is what is answered */
    }
    b->header = item->bytes;
    b->parsed = m;
    b->is_parsed = true;
    b->control_id = str_trim(hl7_field(&m, &m.seg[0], 11));
}

/* Count and compare. How many messages there are. */
static uint32_t survey(struct exchange *x)
{
    struct batch walk;
    struct batch_item item;
    batch_open(&walk, &x->msg->arena, x->e->raw);
    x->e->raw = walk.text;
    while (batch_next(&walk, &item)) {
        switch (item.kind) {
        case BATCH_MESSAGE:
            break;
        case BATCH_FILE_HEADER:
        case BATCH_HEADER:
            keep_header(x->batch, &item, &x->msg->arena);
            break;
        case BATCH_TRAILER:
        case BATCH_FILE_TRAILER:
            check_count(x, &item);
            break;
        case BATCH_NOISE:
            add_error(x, "",
                      str_printf(&x->msg->arena, "line %u belongs to no message", item.line));
            break;
        }
    }
    return walk.messages;
}

static void put_member(struct exchange *x, uint32_t i, struct entry_output *v)
{
    const struct exchange *one = &x->batch->members[i];
    struct arena *a = &x->msg->arena;
    uint32_t from = (uint32_t)(one->e->raw.p - x->e->raw.p);
    x->batch->entries[i] = (struct entry_member){.from = from,
                                                 .n = (uint32_t)one->e->raw.n,
                                                 .first_output = x->e->noutputs,
                                                 .noutputs = one->e->noutputs,
                                                 .status = one->e->status,
                                                 .id_hash = one->e->id_hash,
                                                 .body_hash = one->e->body_hash,
                                                 .reason = one->e->reason};
    for (uint32_t k = 0; k < one->e->noutputs; k++) {
        struct entry_output *o = &v[x->e->noutputs++];
        *o = one->e->outputs[k];
        o->payload = splices_moved(a, o->payload, from);
        o->id_part = exchange_member_part(a, i + 1, o->id_part);
    }
}

static void collect(struct exchange *x)
{
    struct exchange_batch *b = x->batch;
    struct entry_message *m = x->e;
    struct entry_output *v = ARENA_ARRAY(&x->msg->arena, struct entry_output, b->noutputs);
    b->entries = ARENA_ARRAY(&x->msg->arena, struct entry_member, b->n);
    m->noutputs = 0;
    bool has_accepted = false;
    for (uint32_t i = 0; i < b->n; i++) {
        put_member(x, i, v);
        has_accepted |= b->members[i].e->status == ENTRY_ACCEPTED;
    }
    m->outputs = v;
    m->members = b->entries;
    m->nmembers = b->n;
    m->status = has_accepted                  ? ENTRY_ACCEPTED
                : b->rejected == b->n && b->n ? ENTRY_REJECTED
                                              : ENTRY_FILTERED;
    m->reason = str_printf(&x->msg->arena, "batch: %u messages, %u rejected, %u sent again", b->n,
                           b->rejected, b->repeated);
}

static void reject_all(struct exchange *x, enum ack_code code)
{
    struct exchange_batch *b = x->batch;
    struct str reason = str_slice(b->errors[0].text, 0, REASON_MOST);
    exchange_reject(x, REPLY_PROCESSED, code, b->errors, b->nerrors, reason);
    x->batch = NULL; /* nothing of it is taken */
}

static void warn(const struct exchange *x)
{
    const struct source *s = x->source;
    for (uint32_t i = 0; i < x->batch->nerrors && !x->is_again; i++) {
        log_event(s->ep.log, LOG_LEVEL_WARN, "batch-counts", log_str("source", s->ep.name),
                  log_str("peer", x->e->peer), log_str("text", x->batch->errors[i].text));
    }
    x->batch->nerrors = 0;
}

static bool is_over_limits(struct exchange *x, uint32_t messages, uint32_t outputs)
{
    struct arena *a = &x->msg->arena;
    if (messages <= EXCHANGE_BATCH_MESSAGES && outputs <= ENTRY_CARRY_OUTPUTS_MAX) {
        return false;
    }
    x->batch->nerrors = 0;
    add_error(x, "",
              messages > EXCHANGE_BATCH_MESSAGES
                  ? str_printf(a, "%u messages in a batch; at most %d are taken", messages,
                               EXCHANGE_BATCH_MESSAGES)
                  : str_printf(a, "%u outputs of a batch; at most %d are taken", outputs,
                               ENTRY_CARRY_OUTPUTS_MAX));
    reject_all(x, ACK_AR);
    return true;
}

enum exchange_batch_end exchange_batch(struct exchange *x)
{
    struct exchange_batch *b = x->batch = ARENA_NEW(&x->msg->arena, struct exchange_batch);
    b->errors = ARENA_ARRAY(&x->msg->arena, struct ack_error, EXCHANGE_BATCH_ERRORS);
    uint32_t n = x->group ? x->group->n : survey(x);
    exchange_batch_header(x);
    if (is_over_limits(x, n, 0)) {
        return EXCHANGE_BATCH_APPEND;
    }
    if (b->nerrors && x->source->want->batch.counts == PLAN_COUNTS_REJECT) {
        reject_all(x, ACK_AE);
        return EXCHANGE_BATCH_APPEND;
    }
    warn(x);
    b->members = ARENA_ARRAY(&x->msg->arena, struct exchange, n);
    exchange_batch_run(x);
    exchange_batch_header(x);
    if (x->group && x->group->is_one && b->rejected) {
        reject_all(x, ACK_AE);
        return EXCHANGE_BATCH_APPEND;
    }
    if (is_over_limits(x, 0, b->noutputs)) {
        return EXCHANGE_BATCH_APPEND;
    }
    collect(x);
    x->source->ep.counters.messages +=
        x->is_counted ? 0 : (uint64_t)b->n - 1; /* the frame counted as one */
    x->is_counted = true;
    bool is_known = b->n > 0 && b->repeated == b->n && b->pending == 0;
    return is_known ? EXCHANGE_BATCH_KNOWN : EXCHANGE_BATCH_APPEND;
}

void exchange_batch_remember(struct exchange *x)
{
    for (uint32_t i = 0; i < x->batch->n; i++) {
        exchange_remember(&x->batch->members[i]);
    }
}

void exchange_batch_drop(struct exchange *x)
{
    for (uint32_t i = 0; i < x->batch->n; i++) {
        exchange_drop_copies(&x->batch->members[i]);
    }
}

static void say_batch(const struct exchange *x)
{
    const struct exchange_batch *b = x->batch;
    char id[27];
    entry_id_text(x->e->id, id);
    log_event(x->source->ep.log, b->rejected ? LOG_LEVEL_WARN : LOG_LEVEL_DEBUG, "batch",
              log_str("source", x->source->ep.name), log_cstr("id", id),
              log_str("peer", x->e->peer), log_uint("messages", b->n),
              log_uint("rejected", b->rejected), log_uint("repeated", b->repeated),
              log_uint("outputs", x->e->noutputs));
}

void exchange_batch_stored(struct exchange *x)
{
    struct exchange_batch *b = x->batch;
    say_batch(x);
    for (uint32_t i = 0; i < b->n; i++) {
        struct exchange *one = &b->members[i];
        if (one->is_known) {
            x->source->repeated++;
        } else {
            one->stored_at = x->stored_at;
            exchange_count(one);
            exchange_answer_copies(one);
        }
    }
}

uint32_t exchange_batch_messages(const struct exchange *x)
{
    return x->batch->n;
}

void exchange_batch_known(struct exchange *x)
{
    x->source->repeated += x->batch->n;
    x->is_known = true;
    exchange_batch_reply(x);
    exchange_finish(x, true);
}
