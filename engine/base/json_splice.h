/* json_splice.h - the bytes of a changed document as pieces over the bytes it was read from: what nobody touched stays
 * byte for byte (digits, escapes, blanks, order), and a large document with one value set costs a few pieces.
 * A tree that json_copy() made may be changed freely: values taken out, others (json_new(), at 0) in their place or
 * behind. What stays keeps its order. Pure, any thread. */
#ifndef CORRIDOR_BASE_JSON_SPLICE_H
#define CORRIDOR_BASE_JSON_SPLICE_H

#include "engine/base/json.h"
#include "engine/base/splice.h"

/* A tree of its own that knows where its values stand in the source (key_at of an item is where the item begins); texts
 * are shared. Recursion as deep as the tree. */
struct json *json_copy(struct arena *a, const struct json *v);
/* `now` as text: a changed json_copy() of `was`, which json_parse() made of `src`. What took the
 * place of another has its key_at, and at 0; what is new has neither, and is written as its neighbours are (on lines of
 * their own or not). In `a`. O(values). */
struct splices json_splices(struct arena *a, struct str src, const struct json *was,
                            const struct json *now);

#endif
