#include "engine/base/charset.h"

#include <errno.h>
#include <iconv.h>

#include "engine/base/buf.h"
#include "engine/base/utf8.h"

struct alias {
    const char *hl7, *name;
};

static const struct alias aliases[] = {
    {"ASCII", "UTF-8"},
    {"UNICODE", "UTF-8"},
    {"UNICODE UTF-8", "UTF-8"},
    {"UTF-8", "UTF-8"},
    {"UTF8", "UTF-8"},
    {"UNICODE UTF-16", "UTF-16"},
    {"UNICODE UTF-32", "UTF-32"},
    {"8859/1", "ISO-8859-1"},
    {"8859/2", "ISO-8859-2"},
    {"8859/3", "ISO-8859-3"},
    {"8859/4", "ISO-8859-4"},
    {"8859/5", "ISO-8859-5"},
    {"8859/6", "ISO-8859-6"},
    {"8859/7", "ISO-8859-7"},
    {"8859/8", "ISO-8859-8"},
    {"8859/9", "ISO-8859-9"},
    {"8859/15", "ISO-8859-15"},
    {"ISO-8859-1", "ISO-8859-1"},
    {"WINDOWS-1252", "WINDOWS-1252"},
    {"ISO IR6", "UTF-8"},
    {"ISO IR14", "JIS_X0201"},
    {"ISO IR87", "ISO-2022-JP-2"},
    {"ISO IR159", "ISO-2022-JP-2"},
    {"GB 18030-2000", "GB18030"},
    {"KS X 1001", "EUC-KR"},
    {"CNS 11643-1992", "EUC-TW"},
    {"BIG-5", "BIG5"},
};

const char *charset_of_hl7(struct str msh18)
{
    ptrdiff_t tilde = str_index(msh18, '~');
    struct str first = str_trim(tilde < 0 ? msh18 : str_slice(msh18, 0, (size_t)tilde));
    for (size_t i = 0; i < sizeof aliases / sizeof *aliases; i++) {
        if (str_eq_nocase(first, str_of(aliases[i].hl7))) {
            return aliases[i].name;
        }
    }
    return NULL;
}

bool charset_is_stateful(const char *name)
{
    return name && strncmp(name, "ISO-2022", 8) == 0;
}

/* Convert until `in` is used up; what cannot be converted is replaced byte by byte. */
static size_t convert(iconv_t cd, struct str in, struct buf *out)
{
    char *from = (char *)(uintptr_t)in.p; /* iconv() does not write to it */
    size_t left = in.n, bad = 0;
    while (left) {
        buf_reserve(out, left * 4 + 16);
        char *to = out->p + out->n;
        size_t room = out->cap - out->n;
        size_t done = iconv(cd, &from, &left, &to, &room);
        out->n = (size_t)(to - out->p);
        if (done == (size_t)-1 && errno != E2BIG) {
            char replacement[4];
            buf_put(out, replacement, utf8_put(replacement, 0xfffd));
            from++;
            left--;
            bad++;
        }
    }
    return bad;
}

bool charset_to_utf8(struct arena *a, const char *name, struct str in, struct str *out,
                     size_t *out_bad)
{
    iconv_t cd = iconv_open("UTF-8", name);
    if (cd == (iconv_t)-1) {
        return false;
    }
    struct buf b = {0};
    *out_bad = convert(cd, in, &b);
    iconv_close(cd);
    *out = str_dup(a, buf_str(&b));
    buf_free(&b);
    return true;
}
