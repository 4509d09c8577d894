/* keys_view.h - key files for who looks at a journal and does not write it: which volumes have one, and what
 * it says. Beside the writer a file or a volume may go meanwhile: that span then has none. One thread. */
#ifndef CORRIDOR_JOURNAL_KEYS_VIEW_H
#define CORRIDOR_JOURNAL_KEYS_VIEW_H

#include "engine/journal/journal.h"
#include "engine/journal/keys_file.h"

struct keys_view;

/* One volume. */
struct keys_span {
    uint64_t first_seq, last_seq, bytes;
    bool has_keys;
    /* of its key file */
    struct keys_header h;
};

/* Of a journal opened for reading; it outlives the view. One page a volume is read. */
struct keys_view *keys_view_new(struct journal *j);
void keys_view_free(struct keys_view **v);
/* Oldest first. */
size_t keys_view_count(const struct keys_view *v);
const struct keys_span *keys_view_span(const struct keys_view *v, size_t i);

/* Return false to stop. */
typedef bool (*keys_row_fn)(void *arg, const struct keys_row *row);
typedef bool (*keys_output_fn)(void *arg, const struct keys_output *o, uint64_t seq,
                               uint64_t place);
/* The rows of span `i` under `hash`, places ascending and without their marks. False: there is no key file (any
 * more); what was told so far is right. About two pages and those that hold them. */
bool keys_view_find(struct keys_view *v, size_t i, enum keys_section s, uint64_t hash,
                    keys_row_fn fn, void *arg);
/* All rows of a section, with their marks. */
bool keys_view_all(struct keys_view *v, size_t i, enum keys_section s, keys_row_fn fn, void *arg);
/* The outputs of span `i`, newest first. 32 bytes each are read. *io_left: rows to go, at first UINT64_MAX; `fn` must
 * not use the view. */
bool keys_view_outputs(struct keys_view *v, size_t i, uint64_t *io_left, keys_output_fn fn,
                       void *arg);
/* The span of message `seq`: the last one that begins at or before it. */
size_t keys_view_span_of(const struct keys_view *v, uint64_t seq);
/* No output of a message below this number waits or is held. */
uint64_t keys_view_unsettled_from(const struct keys_view *v);
/* May span `i` hold outcomes of message `seq`? */
bool keys_view_may_settle(const struct keys_view *v, size_t i, uint64_t seq);

#endif
