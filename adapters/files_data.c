#include "adapters/files_data.h"

static size_t lead(struct str s)
{
    size_t i = str_starts(s, STR("\xef\xbb\xbf")) ? 3 : 0;
    while (i < s.n && (s.p[i] == ' ' || s.p[i] == '\t' || s.p[i] == '\r' || s.p[i] == '\n')) {
        i++;
    }
    return i;
}

bool files_data_is(struct str bytes)
{
    size_t i = lead(bytes);
    return i < bytes.n && (bytes.p[i] == '{' || bytes.p[i] == '[');
}

/* Behind the text whose opening quote is before `at`. */
static size_t skip_text(struct str s, size_t at)
{
    while (at < s.n && s.p[at] != '"') {
        at += s.p[at] == '\\' ? 2 : 1;
    }
    return at + 1;
}

/* Behind the brackets that open at `at`; s.n or more when they do not close. */
static size_t skip_value(struct str s, size_t at)
{
    size_t depth = 0;
    while (at < s.n) {
        char c = s.p[at++];
        depth += c == '{' || c == '[';
        if (c == '"') {
            at = skip_text(s, at);
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return at;
        }
    }
    return s.n;
}

static uint32_t lines_in(struct str s)
{
    uint32_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += s.p[i] == '\n';
    }
    return n;
}

void files_data_open(struct files_data *d, struct str bytes)
{
    size_t from = lead(bytes), end = skip_value(bytes, from);
    struct str behind = str_slice(bytes, end < bytes.n ? end : bytes.n, bytes.n);
    size_t blank = lead(behind);
    d->rest = str_slice(bytes, from, bytes.n);
    d->line = 1 + lines_in(str_slice(bytes, 0, from));
    d->is_lines = blank < behind.n && lines_in(str_slice(behind, 0, blank)) > 0;
}

bool files_data_next(struct files_data *d, struct str *out, uint32_t *out_line)
{
    while (d->rest.n) {
        struct str one = d->rest;
        d->rest.n = 0;
        *out_line = d->line;
        if (d->is_lines) {
            struct str all = one;
            d->rest = all;
            (void)str_split(&d->rest, '\n', &one); /* there is something */
            d->line++;
        }
        *out = str_trim(one);
        if (out->n) {
            return true;
        }
    }
    return false;
}
