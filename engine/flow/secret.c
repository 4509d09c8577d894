#include "engine/flow/secret.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *read_file(const char *path, struct buf *out)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        return "the file cannot be opened";
    }
    const char *why = fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ? "it is no file" : NULL;
    buf_reserve(out, SECRET_MAX + 1);
    ssize_t n = why ? 0 : read(fd, out->p + out->n, SECRET_MAX + 1);
    close(fd);
    if (n < 0 || n > SECRET_MAX) {
        return n < 0 ? "the file cannot be read" : "the file is too large";
    }
    out->n += (size_t)n;
    return why;
}

static const char *read_credential(struct str name, struct buf *out)
{
    char path[4096];
    const char *dir = getenv("CREDENTIALS_DIRECTORY");
    if (!dir || memchr(name.p, '/', name.n)) {
        return dir ? "a credential's name has no /" : "systemd gave no credentials";
    }
    int n = snprintf(path, sizeof(path), "%s/%.*s", dir, STR_ARG(name));
    return n < (int)sizeof(path) ? read_file(path, out) : "the name is too long";
}

static const char *read_variable(const char *name, struct buf *out)
{
    const char *value = getenv(name);
    if (!value || strlen(value) > SECRET_MAX) {
        return value ? "the variable is too large" : "the variable is not set";
    }
    buf_puts(out, value);
    return NULL;
}

static const char *read_from(const struct opt_secret *s, struct buf *out)
{
    switch (s->from) {
    case OPT_SECRET_CREDENTIAL:
        return read_credential(s->name, out);
    case OPT_SECRET_FILE:
        return read_file(s->name.p, out); /* option texts end in NUL */
    case OPT_SECRET_ENV:
        return read_variable(s->name.p, out);
    case OPT_SECRET_NONE:
        break;
    }
    return "none is named";
}

const char *secret_read(const struct opt_secret *s, struct buf *out)
{
    size_t before = out->n;
    const char *why = read_from(s, out);
    while (!why && out->n > before && (out->p[out->n - 1] == '\n' || out->p[out->n - 1] == '\r')) {
        out->n--;
    }
    if (!why && out->n == before) {
        why = "it is empty";
    }
    if (why) {
        out->n = before;
    }
    return why;
}
