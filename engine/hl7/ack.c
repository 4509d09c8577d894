/* Writing a reply: MSH and MSA; ERR is in ack_err.c. */
#include "engine/hl7/ack.h"

#include "engine/hl7/ack_priv.h"
#include "engine/hl7/path.h"
#include "engine/hl7/dtm.h"

#include <stdio.h>
#include <string.h>

void ack_put_number(struct ack_pen *w, int64_t n)
{
    w->to += sprintf(w->to, "%lld", (long long)n);
}

static void put_delims(struct ack_pen *w)
{
    const struct hl7_delims *d = &w->o->d;
    char all[] = {d->component, d->repetition, d->escape, d->subcomponent, d->truncation};
    ack_put_char(w, d->field);
    ack_put(w, str_from(all, 3));
    if (d->subcomponent) {
        ack_put(w, str_from(all + 3, d->truncation ? 2 : 1));
    }
}

/* MSH-7: the second is enough for people, the millisecond for order; always in UTC. */
static void put_time(struct ack_pen *w, int64_t now_us)
{
    struct dtm t = dtm_from_us(now_us, 0);
    t.fraction_digits = 3;
    char text[DTM_TEXT_MAX];
    ack_put_field(w, str_from(text, dtm_format(&t, text)));
}

static void put_type(struct ack_pen *w)
{
    const struct ack_origin *o = w->o;
    struct str event = hl7_component(&o->d, hl7_repetition(&o->d, o->field[9], 1), 2);
    ack_put_field(w, STR("ACK"));
    if (o->version < ACK_V23 || !event.n) {
        return;
    }
    ack_put_char(w, o->d.component);
    ack_put(w, event);
    if (o->version >= ACK_V231) {
        ack_put_char(w, o->d.component);
        ack_put(w, STR("ACK"));
    }
}

static struct str or_default(struct str s, const char *otherwise)
{
    return s.n ? s : str_of(otherwise);
}

static bool is_application(enum ack_code c)
{
    return ack_accept_code(c) != c;
}

static void put_msh(struct ack_pen *w, const struct ack *ack)
{
    const struct ack_origin *o = w->o;
    bool says_never = o->is_enhanced && is_application(ack->code);
    ack_put(w, STR("MSH"));
    put_delims(w);
    ack_put_field(w, o->field[5]);
    ack_put_field(w, o->field[6]);
    ack_put_field(w, o->field[3]);
    ack_put_field(w, o->field[4]);
    put_time(w, ack->now_us);
    ack_put_char(w, o->d.field);
    put_type(w);
    ack_put_field(w, str_of(ack->control_id));
    ack_put_field(w, or_default(o->field[11], "P"));
    ack_put_field(w, or_default(o->field[12], "2.5.1"));
    if (says_never || o->field[18].n) {
        memset(w->to, o->d.field, 3);
        w->to += 3;
        ack_put(w, says_never && ack->wants_accept ? STR("AL") : STR(""));
        ack_put_char(w, o->d.field);
        ack_put(w, says_never ? STR("NE") : STR(""));
    }
    if (o->field[18].n) {
        ack_put_char(w, o->d.field);
        ack_put_field(w, o->field[18]);
    }
    ack_put_char(w, '\r');
}

static bool is_utf8_message(const struct ack_origin *o)
{
    struct str name = hl7_repetition(&o->d, o->field[18], 1);
    return str_is(name, "UNICODE UTF-8") || str_is(name, "UTF-8") || str_is(name, "UNICODE");
}

/* At most `max` bytes, not ending within a UTF-8 sequence. */
static struct str shortened(struct str s, size_t max)
{
    size_t n = s.n < max ? s.n : max;
    while (n && n < s.n && ((unsigned char)s.p[n] & 0xc0) == 0x80) {
        n--;
    }
    return str_from(s.p, n);
}

void ack_put_text(struct ack_pen *w, struct str text, size_t max)
{
    static const char letters[] = "FSRET";
    const struct hl7_delims *d = &w->o->d;
    const char delims[] = {d->field, d->component, d->repetition, d->escape, d->subcomponent};
    bool is_utf8 = is_utf8_message(w->o);
    text = shortened(text, max);
    for (size_t i = 0; i < text.n; i++) {
        unsigned char c = (unsigned char)text.p[i];
        const char *hit = c ? memchr(delims, (char)c, sizeof(delims)) : NULL;
        if (hit) {
            ack_put(w, str_from((char[]){d->escape, letters[hit - delims], d->escape}, 3));
        } else if (c < 0x80 || is_utf8) {
            ack_put_char(w, c < ' ' ? ' ' : (char)c);
        } else if (c >= 0xc0) {
            ack_put_char(w, '?');
        }
    }
}

static void put_msa(struct ack_pen *w, const struct ack *ack)
{
    const struct ack_origin *o = w->o;
    bool has_text = o->version < ACK_V25 && ack->nerrors && ack->errors[0].text.n;
    bool has_sequence = ack->expected_sequence != INT64_MIN;
    ack_put(w, STR("MSA"));
    ack_put_field(w, str_from(ack_code_text(ack->code), 2));
    ack_put_field(w, o->field[10]);
    if (has_text || has_sequence) {
        ack_put_char(w, o->d.field);
    }
    if (has_text) {
        ack_put_text(w, ack->errors[0].text, ACK_TEXT_MAX);
    }
    if (has_sequence) {
        ack_put_char(w, o->d.field);
        ack_put_number(w, ack->expected_sequence);
    }
    ack_put_char(w, '\r');
}

/* More than the reply can take: what is copied, each text escaped, and the fixed parts. */
static size_t room_for(const struct ack_origin *o, const struct ack *ack)
{
    enum { FIXED = 256, ERR_FIXED = 256, ESCAPED = 3 };
    size_t n = FIXED + strlen(ack->control_id) + ACK_TEXT_MAX * ESCAPED;
    for (unsigned f = 3; f <= 18; f++) {
        n += o->field[f].n;
    }
    return n + (ack->nerrors + 1) * (size_t)(ERR_FIXED + ACK_USER_MAX * ESCAPED);
}

void ack_build(struct buf *out, struct ack_to to, const struct ack *ack)
{
    const struct ack_origin o = ack_origin_of(to);
    buf_reserve(out, room_for(&o, ack));
    struct ack_pen w = {out->p + out->n, &o};
    put_msh(&w, ack);
    put_msa(&w, ack);
    if (ack->nerrors || !ack_is_positive(ack->code)) {
        ack_put_errs(&w, ack);
    }
    out->n = (size_t)(w.to - out->p);
}
