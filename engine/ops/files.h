/* files.h - whole files, read once. The only place of the command line that opens what a user names. */
#ifndef CORRIDOR_OPS_FILES_H
#define CORRIDOR_OPS_FILES_H

#include "engine/base/arena.h"
#include "engine/base/str.h"

enum { FILES_MAX = 1 << 30 };

/* All bytes of `path`, or of standard input for "-", in `a`. False with a static reason. */
bool files_read(struct arena *a, const char *path, struct str *out, const char **out_why);

#endif
