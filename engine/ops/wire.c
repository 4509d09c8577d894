#include "engine/ops/wire.h"

#include <stdio.h>

#include "engine/base/buf.h"

int wire_frame(struct str in, struct str *out_body, size_t *out_used)
{
    *out_used = 0;
    const char *vt = in.n ? memchr(in.p, WIRE_VT, in.n) : NULL;
    if (!vt) {
        *out_used = in.n;
        return 0;
    }
    const char *end = in.p + in.n;
    for (const char *at = vt + 1; (at = memchr(at, WIRE_FS, (size_t)(end - at))); at++) {
        if (at + 1 == end) {
            break;
        }
        if (at[1] == WIRE_CR) {
            *out_body = str_from(vt + 1, (size_t)(at - vt - 1));
            *out_used = (size_t)(at + 2 - in.p);
            return 1;
        }
    }
    *out_used = (size_t)(vt - in.p);
    return 0;
}

void wire_put(struct buf *out, struct str body)
{
    buf_reserve(out, body.n + 3);
    buf_putc(out, WIRE_VT);
    buf_put_str(out, body);
    buf_put(out, "\x1c\r", 2);
}

/* Where the line ends that holds `from`. Line feeds are looked for only up to the next CR. */
static size_t line_end(struct str s, size_t from)
{
    const char *at = s.p + from, *end = s.p + s.n;
    const char *cr = from < s.n ? memchr(at, '\r', s.n - from) : NULL;
    end = cr ? cr : end;
    const char *lf = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
    return (size_t)((lf ? lf : end) - s.p);
}

/* Field `n` of the line that begins at `at` (its third byte ends the name), not for MSH. */
static struct str line_field(struct str s, size_t at, char sep, unsigned n)
{
    size_t end = line_end(s, at);
    struct str rest = str_from(s.p + at, end - at), part = {0};
    for (unsigned i = 0; i <= n; i++) {
        if (!str_split(&rest, sep, &part)) {
            return (struct str){0};
        }
    }
    return part;
}

/* Offset of the first line named `id` behind the first line, or s.n. */
static size_t find_segment(struct str s, const char *id)
{
    for (size_t at = line_end(s, 0); at < s.n; at = line_end(s, at)) {
        while (at < s.n && (s.p[at] == '\r' || s.p[at] == '\n')) {
            at++;
        }
        if (s.n - at >= 4 && memcmp(s.p + at, id, 3) == 0) {
            return at;
        }
    }
    return s.n;
}

static struct str first_part(struct str value, char sep)
{
    ptrdiff_t at = str_index(value, sep);
    return at < 0 ? value : str_slice(value, 0, (size_t)at);
}

bool wire_head(struct str m, struct wire_head *out)
{
    *out = (struct wire_head){.field = '|', .component = '^'};
    if (m.n < 5 || memcmp(m.p, "MSH", 3) != 0 || (unsigned char)m.p[3] < 0x20) {
        return false;
    }
    out->field = m.p[3];
    out->component = m.p[4];
    struct str rest = str_slice(m, 4, line_end(m, 0)), part;
    for (unsigned n = 2; n < 19 && str_split(&rest, out->field, &part); n++) {
        out->msh[n] = part;
    }
    out->id_at = out->msh[10].p ? (size_t)(out->msh[10].p - m.p) : 0;
    size_t pid = find_segment(m, "PID");
    if (pid < m.n) {
        out->patient = first_part(line_field(m, pid, out->field, 3), out->component);
    }
    return true;
}

bool wire_answer(struct str reply, struct str *out_code, struct str *out_control_id)
{
    if (reply.n < 4) {
        return false;
    }
    char sep = reply.p[3];
    size_t msa = find_segment(reply, "MSA");
    if (msa >= reply.n) {
        return false;
    }
    *out_code = line_field(reply, msa, sep, 1);
    *out_control_id = line_field(reply, msa, sep, 2);
    return true;
}

bool wire_address(const char *text, char host[256], char port[16], bool *out_is_tls)
{
    *out_is_tls = strncmp(text, "mllps://", 8) == 0;
    if (*out_is_tls || strncmp(text, "mllp://", 7) == 0) {
        text += *out_is_tls ? 8 : 7;
    }
    size_t n = strlen(text);
    if (n && text[n - 1] == '/') {
        n--;
    }
    const char *colon = n ? memrchr(text, ':', n) : NULL;
    if (!colon || colon == text) {
        return false;
    }
    size_t nport = (size_t)(text + n - colon - 1), nhost = (size_t)(colon - text);
    if (text[0] == '[' && colon[-1] == ']') {
        text++;
        nhost -= 2;
    }
    if (!nport || nport > 5 || nhost > 255 || strspn(colon + 1, "0123456789") < nport) {
        return false;
    }
    snprintf(host, 256, "%.*s", (int)nhost, text);
    snprintf(port, 16, "%.*s", (int)nport, colon + 1);
    return true;
}
