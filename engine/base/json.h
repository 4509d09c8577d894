/* json.h - JSON text as a tree that keeps what clinical content needs: numbers as they were written
 * (1.10 stays 1.10), the order of members, and the place of every value and key.
 * The tree lives in an arena and borrows from the source where a text needs no decoding: the source
 * must live as long as the tree. Any thread.
 * Source: RFC 8259, strictly. Differs: a UTF-8 byte order mark at the start is skipped; a key given
 * twice is an error unless asked otherwise; \u escapes of lone surrogates are refused. */
#ifndef CORRIDOR_BASE_JSON_H
#define CORRIDOR_BASE_JSON_H

#include "engine/base/arena.h"
#include "engine/base/buf.h"
#include "engine/base/diag.h"
#include "engine/base/str.h"

enum json_kind {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json {
    struct json *next; /* next member or item */
    struct str key;    /* of an object's member, decoded; else empty */
    struct str
        text; /* string: decoded, may hold NUL; number: the literal; else see json_keep_written() */
    struct json *first; /* first member or item */
    struct json *last;  /* last one */
    uint32_t at;        /* byte offset of the value in the source */
    uint32_t key_at;    /* byte offset of the key's opening quote */
    uint32_t count;     /* members or items */
    enum json_kind kind : 8;
    bool is_plain;     /* string: known to need no escape (json_is_plain()) */
    bool is_key_plain; /* its key is one of json_plain_key() */
};

/* Of a key that is plain, with quotes and colon: read in pieces of so many bytes. */
enum { JSON_KEY_PIECE = 16 };
#define JSON_KEY_ROOM(n) (((n) + 3 + JSON_KEY_PIECE - 1) / JSON_KEY_PIECE * JSON_KEY_PIECE)

enum json_duplicates {
    JSON_DUPLICATES_REFUSE, /* a fault at the second key */
    JSON_DUPLICATES_KEEP,   /* all stay, in order; json_get gives the first */
};

struct json_options {
    unsigned depth; /* arrays and objects within each other; 0: 64; at most 512 */
    uint32_t nodes; /* values in all, 80 bytes each; 0: 2,000,000 */
    enum json_duplicates duplicates;
};

/* Why bytes are no JSON. */
struct json_fault {
    size_t at;        /* byte offset */
    const char *text; /* what was found and what was expected; static, no content */
};

/* One JSON text, blanks around it allowed. `options` NULL: defaults. 0, ERR_SYNTAX, or ERR_LIMIT (too
 * deep, too many values, 4 GiB), with *out_fault filled. O(n log n) for objects of many members. */
int json_parse(struct arena *a, struct str src, const struct json_options *options,
               struct json **out, struct json_fault *out_fault);
/* The rest is in json_tree.c, json_write() in json_write.c.
 * Line and column (in characters, both from 1) of byte `at`. O(at). */
struct diag_pos json_pos(const char *file, struct str src, size_t at);
/* The same for one place after another of the same source: O(what lies between), where they come in order. {0} at first. */
struct json_place {
    size_t at;
    unsigned line, col; /* from 0 */
};
struct diag_pos json_pos_next(struct json_place *last, const char *file, struct str src, size_t at);
/* Append the fault as a finding "json-syntax" in `file`. */
void json_fault_diag(struct diags *d, const char *file, struct str src,
                     const struct json_fault *fault);

/* The member `key` of an object; NULL when absent, not an object, or NULL. O(members). */
struct json *json_get(const struct json *object, const char *key);
struct json *json_get_str(const struct json *object, struct str key);
/* Item `n` from 0 of an array, or NULL. O(n). */
struct json *json_at(const struct json *array, uint32_t n);
/* The text of a string or number, else an empty str with p NULL. */
struct str json_text(const struct json *v);
/* A number without fraction and exponent that fits. */
bool json_to_i64(const struct json *v, int64_t *out);
/* "an object", "a string" ... for findings. */
const char *json_kind_text(const struct json *v);
/* Is `s` exactly a JSON number? */
bool json_is_number(struct str s);

/* for each member or item: json_each(v, parent) { ... } */
#define json_each(child, parent)                                                                   \
    for (struct json *child = (parent) ? (parent)->first : NULL; child; child = child->next)

/* Building: texts and keys are borrowed; dup them into the arena where they do not live long enough. */
static inline struct json *json_new(struct arena *a, enum json_kind kind)
{
    struct json *v = arena_alloc(a, sizeof(*v));
    *v = (struct json){.kind = kind};
    return v;
}
static inline struct json *json_new_string(struct arena *a, struct str text)
{
    struct json *v = json_new(a, JSON_STRING);
    v->text = text;
    return v;
}
struct json *json_new_number(struct arena *a, struct str literal);
struct json *json_new_bool(struct arena *a, bool v);
/* Of all that is below `v`, for another parent; texts are shared, places in the source are not kept. Recursion as deep as
 * the tree. */
struct json *json_dup(struct arena *a, const struct json *v);
/* A node for another parent with what is below `v`, which both have from now on: neither may be changed there. */
struct json *json_alias(struct arena *a, const struct json *v);
/* At the end of an object (with its key) or array; `child` belongs to one parent only. */
void json_add(struct json *object, struct str key, struct json *child);
/* The same with the key that `child` has already. */
void json_add_again(struct json *object, struct json *child);
/* A copy of a key that is plain (json_is_plain()), with its quotes and its colon around it in memory: what the writer takes
 * at once where a member's is_key_plain is set. For keys that many members will have. */
struct str json_plain_key(struct arena *a, struct str key);
void json_push(struct json *array, struct json *child);

/* Is every byte of the text written as it is? ASCII without control bytes, quotes and backslashes. Whoever knows it of a
 * text or key may say so in the tree, where it is then not asked again. O(n / 16). */
bool json_is_plain(struct str s);
/* The same, and whether a blank (0x20) is in it, in one walk. */
struct json_look {
    bool is_plain, has_blank;
};
struct json_look json_look(struct str s);
/* Write the tree. indent 0: on one line. Recursion as deep as the tree. */
void json_write(struct buf *out, const struct json *v, unsigned indent);
/* Of an array or object that is written many times: how it is written on one line is kept with it, and taken at once from
 * then on. Nothing below it may be changed any more; aliases have it, too, copies and what something is added to do not. */
void json_keep_written(struct arena *a, struct json *v);

#endif
