/* tables.h - the small tables that every checkpoint carries whole: names with their ids, and states.
 * Owned by the journal; loop thread. Texts are copied; ids start at 1 and are never given twice. */
#ifndef CORRIDOR_JOURNAL_TABLES_H
#define CORRIDOR_JOURNAL_TABLES_H

#include "engine/base/map.h"
#include "engine/journal/journal.h"
#include "engine/journal/wire.h"

enum { TABLES_KINDS = 3, TABLES_NAMES_MAX = 1 << 20, TABLES_KEY_MAX = 4096 };

struct tables {
    struct str *names[TABLES_KINDS]; /* by id; "first", or "first NUL now"; own their bytes */
    uint32_t nnames[TABLES_KINDS];   /* highest id given */
    uint32_t cap[TABLES_KINDS];
    struct map ids[TABLES_KINDS]; /* name -> id, as a pointer's value; keys are those of `names` */
    struct map states;            /* "owner NUL key" -> what tables.c keeps of it */
};

void tables_free(struct tables *t);
/* 0 when unknown. O(1). */
uint32_t tables_name_id(const struct tables *t, enum journal_kind kind, struct str name);
struct str tables_name_text(const struct tables *t, enum journal_kind kind, uint32_t id);
/* As it was called first: what ids are derived from stays the same. */
struct str tables_name_first(const struct tables *t, enum journal_kind kind, uint32_t id);
/* From now on `id` is called `name`, and what it was called is free. ERR_DAMAGE when the id is not known, or
 * the name is another one's. */
int tables_rename(struct tables *t, enum journal_kind kind, uint32_t id, struct str name);
/* Bind `name` to `id` (above every id given so far). ERR_DAMAGE when that cannot be. */
int tables_name_add(struct tables *t, enum journal_kind kind, uint32_t id, struct str name);
/* An empty value forgets. */
void tables_state_set(struct tables *t, struct str owner, struct str key, struct str value);
struct str tables_state(const struct tables *t, struct str owner, struct str key);
/* Of one owner, in no order, from *cursor 0; false at the end. */
bool tables_state_next(const struct tables *t, struct str owner, size_t *cursor,
                       struct str *out_key, struct str *out_value);
/* As a part of a checkpoint. Decoding adds to empty tables; a bad stream sets w->is_bad. */
void tables_put(const struct tables *t, struct buf *out);
void tables_get(struct tables *t, struct wire *w);

#endif
