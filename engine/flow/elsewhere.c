#include "engine/flow/elsewhere.h"

#include "engine/base/err.h"
#include "engine/flow/sender.h"

static bool sends_here(const struct destination *t, const struct source *s)
{
    return t->want->answers.is_on && t->want->answers.source == s->index;
}

static bool takes_answers(const struct source *s)
{
    const struct engine *e = s->engine;
    for (unsigned i = 0; i < e->ndestinations && !s->is_leaving; i++) {
        if (sends_here(e->destinations[i], s)) {
            return true;
        }
    }
    return false;
}

bool elsewhere_wants_accept(const struct exchange *x)
{
    struct ack_reply r;
    return takes_answers(x->source) && x->mode.enhanced && x->mode.accept != ACK_NE &&
           ack_read(&x->hl7, &r) == 0 && r.code <= ACK_AR;
}

static struct outcome outcome_of(const struct exchange *x, enum ack_code code)
{
    static const char *const reasons[] = {
        [ACK_AA] = "answered AA", [ACK_AE] = "answered AE", [ACK_AR] = "answered AR"};
    return (struct outcome){.verdict = code == ACK_AA ? DELIVERY_DELIVERED : DELIVERY_REFUSED,
                            .has_code = true,
                            .code = code,
                            .reply = x->e->raw,
                            .reason = reasons[code]};
}

/* Of several that wait for this control id the one of this sender; where the sender is none of theirs, nobody's. */
static struct destination *find(const struct source *s, const struct queue_answer_key *key)
{
    const struct engine *e = s->engine;
    struct destination *found = NULL;
    for (unsigned i = 0; i < e->ndestinations; i++) {
        struct destination *t = e->destinations[i];
        if (sends_here(t, s) && queue_expects(t->queue, key, true)) {
            return t;
        }
    }
    for (unsigned i = 0; i < e->ndestinations; i++) {
        struct destination *t = e->destinations[i];
        if (sends_here(t, s) && queue_expects(t->queue, key, false)) {
            if (found) {
                return NULL;
            }
            found = t;
        }
    }
    return found;
}

static void say_unmatched(const struct exchange *x, const char *text)
{
    char id[27];
    entry_id_text(x->e->id, id);
    log_event(x->source->ep.log, LOG_LEVEL_WARN, "unmatched-answer",
              log_str("source", x->source->ep.name), log_cstr("id", id),
              log_str("peer", x->e->peer), log_cstr("text", text));
}

void elsewhere_take(const struct exchange *x)
{
    const struct hl7_seg *msh = &x->hl7.seg[0];
    struct ack_reply r;
    if (!takes_answers(x->source)) {
        return;
    }
    if (ack_read(&x->hl7, &r) < 0 || r.code > ACK_AR) {
        say_unmatched(x, "it speaks for no application; stored");
        return;
    }
    if (sender_fault(&x->source->want->senders, &x->hl7)) {
        x->source->strangers++;
        say_unmatched(x, "its sender is not in `senders` of the source; stored");
        return;
    }
    struct queue_answer_key key =
        queue_answer_key(x->source->engine->conf.journal, r.control_id, hl7_field(&x->hl7, msh, 3),
                         hl7_field(&x->hl7, msh, 4));
    struct destination *t = find(x->source, &key);
    const struct outcome out = outcome_of(x, r.code);
    if (!t || !queue_answered(t->queue, &key, &out)) {
        say_unmatched(x, "nothing waits for it; stored");
    }
}
