/* report.h - JSON that the engine itself composes or reads back: command reports, the admin socket.
 * Not for message content: numbers are not kept as written (base/json does that).
 * A value belongs to whoever made it until it is put into another one. The only user of jansson. */
#ifndef CORRIDOR_OPS_REPORT_H
#define CORRIDOR_OPS_REPORT_H

#include "engine/base/str.h"

struct buf;
struct report; /* an object, a list, a text, a number, true or false */

struct report *report_object(void);
struct report *report_list(void);
void report_free(struct report **r);

/* Set a member of an object; keys stay in the order of setting. Text that is no UTF-8 becomes "?". */
void report_set_text(struct report *object, const char *key, struct str text);
void report_set_int(struct report *object, const char *key, int64_t n);
void report_set_real(struct report *object, const char *key, double n);
void report_set_bool(struct report *object, const char *key, bool yes);
/* The same for a value, which is taken. */
void report_set(struct report *object, const char *key, struct report *taken);
void report_add(struct report *list, struct report *taken);
/* Another reference, to be put into something else. */
struct report *report_share(const struct report *r);
void report_add_text(struct report *list, struct str text);

void report_add_int(struct report *list, int64_t n);

/* Append it on one line, without a line feed. */
void report_put(const struct report *r, struct buf *out);
/* Write it to standard output with a line feed and free it. */
void report_print(struct report **r);

/* Read one back; NULL when `text` is no JSON object or list. */
struct report *report_parse(struct str text);
/* Borrowed member or item; NULL when there is none. */
const struct report *report_get(const struct report *object, const char *key);
const struct report *report_at(const struct report *list, size_t i);
const char *report_item_text(const struct report *list, size_t i); /* "" when absent or no text */
bool report_is_list(const struct report *r);
size_t report_count(const struct report *list);
const char *report_text(const struct report *r, const char *key); /* "" when absent or no text */
int64_t report_int(const struct report *r, const char *key);      /* 0 when absent or no number */
bool report_bool(const struct report *r, const char *key);
int64_t report_item_int(const struct report *list, size_t i); /* 0 when absent or no number */
/* What a request may hold: kinds 't' text, 'n' number, 'b' true or false, 'l' list. The first member that is not
 * among `rows` ({NULL} ends them) or of another kind, with what is wrong in *out_why (static); NULL: all is well. */
struct report_row {
    const char *key;
    char kind;
};
const char *report_misfit(const struct report *object, const struct report_row *rows,
                          const char **out_why);

#endif
