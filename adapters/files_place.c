#include "adapters/files_place.h"

#include "engine/base/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0640, DIRECTORY_MODE = 0750 };

static int sync_directory(int dir)
{
    return fsync(dir) == 0 ? 0 : errno;
}

/* Step down into `name`, making it where it is missing. The parent is closed. Links are not followed. */
static int step_down(int dir, const char *name)
{
    if (mkdirat(dir, name, DIRECTORY_MODE) == 0) {
        (void)fsync(
            dir); /* told again by the sync of the file's own directory if the disk is ill */
    }
    int below = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    int error = errno;
    close(dir);
    errno = error;
    return below;
}

/* The directory that holds `path`, open; *io_path becomes the last part. Below 0 with errno. */
static int open_directory(const char *root, char **io_path)
{
    int dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (char *slash; dir >= 0 && (slash = strchr(*io_path, '/')); *io_path = slash + 1) {
        *slash = '\0';
        dir = step_down(dir, *io_path);
        *slash = '/';
    }
    return dir;
}

static bool write_whole(int fd, struct str s)
{
    while (s.n) {
        ssize_t n = write(fd, s.p, s.n);
        if (n < 0 && errno != EINTR) {
            return false;
        }
        s = str_from(s.p + (n > 0 ? n : 0), s.n - (size_t)(n > 0 ? n : 0));
    }
    return true;
}

static int write_temporary(int dir, const char *name, struct str bytes)
{
    int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
    if (fd < 0) {
        return errno;
    }
    int error = write_whole(fd, bytes) && fsync(fd) == 0 ? 0 : errno;
    if (close(fd) < 0 && !error) {
        error = errno;
    }
    return error;
}

static int place(int dir, const char *name, struct str bytes)
{
    struct buf hidden = {0};
    buf_printf(&hidden, ".%s.tmp", name);
    buf_putc(&hidden, '\0');
    int error = write_temporary(dir, hidden.p, bytes);
    if (!error && renameat(dir, hidden.p, dir, name) < 0) {
        error = errno;
    }
    if (error) {
        (void)unlinkat(dir, hidden.p, 0);
    }
    buf_free(&hidden);
    return error;
}

int files_place(const char *directory, char *path, struct str bytes)
{
    char *name = path;
    int dir = open_directory(directory, &name);
    if (dir < 0) {
        return errno;
    }
    int error = place(dir, name, bytes);
    error = error ? error : sync_directory(dir);
    close(dir);
    return error;
}
