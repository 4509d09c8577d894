/* The sequence number protocol, receiving end. The number expected next is a state of the journal, written behind the
 * message it counts and durable before that is answered: a crash between the two leaves a message that is known
 * when it comes again, never a number without its message.
 * Source: HL7 v2.5.1 chapter 2 section 2.10.1. Differs: -1 in MSA-4 also when no number was ever taken. */
#include "engine/flow/exchange_priv.h"

#include <stdio.h>

enum { NUMBER_MOST = 999999999 }; /* what NM 15 leaves room for, with one more */

static const char OWNER[] =
    "sequence"; /* of the states: "sequence", source's id -> the number expected next */

static struct str key_of(const struct source *s, char out[16])
{
    int n = snprintf(out, 16, "%u", s->name_id);
    return str_from(out, (size_t)n);
}

/* The number expected next; -1: any. */
static int64_t expected(const struct source *s)
{
    char key[16];
    int64_t n;
    struct str value = journal_state(s->engine->conf.journal, str_of(OWNER), key_of(s, key));
    return str_to_i64(value, &n) && n > 0 ? n : -1;
}

/* `next` -1: any number will do. */
static void expect(struct exchange *x, int64_t next)
{
    char key[16], value[24];
    int n = next > 0 ? snprintf(value, sizeof(value), "%lld", (long long)next) : 0;
    journal_state_set(x->source->engine->conf.journal, str_of(OWNER), key_of(x->source, key),
                      str_from(value, (size_t)n), exchange_behind, x);
}

static void start_or_resync(struct exchange *x, int64_t number)
{
    x->e->status = ENTRY_FILTERED;
    x->e->id_hash = 0; /* each is answered by what is expected now */
    x->e->reason = number == 0 ? STR("sequence start") : STR("sequence resync");
    x->sequence = number == 0 ? expected(x->source) : -1;
    x->sets_sequence = number != 0;
    x->next_sequence = -1;
}

static void refuse_number(struct exchange *x, int error, struct str text)
{
    x->sequence = expected(x->source);
    exchange_reject_one(x, ACK_AE, error, "MSH-13", text);
}

enum exchange_number exchange_check_number(struct exchange *x)
{
    struct str field = str_trim(hl7_field(&x->hl7, &x->hl7.seg[0], 13));
    int64_t number, wanted;
    if (!x->source->want->is_numbered || x->is_silent) {
        return EXCHANGE_NUMBER_NONE;
    }
    wanted = expected(x->source);
    if (!str_to_i64(field, &number) || number < -1 || number > NUMBER_MOST) {
        refuse_number(x, field.n ? 102 : 101,
                      field.n ? STR("the sequence number is none from -1 to 999999999")
                              : STR("the sequence number is missing"));
        return EXCHANGE_NUMBER_DECIDED;
    }
    if (number <= 0) {
        start_or_resync(x, number);
        return EXCHANGE_NUMBER_DECIDED;
    }
    x->sequence = number;
    x->next_sequence = number + 1;
    x->sets_sequence = wanted < 0 || number == wanted;
    return x->sets_sequence ? EXCHANGE_NUMBER_NEXT : EXCHANGE_NUMBER_OTHER;
}

void exchange_refuse_number(struct exchange *x)
{
    x->sets_sequence = false;
    refuse_number(x, 100,
                  str_printf(&x->msg->arena, "another sequence number than the %lld expected",
                             (long long)expected(x->source)));
}

void exchange_advance_number(struct exchange *x)
{
    if (x->sets_sequence) {
        x->behind++;
        expect(x, x->next_sequence);
    }
}

void exchange_advance_number_of_copy(struct exchange *x)
{
    if (x->next_sequence > 0) {
        exchange_advance_number(x);
    }
}
