/* json_priv.h - a text of JSON being read: between json.c (arrays, objects) and json_scan.c (what is in them). A function
 * that reads takes what begins at p->at, and leaves p->at behind it; false after p->rc and p->fault were set. */
#ifndef CORRIDOR_BASE_JSON_PRIV_H
#define CORRIDOR_BASE_JSON_PRIV_H

#include "engine/base/err.h"
#include "engine/base/json.h"

struct json_parser {
    struct arena *a;
    const char *begin, *at, *end;
    unsigned depth, depth_max;
    uint32_t nodes, nodes_max;
    enum json_duplicates duplicates;
    struct json_fault fault;
    int rc;
};

static inline void json_skip_blanks(struct json_parser *p)
{
    while (p->at < p->end &&
           (*p->at == ' ' || *p->at == '\n' || *p->at == '\r' || *p->at == '\t')) {
        p->at++;
    }
}

/* Always false: seen here, so that what is read is known to be set where that was true. */
static inline bool json_fail_at(struct json_parser *p, int rc, const char *at, const char *text)
{
    p->rc = rc;
    p->fault = (struct json_fault){(size_t)(at - p->begin), text};
    return false;
}

/* The same, of what stands at p->at and is no JSON. */
static inline bool json_fail(struct json_parser *p, const char *text)
{
    return json_fail_at(p, ERR_SYNTAX, p->at, text);
}

/* From its opening quote. Decoded into the arena where it has escapes, else a view. */
bool json_read_string(struct json_parser *p, struct str *out);
/* As it is written. */
bool json_read_number(struct json_parser *p, struct str *out);
bool json_read_word(struct json_parser *p, const char *word);

#endif
