#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/rng.h"
#include "engine/ops/admin_priv.h"

static const char SCHEME[] = "Bearer ";

/* 256 random bits as hexadecimal digits, synced: it is shown to people before it is used. */
static bool write_token(int fd)
{
    struct rng rng = rng_real();
    char text[ADMIN_TOKEN + 2];
    for (int i = 0; i < ADMIN_TOKEN; i += 16) {
        (void)snprintf(text + i, 17, "%016llx", (unsigned long long)rng_u64(&rng));
    }
    text[ADMIN_TOKEN] = '\n';
    return write(fd, text, ADMIN_TOKEN + 1) == ADMIN_TOKEN + 1 && fsync(fd) == 0;
}

/* The token in `out`, NUL-ended; false when there is none to be had. */
static bool read_token(int fd, char out[ADMIN_TOKEN + 1])
{
    ssize_t n = read(fd, out, ADMIN_TOKEN);
    out[n > 0 ? n : 0] = '\0';
    return n == ADMIN_TOKEN && strcspn(out, " \r\n") == ADMIN_TOKEN;
}

static const char *look_at(int fd)
{
    struct stat st;
    char token[ADMIN_TOKEN + 1];
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return "is no file";
    }
    if (st.st_mode & 077) {
        return "others may read it; chmod 600 it, or remove it to get a new one";
    }
    return read_token(fd, token) ? NULL
                                 : "holds no token of 64 characters; remove it to get a new one";
}

const char *admin_token_prepare(struct arena *a, const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        bool ok = write_token(fd);
        if (!ok) {
            (void)unlink(path); /* half of it is of no use */
        }
        close(fd);
        if (!ok) {
            return str_printf(a, "%s: cannot be written", path).p;
        }
    }
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    const char *why = fd < 0 ? strerror(errno) : look_at(fd);
    if (fd >= 0) {
        close(fd);
    }
    return why ? str_printf(a, "%s: %s", path, why).p : NULL;
}

bool admin_token_fits(const char *path, const char *authorization)
{
    char token[ADMIN_TOKEN + 1] = "";
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool has_one = fd >= 0 && read_token(fd, token);
    if (fd >= 0) {
        close(fd);
    }
    size_t scheme = sizeof(SCHEME) - 1;
    if (!has_one || !authorization || strncmp(authorization, SCHEME, scheme) != 0 ||
        strlen(authorization + scheme) != ADMIN_TOKEN) {
        return false;
    }
    return str_eq_secret(str_of(authorization + scheme), str_from(token, ADMIN_TOKEN));
}
