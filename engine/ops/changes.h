/* changes.h - waits until files below some directories change: inotify, and looking twice a second where the system
 * has none left. For `corridor test --watch`. One thread. */
#ifndef CORRIDOR_OPS_CHANGES_H
#define CORRIDOR_OPS_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

struct changes;

struct changes *changes_new(void);
void changes_free(struct changes **c);
/* Look at the files of `path` too (a directory: all below it but names that begin with a dot; a file: its
 * directory). What cannot be read is left out. */
void changes_add(struct changes *c, const char *path);
/* Block until something was written, made, moved or deleted since the last call (or since the paths were added).
 * False when a signal came first: SIGINT or SIGTERM, handled from the first call on. */
bool changes_wait(struct changes *c);

#endif
