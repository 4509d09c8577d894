#include "adapters/http_event.h"

#include "engine/base/base64.h"
#include "engine/base/clock.h"
#include "engine/base/json.h"
#include "engine/base/json_out.h"
#include "engine/base/utf8.h"
#include "engine/hl7/escape.h"
#include "engine/hl7/path.h"
#include "engine/hl7/text.h"

/* ---- templates ---- */

/* The next piece: text, or a field without its braces. False: there is none. An open brace gives an empty field. */
static bool next_piece(struct str *rest, struct str *out, bool *out_is_field)
{
    if (!rest->n) {
        return false;
    }
    *out_is_field = rest->p[0] == '{';
    ptrdiff_t end = str_index(*rest, *out_is_field ? '}' : '{');
    size_t n = end < 0 ? rest->n : (size_t)end;
    if (*out_is_field) {
        *out = end < 0 ? STR("") : str_slice(*rest, 1, n);
        *rest = str_slice(*rest, n + 1, rest->n);
    } else {
        *out = str_slice(*rest, 0, n);
        *rest = str_slice(*rest, n, rest->n);
    }
    return true;
}

static bool is_field(struct str s)
{
    struct path p;
    size_t at;
    const char *why;
    return str_starts(s, STR("/")) || (path_compile(s, false, &p, &at, &why) == 0 && p.field > 0);
}

const char *http_event_template_fault(struct str template)
{
    struct str rest = template, piece;
    bool field;
    if (template.n > HTTP_EVENT_VALUE_MAX) {
        return "is longer than 1024 bytes";
    }
    if (utf8_valid_to(template) < template.n) {
        return "is no UTF-8";
    }
    while (next_piece(&rest, &piece, &field)) {
        if (field && !is_field(piece)) {
            return "has braces around something else than a JSON pointer ({/appointment/id}) or an "
                   "HL7 v2 path ({PID-3.1})";
        }
        for (size_t i = 0; i < piece.n; i++) {
            if ((unsigned char)piece.p[i] < ' ' || piece.p[i] == 0x7f || piece.p[i] == '}') {
                return "has a control character or a lone }";
            }
        }
    }
    return NULL;
}

/* ---- values ---- */

/* "a~1b" is "a/b". */
static struct str pointer_token(struct arena *a, struct str s)
{
    char *p = ARENA_ARRAY(a, char, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool is_escape = s.p[i] == '~' && i + 1 < s.n && (s.p[i + 1] == '0' || s.p[i + 1] == '1');
        p[n++] = is_escape ? (s.p[i + 1] == '0' ? '~' : '/') : s.p[i];
        i += is_escape;
    }
    return str_from(p, n);
}

static struct str json_value(struct arena *a, const struct json *root, struct str pointer)
{
    struct str rest = str_slice(pointer, 1, pointer.n), token;
    const struct json *at = root;
    while (at && str_split(&rest, '/', &token)) {
        int64_t n;
        token = pointer_token(a, token);
        if (at->kind == JSON_ARRAY) {
            bool is_index = str_to_i64(token, &n) && n >= 0 && n < UINT32_MAX;
            at = is_index ? json_at(at, (uint32_t)n) : NULL;
        } else {
            at = json_get_str(at, token);
        }
    }
    return json_text(at);
}

static struct str hl7_value(struct arena *a, const struct hl7 *m, struct str text)
{
    struct path p;
    size_t at;
    const char *why;
    if (path_compile(text, false, &p, &at, &why) < 0) {
        return STR(""); /* the template was checked */
    }
    struct hl7_val v = path_get(m, &p);
    if (v.state != HL7_VALUE) {
        return STR("");
    }
    return hl7_text_utf8(a, hl7_text_of(m), hl7_unescape(a, &m->d, v.raw));
}

/* A payload, read when the first field asks. */
struct reading {
    struct arena *a;
    struct str payload;
    bool is_json, is_read, is_good;
    struct json *root;
    struct hl7 m;
};

static struct str value_of(struct reading *r, struct str field)
{
    bool wants_json = str_starts(field, STR("/"));
    struct json_fault json_fault;
    struct hl7_fault hl7_fault;
    if (wants_json != r->is_json) {
        return STR("");
    }
    if (!r->is_read) {
        r->is_read = true;
        r->is_good = r->is_json ? json_parse(r->a, r->payload, NULL, &r->root, &json_fault) == 0
                                : hl7_parse(r->a, r->payload, &r->m, &hl7_fault) == 0;
    }
    if (!r->is_good) {
        return STR("");
    }
    return r->is_json ? json_value(r->a, r->root, field) : hl7_value(r->a, &r->m, field);
}

/* Attributes have no control characters: CloudEvents 1.0.2 section 3.1, type String. */
static void put_text(struct buf *out, struct str s)
{
    uint32_t c;
    for (size_t i = 0, n; i < s.n; i += n) {
        n = utf8_get(str_slice(s, i, s.n), &c);
        if (!n || c < 0x20 || (c >= 0x7f && c < 0xa0)) {
            buf_putc(out, ' ');
            n = n ? n : 1;
        } else {
            buf_put(out, s.p + i, n);
        }
    }
}

struct str http_event_fill(struct arena *a, struct str template, struct str payload, bool is_json)
{
    struct reading r = {.a = a, .payload = payload, .is_json = is_json};
    struct str rest = template, piece, filled = {0};
    struct buf out = {0};
    bool field, is_whole = true;
    while (is_whole && next_piece(&rest, &piece, &field)) {
        struct str value = field ? value_of(&r, piece) : piece;
        is_whole = value.n > 0 && value.n <= HTTP_EVENT_VALUE_MAX;
        put_text(&out, is_whole ? value : STR(""));
    }
    if (is_whole && out.n && out.n <= HTTP_EVENT_VALUE_MAX) {
        filled = str_dup(a, buf_str(&out));
    }
    buf_free(&out);
    return filled;
}

/* ---- the event ---- */

static void put_header(struct buf *out, const char *name, struct str value)
{
    buf_printf(out, "ce-%s: ", name);
    for (size_t i = 0; i < value.n; i++) {
        unsigned char c = (unsigned char)value.p[i];
        if (c <= ' ' || c > '~' || c == '"' || c == '%') {
            buf_printf(out, "%%%02X", c);
        } else {
            buf_putc(out, (char)c);
        }
    }
    buf_putc(out, '\0');
}

void http_event_put_headers(struct buf *out, const struct http_event *e)
{
    char time[CLOCK_RFC3339_SIZE];
    clock_rfc3339(e->time_us, time);
    put_header(out, "specversion", STR("1.0"));
    put_header(out, "id", e->id);
    put_header(out, "source", e->source);
    put_header(out, "type", e->type);
    put_header(out, "time", str_of(time));
    if (e->subject.n) {
        put_header(out, "subject", e->subject);
    }
}

static void put_data(struct json_out *o, const struct http_event *e)
{
    struct buf text = {0};
    if (e->is_json) {
        json_out_key(o, "data");
        json_out_raw(o, e->payload);
    } else if (utf8_valid_to(e->payload) == e->payload.n) {
        json_out_pair(o, "data", e->payload);
    } else {
        base64_put(&text, e->payload);
        json_out_pair(o, "data_base64", buf_str(&text));
    }
    buf_free(&text);
}

void http_event_put_json(struct buf *out, const struct http_event *e)
{
    char time[CLOCK_RFC3339_SIZE];
    struct json_out o;
    clock_rfc3339(e->time_us, time);
    json_out_init(&o, out, 0);
    json_out_object(&o);
    json_out_pair_cstr(&o, "specversion", "1.0");
    json_out_pair(&o, "id", e->id);
    json_out_pair(&o, "source", e->source);
    json_out_pair(&o, "type", e->type);
    json_out_pair_cstr(&o, "time", time);
    if (e->subject.n) {
        json_out_pair(&o, "subject", e->subject);
    }
    json_out_pair(&o, "datacontenttype", e->content_type);
    put_data(&o, e);
    json_out_end(&o);
}
