#include "engine/ops/message_text.h"

#include "engine/base/utf8.h"
#include "engine/hl7/escape.h"

struct message_charset message_charset(const struct hl7 *m, struct diags *d)
{
    struct str msh18 = m->segs ? hl7_field(m, &m->seg[0], 18) : (struct str){0};
    enum charset set = CHARSET_8859_1;
    bool named = charset_of_msh18(msh18, m->d.repetition, &set);
    struct str where = STR("MSH-18");
    if (named && charset_is_stateful(set)) {
        return (struct message_charset){set, true};
    }
    if (utf8_valid_to(m->raw) == m->raw.n) {
        return (struct message_charset){.is_set = false};
    }
    bool is_ascii = set == CHARSET_ASCII || set == CHARSET_IR6;
    if (named && !is_ascii && set != CHARSET_UTF8 && charset_is_maskable(set)) {
        return (struct message_charset){set, true};
    }
    if (named) {
        diag_add_path(d, DIAG_WARNING, "charset", where,
                      "the bytes are not UTF-8 as MSH-18 says; read as ISO 8859-1");
    } else if (msh18.n && !str_is(msh18, "\"\"")) {
        diag_add_path(d, DIAG_WARNING, "charset", where,
                      "the character set is not of table 0211; read as ISO 8859-1");
    } else {
        diag_add_path(d, DIAG_WARNING, "charset", where,
                      "no character set is named and the bytes are not UTF-8; read as ISO 8859-1");
    }
    return (struct message_charset){CHARSET_8859_1, true};
}

struct str message_utf8(struct arena *a, struct message_charset set, struct str text)
{
    bool stateful = set.is_set && charset_is_stateful(set.set);
    if (!stateful && utf8_valid_to(text) == text.n) {
        return text;
    }
    struct str out;
    size_t bad;
    return charset_decode(a, set.is_set ? set.set : CHARSET_8859_1, text, &out, &bad) ? text : out;
}

struct str message_value(struct arena *a, const struct hl7 *m, struct message_charset set,
                         struct str raw)
{
    return message_utf8(a, set, hl7_unescape(a, &m->d, raw));
}

bool message_is_header(const struct hl7_seg *s)
{
    return strcmp(s->id, "MSH") == 0 || strcmp(s->id, "BHS") == 0 || strcmp(s->id, "FHS") == 0;
}

void message_remarks(const struct hl7 *m, struct diags *d)
{
    static const struct {
        uint32_t bit;
        const char *code, *path, *text;
    } rows[] = {
        {HL7_REMARK_BOM, "byte-order-mark", "MSH",
         "a UTF-8 byte order mark stands before the message"},
        {HL7_REMARK_SHORT_MSH2, "short-msh2", "MSH-2",
         "fewer than four encoding characters; the rest are the usual ones"},
        {HL7_REMARK_LONG_MSH2, "long-msh2", "MSH-2",
         "more encoding characters than there are delimiters"},
        {HL7_REMARK_LF, "line-feed", "",
         "a line feed ends a segment; the standard wants a carriage return"},
        {HL7_REMARK_NO_FINAL_CR, "no-final-cr", "",
         "the last segment is not ended by a carriage return"},
        {HL7_REMARK_ODD_SEGMENT, "odd-segment", "", "a line does not begin with a segment name"},
        {HL7_REMARK_BLANK_LINE, "blank-line", "", "there are blank lines"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (m->remarks & rows[i].bit) {
            diag_add_path(d, DIAG_REMARK, rows[i].code, str_of(rows[i].path), "%s", rows[i].text);
        }
    }
}
