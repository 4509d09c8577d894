#include "engine/hl7/text.h"

#include "engine/base/utf8.h"

static struct hl7_text latin1(enum hl7_text_doubt doubt)
{
    return (struct hl7_text){CHARSET_8859_1, true, doubt};
}

struct hl7_text hl7_text_of(const struct hl7 *m)
{
    struct str msh18 = m->segs ? hl7_field(m, &m->seg[0], 18) : (struct str){0};
    enum charset set = CHARSET_8859_1;
    bool named = charset_of_msh18(msh18, m->d.repetition, &set);
    if (named && charset_is_stateful(set)) {
        return (struct hl7_text){set, true, HL7_TEXT_SURE};
    }
    if (utf8_valid_to(m->raw) == m->raw.n) {
        return (struct hl7_text){.is_set = false};
    }
    bool is_ascii = set == CHARSET_ASCII || set == CHARSET_IR6;
    if (named && !is_ascii && set != CHARSET_UTF8 && charset_is_maskable(set)) {
        return (struct hl7_text){set, true, HL7_TEXT_SURE};
    }
    if (named) {
        return latin1(HL7_TEXT_NOT_AS_NAMED);
    }
    bool given = msh18.n && !(msh18.n == 2 && memcmp(msh18.p, "\"\"", 2) == 0);
    return latin1(given ? HL7_TEXT_UNKNOWN_NAME : HL7_TEXT_NOT_NAMED);
}

struct str hl7_text_utf8(struct arena *a, struct hl7_text t, struct str text)
{
    bool stateful = t.is_set && charset_is_stateful(t.set);
    if (!stateful && utf8_valid_to(text) == text.n) {
        return text;
    }
    struct str out;
    size_t bad;
    return charset_decode(a, t.is_set ? t.set : CHARSET_8859_1, text, &out, &bad) ? text : out;
}

bool hl7_text_bytes(struct arena *a, struct hl7_text t, struct str utf8, struct str *out)
{
    size_t bad = 0;
    if (!t.is_set) {
        *out = utf8;
        return true;
    }
    return charset_encode(a, t.set, utf8, out, &bad) == 0 && bad == 0;
}
