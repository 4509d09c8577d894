/* The messages of a batch or group: each is judged as if it had come alone, with an id made of that of the whole. */
#include "engine/base/map.h"
#include "engine/flow/exchange_batch_priv.h"
#include "engine/flow/repeat.h"
#include "engine/hl7/fragment.h"

static void begin_member(struct exchange *x, struct exchange *one, const struct batch_item *item)
{
    *one = (struct exchange){.source = x->source,
                             .msg = x->msg,
                             .is_member = true,
                             .sequence = INT64_MIN,
                             .is_silent = x->is_silent,
                             .is_again = x->is_again,
                             .book = x->batch->book,
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

/* The same message stands before it in its batch; another one with its id is judged as everywhere. `ids`: of those taken so
 * far, to their places among the members. */
static bool is_twice(const struct exchange_batch *b, const struct map64 *ids, struct exchange *one)
{
    uint64_t before;
    if (!one->source->want->duplicates_us || !one->e->id_hash ||
        !map64_get(ids, one->e->id_hash, &before)) {
        return false;
    }
    const struct entry_message *first = b->members[before].e;
    bool is_same = first->body_hash == one->e->body_hash || one->is_key_all;
    if (is_same) {
        one->first = first->id;
    } else {
        exchange_refuse_reused(one);
    }
    return is_same;
}

static void run_member(struct exchange *x, struct exchange *one, struct map64 *ids)
{
    if (!exchange_parse(one)) {
        return;
    }
    enum exchange_known known =
        is_twice(x->batch, ids, one) ? EXCHANGE_PENDING : exchange_is_known(one);
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
        map64_put(ids, one->e->id_hash, x->batch->n - 1);
    }
}

static void tell_member_errors(struct exchange *x, const struct exchange *one, uint32_t number)
{
    struct exchange_batch *b = x->batch;
    for (unsigned i = 0; i < one->nerrors && b->nerrors < EXCHANGE_BATCH_ERRORS; i++) {
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
    one->book = NULL;
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

void exchange_batch_run(struct exchange *x)
{
    struct exchange_batch *b = x->batch;
    struct batch walk;
    struct batch_item item;
    struct map64 ids = {0};
    struct arena read = {0};
    struct repeat_book book = {.read = {.a = &read, .is_alone = true}};
    map64_init(&ids, x->e->id.lo);
    b->book = &book;
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
    b->book = NULL;
    arena_free(&read);
    map64_free(&ids);
}
