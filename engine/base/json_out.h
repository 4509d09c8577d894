/* json_out.h - composing JSON text from left to right; commas and quotes are handled here.
 * The text goes to a struct buf that the caller owns. Misuse (a value without a key inside an
 * object, more than 64 levels) is a bug of the caller and asserted. Any thread, one at a time. */
#ifndef CORRIDOR_BASE_JSON_OUT_H
#define CORRIDOR_BASE_JSON_OUT_H

#include "engine/base/buf.h"
#include "engine/base/str.h"

enum { JSON_OUT_DEPTH_MAX = 64 };

struct json_out {
    struct buf *to;
    uint64_t used;   /* bit n: level n has a member already */
    uint64_t object; /* bit n: level n is an object */
    unsigned depth;  /* open arrays and objects */
    unsigned indent; /* blanks a level; 0: everything on one line */
    bool after_key;
};

/* `s` in double quotes with what RFC 8259 section 7 wants escaped; bytes that are no UTF-8 become
 * U+FFFD, one for each byte. */
void json_put_string(struct buf *to, struct str s);
/* The same of a text that needs none of that: json_is_plain() (json.h). */
static inline void json_put_plain(struct buf *to, struct str s)
{
    buf_reserve(to, s.n + 2);
    char *at = to->p + to->n;
    to->n += s.n + 2;
    at[0] = at[s.n + 1] = '"';
    str_copy(at + 1, s);
}

/* indent 0 writes `{"a":1}`; otherwise members stand on lines of their own. */
void json_out_init(struct json_out *o, struct buf *to, unsigned indent);
void json_out_object(struct json_out *o);
void json_out_array(struct json_out *o);
/* Close the newest object or array. */
void json_out_end(struct json_out *o);
void json_out_key(struct json_out *o, const char *key);
void json_out_key_str(struct json_out *o, struct str key);
void json_out_str(struct json_out *o, struct str s);
void json_out_cstr(struct json_out *o, const char *s); /* NULL writes null */
void json_out_int(struct json_out *o, int64_t v);
void json_out_uint(struct json_out *o, uint64_t v);
void json_out_bool(struct json_out *o, bool v);
void json_out_null(struct json_out *o);
/* Text that is JSON already, for example a number as it was read. */
void json_out_raw(struct json_out *o, struct str json);

/* A member of the open object: key and value in one call. */
static inline void json_out_pair(struct json_out *o, const char *key, struct str v)
{
    json_out_key(o, key);
    json_out_str(o, v);
}
static inline void json_out_pair_cstr(struct json_out *o, const char *key, const char *v)
{
    json_out_key(o, key);
    json_out_cstr(o, v);
}
static inline void json_out_pair_int(struct json_out *o, const char *key, int64_t v)
{
    json_out_key(o, key);
    json_out_int(o, v);
}
static inline void json_out_pair_bool(struct json_out *o, const char *key, bool v)
{
    json_out_key(o, key);
    json_out_bool(o, v);
}

#endif
