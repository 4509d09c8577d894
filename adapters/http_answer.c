#include "adapters/http_answer.h"

#include "engine/base/clock.h"

#include <string.h>

static const struct {
    int status;
    const char *text, *header;
} rows[] = {
    {200, "OK", ""},
    {201, "Created", ""},
    {204, "No Content", ""},
    {400, "Bad Request", ""},
    {401, "Unauthorized", "WWW-Authenticate: Bearer\r\n"},
    {403, "Forbidden", ""},
    {404, "Not Found", ""},
    {405, "Method Not Allowed", "Allow: POST\r\n"},
    {406, "Not Acceptable", ""},
    {408, "Request Timeout", ""},
    {409, "Conflict", ""},
    {411, "Length Required", ""},
    {412, "Precondition Failed", ""},
    {413, "Content Too Large", ""},
    {415, "Unsupported Media Type", "Accept: application/hl7-v2\r\n"},
    {417, "Expectation Failed", ""},
    {422, "Unprocessable Content", ""},
    {429, "Too Many Requests", "Retry-After: 1\r\n"},
    {431, "Request Header Fields Too Large", ""},
    {500, "Internal Server Error", ""},
    {501, "Not Implemented", ""},
    {503, "Service Unavailable", "Retry-After: 1\r\n"},
    {504, "Gateway Timeout", ""},
    {505, "HTTP Version Not Supported", ""},
};

static void put_date(struct buf *out, int64_t wall_us)
{
    char date[CLOCK_NET_SIZE];
    clock_net(wall_us, date);
    buf_printf(out, "Date: %s GMT\r\n", date);
}

const char *http_answer_text(int status)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].status == status) {
            return rows[i].text;
        }
    }
    return "Error";
}

static const char *header_of(int status)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].status == status) {
            return rows[i].header;
        }
    }
    return "";
}

void http_answer_head(struct buf *out, int status, const char *headers, bool closes,
                      int64_t wall_us)
{
    buf_printf(out, "HTTP/1.1 %d %s\r\n%s", status, http_answer_text(status), headers);
    put_date(out, wall_us);
    if (closes) {
        buf_puts(out, "Connection: close\r\n");
    }
}

void http_answer_body(struct buf *out, const char *type, struct str body)
{
    buf_printf(out, "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n", type, body.n);
    buf_put_str(out, body);
}

void http_answer_hl7(struct buf *out, int status, struct str message, bool closes, int64_t wall_us)
{
    http_answer_head(out, status, header_of(status), closes, wall_us);
    http_answer_body(out, "application/hl7-v2", message);
}

void http_answer_plain(struct buf *out, int status, const char *reason, bool closes,
                       int64_t wall_us)
{
    struct buf line = {0};
    http_answer_head(out, status, header_of(status), closes, wall_us);
    if (status == 204) {
        buf_puts(out, "\r\n");
        return;
    }
    buf_printf(&line, "%s\n", reason);
    http_answer_body(out, "text/plain", buf_str(&line));
    buf_free(&line);
}
