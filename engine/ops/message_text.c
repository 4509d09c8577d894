#include "engine/ops/message_text.h"

#include "engine/hl7/escape.h"

struct hl7_text message_charset(const struct hl7 *m, struct diags *d)
{
    static const char *const texts[] = {
        [HL7_TEXT_NOT_AS_NAMED] = "the bytes are not UTF-8 as MSH-18 says; read as ISO 8859-1",
        [HL7_TEXT_UNKNOWN_NAME] = "the character set is not of table 0211; read as ISO 8859-1",
        [HL7_TEXT_NOT_NAMED] =
            "no character set is named and the bytes are not UTF-8; read as ISO 8859-1",
    };
    struct hl7_text t = hl7_text_of(m);
    if (t.doubt != HL7_TEXT_SURE) {
        diag_add_path(d, DIAG_WARNING, "charset", STR("MSH-18"), "%s", texts[t.doubt]);
    }
    return t;
}

struct str message_value(struct arena *a, const struct hl7 *m, struct hl7_text set, struct str raw)
{
    return hl7_text_utf8(a, set, hl7_unescape(a, &m->d, raw));
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
