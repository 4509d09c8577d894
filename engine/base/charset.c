/* The sets: their names, and how they are recognised. */
#include "engine/base/charset_priv.h"

const struct charset_row charset_rows[CHARSET_COUNT] = {
    [CHARSET_ASCII] = {"ASCII", NULL, "US-ASCII|646", CHARSET_SHAPE_ASCII},
    [CHARSET_8859_1] = {"8859/1", "ISO-8859-1", "ISO-8859-1|LATIN1", CHARSET_SHAPE_ASCII},
    [CHARSET_8859_2] = {"8859/2", "ISO-8859-2", "ISO-8859-2", CHARSET_SHAPE_ASCII},
    [CHARSET_8859_3] = {"8859/3", "ISO-8859-3", "ISO-8859-3", CHARSET_SHAPE_ASCII},
    [CHARSET_8859_4] = {"8859/4", "ISO-8859-4", "ISO-8859-4", CHARSET_SHAPE_ASCII},
    [CHARSET_8859_5] = {"8859/5", "ISO-8859-5", "ISO-8859-5", CHARSET_SHAPE_ASCII},
    [CHARSET_8859_6] = {"8859/6", "ISO-8859-6", "ISO-8859-6", CHARSET_SHAPE_ASCII},
    [CHARSET_8859_7] = {"8859/7", "ISO-8859-7", "ISO-8859-7", CHARSET_SHAPE_ASCII},
    [CHARSET_8859_8] = {"8859/8", "ISO-8859-8", "ISO-8859-8", CHARSET_SHAPE_ASCII},
    [CHARSET_8859_9] = {"8859/9", "ISO-8859-9", "ISO-8859-9", CHARSET_SHAPE_ASCII},
    [CHARSET_8859_15] = {"8859/15", "ISO-8859-15", "ISO-8859-15", CHARSET_SHAPE_ASCII},
    [CHARSET_UTF8] = {"UNICODE UTF-8", NULL, "UNICODE|UTF-8|UTF8", CHARSET_SHAPE_ASCII},
    [CHARSET_UTF16] = {"UNICODE UTF-16", "UTF-16BE", "UTF-16", CHARSET_SHAPE_WIDE},
    [CHARSET_UTF16LE] = {"UNICODE UTF-16", "UTF-16LE", "UTF-16LE", CHARSET_SHAPE_WIDE},
    [CHARSET_UTF16BE] = {"UNICODE UTF-16", "UTF-16BE", "UTF-16BE", CHARSET_SHAPE_WIDE},
    [CHARSET_UTF32] = {"UNICODE UTF-32", "UTF-32BE", "UTF-32", CHARSET_SHAPE_WIDE},
    [CHARSET_UTF32LE] = {"UNICODE UTF-32", "UTF-32LE", "UTF-32LE", CHARSET_SHAPE_WIDE},
    [CHARSET_UTF32BE] = {"UNICODE UTF-32", "UTF-32BE", "UTF-32BE", CHARSET_SHAPE_WIDE},
    [CHARSET_IR6] = {"ISO IR6", NULL, NULL, CHARSET_SHAPE_ASCII},
    [CHARSET_IR14] = {"ISO IR14", NULL, NULL, CHARSET_SHAPE_ASCII},
    [CHARSET_IR87] = {"ISO IR87", "ISO-2022-JP", "ISO-2022-JP", CHARSET_SHAPE_ESCAPES},
    [CHARSET_IR159] = {"ISO IR159", "ISO-2022-JP-2", "ISO-2022-JP-2", CHARSET_SHAPE_ESCAPES},
    [CHARSET_GB18030] = {"GB 18030-2000", "GB18030", "GB18030|GB 18030|GBK|GB2312",
                         CHARSET_SHAPE_GB18030},
    [CHARSET_KS_X_1001] = {"KS X 1001", "EUC-KR", "EUC-KR", CHARSET_SHAPE_ASCII},
    [CHARSET_CNS_11643] = {"CNS 11643-1992", "EUC-TW", "EUC-TW", CHARSET_SHAPE_ASCII},
    [CHARSET_BIG5] = {"BIG-5", "BIG5", "BIG5", CHARSET_SHAPE_BIG5},
    [CHARSET_SHIFT_JIS] = {"Shift_JIS", "CP932", "SHIFT-JIS|SJIS|WINDOWS-31J|CP932|MS932",
                           CHARSET_SHAPE_SJIS},
    [CHARSET_WINDOWS_1252] = {"windows-1252", "CP1252", "CP1252", CHARSET_SHAPE_ASCII},
};

static bool is_alias(const char *aliases, struct str name)
{
    struct str rest = str_of(aliases), one;
    while (aliases && str_split(&rest, '|', &one)) {
        if (str_eq_nocase(one, name)) {
            return true;
        }
    }
    return false;
}

bool charset_find(struct str name, enum charset *out)
{
    name = str_trim(name);
    if (str_is(name, "UNICODE UTF-8")) { /* nearly every message says so, if it says anything */
        *out = CHARSET_UTF8;
        return true;
    }
    for (int i = 0; i < CHARSET_COUNT; i++) {
        if (str_eq_nocase(name, str_of(charset_rows[i].name)) ||
            is_alias(charset_rows[i].aliases, name)) {
            *out = (enum charset)i;
            return true;
        }
    }
    return false;
}

bool charset_of_msh18(struct str field, char repetition, enum charset *out)
{
    struct str rest = field, one;
    enum charset first = CHARSET_ASCII, c;
    bool known = str_trim(field).n > 0, is_first = true;
    while (str_split(&rest, repetition, &one)) {
        bool found = charset_find(one, &c);
        if (found && charset_is_stateful(c)) {
            *out = c;
            return true;
        }
        if (is_first && str_trim(one).n) {
            known = found;
            first = found ? c : first;
        }
        is_first = false;
    }
    if (known) {
        *out = first;
    }
    return known;
}

const char *charset_name(enum charset c)
{
    return charset_rows[c].name;
}

bool charset_is_ascii_superset_bytewise(enum charset c)
{
    return charset_rows[c].shape == CHARSET_SHAPE_ASCII;
}

bool charset_is_stateful(enum charset c)
{
    return charset_rows[c].shape == CHARSET_SHAPE_ESCAPES;
}

bool charset_is_maskable(enum charset c)
{
    return charset_rows[c].shape != CHARSET_SHAPE_WIDE;
}

static bool starts_wide(struct str bytes, const char *word, size_t unit, size_t at)
{
    if (bytes.n < 3 * unit) {
        return false;
    }
    for (size_t i = 0; i < 3 * unit; i++) {
        if (bytes.p[i] != (i % unit == at ? word[i / unit] : 0)) {
            return false;
        }
    }
    return true;
}

bool charset_detect(struct str bytes, enum charset *out, size_t *out_skip)
{
    static const struct {
        struct str mark;
        enum charset c;
    } marks[] = {
        {{"\xFF\xFE\0\0", 4}, CHARSET_UTF32LE}, {{"\0\0\xFE\xFF", 4}, CHARSET_UTF32BE},
        {{"\xEF\xBB\xBF", 3}, CHARSET_UTF8},    {{"\xFF\xFE", 2}, CHARSET_UTF16LE},
        {{"\xFE\xFF", 2}, CHARSET_UTF16BE},
    };
    static const struct {
        size_t unit, at;
        enum charset c;
    } wide[] = {{2, 0, CHARSET_UTF16LE},
                {2, 1, CHARSET_UTF16BE},
                {4, 0, CHARSET_UTF32LE},
                {4, 3, CHARSET_UTF32BE}};
    static const char *const words[] = {"MSH", "FHS", "BHS"};
    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++) {
        if (str_starts(bytes, marks[i].mark)) {
            *out = marks[i].c;
            *out_skip = marks[i].mark.n;
            return true;
        }
    }
    for (size_t i = 0; i < 12; i++) {
        if (starts_wide(bytes, words[i % 3], wide[i / 3].unit, wide[i / 3].at)) {
            *out = wide[i / 3].c;
            *out_skip = 0;
            return true;
        }
    }
    return false;
}
