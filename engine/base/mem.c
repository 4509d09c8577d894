#include "engine/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *checked(void *p)
{
    if (!p) {
        fputs("corridor: out of memory\n", stderr);
        abort();
    }
    return p;
}

void *xcalloc(size_t count, size_t n)
{
    return checked(calloc(count ? count : 1, n ? n : 1));
}

void *xmalloc(size_t n)
{
    return checked(malloc(n ? n : 1));
}

void *xrealloc(void *p, size_t n)
{
    return checked(realloc(p, n ? n : 1));
}

char *xstrdup(const char *s)
{
    return checked(strdup(s));
}
