/* mem.h - allocation that succeeds or ends the process: there are no out-of-memory branches.
 * Sizes that come from outside are checked against a limit before they reach these functions. */
#ifndef CORRIDOR_BASE_MEM_H
#define CORRIDOR_BASE_MEM_H

#include <stddef.h>

/* `n` bytes, zeroed. The caller frees with free(). Aborts when there is no memory. */
void *xcalloc(size_t count, size_t n) __attribute__((malloc, returns_nonnull));
/* `n` bytes, not initialised. */
void *xmalloc(size_t n) __attribute__((malloc, returns_nonnull));
/* Grow or shrink `p` (NULL allowed) to `n` bytes. */
void *xrealloc(void *p, size_t n) __attribute__((returns_nonnull));
/* A copy of the NUL-terminated `s`. */
char *xstrdup(const char *s) __attribute__((malloc, returns_nonnull));

#define X_NEW(type) ((type *)xcalloc(1, sizeof(type)))

#endif
