#include "engine/flow/reply.h"

static enum ack_code accept_code(enum ack_code code, int error)
{
    if (code == ACK_AA) {
        return ACK_CA;
    }
    return error >= 200 && error <= 203 ? ACK_CR : ACK_CE;
}

static void add(struct reply_plan *p, enum ack_when when, enum ack_code code)
{
    if (ack_wanted(when, code)) {
        p->code[p->n++] = code;
    }
}

struct reply_plan reply_plan(struct ack_mode mode, enum reply_level level, enum ack_code code,
                             int error)
{
    struct reply_plan p = {{code, code}, 0};
    if (!mode.enhanced) {
        p.n = 1;
        return p;
    }
    bool is_no = code != ACK_AA;
    bool app_tells = is_no && level == REPLY_PROCESSED && ack_wanted(mode.application, code);
    if (!is_no || app_tells) {
        add(&p, mode.accept, ACK_CA);
        add(&p, mode.application, code);
        return p;
    }
    add(&p, mode.accept, accept_code(code, error));
    if (p.n == 0) {
        add(&p, mode.application, code);
    }
    return p;
}

bool reply_code(struct str reply, enum ack_code *out)
{
    ptrdiff_t at = str_find(reply, STR("\rMSA"));
    struct str code = at < 0 ? STR("") : str_slice(reply, (size_t)at + 5, (size_t)at + 7);
    for (int i = ACK_AA; i <= ACK_CR; i++) {
        if (str_is(code, ack_code_text((enum ack_code)i))) {
            *out = (enum ack_code)i;
            return true;
        }
    }
    return false;
}
