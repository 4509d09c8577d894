#include "adapters/http_intake.h"

/* "HTTP/1.1 200 OK" */
static int status_of(struct str line)
{
    ptrdiff_t at = str_index(line, ' ');
    struct str digits = at < 0 ? STR("") : str_slice(line, (size_t)at + 1, (size_t)at + 4);
    int64_t n;
    return digits.n == 3 && str_to_i64(digits, &n) && n >= 100 ? (int)n : 0;
}

static bool is_header(struct str line, struct str name, struct str *out_value)
{
    if (line.n <= name.n || line.p[name.n] != ':' ||
        !str_eq_nocase(str_slice(line, 0, name.n), name)) {
        return false;
    }
    *out_value = str_trim(str_slice(line, name.n + 1, line.n));
    return true;
}

bool http_intake_line(struct http_intake *in, struct str line)
{
    struct str value;
    in->head_n += line.n;
    if (in->head_n > HTTP_HEAD_MAX) {
        in->is_enough = in->is_head_done;
        return false;
    }
    if (in->is_head_done) {
        return true;
    }
    if (str_starts(line, STR("HTTP/"))) {
        in->status = status_of(line);
        buf_clear(&in->retry_after);
        buf_clear(&in->etag);
        in->is_coded = false;
    } else if (is_header(line, STR("Content-Encoding"), &value)) {
        in->is_coded = !str_eq_nocase(value, STR("identity"));
    } else if (is_header(line, STR("Retry-After"), &value)) {
        buf_clear(&in->retry_after);
        buf_put_str(&in->retry_after, value);
    } else if (is_header(line, STR("ETag"), &value)) {
        buf_clear(&in->etag);
        buf_put_str(&in->etag, value);
    } else if (str_trim(line).n == 0) {
        in->is_head_done = in->status >= 200;
    }
    return true;
}

bool http_intake_body(struct http_intake *in, struct str piece)
{
    size_t max = in->body_max ? in->body_max : HTTP_BODY_MAX, room = max - in->body_n;
    buf_put_str(&in->body, str_slice(piece, 0, in->is_coded ? 0 : room));
    in->body_n += piece.n;
    in->is_enough = piece.n > room;
    return !in->is_enough;
}

void http_intake_clear(struct http_intake *in)
{
    buf_free(&in->body);
    buf_free(&in->retry_after);
    buf_free(&in->etag);
    *in = (struct http_intake){0};
}
