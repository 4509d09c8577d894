/* Who may change what the daemon does: corridor.yaml, and below its directory routes, tables and certificates. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/ops/doctor.h"

enum { DEPTH_MOST = 4, FILES_MOST = 20000 };

struct walk {
    struct arena *arena;
    const char *first; /* that others may write to */
    unsigned writable, seen;
    bool is_cut; /* not all was looked at */
};

static void look(struct walk *w, const char *path, const struct stat *st)
{
    bool is_sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);
    if ((st->st_mode & S_IWOTH) && !is_sticky && !S_ISLNK(st->st_mode)) {
        w->first = w->first ? w->first : path;
        w->writable++;
    }
}

static void walk(struct walk *w, const char *dir, unsigned depth)
{
    DIR *list = opendir(dir);
    const struct dirent *e;
    struct stat st;
    while (list && (e = readdir(list))) {
        if (w->seen >= FILES_MOST) {
            w->is_cut = true;
            break;
        }
        w->seen++;
        if (e->d_name[0] == '.' || fstatat(dirfd(list), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
            continue;
        }
        const char *path = str_printf(w->arena, "%s/%s", dir, e->d_name).p;
        look(w, path, &st);
        if (S_ISDIR(st.st_mode) && depth < DEPTH_MOST) {
            walk(w, path, depth + 1);
        }
        w->is_cut |= S_ISDIR(st.st_mode) && depth == DEPTH_MOST;
    }
    if (list) {
        closedir(list);
    }
}

static const char *directory_of(struct arena *a, const char *path)
{
    const char *slash = strrchr(path, '/');
    return !slash          ? "."
           : slash == path ? "/"
                           : str_dup(a, str_from(path, (size_t)(slash - path))).p;
}

void doctor_configuration_rights(struct doctor *d)
{
    struct walk w = {.arena = d->arena};
    struct stat st;
    const char *dir = directory_of(d->arena, d->config);
    if (stat(d->config, &st) != 0) {
        return; /* said by configuration */
    }
    look(&w, d->config, &st);
    unsigned own = w.writable;
    if (stat(dir, &st) == 0 && strcmp(dir, "/") != 0) {
        look(&w, dir, &st);
        walk(&w, dir, 0);
    }
    if (w.writable) {
        w.writable -= own; /* the walk has met it again */
        doctor_find(d, DOCTOR_ERROR,
                    "whoever has an account here decides where patient data is sent",
                    "chmod o-w; leave them to root, or to those who change routes",
                    "%s may be written to by everybody; such files and directories: %u", w.first,
                    w.writable ? w.writable : 1);
    }
    if (w.is_cut) {
        doctor_find(d, DOCTOR_WARNING, "what lies there was not looked at",
                    "keep the configuration in a directory of its own",
                    "below %s more than %d entries or %d levels", dir, FILES_MOST, DEPTH_MOST + 1);
    }
    doctor_fact(d, "%s", dir);
}
