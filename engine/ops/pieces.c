#include "engine/ops/pieces.h"

#include "engine/base/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

bool pieces_open(struct pieces *p, const char *path, const char **out_why)
{
    *p = (struct pieces){.fd = strcmp(path, "-") == 0 ? STDIN_FILENO
                                                      : open(path, O_RDONLY | O_CLOEXEC)};
    if (p->fd < 0) {
        *out_why = strerror(errno);
        return false;
    }
    return true;
}

void pieces_close(struct pieces *p)
{
    if (p->fd > STDIN_FILENO) {
        close(p->fd);
    }
    buf_free(&p->have);
    p->fd = -1;
}

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n' || c == 0x1c;
}

static bool begins(struct str s, size_t at, const char *id)
{
    at += at < s.n && s.p[at] == 0x0b;
    return s.n - at >= 3 && memcmp(s.p + at, id, 3) == 0;
}

static bool is_header(struct str s, size_t at)
{
    return begins(s, at, "FHS") || begins(s, at, "BHS");
}

/* Where the line before the one at `at` begins; at most `at`. */
static size_t line_before(struct str s, size_t at)
{
    while (at > 0 && is_line_end(s.p[at - 1])) {
        at--;
    }
    while (at > 0 && !is_line_end(s.p[at - 1])) {
        at--;
    }
    return at;
}

bool pieces_is_document(struct str s, size_t at)
{
    size_t before = at;
    if (s.p[at] != '{' || (at > 0 && !is_line_end(s.p[at - 1]))) {
        return false;
    }
    while (before > 0 &&
           (is_line_end(s.p[before - 1]) || s.p[before - 1] == ' ' || s.p[before - 1] == '\t')) {
        before--;
    }
    char c = before ? s.p[before - 1] : 0;
    return c != '[' && c != ',' && c != ':';
}

/* Where the last message begins, with the headers right before it; 0: nowhere but at the start. */
static size_t last_start(struct str s)
{
    size_t at = s.n;
    for (at = line_before(s, at); at > 0; at = line_before(s, at)) {
        if (begins(s, at, "MSH") || pieces_is_document(s, at)) {
            break;
        }
    }
    for (size_t up = line_before(s, at); at > 0 && up < at && is_header(s, up);) {
        at = up;
        up = line_before(s, at);
    }
    return at;
}

static bool read_more(struct pieces *p)
{
    buf_reserve(&p->have, PIECES_SIZE);
    ssize_t got;
    do {
        got = read(p->fd, p->have.p + p->have.n, PIECES_SIZE);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        p->why = strerror(errno);
        return false;
    }
    p->have.n += (size_t)got;
    p->is_at_end = got == 0;
    return true;
}

/* What was given goes, its lines are counted. */
static void forget(struct pieces *p)
{
    struct str have = buf_str(&p->have), given = str_slice(have, 0, p->given);
    bool is_in_crlf = given.n && have.p[given.n - 1] == '\r' && given.n < have.n &&
                      have.p[given.n] == '\n'; /* its LF counts */
    p->lines += lines_count(given) - is_in_crlf;
    memmove(p->have.p, p->have.p + p->given, p->have.n - p->given);
    p->have.n -= p->given;
    p->bytes += p->given;
    p->given = 0;
}

bool pieces_next(struct pieces *p, struct str *out, uint64_t *out_line)
{
    size_t cut = 0;
    if (p->given) {
        forget(p);
    }
    while (!p->is_at_end && cut == 0) {
        if (p->have.n > PIECES_MESSAGE_MAX) {
            p->why = "a message of more than 256 MiB";
            return false;
        }
        if (!read_more(p)) {
            return false;
        }
        cut = p->is_at_end ? p->have.n : last_start(buf_str(&p->have));
    }
    p->given = p->is_at_end ? p->have.n : cut;
    *out = str_from(p->have.p, p->given);
    *out_line = p->lines + 1;
    return p->given > 0;
}
