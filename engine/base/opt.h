/* opt.h - option tables: one row gives the YAML key, type and unit, default, limits, the error
 * messages, `corridor options`, the reference manual and the JSON Schema for editors.
 *
 *     static const struct opt mllp_opts[] = {
 *         OPT(mllp_conf, port, "port", INT, "2575", "1..65535", 0, "TCP port."),
 *         { 0 },
 *     };
 *
 * The C type of a member must be that of its kind, else the table does not compile:
 *     STR PATH   struct str                    LIST      struct opt_list
 *     INT        int or int64_t                HOSTPORT  struct opt_hostport
 *     BOOL       bool                          SECRET    struct opt_secret
 *     MS BYTES   int64_t                       NODE      const struct yaml_node *
 *     ENUM       int or an enum (index of the choice in the limits, from 0)
 *     GROUP      const struct x *, where x is the struct of its own table; NULL where it is not given
 * Texts in the structure live in the arena given. Pure: no files are opened, no secret is read. */
#ifndef CORRIDOR_BASE_OPT_H
#define CORRIDOR_BASE_OPT_H

#include "engine/base/buf.h"
#include "engine/base/diag.h"
#include "engine/base/str.h"
#include "engine/base/yaml.h"

struct json_out;

enum opt_kind {
    OPT_STR,  /* text; limits "1..64": bytes */
    OPT_INT,  /* "1..65535", "1..", "..9" */
    OPT_BOOL, /* true, false, yes, no */
    OPT_MS,   /* 250ms 30s 5m 2h 1d, or never; limits "1s..10m"; "1s..never" and none allow never */
    OPT_BYTES, /* 4096, 64kB, 16MiB, 50GB; kB MB GB TB are powers of 1000, KiB MiB GiB TiB of 1024 */
    OPT_ENUM,  /* limits "stored|never": one of these words */
    OPT_LIST,  /* a list of texts, or one text; default "a,b"; limits "a|b|c": these words only */
    OPT_HOSTPORT, /* 0.0.0.0:2575, [::1]:2575, localhost:0 */
    OPT_SECRET,   /* credential:NAME, file:PATH or env:NAME; also {file: PATH}. Inline is refused;
                   * limits "path": a path by itself is taken too */
    OPT_PATH,     /* a relative one is relative to the file that names it */
    OPT_NODE,     /* the YAML value as it stands, for the caller to read */
    OPT_GROUP,    /* a mapping with options of a table of its own */
};

enum opt_flags {
    OPT_REQUIRED = 1,    /* must be given; default_text is NULL */
    OPT_RELOAD = 2,      /* a change takes effect on reload, without closing the endpoint */
    OPT_PER_MESSAGE = 4, /* may be set by a step: send: {options: ..} */
    OPT_SHORT = 8, /* GROUP: in place of the mapping the value of its first option by itself */
};

/* "never" as milliseconds: 292 thousand years, so that a time plus this does not overflow. */
#define OPT_NEVER (INT64_MAX / 1000)

struct opt_list {
    const struct str *v;
    size_t n;
};

struct opt_hostport {
    struct str host; /* without brackets; NULL p: not given */
    int port;        /* 0..65535 */
};

enum opt_secret_from { OPT_SECRET_NONE, OPT_SECRET_CREDENTIAL, OPT_SECRET_FILE, OPT_SECRET_ENV };

/* Where a secret is to be read, never the secret. */
struct opt_secret {
    enum opt_secret_from from;
    struct str name; /* of the credential, file or variable */
};

struct opt {
    const char *name; /* kebab-case key; NULL ends the table */
    enum opt_kind kind;
    size_t offset;            /* of the member */
    size_t size;              /* bytes of the member */
    const char *default_text; /* as typed, or NULL: zero, empty, absent */
    const char *limits;       /* as said at the kind, or NULL: none */
    unsigned flags;           /* enum opt_flags */
    const struct opt *group;  /* GROUP: its table and the size of its struct */
    size_t group_size;
    const char *summary; /* one sentence */
};

/* clang-format off */
#define OPT_TYPE_STR(m)      _Generic((m), struct str: 0)
#define OPT_TYPE_INT(m)      _Generic((m), int: 0, int64_t: 0)
#define OPT_TYPE_BOOL(m)     _Generic((m), bool: 0)
#define OPT_TYPE_MS(m)       _Generic((m), int64_t: 0)
#define OPT_TYPE_BYTES(m)    _Generic((m), int64_t: 0)
#define OPT_TYPE_ENUM(m)     _Generic((m), int: 0, unsigned: 0)
#define OPT_TYPE_LIST(m)     _Generic((m), struct opt_list: 0)
#define OPT_TYPE_HOSTPORT(m) _Generic((m), struct opt_hostport: 0)
#define OPT_TYPE_SECRET(m)   _Generic((m), struct opt_secret: 0)
#define OPT_TYPE_PATH(m)     _Generic((m), struct str: 0)
#define OPT_TYPE_NODE(m)     _Generic((m), const struct yaml_node *: 0)
#define OPT(tag, member, key, type, initial, limit, flag, sentence)                         \
    { .name = (key), .kind = OPT_##type, .size = sizeof(((struct tag *)0)->member),         \
      .offset = offsetof(struct tag, member) + OPT_TYPE_##type(((struct tag *)0)->member),  \
      .default_text = (initial), .limits = (limit), .flags = (flag), .summary = (sentence) }
#define OPT_GROUP(tag, member, key, table, flag, sentence)                                  \
    { .name = (key), .kind = OPT_GROUP, .size = sizeof(((struct tag *)0)->member),          \
      .offset = offsetof(struct tag, member), .flags = (flag), .summary = (sentence),       \
      .group = (table), .group_size = sizeof(*((struct tag *)0)->member) }
/* clang-format on */

/* Set every member of `conf` that the table names to its default. A default that cannot be read is a
 * bug: abort. Lists are allocated in `a`. */
void opt_defaults(struct arena *a, const struct opt *table, void *conf);
/* Defaults, then what `map` says (NULL: nothing). Every fault is reported with its place: unknown key
 * (with the nearest known one), wrong type, limits passed, required key missing (at the mapping). 0 or
 * ERR_SYNTAX. `others` (NULL allowed, NULL ends it) are keys that somebody else reads. */
int opt_parse(struct arena *a, const struct opt *table, const struct yaml_node *map,
              const char *const *others, struct diags *d, void *conf);
/* One value for one row. 0 or ERR_TYPE, ERR_LIMIT with the fault reported at the value. */
int opt_set(struct arena *a, const struct opt *row, const struct yaml_node *value, struct diags *d,
            void *conf);
const struct opt *opt_find(const struct opt *table, struct str name);
/* A known key close to `name`, or NULL. */
const char *opt_nearest(const struct opt *table, const char *const *others, struct str name);

/* The values by themselves. True and *out, or false. */
bool opt_read_ms(struct str s, int64_t *out_ms);
bool opt_read_bytes(struct str s, int64_t *out_bytes);
bool opt_read_hostport(struct str s, struct opt_hostport *out);

/* Every default reads and lies in its limits, names are kebab-case, required rows have no default.
 * For tests: what is wrong is reported, 0 or ERR_USAGE. */
int opt_check_table(const struct opt *table, struct diags *d);

/* `corridor options`: a block of lines an option. */
void opt_print_text(struct buf *out, const struct opt *table);
/* A Markdown table with head. */
void opt_print_markdown(struct buf *out, const struct opt *table);
/* The rows as tagged paragraphs of man(7), for a section of a manual page. */
void opt_print_man(struct buf *out, const struct opt *table);
/* One JSON Schema object (draft 2020-12 vocabulary), on one line: {"type":"object","properties":..}. */
void opt_print_schema(struct buf *out, const struct opt *table);
/* What the schema says of one row's value, as members of the object that is open: description, type, limits, default.
 * A YAML reader takes 2.3 for a number and `off` for a truth value: both spellings of such a word are allowed. */
void opt_put_schema(struct json_out *o, const struct opt *row);

#endif
