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
