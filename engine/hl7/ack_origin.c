/* Where a reply comes from: the MSH of a message, or of bytes that are none. */
#include "engine/hl7/ack_priv.h"
#include "engine/hl7/path.h"

#include <string.h>

static struct str msh_field(const struct hl7 *m, uint32_t f)
{
    return hl7_field(m, &m->seg[0], f);
}

struct str ack_msh_text(const struct hl7 *m, uint32_t f)
{
    struct hl7_val v =
        hl7_val_of(hl7_component(&m->d, hl7_repetition(&m->d, msh_field(m, f), 1), 1));
    return v.state == HL7_VALUE ? v.raw : str_from(NULL, 0);
}

static int version_of(struct str s)
{
    bool plain = s.n >= 3 && s.p[0] == '2' && s.p[1] == '.' && s.p[2] >= '0' && s.p[2] <= '9' &&
                 (s.n == 3 || s.p[3] == '.');
    if (!plain) {
        return ACK_VERSION_DEFAULT;
    }
    int patch = s.n >= 5 && s.p[4] >= '0' && s.p[4] <= '9' ? s.p[4] - '0' : 0;
    return 200 + (s.p[2] - '0') * 10 + patch;
}

static void from_message(const struct hl7 *m, struct ack_origin *o)
{
    static const unsigned char wanted[] = {3, 4, 5, 6, 9, 10, 11, 12, 18};
    o->d = m->d;
    for (size_t i = 0; i < sizeof(wanted); i++) {
        o->field[wanted[i]] = msh_field(m, wanted[i]);
    }
    o->version = version_of(ack_msh_text(m, 12));
    o->is_enhanced = ack_msh_text(m, 15).n || ack_msh_text(m, 16).n;
}

/* The last resort for bytes that did not parse: an "MSH" at the start of a line. */
static const char *scan_msh(struct str raw)
{
    for (size_t i = 0; i + 4 <= raw.n; i++) {
        const char *hit = memchr(raw.p + i, 'M', raw.n - i);
        i = hit ? (size_t)(hit - raw.p) : raw.n;
        bool is_start = hit && (i == 0 || (unsigned char)raw.p[i - 1] <= ' ' ||
                                (unsigned char)raw.p[i - 1] >= 0x80);
        if (is_start && raw.n - i >= 4 && memcmp(hit, "MSH", 3) == 0) {
            return hit;
        }
    }
    return NULL;
}

bool ack_is_ack_bytes(struct str raw)
{
    const char *p = raw.n ? scan_msh(raw) : NULL;
    if (!p) {
        return false;
    }
    for (const char *at = p + 4, *end = raw.p + raw.n; end - at > 4; at++) {
        if ((at[0] == '\r' || at[0] == '\n') && memcmp(at + 1, "MSA", 3) == 0 && at[4] == p[3]) {
            return true;
        }
    }
    return false;
}

/* May this byte be a separator of the reply? Letters and digits would shred what is copied. */
static bool may_separate(char c)
{
    return c > ' ' && c < 0x7f && !strchr("^~\\&", c) && !(c >= '0' && c <= '9') &&
           !((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
}

/* Only what is safe to send back: no control bytes, no delimiters of the reply beyond components. */
static struct str harmless(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ') {
            return str_from(NULL, 0);
        }
    }
    return s;
}

static void from_bytes(struct str raw, struct ack_origin *o)
{
    const char *p = raw.n ? scan_msh(raw) : NULL;
    struct str rest, one;
    if (!p || !may_separate(p[3])) {
        return;
    }
    o->d.field = p[3];
    rest = str_from(p + 4, raw.n - (size_t)(p + 4 - raw.p));
    for (size_t i = 0; i < rest.n; i++) {
        if (rest.p[i] == '\r' || rest.p[i] == '\n') {
            rest.n = i;
        }
    }
    for (unsigned f = 2; f <= 12 && str_split(&rest, o->d.field, &one); f++) {
        o->field[f] = f >= 3 ? harmless(one) : str_from(NULL, 0);
    }
    struct str version = hl7_component(&o->d, o->field[12], 1);
    o->version = version_of(version);
}

struct ack_origin ack_origin_of(struct ack_to to)
{
    struct ack_origin o = {.d = {'|', '^', '~', '\\', '&', 0, 0}, .version = ACK_VERSION_DEFAULT};
    if (to.m) {
        from_message(to.m, &o);
    } else {
        from_bytes(to.raw, &o);
    }
    return o;
}
