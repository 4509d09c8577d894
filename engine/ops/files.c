#include "engine/ops/files.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/buf.h"

enum { STEP = 1 << 18 };

static bool read_all(int fd, struct buf *b, const char **out_why)
{
    for (;;) {
        if (b->n > FILES_MAX) {
            *out_why = "larger than 1 GiB";
            return false;
        }
        buf_reserve(b, STEP);
        ssize_t n = read(fd, b->p + b->n, STEP);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n < 0) {
            *out_why = strerror(errno);
            return false;
        }
        if (n == 0) {
            return true;
        }
        b->n += (size_t)n;
    }
}

bool files_read(struct arena *a, const char *path, struct str *out, const char **out_why)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        *out_why = strerror(errno);
        return false;
    }
    struct buf b = {0};
    bool ok = read_all(fd, &b, out_why);
    if (ok) {
        *out = str_dup(a, buf_str(&b));
    }
    buf_free(&b);
    if (!is_stdin) {
        close(fd);
    }
    return ok;
}
