/* database_file.h - what a file is before SQLite opens it, so that nothing is made beside it. Private to config/. */
#ifndef CORRIDOR_CONFIG_DATABASE_FILE_H
#define CORRIDOR_CONFIG_DATABASE_FILE_H

#include <sys/stat.h>

#include "engine/rules/table.h"

struct database_file {
    bool
        is_still; /* a WAL database that no program has open: read as a file that does not change */
    struct stat seen;
};

/* False with *out_why: missing, unreadable, no database, or with a WAL that cannot be read without making files. */
bool database_file_look(struct arena *a, const char *path, struct database_file *out,
                        struct table_why *out_why);
/* Did somebody write since? Only of one that is still; others are under SQLite's locks. */
bool database_file_changed(struct arena *a, const char *path, const struct database_file *f);

#endif
