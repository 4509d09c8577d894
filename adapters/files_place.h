/* files_place.h - one file in a directory, durable and whole: under a hidden name, synced, renamed, the directory synced. For the
 * thread of files_worker.h. */
#ifndef CORRIDOR_ADAPTERS_FILES_PLACE_H
#define CORRIDOR_ADAPTERS_FILES_PLACE_H

#include "engine/base/str.h"

/* `path` stands below `directory`; the directories in it are made, links in it are not followed. It is as it was when this
 * returns. 0, or errno; after an error it may stand there all the same, whole. */
int files_place(const char *directory, char *path, struct str bytes);

#endif
