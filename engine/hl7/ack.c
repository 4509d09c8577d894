#include "engine/hl7/ack.h"

#include "engine/base/err.h"
#include "engine/hl7/dtm.h"
#include "engine/hl7/path.h"

#include <stdio.h>

enum { TEXT_MAX = 80 };  /* MSA-3: ST of 80 */
enum { USER_MAX = 250 }; /* ERR-8: TX of 250 */

/* The version of a request, as major * 100 + minor * 10 + patch: 2.3.1 is 231. */
enum { V23 = 230, V231 = 231, V25 = 250, V27 = 270, VERSION_DEFAULT = 251 };

/* What the reply takes over from the request; views into it, p NULL where there is none. */
struct origin {
    struct hl7_delims d;
    struct str field[19]; /* MSH-1.. by number; only those that matter are set */
    int version;
    bool is_enhanced;
};

/* ---- names ---- */

static const struct {
    const char *text;
    enum ack_code accept; /* the accept-level twin */
    bool is_positive, is_reject;
} codes[] = {
    [ACK_AA] = {"AA", ACK_CA, true, false},  [ACK_AE] = {"AE", ACK_CE, false, false},
    [ACK_AR] = {"AR", ACK_CR, false, true},  [ACK_CA] = {"CA", ACK_CA, true, false},
    [ACK_CE] = {"CE", ACK_CE, false, false}, [ACK_CR] = {"CR", ACK_CR, false, true},
};

static const struct {
    int code;
    const char *text;
} conditions[] = {
    {0, "Message accepted"},
    {100, "Segment sequence error"},
    {101, "Required field missing"},
    {102, "Data type error"},
    {103, "Table value not found"},
    {104, "Value too long"},
    {200, "Unsupported message type"},
    {201, "Unsupported event code"},
    {202, "Unsupported processing id"},
    {203, "Unsupported version id"},
    {204, "Unknown key identifier"},
    {205, "Duplicate key identifier"},
    {206, "Application record locked"},
    {207, "Application internal error"},
};

const char *ack_code_text(enum ack_code c)
{
    return codes[c].text;
}

enum ack_code ack_accept_code(enum ack_code c)
{
    return codes[c].accept;
}

const char *ack_error_text(int code)
{
    for (size_t i = 0; i < sizeof(conditions) / sizeof(*conditions); i++) {
        if (conditions[i].code == code) {
            return conditions[i].text;
        }
    }
    return "";
}

/* ---- what the request asks for ---- */

static struct str msh_field(const struct hl7 *m, uint32_t f)
{
    return hl7_field(m, &m->seg[0], f);
}

/* First component of the first repetition of an MSH field; n 0 when absent, empty or null. */
static struct str msh_text(const struct hl7 *m, uint32_t f)
{
    struct hl7_val v =
        hl7_val_of(hl7_component(&m->d, hl7_repetition(&m->d, msh_field(m, f), 1), 1));
    return v.state == HL7_VALUE ? v.raw : str_from(NULL, 0);
}

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
    struct ack_mode mode = {false, when_of(msh_text(m, 15)), when_of(msh_text(m, 16))};
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
        return !codes[code].is_positive;
    case ACK_SU:
        return codes[code].is_positive;
    }
    return true;
}

bool ack_is_ack(const struct hl7 *m)
{
    struct str type = msh_text(m, 9);
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
        if (str_is(code, codes[i].text)) {
            *out = (struct ack_reply){(enum ack_code)i, id.p ? id : str_from("", 0)};
            return 0;
        }
    }
    return ERR_SYNTAX;
}

/* ---- where the reply comes from ---- */

static int version_of(struct str s)
{
    bool plain = s.n >= 3 && s.p[0] == '2' && s.p[1] == '.' && s.p[2] >= '0' && s.p[2] <= '9' &&
                 (s.n == 3 || s.p[3] == '.');
    if (!plain) {
        return VERSION_DEFAULT;
    }
    int patch = s.n >= 5 && s.p[4] >= '0' && s.p[4] <= '9' ? s.p[4] - '0' : 0;
    return 200 + (s.p[2] - '0') * 10 + patch;
}

static void from_message(const struct hl7 *m, struct origin *o)
{
    static const unsigned char wanted[] = {3, 4, 5, 6, 9, 10, 11, 12, 18};
    o->d = m->d;
    for (size_t i = 0; i < sizeof(wanted); i++) {
        o->field[wanted[i]] = msh_field(m, wanted[i]);
    }
    o->version = version_of(msh_text(m, 12));
    o->is_enhanced = msh_text(m, 15).n || msh_text(m, 16).n;
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

static void from_bytes(struct str raw, struct origin *o)
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

static struct origin origin_of(struct ack_to to)
{
    struct origin o = {.d = {'|', '^', '~', '\\', '&', 0, 0}, .version = VERSION_DEFAULT};
    if (to.m) {
        from_message(to.m, &o);
    } else {
        from_bytes(to.raw, &o);
    }
    return o;
}

/* ---- writing. The hot path: room is made once, then bytes are set without a check each ---- */

struct pen {
    char *to;
    const struct origin *o;
};

static inline void put(struct pen *w, struct str s)
{
    if (s.n) {
        memcpy(w->to, s.p, s.n);
        w->to += s.n;
    }
}

static inline void put_char(struct pen *w, char c)
{
    *w->to++ = c;
}

static inline void put_field(struct pen *w, struct str s)
{
    *w->to++ = w->o->d.field;
    put(w, s);
}

static void put_number(struct pen *w, int64_t n)
{
    w->to += sprintf(w->to, "%lld", (long long)n);
}

static void put_delims(struct pen *w)
{
    const struct hl7_delims *d = &w->o->d;
    char all[] = {d->component, d->repetition, d->escape, d->subcomponent, d->truncation};
    put_char(w, d->field);
    put(w, str_from(all, 3));
    if (d->subcomponent) {
        put(w, str_from(all + 3, d->truncation ? 2 : 1));
    }
}

/* MSH-7: the second is enough for people, the millisecond for order; always in UTC. */
static void put_time(struct pen *w, int64_t now_us)
{
    struct dtm t = dtm_from_us(now_us, 0);
    t.fraction_digits = 3;
    char text[DTM_TEXT_MAX];
    put_field(w, str_from(text, dtm_format(&t, text)));
}

static void put_type(struct pen *w)
{
    const struct origin *o = w->o;
    struct str event = hl7_component(&o->d, hl7_repetition(&o->d, o->field[9], 1), 2);
    put_field(w, STR("ACK"));
    if (o->version < V23 || !event.n) {
        return;
    }
    put_char(w, o->d.component);
    put(w, event);
    if (o->version >= V231) {
        put_char(w, o->d.component);
        put(w, STR("ACK"));
    }
}

static struct str or_default(struct str s, const char *otherwise)
{
    return s.n ? s : str_of(otherwise);
}

static bool is_application(enum ack_code c)
{
    return codes[c].accept != c;
}

static void put_msh(struct pen *w, const struct ack *ack)
{
    const struct origin *o = w->o;
    bool says_never = o->is_enhanced && is_application(ack->code);
    put(w, STR("MSH"));
    put_delims(w);
    put_field(w, o->field[5]);
    put_field(w, o->field[6]);
    put_field(w, o->field[3]);
    put_field(w, o->field[4]);
    put_time(w, ack->now_us);
    put_char(w, o->d.field);
    put_type(w);
    put_field(w, str_of(ack->control_id));
    put_field(w, or_default(o->field[11], "P"));
    put_field(w, or_default(o->field[12], "2.5.1"));
    if (says_never || o->field[18].n) {
        memset(w->to, o->d.field, 3);
        w->to += 3;
        put(w, says_never && ack->wants_accept ? STR("AL") : STR(""));
        put_char(w, o->d.field);
        put(w, says_never ? STR("NE") : STR(""));
    }
    if (o->field[18].n) {
        put_char(w, o->d.field);
        put_field(w, o->field[18]);
    }
    put_char(w, '\r');
}

static bool is_utf8_message(const struct origin *o)
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

/* Our own text, shortened and escaped: at most 3 * max bytes. Outside ASCII only where MSH-18 is UTF-8. */
static void put_text(struct pen *w, struct str text, size_t max)
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
            put(w, str_from((char[]){d->escape, letters[hit - delims], d->escape}, 3));
        } else if (c < 0x80 || is_utf8) {
            put_char(w, c < ' ' ? ' ' : (char)c);
        } else if (c >= 0xc0) {
            put_char(w, '?');
        }
    }
}

static void put_msa(struct pen *w, const struct ack *ack)
{
    const struct origin *o = w->o;
    bool has_text = o->version < V25 && ack->nerrors && ack->errors[0].text.n;
    bool has_sequence = ack->expected_sequence != INT64_MIN;
    put(w, STR("MSA"));
    put_field(w, str_from(ack_code_text(ack->code), 2));
    put_field(w, o->field[10]);
    if (has_text || has_sequence) {
        put_char(w, o->d.field);
    }
    if (has_text) {
        put_text(w, ack->errors[0].text, TEXT_MAX);
    }
    if (has_sequence) {
        put_char(w, o->d.field);
        put_number(w, ack->expected_sequence);
    }
    put_char(w, '\r');
}

/* ---- ERR ---- */

static int condition_in(const struct ack_error *e, int version)
{
    return e->code == 104 && version < V27 ? 102 : e->code;
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

static void put_index(struct pen *w, uint16_t n)
{
    put_number(w, n == PATH_ALL || n > PATH_INDEX_MAX ? 1 : n);
}

/* segment ^ sequence ^ field [^ repetition ^ component ^ subcomponent], shared by ELD and ERL. */
static void put_place(struct pen *w, const struct path *p)
{
    char c = w->o->d.component;
    if (!p->seg[0]) {
        return;
    }
    put(w, str_from(p->seg, 3));
    put_char(w, c);
    put_index(w, p->seg_n);
    if (p->field) {
        put_char(w, c);
        put_number(w, p->field);
    }
}

static void put_deep_place(struct pen *w, const struct path *p)
{
    char c = w->o->d.component;
    put_place(w, p);
    if (p->rep == PATH_ALL && !p->comp) {
        return;
    }
    put_char(w, c);
    put_index(w, p->rep);
    if (p->comp) {
        put_char(w, c);
        put_number(w, p->comp);
    }
    if (p->comp && p->sub) {
        put_char(w, c);
        put_number(w, p->sub);
    }
}

static void put_condition(struct pen *w, int code, char separator)
{
    put_number(w, code);
    if (separator) {
        put_char(w, separator);
        put_text(w, str_of(ack_error_text(code)), USER_MAX);
        put_char(w, separator);
        put(w, STR("HL70357"));
    }
}

/* Up to 2.4: one ERR, one repetition of ERR-1 a finding. */
static void put_err_old(struct pen *w, const struct ack_error *errors, unsigned n)
{
    put(w, STR("ERR"));
    for (unsigned i = 0; i < n; i++) {
        struct path p = place_of(&errors[i]);
        put_char(w, i ? w->o->d.repetition : w->o->d.field);
        put_place(w, &p);
        for (int missing = p.field ? 1 : p.seg[0] ? 2 : 3; missing; missing--) {
            put_char(w, w->o->d.component);
        }
        put_condition(w, condition_in(&errors[i], w->o->version), w->o->d.subcomponent);
    }
    put_char(w, '\r');
}

static void put_err_new(struct pen *w, const struct ack_error *e)
{
    struct path p = place_of(e);
    char severity = e->severity ? e->severity : 'E';
    put(w, STR("ERR"));
    put_char(w, w->o->d.field);
    put_char(w, w->o->d.field);
    put_deep_place(w, &p);
    put_char(w, w->o->d.field);
    put_condition(w, condition_in(e, w->o->version), w->o->d.component);
    put_field(w, str_from(&severity, 1));
    if (e->text.n) {
        memset(w->to, w->o->d.field, 4);
        w->to += 4;
        put_text(w, e->text, USER_MAX);
    }
    put_char(w, '\r');
}

static void put_errs(struct pen *w, const struct ack *ack)
{
    static const struct ack_error internal = {207, "", 'E', {NULL, 0}};
    const struct ack_error *errors = ack->nerrors ? ack->errors : &internal;
    bool is_positive = codes[ack->code].is_positive;
    unsigned n = ack->nerrors ? ack->nerrors : !is_positive;
    if (w->o->version < V25) {
        if (n && !is_positive) { /* there is no severity yet: a finding is an error */
            put_err_old(w, errors, n);
        }
        return;
    }
    for (unsigned i = 0; i < n; i++) {
        put_err_new(w, &errors[i]);
    }
}

/* More than the reply can take: what is copied, each text escaped, and the fixed parts. */
static size_t room_for(const struct origin *o, const struct ack *ack)
{
    enum { FIXED = 256, ERR_FIXED = 256, ESCAPED = 3 };
    size_t n = FIXED + strlen(ack->control_id) + TEXT_MAX * ESCAPED;
    for (unsigned f = 3; f <= 18; f++) {
        n += o->field[f].n;
    }
    return n + (ack->nerrors + 1) * (size_t)(ERR_FIXED + USER_MAX * ESCAPED);
}

void ack_build(struct buf *out, struct ack_to to, const struct ack *ack)
{
    const struct origin o = origin_of(to);
    buf_reserve(out, room_for(&o, ack));
    struct pen w = {out->p + out->n, &o};
    put_msh(&w, ack);
    put_msa(&w, ack);
    if (ack->nerrors || !codes[ack->code].is_positive) {
        put_errs(&w, ack);
    }
    out->n = (size_t)(w.to - out->p);
}
