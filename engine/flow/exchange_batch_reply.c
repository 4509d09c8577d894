/* What a batch is answered: one acknowledgement, or a batch of them.
 * Source: HL7 v2.5.1 chapter 2 sections 2.10.3, 2.15.2, 2.15.3. */
#include "engine/flow/exchange_batch_priv.h"
#include "engine/hl7/dtm.h"

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

void exchange_batch_header(struct exchange *x)
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
