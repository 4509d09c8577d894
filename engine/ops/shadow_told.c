#include "engine/ops/shadow_told.h"

#include "engine/hl7/ack.h"

/* The end of "LINE:COL: " at `at`, or 0. */
static size_t place_end(struct str text, size_t at)
{
    for (unsigned part = 0; part < 2; part++) {
        size_t from = at;
        while (at < text.n && text.p[at] >= '0' && text.p[at] <= '9') {
            at++;
        }
        if (at == from || at == text.n || text.p[at] != ':') {
            return 0;
        }
        at++;
    }
    return at < text.n && text.p[at] == ' ' ? at + 1 : 0;
}

/* Where " (FILE:LINE)" begins that ends the text; else its end. Other brackets are what a route says. */
static size_t last_place(struct str text)
{
    size_t at = text.n && text.p[text.n - 1] == ')' ? text.n - 1 : 0, digits = at;
    while (at && text.p[at - 1] >= '0' && text.p[at - 1] <= '9') {
        at--;
    }
    bool is_line = at < digits && at && text.p[at - 1] == ':';
    while (is_line && at > 1 && !(text.p[at - 1] == '(' && text.p[at - 2] == ' ')) {
        at--;
    }
    return is_line && at > 1 ? at - 2 : text.n;
}

struct str shadow_told_without_place(struct str text)
{
    text = str_slice(text, 0, last_place(text));
    for (size_t i = 0; i < text.n; i++) {
        size_t end = text.p[i] == ':' ? place_end(text, i + 1) : 0;
        if (end) {
            return str_slice(text, end, text.n);
        }
    }
    return text;
}

struct str shadow_told_refusal(struct arena *a, const struct rules_result *r)
{
    struct str all = str_of(ack_code_text(r->code));
    for (unsigned i = 0; i < r->nerrors; i++) {
        const struct ack_error *e = &r->errors[i];
        all = str_printf(a, "%.*s%s %d %s %.*s", STR_ARG(all), i ? ";" : "", e->code, e->path,
                         STR_ARG(shadow_told_without_place(e->text)));
    }
    return all;
}
