#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/err.h"
#include "engine/ops/admin.h"

enum { ANSWER_MAX = 64 << 20, STEP = 65536, WAIT_S = 600 };

static int connect_to(const char *path, const char **out_why)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof un.sun_path) {
        *out_why = "the path is longer than a socket may have";
        return -1;
    }
    memcpy(un.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct timeval patience = {WAIT_S, 0};
    if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0 &&
        connect(fd, (struct sockaddr *)&un, sizeof un) == 0) {
        return fd;
    }
    *out_why = strerror(errno);
    int saved = errno;
    if (fd >= 0) {
        close(fd);
    }
    errno = saved;
    return -1;
}

static bool exchange(int fd, struct str request, struct buf *answer)
{
    while (request.n) {
        ssize_t n = send(fd, request.p, request.n, MSG_NOSIGNAL);
        if (n <= 0) {
            return false;
        }
        request = str_slice(request, (size_t)n, request.n);
    }
    while (answer->n < ANSWER_MAX) {
        buf_reserve(answer, STEP);
        ssize_t n = recv(fd, answer->p + answer->n, STEP, 0);
        if (n <= 0) {
            return n == 0;
        }
        answer->n += (size_t)n;
    }
    return false;
}

/* "HTTP/1.1 200 OK" and an empty line before the body. */
static int take_answer(struct arena *a, struct str answer, struct str *out_body)
{
    ptrdiff_t end = str_find(answer, STR("\r\n\r\n"));
    int64_t status;
    if (end < 0 || !str_starts(answer, STR("HTTP/1.")) ||
        !str_to_i64(str_slice(answer, 9, 12), &status)) {
        return ERR_SYNTAX;
    }
    *out_body = str_dup(a, str_slice(answer, (size_t)end + 4, answer.n));
    return (int)status;
}

struct question {
    const char *path, *method, *what;
    struct str body;
};

static int ask(struct arena *a, const struct question *q, struct str *out_body,
               const char **out_why)
{
    int fd = connect_to(q->path, out_why);
    if (fd < 0) {
        return errno == ENOENT || errno == ECONNREFUSED ? ERR_NOT_FOUND : ERR_IO;
    }
    struct buf answer = {0};
    struct str request = str_printf(
        a,
        "%s %s HTTP/1.0\r\nHost: corridor\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n%.*s",
        q->method, q->what, q->body.n, STR_ARG(q->body));
    int status =
        exchange(fd, request, &answer) ? take_answer(a, buf_str(&answer), out_body) : ERR_IO;
    if (status < 0) {
        *out_why = "the daemon went away while it answered";
    }
    close(fd);
    buf_free(&answer);
    return status;
}

int admin_ask(struct arena *a, const char *path, const char *method, const char *what,
              struct str *out_body, const char **out_why)
{
    return ask(a, &(struct question){path, method, what, STR("")}, out_body, out_why);
}

int admin_post(struct arena *a, const char *path, const char *what, struct str body,
               struct str *out_body, const char **out_why)
{
    return ask(a, &(struct question){path, "POST", what, body}, out_body, out_why);
}
