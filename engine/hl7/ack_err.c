/* ERR of a reply: one with repetitions up to 2.4, one for each finding from 2.5 on. */
#include "engine/hl7/ack_priv.h"
#include "engine/hl7/path.h"

#include <string.h>

static int condition_in(const struct ack_error *e, int version)
{
    return e->code == 104 && version < ACK_V27 ? 102 : e->code;
}

static struct path place_of(const struct ack_error *e)
{
    struct path p = {0};
    size_t at;
    const char *why;
    if (e->path && path_compile(str_of(e->path), false, &p, &at, &why) != 0) {
        return (struct path){0};
    }
    return p;
}

static void put_index(struct ack_pen *w, uint16_t n)
{
    ack_put_number(w, n == PATH_ALL || n > PATH_INDEX_MAX ? 1 : n);
}

/* segment ^ sequence ^ field [^ repetition ^ component ^ subcomponent], shared by ELD and ERL. */
static void put_place(struct ack_pen *w, const struct path *p)
{
    char c = w->o->d.component;
    if (!p->seg[0]) {
        return;
    }
    ack_put(w, str_from(p->seg, 3));
    ack_put_char(w, c);
    put_index(w, p->seg_n);
    if (p->field) {
        ack_put_char(w, c);
        ack_put_number(w, p->field);
    }
}

static void put_deep_place(struct ack_pen *w, const struct path *p)
{
    char c = w->o->d.component;
    put_place(w, p);
    if (p->rep == PATH_ALL && !p->comp) {
        return;
    }
    ack_put_char(w, c);
    put_index(w, p->rep);
    if (p->comp) {
        ack_put_char(w, c);
        ack_put_number(w, p->comp);
    }
    if (p->comp && p->sub) {
        ack_put_char(w, c);
        ack_put_number(w, p->sub);
    }
}

static void put_condition(struct ack_pen *w, int code, char separator)
{
    ack_put_number(w, code);
    if (separator) {
        ack_put_char(w, separator);
        ack_put_text(w, str_of(ack_error_text(code)), ACK_USER_MAX);
        ack_put_char(w, separator);
        ack_put(w, STR("HL70357"));
    }
}

/* Up to 2.4: one ERR, one repetition of ERR-1 a finding. */
static void put_err_old(struct ack_pen *w, const struct ack_error *errors, unsigned n)
{
    ack_put(w, STR("ERR"));
    for (unsigned i = 0; i < n; i++) {
        struct path p = place_of(&errors[i]);
        ack_put_char(w, i ? w->o->d.repetition : w->o->d.field);
        put_place(w, &p);
        for (int missing = p.field ? 1 : p.seg[0] ? 2 : 3; missing; missing--) {
            ack_put_char(w, w->o->d.component);
        }
        put_condition(w, condition_in(&errors[i], w->o->version), w->o->d.subcomponent);
    }
    ack_put_char(w, '\r');
}

static void put_err_new(struct ack_pen *w, const struct ack_error *e)
{
    struct path p = place_of(e);
    char severity = e->severity ? e->severity : 'E';
    ack_put(w, STR("ERR"));
    ack_put_char(w, w->o->d.field);
    ack_put_char(w, w->o->d.field);
    put_deep_place(w, &p);
    ack_put_char(w, w->o->d.field);
    put_condition(w, condition_in(e, w->o->version), w->o->d.component);
    ack_put_field(w, str_from(&severity, 1));
    if (e->text.n) {
        memset(w->to, w->o->d.field, 4);
        w->to += 4;
        ack_put_text(w, e->text, ACK_USER_MAX);
    }
    ack_put_char(w, '\r');
}

void ack_put_errs(struct ack_pen *w, const struct ack *ack)
{
    static const struct ack_error internal = {207, "", 'E', {NULL, 0}};
    const struct ack_error *errors = ack->nerrors ? ack->errors : &internal;
    bool is_positive = ack_is_positive(ack->code);
    unsigned n = ack->nerrors ? ack->nerrors : !is_positive;
    if (w->o->version < ACK_V25) {
        if (n && !is_positive) { /* there is no severity yet: a finding is an error */
            put_err_old(w, errors, n);
        }
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        put_err_new(w, &errors[i]);
    }
}
