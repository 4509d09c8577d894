/* Memory of batches: pieces of one size, kept for the next batch; a larger one is made for an entry that needs it. */
#include "engine/base/mem.h"
#include "engine/journal/writer_priv.h"

#include <stdlib.h>
#include <sys/mman.h>

enum {
    CHUNK_BYTES = 256 * 1024,
    CHUNKS_BUSY = 64, /* kept while something is going on */
};

static struct chunk *chunk_new(size_t cap)
{
    struct chunk *c = X_NEW(struct chunk);
    c->cap = (cap + 4095) & ~(size_t)4095;
    c->p = mmap(NULL, c->cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (c->p == MAP_FAILED) {
        abort(); /* as xmalloc() would */
    }
    return c;
}

static void chunk_free(struct chunk *c)
{
    (void)munmap(c->p, c->cap); /* cannot fail for what mmap gave */
    free(c);
}

struct chunk *writer_chunk_take(struct writer *w, size_t need)
{
    struct chunk *c = w->chunks;
    if (need > CHUNK_BYTES || !c) {
        return chunk_new(need > CHUNK_BYTES ? need : CHUNK_BYTES);
    }
    w->chunks = c->next;
    w->nchunks--;
    c->next = NULL;
    c->n = 0;
    return c;
}

void writer_chunks_give(struct writer *w, struct chunk *c)
{
    while (c) {
        struct chunk *next = c->next;
        if (c->cap > CHUNK_BYTES || w->nchunks >= CHUNKS_BUSY) {
            chunk_free(c);
        } else {
            c->next = w->chunks;
            w->chunks = c;
            w->nchunks++;
        }
        c = next;
    }
}

void writer_chunks_trim(struct writer *w, unsigned keep)
{
    while (w->nchunks > keep) {
        struct chunk *c = w->chunks;
        w->chunks = c->next;
        w->nchunks--;
        chunk_free(c);
    }
}
