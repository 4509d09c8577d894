/* A batch in one frame: its messages run one by one and are stored together, as one entry with the whole as it
 * came. One that is rejected takes back nothing of the others; what is wrong with the batch itself takes back all.
 * Source: HL7 v2.5.1 chapter 2 sections 2.10.3, 2.15.2 to 2.15.5. */
#include "engine/base/map.h"
#include "engine/flow/exchange_priv.h"
#include "engine/hl7/batch.h"
#include "engine/hl7/dtm.h"
#include "engine/hl7/fragment.h"

enum {
    ERRORS_MOST = 10, /* of a batch that are told */
    REASON_MOST = 64,
};

struct exchange_batch {
    struct exchange *members;
    struct entry_member *entries;
    struct ack_error *errors;
    struct str header;     /* FHS or BHS as it came; n 0: none */
    struct str control_id; /* BHS-11, or FHS-11 */
    struct hl7 parsed;     /* of header */
    bool is_parsed;
    struct str file_line, batch_line; /* that `headers` was read from */
    const struct batch_headers *headers;
    uint32_t n, rejected, repeated, pending, nerrors, noutputs;
};

bool exchange_is_batch(struct str bytes)
{
    struct str s = str_trim(bytes);
    if (s.n >= 3 && memcmp(s.p, "\xef\xbb\xbf", 3) == 0) {
        s = str_slice(s, 3, s.n);
    }
    return s.n >= 4 && (memcmp(s.p, "FHS", 3) == 0 || memcmp(s.p, "BHS", 3) == 0);
}

/* ---- what is wrong with the batch itself ---- */

static void add_error(struct exchange *x, const char *path, struct str text)
{
    struct exchange_batch *b = x->batch;
    if (b->nerrors < ERRORS_MOST) {
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

/* ---- what is answered: a header in the shape of an MSH, from that of the batch and of its first message ---- */

static void put_field(struct buf *out, char separator, struct str s)
{
    buf_putc(out, separator);
    buf_put_str(out, s);
}

static struct str first_field(const struct exchange_batch *b, uint32_t field)
{
    const struct exchange *one = b->n ? &b->members[0] : NULL;
    return one && one->is_parsed ? hl7_field(&one->hl7, &one->hl7.seg[0], field) : STR("");
}

static void make_header(struct exchange *x)
{
    struct exchange_batch *b = x->batch;
    struct buf out = {0};
    struct hl7_fault fault;
    if (x->group) {
        return; /* its adapter has answers of its own */
    }
    const struct hl7_seg *h = b->parsed.seg; /* NULL where no header can be read */
    char bar = b->is_parsed ? b->parsed.d.field : '|';
    buf_puts(&out, "MSH");
    for (uint32_t f = 2; f <= 18; f++) {
        bool is_theirs = f <= 6 && b->is_parsed;
        bool is_copied = f == 11 || f == 12 || f == 18; /* what they want answered is theirs */
        struct str s = is_theirs   ? hl7_field(&b->parsed, h, f)
                       : f == 2    ? STR("^~\\&")
                       : f == 10   ? (b->control_id.n ? b->control_id : first_field(b, 10))
                       : is_copied ? first_field(b, f)
                                   : STR("");
        put_field(&out, bar, s);
    }
    x->header = str_dup(&x->msg->arena, buf_str(&out));
    x->is_parsed = hl7_parse(&x->msg->arena, x->header, &x->hl7, &fault) == 0;
    x->mode = x->is_parsed ? ack_mode_of(&x->hl7) : (struct ack_mode){0};
    buf_free(&out);
}

/* ---- its messages ---- */

static void begin_member(struct exchange *x, struct exchange *one, const struct batch_item *item)
{
    *one = (struct exchange){.source = x->source,
                             .msg = x->msg,
                             .is_member = true,
                             .sequence = INT64_MIN,
                             .is_silent = x->is_silent,
                             .is_again = x->is_again,
                             .header = item->bytes};
    one->e = ARENA_NEW(&x->msg->arena, struct entry_message);
    *one->e = *x->e;
    one->e->raw = item->bytes;
    one->e->id = engine_member_id(x->e->id, item->number);
}

static void note_known(struct exchange_batch *b, struct exchange *one, bool is_pending)
{
    one->e->status = ENTRY_FILTERED;
    one->e->reason = STR("sent again");
    one->e->id_hash = 0;
    one->is_known = true;
    b->repeated++;
    b->pending += is_pending;
}

/* The same message stands before it in its batch; another one with its id is judged as everywhere. */
static bool is_twice(const struct map64 *ids, struct exchange *one)
{
    uint64_t before;
    if (!one->source->want->duplicates_us || !one->e->id_hash ||
        !map64_get(ids, one->e->id_hash, &before)) {
        return false;
    }
    bool is_same = before == one->e->body_hash || one->is_key_all;
    if (!is_same) {
        exchange_refuse_reused(one);
    }
    return is_same;
}

static void run_member(struct exchange *x, struct exchange *one, struct map64 *ids)
{
    if (!exchange_parse(one)) {
        return;
    }
    enum exchange_known known = is_twice(ids, one) ? EXCHANGE_PENDING : exchange_is_known(one);
    if (known != EXCHANGE_NEW) {
        note_known(x->batch, one, known == EXCHANGE_PENDING);
        return;
    }
    if (one->source->want->parts.is_joined && !one->data && fragment_read(&one->hl7).next.n) {
        exchange_reject_one(one, ACK_AE, 100, "DSC",
                            STR("a part of a message is not taken inside a batch"));
    }
    if (one->e->status != ENTRY_REJECTED) {
        exchange_route(one);
    }
    if (one->e->status != ENTRY_REJECTED &&
        one->e->id_hash) { /* a rejected one runs anew, as ever */
        map64_put(ids, one->e->id_hash, one->e->body_hash);
    }
}

static void tell_member_errors(struct exchange *x, const struct exchange *one, uint32_t number)
{
    struct exchange_batch *b = x->batch;
    for (unsigned i = 0; i < one->nerrors && b->nerrors < ERRORS_MOST; i++) {
        struct ack_error *e = &b->errors[b->nerrors++];
        *e = one->errors[i];
        e->text =
            str_printf(&x->msg->arena, "message %u: %.*s", number, STR_ARG(one->errors[i].text));
    }
}

/* Read once for all messages below them. */
static const struct batch_headers *headers_of(struct exchange *x, const struct batch *walk)
{
    struct exchange_batch *b = x->batch;
    if (!b->headers || b->file_line.p != walk->file_header.p || b->batch_line.p != walk->header.p) {
        struct batch_headers *h = ARENA_NEW(&x->msg->arena, struct batch_headers);
        batch_headers_read(&x->msg->arena, walk->file_header, walk->header, h);
        b->headers = h;
        b->file_line = walk->file_header;
        b->batch_line = walk->header;
    }
    return b->headers;
}

/* The next message; the exchange for it is begun with what is known of it. */
static struct exchange *next_member(struct exchange *x, const struct batch_item *item)
{
    struct exchange *one = &x->batch->members[x->batch->n++];
    begin_member(x, one, item);
    return one;
}

static void judge(struct exchange *x, struct exchange *one, struct map64 *ids)
{
    struct exchange_batch *b = x->batch;
    run_member(x, one, ids);
    b->rejected += one->e->status == ENTRY_REJECTED;
    b->noutputs += one->e->noutputs;
    tell_member_errors(x, one, b->n);
}

static void run_group(struct exchange *x, struct map64 *ids)
{
    for (uint32_t i = 0; i < x->group->n; i++) {
        const struct exchange_item *item = &x->group->v[i];
        struct batch_item bytes = {.kind = BATCH_MESSAGE, .bytes = item->bytes, .number = i + 1};
        struct exchange *one = next_member(x, &bytes);
        one->key = item->key;
        one->is_key_all = item->key.n > 0; /* If-None-Exist */
        judge(x, one, ids);
    }
}

static void run_members(struct exchange *x)
{
    struct exchange_batch *b = x->batch;
    struct batch walk;
    struct batch_item item;
    struct map64 ids = {0};
    map64_init(&ids, x->e->id.lo);
    if (x->group) {
        run_group(x, &ids);
    } else {
        batch_open(&walk, &x->msg->arena, x->e->raw);
        while (b->n < walk.messages + 1 && batch_next(&walk, &item)) {
            if (item.kind == BATCH_MESSAGE) {
                struct exchange *one = next_member(x, &item);
                one->headers = headers_of(x, &walk);
                judge(x, one, &ids);
            }
        }
    }
    x->members = b->members;
    x->nmembers = b->n;
    map64_free(&ids);
}

/* ---- one entry of all ---- */

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
    b->errors = ARENA_ARRAY(&x->msg->arena, struct ack_error, ERRORS_MOST);
    uint32_t n = x->group ? x->group->n : survey(x);
    make_header(x);
    if (is_over_limits(x, n, 0)) {
        return EXCHANGE_BATCH_APPEND;
    }
    if (b->nerrors && x->source->want->batch.counts == PLAN_COUNTS_REJECT) {
        reject_all(x, ACK_AE);
        return EXCHANGE_BATCH_APPEND;
    }
    warn(x);
    b->members = ARENA_ARRAY(&x->msg->arena, struct exchange, n);
    run_members(x);
    make_header(x);
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

/* ---- replies ---- */

static enum ack_code worst(const struct exchange_batch *b)
{
    return b->rejected == 0 ? ACK_AA : ACK_AE;
}

/* BHS with sender and receiver swapped, BHS-12 the batch that is answered. */
static void put_batch_header(struct exchange *x, struct buf *out)
{
    static const uint8_t swapped[] = {[3] = 5, [4] = 6, [5] = 3, [6] = 4};
    const struct hl7 *m = &x->hl7;
    struct dtm t = dtm_from_us(x->e->received_us, 0);
    char time[DTM_TEXT_MAX], control[EXCHANGE_CONTROL_ID];
    t.fraction_digits = 3;
    exchange_control_id(x->e->id, 0, control);
    buf_puts(out, "BHS");
    put_field(out, m->d.field, hl7_field(m, &m->seg[0], 2));
    for (uint32_t f = 3; f <= 6; f++) {
        put_field(out, m->d.field, hl7_field(m, &m->seg[0], swapped[f]));
    }
    put_field(out, m->d.field, str_from(time, dtm_format(&t, time)));
    for (uint32_t f = 8; f <= 10; f++) {
        put_field(out, m->d.field, STR(""));
    }
    put_field(out, m->d.field, str_of(control));
    put_field(out, m->d.field, hl7_field(m, &m->seg[0], 10));
    buf_putc(out, '\r');
}

static uint32_t put_acks(struct exchange *x, struct buf *out, bool only_errors)
{
    const struct exchange_batch *b = x->batch;
    uint32_t n = 0;
    for (uint32_t i = 0; i < b->n; i++) {
        const struct exchange *one = &b->members[i];
        bool is_told = one->nreplies && (!only_errors || one->e->status == ENTRY_REJECTED);
        if (is_told) {
            buf_put_str(out, one->replies[one->nreplies - 1]);
            n++;
        }
    }
    return n;
}

static void reply_with_batch(struct exchange *x, bool only_errors)
{
    struct buf out = {0};
    put_batch_header(x, &out);
    uint32_t n = put_acks(x, &out, only_errors);
    buf_puts(&out, "BTS");
    buf_printf(&out, "%c%u\r", x->hl7.d.field, n);
    x->e->reply = x->replies[0] = str_dup(&x->msg->arena, buf_str(&out));
    x->sent[0] = worst(x->batch);
    x->nreplies = 1;
    buf_free(&out);
}

void exchange_batch_reply(struct exchange *x)
{
    struct exchange_batch *b = x->batch;
    enum plan_batch_reply how = x->source->want->batch.reply;
    for (uint32_t i = 0; i < b->n; i++) {
        exchange_make_reply(&b->members[i]); /* also for copies that come by themselves */
    }
    x->nreplies = 0;
    if (x->is_silent) {
        x->e->reply = STR("");
    } else if (how == PLAN_BATCH_ONE || !x->is_parsed) {
        x->code = worst(b);
        x->errors = b->errors;
        x->nerrors = b->nerrors;
        x->level = REPLY_PROCESSED;
        exchange_make_reply(x);
    } else {
        reply_with_batch(x, how == PLAN_BATCH_ERRORS);
    }
}

/* ---- durable or not ---- */

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
