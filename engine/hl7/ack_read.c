/* What a message asks of the one who answers it, and what an acknowledgement says. */
#include "engine/base/err.h"
#include "engine/hl7/ack_priv.h"
#include "engine/hl7/path.h"

static enum ack_when when_of(struct str s)
{
    static const char *const names[] = {
        [ACK_AL] = "AL", [ACK_NE] = "NE", [ACK_ER] = "ER", [ACK_SU] = "SU"};
    for (int i = ACK_AL; i <= ACK_SU; i++) {
        if (str_is(s, names[i])) {
            return (enum ack_when)i;
        }
    }
    return s.n ? ACK_AL
               : ACK_WHEN_ABSENT; /* a code outside table 0155: better one reply too many */
}

struct ack_mode ack_mode_of(const struct hl7 *m)
{
    struct ack_mode mode = {false, when_of(ack_msh_text(m, 15)), when_of(ack_msh_text(m, 16))};
    mode.enhanced = mode.accept != ACK_WHEN_ABSENT || mode.application != ACK_WHEN_ABSENT;
    if (mode.enhanced) {
        mode.accept = mode.accept == ACK_WHEN_ABSENT ? ACK_NE : mode.accept;
        mode.application = mode.application == ACK_WHEN_ABSENT ? ACK_NE : mode.application;
    }
    return mode;
}

bool ack_wanted(enum ack_when when, enum ack_code code)
{
    switch (when) {
    case ACK_WHEN_ABSENT:
    case ACK_AL:
        return true;
    case ACK_NE:
        return false;
    case ACK_ER:
        return !ack_is_positive(code);
    case ACK_SU:
        return ack_is_positive(code);
    }
    return true;
}

bool ack_is_ack(const struct hl7 *m)
{
    struct str type = ack_msh_text(m, 9);
    return str_is(type, "ACK") || str_is(type, "NMR") || str_is(type, "MCF") ||
           hl7_segment(m, "MSA", 1);
}

int ack_read(const struct hl7 *m, struct ack_reply *out)
{
    const struct hl7_seg *msa = hl7_segment(m, "MSA", 1);
    if (!msa) {
        return ERR_SYNTAX;
    }
    struct str code = hl7_component(&m->d, hl7_field(m, msa, 1), 1);
    struct str id = hl7_component(&m->d, hl7_field(m, msa, 2), 1);
    for (int i = ACK_AA; i <= ACK_CR; i++) {
        if (str_is(code, ack_code_text((enum ack_code)i))) {
            *out = (struct ack_reply){(enum ack_code)i, id.p ? id : str_from("", 0)};
            return 0;
        }
    }
    return ERR_SYNTAX;
}
