/* yaml.h - YAML bytes to an immutable tree with places. Bytes in, tree and findings out; no files.
 * Scalars are text: nothing here decides that `NO` is false or 00123 a number.
 * Everything of YAML that lets a configuration say something else than it shows is an error: a key
 * given twice, anchors, aliases, tags, `<<`, `~`, a key with nothing after it, ` #text` after an
 * unquoted value, tabs between values. A formula (a text that begins with `=`) that YAML would cut
 * or refuse is reported with the lines to write instead.
 * Source: YAML 1.1 as read by libyaml. Differs: NEL, U+2028, U+2029 are refused (editors do not
 * count them as lines); only the %YAML directive is accepted.
 * Lines and columns count from 1; columns count characters, not bytes; a byte order mark is no column.
 * The tree lives in the arena given; scalars are copies, so the bytes may go. Any thread. */
#ifndef CORRIDOR_BASE_YAML_H
#define CORRIDOR_BASE_YAML_H

#include "engine/base/arena.h"
#include "engine/base/diag.h"
#include "engine/base/str.h"

enum {
    YAML_FILE_MAX = 16 << 20,  /* bytes of a file */
    YAML_SCALAR_MAX = 1 << 20, /* bytes of one scalar, decoded */
    YAML_DEPTH_MAX = 64,       /* sequences and mappings within each other */
};

enum yaml_kind {
    YAML_ABSENT, /* nothing where a value should be; an error has been reported */
    YAML_SCALAR,
    YAML_SEQUENCE,
    YAML_MAPPING,
};

enum yaml_style { YAML_PLAIN, YAML_SINGLE_QUOTED, YAML_DOUBLE_QUOTED, YAML_LITERAL, YAML_FOLDED };

struct yaml_node {
    enum yaml_kind kind;
    enum yaml_style style;         /* of a scalar */
    bool quoted;                   /* a scalar in quotes or in a block (| or >) */
    bool comment_after;            /* an unquoted scalar with ` # text` behind it on its line */
    bool in_flow;                  /* stands inside [ ] or { } */
    uint32_t count;                /* children */
    struct diag_pos pos;           /* of the first character */
    struct str text;               /* of a scalar, decoded, NUL-terminated behind its end */
    const struct yaml_node *key;   /* of a mapping's child: a scalar; else NULL */
    const struct yaml_node *next;  /* next sibling */
    const struct yaml_node *first; /* first child: item, or value with its key */
};

struct yaml_doc {
    const struct yaml_node *root; /* never NULL; empty documents are left out */
    struct yaml_doc *next;        /* document behind the next `---` */
};

/* Read all documents of `bytes`; `file` is what findings call it (copied). 0, or ERR_SYNTAX or
 * ERR_LIMIT when at least one error was reported. *out_first is written in every case: NULL, or the
 * documents that could be read, so that the caller can look for further errors in them; a document
 * with a syntax error is left out, reading goes on at the next line that begins with `---`.
 * A finding that shows corrected lines has them in its hint, each on an indented line. O(n log n). */
int yaml_parse(struct arena *a, const char *file, struct str bytes, struct diags *d,
               struct yaml_doc **out_first);

/* The value under `key` of a mapping, or NULL; NULL for any other kind of node and for NULL.
 * O(children). */
const struct yaml_node *yaml_get(const struct yaml_node *map, const char *key);
const struct yaml_node *yaml_get_str(const struct yaml_node *map, struct str key);

/* Where one thing or a list of things is allowed: the items of a sequence, or the node itself as
 * the only item. `prev` is NULL for the first; NULL when there are no more. */
const struct yaml_node *yaml_next_item(const struct yaml_node *list, const struct yaml_node *prev);

/* "a mapping", "a list", "a text", "nothing": for findings. */
const char *yaml_kind_text(const struct yaml_node *n);

/* for each child of `parent` (NULL allowed): yaml_each(item, list) { ... } */
#define yaml_each(child, parent)                                                                   \
    for (const struct yaml_node *child = (parent) ? (parent)->first : NULL; child;                 \
         child = child->next)

#endif
