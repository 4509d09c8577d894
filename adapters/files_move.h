/* files_move.h - renaming without taking anybody's place. Blocks: for the thread of files_worker.h. */
#ifndef CORRIDOR_ADAPTERS_FILES_MOVE_H
#define CORRIDOR_ADAPTERS_FILES_MOVE_H

#include <stdbool.h>

/* Rename `name` in the directory `from` to `as` in `to`, unless something of that name is there: false with EEXIST. False with
 * errno for anything else. */
bool files_rename_new(int from, const char *name, int to, const char *as);

#endif
